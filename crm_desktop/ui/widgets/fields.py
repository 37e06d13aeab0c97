"""A field of a form: label above, "(required)" in words, what is wrong in one line under it."""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCalendarWidget,
    QDateEdit,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from crm_core.i18n import N_, Message, message
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import ICON_SMALL
from crm_desktop.ui.translate import Text, show, tr, translator
from crm_desktop.ui.widgets import paint
from crm_desktop.ui.widgets.labels import IconLabel, Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.right_edge import right_edge

_MARKS: dict[str, tuple[str, str]] = {"error": ("overdue", "bad"), "not-sent": ("notsent", "accent")}
_MARK_NAMES = {"error": N_("Wrong value"), "not-sent": N_("Not sent yet")}
MAY_BREAK = "\N{ZERO WIDTH SPACE}"
_LONG_RUN = 24
"""So many letters without a place to break have no room beside the label in the narrowest pane."""
_GLASS_AT, _GLASS_ROOM, _HINT_FROM = 10, 26, 150
"""Where the magnifier stands, how much room it takes beside the text; and how wide a field shows its key."""
_NOTES = {"good": ("check", "good"), "warn": ("clock", "warn"), "soft": (None, "text-soft")}


def keep_off_edges(box: QAbstractSpinBox) -> None:
    """Give a spin box the room beside its number that it does not take from the style sheet."""
    side = theme().px(8)
    box.lineEdit().setTextMargins(side, 0, side, 0)


