"""Files under way to HQ and from it: how far each is, what is in its way; paused and gone on with."""

from __future__ import annotations

from decimal import Decimal

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from crm_core.i18n import N_, message
from crm_desktop.services import places, transfers
from crm_desktop.services.transfers import Transfer, TransferState, UnderWay
from crm_desktop.settings import FILES_PAUSED
from crm_desktop.sync.blobs import UP, BlobStep
from crm_desktop.ui.context import Context
from crm_desktop.ui.format import figure, file_size, percent
from crm_desktop.ui.places import PAGE_OF_ENTITY, place_showing
from crm_desktop.ui.sync_centre.row_list import RowList
from crm_desktop.ui.sync_words import until
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import Text, show, tr
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.cards import InfoRow
from crm_desktop.ui.widgets.empty_state import EmptyState
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.progress import Gauge

GAUGE_WIDTH, ACTION_WIDTH = 120, 140
_ACTIONS = {
    TransferState.WAITING: (message("Pause"), "pause"),
    TransferState.PAUSED: (message("Resume"), "play"),
    TransferState.LATER: (message("Try again"), "sync"),
}
_NONE = N_("What is in a file travels after the records; files you add or fetch are shown here meanwhile.")


class TransferList(RowList):
    """Files in the order in which they travel. Enter shows a file's record, Space pauses it or resumes it."""

    changed = Signal()
    """Something was paused or goes on: what is shown is to be read again."""

    def __init__(self, context: Context) -> None:
        self._sum = Label(color="text-soft", wrap=True)
        self._limits = Label(color="text-soft", step="caption", wrap=True)
        self.pause_all = Button(message("Pause files"), Kind.STANDARD, icon="pause")
        head = QWidget()
        row = QHBoxLayout(head)
        row.setContentsMargins(0, 0, 0, 0)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self._sum)
        words.addWidget(self._limits)
        row.addLayout(words, 1)
        row.addWidget(self.pause_all, 0, Qt.AlignmentFlag.AlignTop)
        super().__init__(EmptyState("clip", message("No file is under way"), message(_NONE)), head)
        self._context = context
        self._known: UnderWay | None = None
        self._step: BlobStep | None = None
        self._all_paused = False
        self.pause_all.clicked.connect(self._on_pause_all)
        self.show_rows([])

    def show_under_way(self, known: UnderWay) -> None:
        """Show other files."""
        paused = self._context.app.settings.get(FILES_PAUSED)
        if known != self._known or paused != self._all_paused:
            self._known, self._all_paused = known, paused
            self._show()

    def show_step(self, step: BlobStep | None) -> None:
        """Show how far the file is that travels just now; None for none."""
        if step != self._step:
            self._step = step
            for row in self.rows:
                if isinstance(row, TransferRow):
                    row.show_step(step)

    def retranslate(self) -> None:
        """Say every file in the language on screen."""
        if self._known is not None:
            self._show()

    def _show(self) -> None:
        known = self._known
        assert known is not None
        self._sum.say(_sum_words(known))
        self._limits.say(_limit_words(known))
        self.pause_all.say(message("Resume files") if self._all_paused else message("Pause files"))
        self.pause_all.set_icon("play" if self._all_paused else "pause")
        rows = []
        for place, each in enumerate(known.rows):
            row = TransferRow(each, all_paused=self._all_paused, lined=place < len(known.rows) - 1)
            row.show_step(self._step)
            row.opened.connect(lambda t=each: self._open(t))
            row.action_wanted.connect(lambda t=each: self._act(t))
            rows.append(row)
        self.show_rows(rows)

    def _open(self, row: Transfer) -> None:
        replica, context = self._context.replica, self._context

        def go(found: tuple[str, str]) -> None:
            if found[0] in PAGE_OF_ENTITY:
                context.go.emit(place_showing(row.record_entity, row.record_id, found))

        context.tasks.read(self, lambda: places.shown_on(replica, row.record_entity, row.record_id), go)

    def _act(self, row: Transfer) -> None:
        replica = self._context.replica
        act = transfers.pause if row.state is TransferState.WAITING else transfers.go_on
        self._context.tasks.write(
            self,
            lambda: act(replica, row.attachment_id),
            lambda _done: self._on_acted(wake=row.state is not TransferState.WAITING),
            self._context.show_error,
        )

    def _on_acted(self, *, wake: bool) -> None:
        self.changed.emit()
        runner = self._context.app.runner
        if wake and runner is not None:
            runner.sync_now()

    def _on_pause_all(self) -> None:
        settings, pause = self._context.app.settings, not self._all_paused
        self._context.tasks.write(
            self, lambda: settings.set(FILES_PAUSED, pause), lambda _done: self._on_acted(wake=True)
        )


