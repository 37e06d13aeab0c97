"""A tab of a customer's page: its people by whom they report to, and the group of companies it is in."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from crm_core.entities import SCHEMAS
from crm_core.i18n import message
from crm_desktop.services import organisation, records
from crm_desktop.services.organisation import Member, Organisation
from crm_desktop.ui.charts.tree_chart import Boxed, TreeChart
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.format import figure
from crm_desktop.ui.theme.tokens import L
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.margins import PAGE_MARGIN, keep_margins
from crm_desktop.ui.widgets.segments import Segment, SegmentedSwitch

PEOPLE, COMPANIES = "people", "companies"


class OrganisationTab(Live, QWidget):
    """`contact_opened` carries the id of a contact somebody wants to see."""

    contact_opened = Signal(str)

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._customer_id = ""
        self._shown: Organisation | None = None
        self.switch = SegmentedSwitch(
            (
                Segment(key=PEOPLE, text=message("People"), icon="user"),
                Segment(key=COMPANIES, text=message("Companies"), icon="people"),
            ),
            name=message("Organisation"),
            small=True,
        )
        self.hint = Label(step="caption", color="text-soft")
        self.chart = TreeChart(message("Organisation"), empty="", may_drag=True)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QScrollArea.Shape.NoFrame)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.viewport().setAutoFillBackground(False)
        holder = QWidget()
        holder.setAutoFillBackground(False)
        inside = QVBoxLayout(holder)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(self.chart)
        inside.addStretch(1)
        self.area.setWidget(holder)
        head = QHBoxLayout()
        keep_margins(head, PAGE_MARGIN, 12, PAGE_MARGIN, 4)
        head.addWidget(self.switch)
        head.addSpacing(12)
        head.addWidget(self.hint, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.area, 1)
        self.switch.chosen.connect(lambda _: self.read())
        self.chart.part_clicked.connect(self._on_clicked)
        self.chart.dropped.connect(self._on_dropped)
        self.chart.walked.connect(self._on_walked)

    def show_customer(self, customer_id: str) -> None:
        """Show the organisation of a customer."""
        self._customer_id = customer_id
        self.read()

    def read(self) -> None:
        """Read the chart anew."""
        replica, customer_id, of_people = self._context.replica, self._customer_id, self._of_people

        def read() -> Organisation:
            asked = organisation.people if of_people else organisation.companies
            return asked(replica, customer_id)

        self._context.tasks.read(self, read, self._on_read, self._context.show_error, topic="organisation")

    def retranslate(self) -> None:
        """Say everything in the language on screen."""
        if self._shown is not None:
            self._show(self._shown)

    @property
    def _of_people(self) -> bool:
        return self.switch.key == PEOPLE

    def _on_read(self, chart: Organisation) -> None:
        self._show(chart)

    def _show(self, chart: Organisation) -> None:
        self._shown = chart
        if self._of_people:
            self.chart.rename(
                message("Organisation chart"),
                message("No contact yet. Add one in the tab Contacts, with whom he or she reports to."),
            )
            self.hint.say(message("Drag a person onto the one he or she reports to"))
        else:
            self.chart.rename(message("Group of companies"), message("This customer is not on this laptop"))
            self.hint.say(message("Drag a company onto the one it is part of"))
        if chart.left_out:
            self.hint.say(message("{count} more have no room here", count=figure(chart.left_out)))
        boxes = {key: self._boxed(member) for key, member in chart.members.items()}
        self.chart.show_trees(boxes, chart.trees, "" if self._of_people else self._customer_id)

    def _boxed(self, member: Member) -> Boxed:
        if not self._of_people:
            return Boxed(title=member.title, soft=member.soft, level=member.note)
        field = SCHEMAS["contact"].fields["decision_role"]
        note = tr(field.choice_label(member.note)) if member.note else ""
        return Boxed(title=member.title, soft=member.soft, note=note)

    def _on_clicked(self, key: str) -> None:
        if self._of_people:
            self.contact_opened.emit(key)
        elif key != self._customer_id:
            self._context.go.emit(Place(page="customers", record_id=key))

    def _on_walked(self, key: str) -> None:
        place = self.chart.box_of(key).toRect()
        middle = self.chart.mapTo(self.area.widget(), place.center())
        self.area.ensureVisible(middle.x(), middle.y(), place.width() // 2 + L, place.height() // 2 + L)

    def _on_dropped(self, key: str, above: str) -> None:
        """Put a box below another, which the bar below offers to take back."""
        replica, shown = self._context.replica, self._shown
        if shown is None or key not in shown.members or above not in shown.members:
            return
        entity, field = ("contact", "reports_to_id") if self._of_people else ("customer", "parent_id")
        before = records.get(replica, entity, key).get(field)
        names = {"title": shown.members[key].title, "above": shown.members[above].title}
        told = (
            message("{title} reports to {above} now", **names)
            if self._of_people
            else message("{title} is part of {above} now", **names)
        )
        self._context.change(
            self,
            lambda: records.update(replica, entity, key, {field: above}),
            told=told,
            undo=lambda: records.update(replica, entity, key, {field: before}),
        )
