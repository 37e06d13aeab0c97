"""Bring a file into HQ as its administrator: the same plan as on a laptop, written through the merge."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, select, true

from crm_core.entities import schema_of
from crm_core.errors import CrmError, Invalid, UserError, reason_of
from crm_core.exchange.convert import Reading
from crm_core.exchange.mapping import Target, replacements, rules_by_hand
from crm_core.exchange.plan import ImportOptions, ImportPlan, ImportReport, Mode, PlannedRow, Step
from crm_core.exchange.planning import plan_import
from crm_core.exchange.source import SourceTable
from crm_core.exchange.tables import read_table
from crm_core.i18n import N_, Message, Translate, message
from crm_core.rules.access import readable_fields
from crm_core.schema.field import Plain
from crm_core.schema.reading import CUSTOM_PREFIX
from sync_server.services import audit
from sync_server.services.auth import now_ms
from sync_server.services.custom import CustomFields
from sync_server.services.headquarters import Headquarters
from sync_server.services.hq import Edit, EditKind, Writing
from sync_server.services.reading import Reader, read_person
from sync_server.store.tables import FOUNDER, Setting, table_of

ROWS_A_TRANSACTION: Final = 1000  # laptops wait with their uploads for about a second

_setting = table_of(Setting)
_FOUNDER: Final = select(_setting.c.value).where(_setting.c.key == FOUNDER)

OnProgress = Callable[[int, int], None]
"""Told (rows written, rows to write)."""
Beside = Callable[[Writing, Sequence[int]], None]
"""Told the lines whose rows a transaction wrote, while it is open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportWish:
    """How a file is to be imported, as the command line says it."""

    maps: tuple[str, ...] = ()
    lookups: tuple[str, ...] = ()
    create_missing: tuple[str, ...] = ()
    replace: tuple[str, ...] = ()
    defaults: Mapping[str, str] = field(default_factory=dict)
    key: str = ""
    mode: Mode = Mode.CREATE
    currency: str = ""
    """Of amounts that name none; empty: the company's."""


@dataclass(frozen=True, slots=True)
class HqLookup:
    """The living records of HQ, as one connection sees them; with a reader, as far as he may read."""

    connection: Connection
    reader: Reader | None = None

    def records(self, entity: str, fields: Sequence[str]) -> Iterable[tuple[str, tuple[Plain, ...]]]:
        """Yield each record's id and its values of `fields`, in that order."""
        table: Any = schema_of(entity).table
        seen = set(fields)
        living = table.c.life % 2 == 1
        if self.reader is not None:
            seen = {field.name for field in readable_fields(self.reader.person, entity)}
            seen |= self.reader.custom(entity).keys()
            table = self.reader.visible(entity).subquery()
            living = true()
        keys = [name.removeprefix(CUSTOM_PREFIX) if name.startswith(CUSTOM_PREFIX) else "" for name in fields]
        columns = [table.c.custom if key else table.c[name] for key, name in zip(keys, fields, strict=True)]
        # The same column may be asked for twice, which a select would fold into one.
        named = [column.label(f"value_{place}") for place, column in enumerate(columns)]
        for record_id, *values in self.connection.execute(select(table.c.id, *named).where(living)):
            found = ((v or {}).get(key) if key else v for key, v in zip(keys, values, strict=True))
            shown = zip(fields, found, strict=True)
            yield record_id, tuple(value if name in seen else None for name, value in shown)


