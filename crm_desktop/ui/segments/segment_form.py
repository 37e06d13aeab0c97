"""One segment: its name, its rule drawn or as text and in words, whom it means now, and who sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from crm_core.errors import CrmError, UserError
from crm_core.i18n import Message, message
from crm_core.rules.segment_text import parse_rule, rule_text
from crm_core.rules.segments import PICKED, Rule
from crm_desktop.models.records import Record
from crm_desktop.services import rule_offers, segments
from crm_desktop.services.calendar import local
from crm_desktop.services.outcome import Outcome
from crm_desktop.services.rule_offers import RuleOffers
from crm_desktop.services.segments import SEGMENT, Preview, SegmentRow
from crm_desktop.ui.context import Context
from crm_desktop.ui.field_texts import moment_text
from crm_desktop.ui.format import figure
from crm_desktop.ui.record_words import new_words
from crm_desktop.ui.segments.rule_editor import RuleEditor, said_in_words
from crm_desktop.ui.segments.shown_to import ShownToButton
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import L, M, S
from crm_desktop.ui.timeline.record_tabs import RecordTabs
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.buttons import Button
from crm_desktop.ui.widgets.buttons import Kind as ButtonKind
from crm_desktop.ui.widgets.fields import Field as Labelled
from crm_desktop.ui.widgets.labels import ElidedLabel, Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.margins import PAGE_MARGIN, keep_margins
from crm_desktop.ui.widgets.scrolling import scrolled, show_whole
from crm_desktop.ui.widgets.segments import Segment, SegmentedSwitch

PAUSE_MS = 300  # between a key and the count
SLOW_MS = 150  # a count that takes longer is announced
_WIDTH, _LINES = 860, 4
_EXAMPLE = "level in A, B and last_contact not since today-90"
DRAWN, WRITTEN = "drawn", "written"
"""How a rule is edited."""


class SegmentForm(Live, QWidget):
    """Makes a segment by rule, or changes one; of one picked by hand the name alone is typed here."""

    saved = Signal(object)
    """The `Record`."""
    closed = Signal()
    shown_asked = Signal(object)
    """The `SegmentRow` whose customers a person wants to see."""

    def __init__(
        self, context: Context, row: SegmentRow | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._context, self._row = context, row
        self._offers: RuleOffers | None = None
        self.picked = row is not None and row.kind == PICKED
        self.name = QLineEdit(row.name if row is not None else "")
        self.way = SegmentedSwitch(
            [
                Segment(key=DRAWN, text=message("Conditions")),
                Segment(key=WRITTEN, text=message("As text")),
            ],
            name=message("How the rule is edited"),
            small=True,
        )
        self.editor: RuleEditor | None = None
        """Drawn once it is known what may be asked."""
        self.rule = QPlainTextEdit()
        self.rule.setTabChangesFocus(True)
        self.rule.setPlaceholderText(_EXAMPLE)
        self._edited = QWidget()
        self._edited_column = QVBoxLayout(self._edited)
        self._named = Labelled(message("Name"), self.name, required=True)
        self._ruled = Labelled(message("Who belongs to it"), self._edited, required=True)
        self.words = Label(wrap=True, color="text-soft")
        self.count = Label(weight=600)
        self.first = ElidedLabel(color="text-soft")
        self.save_button = Button(message("Save"), ButtonKind.PRIMARY, hint="Ctrl+S")
        self.show_button = Button(message("Show customers"), icon="people")
        self.shown_to = ShownToButton(context, row)
        self.close_button = Button(message("Close"), hint="Esc")
        self._pause, self._slow = QTimer(self), QTimer(self)
        for timer, after, act in (
            (self._pause, PAUSE_MS, self.look),
            (self._slow, SLOW_MS, lambda: self.count.say("…")),
        ):
            timer.setSingleShot(True)
            timer.setInterval(after)
            timer.timeout.connect(act)
        self._lay_out()
        if row is not None:
            self.tabs.show_record(row.id)
        self._before = self._typed
        self.rule.textChanged.connect(self._pause.start)
        self.way.chosen.connect(self.choose_way)
        self.save_button.clicked.connect(self.save)
        self.show_button.clicked.connect(lambda: self.shown_asked.emit(self._row))
        self.show_button.setVisible(row is not None)
        self.shown_to.setVisible(row is not None and row.own)
        own = row is None or row.own
        self.save_button.setEnabled(own)
        self.name.setReadOnly(not own)
        self.rule.setReadOnly(not own)
        self.close_button.clicked.connect(self.closed)
        self.retranslate()
        if self.picked:
            self._ruled.hide()
            self.way.hide()
            self.look()
        else:
            self._ask_offers()

    def leave(self) -> bool:
        """Return whether nothing typed would be lost."""
        if self._typed == self._before:
            return True
        self._context.remark(message("Save the segment first, or take back what you typed"))
        return False

    def choose_way(self, way: str) -> None:
        """Edit the rule drawn or as text; one that cannot be read stays where it is."""
        drawn = not self.rule.isVisibleTo(self._edited)
        if self._offers is None or self.editor is None or (way == DRAWN) is drawn:
            return
        try:
            rule = self._rule()
        except UserError as error:
            self._ruled.set_error(error.message)
            self.way.choose(DRAWN if drawn else WRITTEN)
            return
        self._ruled.set_error("")
        if way == WRITTEN:
            text = rule_text(rule, self._offers.fields_of) if rule is not None else ""
            if text != self.rule.toPlainText():
                self.rule.setPlainText(text)
            self._show_way(way)
            self.rule.setFocus()
            return
        if rule is None:
            self._show_drawn(None, {})
            return
        replica, asked = self._context.replica, rule
        self._context.tasks.read(
            self,
            lambda: rule_offers.titles_in(replica, asked),
            lambda titles: self._show_drawn(asked, titles),
            self._on_refused,
            topic="titles",
        )

    def look(self) -> None:
        """Count whom the rule means now, off the main thread; where it cannot be read, say so."""
        replica, row = self._context.replica, self._row
        if self.picked and row is not None:
            self._slow.start()
            self._context.tasks.read(
                self,
                lambda: (None, {}, segments.preview(replica, row)),
                self._on_looked,
                self._on_refused,
                topic="look",
            )
            return
        try:
            rule = self._rule()
        except UserError as error:
            if self._writes:
                self._on_refused(error)
            else:  # being made: nothing is wrong yet
                self._ruled.set_error("")
                self._say_nothing()
                self.words.say(error.message)
            return
        self._ruled.set_error("")
        if rule is None:
            self._say_nothing()
            return
        asked = rule
        self._slow.start()
        self._context.tasks.read(
            self,
            lambda: (asked, rule_offers.titles_in(replica, asked), segments.preview(replica, asked)),
            self._on_looked,
            self._on_refused,
            topic="look",
        )

    def save(self) -> None:
        """Keep the segment."""
        replica, row = self._context.replica, self._row
        name = self.name.text().strip()
        self._named.set_error("" if name else message("This is required"))
        rule: Rule | None = None
        if not self.picked:
            wrong: Message | str = ""
            try:
                rule = self._rule()
                wrong = "" if rule is not None else message("Say who belongs to the segment")
            except UserError as error:
                wrong = error.message
            self._ruled.set_error(wrong)
        if not name:
            self.name.setFocus()
            return
        if not self.picked and rule is None:
            self._go_to_wrong()
            return
        segment_id = row.id if row is not None else None

        def keep() -> Outcome[Record]:
            if rule is None:
                return segments.rename(replica, str(segment_id), name)
            return segments.save(replica, name, rule, segment_id)

        told = message("Segment “{name}” saved", name=name)
        self._context.change(self, keep, self._on_saved, self._on_refused, told=told)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Save by Ctrl+S, close by Esc."""
        if event.key() == Qt.Key.Key_S and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.save_button.click()
        elif event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)

    def retranslate(self) -> None:
        """Name the editors in the language on screen."""
        self.name.setAccessibleName(tr("Name"))
        self.rule.setAccessibleName(tr("Who belongs to it"))

    def retint(self) -> None:
        """Take the measures of the theme."""
        self._body.setMaximumWidth(theme().px(_WIDTH))

    @property
    def _writes(self) -> bool:
        return self.rule.isVisibleTo(self._edited)

    @property
    def _typed(self) -> tuple[str, object]:
        if self._offers is None or self.picked:
            return self.name.text(), None
        try:
            return self.name.text(), self._rule()
        except UserError as error:
            return self.name.text(), str(error.message)

    def _rule(self) -> Rule | None:
        """Return the rule as it is edited; None for none. `UserError` where it cannot be read."""
        if self._offers is None or self.editor is None:
            return self._row.rule if self._row is not None else None
        if not self._writes:
            return None if self.editor.is_empty else self.editor.rule()
        text = self.rule.toPlainText().strip()
        if not text:
            return None
        return parse_rule(text, self._offers.fields_of, self._offers.segments)

    def _ask_offers(self) -> None:
        replica, rule = self._context.replica, self._row.rule if self._row is not None else None
        self._context.tasks.read(
            self,
            lambda: rule_offers.rule_offers(replica, rule),
            self._on_offers,
            self._context.show_error,
            topic="offers",
        )

    def _on_offers(self, offers: RuleOffers) -> None:
        self._offers = offers
        rule = self._row.rule if self._row is not None else None
        self.editor = RuleEditor(self._context, offers)
        self.editor.setEnabled(self._row is None or self._row.own)
        self.editor.edited.connect(self._pause.start)
        self.editor.grown.connect(self._on_grown)
        self._edited_column.insertWidget(0, self.editor)
        self.editor.setVisible(not self._writes)
        self.editor.show_rule(rule, offers)
        QWidget.setTabOrder(self.way, self.editor)
        QWidget.setTabOrder(self.editor, self.rule)
        self._before = self._before[0], self._typed[1]
        self.look()

    def _show_drawn(self, rule: Rule | None, titles: Mapping[str, str]) -> None:
        if self._offers is not None and self.editor is not None:
            self._offers = replace(self._offers, titles={**self._offers.titles, **titles})
            self.editor.show_rule(rule, self._offers)
            self._show_way(DRAWN)
            self.editor.setFocus()

    def _show_way(self, way: str) -> None:
        self.way.choose(way)
        self.rule.setVisible(way == WRITTEN)
        if self.editor is not None:
            self.editor.setVisible(way == DRAWN)
        self._pause.start()

    def _go_to_wrong(self) -> None:
        if self._writes or self.editor is None:
            self.rule.setFocus()
        elif self.editor.is_empty:
            self.editor.root.add_button.setFocus()
        else:
            self.editor.focus_wrong()

    def _lay_out(self) -> None:
        self.rule.setFixedHeight(self.rule.fontMetrics().lineSpacing() * _LINES + 20)
        self.rule.hide()
        self._edited_column.setContentsMargins(0, 0, 0, 0)
        self._edited_column.addWidget(self.rule)
        head = QHBoxLayout()
        keep_margins(head, PAGE_MARGIN, 12, PAGE_MARGIN, 8)
        head.setSpacing(12)
        heading = ElidedLabel(new_words(SEGMENT) if self._row is None else self._row.name, step="title")
        head.addWidget(heading, 1)
        for button in (self.show_button, self.shown_to, self.close_button, self.save_button):
            head.addWidget(button)
        self._body = QWidget()
        column = QVBoxLayout(self._body)
        keep_margins(column, PAGE_MARGIN, L, PAGE_MARGIN, L)
        column.setSpacing(M)
        column.addWidget(self._named)
        column.addWidget(self.way, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self._ruled)
        column.addWidget(self.words)
        column.addStretch(1)
        inner = QWidget()
        wide = QHBoxLayout(inner)
        wide.setContentsMargins(0, 0, 0, 0)
        wide.addWidget(self._body, 1)
        wide.addStretch()
        self._area = scrolled(inner)
        self._foot = _Foot()
        foot = QVBoxLayout(self._foot)
        keep_margins(foot, PAGE_MARGIN, M, PAGE_MARGIN, L)
        foot.setSpacing(S)
        foot.addWidget(self.count)
        foot.addWidget(self.first)
        whole = QWidget()
        halves = QVBoxLayout(whole)
        halves.setContentsMargins(0, 0, 0, 0)
        halves.setSpacing(0)
        halves.addWidget(self._area, 1)
        halves.addWidget(self._foot)
        self._foot.hide()
        self.tabs = RecordTabs(self._context, SEGMENT, whole, message("Segment"), PAGE_MARGIN)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addLayout(head)
        outer.addWidget(self.tabs, 1)
        self.retint()

    def _on_grown(self) -> None:
        focus = self.window().focusWidget()
        if focus is not None and self._body.isAncestorOf(focus):
            show_whole(self._area, focus)

    def _say_nothing(self) -> None:
        self._slow.stop()
        self._context.tasks.read(self, lambda: None, lambda _nothing: None, topic="look")
        for label in (self.words, self.count, self.first):
            label.say("")
        self._foot.hide()

    def _on_looked(self, found: tuple[Rule | None, Mapping[str, str], Preview]) -> None:
        rule, titles, preview = found
        self._slow.stop()
        self._foot.show()
        self._ruled.set_error("")
        if rule is not None and self._offers is not None:
            self._offers = replace(self._offers, titles={**self._offers.titles, **titles})
            self.words.say(said_in_words(rule, self._offers))
        self.count.say(
            message(
                "{count} of your {all} customers, as of {time}",
                count=figure(preview.count),
                all=figure(preview.of),
                time=moment_text(local(preview.at_ms)),
            )
        )
        more = preview.count - len(preview.first)
        names = ", ".join(name for _, name in preview.first)
        self.first.say(tr("{names} and {count} more", names=names, count=figure(more)) if more > 0 else names)

    def _on_refused(self, error: CrmError) -> None:
        self._ruled.set_error(error.message)
        self._say_nothing()

    def _on_saved(self, record: Record) -> None:
        self._before = self._typed
        self.saved.emit(record)
        self.closed.emit()


class _Foot(QWidget):
    """What stands below a rule, in sight however long it is, under a hairline."""

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(0, 0, self.width(), 1, theme().color("line"))
        painter.end()
