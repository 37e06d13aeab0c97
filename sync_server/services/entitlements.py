"""What each user may read, as HQ decided it and from which position on.

Rights follow from users, teams, territories and roles. When one of them changed, a user's rights are worked
out anew at that user's next request; only where they differ does a new version begin, with a position of its
own. What cannot be worked out stops the sync: it never looks like "no rights".
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, delete, func, insert, or_, select, update

from crm_core.entities import SCHEMAS
from crm_core.errors import BrokenPromise
from crm_core.i18n import N_
from crm_core.rules.access import ClassRight, Person
from crm_core.rules.people import person_for
from crm_core.rules.scopes import EVERYONE
from crm_core.schema.field import FieldClass
from crm_core.sync.plan import NOTHING, Entitlement, Phase, Plan, plan_steps
from sync_server.services import audit
from sync_server.services.auth import now_ms
from sync_server.services.faults import Refusal, disabled
from sync_server.services.records import META, ROW_SCOPE, chunks
from sync_server.store.bulk import update_rows
from sync_server.store.database import Database, Snapshot
from sync_server.store.tables import Device, EntitlementVersion, UserScopeEver, table_of

# So few are there again in a moment: a purge of them need not wait for an administrator.
HOLD_ROWS: Final = 50
HOLD_PER_CENT: Final = 30

_versions = table_of(EntitlementVersion)
_ever = table_of(UserScopeEver)
_EVER: Final = ("user_id", "entity", "scope", "lapsed_seq")
_devices = table_of(Device)


def person_of(connection: Connection, user_id: str) -> Person:
    """Return the person behind a user.

    Raises `Refusal`: `disabled` where the user is gone or not active, `policy` where the rights cannot be
    worked out.
    """
    rows = {name: _living(connection, name) for name in ("user", "team", "territory", "role")}
    user = next((row for row in rows["user"] if row["id"] == user_id), None)
    if user is None or user["active"] is False:
        raise disabled()
    try:
        return person_for(user_id, rows["user"], rows["team"], rows["territory"], rows["role"])
    except BrokenPromise as error:
        raise no_policy() from error


def no_policy() -> Refusal:
    """Return the answer where rights cannot be worked out: nothing is sent, nothing is taken away."""
    return Refusal("policy", N_("HQ cannot work out this user's rights; nothing was changed"))


def _living(connection: Connection, name: str) -> list[Mapping[str, Any]]:
    table = SCHEMAS[name].table
    return [dict(row) for row in connection.execute(select(table).where(table.c.life % 2 == 1)).mappings()]


def ensure_current(database: Database, user_id: str) -> None:
    """Begin a new version of the user's rights if those that hold now are not written down yet.

    Raises `Refusal` like `person_of`.
    """
    with database.read() as snapshot:
        latest = _latest(snapshot.connection, user_id)
        if latest is not None and latest.checked_seq >= snapshot.policy_seq:
            return
    with database.write() as hq:
        person = person_of(hq.connection, user_id)
        latest = _latest(hq.connection, user_id)
        now = entitlement_for(person, 0)
        mark = _hash(now)
        if latest is not None and latest.hash == mark:
            hq.connection.execute(
                update(_versions)
                .where(_versions.c.user_id == user_id, _versions.c.version == latest.version)
                .values(checked_seq=hq.policy_seq)
            )
            return
        hq.connection.execute(
            insert(_versions).values(
                user_id=user_id,
                version=hq.positions.next(),
                scopes=_packed_scopes(now),
                classes=_packed_classes(now),
                hash=mark,
                checked_seq=hq.policy_seq,
            )
        )
        _remember(hq.connection, user_id, now)
        before = _unpacked(latest) if latest is not None else NOTHING
        audit.record(
            hq.connection,
            "rights changed",
            at_ms=now_ms(),
            user_id=user_id,
            detail={
                "version": hq.positions.last,
                "gained": len(now.scopes - before.scopes) + len(now.classes - before.classes),
                "lost": len(before.scopes - now.scopes) + len(before.classes - now.classes),
            },
        )


def rights_of(
    snapshot: Snapshot, user_id: str, versions: Collection[int]
) -> tuple[Entitlement, dict[int, Entitlement]] | None:
    """Return the user's rights that hold in this snapshot, and those of earlier `versions` that are kept.

    None where those of now are not written down yet: `ensure_current` must run again.
    """
    latest = _latest(snapshot.connection, user_id)
    if latest is None or latest.checked_seq < snapshot.policy_seq:
        return None
    now = _unpacked(latest)
    query = select(_versions).where(_versions.c.user_id == user_id, _versions.c.version.in_(sorted(versions)))
    past = {row.version: _unpacked(row) for row in snapshot.connection.execute(query)} if versions else {}
    return now, {**past, now.version: now}


def entitlement_for(person: Person, version: int) -> Entitlement:
    """Return what a person may read: scopes and field classes of every entity with any reach."""
    scopes: set[tuple[int, str]] = set()
    classes: set[tuple[int, str]] = set()
    for name, schema in SCHEMAS.items():
        readable = person.reads_in(name)
        if not readable:
            continue
        scopes.update((schema.no, scope) for scope in readable)
        classes.update(
            (schema.no, str(field_class))
            for field_class in FieldClass
            if person.rights.class_right(name, field_class) >= ClassRight.READ
        )
    return Entitlement(version=version, scopes=frozenset(scopes), classes=frozenset(classes))


def ever_had(connection: Connection, user_id: str, pairs: Iterable[tuple[int, str]]) -> set[tuple[int, str]]:
    """Return those of the (entity number, scope) pairs that the user has or once had."""
    by_entity: dict[int, set[str]] = {}
    for entity, scope in pairs:
        by_entity.setdefault(entity, set()).add(scope)
    found: set[tuple[int, str]] = set()
    for entity, scopes in by_entity.items():
        for some in chunks(sorted(scopes)):
            query = select(_ever.c.scope).where(
                _ever.c.user_id == user_id, _ever.c.entity == entity, _ever.c.scope.in_(some)
            )
            found.update((entity, scope) for scope in connection.execute(query).scalars())
    return found


def purge_to_hold(
    connection: Connection, plan: Plan, past: Mapping[int, Entitlement], now: Entitlement
) -> int:
    """Return how many rows the plan would purge if that is too many to do unasked, else 0."""
    steps = plan_steps(plan, now=now, past=past, grown=(), order=[schema.no for schema in SCHEMAS.values()])
    lost = {step.entity: step.scopes for step in steps if step.phase is Phase.DROP_ROWS}
    if not lost:
        return 0
    before = past.get(plan.trail[0], NOTHING)
    purged = held = 0
    for schema in SCHEMAS.values():
        kept = {scope for entity, scope in now.scopes if entity == schema.no}
        had = {scope for entity, scope in before.scopes if entity == schema.no}
        in_both = _count(connection, schema.no, had, also=kept)
        rows = _count(connection, schema.no, had)
        held += rows
        if schema.no in lost:
            purged += rows - in_both
    return purged if purged > HOLD_ROWS and purged * 100 > held * HOLD_PER_CENT else 0


def hold_purge(connection: Connection, device: int, version: int) -> None:
    """Note that a laptop's purge waits for an administrator."""
    begun = (_devices.c.id == device, or_(_devices.c.purge_held.is_(None), _devices.c.purge_held != version))
    if connection.execute(update(_devices).where(*begun).values(purge_held=version)).rowcount:
        audit.record(connection, "purge held", at_ms=now_ms(), device=device, detail={"version": version})


