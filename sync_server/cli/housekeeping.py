"""`housekeeping`: what is kept for laptops that were away; `turn-clock-back`: after a wrong clock."""

from __future__ import annotations

import dataclasses

import click

from crm_core.i18n import N_
from crm_core.schema.values import instant_text
from sync_server.cli.console import tr
from sync_server.cli.root import Terminal, pass_terminal
from sync_server.services import forgetting, turning_back
from sync_server.services.auth import now_ms


@click.command(
    help=tr(N_("Show what is kept for laptops that are away, how much, and which laptop holds it back."))
)
@click.option(
    "--now", "at_once", is_flag=True, help=tr(N_("Forget first what is old enough; a server does so daily."))
)
@pass_terminal
def housekeeping(terminal: Terminal, at_once: bool) -> None:
    """Show what is kept, and forget what is old enough if told so."""
    console = terminal.console
    with terminal.headquarters() as hq:
        keep_days = hq.settings.keep_days
        forgotten = forgetting.forget(hq.database, keep_days, now_ms()) if at_once else {}
        standing = forgetting.standing(hq.database, keep_days, now_ms())
    shown = dataclasses.asdict(standing) | {"keep_days": keep_days, "forgotten": forgotten}
    if console.as_json:
        console.show(shown)
        return
    if at_once:
        console.tell(N_("Forgotten: {count} entries"), count=sum(forgotten.values()))
    since = standing.oldest_mark_ms
    console.show(
        {
            "keep_days": keep_days,
            "floor": f"{standing.floor} / {standing.head}",
            "known_since": instant_text(since) if since else None,
            "held_by": standing.held_by,
            "held_at": standing.held_at,
            **standing.rows,
        }
    )


@click.command(
    name="turn-clock-back",
    help=tr(N_("Bring what was written while this machine's clock was ahead back to now.")),
)
@pass_terminal
def turn_clock_back(terminal: Terminal) -> None:
    """Bring HQ's readings back to now; no server may run meanwhile."""
    with terminal.headquarters() as hq:
        ahead_ms = turning_back.turn_back(hq.database, now_ms())
    if terminal.console.as_json:
        terminal.console.show({"ahead_ms": ahead_ms})
    elif ahead_ms:
        terminal.console.tell(
            N_("HQ was {seconds} s ahead; what was written meanwhile counts as written now"),
            seconds=ahead_ms // 1000,
        )
    else:
        terminal.console.tell(N_("Nothing was written ahead of this machine's clock"))
