"""Reports as both programs' command lines take and print them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from crm_core.i18n import N_, Message, Translate, message
from crm_core.reporting import texts
from crm_core.rules.report_options import ReportOptions
from crm_core.rules.reports import ReportTable
from crm_terminal.console import Console

_Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def report_options(tr: Translate) -> _Decorator:
    """Return a decorator that gives a command the options a report is made of."""
    options = (
        click.option("--of", "entity", metavar="ENTITY", help=tr(N_("Kind of record that is counted."))),
        click.option("--where", default="", metavar="RULE", help=tr(N_("Which records count."))),
        click.option(
            "--by",
            "rows",
            multiple=True,
            metavar="FIELD",
            help=tr(N_("Group of the rows: a field, or “close_date by month”.")),
        ),
        click.option(
            "--across",
            "columns",
            multiple=True,
            metavar="FIELD",
            help=tr(N_("Group of the columns, side by side.")),
        ),
        click.option(
            "--measure",
            "measures",
            multiple=True,
            metavar="MEASURE",
            help=tr(N_("What is counted, such as “sum(amount)”; without one, records.")),
        ),
        click.option(
            "--sort", default="", metavar="ORDER", help=tr(N_("Such as “-measure 1” or “group 1”."))
        ),
        click.option(
            "--top", type=click.IntRange(min=0), default=0, help=tr(N_("Most rows; the others together."))
        ),
        click.option(
            "--company-currency",
            is_flag=True,
            help=tr(N_("Bring amounts to the company's currency by the rates of today.")),
        ),
        click.option("--zone", default="", metavar="ZONE", help=tr(N_("Time zone of days and hours."))),
    )

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


def answer_option(tr: Translate) -> _Decorator:
    """Return the option that answers a report's questions."""
    return click.option(
        "--answer",
        "answers",
        multiple=True,
        metavar="QUESTION=VALUE",
        callback=lambda _context, _parameter, texts: dict(_answer(tr, text) for text in texts),
        help=tr(N_("Answer to a question of the report, such as since=this-year-1.")),
    )


def made_of(how: dict[str, Any], tr: Translate) -> ReportOptions:
    """Return the options a command was given."""
    if not how["entity"]:
        raise click.UsageError(message(N_("Name a report, or say --of what it counts")).show(tr))
    return ReportOptions(**how)


def is_made_here(how: dict[str, Any]) -> bool:
    """Tell whether a command was given what a report is made of."""
    return any(how.values())


def show_table(console: Console, table: ReportTable) -> None:
    """Print a counted report: a JSON object a row, or a table with what is to be known beside it."""
    if console.as_json:
        console.show_rows(texts.plain_rows(table, console.translate), ())
        return
    heads = texts.heads(table, console.translate)
    rows = [
        dict(zip(heads, map(texts.text, cells), strict=True))
        for _, cells in texts.rows(table, console.translate)
    ]
    console.show_rows(rows, heads)
    for note in texts.notes(table, console.translate):
        console.tell(Message("{note}", {"note": note}))


def _answer(tr: Translate, text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator or not name.strip():
        raise click.UsageError(message(N_("“{text}” does not have the form field=value"), text=text).show(tr))
    return name.strip(), value
