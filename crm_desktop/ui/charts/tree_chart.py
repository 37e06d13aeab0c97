"""Records in boxes, each beside the one it stands below: the root at the left, a row for every leaf."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from crm_core.rules.tree import Branch
from crm_desktop.ui.charts.chart import Chart, Part, box
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import RADII, XL, L
from crm_desktop.ui.translate import Text, show, tr
from crm_desktop.ui.widgets import paint

_WIDTH, _HEIGHT = 204, 50
"""Of a box, before the font scale."""
_ACROSS, _DOWN = 36, 10
"""Between two boxes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Boxed:
    """What stands in a box. `note` is a word at its right; `level` the letter of a badge before the title."""

    title: str
    soft: str = ""
    note: Text = ""
    level: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placed:
    id: str
    depth: int
    row: float
    """Middle of its box, in rows."""
    above: str | None
    first: str | None
    """The first below it."""


class TreeChart(Chart):
    """Trees one under the other. Arrows walk: right to what is below, left to what is above."""

    dropped = Signal(str, str)
    """A box was dragged onto another: the key of the one dragged, and of the other."""
    walked = Signal(str)
    """The keyboard or a click came to a box."""
    focus_color = "accent"

    def __init__(
        self, name: Text, *, empty: Text, may_drag: bool = False, parent: QWidget | None = None
    ) -> None:
        self._placed: tuple[_Placed, ...] = ()
        self._boxes: Mapping[str, Boxed] = {}
        self._own, self._rows, self._depth = "", 0, 0
        self._may_drag = may_drag
        self._dragged: str | None = None
        self._at: QPointF | None = None
        super().__init__(name, empty=empty, parent=parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_trees(self, boxes: Mapping[str, Boxed], trees: Sequence[Branch], own: str = "") -> None:
        """Show other trees; `own` is the key of the box that stands out."""
        kept = self._parts[self._current].key if 0 <= self._current < len(self._parts) else ""
        self._boxes, self._own = boxes, own
        # Whole trees first; those nobody is above or below have nothing to show but themselves.
        ordered = sorted(trees, key=lambda tree: not tree.children)
        self._placed, self._rows, self._depth = _layout(ordered)
        self.refresh()
        keys = [each.id for each in self._placed]
        self._current = keys.index(kept) if kept in keys else 0

    def is_empty(self) -> bool:
        """Tell whether there is no box."""
        return not self._placed

    def as_table(self) -> list[tuple[str, ...]]:
        """Return every box, what it says, and what it stands below."""
        rows: list[tuple[str, ...]] = [(tr("Name"), tr("Details"), tr("Below"))]
        for each in self._placed:
            boxed = self._boxes[each.id]
            above = self._boxes[each.above].title if each.above else ""
            details = ", ".join(word for word in (boxed.soft, boxed.level, show(boxed.note)) if word)
            rows.append((boxed.title, details, above))
        return rows

    def summary(self) -> str:
        """Return every box in one line."""
        return ". ".join(self._words(each) for each in self._placed)

    def sizeHint(self) -> QSize:
        """Give every box its room."""
        if self.is_empty():
            return super().sizeHint()
        wide = self._depth * (_WIDTH + _ACROSS) - _ACROSS + 2 * XL
        high = self._rows * (_HEIGHT + _DOWN) - _DOWN + 2 * L
        return QSize(theme().px(wide), theme().px(high))

    def minimumSizeHint(self) -> QSize:
        """Never be smaller: the page scrolls."""
        return self.sizeHint()

    def box_of(self, key: str) -> QRectF:
        """Return where a box lies; an empty one where there is none of that key."""
        return next((self._area(each) for each in self._placed if each.id == key), QRectF())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walk up and down the trees; everything else as in other charts."""
        keys = {part.key: place for place, part in enumerate(self._parts)}
        here = self._placed[self._current] if 0 <= self._current < len(self._placed) else None
        wanted = None
        if here is not None and event.key() == Qt.Key.Key_Left:
            wanted = here.above or here.id
        elif here is not None and event.key() == Qt.Key.Key_Right:
            wanted = here.first or here.id
        if wanted in keys:
            self._go_to(keys[wanted])
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take a box up."""
        super().mousePressEvent(event)
        part = self.part_at(event.position())
        if self._may_drag and part is not None and event.button() == Qt.MouseButton.LeftButton:
            self._dragged, self._at = part.key, event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Carry it."""
        super().mouseMoveEvent(event)
        if self._dragged is not None:
            self._at = event.position()
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let it go: on another box it goes below that one, on its own it was a click."""
        dragged, self._dragged = self._dragged, None
        part = self.part_at(event.position())
        self.update()
        if dragged is not None and (part is None or part.key != dragged):
            if part is not None:
                self.dropped.emit(dragged, part.key)
            return
        super().mouseReleaseEvent(event)

    def _draw(self, painter: QPainter, area: QRectF) -> list[Part]:
        places = {each.id: self._area(each) for each in self._placed}
        painter.setPen(QPen(theme().color("line-strong"), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for each in self._placed:
            if each.above is not None:
                painter.drawPath(_elbow(places[each.above], places[each.id]))
        over = self.part_at(self._at) if self._dragged is not None and self._at is not None else None
        for each in self._placed:
            meant = over is not None and over.key == each.id and each.id != self._dragged
            self._draw_box(painter, places[each.id], each.id, meant=meant)
        if self._dragged in places and self._at is not None:
            carried = QRectF(places[self._dragged])
            carried.moveCenter(self._at)
            painter.setOpacity(0.7)
            self._draw_box(painter, carried, self._dragged, meant=False)
            painter.setOpacity(1)
        return [
            Part(each.id, self._words(each), box(places[each.id], RADII["control"])) for each in self._placed
        ]

    def _draw_box(self, painter: QPainter, place: QRectF, key: str, *, meant: bool) -> None:
        boxed = self._boxes[key]
        edge = "accent" if meant or key == self._own else "line-strong"
        ground = "accent-soft" if meant or key == self._own else "surface"
        paint.rounded(painter, place, theme().color(ground), theme().color(edge), RADII["control"])
        inner = place.adjusted(theme().px(10), 0, -theme().px(10), 0).toRect()
        line = theme().line_height("body")
        upper = QRect(inner.left(), inner.top() + theme().px(5), inner.width(), line)
        lower = QRect(inner.left(), upper.top() + theme().px(20), inner.width(), line)
        if boxed.level:
            paint.level(painter, boxed.level, upper)
            upper.setLeft(upper.left() + paint.level_width() + theme().px(6))
        said = show(boxed.note)
        if said:
            width = min(paint.tag_width(said), inner.width() // 2)
            paint.label(painter, said, QRect(inner.right() + 1 - width, lower.top(), width, line))
            lower.setRight(inner.right() - width - theme().px(6))
        if not boxed.soft and not said:
            upper.moveTop(round(place.center().y() - line / 2))
        paint.name(painter, boxed.title, theme().font("body", 600), "text", upper)
        paint.words(painter, boxed.soft, theme().font("caption"), "text-soft", lower)

    def _go_to(self, place: int) -> None:
        super()._go_to(place)
        self.walked.emit(self._parts[place].key)

    def _area(self, each: _Placed) -> QRectF:
        left = theme().px(XL + each.depth * (_WIDTH + _ACROSS))
        top = theme().px(L) + round(each.row * theme().px(_HEIGHT + _DOWN))
        return QRectF(left, top, theme().px(_WIDTH), theme().px(_HEIGHT))

    def _words(self, each: _Placed) -> str:
        boxed = self._boxes[each.id]
        said = ", ".join(word for word in (boxed.title, boxed.soft, boxed.level, show(boxed.note)) if word)
        if each.above is None:
            return said
        return tr("{box}, below {above}", box=said, above=self._boxes[each.above].title)


def _layout(trees: Sequence[Branch]) -> tuple[tuple[_Placed, ...], int, int]:
    """Return the boxes from above, how many rows they take and how many boxes stand side by side at most."""
    rows: dict[str, float] = {}
    order: list[tuple[Branch, int, str | None]] = []
    taken = 0
    for tree in trees:
        walked = [(tree, 0, None), *_below(tree, 1)]
        order += walked
        for branch, _, _ in walked:
            if not branch.children:
                rows[branch.id] = taken
                taken += 1
        for branch, _, _ in reversed(walked):
            if branch.children:
                rows[branch.id] = (rows[branch.children[0].id] + rows[branch.children[-1].id]) / 2
    placed = tuple(
        _Placed(
            id=branch.id,
            depth=depth,
            row=rows[branch.id],
            above=above,
            first=branch.children[0].id if branch.children else None,
        )
        for branch, depth, above in order
    )
    return placed, taken, max((each.depth for each in placed), default=0) + 1


def _below(branch: Branch, depth: int) -> list[tuple[Branch, int, str | None]]:
    found: list[tuple[Branch, int, str | None]] = []
    for child in branch.children:
        found += [(child, depth, branch.id), *_below(child, depth + 1)]
    return found


def _elbow(above: QRectF, below: QRectF) -> QPainterPath:
    """Return the line from the right of a box to the left of one below it."""
    middle = round((above.right() + below.left()) / 2) + 0.5
    begin, end = round(above.center().y()) + 0.5, round(below.center().y()) + 0.5
    path = QPainterPath(QPointF(above.right(), begin))
    path.lineTo(middle, begin)
    path.lineTo(middle, end)
    path.lineTo(below.left(), end)
    return path
