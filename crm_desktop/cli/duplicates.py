"""`crm duplicates`, `crm merge`, `crm unmerge`: records that may be the same, and putting them together."""

from __future__ import annotations

from typing import Any

import click

from crm_core.entities import schema_of
from crm_core.i18n import N_, message
from crm_core.rules.duplicates import COMPARED, LIKELY_FROM
from crm_core.rules.known import ENTITY as KNOWN
from crm_core.schema.field import Kind
from crm_core.schema.values import to_plain
from crm_desktop.cli.console import tr
from crm_desktop.cli.records import entity_argument, id_argument
from crm_desktop.cli.root import Terminal, pass_terminal
from crm_desktop.cli.values import declared_fields, flat, parse, record_id_of
from crm_desktop.models.records import Record
from crm_desktop.services import duplicates as likeness
from crm_desktop.services import merging, records, twins
from crm_desktop.services.duplicates import Match
from crm_desktop.services.merging import Row

TWIN_COLUMNS = ("title", "label", "value", "twin_title", "twin_id")
GROUP_COLUMNS = ("group", "score", "title", "reasons", "id")
ROW_COLUMNS = ("label", "values", "taken")
MATCH_COLUMNS = ("score", "title", "reasons", "id")

_entity_option = click.option(
    "--entity",
    type=click.Choice(list(COMPARED)),
    default="customer",
    help=tr(N_("Kind of record; customer if none is named.")),
)


