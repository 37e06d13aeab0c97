"""`devices` and `exchange`: the laptops headquarters knows, and the files of those it meets by file."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import click

from crm_core import SCHEMA_VERSION
from crm_core.i18n import N_
from crm_core.schema.values import instant_text
from sync_server.cli.console import read_passphrase, tr
from sync_server.cli.root import Terminal, pass_terminal
from sync_server.services import people
from sync_server.services.auth import now_ms
from sync_server.services.by_file import ANSWERED, BEGIN_ANEW
from sync_server.services.enrolment_files import VALID_DAYS, VALID_DAYS_MOST
from sync_server.services.headquarters import Headquarters
from sync_server.services.health import flags_of
from sync_server.services.quarantine import refused_by_device

_FILE: Final = click.Path(path_type=Path, dir_okay=False)
_NEXT: Final = {
    ANSWERED: N_("Bring {file} to {user}, whose laptop reads it with Sync by file"),
    BEGIN_ANEW: N_(
        "HQ took nothing: the file is older than a contact since, or the laptop went back to a backup. Bring"
        " {file} to {user} all the same; the laptop then knows which"
    ),
}
_SHUT_OUT: Final = N_("HQ took nothing: “{name}” of {user} is shut out. {file} tells the laptop so, no more")
COLUMNS: Final = (
    *("id", "name", "user", "last_seen_at", "revoked", "wipe", "flags", "waiting", "oldest_unsent"),
    *("refused", "purge_waits", "clock_shift_ms"),
)


@click.group(invoke_without_command=True, help=tr(N_("Laptops: list them, or take their access away.")))
@click.option("--flagged", is_flag=True, help=tr(N_("Only those somebody should look at.")))
@click.pass_context
def devices(context: click.Context, flagged: bool) -> None:
    """List the laptops where no subcommand is given."""
    if context.invoked_subcommand is None:
        context.invoke(list_devices, flagged=flagged)


@devices.command("list", help=tr(N_("List the laptops.")))
@click.option("--flagged", is_flag=True, help=tr(N_("Only those somebody should look at.")))
@pass_terminal
def list_devices(terminal: Terminal, flagged: bool) -> None:
    """List laptops."""
    with terminal.headquarters() as hq:
        rows = _all_shown(hq, hq.auth.devices())
    terminal.console.show_rows([row for row in rows if row["flags"] or not flagged], COLUMNS)


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


@devices.command(
    "enrol", help=tr(N_("Write a file that signs a new laptop in, with all its user may see in it."))
)
@click.argument("user", metavar="USER")
@click.option("--name", required=True, help=tr(N_("What HQ calls the laptop.")))
@click.option("--out", required=True, type=_FILE, help=tr(N_("File to write.")))
@click.option(
    "--server", default="", metavar="URL", help=tr(N_("Where HQ is reached later, over a network."))
)
@click.option(
    "--passphrase-stdin", is_flag=True, help=tr(N_("Read the file's passphrase from standard input."))
)
@click.option(
    "--days",
    "valid_days",
    type=click.IntRange(1, VALID_DAYS_MOST),
    default=VALID_DAYS,
    show_default=True,
    help=tr(N_("How many days the file may be used.")),
)
@pass_terminal
def enrol(
    terminal: Terminal,
    user: str,
    name: str,
    out: Path,
    server: str,
    passphrase_stdin: bool,
    valid_days: int,
) -> None:
    """Enrol a laptop by file."""
    with terminal.headquarters() as hq:
        user_id, _ = people.find(hq, "user", user)
        passphrase = read_passphrase(from_stdin=passphrase_stdin)
        written = hq.by_file.enrol(user_id, name, passphrase, server, out, valid_days=valid_days)
    console = terminal.console
    console.tell(N_("Hand {file} and, by another way, its passphrase to {user}"), file=out, user=written.user)
    console.show({"file": str(out), **asdict(written)})


@click.command(help=tr(N_("Answer the file a laptop wrote with Sync by file.")))
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--out", required=True, type=_FILE, help=tr(N_("File to write, for the laptop.")))
@pass_terminal
def exchange(terminal: Terminal, file: Path, out: Path) -> None:
    """Answer a laptop's file."""
    with terminal.headquarters() as hq:
        done = hq.by_file.answer(file, out)
        device = next(each for each in hq.auth.devices() if each["id"] == done.device)
        names = people.names_of_users(hq)
    told = {"name": device["name"], "user": names.get(device["user_id"], "")}
    terminal.console.tell(_NEXT.get(done.outcome, _SHUT_OUT), file=out, **told)
    terminal.console.show({"file": str(out), **told, **asdict(done)})


def _show(terminal: Terminal, hq: Headquarters, device: dict[str, Any]) -> None:
    (row,) = _all_shown(hq, [device])
    terminal.console.show(row)


def _all_shown(hq: Headquarters, devices: list[dict[str, Any]]) -> list[dict[str, Any]]:
    names = people.names_of_users(hq)
    with hq.database.read() as snapshot:
        refused = refused_by_device(snapshot.connection)
    return [_shown(device, names) | {"refused": refused.get(device["id"], 0)} for device in devices]


def _shown(device: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    oldest_ms, compared_ms = device["oldest_unsent_ms"], device["compared_at"]
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
        "flags": [str(flag) for flag in flags_of(device, now_ms(), SCHEMA_VERSION)],
        "file_until": instant_text(device["file_until"]) if device["file_until"] else None,
        "file_used": device["file_used"],
        "schema": device["schema"],
        "waiting": device["waiting"],
        "oldest_unsent": instant_text(oldest_ms) if oldest_ms else None,
        "returned": device["returned"],
        "compared_at": instant_text(compared_ms) if compared_ms else None,
        "repaired": device["repaired"],
        "differing": device["differing"],
        "alarms": device["alarms"],
        "bytes_in": device["bytes_in"],
        "bytes_out": device["bytes_out"],
    }
