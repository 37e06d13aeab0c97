"""Telling webhooks: messages made of the feed by the sight of a key, signed, sent, and sent again.

Signatures are those of Standard Webhooks (https://www.standardwebhooks.com): `webhook-id`,
`webhook-timestamp`, and `webhook-signature` with HMAC-SHA256 over both and the body. A message comes at least
once; those of one record come in the order of what they tell. What they say of the record is read when they
are sent: nobody is told what his key may not see any more, and of a record that changed again he hears the
last state.
"""

from __future__ import annotations

import base64
import hmac
import http.client
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import structlog
from sqlalchemy import func, insert, or_, select, update

from crm_core.entities import BY_NO, SCHEMAS
from crm_core.errors import AccessDenied, BrokenPromise, NotFound
from crm_core.ids import new_id
from crm_core.schema.values import instant_text
from crm_core.times import DAY_MS, MINUTE_MS
from sync_server.services import keys, webhooks
from sync_server.services.auth import now_ms
from sync_server.services.changes import CREATED, HAPPENINGS, UPDATED, Change, changes_after
from sync_server.services.faults import Refusal
from sync_server.services.headquarters import Headquarters
from sync_server.services.outgoing_http import NotAllowed, Reply, post
from sync_server.services.reading import Reader, read_person
from sync_server.services.showing import shown
from sync_server.store.keys import ApiKey
from sync_server.store.tables import table_of
from sync_server.store.webhooks import Webhook, WebhookMessage

CLAIM_SPARE_S: Final = 5
"""How much longer a process has a webhook for itself than one request can take."""
BATCH: Final = 200
LONGEST_WAIT_MS: Final = 4 * 60 * MINUTE_MS
GONE: Final = 410
"""The status with which an address says that it wants to hear nothing more."""

_hook = table_of(Webhook)
_key = table_of(ApiKey)
_message = table_of(WebhookMessage)
log = structlog.get_logger("satchel.webhooks")


@dataclass(slots=True)
class Told:
    """How a round went."""

    made: int = 0
    sent: int = 0
    failed: int = 0
    dead: int = 0


def due_webhooks(hq: Headquarters, at_ms: int) -> list[int]:
    """Return the webhooks that have something to make or to send and that nobody works on."""
    waiting = select(_message.c.id).where(
        _message.c.webhook_id == _hook.c.id, _message.c.state == "waiting", _message.c.due_ms <= at_ms
    )
    works = select(_key.c.id).where(
        _key.c.user_id == _hook.c.user_id,
        _key.c.revoked_ms.is_(None),
        or_(_key.c.expires_ms.is_(None), _key.c.expires_ms > at_ms),
    )
    with hq.database.read() as snapshot:
        query = select(_hook.c.id).where(
            _hook.c.active,
            works.exists(),  # else nothing is told, and what happens meanwhile waits in the feed
            _hook.c.claimed_ms <= at_ms,
            (_hook.c.position < snapshot.head) | (_hook.c.paused_ms <= at_ms) & waiting.exists(),
        )
        return list(snapshot.connection.execute(query).scalars())


def tell(
    hq: Headquarters,
    webhook_id: int,
    clock: Callable[[], int] = now_ms,
    ending: Callable[[], bool] = lambda: False,
) -> Told:
    """Make a webhook's messages and send those that are due, unless another process does."""
    told = Told()
    if not _claim(hq, webhook_id, clock()):
        return told
    try:
        told.made = gather(hq, webhook_id, clock())
        while not ending() and (message := _next(hq, webhook_id, clock())) is not None:
            _claim(hq, webhook_id, clock(), again=True)
            if not _send(hq, webhook_id, message, clock, told):
                break
    finally:
        with hq.database.note() as connection:
            connection.execute(update(_hook).where(_hook.c.id == webhook_id).values(claimed_ms=0))
    return told


