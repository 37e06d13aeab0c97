"""The rail at the left: the pages, what is to be done on them, and the way between them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from crm_core.i18n import message
from crm_desktop.ui.format import figure
from crm_desktop.ui.pages.registry import PageSpec
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import RADII, S
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets import paint
from crm_desktop.ui.widgets.buttons import IconButton
from crm_desktop.ui.widgets.labels import IconLabel, Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.margins import keep_margins
from crm_desktop.ui.widgets.scrolling import scrolled

_APART, _LOWEST = 2, 26


class Rail(Live, QWidget):
    """One item a page; `chosen` carries the id of the page a person picks."""

    chosen = Signal(str)
    fold_changed = Signal(bool)
    """Whether the pages under "More" are folded away."""

    def __init__(self, pages: Sequence[PageSpec], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._collapsed = False
        self._folded = False
        self._allowed = {page.id for page in pages}
        self._items = {page.id: RailItem(page) for page in pages}
        self._more = {page.id for page in pages if page.more}
        self._brand = _Brand()
        self._heading = Label(message("More"), step="caption", color="text-soft")
        self._fold = IconButton("down", message("Hide the further pages"), color="text-soft", small=True)
        self._fold.clicked.connect(lambda: self.fold(not self._folded, tell=True))
        self._head = QWidget(self)
        head = QHBoxLayout(self._head)
        head.setContentsMargins(theme().px(12), theme().px(S), theme().px(4), 0)
        head.addWidget(self._heading)
        head.addStretch(1)
        head.addWidget(self._fold)
        self._head.setVisible(bool(self._more))
        within = QWidget()
        column = QVBoxLayout(within)
        keep_margins(column, S, 6, S, S)
        column.setSpacing(_APART)
        self._area = scrolled(within)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        for ground in (within, self._area.viewport()):
            ground.setAutoFillBackground(False)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self._brand)
        whole.addWidget(self._area, 1)
        for page in pages:
            if page.id in self._more and column.indexOf(self._head) < 0:
                column.addWidget(self._head)
            item = self._items[page.id]
            item.clicked.connect(lambda _checked=False, page_id=page.id: self.chosen.emit(page_id))
            column.addWidget(item)
        column.addStretch(1)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.retranslate()
        self.retint()

    def choose(self, page_id: str) -> None:
        """Show which page is in front, without telling anybody."""
        for key, item in self._items.items():
            item.setChecked(key == page_id)
        self.fold(self._folded)
        if page_id in self._items:
            self._area.ensureWidgetVisible(self._items[page_id], 0, theme().px(S))

    def show_counts(self, counts: Mapping[str, int]) -> None:
        """Show how many things wait on pages; pages without a number have none."""
        for key, item in self._items.items():
            item.show_count(counts.get(key, 0))

    def show_pages(self, allowed: Collection[str]) -> None:
        """Show the pages a person may see, of those there are."""
        self._allowed = set(allowed)
        self.fold(self._folded)

    def collapse(self, collapsed: bool) -> None:
        """Show icons alone, or icons with words."""
        self._collapsed = collapsed
        for item in self._items.values():
            item.collapse(collapsed)
        self._brand.collapse(collapsed)
        self._head.setVisible(bool(self._more) and not collapsed)
        self.fold(self._folded)
        self.retint()

    @property
    def collapsed(self) -> bool:
        """Whether icons stand alone."""
        return self._collapsed

    def fold(self, folded: bool, *, tell: bool = False) -> None:
        """Fold the pages under "More" away, or show them."""
        self._folded = folded
        for key, item in self._items.items():
            away = key in self._more and folded and not self._collapsed and not item.isChecked()
            item.setVisible(key in self._allowed and not away)
        self._fold.show_icon(
            "right" if folded else "down",
            message("Show the further pages") if folded else message("Hide the further pages"),
        )
        if tell:
            self.fold_changed.emit(folded)

    def retranslate(self) -> None:
        """Name the rail in the language on screen."""
        self.setAccessibleName(tr("Pages"))

    def retint(self) -> None:
        """Keep the width of the theme."""
        self.setFixedWidth(theme().size("rail-collapsed" if self._collapsed else "rail"))
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walk the items with the arrow keys."""
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
        shown = [item for item in self._items.values() if item.isVisible()]
        at = next((place for place, item in enumerate(shown) if item.hasFocus()), None)
        if steps is None or at is None:
            super().keyPressEvent(event)
            return
        item = shown[(at + steps) % len(shown)]
        item.setFocus(Qt.FocusReason.TabFocusReason)
        self._area.ensureWidgetVisible(item, 0, theme().px(S))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the ground and the hairline beside the page."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme().color("rail"))
        if theme().dark:
            painter.fillRect(QRect(self.width() - 1, 0, 1, self.height()), theme().color("line"))
        painter.end()


