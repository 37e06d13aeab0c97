"""Making this laptop known to HQ. What was made here before is kept and sent with the first round."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from crm_core import SCHEMA_VERSION
from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.sync.clock import reading
from crm_core.sync.merge import dot
from crm_core.sync.protocol import EnrolRequest, EnrolResponse, Headquarters, OpKind
from crm_desktop.models import state
from crm_desktop.models.device_tables import NumberLease, OutboxOp
from crm_desktop.models.recording import adopt_identity
from crm_desktop.models.state import Key

FIRST_INCARNATION = 1


def ask(hq: Headquarters, user: str, password: str, device_name: str) -> EnrolResponse:
    """Sign in at HQ with this laptop. Raises `UserError` where name or password are wrong."""
    if not user.strip() or not password:
        raise UserError(N_("Type your name and your password"))
    return hq.enrol(
        EnrolRequest(user=user.strip(), password=password, device_name=device_name, schema=SCHEMA_VERSION)
    )


def remember(session: Session, answer: EnrolResponse, address: str) -> None:
    """Keep what HQ said, in the caller's transaction. The secret goes to the key store, not here.

    A laptop that was known to HQ before signs in again as another device: it begins anew, and what HQ does
    not name to it then goes.
    """
    known = state.read_all(session)
    if known[Key.DEVICE]:
        is_other = bool(known[Key.EPOCH]) and known[Key.EPOCH] != answer.epoch
        restart(session, answer.device, FIRST_INCARNATION, answered=0 if is_other else None)
        state.write(session, {Key.RESYNC_MARK: max(1, answer.server_ms)})
    else:
        adopt_identity(session, answer.device, FIRST_INCARNATION)
    state.write(
        session,
        {
            Key.EPOCH: answer.epoch,
            Key.NONCE: answer.nonce,
            Key.TOKEN: b"",
            Key.USER_ID: answer.user_id,
            Key.USER_NAME: answer.user_name,
            Key.COMPANY: answer.company,
            Key.SERVER_URL: address,
        },
    )
    state.observe_hlc(session, reading(answer.server_ms))


def restart(session: Session, device: int, incarnation: int, *, answered: int | None = None) -> None:
    """Go on under a new name: what waits is numbered from one again, in its order.

    HQ asks for it when the database turned out to be a copy, or restored from a backup. Operations HQ
    answered before are known to it by their content, so none takes effect twice. Numbers of quotes and the
    like that were leased to the old name are given up: the other copy has them too.

    `answered` is told where HQ itself went back to a backup: the last operation it remembers. Those it
    answered after that count as never sent, and `bringing_back` makes them again.
    """
    run = session.connection().exec_driver_sql
    if answered is not None:
        run("UPDATE history SET sent = 0 WHERE origin = 'here' AND sent = 1 AND op_no > ?", (answered,))
    # Numbers of the old name mean nothing under the new one.
    run("UPDATE history SET op_no = NULL WHERE op_no NOT IN (SELECT no FROM outbox_op)")
    session.execute(delete(NumberLease))
    renumber(session, session.scalars(select(OutboxOp.no).order_by(OutboxOp.no)).all(), device, incarnation)


def renumber(session: Session, order: Sequence[int], device: int, incarnation: int) -> None:
    """Number what waits from one on in the given order, under the given name, and all that refers to it."""
    known = state.read_all(session)
    renumbered = list(enumerate(order, start=1))
    additions = set(session.scalars(select(OutboxOp.no).where(OutboxOp.kind == OpKind.TAG_ADD)))
    old = (known[Key.DEVICE], known[Key.INCARNATION])
    dots = {dot(*old, was): dot(device, incarnation, new) for new, was in renumbered if was in additions}
    run = session.connection().exec_driver_sql
    if dots:
        # By way of names no dot has, for the old and the new ones may overlap.
        run("UPDATE set_dot SET dot = '~' || ? WHERE dot = ?", [(new, was) for was, new in dots.items()])
        run("UPDATE set_dot SET dot = substr(dot, 2) WHERE dot LIKE '~%'")
    for no, value in session.execute(
        select(OutboxOp.no, OutboxOp.value).where(OutboxOp.kind == OpKind.TAG_DEL)
    ).all():
        word, seen = value
        renamed = [word, [dots.get(name, name) for name in seen]]
        session.execute(update(OutboxOp).where(OutboxOp.no == no).values(value=renamed))
    if renumbered:
        # By way of negative numbers, for the same reason.
        run("UPDATE outbox_op SET no = -? WHERE no = ?", renumbered)
        run("UPDATE history SET op_no = -? WHERE op_no = ?", renumbered)
        run("UPDATE outbox_op SET no = -no WHERE no < 0")
        run("UPDATE history SET op_no = -op_no WHERE op_no < 0")
    state.write(
        session,
        {Key.DEVICE: device, Key.INCARNATION: incarnation, Key.NEXT_OP: len(renumbered) + 1},
    )
