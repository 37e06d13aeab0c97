"""What a deal must meet to enter a stage and to go on from it: one judgement for laptop and HQ.

Conditions are data (`stage_rule`). Going back is free, and so is being lost for the stage that is left;
losing, winning and going on ask. Nothing here reads a database: facts in, what is lacking out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from crm_core.entities import SCHEMAS
from crm_core.entities.activity import ACTIVITY_KINDS
from crm_core.errors import Problem, UserError
from crm_core.i18n import N_, Message, message
from crm_core.rules.access import Action, Person, decide
from crm_core.rules.pipeline import LOST, OPEN, WON, StageRow
from crm_core.schema.field import Field, Kind
from crm_core.schema.values import parse_text
from crm_core.times import DAY_MS

ENTRY, EXIT = "entry", "exit"
FILLED, COMPARES = "field_filled", "field_compares"
ACTIVITY, QUOTE, MILESTONE = "activity_done", "quote_sent", "milestone_done"
BEYOND_THE_DEAL = frozenset((ACTIVITY, QUOTE, MILESTONE))
"""Kinds that follow from other records; a deal that is just being made cannot have any."""
Sentence = list[Any]
"""A skipped condition as it is kept: id of the condition, English text, what goes into it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One condition. Its `kind` may be one only a newer version knows; it then holds."""

    id: str
    moment: str = ENTRY
    kind: str = FILLED
    field: str = ""
    operator: str = "="
    value: str = ""
    activity_kind: str = ""
    days: int | None = None
    milestone_id: str = ""
    milestone_name: str = ""
    own_words: Message | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DealFacts:
    """What conditions may ask about a deal as it would be after the move."""

    values: Mapping[str, Any]
    fields: Mapping[str, Field]
    """Declared and custom fields of deals, by name."""
    at_ms: int
    """When the move was made, wherever it is judged."""
    last_done: Mapping[str, int]
    """By kind of activity, when the last one was done."""
    quote_sent: bool = False
    milestones_done: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()
    """Fields whoever judges may not read: HQ will."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lack:
    """A condition that is not met. `field` is what would have to be filled in; None: nothing can here."""

    condition: Condition
    field: str | None
    said: Message

    @property
    def problem(self) -> Problem:
        """The same as forms and commands show it."""
        return Problem(field=self.field, message=self.said)

    @property
    def kept(self) -> Sentence:
        """The same as the record of a skip keeps it."""
        places = {
            name: each.text if isinstance(each, Message) else str(each)
            for name, each in self.said.places.items()
        }
        return [self.condition.id, self.said.text, places]


def condition_of(record_id: str, values: Mapping[str, Any], milestone_name: str = "") -> Condition:
    """Return the condition behind a record's values."""
    english, chinese = values.get("message") or "", values.get("message_zh") or ""
    return Condition(
        id=record_id,
        moment=values.get("moment") or ENTRY,
        kind=values.get("kind") or FILLED,
        field=values.get("field") or "",
        operator=values.get("operator") or "=",
        value=values.get("value") or "",
        activity_kind=values.get("activity_kind") or "",
        days=values.get("days"),
        milestone_id=values.get("milestone_id") or "",
        milestone_name=milestone_name,
        own_words=in_both(english or chinese, chinese or english) if english or chinese else None,
    )


def problems_of_condition(values: Mapping[str, Any], fields: Mapping[str, Field]) -> list[Problem]:
    """Return why nobody could meet a condition as it would be saved; nothing where it can be judged."""
    kind = values.get("kind") or FILLED
    field = fields.get(values.get("field") or "")
    if kind in (FILLED, COMPARES) and field is None:
        name = values.get("field") or ""
        return [
            Problem(field="field", message=message(N_("Deals have no field called “{field}”"), field=name))
        ]
    if kind == COMPARES and field is not None:
        if not values.get("operator"):
            return [Problem(field="operator", message=message(N_("This is required")))]
        try:
            parsed = parse_text(field, values.get("value") or "")
        except UserError as error:
            return [Problem(field="value", message=error.message)]
        if parsed[field.name] in (None, "", []):
            return [Problem(field="value", message=message(N_("This is required")))]
    if kind == MILESTONE and not values.get("milestone_id"):
        return [Problem(field="milestone_id", message=message(N_("This is required")))]
    return []


