"""`import`, `undo-import` and `export`."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click

from crm_core.entities import schema_of
from crm_core.i18n import N_
from crm_core.schema.values import instant_text
from crm_desktop.cli.console import tr
from crm_desktop.cli.records import entity_argument, where_option
from crm_desktop.cli.root import Terminal, pass_terminal
from crm_desktop.interchange import importing, undoing
from crm_desktop.interchange.exporting import export_rows
from crm_desktop.interchange.importing import FileOptions
from crm_desktop.interchange.known_rows import Doubles
from crm_desktop.models.query import ListQuery, parse_conditions, parse_sort
from crm_desktop.services import scoring
from crm_terminal.importing import ROWS_DONE, import_options, tell_report, try_rejects
from resources import CHINESE, translation

IMPORT_COLUMNS = ("at", "entity", "file_name", "rows", "undone", "id")


@click.command("import", help=tr(N_("Bring records in from CSV, a spreadsheet, vCard or JSON.")))
@click.argument("file", type=click.Path(path_type=Path))
@entity_argument
@import_options(tr)
@click.option(
    "--doubles",
    type=click.Choice([each.value for each in Doubles]),
    default=Doubles.CREATE.value,
    callback=lambda _context, _param, value: Doubles(value),
    help=tr(N_("New rows that are probably here already: create, skip, or merge what the record lacks.")),
)
@pass_terminal
def import_command(
    terminal: Terminal, /, file: Path, entity: str, dry_run: bool, rejects: Path | None, **how: Any
) -> None:
    """Import a file."""
    schema_of(entity)
    progress = terminal.console.progress(ROWS_DONE)
    with terminal.app() as app:
        plan = importing.plan_file(app.replica, file, entity, FileOptions(**how), (translation(CHINESE),))
        try_rejects(rejects, file)
        report = (
            plan.report() if dry_run else importing.run_plan(app.replica, plan, file.name, progress=progress)
        )
    if rejects is not None:
        importing.write_rejects(report, rejects, tr)
    tell_report(terminal.console, report, all_written=rejects is not None)


@click.command("undo-import", help=tr(N_("Take an import back; without an id, list the imports made here.")))
@click.argument("batch", metavar="[ID]", required=False)
@pass_terminal
def undo(terminal: Terminal, batch: str | None) -> None:
    """Take an import back, or list those that could be."""
    with terminal.app() as app:
        if batch is None:
            made = ({**asdict(each), "at": instant_text(each.at_ms)} for each in undoing.imports(app.replica))
            terminal.console.show_rows(made, IMPORT_COLUMNS)
            return
        report = undoing.undo_import(app.replica, batch.strip().lower())
    terminal.console.show({"removed": report.removed, "restored": report.restored, "kept": report.kept})


@click.command(help=tr(N_("Write records to a file: CSV, xlsx, vcf, json or jsonl by its ending.")))
@entity_argument
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@where_option
@click.option("--fields", help=tr(N_("Fields to write, separated by commas.")))
@click.option("--sort", help=tr(N_("Field to sort by; a minus before it means descending.")))
@pass_terminal
def export(
    terminal: Terminal,
    entity: str,
    file: Path,
    conditions: tuple[str, ...],
    fields: str | None,
    sort: str | None,
) -> None:
    """Export a list."""
    schema_of(entity)
    wanted = tuple(name.strip() for name in fields.split(",") if name.strip()) if fields else None
    with terminal.app() as app:
        query = ListQuery(entity=entity, sort=parse_sort(sort or ""), fields=wanted)
        with app.replica.read() as session:
            query = replace(query, conditions=parse_conditions(session, entity, conditions))
        if entity == "lead":
            scoring.refresh(app.replica)
        rows = export_rows(app.replica, query, file, tr, progress=terminal.console.progress(ROWS_DONE))
    terminal.console.show({"file": str(file), "rows": rows})
