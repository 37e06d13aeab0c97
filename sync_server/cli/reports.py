"""`report`: counting at HQ what a user may see."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from crm_core.charts.tiles import Counted, drawn_tables
from crm_core.i18n import N_, Message, message
from crm_core.reporting.files import demand_exportable
from crm_core.reporting.heard import heard
from crm_core.reporting.heard_words import plain_items
from crm_core.reporting.texts import plain_rows
from crm_core.rules.reports import Report, ReportTable
from crm_terminal.reporting import answer_option, is_made_here, made_of, report_options, show_table
from crm_terminal.words import WORDS_HELP, WORDS_LISTED, words_options
from resources.report_file import dashboard_file, report_file
from sync_server.cli.console import LANGUAGE, tr
from sync_server.cli.root import Terminal, pass_terminal
from sync_server.services import dashboards as boards
from sync_server.services import people
from sync_server.services import reports as service
from sync_server.services.auth import now_ms
from sync_server.services.headquarters import Headquarters
from sync_server.services.reading import Reader

as_option = click.option(
    "--as", "user", default="", metavar="USER", help=tr(N_("Only what this user may see."))
)


@click.group(help=tr(N_("Reports: what is counted of which records, put together by what.")))
def report() -> None:
    """Reports."""


@report.command("list", help=tr(N_("List the reports there are.")))
@as_option
@pass_terminal
def list_reports(terminal: Terminal, user: str) -> None:
    """List reports."""
    translate = terminal.console.translate
    with terminal.headquarters() as hq, _reader(hq, user) as reader:
        rows = [
            {
                "key": each.key,
                "name": each.name.show(translate),
                "of": each.report.entity,
                "chart": each.chart,
                "standard": each.standard,
            }
            for each in service.reports_of(reader)
        ]
    terminal.console.show_rows(rows, ("name", "of", "chart", "key"))


@report.command("run", help=tr(N_("Count a REPORT there is, or one made of options, and print it.")))
@click.argument("named", metavar="[REPORT]", required=False)
@report_options(tr)
@answer_option(tr)
@as_option
@pass_terminal
def run(terminal: Terminal, /, named: str | None, answers: dict[str, str], user: str, **how: Any) -> None:
    """Run a report."""
    with terminal.headquarters() as hq, _reader(hq, user) as reader:
        made_here = named is None or is_made_here(how)
        asked = (
            service.read(reader, made_of(how, tr)) if made_here else service.find(reader, named or "").report
        )
        table = _counted(hq, reader, asked, answers)
    show_table(terminal.console, table)


@report.command(
    "export",
    help=tr(N_("Count a report and write it to a FILE: CSV, xlsx with a chart, JSON, PDF, PNG or SVG.")),
)
@click.argument("named", metavar="REPORT")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@answer_option(tr)
@as_option
@pass_terminal
def export(terminal: Terminal, named: str, file: Path, answers: dict[str, str], user: str) -> None:
    """Export a report."""
    with terminal.headquarters() as hq, _reader(hq, user) as reader:
        found = service.find(reader, named)
        table = _counted(hq, reader, found.report, answers)
        demand_exportable(reader.person, table)
    today = service.wall_time(now_ms()).date()
    translate = terminal.console.translate
    content = report_file(table, file.suffix, found.name, found.chart, today, LANGUAGE, translate)
    file.write_bytes(content)
    terminal.console.show({"rows": len(table.rows), "counted": table.counted, "file": str(file)})


@report.command("words", help=tr(WORDS_HELP))
@words_options(tr)
@as_option
@pass_terminal
def words(terminal: Terminal, days: int, only_risen: bool, top: int, user: str) -> None:
    """Count words."""
    at_ms = now_ms()
    with terminal.headquarters() as hq, _reader(hq, user) as reader:
        source = service.HeadquartersSource(reader, hq.settings.currency, at_ms)
        found = heard(source, days, at_ms)
    terminal.console.show_rows(plain_items(found, only_risen=only_risen, most=top), WORDS_LISTED)


@report.command("dashboards", help=tr(N_("List the dashboards there are.")))
@as_option
@pass_terminal
def list_dashboards(terminal: Terminal, user: str) -> None:
    """List dashboards."""
    translate = terminal.console.translate
    with terminal.headquarters() as hq, _reader(hq, user) as reader:
        rows = [
            {
                "key": each.key,
                "name": each.name.show(translate),
                "tiles": len(each.tiles),
                "period": each.period,
                "starter": each.starter,
            }
            for each in boards.dashboards_of(reader)
        ]
    terminal.console.show_rows(rows, ("name", "tiles", "period", "key"))


@report.command(
    "dashboard",
    help=tr(
        N_("Count a DASHBOARD and print its tiles, or write them to a FILE: PDF, PNG, SVG, xlsx or JSON.")
    ),
)
@click.argument("named", metavar="DASHBOARD")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.option(
    "--period", default=None, metavar="PERIOD", help=tr(N_("Stretch of time, such as this-quarter."))
)
@click.option("--zone", default="", metavar="ZONE", help=tr(N_("Time zone of days and hours.")))
@as_option
@pass_terminal
def dashboard(
    terminal: Terminal, named: str, file: Path | None, period: str | None, zone: str, user: str
) -> None:
    """Count a dashboard."""
    console, at_ms = terminal.console, now_ms()
    with terminal.headquarters() as hq, _reader(hq, user) as reader:
        found = boards.find(reader, named)
        counted = boards.count_dashboard(reader, found, hq.settings.currency, at_ms, period, zone)
        if file is not None:
            demand_exportable(reader.person, *drawn_tables(counted))
    if file is None:
        for each in counted:
            _show_tile(terminal, each)
        return
    remark = message(N_("as of {time}"), time=f"{service.wall_time(at_ms, zone):%Y-%m-%d %H:%M}")
    content = dashboard_file(
        found.tiles, counted, file.suffix, found.name, remark, LANGUAGE, console.translate
    )
    file.write_bytes(content)
    console.show({"tiles": len(counted), "file": str(file)})


def _show_tile(terminal: Terminal, tile: Counted) -> None:
    console = terminal.console
    title = Message(tile.title)
    if tile.drawn is None:
        reason = tile.fault or Message("")
        if console.as_json:
            console.show({"tile": title.show(console.translate), "fault": reason.show(console.translate)})
        else:
            console.tell(message(N_("{title}: {reason}"), title=title, reason=reason))
        return
    if console.as_json:
        rows = list(plain_rows(tile.drawn.table, console.translate))
        console.show({"tile": title.show(console.translate), "rows": rows})
        return
    console.tell(Message("\n{title}", {"title": title}))
    show_table(console, tile.drawn.table)


@contextmanager
def _reader(hq: Headquarters, user: str) -> Iterator[Reader]:
    user_id = people.find(hq, "user", user)[0] if user else None
    with hq.database.read() as snapshot:
        yield Reader(snapshot.connection, hq.records.author(snapshot.connection, user_id).person)


def _counted(hq: Headquarters, reader: Reader, asked: Report, answers: dict[str, str]) -> ReportTable:
    values = service.answered(reader, asked, answers)
    return service.count(reader, asked, hq.settings.currency, now_ms(), values)
