"""`calendar`: what is planned, planning by typing, repeating."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import click

from crm_core.errors import UserError
from crm_core.i18n import N_, message
from crm_core.rules.recurrence import parse_repeat
from crm_core.rules.recurrence_words import repeat_words
from crm_core.rules.typed_moment import TypedMoment, read_moment
from crm_core.schema.values import instant_text
from crm_desktop.cli.console import tr
from crm_desktop.cli.root import Terminal, pass_terminal
from crm_desktop.cli.values import flat, record_id_of
from crm_desktop.interchange import calendar_files
from crm_desktop.models.replica import Replica
from crm_desktop.services import calendar_period, delegating, planning, records
from crm_desktop.services.calendar import local, moment
from crm_desktop.services.calendar_period import DAY_OF_SERIES, CalendarItem, key_parts
from crm_desktop.services.planning import Which

COLUMNS = ("begins", "ends", "kind", "subject", "customer", "owner", "done", "id")
DAYS_SHOWN = 7
NO_RULE = "none"
BACK, AHEAD = datetime.timedelta(days=92), datetime.timedelta(days=366)
"""How far a calendar file goes where no days are named."""


@click.group(help=tr(N_("What is planned, planning, and calendar files.")))
def calendar() -> None:
    """The calendar."""


@calendar.command("list", help=tr(N_("Show what is planned and what happened, in order.")))
@click.option("--from", "first", metavar="DAY", help=tr(N_("First day; today where none is given.")))
@click.option("--to", "last", metavar="DAY", help=tr(N_("Last day; without one, a week is shown.")))
@click.option("--everybody", is_flag=True, help=tr(N_("Everybody's whose activities are here.")))
@pass_terminal
def list_items(terminal: Terminal, first: str | None, last: str | None, everybody: bool) -> None:
    """List a period."""
    with terminal.app() as app:
        replica = app.replica
        begins = day_of(replica, first) if first else local(replica.clock.now_ms()).date()
        ends = day_of(replica, last) if last else begins + datetime.timedelta(days=DAYS_SHOWN - 1)
        people = None if everybody else (replica.person.user_id,)
        after = ends + datetime.timedelta(days=1)
        items = calendar_period.period(replica, moment(begins), moment(after), people)
    terminal.console.show_rows((_said(item) for item in items), COLUMNS)


@calendar.command(help=tr(N_("Plan an activity for a day and time: “tomorrow 9”, “fri 14:00-15:30”.")))
@click.argument("key", metavar="ID")
@click.argument("words", metavar="WHEN", nargs=-1, required=True)
@click.option(
    "--which",
    type=click.Choice([each.value for each in Which]),
    default=Which.THIS.value,
    show_default=True,
    help=tr(N_("Of a series: this time, this and the following, or all.")),
)
@pass_terminal
def plan(terminal: Terminal, key: str, words: tuple[str, ...], which: str) -> None:
    """Plan an activity."""
    with terminal.app() as app:
        typed = moment_typed(app.replica, " ".join(words))
        planned = planning.plan(app.replica, key_of(key), typed, Which(which)).value
        changed = planned.made[0] if planned.made else key_parts(key_of(key))[0]
        shown = flat(app.replica, records.get(app.replica, "activity", changed))
    terminal.console.show(shown)


@calendar.command(
    help=tr(N_("Let an activity repeat by a rule (FREQ=WEEKLY;BYDAY=MO), or by “none” no more."))
)
@click.argument("record_id", metavar="ID")
@click.argument("rule", metavar="RULE")
@pass_terminal
def repeat(terminal: Terminal, record_id: str, rule: str) -> None:
    """Let an activity repeat."""
    with terminal.app() as app:
        wanted = None if rule.strip().lower() == NO_RULE else parse_repeat(rule)
        planning.repeat(app.replica, record_id_of(record_id), wanted)
        record = records.get(app.replica, "activity", record_id_of(record_id))
        shown = flat(app.replica, record)
    if wanted is not None:
        first = local(int(record.get("due_at") or 0)).date()
        terminal.console.tell(repeat_words(wanted, first))
    terminal.console.show(shown)


@calendar.command(help=tr(N_("Tick an activity off, or one time of a series.")))
@click.argument("key", metavar="ID")
@click.option("--open", "reopen", is_flag=True, help=tr(N_("Open it again.")))
@pass_terminal
def done(terminal: Terminal, key: str, reopen: bool) -> None:
    """Tick an activity off."""
    with terminal.app() as app:
        planned = planning.tick(app.replica, key_of(key), not reopen).value
        changed = planned.made[0] if planned.made else key_parts(key_of(key))[0]
        shown = flat(app.replica, records.get(app.replica, "activity", changed))
    terminal.console.show(shown)


@calendar.command(help=tr(N_("Say who an activity could be given to, the best first, and why.")))
@click.argument("key", metavar="ID")
@pass_terminal
def suggest(terminal: Terminal, key: str) -> None:
    """Suggest somebody."""
    with terminal.app() as app:
        found = delegating.suggestions(app.replica, key_of(key))
    rows = [
        {"name": each.name, "score": each.score, "reason": each.reason.show(tr), "id": each.user_id}
        for each in found
    ]
    terminal.console.show_rows(rows, ("name", "score", "reason", "id"))


@calendar.command(help=tr(N_("Give an activity to somebody; who may not hand it over puts him on it.")))
@click.argument("key", metavar="ID")
@click.argument("user_id", metavar="USER")
@pass_terminal
def give(terminal: Terminal, key: str, user_id: str) -> None:
    """Give an activity to somebody."""
    with terminal.app() as app:
        handed = delegating.give(app.replica, key_of(key), record_id_of(user_id)).value
        record = records.get(app.replica, "activity", key_parts(key_of(key))[0])
        shown = flat(app.replica, record)
    terminal.console.show({**shown, "handed_over": handed.handed_over})


@calendar.command(help=tr(N_("Delete an activity, or times of its series.")))
@click.argument("key", metavar="ID")
@click.option(
    "--which",
    type=click.Choice([each.value for each in Which]),
    default=Which.THIS.value,
    show_default=True,
    help=tr(N_("Of a series: this time, this and the following, or all.")),
)
@pass_terminal
def remove(terminal: Terminal, key: str, which: str) -> None:
    """Delete an activity."""
    with terminal.app() as app:
        planning.remove(app.replica, key_of(key), Which(which))
    terminal.console.show({"removed": key_of(key)})


@calendar.command("export", help=tr(N_("Write what is planned to a calendar file (.ics).")))
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--from", "first", metavar="DAY", help=tr(N_("First day; without one, three months ago.")))
@click.option("--to", "last", metavar="DAY", help=tr(N_("Last day; without one, in a year.")))
@pass_terminal
def export_file(terminal: Terminal, file: Path, first: str | None, last: str | None) -> None:
    """Write a calendar file."""
    with terminal.app() as app:
        replica = app.replica
        today = local(replica.clock.now_ms()).date()
        begins = day_of(replica, first) if first else today - BACK
        ends = day_of(replica, last) if last else today + AHEAD
        after = ends + datetime.timedelta(days=1)
        me = (replica.person.user_id,)
        number = calendar_files.export_calendar(
            replica, file, moment(begins), moment(after), tr(N_("Satchel")), me
        )
    terminal.console.show({"file": str(file), "events": number})


@calendar.command("import", help=tr(N_("Bring the events of a calendar file (.ics) in as activities.")))
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@pass_terminal
def import_file(terminal: Terminal, file: Path) -> None:
    """Bring a calendar file in."""
    with terminal.app() as app:
        brought = calendar_files.import_calendar(app.replica, file).value
    for each in brought.unread:
        terminal.console.tell(
            message(N_("“{title}” was left out: {reason}"), title=each.title, reason=each.reason)
        )
    counts = {"created": brought.created, "updated": brought.updated, "unchanged": brought.unchanged}
    terminal.console.show({**counts, "rejected": len(brought.unread)})


def key_of(text: str) -> str:
    """Return the key of an activity or of one time of a series, as `list` prints it."""
    record_id, day = key_parts(text.strip())
    if day is None:
        return record_id_of(record_id)
    try:
        return f"{record_id_of(record_id)}{DAY_OF_SERIES}{datetime.date.fromisoformat(day).isoformat()}"
    except ValueError:
        raise UserError(N_("“{text}” is not a day"), text=day) from None


def moment_typed(replica: Replica, text: str) -> TypedMoment:
    """Return a day and time as typed. Raises `UserError` for what is not understood."""
    typed = read_moment(text, local(replica.clock.now_ms()))
    if typed is None:
        raise UserError(N_("“{text}” is not understood as a day and time"), text=text)
    return typed


def day_of(replica: Replica, text: str) -> datetime.date:
    """Return a day as typed."""
    return moment_typed(replica, text).day


def _said(item: CalendarItem) -> dict[str, Any]:
    return {
        "id": item.key,
        "begins": item.first_day.isoformat() if item.first_day else instant_text(item.begins_ms),
        "ends": item.last_day.isoformat() if item.last_day else instant_text(item.ends_ms),
        "kind": item.kind,
        "subject": item.subject,
        "customer": item.customer_name,
        "customer_id": item.customer_id,
        "owner": item.owner_name,
        "owner_id": item.owner_id,
        "place": item.place,
        "all_day": item.all_day,
        "planned": item.planned,
        "repeats": item.repeats,
        "done": item.done,
    }
