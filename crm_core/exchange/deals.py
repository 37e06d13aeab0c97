"""What makes imported deals whole: a stage with its pipeline, a reason where lost, a name."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crm_core.errors import UserError
from crm_core.exchange.links import Links
from crm_core.exchange.plan import ExtraRecord, Lookup
from crm_core.exchange.words import fold
from crm_core.i18n import N_, Message, message, plural
from crm_core.ids import new_id
from crm_core.schema.field import Plain
from crm_core.schema.values import parse_instant

LOSS_REASON_UNKNOWN = "other"
_WON = frozenset(map(fold, ("won", "closed won", "win", "赢单", "成交", "已成交", "已赢单")))
_LOST = frozenset(map(fold, ("lost", "closed lost", "lose", "输单", "丢单", "已输单", "失败")))


@dataclass(frozen=True, slots=True, kw_only=True)
class StageRow:
    """A stage as far as an import asks."""

    id: str
    pipeline_id: str
    kind: str
    rank: int
    probability: int


class Stages:
    """Every stage, and the pipeline a deal goes into that names none."""

    def __init__(self, lookup: Lookup) -> None:
        self._by_id: dict[str, StageRow] = {}
        fields = ("pipeline_id", "kind", "rank", "probability")
        for stage_id, values in lookup.records("stage", fields):
            self.add(stage_id, dict(zip(fields, values, strict=True)))
        pipelines: Iterable[tuple[str, tuple[Any, ...]]] = lookup.records(
            "pipeline", ("active", "rank", "name")
        )
        usable = [
            (rank or 0, name or "", each) for each, (active, rank, name) in pipelines if active is not False
        ]
        self._first_pipeline = min(usable)[2] if usable else None
        self.reason_missing = 0

    def add(self, stage_id: str, values: Mapping[str, Any]) -> None:
        """Take in a stage."""
        self._by_id[stage_id] = StageRow(
            id=stage_id,
            pipeline_id=values["pipeline_id"] or "",
            kind=values["kind"] or "open",
            rank=values["rank"] or 0,
            probability=values["probability"] or 0,
        )

    def of(self, pipeline_id: Plain) -> Collection[str] | None:
        """Return the ids of a pipeline's stages; None, which is no limit, where no pipeline is meant."""
        if not pipeline_id:
            return None
        return {stage.id for stage in self._by_id.values() if stage.pipeline_id == pipeline_id}

    def complete(self, values: dict[str, Plain], *, new: bool) -> None:
        """Put what follows from the stage beside it; a new deal without one goes into the first.

        Raises `UserError` where there is no stage to go into, or it is none of the pipeline's.
        """
        if new and not values.get("stage_id"):
            values["stage_id"] = self._first_stage(values.get("pipeline_id") or self._first_pipeline)
        stage = self._by_id.get(str(values.get("stage_id") or ""))
        if stage is None:
            return
        if values.setdefault("pipeline_id", stage.pipeline_id) != stage.pipeline_id:
            raise UserError(N_("This stage is none of the pipeline's"))
        if values.get("probability") is None:
            values["probability"] = stage.probability
        if stage.kind == "lost" and not values.get("loss_reason"):
            values["loss_reason"] = LOSS_REASON_UNKNOWN
            self.reason_missing += 1
        if new and (since := values.get("engaged_on" if stage.kind == "open" else "close_date")):
            # Not the day of the import: a deal won years ago would count as won today.
            values["stage_since"] = parse_instant(str(since))

    def _first_stage(self, pipeline_id: Plain) -> str:
        stages = [stage for stage in self._by_id.values() if stage.pipeline_id == pipeline_id]
        if not stages:
            raise UserError(N_("There is no stage to put the deal in"))
        return min(stages, key=lambda stage: (stage.kind != "open", stage.rank, stage.id)).id

    def notes(self) -> Iterable[Message]:
        """Yield what had to be assumed."""
        if self.reason_missing:
            reason = Message(N_("Other"))
            yield plural(
                self.reason_missing,
                message(N_("1 lost deal gives no reason; it was set to “{reason}”"), reason=reason),
                message(
                    N_("{count} lost deals give no reason; it was set to “{reason}”"),
                    count=self.reason_missing,
                    reason=reason,
                ),
            )


def name_deal(values: dict[str, Plain], links: Links) -> None:
    """Call a deal without a name by its product and customer, or its code where one of them is missing."""
    if values.get("name"):
        return
    product = links.title("product", values.get("product_id"))
    customer = links.title("customer", values.get("customer_id"))
    parts = [part for part in (product, customer or str(values.get("code") or "")) if part]
    if parts:
        values["name"] = " · ".join(parts)


def new_stages(names: Mapping[str, float], pipeline_id: str, taken: int = 0) -> Sequence[ExtraRecord]:
    """Return the stages to make for names that no stage of the pipeline has.

    `names`: how full the rows of each name are on average. Of open stages the fuller comes later: the
    further a deal is, the more is known of it. Won and lost ones stand last. `taken`: stages there are.
    """
    ordered = sorted(names, key=lambda name: (_kind(name) != "open", _kind(name) == "lost", names[name]))
    open_count = sum(_kind(name) == "open" for name in ordered)
    return [
        ExtraRecord(
            entity="stage",
            record_id=new_id(),
            values={
                "name": name,
                "pipeline_id": pipeline_id,
                "kind": _kind(name),
                "rank": taken + place,
                "probability": {"won": 100, "lost": 0}.get(_kind(name), 100 * place // (open_count + 1)),
                "color": {"won": "good", "lost": "bad"}.get(_kind(name), "neutral"),
            },
        )
        for place, name in enumerate(ordered, start=1)
    ]


def _kind(name: str) -> str:
    folded = fold(name)
    return "won" if folded in _WON else "lost" if folded in _LOST else "open"
