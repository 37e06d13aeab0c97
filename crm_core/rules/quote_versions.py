"""Versions of a quote: what one said when it was sent, and how another differs from it.

A snapshot holds the form beside the values, so a field that is renamed, retired or given other choices later
changes nothing of what the customer has. Base data and amounts are apart: their rights differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from crm_core.entities import SCHEMAS
from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.rules import quote_sums
from crm_core.schema.field import Field, FieldClass, Plain

Values = Mapping[str, Any]
Said = tuple[Values, Values | None]
"""A snapshot's content and amounts; None for who may not read money."""
Rows = Iterable[tuple[str, Values]]
"""Records as (id, values), in their order."""

_UNSENT: Final = frozenset(("status", "version", "total", "owner_id", "position", "quote_id"))
"""What the customer is not told: where the quote stands, and how its lines are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A version as it is stored: `content` may be read by whoever reads the quote, `amounts` with its money.

    `content`: `{"form": {entity: [[field, English label], ...]}, "names": {field: title}, "quote": {...},
    "groups": [{"id", ...}], "lines": [{"id", ...}]}`; `amounts`: `{"quote": {...}, "lines": {id: {...}}}`.
    Values are plain, by field name; what is empty is left out.
    """

    content: dict[str, Any]
    amounts: dict[str, Any]
    total: int | None


class Change(StrEnum):
    """What became of a line or group from one version to another."""

    ADDED = "added"
    GONE = "gone"
    CHANGED = "changed"
    MOVED = "moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One value that differs."""

    field: str
    label: str
    """English; of a custom field as it was called then."""
    old: Plain
    new: Plain


@dataclass(frozen=True, slots=True, kw_only=True)
class RowChange:
    """One line or group that differs. `row_id` '' is the quote itself."""

    entity: str
    row_id: str
    change: Change
    title: str
    fields: tuple[FieldChange, ...] = ()


def take(
    quote: Values,
    groups: Rows,
    lines: Rows,
    *,
    names: Mapping[str, str],
    custom: Mapping[str, Mapping[str, Field]],
) -> Snapshot:
    """Return what a quote says now.

    `names`: what the records it links to are called (customer, contact), by field. `custom`: the custom
    fields of each kind of record, by their names.
    """
    lines = list(lines)
    parts = {"quote": [("", quote)], "quote_group": list(groups), "quote_line": lines}
    forms = {entity: _form(entity, custom.get(entity, {})) for entity in parts}
    said = {entity: [_split(forms[entity], row_id, row) for row_id, row in parts[entity]] for entity in parts}
    used = {entity: {name for base, money in said[entity] for name in (*base, *money)} for entity in parts}
    (of_quote, its_money), *_ = said["quote"]
    return Snapshot(
        content={
            "form": {
                entity: [[name, field.label] for name, field in forms[entity].items() if name in used[entity]]
                for entity in parts
            },
            "names": {name: title for name, title in names.items() if title},
            "quote": {name: value for name, value in of_quote.items() if name != "id"},
            "groups": [base for base, _ in said["quote_group"]],
            "lines": [base for base, _ in said["quote_line"]],
        },
        amounts={
            "quote": its_money,
            "lines": {str(base["id"]): money for base, money in said["quote_line"] if money},
        },
        total=quote_sums.total_of(quote, lines),
    )


def demand_whole(content: Any, amounts: Any, total: Any) -> None:
    """Raise `UserError` for a snapshot that is none, or whose total is not what its own lines come to."""
    if not _is_shaped(content, amounts):
        raise UserError(N_("This is no version of a quote"))
    try:
        comes_to = quote_sums.total_of(*values_of(content, amounts))
    except (ArithmeticError, TypeError, ValueError):
        raise UserError(N_("This is no version of a quote")) from None
    if comes_to != total:
        raise UserError(N_("The lines of this version do not come to its total"))


def values_of(
    content: Values, amounts: Values | None
) -> tuple[dict[str, Any], list[tuple[str, dict[str, Any]]]]:
    """Return a snapshot's quote and its lines as (id, values), amounts among them where they may be read."""
    amounts = amounts or {}
    money = amounts.get("lines", {})
    lines = [(str(line["id"]), {**line, **money.get(line["id"], {})}) for line in content["lines"]]
    return {**content["quote"], **amounts.get("quote", {})}, lines


