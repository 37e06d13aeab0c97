"""What follows at HQ from requests and decisions: where each stands, who sees the record, its next state."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import select

from crm_core.entities import SCHEMAS
from crm_core.entities.approval import ApprovalRequest
from crm_core.i18n import N_, message
from crm_core.rules import approval
from crm_core.rules.access import NO_RIGHTS, Person
from crm_core.rules.approval import Standing, State
from crm_core.sync.clock import ms_of
from crm_core.sync.merge import dot
from sync_server.services import errands, payments, quote_versions, service_requests
from sync_server.services.approvals import DECISION, PEOPLE, REQUEST, Approvals, outcome_of
from sync_server.services.custom import CustomFields
from sync_server.services.errands import Errand
from sync_server.services.hq_pen import Pen
from sync_server.services.records import Record, Records
from sync_server.services.rights import Author, AuthorRights
from sync_server.services.scopes import ScopeKeeper
from sync_server.services.storing import store_all
from sync_server.services.wanted import register_of
from sync_server.store.database import Database, HqTransaction
from sync_server.store.tables import table_of

_STAND_BY_VALUES: Final = frozenset((State.WAITING, State.APPROVED))
SHOWN: Final = "shown_to"
_OF_HQ: Final = 2  # incarnation in the names of what HQ adds to a set by itself
_requests = table_of(ApprovalRequest)


def settle(
    hq: HqTransaction, records: Records, scopes: ScopeKeeper, approvals: Approvals, server_ms: int
) -> None:
    """Bring every request up to date that this batch concerns."""
    approvals.forget()
    for request in _concerned(records, approvals):
        _settle(Pen(hq, records, server_ms), scopes, approvals, request)
    service_requests.settle(hq, records, scopes, server_ms)


def look_again(database: Database, now_ms: int) -> int:
    """Bring every request up to date that waits: absences begin and end by themselves. Returns how many."""
    with database.read() as snapshot:
        query = select(_requests.c.id).where(_requests.c.status == State.WAITING, _requests.c.life % 2 == 1)
        if snapshot.connection.execute(query.limit(1)).first() is None:
            return 0
    nobody = Person(user_id="", rights=NO_RIGHTS, scopes={})
    author = Author(user_id="", person=nobody)
    with database.write() as hq:
        records = Records(hq.connection)
        scopes = ScopeKeeper(records, hq.positions)
        approvals = Approvals(hq, records, author, AuthorRights(nobody), CustomFields(hq.connection))
        found = list(_waiting(records))
        for request in found:
            _settle(Pen(hq, records, now_ms), scopes, approvals, request)
        payments.follow(hq, records, scopes, (), now_ms)
        service_requests.settle(hq, records, scopes, now_ms)
        store_all(hq, records, scopes)
    return len(found)


def _concerned(records: Records, approvals: Approvals) -> list[Record]:
    found: dict[str, Record] = {}
    people_changed = False
    for record in list(records.touched()):
        is_changed = record.is_new or bool(record.changed) or record.meta_changed
        if not is_changed:
            continue
        if record.schema is REQUEST:
            found[record.id] = record
        elif record.schema is DECISION:
            request = records.get(REQUEST.no, record.values.get("request_id") or "")
            if request is not None:
                found[request.id] = request
        elif record.schema.name in PEOPLE:
            people_changed = True
        elif _may_be_approved(record) is not None and not record.is_new:
            for request in approvals.requests_of(record):
                found[request.id] = request
    if people_changed:
        found |= {request.id: request for request in _waiting(records)}
    return [found[request_id] for request_id in sorted(found)]


def _may_be_approved(record: Record) -> str | None:
    machine = record.schema.meta.machine
    return machine.waits or None if machine is not None else None


def _waiting(records: Records) -> Iterable[Record]:
    records.noticed_kinds.add(REQUEST.no)
    query = select(_requests.c.id).where(_requests.c.status == State.WAITING, _requests.c.life % 2 == 1)
    ids = list(records.connection.execute(query).scalars())
    records.load({REQUEST.no: ids})
    return [
        found
        for request_id in sorted(ids)
        if (found := records.get(REQUEST.no, request_id)) is not None
        and found.lives
        and found.values["status"] == State.WAITING
    ]


def _settle(pen: Pen, scopes: ScopeKeeper, approvals: Approvals, request: Record) -> None:
    target = approvals.target_of(request)
    if target is None or not (request.lives and target.lives):
        return
    now = approvals.standing(request)
    is_open = request.values["status"] == State.WAITING
    if is_open and now.state in _STAND_BY_VALUES and approvals.digest_of(target) != request.values["digest"]:
        now = Standing(state=State.WITHDRAWN, place=now.place, reason=approval.CHANGED_SINCE)
    is_waiting = now.state is State.WAITING
    pen.write(request, round=now.place.round, step=now.place.step, waits_for=list(now.seats) or None)
    if not is_waiting and is_open:
        pen.write(request, status=now.state.value, ended_at=ms_of(pen.hq.hq_hlc), outcome=outcome_of(now))
        if now.state in (State.REFUSED, State.RETURNED) or now.reason is not None:
            errands.open_tasks(pen.hq, pen.records, scopes, [_told(request, target, now)], pen.server_ms)
    if not is_waiting:
        _go_on(pen, scopes, approvals, target, now)
    _show(pen, scopes, approvals, target)


def _go_on(pen: Pen, scopes: ScopeKeeper, approvals: Approvals, target: Record, now: Standing) -> None:
    """Take HQ's step with a record that waited for what has ended."""
    machine = target.schema.meta.machine
    if machine is None or not machine.waits or target.values[machine.field] != machine.waits:
        return
    if any(each.values["status"] == State.WAITING for each in approvals.requests_of(target)):
        return
    asked = machine.approved
    for step in machine.steps:
        grants = asked is not None and step.ends == asked.ends
        if machine.waits in step.starts and grants is (now.state is State.APPROVED):
            quote_versions.keep_before(pen.hq, pen.records, scopes, approvals.custom, target, step)
            pen.write(target, **machine.effects(step, pen.server_ms, held=target.values))
            return


