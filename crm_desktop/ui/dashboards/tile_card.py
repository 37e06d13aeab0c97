"""A tile of a dashboard: its chart, the way to the records, and what can be changed about it."""

from __future__ import annotations

from PySide6.QtCore import QMimeData, QPoint, Qt, Signal
from PySide6.QtGui import QDrag, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication

from crm_core.charts.board import CHART_HEIGHT, FIGURE_HEIGHT
from crm_core.charts.chart import Chart, Kind
from crm_core.charts.looks import KIND_LABELS
from crm_core.charts.of_report import Drawn
from crm_core.i18n import Message, message
from crm_core.rules.dashboards import Tile, widened
from crm_desktop.ui.charts.chart_pane import TABLE_KEY, ChartPane
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import RADII
from crm_desktop.ui.translate import Text, tr
from crm_desktop.ui.widgets import paint
from crm_desktop.ui.widgets.buttons import IconButton
from crm_desktop.ui.widgets.cards import Card
from crm_desktop.ui.widgets.labels import ElidedLabel, Label
from crm_desktop.ui.widgets.menus import Menu

MIME = "application/x-satchel-tile"
_STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1}
_WIDER = {Qt.Key.Key_Plus: 1, Qt.Key.Key_Equal: 1, Qt.Key.Key_Minus: -1}