class RailItem(Live, QAbstractButton):
    """A page: icon, name, and how much waits there."""

    def __init__(self, page: PageSpec, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._page, self._count, self._collapsed = page, 0, False
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        self.retranslate()

    @property
    def count(self) -> int:
        """How much waits there."""
        return self._count

    def nextCheckState(self) -> None:
        """Leave choosing to the window: a page may refuse to be left."""

    def show_count(self, count: int) -> None:
        """Show another number; nothing for 0."""
        if count != self._count:
            self._count = count
            self.retranslate()

    def collapse(self, collapsed: bool) -> None:
        """Show the icon alone, or with the name."""
        self._collapsed = collapsed
        self.retranslate()
        self.updateGeometry()

    def retranslate(self) -> None:
        """Name the page in the language on screen."""
        words = tr(self._page.text)
        self.setText(words)
        said = tr("{page}, {count} waiting", page=words, count=self._count) if self._count else words
        self.setAccessibleName(said)
        shortcut = self._page.shortcut
        self.setToolTip(f"{words} ({shortcut})" if shortcut else words if self._collapsed else "")
        self.update()

    def retint(self) -> None:
        """Measure and paint anew."""
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Give the item its height; the rail gives the width."""
        return QSize(theme().size("rail-collapsed") - 2 * theme().px(S), theme().size("rail-item"))

    def minimumSizeHint(self) -> QSize:
        """Move a little closer together in a low window; lower than this, the rail scrolls."""
        return QSize(self.sizeHint().width(), theme().px(_LOWEST))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint ground, icon, name and number."""
        painter = QPainter(self)
        area = self.rect()
        if self.isChecked():
            ground, edge = ("accent-soft", None) if theme().dark else ("surface", theme().color("line"))
            paint.rounded(painter, area, theme().color(ground), edge, RADII["control"])
        elif self.underMouse():
            paint.rounded(painter, area, theme().color("hover"), None, RADII["control"])
        ink = "accent" if self.isChecked() else "text"
        x = (area.width() - theme().px(16)) // 2 if self._collapsed else theme().px(12)
        paint.icon(painter, self._page.icon, "accent" if self.isChecked() else "text-soft", x, area, 16)
        if self._collapsed:
            if self._count:
                dot = QRect(
                    area.right() - theme().px(9), area.top() + theme().px(5), theme().px(6), theme().px(6)
                )
                paint.rounded(painter, dot, theme().color("accent"), None, theme().px(3))
        else:
            number = figure(self._count) if self._count else ""
            caption = theme().font("caption")
            painter.setFont(caption)
            room = painter.fontMetrics().horizontalAdvance(number)
            right = QRect(area.right() - theme().px(12) - room, area.top(), room + 2, area.height())
            if number:
                paint.words(painter, number, caption, "text-soft", right)
            left = theme().px(14 + 16 + 10)
            name = QRect(left, area.top(), right.left() - left - theme().px(4), area.height())
            weight = 600 if self.isChecked() else 400
            paint.words(painter, self.text(), theme().font("body", weight), ink, name)
        if self.hasFocus():
            paint.focus_frame(painter, area, RADII["control"])
        painter.end()


class _Brand(Live, QWidget):
    """The program's mark and name above the pages."""

    def __init__(self) -> None:
        super().__init__()
        self._mark = IconLabel("satchel", color="accent", size=20)
        self._name = Label(message("Satchel"), step="section")
        self._row = QHBoxLayout(self)
        self._row.setSpacing(theme().px(6))
        self._row.addWidget(self._mark)
        self._row.addWidget(self._name)
        self._row.addStretch(1)
        self.collapse(False)
        self.retint()

    def collapse(self, collapsed: bool) -> None:
        """Show the mark alone, or with the name."""
        self._name.setVisible(not collapsed)
        self._row.setContentsMargins(theme().px(14 if collapsed else 20), 0, 0, 0)

    def retint(self) -> None:
        """Stand as high as the top bar."""
        self.setFixedHeight(theme().size("top-bar"))
