"""Records with lines: quotes, contracts, orders, deliveries. What of them is fixed, and from when on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from crm_core.i18n import N_
from crm_core.rules.quote_sums import TERMS


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One kind of record with lines."""

    entity: str
    parts: tuple[str, ...]
    """Kinds of record that belong to it and are fixed with it, its lines first."""
    fixed: frozenset[str]
    """Its own fields that change only while it is a draft."""
    stands: str
    """English sentence for who would change it afterwards."""
    stands_at_hq: str
    """The same for who is told by HQ."""
    first: str = "draft"
    """State it may be changed in."""

    @property
    def line(self) -> str:
        """Kind of record of its lines."""
        return self.parts[0]

    @property
    def link(self) -> str:
        """Field of its parts that leads to it."""
        return f"{self.entity}_id"

    def is_open(self, values: Mapping[str, Any]) -> bool:
        """Tell whether one may still be changed; one made without a state begins so."""
        return (values.get("status") or self.first) == self.first


_AGREED: Final = frozenset((*TERMS, "customer_id", "terms", "terms_en", "exchange_rate", "base_currency"))
SHEETS: Final[Mapping[str, Sheet]] = MappingProxyType(
    {
        each.entity: each
        for each in (
            Sheet(
                entity="quote",
                parts=("quote_line", "quote_group"),
                fixed=_AGREED | {"valid_until"},
                stands=N_("A quote that was sent is not changed any more; make a new version of it"),
                stands_at_hq=N_("The quote was sent and stands as it is; make a new version to change it"),
            ),
            Sheet(
                entity="contract",
                parts=("contract_line", "contract_clause"),
                fixed=_AGREED | {"starts_on", "ends_on", "notice_days", "renewal", "renewal_months"},
                stands=N_("A contract that left the drafts is not changed any more; take it back to do so"),
                stands_at_hq=N_("The contract left the drafts and stands as it is"),
            ),
            Sheet(
                entity="order",
                parts=("order_line",),
                fixed=_AGREED,
                stands=N_("An order that was confirmed stands as it was agreed; make another one"),
                stands_at_hq=N_("The order was confirmed and stands as it was agreed"),
            ),
        )
    }
)
"""Those whose lines come to a total, by the kind of record that has the lines."""
FIXED: Final[Mapping[str, Sheet]] = MappingProxyType(
    {
        **SHEETS,
        "delivery": Sheet(
            entity="delivery",
            parts=("delivery_line",),
            fixed=frozenset(("order_id", "kind", "delivered_on", "reason")),
            stands=N_("What was delivered stands; make a return against it"),
            stands_at_hq=N_("What was delivered stands; make a return against it"),
            first="planned",
        ),
    }
)
"""These, and deliveries."""
PARTS: Final[Mapping[str, Sheet]] = MappingProxyType(
    {part: sheet for sheet in FIXED.values() for part in sheet.parts}
)
"""By the kind of record that belongs to it."""