def _count(connection: Connection, entity: int, scopes: set[str], also: set[str] | None = None) -> int:
    """Count the rows of an entity lying in any of `scopes`, and in any of `also` where that is given."""
    if not scopes or also == set():
        return 0
    query = select(func.count()).select_from(META).where(META.c.entity == entity)
    for wanted in (scopes, also):
        if wanted is not None and EVERYONE not in wanted:
            query = query.where(META.c.row_id.in_(_members(entity, wanted)))
    return int(connection.execute(query).scalar_one())


def _members(entity: int, scopes: set[str]) -> Any:
    several = sorted(scopes)
    inside = or_(*(ROW_SCOPE.c.scope.in_(some) for some in chunks(several)))
    return select(ROW_SCOPE.c.row_id).where(ROW_SCOPE.c.entity == entity, inside)


def _latest(connection: Connection, user_id: str) -> Any:
    query = select(_versions).where(_versions.c.user_id == user_id).order_by(_versions.c.version.desc())
    return connection.execute(query.limit(1)).first()


def _remember(connection: Connection, user_id: str, now: Entitlement) -> None:
    known = _known(connection, user_id)
    _lapse(connection, user_id, (pair for pair in now.scopes if known.get(pair) is not None), None)
    if fresh := sorted(now.scopes - known.keys()):
        rows = [{"user_id": user_id, "entity": entity, "scope": scope} for entity, scope in fresh]
        connection.execute(insert(_ever), rows)


