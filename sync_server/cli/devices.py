"""`devices`: the laptops headquarters knows."""

from __future__ import annotations

from typing import Any, Final

import click

from crm_core.i18n import N_
from crm_core.schema.values import instant_text
from sync_server.cli.console import tr
from sync_server.cli.root import Terminal, pass_terminal
from sync_server.services import people
from sync_server.services.headquarters import Headquarters

COLUMNS: Final = ("id", "name", "user", "last_seen_at", "revoked", "wipe", "purge_waits", "clock_shift_ms")


@click.group(invoke_without_command=True, help=tr(N_("Laptops: list them, or take their access away.")))
@click.pass_context
def devices(context: click.Context) -> None:
    """List the laptops where no subcommand is given."""
    if context.invoked_subcommand is None:
        context.invoke(list_devices)


@devices.command("list", help=tr(N_("List the laptops.")))
@pass_terminal
def list_devices(terminal: Terminal) -> None:
    """List laptops."""
    with terminal.headquarters() as hq:
        names = people.names_of_users(hq)
        rows = [_shown(device, names) for device in hq.auth.devices()]
    terminal.console.show_rows(rows, COLUMNS)


@devices.command("revoke", help=tr(N_("Take a laptop's access away.")))
@click.argument("device", metavar="ID", type=int)
@click.option("--wipe", is_flag=True, help=tr(N_("Have it erase its data at its next contact.")))
@pass_terminal
def revoke(terminal: Terminal, device: int, wipe: bool) -> None:
    """Revoke a laptop."""
    with terminal.headquarters() as hq:
        _show(terminal, hq, hq.auth.revoke(device, wipe=wipe))


@devices.command(
    "allow-purge", help=tr(N_("Let a laptop lose the many records its new rights take from it."))
)
@click.argument("device", metavar="ID", type=int)
@pass_terminal
def allow_purge(terminal: Terminal, device: int) -> None:
    """Let a held purge go on."""
    with terminal.headquarters() as hq:
        _show(terminal, hq, hq.auth.allow_purge(device))


def _show(terminal: Terminal, hq: Headquarters, device: dict[str, Any]) -> None:
    terminal.console.show(_shown(device, people.names_of_users(hq)))


def _shown(device: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    return {
        "id": device["id"],
        "name": device["name"],
        "user": names.get(device["user_id"], ""),
        "user_id": device["user_id"],
        "enrolled_at": instant_text(device["enrolled_at"]),
        "last_seen_at": instant_text(device["last_seen_at"]) if device["last_seen_at"] else None,
        "revoked": device["revoked"],
        "wipe": device["wipe"],
        "purge_waits": device["purge_held"] is not None,
        "incarnation": device["incarnation"],
        "clock_shift_ms": device["clock_shift_ms"],
        "bytes_in": device["bytes_in"],
        "bytes_out": device["bytes_out"],
    }
