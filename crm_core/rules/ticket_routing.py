"""To whom a ticket goes: the first rule that fits it, among those who are here, able and not full. No I/O.

HQ asks it when a ticket arrives; the window tries rules on with the tickets there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from crm_core.entities import SCHEMAS
from crm_core.entities._choices import choices
from crm_core.errors import Problem, UserError
from crm_core.i18n import N_, Message, message
from crm_core.rules import segments
from crm_core.rules.access import Action, Person, Reach, decide, read_rights
from crm_core.rules.approval import Away, stand_ins
from crm_core.rules.assignment import Candidate, Rule, Standing, Way, choose, why
from crm_core.rules.conditions import Condition, demand_fitting
from crm_core.rules.holding import holds
from crm_core.rules.relative_days import RelativeDay
from crm_core.rules.scopes import EVERYONE
from crm_core.schema.field import Field, Kind

LANGUAGES: Final = choices(("zh", N_("Chinese")), ("en", N_("English and alike")), ("other", N_("Another")))
LANGUAGE: Final = Field(
    no=0,
    name="language",
    label=N_("Language of the text"),
    kind=Kind.CHOICE,
    choices=LANGUAGES,
    computed=True,
    read_only=True,
    in_form=False,
)
LOADS: Final[Mapping[str, int]] = MappingProxyType({"low": 1, "normal": 2, "high": 3, "urgent": 4})
"""How much an open ticket counts, by its priority, where who has least to do is chosen."""
_TREES: Final = frozenset(("ticket_category", "territory"))
"""Kinds that form trees: who asks for one means all that is below it too."""
_OWN: Final = ("category_id", "kind", "priority", "channel", "product_id", "customer_id", "subject", "tags")
_LINKED: Final = (
    *("product_id.family", "customer_id.level", "customer_id.territory_id", "customer_id.province"),
    *("customer_id.city", "customer_id.industry", "customer_id.owner_id.team_id"),
)
_HAN: Final = (0x3400, 0x9FFF)
_HAN_SHARE: Final = 4  # a text is Chinese from one Han character in so many letters on: names stay Latin
MOST_DEPTH: Final = 12
OPEN: Final = ("new", "open", "waiting")
"""States in which somebody has a ticket to work on."""

ValueOf = Callable[[str, str], Mapping[str, Any] | None]
"""Gives a living record's values by kind and id."""


def _schema_fields(entity: str) -> Mapping[str, Field]:
    return SCHEMAS[entity].fields


def _asked() -> Mapping[str, Field]:
    found: dict[str, Field] = {}
    for path in (*_OWN, *_LINKED):
        field = segments.field_at(_schema_fields, "ticket", path)
        if field is not None:
            found[path] = field if path == field.name else replace(field, name=path)
    further = {field.name: field for field in (LANGUAGE, segments.IN_SEGMENT)}
    return MappingProxyType({**found, **further})


ASKED: Final = _asked()
"""What a rule may ask of a ticket, by name: its own fields, and some up to two links away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What rules ask of one ticket."""

    values: Mapping[str, Any]
    skills: frozenset[str]
    """What its category asks for, in lower case."""
    territories: tuple[str, ...]
    """The customer's, and those it is part of, the nearest first."""
    owner_id: str | None
    """Who looks after the customer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Routed:
    """Where a ticket goes: to a person, to a team's queue, or to nobody, where the rule found nobody free."""

    rule_id: str
    user_id: str | None
    team_id: str | None
    why: Message
    nobody_free: bool = False
    """Who leads the team, or administers, is to be told."""


def waits(ticket: Mapping[str, Any]) -> bool:
    """Tell whether rules are still to say where a ticket goes: nobody named a person or a queue, nor they."""
    named = any(ticket.get(name) for name in ("assignee_id", "team_id", "assigned_at", "merged_into_id"))
    return not named and (ticket.get("status") or "new") in OPEN


