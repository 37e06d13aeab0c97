"""`crm report`: the standard reports and those somebody keeps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from crm_core.errors import NotFound
from crm_core.i18n import N_
from crm_core.reporting.files import demand_exportable
from crm_core.reporting.heard_words import plain_items
from crm_core.rules.reports import Report
from crm_desktop.assembly import App
from crm_desktop.cli.console import LANGUAGE, tr
from crm_desktop.cli.root import Terminal, pass_terminal
from crm_desktop.interchange.saving import write_pieces
from crm_desktop.models.device_tables import EXPORTED
from crm_desktop.models.replica import Replica
from crm_desktop.services import records, saved_views, syncing, voice
from crm_desktop.services import reports as service
from crm_desktop.services.reports import ReportEntry
from crm_terminal.reporting import answer_option, is_made_here, made_of, report_options, show_table
from crm_terminal.words import WORDS_HELP, WORDS_LISTED, words_options
from resources.report_file import report_file

_LISTED = ("name", "of", "chart", "own", "key")

named_argument = click.argument("named", metavar="[REPORT]", required=False)


@click.group(help=tr(N_("Reports: what is counted of which records, put together by what.")))
def report() -> None:
    """Reports."""


@report.command("list", help=tr(N_("List the reports you have, your own first.")))
@pass_terminal
def list_reports(terminal: Terminal) -> None:
    """List reports."""
    translate = terminal.console.translate
    with terminal.app() as app:
        rows = (
            {
                "key": each.key,
                "name": each.name.show(translate),
                "of": each.report.entity,
                "chart": each.chart,
                "own": each.own,
                "standard": each.standard,
                "tells": each.tells.show(translate),
                "questions": [question.key for question in each.report.questions],
            }
            for each in service.reports_of(app.replica)
        )
        terminal.console.show_rows(rows, _LISTED)


@report.command("show", help=tr(N_("Show what a report counts, as the options that make it.")))
@click.argument("named", metavar="REPORT")
@pass_terminal
def show(terminal: Terminal, named: str) -> None:
    """Show a report."""
    with terminal.app() as app:
        found = service.report(app.replica, named)
        terminal.console.show(_shown(app, found, terminal))


@report.command("run", help=tr(N_("Count a REPORT you have, or one made of options, and print it.")))
@named_argument
@report_options(tr)
@answer_option(tr)
@pass_terminal
def run(terminal: Terminal, /, named: str | None, answers: dict[str, str], **how: Any) -> None:
    """Run a report."""
    with terminal.app() as app:
        asked = _asked(app, named, how)
        table = service.count(app.replica, asked, service.answered(app.replica, asked, answers))
        show_table(terminal.console, table)


@report.command(
    "export",
    help=tr(N_("Count a report and write it to a FILE: CSV, xlsx with a chart, JSON, PDF, PNG or SVG.")),
)
@click.argument("named", metavar="REPORT")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@answer_option(tr)
@pass_terminal
def export(terminal: Terminal, named: str, file: Path, answers: dict[str, str]) -> None:
    """Export a report."""
    with terminal.app() as app:
        replica = app.replica
        found = service.report(replica, named)
        table = service.count(replica, found.report, service.answered(replica, found.report, answers))
        demand_exportable(replica.person, table)
        today = replica.clock.today()
        content = report_file(table, file.suffix, found.name, found.chart, today, LANGUAGE, tr)
        write_pieces(file, [content])
        told = {"entity": table.report.entity, "rows": len(table.rows), "file": file.name}
        syncing.note_event(replica, EXPORTED, told)
        terminal.console.show({"rows": len(table.rows), "counted": table.counted, "file": str(file)})


@report.command("words", help=tr(WORDS_HELP))
@words_options(tr)
@pass_terminal
def words(terminal: Terminal, days: int, only_risen: bool, top: int) -> None:
    """Count words."""
    with terminal.app() as app:
        found = voice.heard(app.replica, days)
    terminal.console.show_rows(plain_items(found, only_risen=only_risen, most=top), WORDS_LISTED)


@report.command("make", help=tr(N_("Keep a report made of options under a NAME.")))
@click.argument("name")
@report_options(tr)
@click.option("--chart", default="", help=tr(N_("Kind of chart it is best seen as.")))
@pass_terminal
def make(terminal: Terminal, /, name: str, chart: str, **how: Any) -> None:
    """Keep a report."""
    with terminal.app() as app:
        made = service.save(app.replica, name, service.read(app.replica, made_of(how, tr)), chart).value
        terminal.console.show(_shown(app, service.report(app.replica, made.id), terminal))


@report.command("delete", help=tr(N_("Delete a report you keep.")))
@click.argument("named", metavar="REPORT")
@pass_terminal
def delete(terminal: Terminal, named: str) -> None:
    """Delete a report."""
    with terminal.app() as app:
        found = service.report(app.replica, named)
        records.delete(app.replica, service.REPORT, found.key)
        terminal.console.show({"deleted": found.key})


@report.command(
    "share", help=tr(N_("Show a report you keep to everybody who holds a ROLE; --stop: no more."))
)
@click.argument("named", metavar="REPORT")
@click.argument("role")
@click.option("--stop", is_flag=True, help=tr(N_("Show it to them no more.")))
@pass_terminal
def share(terminal: Terminal, named: str, role: str, stop: bool) -> None:
    """Show a report to a role."""
    with terminal.app() as app:
        replica = app.replica
        found = service.report(replica, named)
        service.show_to(replica, found.key, _role(replica, role), shown=not stop)
        terminal.console.show(_shown(app, service.report(replica, found.key), terminal))


def _role(replica: Replica, named: str) -> str:
    found = [each.role_id for each in saved_views.audiences(replica) if named in (each.role_id, each.name)]
    if not found:
        raise NotFound(N_("There is no role called “{name}”"), name=named)
    return found[0]


def _asked(app: App, named: str | None, how: dict[str, Any]) -> Report:
    if named is not None and not is_made_here(how):
        return service.report(app.replica, named).report
    return service.read(app.replica, made_of(how, tr))


def _shown(app: App, found: ReportEntry, terminal: Terminal) -> dict[str, Any]:
    translate = terminal.console.translate
    options = service.written(app.replica, found.report)
    return {
        "key": found.key,
        "name": found.name.show(translate),
        "tells": found.tells.show(translate),
        "of": options.entity,
        "where": options.where,
        "by": list(options.rows),
        "across": list(options.columns),
        "measures": list(options.measures),
        "sort": options.sort,
        "top": options.top,
        "company_currency": options.company_currency,
        "questions": [
            f"{each.key}: {each.condition.field} {each.condition.op.value} {each.condition.value}"
            for each in found.report.questions
        ],
        "shown_to": list(found.shown_to),
    }
