"""What laptops are told of customers out of their sight: short hashes, for whoever makes customers.

The table follows the feed: it is brought up to date when a laptop asks, by what changed since. So merges
do nothing for it, and an HQ that does not tell has none.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import Connection, delete, func, insert, select, union, update

from crm_core.entities import SCHEMAS
from crm_core.errors import NotFound
from crm_core.i18n import N_
from crm_core.rules.access import Action, decide
from crm_core.rules.known import ENTITY, KEY_BYTES, PAGE_HASHES, KnownPage, hash_of, known_texts
from crm_core.sync.merge import lives
from sync_server.services.auth import DeviceSession
from sync_server.services.entitlements import person_of
from sync_server.services.records import CELL, META, chunks
from sync_server.settings import Settings
from sync_server.store.bulk import insert_rows
from sync_server.store.database import Database
from sync_server.store.known import KnownHash
from sync_server.store.tables import Setting, table_of

FRESH_S: Final = 30.0  # brought up to date at most so often by one process
STANDING: Final = "known_customers"
"""Setting with the key and how far the table is: `[key, position in the feed, number of the last row]`."""
_ROWS: Final = ("row_id", "hash", "number", "gone")

_known = table_of(KnownHash)
_settings = table_of(Setting)
_customer = SCHEMAS[ENTITY].table


class KnownCustomers:
    """Answers laptops. Threads may share it."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings
        self._fresh_until = 0.0

    def page(self, session: DeviceSession, since: int, epoch: str) -> KnownPage:
        """Return what changed since row `since`. `NotFound` where nothing is told, or not to this person."""
        with self._database.read() as snapshot:
            person = person_of(snapshot.connection, session.user_id)
            here = snapshot.epoch
        if not self._settings.tell_known_customers or not decide(person, Action.CREATE, ENTITY):
            raise NotFound(N_("This HQ does not tell of customers held by others"))
        now = time.monotonic()
        if now >= self._fresh_until:
            with self._database.note() as connection:
                _follow(connection)
            self._fresh_until = now + FRESH_S
        with self._database.read() as snapshot:
            return _page(snapshot.connection, since, epoch, here)


def _page(connection: Connection, since: int, epoch: str, here: str) -> KnownPage:
    key, _, last = _standing(connection)
    begins = since <= 0 or epoch != here or since > last
    since = 0 if begins else since
    query = select(_known.c.number, _known.c.hash, _known.c.gone).where(_known.c.number > since)
    rows = connection.execute(query.order_by(_known.c.number).limit(PAGE_HASHES + 1)).all()
    more, rows = len(rows) > PAGE_HASHES, rows[:PAGE_HASHES]
    gone = {bytes(row.hash) for row in rows if row.gone}
    return KnownPage(
        epoch=bytes.fromhex(here),
        key=bytes.fromhex(key),
        next=rows[-1].number if rows else since,
        more=more,
        begins=begins,
        added=b"".join(sorted({bytes(row.hash) for row in rows if not row.gone})),
        removed=b"".join(sorted(gone - _still_there(connection, gone))),
    )


def _still_there(connection: Connection, hashes: Iterable[bytes]) -> set[bytes]:
    """Return those hashes another customer has."""
    found: set[bytes] = set()
    for some in chunks(sorted(hashes)):
        query = select(_known.c.hash).where(_known.c.hash.in_(some), _known.c.gone.is_(False))
        found.update(bytes(each) for each in connection.execute(query).scalars())
    return found


def _standing(connection: Connection, *, lock: bool = False) -> tuple[str, int, int]:
    query = select(_settings.c.value).where(_settings.c.key == STANDING)
    held = connection.execute(query.with_for_update() if lock else query).scalar_one_or_none()
    return ("", 0, 0) if held is None else (str(held[0]), int(held[1]), int(held[2]))


def _follow(connection: Connection) -> None:
    """Bring the table up to date with the feed; the first time a key is drawn."""
    key, position, number = _standing(connection, lock=True)
    if not key:
        key = secrets.token_bytes(KEY_BYTES).hex()
        connection.execute(insert(_settings).values(key=STANDING, value=[key, 0, 0]))
    sources = (META.c.seq, META.c.life_seq, CELL.c.seq)
    entity = SCHEMAS[ENTITY].no
    newest = max(
        int(connection.execute(select(func.max(seq)).where(seq.table.c.entity == entity)).scalar() or 0)
        for seq in sources
    )
    if newest <= position:
        return
    changed = union(
        *(select(seq.table.c.row_id).where(seq.table.c.entity == entity, seq > position) for seq in sources)
    )
    ids = sorted(connection.execute(changed).scalars())
    for some in chunks(ids):
        number = _hash_rows(connection, bytes.fromhex(key), some, number)
    connection.execute(
        update(_settings).where(_settings.c.key == STANDING).values(value=[key, newest, number])
    )


def _hash_rows(connection: Connection, key: bytes, ids: Sequence[str], number: int) -> int:
    """Hash some customers anew and return the number of the last row written."""
    columns = [_customer.c[name] for name in ("id", "life", "name", "phone", "tax_number", "kind")]
    wanted: set[tuple[str, bytes]] = set()
    for row in connection.execute(select(*columns).where(_customer.c.id.in_(ids))).mappings():
        if lives(row["life"]):
            wanted.update((row["id"], hash_of(key, text)) for text, _ in known_texts(dict(row)))
    held: dict[tuple[str, bytes], bool] = {}
    query = select(_known.c.row_id, _known.c.hash, _known.c.gone).where(_known.c.row_id.in_(ids))
    for known in connection.execute(query):
        held[known.row_id, bytes(known.hash)] = bool(known.gone)
    present = {pair for pair, gone in held.items() if not gone}
    changes = [(pair, False) for pair in sorted(wanted - present)]
    changes += [(pair, True) for pair in sorted(present - wanted)]
    rows: list[tuple[Any, ...]] = []
    for pair, gone in changes:
        number += 1
        rows.append((*pair, number, gone))
        if pair in held:
            connection.execute(delete(_known).where(_known.c.row_id == pair[0], _known.c.hash == pair[1]))
    insert_rows(connection, _known, _ROWS, rows)
    return number
