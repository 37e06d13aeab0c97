"""The command itself: which profile, and every subcommand, loaded only when it is called.

`crm --help` imports neither the database nor Qt.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from crm_core.errors import Unreachable, UserError
from crm_core.i18n import N_
from crm_desktop.cli.console import ask_passphrase, tr
from crm_desktop.platform.logs import start_logging, stop_logging
from crm_desktop.platform.paths import profile_at
from crm_terminal.console import Console

if TYPE_CHECKING:
    from crm_desktop.assembly import App

log = logging.getLogger(__name__)

DEMO_MODULE = "crm_desktop.demo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """What every subcommand is given."""

    folder: Path | None
    """The profile's folder; None: the default one."""
    console: Console

    @contextmanager
    def app(self) -> Iterator[App]:
        """Open the profile. Raises `UserError` where there is none, or the passphrase does not fit."""
        from crm_desktop.assembly import open_profile  # noqa: PLC0415 - database and HTTP; help needs neither

        with self.logging():
            app = open_profile(self.folder, ask_passphrase)
            try:
                yield app
            finally:
                app.close()

    @contextmanager
    def logging(self) -> Iterator[None]:
        """Write the log into the profile, where there is one."""
        profile = profile_at(self.folder)
        if not profile.root.exists():
            yield
            return
        handler = start_logging(profile)
        try:
            yield
        except (UserError, Unreachable, OSError, click.ClickException, click.exceptions.Exit, click.Abort):
            raise  # told in words; no mistake of ours
        except Exception:
            log.exception("A command failed")
            raise
        finally:
            stop_logging(handler)


pass_terminal = click.make_pass_decorator(Terminal)


@dataclass(frozen=True, slots=True)
class _Lazy:
    """A subcommand that is imported when it is called."""

    module: str
    attribute: str
    help: str


