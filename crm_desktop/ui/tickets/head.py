"""The head of the conversation: subject, state, kind, priority, whose it is, and the promise."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from crm_core.i18n import Message, message
from crm_desktop.services.tickets import Clock, TicketView
from crm_desktop.ui.quotes.hairline import Hairline
from crm_desktop.ui.tickets.queue import now_ms
from crm_desktop.ui.tickets.relations import warranty_words
from crm_desktop.ui.tickets.words import (
    KINDS,
    PRESENT_STATES,
    PRIORITY_WORDS,
    STATES,
    deadline,
    due_sentence,
)
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.buttons import IconButton
from crm_desktop.ui.widgets.chips import Chip
from crm_desktop.ui.widgets.flow import FLOW_GAP, FlowLayout
from crm_desktop.ui.widgets.glyphs import Glyph
from crm_desktop.ui.widgets.labels import ElidedLabel, IconLabel
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.margins import PAGE_MARGIN, keep_margins
from crm_desktop.ui.widgets.menus import Menu
from crm_desktop.ui.widgets.paint import Tone

_MENU_PAD = 8
"""The menu's icon stands so far inside its button; the promise under it ends at the same line."""


class TicketHead(Live, QWidget):
    """Two lines and the menu of what can be done with the ticket."""

    choice_asked = Signal(str)
    """`state`, `assign` or `priority`."""
    question_asked = Signal()
    relation_asked = Signal(str)
    """`category`, `product`, `part`, `part_of` or `apart`."""
    deed_asked = Signal(str)
    """`answer`, `macro`, `attach`, `article`, `split`, `merge` or `survey`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._clock = Clock.NONE
        self._due_at: int | None = None
        self._is_part = False
        self.title = ElidedLabel("", step="title")
        self.more = IconButton("more", message("More"))
        self._asks_not = False
        self.menu = Menu(self)
        self.more.setMenu(self.menu)
        self.menu.aboutToShow.connect(self._fill)
        self.number = Chip("")
        self.state = Chip("")
        self.state.setCheckable(True)  # for the look alone: our turn stands out
        self.kind = Chip("")
        self.priority = Chip("")
        self.waits = Chip("", tone=Tone.WARN)
        self.twice = Chip(Glyph.ANSWERED_TWICE.word, tone=Tone.WARN, icon=Glyph.ANSWERED_TWICE.icon)
        self.warranty = {each: Chip("", tone=each) for each in (Tone.GOOD, Tone.WARN)}
        self.shown = (
            *(self.number, self.state, self.kind, self.priority, self.twice, self.waits),
            *self.warranty.values(),
        )
        self.icon = IconLabel("clock", color="warn")
        self.due = ElidedLabel("", weight=600)
        self._promise = QWidget()
        promise = QHBoxLayout(self._promise)
        promise.setContentsMargins(0, 0, 0, 0)
        promise.setSpacing(8)
        promise.addWidget(self.icon)
        promise.addWidget(self.due, 1)
        self._chips = QWidget()
        flow = FlowLayout(self._chips)
        for chip in self.shown:
            flow.addWidget(chip)
        first = QHBoxLayout()
        first.addWidget(self.title, 1)
        first.addWidget(self.more)
        self._second = QHBoxLayout()
        self._second.setContentsMargins(0, 0, _MENU_PAD, 0)
        self._second.setSpacing(16)
        self._second.addWidget(self._chips, 1)
        self._second.addWidget(self._promise)
        self._lines = QVBoxLayout()
        keep_margins(self._lines, PAGE_MARGIN, 12, 16, 12)
        self._lines.setSpacing(8)
        self._lines.addLayout(first)
        self._lines.addLayout(self._second)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self._lines)
        column.addWidget(Hairline())

    def show_view(self, view: TicketView) -> None:
        """Show a ticket."""
        ticket = view.ticket
        self.title.say(str(ticket.get("subject") or ""))
        state = str(ticket.get("status") or "new")
        self.number.say(str(ticket.get("number") or message("No number yet")))
        self.state.setChecked(state in PRESENT_STATES)
        self.state.say(_word(STATES, state))
        self.kind.say(_word(KINDS, str(ticket.get("kind") or "question")))
        priority = _word(PRIORITY_WORDS, str(ticket.get("priority") or "normal"))
        self.priority.say(message("Priority: {priority}", priority=priority))
        self.twice.setVisible(view.answered_twice)
        self.waits.say(message("Waits for {name}", name=view.waits_for))
        self.waits.setVisible(bool(view.waits_for))
        self._is_part = view.around.parent is not None
        self._show_warranty(view)
        self._clock, self._due_at = view.clock, view.due_at
        self.more.setEnabled(view.may_edit)
        self._asks_not = bool(ticket.get("no_survey"))
        self.tick()

    def _show_warranty(self, view: TicketView) -> None:
        stands = view.around.stands
        words = warranty_words(stands) if stands is not None else None
        tone = Tone.GOOD if stands is not None and stands.in_warranty else Tone.WARN
        for each, chip in self.warranty.items():
            chip.setVisible(words is not None and each is tone)
            chip.say(words or "")

    def tick(self) -> None:
        """Count the promise down."""
        sentence = due_sentence(self._clock, self._due_at, now_ms())
        stands = deadline(self._clock, self._due_at, now_ms())
        self.icon.setVisible(sentence is not None)
        self.due.setVisible(sentence is not None)
        if sentence is not None:
            self.icon.show_icon(stands.icon, stands.color)
            self.due.set_color(stands.color)
            self.due.say(sentence)
        self._make_room()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the promise a line of its own where it has no room beside the chips."""
        super().resizeEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        chips = [chip for chip in self.shown if not chip.isHidden()]
        needed = sum(chip.sizeHint().width() for chip in chips) + (len(chips) - 1) * FLOW_GAP
        needed += self._second.spacing() + self._promise.sizeHint().width()
        margins = self._lines.contentsMargins()
        beside = needed <= self.width() - margins.left() - margins.right() - _MENU_PAD
        if beside == (self._second.indexOf(self._promise) >= 0):
            return
        if beside:
            self._lines.removeWidget(self._promise)
            self._second.addWidget(self._promise)
        else:
            self._second.removeWidget(self._promise)
            self._lines.addWidget(self._promise)

    def retranslate(self) -> None:
        """Write the time left in the language on screen."""
        self.tick()

    def _survey_words(self) -> str:
        return (
            tr("Let the customer be asked how satisfied")
            if self._asks_not
            else tr("Do not ask how satisfied")
        )

    def _fill(self) -> None:
        self.menu.clear()
        for choice, text, icon, key in (
            ("state", tr("Change state…"), "flag", "S"),
            ("assign", tr("Assign…"), "user", "G"),
            ("priority", tr("Change priority…"), "sort", "P"),
        ):
            action = self.menu.add(text, icon, key)
            action.triggered.connect(lambda _checked=False, choice=choice: self.choice_asked.emit(choice))
        self.menu.add(tr("Ask a colleague…"), "people", "A").triggered.connect(self.question_asked)
        self.menu.addSeparator()
        for relation, text, icon, key in (
            ("category", tr("Change category…"), "tag", "Y"),
            ("product", tr("Product of the ticket…"), "box", "O"),
            ("part", tr("Open a part…"), "plus", ""),
            ("part_of", tr("Make it a part of another…"), "board", ""),
            *((("apart", tr("Take it out of the other"), "x", ""),) if self._is_part else ()),
        ):
            action = self.menu.add(text, icon, key)
            action.triggered.connect(lambda _checked=False, name=relation: self.relation_asked.emit(name))
        self.menu.addSeparator()
        for deed, text, icon, key in (
            ("answer", tr("Canned answer…"), "note", "C"),
            ("macro", tr("Macro…"), "play", "M"),
            ("attach", tr("Attach files"), "clip", ""),
            ("article", tr("Insert article"), "book", ""),
            ("split", tr("Split from a message on…"), "board", ""),
            ("merge", tr("Merge with another ticket…"), "compare", ""),
            ("survey", self._survey_words(), "star", ""),
        ):
            action = self.menu.add(text, icon, key)
            action.triggered.connect(lambda _checked=False, deed=deed: self.deed_asked.emit(deed))


def _word(words: dict[str, Message], value: str) -> Message | str:
    return words.get(value, value)
