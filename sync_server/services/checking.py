"""Whether everything HQ keeps agrees with itself, worked out anew and compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, func, select

from crm_core.entities import SCHEMAS
from crm_core.errors import BrokenPromise
from crm_core.i18n import N_
from crm_core.rules.access import read_rights
from crm_core.rules.scopes import EVERYONE, direct_scopes, passed_on, scopes_of
from crm_core.schema.reading import Schema
from sync_server.services import audit
from sync_server.services.blobs import broken_blobs
from sync_server.services.records import target_name
from sync_server.services.scopes import LENDERS
from sync_server.settings import Settings
from sync_server.store import upgrading
from sync_server.store.database import Database
from sync_server.store.tables import FeedHead, RowMeta, RowScope, table_of

SHOWN_MOST: Final = 5  # examples of what does not agree

_head = table_of(FeedHead)
_meta = table_of(RowMeta)
_scope = table_of(RowScope)

Key = tuple[str, str]
Scopes = dict[Key, frozenset[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing looked at."""

    name: str
    label: str
    ok: bool
    found: str
    """Plain words or counts; ids at most, never a value somebody typed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The whole check."""

    settings: Mapping[str, Any]
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether everything agrees."""
        return all(finding.ok for finding in self.findings)


def check(settings: Settings, database: Database) -> Report:
    """Look at the database and the settings; changes nothing, and servers may go on."""
    findings = [_tls(settings)]
    with database.engine.connect() as connection:
        revision = upgrading.revision_of(connection)
    newest = upgrading.newest_revision()
    findings.append(
        Finding(
            name="revision", label=N_("Version of the database"), ok=revision == newest, found=revision or "-"
        )
    )
    if revision == newest:
        with database.read() as snapshot:
            findings.extend(_of_database(snapshot.connection))
    return Report(settings=settings.masked(), findings=tuple(findings))


def _of_database(connection: Connection) -> Iterator[Finding]:
    yield _storage(connection)
    yield _feed(connection)
    yield from _rows(connection)
    yield _roles(connection)
    yield _compared("files", N_("Files and their hashes"), *broken_blobs(connection))
    broken = audit.broken_at(connection)
    yield Finding(
        name="audit",
        label=N_("Audit entries follow from one another"),
        ok=broken is None,
        found="-" if broken is None else f"#{broken}",
    )


def _tls(settings: Settings) -> Finding:
    missing = [
        name for name in (settings.tls_certificate, settings.tls_key) if name and not Path(name).is_file()
    ]
    half = bool(settings.tls_certificate) != bool(settings.tls_key)
    return Finding(
        name="tls",
        label=N_("Certificate and key"),
        ok=not missing and not half,
        found=", ".join(missing) or ("on" if settings.uses_tls else "off"),
    )


def _storage(connection: Connection) -> Finding:
    label = N_("Storage")
    if connection.dialect.name != "sqlite":
        version = connection.exec_driver_sql("SHOW server_version").scalar()
        return Finding(name="storage", label=label, ok=True, found=f"PostgreSQL {version}")
    said = [row[0] for row in connection.exec_driver_sql("PRAGMA integrity_check")]
    return Finding(
        name="storage", label=label, ok=said == ["ok"], found=f"SQLite: {', '.join(said[:SHOWN_MOST])}"
    )


def _feed(connection: Connection) -> Finding:
    head = connection.execute(select(_head)).mappings().one()
    newest = connection.execute(select(func.coalesce(func.max(_meta.c.seq), 0))).scalar_one()
    return Finding(name="feed", label=N_("Feed"), ok=newest <= head["seq"], found=f"{newest} / {head['seq']}")


def _rows(connection: Connection) -> Iterator[Finding]:
    """Compare every record with its book-keeping, and its scopes with those it should lie in."""
    values = {
        (schema.name, row["id"]): dict(row)
        for schema in SCHEMAS.values()
        for row in connection.execute(select(schema.table)).mappings()
    }
    lives = {
        (entity, row_id): life
        for entity, row_id, life in connection.execute(select(_meta.c.entity, _meta.c.row_id, _meta.c.life))
    }
    wrong = [
        row_id
        for (name, row_id), row in values.items()
        if lives.pop((SCHEMAS[name].no, row_id), None) != row["life"]
    ]
    yield _compared(
        "records", N_("Records and their book-keeping"), len(values), [*wrong, *(k[1] for k in lives)]
    )
    kept: dict[tuple[int, str], set[str]] = {}
    for entity, row_id, scope in connection.execute(select(_scope.c.entity, _scope.c.row_id, _scope.c.scope)):
        kept.setdefault((entity, row_id), set()).add(scope)
    wanted = _Wanted(values)
    wrong = [
        row_id
        for name, row_id in values
        if wanted.scopes(name, row_id) != kept.get((SCHEMAS[name].no, row_id), set())
    ]
    yield _compared("scopes", N_("Records and the scopes they lie in"), len(values), wrong)


def _compared(name: str, label: str, count: int, wrong: list[str]) -> Finding:
    shown = ", ".join(wrong[:SHOWN_MOST])
    return Finding(
        name=name, label=label, ok=not wrong, found=f"{count - len(wrong)} / {count} {shown}".strip()
    )


def _roles(connection: Connection) -> Finding:
    """Every user has a role that can be read: without one he cannot sync."""
    roles, users = SCHEMAS["role"].table, SCHEMAS["user"].table
    readable = set()
    for row in connection.execute(select(roles).where(roles.c.life % 2 == 1)).mappings():
        try:
            read_rights(row["rights"])
        except BrokenPromise:
            continue
        readable.add(row["id"])
    people = connection.execute(select(users.c.id, users.c.role_id).where(users.c.life % 2 == 1)).all()
    without = [user.id for user in people if user.role_id not in readable]
    return _compared("roles", N_("Users and their roles"), len(people), without)


class _Wanted:
    """The scopes every record should lie in, by the rules alone; `all` left out as in the table."""

    def __init__(self, values: Mapping[Key, Mapping[str, Any]]) -> None:
        self._values = values
        self._known: dict[Key, frozenset[str]] = {}
        self._lent: dict[Key, list[frozenset[str]]] = {}
        for name, lenders in LENDERS.items():
            for schema, link in lenders:
                self._note_lending(name, schema, link.name)

    def scopes(self, name: str, row_id: str) -> frozenset[str]:
        """Return the scopes of a record, those lent to it too."""
        schema = SCHEMAS[name]
        row = self._values[name, row_id]
        lent = self._lent.get((name, row_id), ())
        return frozenset(scopes_of(schema, row, self._parents(schema, row), lent)) - {EVERYONE}

    def _own(self, key: Key) -> frozenset[str]:
        """Return what a record passes on to those below it."""
        if key not in self._known:
            self._known[key] = frozenset()  # against a loop of links, which the rules do not make
            schema = SCHEMAS[key[0]]
            row = self._values[key]
            self._known[key] = frozenset(scopes_of(schema, row, self._parents(schema, row))) - {EVERYONE}
        return self._known[key]

    def _parents(self, schema: Schema, row: Mapping[str, Any]) -> list[frozenset[str]]:
        keys = ((target_name(link, row) or "", row[link.name]) for link in schema.parent_fields)
        return [frozenset(passed_on(SCHEMAS[key[0]], self._own(key))) for key in keys if key in self._values]

    def _note_lending(self, name: str, lender: Schema, link: str) -> None:
        for (entity, _), row in self._values.items():
            if entity == lender.name and row["life"] % 2 and row[link]:
                self._lent.setdefault((name, row[link]), []).append(direct_scopes(lender, row))