def gather(hq: Headquarters, webhook_id: int, at_ms: int) -> int:
    """Make messages of what happened since last time; return how many.

    A message and the place in the feed it was made up to are written together.
    """
    with hq.database.read() as snapshot:
        hook = snapshot.connection.execute(select(_hook).where(_hook.c.id == webhook_id)).one()
        wanted = frozenset(hook.events)
        kinds = sorted({event.partition(".")[0] for event in wanted} & SCHEMAS.keys())
        # A restored HQ may stand before where this webhook was.
        after = min(hook.position, snapshot.head)
        if after == snapshot.head == hook.position:
            return 0
        reader = Reader(snapshot.connection, read_person(snapshot.connection, hook.user_id))
        try:
            found = changes_after(snapshot, reader, after, kinds, BATCH)
            position, changes = found.position, found.changes
        except Refusal:  # it was silent for longer than HQ remembers
            log.warning("webhook missed", webhook=webhook_id)
            position, changes = snapshot.head, []
    chosen = [each for each in changes if wanted & {each.event, f"{each.entity}.{webhooks.ANY}"}]
    with hq.database.note() as connection:
        for change in chosen:
            if not _joined(connection, webhook_id, change):
                row = {
                    "webhook_id": webhook_id,
                    "message": f"msg_{new_id()}",
                    "entity": SCHEMAS[change.entity].no,
                    "row_id": change.record_id,
                    "what": change.what,
                    "made_ms": at_ms,
                    "due_ms": at_ms,
                }
                connection.execute(insert(_message).values(**row))
        connection.execute(update(_hook).where(_hook.c.id == webhook_id).values(position=position))
    return len(chosen)


def signed(secret: str, message: str, at_s: int, body: bytes) -> str:
    """Return one signature of a message, as its header carries it."""
    key = base64.b64decode(secret.removeprefix(webhooks.SECRET_PREFIX))
    content = f"{message}.{at_s}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, content, "sha256")).decode()


def wait_ms(tries: int, first_s: int, chance: float) -> int:
    """Return how long to wait after so many tries: twice as long each time up to hours, partly by chance."""
    wait = min(LONGEST_WAIT_MS, first_s * 1000 * 2 ** min(tries - 1, 20))
    return int(wait * (0.75 + 0.5 * chance))


def _claim(hq: Headquarters, webhook_id: int, at_ms: int, *, again: bool = False) -> bool:
    free = () if again else (_hook.c.claimed_ms <= at_ms, _hook.c.active)
    with hq.database.note() as connection:
        # To be connected takes the time-out at most, and so does the answer.
        until_ms = at_ms + (2 * hq.settings.webhook_timeout_s + CLAIM_SPARE_S) * 1000
        mine = update(_hook).where(_hook.c.id == webhook_id, *free).values(claimed_ms=until_ms)
        return bool(connection.execute(mine).rowcount)


def _joined(connection: Any, webhook_id: int, change: Change) -> bool:
    """Tell whether a message that was not tried yet says it already: it reads the record when it is sent."""
    query = (
        select(_message)
        .where(
            _message.c.webhook_id == webhook_id,
            _message.c.state == "waiting",
            _message.c.entity == SCHEMAS[change.entity].no,
            _message.c.row_id == change.record_id,
        )
        .order_by(_message.c.id.desc())
        .limit(1)
    )
    last = connection.execute(query).one_or_none()
    return last is not None and not last.tries and change.what == UPDATED and last.what in (CREATED, UPDATED)


def _next(hq: Headquarters, webhook_id: int, at_ms: int) -> Any:
    """Return the first message that is due and has none of its record before it; None for none."""
    waiting = (_message.c.webhook_id == webhook_id, _message.c.state == "waiting")
    earlier = _message.alias("earlier")
    before = (
        select(func.count())
        .where(
            earlier.c.webhook_id == webhook_id,
            earlier.c.state == "waiting",
            earlier.c.entity == _message.c.entity,
            earlier.c.row_id == _message.c.row_id,
            earlier.c.id < _message.c.id,
        )
        .scalar_subquery()
    )
    with hq.database.read() as snapshot:
        hook = snapshot.connection.execute(select(_hook).where(_hook.c.id == webhook_id)).one_or_none()
        if hook is None or not hook.active or hook.paused_ms > at_ms:
            return None
        query = select(_message).where(*waiting, _message.c.due_ms <= at_ms, before == 0)
        return snapshot.connection.execute(query.order_by(_message.c.id).limit(1)).one_or_none()


