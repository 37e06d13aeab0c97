"""Segments: which there are, how many customers each holds, and each in its form."""

from __future__ import annotations

from crm_core.i18n import message
from crm_desktop.services import segments
from crm_desktop.services.segments import SegmentRow, SegmentUse
from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.format import figure
from crm_desktop.ui.itemmodels.rows import EMPTY_CELL, CellText, Column, Row
from crm_desktop.ui.pages.records import RecordsLook, RecordsPage
from crm_desktop.ui.segments.segment_form import SegmentForm
from crm_desktop.ui.widgets.buttons import Button
from crm_desktop.ui.widgets.cells import CellKind


class SegmentsPage(RecordsPage):
    """Makes segments and leads to their customers."""

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        look = RecordsLook(
            page="segments",
            entity="segment",
            columns=("name", "kind", "owner_id", "customers"),
            sort=(("name", False),),
            imports=False,
            widths={"kind": 140, "owner_id": 140},
            extra_columns=(
                Column(
                    key="customers", title=message("Customers"), kind=CellKind.RIGHT, width=96, cell=_count
                ),
            ),
            extras=segments.uses,
            follows=frozenset(("customer", "activity", "deal", "quote", "contact")),
        )
        self.segment_form: SegmentForm | None = None
        super().__init__(context, actions, look)
        self.show_button = Button(message("Show customers"), icon="people", small=True)
        self.show_button.clicked.connect(self._on_show_asked)
        self.list.bar.layout().addWidget(self.show_button)
        self.list.current_changed.connect(lambda row: self.show_button.setEnabled(row is not None))
        self.show_button.setEnabled(False)

    def show_place(self, place: Place) -> None:
        """Show the list, one segment (`record_id`), or the form of a new one (`new`)."""
        if place.options.get("new"):
            self._put_form(None)
        elif place.record_id is not None:
            self.list.select_record(place.record_id)
            self._open(place.record_id)
        else:
            super().show_place(place)

    def leave(self) -> bool:
        """Return whether the form holds nothing unsaved."""
        return self.segment_form is None or self.segment_form.leave()

    def _open(self, record_id: str) -> None:
        replica = self.context.replica

        self.context.tasks.read(
            self, lambda: segments.segment(replica, record_id), self._put_form, topic="segment"
        )

    def _put_form(self, row: SegmentRow | None) -> None:
        self._drop_form()
        form = self.segment_form = SegmentForm(self.context, row)
        form.saved.connect(self._on_saved)
        form.closed.connect(self._on_form_closed)
        form.shown_asked.connect(self._show_customers)
        self._stack.addWidget(form)
        self._stack.setCurrentWidget(form)
        form.name.setFocus()

    def _drop_form(self) -> None:
        super()._drop_form()
        if self.segment_form is not None:
            self._stack.removeWidget(self.segment_form)
            self.segment_form.hide()
            self.segment_form.deleteLater()
            self.segment_form = None
            self._stack.setCurrentIndex(0)

    def _on_show_asked(self) -> None:
        current, replica = self.list.current_row(), self.context.replica
        if current is not None:
            self.context.tasks.read(
                self, lambda: segments.segment(replica, current.id), self._show_customers, topic="shown"
            )

    def _show_customers(self, row: SegmentRow) -> None:
        options = {"conditions": (row.condition,), "title": row.name}
        self.context.go.emit(Place(page="customers", options=options))


def _count(row: Row) -> CellText:
    used = row.extra
    if not isinstance(used, SegmentUse) or used.count is None:
        return EMPTY_CELL
    return CellText(figure(used.count))
