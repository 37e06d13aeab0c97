"""`doctor`: is everything as it should be, and a bundle for support that holds no customer's data."""

from __future__ import annotations

import importlib.metadata
import json
import locale
import platform
import shutil
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from crm_core import SCHEMA_VERSION
from crm_core.errors import CrmError, UserError
from crm_core.i18n import N_
from crm_core.schema.values import instant_text
from crm_desktop.assembly import App, open_profile
from crm_desktop.cli.console import ask_passphrase, tr
from crm_desktop.cli.root import Terminal, pass_terminal
from crm_desktop.interchange.saving import replacing
from crm_desktop.platform.paths import Profile, profile_at
from crm_desktop.services import syncing

PACKAGES = (
    "PySide6-Essentials",
    "SQLAlchemy",
    "sqlcipher3",
    "reportlab",
    "requests",
    "msgspec",
    "sqlite-utils",
)
LEAST_FREE_BYTES = 500 * 1024 * 1024  # a sync and a backup of a large replica


@click.command(
    help=tr(N_("Check the profile; with FILE, pack a bundle for support without customers' data."))
)
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--compare",
    is_flag=True,
    help=tr(N_("Sync, compare every record here with HQ, and repair what differs.")),
)
@pass_terminal
def doctor(terminal: Terminal, file: Path | None, compare: bool) -> None:
    """Check the profile and pack a bundle."""
    profile = profile_at(terminal.folder)
    report: dict[str, Any] = {"profile": str(profile.root), **_surroundings(profile)}
    problems: list[str] = []
    if report["free_bytes"] < LEAST_FREE_BYTES:
        problems.append(tr(N_("The disk is nearly full")))
    try:
        app = open_profile(terminal.folder, ask_passphrase)
    except CrmError as error:
        problems.append(error.show(tr))
    else:
        try:
            report |= _inside(app)
            problems += report.pop("damage")
            if compare:
                report |= _compared(app, problems)
        finally:
            app.close()
    report |= {"problems": problems, "healthy": not problems}
    if file is not None:
        report["bundle"] = str(file)
        report["bundled"] = _pack(profile, file, report)
    terminal.console.show(report)
    if problems:
        raise UserError(N_("{count} things need attention"), count=len(problems))


def _surroundings(profile: Profile) -> dict[str, Any]:
    """Return the facts about this machine that matter, and nothing about its person."""
    there = next(folder for folder in (profile.root, *profile.root.parents) if folder.exists())
    return {
        "version": importlib.metadata.version("satchel"),
        "schema": SCHEMA_VERSION,
        "python": platform.python_version(),
        "system": platform.platform(),
        "encoding": locale.getpreferredencoding(False),
        "frozen": bool(getattr(sys, "frozen", False)),
        "packages": {name: _version(name) for name in PACKAGES},
        "free_bytes": shutil.disk_usage(there).free,
        "database_bytes": profile.database.stat().st_size if profile.database.exists() else 0,
        "files": sorted(
            str(path.relative_to(profile.root)) for path in profile.root.rglob("*") if path.is_file()
        )
        if profile.root.exists()
        else [],
    }


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _inside(app: App) -> dict[str, Any]:
    """Return what the replica says: counts and ages, no content; `damage` lists what is wrong with it."""
    stands = syncing.status(app.replica)
    last = stands.last_ok_ms
    return {
        "damage": app.replica.integrity_check(),
        "enrolled": stands.enrolled,
        "device": stands.device,
        "rows": syncing.rows_here(app.replica),
        "waiting_operations": stands.waiting_operations,
        "returned": stands.returned,
        "last_sync": instant_text(last) if last else None,
    }


def _compared(app: App, problems: list[str]) -> dict[str, Any]:
    """Compare with HQ; return counts, and add to `problems` what is still wrong."""
    try:
        syncing.ask_to_compare(app.replica)
        round_ = app.sync_now()
    except CrmError as error:
        problems.append(error.show(tr))
        return {"compared": False}
    if not round_.compared:
        problems.append(tr(N_("HQ did not compare: it has news all the time, or is an older version")))
    if round_.differing:
        problems.append(tr(N_("Records still differ from HQ after they were repaired")))
    return {"compared": round_.compared, "repaired": round_.repaired, "differing": round_.differing}


def _pack(profile: Profile, file: Path, report: dict[str, Any]) -> list[str]:
    """Write the bundle wholly or not at all; return what is in it.

    The report and the logs, which are written without names, mail addresses and telephone numbers. Neither
    the database nor anything typed into it.
    """
    logs = sorted(profile.logs.glob("*.log*")) if profile.logs.exists() else []
    told = {**report, "profile": _nameless(report["profile"])}
    members: list[tuple[str, Callable[[], bytes]]] = [
        ("report.json", lambda: json.dumps(told, ensure_ascii=False, indent=1).encode()),
        *((f"logs/{log.name}", log.read_bytes) for log in logs),
    ]
    with replacing(file) as partial, zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in members:
            bundle.writestr(name, content())
    return [name for name, _ in members]


def _nameless(folder: str) -> str:
    """Return a path without the person's home folder, which mostly is their name."""
    return folder.replace(str(Path.home()), "~")
