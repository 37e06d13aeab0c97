"""The time line on screen: painted rows of different heights, walked by the arrow keys."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QKeyEvent, QPainter, QResizeEvent, QTextLayout, QTextOption
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from crm_desktop.ui.theme import theme
from crm_desktop.ui.timeline.timeline_model import ENTRY_ROLE, DayHead, Entry, Index, TimelineModel
from crm_desktop.ui.timeline.words import KIND_ICONS, KIND_WORDS
from crm_desktop.ui.translate import show, tr
from crm_desktop.ui.widgets import paint
from crm_desktop.ui.widgets.glyphs import Glyph
from crm_desktop.ui.widgets.live import Live

MOST_LINES = 3
_MOST_KNOWN = 1_000
_KIND_LEFT = 36
_TEXT_LEFT = 96
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


class TimelineList(Live, QListView):
    """Rows of a `TimelineModel`."""

    opened = Signal(object)
    """The `TimelineItem` a person wants to see: Enter or a double click."""

    def __init__(self, model: TimelineModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setModel(model)
        self._delegate = _EntryDelegate(self)
        self.setItemDelegate(self._delegate)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setMouseTracking(True)
        self.doubleClicked.connect(self._open)
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        self.retranslate()

    @property
    def timeline(self) -> TimelineModel:
        """The model."""
        model = self.model()
        assert isinstance(model, TimelineModel)
        return model

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open by Enter."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self._open(self.currentIndex())
            return
        super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:
        """Do nothing: letters are keys of the page."""

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Break the lines anew."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.scheduleDelayedItemsLayout()

    def retranslate(self) -> None:
        """Name the list in the language on screen."""
        self.setAccessibleName(tr("Time line"))

    def retint(self) -> None:
        """Measure anew."""
        self._delegate.forget()
        self.scheduleDelayedItemsLayout()

    def _open(self, index: Index) -> None:
        row = index.data(ENTRY_ROLE)
        if isinstance(row, Entry):
            self.opened.emit(row.item)

    def _on_scrolled(self, value: int) -> None:
        if value >= self.verticalScrollBar().maximum() - self.viewport().height():
            self.timeline.fetchMore(self.rootIndex())


class _EntryDelegate(QStyledItemDelegate):
    """Paints heads and entries."""

    def __init__(self, view: TimelineList) -> None:
        super().__init__(view)
        self._view = view
        self._lines: dict[tuple[str, int], list[str]] = {}
        """By text and the room for it: what is measured is soon painted, and measured again."""

    def forget(self) -> None:
        """Break the lines anew: the font is another one."""
        self._lines.clear()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Give a head one line, an entry as many as it needs."""
        row = index.data(ENTRY_ROLE)
        width = max(self._view.viewport().width(), 1)
        if isinstance(row, DayHead):
            return QSize(width, theme().px(28))
        height = theme().px(8) + theme().line_height()
        if isinstance(row, Entry):
            line = theme().line_height()
            if row.changed:
                height += line  # old and new stand on one
            else:
                height += sum(line * len(self._broken(show(text), width)) for text in row.lines)
        return QSize(width, height + theme().px(9))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint a row."""
        row = index.data(ENTRY_ROLE)
        painter.save()
        if isinstance(row, DayHead):
            self._paint_head(painter, option.rect, row)
        elif isinstance(row, Entry):
            self._paint_entry(painter, option, row)
        painter.restore()

    def editorEvent(self, event: QEvent, model: object, option: QStyleOptionViewItem, index: Index) -> bool:
        """Leave clicks to the view."""
        return False

    def _paint_head(self, painter: QPainter, area: QRect, head: DayHead) -> None:
        words = area.adjusted(theme().size("page-margin"), theme().px(6), 0, 0)
        paint.words(painter, head.words(), theme().font("caption"), "text-soft", words)

    def _paint_entry(self, painter: QPainter, option: QStyleOptionViewItem, entry: Entry) -> None:
        area: QRect = option.rect
        margin, line = theme().size("page-margin"), theme().line_height()
        inner = area.adjusted(margin, 0, -margin, 0)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        if selected or hovered:
            ground = theme().color("accent-soft" if selected else "hover")
            paint.rounded(painter, inner.adjusted(-8, 1, 8, -2), ground, None, 6)
        painter.fillRect(QRect(inner.left(), area.bottom(), inner.width(), 1), theme().color("line"))
        top = area.top() + theme().px(8)
        side = theme().px(24)
        circle = QRect(inner.left(), top - theme().px(2), side, side)
        paint.rounded(painter, circle, theme().color("surface" if hovered else "hover"), None, side / 2)
        left = circle.left() + (side - theme().px(14)) // 2
        paint.icon(painter, KIND_ICONS[entry.item.kind], "text-soft", left, circle, 14)
        first = QRect(inner.left(), top, inner.width(), line)
        kind = QRect(
            inner.left() + theme().px(_KIND_LEFT), top, theme().px(_TEXT_LEFT - _KIND_LEFT - 4), line
        )
        paint.words(painter, tr(KIND_WORDS[entry.item.kind]), theme().font("caption"), "text-soft", kind)
        used = self._paint_right(painter, first, entry)
        title = first.adjusted(theme().px(_TEXT_LEFT), 0, -used, 0)
        paint.words(painter, show(entry.title), theme().font("body", 600), "text", title)
        self._paint_lines(painter, inner, top + line, entry)
        if option.state & QStyle.StateFlag.State_HasFocus and self._view.hasFocus():
            paint.focus_frame(painter, inner.adjusted(-8, 1, 8, -2), 6)

    def _paint_right(self, painter: QPainter, area: QRect, entry: Entry) -> int:
        """Paint who and when, and the mark of what is not sent; return the room taken."""
        caption = theme().font("caption")
        metrics = QFontMetrics(caption)
        # A long name gives way, so that what happened is read too and the time stays.
        who = metrics.elidedText(entry.item.who or "", Qt.TextElideMode.ElideRight, area.width() // 4)
        words = tr("{who} · {time}", who=who, time=entry.moment) if who else entry.moment
        paint.words(painter, words, caption, "text-soft", area, _RIGHT)
        used = metrics.horizontalAdvance(words) + theme().px(12)
        if entry.item.not_sent:
            mark = Glyph.NOT_SENT
            x = area.right() - used - theme().px(8)
            paint.icon(painter, mark.icon, mark.color, x, area, 14)
            word = show(mark.word)
            width = metrics.horizontalAdvance(word)
            place = QRect(x - width - theme().px(8), area.top(), width + 1, area.height())
            paint.words(painter, word, caption, "text-soft", place)
            used += theme().px(24) + width + theme().px(8)
        return used

    def _paint_lines(self, painter: QPainter, inner: QRect, top: int, entry: Entry) -> None:
        line, body = theme().line_height(), theme().font("body")
        left = inner.left() + theme().px(_TEXT_LEFT)
        if entry.changed:
            metrics = QFontMetrics(body)
            room = QRect(left, top, inner.right() - left, line)
            half = max(room.width() // 2, 1)
            before = metrics.elidedText(entry.before, Qt.TextElideMode.ElideRight, half)
            paint.words(painter, before, body, "text-soft", room)
            x = left + metrics.horizontalAdvance(before) + theme().px(6)
            paint.words(painter, "→", body, "text-soft", QRect(x, top, theme().px(20), line))
            x += metrics.horizontalAdvance("→") + theme().px(6)
            after = QRect(x, top, max(inner.right() - x, 1), line)
            paint.words(painter, show(entry.lines[0]), theme().font("body"), "text", after)
            return
        y = top
        for text in entry.lines:
            for part in self._broken(show(text), self._view.viewport().width()):
                paint.words(painter, part, body, "text", QRect(left, y, inner.right() - left, line))
                y += line

    def _broken(self, text: str, width: int) -> list[str]:
        """Return a text in the lines it takes, no more than a few; the last says where more was."""
        room = max(width - 2 * theme().size("page-margin") - theme().px(_TEXT_LEFT), 40)
        known = self._lines.get((text, room))
        if known is None:
            if len(self._lines) >= _MOST_KNOWN:
                self._lines.clear()
            known = self._lines[text, room] = _broken(text, theme().font("body"), room)
        return known


def _broken(text: str, font: QFont, room: int) -> list[str]:
    if "\n" not in text and QFontMetrics(font).horizontalAdvance(text) < room:
        return [text.rstrip()]
    layout = QTextLayout(text, font)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    layout.beginLayout()
    lines: list[str] = []
    while len(lines) < MOST_LINES:
        line = layout.createLine()
        if not line.isValid():
            break
        line.setLineWidth(room)
        start = line.textStart()
        if len(lines) == MOST_LINES - 1 and start + line.textLength() < len(text):
            lines.append(text[start:])  # elided where it is painted
            break
        lines.append(text[start : start + line.textLength()].rstrip())
    layout.endLayout()
    return lines or [""]
