"""Making this laptop known to HQ. What was made here before is kept and sent with the first round."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from crm_core import SCHEMA_VERSION
from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.sync.clock import reading
from crm_core.sync.protocol import EnrolRequest, EnrolResponse, Headquarters
from crm_desktop.models import state
from crm_desktop.models.device_tables import NumberLease, OutboxOp
from crm_desktop.models.recording import adopt_identity
from crm_desktop.models.state import Key
from crm_desktop.sync import outbox

FIRST_INCARNATION = 1


def ask(hq: Headquarters, user: str, password: str, device_name: str) -> EnrolResponse:
    """Sign in at HQ with this laptop. Raises `UserError` where name or password are wrong."""
    if not user.strip() or not password:
        raise UserError(N_("Type your name and your password"))
    return hq.enrol(
        EnrolRequest(user=user.strip(), password=password, device_name=device_name, schema=SCHEMA_VERSION)
    )


def remember(session: Session, answer: EnrolResponse, address: str, opened: bytes = b"") -> None:
    """Keep what HQ said, in the caller's transaction. The secret goes to the key store, not here.

    `opened` was drawn where a file said it, so that HQ knows who opened the file.

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
            Key.OPENED: [answer.nonce, opened] if opened else [],
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
    order = session.scalars(select(OutboxOp.no).order_by(OutboxOp.no)).all()
    outbox.renumber(session, order, device, incarnation)
    # HQ may have any of them, by its content.
    outbox.mark_sent(session, len(order))
