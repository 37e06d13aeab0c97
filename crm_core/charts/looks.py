"""How somebody wants a report to look: kept as plain values beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from crm_core.charts.chart import Band, Kind, Tone
from crm_core.errors import UserError
from crm_core.i18n import N_, message
from crm_core.rules.reports import RUNNING_PERIODS, Report, Take
from crm_core.rules.targets import CLOSE
from crm_core.schema.field import Plain

KIND_LABELS: Mapping[Kind, str] = {
    Kind.FIGURE: N_("Figure"),
    Kind.BAR: N_("Bar chart"),
    Kind.LINE: N_("Line chart"),
    Kind.PIE: N_("Ring"),
    Kind.FUNNEL: N_("Funnel"),
    Kind.GAUGE: N_("Gauge"),
    Kind.HEAT_MAP: N_("Heat map"),
    Kind.MAP: N_("Map of China"),
    Kind.TABLE: N_("Table"),
}
_NEAR = Decimal("1.2")
"""Of a goal that is not to be exceeded: up to here it is close."""
_FLAGS = ("stacked", "lying", "less_is_better")


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A kind of chart and what it is judged by.

    `goal` is what the first measure is to reach (of amounts in major units, of shares in hundredths), or,
    where `less_is_better`, what it is not to exceed; None judges nothing.
    """

    kind: Kind = Kind.TABLE
    stacked: bool = False
    lying: bool = False
    goal: Decimal | None = None
    less_is_better: bool = False


def usual_look(report: Report, kind: Kind) -> Look:
    """Return how a report is drawn where nobody said more: bars lie but in time, parts lie on one another."""
    in_time = any(group.period in RUNNING_PERIODS for group in report.rows)
    parts = all(measure.take in (Take.COUNT, Take.SUM) for measure in report.measures)
    return Look(
        kind=kind,
        lying=kind is Kind.BAR and not in_time,
        stacked=kind is Kind.BAR and bool(report.columns) and parts,
    )


def plain_look(look: Look) -> dict[str, Plain]:
    """Return a look as a record keeps it; what it leaves as usual is left out."""
    kept: dict[str, Plain] = {"kind": look.kind.value}
    kept.update({name: True for name in _FLAGS if getattr(look, name)})
    if look.goal is not None:
        kept["goal"] = f"{look.goal:f}"
    return kept


def look_of(kept: Any) -> Look:
    """Return the look a record keeps. `UserError` where it is none this version knows."""
    if kept is None:
        return Look()
    try:
        goal = kept.get("goal")
        exact = None if goal is None else Decimal(goal)
        if exact is not None and not exact.is_finite():
            raise ValueError(goal)
        return Look(kind=Kind(kept["kind"]), goal=exact, **{name: kept.get(name) is True for name in _FLAGS})
    except (AttributeError, KeyError, TypeError, ValueError, InvalidOperation) as error:
        raise UserError(N_("This chart was made by a newer version, or is damaged")) from error


def bands_of(look: Look) -> tuple[Band, ...]:
    """Return how values are judged by the goal: met, close to it, or not."""
    goal = look.goal
    if goal is None or goal <= 0:
        return ()
    met, close = message("On target"), message("Close to target")
    if look.less_is_better:
        # A band begins at its bound: exactly the goal is still good.
        return (
            Band(since=Decimal(0), tone=Tone.GOOD, label=met),
            Band(since=goal.next_plus(), tone=Tone.WARN, label=close),
            Band(since=goal * _NEAR, tone=Tone.BAD, label=message("Above target")),
        )
    return (
        Band(since=Decimal(0), tone=Tone.BAD, label=message("Below target")),
        Band(since=goal * CLOSE, tone=Tone.WARN, label=close),
        Band(since=goal, tone=Tone.GOOD, label=met),
    )