class TransferRow(InfoRow):
    """A file under way: to or from HQ, how far, what is in the way; and the one thing to do about it."""

    action_wanted = Signal()

    def __init__(self, row: Transfer, *, all_paused: bool, lined: bool) -> None:
        self._row, self._all_paused = row, all_paused
        right = QWidget()
        column = QHBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme().px(16))
        self.gauge = Gauge(name=row.name)
        self.gauge.setFixedWidth(theme().px(GAUGE_WIDTH))
        text, icon = _ACTIONS[row.state]
        self.action = Button(text, Kind.STANDARD, icon=icon, hint="Space", small=True)
        self.action.setMinimumWidth(theme().px(ACTION_WIDTH))  # so that the gauges stand in one column
        self.action.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # Space on the row does the same
        column.addWidget(self.gauge)
        column.addWidget(self.action)
        super().__init__(
            row.name,
            self._line(row.done, moves=False),
            icon="notsent" if row.direction == UP else "dl",
            right=right,
            lined=lined,
        )
        self.action.clicked.connect(self.action_wanted)
        self._show_share(row.done)

    def show_step(self, step: BlobStep | None) -> None:
        """Show how far it is where it is the one that travels."""
        row = self._row
        moves = step is not None and (step.sha256, step.direction) == (row.sha256, row.direction)
        done = step.done if step is not None and moves else row.done
        self.line.say(self._line(done, moves=moves))
        self._show_share(done)
        self.retranslate()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Pause it, or let it go on, with Space."""
        if event.key() == Qt.Key.Key_Space:
            self.action_wanted.emit()
            return
        super().keyPressEvent(event)

    def _show_share(self, done: int) -> None:
        size = self._row.size
        tone = "accent" if self._row.state is TransferState.WAITING and not self._all_paused else "text-soft"
        self.gauge.show_share(Decimal(done) / size if size else Decimal(0), tone)

    def _line(self, done: int, *, moves: bool) -> str:
        row = self._row
        size = file_size(row.size)
        way = tr("To HQ") if row.direction == UP else tr("From HQ")
        far = tr("{done} of {size}", done=file_size(done), size=size) if done else size
        return " · ".join((way, far, show(self._standing(done, moves=moves))))

    def _standing(self, done: int, *, moves: bool) -> Text:
        row = self._row
        if moves and row.size:
            share = percent(100 * done // row.size)
            if row.direction == UP:
                return message("Is being sent, {share}", share=share)
            return message("Is being fetched, {share}", share=share)
        if row.state is TransferState.PAUSED:
            return message("Paused")
        if row.state is TransferState.LATER:
            why = tr(row.problem) if row.problem else tr("It is tried again later")
            return message("{reason}. Next try {time}", reason=why, time=until(row.next_try_ms or 0))
        if self._all_paused:
            return message("Files are paused")
        return message("Follows the next sync")


def _sum_words(known: UnderWay) -> Text:
    left = file_size(known.left_bytes)
    if known.count == 1:
        return message("1 file, {size} still to carry.", size=left)
    if known.count > len(known.rows):
        return message(
            "{count} files, {size} still to carry. The first {shown} are shown.",
            count=figure(known.count),
            size=left,
            shown=figure(len(known.rows)),
        )
    return message("{count} files, {size} still to carry.", count=figure(known.count), size=left)


def _limit_words(known: UnderWay) -> Text:
    one, own = file_size(known.limits.one), file_size(known.own_bytes)
    if known.limits.all is None:
        return message("HQ takes files up to {one}; yours come to {own}.", one=one, own=own)
    if known.own_bytes >= known.limits.all:
        return message(
            "Limit reached: your files come to {own}, and HQ takes {all}. Ask whoever runs HQ for more.",
            own=own,
            all=file_size(known.limits.all),
        )
    return message(
        "HQ takes files up to {one}; yours come to {own} of {all}.",
        one=one,
        own=own,
        all=file_size(known.limits.all),
    )