def _show(pen: Pen, scopes: ScopeKeeper, approvals: Approvals, target: Record) -> None:
    """Let those see a record who are asked about it, and those who decided about it."""
    field = target.schema.fields.get(SHOWN)
    if field is None or not field.by_hq:
        return
    wanted: set[str] = set()
    for request in approvals.requests_of(target):
        now = approvals.standing(request)
        wanted |= set(now.all_seats) | approvals.stand_ins_of(now.all_seats, pen.server_ms)
        for child in pen.records.children(request):
            if child.schema is DECISION and child.lives and child.values["owner_id"]:
                wanted.add(child.values["owner_id"])
    register = register_of(field)
    held = {word for word, _ in target.dots.get(register, set())}
    wanted = {each for each in wanted if pen.records.get(SCHEMAS["user"].no, each) is not None}
    if held == wanted:
        return
    pen.records.change(target)
    scopes.lend(target)
    kept = {pair for pair in target.dots.get(register, set()) if pair[0] in wanted}
    mark = pen.mark()
    target.dots[register] = kept | {(word, dot(0, _OF_HQ, mark.hlc)) for word in wanted - held}
    target.set(SHOWN, sorted(wanted) or None)
    target.stamp(register, mark)
    scopes.changed(target)
    scopes.lend(target)


def _told(request: Record, target: Record, now: Standing) -> Errand:
    title = str(target.values.get(target.schema.meta.title) or "")
    texts = {
        State.REFUSED: N_("“{title}” was not approved"),
        State.RETURNED: N_("“{title}” was returned: change it and ask again"),
    }
    said = message(texts.get(now.state, N_("The approval of “{title}” does not count any more")), title=title)
    return Errand(subject=said, about=target, owner_id=request.values["created_by"], is_private=True)