def _send(hq: Headquarters, webhook_id: int, message: Any, clock: Callable[[], int], told: Told) -> bool:
    """Send one message and write down what came of it; tell whether others may follow at once."""
    with hq.database.read() as snapshot:
        hook = snapshot.connection.execute(select(_hook).where(_hook.c.id == webhook_id)).one()
    body = _body(hq, hook.user_id, message)
    if body is None:
        _note(hq, message.id, state="void", done_ms=clock())
        return True
    reply, reason = None, ""
    try:
        reply = _post(hq, hook, message.message, body, clock())
    except (OSError, http.client.HTTPException, NotAllowed) as error:
        reason = type(error).__name__ if not isinstance(error, NotAllowed) else str(error)
    at_ms = clock()
    if reply is not None and 200 <= reply.status < 300:
        told.sent += 1
        _note(hq, message.id, state="sent", done_ms=at_ms, tries=message.tries + 1, status=reply.status)
        with hq.database.note() as connection:
            connection.execute(update(_hook).where(_hook.c.id == webhook_id).values(sent_ms=at_ms))
        return True
    told.failed += 1
    return _failed(hq, hook, message, reply, reason, at_ms, told)


def _failed(
    hq: Headquarters, hook: Any, message: Any, reply: Reply | None, reason: str, at_ms: int, told: Told
) -> bool:
    """Write down a try that failed and when the next one is; tell whether other messages may be tried now."""
    tries = message.tries + 1
    again_ms = at_ms + max(
        wait_ms(tries, hq.settings.webhook_wait_s, random.random()),
        min(LONGEST_WAIT_MS, (reply.wait_s if reply is not None else 0) * 1000),
    )
    status = reply.status if reply is not None else None
    kept = {"tries": tries, "status": status, "reason": reason or f"HTTP {status}", "due_ms": again_ms}
    is_gone = status == GONE
    if is_gone or again_ms > message.made_ms + hq.settings.webhook_days * DAY_MS:
        told.dead += 1
        log.warning("webhook message dead", webhook=hook.id, tries=tries, status=status)
        kept |= {"state": "dead", "done_ms": at_ms}
    _note(hq, message.id, **kept)
    # One message that is not understood holds up no other; an address that is not well is left alone.
    is_unwell = status is None or status >= 500 or status == 429
    if is_gone or is_unwell:
        changed = {"active": False} if is_gone else {"paused_ms": again_ms}
        with hq.database.note() as connection:
            connection.execute(update(_hook).where(_hook.c.id == hook.id).values(**changed))
        return False
    return True


def _post(hq: Headquarters, hook: Any, message: str, body: bytes, at_ms: int) -> Reply:
    salts = [hook.salt]
    if hook.old_salt is not None and hook.old_until_ms is not None and at_ms < hook.old_until_ms:
        salts.append(hook.old_salt)
    at_s = at_ms // 1000
    signatures = [signed(webhooks.secret_of(hq.settings, salt), message, at_s, body) for salt in salts]
    headers = {
        "Content-Type": "application/json",
        "webhook-id": message,
        "webhook-timestamp": str(at_s),
        "webhook-signature": " ".join(signatures),
    }
    return post(hook.url, body, headers, hq.settings)


def _body(hq: Headquarters, user_id: str, message: Any) -> bytes | None:
    """Return what a message says; None where its key may not hear it now, or the record has gone since."""
    if message.entity not in BY_NO or message.what not in HAPPENINGS:
        return None
    entity = BY_NO[message.entity].name
    data: dict[str, Any] = {"entity": entity, "id": message.row_id}
    try:
        keys.demand_works(hq, user_id)
        if message.what in (CREATED, UPDATED):
            with hq.records.reader(user_id) as reader:
                values = reader.get(entity, message.row_id)
                (data["record"],) = shown(reader, entity, [(message.row_id, values)])
    except (NotFound, AccessDenied, BrokenPromise, Refusal):
        return None
    whole = {"type": f"{entity}.{message.what}", "timestamp": instant_text(message.made_ms), "data": data}
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()


def _note(hq: Headquarters, message_id: int, **values: Any) -> None:
    with hq.database.note() as connection:
        connection.execute(update(_message).where(_message.c.id == message_id).values(**values))
