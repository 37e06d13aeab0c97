"""Which customers belong to a segment, which records to a report: rules as data, their check. No I/O.

A rule is a tree: conditions on the record's own fields (`Condition`), on what belongs to it (`Related`:
“at least 3 visits this quarter”, “deals won this year worth more than 100,000”), and several of these
together. A field may be that of a linked record, up to two links away: `stage_id.kind`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Final

from crm_core.entities import SCHEMAS
from crm_core.errors import Problem, UserError
from crm_core.i18n import N_, Message, message
from crm_core.ids import is_id
from crm_core.rules.conditions import (
    Condition,
    Op,
    Value,
    demand_fitting,
    plain_condition,
    plain_value,
    stored_condition,
    stored_value,
)
from crm_core.rules.moment_parts import part_field, split_part
from crm_core.schema.field import Field, Kind, Plain

CUSTOMER: Final = "customer"
RULES, PICKED = "rules", "picked"
"""Kinds of segments: whoever fits, or whom somebody put in."""
MOST_PARTS: Final = 60
"""Leaves and branches of one rule; more of them nobody reads."""
DEEPEST: Final = 10
TOO_LARGE: Final = message(N_("These are too many conditions in one rule"))
MOST_LINKS: Final = 2
"""Links a field may lie away: `customer_id.territory_id.name`."""

FieldsOf = Callable[[str], Mapping[str, Field]]
"""Gives the fields of an entity by name, custom ones among them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """What is so of the living records of a kind that belong to a record and fulfil all `conditions`.

    Their number, or the sum of their field `total`, compared with `value`. An amount is compared in its
    currency, and only those in that currency are added up.
    """

    entity: str
    op: Op = Op.AT_LEAST
    value: Value = 1
    total: str = ""
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part holds; without parts, always."""

    parts: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds; without parts, never."""

    parts: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: Rule


Rule = Condition | Related | AllOf | AnyOf | Not

COUNTED: Final = (Op.EQUAL, Op.LESS, Op.AT_MOST, Op.MORE, Op.AT_LEAST)
"""How numbers and sums are compared."""
IN_SEGMENT: Final = Field(
    no=0,
    name="segment",
    label=N_("Segment"),
    kind=Kind.REF,
    target="segment",
    read_only=True,
    computed=True,
    in_form=False,
)
"""What a list of customers, or of what belongs to them, is filtered by: the customer is in a segment."""


@cache
def ways_to(entity: str) -> Mapping[str, tuple[str, ...]]:
    """Return, for each kind of record that belongs to records of `entity`, the links that lead there."""
    own = f"{entity}_id"
    direct = {
        name: (own,)
        for name, schema in SCHEMAS.items()
        if name != entity and (link := schema.fields.get(own)) and link.target == entity
    }
    further = {
        name: (field.name, own)
        for name, schema in SCHEMAS.items()
        for field in schema.parent_fields
        if name not in direct and name != entity and field.target in direct
    }
    return MappingProxyType({**direct, **further})


WAYS: Final = ways_to(CUSTOMER)


def rule_of(stored: Any) -> Rule | None:
    """Return the rule a record keeps; None where a newer version wrote what this cannot read."""
    try:
        return _rule_of(stored, 0)
    except (KeyError, TypeError, ValueError, ArithmeticError):
        return None


def plain_rule(rule: Rule) -> dict[str, Plain]:
    """Return a rule as plain values, as the record keeps it."""
    match rule:
        case AllOf(parts):
            return {"all": [plain_rule(part) for part in parts]}
        case AnyOf(parts):
            return {"any": [plain_rule(part) for part in parts]}
        case Not(part):
            return {"not": plain_rule(part)}
        case Related():
            kind, value = plain_value(rule.value)
            return {
                "of": rule.entity,
                "op": rule.op.value,
                "kind": kind,
                "value": value,
                "total": rule.total,
                "where": [plain_condition(condition) for condition in rule.conditions],
            }
        case _:
            return plain_condition(rule)


def leaves(rule: Rule) -> Iterator[Condition | Related]:
    """Yield the conditions of a rule, in their order."""
    match rule:
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from leaves(part)
        case Not(part):
            yield from leaves(part)
        case _:
            yield rule


def by_link(parts: Iterable[Rule]) -> tuple[dict[str, list[Condition]], list[Rule]]:
    """Return the conditions on records linked to among parts that must all hold, by link, and the others."""
    linked: dict[str, list[Condition]] = {}
    others: list[Rule] = []
    for each in parts:
        if isinstance(each, AllOf):
            below, rest = by_link(each.parts)
            others += rest
            for link, conditions in below.items():
                linked.setdefault(link, []).extend(conditions)
        elif isinstance(each, Condition) and "." in split_part(each.field)[0]:
            linked.setdefault(each.field.partition(".")[0], []).append(each)
        else:
            others.append(each)
    return linked, others


def bare(rule: Rule) -> Rule:
    """Return a rule without groups of one part around it."""
    while isinstance(rule, AllOf | AnyOf) and len(rule.parts) == 1:
        rule = rule.parts[0]
    return rule


def segments_in(rule: Rule) -> frozenset[str]:
    """Return the ids of the segments a rule speaks of."""
    return frozenset(
        str(leaf.value)
        for leaf in leaves(rule)
        if isinstance(leaf, Condition) and leaf.field == IN_SEGMENT.name
    )


def field_at(fields_of: FieldsOf, entity: str, name: str) -> Field | None:
    """Return the field `name` of an entity, or `link.name` of a record it links to; None where there is none.

    Up to `MOST_LINKS` links lead there. Of a moment it may be a part: `happened_at@hour`.
    """
    path, part, _ = split_part(name)
    *links, last = path.split(".")
    if len(links) > MOST_LINKS:
        return None
    for link in links:
        step = fields_of(entity).get(link)
        if step is None or step.kind is not Kind.REF or step.target not in SCHEMAS:
            return None
        entity = str(step.target)
    field = fields_of(entity).get(last)
    return field if field is None or part is None else part_field(field, name, part)


