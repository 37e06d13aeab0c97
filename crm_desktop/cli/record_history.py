"""`history`: who changed what of a record, and one value put back to what it was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import click

from crm_core.entities import schema_of
from crm_core.errors import NotFound
from crm_core.i18n import N_
from crm_core.schema.field import Field, Kind, Plain
from crm_core.schema.values import instant_text, links_of, parse_instant
from crm_core.sync.merge import lives
from crm_desktop.cli.console import tr
from crm_desktop.cli.records import entity_argument, id_argument
from crm_desktop.cli.root import Terminal, pass_terminal
from crm_desktop.cli.values import flat, plain_change, record_id_of
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.services import records, value_history
from crm_desktop.services.records import HistoryEntry

COLUMNS = ("at", "user", "label", "old", "new", "origin")


@click.command(help=tr(N_("Show who changed what of a record, when, and from what, newest first.")))
@entity_argument
@id_argument
@click.option("--labels", is_flag=True, help=tr(N_("Words of choices, and titles for links.")))
@click.option(
    "--put-back",
    "field",
    metavar="FIELD",
    help=tr(N_("Set the field as it was before its newest change, or the one at --at; print the record.")),
)
@click.option("--at", "at", metavar="INSTANT", help=tr(N_("The moment of that change, as it is listed.")))
@pass_terminal
def history(
    terminal: Terminal, entity: str, record_id: str, labels: bool, field: str | None, at: str | None
) -> None:
    """Show a record's history, or put one value back."""
    schema_of(entity)
    if at and not field:
        raise click.UsageError(tr(N_("--at belongs to --put-back")))
    with terminal.app() as app:
        replica = app.replica
        record = records.get(replica, entity, record_id_of(record_id))
        entries = records.history(replica, entity, record.id)
        if field:
            at_ms = _moment(entries, field, at)
            value_history.restore_value(replica, entity, record.id, field, at_ms)
            terminal.console.show(flat(replica, records.get(replica, entity, record.id)))
            return
        terminal.console.show_rows(_rows(replica, record, entries, labels), COLUMNS)


def _moment(entries: Iterable[HistoryEntry], field: str, at: str | None) -> int:
    """Return when the change was made: the newest one of the field, or the one named."""
    wanted = _instant(at) if at else None
    for entry in entries:
        if entry.field == field and wanted in (None, entry.at_ms):
            return entry.at_ms
    raise NotFound(N_("The history has no such change of “{field}”"), field=field)


def _instant(text: str) -> int:
    try:
        return parse_instant(text)
    except ValueError as error:
        raise click.BadParameter(tr(N_("An instant is written like 2026-11-29T09:30:00.000Z"))) from error


def _rows(
    replica: Replica, record: Record, entries: Iterable[HistoryEntry], labels: bool
) -> Iterable[dict[str, Any]]:
    declared = value_history.fields_in_history(replica, record.entity)
    links = {
        link
        for entry in entries
        if (field := declared.get(entry.field or "")) is not None
        for value in (entry.old, entry.new)
        for link in links_of(field, {**record.values, field.name: value})
    }
    titles = records.titles(replica, links) if labels else {}
    for entry in entries:
        field = declared.get(entry.field or "")
        old, new = (plain_change(field, value, record.values) for value in (entry.old, entry.new))
        if labels:
            old, new = ("" if field is None else _worded(field, value, titles) for value in (old, new))
        yield {
            "at": instant_text(entry.at_ms),
            "user_id": entry.user_id,
            "user": entry.user_name,
            "typed_by": entry.typed_by_name or None,
            "field": entry.field,
            "label": tr(entry.label) if entry.label else _record_change(entry),
            "old": old,
            "new": new,
            "origin": entry.origin,
            "sent": entry.sent,
        }


def _worded(field: Field, value: Plain, titles: Mapping[Any, str]) -> Plain:
    """Return a value as a person calls it: a choice's word, and what a link leads to."""
    if isinstance(value, list):
        return [_worded(field, each, titles) for each in value]
    if field.kind is Kind.CHOICE and isinstance(value, str):
        return tr(field.choice_label(value))
    return next((title for (_entity, record_id), title in titles.items() if record_id == value), value)


def _record_change(entry: HistoryEntry) -> str:
    """Return what happened to the record as a whole; life counters are odd while it lives."""
    if entry.old is None:
        return tr(N_("Made"))
    alive = isinstance(entry.new, int) and lives(entry.new)
    return tr(N_("Restored")) if alive else tr(N_("Deleted"))
