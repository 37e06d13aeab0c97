"""Making this laptop known to HQ. What was made here before is kept and sent with the first round."""

from __future__ import annotations

from sqlalchemy.orm import Session

from crm_core import SCHEMA_VERSION
from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.sync.clock import reading
from crm_core.sync.protocol import EnrolRequest, EnrolResponse, Headquarters
from crm_desktop.models import state
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
