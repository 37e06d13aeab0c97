"""`import` as both programs take it: its options, its rejects file, and what is said of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from crm_core.errors import UserError
from crm_core.exchange.plan import ImportReport, Mode
from crm_core.i18n import N_, Translate, message
from crm_terminal.console import Console

SHOWN_PROBLEMS: Final = 10
ROWS_DONE: Final = N_("{done} of {total} rows")


def import_options(
    translate: Translate, *, kept: bool = False
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator that gives a command the options of an import.

    `kept`: how files are to be imported again and again, and not what is done with one of them.
    """
    tr = translate

    def defaults_of(
        _context: click.Context, _parameter: click.Parameter, texts: tuple[str, ...]
    ) -> dict[str, str]:
        values: dict[str, str] = {}
        for text in texts:
            name, separator, value = text.partition("=")
            if not separator or not name.strip():
                said = message(N_("“{text}” does not have the form field=value"), text=text)
                raise click.UsageError(said.show(tr))
            values[name.strip()] = value
        return values

    options = (
        click.option(
            "--map",
            "maps",
            multiple=True,
            metavar="COLUMN=FIELD",
            help=tr(N_("Column that fills a field; “field*1000000” multiplies, “COLUMN=” leaves it out.")),
        ),
        click.option(
            "--lookup",
            "lookups",
            multiple=True,
            metavar="COLUMN=ENTITY.FIELD",
            help=tr(N_("Column that names a record to link to.")),
        ),
        click.option(
            "--create-missing",
            multiple=True,
            metavar="COLUMN=ENTITY.FIELD",
            help=tr(N_("The same; a record that is not there is made.")),
        ),
        click.option(
            "--replace",
            multiple=True,
            metavar="COLUMN:FOUND=WANTED",
            help=tr(N_("Word of a column that stands for another.")),
        ),
        click.option(
            "--set",
            "defaults",
            multiple=True,
            callback=defaults_of,
            metavar="FIELD=VALUE",
            help=tr(N_("Value of new records whose row says nothing.")),
        ),
        click.option(
            "--key", default="", metavar="FIELD", help=tr(N_("Field by which a record is recognised."))
        ),
        click.option(
            "--mode",
            type=click.Choice([mode.value for mode in Mode]),
            default=Mode.CREATE.value,
            show_default=True,
            callback=lambda _context, _parameter, value: Mode(value),
            help=tr(N_("Whether to make records, change them, or both.")),
        ),
        click.option(
            "--currency",
            default="",
            metavar="CODE",
            help=tr(N_("Currency of amounts that name none; else the company's.")),
        ),
    )
    once = (
        click.option("--dry-run", is_flag=True, help=tr(N_("Tell what would be done; write nothing."))),
        click.option(
            "--rejects",
            type=click.Path(path_type=Path, dir_okay=False),
            help=tr(N_("CSV file for the rows that were rejected, with the reason.")),
        ),
    )

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options if kept else (*options, *once)):
            command = option(command)
        return command

    return decorate


def try_rejects(rejects: Path | None, imported: Path) -> None:
    """Make sure of the rejects file while nothing is written: afterwards the rejected rows would be lost.

    Raises `UserError` where it is the file to import, OSError where it cannot be written.
    """
    if rejects is None:
        return
    with rejects.open("ab"):
        pass
    if rejects.samefile(imported):
        raise UserError(N_("{file} is the file to import; give its rejects another one"), file=rejects)


def tell_report(console: Console, report: ImportReport, *, all_written: bool) -> None:
    """Print the counts, and say on standard error what was assumed and what was rejected.

    `all_written`: the rejects file has every reason, so nobody need be told that there are more.
    """
    for note in report.notes:
        console.tell(note)
    problems = report.problems()
    for problem in problems[:SHOWN_PROBLEMS]:
        console.tell(problem)
    untold = len(problems) - SHOWN_PROBLEMS
    if untold > 0 and not all_written:
        console.tell(N_("{count} more reasons; --rejects FILE writes them all down"), count=untold)
    shown: dict[str, int | str] = dict(report.counts())
    if report.batch:
        shown["batch"] = report.batch
    console.show(shown)
