"""Service requests: which forms there are for a person, asking by one, and what has become of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_core.entities.service_request import RequestForm
from crm_core.errors import Invalid, NotFound, Problem, UserError
from crm_core.i18n import N_, Worded, message
from crm_core.rules import request_forms
from crm_core.rules.access import Action, decide
from crm_core.schema.field import Field, Plain
from crm_desktop.models import query, repository
from crm_desktop.models.records import Record, record_of
from crm_desktop.models.replica import Replica
from crm_desktop.models.session import WriteSession
from crm_desktop.services import approving, attachments, completing_requests, records
from crm_desktop.services.outcome import Outcome

FORM, REQUEST = request_forms.FORM, request_forms.REQUEST
DONE = request_forms.GRANTED


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedForm:
    """A form a person chooses from."""

    id: str
    name: Worded
    description: Worded
    icon: str
    kept: Mapping[str, Any]
    """What a request by it keeps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedView:
    """A service request as its ticket shows it."""

    request: Record
    name: Worded
    asked_by: str
    answers: tuple[tuple[Field, Plain], ...]
    """In the order of the questions, without those nobody answered."""
    titles: Mapping[tuple[str, str], str]
    """What is linked in the answers is called, by (entity, id)."""
    is_held: bool
    """Nobody works on the ticket yet."""


def offered(replica: Replica) -> tuple[OfferedForm, ...]:
    """Return the forms the person here may ask by, in their order; none where he may not ask at all."""
    person = replica.person
    if not (decide(person, Action.CREATE, REQUEST) and decide(person, Action.CREATE, "ticket")):
        return ()
    with replica.read() as session:
        user = repository.get(session, "user", person.user_id)
        role_id = user.get("role_id") if user is not None else None
        rows = session.scalars(
            select(RequestForm)
            .where(RequestForm.life % 2 == 1)
            .order_by(RequestForm.rank, RequestForm.name, RequestForm.id)
        )
        found = [record_of(row) for row in rows]
    administers = person.rights.administers
    return tuple(
        _offered(form)
        for form in found
        if request_forms.is_offered(form.values, role_id, administers=administers)
    )


def form(replica: Replica, form_id: str) -> OfferedForm:
    """Return a form there is. `NotFound` where it is not on this laptop."""
    return _offered(records.get(replica, FORM, form_id))


def _offered(form: Record) -> OfferedForm:
    return OfferedForm(
        id=form.id,
        name=request_forms.named(form.values),
        description=Worded(str(form.get("description") or ""), form.get("description_zh") or ""),
        icon=str(form.get("icon") or "ticket"),
        kept=request_forms.definition(form.values),
    )


def questions(replica: Replica) -> dict[str, Field]:
    """Return the questions of every form as fields called `a:key`: what approval flows may ask of."""
    with replica.read() as session:
        rows = session.scalars(
            select(RequestForm).where(RequestForm.life % 2 == 1).order_by(RequestForm.rank, RequestForm.id)
        )
        return request_forms.all_fields(record_of(row).values for row in rows)


def ask(
    replica: Replica,
    form_id: str,
    answers: Mapping[str, Plain],
    *,
    subject: str = "",
    customer_id: str | None = None,
    reason: str = "",
    files: Mapping[str, Path] | None = None,
) -> Outcome[Record]:
    """Ask for something by a form: a ticket is opened, and who is to approve is asked. Returns the request.

    `answers` by the keys of the questions; `files` are put on the request, by the keys of the questions they
    answer. Raises `Invalid` with problems at the names of the questions, `UserError`, `NotFound`.
    """
    named = dict(files or {})
    for key, path in named.items():
        if not path.is_file():
            said = message(N_("“{name}” cannot be read"), name=path.name)
            raise Invalid([Problem(field=request_forms.PREFIX + key, message=said)])
    with replica.write() as session:
        form = repository.get(session, FORM, form_id)
        if form is None or not form.alive:
            raise NotFound(N_("There is no such record on this laptop"))
        if form.get("retired"):
            raise UserError(N_("This form is not chosen any more"))
        kept = request_forms.definition(form.values)
        _demand_answered(kept, {**answers, **{key: path.name for key, path in named.items()}}, named)
        given: dict[str, Plain] = {
            key: value for key, value in answers.items() if value not in (None, "", [])
        }
        made = _open(session, replica, form, subject.strip() or str(form.get("name")), customer_id)
        values: dict[str, Plain] = {
            "subject": made.title,
            "form_id": form.id,
            "form": kept,
            "answers": dict(given) or None,
            "ticket_id": made.id,
            "customer_id": customer_id,
            "reason": reason.strip() or None,
        }
        request = records.create_in(session, replica, REQUEST, values)
        if not named:
            request = _send_in(session, replica, request)
        changed = set(session.changed)
    if not named:
        return Outcome(request, frozenset(changed))
    for key, path in named.items():
        added = attachments.add(replica, REQUEST, request.id, path)
        given[key] = added.value.id
        changed |= added.changed
    with replica.write() as session:
        request = records.update_in(session, replica, REQUEST, request.id, {"answers": dict(given)})
        request = _send_in(session, replica, request)
        changed |= session.changed
    return Outcome(request, frozenset(changed))


