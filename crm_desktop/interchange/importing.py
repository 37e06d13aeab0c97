"""Bring a file into the replica: plan, write in batches, remember what was done, take it back.

What an import writes goes to HQ like any other edit, and is checked by the same rules as a form.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import insert

from crm_core.errors import UserError, reason_of
from crm_core.exchange.convert import Reading
from crm_core.exchange.mapping import Rule, Target, replacements, rules_by_hand
from crm_core.exchange.plan import ImportOptions, ImportPlan, ImportReport, Mode
from crm_core.exchange.planning import plan_import
from crm_core.exchange.source import SourceTable, TextForm
from crm_core.exchange.tables import read_table
from crm_core.exchange.writing import rejects_csv
from crm_core.i18n import N_, Message, Translate, message
from crm_core.ids import new_id
from crm_core.schema.values import DEFAULT_CURRENCY
from crm_desktop.interchange.known_rows import Doubles, judge_doubles
from crm_desktop.interchange.lookup import ReplicaLookup, import_target
from crm_desktop.interchange.saving import write_pieces
from crm_desktop.interchange.stopped import Stopped
from crm_desktop.interchange.writing_rows import RowWriter
from crm_desktop.models.device_tables import ImportBatch
from crm_desktop.models.replica import Replica
from crm_desktop.services.company import company

ROWS_A_TRANSACTION = 1_000

# What `services.completing` fills in when such a record is made.
_FILLED_LATER = {
    "quote": frozenset(("valid_until", "currency")),
    "quote_line": frozenset(("description", "unit_price")),
}

OnProgress = Callable[[int, int], None]
"""Told (rows written, rows to write)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileOptions:
    """How a file is to be imported, as it is said on the command line and kept in a template."""

    maps: tuple[str, ...] = ()
    """`Column=field`, `Column=field*1000000`, `Column=` for a column to leave out."""
    lookups: tuple[str, ...] = ()
    """`Column=entity.field`."""
    create_missing: tuple[str, ...] = ()
    """The same; what the lookup does not find is made."""
    replace: tuple[str, ...] = ()
    """`Column:found=wanted`."""
    defaults: Mapping[str, str] = field(default_factory=dict)
    key: str = ""
    mode: Mode = Mode.CREATE
    currency: str = ""
    """Of amounts that name none; empty: the company's."""
    doubles: Doubles = Doubles.CREATE
    """What becomes of new rows whose record is probably here."""


def read_file(path: Path, form: TextForm | None = None) -> SourceTable:
    """Return the table in a file. `UserError` where it cannot be opened or holds none.

    `form` says how delimited text is read where it was found out wrongly.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UserError(
            N_("{file} cannot be opened: {reason}"), file=path, reason=reason_of(error)
        ) from error
    return read_table(raw, path.name, form)


def plan_file(
    replica: Replica,
    path: Path,
    entity: str,
    options: FileOptions,
    languages: Iterable[Translate] = (),
    progress: OnProgress = lambda done, total: None,
) -> ImportPlan:
    """Return what importing the file would do; nothing is written."""
    table = read_file(path)
    target = import_target(replica, entity, languages)
    rules = rules_by_hand(table, target, options.maps, options.lookups, options.create_missing)
    return plan_table(replica, table, target, rules, options, path.stem, progress)


def plan_table(
    replica: Replica,
    table: SourceTable,
    target: Target,
    rules: Sequence[Rule],
    options: FileOptions,
    file_title: str,
    progress: OnProgress = lambda done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> ImportPlan:
    """Return what importing a table by these rules would do: for a page where rules are chosen by hand.

    Raises `Stopped` where a person stopped it.
    """

    def advance(done: int, total: int) -> None:
        if cancelled():
            raise Stopped(N_("The check was stopped"))
        progress(done, total)

    while options.doubles is not Doubles.CREATE and replica.catch_up():
        pass  # the index must know every record
    with replica.read() as session:
        currency = options.currency or company(session).currency or DEFAULT_CURRENCY
        how = ImportOptions(
            mode=options.mode,
            key=options.key,
            defaults=options.defaults,
            replace=replacements(table, options.replace),
            reading=Reading(currency=currency.upper(), languages=target.languages),
            owner_id=replica.person.user_id,
            filled_later=_FILLED_LATER.get(target.schema.name, frozenset()),
            file_title=file_title,
        )
        plan = plan_import(table, target, rules, how, ReplicaLookup(session), advance)
        return judge_doubles(session, replica.person, plan, options.doubles, advance)


def import_file(
    replica: Replica,
    path: Path,
    entity: str,
    options: FileOptions,
    languages: Iterable[Translate] = (),
    progress: OnProgress = lambda done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> ImportReport:
    """Import a file and return the account of it; see `run_plan`."""
    plan = plan_file(replica, path, entity, options, languages)
    return run_plan(replica, plan, path.name, progress, cancelled)


def run_plan(
    replica: Replica,
    plan: ImportPlan,
    file_name: str,
    progress: OnProgress = lambda done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> ImportReport:
    """Do what a plan says, about a thousand rows in each transaction; its `batch` can be undone.

    Stopped between two transactions, the rows not reached are rejected with that as their reason. Rows the
    program's rules refuse when they are written are rejected with the rule's words. Raises `AccessDenied`
    where the person may not do such a thing at all.
    """
    portions = [
        rows[start : start + ROWS_A_TRANSACTION]
        for rows in plan.generations()
        for start in range(0, len(rows), ROWS_A_TRANSACTION)
    ]
    writer = RowWriter(replica, plan.entity)
    writer.demand_rights(plan.rows)
    if not portions:
        return plan.report()
    batch = new_id()
    started_ms = replica.clock.now_ms()
    refused: dict[int, tuple[Message, ...]] = {}
    done, total = 0, sum(map(len, portions))
    for portion in portions:
        progress(done, total)
        if cancelled():
            stopped = (message(N_("The import was stopped before this row")),)
            rest = [row for each in portions for row in each][done:]
            refused.update((row.source.line, stopped) for row in rest)
            break
        with replica.write() as session:
            if done == 0:
                session.execute(
                    insert(ImportBatch),
                    {"id": batch, "entity": plan.entity, "at_ms": started_ms, "file_name": file_name},
                )
                writer.make_extras(session, plan.extras)
            refused |= writer.write(session, portion, batch)
        done += len(portion)
    progress(done, total)
    return plan.report(refused, batch)


def write_rejects(report: ImportReport, file: Path, translate: Translate) -> None:
    """Write the rejected rows as CSV: their own columns, then line and reason."""
    write_pieces(file, rejects_csv(report, translate))
