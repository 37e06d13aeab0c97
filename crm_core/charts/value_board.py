"""What the page of customer value shows, as data: tiles in their order, and what each asks to be readable."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from crm_core.charts.chart import Kind
from crm_core.charts.looks import Look, plain_look, usual_look
from crm_core.i18n import N_
from crm_core.rules.dashboards import Tile
from crm_core.rules.reports import Measure
from crm_core.rules.standard_reports import STANDARD_REPORTS


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueTile:
    """A tile, and a field (kind of record, name) without which it is left out."""

    tile: Tile
    needs: tuple[str, str] = ("order", "total")


def _tile(key: str, kind: Kind, width: int, needs: tuple[str, str] = ("order", "total")) -> ValueTile:
    look = plain_look(usual_look(STANDARD_REPORTS[key].report, kind))
    return ValueTile(tile=Tile(id=key, standard=key, look=look, width=width), needs=needs)


def _figure(name: str, title: str, key: str, measure: Measure | None = None) -> ValueTile:
    report = STANDARD_REPORTS[key].report
    measures = report.measures[:1] if measure is None else (measure,)
    whole = replace(report, rows=(), columns=(), measures=measures, sort=None, top=0)
    look = plain_look(Look(kind=Kind.FIGURE))
    return ValueTile(tile=Tile(id=name, title=title, report=whole, look=look, width=3, tall=False))


_CAMPAIGNS: Final = ("campaign", "cost")
VALUE_BOARD: Final = (
    _figure("buyers", N_("Customers who buy"), "value_classes", Measure()),
    _figure("lifetime", N_("Lifetime value"), "lifetime_value"),
    _figure("change", N_("Change in revenue"), "growth_and_loss"),
    _figure("stake", N_("At stake, per year"), "lost_customers"),
    _tile("rfm", Kind.HEAT_MAP, 6),
    _tile("value_classes", Kind.TABLE, 6),
    _tile("growth_and_loss", Kind.BAR, 6),
    _tile("best_customers", Kind.BAR, 6),
    _tile("lifetime_value", Kind.TABLE, 6),
    _tile("lasting_customers", Kind.TABLE, 6),
    _tile("lost_customers", Kind.TABLE, 6),
    _tile("product_growth", Kind.TABLE, 6),
    _tile("acquisition_by_source", Kind.TABLE, 6, _CAMPAIGNS),
    _tile("campaign_roi", Kind.TABLE, 6, _CAMPAIGNS),
    _tile("won_by_year", Kind.LINE, 12, ("deal", "amount")),
    _tile("customer_margin", Kind.TABLE, 12, ("product", "cost")),
)
"""In the order they stand on the page."""