def differences(old: Said, new: Said) -> tuple[RowChange, ...]:
    """Return how one version differs from an earlier one: quote, groups, lines.

    A line is the same line as long as its id is. One that only stands elsewhere is `MOVED`, as few as that
    may be said of.
    """
    (before, its_lines), (after, new_lines) = values_of(*old), values_of(*new)
    labels = {
        entity: dict([*_labels(old[0], entity), *_labels(new[0], entity)])
        for entity in ("quote", "quote_group", "quote_line")
    }
    found: list[RowChange] = []
    fields = _changed(before, after, labels["quote"])
    if fields:
        found.append(RowChange(entity="quote", row_id="", change=Change.CHANGED, title="", fields=fields))
    groups_of = [[(str(row["id"]), row) for row in content["groups"]] for content in (old[0], new[0])]
    found += _rows_changed("quote_group", "title", groups_of[0], groups_of[1], labels["quote_group"])
    found += _rows_changed("quote_line", "description", its_lines, new_lines, labels["quote_line"])
    return tuple(found)


def _rows_changed(
    entity: str,
    title: str,
    old: Sequence[tuple[str, Values]],
    new: Sequence[tuple[str, Values]],
    labels: Mapping[str, str],
) -> list[RowChange]:
    before, after = dict(old), dict(new)
    stayed = _in_order([row_id for row_id, _ in old if row_id in after], [i for i, _ in new if i in before])
    found = []
    for row_id, row in new:
        held = before.get(row_id)
        fields = _changed(held, row, labels) if held is not None else ()
        if held is None:
            change = Change.ADDED
        elif fields:
            change = Change.CHANGED
        elif row_id not in stayed:
            change = Change.MOVED
        else:
            continue
        found.append(
            RowChange(
                entity=entity, row_id=row_id, change=change, title=str(row.get(title) or ""), fields=fields
            )
        )
    found += [
        RowChange(entity=entity, row_id=row_id, change=Change.GONE, title=str(row.get(title) or ""))
        for row_id, row in old
        if row_id not in after
    ]
    return found


def _in_order(old: Sequence[str], new: Sequence[str]) -> frozenset[str]:
    """Return the most ids that stand in the same order in both: a longest increasing run of places."""
    place = {row_id: at for at, row_id in enumerate(old)}
    runs: list[int] = []  # index into `new` of the last of the best run of each length
    before: dict[int, int | None] = {}
    for index, row_id in enumerate(new):
        low, high = 0, len(runs)
        while low < high:
            middle = (low + high) // 2
            if place[new[runs[middle]]] < place[row_id]:
                low = middle + 1
            else:
                high = middle
        before[index] = runs[low - 1] if low else None
        runs[low : low + 1] = [index]
    kept: set[str] = set()
    at = runs[-1] if runs else None
    while at is not None:
        kept.add(new[at])
        at = before[at]
    return frozenset(kept)


def _changed(before: Values, after: Values, labels: Mapping[str, str]) -> tuple[FieldChange, ...]:
    return tuple(
        FieldChange(field=name, label=label, old=before.get(name), new=after.get(name))
        for name, label in labels.items()
        if before.get(name) != after.get(name)
    )


def _labels(content: Values, entity: str) -> list[tuple[str, str]]:
    return [(name, label) for name, label in content["form"].get(entity, [])]


def _form(entity: str, custom: Mapping[str, Field]) -> dict[str, Field]:
    """Return the fields a version says, by name: those a customer may know of, and the custom ones."""
    said = (FieldClass.CORE, FieldClass.MONEY)
    fields = [*SCHEMAS[entity].fields.values(), *(field for field in custom.values() if not field.retired)]
    return {f.name: f for f in fields if f.name not in _UNSENT and f.field_class in said}


def _split(form: Mapping[str, Field], row_id: str, row: Values) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a row's base data and its money, what is empty left out."""
    base: dict[str, Any] = {"id": row_id}
    money: dict[str, Any] = {}
    for name, field in form.items():
        value = row.get(name)
        if value not in (None, "", []):
            (money if field.field_class is FieldClass.MONEY else base)[name] = value
    return base, money


def _is_shaped(content: Any, amounts: Any) -> bool:
    """Tell whether two structures have the shape `Snapshot` names."""
    if not (isinstance(content, dict) and isinstance(amounts, dict)):
        return False
    rows = [row for part in ("groups", "lines") for row in _items(content, part, list)]
    money = _items(amounts, "lines", dict)
    pairs = [
        pair for form in _items(content, "form", dict) for pair in (form if isinstance(form, list) else [0])
    ]
    return (
        all(isinstance(part.get("quote"), dict) for part in (content, amounts))
        and all(isinstance(row, dict) and isinstance(row.get("id"), str) for row in rows)
        and all(isinstance(each, dict) for each in money)
        and all(isinstance(pair, list) and [type(each) for each in pair] == [str, str] for pair in pairs)
    )


def _items(structure: dict[str, Any], name: str, kind: type[Any]) -> list[Any]:
    """Return what a list or map holds; something no reader takes where it is none."""
    held = structure.get(name)
    if not isinstance(held, kind):
        return [None]
    return list(held.values()) if isinstance(held, dict) else list(held)
