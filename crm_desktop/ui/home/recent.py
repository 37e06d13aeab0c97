"""The records the person changed last; as many as there is room for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from crm_core.entities import SCHEMAS
from crm_core.i18n import Message, message
from crm_desktop.models.replica import Replica
from crm_desktop.services import figures
from crm_desktop.services.calendar import local
from crm_desktop.services.figures import Change, RecentItem
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.field_texts import value_text
from crm_desktop.ui.format import near_moment
from crm_desktop.ui.home.home_card import HomeCard
from crm_desktop.ui.home.lines import HEIGHT, Line, refill
from crm_desktop.ui.places import PAGE_OF_ENTITY
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import Text
from crm_desktop.ui.widgets.glyphs import Glyph
from crm_desktop.ui.widgets.labels import IconLabel, Label

FEWEST = 4
_TIME_WIDTH = 96


class RecentCard(HomeCard):
    """One line a record: what it is, its kind, what was done with it and when, whether it was sent."""

    key = "recent"
    follows = frozenset(("customer", "deal", "quote", "ticket", "activity"))

    def __init__(self, context: Context) -> None:
        super().__init__(context, message("Recent records"), flush=True)
        self._items: tuple[RecentItem, ...] | None = None
        self.stack = _Stack()
        self.body.addWidget(self.stack, 1)

    def reader(self, replica: Replica) -> Callable[[], Any]:
        """Return what reads the records."""
        return lambda: figures.recent(replica)

    def take(self, read: Any) -> None:
        """Show the records."""
        if read != self._items:  # rows are dear to make
            self._items = read
            self._show()

    def retranslate(self) -> None:
        """Write everything in the language on screen."""
        super().retranslate()
        if getattr(self, "_items", None) is not None:
            self._show()

    def _show(self) -> None:
        self.stack.show_lines([self._line(item) for item in self._items or ()])
        self.set_remark("" if self._items else message("Nothing changed by you yet"))

    def _line(self, item: RecentItem) -> Line:
        meta = SCHEMAS[item.entity].meta
        mark = IconLabel("notsent", color="accent", name=Glyph.NOT_SENT.word) if item.not_sent else QWidget()
        time = Label(near_moment(local(item.at_ms)), color="text-soft")
        time.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        time.setAccessibleName(time.text())
        line = Line(
            item.title,
            Message(meta.label),
            _happened(item.change),
            before=IconLabel(meta.icon),
            right=((mark, 16), (time, _TIME_WIDTH)),
        )
        line.opened.connect(lambda: self._on_line_opened(item))
        return line

    def _on_line_opened(self, item: RecentItem) -> None:
        self.context.go.emit(Place(page=PAGE_OF_ENTITY[item.entity], record_id=item.record_id))


def _happened(change: Change | None) -> Text:
    """Return in few words what was done with a record."""
    if change is None:
        return ""
    if change.field is None:
        return message("Record added")
    value = value_text(change.field, change.values[change.field.name], change.values, change.titles)
    if not value:
        return message("{field}: emptied", field=Message(change.field.label))
    return message("{field}: {value}", field=Message(change.field.label), value=value)


class _Stack(QWidget):
    """Lines under each other; those for which there is no room are left out rather than cut."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[Line] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addStretch(1)

    def show_lines(self, lines: list[Line]) -> None:
        self._lines = lines
        refill(self._column, lines)
        self._fit()
        self.updateGeometry()

    def minimumSizeHint(self) -> QSize:
        return QSize(theme().px(240), min(len(self._lines), FEWEST) * theme().px(HEIGHT))

    def sizeHint(self) -> QSize:
        return self.minimumSizeHint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        room = max(self.height() // theme().px(HEIGHT), FEWEST)
        for place, line in enumerate(self._lines):
            line.setVisible(place < room)
