"""`import`: a file into HQ, as its administrator."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from crm_core.entities import schema_of
from crm_core.errors import UserError
from crm_core.exchange.plan import ImportReport, Mode
from crm_core.exchange.writing import rejects_csv
from crm_core.i18n import N_, message
from sync_server.cli.console import tr
from sync_server.cli.root import Terminal, pass_terminal
from sync_server.services import importing
from sync_server.services.importing import ImportWish
from sync_server.services.languages import CHINESE, translate_into

SHOWN_PROBLEMS: Final = 10


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
@click.argument("entity", metavar="ENTITY")
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
    multiple=True,
    metavar="COLUMN=ENTITY.FIELD",
    help=tr(N_("The same; a record that is not there is made.")),
)
@click.option(
    "--replace",
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
def import_file(
    terminal: Terminal, /, file: Path, entity: str, mode: str, dry_run: bool, rejects: Path | None, **how: Any
) -> None:
    """Import a file."""
    schema_of(entity)
    wish = ImportWish(mode=Mode(mode), **how)
    with terminal.headquarters() as hq:
        table = importing.read_file(file)
        plan = importing.plan_table(hq, table, entity, wish, file.stem, (translate_into(CHINESE),))
        if rejects is not None:
            _try_rejects(rejects, file)
        report = (
            plan.report()
            if dry_run
            else importing.run_plan(hq, plan, file.name, progress=_tell_progress(terminal))
        )
    if rejects is not None:
        rejects.write_bytes(b"".join(rejects_csv(report, tr)))
    _tell(terminal, report, rejects)


def _try_rejects(rejects: Path, imported: Path) -> None:
    """Make sure of the rejects file while nothing is written: afterwards the rejected rows would be lost."""
    with rejects.open("ab"):
        pass
    if rejects.samefile(imported):
        raise UserError(N_("{file} is the file to import; give its rejects another one"), file=rejects)


def _tell(terminal: Terminal, report: ImportReport, rejects: Path | None) -> None:
    """Print the counts, and say on standard error what was assumed and what was rejected."""
    for note in report.notes:
        terminal.console.tell(note)
    problems = report.problems()
    for problem in problems[:SHOWN_PROBLEMS]:
        terminal.console.tell(problem)
    untold = len(problems) - SHOWN_PROBLEMS
    if untold > 0 and rejects is None:
        terminal.console.tell(N_("{count} more reasons; --rejects FILE writes them all down"), count=untold)
    terminal.console.show(report.counts())


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
