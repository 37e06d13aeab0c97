"""`report schedule`: reports and dashboards HQ sends by itself."""

from __future__ import annotations

import datetime
from typing import Any
from zoneinfo import ZoneInfo

import click

from crm_core.errors import NotFound, UserError
from crm_core.i18n import N_, Message
from crm_core.ids import is_id
from crm_core.rules.recurrence import moment_of, parse_repeat, zone_of
from crm_core.rules.recurrence_words import repeat_words
from crm_core.rules.report_schedules import planned_from
from crm_core.rules.standard_reports import STANDARD_REPORTS
from sync_server.cli.console import tr
from sync_server.cli.root import Terminal, pass_terminal
from sync_server.services import people, scheduled_reports
from sync_server.services.auth import now_ms
from sync_server.services.headquarters import Headquarters
from sync_server.services.reports import wall_time

SCHEDULE = scheduled_reports.SCHEDULE
_DAY = "%Y-%m-%d %H:%M"


@click.group("schedule", help=tr(N_("Reports and dashboards that go out by themselves.")))
def schedule() -> None:
    """Scheduled reports."""


@schedule.command("list", help=tr(N_("List what goes out, when, and to whom.")))
@pass_terminal
def list_schedules(terminal: Terminal) -> None:
    """List schedules."""
    with terminal.headquarters() as hq:
        rows = [_shown(hq, each, values) for each, values in hq.records.all(SCHEDULE)]
    terminal.console.show_rows(rows, ("name", "what", "when", "next", "to", "paused", "id"))


@schedule.command("add", help=tr(N_("Have a REPORT or dashboard go out at its times, under a NAME.")))
@click.argument("name")
@click.option("--report", "report_name", default="", metavar="REPORT", help=tr(N_("Key, id or name.")))
@click.option("--dashboard", default="", metavar="DASHBOARD", help=tr(N_("Id or name.")))
@click.option("--to", "users", multiple=True, metavar="USER", help=tr(N_("A user who gets it.")))
@click.option("--role", "roles", multiple=True, metavar="ROLE", help=tr(N_("Everybody who holds it.")))
@click.option(
    "--outside",
    multiple=True,
    metavar="ADDRESS",
    help=tr(N_("An address of nobody here; see report_outside.")),
)
@click.option("--repeat", default="FREQ=DAILY", metavar="RULE", help=tr(N_("Such as FREQ=WEEKLY;BYDAY=MO.")))
@click.option(
    "--at", "first", required=True, metavar="MOMENT", help=tr(N_("First time, such as “2026-12-01 08:00”."))
)
@click.option("--zone", default="", metavar="ZONE", help=tr(N_("Time zone of its times and days.")))
@click.option("--language", type=click.Choice(("en", "zh_CN")), help=tr(N_("Of the mail and its files.")))
@click.option("--pdf", is_flag=True, help=tr(N_("With a PDF.")))
@click.option("--xlsx", is_flag=True, help=tr(N_("With an Excel file.")))
@click.option("--laptops", is_flag=True, help=tr(N_("A dashboard: onto the readers' laptops too.")))
@click.option("--no-mail", is_flag=True, help=tr(N_("Onto laptops alone.")))
@click.option("--as", "owner", default="", metavar="USER", help=tr(N_("Whose it is; else HQ's founder's.")))
@pass_terminal
def add_schedule(
    terminal: Terminal,
    /,
    name: str,
    report_name: str,
    dashboard: str,
    users: tuple[str, ...],
    roles: tuple[str, ...],
    outside: tuple[str, ...],
    repeat: str,
    first: str,
    zone: str,
    owner: str,
    **how: Any,
) -> None:
    """Add a schedule."""
    with terminal.headquarters() as hq:
        owner_id = people.find(hq, "user", owner)[0] if owner else hq.records.founder_id()
        values = {
            "name": name,
            "owner_id": owner_id,
            **_subject(hq, report_name, dashboard),
            "readers": [
                *(people.find(hq, "user", each)[0] for each in users),
                *(people.find(hq, "role", each)[0] for each in roles),
            ],
            "outside": ", ".join(outside) or None,
            "starts_at": _moment(first, zone),
            "repeat": repeat,
            "zone": zone or None,
            "language": how["language"],
            "attach_pdf": how["pdf"],
            "attach_xlsx": how["xlsx"],
            "by_mail": not how["no_mail"],
            "to_laptops": how["laptops"] or how["no_mail"],
        }
        made = hq.records.create(SCHEDULE, values)
        terminal.console.show(_shown(hq, made, hq.records.get(SCHEDULE, made)))


@schedule.command("pause", help=tr(N_("Let it go out no more.")))
@click.argument("named", metavar="NAME")
@pass_terminal
def pause_schedule(terminal: Terminal, named: str) -> None:
    """Pause a schedule."""
    _change(terminal, named, {"paused": True, "next_at": None, "planned": None})


@schedule.command("resume", help=tr(N_("Let it go out again, from its next time on.")))
@click.argument("named", metavar="NAME")
@pass_terminal
def resume_schedule(terminal: Terminal, named: str) -> None:
    """Resume a schedule."""
    _change(terminal, named, {"paused": False, "outcome": None})


@schedule.command("delete", help=tr(N_("Delete it.")))
@click.argument("named", metavar="NAME")
@pass_terminal
def delete_schedule(terminal: Terminal, named: str) -> None:
    """Delete a schedule."""
    with terminal.headquarters() as hq:
        schedule_id, _ = _find(hq, named)
        hq.records.delete(SCHEDULE, schedule_id)
        terminal.console.show({"deleted": schedule_id})


