"""How an activity looks in the calendar, and what it says to those who listen."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QPainter, QPainterPath

from crm_desktop.services.calendar import local
from crm_desktop.services.calendar_period import CalendarItem
from crm_desktop.ui.format import clock, weekday_date
from crm_desktop.ui.home.words import kind_words
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import LINES, RADII
from crm_desktop.ui.translate import show, tr
from crm_desktop.ui.widgets import paint
from crm_desktop.ui.widgets.glyphs import Glyph

KIND_ICONS: Mapping[str, str] = MappingProxyType(
    {"visit": "pin", "meeting": "people", "call": "phone", "mail": "mail", "note": "note", "task": "flag"}
)
_EDGES = {"visit": "chart1", "meeting": "chart3", "call": "chart2", "mail": "chart6", "task": "chart4"}
_PAD = 8
_TWO_LINES_FROM = 40


def item_words(item: CalendarItem, now_ms: int, clashing: bool = False) -> str:
    """Return all there is to say of an item, in one line."""
    begins = local(item.begins_ms)
    if item.first_day is not None:
        when = weekday_date(item.first_day)
        if item.last_day is not None and item.last_day != item.first_day:
            when = tr("{first} to {last}", first=when, last=weekday_date(item.last_day))
        when = tr("{day}, all day", day=when)
    else:
        span = f"{clock(begins)}–{clock(local(item.ends_ms))}"
        when = f"{weekday_date(begins.date())} {span}"
    said = [when, kind_words(item.kind), item.subject, item.customer_name, item.place, item.owner_name]
    if item.repeats or item.from_series:
        said.append(tr("Repeats"))
    if item.done:
        said.append(tr("Done"))
    elif item.is_late(now_ms):
        said.append(tr("Overdue"))
    if item.not_sent:
        said.append(show(Glyph.NOT_SENT.word))
    if clashing:
        said.append(tr("At the same time as another"))
    return ", ".join(part for part in said if part)


def draw_block(
    painter: QPainter,
    place: QRectF,
    item: CalendarItem,
    now_ms: int,
    *,
    clashing: bool = False,
    foreign: bool = False,
) -> None:
    """Paint an item as a block: who, when and where, as far as there is room. `foreign`: somebody else's."""
    _draw_ground(painter, place, item, now_ms, foreign=foreign)
    line = theme().line_height("caption")
    inner = place.adjusted(theme().px(_PAD), theme().px(2), -theme().px(3), -theme().px(1)).toRect()
    painter.save()
    painter.setClipRect(place)
    tall = place.height() >= theme().px(_TWO_LINES_FROM)
    upper = QRect(inner.left(), inner.top() + (theme().px(2) if tall else 0), inner.width(), line)
    if not tall:
        upper.setHeight(max(inner.height(), theme().px(12)))
    upper = _draw_marks(painter, upper, item, now_ms, clashing=clashing)
    ink = "text-soft" if item.done else "text"
    title = item.customer_name or item.subject
    if tall:
        paint.name(painter, title, theme().font("caption", 600), ink, upper)
        lower = QRect(inner.left(), upper.bottom() + 1, inner.width(), line)
        more = item.subject if item.customer_name else item.place
        more = item.owner_name if foreign else more
        paint.words(painter, _joined(clock(local(item.begins_ms)), more), theme().font("caption"), ink, lower)
        third = QRect(inner.left(), lower.bottom() + 1, inner.width(), line)
        if item.place and item.customer_name and third.bottom() <= inner.bottom():
            paint.words(painter, item.place, theme().font("caption"), "text-soft", third)
    else:
        said = _joined(clock(local(item.begins_ms)), title)
        paint.words(painter, said, theme().font("caption", 600), ink, upper)
    painter.restore()


def draw_strip(
    painter: QPainter,
    place: QRectF,
    item: CalendarItem,
    now_ms: int,
    *,
    clashing: bool = False,
    foreign: bool = False,
) -> None:
    """Paint an item as one line: in the row of whole days, and in a month."""
    _draw_ground(painter, place, item, now_ms, foreign=foreign)
    inner = place.adjusted(theme().px(_PAD), 0, -theme().px(3), 0).toRect()
    painter.save()
    painter.setClipRect(place)
    inner = _draw_marks(painter, inner, item, now_ms, clashing=clashing)
    title = item.customer_name or item.subject
    title = f"{title} · {item.owner_name}" if foreign and item.owner_name else title
    said = title if item.all_day else _joined(clock(local(item.begins_ms)), title)
    paint.words(painter, said, theme().font("caption"), "text-soft" if item.done else "text", inner)
    painter.restore()


def _joined(first: str, second: str) -> str:
    return f"{first} {second}" if second else first


def _draw_ground(painter: QPainter, place: QRectF, item: CalendarItem, now_ms: int, *, foreign: bool) -> None:
    late = item.is_late(now_ms)
    ground = "hover" if item.done else "bad-soft" if late else "surface" if foreign else "accent-soft"
    edge = "line-strong" if item.done else _EDGES.get(item.kind, "chart8")
    outline = theme().color("line-strong" if foreign else "surface")
    paint.rounded(painter, place, theme().color(ground), outline, RADII["chip"])
    painter.save()
    rounded = QPainterPath()
    rounded.addRoundedRect(place, RADII["chip"], RADII["chip"])
    painter.setClipPath(rounded)
    thick = LINES["selected-item-edge"]
    painter.fillRect(QRectF(place.left(), place.top(), thick, place.height()), theme().color(edge))
    painter.restore()


def _draw_marks(painter: QPainter, area: QRect, item: CalendarItem, now_ms: int, *, clashing: bool) -> QRect:
    """Paint the shape of its kind or state before the words; return the room that is left for these."""
    late = item.is_late(now_ms)
    mark = "check" if item.done else "overdue" if late else KIND_ICONS.get(item.kind, "cal")
    shade = "bad" if late else "text-soft"
    icons = [(mark, shade)]
    if clashing and not item.done:
        icons.append(("conflict", "warn"))
    if item.repeats or item.from_series:
        icons.append(("sync", "text-soft"))
    if item.not_sent:
        icons.append((Glyph.NOT_SENT.icon, Glyph.NOT_SENT.color))
    room = QRect(area)
    for name, color in icons:
        if room.width() < theme().px(44) and name != mark:
            break
        x = paint.icon(painter, name, color, room.left(), room, 12)
        room.setLeft(room.left() + x + theme().px(4))
    return room
