"""Who gets a lead: one decision by rules, fair in turn, with its reason. Values in, answer out.

Tickets are given out by the same rules and choices (`crm_core.rules.ticket_routing`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from crm_core.entities.assignment import LEAD, TICKET
from crm_core.errors import Problem
from crm_core.i18n import N_, Message, message
from crm_core.rules import segments
from crm_core.rules.segments import AllOf
from crm_core.schema.code_lists import CodeList, names_in, row_of

EVERY: Final = AllOf()
"""The condition that every ticket meets."""


class Way(StrEnum):
    """How one of several people is chosen."""

    NAMED = "named"
    ROUND_ROBIN = "round_robin"
    LEAST_LOAD = "least_load"
    WEIGHTED = "weighted"
    OWNER = "owner"
    """Who looks after the customer. Of tickets alone."""
    QUEUE = "queue"
    """Nobody yet: whoever of the team takes it. Of tickets alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Somebody who may get a lead or a ticket."""

    user_id: str
    name: str
    weight: int = 1
    """By ability: who has 2 gets twice as many as who has 1."""
    team_id: str | None = None
    territory_id: str | None = None
    skills: frozenset[str] = frozenset()
    """In lower case."""
    stand_in: str | None = None
    """Who stands in while he is away; "" where nobody does; None: he is here."""

    @property
    def is_away(self) -> bool:
        """Whether he is away."""
        return self.stand_in is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule; None and empty conditions hold for every lead."""

    id: str
    name: str
    way: Way
    people: tuple[Candidate, ...]
    territory_id: str | None = None
    regions: frozenset[str] = frozenset()
    """Provinces and cities, in lower case."""
    product_id: str | None = None
    source: str | None = None
    employees_from: int | None = None
    employees_to: int | None = None
    answer_hours: int | None = None
    applies_to: str = LEAD
    condition: segments.Rule | None = EVERY
    """What it asks of a ticket; None: what a newer program asks, which holds for none here."""
    team_id: str | None = None
    skilled: bool = False
    in_territory: bool = False
    most_open: int | None = None

    def fits(self, lead: Mapping[str, Any]) -> bool:
        """Tell whether a lead meets every condition."""
        for name in ("territory_id", "product_id", "source"):
            wanted = getattr(self, name)
            if wanted is not None and lead.get(name) != wanted:
                return False
        if self.regions:
            named = {
                each.strip().casefold()
                for which in (CodeList.PROVINCE, CodeList.CITY, CodeList.COUNTRY)
                for each in names_in(which, row_of(lead))
            } - {""}
            if named.isdisjoint(self.regions):
                return False
        if self.employees_from is None and self.employees_to is None:
            return True
        size = lead.get("employees")
        if size is None:
            return False
        least, most = self.employees_from or 0, self.employees_to
        return bool(least <= size and (most is None or size <= most))


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What people had so far."""

    given: Mapping[tuple[str, str], int]
    """Leads given by a rule to a person: (rule, user)."""
    load: Mapping[str, int]
    """What a person has to work on: leads one each, tickets by their priority."""
    open_tickets: Mapping[str, int] = field(default_factory=dict)
    """How many tickets a person has to work on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """The answer: to whom, by which rule, and why."""

    user_id: str
    rule_id: str
    why: Message


def decide(
    lead: Mapping[str, Any], rules: Sequence[Rule], standing: Standing, besides: str | None = None
) -> Assignment | None:
    """Return who gets a lead by the first rule that fits and has somebody; None where none has.

    `besides` is who had it and did not answer.
    """
    for rule in rules:
        people = [person for person in rule.people if person.user_id != besides and not person.is_away]
        if not people or rule.applies_to != LEAD or not rule.fits(lead):
            continue
        chosen = choose(rule, people, standing)
        return Assignment(user_id=chosen.user_id, rule_id=rule.id, why=why(rule, chosen, standing))
    return None


def choose(rule: Rule, people: Sequence[Candidate], standing: Standing) -> Candidate:
    """Return whose turn it is of these people, of whom there is at least one."""

    def given(person: Candidate) -> int:
        return standing.given.get((rule.id, person.user_id), 0)

    def load(person: Candidate) -> int:
        return standing.load.get(person.user_id, 0)

    places = {person.user_id: place for place, person in enumerate(people)}
    match rule.way:
        case Way.NAMED | Way.OWNER | Way.QUEUE:
            return people[0]
        case Way.ROUND_ROBIN:
            return min(people, key=lambda person: (given(person), places[person.user_id]))
        case Way.LEAST_LOAD:
            return min(people, key=lambda person: (load(person), given(person), places[person.user_id]))
        case Way.WEIGHTED:
            # Whose share would be smallest after this one; exact, for weights are whole numbers.
            return min(
                people,
                key=lambda person: (
                    (given(person) + 1) * _LCM // max(1, person.weight),
                    places[person.user_id],
                ),
            )


_LCM: Final = 232_792_560
"""Least common multiple of the weights 1 to 20, so that shares are compared without fractions."""
MOST_WEIGHT: Final = 20


