"""Service requests at HQ: which forms and answers are taken, who may work when, and what follows.

Functions that demand raise `Refused` or change nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import select

from crm_core.entities import SCHEMAS
from crm_core.i18n import N_, Message, message
from crm_core.rules import request_forms
from crm_core.rules.access import Action
from crm_core.rules.macros import changes_of, tags_of
from crm_core.rules.request_forms import DRAFT, GRANTED, WAITING, WITHDRAWN
from crm_core.schema.machine import Machine, Step
from crm_core.sync.clock import ms_of
from crm_core.sync.merge import dot
from crm_core.sync.protocol import Code, OpKind
from sync_server.services import errands, macro_answers, promises
from sync_server.services.errands import Errand
from sync_server.services.hq_pen import Pen
from sync_server.services.records import Record, Records
from sync_server.services.rights import Author, AuthorRights, Refused, is_at_hq
from sync_server.services.scopes import ScopeKeeper
from sync_server.services.wanted import Wanted, register_of
from sync_server.store.database import HqTransaction

FORM: Final = SCHEMAS[request_forms.FORM]
REQUEST: Final = SCHEMAS[request_forms.REQUEST]
TICKET: Final = SCHEMAS[request_forms.TICKET]
_USER: Final = SCHEMAS["user"]
_TEAM: Final = SCHEMAS["team"]
_MACRO: Final = SCHEMAS["macro"]
_CATEGORY: Final = SCHEMAS["ticket_category"]
_ASKED: Final = ("form_id", "form", "answers")
_PRESSING: Final = (WAITING, DRAFT, GRANTED, WITHDRAWN)
"""Which of several requests a ticket tells of, where two became one."""
_OF_HQ: Final = 2  # incarnation in the names of what HQ adds to a set by itself
_NO_FORM: Final = message(N_("This form is not there any more"))
_ONE_ALREADY: Final = message(N_("This ticket is a service request already"))


# What laptops say


def of_new(records: Records, author: Author, rights: AuthorRights, record: Record) -> dict[str, Any]:
    """Return what HQ says of a new request: the version of the form it was made by."""
    ticket = records.get(TICKET.no, record.values["ticket_id"] or "")
    if ticket is not None:
        rights.demand(Action.EDIT, ticket)
        if any(True for _ in requests_of(records, ticket)):
            raise Refused(Code.ILLEGAL_STATE, _ONE_ALREADY)
    return {"version": _demand_asked(records, author, record.values)}


def demand_kept(records: Records, author: Author, record: Record, wanted: Wanted) -> None:
    """Raise `Refused` for a request that leaves its ticket, or for answers its form does not take."""
    if wanted.kind is not OpKind.SET or is_at_hq(author):
        return
    ticket_id = wanted.values.get("ticket_id", record.values["ticket_id"])
    if ticket_id != record.values["ticket_id"]:
        raise Refused(Code.ILLEGAL_STATE, message(request_forms.STAYS))
    if not wanted.values.keys().isdisjoint(_ASKED):
        _demand_asked(records, author, {**record.values, **wanted.values}, record.values)


def demand_workable(records: Records, record: Record, step: Step) -> None:
    """Raise `Refused` for work on a ticket whose service request is not accepted yet.

    And for a request that goes out half answered.
    """
    if record.schema is REQUEST and request_forms.is_sent(record.values["status"], step.ends):
        fields = request_forms.fields_of(record.values["form"] or {})
        for problem in request_forms.lacking(record.values):
            label = Message(fields[problem.field or ""].label)
            raise Refused(
                Code.INVALID, message(N_("{field}: {problem}"), field=label, problem=problem.message)
            )
    if record.schema is not TICKET:
        return
    if not request_forms.is_work(record.values["status"], step.ends):
        return
    if any(request_forms.holds(each.values) for each in requests_of(records, record)):
        raise Refused(Code.ILLEGAL_STATE, message(request_forms.IS_HELD))


def form_of(records: Records, record: Record) -> Record | None:
    """Return the form a request was made by; None for other kinds of record, and where it is gone."""
    form_id = record.values["form_id"] if record.schema is REQUEST else None
    form = records.get(FORM.no, form_id) if form_id else None
    return form if form is not None and form.lives else None


def requests_of(records: Records, ticket: Record) -> Iterable[Record]:
    """Return the living service requests of a ticket, as the batch leaves them."""
    records.noticed_kinds.add(REQUEST.no)
    columns = REQUEST.table.c
    query = select(columns.id).where(columns.ticket_id == ticket.id)
    records.load({REQUEST.no: records.connection.execute(query).scalars().all()})
    return [each for each in records.linking(REQUEST, "ticket_id", ticket.id) if each.lives]


def _demand_asked(
    records: Records, author: Author, values: dict[str, Any], before: dict[str, Any] | None = None
) -> int:
    form = records.get(FORM.no, values.get("form_id") or "")
    if form is None or not form.lives:
        raise Refused(Code.INVALID, _NO_FORM)
    user = records.get(_USER.no, author.user_id)
    role_id = user.values["role_id"] if user is not None else None
    if not request_forms.may_use(form.values, role_id, administers=author.person.rights.administers):
        raise Refused(Code.FORBIDDEN_ROW, message(request_forms.NOT_YOURS))
    kept = values.get("form")
    version = request_forms.version_of(form.values, kept) if isinstance(kept, dict) else None
    if version is None:
        raise Refused(Code.INVALID, message(request_forms.UNKNOWN))
    fields = request_forms.fields_of(kept or {})
    for problem in request_forms.problems_of_request(values, before):
        field = fields.get(problem.field or "") or REQUEST.fields["answers"]
        said = message(N_("{field}: {problem}"), field=Message(field.label), problem=problem.message)
        raise Refused(Code.INVALID, said)
    return version


# What follows


def settle(hq: HqTransaction, records: Records, scopes: ScopeKeeper, server_ms: int) -> None:
    """Know the versions of forms this batch changed; pass on what its requests have come to."""
    pen = Pen(hq, records, server_ms)
    touched = [each for each in records.touched() if each.is_new or each.changed or each.meta_changed]
    for form in (each for each in touched if each.schema is FORM):
        _know(pen, form)
    tickets: dict[str, Record] = {}
    for request in sorted((each for each in touched if each.schema is REQUEST), key=lambda each: each.id):
        ticket = records.get(TICKET.no, request.values["ticket_id"] or "")
        if request.lives and ticket is not None and ticket.lives:
            _pass_on(pen, scopes, request, ticket)
            tickets[ticket.id] = ticket
    if tickets:
        promises.write(pen, list(tickets.values()))


def _know(pen: Pen, form: Record) -> None:
    """Write down the hash of what a form asks now, and which version that is."""
    mark = request_forms.mark_of(request_forms.definition(form.values))
    marks = list(form.values["marks"] or ())
    if mark not in marks:
        marks.append(mark)
    pen.write(form, marks=marks, version=marks.index(mark) + 1)


def _pass_on(pen: Pen, scopes: ScopeKeeper, request: Record, ticket: Record) -> None:
    form = form_of(pen.records, request)
    if request.is_new:
        pen.write(ticket, form_id=request.values["form_id"])
        if form is not None:
            _route(pen, scopes, request, ticket, form)
    states = {each.values["status"] or DRAFT for each in requests_of(pen.records, ticket)}
    told = next((state for state in _PRESSING if state in states), None)
    pen.write(ticket, asked=told, form_id=ticket.values["form_id"] or request.values["form_id"])
    status = request.values["status"]
    if status == GRANTED and request.values["followed_at"] is None:
        pen.write(request, followed_at=pen.server_ms)
        if form is not None:
            _follow(pen, scopes, request, ticket, form)
    if status == WITHDRAWN and "status" in request.changed and states == {WITHDRAWN}:
        _go(pen, ticket, "closed")


def _route(pen: Pen, scopes: ScopeKeeper, request: Record, ticket: Record, form: Record) -> None:
    """Give a new ticket to whom the form says; who asked goes on seeing it."""
    places = {
        name: form.values[name]
        for name, schema in (("assignee_id", _USER), ("team_id", _TEAM))
        if form.values[name] and _is_here(pen.records, schema.no, form.values[name])
    }
    if not places:
        return
    if "assignee_id" not in places:  # a team's queue: nobody has it yet
        places["assignee_id"] = None
    asker = request.values["owner_id"]
    scopes.lend(ticket)
    pen.write(ticket, **places)
    if asker and asker != places["assignee_id"]:
        _add_words(pen, ticket, "shown_to", (asker,))
    _moved(pen, scopes, ticket)


def _follow(pen: Pen, scopes: ScopeKeeper, request: Record, ticket: Record, form: Record) -> None:
    """Do what a form says follows once a request is accepted."""
    macro_id = form.values["macro_id"]
    macro = pen.records.get(_MACRO.no, macro_id) if macro_id else None
    if macro is not None and macro.lives:
        _run(pen, scopes, ticket, macro)
        macro_answers.answer(pen, scopes, ticket, macro, once=request.id)
    if form.values["after_status"]:
        _go(pen, ticket, form.values["after_status"])
    if form.values["task"]:
        said = message(
            N_("{task}: {title}"), task=form.values["task"], title=str(ticket.values["subject"] or "")
        )
        whose = form.values["task_for_id"] or ticket.values["assignee_id"]
        if whose and not _is_here(pen.records, _USER.no, whose):
            whose = None
        errands.open_tasks(
            pen.hq, pen.records, scopes, [Errand(subject=said, about=ticket, owner_id=whose)], pen.server_ms
        )


def _run(pen: Pen, scopes: ScopeKeeper, ticket: Record, macro: Record) -> None:
    """Change a ticket as a macro says."""
    changes: dict[str, Any] = dict(changes_of(macro.values, ticket.values))
    state = changes.pop("status", None)
    if state:
        _go(pen, ticket, state)
    if changes.get("category_id"):
        category = pen.records.get(_CATEGORY.no, changes["category_id"])
        changes["category"] = category.values["name"] if category is not None else None
    scopes.lend(ticket)
    pen.write(ticket, **changes)
    _add_words(pen, ticket, "tags", tags_of(macro.values, ticket.values))
    _moved(pen, scopes, ticket)


def _go(pen: Pen, ticket: Record, state: str) -> None:
    """Take the step to a state, where there is one."""
    machine: Machine | None = TICKET.meta.machine
    assert machine is not None
    step = machine.between(ticket.values["status"], state)
    if step is not None:
        pen.write(ticket, **machine.effects(step, ms_of(pen.mark().hlc), held=ticket.values))


def _add_words(pen: Pen, record: Record, name: str, words: Iterable[str]) -> None:
    field = record.schema.fields[name]
    register = register_of(field)
    held = {word for word, _ in record.dots.get(register, set())}
    new = sorted(set(words) - held)
    if not new:
        return
    pen.records.change(record)
    mark = pen.mark()
    record.dots[register] = record.dots.get(register, set()) | {
        (word, dot(0, _OF_HQ, mark.hlc)) for word in new
    }
    record.set(name, sorted({word for word, _ in record.dots[register]}))
    record.stamp(register, mark)


def _moved(pen: Pen, scopes: ScopeKeeper, ticket: Record) -> None:
    pen.records.relink(ticket)
    scopes.changed(ticket)
    scopes.lend(ticket)


def _is_here(records: Records, number: int, record_id: str) -> bool:
    found = records.get(number, record_id)
    return found is not None and found.lives and found.values.get("active") is not False
