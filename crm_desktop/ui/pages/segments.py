"""Segments: which there are, how many customers each holds, and each in its form."""

from __future__ import annotations

from PySide6.QtCore import QTimer

from crm_core.i18n import message
from crm_core.rules.segments import CUSTOMER, WAYS
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

PAUSE_MS = 300  # after a change, so that several are counted once
_CUSTOMERS = "customers"
_FOLLOWED = frozenset((segments.SEGMENT, CUSTOMER, *WAYS))
"""Kinds of records a segment's number follows from."""


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
                    key=_CUSTOMERS,
                    title=message("Customers"),
                    kind=CellKind.RIGHT,
                    width=96,
                    cell=self._counted,
                ),
            ),
        )
        self.segment_form: SegmentForm | None = None
        self._uses: dict[str, SegmentUse] = {}
        self._waiting: list[str] = []
        super().__init__(context, actions, look)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MS)
        self._pause.timeout.connect(self._count)
        self.list.shown.connect(self._count)
        context.records_changed.connect(self._on_records_changed)
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

    # How many customers each holds: counted after the list is shown, one after the other

    def _counted(self, row: Row) -> CellText:
        used = self._uses.get(row.id)
        if used is None:
            return CellText("…")
        return EMPTY_CELL if used.count is None else CellText(figure(used.count))

    def _on_records_changed(self, changed: frozenset[tuple[str, str]]) -> None:
        if any(entity in _FOLLOWED for entity, _ in changed):
            self._pause.start()

    def _count(self) -> None:
        model = self.list.model
        rows = (model.kept_at(place) for place in range(model.known))
        self._waiting = [row.id for row in rows if row is not None]
        self._count_next()

    def _count_next(self) -> None:
        if not self._waiting:
            return
        replica, asked = self.context.replica, self._waiting.pop(0)
        self.context.tasks.read(
            self,
            lambda: segments.uses(replica, (asked,)),
            self._on_counted,
            self.context.show_error,
            topic="uses",
        )

    def _on_counted(self, found: dict[str, SegmentUse]) -> None:
        model = self.list.model
        for segment_id, used in found.items():
            if self._uses.get(segment_id) == used:
                continue
            self._uses[segment_id] = used
            for place in model.places((segment_id,)).values():
                row = model.kept_at(place)
                if row is not None:
                    row.cells.pop(_CUSTOMERS, None)
                    model.dataChanged.emit(model.index(place, 0), model.index(place, len(model.columns) - 1))
        self._count_next()
