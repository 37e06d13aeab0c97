"""What is said of words that were heard, in rows for lists and command lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from crm_core.i18n import N_, Message, message
from crm_core.reporting.heard import Item, Of, WhatIsHeard

OF_LABELS: Final[Mapping[Of, str]] = {
    Of.WORD: N_("Single word"),
    Of.PAIR: N_("Pair of words"),
    Of.CATEGORY: N_("Category"),
    Of.PRODUCT: N_("Product"),
}
_LEAST_TOLD: Final = 0.001


def verdict(item: Item) -> Message:
    """Say whether something rose, and how sure that is."""
    if item.stands:
        text = N_("“{what}” is heard more often, also in view of how many things were looked at.")
    elif item.rose:
        text = N_("“{what}” is heard more often; of so many things looked at, some do by chance.")
    else:
        text = N_("“{what}” is heard no more often than chance explains.")
    return message(text, what=item.label)


def chance_text(item: Item) -> str:
    """Return the chance in percent, as it is written in both languages."""
    if item.chance < _LEAST_TOLD:
        return "< 0.1 %"
    return f"{100 * item.chance:.1f} %" if item.chance < 0.1 else f"{100 * item.chance:.0f} %"


def plain_items(heard: WhatIsHeard, *, only_risen: bool, most: int) -> list[dict[str, object]]:
    """Return rows for a program: what, of which kind, how often now and before, and the chance."""
    items = heard.risen if only_risen else heard.items
    return [
        {
            "what": each.label,
            "of": each.of.value,
            "now": each.now,
            "before": each.before,
            "chance_percent": chance_text(each).removesuffix(" %"),
            "rose": each.rose,
            "stands": each.stands,
            "records": [f"{entity}:{record_id}" for entity, record_id in each.records],
        }
        for each in items[:most]
    ]
