"""Calendars for telephones: a secret address for each, with what its user may see of his own activities.

Whoever has an address needs no password, so it is long, told once, kept as a hash, and can be taken back at
any time. An address that is unknown, taken back or of somebody shut out gets one and the same answer.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import delete, insert, select, update

from crm_core.errors import AccessDenied, NotFound
from crm_core.i18n import N_
from crm_core.schema.values import instant_text
from crm_core.times import DAY_MS, HOUR_MS
from sync_server.services import audit, people
from sync_server.services.auth import now_ms
from sync_server.services.criteria import parse_criterion
from sync_server.services.faults import Refusal
from sync_server.services.headquarters import Headquarters
from sync_server.services.reading import PAGE_MOST, Reader, Values
from sync_server.store.calendar_feeds import CalendarFeed
from sync_server.store.tables import table_of

SECRET_BYTES: Final = 32
BACK_DAYS, AHEAD_DAYS = 92, 366
EVENTS_MOST: Final = 20_000
"""Of one calendar: what Satchel itself reads of a file."""
NO_ZONE: Final = ZoneInfo("UTC")
NOTHING_HERE: Final = N_("There is nothing here")

_feed = table_of(CalendarFeed)


def add(hq: Headquarters, user_name: str, label: str = "") -> dict[str, Any]:
    """Make an address for a user and return it; its secret is told this once."""
    user_id, values = people.find(hq, "user", user_name)
    hq.auth.demand_allowed(user_id)
    secret = secrets.token_urlsafe(SECRET_BYTES)
    at_ms = now_ms()
    with hq.database.note() as connection:
        row = {"user_id": user_id, "secret_hash": _hash(secret), "label": label.strip(), "made_ms": at_ms}
        made = connection.execute(insert(_feed).values(row)).inserted_primary_key
        audit.record(connection, "calendar feed made", at_ms=at_ms, user_id=user_id)
    return {"id": made[0] if made else None, "user": values["name"], "path": f"/calendar/{secret}.ics"}


def listed(hq: Headquarters, user_name: str | None = None) -> list[dict[str, Any]]:
    """Return the addresses there are, oldest first, without their secrets."""
    names = people.names_of_users(hq)
    wanted = None if user_name is None else people.find(hq, "user", user_name)[0]
    with hq.database.read() as snapshot:
        rows = snapshot.connection.execute(select(_feed).order_by(_feed.c.id)).all()
    return [
        {
            "id": row.id,
            "user": names.get(row.user_id, row.user_id),
            "label": row.label,
            "made_at": instant_text(row.made_ms),
            "used_at": instant_text(row.used_ms) if row.used_ms else None,
        }
        for row in rows
        if wanted in (None, row.user_id)
    ]


def revoke(hq: Headquarters, user_name: str, feed_id: int | None = None) -> int:
    """Take back a user's addresses, or one of them, and return how many those were."""
    user_id, _ = people.find(hq, "user", user_name)
    of_user = [_feed.c.user_id == user_id]
    if feed_id is not None:
        of_user.append(_feed.c.id == feed_id)
    with hq.database.note() as connection:
        number = connection.execute(delete(_feed).where(*of_user)).rowcount
        if number:
            audit.record(connection, "calendar feed revoked", at_ms=now_ms(), user_id=user_id, detail=number)
    if not number:
        raise NotFound(N_("{user} has no such calendar address"), user=user_name)
    return int(number)


def content(hq: Headquarters, secret: str) -> bytes:
    """Return the calendar of an address. Raises `NotFound` where there is none, or its user is shut out."""
    at_ms = now_ms()
    with hq.database.read() as snapshot:
        of_secret = _feed.c.secret_hash == _hash(secret)
        row = snapshot.connection.execute(select(_feed).where(of_secret)).one_or_none()
    if row is None:
        raise NotFound(NOTHING_HERE)
    try:
        hq.auth.demand_allowed(row.user_id)
        with hq.records.reader(row.user_id) as reader:
            activities = list(_activities(reader, row.user_id, at_ms))
            name = str(reader.get("user", row.user_id).get("name") or "")
    except (Refusal, AccessDenied) as error:
        raise NotFound(NOTHING_HERE) from error
    if row.used_ms is None or at_ms - row.used_ms >= HOUR_MS:
        with hq.database.note() as connection:
            connection.execute(update(_feed).where(_feed.c.id == row.id).values(used_ms=at_ms))
    # Here, not above: reading what it needs takes a server's start 40 ms, and most ask for no feed.
    from crm_core.rules.calendar_file import write_calendar  # noqa: PLC0415

    return write_calendar(activities, NO_ZONE, name)


def etag_of(raw: bytes) -> str:
    """Return what a calendar's state is called in a conditional request."""
    return f'"{hashlib.sha256(raw).hexdigest()[:32]}"'


def _activities(reader: Reader, user_id: str, at_ms: int) -> Iterator[tuple[str, Values, str]]:
    """Yield the user's planned activities of a year and a bit, as far as he may see them, in order."""
    lower = instant_text(at_ms - BACK_DAYS * DAY_MS)
    upper = instant_text(at_ms + AHEAD_DAYS * DAY_MS)
    found: dict[str, Values] = {}
    for whose in (f"owner_id = {user_id}", f"assignees = {user_id}"):
        for since in (f"due_at >= {lower}", "repeats ~ FREQ"):  # a series may have begun years ago
            found.update(_all(reader, (whose, since, f"due_at < {upper}")))
    ordered = sorted(found.items(), key=lambda pair: (pair[1]["due_at"], pair[0]))[-EVENTS_MOST:]
    customers = {str(values["customer_id"]) for _id, values in ordered if values.get("customer_id")}
    names = _customers(reader, customers)
    for record_id, values in ordered:
        yield record_id, values, names.get(str(values.get("customer_id")), "")


def _all(reader: Reader, conditions: tuple[str, ...]) -> Iterator[tuple[str, Values]]:
    criteria = [parse_criterion("activity", each, {}) for each in conditions]
    after: str | None = None
    for _page in range(EVENTS_MOST // PAGE_MOST):
        page = reader.page("activity", reader.wish("activity", criteria, after=after, limit=PAGE_MOST))
        yield from page.records
        after = page.next
        if after is None:
            return


def _customers(reader: Reader, ids: set[str]) -> dict[str, str]:
    """Return the names of those customers the user may see; of the others nothing is said."""
    try:
        visible = reader.visible("customer").subquery()
    except AccessDenied:
        return {}
    if not ids:
        return {}
    names: dict[str, str] = {}
    wanted = sorted(ids)
    for start in range(0, len(wanted), PAGE_MOST):
        some = visible.c.id.in_(wanted[start : start + PAGE_MOST])
        rows = reader.connection.execute(select(visible.c.id, visible.c.name).where(some))
        names.update((row_id, name or "") for row_id, name in rows)
    return names


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