def shrink_ever(connection: Connection, user_id: str, head: int) -> None:
    """Note which scopes no kept version of a user's rights has; the caller holds the feed's head.

    Whatever lies on a laptop whose token is accepted came by one of the kept versions, but for rows that left
    such a scope before the laptop carried its loss out: of those it hears by their exits, which lie at
    `head` or before. `forget_lapsed` takes the scopes away once the floor is there.
    """
    kept = [
        _unpacked(row) for row in connection.execute(select(_versions).where(_versions.c.user_id == user_id))
    ]
    scopes = frozenset(pair for rights in kept for pair in rights.scopes)
    known = _known(connection, user_id)
    gone = (pair for pair, lapsed_seq in known.items() if lapsed_seq is None and pair not in scopes)
    _lapse(connection, user_id, gone, head)


def forget_lapsed(connection: Connection, floor: int) -> int:
    """Forget the scopes of forgotten rights from which no exit is news any more; return how many went."""
    return connection.execute(delete(_ever).where(_ever.c.lapsed_seq <= floor)).rowcount


def _known(connection: Connection, user_id: str) -> dict[tuple[int, str], int | None]:
    """Return the scopes a user ever had, and where the feed stood when those lapsed that have."""
    query = select(_ever.c.entity, _ever.c.scope, _ever.c.lapsed_seq).where(_ever.c.user_id == user_id)
    return {(row.entity, row.scope): row.lapsed_seq for row in connection.execute(query)}


def _lapse(connection: Connection, user_id: str, pairs: Iterable[tuple[int, str]], seq: int | None) -> None:
    """Note of scopes a user had that they lapsed at a position, or with None that they count again."""
    rows = [(user_id, entity, scope, seq) for entity, scope in pairs]
    update_rows(connection, _ever, _EVER[:3], _EVER, rows)


def _packed_scopes(now: Entitlement) -> list[Any]:
    by_entity: dict[int, set[str]] = {}
    for entity, scope in now.scopes:
        by_entity.setdefault(entity, set()).add(scope)
    alike: dict[tuple[str, ...], list[int]] = {}
    for entity, scopes in sorted(by_entity.items()):
        alike.setdefault(tuple(sorted(scopes)), []).append(entity)
    return [[entities, list(scopes)] for scopes, entities in sorted(alike.items())]


def _packed_classes(now: Entitlement) -> list[Any]:
    by_entity: dict[int, list[str]] = {}
    for entity, field_class in sorted(now.classes):
        by_entity.setdefault(entity, []).append(field_class)
    return [[entity, classes] for entity, classes in sorted(by_entity.items())]


def _unpacked(row: Any) -> Entitlement:
    return Entitlement(
        version=row.version,
        scopes=frozenset(
            (entity, scope) for entities, scopes in row.scopes for entity in entities for scope in scopes
        ),
        classes=frozenset(
            (entity, field_class) for entity, classes in row.classes for field_class in classes
        ),
    )


def _hash(now: Entitlement) -> str:
    packed = msgspec.json.encode([_packed_scopes(now), _packed_classes(now)])
    return hashlib.sha256(packed).hexdigest()