def _demand_answered(kept: Mapping[str, Any], answers: Mapping[str, Plain], files: Collection[str]) -> None:
    """Raise `Invalid` before anything is made."""
    typed = {key: value for key, value in answers.items() if key not in files}
    problems = request_forms.problems_of_request({"form": kept, "answers": typed})
    problems += request_forms.lacking({"form": kept, "answers": answers})
    if problems:
        raise Invalid(problems)


def _open(
    session: WriteSession,
    replica: Replica,
    form: Record,
    subject: str,
    customer_id: str | None,
) -> Record:
    """Open the ticket; HQ gives it to whom the form says."""
    values: dict[str, Plain] = {
        "subject": subject,
        "customer_id": customer_id,
        "kind": "request",
        "priority": form.get("priority"),
        "category_id": form.get("category_id"),
        "assignee_id": replica.person.user_id,
    }
    filled = {name: value for name, value in values.items() if value is not None}
    ticket = records.create_in(session, replica, "ticket", filled)
    return repository.update(session, "ticket", ticket.id, {"form_id": form.id})


def send(replica: Replica, request_id: str) -> Outcome[Record]:
    """Send a request that was not sent, or came back: whoever is to approve is asked."""
    with replica.write() as session:
        request = _needed(session, request_id)
        sent = _send_in(session, replica, request)
    return Outcome(sent, frozenset(session.changed))


def _send_in(session: WriteSession, replica: Replica, request: Record) -> Record:
    judged = approving.judge(session, replica.person, replica.clock, request)
    state = DONE
    if not judged.is_final and not approving.was_approved(session, request):
        approving.ask(session, request, str(request.get("reason") or ""))
        state = request_forms.WAITING
    return records.update_in(session, replica, REQUEST, request.id, {"status": state})


def change(
    replica: Replica,
    request_id: str,
    changes: Mapping[str, Plain],
    files: Mapping[str, Path] | None = None,
    expected: Mapping[str, Plain] | None = None,
) -> Outcome[Record]:
    """Change a request that was not sent, or came back; `files` are put on it, by the keys of questions.

    Raises what changing any record raises.
    """
    given, changed = dict(changes), frozenset[tuple[str, str]]()
    if files:
        answers: dict[str, Plain] = dict(given.get("answers") or {})  # type: ignore[arg-type]
        for key, path in files.items():
            added = attachments.add(replica, REQUEST, request_id, path)
            answers[key] = added.value.id
            changed |= added.changed
        given["answers"] = answers
    outcome = records.update(replica, REQUEST, request_id, given, expected)
    return Outcome(outcome.value, outcome.changed | changed)


def answer_titles(replica: Replica, request: Mapping[str, Any]) -> dict[str, str]:
    """Return what is linked in the answers of a request is called, by the names of the questions."""
    given = request_forms.answers_as_values(request.get("answers"))
    links = {
        name: (str(field.target), str(given[name]))
        for name, field in request_forms.fields_of(request.get("form") or {}).items()
        if field.target and given.get(name)
    }
    found = records.titles(replica, set(links.values()))
    return {name: found.get(link, "") for name, link in links.items()}


def withdraw(replica: Replica, request_id: str) -> Outcome[Record]:
    """Withdraw a request for good, also one that waits; HQ closes its ticket."""
    with replica.write() as session:
        request = _needed(session, request_id)
        for state in (request_forms.DRAFT, request_forms.WITHDRAWN):
            if request.get("status") != state:
                request = records.update_in(session, replica, REQUEST, request_id, {"status": state})
    return Outcome(request, frozenset(session.changed))


def of_ticket(replica: Replica, ticket_id: str) -> AskedView | None:
    """Return the service request a ticket is worked on for; None for other tickets."""
    if not decide(replica.person, Action.READ, REQUEST):
        return None
    with replica.read() as session:
        found = completing_requests.of_ticket(session, ticket_id)
        return _view(session, found[0]) if found else None


def view(replica: Replica, request_id: str) -> AskedView:
    """Return a request with its answers. `NotFound` where it is not on this laptop."""
    with replica.read() as session:
        return _view(session, _needed(session, request_id))


def _view(session: Session, request: Record) -> AskedView:
    kept = request.get("form") or {}
    given = request.get("answers") or {}
    answered = [
        (field, given[key])
        for name, field in request_forms.fields_of(kept).items()
        if given.get(key := name.removeprefix(request_forms.PREFIX)) not in (None, "", [])
    ]
    linked: dict[str, set[str]] = {}
    for field, value in answered:
        if field.target:
            linked.setdefault(field.target, set()).add(str(value))
    titles = {
        (entity, record_id): title
        for entity, ids in linked.items()
        for record_id, title in query.labels(session, entity, ids).items()
    }
    owner_id = str(request.get("owner_id") or "")
    return AskedView(
        request=request,
        name=request_forms.named(kept),
        asked_by=query.labels(session, "user", {owner_id}).get(owner_id, ""),
        answers=tuple(answered),
        titles=titles,
        is_held=request_forms.holds(request.values),
    )


def _needed(session: Session, request_id: str) -> Record:
    request = repository.get(session, REQUEST, request_id)
    if request is None or not request.alive:
        raise NotFound(N_("There is no such record on this laptop"))
    return request
