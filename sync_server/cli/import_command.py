"""`import`: a file into HQ, as its administrator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from crm_core.entities import schema_of
from crm_core.exchange.writing import rejects_csv
from crm_core.i18n import N_
from crm_terminal.importing import ROWS_DONE, import_options, tell_report, try_rejects
from resources import CHINESE, translation
from sync_server.cli.console import tr
from sync_server.cli.root import Terminal, pass_terminal
from sync_server.services import importing
from sync_server.services.importing import ImportWish


@click.command("import", help=tr(N_("Bring records in from CSV, a spreadsheet, vCard or JSON.")))
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("entity", metavar="ENTITY")
@import_options(tr)
@pass_terminal
def import_file(
    terminal: Terminal, /, file: Path, entity: str, dry_run: bool, rejects: Path | None, **how: Any
) -> None:
    """Import a file."""
    schema_of(entity)
    progress = terminal.console.progress(ROWS_DONE)
    with terminal.headquarters() as hq:
        table = importing.read_file(file)
        plan = importing.plan_table(hq, table, entity, ImportWish(**how), file.stem, (translation(CHINESE),))
        try_rejects(rejects, file)
        report = plan.report() if dry_run else importing.run_plan(hq, plan, file.name, progress=progress)
    if rejects is not None:
        rejects.write_bytes(b"".join(rejects_csv(report, tr)))
    tell_report(terminal.console, report, all_written=rejects is not None)
