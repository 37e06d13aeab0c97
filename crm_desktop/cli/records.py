"""`list`, `show`, `add`, `set`, `delete`, `restore` and `search`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import click

from crm_core.entities import schema_of
from crm_core.entities.activity import ACTIVITY_KINDS
from crm_core.errors import NotFound, UserError
from crm_core.i18n import N_, Message, message
from crm_core.money import Money
from crm_core.rules.access import readable_fields
from crm_core.rules.answers import ANSWERS
from crm_core.rules.customer_profile import figures
from crm_core.rules.quote_state import WAITING, is_draft
from crm_core.schema.values import instant_text
from crm_desktop.cli.alike import tell_alike
from crm_desktop.cli.console import LANGUAGE, tr
from crm_desktop.cli.root import Terminal, pass_terminal
from crm_desktop.cli.values import (
    declared_fields,
    flat,
    flat_with,
    labelled,
    listed_columns,
    parse,
    record_id_of,
    tell_doubts,
)
from crm_desktop.documents import sent_file
from crm_desktop.models.query import ListQuery, parse_conditions, parse_sort
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.services import (
    attachments,
    customer_profiles,
    customer_values,
    other_versions,
    records,
    scoring,
)
from crm_desktop.services import search as searching
from crm_desktop.services.other_versions import OtherVersion
from resources import CHINESE

_ROWS_A_PAGE = 1_000
VERSION_COLUMNS = ("version", "label", "who", "at", "text")
HIT_COLUMNS = ("entity", "title", "snippet", "id")

entity_argument = click.argument("entity", metavar="ENTITY")
id_argument = click.argument("record_id", metavar="ID")
where_option = click.option(
    "--where",
    "conditions",
    multiple=True,
    metavar="CONDITION",
    help=tr(N_("“field OP value”, OP one of = != < <= > >= ~ (contains); may be repeated.")),
)


@click.command("list", help=tr(N_("List the records of a kind.")))
@entity_argument
@where_option
@click.option("--fields", help=tr(N_("Fields to print, separated by commas.")))
@click.option("--sort", help=tr(N_("Field to sort by; a minus before it means descending.")))
@click.option("--limit", type=click.IntRange(min=1), help=tr(N_("Most records to print.")))
@pass_terminal
def list_records(
    terminal: Terminal,
    entity: str,
    conditions: tuple[str, ...],
    fields: str | None,
    sort: str | None,
    limit: int | None,
) -> None:
    """List records."""
    schema_of(entity)
    with terminal.app() as app:
        replica = app.replica
        if entity == "lead":
            scoring.refresh(replica)
        declared = declared_fields(replica, entity)
        wanted = [name.strip() for name in fields.split(",") if name.strip()] if fields else None
        if wanted is None and not terminal.console.as_json:
            wanted = listed_columns(declared, (f.name for f in readable_fields(replica.person, entity)))
        query = ListQuery(
            entity=entity, sort=parse_sort(sort or ""), fields=_with_currencies(declared, wanted)
        )
        with replica.read() as session:
            query = replace(query, conditions=parse_conditions(session, entity, conditions))
        found = (_chosen(flat_with(declared, record), wanted) for record in rows_of(replica, query, limit))
        terminal.console.show_rows(found, wanted or ("id",))


def rows_of(replica: Replica, query: ListQuery, limit: int | None = None) -> Iterator[Record]:
    """Yield the records of a list, page by page."""
    left = limit
    after = None
    while left is None or left > 0:
        size = _ROWS_A_PAGE if left is None else min(_ROWS_A_PAGE, left)
        page = records.page(replica, replace(query, limit=size, after=after))
        yield from page.rows
        after = page.next
        if after is None:
            return
        left = None if left is None else left - len(page.rows)


def _with_currencies(declared: dict[str, Any], wanted: list[str] | None) -> tuple[str, ...] | None:
    """Return the fields to read: an amount cannot be printed without its currency."""
    if wanted is None:
        return None
    currencies = [declared[name].currency for name in wanted if name in declared and declared[name].currency]
    return tuple(dict.fromkeys((*wanted, *currencies)))


def _chosen(record: dict[str, Any], wanted: list[str] | None) -> dict[str, Any]:
    return record if wanted is None else {name: record.get(name) for name in dict.fromkeys(("id", *wanted))}


@click.command(help=tr(N_("Show one record.")))
@entity_argument
@id_argument
@click.option("--labels", is_flag=True, help=tr(N_("Labels for field names, and titles for links.")))
@click.option(
    "--figures",
    "with_figures",
    is_flag=True,
    help=tr(
        N_("Of a customer: habits, spending, favourite products and channels, and what each follows from.")
    ),
)
@pass_terminal
def show(terminal: Terminal, entity: str, record_id: str, labels: bool, with_figures: bool) -> None:
    """Show one record."""
    schema_of(entity)
    if with_figures and entity != "customer":
        raise UserError(N_("Figures are of customers"))
    with terminal.app() as app:
        record = records.get(app.replica, entity, record_id_of(record_id))
        shown = flat(app.replica, record)
        if labels:
            shown = labelled(app.replica, record)
            others = other_versions.of_record(app.replica, entity, record.id)
            shown |= {f"{tr(each.label)}: {version_words(each).show(tr)}": each.text for each in others}
        if with_figures:
            shown["figures"] = _figures(app.replica, record.id)
        terminal.console.show(shown)


def _figures(replica: Replica, customer_id: str) -> list[dict[str, str]]:
    profile = customer_profiles.profile(replica, customer_id)
    kinds = {choice.value: choice.label for choice in ACTIVITY_KINDS}
    lines = figures(profile, kinds, lambda minor: str(Money(minor, profile.currency)))
    value = customer_values.value_of(replica, customer_id)
    if value is not None:
        worth = customer_values.value_figures(value, lambda minor: str(Money(minor, value.currency)))
        lines = (*worth, *lines)
    return [
        {"label": line.label.show(tr), "value": line.said.show(tr), "basis": line.basis.show(tr)}
        for line in lines
    ]


@click.command(help=tr(N_("Make a record and print it.")))
@entity_argument
@click.argument("assignments", metavar="FIELD=VALUE...", nargs=-1)
@pass_terminal
def add(terminal: Terminal, entity: str, assignments: tuple[str, ...]) -> None:
    """Make a record."""
    schema_of(entity)
    with terminal.app() as app:
        fields = declared_fields(app.replica, entity)
        values = parse(fields, entity, assignments)
        made = records.create(app.replica, entity, values).value
        tell_doubts(terminal.console, fields, values, made)
        tell_alike(terminal.console, app.replica, made)
        terminal.console.show(flat(app.replica, made))


@click.command(
    "set", help=tr(N_("Change a record and print it. field= clears; tags+=x and tags-=x on sets."))
)
@entity_argument
@id_argument
@click.argument("assignments", metavar="FIELD=VALUE...", nargs=-1, required=True)
@pass_terminal
def set_fields(terminal: Terminal, entity: str, record_id: str, assignments: tuple[str, ...]) -> None:
    """Change a record."""
    schema_of(entity)
    with terminal.app() as app:
        replica = app.replica
        present = records.get(replica, entity, record_id_of(record_id))
        fields = declared_fields(replica, entity)
        values = parse(fields, entity, assignments, present.values)
        changed = records.update(replica, entity, present.id, values).value
        keep_what_was_sent(replica, present, changed)
        tell_doubts(terminal.console, fields, values, changed)
        terminal.console.show(flat(replica, changed))


def keep_what_was_sent(replica: Replica, before: Record, after: Record) -> None:
    """Keep the file of a document a command has sent, or keep it once it is approved, as the window does."""
    of = ANSWERS.get(before.entity)
    if of is None or not is_draft(before.values) or not attachments.may_add(replica):
        return
    language = "zh" if LANGUAGE == CHINESE else "en"
    if after.get("status") == of.out:
        sent_file.keep(replica, after.entity, after.id, language)
    elif after.get("status") == WAITING:
        sent_file.keep_when_granted(replica, after, language)


@click.command(help=tr(N_("Delete a record; restore brings it back.")))
@entity_argument
@id_argument
@pass_terminal
def delete(terminal: Terminal, entity: str, record_id: str) -> None:
    """Delete a record."""
    schema_of(entity)
    with terminal.app() as app:
        terminal.console.show(
            flat(app.replica, records.delete(app.replica, entity, record_id_of(record_id)).value)
        )


@click.command(help=tr(N_("Bring a deleted record back and print it.")))
@entity_argument
@id_argument
@pass_terminal
def restore(terminal: Terminal, entity: str, record_id: str) -> None:
    """Bring a deleted record back."""
    schema_of(entity)
    with terminal.app() as app:
        terminal.console.show(
            flat(app.replica, records.restore(app.replica, entity, record_id_of(record_id)).value)
        )


@click.command(help=tr(N_("Find any record by part of any text in it, Chinese and pinyin too.")))
@click.argument("text")
@click.option("--limit", type=click.IntRange(min=1), default=20, help=tr(N_("Most records to print.")))
@pass_terminal
def search(terminal: Terminal, text: str, limit: int) -> None:
    """Find records."""
    with terminal.app() as app:
        hits = (
            {"entity": hit.entity, "id": hit.id, "title": hit.title, "snippet": hit.snippet}
            for hit in searching.find(app.replica, text, limit)
        )
        terminal.console.show_rows(hits, HIT_COLUMNS)


@click.group(help=tr(N_("Long texts two people wrote at the same time: the one that gave way.")))
def versions() -> None:
    """Other versions of long texts."""


@versions.command("list", help=tr(N_("List the other versions of a record's texts.")))
@entity_argument
@id_argument
@pass_terminal
def list_versions(terminal: Terminal, entity: str, record_id: str) -> None:
    """List other versions."""
    with terminal.app() as app:
        found = _versions(app.replica, entity, record_id)
        rows = (
            {
                "version": number,
                "field": each.field,
                "label": tr(each.label),
                "who": each.who or None,
                "at": instant_text(each.at_ms),
                "text": each.text,
            }
            for number, each in enumerate(found, start=1)
        )
        terminal.console.show_rows(rows, VERSION_COLUMNS)


@versions.command(help=tr(N_("Let another version be the record's text, or stand below it.")))
@entity_argument
@id_argument
@click.argument("version", metavar="N", type=click.IntRange(min=1))
@click.option("--below", is_flag=True, help=tr(N_("Keep the present text and add the other below it.")))
@pass_terminal
def take(terminal: Terminal, entity: str, record_id: str, version: int, below: bool) -> None:
    """Take another version over."""
    with terminal.app() as app:
        chosen = _version(app.replica, entity, record_id, version)
        terminal.console.show(flat(app.replica, other_versions.take(app.replica, chosen, below=below).value))


@versions.command(help=tr(N_("Let the record's text stand.")))
@entity_argument
@id_argument
@click.argument("version", metavar="N", type=click.IntRange(min=1))
@pass_terminal
def dismiss(terminal: Terminal, entity: str, record_id: str, version: int) -> None:
    """Let another version go."""
    with terminal.app() as app:
        other_versions.dismiss(app.replica, [_version(app.replica, entity, record_id, version)])


def _versions(replica: Replica, entity: str, record_id: str) -> tuple[OtherVersion, ...]:
    schema_of(entity)
    record = records.get(replica, entity, record_id_of(record_id))
    return other_versions.of_record(replica, entity, record.id)


def _version(replica: Replica, entity: str, record_id: str, number: int) -> OtherVersion:
    found = _versions(replica, entity, record_id)
    if number > len(found):
        raise NotFound(N_("There is no such version"))
    return found[number - 1]


def version_words(version: OtherVersion) -> Message:
    """Return whose text it is, and when it was written."""
    at = instant_text(version.at_ms)
    if version.who:
        return message(N_("other version, by {who}, {time}"), who=version.who, time=at)
    return message(N_("your version, replaced {time}"), time=at)
