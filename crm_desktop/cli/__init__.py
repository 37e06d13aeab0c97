"""`crm`: everything the laptop can do from the command line.

Exit status: 0 done, 1 something the person can put right, 2 wrong usage, 3 HQ unreachable (nothing lost).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from crm_core.errors import BrokenPromise
from crm_core.i18n import N_, message
from crm_desktop.cli.console import tr
from crm_desktop.cli.root import crm
from crm_desktop.platform import garbage
from crm_terminal.ending import PUT_RIGHT, Ending, run_command


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and end the process with its exit status."""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit status, having said on standard error why it is not 0."""
    garbage.collect_seldom()
    return run_command(crm, "crm", arguments, tr, _our_mistake)


def _our_mistake(error: Exception) -> Ending:
    if isinstance(error, BrokenPromise):
        return PUT_RIGHT, error.message
    kind = type(error).__name__
    said = message(N_("The program made a mistake ({kind}); its log in the profile says more"), kind=kind)
    return PUT_RIGHT, said
