"""`crm-server`: everything headquarters can do from the command line.

Exit status: 0 done, 1 something a person can put right, 2 wrong usage, 3 the database is unreachable.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence

import click
import structlog
from sqlalchemy.exc import DBAPIError

from crm_core.errors import BrokenPromise, CrmError, Unreachable, UserError
from crm_core.i18n import N_, Message, message
from sync_server.cli import devices, import_command, people, serving, setup
from sync_server.cli.console import tell_error, tr
from sync_server.cli.root import crm_server

COMMANDS: tuple[click.Command, ...] = (
    setup.init,
    serving.serve,
    people.user,
    people.team,
    people.territory,
    people.role,
    import_command.import_file,
    devices.devices,
    setup.back_up,
    setup.restore,
    setup.migrate,
    setup.check,
)
for _command in COMMANDS:
    crm_server.add_command(_command)

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
    if hasattr(sys.stdin, "reconfigure"):
        sys.stdin.reconfigure(encoding="utf-8")
    output = sys.stdout
    try:
        typed = [os.fsencode(each).decode() for each in (sys.argv[1:] if arguments is None else arguments)]
        crm_server.main(args=typed, prog_name="crm-server", standalone_mode=False)
        if hasattr(sys.stdout, "flush"):  # it is None where the caller closed it
            sys.stdout.flush()
    except click.Abort:
        return PUT_RIGHT
    except click.ClickException as error:
        click.echo(_said_by_click(error).show(tr), err=True)
        return WRONG_USAGE if isinstance(error, click.UsageError) else PUT_RIGHT
    except Unreachable as error:
        click.echo(error.show(tr), err=True)
        return UNREACHABLE
    except UserError as error:
        tell_error(error)
        return PUT_RIGHT
    except BrokenPromise as error:
        # Before `serve` sets up the log, structlog would write among the results.
        structlog.wrap_logger(structlog.PrintLogger(sys.stderr)).error("broken promise", exc_info=error)
        click.echo(error.show(tr), err=True)
        return PUT_RIGHT
    except CrmError as error:
        click.echo(error.show(tr), err=True)
        return PUT_RIGHT
    except DBAPIError as error:
        reason = next(iter(str(error.orig).strip().splitlines()), type(error).__name__)
        said = message(N_("The database does not answer as it should: {reason}"), reason=reason)
        click.echo(said.show(tr), err=True)
        logging.getLogger("satchel").debug("database", exc_info=error)
        return UNREACHABLE
    except UnicodeDecodeError:
        click.echo(tr(N_("What was given is not text in UTF-8")), err=True)
        return PUT_RIGHT
    except (BrokenPipeError, SystemExit) as left:
        # click turns a broken pipe into an exit with status 1, and puts a wrapper around the stream.
        if isinstance(left, SystemExit) and sys.stdout is output:
            raise
        _leave_pipe()
        return DONE
    except OSError as error:
        reason = error.strerror or str(error)
        said = message(N_("{file}: {reason}"), file=error.filename, reason=reason)
        click.echo(said.show(tr) if error.filename else reason, err=True)
        return PUT_RIGHT
    return DONE


def _leave_pipe() -> None:
    """Let the interpreter end quietly: whoever read our output has seen enough."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _said_by_click(error: click.ClickException) -> Message:
    """Return the sentence for wrong usage; click speaks English only."""
    match error:
        case click.NoSuchOption():
            return message(N_("There is no option {name}; see --help"), name=error.option_name)
        case click.MissingParameter() if error.param is not None:
            name = error.param.make_metavar(error.ctx) if error.ctx else error.param.name
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
            name = error.param.human_readable_name
            return message(N_("{name} cannot be read: {reason}"), name=name, reason=error.message)
        case _ if unknown := getattr(error, "command_name", None):  # click before 8.4 does not say which
            return message(N_("There is no command {name}; see --help"), name=unknown)
        case _:
            return message(N_("Wrong usage: {reason}"), reason=error.format_message())
