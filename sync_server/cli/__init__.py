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
    try:
        typed = [os.fsencode(each).decode() for each in (sys.argv[1:] if arguments is None else arguments)]
        crm_server.main(args=typed, prog_name="crm-server", standalone_mode=False)
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
        structlog.get_logger("satchel").error("broken promise", exc_info=error)
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
    except BrokenPipeError:
        # Whoever read our output has seen enough; the interpreter must not fail on closing it.
        sys.stdout = None
        return DONE
    except OSError as error:
        said = message(N_("{file}: {reason}"), file=error.filename or "", reason=error.strerror or str(error))
        click.echo(said.show(tr), err=True)
        return PUT_RIGHT
    return DONE


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
        case click.BadParameter() if error.param is not None:
            name = error.param.human_readable_name
            return message(N_("{name} cannot be read: {reason}"), name=name, reason=error.message)
        case _:
            return message(N_("Wrong usage: {reason}"), reason=error.format_message())
