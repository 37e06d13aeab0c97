"""Whether a deal may enter a stage: HQ judges by its own conditions, which may be newer than the laptop's.

Every function raises `Refused` or changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar

from sqlalchemy import select

from crm_core.entities import SCHEMAS
from crm_core.entities.quote import Quote
from crm_core.entities.selling_setup import StageRule
from crm_core.i18n import N_, message
from crm_core.rules import pipeline, stage_conditions
from crm_core.rules.pipeline import StageRow
from crm_core.rules.quote_state import was_sent
from crm_core.rules.stage_conditions import Condition, DealFacts
from crm_core.schema.field import Field
from crm_core.schema.reading import CUSTOM_PREFIX
from crm_core.sync.protocol import Code, OpKind
from sync_server.services import audit
from sync_server.services.custom import CustomFields
from sync_server.services.records import Record, Records
from sync_server.services.rights import Author, Refused, is_at_hq
from sync_server.services.wanted import Wanted, kept_by_the_program, register_of
from sync_server.store.tables import table_of

DEAL: Final = SCHEMAS["deal"]
_NONE_OF_THE_PIPELINE: Final = message(N_("This stage is none of the pipeline's"))
_RETIRED: Final = message(N_("This stage was retired; choose another one"))
_STILL_USED: Final = message(N_("Deals are still in this stage; retire it and move them first"))
_NOT_EMPTY: Final = message(N_("This pipeline still has stages; retire it instead"))

_T = TypeVar("_T")

_rules = table_of(StageRule)
_quotes = table_of(Quote)
_deals = DEAL.table
_stages = SCHEMAS["stage"].table


def sets_stage(wanted: Wanted) -> bool:
    """Tell whether an operation moves a deal: it is judged by what the rest of its transaction wrote."""
    return wanted.schema is DEAL and wanted.kind is OpKind.SET and "stage_id" in wanted.values


class StageGate:
    """Judges the moves of one batch."""

    def __init__(self, records: Records, custom: CustomFields, author: Author) -> None:
        self._records = records
        self._custom = custom
        self._author = author
        self._known: dict[str, tuple[Condition, ...]] = {}
        self._skips: list[tuple[str, str, list[str]]] = []
        self._moves: Mapping[str, Wanted] = {}
        """The moves of the transaction under way, by deal."""

    def in_order(self, items: Sequence[_T], wanted_of: Callable[[_T], Wanted | None]) -> Sequence[_T]:
        """Return the operations of a transaction with the moves of deals behind what they are judged by."""
        found = (wanted for item in items if (wanted := wanted_of(item)) is not None and sets_stage(wanted))
        self._moves = {wanted.row_id: wanted for wanted in found}
        if not self._moves:
            return items
        return sorted(items, key=lambda item: (wanted := wanted_of(item)) is not None and sets_stage(wanted))

    def demand(
        self, record: Record | None, values: Mapping[str, Any], changed: Iterable[str]
    ) -> dict[str, Any]:
        """Ask a deal for what its stage asks for; `values` are all of its values after the change.

        `record` is the deal as it was, None for a new one; `changed` names the fields that are set. Returns
        what follows for other fields: the conditions that are skipped, where its author may skip them.
        """
        if not values.get("stage_id"):
            return {}
        stage = self._stage(values["stage_id"])
        if stage is None or stage.pipeline_id != values.get("pipeline_id"):
            raise Refused(Code.INVALID, _NONE_OF_THE_PIPELINE)
        before = record.values.get("stage_id") if record is not None else None
        if before == stage.id:
            self._demand_kept(stage, values, frozenset(changed))
            return {}
        if stage.retired:
            raise Refused(Code.INVALID, _RETIRED)
        left = self._left(before) if record is not None else None
        of_left = self._conditions(left) if left is not None else ()
        wanted = stage_conditions.asked(left, stage, of_left, self._conditions(stage))
        found = stage_conditions.lacking(wanted, self._facts(record, values, wanted)) if wanted else []
        if not found:
            return {}
        if record is not None and self._is_skipped(record, stage, values):
            self._skips.append((record.id, stage.id, [lack.condition.id for lack in found]))
            return {"skipped": [lack.kept for lack in found]}
        raise Refused(Code.INVALID, found[0].said)

    def _demand_kept(self, stage: StageRow, values: Mapping[str, Any], changed: frozenset[str]) -> None:
        """A deal that stays in its stage does not lose what the stage asked for by the same register."""
        wanted = [
            each
            for each in self._conditions(stage)
            if each.moment == stage_conditions.ENTRY
            and each.field in changed
            and each.kind not in stage_conditions.BEYOND_THE_DEAL
        ]
        found = stage_conditions.lacking(wanted, self._facts(None, values, wanted)) if wanted else []
        if found:
            raise Refused(Code.INVALID, found[0].said)

    def _stage(self, stage_id: str) -> StageRow | None:
        record = self._records.get(SCHEMAS["stage"].no, stage_id)
        if record is None or not record.lives:
            return None
        return pipeline.stage_row(record.id, record.values)

    def _left(self, stage_id: str | None) -> StageRow:
        found = self._stage(stage_id) if stage_id else None
        return found or StageRow(
            id="", pipeline_id="", name="", rank=0, probability=0, kind=pipeline.OPEN
        )  # going on from a stage that is gone asks for nothing

    def _conditions(self, stage: StageRow) -> tuple[Condition, ...]:
        self._records.noticed_kinds.add(SCHEMAS["stage_rule"].no)
        if stage.id not in self._known:
            connection = self._records.connection
            query = select(_rules.c.id).where(_rules.c.stage_id == stage.id)
            order = query.order_by(_rules.c.created_at, _rules.c.id)
            ids = list(connection.execute(order).scalars())
            self._records.load({SCHEMAS["stage_rule"].no: ids})
            stored = []
            for rule_id in ids:
                rule = self._records.get(SCHEMAS["stage_rule"].no, rule_id)
                if rule is not None and rule.lives:
                    stored.append((rule_id, rule.values, self._milestone(rule.values.get("milestone_id"))))
            self._known[stage.id] = stage_conditions.conditions_of(stage, stored)
        return self._known[stage.id]

    def _milestone(self, milestone_id: str | None) -> str:
        found = self._records.get(SCHEMAS["milestone"].no, milestone_id) if milestone_id else None
        return (found.values.get("name") or "") if found is not None else ""

    def forget(self) -> None:
        """Read the conditions anew: one was changed in this batch."""
        self._known.clear()

    # Facts

    def _facts(
        self, record: Record | None, values: Mapping[str, Any], wanted: Iterable[Condition]
    ) -> DealFacts:
        kinds = {each.kind for each in wanted}
        custom = {f"{CUSTOM_PREFIX}{key}": value for key, value in (values.get("custom") or {}).items()}
        fields: dict[str, Field] = {**DEAL.fields, **self._custom.of("deal")}
        last_done: dict[str, int] = {}
        done: set[str] = set()
        if record is not None and kinds & {stage_conditions.ACTIVITY, stage_conditions.MILESTONE}:
            for child in self._records.children(record):
                if not child.lives or not child.values.get("done"):
                    continue
                if child.schema.name == "activity":
                    kind, at_ms = child.values.get("kind") or "", _done_at(child.values)
                    last_done[kind] = max(last_done.get(kind, 0), at_ms)
                elif child.schema.name == "deal_milestone" and child.values.get("milestone_id"):
                    done.add(child.values["milestone_id"])
        return DealFacts(
            values={**values, **custom},
            fields=fields,
            at_ms=int(values.get("stage_since") or 0),
            last_done=last_done,
            quote_sent=record is not None
            and stage_conditions.QUOTE in kinds
            and self._has_sent_quote(record.id),
            milestones_done=frozenset(done),
        )

    def _has_sent_quote(self, deal_id: str) -> bool:
        quote = SCHEMAS["quote"]
        query = select(_quotes.c.id).where(_quotes.c.deal_id == deal_id)
        ids = set(self._records.connection.execute(query).scalars())
        ids.update(
            each.id
            for each in self._records.touched()
            if each.schema is quote and each.values.get("deal_id") == deal_id
        )
        self._records.load({quote.no: ids})
        return any(
            found is not None
            and found.lives
            and found.values.get("deal_id") == deal_id
            and was_sent(found.values)
            for found in (self._records.get(quote.no, each) for each in sorted(ids))
        )

    # Skipping

    def demand_skip(self, record: Record, wanted: Wanted) -> None:
        """Raise `Refused` for what is told of a skip, unless it goes with a move of one who may skip.

        Whoever skipped takes his own skip back with his move.
        """
        told, declared = wanted.values, DEAL.fields["skip_at"]
        if wanted.schema is not DEAL or declared.name not in told or is_at_hq(self._author):
            return
        if all(record.values.get(name) == value for name, value in told.items()):
            return
        held_at = record.values.get(declared.name)
        is_own = record.mark(register_of(DEAL.leader(declared))).user_id == self._author.user_id
        if told["skip_at"] is None and told["skipped"] is None and (is_own or held_at is None):
            return
        move = self._moves.get(record.id)
        if move is not None and told["skip_at"] == move.values["stage_since"]:
            stage = self._stage(move.values["stage_id"])
            may = stage is not None and stage_conditions.may_skip(self._author.person, stage)
            if may or (is_own and held_at is not None):
                return
        raise Refused(Code.INVALID, kept_by_the_program(declared))

    def _is_skipped(self, record: Record, stage: StageRow, values: Mapping[str, Any]) -> bool:
        """Tell whether the author, who may, gave a reason for this very move."""
        given = record.mark(register_of(DEAL.fields["skip_reason"]))
        return (
            bool(values.get("skip_reason"))
            and values.get("skip_at") is not None
            and values["skip_at"] == values.get("stage_since")
            and given.user_id == self._author.user_id
            and stage_conditions.may_skip(self._author.person, stage)
        )

    def note_skips(self, server_ms: int) -> None:
        """Write down who skipped what, for the moves of the batch that stand."""
        for deal_id, stage_id, conditions in self._skips:
            deal = self._records.get(DEAL.no, deal_id)
            if deal is None or deal.values["stage_id"] != stage_id:
                continue
            audit.record(
                self._records.connection,
                "skip conditions",
                at_ms=server_ms,
                user_id=self._author.user_id,
                device=self._author.device,
                entity=DEAL.no,
                row_id=deal_id,
                detail={
                    "stage": stage_id,
                    "conditions": conditions,
                    "reason": str(deal.values["skip_reason"] or ""),
                },
            )
        self._skips.clear()


def demand_unused(records: Records, record: Record) -> None:
    """A stage with deals and a pipeline with stages are not deleted: their deals would be nowhere."""
    if record.schema.name == "stage":
        query = select(_deals.c.id).where(_deals.c.stage_id == record.id, _deals.c.life % 2 == 1)
        kind, said = DEAL.no, _STILL_USED
    elif record.schema.name == "pipeline":
        query = select(_stages.c.id).where(_stages.c.pipeline_id == record.id, _stages.c.life % 2 == 1)
        kind, said = SCHEMAS["stage"].no, _NOT_EMPTY
    else:
        return
    records.noticed_kinds.add(kind)
    if records.connection.execute(query.limit(1)).first() is not None:
        raise Refused(Code.ILLEGAL_STATE, said)


def _done_at(values: Mapping[str, Any]) -> int:
    return int(values.get("happened_at") or values.get("due_at") or values.get("created_at") or 0)