_COMMANDS = {
    "open": _Lazy("window", "open_window", N_("Open the window; also what crm does without a command.")),
    "demo": _Lazy("window", "demo", N_("Show the main job in one go: an HQ, two laptops, one sync.")),
    "sign-in": _Lazy("syncing", "sign_in", N_("Make this laptop known to an HQ.")),
    "sync": _Lazy("syncing", "sync", N_("Run one full round with HQ.")),
    "status": _Lazy("syncing", "status", N_("Tell what waits and when the last sync was.")),
    "list": _Lazy("records", "list_records", N_("List records.")),
    "show": _Lazy("records", "show", N_("Show one record.")),
    "history": _Lazy(
        "record_history", "history", N_("Show who changed what, when, from what; put one value back.")
    ),
    "add": _Lazy("records", "add", N_("Make a record.")),
    "set": _Lazy("records", "set_fields", N_("Change a record.")),
    "delete": _Lazy("records", "delete", N_("Delete a record.")),
    "restore": _Lazy("records", "restore", N_("Bring a deleted record back.")),
    "attach": _Lazy("attachments", "attach", N_("Put a file on a record.")),
    "attachment": _Lazy("attachments", "attachment", N_("Files on records: list, save, fetch, free.")),
    "search": _Lazy("records", "search", N_("Find records by part of any text.")),
    "versions": _Lazy("records", "versions", N_("Long texts that gave way to a newer one.")),
    "duplicates": _Lazy("duplicates", "duplicates", N_("Records that may be the same as another.")),
    "mend": _Lazy("mending", "mend", N_("Fields to mend: not standard or missing.")),
    "deal": _Lazy("deals", "deal", N_("Deals: milestones, neglected ones, competitors, losses.")),
    "lead": _Lazy("leads", "lead", N_("Leads: find who they are already, convert them, undo that.")),
    "ticket": _Lazy("tickets", "ticket", N_("Tickets: unknown senders, junk, and calls taken.")),
    "merge": _Lazy("duplicates", "merge", N_("Put records together to one.")),
    "unmerge": _Lazy("duplicates", "unmerge", N_("Take a merge apart.")),
    "pool": _Lazy("pool", "pool", N_("List, claim and return customers and leads of the shared pool.")),
    "articles": _Lazy("articles", "articles", N_("Articles as Markdown files: a folder in, a folder out.")),
    "tags": _Lazy("tags", "tags", N_("Tags, their colours, and how many customers carry each.")),
    "segment": _Lazy("segments", "segment", N_("Groups of customers by rules, or picked by hand.")),
    "target": _Lazy("targets", "target", N_("Targets: a year and its months, how far they are reached.")),
    "forecast": _Lazy("forecasts", "forecast", N_("Forecasts: of deals, by history, and what would be if.")),
    "report": _Lazy("reports", "report", N_("Reports: count them, keep them, write them to files.")),
    "hand-over": _Lazy("hand_over", "hand_over", N_("Hand over somebody's customers to others.")),
    "undo-hand-over": _Lazy("hand_over", "undo", N_("Take a hand-over back.")),
    "import": _Lazy("files", "import_command", N_("Bring in a file: CSV, spreadsheet, vCard or JSON.")),
    "undo-import": _Lazy("files", "undo", N_("Take an import back.")),
    "export": _Lazy("files", "export", N_("Write records to a file: CSV, xlsx, vcf or json.")),
    "returned": _Lazy("returned", "returned", N_("Edits HQ refused or a newer one replaced.")),
    "calendar": _Lazy("calendar", "calendar", N_("What is planned, planning, and calendar files.")),
    "mail": _Lazy("outgoing", "mail", N_("Write a mail with a file of any record, sent by HQ.")),
    "document": _Lazy("documents", "document", N_("Write a document of a record from a template.")),
    "quote": _Lazy("outgoing", "quote", N_("Quotes: documents, versions, mails and answers.")),
    "order": _Lazy(
        "outgoing", "order", N_("Orders: made of quotes and contracts, sent, delivered, taken back.")
    ),
    "contract": _Lazy("outgoing", "contract", N_("Contracts: made of quotes, sent, signed, renewed.")),
    "price": _Lazy("prices", "price", N_("Tell what a product costs, from which price book, and why.")),
    "payments": _Lazy("payments", "payments", N_("Payment plans, receipts, and what is overdue.")),
    "approvals": _Lazy("approvals", "approvals", N_("What waits for approval, and deciding about it.")),
    "request": _Lazy("service_requests", "request", N_("Service requests: ask by a form, send, withdraw.")),
    "away": _Lazy("away", "away", N_("Absences: who is away, and who stands in.")),
    "holidays": _Lazy(
        "holidays",
        "holidays",
        N_("Days off, official or of a file, into work calendars."),
    ),
    "doctor": _Lazy("support", "doctor", N_("Check the profile, and pack a bundle for support.")),
}


class _Commands(click.Group):
    """The subcommands by name, in the order of the table."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name in _COMMANDS if name != "demo" or importlib.util.find_spec(DEMO_MODULE)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        lazy = _COMMANDS.get(cmd_name)
        if lazy is None or cmd_name not in self.list_commands(ctx):
            return None
        found: click.Command = getattr(
            importlib.import_module(f"crm_desktop.cli.{lazy.module}"), lazy.attribute
        )
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section(tr(N_("Commands"))):
            formatter.write_dl([(name, tr(_COMMANDS[name].help)) for name in self.list_commands(ctx)])


@click.group(
    cls=_Commands,
    invoke_without_command=True,
    help=tr(N_("Satchel: customers, deals, quotes and tickets on this laptop, in step with HQ.")),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--profile",
    type=click.Path(path_type=Path, file_okay=False),
    help=tr(N_("Folder of the profile; else CRM_PROFILE, else the platform's.")),
)
@click.option("--json", "as_json", is_flag=True, help=tr(N_("Print JSON and nothing else.")))
@click.version_option(package_name="satchel", message="crm %(version)s")
@click.pass_context
def crm(context: click.Context, profile: Path | None, as_json: bool) -> None:
    """Find the profile; without a command open the window."""
    context.obj = Terminal(folder=profile, console=Console(as_json=as_json, translate=tr))
    if context.invoked_subcommand is None:
        opening = crm.get_command(context, "open")
        assert opening is not None
        context.invoke(opening)
