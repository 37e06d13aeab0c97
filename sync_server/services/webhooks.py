"""Webhooks as an administrator keeps them: made, listed, renewed, removed; their dead messages sent anew."""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import delete, func, insert, select, update

from crm_core.entities import BY_NO, SCHEMAS
from crm_core.errors import NotFound, UserError
from crm_core.i18n import N_
from crm_core.rules.access import Action, decide
from crm_core.schema.values import instant_text
from crm_core.times import DAY_MS, HOUR_MS
from sync_server.services import audit, keys, people
from sync_server.services.auth import now_ms
from sync_server.services.changes import HAPPENINGS
from sync_server.services.headquarters import Headquarters
from sync_server.services.outgoing_http import demand_address
from sync_server.settings import Settings
from sync_server.store.database import Database
from sync_server.store.tables import table_of
from sync_server.store.webhooks import Webhook, WebhookMessage

ANY: Final = "*"
SECRET_PREFIX: Final = "whsec_"  # as the specification of Standard Webhooks writes secrets
SALT_BYTES: Final = 16
OVERLAP_HOURS: Final = 24
SHOWN_DAYS: Final = 7
"""How long messages that were taken, or came to nothing, can still be looked at."""
SHOWN_MOST: Final = 1000

_hook = table_of(Webhook)
_message = table_of(WebhookMessage)


def add(hq: Headquarters, url: str, key_name: str, events: Iterable[str]) -> dict[str, Any]:
    """Make a webhook that tells of events from now on, and return it with its secret, told this once.

    Raises `UserError` for an event there is none of or that the key may not hear of, and for an address HQ
    does not send to.
    """
    _key_id, user_id = keys.find(hq, key_name)
    wanted = _demand_events(hq, user_id, events)
    demand_address(url, hq.settings)
    salt, at_ms = secrets.token_bytes(SALT_BYTES), now_ms()
    with hq.database.read() as snapshot:
        head = snapshot.head
    row = {"user_id": user_id, "url": url, "events": list(wanted), "salt": salt, "position": head}
    with hq.database.note() as connection:
        made = connection.execute(insert(_hook).values(**row, made_ms=at_ms)).inserted_primary_key
        audit.record(connection, "webhook made", at_ms=at_ms, user_id=user_id, detail=list(wanted))
    secret = secret_of(hq.settings, salt)
    return {"id": made[0] if made else None, "url": url, "events": list(wanted), "secret": secret}


def listed(hq: Headquarters) -> list[dict[str, Any]]:
    """Return the webhooks there are, with how many of their messages wait and how many are dead."""
    names = people.names_of_users(hq)
    counted = select(_message.c.webhook_id, _message.c.state, func.count()).group_by(
        _message.c.webhook_id, _message.c.state
    )
    with hq.database.read() as snapshot:
        rows = snapshot.connection.execute(select(_hook).order_by(_hook.c.id)).all()
        numbers = {(each[0], each[1]): each[2] for each in snapshot.connection.execute(counted)}
    return [
        {
            "id": row.id,
            "url": row.url,
            "key": names.get(row.user_id, row.user_id),
            "events": " ".join(row.events),
            "active": row.active,
            "waiting": numbers.get((row.id, "waiting"), 0),
            "dead": numbers.get((row.id, "dead"), 0),
            "sent_at": instant_text(row.sent_ms) if row.sent_ms else None,
        }
        for row in rows
    ]


def remove(hq: Headquarters, webhook_id: int) -> dict[str, Any]:
    """Remove a webhook with its messages."""
    row = _found(hq, webhook_id)
    with hq.database.note() as connection:
        connection.execute(delete(_message).where(_message.c.webhook_id == webhook_id))
        connection.execute(delete(_hook).where(_hook.c.id == webhook_id))
        audit.record(connection, "webhook removed", at_ms=now_ms(), user_id=row.user_id)
    return {"id": webhook_id, "removed": True}