def in_both(english: str, chinese: str) -> Message:
    """Return a sentence somebody wrote in both languages; each catalogue shows one and none of the other."""
    return message(N_("{english}{chinese:.0}"), english=english, chinese=chinese)


def standard_conditions(stage: StageRow) -> tuple[Condition, ...]:
    """Return what an end of a pipeline asks for where its administrator says nothing of that field."""
    if stage.kind == LOST:
        said = message(N_("Say why the deal was lost"))
        return (Condition(id="standard:lost", field="loss_reason", own_words=said),)
    if stage.kind == WON:
        said = message(N_("A deal that is won has an amount"))
        return (Condition(id="standard:won", field="amount", own_words=said),)
    return ()


def conditions_of(
    stage: StageRow, stored: Iterable[tuple[str, Mapping[str, Any], str]]
) -> tuple[Condition, ...]:
    """Return a stage's conditions, of (id, values, name of its milestone) of each of its records.

    A record about a field a standard condition is about takes its place; one out of use lifts it.
    """
    rules = list(stored)
    ruled = {values.get("field") for _, values, _ in rules if (values.get("moment") or ENTRY) == ENTRY}
    own = (condition_of(*rule) for rule in rules if rule[1].get("active") is not False)
    return (*(each for each in standard_conditions(stage) if each.field not in ruled), *own)


def goes_on(left: StageRow | None, entered: StageRow) -> bool:
    """Tell whether a move asks for anything: one to an end, to another pipeline or to a later stage."""
    if left is None or entered.kind != OPEN or left.pipeline_id != entered.pipeline_id:
        return True
    return left.kind == OPEN and entered.rank > left.rank


def asked(
    left: StageRow | None,
    entered: StageRow,
    of_left: Sequence[Condition],
    of_entered: Sequence[Condition],
) -> list[Condition]:
    """Return the conditions a move must meet. `left` None: the deal is being made in `entered`."""
    if not goes_on(left, entered):
        return []
    wanted = [each for each in of_entered if each.moment == ENTRY]
    if left is None:
        return [each for each in wanted if each.kind not in BEYOND_THE_DEAL]
    if entered.kind != LOST and left.kind == OPEN and left.pipeline_id == entered.pipeline_id:
        wanted += [each for each in of_left if each.moment == EXIT]
    return wanted


def lacking(conditions: Iterable[Condition], facts: DealFacts) -> list[Lack]:
    """Return what a deal lacks, in the order of the conditions, each field once."""
    found: list[Lack] = []
    for each in conditions:
        lack = _judge(each, facts)
        if lack is not None and not any(lack.said == other.said for other in found):
            found.append(lack)
    return found


def may_skip(person: Person, stage: StageRow) -> bool:
    """Tell whether a person may enter a stage, with a reason, though conditions are not met."""
    if stage.skip_by == "everybody":
        return bool(decide(person, Action.EDIT, "deal"))
    return stage.skip_by == "managers" and bool(decide(person, Action.ASSIGN, "deal"))


def _judge(condition: Condition, facts: DealFacts) -> Lack | None:
    field = facts.fields.get(condition.field)
    if condition.kind in (FILLED, COMPARES):
        if field is None or field.name in facts.hidden:
            return None
        met = _is_filled(field, facts) if condition.kind == FILLED else _compares(condition, field, facts)
        can_fill = not (field.read_only or field.computed)
        lack = field.name if can_fill else None
    elif condition.kind == ACTIVITY:
        met, lack = _is_done(condition, facts), None
    elif condition.kind == QUOTE:
        met, lack = facts.quote_sent, None
    elif condition.kind == MILESTONE:
        met, lack = condition.milestone_id in facts.milestones_done, None
    else:
        return None
    if met:
        return None
    return Lack(
        condition=condition, field=lack, said=condition.own_words or sentence(condition, facts.fields)
    )


