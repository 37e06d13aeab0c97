"""`crm`: everything the laptop can do from the command line.

Exit status: 0 done, 1 something the person can put right, 2 wrong usage, 3 HQ unreachable (nothing lost).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from crm_core.errors import CrmError, Unreachable, UserError
from crm_core.i18n import N_, Message, message
from crm_desktop.cli.console import tell_error, tr
from crm_desktop.cli.root import crm

DONE, PUT_RIGHT, WRONG_USAGE, UNREACHABLE = 0, 1, 2, 3
_WHOLE = (click.IntRange, type(click.INT))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and end the process with its exit status."""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit status, having said on standard error why it is not 0."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal or pipe of another encoding must not make a Chinese name an error.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    output = sys.stdout
    try:
        typed = [os.fsencode(each).decode() for each in (sys.argv[1:] if arguments is None else arguments)]
        crm.main(args=typed, prog_name="crm", standalone_mode=False)
        if hasattr(sys.stdout, "flush"):  # it is None where the caller closed it
            sys.stdout.flush()
    except (BrokenPipeError, SystemExit) as left:
        # click turns a broken pipe into an exit with status 1, and puts a wrapper around the stream.
        if isinstance(left, SystemExit) and sys.stdout is output:
            raise
        _leave_pipe()
        return DONE
    except Exception as error:  # noqa: BLE001 - the end of the line: every failure is told, none is swallowed
        return _tell(error)
    return DONE


def _tell(error: Exception) -> int:
    match error:
        case click.exceptions.Exit():
            return error.exit_code
        case click.Abort():
            click.echo(tr(N_("Stopped")), err=True)
            return PUT_RIGHT
        case click.UsageError():
            click.echo(_said_by_click(error).show(tr), err=True)
            return WRONG_USAGE
        case click.ClickException():
            click.echo(_said_by_click(error).show(tr), err=True)
            return PUT_RIGHT
        case Unreachable():
            click.echo(error.show(tr), err=True)
            return UNREACHABLE
        case UserError():
            tell_error(error)
            return PUT_RIGHT
        case CrmError():
            click.echo(error.show(tr), err=True)
            return PUT_RIGHT
        case UnicodeDecodeError():
            click.echo(tr(N_("What was given is not text in UTF-8")), err=True)
            return PUT_RIGHT
        case OSError():
            reason = error.strerror or str(error)
            said = message(N_("{file}: {reason}"), file=error.filename, reason=reason)
            click.echo(said.show(tr) if error.filename else reason, err=True)
            return PUT_RIGHT
    kind = type(error).__name__
    said = message(N_("The program made a mistake ({kind}); its log in the profile says more"), kind=kind)
    click.echo(said.show(tr), err=True)
    return PUT_RIGHT


def _leave_pipe() -> None:
    """Let the interpreter end quietly: whoever read our output has seen enough."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _said_by_click(error: click.ClickException) -> Message:
    """Return the sentence for wrong usage; click speaks English only."""
    match error:
        case click.NoSuchOption():
            return message(N_("There is no option {name}; see --help"), name=error.option_name)
        case click.MissingParameter() if error.param is not None:
            name = error.param.human_readable_name
            if isinstance(error.param, click.Option):
                name = error.param.opts[0]
            return message(N_("{name} is missing; see --help"), name=name)
        case click.BadParameter() if error.param is not None and isinstance(error.param.type, click.Choice):
            allowed = ", ".join(str(each) for each in error.param.type.choices)
            name = error.param.human_readable_name
            return message(N_("{name} is one of {allowed}"), name=name, allowed=allowed)
        case click.BadParameter() if error.param is not None and isinstance(error.param.type, _WHOLE):
            name = error.param.human_readable_name
            least, most = getattr(error.param.type, "min", None), getattr(error.param.type, "max", None)
            if most is not None:
                said = N_("{name} is a whole number from {least} to {most}")
                return message(said, name=name, least=least or 0, most=most)
            if least is not None:
                return message(N_("{name} is a whole number, {least} or more"), name=name, least=least)
            return message(N_("{name} is a whole number"), name=name)
        case click.BadParameter() if error.param is not None:
            return message(
                N_("{name} cannot be read: {reason}"),
                name=error.param.human_readable_name,
                reason=error.message,
            )
        case _ if unknown := getattr(error, "command_name", None):  # click before 8.4 does not say which
            return message(N_("There is no command {name}; see --help"), name=unknown)
        case _:
            return message(N_("Wrong usage: {reason}"), reason=error.format_message())
