"""`open` and `demo`, which lead into modules with Qt: they are imported only here and only when called."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

import click

from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_desktop.cli.console import tr
from crm_desktop.cli.root import DEMO_MODULE, Terminal, pass_terminal

APP_MODULE = "crm_desktop.app"


def has_display() -> bool:
    """Tell whether a window could be shown: without a display Qt ends the process on Linux."""
    if not sys.platform.startswith("linux") or os.environ.get("QT_QPA_PLATFORM"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


@click.command("open", help=tr(N_("Open the window.")))
@pass_terminal
def open_window(terminal: Terminal) -> None:
    """Open the window."""
    if not has_display():
        raise UserError(N_("There is no display to open a window on; see crm --help for the commands"))
    status = importlib.import_module(APP_MODULE).open_window(terminal.folder)
    click.get_current_context().exit(int(status or 0))


@click.command(help=tr(N_("Show the main job in one go: an HQ, two laptops, offline edits, one sync.")))
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help=tr(N_("Folder for everything it makes; else a new temporary one.")),
)
@click.option("--no-window", is_flag=True, help=tr(N_("Do not open the window at the end.")))
@pass_terminal
def demo(terminal: Terminal, folder: Path | None, no_window: bool) -> None:
    """Run the demo."""
    wants_window = not no_window and has_display()
    status = importlib.import_module(DEMO_MODULE).run(
        folder, window=wants_window, as_json=terminal.console.as_json
    )
    click.get_current_context().exit(int(status or 0))
