"""`crm` on a profile of its own: in this process, or as one."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from crm_desktop.cli import run
from tests.support.server import Ran, run_program

PASSPHRASE = "a long passphrase"


@dataclass(frozen=True)
class Crm:
    """The command on one profile, without a key store."""

    profile: Path

    def run(self, *arguments: str, stdin: str = "") -> Ran:
        """Run one command to its end in this process, which takes a third of the time of one of its own."""
        out, err = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch:
            for name in [name for name in os.environ if name.startswith("CRM_")]:
                patch.delenv(name)
            patch.setenv("CRM_PASSPHRASE", PASSPHRASE)
            patch.setattr(sys, "stdin", io.StringIO(stdin))
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                status = run(["--profile", str(self.profile), *arguments])
        assert "Traceback" not in err.getvalue(), err.getvalue()
        return Ran(status, out.getvalue(), err.getvalue())

    def process(self, *arguments: str, stdin: str = "", **environment: str) -> Ran:
        """Run one command to its end as a process."""
        ran = run_program(
            "crm_desktop",
            ("--profile", str(self.profile), *arguments),
            stdin=stdin,
            environment=bare_environment(environment),
        )
        assert "Traceback" not in ran.err, ran.err
        return ran

    def json(self, *arguments: str) -> Any:
        """Return the one value a command prints with `--json`; it must end well."""
        ran = self.run("--json", *arguments)
        assert ran.status == 0, ran.err
        return ran.json()

    def rows(self, *arguments: str) -> list[Any]:
        """Return the values a command prints with `--json`, one a line; it must end well."""
        ran = self.run("--json", *arguments)
        assert ran.status == 0, ran.err
        return ran.rows()


def bare_environment(others: dict[str, str]) -> dict[str, str]:
    """Return an environment with the passphrase and without a display, for a process of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CRM_")}
    for name in ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY"):
        kept.pop(name, None)
    return {**kept, "CRM_PASSPHRASE": PASSPHRASE, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", **others}
