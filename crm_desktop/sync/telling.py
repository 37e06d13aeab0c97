"""What a laptop tells HQ of itself with every request, decisions about refused edits among it."""

from __future__ import annotations

from pathlib import PurePath
from typing import Final

from msgspec import structs
from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS
from crm_core.sync.protocol import Exported, Judgement, Told, Verdict
from crm_desktop.models import state
from crm_desktop.models.device_tables import EXPORTED, Offer, OutboxTxn, Returned, SyncEvent, UntoldVerdict
from crm_desktop.models.refused import waits_by_itself
from crm_desktop.models.state import Key

VERDICTS_AT_ONCE = 200
EXPORTS_AT_ONCE = 20
_RETURNED: Final = select(func.count(Returned.id)).where(waits_by_itself())
JUDGEMENTS = {"accept": Judgement.ACCEPT, "decline": Judgement.DECLINE}


def told(session: Session, waiting: int) -> Told:
    """Return what to tell now; `waiting` operations are not answered."""
    oldest_ms = session.scalar(select(func.min(OutboxTxn.created_ms))) if waiting else None
    compared_ms, repaired, differing = state.read(session, Key.COMPARED)
    return Told(
        waiting=waiting,
        oldest_ms=oldest_ms or 0,
        returned=session.scalar(_RETURNED) or 0,
        clock_off_ms=state.read(session, Key.OFFSET_MS),
        compared_ms=compared_ms,
        repaired=repaired,
        differing=differing,
        verdicts=_verdicts(session),
        exports=_exports(session),
    )


def said_already(told: Told | None) -> Told | None:
    """Return what was told without verdicts and exports: a request that follows need not bring them again."""
    return structs.replace(told, verdicts=[], exports=[]) if told else None


def has_verdicts(session: Session) -> bool:
    """Tell whether something was decided that HQ has not heard."""
    return bool(_verdicts(session, 1))


def heard(session: Session, told: Told) -> None:
    """Note what HQ has heard: exports, and what was decided about own edits.

    About others' edits its next list says so.
    """
    if told.exports:
        state.write(session, {Key.EXPORT_TOLD: told.exports[-1].no})
    for verdict in told.verdicts:
        session.execute(
            delete(UntoldVerdict).where(
                UntoldVerdict.incarnation == verdict.incarnation,
                UntoldVerdict.op_no == verdict.op_no,
                UntoldVerdict.verdict == verdict.judgement,
            )
        )


def note_beginning(session: Session, why: str, at_ms: int) -> None:
    """Note in the Sync centre's history that HQ had this laptop begin anew: `RoundReport.begun_anew`."""
    session.execute(insert(SyncEvent).values(at_ms=at_ms, kind="begun_anew", detail={"why": why}))


def _exports(session: Session) -> list[Exported]:
    query = (
        select(SyncEvent.id, SyncEvent.at_ms, SyncEvent.detail)
        .where(SyncEvent.kind == EXPORTED, SyncEvent.id > state.read(session, Key.EXPORT_TOLD))
        .order_by(SyncEvent.id)
        .limit(EXPORTS_AT_ONCE)
    )
    return [
        Exported(
            no=row.id,
            at_ms=row.at_ms,
            entity=SCHEMAS[row.detail["entity"]].no,
            rows=row.detail["rows"],
            form=PurePath(row.detail["file"]).suffix.removeprefix(".").lower(),
        )
        for row in session.execute(query)
    ]


def _verdicts(session: Session, limit: int = VERDICTS_AT_ONCE) -> list[Verdict]:
    answers = session.execute(select(Offer.id, Offer.answer).where(Offer.answer != "").limit(limit))
    verdicts = [Verdict(judgement=JUDGEMENTS[row.answer], id=row.id) for row in answers]
    untold = session.scalars(select(UntoldVerdict).limit(limit - len(verdicts)))
    verdicts += [
        Verdict(judgement=each.verdict, incarnation=each.incarnation, op_no=each.op_no) for each in untold
    ]
    return verdicts
