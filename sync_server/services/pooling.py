"""The shared pool at HQ: who takes a step with a customer's holder, and what follows a change of owner.

Claims are exclusive: HQ decides by what it holds when they arrive, the first wins and the others are told
who did. Rights come first; an unknown record and a forbidden one get the same answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, Select, and_, func, or_, select

from crm_core.entities import SCHEMAS
from crm_core.entities.activity import CONTACT_KINDS
from crm_core.i18n import N_, message
from crm_core.rules import pool
from crm_core.rules.access import Action, PoolRight
from crm_core.rules.scopes import POOL
from crm_core.schema.reading import Schema
from crm_core.sync.clock import Stamp, ms_of
from crm_core.sync.protocol import Code, OpKind
from crm_core.times import DAY_MS
from sync_server.services.placing import Placing
from sync_server.services.records import Mark, Record, Records, chunks
from sync_server.services.rights import NO_SUCH_RECORD, AuthorRights, Refused
from sync_server.services.wanted import Wanted, register_of
from sync_server.store.tables import ScopeExit, table_of

CUSTOMER, LEAD = SCHEMAS["customer"], SCHEMAS["lead"]
SEEN_MS = 30 * DAY_MS
"""So much older than a claim may be what its author saw of the pool."""
_POSITIONS_A_CHANGE = 64
"""More than one change takes: its fields, and the scopes that are left and entered by it."""
_exits = table_of(ScopeExit)
_customers, _leads = CUSTOMER.table, LEAD.table
_activities = SCHEMAS["activity"].table
_deals, _stages = SCHEMAS["deal"].table, SCHEMAS["stage"].table


def rules_in_force(connection: Connection, kind: str = pool.CUSTOMER) -> tuple[pool.Rule, ...]:
    """Return the rules of the pool for a kind of record."""
    table = SCHEMAS["pool_rule"].table
    return pool.rules_of((dict(row) for row in connection.execute(select(table)).mappings()), kind)


def standings(connection: Connection, rows: Iterable[Mapping[str, Any]]) -> dict[str, pool.Standing]:
    """Return how it stands with customers, by what HQ has stored of their activities and deals."""
    wanted = {row["id"]: row for row in rows}
    contacts: dict[str, int] = {}
    deals: dict[str, tuple[int, bool]] = {}
    for some in chunks(sorted(wanted)):
        spoken = (
            select(_activities.c.customer_id, func.max(_activities.c.happened_at).label("at_ms"))
            .where(_activities.c.customer_id.in_(some), _activities.c.kind.in_(CONTACT_KINDS))
            .where(_activities.c.life % 2 == 1, _activities.c.happened_at.is_not(None))
            .group_by(_activities.c.customer_id)
        )
        contacts.update((row.customer_id, row.at_ms) for row in connection.execute(spoken))
        sold = (
            select(_deals.c.customer_id, _deals.c.stage_since, _deals.c.created_at, _stages.c.kind)
            .select_from(_deals.outerjoin(_stages, _stages.c.id == _deals.c.stage_id))
            .where(_deals.c.customer_id.in_(some), _deals.c.life % 2 == 1)
        )
        for row in connection.execute(sold):
            at_ms, is_open = deals.get(row.customer_id, (0, False))
            moved = row.stage_since or row.created_at or 0
            deals[row.customer_id] = max(at_ms, moved), is_open or row.kind in (None, "open")
    return {
        row_id: pool.Standing(
            owner_id=row["owner_id"],
            holding=row["holding"],
            level=row["level"],
            status=row["status"],
            since_ms=row["held_since"] or row["created_at"] or 0,
            contact_ms=contacts.get(row_id),
            deal_ms=deals[row_id][0] if row_id in deals else None,
            has_open_deal=row_id in deals and deals[row_id][1],
        )
        for row_id, row in wanted.items()
    }


def hand(record: Record, changes: Mapping[str, Any], mark: Callable[[], Mark]) -> None:
    """Set fields of a record that follow from a change of others, each at a position of its own."""
    for name, value in changes.items():
        if record.values.get(name) != value:
            record.set(name, value)
            record.stamp(register_of(record.schema.leader(record.schema.fields[name])), mark())


def decides(wanted: Wanted) -> bool:
    """Tell whether a step is one between a record and the shared pool: who may take it is said here."""
    return wanted.schema is CUSTOMER or (wanted.schema is LEAD and wanted.step in (pool.TAKE, pool.RETURN))


class Pooling:
    """What one author may do with the pool."""

    def __init__(self, records: Records, rights: AuthorRights, placing: Placing) -> None:
        self._records = records
        self._rights = rights
        self._placing = placing
        self._rules: dict[str, tuple[pool.Rule, ...]] = {}

    def rules(self, kind: str = pool.CUSTOMER) -> tuple[pool.Rule, ...]:
        """Return the rules in force for a kind of record, read once for a batch."""
        self._records.noticed_kinds.add(SCHEMAS["pool_rule"].no)
        if kind not in self._rules:
            self._rules[kind] = rules_in_force(self._records.connection, kind)
        return self._rules[kind]

    def forget(self) -> None:
        """Read the rules anew: one of them changed."""
        self._rules = {}

    def demand_step(self, record: Record, wanted: Wanted, stamp: Stamp) -> dict[str, Any]:
        """Return what goes with a step. Raises `Refused` unless the author may take it as things stand."""
        person = self._rights.person
        if record.schema is LEAD:
            return self._demand_step_of_lead(record, wanted, ms_of(stamp.hlc))
        given = dict(wanted.values)
        if wanted.kind is not OpKind.COMMAND:
            raise Refused(Code.INVALID, message(N_("HQ does not know this step; it may be older")))
        if wanted.step == pool.TAKE:
            given.setdefault("owner_id", person.user_id)
            self._demand_taking(record, given, ms_of(stamp.hlc))
        else:
            self._rights.demand(Action.EDIT, record)
            if wanted.step == pool.RETURN:
                self._demand_return(record, given)
            else:
                self._demand_lock(record, wanted.step)
        return given

    def followed(self, record: Record, wanted: Wanted, before: Any, at_ms: int) -> dict[str, Any]:
        """Return what follows from setting the owner otherwise than by a step."""
        owner = wanted.values.get("owner_id")
        if record.schema is not CUSTOMER or "owner_id" not in wanted.values or owner == before:
            return {}
        if owner is None:
            return {"holding": pool.POOL, "last_owner_id": before, "returned_at": at_ms, "pool_reason": None}
        holding = record.values.get("holding")
        return {"holding": pool.HELD if holding == pool.POOL else holding, "held_since": at_ms}

    def _demand_step_of_lead(self, record: Record, wanted: Wanted, at_ms: int) -> dict[str, Any]:
        person, holder = self._rights.person, record.values["owner_id"]
        may_claim = PoolRight.LEADS in person.rights.pool
        field = LEAD.fields["owner_id"]
        if wanted.step == pool.RETURN:
            if not (may_claim and record.lives and holder == person.user_id):
                self._rights.demand(Action.EDIT, record)
                if not self._rights.may(Action.ASSIGN, LEAD.name, record.all_scopes()):
                    raise Refused(Code.FORBIDDEN_ASSIGN, pool.MAY_NOT_RETURN_LEAD)
            if wanted.values.get("last_owner_id", holder) != holder:
                raise Refused(Code.ILLEGAL_STATE, pool.ANOTHER_HAS_LEAD)
            return {"owner_id": None, "last_owner_id": holder}
        taker = wanted.values.get("owner_id") or person.user_id
        sees = self._rights.sees(record) and record.lives
        if holder is not None:
            seen = sees or (may_claim and record.lives and self._left_pool(record, at_ms))
            if not seen:
                raise Refused(Code.FORBIDDEN_ROW, NO_SUCH_RECORD)
            if holder == person.user_id:
                raise Refused(Code.ILLEGAL_STATE, pool.LEAD_NOT_FREE)
            raise Refused(Code.ILLEGAL_STATE, message(pool.LEAD_CLAIMED_FIRST, person=self._name_of(holder)))
        if not sees:
            raise Refused(Code.FORBIDDEN_ROW, NO_SUCH_RECORD)
        if taker != person.user_id or not may_claim:
            self._rights.demand(Action.EDIT, record)
            self._placing.demand_move(record, [field], {**record.values, "owner_id": taker})
        else:
            self._demand_rules_of_leads(record, at_ms)
        return {"owner_id": taker, "claimed_by": taker if taker == person.user_id else None}

    def _demand_rules_of_leads(self, record: Record, at_ms: int) -> None:
        person = self._rights.person
        refusal = pool.claim_refusal(
            pool.rule_for(self.rules(pool.LEAD), None, None),
            self._leads_taken(at_ms),
            person_id=person.user_id,
            last_owner_id=record.values["last_owner_id"],
            returned_ms=record.values["returned_at"],
            now_ms=at_ms,
        )
        if refusal is not None:
            raise Refused(Code.ILLEGAL_STATE, refusal)

    def _left_pool(self, record: Record, at_ms: int) -> bool:
        """Tell whether its present owner took a record out of the pool, not long before a claim was made."""
        held = record.mark(register_of(record.schema.fields["owner_id"]))
        if ms_of(held.hlc) < at_ms - SEEN_MS:
            return False
        left = select(_exits.c.seq).where(
            _exits.c.seq.between(held.seq, held.seq + _POSITIONS_A_CHANGE),
            _exits.c.entity == record.schema.no,
            _exits.c.row_id == record.id,
            _exits.c.scope == POOL,
        )
        return self._records.connection.execute(left).first() is not None

    def _name_of(self, user_id: str) -> str:
        found = self._records.get(SCHEMAS["user"].no, user_id)
        return str(found.values["name"] or "") if found is not None else ""

    def _demand_taking(self, record: Record, given: Mapping[str, Any], at_ms: int) -> None:
        person = self._rights.person
        sees = self._rights.sees(record) and record.lives
        if record.values["owner_id"] is not None:
            # Whoever sees the pool saw it there, until somebody took it: to him it is no secret who did.
            taken_ms = record.values["claimed_at"] or 0
            seen = person.rights.pool and record.lives and taken_ms >= at_ms - SEEN_MS
            if not (sees or seen):
                raise Refused(Code.FORBIDDEN_ROW, NO_SUCH_RECORD)
            if record.values["owner_id"] == person.user_id or not seen:
                raise Refused(Code.ILLEGAL_STATE, pool.NOT_IN_POOL)
            name = self._name_of(record.values["owner_id"])
            raise Refused(Code.ILLEGAL_STATE, message(pool.CLAIMED_FIRST, person=name))
        if not sees:
            raise Refused(Code.FORBIDDEN_ROW, NO_SUCH_RECORD)
        if given["owner_id"] != person.user_id:
            self._rights.demand(Action.EDIT, record)
            owner = CUSTOMER.fields["owner_id"]
            self._placing.demand_move(record, [owner], {**record.values, **given})
            return
        if PoolRight.CLAIM not in person.rights.pool:
            raise Refused(Code.FORBIDDEN_ASSIGN, pool.MAY_NOT_CLAIM)
        rule = pool.rule_for(self.rules(), record.values["level"], record.values["status"])
        refusal = pool.claim_refusal(
            rule,
            self._taken(rule, at_ms),
            person_id=person.user_id,
            last_owner_id=record.values["last_owner_id"],
            returned_ms=record.values["returned_at"],
            now_ms=at_ms,
        )
        if refusal is not None:
            raise Refused(Code.ILLEGAL_STATE, refusal)

    def _demand_return(self, record: Record, given: dict[str, Any]) -> None:
        holder = record.values["owner_id"]
        if given.setdefault("last_owner_id", holder) != holder:
            raise Refused(Code.ILLEGAL_STATE, pool.ANOTHER_HOLDS)
        person = self._rights.person
        is_own = holder == person.user_id and PoolRight.RETURN in person.rights.pool
        if self._rights.may(Action.ASSIGN, CUSTOMER.name, record.all_scopes()):
            return
        if not is_own:
            raise Refused(Code.FORBIDDEN_ASSIGN, pool.MAY_NOT_RETURN)
        if not given.get("pool_reason"):
            raise Refused(Code.INVALID, pool.SAY_WHY)

    def _demand_lock(self, record: Record, step: str) -> None:
        person, holder = self._rights.person, record.values["owner_id"]
        assigns = self._rights.may(Action.ASSIGN, CUSTOMER.name, record.all_scopes())
        if PoolRight.LOCK not in person.rights.pool or not (holder == person.user_id or assigns):
            raise Refused(Code.FORBIDDEN_ASSIGN, pool.MAY_NOT_LOCK)
        if step == pool.LOCK:
            rule = pool.rule_for(self.rules(), record.values["level"], record.values["status"])
            refusal = pool.lock_refusal(rule, self._taken(rule, 0, holder))
            if refusal is not None:
                raise Refused(Code.ILLEGAL_STATE, refusal)

    def _taken(self, rule: pool.Rule | None, now_ms: int, holder: str | None = None) -> pool.Taken:
        """Return what the author, or who else holds it, holds and took, as the batch leaves it so far."""
        self._records.noticed_kinds.add(CUSTOMER.no)
        person_id = holder or self._rights.person.user_id
        names = ("id", "level", "status", "holding", "owner_id", "last_owner_id", "claimed_at")
        recent = and_(
            _customers.c.last_owner_id == person_id, _customers.c.claimed_at > now_ms - pool.WEEK_MS
        )
        query = select(*(_customers.c[name] for name in names)).where(
            or_(_customers.c.owner_id == person_id, recent), _customers.c.life % 2 == 1
        )
        rows = self._as_left(CUSTOMER, query)
        return pool.taken_of(self.rules(), rule, rows, person_id, now_ms)

    def _leads_taken(self, now_ms: int) -> pool.Taken:
        """Return what the author has and claimed of leads, as the batch leaves them so far."""
        self._records.noticed_kinds.add(LEAD.no)
        person_id = self._rights.person.user_id
        names = ("id", "status", "owner_id", "claimed_by", "claimed_at")
        recent = and_(_leads.c.claimed_by == person_id, _leads.c.claimed_at > now_ms - pool.WEEK_MS)
        query = select(*(_leads.c[name] for name in names)).where(
            or_(_leads.c.owner_id == person_id, recent), _leads.c.life % 2 == 1
        )
        return pool.leads_taken(self._as_left(LEAD, query), person_id, now_ms)

    def _as_left(self, schema: Schema, query: Select[Any]) -> Iterable[Mapping[str, Any]]:
        """Return the rows a query finds, and of the kind all the batch touched as it leaves them."""
        rows = {row["id"]: dict(row) for row in self._records.connection.execute(query).mappings()}
        for record in self._records.touched():
            if record.schema is schema:
                rows.pop(record.id, None)
                if record.lives:
                    rows[record.id] = record.values
        return rows.values()
