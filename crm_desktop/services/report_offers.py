"""What a report may be made of: a tree of fields, those of linked records below their link."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from crm_core.entities import SCHEMAS
from crm_core.i18n import N_, Message, message
from crm_core.reporting.keys import GROUPED
from crm_core.reporting.source import ITSELF, itself
from crm_core.reporting.terms import DAYS, SUMMED
from crm_core.rules.access import Action, ClassRight, decide
from crm_core.rules.condition_words import path_words
from crm_core.rules.reports import Report
from crm_core.rules.segments import MOST_LINKS, AllOf, FieldsOf, Rule
from crm_core.schema.field import SHARING, Field, FieldClass, Kind
from crm_desktop.models.custom import fields_of
from crm_desktop.models.narrowing import worth_filter
from crm_desktop.models.replica import Replica
from crm_desktop.services import rule_offers
from crm_desktop.services.rule_offers import RuleOffers


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldNode:
    """A field a person may read. `path` leads to it from the records that are counted, `words` say it from
    there, `label` where it stands. `below`: fields of the record it links to."""

    path: str
    field: Field
    label: Message
    words: Message
    below: tuple[FieldNode, ...] = ()

    @property
    def grouped(self) -> bool:
        """Whether records can be put together by it."""
        return self.field.kind in GROUPED and not (self.field.kind is Kind.TAGS and "." in self.path)

    @property
    def has_days(self) -> bool:
        """Whether it is put together by a period."""
        return self.field.kind in DAYS

    @property
    def summed(self) -> bool:
        """Whether it can be added up and compared."""
        return self.field.kind in SUMMED

    @property
    def counted(self) -> bool:
        """Whether its different values can be counted."""
        return self.grouped and self.field.kind is not Kind.TAGS


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportOffers:
    """What a report on records of `entity` may be made of."""

    entity: str
    tree: tuple[FieldNode, ...]
    rules: RuleOffers
    """What its conditions may ask of."""
    nodes: Mapping[str, FieldNode]
    """Every field of the tree by its path."""

    def words(self, path: str) -> Message:
        """Return what a field is called, one that is offered no more too."""
        node = self.nodes.get(path)
        return node.words if node is not None else path_words(self.rules.fields_of, self.entity, path)


def report_offers(replica: Replica, report: Report) -> ReportOffers:
    """Return what the person may make a report on records of that kind of."""
    rule = _asked_in(report)
    with replica.read() as session:
        known: dict[str, Mapping[str, Field]] = {}

        def every(name: str) -> Mapping[str, Field]:
            if name not in known:
                worth = worth_filter(session, replica.person, name)
                known[name] = {**fields_of(session, name), **{each.name: each for each in worth}}
            return known[name]

        tree = (_itself(report.entity), *_nodes(replica, every, report.entity, report.entity, "", MOST_LINKS))
    rules = rule_offers.rule_offers(replica, rule, report.entity)
    rules = replace(rules, known={**rules.known, **known})
    return ReportOffers(
        entity=report.entity, tree=tree, rules=rules, nodes={each.path: each for each in _every(tree)}
    )


def _itself(entity: str) -> FieldNode:
    """Return what puts each record in a row of its own."""
    field = itself(entity)
    label = message(N_("Each {record} by itself"), record=Message(field.label))
    return FieldNode(path=ITSELF, field=field, label=label, words=label)


def _asked_in(report: Report) -> Rule:
    """Return all conditions of a report as one rule, to learn what the records they name are called."""
    parts: list[Rule] = [report.rule, *(each.condition for each in report.questions)]
    return AllOf((*parts, *(each.only for each in report.measures if each.only is not None)))


def _nodes(
    replica: Replica, every: FieldsOf, root: str, entity: str, before: str, links: int
) -> Iterator[FieldNode]:
    for name, field in every(entity).items():
        if not _is_readable(replica, entity, field):
            continue
        path = f"{before}{name}"
        target = field.target or ""
        led = links > 0 and field.kind is Kind.REF and target in SCHEMAS
        led = led and field.field_class is not FieldClass.SYSTEM
        below: tuple[FieldNode, ...] = ()
        if led and decide(replica.person, Action.READ, target):
            below = tuple(_nodes(replica, every, root, target, f"{path}.", links - 1))
        yield FieldNode(
            path=path,
            field=field,
            label=Message(field.label),
            words=path_words(every, root, path),
            below=below,
        )


def _every(tree: tuple[FieldNode, ...]) -> Iterator[FieldNode]:
    for node in tree:
        yield node
        yield from _every(node.below)


def _is_readable(replica: Replica, entity: str, field: Field) -> bool:
    right = replica.person.rights.class_right
    return (
        right(entity, field.field_class) >= ClassRight.READ
        and not field.retired
        and field.kind not in (Kind.JSON, Kind.POSITION)
        and (field.field_class is not FieldClass.SYSTEM or field.kind is Kind.INSTANT)
        and field.scope not in SHARING
    )
