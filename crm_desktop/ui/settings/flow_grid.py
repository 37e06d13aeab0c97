"""The fields of an approval flow: for which records, under which conditions, who approves in which order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from crm_core.i18n import N_
from crm_core.rules import approval_flows, segments
from crm_core.rules.conditions import Condition
from crm_core.rules.segments import AllOf
from crm_core.schema.field import Field, Plain
from crm_desktop.services import lists
from crm_desktop.ui.conditions.editor import ConditionsEditor
from crm_desktop.ui.context import Context
from crm_desktop.ui.lists.conditions import can_filter
from crm_desktop.ui.segments.rule_rows import FieldRow, condition_in, offered_of_field, said_of
from crm_desktop.ui.settings.setup_grid import SetupGrid
from crm_desktop.ui.settings.steps_editor import StepsEditor


class FlowConditions(ConditionsEditor):
    """Which records a flow is for; all of the conditions hold, and without one it is for every record."""

    row_class = FieldRow

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._held: Any = None
        self._kept: Any = None
        """A rule that rows cannot show: it stays as it is until one is added."""
        self._knows = False
        self._entity = ""

    def of(self, entity: str) -> None:
        """Offer the fields of a kind of record."""
        if entity == self._entity or not entity:
            return
        self._entity = entity
        replica = self._context.replica
        self._context.tasks.read(
            self,
            lambda: lists.shown_fields(replica, entity),
            self._on_fields,
            self._context.show_error,
            topic="fields",
        )

    def fill(self, values: Mapping[str, Any], titles: Mapping[str, str]) -> None:
        """Show the flow's conditions, once the fields are known."""
        self._held = values.get("rules")
        self.of(str(values.get("record_entity") or approval_flows.QUOTE))
        self._show()

    def read(self, values: Mapping[str, Any]) -> dict[str, Plain]:
        """Return the rule as the record keeps it. `UserError` where a condition is not finished."""
        if not self._knows or (self._kept is not None and not self.rows):
            return {"rules": self._held}
        conditions = tuple(condition_in(said) for said in self.conditions())
        return {"rules": segments.plain_rule(AllOf(conditions)) if conditions else None}

    def asked(self, fields: Mapping[str, Field]) -> Mapping[str, Field]:
        """Return which fields of the kind of record conditions may ask of."""
        return approval_flows.asked_fields(self._entity, fields)

    def _on_fields(self, shown: Iterable[lists.ShownField]) -> None:
        known = self.asked({each.field.name: each.field for each in shown})
        self.offer([offered_of_field(field) for field in known.values() if can_filter(field)])
        self._knows = True
        self._show()

    def _show(self) -> None:
        if not self._knows:
            return
        rule = segments.rule_of(self._held) if self._held else AllOf()
        parts = rule.parts if isinstance(rule, AllOf) else (rule,)
        leaves = [part for part in parts if isinstance(part, Condition)]
        self._kept = self._held if rule is None or len(leaves) != len(parts) else None
        self.show_conditions([] if self._kept is not None else [said_of(each, {}) for each in leaves])


class FlowGrid(SetupGrid):
    """A flow's form."""

    order = ("name", "record_entity", "rank", "active", "rules", "mandate_suffices", "steps")
    sections = {
        **dict.fromkeys(("rules", "mandate_suffices"), N_("Which records")),
        "steps": N_("Who approves"),
    }
    hints = {
        "rank": N_("The first flow that fits counts"),
        "rules": N_("All of them must hold; without one the flow is for every record"),
        "mandate_suffices": N_("Who may give the discount by a mandate need not ask"),
    }

    def make_own(self, context: Context, field: Field) -> Any:
        """Return the editors of conditions and steps."""
        if field.name == "rules":
            return FlowConditions(context)
        return StepsEditor(context, field) if field.name == "steps" else None

    def follow(self, name: str) -> None:
        """Offer the fields of the kind of record that was chosen."""
        super().follow(name)
        found = self.fields.get("rules")
        if name == "record_entity" and found is not None and found.editor is not None:
            found.editor.of(str(self.present().get("record_entity") or ""))
