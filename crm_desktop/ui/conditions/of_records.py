"""The conditions of stages, scoring rules and assignment rules in rows, filled from and read into records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from crm_core.entities import SCHEMAS
from crm_core.entities.scoring import COMPARISONS
from crm_core.entities.selling_setup import OPERATORS
from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.schema.field import Choice, Field, Kind, Plain
from crm_core.schema.values import parse_text, to_text
from crm_desktop.services import lists, records
from crm_desktop.ui.conditions.editor import ConditionsEditor
from crm_desktop.ui.conditions.row import Offered, Said
from crm_desktop.ui.context import Context

_UNASKED = frozenset((Kind.JSON, Kind.POSITION, Kind.CURRENCY))
_ORDERED = frozenset((Kind.INTEGER, Kind.DECIMAL, Kind.PERCENT, Kind.MONEY, Kind.DATE, Kind.INSTANT))
_WORDS = frozenset((Kind.TEXT, Kind.LONG_TEXT, Kind.PHONE, Kind.EMAIL, Kind.URL))
FILLED = "filled"
IS_FILLED = (Choice(value=FILLED, label=N_("is filled")),)

Comparing = Callable[[Field], Sequence[str]]
"""Says which comparisons fit a field."""


def stage_comparisons(field: Field) -> Sequence[str]:
    """Return the comparisons of a stage's condition that fit a field."""
    if field.kind in _ORDERED:
        return (">=", "<=", ">", "<", "=", "!=")
    return ("=", "!=", "~") if field.kind in _WORDS else ("=", "!=")


def scoring_comparisons(field: Field) -> Sequence[str]:
    """Return the comparisons of a scoring rule that fit a field."""
    declared = field.name in SCHEMAS["lead"].fields
    if field.kind is Kind.MONEY:
        return (FILLED, "at_least", "equal") if declared else (FILLED,)
    if field.kind in (Kind.INTEGER, Kind.DECIMAL, Kind.PERCENT):
        return (FILLED, "at_least", "equal")
    if field.kind in _WORDS:
        return (FILLED, "equal", "contains")
    return (FILLED,) if field.kind in (Kind.BOOLEAN, Kind.DATE, Kind.INSTANT) else (FILLED, "equal")


class OneConditionEditor(ConditionsEditor):
    """The one condition a record holds in three fields: which field, which comparison, the value as text."""

    def __init__(
        self, context: Context, entity: str, columns: tuple[str, str, str], comparing: Comparing
    ) -> None:
        super().__init__(context, most=1)
        self._entity, self._columns, self._comparing = entity, columns, comparing
        schema_choices = {each.value: each for each in (*OPERATORS, *COMPARISONS)}
        self._choices = schema_choices | {FILLED: IS_FILLED[0]}
        self._fields: dict[str, Field] | None = None
        self._held: dict[str, Any] = {}
        self._only_filled = self._rests = False
        self._ask()

    @property
    def known(self) -> dict[str, Field]:
        """The fields offered, by name; none before they are read."""
        return dict(self._fields or {})

    def narrow(self, *, only_filled: bool = False, rests: bool = False) -> None:
        """Offer only whether a field is filled, or every comparison; where it rests it asks for nothing."""
        self._rests = rests
        if only_filled != self._only_filled:
            self._only_filled = only_filled
            self._show(self._present())

    def fill(self, values: Mapping[str, Any], titles: Mapping[str, str]) -> None:
        """Show the record's condition, once the fields are known."""
        self._held = {name: values.get(name) for name in self._columns}
        self._show(self._held)

    def read(self, values: Mapping[str, Any]) -> dict[str, Plain]:
        """Return the three fields. `UserError` where a value is missing or cannot be read."""
        name, comparison, value = self._columns
        if self._rests:
            return dict.fromkeys(self._columns)
        row = self.rows[0] if self._fields is not None else None
        if row is None or (self._held.get(name) and row.field_box.currentData() is None):
            return dict(self._held)  # not known yet, or of a field that is gone
        said = row.said()
        if self._only_filled:
            return {name: said.field, comparison: None, value: None}
        assert self._fields is not None
        text = to_text(self._fields[said.field], said.values) if said.values else None
        return {name: said.field, comparison: said.comparison, value: text}

    def _present(self) -> dict[str, Any]:
        if self._fields is None:
            return self._held
        try:
            return self.read({})
        except UserError:  # half typed: the field stays, the value is given up with its editor
            return {self._columns[0]: self.rows[0].field_box.currentData()}

    def _ask(self) -> None:
        replica, entity = self._context.replica, self._entity
        self._context.tasks.read(
            self, lambda: lists.shown_fields(replica, entity), self._on_fields, self._context.show_error
        )

    def _on_fields(self, shown: Iterable[lists.ShownField]) -> None:
        self._fields = {each.field.name: each.field for each in shown if each.field.kind not in _UNASKED}
        self._show(self._held)

    def _show(self, held: Mapping[str, Any]) -> None:
        if self._fields is None:
            return
        self.offer(
            [
                Offered(field=field, comparisons=self._comparisons(field), alone=frozenset((FILLED,)))
                for field in self._fields.values()
            ]
        )
        name, comparison, value = (held.get(column) for column in self._columns)
        field = self._fields.get(str(name or ""))
        if not name:
            self.show_conditions([])
            return
        values: dict[str, Plain] = {}
        if field is not None and value:
            try:
                values = parse_text(field, str(value))
            except UserError:
                values = {}  # not one of this kind any more: to be said anew
        self.show_conditions([Said(field=str(name), comparison=str(comparison or FILLED), values=values)])
        if field is not None and field.kind is Kind.REF and value and field.target:
            self._ask_title(field, str(value))

    def _comparisons(self, field: Field) -> tuple[Choice, ...]:
        fits = (FILLED,) if self._only_filled else self._comparing(field)
        return tuple(self._choices[each] for each in fits)

    def _ask_title(self, field: Field, record_id: str) -> None:
        replica, key = self._context.replica, (str(field.target), record_id)

        def show(found: Mapping[tuple[str, str], str]) -> None:
            editor = self.rows[0].value_editor
            if editor is not None and key in found:
                editor.fill({field.name: record_id}, {field.name: found[key]})

        self._context.tasks.read(
            self, lambda: records.titles(replica, [key]), show, self._context.show_error, topic="title"
        )


