"""What can be chosen in the report builder: fields as trees, and everything a condition may ask of."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from crm_core.i18n import message
from crm_core.rules.segments import field_at
from crm_desktop.services.report_offers import FieldNode, ReportOffers
from crm_desktop.ui.conditions.field_picker import Pick
from crm_desktop.ui.conditions.row import Offered
from crm_desktop.ui.lists.conditions import can_filter
from crm_desktop.ui.segments.rule_rows import Further, OfferedTotal, offered_by, offered_of_field

Fits = Callable[[FieldNode], bool]
"""Says which fields can be chosen for something."""


def picks_of(tree: Iterable[FieldNode], fits: Fits) -> tuple[Pick, ...]:
    """Return the fields that fit as a tree; a link with nothing to choose below it is left out."""
    found = []
    for node in tree:
        below = picks_of(node.below, fits)
        if fits(node) or below:
            key = node.path if fits(node) else ""
            found.append(Pick(key=key, label=node.label, words=node.words, below=below))
    return tuple(found)


def further_of(offers: ReportOffers, *, totals: bool = True) -> Further:
    """Return what a condition may ask of: each field of the tree and, with `totals`, what belongs to it."""
    own = offered_by(offers.rules)

    def picks() -> tuple[Pick, ...]:
        fields = picks_of(offers.tree, lambda node: can_filter(node.field))
        known = {each.key for each in fields}
        beside = [
            Pick(key=each.field.name, label=each.words, words=each.words)
            for each in own
            if not isinstance(each, OfferedTotal) and each.field.name not in known
        ]
        counted = tuple(
            Pick(key=each.field.name, label=each.words, words=each.words)
            for each in own
            if isinstance(each, OfferedTotal)
        )
        if not totals or not counted:
            return (*fields, *beside)
        belongs = message("What belongs to it")
        return (*fields, *beside, Pick(key="", label=belongs, words=belongs, below=counted))

    def offered(key: str) -> Offered | None:
        found = field_at(offers.rules.fields_of, offers.entity, key)
        return None if found is None else offered_of_field(found, key, offers.words(key))

    return Further(picks=picks, offered=offered)
