"""`crm request`: asking for something by a form, and what has become of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from crm_core.errors import NotFound
from crm_core.i18n import N_
from crm_core.rules import request_forms
from crm_core.schema.values import to_plain
from crm_desktop.cli.console import tr
from crm_desktop.cli.records import id_argument
from crm_desktop.cli.root import Terminal, pass_terminal
from crm_desktop.cli.values import parse, record_id_of
from crm_desktop.models.replica import Replica
from crm_desktop.services import service_requests as service
from crm_desktop.services.service_requests import AskedView, OfferedForm

_FORMS = ("name", "name_zh", "description", "questions", "id")


@click.group(help=tr(N_("Service requests: asking by a form, sending, withdrawing.")))
def request() -> None:
    """Service requests; the rest is `list`, `show`, `set` and `approvals`."""


@request.command("forms", help=tr(N_("List the forms you may ask by, with the keys of their questions.")))
@pass_terminal
def list_forms(terminal: Terminal) -> None:
    """List the forms."""
    with terminal.app() as app:
        terminal.console.show_rows((_flat_form(each) for each in service.offered(app.replica)), _FORMS)


@request.command("new", help=tr(N_("Ask by a form, named or by its id: answers as key=value.")))
@click.argument("form")
@click.argument("answers", nargs=-1, metavar="KEY=VALUE…")
@click.option("--subject", default="", help=tr(N_("What it is called; without, as the form.")))
@click.option("--customer", help=tr(N_("Id of the customer it is for.")))
@click.option("--why", default="", help=tr(N_("Why it is asked; read by whoever approves.")))
@click.option(
    "--file",
    "files",
    multiple=True,
    nargs=2,
    metavar="KEY FILE",
    help=tr(N_("Answer a question by a file.")),
)
@pass_terminal
def new(
    terminal: Terminal,
    form: str,
    answers: tuple[str, ...],
    subject: str,
    customer: str | None,
    why: str,
    files: tuple[tuple[str, str], ...],
) -> None:
    """Ask for something."""
    with terminal.app() as app:
        chosen = _form_called(app.replica, form)
        fields = {
            name.removeprefix(request_forms.PREFIX): field
            for name, field in request_forms.fields_of(chosen.kept).items()
        }
        typed = parse(fields, request_forms.REQUEST, answers)
        given = {name.removeprefix(request_forms.PREFIX): value for name, value in typed.items()}
        made = service.ask(
            app.replica,
            chosen.id,
            given,
            subject=subject,
            customer_id=record_id_of(customer) if customer else None,
            reason=why,
            files={key: Path(file) for key, file in files},
        ).value
        terminal.console.show(_flat(service.view(app.replica, made.id)))


@request.command("show", help=tr(N_("Show a request with its answers; also by the id of its ticket.")))
@id_argument
@pass_terminal
def show(terminal: Terminal, record_id: str) -> None:
    """Show a request."""
    with terminal.app() as app:
        terminal.console.show(_flat(_found(app.replica, record_id)))


@request.command("send", help=tr(N_("Send a request that was not sent, or came back.")))
@id_argument
@pass_terminal
def send(terminal: Terminal, record_id: str) -> None:
    """Send it."""
    with terminal.app() as app:
        view = _found(app.replica, record_id)
        service.send(app.replica, view.request.id)
        terminal.console.show(_flat(service.view(app.replica, view.request.id)))


@request.command("withdraw", help=tr(N_("Withdraw a request for good; its ticket is closed.")))
@id_argument
@pass_terminal
def withdraw(terminal: Terminal, record_id: str) -> None:
    """Withdraw it."""
    with terminal.app() as app:
        view = _found(app.replica, record_id)
        service.withdraw(app.replica, view.request.id)
        terminal.console.show(_flat(service.view(app.replica, view.request.id)))


def _form_called(replica: Replica, text: str) -> OfferedForm:
    wanted = text.strip().casefold()
    for form in service.offered(replica):
        if wanted in (form.id, str(form.name).casefold(), form.name.chinese.casefold()):
            return form
    raise NotFound(N_("There is no form called “{name}” that you may ask by"), name=text)


def _found(replica: Replica, record_id: str) -> AskedView:
    """Return the request of an id, or the one its ticket is worked on for."""
    known = record_id_of(record_id)
    return service.of_ticket(replica, known) or service.view(replica, known)


def _flat_form(form: OfferedForm) -> dict[str, Any]:
    return {
        "name": str(form.name),
        "name_zh": form.name.chinese or None,
        "description": str(form.description) or None,
        "questions": [question["key"] for question in form.kept["questions"]],
        "id": form.id,
    }


def _flat(view: AskedView) -> dict[str, Any]:
    request = view.request
    return {
        "state": request.get("status"),
        "form": str(view.name),
        "version": request.get("version"),
        "subject": request.get("subject"),
        "asked_by": view.asked_by,
        "answers": {
            field.name.removeprefix(request_forms.PREFIX): to_plain(field, {field.name: value})
            for field, value in view.answers
        },
        "reason": request.get("reason"),
        "held": view.is_held,
        "ticket": request.get("ticket_id"),
        "customer": request.get("customer_id"),
        "id": request.id,
    }
