"""The fields of an absence: whole days or moments, who stands in, what becomes of open tickets."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import Any

from crm_core.errors import UserError
from crm_core.i18n import N_, message
from crm_core.schema.field import Field
from crm_desktop.ui.context import Context
from crm_desktop.ui.forms.day_editors import MomentEditor
from crm_desktop.ui.forms.field_grid import FormField
from crm_desktop.ui.forms.when import parse_day
from crm_desktop.ui.settings.setup_grid import SetupGrid

_DAY = datetime.timedelta(days=1)


class AwayEditor(MomentEditor):
    """A moment, or a day alone: an absence begins with that day, or `ends` with the last of it."""

    def __init__(self, field: Field, *, ends: bool) -> None:
        self._ends = ends
        super().__init__(field, message("Year-month-day, or with a time"))

    def moment(self) -> datetime.datetime | None:
        """Return the moment that was typed; of a day alone its first, or the one after its last."""
        day = self._day_alone()
        if day is None:
            return super().moment()
        return datetime.datetime.combine(day + _DAY if self._ends else day, datetime.time()).astimezone()

    def _day_alone(self) -> datetime.date | None:
        try:
            return parse_day(self.text(), datetime.datetime.now().astimezone().date())
        except ValueError:
            return None

    def _show(self, moment: datetime.datetime | None) -> None:
        if moment is None or moment.time() != datetime.time():
            super()._show(moment)
            return
        self.setText((moment.date() - _DAY if self._ends else moment.date()).isoformat())

    def _on_picked(self, day: datetime.date) -> None:
        try:
            present = self.moment()
        except UserError:
            present = None
        if present is not None and self._day_alone() is None:
            self._show(datetime.datetime.combine(day, present.time()).astimezone())
        else:
            self.setText(day.isoformat())
        self.edited.emit()
        self.setFocus()


class AbsenceGrid(SetupGrid):
    """Who is away, from when until when, who stands in."""

    order = ("owner_id", "stand_in_id", "begins_at", "ends_at", "tickets", "note")
    hints = {
        "stand_in_id": N_("Decides about approvals meanwhile, and takes over tickets as said below"),
        "begins_at": N_("A day alone: from its beginning on"),
        "ends_at": N_("A day alone: until its end"),
        "tickets": N_("Of those due before the end; new ones are given to others by the rules"),
        "note": N_("Everybody reads it"),
    }

    def make_own(self, context: Context, field: Field) -> Any:
        """Return the editors of the span."""
        if field.name in ("begins_at", "ends_at"):
            return AwayEditor(field, ends=field.name == "ends_at")
        return None

    def _editable(self, context: Context, field: Field, currency: str) -> FormField:
        return replace(super()._editable(context, field, currency), wide=False)
