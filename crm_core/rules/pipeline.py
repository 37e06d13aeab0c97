"""Moving a deal: what a stage asks for, and what columns of a board add up to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

OPEN, WON, LOST = "open", "won", "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class StageRow:
    """A stage as the rules need it."""

    id: str
    pipeline_id: str
    name: str
    rank: int
    probability: int
    kind: str
    age_limit_days: int | None = None
    color: str = "neutral"
    retired: bool = False
    skip_by: str = "managers"


STAGE_FIELDS = (
    "pipeline_id",
    "name",
    "rank",
    "probability",
    "kind",
    "age_limit_days",
    "color",
    "retired",
    "skip_by",
)
"""The fields of a stage its row is made of."""


def stage_row(record_id: str, values: Mapping[str, Any]) -> StageRow:
    """Return the stage behind a record's values; what is missing counts as an open stage of no chance."""
    return StageRow(
        id=record_id,
        pipeline_id=values.get("pipeline_id") or "",
        name=values.get("name") or "",
        rank=values.get("rank") or 0,
        probability=values.get("probability") or 0,
        kind=values.get("kind") or OPEN,
        age_limit_days=values.get("age_limit_days"),
        color=values.get("color") or "neutral",
        retired=bool(values.get("retired")),
        skip_by=values.get("skip_by") or "managers",
    )


def move(stage: StageRow, now_ms: int, loss_reason: str | None = None) -> dict[str, Any]:
    """Return the fields a deal takes when it moves to `stage`; they are one register."""
    return {
        "pipeline_id": stage.pipeline_id,
        "stage_id": stage.id,
        "probability": stage.probability,
        "loss_reason": loss_reason if stage.kind == LOST else None,
        "stage_since": now_ms,
    }


def weighted_minor(amount_minor: int | None, probability: int | None) -> int:
    """Return an amount times its chance in per cent, rounded half up to the minor unit."""
    # In whole numbers: a board weighs thousands of deals each time it is read.
    whole = (amount_minor or 0) * (probability or 0)
    return (2 * whole + 100) // 200 if whole >= 0 else -((100 - 2 * whole) // 200)


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnTotal:
    """What the deals of a stage come to, in minor units of one currency."""

    count: int
    amount_minor: int
    weighted_minor: int


def column_total(deals: Iterable[tuple[int | None, int | None]]) -> ColumnTotal:
    """Return the totals of (amount in minor units, probability) pairs."""
    pairs = list(deals)
    return ColumnTotal(
        count=len(pairs),
        amount_minor=sum(amount or 0 for amount, _ in pairs),
        weighted_minor=sum(weighted_minor(amount, chance) for amount, chance in pairs),
    )
