"""What a quote earns, for who may read what products cost."""

from __future__ import annotations

from collections.abc import Sequence

from crm_core.rules import quote_sums
from crm_core.rules.access import ClassRight, Person
from crm_core.rules.margin import Margin, margin
from crm_core.rules.totals import Totals
from crm_core.schema.field import FieldClass
from crm_desktop.models.records import Record
from crm_desktop.services.pricing import Pricing


def margin_of(person: Person, priced: Pricing, lines: Sequence[Record], totals: Totals) -> Margin | None:
    """Return what a quote with these lines and totals earns; `priced` is its own pricing.

    None where the person may not read what products cost, and where no cost is known.
    """
    if person.rights.class_right("product", FieldClass.PRIVATE) < ClassRight.READ:
        return None
    priced.know(str(line["product_id"]) for line in lines if line.get("product_id"))
    costs = [priced.cost(str(line["product_id"])) if line.get("product_id") else None for line in lines]
    values = [quote_sums.line_values(line.id, line.values, totals.currency) for line in lines]
    return margin(values, totals, costs)