def problems_of_rule(rule: Rule, fields_of: FieldsOf | None, entity: str = CUSTOMER) -> list[Problem]:
    """Return why a rule on records of `entity` cannot be kept; nothing where it can be judged.

    Where `fields_of` is None, what it asks for is not looked at.
    """
    found = []
    if fields_of is not None:
        asked = (_problem_of_leaf(leaf, fields_of, entity) for leaf in leaves(rule))
        found = [said for said in asked if said is not None]
    if is_too_large(rule):
        found.insert(0, TOO_LARGE)
    return [Problem(field="rules", message=said) for said in found]


def asks_of_segments(entity: str) -> bool:
    """Tell whether records of a kind can be narrowed by the segments of their customers."""
    link = SCHEMAS[entity].fields.get("customer_id")
    return entity == CUSTOMER or (link is not None and link.target == CUSTOMER)


def problems_of_segment(values: Mapping[str, Any], fields_of: FieldsOf | None) -> list[Problem]:
    """Return why a segment cannot be kept as it would be saved; `fields_of` as in `problems_of_rule`."""
    stored = values.get("rules")
    if (values.get("kind") or RULES) == PICKED:
        return []
    if stored is None:
        return [Problem(field="rules", message=message(N_("Say who belongs to the segment")))]
    rule = rule_of(stored)
    if rule is None:
        return [Problem(field="rules", message=message(N_("These rules cannot be read")))]
    return problems_of_rule(rule, fields_of)


def _rule_of(stored: Any, depth: int) -> Rule:
    if not isinstance(stored, Mapping) or depth > 2 * DEEPEST:
        raise TypeError(stored)
    if "all" in stored:
        return AllOf(tuple(_rule_of(part, depth + 1) for part in stored["all"]))
    if "any" in stored:
        return AnyOf(tuple(_rule_of(part, depth + 1) for part in stored["any"]))
    if "not" in stored:
        return Not(_rule_of(stored["not"], depth + 1))
    if "of" not in stored:
        return stored_condition(stored)
    if stored["of"] not in SCHEMAS:
        raise ValueError(stored["of"])
    return Related(
        entity=str(stored["of"]),
        op=Op(stored["op"]),
        value=stored_value(stored["kind"], stored["value"]),
        total=str(stored.get("total") or ""),
        conditions=tuple(stored_condition(each) for each in stored.get("where") or ()),
    )


def _problem_of_leaf(leaf: Condition | Related, fields_of: FieldsOf, entity: str) -> Message | None:
    try:
        if isinstance(leaf, Condition):
            if leaf.field == IN_SEGMENT.name and asks_of_segments(entity):
                demand_segment(leaf)
            else:
                _demand_condition(leaf, entity, fields_of)
            return None
        if leaf.entity not in ways_to(entity):
            raise UserError(N_("There is no kind of record called “{name}”"), name=leaf.entity)
        for condition in leaf.conditions:
            _demand_condition(condition, leaf.entity, fields_of)
        demand_countable(leaf, fields_of)
    except UserError as error:
        return error.message
    return None


def demand_segment(condition: Condition) -> None:
    """Raise `UserError` unless a condition names one segment, to be in or not."""
    if condition.op not in (Op.EQUAL, Op.NOT_EQUAL) or not is_id(str(condition.value)):
        raise UserError(N_("Name one segment a customer is in, or is not in"))


def _demand_condition(condition: Condition, entity: str, fields_of: FieldsOf) -> None:
    if condition.field == "id":
        return
    field = field_at(fields_of, entity, condition.field)
    if field is None:
        raise UserError(N_("There is no field called “{field}”"), field=condition.field)
    demand_fitting(field, condition)


def demand_countable(leaf: Related, fields_of: FieldsOf) -> None:
    """Raise `UserError` where a number or a sum cannot be compared so."""
    if leaf.op not in COUNTED:
        raise UserError(N_("Numbers are compared by =, <, <=, > or >="))
    if not leaf.total:
        if isinstance(leaf.value, bool) or not isinstance(leaf.value, int):
            raise UserError(N_("Say how many records as a whole number"))
        return
    field = fields_of(leaf.entity).get(leaf.total)
    if field is None:
        raise UserError(N_("There is no field called “{field}”"), field=leaf.total)
    wanted = {Kind.MONEY: "Money", Kind.INTEGER: "int"}.get(field.kind)
    if wanted is None:
        raise UserError(N_("The field “{field}” cannot be added up"), field=Message(field.label))
    if type(leaf.value).__name__ != wanted:
        raise UserError(
            N_("Say what the sum of “{field}” is compared with: a number, of an amount with its currency"),
            field=Message(field.label),
        )


def is_too_large(rule: Rule) -> bool:
    """Return whether a rule has more conditions, or more of them in each other, than can be judged."""
    return _size(rule) > MOST_PARTS or _depth(rule) > DEEPEST


def _size(rule: Rule) -> int:
    match rule:
        case AllOf(parts) | AnyOf(parts):
            return 1 + sum(map(_size, parts))
        case Not(part):
            return 1 + _size(part)
        case Related():
            return 1 + len(rule.conditions)
        case _:
            return 1


def _depth(rule: Rule) -> int:
    match rule:
        case AllOf(parts) | AnyOf(parts):
            return 1 + max(map(_depth, parts), default=0)
        case Not(part):
            return 1 + _depth(part)
        case _:
            return 1