class Field(Live, QWidget):
    """An editor with its label and its line of help; the editor stays the caller's own widget."""

    def __init__(
        self, label: Text, editor: QWidget, *, required: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.editor = editor
        self._name, self._required = label, required
        self._error: Text = ""
        self._hint: Text = ""
        self._mark: str | None = None
        self._inside: IconLabel | None = None
        """The mark inside the field."""
        self.label = Label(step="caption", color="text-soft")
        self.label.setBuddy(editor)
        self._icon = IconLabel("overdue", color="bad", size=14)
        self._line = Label(step="caption", color="bad", wrap=True)
        self._help = QWidget()
        below = QHBoxLayout(self._help)
        below.setContentsMargins(0, 0, 0, 0)
        below.setSpacing(6)
        below.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        below.addWidget(self._line, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.label)
        column.addWidget(editor)
        column.addWidget(self._help)
        if not editor.sizePolicy().expandingDirections() & Qt.Orientation.Vertical:
            column.addStretch(1)  # in a row of fields all labels stand at the top
        self._help.hide()
        if isinstance(editor, QAbstractSpinBox) and not isinstance(editor, QDateEdit):
            keep_off_edges(editor)
        self.retranslate()

    @property
    def error(self) -> Text:
        """What is wrong with the value; empty where nothing is."""
        return self._error

    def set_label(self, label: Text) -> None:
        """Name the field anew."""
        self._name = label
        self.retranslate()

    def set_required(self, required: bool) -> None:
        """Say in words whether a value must be given."""
        self._required = required
        self.retranslate()

    def set_error(self, error: Text) -> None:
        """Say what is wrong, in the field's edge, inside it and in the line under it; empty to clear."""
        self._error = error
        wrong = bool(show(error))
        self.editor.setProperty("error", "true" if wrong else "false")
        self.editor.style().unpolish(self.editor)
        self.editor.style().polish(self.editor)
        inside = isinstance(self.editor, QLineEdit)
        if wrong:
            self._say(error, None if inside else "overdue", "bad")
            self._set_mark("error")
        else:
            self._show_hint()
            self._set_mark(None)
        self.editor.setAccessibleDescription(show(error))

    def set_hint(self, hint: Text) -> None:
        """Say what helps to fill the field in, under it where nothing is wrong."""
        self._hint = hint
        self._show_hint()

    def _show_hint(self) -> None:
        if show(self._hint):
            self._say(self._hint, None, "text-soft")
        else:
            self._help.hide()

    def set_note(self, note: Text, kind: str = "soft") -> None:
        """Say something that is not wrong under the field; kinds good, warn, soft. Empty to clear."""
        if not show(note):
            self._help.hide()
            return
        icon, color = _NOTES[kind]
        self._say(note, icon, color)

    def set_not_sent(self, not_sent: bool) -> None:
        """Mark the value as changed here and not yet sent to HQ."""
        self._set_mark("not-sent" if not_sent else None)

    def retranslate(self) -> None:
        """Write the label in the language on screen, with "(required)" where a value must be given."""
        words = show(self._name)
        self.label.say(message("{label} (required)", label=words) if self._required else words)
        self.editor.setAccessibleName(self.label.text())

    def _say(self, words: Text, icon: str | None, color: str) -> None:
        self._line.set_color(color)
        self._line.say(words)
        self._icon.setVisible(icon is not None)
        if icon is not None:
            self._icon.show_icon(icon, color)
        self._help.show()

    def _set_mark(self, mark: str | None) -> None:
        self._mark = mark
        if not isinstance(self.editor, QLineEdit):
            return
        if mark is None:
            if self._inside is not None:
                right_edge(self.editor).take(self._inside)
                self._inside = None
            return
        icon, color = _MARKS[mark]
        name = Message(_MARK_NAMES[mark])
        if self._inside is None:
            self._inside = IconLabel(icon, color=color, name=name)
            right_edge(self.editor).put(self._inside)
        else:
            self._inside.show_icon(icon, color, name)


class SearchField(Live, QLineEdit):
    """A line to type a search in: magnifier before, key hint after it while it is empty."""

    def __init__(self, placeholder: Text, *, hint: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._placeholder = placeholder
        self._hint = hint
        self.textChanged.connect(self._make_room)
        self.retranslate()

    def retranslate(self) -> None:
        """Write the placeholder in the language on screen."""
        words = show(self._placeholder)
        self.setPlaceholderText(words)
        self.setAccessibleName(words)

    def retint(self) -> None:
        """Take the measures of the theme."""
        self._make_room()

    def _make_room(self) -> None:
        """Keep the text clear of the magnifier, the placeholder of the hint too."""
        width = QFontMetrics(theme().font("caption")).horizontalAdvance(self._hint)
        right = width + theme().px(8) if self._hinted else 0
        self.setTextMargins(theme().px(_GLASS_ROOM), 0, right, 0)

    @property
    def _hinted(self) -> bool:
        """Whether the key hint stands at the right: not over words, nor in the place of what is asked for."""
        return bool(self._hint) and not self.text() and self.width() >= theme().px(_HINT_FROM)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave the hint out where there is no room for it."""
        super().resizeEvent(event)
        self._make_room()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the magnifier, and the key hint at the right edge while nothing is typed."""
        super().paintEvent(event)
        painter = QPainter(self)
        paint.icon(painter, "search", "text-soft", theme().px(_GLASS_AT), self.rect(), ICON_SMALL)
        if not self._hinted:
            painter.end()
            return
        painter.setFont(theme().font("caption"))
        painter.setPen(theme().color("text-soft"))
        area = self.rect().adjusted(0, 0, -theme().px(12), 0)
        painter.drawText(area, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), self._hint)
        painter.end()


def breakable(words: str) -> str:
    """Return words that may go on in the next line behind @, strokes, inner dots, and in a long run."""
    marked = re.sub(r"([@/]|\.(?=[^.]*\.))", rf"\1{MAY_BREAK}", words)
    return re.sub(
        rf"[^\s{MAY_BREAK}]{{{_LONG_RUN},}}",
        lambda run: MAY_BREAK.join(textwrap.wrap(run.group(), _LONG_RUN - 8)),
        marked,
    )


def _breakable(value: Text) -> Text:
    """Leave a value as it is, for people copy it, unless it holds a word too long for any line."""
    too_long = isinstance(value, str) and any(len(word) >= _LONG_RUN for word in value.split())
    return breakable(value) if isinstance(value, str) and too_long else value


class Fact(Live, QWidget):
    """A label and its value in reading mode: text, never a greyed field."""

    def __init__(
        self, label: Text, value: Text | QWidget, *, label_width: int = 72, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._label_width = label_width
        self.label = Label(label, color="text-soft", wrap=True)
        if isinstance(value, QWidget):
            self.value: QWidget = value
        else:
            self.value = Label(_breakable(value), wrap=True)
            self.value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._grid = grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        top = Qt.AlignmentFlag.AlignTop
        self.label.setAlignment(top | Qt.AlignmentFlag.AlignLeft)
        grid.addWidget(self.label, 0, 0)
        if isinstance(self.value, QLabel):
            self.value.setAlignment(top | Qt.AlignmentFlag.AlignLeft)
            grid.addWidget(self.value, 0, 1)  # a widget aligned by the grid is not given its wrapped height
        else:
            grid.addWidget(self.value, 0, 1, top)
        grid.setColumnStretch(1, 1)
        self.retranslate()
        self.retint()

    def say(self, value: Text) -> None:
        """Show another value."""
        if isinstance(self.value, Label):
            self.value.say(_breakable(value))
        self.retranslate()

    def retranslate(self) -> None:
        """Join label and value for those who listen."""
        words = self.value.accessibleName()
        if not words and isinstance(self.value, QLabel):
            words = self.value.text().replace(MAY_BREAK, "")
        self.setAccessibleName(tr("{label}: {value}", label=self.label.text(), value=words))

    def set_label_width(self, width: int) -> None:
        """Give the label another width, before the font scale; a longer one goes on in the next line."""
        if width != self._label_width:
            self._label_width = width
            self.retint()

    def label_needs(self) -> int:
        """Return the width, before the font scale, in which the label stands on one line."""
        advance = QFontMetrics(theme().font()).horizontalAdvance(self.label.text())
        return math.ceil((advance + 1) / theme().scale)

    def retint(self) -> None:
        """Keep the labels of a column of facts equally wide."""
        self._grid.setHorizontalSpacing(theme().px(16))
        self.label.setFixedWidth(theme().px(self._label_width))


def line_up(facts: Sequence[Fact], *, least: int, most: int) -> None:
    """Make the labels of a column of facts as wide as the widest, between `least` and `most`.

    Values then begin at one line, whatever the language; widths are before the font scale.
    """
    widest = max((fact.label_needs() for fact in facts), default=least)
    for fact in facts:
        fact.set_label_width(min(max(widest, least), most))


class DateField(Live, QDateEdit):
    """A date with a calendar to pick from, written year-month-day in both languages."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setCalendarPopup(True)
        self.setDisplayFormat("yyyy-MM-dd")
        self._calendar: QCalendarWidget | None = None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Have the calendar ready before it opens; made with the field, it would cost more than the field."""
        if self._calendar is None:
            self._calendar = self.calendarWidget()
            self._calendar.setVerticalHeaderFormat(QCalendarWidget.VerticalHeaderFormat.NoVerticalHeader)
            self.retranslate()
        super().mousePressEvent(event)

    def retranslate(self) -> None:
        """Name the days and months of the calendar in the language on screen."""
        if self._calendar is not None:
            self._calendar.setLocale(translator().locale)
