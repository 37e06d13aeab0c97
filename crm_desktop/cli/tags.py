"""`crm tags`: the company's tags, their colours, and how many customers carry each."""

from __future__ import annotations

import click

from crm_core.i18n import N_
from crm_desktop.cli.console import tr
from crm_desktop.cli.root import Terminal, pass_terminal
from crm_desktop.models.query import ListQuery
from crm_desktop.services import records, tagging

COLUMNS = ("name", "color", "customers", "share_percent", "id")


@click.command(help=tr(N_("List tags, their colours and how many customers carry each.")))
@pass_terminal
def tags(terminal: Terminal) -> None:
    """List tags."""
    with terminal.app() as app:
        wanted = ListQuery(entity="tag", sort=(("name", False),), limit=500)
        found = records.page(app.replica, wanted).rows
        used = tagging.uses(app.replica, [row.id for row in found])
        rows = (
            {
                "id": row.id,
                "name": row.title,
                "color": row.get("color"),
                "customers": used[row.id].count if row.id in used else None,
                "share_percent": f"{used[row.id].share * 100:.1f}" if row.id in used else None,
            }
            for row in found
        )
        terminal.console.show_rows(rows, COLUMNS)
