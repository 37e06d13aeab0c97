"""Saying yes or no to an edit HQ refused, and telling its writer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec
from sqlalchemy import Connection, select, update

from crm_core.entities import BY_NO
from crm_core.errors import NotFound, StaleRecord
from crm_core.i18n import N_, Message, plain_places
from crm_core.sync.clock import reading, tick
from crm_core.sync.protocol import (
    OFFERED,
    Code,
    Judged,
    Judgement,
    MsgKind,
    Op,
    OpKind,
    Txn,
    TxnFlag,
    Verdict,
)
from sync_server.services import audit
from sync_server.services.merge import merge
from sync_server.services.quarantine import KEPT, NO_SUCH_EDIT, TURNING, Judge, Kept, read_kept
from sync_server.services.rights import Author, Refused, is_at_hq
from sync_server.services.wanted import UNREADABLE
from sync_server.store.database import HqTransaction, Snapshot

_STATES: Final = {Judgement.ACCEPT: "accepted", Judgement.DECLINE: "declined"}


def judge(hq: HqTransaction, author: Author, verdicts: Iterable[Verdict], server_ms: int) -> list[Judged]:
    """Carry out what a laptop's person decided; return what could not be.

    A verdict that comes again, because its answer was lost, changes nothing.
    """
    failed: list[Judged] = []
    for verdict in verdicts:
        if verdict.judgement in (Judgement.WITHDRAW, Judgement.OFFER):
            _offer(hq, author, verdict)
            continue
        try:
            if verdict.judgement == Judgement.ACCEPT:
                accept(hq, verdict.id, author, server_ms)
            elif verdict.judgement == Judgement.DECLINE:
                decline(hq, verdict.id, author, server_ms)
        except (NotFound, StaleRecord) as error:
            failed.append(_failed(verdict, error.message, server_ms))
        except Refused as refused:
            failed.append(_failed(verdict, refused.reason, server_ms))
    return failed


def accept(hq: HqTransaction, kept_id: int, author: Author, server_ms: int) -> None:
    """Make a refused edit the author's own, by way of the merge every edit goes.

    Raises `Refused` where the merge does; `NotFound` for an edit there is none of or that is not the
    author's to decide, alike; `StaleRecord` where it was decided otherwise.
    """
    kept = _decidable(hq.connection, kept_id, author, "accepted")
    if kept is None:
        return
    op = _made_anew(hq, kept, Judge(hq.connection, author.person).life(kept))
    before = (hq.positions.last, hq.policy_seq, hq.hq_op_no, hq.hq_hlc, hq.max_hlc)
    attempt = hq.connection.begin_nested()
    as_hq = Author(user_id=author.user_id, person=author.person)
    txn = Txn(1, TxnFlag.NONE, tick(hq.hq_hlc, server_ms), [op])
    (answer,) = merge(hq, as_hq, [txn], sent_hlc=reading(server_ms), server_ms=server_ms).answers
    if not Code(answer.code).took_effect:
        attempt.rollback()
        hq.positions.last, hq.policy_seq, hq.hq_op_no, hq.hq_hlc, hq.max_hlc = before
        text, places = answer.extra[0], answer.extra[1]
        raise Refused(Code(answer.code), Message(text, {name: Message(at) for name, at in places.items()}))
    attempt.commit()
    _close(hq, kept, author, "accepted", server_ms)


def decline(hq: HqTransaction, kept_id: int, author: Author, server_ms: int) -> None:
    """Let a refused edit stay refused, and its writer be told. Raises like `accept`."""
    kept = _decidable(hq.connection, kept_id, author, "declined")
    if kept is not None:
        _close(hq, kept, author, "declined", server_ms)


def _decidable(connection: Connection, kept_id: int, author: Author, state: str) -> Kept | None:
    """Return an edit the author may decide about; None where he has decided so already."""
    row = connection.execute(select(KEPT).where(KEPT.c.id == kept_id)).mappings().one_or_none()
    if row is None:
        raise NotFound(NO_SUCH_EDIT)
    kept = read_kept(row)
    if (kept.state, kept.judge_id) == (state, author.user_id):
        return None
    if not is_at_hq(author):
        judge_of = Judge(connection, author.person)
        judge_of.know((kept,))
        is_shown = kept.code in OFFERED and kept.device != 0 and kept.user_id != author.user_id
        if not is_shown or judge_of.wanted(kept) is None:
            raise NotFound(NO_SUCH_EDIT)
    if kept.state != "open":
        raise StaleRecord(N_("This edit was decided about or withdrawn meanwhile"))
    return kept


def _made_anew(hq: HqTransaction, kept: Kept, life: int) -> Op:
    """Return a refused operation as HQ makes it now, of a record with this life counter."""
    if kept.op is None:
        raise Refused(Code.INVALID, UNREADABLE)
    op = msgspec.structs.replace(
        kept.op, no=hq.hq_op_no + 1, hlc_delta=0, base=hq.positions.last, row=bytes.fromhex(kept.row_id)
    )
    if op.kind in TURNING:
        return msgspec.structs.replace(op, value=life)
    schema = BY_NO[kept.entity]
    if op.kind == OpKind.CREATE and schema.meta.series is not None:
        # Its number is of the laptop's own lease; HQ gives one of its own.
        given = schema.fields["number"].no
        pairs = [(number, value) for number, value in zip(*op.value, strict=True) if number != given]
        return msgspec.structs.replace(op, value=[[pair[0] for pair in pairs], [pair[1] for pair in pairs]])
    return op


def _close(hq: HqTransaction, kept: Kept, author: Author, state: str, server_ms: int) -> None:
    hq.connection.execute(
        update(KEPT)
        .where(KEPT.c.id == kept.id)
        .values(
            state=state,
            judge_id=author.user_id,
            judged_ms=server_ms,
            judged_seq=hq.positions.next(),
        )
    )
    audit.record(
        hq.connection,
        "accept edit" if state == "accepted" else "decline edit",
        at_ms=server_ms,
        user_id=author.user_id,
        device=author.device or None,
        entity=kept.entity,
        row_id=kept.row_id,
        detail={"writer": kept.user_id, "device": kept.device, "op_no": kept.op_no},
    )


def _offer(hq: HqTransaction, author: Author, verdict: Verdict) -> None:
    """Stop or go on showing an edit to others, as its writer says."""
    was, becomes = ("open", "withdrawn") if verdict.judgement == Judgement.WITHDRAW else ("withdrawn", "open")
    own = update(KEPT).where(
        KEPT.c.device == author.device,
        KEPT.c.user_id == author.user_id,
        KEPT.c.incarnation == verdict.incarnation,
        KEPT.c.op_no == verdict.op_no,
        KEPT.c.state == was,
    )
    # A position of its own, for those it is shown to are to hear of it.
    hq.connection.execute(own.values(state=becomes, seq=hq.positions.next()))


def _failed(verdict: Verdict, reason: Message, server_ms: int) -> Judged:
    return Judged(
        kind=MsgKind.JUDGED,
        optional=1,
        judgement=Judgement.FAILED,
        id=verdict.id,
        incarnation=0,
        op_no=0,
        user=None,
        at_ms=server_ms,
        reason=reason.text,
        places=plain_places(reason),
    )


def judged_message(snapshot: Snapshot, seq: int, device: int) -> Judged:
    """Return what a writer's laptop is told of the decision at a position."""
    query = select(KEPT).where(KEPT.c.device == device, KEPT.c.judged_seq == seq)
    return _told(read_kept(snapshot.connection.execute(query).mappings().one()))


def missed_judgements(snapshot: Snapshot, device: int, after: int, most: int = 200) -> list[Judged]:
    """Return the newest decisions about a laptop's edits that it has not heard, having begun anew."""
    query = select(KEPT).where(KEPT.c.device == device, KEPT.c.judged_seq > after)
    rows = snapshot.connection.execute(query.order_by(KEPT.c.judged_seq.desc()).limit(most)).mappings()
    return [_told(read_kept(row)) for row in reversed(rows.all())]


def _told(kept: Kept) -> Judged:
    judgement = next(each for each, state in _STATES.items() if state == kept.state)
    return Judged(
        kind=MsgKind.JUDGED,
        optional=1,
        judgement=judgement,
        id=kept.id,
        incarnation=kept.incarnation,
        op_no=kept.op_no,
        user=bytes.fromhex(kept.judge_id) if kept.judge_id else None,
        at_ms=kept.judged_ms or 0,
    )