def problems_of_rule(values: Mapping[str, Any]) -> list[Problem]:
    """Return what is wrong with a rule's record as it would be saved, but for what it asks of tickets."""
    problems: list[Problem] = []
    people = values.get("people") or ()
    way = values.get("way")
    if way in OF_TICKETS and values.get("applies_to") != TICKET:
        told = message(N_("Only tickets are given out that way"))
        problems.append(Problem(field="way", message=told))
    elif way == Way.QUEUE and not values.get("team_id"):
        told = message(N_("Say which team's queue they go to"))
        problems.append(Problem(field="team_id", message=told))
    elif not people and not values.get("team_id") and way != Way.OWNER:
        told = message(N_("A rule needs people or a team to give leads or tickets to"))
        problems.append(Problem(field="people", message=told))
    if values.get("most_open") is not None and values["most_open"] < 1:
        told = message(N_("Nobody gets anything with fewer than one"))
        problems.append(Problem(field="most_open", message=told))
    if not isinstance(people, list | tuple) or not all(map(_is_weighed, people)):
        told = message(N_("A weight is a number from 1 to {most}"), most=MOST_WEIGHT)
        problems.append(Problem(field="people", message=told))
    regions = values.get("regions") or []
    if not isinstance(regions, list) or not all(isinstance(region, str) for region in regions):
        problems.append(Problem(field="regions", message=message(N_("This is not a list of places"))))
    least, most = values.get("employees_from"), values.get("employees_to")
    if least is not None and most is not None and least > most:
        told = message(
            N_("No company has at least {least} and at most {most} people"), least=least, most=most
        )
        problems.append(Problem(field="employees_to", message=told))
    return problems


OF_TICKETS: Final = frozenset((Way.OWNER, Way.QUEUE))
"""Ways only tickets are given out."""


def _is_weighed(named: Any) -> bool:
    """Tell whether somebody stands in a rule's record as [id, weight]."""
    if not isinstance(named, list) or len(named) != len(("id", "weight")):
        return False
    return isinstance(named[0], str) and isinstance(named[1], int) and 1 <= named[1] <= MOST_WEIGHT


def why(rule: Rule, chosen: Candidate, standing: Standing) -> Message:
    """Return why somebody was chosen by a rule, before it is counted that he was."""
    given = standing.given.get((rule.id, chosen.user_id), 0)
    match rule.way:
        case Way.NAMED:
            return message(N_("Rule “{rule}”: named"), rule=rule.name)
        case Way.ROUND_ROBIN:
            return message(N_("Rule “{rule}”: in turn, {count} before"), rule=rule.name, count=given)
        case Way.OWNER:
            return message(N_("Rule “{rule}”: looks after the customer"), rule=rule.name)
        case Way.QUEUE:
            return message(N_("Rule “{rule}”: queue of the team"), rule=rule.name)
        case Way.LEAST_LOAD if rule.applies_to == TICKET:
            open_tickets = standing.open_tickets.get(chosen.user_id, 0)
            return message(
                N_("Rule “{rule}”: least to do ({count} open tickets)"), rule=rule.name, count=open_tickets
            )
        case Way.LEAST_LOAD:
            count = standing.load.get(chosen.user_id, 0)
            return message(N_("Rule “{rule}”: fewest open leads ({count})"), rule=rule.name, count=count)
        case Way.WEIGHTED:
            return message(
                N_("Rule “{rule}”: weight {weight}, {count} before"),
                rule=rule.name,
                weight=chosen.weight,
                count=given,
            )


def rules_of(
    rows: Iterable[Mapping[str, Any]],
    people: Mapping[str, Candidate],
    applies_to: str = LEAD,
) -> list[Rule]:
    """Return the rules in use for leads or tickets, in their order, with those of `people` they name.

    `people` are those who may get some, by id, in the order in which a team's are asked.
    """
    found = [
        row for row in rows if row["active"] is not False and (row.get("applies_to") or LEAD) == applies_to
    ]
    found.sort(key=lambda row: (row["rank"] or 0, row["id"]))
    return [_rule_of(row, people) for row in found]


def _rule_of(row: Mapping[str, Any], people: Mapping[str, Candidate]) -> Rule:
    weights: dict[str, int] = {}
    for named in row["people"] or ():
        if isinstance(named, list) and len(named) == len(("id", "weight")) and isinstance(named[1], int):
            weights[str(named[0])] = min(max(named[1], 1), MOST_WEIGHT)
    if not weights and row["team_id"]:
        weights = {user_id: 1 for user_id, each in people.items() if each.team_id == row["team_id"]}
    return Rule(
        id=row["id"],
        name=str(row["name"] or ""),
        way=Way(row["way"]) if row["way"] in set(Way) else Way.ROUND_ROBIN,
        people=tuple(
            replace(people[user_id], weight=weight)
            for user_id, weight in weights.items()
            if user_id in people
        ),
        territory_id=row["territory_id"],
        regions=frozenset(str(region).strip().casefold() for region in row["regions"] or ()),
        product_id=row["product_id"],
        source=row["source"],
        employees_from=row["employees_from"],
        employees_to=row["employees_to"],
        answer_hours=row["answer_hours"],
        applies_to=row["applies_to"] or LEAD,
        condition=segments.rule_of(row["rules"]) if row["rules"] else EVERY,
        team_id=row["team_id"],
        skilled=bool(row["skilled"]),
        in_territory=bool(row["in_territory"]),
        most_open=row["most_open"],
    )
