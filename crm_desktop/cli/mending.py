"""`crm mend`: values that are not in their standard form, wanted ones that are missing; mending them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import click

from crm_core.entities import schema_of
from crm_core.i18n import N_
from crm_desktop.cli.console import tr
from crm_desktop.cli.records import entity_argument
from crm_desktop.cli.root import Terminal, pass_terminal
from crm_desktop.models.conditions import Op
from crm_desktop.models.replica import Replica
from crm_desktop.services import bulk, mending
from crm_desktop.services.mending import Flaw
from crm_terminal.importing import ROWS_DONE

COUNTS = ("entity", "field", "label", "problem", "count")
ROWS = ("title", "label", "value", "problem", "mended", "id")
_DOUBTFUL = N_("Not in its standard form")


@click.group(help=tr(N_("Fields to mend: not standard or missing.")))
def mend() -> None:
    """Fields to mend."""


@mend.command(help=tr(N_("Count what is to be mended, of all kinds of records or one.")))
@click.argument("entity", metavar="[ENTITY]", required=False)
@pass_terminal
def count(terminal: Terminal, entity: str | None) -> None:
    """Count what is to be mended."""
    if entity is not None:
        schema_of(entity)
    with terminal.app() as app:
        counted = mending.count(app.replica, entity)
    rows = (
        {
            "entity": each.flaw.entity,
            "field": each.flaw.field.name,
            "label": tr(each.flaw.field.label),
            "problem": mending.MISSING.show(tr) if each.flaw.op is Op.EMPTY else tr(_DOUBTFUL),
            "count": each.count,
        }
        for each in counted
    )
    terminal.console.show_rows(rows, COUNTS)


@mend.command("list", help=tr(N_("List values to be mended, with what they become where that is clear.")))
@entity_argument
@click.option("--field", "name", help=tr(N_("Only this field.")))
@click.option("--missing", is_flag=True, help=tr(N_("Records that lack it, not those that have it wrong.")))
@click.option("--limit", type=click.IntRange(min=1), help=tr(N_("Most records to print.")))
@pass_terminal
def list_fields(terminal: Terminal, entity: str, name: str | None, missing: bool, limit: int | None) -> None:
    """List values to be mended."""
    schema_of(entity)
    with terminal.app() as app:
        found = _found(app.replica, entity, name, missing)
        terminal.console.show_rows(islice(_rows(app.replica, found), limit), ROWS)


@mend.command(help=tr(N_("Put a field into its standard form wherever that is clear.")))
@entity_argument
@click.argument("name", metavar="FIELD")
@click.option("--dry-run", is_flag=True, help=tr(N_("Say what would change, and change nothing.")))
@pass_terminal
def apply(terminal: Terminal, entity: str, name: str, dry_run: bool) -> None:
    """Mend a field."""
    schema_of(entity)
    with terminal.app() as app:
        flaw = mending.flaw_of(app.replica, entity, name)
        change = mending.mending_of(flaw)
        run = bulk.preview if dry_run else bulk.apply
        outcome = run(
            app.replica, change, mending.ids_of(app.replica, flaw), terminal.console.progress(ROWS_DONE)
        )
        for each in outcome.refusals:
            terminal.console.tell(N_("{title}: {reason}"), title=each.title, reason=each.reason.show(tr))
    terminal.console.show({"changed": outcome.changed, "unclear": outcome.same, "refused": outcome.refused})


def _found(replica: Replica, entity: str, name: str | None, missing: bool) -> tuple[Flaw, ...]:
    if name is not None:
        return (mending.flaw_of(replica, entity, name, missing=missing),)
    wanted = Op.EMPTY if missing else Op.DOUBTFUL
    return tuple(flaw for flaw in mending.flaws(replica, entity) if flaw.op is wanted)


def _rows(replica: Replica, found: tuple[Flaw, ...]) -> Iterator[dict[str, Any]]:
    for flaw in found:
        for each in mending.listed(replica, flaw):
            yield {
                "entity": flaw.entity,
                "id": each.record.id,
                "title": each.record.title,
                "field": flaw.field.name,
                "label": tr(flaw.field.label),
                "value": each.value,
                "problem": each.problem.show(tr),
                "mended": each.mended,
            }
