"""A list's filter, order and columns under a name, as a record that travels to the person's other laptops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.money import Money
from crm_core.schema.field import Plain
from crm_desktop.models.conditions import Condition, Op, Value
from crm_desktop.models.query import ListQuery
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.services import records
from crm_desktop.services.outcome import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewDefinition:
    """What a saved view shows; no columns: those the list shows anyway."""

    conditions: tuple[Condition, ...] = ()
    text: str = ""
    sort: tuple[tuple[str, bool], ...] = ()
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A saved view."""

    id: str
    name: str
    definition: ViewDefinition


def views_of(replica: Replica, entity: str) -> tuple[View, ...]:
    """Return the saved views of an entity's list, in their order; what cannot be read is left out."""
    wanted = ListQuery(
        entity="saved_view",
        conditions=(Condition(field="entity", op=Op.EQUAL, value=entity),),
        sort=(("rank", False), ("name", False)),
    )
    found = []
    for row in records.page(replica, wanted).rows:
        definition = parse_definition(row.get("definition"))
        if definition is not None:
            found.append(View(id=row.id, name=row.title, definition=definition))
    return tuple(found)


def save_view(replica: Replica, entity: str, name: str, definition: ViewDefinition) -> Outcome[Record]:
    """Keep a view under a name."""
    if not name.strip():
        raise UserError(N_("A view needs a name"))
    return records.create(
        replica,
        "saved_view",
        {"name": name, "entity": entity, "definition": plain_definition(definition)},
    )


def plain_definition(definition: ViewDefinition) -> dict[str, Plain]:
    """Return a definition as plain values, as the record keeps it."""
    return {
        "conditions": [_plain_condition(condition) for condition in definition.conditions],
        "text": definition.text,
        "sort": [[name, descending] for name, descending in definition.sort],
        "columns": list(definition.columns),
    }


def parse_definition(stored: Any) -> ViewDefinition | None:
    """Return the definition a record keeps; None where a newer version wrote what this cannot read."""
    if not isinstance(stored, Mapping):
        return None
    try:
        return ViewDefinition(
            conditions=tuple(_condition_of(part) for part in stored.get("conditions") or ()),
            text=str(stored.get("text") or ""),
            sort=tuple((str(name), bool(descending)) for name, descending in stored.get("sort") or ()),
            columns=tuple(str(name) for name in stored.get("columns") or ()),
        )
    except (KeyError, TypeError, ValueError, ArithmeticError):
        return None


def _plain_condition(condition: Condition) -> dict[str, Plain]:
    kind, value = _plain_value(condition.value)
    return {"field": condition.field, "op": condition.op.value, "kind": kind, "value": value}


def _plain_value(value: Value) -> tuple[str, Plain]:
    match value:
        case Money():
            return "money", [value.minor, value.currency]
        case Decimal():
            return "decimal", str(value)
        case tuple():
            return "several", list(value)
        case _:
            return "one", value


def _condition_of(stored: Mapping[str, Any]) -> Condition:
    return Condition(
        field=str(stored["field"]), op=Op(stored["op"]), value=_value_of(stored["kind"], stored["value"])
    )


def _value_of(kind: str, value: Any) -> Value:
    match kind:
        case "money":
            minor, currency = value
            return Money(int(minor), str(currency))
        case "decimal":
            return Decimal(value)
        case "several":
            return tuple(_scalar(part) for part in _sequence(value))
        case "one":
            return None if value is None else _scalar(value)
        case _:
            raise ValueError(kind)


def _sequence(value: Any) -> Sequence[Any]:
    if not isinstance(value, list):
        raise TypeError(value)
    return value


def _scalar(value: Any) -> str | int | bool:
    if not isinstance(value, (str, int)):
        raise TypeError(value)
    return value
