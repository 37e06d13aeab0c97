"""The fields of an approval flow: for which records, under which conditions, who approves in which order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from crm_core.i18n import N_
from crm_core.rules import approval_flows, request_forms, segments
from crm_core.rules.conditions import Condition
from crm_core.rules.segments import AllOf
from crm_core.schema.field import Field, Kind, Plain
from crm_desktop.services import lists, records, service_requests
from crm_desktop.ui.conditions.editor import ConditionsEditor
from crm_desktop.ui.conditions.row import Offered
from crm_desktop.ui.context import Context
from crm_desktop.ui.lists.conditions import can_filter
from crm_desktop.ui.segments.rule_rows import FieldRow, condition_in, offered_of_field, said_of
from crm_desktop.ui.settings.setup_grid import SetupGrid
from crm_desktop.ui.settings.steps_editor import StepsEditor
from crm_desktop.ui.translate import tr


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
        self._fields: dict[str, Field] = {}
        self._waits = False
        self._titles: dict[str, str] = {}
        """What the records conditions name are called, by id."""
        self._questions: Mapping[str, Field] = {}
        """Those of all request forms, where the flow is for service requests."""

    def of(self, entity: str) -> None:
        """Offer the fields of a kind of record."""
        if entity == self._entity or not entity:
            return
        self._entity = entity
        replica = self._context.replica

        def read() -> tuple[Sequence[lists.ShownField], Mapping[str, Field]]:
            asks = entity == request_forms.REQUEST
            return lists.shown_fields(replica, entity), service_requests.questions(replica) if asks else {}

        self._context.tasks.read(
            self,
            read,
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
        if not self._knows or self._waits or (self._kept is not None and not self.rows):
            return {"rules": self._held}
        conditions = tuple(condition_in(said) for said in self.conditions())
        return {"rules": segments.plain_rule(AllOf(conditions)) if conditions else None}

    def asked(self, fields: Mapping[str, Field]) -> Mapping[str, Field]:
        """Return which fields of the kind of record conditions may ask of."""
        return approval_flows.asked_fields(self._entity, fields, self._questions)

    def offered(self, field: Field) -> Offered:
        """Return a field with the comparisons that fit it."""
        return offered_of_field(field)

    def _on_fields(self, found: tuple[Iterable[lists.ShownField], Mapping[str, Field]]) -> None:
        shown, self._questions = found
        known = self._fields = dict(self.asked({each.field.name: each.field for each in shown}))
        self.offer([self.offered(field) for field in known.values() if can_filter(field)])
        self._knows = True
        self._show()

    def _show(self) -> None:
        if not self._knows:
            return
        rule = segments.rule_of(self._held) if self._held else AllOf()
        parts = rule.parts if isinstance(rule, AllOf) else (rule,)
        leaves = [part for part in parts if isinstance(part, Condition)]
        self._kept = self._held if rule is None or len(leaves) != len(parts) else None
        if self._kept is not None:
            leaves = []
        links = {link for each in leaves for link in self._links(each) if link[1] not in self._titles}
        self._waits = bool(links)
        if links:
            self._ask_titles(sorted(links))
            return
        self.show_conditions([said_of(each, self._titles) for each in leaves])

    def _links(self, condition: Condition) -> list[tuple[str, str]]:
        field = self._fields.get(condition.field)
        if field is None or field.kind is not Kind.REF or field.target is None or condition.value is None:
            return []
        values = condition.value if isinstance(condition.value, tuple) else (condition.value,)
        return [(field.target, str(value)) for value in values]

    def _ask_titles(self, links: list[tuple[str, str]]) -> None:
        replica = self._context.replica

        def show_titles(found: Mapping[tuple[str, str], str]) -> None:
            self._titles.update((link[1], found.get(link) or tr("Not on this laptop")) for link in links)
            self._show()

        self._context.tasks.read(
            self,
            lambda: records.titles(replica, links),
            show_titles,
            self._context.show_error,
            topic="titles",
        )


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