def language_of(text: str) -> str:
    """Return in which of `LANGUAGES` a text is written; '' for one without letters."""
    letters = [each for each in text if each.isalpha()]
    if not letters:
        return ""
    han = sum(_HAN[0] <= ord(each) <= _HAN[1] for each in letters)
    if any(0x3040 <= ord(each) <= 0x30FF for each in letters):  # kana: Japanese, whatever else there is
        return "other"
    if han * _HAN_SHARE >= len(letters):
        return "zh"
    latin = sum(each.isascii() or 0xC0 <= ord(each) <= 0x24F for each in letters)
    return "en" if latin * 2 > len(letters) else "other"


def segments_asked(rules: Iterable[Rule]) -> frozenset[str]:
    """Return the ids of the segments some rules ask of."""
    return frozenset(
        str(leaf.value)
        for rule in rules
        if rule.condition is not None
        for leaf in segments.leaves(rule.condition)
        if isinstance(leaf, Condition) and leaf.field == segments.IN_SEGMENT.name
    )


def case_of(ticket: Mapping[str, Any], text: str, value_of: ValueOf, in_segments: Iterable[str] = ()) -> Case:
    """Return what rules ask of a ticket with these values, whose customer wrote `text`.

    `in_segments` are those of `segments_asked` its customer is in.
    """
    values: dict[str, Any] = {name: ticket.get(name) for name in _OWN}
    for path in _LINKED:
        values[path] = _value_at(ticket, path, value_of)
    for name, field in ASKED.items():
        if field.target in _TREES and values[name]:
            values[name] = _above(str(field.target), values[name], value_of)
    values[segments.IN_SEGMENT.name] = sorted(in_segments)
    values[LANGUAGE.name] = language_of(f"{ticket.get('subject') or ''} {text}") or None
    customer_id = ticket.get("customer_id")
    customer = value_of("customer", customer_id) if customer_id else None
    asked: set[str] = set()
    for category_id in values["category_id"] or ():
        category = value_of("ticket_category", category_id) or {}
        asked.update(str(word).casefold() for word in category.get("skills") or ())
    return Case(
        values=values,
        skills=frozenset(asked),
        territories=tuple(values["customer_id.territory_id"] or ()),
        owner_id=customer.get("owner_id") if customer else None,
    )


def candidates(
    users: Iterable[Mapping[str, Any]],
    roles: Iterable[Mapping[str, Any]],
    away: Sequence[Away],
    at_ms: int,
    entity: str = "ticket",
) -> dict[str, Candidate]:
    """Return who may get records of a kind, by id: who works here and whose role works on them.

    Of rows that live. Who is away at a moment is among them, with who stands in for him.
    """
    working = {row["id"] for row in roles if works_on(entity, row)}
    rows = sorted(users, key=lambda row: (str(row["name"] or ""), row["id"]))
    gone = {each.user for each in away if each.from_ms <= at_ms < each.until_ms}
    known = {row["id"] for row in rows if row["active"] is not False and row["role_id"] in working}
    found = {}
    for row in rows:
        if row["id"] not in known:
            continue
        in_place = None
        if row["id"] in gone:
            here = stand_ins(row["id"], away, at_ms) & known - gone
            in_place = min(here, default="")
        found[row["id"]] = Candidate(
            user_id=row["id"],
            name=str(row["name"] or ""),
            team_id=row["team_id"],
            territory_id=row["territory_id"],
            skills=frozenset(str(word).casefold() for word in row["skills"] or ()),
            stand_in=in_place,
        )
    return found


