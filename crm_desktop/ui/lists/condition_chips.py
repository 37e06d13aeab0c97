"""The conditions something is narrowed by, as chips: made, changed and taken away here."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QSizePolicy, QWidget

from crm_core.i18n import message
from crm_core.schema.field import Field
from crm_core.schema.values import links_of
from crm_desktop.models.conditions import Condition
from crm_desktop.services import records
from crm_desktop.services.lists import ListSetup, Titles
from crm_desktop.ui.context import Context
from crm_desktop.ui.lists.conditions import chip_text
from crm_desktop.ui.lists.filter_popup import FilterPopup
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.chips import Chip
from crm_desktop.ui.widgets.flow import FlowLayout
from crm_desktop.ui.widgets.live import Live


class ConditionChips(Live, QWidget):
    """A chip a condition, then “+ Filter” and “Clear”; goes on below where the line is full."""

    changed = Signal()
    """A condition was made, changed or taken away."""
    removed = Signal()
    """A chip was closed, before `changed`: the keyboard wants another place."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._fields: dict[str, Field] = {}
        self._conditions: tuple[Condition, ...] = ()
        self._titles: dict[str, str] = {}
        self._asked: set[tuple[str, str]] = set()
        self._clears_more = False
        self.chips: list[Chip] = []
        self.add_button = Button(message("Filter"), Kind.LINK, icon="plus", weight=400)
        self.clear_button = Button(message("Clear"), Kind.LINK, weight=400)
        self._flow = FlowLayout(self, gap=8, line_gap=4)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.add_button.clicked.connect(lambda: self.open_popup())
        self._show()

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The conditions shown."""
        return self._conditions

    def set_fields(self, setup: ListSetup) -> None:
        """Take the fields there are to filter by."""
        fields = {field.name: field for field in (*(s.field for s in setup.fields), *setup.filters)}
        if fields != self._fields:
            self._fields = fields
            self._show()

    def show_conditions(self, conditions: Sequence[Condition]) -> None:
        """Show other conditions without telling anybody."""
        self._conditions = tuple(conditions)
        self._show()

    def set_clears_more(self, more: bool) -> None:
        """Offer “Clear” although there is no condition: something beside the chips narrows too."""
        self._clears_more = more
        self._show_clear()

    def open_popup(self, place: int | None = None) -> FilterPopup | None:
        """Open the form for a further condition, or for the one at a place."""
        if not self._fields:
            return None
        condition = None if place is None else self._conditions[place]
        title = self._titles.get(str(condition.value), "") if condition is not None else ""
        popup = FilterPopup(self._context, list(self._fields.values()), condition, title, self)
        popup.made.connect(lambda made, name: self._on_made(place, made, name))
        popup.open_below(self.add_button if place is None else self.chips[place])
        return popup

    def _show(self) -> None:
        for chip in self.chips:
            self._flow.removeWidget(chip)
            chip.hide()
            chip.deleteLater()
        self._flow.removeWidget(self.add_button)
        self._flow.removeWidget(self.clear_button)
        self.chips = []
        for place, condition in enumerate(self._conditions):
            chip = Chip(chip_text(condition, self._fields, self._titles), closable=True)
            chip.closed.connect(lambda place=place: self._on_chip_closed(place))
            if condition.field in self._fields:
                chip.clicked.connect(lambda _checked=False, place=place: self.open_popup(place))
            self._flow.addWidget(chip)
            self.chips.append(chip)
            chip.show()
        self._flow.addWidget(self.add_button)
        self._flow.addWidget(self.clear_button)
        self._show_clear()
        self.updateGeometry()
        self._read_titles()

    def _show_clear(self) -> None:
        self.clear_button.setVisible(bool(self._conditions) or self._clears_more)
        self._flow.invalidate()

    def _read_titles(self) -> None:
        """Read what linked records of conditions are called; of one that is out of sight, once."""
        unknown = self._untitled() - self._asked
        if not unknown:
            return
        self._asked |= unknown
        replica = self._context.replica

        def take(found: Titles) -> None:
            if found:
                self._titles.update({record_id: title for (_, record_id), title in found.items()})
                self._show()

        def again_later(_error: object) -> None:
            self._asked -= unknown

        self._context.tasks.read(self, lambda: records.titles(replica, unknown), take, again_later)

    def _untitled(self) -> set[tuple[str, str]]:
        found = set()
        for condition in self._conditions:
            field = self._fields.get(condition.field)
            if field is None or field.target == "*":
                continue
            values = condition.value if isinstance(condition.value, tuple) else (condition.value,)
            links = {link for value in values for link in links_of(field, {field.name: value})}
            found |= {link for link in links if link[1] not in self._titles}
        return found

    def _on_made(self, place: int | None, made: Condition, title: str) -> None:
        if title and isinstance(made.value, str):
            self._titles[made.value] = title
        kept = list(self._conditions)
        if place is None:
            kept.append(made)
        else:
            kept[place] = made
        self.show_conditions(kept)
        self.changed.emit()

    def _on_chip_closed(self, place: int) -> None:
        self.show_conditions(self._conditions[:place] + self._conditions[place + 1 :])
        self.removed.emit()
        self.changed.emit()
