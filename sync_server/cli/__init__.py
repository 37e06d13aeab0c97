"""`crm-server`: everything headquarters can do from the command line.

Exit status: 0 done, 1 something a person can put right, 2 wrong usage, 3 the database is unreachable.
"""

from __future__ import annotations

import logging
import sqlite3
import sys
from collections.abc import Sequence

import click
import structlog
from sqlalchemy.exc import DBAPIError

from crm_core.errors import BrokenPromise
from crm_core.i18n import N_, message
from crm_terminal.ending import PUT_RIGHT, UNREACHABLE, Ending, run_command
from sync_server.cli import (
    approvals,
    audit,
    calendar_feed,
    certificates,
    devices,
    drops,
    fields,
    housekeeping,
    import_command,
    keys,
    leads,
    mending,
    payments,
    people,
    pool,
    refused,
    reports,
    schedules,
    scores,
    selling,
    serving,
    setup,
    stock,
    webhooks,
)
from sync_server.cli.console import tr
from sync_server.cli.root import crm_server

COMMANDS: tuple[click.Command, ...] = (
    setup.init,
    serving.serve,
    people.user,
    people.team,
    people.territory,
    people.role,
    fields.field,
    pool.pool,
    approvals.flow,
    approvals.mandate,
    selling.pipeline,
    selling.stage,
    selling.condition,
    selling.milestone,
    leads.form,
    leads.lead_rule,
    leads.ticket_rule,
    leads.mail,
    scores.score_rule,
    stock.stock,
    payments.payments,
    reports.report,
    import_command.import_file,
    mending.mend,
    devices.devices,
    devices.exchange,
    calendar_feed.calendar_feed,
    keys.key,
    webhooks.webhook,
    drops.drop,
    refused.refused,
    audit.audit,
    certificates.verify_certificate,
    setup.back_up,
    setup.restore,
    setup.migrate,
    setup.check,
    housekeeping.housekeeping,
    housekeeping.turn_clock_back,
)
for _command in COMMANDS:
    crm_server.add_command(_command)
reports.report.add_command(schedules.schedule)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and end the process with its exit status."""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit status, having said on standard error why it is not 0."""
    return run_command(crm_server, "crm-server", arguments, tr, _own_end)


def _own_end(error: Exception) -> Ending | None:
    match error:
        case BrokenPromise():
            # Before `serve` sets up the log, structlog would write among the results.
            structlog.wrap_logger(structlog.PrintLogger(sys.stderr)).error("broken promise", exc_info=error)
            return PUT_RIGHT, error.message
        case DBAPIError():
            reason = next(iter(str(error.orig).strip().splitlines()), type(error).__name__)
            logging.getLogger("satchel").debug("database", exc_info=error)
            said = message(N_("The database does not answer as it should: {reason}"), reason=reason)
            return PUT_RIGHT if _is_broken_file(error) else UNREACHABLE, said
    return None


def _is_broken_file(error: DBAPIError) -> bool:
    """Tell whether waiting will not help: a file whose disk is full, that is protected or damaged."""
    code = getattr(error.orig, "sqlite_errorcode", sqlite3.SQLITE_BUSY)
    return code & 0xFF not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)  # the rest says more of the same
