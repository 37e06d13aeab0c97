"""Approvals at HQ: who is asked, which decisions count, and what follows for the record that was asked about.

What a laptop says of it is a wish: the flow, the place a request stands at and its end are HQ's own.
Functions that demand raise `Refused` or change nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from sqlalchemy import select

from crm_core.entities import SCHEMAS
from crm_core.entities.approval import ApprovalRequest
from crm_core.errors import BrokenPromise
from crm_core.i18n import N_, message, plain_places
from crm_core.rules import approval, approval_flows, clauses, request_forms
from crm_core.rules.access import Action
from crm_core.rules.approval import Away, Place, Standing, State
from crm_core.rules.approval_flows import Needed
from crm_core.rules.mandates import Mandate, Offer
from crm_core.schema.field import Field
from crm_core.schema.machine import Step
from crm_core.sync.clock import Stamp, ms_of
from crm_core.sync.protocol import Code, OpKind
from sync_server.services import keeping
from sync_server.services import mandates as at_hq
from sync_server.services import service_requests as requests
from sync_server.services.custom import CustomFields
from sync_server.services.quote_prices import QuotePrices, living_rows
from sync_server.services.records import Record, Records
from sync_server.services.rights import NO_SUCH_RECORD, Author, AuthorRights, Refused, is_at_hq
from sync_server.services.wanted import Wanted
from sync_server.store.database import HqTransaction
from sync_server.store.tables import table_of

REQUEST: Final = SCHEMAS["approval_request"]
DECISION: Final = SCHEMAS["approval_decision"]
QUOTE: Final = SCHEMAS["quote"]
PEOPLE: Final = frozenset(("user", "team", "role", "absence"))
"""Kinds of record that say who is to decide."""
_NOT_WHO_DECIDED: Final = message(N_("A decision is of who signs in"))
_requests = table_of(ApprovalRequest)


class Approvals:
    """What the operations of one author say of approvals."""

    def __init__(
        self, hq: HqTransaction, records: Records, author: Author, rights: AuthorRights, custom: CustomFields
    ) -> None:
        self._hq = hq
        self._records = records
        self._author = author
        self._rights = rights
        self.custom = custom
        self._people: approval.People | None = None
        self._relied_on: list[tuple[Record, tuple[Mandate, ...], Offer]] = []

    def forget(self) -> None:
        """Ask anew who works here: somebody of them changed."""
        self._people = None

    # Asking and deciding

    def demand_made(self, record: Record, wanted: Wanted, at_ms: int) -> dict[str, Any]:
        """Return what HQ says of a new request or decision; nothing for other kinds of record."""
        at_hq.demand_administrator(self._author, wanted)
        if record.schema is REQUEST:
            return self._of_request(record)
        if record.schema is DECISION:
            self._demand_decision(record, at_ms)
        if record.schema is requests.REQUEST:
            return requests.of_new(self._records, self._author, self._rights, record)
        return {}

    def demand_stands(self, record: Record, wanted: Wanted) -> None:
        """Raise `Refused` for a change of a request otherwise than by a step, or of somebody's mandate."""
        at_hq.demand_administrator(self._author, wanted)
        if record.schema is requests.REQUEST:
            requests.demand_kept(self._records, self._author, record, wanted)
        keeping.demand_said(record, wanted, self._author)
        if record.schema is not REQUEST or wanted.kind is OpKind.COMMAND:
            return
        if not self._rights.sees(record):
            raise Refused(Code.FORBIDDEN_ROW, NO_SUCH_RECORD)
        raise Refused(Code.ILLEGAL_STATE, approval.REQUEST_STANDS)

    def _of_request(self, record: Record) -> dict[str, Any]:
        target = self.target_of(record)
        if target is None or not target.lives:
            raise Refused(Code.PARENT, NO_SUCH_RECORD)
        self._rights.demand(Action.EDIT, target)
        if any(True for _ in self._waiting_of(target)):
            raise Refused(Code.ILLEGAL_STATE, approval.ASKED_ALREADY)
        wanted = self.needed(target, (), self.offer_of(target))
        steps = wanted.steps if wanted is not None else ()
        return {
            "flow_id": wanted.flow.id if wanted is not None and wanted.flow is not None else None,
            "flow": [approval.plain_step(step) for step in steps],
            "status": State.WAITING.value,
            "round": 0,
            "step": 0,
            "digest": self.digest_of(target),
        }

    def _demand_decision(self, record: Record, at_ms: int) -> None:
        request = self._records.get(REQUEST.no, record.values.get("request_id") or "")
        if request is None or not self._rights.sees(request) or not request.lives:
            raise Refused(Code.PARENT, NO_SUCH_RECORD)
        if record.values["owner_id"] != self._author.user_id:
            raise Refused(Code.INVALID, _NOT_WHO_DECIDED)
        decision = approval.decision_of(record.id, {**record.values, "created_at": at_ms})
        if decision is None:
            raise Refused(Code.INVALID, _NOT_WHO_DECIDED)
        target = self.target_of(request)
        reason = approval.refusal(
            decision,
            self.standing(request),
            str(request.values["created_by"]),
            self._away(),
            digest=request.values["digest"],
        )
        if reason is None and (target is None or self.digest_of(target) != request.values["digest"]):
            reason = approval.CHANGED_SINCE
        if reason is not None:
            raise Refused(Code.ILLEGAL_STATE, reason)

    def demand_step(self, record: Record, step: Step, wanted: Wanted, stamp: Stamp) -> None:
        """Raise `Refused` for a step that waits for an approval, is HQ's own or somebody else's."""
        machine = record.schema.meta.machine
        if step.by_hq and not is_at_hq(self._author):
            is_own = machine is not None and not machine.waits
            said = message(machine.refusal) if machine is not None and is_own else approval.WAITS_STILL
            raise Refused(Code.ILLEGAL_STATE, said)
        self._rights.demand_step(record, step)
        requests.demand_workable(self._records, record, step)
        if record.schema is REQUEST:
            asked_by = record.values["created_by"]
            if asked_by != self._author.user_id and not self._author.person.rights.administers:
                raise Refused(Code.ILLEGAL_STATE, approval.ONLY_ASKER)
        if machine is None:
            return
        if machine.waits and machine.waits in (step.ends, *step.starts):
            waits, asks = any(True for _ in self._waiting_of(record)), step.ends == machine.waits
            if waits is not asks:
                raise Refused(Code.ILLEGAL_STATE, approval.NOT_ASKED if asks else approval.WAITS_STILL)
        if step.needs_approval:
            self._demand_approved(record, wanted, ms_of(stamp.hlc))

    def _demand_approved(self, record: Record, wanted: Wanted, at_ms: int) -> None:
        offer = self.offer_of(record)
        stored = wanted.values.get("mandates")
        relied_on = at_hq.relied_on(self._hq, self._records, self._author, stored, offer, at_ms)
        if self.needed(record, relied_on, offer) is not None and not self._was_approved(record):
            raise Refused(Code.ILLEGAL_STATE, approval.NOT_ASKED)
        if relied_on and offer is not None:
            self._relied_on.append((record, relied_on, offer))

    def needed(self, record: Record, relied_on: tuple[Mandate, ...], offer: Offer | None) -> Needed | None:
        """Return who is to be asked about a record; None: nobody."""
        schema = record.schema
        fields = {**schema.fields, **self.custom.in_use(schema.name)}
        form = requests.form_of(self._records, record)
        flow = approval_flows.flow_for(
            approval_flows.flows_of(self._rows("approval_flow")),
            schema.name,
            approval_flows.asked_values(record.values, offer, self._of_clauses(record)),
            approval_flows.asked_fields(
                schema.name, fields, request_forms.fields_of(record.values.get("form") or {})
            ),
            only=form.values["flow_id"] if form is not None else None,
        )
        is_limited = offer is not None and offer.is_discounted and at_hq.in_use(self._records)
        return approval_flows.needed(flow, offer, relied_on, is_limited=is_limited)

    def _of_clauses(self, record: Record) -> dict[str, Any] | None:
        """Return how a contract's clauses stand to the library; None for other kinds."""
        if record.schema.name != approval_flows.CONTRACT:
            return None
        children = self._records.children(record)
        held = [each.values for each in children if each.schema.name == "contract_clause" and each.lives]
        return clauses.facts(held, self._rows("clause"))

    def _was_approved(self, record: Record) -> bool:
        """Tell whether the record was approved as it is."""
        mark = self.digest_of(record)
        return any(
            each.values["status"] == State.APPROVED and each.values["digest"] == mark
            for each in self.requests_of(record)
        )

    def lets_change(self, record: Record, fields: Iterable[Field]) -> bool:
        """Tell whether a record waits for the author's decision, one that lets him change these fields."""
        machine = record.schema.meta.machine
        if machine is None or not machine.waits or record.values[machine.field] != machine.waits:
            return False
        named = {field.name for field in fields}
        for request in self._waiting_of(record):
            now, asked_by = self.standing(request), str(request.values["created_by"])
            seats = approval.seats_for(
                self._author.user_id, now, asked_by, self._away(), self._records_now_ms(request)
            )
            if seats and named <= set(now.changes) and self._rights.sees(record):
                return True
        return False

    def _records_now_ms(self, request: Record) -> int:
        return max(ms_of(self._hq.max_hlc), request.values["created_at"] or 0)

    # What there is

    def requests_of(self, record: Record) -> list[Record]:
        """Return the living requests about a record, as the batch leaves them."""
        self._records.noticed_kinds.add(REQUEST.no)
        query = select(_requests.c.id).where(
            _requests.c.record_id == record.id, _requests.c.record_entity == record.schema.name
        )
        ids = set(self._records.connection.execute(query).scalars())
        self._records.load({REQUEST.no: ids})
        return [
            each
            for each in list(self._records.touched())
            if each.schema is REQUEST and each.lives and _is_about(each, record)
        ]

    def _waiting_of(self, record: Record) -> Iterator[Record]:
        return (each for each in self.requests_of(record) if each.values["status"] == State.WAITING)

    def target_of(self, request: Record) -> Record | None:
        """Return the record a request is about."""
        schema = SCHEMAS.get(request.values.get("record_entity") or "")
        record_id = request.values.get("record_id")
        return self._records.get(schema.no, record_id) if schema is not None and record_id else None

    def standing(self, request: Record) -> Standing:
        """Return what a request has come to by the decisions there are."""
        self._records.noticed_kinds.add(DECISION.no)
        values = request.values
        place = Place(values["round"] or 0, values["step"] or 0)
        if values["status"] != State.WAITING:
            return Standing(state=State(values["status"]), place=place)
        try:
            steps = approval.steps_of(values["flow"]) if values["flow"] else ()
        except (ValueError, TypeError, KeyError) as error:
            raise BrokenPromise(N_("A request's steps cannot be read")) from error
        decisions = [
            found
            for child in self._records.children(request)
            if child.schema is DECISION and child.lives
            if (found := approval.decision_of(child.id, child.values)) is not None
        ]
        return approval.standing(steps, str(values["created_by"]), decisions, self._who(), place=place)

    def digest_of(self, record: Record) -> str:
        """Return the hash of what is approved of a record."""
        kinds = approval_flows.kinds_below(record.schema.name)
        below: dict[str, list[Mapping[str, Any]]] = {kind: [] for kind in kinds}
        if kinds:
            for child in self._records.children(record):
                if child.schema.name in below and child.lives:
                    below[child.schema.name].append(child.values)
        return approval_flows.digest_of(record.schema.name, record.values, below)

    def offer_of(self, record: Record) -> Offer | None:
        """Return what a quote offers; None for other kinds, and where it cannot be added up."""
        if record.schema is not QUOTE:
            return None
        lines = [
            child.values
            for child in self._records.children(record)
            if child.schema.name == "quote_line" and child.lives
        ]
        ids = {line["product_id"] for line in lines if line.get("product_id")}
        priced = QuotePrices(self._records, record, ids, self._author.held_seq)
        return approval_flows.offer_of(record.values, lines, priced.families, priced.due)

    def _away(self) -> list[Away]:
        return approval.away_of(self._rows("absence"))

    def _who(self) -> approval.People:
        if self._people is None:
            self._people = approval.people_of(self._rows("user"), self._rows("team"), self._rows("role"))
        return self._people

    def _rows(self, name: str) -> list[dict[str, Any]]:
        return living_rows(self._records, SCHEMAS[name])

    def stand_ins_of(self, seats: Iterable[str], server_ms: int) -> set[str]:
        """Return who decides in somebody's place now or as soon as an absence begins that is known of."""
        found: set[str] = set()
        away = [each for each in self._away() if each.until_ms > server_ms]
        for seat in seats:
            for each in away:
                found |= approval.stand_ins(seat, away, max(server_ms, each.from_ms))
        return found

    def note_reliance(self, server_ms: int) -> None:
        """Write down who relied on which mandates, for the steps of the batch that stand."""
        for record, relied_on, offer in self._relied_on:
            if record.values.get("mandates"):
                at_hq.note(self._records, self._author, record, relied_on, offer, server_ms)
        self._relied_on.clear()


def outcome_of(standing: Standing) -> list[Any] | None:
    """Return why a request ended, as its record keeps it; None where a decision says so."""
    if standing.reason is None:
        return None
    return [standing.reason.text, plain_places(standing.reason)]


def _is_about(request: Record, record: Record) -> bool:
    values = request.values
    return (values.get("record_id"), values.get("record_entity")) == (record.id, record.schema.name)
