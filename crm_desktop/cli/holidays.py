"""`crm holidays`: the official days of mainland China into a work calendar."""

from __future__ import annotations

import click

from crm_core.i18n import N_
from crm_core.rules.public_holidays import official_days, years
from crm_desktop.cli.console import tr
from crm_desktop.cli.root import Terminal, pass_terminal
from crm_desktop.services import work_calendars

_COLUMNS = ("day", "kind")


@click.group(help=tr(N_("Official days off and make-up working days of mainland China.")))
def holidays() -> None:
    """Official days."""


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
        terminal.console.show(
            {
                "name": changed.title,
                "holidays": len(changed.get("holidays") or ()),
                "made_up": len(changed.get("made_up") or ()),
                "id": changed.id,
            }
        )