class TileCard(Card):
    """`opened` carries the mark to drill into; the rest of the signals what is wanted of the tile."""

    opened = Signal(object, object)
    """The `Drawn` on screen and the mark."""
    moved = Signal(str, int)
    changed = Signal(object)
    """The `Tile` wanted."""
    edit_wanted = Signal(object)
    removed = Signal(str)

    def __init__(self, tile: Tile, *, may_change: bool) -> None:
        super().__init__("…")
        self.tile, self.may_change = tile, may_change
        self.name = ElidedLabel(step="section")
        self.title.hide()
        self.head.takeAt(1)  # the stretch: the name takes what is left
        self.head.insertWidget(0, self.name, 1)
        self.drawn: Drawn | None = None
        self.pane: ChartPane | None = None
        self._fault: Label | None = None
        self._pressed: QPoint | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        as_table = message("Show as a table")
        self.table_button = IconButton("cols", as_table, hint=TABLE_KEY, small=True, checkable=True)
        self.table_button.clicked.connect(self._on_table)
        self.more_button = IconButton("more", message("What can be done with this tile"), small=True)
        self.more_button.clicked.connect(self.open_menu)
        self.head.addWidget(self.table_button)
        self.head.addWidget(self.more_button)
        self.menu_shown: Menu | None = None

    def show_drawn(self, title: Text, drawn: Drawn) -> None:
        """Show a counted report."""
        self.drawn = drawn
        self._show(title, drawn.chart)

    def show_chart(self, title: Text, chart: Chart) -> None:
        """Show a chart whose records are not here."""
        self.drawn = None
        self._show(title, chart)

    def _show(self, title: Text, chart: Chart) -> None:
        self._name(title, chart.subtitle)
        self._forget_fault()
        if self.pane is None:
            self.pane = ChartPane(chart)
            self.pane.opened.connect(self._on_opened)
            self.pane.turned.connect(self.table_button.setChecked)
            self.body.addWidget(self.pane, 1)
        else:
            self.pane.show_chart(chart)
        self.table_button.setEnabled(True)
        self.retranslate()

    def show_fault(self, title: Text, fault: Message) -> None:
        """Say why there is nothing to show."""
        self._name(title, "")
        self.drawn = None
        if self.pane is not None:
            self.body.removeWidget(self.pane)
            self.pane.hide()
            self.pane.deleteLater()
            self.pane = None
        self.table_button.setEnabled(False)
        self._forget_fault()
        self._fault = Label(fault, color="text-soft", wrap=True)
        self.body.addWidget(self._fault, 1)

    @property
    def chart(self) -> Chart | None:
        """What is drawn; None where nothing could be counted."""
        return None if self.pane is None else self.pane.view.chart

    def open_menu(self) -> None:
        """Show what can be done with the tile."""
        menu = self.menu_shown = Menu(self)
        show = menu.add(tr("Show the records"), "right")
        show.setEnabled(self.drawn is not None)
        show.triggered.connect(lambda: self._open_all())
        table = menu.add(tr("Show as a table"), "cols", TABLE_KEY)
        table.setEnabled(self.pane is not None)
        table.triggered.connect(lambda: self._on_table())
        menu.addSeparator()
        for text, icon, key, run in (
            (tr("Change…"), "pen", "F2", lambda: self.edit_wanted.emit(self.tile)),
            (tr("Wider"), "plus", "Ctrl++", lambda: self._widen(1)),
            (tr("Narrower"), "none", "Ctrl+-", lambda: self._widen(-1)),
            (
                tr("Further to the front"),
                "left",
                "Ctrl+Shift+Left",
                lambda: self._move(-1),
            ),
            (tr("Further to the end"), "right", "Ctrl+Shift+Right", lambda: self._move(1)),
            (tr("Remove"), "trash", "Del", lambda: self.removed.emit(self.tile.id)),
        ):
            action = menu.add(text, icon, key)
            action.setEnabled(self.may_change)
            action.triggered.connect(lambda _on=False, run=run: run())
        menu.popup(self.more_button.mapToGlobal(QPoint(0, self.more_button.height())))

    def retint(self) -> None:
        """Keep the height of its kind at the person's font scale."""
        self.setMinimumHeight(theme().px(CHART_HEIGHT if self.tile.tall else FIGURE_HEIGHT))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move by Ctrl+Shift and an arrow, widen by Ctrl+plus, change by F2, remove by Delete."""
        held = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
        if not self.may_change:
            super().keyPressEvent(event)
        elif held == both and event.key() in _STEPS:
            self.moved.emit(self.tile.id, _STEPS[Qt.Key(event.key())])
        elif held & Qt.KeyboardModifier.ControlModifier and event.key() in _WIDER:
            self._widen(_WIDER[Qt.Key(event.key())])
        elif event.key() == Qt.Key.Key_F2:
            self.edit_wanted.emit(self.tile)
        elif event.key() == Qt.Key.Key_Delete:
            self.removed.emit(self.tile.id)
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take the tile up by its head."""
        super().mousePressEvent(event)
        in_head = event.position().y() <= self.body.geometry().top()
        if self.may_change and in_head and event.button() == Qt.MouseButton.LeftButton:
            self._pressed = event.position().toPoint()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Carry it."""
        if self._pressed is None:
            return
        way = event.position().toPoint() - self._pressed
        if way.manhattanLength() < QApplication.startDragDistance():
            return
        self._pressed = None
        drag = QDrag(self)
        carried = QMimeData()
        carried.setData(MIME, self.tile.id.encode())
        drag.setMimeData(carried)
        drag.setPixmap(self.grab().scaledToWidth(theme().px(240), Qt.TransformationMode.SmoothTransformation))
        drag.exec(Qt.DropAction.MoveAction)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let it go where it was."""
        self._pressed = None
        super().mouseReleaseEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Frame the tile the keyboard is on."""
        super().paintEvent(event)
        if self.hasFocus():
            painter = QPainter(self)
            paint.focus_frame(painter, self.rect(), RADII["card"])
            painter.end()

    def retranslate(self) -> None:
        """Name the tile for those who listen, with what it tells."""
        name: ElidedLabel | None = getattr(self, "name", None)
        self.setAccessibleName(name.text() if name is not None else "")
        pane: ChartPane | None = getattr(self, "pane", None)
        if pane is not None:
            pane.retranslate()
            self.setAccessibleDescription(pane.view.summary())

    def _name(self, title: Text, remark: Text) -> None:
        self.name.say(title)
        self.set_remark(remark)
        self.retranslate()

    def _move(self, by: int) -> None:
        self.moved.emit(self.tile.id, by)

    def _widen(self, by: int) -> None:
        self.changed.emit(widened(self.tile, by))

    def _on_table(self) -> None:
        if self.pane is not None:
            self.pane.turn()
            self.table_button.setChecked(self.pane.is_table)

    def _on_opened(self, mark: object) -> None:
        if self.drawn is not None:
            self.opened.emit(self.drawn, mark)

    def _open_all(self) -> None:
        if self.drawn is not None:
            self.opened.emit(self.drawn, None)

    def _forget_fault(self) -> None:
        if self._fault is not None:
            self.body.removeWidget(self._fault)
            self._fault.hide()
            self._fault.deleteLater()
            self._fault = None


def kind_name(kind: Kind) -> Message:
    """Return what a kind of chart is called."""
    return Message(KIND_LABELS[kind])


def moved_in(carried: QMimeData) -> str:
    """Return the id of the tile that is carried; '' for anything else."""
    return bytes(carried.data(MIME).data()).decode() if carried.hasFormat(MIME) else ""