def route(
    case: Case, rules: Sequence[Rule], standing: Standing, people: Mapping[str, Candidate]
) -> Routed | None:
    """Return where a ticket goes by the first rule that fits it; None where none does.

    `people` are those of `candidates`: stand-ins and who looks after a customer are found among them.
    """
    rule = next(
        (each for each in rules if each.condition is not None and holds(each.condition, case.values, ASKED)),
        None,
    )
    if rule is None:
        return None
    if rule.way is Way.QUEUE:
        told = message(N_("Rule “{rule}”: queue of the team"), rule=rule.name)
        return Routed(rule_id=rule.id, user_id=None, team_id=rule.team_id, why=told)
    named = rule.people
    if rule.way is Way.OWNER:
        owner = people.get(case.owner_id or "")
        named = () if owner is None else (owner,)
    able = _nearest(rule, case, [each for each in named if _can(rule, case, each)])
    free = [each for each in able if not each.is_away and _has_room(rule, each, standing)]
    if free:
        chosen = choose(rule, free, standing)
        said = why(rule, chosen, standing)
        return Routed(rule_id=rule.id, user_id=chosen.user_id, team_id=rule.team_id, why=said)
    for each in able:
        other = people.get(each.stand_in or "")
        if other is not None and _has_room(rule, other, standing):
            said = message(N_("Rule “{rule}”: stands in for {name}"), rule=rule.name, name=each.name)
            return Routed(rule_id=rule.id, user_id=other.user_id, team_id=rule.team_id, why=said)
    said = message(N_("Rule “{rule}”: nobody is free"), rule=rule.name)
    return Routed(rule_id=rule.id, user_id=None, team_id=rule.team_id, why=said, nobody_free=True)


def problems_of_conditions(stored: Any) -> list[Problem]:
    """Return what is wrong with what a rule asks of tickets."""
    if not stored:
        return []
    rule = segments.rule_of(stored)
    if rule is None:
        return [Problem(field="rules", message=message(N_("These rules cannot be read")))]
    for leaf in segments.leaves(rule):
        name = leaf.field if isinstance(leaf, Condition) else leaf.entity
        field = ASKED.get(name)
        if field is None or not isinstance(leaf, Condition) or isinstance(leaf.value, RelativeDay):
            told = message(N_("There is no field called “{field}”"), field=name)
            return [Problem(field="rules", message=told)]
        try:
            if field is segments.IN_SEGMENT:
                segments.demand_segment(leaf)
            else:
                demand_fitting(field, leaf)
        except UserError as error:
            return [Problem(field="rules", message=error.message)]
    return []


def works_on(entity: str, role: Mapping[str, Any]) -> bool:
    """Tell whether who holds a role changes records of a kind at all."""
    person = Person(
        user_id="",
        rights=read_rights(role["rights"]),
        scopes={reach: frozenset((EVERYONE,)) for reach in Reach},
    )
    return bool(decide(person, Action.EDIT, entity))


def _can(rule: Rule, case: Case, person: Candidate) -> bool:
    return not rule.skilled or case.skills <= person.skills


def _has_room(rule: Rule, person: Candidate, standing: Standing) -> bool:
    return rule.most_open is None or standing.open_tickets.get(person.user_id, 0) < rule.most_open


def _nearest(rule: Rule, case: Case, people: list[Candidate]) -> list[Candidate]:
    """Return those who look after the customer's territory; those of the smallest one, where several do."""
    if not rule.in_territory:
        return people
    for territory in case.territories:
        there = [each for each in people if each.territory_id == territory]
        if there:
            return there
    return []


def _value_at(values: Mapping[str, Any], path: str, value_of: ValueOf) -> Any:
    entity, held = "ticket", values
    *links, last = path.split(".")
    for link in links:
        target_id, entity = held.get(link), str(SCHEMAS[entity].fields[link].target)
        found = value_of(entity, target_id) if target_id else None
        if found is None:
            return None
        held = found
    return held.get(last)


def _above(entity: str, record_id: str, value_of: ValueOf) -> list[str]:
    """Return a record and those it is part of, the nearest first."""
    found = [record_id]
    while len(found) < MOST_DEPTH:
        parent_id = (value_of(entity, found[-1]) or {}).get("parent_id")
        if not parent_id or parent_id in found:
            break
        found.append(parent_id)
    return found
