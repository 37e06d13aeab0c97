"""`audit`: who did what at headquarters."""

from __future__ import annotations

from typing import Any, Final

import click

from crm_core.i18n import N_
from sync_server.cli.console import tr
from sync_server.cli.root import Terminal, pass_terminal
from sync_server.services import audit_reading

COLUMNS: Final = ("id", "at", "action", "user", "device", "entity", "record", "detail")


@click.command(help=tr(N_("List what was noted in the audit, newest first: sign-ins, exports, set-up.")))
@click.option("--action", help=tr(N_("Only entries of this kind, such as “export”.")))
@click.option("--user", metavar="NAME", help=tr(N_("Only those of this user.")))
@click.option("--device", metavar="ID", type=int, help=tr(N_("Only those of this laptop.")))
@click.option("--limit", type=click.IntRange(1, 10_000), default=200, help=tr(N_("At most so many.")))
@pass_terminal
def audit(terminal: Terminal, /, **given: Any) -> None:
    """List the audit."""
    with terminal.headquarters() as hq:
        rows = audit_reading.listed(hq, **given)
    terminal.console.show_rows(rows, COLUMNS)
