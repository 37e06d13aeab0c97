"""`init`, `migrate`, `check`, `backup` and `restore`."""

from __future__ import annotations

import dataclasses
import secrets
import sys
from pathlib import Path
from typing import Final

import click

from crm_core.errors import UserError
from crm_core.i18n import N_
from sync_server.cli.console import read_password, tr
from sync_server.cli.root import Terminal, pass_terminal
from sync_server.services import backup, checking, founding, price_books
from sync_server.services.headquarters import open_headquarters
from sync_server.settings import fresh_settings, read_settings
from sync_server.store import upgrading

GENERATED_BYTES: Final = 12
WEAK_BELOW: Final = 8  # characters; NIST SP 800-63B, 3.1.1.2

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(help=tr(N_("Make a new headquarters in the data folder.")))
@click.option("--database", help=tr(N_("URL of a PostgreSQL database; else a SQLite file in the folder.")))
@click.option("--admin", default="admin", help=tr(N_("Name of the first administrator.")))
@click.option("--password-stdin", is_flag=True, help=tr(N_("Read the password from standard input.")))
@click.option("--company", default="", help=tr(N_("Name of the company in English.")))
@click.option("--company-zh", default="", help=tr(N_("Name of the company in Chinese.")))
@pass_terminal
def init(
    terminal: Terminal, database: str | None, admin: str, password_stdin: bool, company: str, company_zh: str
) -> None:
    """Make a new headquarters."""
    settings = fresh_settings(terminal.data, database=database, company=company, company_zh=company_zh)
    founding.demand_vacant(settings)
    generated = not password_stdin and not sys.stdin.isatty()
    password = (
        secrets.token_urlsafe(GENERATED_BYTES)
        if generated
        else read_password(from_stdin=password_stdin, name=admin)
    )
    founded = founding.found(settings, admin, password)
    console = terminal.console
    console.tell(N_("Made a headquarters in {folder}"), folder=settings.data)
    if generated:
        console.tell(
            N_("The password of {name} is {password} — keep it; it is shown once"),
            name=admin,
            password=password,
        )
    warn_of_weak(terminal, password)
    shown = dataclasses.asdict(founded) | {"data": str(settings.data)}
    if console.as_json:
        console.show(shown | ({"password": password} if generated else {}))


@click.command(help=tr(N_("Bring the database up to the version of this program.")))
@pass_terminal
def migrate(terminal: Terminal) -> None:
    """Run the steps missing."""
    hq = open_headquarters(read_settings(terminal.data))
    try:
        before, after = upgrading.upgrade(hq.database.engine)
        if before is not None:
            price_books.gather(hq)
    finally:
        hq.close()
    if before == after:
        terminal.console.tell(N_("The database is up to date"))
    else:
        terminal.console.tell(
            N_("The database was brought from {before} to {after}"), before=before or "-", after=after
        )
    if terminal.console.as_json:
        terminal.console.show({"before": before, "after": after})


@click.command(help=tr(N_("Check that everything kept agrees with itself, and show the settings in force.")))
@pass_terminal
def check(terminal: Terminal) -> None:
    """Check integrity and configuration."""
    hq = open_headquarters(read_settings(terminal.data))
    try:
        report = checking.check(hq.settings, hq.database)
    finally:
        hq.close()
    console = terminal.console
    if console.as_json:
        console.show(dataclasses.asdict(report) | {"ok": report.ok})
    else:
        console.show(report.settings)
        for finding in report.findings:
            click.echo(f"{'✓' if finding.ok else '✗'} {tr(finding.label)}: {finding.found}")
    if not report.ok:
        raise UserError(N_("Something does not agree; see above. Restore a backup, or ask for support"))


@click.command("backup", help=tr(N_("Save the whole headquarters to one file; it may go on serving.")))
@click.argument("file", type=_FILE)
@click.option(
    "--passphrase-stdin", is_flag=True, help=tr(N_("Seal the file with a passphrase from standard input."))
)
@pass_terminal
def back_up(terminal: Terminal, file: Path, passphrase_stdin: bool) -> None:
    """Save everything."""
    passphrase = _passphrase(from_stdin=passphrase_stdin)
    with terminal.headquarters() as hq:
        saved = backup.back_up(hq.settings, hq.database, file, passphrase)
    terminal.console.tell(
        N_("Saved {rows} rows and {files} files to {file}"), rows=saved.rows, files=saved.files, file=file
    )
    if terminal.console.as_json:
        terminal.console.show(dataclasses.asdict(saved))


@click.command(help=tr(N_("Make the headquarters what a backup holds.")))
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--database", help=tr(N_("URL of the database to restore into, instead of the one it was in.")))
@click.option(
    "--overwrite-newer", is_flag=True, help=tr(N_("Replace a database that holds more than the backup."))
)
@click.option(
    "--passphrase-stdin", is_flag=True, help=tr(N_("Read the backup's passphrase from standard input."))
)
@pass_terminal
def restore(
    terminal: Terminal, file: Path, database: str | None, overwrite_newer: bool, passphrase_stdin: bool
) -> None:
    """Restore everything."""
    passphrase = _passphrase(from_stdin=passphrase_stdin)
    saved = backup.restore(
        terminal.data, file, passphrase=passphrase, database_url=database, overwrite_newer=overwrite_newer
    )
    console = terminal.console
    console.tell(N_("Restored {rows} rows and {files} files"), rows=saved.rows, files=saved.files)
    console.tell(N_("Every laptop will notice at its next contact and hand in again what the backup lacks"))
    if console.as_json:
        console.show(dataclasses.asdict(saved))


def warn_of_weak(terminal: Terminal, password: str) -> None:
    """Say so where a password is short."""
    if len(password) < WEAK_BELOW:
        terminal.console.tell(
            N_("This password has fewer than {least} characters; choose a longer one soon"), least=WEAK_BELOW
        )


def _passphrase(*, from_stdin: bool) -> str | None:
    return read_password(from_stdin=True, name="") if from_stdin else None