def read_file(path: Path) -> SourceTable:
    """Return the table in a file. `UserError` where it cannot be opened or holds none."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UserError(
            N_("{file} cannot be opened: {reason}"), file=path, reason=reason_of(error)
        ) from error
    return read_table(raw, path.name)


def plan_table(
    hq: Headquarters,
    table: SourceTable,
    entity: str,
    wish: ImportWish,
    file_title: str,
    languages: Iterable[Translate] = (),
    author_id: str | None = None,
) -> ImportPlan:
    """Return what importing the table would do; nothing is written.

    `author_id`: whose records they are to be, and whose sight decides what is found; None: HQ's own.
    """
    schema = schema_of(entity)
    with hq.database.read() as snapshot:
        reader = None
        if author_id is not None:
            reader = Reader(snapshot.connection, read_person(snapshot.connection, author_id))
        custom = tuple(CustomFields(snapshot.connection).in_use(entity).values())
        target = Target(schema=schema, custom=custom, languages=tuple(languages))
        options = ImportOptions(
            mode=wish.mode,
            key=wish.key,
            defaults=wish.defaults,
            replace=replacements(table, wish.replace),
            reading=Reading(
                currency=(wish.currency or hq.settings.currency).upper(), languages=target.languages
            ),
            owner_id=author_id or snapshot.connection.execute(_FOUNDER).scalar_one(),
            file_title=file_title,
        )
        rules = rules_by_hand(table, target, wish.maps, wish.lookups, wish.create_missing)
        return plan_import(table, target, rules, options, HqLookup(snapshot.connection, reader))


def run_plan(
    hq: Headquarters,
    plan: ImportPlan,
    file_name: str,
    progress: OnProgress = lambda done, total: None,
    *,
    author_id: str | None = None,
    beside: Beside = lambda writing, lines: None,
) -> ImportReport:
    """Do what a plan says, a thousand rows in each transaction, and note it in the audit log.

    `beside` is called in each of these transactions, and what it writes stands or falls with the rows.

    What HQ's own rules refuse becomes a rejected row with the rule's words.
    """
    extras = [
        Edit(kind=EditKind.CREATE, entity=each.entity, record_id=each.record_id, values=each.values)
        for each in plan.extras
    ]
    if extras:
        hq.records.write_all(extras, author_id)
    refused: dict[int, tuple[Message, ...]] = {}
    lost: dict[str, int] = {}
    generations = plan.generations()
    done, total = 0, sum(map(len, generations))
    for rows in generations:
        for start in range(0, len(rows), ROWS_A_TRANSACTION):
            progress(done, total)
            portion = rows[start : start + ROWS_A_TRANSACTION]
            refused |= _write(hq, plan.entity, portion, lost, author_id, beside)
            done += len(portion)
    progress(done, total)
    report = plan.report(refused)
    _note(hq, plan.entity, file_name, report, author_id)
    return report


def _write(
    hq: Headquarters,
    entity: str,
    rows: Sequence[PlannedRow],
    lost: dict[str, int],
    author_id: str | None,
    beside: Beside,
) -> dict[int, tuple[Message, ...]]:
    """Write rows in one transaction; return why which were refused, and note their records as lost."""
    refused: dict[int, tuple[Message, ...]] = {}
    written = []
    for row in rows:
        parent = next((lost[v] for v in row.values.values() if isinstance(v, str) and v in lost), None)
        if parent is None:
            written.append(row)
        else:
            said = message(N_("It refers to line {line}, which was rejected"), line=parent)
            refused[row.source.line] = (said,)
            lost[row.record_id] = row.source.line
    kinds = {Step.CREATE: EditKind.CREATE, Step.UPDATE: EditKind.UPDATE}
    edits = [
        Edit(kind=kinds[row.step], entity=entity, record_id=row.record_id, values=row.values)
        for row in written
    ]
    with hq.records.writing(author_id) as writing:
        results = writing.write(edits)
        done = zip(written, results, strict=True)
        beside(writing, [row.source.line for row, result in done if result.error is None])
    for row, result in zip(written, results, strict=True):
        if result.error is not None:
            refused[row.source.line] = _reasons(result.error)
            lost[row.record_id] = row.source.line
    return refused


def _reasons(error: CrmError) -> tuple[Message, ...]:
    if not isinstance(error, Invalid):
        return (error.message,)
    return tuple(
        message(N_("{column}: {problem}"), column=problem.field, problem=problem.message)
        if problem.field
        else problem.message
        for problem in error.problems
    )


def _note(hq: Headquarters, entity: str, file_name: str, report: ImportReport, author_id: str | None) -> None:
    with hq.database.note() as connection:
        audit.record(
            connection,
            "import",
            at_ms=now_ms(),
            user_id=author_id or connection.execute(_FOUNDER).scalar_one(),
            entity=schema_of(entity).no,
            detail={"file": file_name, **report.counts()},
        )
