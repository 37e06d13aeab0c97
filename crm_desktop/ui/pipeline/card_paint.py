"""One card of the board, painted: in its column, and as the picture carried along while it is dragged."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPixmap

from crm_desktop.services.deals import Card
from crm_desktop.ui.format import figure
from crm_desktop.ui.pipeline import words
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import ICON_INLINE, RADII, SHADOW_BLUR, SHADOW_OFFSET
from crm_desktop.ui.widgets import paint
from crm_desktop.ui.widgets.glyphs import Glyph
from crm_desktop.ui.widgets.glyphs import NextStep as StepLook

_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
_PAD = 12
_ROWS = (10, 30, 53, 85)  # tops of customer, deal, amount and next step in a card of 112
_LINE = 80
_FADED = 0.4
FAR_TOO_LONG = 2
"""So many times a stage's limit a deal is far too old, not only old."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What all cards of a column share."""

    currency: str
    age_limit_days: int | None
    now: datetime.datetime


def card_height() -> int:
    """Return the height of a card."""
    return theme().size("kanban-card")


def paint_card(
    painter: QPainter,
    area: QRect,
    card: Card,
    look: Look,
    *,
    hovered: bool = False,
    focused: bool = False,
    faded: bool = False,
    edge: str = "line",
) -> None:
    """Paint a card into `area`; `faded` while it is carried elsewhere."""
    painter.save()
    if faded:
        painter.setOpacity(_FADED)
    ground = theme().color("hover" if hovered else "surface")
    paint.rounded(painter, area, ground, theme().color(edge), RADII["card"])
    pad = theme().px(_PAD)
    inner = area.adjusted(pad, 0, -pad, 0)
    line = theme().line_height("body")
    customer, deal, amount, step = (
        QRect(inner.left(), area.top() + theme().px(top), inner.width(), line) for top in _ROWS
    )
    _paint_title(painter, customer, card)
    body, caption = theme().font("body"), theme().font("caption")
    if card.skip_reason:
        paint.icon(painter, "shield", "warn", deal.right() + 1 - theme().px(ICON_INLINE), deal, ICON_INLINE)
        deal = deal.adjusted(0, 0, -theme().px(ICON_INLINE + 8), 0)
    if card.milestones is not None:
        done, of = card.milestones
        said = f"{figure(done)}/{figure(of)}"
        ink = "good" if done == of else "text-soft"
        paint.words(painter, said, caption, ink, deal, _RIGHT)
        taken = QFontMetrics(caption).horizontalAdvance(said) + theme().px(4 + ICON_INLINE)
        paint.icon(painter, "check", ink, deal.right() + 1 - taken, deal, ICON_INLINE)
        deal = deal.adjusted(0, 0, -taken - theme().px(8), 0)
    if card.customer_name:
        paint.words(painter, card.name, body, "text-soft", deal)
    closes = words.close_words(card, look.now.date())
    room = QFontMetrics(caption).horizontalAdvance(closes) + theme().px(8) if closes else 0
    paint.words(
        painter, words.amount_words(card, look.currency), body, "text", amount.adjusted(0, 0, -room, 0)
    )
    paint.words(painter, closes, caption, "text-soft", amount, _RIGHT)
    painter.fillRect(
        QRect(inner.left(), area.top() + theme().px(_LINE), inner.width(), 1), theme().color("line")
    )
    _paint_foot(painter, step, card, look)
    if focused:
        paint.focus_frame(painter, area, RADII["card"])
    painter.restore()


def drag_picture(card: Card, look: Look, width: int, ratio: float) -> tuple[QPixmap, QPoint]:
    """Return the picture carried along: the card on its shadow, and where in it the card begins."""
    margin = 2 * SHADOW_BLUR
    size = QSize(width + 2 * margin, card_height() + 2 * margin)
    picture = QPixmap(size * ratio)
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    area = QRect(margin, margin, width, card_height())
    _paint_shadow(painter, area.translated(*SHADOW_OFFSET))
    paint_card(painter, area, card, look, edge="accent")
    painter.end()
    return picture, area.topLeft()


def _paint_title(painter: QPainter, area: QRect, card: Card) -> None:
    mark = Glyph.CONFLICT if card.conflict else Glyph.NOT_SENT if card.not_sent else None
    if mark is not None:
        side = theme().px(16)
        paint.icon(painter, mark.icon, mark.color, area.right() + 1 - side, area, 16)
        area = area.adjusted(0, 0, -side - theme().px(8), 0)
    paint.name(painter, card.customer_name or card.name, theme().font("body", 600), "text", area)


def _paint_foot(painter: QPainter, area: QRect, card: Card, look: Look) -> None:
    days = words.days_words(card)
    ink, weight = _age(card, look)
    caption = theme().font("caption", weight)
    width = QFontMetrics(caption).horizontalAdvance(days) + 1
    paint.words(painter, days, caption, ink, area, _RIGHT)
    if card.too_long:
        width += theme().px(ICON_INLINE + 3)
        paint.icon(painter, "clock", ink, area.right() + 1 - width, area, ICON_INLINE)
    glyph = words.step_glyph(card.next_step)
    paint.icon(painter, glyph.icon, glyph.color, area.left(), area, ICON_INLINE)
    room = area.adjusted(theme().px(ICON_INLINE + 5), 0, -width - theme().px(8), 0)
    text = words.step_words(card.next_step, look.now)
    paint.words(painter, text, theme().font("caption"), StepLook(glyph=glyph, text=text).color, room)


def _age(card: Card, look: Look) -> tuple[str, int]:
    if not card.too_long:
        return "text-soft", 400
    far = look.age_limit_days is not None and card.days_in_stage >= FAR_TOO_LONG * look.age_limit_days
    return ("bad", 600) if far else ("warn", 400)


def _paint_shadow(painter: QPainter, area: QRect) -> None:
    """Paint a soft shadow as rings that add up, since a pixmap takes no effect."""
    full = theme().color("shadow")
    color = QColor(full)
    steps = SHADOW_BLUR
    color.setAlphaF(full.alphaF() / steps)
    for grown in range(steps, 0, -1):
        reach = grown - steps // 2
        ring = area.adjusted(-reach, -reach, reach, reach)
        paint.rounded(painter, ring, color, None, RADII["card"] + max(reach, 0))
