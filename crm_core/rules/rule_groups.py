"""A rule of a segment as groups within groups, as a person draws it: all of, any of, none of these."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from crm_core.rules.conditions import Condition
from crm_core.rules.segments import AllOf, AnyOf, Not, Related, Rule


class How(StrEnum):
    """How the parts of a group are put together."""

    ALL = "all"
    ANY = "any"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Always:
    """A rule without parts: it means everybody, or nobody."""

    everybody: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Parts of a rule that are put together in one way; one without parts is not finished yet."""

    how: How
    parts: tuple[Part, ...] = ()


Part = Group | Condition | Related | Always


def group_of(rule: Rule) -> Group:
    """Return a rule as a group, its own parts in it."""
    part = _part_of(rule)
    return part if isinstance(part, Group) else Group(How.ALL, (part,))


def rule_of_group(group: Group) -> Rule:
    """Return the rule a group stands for. A group of one part adds no step to it."""
    parts = tuple(_rule_of_part(part) for part in group.parts)
    if group.how is How.ALL:
        return parts[0] if len(parts) == 1 else AllOf(parts)
    any_of = parts[0] if len(parts) == 1 else AnyOf(parts)
    return any_of if group.how is How.ANY else Not(any_of)


def _part_of(rule: Rule) -> Part:
    match rule:
        case AllOf(()):
            return Always(everybody=True)
        case AnyOf(()):
            return Always(everybody=False)
        case AllOf(parts):
            return Group(How.ALL, tuple(map(_part_of, parts)))
        case AnyOf(parts):
            return Group(How.ANY, tuple(map(_part_of, parts)))
        case Not(AnyOf(parts)) if parts:
            return Group(How.NONE, tuple(map(_part_of, parts)))
        case Not(part):
            return Group(How.NONE, (_part_of(part),))
        case _:
            return rule


def _rule_of_part(part: Part) -> Rule:
    match part:
        case Group():
            return rule_of_group(part)
        case Always(everybody):
            return AllOf() if everybody else AnyOf()
        case _:
            return part
