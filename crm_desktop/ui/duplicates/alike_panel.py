"""What a form says while somebody types: records that may be the same, and what to do about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from crm_core.errors import CrmError, UserError
from crm_core.i18n import Message, message
from crm_core.rules.duplicates import COMPARED
from crm_core.rules.known import ENTITY as KNOWN
from crm_core.schema.field import Plain
from crm_desktop.models.records import Record
from crm_desktop.services import duplicates, merging
from crm_desktop.services.duplicates import Match
from crm_desktop.ui.duplicates.words import (
    elsewhere_words,
    merge_place,
    place_of,
    reasons_words,
    similar_words,
)
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import RADII
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets import paint
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.labels import ElidedLabel, IconLabel, Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.margins import keep_margins
from crm_desktop.ui.widgets.paint import Tone

if TYPE_CHECKING:
    from crm_desktop.ui.forms.record_form import RecordForm

LOOK_MS = 350  # after the last key
MOST_SHOWN = 3


class AlikePanel(Live, QWidget):
    """Stands in a form, out of sight while nothing is like what is typed.

    What a person says is another record is not named again: of a new one that is noted once it is saved.
    """

    def __init__(self, form: RecordForm, margin: int) -> None:
        super().__init__(form)
        self._form = form
        self._apart: set[str] = set()
        self.rows: list[MatchRow] = []
        self._head = Label(weight=600)
        self.elsewhere = Label(wrap=True)
        """Says that somebody else holds such a customer; out of sight while nobody does."""
        self._icon = IconLabel("people", color=Tone.WARN.ink)
        top = QHBoxLayout()
        top.setSpacing(theme().px(8))
        top.addWidget(self._icon)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self._head)
        words.addWidget(self.elsewhere)
        top.addLayout(words, 1)
        self._ground = _Ground()
        self._column = QVBoxLayout(self._ground)
        self._column.setContentsMargins(12, 8, 12, 8)
        self._column.setSpacing(2)
        self._column.addLayout(top)
        whole = QVBoxLayout(self)
        keep_margins(whole, margin, 0, margin, 8)
        whole.addWidget(self._ground)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self.look)
        self.hide()
        if form.entity in COMPARED:
            form.grid.edited.connect(self._on_edited)
            form.saved.connect(self._on_saved)

    def look(self) -> None:
        """Ask which records may be the one that is typed."""
        form, apart = self._form, frozenset(self._apart)
        replica, entity, record_id = form.context.replica, form.entity, form.record_id
        values = self._typed()

        def ask() -> tuple[tuple[Match, ...], tuple[Message, ...]]:
            found = duplicates.matches(replica, entity, values, besides=record_id)
            new = entity == KNOWN and record_id is None
            elsewhere = duplicates.held_elsewhere(replica, values) if new else ()
            return tuple(match for match in found if match.record_id not in apart), elsewhere

        form.context.tasks.read(
            self,
            ask,
            self._on_found,
            self._on_failed,
            topic="alike",
        )

    def retranslate(self) -> None:
        """Say the line to those who listen."""
        self._ground.setAccessibleName(
            " ".join(each.text() for each in (self._head, self.elsewhere) if not each.isHidden())
        )

    def _typed(self) -> dict[str, Plain]:
        """Return the compared fields as the editors have them; half a value says nothing yet."""
        values: dict[str, Plain] = {}
        for name in (*COMPARED[self._form.entity], "kind"):
            found = self._form.grid.fields.get(name)
            if found is None or found.editor is None:
                continue
            try:
                values.update(found.editor.read(values))
            except UserError:
                continue
        return values

    def _on_edited(self, name: str) -> None:
        if name in COMPARED[self._form.entity] or name == "kind":
            self._timer.start()

    def _on_failed(self, _error: CrmError) -> None:
        # Somebody who may not read such records can still make one; nothing is to be said of others then.
        self._on_found(((), ()))

    def _on_found(self, found: tuple[tuple[Match, ...], tuple[Message, ...]]) -> None:
        matches, elsewhere = found
        for row in self.rows:
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        self.rows = [
            MatchRow(match, may_merge=self._form.record_id is not None) for match in matches[:MOST_SHOWN]
        ]
        for row in self.rows:
            row.open.clicked.connect(lambda _=False, m=row.match: self._form.context.go.emit(place_of(m)))
            row.merge.clicked.connect(lambda _=False, m=row.match: self._on_merge(m))
            row.apart.clicked.connect(lambda _=False, m=row.match: self._on_apart(m))
            self._column.addWidget(row)
        self._head.say(similar_words(len(matches)))
        self._head.setVisible(bool(matches))
        self.elsewhere.say(elsewhere_words(elsewhere))
        self.elsewhere.setVisible(bool(elsewhere))
        self.retranslate()
        self.setVisible(bool(matches or elsewhere))

    def _on_merge(self, match: Match) -> None:
        record_id = self._form.record_id
        if record_id is not None:
            self._form.context.go.emit(merge_place(match.entity, (record_id, match.record_id)))

    def _on_apart(self, match: Match) -> None:
        self._apart.add(match.record_id)
        if self._form.record_id is not None:
            self._note(self._form.record_id, {match.record_id})
        editor = self._form.grid.first_editor()
        if editor is not None:
            editor.setFocus()
        self.look()

    def _on_saved(self, record: Record) -> None:
        if self._apart:
            self._note(record.id, set(self._apart))

    def _note(self, record_id: str, others: set[str]) -> None:
        context, entity = self._form.context, self._form.entity
        context.change(context, lambda: merging.say_distinct(context.replica, entity, record_id, others))


class MatchRow(Live, QWidget):
    """One record that may be the same: its name, why, and three things to do."""

    def __init__(self, match: Match, *, may_merge: bool) -> None:
        super().__init__()
        self.match = match
        self._label = ElidedLabel()
        self.open = Button(message("Show"), Kind.LINK)
        self.merge = Button(message("Merge…"), Kind.LINK)
        self.apart = Button(message("Not a duplicate"), Kind.LINK, weight=400)
        self.merge.setVisible(may_merge)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme().px(24), 0, 0, 0)
        row.setSpacing(theme().px(12))
        row.addWidget(self._label, 1)
        for button in (self.open, self.merge, self.apart):
            row.addWidget(button)
        self.retranslate()

    def retranslate(self) -> None:
        """Name the record and why, and say with each button what it is about."""
        title = self.match.title
        self._label.say(tr("{title} · {reasons}", title=title, reasons=reasons_words(self.match)))
        for button in (self.open, self.merge, self.apart):
            button.setAccessibleDescription(title)


class _Ground(QWidget):
    """The soft ground of a warning."""

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint it, without an edge."""
        painter = QPainter(self)
        paint.rounded(painter, self.rect(), theme().color(Tone.WARN.ground), None, RADII["card"])
        painter.end()