@schedule.command("send", help=tr(N_("Send it to its readers now, besides its times.")))
@click.argument("named", metavar="NAME")
@pass_terminal
def send_schedule(terminal: Terminal, named: str) -> None:
    """Send a report now."""
    with terminal.headquarters() as hq:
        schedule_id, _ = _find(hq, named)
        terminal.console.show(scheduled_reports.send_now(hq, schedule_id, now_ms()))


@schedule.command("run", help=tr(N_("Send whatever is due; a serving HQ does so every half minute.")))
@pass_terminal
def run_schedules(terminal: Terminal) -> None:
    """Send what is due."""
    with terminal.headquarters() as hq:
        terminal.console.show(scheduled_reports.run_due(hq, now_ms()))


@schedule.command("log", help=tr(N_("List what went to whom, the newest first.")))
@click.argument("named", metavar="[NAME]", required=False)
@pass_terminal
def log_of_schedules(terminal: Terminal, named: str | None) -> None:
    """List sendings."""
    with terminal.headquarters() as hq:
        only = _find(hq, named)[0] if named else None
        sendings = [row for _, row in hq.records.all(scheduled_reports.SENDING)]
        wanted = [row for row in sendings if only in (None, row["schedule_id"])]
        wanted.sort(key=lambda row: (row["due_at"] or 0, row["address"] or ""), reverse=True)
        rows = [
            {
                "due": f"{wall_time(row['due_at']):{_DAY}}",
                "name": hq.records.name_of(SCHEDULE, row["schedule_id"]),
                "way": row["way"],
                "reader": hq.records.name_of("user", row["reader_id"]),
                "address": row["address"],
                "status": row["status"],
                "outcome": _said(row["outcome"]),
            }
            for row in wanted
        ]
    terminal.console.show_rows(rows, ("due", "name", "way", "reader", "address", "status", "outcome"))


def _change(terminal: Terminal, named: str, values: dict[str, Any]) -> None:
    with terminal.headquarters() as hq:
        schedule_id, _ = _find(hq, named)
        hq.records.update(SCHEDULE, schedule_id, values)
        terminal.console.show(_shown(hq, schedule_id, hq.records.get(SCHEDULE, schedule_id)))


def _find(hq: Headquarters, named: str) -> tuple[str, dict[str, Any]]:
    wanted = named.strip().casefold()
    found = [
        (each, values)
        for each, values in hq.records.all(SCHEDULE)
        if wanted in (each, str(values["name"] or "").casefold())
    ]
    if not found:
        raise NotFound(N_("There is no scheduled report called “{name}”"), name=named)
    if len(found) > 1:
        raise UserError(N_("Several scheduled reports are called “{name}”: name one by its id"), name=named)
    return found[0]


def _subject(hq: Headquarters, report_name: str, dashboard: str) -> dict[str, str]:
    if report_name in STANDARD_REPORTS:
        return {"standard": report_name}
    named, entity = (dashboard, "dashboard") if dashboard else (report_name, "report")
    if not named:
        return {}
    if is_id(named):
        return {f"{entity}_id": named}
    found = [each for each, _ in hq.records.find(entity, "name", named)]
    if not found:
        missing = (
            N_("There is no dashboard called “{name}”")
            if dashboard
            else N_("There is no report called “{name}”")
        )
        raise NotFound(missing, name=named)
    if len(found) > 1:
        raise UserError(N_("Several reports are called “{name}”: name one by its id"), name=named)
    return {f"{entity}_id": found[0]}


def _moment(text: str, zone: str) -> int:
    try:
        at = datetime.datetime.strptime(text.strip(), _DAY)  # noqa: DTZ007 - of the zone that is given
    except ValueError:
        raise UserError(N_("“{text}” is no moment such as 2026-12-01 08:00"), text=text) from None
    if not zone:
        return round(at.astimezone().timestamp() * 1000)
    return moment_of(at.date(), at.time(), zone_of(zone, ZoneInfo("UTC")))


def _shown(hq: Headquarters, schedule_id: str, values: dict[str, Any]) -> dict[str, Any]:
    zone = str(values["zone"] or "")
    following = values["next_at"] if values["planned"] == planned_from(values) else None
    what = (
        values["standard"]
        or hq.records.name_of("report", values["report_id"])
        or hq.records.name_of("dashboard", values["dashboard_id"])
    )
    to = [
        hq.records.name_of("user", each) or hq.records.name_of("role", each) or each
        for each in values["readers"] or ()
    ]
    return {
        "id": schedule_id,
        "name": values["name"],
        "what": what,
        "when": _words(values),
        "next": f"{wall_time(following, zone):{_DAY}}" if following else None,
        "to": [*to, *filter(None, [values["outside"]])],
        "paused": bool(values["paused"]),
        "why": _said(values["outcome"]),
    }


def _words(values: dict[str, Any]) -> str:
    try:
        rule = parse_repeat(str(values["repeat"] or ""))
    except UserError:
        return str(values["repeat"])
    at = wall_time(int(values["starts_at"]), str(values["zone"] or ""))
    return f"{repeat_words(rule, at.date()).show(tr)}, {at:%H:%M}"


def _said(outcome: Any) -> str | None:
    if not outcome:
        return None
    text, places = outcome
    return Message(str(text), {name: Message(str(value)) for name, value in places.items()}).show(tr)
