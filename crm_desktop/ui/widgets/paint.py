"""Painting shared by widgets and table cells: grounds, chips, tags, level badges, status words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen

from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import RADII
from crm_desktop.ui.widgets.tag_looks import tag_looks

_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_CENTER = int(Qt.AlignmentFlag.AlignCenter)
_REMARK = re.compile(r"\s*[(（][^()（）]*[)）]\s*$")


class Tone(StrEnum):
    """How good or bad a state is; `ground` and `ink` are the colour tokens of its soft look."""

    NEUTRAL = "neutral"
    INFO = "info"
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"

    @property
    def ground(self) -> str:
        """The soft ground under a word of this tone."""
        return _GROUNDS[self]

    @property
    def ink(self) -> str:
        """The colour of the word and its icon."""
        return _INKS[self]

    @property
    def icon(self) -> str:
        """The icon that says the tone without colour."""
        return _ICONS[self]


_GROUNDS = {
    Tone.NEUTRAL: "hover",
    Tone.INFO: "accent-soft",
    Tone.GOOD: "good-soft",
    Tone.WARN: "warn-soft",
    Tone.BAD: "bad-soft",
}
_INKS = {
    Tone.NEUTRAL: "text",
    Tone.INFO: "accent",
    Tone.GOOD: "good",
    Tone.WARN: "warn",
    Tone.BAD: "bad",
}
_TAG_TONES = {"accent": Tone.INFO, "good": Tone.GOOD, "warn": Tone.WARN, "bad": Tone.BAD}
_ICONS = {
    Tone.NEUTRAL: "info",
    Tone.INFO: "info",
    Tone.GOOD: "check",
    Tone.WARN: "clock",
    Tone.BAD: "overdue",
}


def rounded(
    painter: QPainter, area: QRect | QRectF, ground: QColor | None, edge: QColor | None, radius: float
) -> None:
    """Paint a rounded rectangle whose 1 px edge lies wholly inside `area`."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(ground if ground is not None else Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(edge, 1) if edge is not None else Qt.PenStyle.NoPen)
    inset = 0.5 if edge is not None else 0.0
    painter.drawRoundedRect(QRectF(area).adjusted(inset, inset, -inset, -inset), radius, radius)
    painter.restore()


def focus_frame(painter: QPainter, area: QRect, radius: float) -> None:
    """Paint the 2 px accent frame of keyboard focus just inside `area`."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(theme().color("accent"), 2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(QRectF(area).adjusted(1, 1, -1, -1), radius, radius)
    painter.restore()


def icon(painter: QPainter, name: str, color: str, x: int, area: QRect, size: int) -> int:
    """Paint an icon at `x`, centred in the height of `area`; return its width."""
    side = theme().px(size)
    ratio = painter.device().devicePixelRatioF()
    painter.drawPixmap(x, area.top() + (area.height() - side) // 2, theme().pixmap(name, color, size, ratio))
    return side


def words(painter: QPainter, text: str, font: QFont, color: str, area: QRect, flags: int = _LEFT) -> None:
    """Write one line in `area`, ending in "…" where it does not fit; of several lines one is made."""
    if "\n" in text:
        text = " ".join(text.split())
    painter.setFont(font)
    painter.setPen(theme().color(color))
    # One pixel of grace: widths are measured whole, glyphs are placed in fractions.
    shown = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, area.width() + 1)
    painter.drawText(area, flags, shown)


def name(painter: QPainter, text: str, font: QFont, color: str, area: QRect) -> None:
    """Write a name on one line; where it does not fit, a remark in brackets at its end goes first."""
    fits = QFontMetrics(font).horizontalAdvance(text) <= area.width() + 1
    words(painter, text if fits else _REMARK.sub("", text) or text, font, color, area)


def level_width() -> int:
    """Return the width of a level badge."""
    return theme().px(20)


def level(painter: QPainter, letter: str, area: QRect) -> None:
    """Paint the badge of a customer's level: A filled, B soft, others outlined."""
    height = theme().size("tag")
    badge = QRect(area.left(), area.top() + (area.height() - height) // 2, level_width(), height)
    ground = {"A": "accent", "B": "accent-soft"}.get(letter)
    ink = {"A": "on-accent", "B": "accent"}.get(letter, "text-soft")
    rounded(
        painter,
        badge,
        theme().color(ground or "surface"),
        None if ground else theme().color("line-strong"),
        RADII["chip"],
    )
    painter.setFont(theme().font("caption", 600))
    painter.setPen(theme().color(ink))
    painter.drawText(badge, _CENTER, letter)


def tag_width(text: str) -> int:
    """Return the width a tag takes."""
    return QFontMetrics(theme().font("caption")).horizontalAdvance(text) + 2 * theme().px(6) + 1


def tag(painter: QPainter, text: str, area: QRect, ground: str = "hover") -> None:
    """Paint a tag that fills `area` in width, centred in its height; `ground` is under a colourless one."""
    tone = _TAG_TONES.get(tag_looks().color(text))
    label(painter, text, area, tone.ground if tone else ground, tone.ink if tone else "text-soft")


def label(painter: QPainter, text: str, area: QRect, ground: str = "hover", ink: str = "text-soft") -> None:
    """Paint a word on its ground, filling `area` in width, centred in its height."""
    height = theme().size("tag")
    box = QRect(area.left(), area.top() + (area.height() - height) // 2, area.width(), height)
    rounded(painter, box, theme().color(ground), None, RADII["chip"])
    inner = box.adjusted(theme().px(6), 0, -theme().px(6), 0)
    words(painter, text, theme().font("caption"), ink, inner)


def tags(painter: QPainter, texts: Sequence[str], area: QRect, ground: str = "hover") -> None:
    """Paint the tags that fit side by side, the rest as "+n"; the first is elided rather than left out."""
    caption = theme().font("caption")
    gap, x = theme().px(4), area.left()
    for place, text in enumerate(texts):
        left = len(texts) - place - 1
        rest = QFontMetrics(caption).horizontalAdvance(f"+{left}") + gap if left else 0
        room = area.right() + 1 - x - rest
        width = tag_width(text)
        if width > room:
            if place:
                words(painter, f"+{left + 1}", caption, "text-soft", QRect(x, area.top(), 60, area.height()))
                return
            width = max(room, theme().px(24))
        tag(painter, text, QRect(x, area.top(), width, area.height()), ground)
        x += width + gap


def status(painter: QPainter, text: str, tone: Tone, mark: str, area: QRect) -> None:
    """Paint a state as icon and word on its soft ground, at the left of `area`."""
    caption = theme().font("caption")
    height = theme().size("tag")
    side, pad, gap = theme().px(12), theme().px(6), theme().px(5)
    width = pad + side + gap + QFontMetrics(caption).horizontalAdvance(text) + pad
    box = QRect(area.left(), area.top() + (area.height() - height) // 2, min(width, area.width()), height)
    rounded(painter, box, theme().color(tone.ground), None, RADII["chip"])
    icon(painter, mark, tone.ink, box.left() + pad, box, 12)
    words(painter, text, caption, tone.ink, box.adjusted(pad + side + gap, 0, -pad, 0))