_RULE = SCHEMAS["assignment_rule"].fields
_IS = (Choice(value="=", label=N_("is")),)
_SIZES = {"at_least": "employees_from", "at_most": "employees_to"}
_REGIONS = Field(no=0, name="regions", label=N_("Country, province or city"), kind=Kind.TEXT)
_SIZE = Field(no=0, name="employees", label=N_("Employees"), kind=Kind.INTEGER)
_ASSIGNED_BY = (
    Offered(field=_REGIONS, comparisons=(Choice(value="=", label=N_("is one of")),)),
    *(Offered(field=_RULE[name], comparisons=_IS) for name in ("territory_id", "product_id", "source")),
    Offered(
        field=_SIZE,
        comparisons=(
            Choice(value="at_least", label=N_("at least")),
            Choice(value="at_most", label=N_("at most")),
        ),
    ),
)
ASSIGNMENT_COLUMNS = ("regions", "territory_id", "product_id", "source", "employees_from", "employees_to")


class AssignmentConditions(ConditionsEditor):
    """Which leads a rule of assignment is for; without a row it is for every lead."""

    def __init__(self, context: Context) -> None:
        super().__init__(context, _ASSIGNED_BY)

    def fill(self, values: Mapping[str, Any], titles: Mapping[str, str]) -> None:
        """Show the rule's conditions."""
        said: list[Said] = []
        if values.get("regions"):
            words = ", ".join(str(each) for each in values["regions"])
            said.append(Said(field="regions", comparison="=", values={"regions": words}))
        for name in ("territory_id", "product_id", "source"):
            if values.get(name):
                said.append(Said(field=name, comparison="=", values={name: values[name]}, titles=titles))
        for comparison, name in _SIZES.items():
            if values.get(name) is not None:
                size = {"employees": values[name]}
                said.append(Said(field="employees", comparison=comparison, values=size))
        self.show_conditions(said)

    def read(self, values: Mapping[str, Any]) -> dict[str, Plain]:
        """Return the six fields of the rule. `UserError` where one is said twice or not at all."""
        found: dict[str, Plain] = dict.fromkeys(ASSIGNMENT_COLUMNS)
        for each in self.conditions():
            name = _SIZES[each.comparison] if each.field == "employees" else each.field
            if found[name] is not None:
                raise UserError(N_("Say each condition once"))
            value = each.values[each.field]
            found[name] = _regions(str(value)) if name == "regions" else value
        return found


def _regions(text: str) -> list[Plain]:
    parts = text.replace("，", ",").replace("、", ",").split(",")
    return [part.strip() for part in parts if part.strip()]
