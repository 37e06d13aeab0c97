"""What records are put together by, as rows: a field, and of days and moments a period."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtWidgets import QSizePolicy, QWidget

from crm_core.errors import UserError
from crm_core.i18n import N_, Message, message
from crm_core.rules.reports import MOST_GROUPS, PERIOD_LABELS, Group, Period
from crm_core.schema.field import Kind
from crm_desktop.services.report_offers import ReportOffers
from crm_desktop.ui.conditions.field_picker import FieldBox
from crm_desktop.ui.forms.editors import QuietCombo
from crm_desktop.ui.reports.choices import picks_of
from crm_desktop.ui.reports.rows import PartRow, RowsEditor
from crm_desktop.ui.translate import tr

USUAL_PERIOD = Period.MONTH


class GroupRow(PartRow):
    """One group."""

    def __init__(self, offers: ReportOffers, group: Group | None, name: Message, parent: QWidget) -> None:
        super().__init__(name, parent)
        self._offers = offers
        self.field = FieldBox(
            lambda: picks_of(offers.tree, lambda node: node.grouped), message("Choose a field"), self
        )
        self.period = QuietCombo(self)
        self.period.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.first.addWidget(self.field, 3)
        self.first.addWidget(self.period, 2)
        if group is not None:
            self._show(group.field, group.period)
        else:
            self.period.hide()
        self.field.picked.connect(self._on_picked)
        self.period.activated.connect(self.edited)
        self.retranslate()
        self.retint()

    def value(self) -> Group:
        """Return the group. `UserError` where no field is chosen."""
        if not self.field.key:
            raise UserError(N_("Choose a field"))
        period = self.period.currentData() if self.period.count() else None
        return Group(field=self.field.key, period=Period(period) if period else None)

    def controls(self) -> Iterator[QWidget]:
        """Yield field and period."""
        yield self.field
        yield self.period

    def retranslate(self) -> None:
        """Name everything in the language on screen."""
        super().retranslate()
        for place in range(self.period.count()):
            value = self.period.itemData(place)
            self.period.setItemText(place, tr(PERIOD_LABELS[Period(value)]) if value else tr("As it is"))
        self.name_control(self.field, tr("field"))
        self.name_control(self.period, tr("period"))

    def _show(self, path: str, period: Period | None) -> None:
        self.field.show_key(path, self._offers.words(path))
        node = self._offers.nodes.get(path)
        offered: list[str] = []
        if node is not None and node.has_days:
            offered = [
                each.value for each in Period if each is not Period.HOUR or node.field.kind is Kind.INSTANT
            ]
        if period is not None and period.value not in offered:
            offered.append(period.value)  # kept as it is, and told of where it is wrong
        elif period is None and offered:
            offered.insert(0, "")  # days as they are
        self.period.clear()
        for value in offered:
            self.period.addItem("", value)
        self.period.setCurrentIndex(max(0, self.period.findData(period.value if period else "")))
        self.period.setVisible(bool(offered))

    def _on_picked(self, path: str) -> None:
        node = self._offers.nodes.get(path)
        self._show(path, USUAL_PERIOD if node is not None and node.has_days else None)
        self.retranslate()
        self.edited.emit()


class GroupsEditor(RowsEditor[Group]):
    """The groups of the rows, or those side by side."""

    def __init__(self, name: Message, parent: QWidget | None = None) -> None:
        super().__init__(message("Group by a field"), name, MOST_GROUPS, parent)
        self._offers: ReportOffers | None = None

    def offer(self, offers: ReportOffers) -> None:
        """Take the fields there are; what is shown is shown anew by the caller."""
        self._offers = offers

    def make_row(self, value: Group | None) -> GroupRow:
        """Return a row for a group."""
        assert self._offers is not None
        return GroupRow(self._offers, value, self._name, self)

    def add(self) -> None:
        """Add a group, and open the fields to choose from."""
        super().add()
        row = self.rows[-1]
        if isinstance(row, GroupRow) and self.isVisible():
            row.field.showPopup()