def _is_filled(field: Field, facts: DealFacts) -> bool:
    return facts.values.get(field.name) not in (None, "", [])


def _is_done(condition: Condition, facts: DealFacts) -> bool:
    kinds = (condition.activity_kind,) if condition.activity_kind else tuple(facts.last_done)
    last = max((facts.last_done[kind] for kind in kinds if kind in facts.last_done), default=None)
    return last is not None and (not condition.days or last >= facts.at_ms - condition.days * DAY_MS)


def _compares(condition: Condition, field: Field, facts: DealFacts) -> bool:
    value = facts.values.get(field.name)
    try:
        wanted = parse_text(field, condition.value, facts.values)
    except UserError:
        return True  # a condition nobody could meet stops nobody; the command that sets it refuses it
    if value in (None, "", []):
        return condition.operator == "!=" and wanted[field.name] is not None
    if field.kind is Kind.MONEY and wanted[field.currency or ""] != facts.values.get(field.currency or ""):
        return True  # another currency cannot be compared
    return _holds(condition.operator, field, value, wanted[field.name])


def _holds(operator: str, field: Field, value: Any, wanted: Any) -> bool:
    if field.kind is Kind.TAGS:
        words = set(wanted or ())
        return words.isdisjoint(value) if operator == "!=" else words <= set(value)
    if operator == "~":
        return str(wanted).casefold() in str(value).casefold()
    if field.kind in (Kind.DECIMAL, Kind.PERCENT):
        value, wanted = Decimal(str(value)), Decimal(str(wanted))
    if wanted is None:
        return operator == "!="
    return bool(_COMPARISONS[operator](value, wanted)) if operator in _COMPARISONS else True


_COMPARISONS = {"=": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}
_COMPARED = {
    "=": N_("“{field}” must be {value}"),
    "!=": N_("“{field}” must not be {value}"),
    "<": N_("“{field}” must be less than {value}"),
    "<=": N_("“{field}” must be at most {value}"),
    ">": N_("“{field}” must be more than {value}"),
    ">=": N_("“{field}” must be at least {value}"),
    "~": N_("“{field}” must contain {value}"),
}


def sentence(condition: Condition, fields: Mapping[str, Field] | None = None) -> Message:
    """Return what a condition asks for, in words."""
    known = fields if fields is not None else SCHEMAS["deal"].fields
    field = known.get(condition.field)
    label = Message(field.label if field else condition.field)
    match condition.kind:
        case "field_compares":
            value: Any = condition.value
            if field is not None and field.kind is Kind.CHOICE:
                value = Message(field.choice_label(condition.value))
            text = _COMPARED.get(condition.operator, _COMPARED["="])
            return Message(text, {"field": label, "value": value})
        case "activity_done":
            return _activity_sentence(condition)
        case "quote_sent":
            return message(N_("A quote for this deal must have been sent"))
        case "milestone_done":
            return message(N_("The milestone “{milestone}” must be done"), milestone=condition.milestone_name)
        case _:
            return message(N_("“{field}” must be filled in"), field=label)


def _activity_sentence(condition: Condition) -> Message:
    labels = {choice.value: Message(choice.label) for choice in ACTIVITY_KINDS}
    kind, days = labels.get(condition.activity_kind, Message(condition.activity_kind)), condition.days
    if condition.activity_kind and days:
        return message(N_("“{kind}” must have been done in the last {days} days"), kind=kind, days=days)
    if condition.activity_kind:
        return message(N_("“{kind}” must have been done"), kind=kind)
    if days:
        return message(N_("An activity must have been done in the last {days} days"), days=days)
    return message(N_("An activity must have been done"))
