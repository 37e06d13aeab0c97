"""What a rule may ask of: the fields a person may read, and what belongs to a record of its kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from crm_core.entities import SCHEMAS
from crm_core.rules.access import Action, decide
from crm_core.rules.conditions import Condition
from crm_core.rules.segments import (
    CUSTOMER,
    IN_SEGMENT,
    FieldsOf,
    Related,
    Rule,
    asks_of_segments,
    field_at,
    leaves,
    ways_to,
)
from crm_core.schema.field import Field, FieldClass, Kind
from crm_desktop.models.narrowing import worth_filter
from crm_desktop.models.replica import Replica
from crm_desktop.services import lists, records, segments

_UNASKED = frozenset((Kind.JSON, Kind.POSITION))


@dataclass(frozen=True, slots=True, kw_only=True)
class RelatedOffer:
    """A kind of record that belongs to those a rule is on, and what may be asked of it."""

    entity: str
    fields: tuple[Field, ...]
    linked: tuple[tuple[Field, Field], ...]
    """Fields of the records it hangs on, each behind its link."""
    summed: tuple[Field, ...]
    """What may be added up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleOffers:
    """What a rule may be made of, and how a rule there is reads."""

    fields: tuple[Field, ...]
    """Of the record itself, whether its customer is in a segment among them."""
    related: tuple[RelatedOffer, ...]
    known: Mapping[str, Mapping[str, Field]]
    """Every field by kind of record and name, those of older rules among them."""
    segments: Mapping[str, str]
    """Ids of the segments by name, lower case."""
    titles: Mapping[str, str] = field(default_factory=dict)
    """What the records a rule names are called, by id."""
    entity: str = CUSTOMER
    """The kind of record the rule is on."""

    def fields_of(self, entity: str) -> Mapping[str, Field]:
        """Return every field of a kind of record by name."""
        return self.known.get(entity) or SCHEMAS[entity].fields


def rule_offers(replica: Replica, rule: Rule | None = None, entity: str = CUSTOMER) -> RuleOffers:
    """Return what the person may make a rule on records of `entity` of; with a rule, what the records it
    names are called too."""
    ways = ways_to(entity)
    related = tuple(
        offer
        for name, links in ways.items()
        if decide(replica.person, Action.READ, name)
        and (offer := _related(replica, name, links[0], entity)) is not None
    )
    targets = {link.target for offer in related for link, _ in offer.linked if link.target}
    known = {name: segments.fields_of_kind(replica, name) for name in {entity, *ways, *targets}}
    return RuleOffers(
        fields=(*_asked(replica, entity), *_segment_field(replica, entity), *_worth_fields(replica, entity)),
        related=related,
        known=known,
        segments={row.name.casefold(): row.id for row in segments.segments_of(replica)},
        titles={} if rule is None else titles_in(replica, rule, entity),
        entity=entity,
    )


def titles_in(replica: Replica, rule: Rule, on: str = CUSTOMER) -> dict[str, str]:
    """Return what the records a rule on records of `on` names are called, by id; those that are not here are
    left out."""

    def fields_of(entity: str) -> Mapping[str, Field]:
        if entity not in known:
            known[entity] = segments.fields_of_kind(replica, entity)
        return known[entity]

    known: dict[str, Mapping[str, Field]] = {}
    links: set[tuple[str, str]] = set()
    for leaf in leaves(rule):
        entity = leaf.entity if isinstance(leaf, Related) else on
        for condition in leaf.conditions if isinstance(leaf, Related) else (leaf,):
            links |= _links(condition, _field_of(condition, entity, fields_of))
    return {record_id: title for (_, record_id), title in records.titles(replica, sorted(links)).items()}


def _field_of(condition: Condition, entity: str, fields_of: FieldsOf) -> Field | None:
    if condition.field == IN_SEGMENT.name and asks_of_segments(entity):
        return IN_SEGMENT
    return field_at(fields_of, entity, condition.field)


def _links(condition: Condition, asked: Field | None) -> set[tuple[str, str]]:
    if asked is None or condition.value is None:
        return set()
    targets = asked.members or ((asked.target or "",) if asked.kind is Kind.REF else ())
    values = condition.value if isinstance(condition.value, tuple) else (condition.value,)
    return {(target, str(value)) for target in targets if target in SCHEMAS for value in values}


def _related(replica: Replica, entity: str, way: str, to: str) -> RelatedOffer | None:
    schema = SCHEMAS[entity]
    fields = _asked(replica, entity)
    names = {each.name for each in fields}
    if way not in names:
        return None
    hangs_on = {each.name for each in schema.parent_fields}
    linked = tuple(
        (link, further)
        for link in fields
        if link.target is not None
        and link.kind is Kind.REF
        and (link.required or link.name in hangs_on)
        and link.target in SCHEMAS
        and link.target not in (to, entity)
        and decide(replica.person, Action.READ, link.target)
        for further in _asked(replica, link.target)
        if further.kind is Kind.CHOICE and further.in_list
    )
    summed = tuple(
        each
        for each in fields
        # A number that goes with others, or that nobody types, says something of its record alone.
        if each.kind is Kind.MONEY or (each.kind is Kind.INTEGER and not each.group and not each.read_only)
    )
    return RelatedOffer(entity=entity, fields=fields, linked=linked, summed=summed)


def _asked(replica: Replica, entity: str) -> tuple[Field, ...]:
    shown = (each.field for each in lists.shown_fields(replica, entity))
    return tuple(
        each for each in shown if each.kind not in _UNASKED and each.field_class is not FieldClass.SYSTEM
    )


def _segment_field(replica: Replica, entity: str) -> tuple[Field, ...]:
    asks = asks_of_segments(entity) and decide(replica.person, Action.READ, "segment")
    return (IN_SEGMENT,) if asks else ()


def _worth_fields(replica: Replica, entity: str) -> tuple[Field, ...]:
    with replica.read() as session:
        return worth_filter(session, replica.person, entity)