def rotate(hq: Headquarters, webhook_id: int, hours: int = OVERLAP_HOURS) -> dict[str, Any]:
    """Give a webhook another secret and return it; for so many hours messages carry both signatures."""
    row = _found(hq, webhook_id)
    salt, at_ms = secrets.token_bytes(SALT_BYTES), now_ms()
    kept = {"salt": salt, "old_salt": row.salt, "old_until_ms": at_ms + hours * HOUR_MS}
    with hq.database.note() as connection:
        connection.execute(update(_hook).where(_hook.c.id == webhook_id).values(**kept))
        audit.record(connection, "webhook secret", at_ms=at_ms, user_id=row.user_id)
    until = instant_text(kept["old_until_ms"])
    return {"id": webhook_id, "secret": secret_of(hq.settings, salt), "old_until": until}


def messages(hq: Headquarters, webhook_id: int | None, state: str | None) -> list[dict[str, Any]]:
    """Return messages, newest first: what they tell of, how they stand, and why they failed last."""
    query = select(_message).order_by(_message.c.id.desc()).limit(SHOWN_MOST)
    if webhook_id is not None:
        query = query.where(_message.c.webhook_id == webhook_id)
    if state is not None:
        query = query.where(_message.c.state == state)
    with hq.database.read() as snapshot:
        rows = snapshot.connection.execute(query).all()
    return [
        {
            "id": row.id,
            "webhook": row.webhook_id,
            "event": f"{BY_NO[row.entity].name}.{row.what}",
            "record": row.row_id,
            "state": row.state,
            "tries": row.tries,
            "status": row.status,
            "reason": row.reason,
            "due_at": instant_text(row.due_ms) if row.state == "waiting" else None,
        }
        for row in rows
        if row.entity in BY_NO
    ]


def resend(hq: Headquarters, webhook_id: int, message_id: int | None = None) -> int:
    """Have dead messages of a webhook sent anew, or one of them; return how many. It is active again then."""
    _found(hq, webhook_id)
    at_ms = now_ms()
    dead = [_message.c.webhook_id == webhook_id, _message.c.state == "dead"]
    if message_id is not None:
        dead.append(_message.c.id == message_id)
    anew = {"state": "waiting", "due_ms": at_ms, "made_ms": at_ms, "tries": 0, "done_ms": None}
    with hq.database.note() as connection:
        number = int(connection.execute(update(_message).where(*dead).values(**anew)).rowcount)
        connection.execute(update(_hook).where(_hook.c.id == webhook_id).values(active=True, paused_ms=0))
    return number


def forget_messages(database: Database, at_ms: int) -> int:
    """Forget messages that were done with some days ago, but dead ones; return how many those were."""
    old = _message.c.done_ms < at_ms - SHOWN_DAYS * DAY_MS
    with database.note() as connection:
        gone = delete(_message).where(_message.c.state.in_(("sent", "void")), old)
        return int(connection.execute(gone).rowcount)


def secret_of(settings: Settings, salt: bytes) -> str:
    """Return the secret a webhook's messages are signed with."""
    raw = hmac.digest(bytes.fromhex(settings.secret), b"webhook" + salt, "sha256")
    return SECRET_PREFIX + base64.b64encode(raw).decode()


def _found(hq: Headquarters, webhook_id: int) -> Any:
    with hq.database.read() as snapshot:
        row = snapshot.connection.execute(select(_hook).where(_hook.c.id == webhook_id)).one_or_none()
    if row is None:
        raise NotFound(N_("There is no webhook {number}; see “crm-server webhook list”"), number=webhook_id)
    return row


def _demand_events(hq: Headquarters, user_id: str, events: Iterable[str]) -> tuple[str, ...]:
    wanted = tuple(sorted(set(events)))
    if not wanted:
        raise UserError(N_("Say with --on what to tell of, such as order.created"))
    with hq.records.reader(user_id) as reader:
        for event in wanted:
            entity, _, what = event.partition(".")
            if entity not in SCHEMAS:
                raise UserError(N_("There is no kind of record called “{name}”"), name=entity)
            if what not in (*HAPPENINGS, ANY):
                allowed = ", ".join((*HAPPENINGS, ANY))
                raise UserError(N_("“{text}” is none of {allowed}"), text=event, allowed=allowed)
            decide(reader.person, Action.READ, entity).demand()
    return wanted
