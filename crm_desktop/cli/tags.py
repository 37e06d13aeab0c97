"""`crm tags`: tags, their colours, and how many customers carry each; words carried that are no tag last."""

from __future__ import annotations

import click

from crm_core.i18n import N_
from crm_core.schema.field import Plain
from crm_desktop.cli.console import tr
from crm_desktop.cli.root import Terminal, pass_terminal
from crm_desktop.models.query import ListQuery
from crm_desktop.services import records, tagging
from crm_desktop.services.tagging import TagUse

COLUMNS = ("name", "color", "customers", "share_percent", "id")


@click.command(help=tr(N_("List tags, their colours and how many customers carry each.")))
@pass_terminal
def tags(terminal: Terminal) -> None:
    """List tags."""
    with terminal.app() as app:
        wanted = ListQuery(entity="tag", sort=(("name", False),), limit=500)
        found = records.page(app.replica, wanted).rows
        used = tagging.uses(app.replica, [row.id for row in found])
        told = [_row(row.title, used.get(row.id), row.get("color"), row.id) for row in found]
        told += [_row(each.word, each.use, None, None) for each in tagging.unlisted(app.replica)]
        terminal.console.show_rows(told, COLUMNS)


def _row(name: str, use: TagUse | None, color: Plain, record_id: str | None) -> dict[str, Plain]:
    return {
        "id": record_id,
        "name": name,
        "color": color,
        "customers": None if use is None else use.count,
        "share_percent": None if use is None else f"{use.share * 100:.1f}",
    }
