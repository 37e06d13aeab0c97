"""`crm duplicates`: records that may be the same as another."""

from __future__ import annotations

from typing import Any

import click

from crm_core.entities import schema_of
from crm_core.i18n import N_
from crm_core.rules.duplicates import COMPARED, LIKELY_FROM
from crm_desktop.cli.console import tr
from crm_desktop.cli.records import entity_argument
from crm_desktop.cli.root import Terminal, pass_terminal
from crm_desktop.cli.values import declared_fields, parse, record_id_of
from crm_desktop.models.replica import Replica
from crm_desktop.services import duplicates as likeness
from crm_desktop.services import records, twins
from crm_desktop.services.duplicates import Match

TWIN_COLUMNS = ("title", "label", "value", "twin_title", "twin_id")
GROUP_COLUMNS = ("group", "score", "title", "reasons", "id")
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
            {"group": number, **_match_row(app.replica, member)}
            for number, group in enumerate(groups, start=1)
            for member in group.members
        )
        terminal.console.show_rows(rows, GROUP_COLUMNS)


@duplicates.command(help=tr(N_("List the records that may be the one with these values.")))
@_entity_option
@click.argument("assignments", metavar="FIELD=VALUE...", nargs=-1, required=True)
@pass_terminal
def check(terminal: Terminal, entity: str, assignments: tuple[str, ...]) -> None:
    """Check values."""
    with terminal.app() as app:
        values = parse(declared_fields(app.replica, entity), entity, assignments)
        found = likeness.matches(app.replica, entity, values)
        terminal.console.show_rows((_match_row(app.replica, each) for each in found), MATCH_COLUMNS)


def _match_row(replica: Replica, match: Match) -> dict[str, Any]:
    return {
        "entity": match.entity,
        "id": match.record_id,
        "title": match.title,
        "score": match.score,
        "reasons": ", ".join(reason.show(tr) for reason in match.reasons),
    }
