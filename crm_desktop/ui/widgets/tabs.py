"""A row of tabs with counts: saved views of a list, parts of a record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QTabBar, QWidget

from crm_desktop.ui.format import figure
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import LINES, RADII
from crm_desktop.ui.translate import Text, show
from crm_desktop.ui.widgets import paint
from crm_desktop.ui.widgets.live import Live

_APART, _LEAST_APART = 20, 8
_GAP = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    """One tab: its name, how many there are behind it (None: not counted), or the key that leads there."""

    key: str
    text: Text
    count: int | None = None
    hint: str = ""
    enabled: bool = True

    @property
    def remark(self) -> str:
        """What stands softly behind the name."""
        return self.hint if self.count is None else figure(self.count)


class TabRow(Live, QTabBar):
    """Tabs over a hairline; `chosen` carries the key when a person picks one."""

    chosen = Signal(str)

    def __init__(
        self,
        tabs: Sequence[Tab] = (),
        *,
        name: Text = "",
        lined: bool = True,
        apart: int = _APART,
        trailing: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        """`apart`: room between two tabs, before the font scale; `trailing`: behind the last one too."""
        super().__init__(parent)
        self._apart, self._trailing = apart, trailing
        self._tabs: list[Tab] = []
        self._widths: list[int] = []
        """Of what each tab says, in pixels: measured once, for Qt asks again and again."""
        self._name, self._lined = name, lined
        self._quiet = False
        self.setExpanding(False)
        self.setDrawBase(False)
        self.setMouseTracking(True)
        self.setElideMode(Qt.TextElideMode.ElideNone)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.currentChanged.connect(self._on_current_changed)
        self.show_tabs(tabs)

    @property
    def key(self) -> str:
        """The key of the tab in front; empty without tabs."""
        return self._tabs[self.currentIndex()].key if self._tabs else ""

    def show_tabs(self, tabs: Sequence[Tab], key: str | None = None) -> None:
        """Show other tabs; the one in front stays if it is among them, or `key` is."""
        wanted = self.key if key is None else key
        self._quiet = True
        while self.count():
            self.removeTab(0)
        self._tabs = list(tabs)
        self._widths = [0] * len(self._tabs)
        for place, tab in enumerate(self._tabs):
            self.addTab("")
            self.setTabEnabled(place, tab.enabled)
            if tab.key == wanted:
                self.setCurrentIndex(place)
        self._quiet = False
        self.retranslate()

    def choose(self, key: str) -> None:
        """Bring a tab to the front without telling anybody."""
        self._quiet = True
        self.setCurrentIndex(self._place(key))
        self._quiet = False

    def set_count(self, key: str, count: int | None) -> None:
        """Show another number behind a tab's name."""
        self.set_counts({key: count})

    def set_counts(self, counts: Mapping[str, int | None]) -> None:
        """Show other numbers behind the names of tabs, and lay them out once."""
        tabs = [replace(tab, count=counts[tab.key]) if tab.key in counts else tab for tab in self._tabs]
        if tabs != self._tabs:
            self._tabs = tabs
            self.retranslate()

    def retranslate(self) -> None:
        """Name the tabs in the language on screen."""
        self.setAccessibleName(show(self._name))
        before = self._widths
        self._widths = [_width(show(tab.text), tab.remark) for tab in self._tabs]
        told = False
        for place, tab in enumerate(self._tabs):
            words = show(tab.text)
            if words != self.tabText(place):
                self.setTabText(place, words)  # each time Qt lays all of them out
                told = True
            counted = words if tab.count is None else f"{words} {figure(tab.count)}"
            self.setAccessibleTabName(place, counted)
        if before != self._widths and self._tabs and not told:
            self.setTabText(0, self.tabText(0))
        self.updateGeometry()
        self.update()

    def retint(self) -> None:
        """Measure and paint anew."""
        self.retranslate()

    def tabSizeHint(self, index: int) -> QSize:
        """Give room for the name in bold, so that choosing moves nothing."""
        last = index == len(self._tabs) - 1
        behind = self._between() if self._trailing or not last else 1
        return QSize(self._widths[index] + behind, theme().size("tab-row"))

    def _between(self) -> int:
        """Return the room between two tabs: less than usual where a row that ends with them is full."""
        usual = theme().px(self._apart)
        if self._trailing or len(self._tabs) < 2:
            return usual
        room = (self.width() - sum(self._widths) - 1) // (len(self._tabs) - 1)
        return min(usual, max(room, theme().px(_LEAST_APART)))

    def minimumTabSizeHint(self, index: int) -> QSize:
        """Never cut a word; arrows appear instead."""
        return self.tabSizeHint(index)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the hairline, then each tab."""
        painter = QPainter(self)
        if self._lined:
            painter.fillRect(QRect(0, self.height() - 1, self.width(), 1), theme().color("line"))
        under = self.tabAt(self.mapFromGlobal(self.cursor().pos()))
        for place in range(len(self._tabs)):
            self._paint_tab(painter, place, under == place)
        painter.end()

    def _paint_tab(self, painter: QPainter, place: int, hovered: bool) -> None:
        area, tab = self.tabRect(place), self._tabs[place]
        current = place == self.currentIndex()
        if not tab.enabled:
            ink = "text-disabled"
        else:
            ink = "accent" if current else "text" if hovered else "text-soft"
        font = theme().font("body", 600 if current else 400)
        width = QFontMetrics(font).horizontalAdvance(self.tabText(place))
        words = QRect(area.left(), area.top(), width + 1, area.height())
        paint.words(painter, self.tabText(place), font, ink, words)
        end = area.left() + width
        text = tab.remark
        if text:
            caption = theme().font("caption")
            x = end + theme().px(_GAP)
            end = x + QFontMetrics(caption).horizontalAdvance(text)
            soft = "text-soft" if tab.enabled else "text-disabled"
            paint.words(painter, text, caption, soft, QRect(x, area.top(), end - x + 1, area.height()))
        if current:
            edge = LINES["selected-tab"]
            mark = QRect(area.left(), self.height() - edge, end - area.left(), edge)
            painter.fillRect(mark, theme().color("accent"))
            if self.hasFocus():
                ring = QRect(area.left() - 4, area.top() + 4, end - area.left() + 8, area.height() - 10)
                paint.focus_frame(painter, ring & self.rect(), RADII["chip"])

    def _place(self, key: str) -> int:
        return next(place for place, tab in enumerate(self._tabs) if tab.key == key)

    def _on_current_changed(self, place: int) -> None:
        if not self._quiet and 0 <= place < len(self._tabs):
            self.chosen.emit(self._tabs[place].key)


def _width(words: str, remark: str) -> int:
    width = QFontMetrics(theme().font("body", 600)).horizontalAdvance(words)
    if remark:
        width += theme().px(_GAP) + QFontMetrics(theme().font("caption")).horizontalAdvance(remark)
    return width
