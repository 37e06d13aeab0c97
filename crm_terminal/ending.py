"""How a command ends: its exit status, and the sentence on standard error that says why it is not 0.

0 done, 1 something the person can put right, 2 wrong usage, 3 the outside is unreachable (nothing lost).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import Final

import click

from crm_core.errors import BrokenPromise, CrmError, Unreachable, UserError, reason_of
from crm_core.i18n import N_, Message, Translate, message
from crm_terminal.console import tell_error
from crm_terminal.helping import formatter_in

DONE, PUT_RIGHT, WRONG_USAGE, UNREACHABLE = 0, 1, 2, 3
Ending = tuple[int, Message]
_WHOLE: Final = (click.IntRange, type(click.INT))


def run_command(
    group: click.Group,
    name: str,
    arguments: Sequence[str] | None,
    translate: Translate,
    own_end: Callable[[Exception], Ending | None],
) -> int:
    """Run one command; return its exit status, having said on standard error why it is not 0.

    `own_end` says how a failure ends that is neither the person's nor the outside's; after None it is raised.
    """
    for stream in (sys.stdout, sys.stderr):
        # A terminal or pipe of another encoding must not make a Chinese name an error.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    if hasattr(sys.stdin, "reconfigure"):
        sys.stdin.reconfigure(encoding="utf-8")
    click.Context.formatter_class = formatter_in(translate)
    output = sys.stdout
    try:
        typed = [os.fsencode(each).decode() for each in (sys.argv[1:] if arguments is None else arguments)]
        group.main(args=typed, prog_name=name, standalone_mode=False)
        if hasattr(sys.stdout, "flush"):  # it is None where the caller closed it
            sys.stdout.flush()
    except (BrokenPipeError, SystemExit) as left:
        # click turns a broken pipe into an exit with status 1, and puts a wrapper around the stream.
        if isinstance(left, SystemExit) and sys.stdout is output:
            raise
        _leave_pipe()
    except click.exceptions.Exit as left:
        return left.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return WRONG_USAGE
    except Exception as error:
        ending = _common_end(error) or own_end(error)
        if ending is None:
            raise
        status, said = ending
        if isinstance(error, UserError):
            tell_error(error, translate)
        else:
            click.echo(said.show(translate), err=True)
        return status
    return DONE


def _common_end(error: Exception) -> Ending | None:
    match error:
        case click.Abort():
            return PUT_RIGHT, message(N_("Stopped"))
        case click.UsageError():
            return WRONG_USAGE, _said_by_click(error)
        case click.ClickException():
            return PUT_RIGHT, _said_by_click(error)
        case Unreachable():
            return UNREACHABLE, error.message
        case CrmError() if not isinstance(error, BrokenPromise):
            return PUT_RIGHT, error.message
        case UnicodeDecodeError():
            return PUT_RIGHT, message(N_("What was given is not text in UTF-8"))
        case OSError():
            if error.filename is None:
                return PUT_RIGHT, reason_of(error)
            return PUT_RIGHT, message(N_("{file}: {reason}"), file=error.filename, reason=reason_of(error))
    return None


def _leave_pipe() -> None:
    """Let the interpreter end quietly: whoever read our output has seen enough."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _said_by_click(error: click.ClickException) -> Message:
    """Return the sentence for wrong usage; click speaks English only."""
    match error:
        case click.NoSuchOption():
            return message(N_("There is no option {name}; see --help"), name=error.option_name)
        case click.MissingParameter() if error.param is not None:
            return message(N_("{name} is missing; see --help"), name=_called(error.param))
        case click.BadParameter() if error.param is not None:
            return _said_of_value(error, error.param)
        case _ if unknown := getattr(error, "command_name", None):  # click before 8.4 does not say which
            return message(N_("There is no command {name}; see --help"), name=unknown)
        case _:
            return message(N_("Wrong usage: {reason}"), reason=error.format_message())


def _said_of_value(error: click.BadParameter, param: click.Parameter) -> Message:
    name = param.human_readable_name
    match param.type:
        case click.Choice() as choice:
            allowed = ", ".join(str(each) for each in choice.choices)
            return message(N_("{name} is one of {allowed}"), name=name, allowed=allowed)
        case click.Path(file_okay=False):
            return message(N_("{name} is to be a folder, not a file"), name=name)
        case click.Path(exists=True):
            return message(N_("{name} is to be a file that is there"), name=name)
        case click.Path(dir_okay=False):
            return message(N_("{name} is to be a file, not a folder"), name=name)
        case kind if isinstance(kind, _WHOLE):
            least, most = getattr(kind, "min", None), getattr(kind, "max", None)
            if most is not None:
                said = N_("{name} is a whole number from {least} to {most}")
                return message(said, name=name, least=least or 0, most=most)
            if least is not None:
                return message(N_("{name} is a whole number, {least} or more"), name=name, least=least)
            return message(N_("{name} is a whole number"), name=name)
    return message(N_("{name} cannot be read: {reason}"), name=name, reason=error.message)


def _called(param: click.Parameter) -> str:
    """Return what a person types for a parameter: an option's first name, an argument's place."""
    return param.opts[0] if isinstance(param, click.Option) else param.human_readable_name
