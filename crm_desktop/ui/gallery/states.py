"""The third column of the gallery: rows, shapes, sync badge, info bars, the empty state."""

from __future__ import annotations

from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QAbstractItemView, QFrame, QGridLayout, QTableView, QVBoxLayout, QWidget

from crm_core.i18n import message
from crm_desktop.ui.format import NOTHING, figure
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import Text, tr
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.cards import Card
from crm_desktop.ui.widgets.cells import CellKind, Role
from crm_desktop.ui.widgets.empty_state import EmptyState
from crm_desktop.ui.widgets.glyphs import Glyph, GlyphLabel
from crm_desktop.ui.widgets.info_bar import InfoBar
from crm_desktop.ui.widgets.paint import Tone
from crm_desktop.ui.widgets.rows import dress
from crm_desktop.ui.widgets.sync_badge import SyncBadge, SyncState, SyncStatus

_HOVERED = 1


def sections() -> list[tuple[Text, QWidget]]:
    """Return the headings and what stands under them."""
    return [
        (message("Table rows"), _rows()),
        (message("Status shapes"), _shapes()),
        (message("Sync badge"), _badges()),
        (message("Info bar, one at a time"), _bars()),
        (message("Empty state"), _empty()),
    ]


class _Rows(QTableView):
    """A table that keeps the pose of the picture: one row hovered, two selected, one with focus."""

    def __init__(self) -> None:
        super().__init__()
        samples: tuple[tuple[Glyph | None, str, str, int | None], ...] = (
            (None, "Copper Finch Instruments", tr("rest"), 218400),
            (None, "Juniper & Slate", tr("hover"), 91000),
            (Glyph.NOT_SENT, "青柠电子（示例）", tr("selected"), 73900),
            (Glyph.CONFLICT, "Tin Kettle Marine", tr("selected, focus"), 128000),
            (Glyph.NOT_DOWNLOADED, "小满农机合作社", tr("not downloaded"), 36800),
            (None, "Wren Hill Dairy", tr("deleted, 30 days"), None),
        )
        model = QStandardItemModel(len(samples), 4, self)
        for row, (glyph, name, state, amount) in enumerate(samples):
            shown = NOTHING if amount is None else figure(amount)
            for column, text in enumerate(("", name, state, shown)):
                item = QStandardItem(text)
                item.setData(amount is None, Role.DELETED)
                model.setItem(row, column, item)
            model.item(row, 0).setData(glyph, Role.VALUE)
        self.setModel(model)
        kinds = (CellKind.GLYPH, CellKind.TEXT, CellKind.SOFT, CellKind.RIGHT)
        self.delegate = dress(self, kinds)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.horizontalHeader().hide()
        for column, width in enumerate((28, 180, 140, 84)):
            self.setColumnWidth(column, theme().px(width))
        self.setFixedHeight(theme().size("row") * len(samples))
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        flags = QItemSelectionModel.SelectionFlag
        for row in (2, 3):
            self.selectionModel().setCurrentIndex(model.index(row, 1), flags.Select | flags.Rows)
        self.delegate._hover(_HOVERED)

    def showEvent(self, event: object) -> None:
        super().showEvent(event)
        self.setFocus()


def _rows() -> QWidget:
    sheet = QFrame()
    column = QVBoxLayout(sheet)
    column.setContentsMargins(0, 0, 0, 0)
    line = QFrame()
    line.setFixedHeight(1)
    line.setAutoFillBackground(True)
    colors = line.palette()
    colors.setColor(line.backgroundRole(), theme().color("line"))
    line.setPalette(colors)
    column.setSpacing(0)
    column.addWidget(line)
    column.addWidget(_Rows())
    return sheet


def _shapes() -> QWidget:
    sheet = QWidget()
    grid = QGridLayout(sheet)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setVerticalSpacing(8)
    for place, glyph in enumerate(Glyph):
        grid.addWidget(GlyphLabel(glyph), place // 3, place % 3)
        grid.setColumnStretch(place % 3, 1)
    return sheet


def _badges() -> QWidget:
    sheet = QWidget()
    column = QVBoxLayout(sheet)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(6)
    for status in (
        SyncStatus(state=SyncState.UP_TO_DATE),
        SyncStatus(state=SyncState.PENDING, count=3),
        SyncStatus(state=SyncState.SENDING, done=4, total=12),
        SyncStatus(state=SyncState.OFFLINE_WITH_WORK, count=12),
        SyncStatus(state=SyncState.ATTENTION, count=2),
    ):
        column.addWidget(SyncBadge(status), 0, Qt.AlignmentFlag.AlignLeft)
    return sheet


def _bars() -> QWidget:
    sheet = QWidget()
    column = QVBoxLayout(sheet)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(8)
    column.addWidget(InfoBar(message("Price list is from 20 Nov."), action=message("Refresh")))
    column.addWidget(InfoBar(message("Deal moved to Proposal."), Tone.GOOD, action=message("Undo")))
    paused = message("Sync paused ({reason})", reason=message("metered network"))
    column.addWidget(InfoBar(paused, Tone.WARN, action=message("Resume")))
    failed = message("Sync failed {count} times. Next try {time}.", count=3, time="10:55")
    column.addWidget(InfoBar(failed, Tone.BAD, action=message("Details")))
    return sheet


def _empty() -> QWidget:
    card = Card()
    card.body.setContentsMargins(0, 0, 0, 0)
    card.body.addWidget(
        EmptyState(
            "people",
            message("No customers yet"),
            message("Add one by hand or bring a list from Excel."),
            (Button(message("Add your first customer"), Kind.PRIMARY), Button(message("Import"))),
        )
    )
    return card
