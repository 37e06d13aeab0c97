"""`sign-in`, `sync` and `status`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import click

from crm_core.errors import Unreachable
from crm_core.i18n import N_
from crm_core.schema.values import instant_text
from crm_desktop.assembly import App, new_profile
from crm_desktop.cli.console import ask_passphrase, read_file_passphrase, read_password, tr
from crm_desktop.cli.root import Terminal, pass_terminal
from crm_desktop.platform.paths import Profile, profile_at
from crm_desktop.services import attachments, syncing
from crm_desktop.sync.blobs import DOWN, UP, BlobReport, OnBlobStep
from crm_desktop.sync.carried_contents import MAIL_BYTES, STICK_BYTES
from crm_desktop.sync.report import OnStep
from crm_terminal.console import Console

MEGABYTE = 1024 * 1024

_FILE = click.Path(path_type=Path, dir_okay=False)
_FILE_THERE = click.Path(path_type=Path, dir_okay=False, exists=True)

UNTOLD = frozenset(
    ("compared", "repaired", "differing", "retries", "begun_anew", "held", "files_sent", "files_received")
)
"""What a round knows beside the fixed form of `sync`: `doctor --compare` tells of comparing with HQ."""


@click.command("sign-in", help=tr(N_("Make this laptop known to an HQ, and its replica with it.")))
@click.option("--server", metavar="URL", help=tr(N_("Address of HQ, such as https://crm.example.")))
@click.option("--user", metavar="NAME", help=tr(N_("Name to sign in with.")))
@click.option("--password-stdin", is_flag=True, help=tr(N_("Read the password from standard input.")))
@click.option("--device-name", help=tr(N_("What HQ calls this laptop; else the computer's name.")))
@click.option(
    "--file", type=_FILE_THERE, help=tr(N_("File of HQ's to sign in with, instead of name and password."))
)
@click.option(
    "--passphrase-stdin", is_flag=True, help=tr(N_("Read the file's passphrase from standard input."))
)
@pass_terminal
def sign_in(
    terminal: Terminal,
    server: str | None,
    user: str | None,
    password_stdin: bool,
    device_name: str | None,
    file: Path | None,
    passphrase_stdin: bool,
) -> None:
    """Enrol this laptop, over the network or by file."""
    if file is not None:
        passphrase = read_file_passphrase(from_stdin=passphrase_stdin)
        with _enrolling(terminal.folder) as app:
            app.enrol_by_file(file, passphrase, server or "", _tell_steps(terminal.console))
            stands = syncing.status(app.replica)
    elif server is None or user is None:
        raise click.UsageError(tr(N_("Give --server and --user, or --file")))
    else:
        password = read_password(from_stdin=password_stdin)
        with _enrolling(terminal.folder) as app:
            app.enrol(server, user, password, device_name)
            stands = syncing.status(app.replica)
    terminal.console.show(
        {
            "user": stands.user_name,
            "company": stands.company,
            "server": stands.server,
            "device": stands.device,
            "profile": str(profile_at(terminal.folder).root),
        }
    )


@contextlib.contextmanager
def _enrolling(folder: Path | None) -> Iterator[App]:
    """Open the profile or make one; one just made goes again where signing in does not succeed."""
    profile = profile_at(folder)
    is_new = not profile.has_database
    had_key = profile.key_file.exists()
    try:
        app = new_profile(folder, ask_passphrase)
        try:
            yield app
        finally:
            app.close()
    except BaseException:
        if is_new:
            _remove(profile, key_too=not had_key)
        raise


def _remove(profile: Profile, *, key_too: bool) -> None:
    for suffix in ("", "-wal", "-shm"):
        profile.database.with_name(profile.database.name + suffix).unlink(missing_ok=True)
    if key_too:
        profile.key_file.unlink(missing_ok=True)


@click.command(help=tr(N_("Run one full round: send what waits, fetch what is new.")))
@click.option(
    "--to", "to_file", type=_FILE, metavar="FILE", help=tr(N_("Write what waits to a file for HQ instead."))
)
@click.option(
    "--from", "from_file", type=_FILE_THERE, metavar="FILE", help=tr(N_("Apply HQ's answer to such a file."))
)
@click.option(
    "--files",
    "files_mb",
    metavar="MB",
    type=click.IntRange(0, STICK_BYTES // MEGABYTE),
    default=MAIL_BYTES // MEGABYTE,
    show_default=True,
    help=tr(N_("With --to: how many MB of attached files go along, and may come back; 0 for none.")),
)
@pass_terminal
def sync(terminal: Terminal, to_file: Path | None, from_file: Path | None, files_mb: int) -> None:
    """Run one round."""
    if to_file is not None and from_file is not None:
        raise click.UsageError(tr(N_("Give --to or --from, not both: HQ answers in between")))
    steps = _tell_steps(terminal.console)
    with terminal.app() as app:
        if to_file is not None:
            written = app.write_sync_file(to_file, steps, contents_most=files_mb * MEGABYTE)
            terminal.console.tell(N_("Hand {file} to HQ; bring back the answer"), file=to_file)
            terminal.console.show({"file": str(to_file), **asdict(written), "bytes": to_file.stat().st_size})
            return
        if from_file is not None:
            report = app.read_sync_file(from_file, steps)
            files = BlobReport(sent=report.files_sent, received=report.files_received)
        else:
            report, files = app.sync_now(steps), app.carry_files(_tell_files(terminal.console))
    if report.begun_anew:
        terminal.console.tell(syncing.BEGUN_ANEW[report.begun_anew])
    if report.held:
        terminal.console.tell(syncing.HELD)
    told = asdict(report)
    shown = {name: told[name] for name in told if name not in UNTOLD}
    carried = {"files_sent": files.sent, "files_received": files.received, "files_waiting": files.waiting}
    terminal.console.show({**shown, **(carried if any(carried.values()) else {})})
    if files.problem is not None:
        raise Unreachable(files.problem)  # the round itself is done; the files go on with the next


def _tell_steps(console: Console) -> OnStep:
    progress = (
        console.progress(N_("Sending {done} of {total}")),
        console.progress(N_("Receiving {done} of {total}")),
    )
    return lambda step: progress[step.phase != "sending"](step.done, step.total)


def _tell_files(console: Console) -> OnBlobStep:
    progress = {
        UP: console.progress(N_("Sending a file: {done} of {total} bytes")),
        DOWN: console.progress(N_("Fetching a file: {done} of {total} bytes")),
    }
    return lambda step: progress[step.direction](step.done, step.total)


@click.command(help=tr(N_("Tell what waits to be sent, when the last sync was, how old the data is.")))
@pass_terminal
def status(terminal: Terminal) -> None:
    """Tell where this laptop stands with HQ."""
    with terminal.app() as app:
        stands = syncing.status(app.replica)
        rows = syncing.rows_here(app.replica)
        files = attachments.kept(app.replica)
        now_ms = app.replica.clock.now_ms()
    oldest, last = stands.oldest_waiting_ms, stands.last_ok_ms
    terminal.console.show(
        {
            "enrolled": stands.enrolled,
            "server": stands.server,
            "user": stands.user_name,
            "company": stands.company,
            "device": stands.device,
            "waiting_records": stands.waiting_records,
            "waiting_operations": stands.waiting_operations,
            "oldest_waiting": instant_text(oldest) if oldest and stands.waiting_operations else None,
            "waiting_files": files.waiting,
            "returned": stands.returned,
            "last_sync": instant_text(last) if last else None,
            "age_seconds": max(0, (now_ms - last) // 1000) if last else None,
            "works_until": instant_text(stands.works_until_ms) if stands.works_until_ms else None,
            "read_only": stands.read_only is not None,
            "quote_numbers_left": stands.quote_numbers_left,
            "rows": rows,
        }
    )
