"""Making this laptop known to HQ. What was made here before is kept and sent with the first round."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from crm_core import SCHEMA_VERSION
from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.sync.clock import reading
from crm_core.sync.merge import dot
from crm_core.sync.protocol import EnrolRequest, EnrolResponse, Headquarters, OpKind
from crm_desktop.models import state
from crm_desktop.models.device_tables import OutboxOp
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
    """Keep what HQ said, in the caller's transaction. The secret goes to the key store, not here."""
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


def restart(session: Session, device: int, incarnation: int) -> None:
    """Go on under a new incarnation: what waits is numbered from one again, in its order.

    HQ asks for it when the database turned out to be a copy, or restored from a backup. Operations HQ
    answered before are known to it by their content, so none takes effect twice.
    """
    known = state.read_all(session)
    rows = session.execute(select(OutboxOp.no, OutboxOp.kind).order_by(OutboxOp.no)).all()
    renumbered = [(new, row.no) for new, row in enumerate(rows, start=1)]
    old = (known[Key.DEVICE], known[Key.INCARNATION])
    dots = {
        dot(*old, row.no): dot(device, incarnation, new)
        for new, row in enumerate(rows, start=1)
        if row.kind == OpKind.TAG_ADD
    }
    run = session.connection().exec_driver_sql
    if dots:
        run("UPDATE set_dot SET dot = ? WHERE dot = ?", [(new, was) for was, new in dots.items()])
    for no, value in session.execute(
        select(OutboxOp.no, OutboxOp.value).where(OutboxOp.kind == OpKind.TAG_DEL)
    ).all():
        word, seen = value
        renamed = [word, [dots.get(name, name) for name in seen]]
        session.execute(update(OutboxOp).where(OutboxOp.no == no).values(value=renamed))
    if renumbered:
        # By way of negative numbers, for the old and the new ones may overlap.
        run("UPDATE outbox_op SET no = -? WHERE no = ?", renumbered)
        run("UPDATE history SET op_no = -? WHERE op_no = ?", renumbered)
        run("UPDATE outbox_op SET no = -no WHERE no < 0")
        run("UPDATE history SET op_no = -op_no WHERE op_no < 0")
    state.write(
        session,
        {Key.DEVICE: device, Key.INCARNATION: incarnation, Key.NEXT_OP: len(renumbered) + 1},
    )
