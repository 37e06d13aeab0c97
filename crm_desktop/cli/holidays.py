"""`crm holidays`: days off into a work calendar: official ones of mainland China, or those of a file."""

from __future__ import annotations

from pathlib import Path

import click

from crm_core.i18n import N_, message
from crm_core.rules.public_holidays import official_days, years
from crm_desktop.cli.console import tr
from crm_desktop.cli.root import Terminal, pass_terminal
from crm_desktop.models.records import Record
from crm_desktop.services import work_calendars

_COLUMNS = ("day", "kind")


@click.group(
    help=tr(N_("Days off into work calendars: official ones with make-up working days, or those of a file."))
)
def holidays() -> None:
    """Days off."""


@holidays.command("list", help=tr(N_("List the official days of a year; without one, the newest known.")))
@click.option("--year", type=int, help=tr(N_("The year.")))
@pass_terminal
def list_days(terminal: Terminal, year: int | None) -> None:
    """List the days of a year."""
    days = official_days(year if year is not None else years()[-1])
    rows = [{"day": day, "kind": "off"} for day in days.off]
    rows += [{"day": day, "kind": "worked"} for day in days.worked]
    terminal.console.show_rows(sorted(rows, key=lambda row: row["day"]), _COLUMNS)


@holidays.command("add", help=tr(N_("Add the official days of years to a work calendar, by its name or id.")))
@click.argument("calendar", metavar="CALENDAR")
@click.option("--year", "wanted", type=int, multiple=True, required=True, help=tr(N_("May be repeated.")))
@pass_terminal
def add(terminal: Terminal, calendar: str, wanted: tuple[int, ...]) -> None:
    """Add the days."""
    with terminal.app() as app:
        calendar_id = work_calendars.calendar_named(app.replica, calendar)
        changed = work_calendars.add_official_days(app.replica, calendar_id, wanted).value
        terminal.console.show(_shown(changed))


@holidays.command("import", help=tr(N_("Add the whole days of a calendar file (.ics) to a work calendar.")))
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("calendar", metavar="CALENDAR")
@click.option("--year", "wanted", type=int, multiple=True, help=tr(N_("Only these years; may be repeated.")))
@pass_terminal
def import_days(terminal: Terminal, file: Path, calendar: str, wanted: tuple[int, ...]) -> None:
    """Add the days of a file."""
    with terminal.app() as app:
        calendar_id = work_calendars.calendar_named(app.replica, calendar)
        found = work_calendars.read_days(file, wanted)
        changed = work_calendars.add_days(app.replica, calendar_id, found.days).value
        shown = {**_shown(changed), "in_file": len(found.days), "left": len(found.unread)}
        for each in found.unread:
            terminal.console.tell(
                message(N_("“{title}” was left out: {reason}"), title=each.title, reason=each.reason)
            )
        terminal.console.show(shown)


def _shown(calendar: Record) -> dict[str, object]:
    return {
        "name": calendar.title,
        "holidays": len(calendar.get("holidays") or ()),
        "made_up": len(calendar.get("made_up") or ()),
        "id": calendar.id,
    }
