"""Who gets a lead: one decision by rules, fair in turn, with its reason. Values in, answer out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from crm_core.errors import Problem
from crm_core.i18n import N_, Message, message
from crm_core.schema.code_lists import CodeList, names_in, row_of


class Way(StrEnum):
    """How one of several people is chosen."""

    NAMED = "named"
    ROUND_ROBIN = "round_robin"
    LEAST_LOAD = "least_load"
    WEIGHTED = "weighted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Somebody who may get a lead."""

    user_id: str
    name: str
    weight: int = 1
    """By ability: who has 2 gets twice as many as who has 1."""


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
    open_leads: Mapping[str, int]
    """Leads a person has to work on."""


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
        people = [person for person in rule.people if person.user_id != besides]
        if not people or not rule.fits(lead):
            continue
        chosen = _choose(rule, people, standing)
        return Assignment(user_id=chosen.user_id, rule_id=rule.id, why=_why(rule, chosen, standing))
    return None


def _choose(rule: Rule, people: Sequence[Candidate], standing: Standing) -> Candidate:
    def given(person: Candidate) -> int:
        return standing.given.get((rule.id, person.user_id), 0)

    def load(person: Candidate) -> int:
        return standing.open_leads.get(person.user_id, 0)

    places = {person.user_id: place for place, person in enumerate(people)}
    match rule.way:
        case Way.NAMED:
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
    """Return what is wrong with a rule's record as it would be saved."""
    problems: list[Problem] = []
    people = values.get("people") or ()
    if not people and not values.get("team_id"):
        told = message(N_("A rule needs people or a team to give leads to"))
        problems.append(Problem(field="people", message=told))
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


def _is_weighed(named: Any) -> bool:
    """Tell whether somebody stands in a rule's record as [id, weight]."""
    if not isinstance(named, list) or len(named) != len(("id", "weight")):
        return False
    return isinstance(named[0], str) and isinstance(named[1], int) and 1 <= named[1] <= MOST_WEIGHT


def _why(rule: Rule, chosen: Candidate, standing: Standing) -> Message:
    given = standing.given.get((rule.id, chosen.user_id), 0)
    match rule.way:
        case Way.NAMED:
            return message(N_("Rule “{rule}”: named"), rule=rule.name)
        case Way.ROUND_ROBIN:
            return message(N_("Rule “{rule}”: in turn, {count} before"), rule=rule.name, count=given)
        case Way.LEAST_LOAD:
            count = standing.open_leads.get(chosen.user_id, 0)
            return message(N_("Rule “{rule}”: fewest open leads ({count})"), rule=rule.name, count=count)
        case Way.WEIGHTED:
            return message(
                N_("Rule “{rule}”: weight {weight}, {count} before"),
                rule=rule.name,
                weight=chosen.weight,
                count=given,
            )
