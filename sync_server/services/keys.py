"""Keys of other programs: made, listed, renewed and revoked by an administrator; looked up by their secret.

A key stands for a user of its own who cannot sign in: what is done under it has that user as its author, on
every laptop too. What it may do is the role's, narrowed to its scopes, wherever that person is read
(`services.reading.read_person`). One that is unknown, expired or revoked gets one and the same answer.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import insert, select, update

from crm_core.entities.people import User
from crm_core.errors import NotFound
from crm_core.i18n import N_
from crm_core.rules.key_scopes import demand_scopes
from crm_core.schema.values import instant_text
from crm_core.times import MINUTE_MS
from sync_server.services import audit, faults, people
from sync_server.services.auth import now_ms
from sync_server.services.headquarters import Headquarters
from sync_server.store.keys import ApiKey
from sync_server.store.tables import table_of

PREFIX: Final = "satchel_"
"""How every secret begins: what searches files for secrets left lying about can find it."""
SECRET_BYTES: Final = 32
HINT_CHARACTERS: Final = len(PREFIX) + 4

_key = table_of(ApiKey)
_user = table_of(User)


def add(
    hq: Headquarters,
    name: str,
    scopes: Sequence[str],
    where: dict[str, str | None],
    expires_ms: int | None = None,
) -> dict[str, Any]:
    """Make a key and return it with its secret, which is told this once.

    `where`: role, and where it is bound to one team and territory, by name. Raises `UserError` for a name
    somebody has, a scope there is none of, and an end that is over.
    """
    held = demand_scopes(scopes)
    people.demand_new_name(hq, name)
    values = people.user_values(hq, where)
    at_ms = now_ms()
    secret = _new_secret()
    user_id = hq.records.create("user", {**values, "active": False, "name": name.strip()})
    row = {"user_id": user_id, "scopes": list(held), "made_ms": at_ms, "expires_ms": expires_ms}
    with hq.database.note() as connection:
        made = connection.execute(insert(_key).values(**row, **_kept(secret))).inserted_primary_key
        audit.record(connection, "key made", at_ms=at_ms, user_id=user_id, detail=list(held))
    return {"id": made[0] if made else None, "name": name.strip(), "scopes": list(held), "key": secret}


def listed(hq: Headquarters) -> list[dict[str, Any]]:
    """Return the keys there are, oldest first, without their secrets."""
    roles = {record_id: values["name"] for record_id, values in hq.records.all("role", deleted=None)}
    with hq.database.read() as snapshot:
        joined = select(_key, _user.c.name, _user.c.role_id).join(_user, _user.c.id == _key.c.user_id)
        rows = snapshot.connection.execute(joined.order_by(_key.c.id)).all()
    at_ms = now_ms()
    return [
        {
            "id": row.id,
            "name": row.name,
            "role": roles.get(row.role_id),
            "scopes": " ".join(row.scopes),
            "state": _state(row, at_ms),
            "begins": f"{row.hint}…",
            "made_at": instant_text(row.made_ms),
            "expires_at": instant_text(row.expires_ms) if row.expires_ms else None,
            "used_at": instant_text(row.used_ms) if row.used_ms else None,
        }
        for row in rows
    ]


def find(hq: Headquarters, name: str) -> tuple[int, str]:
    """Return the number of the key called `name`, and whose user it is. Raises `NotFound`."""
    with hq.database.read() as snapshot:
        joined = select(_key.c.id, _key.c.user_id).join(_user, _user.c.id == _key.c.user_id)
        row = snapshot.connection.execute(joined.where(_user.c.name == name.strip())).one_or_none()
    if row is None:
        raise NotFound(N_("There is no key called {name}; see “crm-server key list”"), name=name)
    return row.id, row.user_id


def renew(hq: Headquarters, name: str, expires_ms: int | None = None) -> dict[str, Any]:
    """Give a key another secret, a revoked or expired one too; the one before opens nothing from now on."""
    key_id, user_id = find(hq, name)
    secret, at_ms = _new_secret(), now_ms()
    kept = {**_kept(secret), "revoked_ms": None, "expires_ms": expires_ms}
    with hq.database.note() as connection:
        connection.execute(update(_key).where(_key.c.id == key_id).values(**kept))
        audit.record(connection, "key renewed", at_ms=at_ms, user_id=user_id)
    return {"id": key_id, "name": name.strip(), "key": secret}


def revoke(hq: Headquarters, name: str) -> dict[str, Any]:
    """Take a key back for good or until it is renewed; what was done under it stays, and says so."""
    key_id, user_id = find(hq, name)
    at_ms = now_ms()
    with hq.database.note() as connection:
        connection.execute(update(_key).where(_key.c.id == key_id).values(revoked_ms=at_ms))
        audit.record(connection, "key revoked", at_ms=at_ms, user_id=user_id)
    return {"id": key_id, "name": name.strip(), "revoked_at": instant_text(at_ms)}


def user_of(hq: Headquarters, secret: str) -> str:
    """Return the user a secret stands for, noting that it was used. Raises `Refusal` where there is none."""
    at_ms = now_ms()
    with hq.database.read() as snapshot:
        joined = select(_key, _user.c.life).join(_user, _user.c.id == _key.c.user_id)
        of_secret = _key.c.secret_hash == _hash(secret)
        row = snapshot.connection.execute(joined.where(of_secret)).one_or_none()
    if row is None or _state(row, at_ms) != IN_USE or row.life % 2 == 0:
        raise faults.key_unknown()
    if row.used_ms is None or at_ms - row.used_ms >= MINUTE_MS:
        with hq.database.note() as connection:
            connection.execute(update(_key).where(_key.c.id == row.id).values(used_ms=at_ms))
    return str(row.user_id)


def demand_works(hq: Headquarters, user_id: str) -> None:
    """Raise `Refusal` unless the key of a user is neither revoked nor expired."""
    with hq.database.read() as snapshot:
        row = snapshot.connection.execute(select(_key).where(_key.c.user_id == user_id)).one_or_none()
    if row is None or _state(row, now_ms()) != IN_USE:
        raise faults.key_unknown()


IN_USE: Final = "in use"


def _state(row: Any, at_ms: int) -> str:
    if row.revoked_ms is not None:
        return "revoked"
    return "expired" if row.expires_ms is not None and row.expires_ms <= at_ms else IN_USE


def _new_secret() -> str:
    return PREFIX + secrets.token_urlsafe(SECRET_BYTES)


def _kept(secret: str) -> dict[str, Any]:
    return {"secret_hash": _hash(secret), "hint": secret[:HINT_CHARACTERS]}


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
