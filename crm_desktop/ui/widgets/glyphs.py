"""The status shapes: what a row or a next step is, as a shape first, a colour second, always with a word."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from PySide6.QtWidgets import QHBoxLayout, QWidget

from crm_core.i18n import Message, message
from crm_desktop.ui.translate import Text, show
from crm_desktop.ui.widgets.labels import IconLabel, Label
from crm_desktop.ui.widgets.live import Live


@dataclass(frozen=True, slots=True)
class _Shape:
    icon: str
    color: str
    word: Message


class Glyph(Enum):
    """The shapes; `icon`, `color` (a token) and `word` say what each looks like and means."""

    NOT_SENT = _Shape("notsent", "accent", message("Not sent"))
    CONFLICT = _Shape("conflict", "bad", message("Conflict"))
    ANSWERED_TWICE = _Shape("people", "warn", message("Two answers, one is held"))
    NOT_DOWNLOADED = _Shape("notdl", "text-soft", message("Not downloaded"))
    OVERDUE = _Shape("overdue", "bad", message("Overdue"))
    TODAY = _Shape("today", "accent", message("Today"))
    PLANNED = _Shape("planned", "text-soft", message("Planned"))
    NONE = _Shape("none", "text-soft", message("No next step"))

    @property
    def icon(self) -> str:
        """The icon's name."""
        return self.value.icon

    @property
    def color(self) -> str:
        """The colour token of the shape."""
        return self.value.color

    @property
    def word(self) -> Message:
        """The word that goes with the shape."""
        return self.value.word


_INK = {Glyph.OVERDUE: "bad", Glyph.TODAY: "accent", Glyph.NONE: "text-soft"}


@dataclass(frozen=True, slots=True, kw_only=True)
class NextStep:
    """The next step of a customer or deal: its shape and its words ("Visit at 11:45")."""

    glyph: Glyph
    text: Text

    @property
    def color(self) -> str:
        """The colour token of the words."""
        return _INK.get(self.glyph, "text")


class GlyphLabel(Live, QWidget):
    """A shape and its words; without words of its own it says what the shape means."""

    def __init__(
        self, glyph: Glyph, text: Text | None = None, *, color: str = "text", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._glyph, self._text = glyph, text
        self._icon = IconLabel(glyph.icon, color=glyph.color)
        self.label = Label(glyph.word if text is None else text, color=color)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self._icon)
        row.addWidget(self.label)
        row.addStretch(1)
        self.retranslate()

    @property
    def glyph(self) -> Glyph:
        """The shape shown."""
        return self._glyph

    def show_glyph(self, glyph: Glyph, text: Text | None = None, color: str = "text") -> None:
        """Show another shape and its words."""
        self._glyph, self._text = glyph, text
        self._icon.show_icon(glyph.icon, glyph.color)
        self.label.set_color(color)
        self.label.say(glyph.word if text is None else text)
        self.retranslate()

    def retranslate(self) -> None:
        """Say shape and words to those who listen and to those who hover."""
        word, text = show(self._glyph.word), show(self.label_text)
        self.setToolTip(word)
        self.setAccessibleName(text if text == word else f"{word}. {text}")

    @property
    def label_text(self) -> Text:
        """The words beside the shape."""
        return self._glyph.word if self._text is None else self._text