class _ListedOrNamed(click.Group):
    """A group whose first word may be a kind of record: then `list` is meant."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.commands:
            args = ["list", *args]
        return super().resolve_command(ctx, args)


@click.group(
    cls=_ListedOrNamed,
    help=tr(N_("Records that may be the same: those with one number, code or address, and those alike.")),
)
def duplicates() -> None:
    """Records that may be the same."""


@duplicates.command(
    "list",
    help=tr(N_("List records with the same tax number, code or address as another, or as the one named.")),
)
@entity_argument
@click.argument("record_id", metavar="[ID]", required=False)
@pass_terminal
def list_twins(terminal: Terminal, entity: str, record_id: str | None) -> None:
    """List records that are alike."""
    schema_of(entity)
    with terminal.app() as app:
        replica = app.replica
        if record_id is None:
            pairs = twins.all_twins(replica, entity)
        else:
            record = records.get(replica, entity, record_id_of(record_id))
            pairs = tuple((record, twin) for twin in twins.twins(replica, entity, record.id))
        rows = (
            {
                "entity": twin.entity,
                "id": record.id,
                "title": record.title,
                "label": tr(twin.label),
                "value": twin.value,
                "twin_id": twin.record_id,
                "twin_title": twin.title,
            }
            for record, twin in pairs
        )
        terminal.console.show_rows(rows, TWIN_COLUMNS)


@duplicates.command(help=tr(N_("List groups of records that may be the same, with score and reasons.")))
@_entity_option
@click.option(
    "--min-score",
    "least",
    type=click.IntRange(1, 100),
    default=LIKELY_FROM,
    help=tr(N_("Least likeness of a pair, 1 to 100.")),
)
@pass_terminal
def find(terminal: Terminal, entity: str, least: int) -> None:
    """Find groups."""
    with terminal.app() as app:
        progress = terminal.console.progress(tr(N_("Comparing records")))
        groups = likeness.find_groups(app.replica, entity, least=least, progress=progress)
        rows = (
            {"group": number, **_match_row(member)}
            for number, group in enumerate(groups, start=1)
            for member in group.members
        )
        terminal.console.show_rows(rows, GROUP_COLUMNS)


@duplicates.command(
    help=tr(N_("List the records that may be the one with these values, or the one named by --of."))
)
@_entity_option
@click.option("--of", "of_id", metavar="ID", help=tr(N_("A record that is here: what is likely the same.")))
@click.argument("assignments", metavar="FIELD=VALUE...", nargs=-1)
@pass_terminal
def check(terminal: Terminal, entity: str, of_id: str | None, assignments: tuple[str, ...]) -> None:
    """Check values, or a record."""
    if (of_id is None) == (not assignments):
        raise click.UsageError(tr(N_("Name either fields with their values or a record by --of")))
    with terminal.app() as app:
        if of_id is not None:
            found = likeness.like(app.replica, entity, record_id_of(of_id))
            terminal.console.show_rows([_match_row(each) for each in found], MATCH_COLUMNS)
            return
        values = parse(declared_fields(app.replica, entity), entity, assignments)
        rows = [_match_row(each) for each in likeness.matches(app.replica, entity, values)]
        elsewhere = likeness.held_elsewhere(app.replica, values) if entity == KNOWN else ()
        if elsewhere:
            title = tr(N_("(held by somebody else; ask HQ)"))
            reasons = ", ".join(reason.show(tr) for reason in elsewhere)
            rows.append({"entity": entity, "id": None, "title": title, "score": None, "reasons": reasons})
        terminal.console.show_rows(rows, MATCH_COLUMNS)


@duplicates.command(help=tr(N_("Note that a record is another than these: they are named together no more.")))
@entity_argument
@id_argument
@click.argument("others", metavar="OTHER...", nargs=-1, required=True)
@click.option("--undo", is_flag=True, help=tr(N_("Take that back.")))
@pass_terminal
def distinct(terminal: Terminal, entity: str, record_id: str, others: tuple[str, ...], undo: bool) -> None:
    """Note that records are not the same."""
    schema_of(entity)
    with terminal.app() as app:
        say = merging.unsay_distinct if undo else merging.say_distinct
        known = [records.get(app.replica, entity, record_id_of(each)).id for each in others]
        terminal.console.show(
            flat(app.replica, say(app.replica, entity, record_id_of(record_id), known).value)
        )


@click.command(
    help=tr(
        N_(
            "Merge records into KEEP, field by field: what differs goes by rule or by --take. The others are"
            " deleted; what hangs on them is moved."
        )
    )
)
@entity_argument
@click.argument("keep", metavar="KEEP")
@click.argument("others", metavar="OTHER...", nargs=-1, required=True)
@click.option(
    "--take",
    metavar="FIELD=ID",
    multiple=True,
    help=tr(N_("Whose value of a field is kept: a record's id, or * for all texts or words together.")),
)
@click.option(
    "--dry-run", is_flag=True, help=tr(N_("Print what differs and what would be taken; change nothing."))
)
@pass_terminal
def merge(
    terminal: Terminal, entity: str, keep: str, others: tuple[str, ...], take: tuple[str, ...], dry_run: bool
) -> None:
    """Merge records."""
    schema_of(entity)
    chosen = dict(_taken(each) for each in take)
    with terminal.app() as app:
        ids = [record_id_of(each) for each in (keep, *others)]
        if not dry_run:
            terminal.console.show(
                flat(app.replica, merging.merge(app.replica, entity, ids[0], ids[1:], chosen).value)
            )
            return
        shown = merging.compare(app.replica, entity, ids, ids[0])
        rows = (
            {
                "field": row.name,
                "label": tr(row.label),
                "values": [_plain(row, record) for record in shown.records],
                "taken": next((chosen[each.name] for each in row.fields if each.name in chosen), row.taken),
            }
            for row in shown.rows
            if row.differs
        )
        terminal.console.show_rows(rows, ROW_COLUMNS)


def _plain(row: Row, record: Record) -> Any:
    """Return what a record says in a row as commands print it; of several fields what is said, in a line."""
    if len(row.fields) == 1:
        return to_plain(row.fields[0], record.values)
    said = (to_plain(each, record.values) for each in row.fields if each.kind is not Kind.CURRENCY)
    return ", ".join(str(value) for value in said if value) or None


@click.command(
    help=tr(
        N_("Take a merge apart: what was merged is there again. Edits made since stay with the kept record.")
    )
)
@click.argument("merge_id", metavar="ID")
@pass_terminal
def unmerge(terminal: Terminal, merge_id: str) -> None:
    """Take a merge apart."""
    with terminal.app() as app:
        terminal.console.show(
            flat(app.replica, merging.take_apart(app.replica, record_id_of(merge_id)).value)
        )


def _taken(text: str) -> tuple[str, str]:
    name, equals, source = text.partition("=")
    if not equals:
        raise click.UsageError(message(N_("“{text}” does not have the form field=value"), text=text).show(tr))
    return name.strip(), source if source == merging.ALL else record_id_of(source)


def _match_row(match: Match) -> dict[str, Any]:
    return {
        "entity": match.entity,
        "id": match.record_id,
        "title": match.title,
        "score": match.score,
        "reasons": ", ".join(reason.show(tr) for reason in match.reasons),
    }
