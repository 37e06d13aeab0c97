"""`import`, `undo-import` and `export`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import click

from crm_core.entities import schema_of
from crm_core.errors import UserError
from crm_core.exchange.plan import ImportReport, Mode
from crm_core.i18n import N_, message
from crm_core.schema.values import instant_text
from crm_desktop.cli.console import CHINESE, tr, translation
from crm_desktop.cli.records import entity_argument, where_option
from crm_desktop.cli.root import Terminal, pass_terminal
from crm_desktop.interchange import importing, undoing
from crm_desktop.interchange.exporting import export_rows
from crm_desktop.interchange.importing import FileOptions
from crm_desktop.models.query import ListQuery, parse_conditions, parse_sort

SHOWN_PROBLEMS = 10
IMPORT_COLUMNS = ("at", "entity", "file_name", "rows", "undone", "id")


def _defaults(_context: click.Context, _parameter: click.Parameter, texts: tuple[str, ...]) -> dict[str, str]:
    """Return `field=value` texts by field."""
    values: dict[str, str] = {}
    for text in texts:
        name, separator, value = text.partition("=")
        if not separator or not name.strip():
            said = message(N_("“{text}” does not have the form field=value"), text=text)
            raise click.UsageError(said.show(tr))
        values[name.strip()] = value
    return values


@click.command("import", help=tr(N_("Bring records in from CSV, a spreadsheet, vCard or JSON.")))
@click.argument("file", type=click.Path(path_type=Path))
@entity_argument
@click.option(
    "--map",
    "maps",
    multiple=True,
    metavar="COLUMN=FIELD",
    help=tr(N_("Column that fills a field; “field*1000000” multiplies, “COLUMN=” leaves it out.")),
)
@click.option(
    "--lookup",
    "lookups",
    multiple=True,
    metavar="COLUMN=ENTITY.FIELD",
    help=tr(N_("Column that names a record to link to.")),
)
@click.option(
    "--create-missing",
    "create_missing",
    multiple=True,
    metavar="COLUMN=ENTITY.FIELD",
    help=tr(N_("The same; a record that is not there is made.")),
)
@click.option(
    "--replace",
    "replaced",
    multiple=True,
    metavar="COLUMN:FOUND=WANTED",
    help=tr(N_("Word of a column that stands for another.")),
)
@click.option(
    "--set",
    "defaults",
    multiple=True,
    callback=_defaults,
    metavar="FIELD=VALUE",
    help=tr(N_("Value of new records whose row says nothing.")),
)
@click.option("--key", default="", metavar="FIELD", help=tr(N_("Field by which a record is recognised.")))
@click.option(
    "--mode",
    type=click.Choice([mode.value for mode in Mode]),
    default=Mode.CREATE.value,
    show_default=True,
    help=tr(N_("Whether to make records, change them, or both.")),
)
@click.option(
    "--currency",
    default="",
    metavar="CODE",
    help=tr(N_("Currency of amounts that name none; else the company's.")),
)
@click.option("--dry-run", is_flag=True, help=tr(N_("Tell what would be done; write nothing.")))
@click.option(
    "--rejects",
    type=click.Path(path_type=Path, dir_okay=False),
    help=tr(N_("CSV file for the rows that were rejected, with the reason.")),
)
@pass_terminal
def import_command(
    terminal: Terminal,
    file: Path,
    entity: str,
    maps: tuple[str, ...],
    lookups: tuple[str, ...],
    create_missing: tuple[str, ...],
    replaced: tuple[str, ...],
    defaults: dict[str, str],
    key: str,
    mode: str,
    currency: str,
    dry_run: bool,
    rejects: Path | None,
) -> None:
    """Import a file."""
    schema_of(entity)
    options = FileOptions(
        maps=maps,
        lookups=lookups,
        create_missing=create_missing,
        replace=replaced,
        defaults=defaults,
        key=key,
        mode=Mode(mode),
        currency=currency,
    )
    languages = (translation(CHINESE),)
    with terminal.app() as app:
        plan = importing.plan_file(app.replica, file, entity, options, languages)
        if rejects is not None:
            _try_rejects(rejects, file)
        report = (
            plan.report()
            if dry_run
            else importing.run_plan(app.replica, plan, file.name, progress=_tell_progress(terminal))
        )
    if rejects is not None:
        importing.write_rejects(report, rejects, tr)
    _tell_report(terminal, report, rejects)


def _try_rejects(rejects: Path, imported: Path) -> None:
    """Make sure of the rejects file while nothing is written: afterwards the rejected rows would be lost."""
    with rejects.open("ab"):
        pass
    if rejects.samefile(imported):
        raise UserError(N_("{file} is the file to import; give its rejects another one"), file=rejects)


def _tell_report(terminal: Terminal, report: ImportReport, rejects: Path | None) -> None:
    """Print the counts, and say on standard error what was assumed and what was rejected."""
    for note in report.notes:
        terminal.console.tell(note)
    problems = report.problems()
    for problem in problems[:SHOWN_PROBLEMS]:
        terminal.console.tell(problem)
    untold = len(problems) - SHOWN_PROBLEMS
    if untold > 0 and rejects is None:
        terminal.console.tell(N_("{count} more reasons; --rejects FILE writes them all down"), count=untold)
    shown: dict[str, int | str] = dict(report.counts())
    if report.batch:
        shown["batch"] = report.batch
    terminal.console.show(shown)


def _tell_progress(terminal: Terminal) -> Callable[[int, int], None]:
    """Return what tells of progress, at most once a second and only to a person at a terminal."""
    if terminal.console.as_json or not sys.stderr.isatty():
        return lambda done, total: None
    last = time.monotonic()

    def tell(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last >= 1:
            last = time.monotonic()
            terminal.console.tell(N_("{done} of {total} rows"), done=done, total=total)

    return tell


@click.command("undo-import", help=tr(N_("Take an import back; without an id, list the imports made here.")))
@click.argument("batch", metavar="[ID]", required=False)
@pass_terminal
def undo(terminal: Terminal, batch: str | None) -> None:
    """Take an import back, or list those that could be."""
    with terminal.app() as app:
        if batch is None:
            made = ({**asdict(each), "at": instant_text(each.at_ms)} for each in undoing.imports(app.replica))
            terminal.console.show_rows(made, IMPORT_COLUMNS)
            return
        report = undoing.undo_import(app.replica, batch.strip().lower())
    terminal.console.show({"removed": report.removed, "restored": report.restored, "kept": report.kept})


@click.command(help=tr(N_("Write records to a file: CSV, xlsx, vcf, json or jsonl by its ending.")))
@entity_argument
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@where_option
@click.option("--fields", help=tr(N_("Fields to write, separated by commas.")))
@click.option("--sort", help=tr(N_("Field to sort by; a minus before it means descending.")))
@pass_terminal
def export(
    terminal: Terminal,
    entity: str,
    file: Path,
    conditions: tuple[str, ...],
    fields: str | None,
    sort: str | None,
) -> None:
    """Export a list."""
    schema_of(entity)
    wanted = tuple(name.strip() for name in fields.split(",") if name.strip()) if fields else None
    with terminal.app() as app:
        query = ListQuery(entity=entity, sort=parse_sort(sort or ""), fields=wanted)
        with app.replica.read() as session:
            query = replace(query, conditions=parse_conditions(session, entity, conditions))
        rows = export_rows(app.replica, query, file, tr, progress=_tell_progress(terminal))
    terminal.console.show({"file": str(file), "rows": rows})
