"""Moving cards: shown at once, written in the lane, asked back where a stage wants more, taken back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from PySide6.QtCore import QObject, QPoint, QRect, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QWidget

from crm_core.errors import CrmError, Invalid, StageBlocked
from crm_core.i18n import Message, message
from crm_core.rules import pipeline
from crm_core.rules.pipeline import StageRow
from crm_core.schema.field import Plain
from crm_desktop.services import board_moves
from crm_desktop.services.board_moves import Moved
from crm_desktop.services.deals import BoardFilter, Card
from crm_desktop.ui.context import UNDO, Context, Notice
from crm_desktop.ui.pipeline import words
from crm_desktop.ui.pipeline.board_view import BoardView
from crm_desktop.ui.pipeline.missing_form import MissingForm
from crm_desktop.ui.translate import show

_KEPT = 50
WITH_A_LOSS = ("competitor_id", "loss_note")
"""Offered together with the reason of a loss."""
_UNDO_SECONDS = 10


class Moves(QObject):
    """What the board asks for, done. `host` is the widget the small form stands on."""

    failed = Signal()
    """The board must be read anew: a card shown as moved was not."""
    moved = Signal(object)
    """A `Moved` that was written."""

    def __init__(self, context: Context, board: BoardView, host: QWidget) -> None:
        super().__init__(host)
        self._context, self._board, self._host = context, board, host
        self._made: list[Moved] = []
        self.shown = BoardFilter()
        self._blocked: StageBlocked | None = None
        self.form: MissingForm | None = None
        """The small form on screen; None without one."""

    def stage(self, stage_id: str) -> StageRow | None:
        """Return a stage of the board, its ends included."""
        board = self._board.board
        if board is None:
            return None
        every = [column.stage for column in board.columns] + [s for s in (board.won, board.lost) if s]
        every += [stage for _, stages in board.elsewhere for stage in stages]
        return next((stage for stage in every if stage.id == stage_id), None)

    def end(self, kind: str) -> StageRow | None:
        """Return the won or the lost stage of the pipeline."""
        board = self._board.board
        if board is None:
            return None
        return board.won if kind == pipeline.WON else board.lost

    def move(self, card: Card, stage_id: str, also: Mapping[str, Plain] | None = None) -> None:
        """Move a card to any stage of the board."""
        stage = self.stage(stage_id)
        if stage is None or stage_id == card.stage_id:
            return
        if self.form is not None:
            self.form.leave()
        if stage.kind == pipeline.OPEN:
            self._board.put(card, replace(card, stage_id=stage_id, days_in_stage=0, too_long=False))
            self._board.choose_deal(card.id)
        replica, shown, given = self._context.replica, self.shown, dict(also or {})
        self._context.change(
            self,
            lambda: board_moves.move(replica, card.id, stage_id, shown, given),
            self._on_moved,
            lambda error: self._on_refused(card, stage, error, given),
        )

    def take_back(self, moved: Moved | None = None) -> None:
        """Take a move back, by default the last one."""
        wanted = moved or (self._made[-1] if self._made else None)
        if wanted is None:
            self.announce(message("There is no move to take back"))
            return
        if wanted in self._made:
            self._made.remove(wanted)
        replica = self._context.replica
        self._context.change(
            self,
            lambda: board_moves.take_back(replica, wanted),
            lambda record: self.announce(message("Took back the move of {deal}", deal=record.title)),
        )

    def announce(self, words_said: Message) -> None:
        """Say something in the status bar and aloud."""
        self._context.selection_changed.emit(words_said)
        if QAccessible.isActive():
            spoken = QAccessibleAnnouncementEvent(self._board, show(words_said))
            QAccessible.updateAccessibility(spoken)

    def _on_moved(self, moved: Moved) -> None:
        self._made = [*self._made, moved][-_KEPT:]
        said = words.moved_words(moved)
        self._context.notice.emit(
            Notice(
                kind="good",
                text=said,
                action=UNDO,
                act=lambda: self.take_back(moved),
                seconds=_UNDO_SECONDS,
            )
        )
        self.announce(said)
        self.moved.emit(moved)

    def _on_refused(self, card: Card, stage: StageRow, error: CrmError, given: Mapping[str, Plain]) -> None:
        blocked = error if isinstance(error, StageBlocked) else None
        if isinstance(error, Invalid) and given and self._blocked is not None:
            asked = self._blocked  # a value that cannot be: asked for once more, with what was typed
            blocked = blocked or StageBlocked(
                error.problems, may_skip=asked.may_skip, values=asked.values, fields=asked.fields
            )
        if blocked is not None:
            self._ask_for(card, stage, blocked, given)
            return
        self._context.show_error(error)
        self.failed.emit()

    def _ask_for(
        self, card: Card, stage: StageRow, blocked: StageBlocked, typed: Mapping[str, Plain]
    ) -> None:
        self._blocked = blocked
        board = self._board.board
        currency = card.currency or (board.currency if board else "")
        title = message("To move “{deal}” to {stage}", deal=words.title_of(card), stage=stage.name)
        optional = WITH_A_LOSS if stage.kind == pipeline.LOST else ()
        form = MissingForm(self._context, title, blocked, currency, self._host, optional, typed)
        self.form = form
        form.given.connect(lambda found: self._on_given(card, stage, found))
        form.left.connect(lambda: self._on_left(card))
        form.open_at(self._anchor(card))

    def _anchor(self, card: Card) -> QRect:
        area = self._board.card_area(card.id)
        corner = self._board.mapTo(self._host, QPoint(0, 0))
        return (area or QRect(0, 0, 1, 1)).translated(corner)

    def _on_given(self, card: Card, stage: StageRow, found: Mapping[str, Plain]) -> None:
        self.form = None
        self._board.focus_cards()
        self.move(card, stage.id, found)

    def _on_left(self, card: Card) -> None:
        self.form = None
        self.failed.emit()
        self._board.choose_deal(card.id)
        self.announce(message("{deal} stays where it was", deal=words.title_of(card)))
