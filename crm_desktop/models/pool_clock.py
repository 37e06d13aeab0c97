"""When customers return to the shared pool, kept beside them so that lists are filtered and sorted by it.

The same as `crm_core.rules.pool.due`, in SQL: kept is what follows from rules, customers and deals; the last
contact is looked up when it is read, so that logging a contact writes nothing here.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import BigInteger, Column, ColumnElement, MetaData, Table, Text, func, select

from crm_core.entities.customer import Customer
from crm_core.entities.deal import Deal, Stage
from crm_core.entities.pool import PoolRule
from crm_core.i18n import N_
from crm_core.rules.pool import CUSTOMER, HELD
from crm_core.schema.field import Field, Kind
from crm_core.times import DAY_MS

POOL_DUE = Field(
    no=0,
    name="pool_due",
    label=N_("Returns to the pool"),
    kind=Kind.INSTANT,
    read_only=True,
    computed=True,
    in_list=True,
    in_form=False,
)
CLOCK = Table(
    "pool_clock",
    MetaData(),
    Column("customer_id", Text, primary_key=True),
    Column("since_ms", BigInteger),
    Column("contact_ms", BigInteger),
    Column("deal_due", BigInteger),
)
"""One row for each customer a rule may return: since when it is held, how long the rule waits for a contact,
and when it returns for want of a deal."""

_NEVER = 2**62


def due_of(table: Table, contacts: Table) -> ColumnElement[int | None]:
    """Return when a row of the customers' table returns to the pool; none for never."""
    begun = func.max(CLOCK.c.since_ms, func.coalesce(contacts.c.at_ms, 0))
    by_contact = func.coalesce(begun + CLOCK.c.contact_ms, _NEVER)
    earlier = func.min(by_contact, func.coalesce(CLOCK.c.deal_due, _NEVER))
    joined = CLOCK.outerjoin(contacts, contacts.c.customer_id == CLOCK.c.customer_id)
    return (
        select(func.nullif(earlier, _NEVER))
        .select_from(joined)
        .where(CLOCK.c.customer_id == table.c.id)
        .scalar_subquery()
    )


# Statements that make and keep it; see `crm_desktop.models.indexing`.

_customer, _deal, _stage, _rule = (each.__tablename__ for each in (Customer, Deal, Stage, PoolRule))
_HAS_RULES = f'EXISTS (SELECT 1 FROM "{_rule}")'
_RULE = (
    f'SELECT r.id FROM "{_rule}" r WHERE r.life % 2 = 1 AND r.active IS NOT 0'
    f" AND coalesce(r.kind, '{CUSTOMER}') = '{CUSTOMER}'"
    " AND (coalesce(r.level, '') = '' OR r.level = c.level)"
    " AND (coalesce(r.status, '') = '' OR r.status = c.status)"
    " ORDER BY coalesce(r.level, '') = '', coalesce(r.status, '') = '', r.id LIMIT 1"
)
_OPEN = (
    f'SELECT 1 FROM "{_deal}" d LEFT JOIN "{_stage}" s ON s.id = d.stage_id'
    " WHERE d.customer_id = c.id AND d.life % 2 = 1 AND coalesce(s.kind, 'open') = 'open'"
)
_SINCE = "coalesce(c.held_since, c.created_at, 0)"
_NEWEST_DEAL = (
    f'coalesce((SELECT max(coalesce(d.stage_since, d.created_at, 0)) FROM "{_deal}" d'
    " WHERE d.customer_id = c.id AND d.life % 2 = 1), 0)"
)
FILL = (
    f"INSERT OR REPLACE INTO pool_clock SELECT c.id, {_SINCE},"
    f" CASE WHEN rule.contact_days >= 1 THEN rule.contact_days * {DAY_MS} END,"
    f" CASE WHEN rule.deal_days >= 1 AND NOT EXISTS ({_OPEN})"
    f" THEN max({_SINCE}, {_NEWEST_DEAL}) + rule.deal_days * {DAY_MS} END"
    f' FROM "{_customer}" c JOIN "{_rule}" rule ON rule.id = ({_RULE})'
    f" WHERE c.life % 2 = 1 AND c.owner_id IS NOT NULL AND coalesce(c.holding, '{HELD}') = '{HELD}'"
    " AND rule.spared IS NOT 1"
)
TABLES: Mapping[str, str] = {
    "pool_clock": "CREATE TABLE pool_clock (customer_id TEXT PRIMARY KEY NOT NULL, since_ms BIGINT,"
    " contact_ms BIGINT, deal_due BIGINT) WITHOUT ROWID"
}
_ANEW = f"DELETE FROM pool_clock; {FILL};"


def _of(*ids: str) -> str:
    some = ", ".join(ids)
    return f"DELETE FROM pool_clock WHERE customer_id IN ({some}); {FILL} AND c.id IN ({some});"


TRIGGERS: tuple[tuple[str, str, str], ...] = (
    ("tr_customer_pool", f'AFTER INSERT ON "{_customer}" WHEN {_HAS_RULES}', _of("NEW.id")),
    (
        "tr_customer_pool_changed",
        "AFTER UPDATE OF owner_id, holding, level, status, held_since, created_at, life"
        f' ON "{_customer}" WHEN {_HAS_RULES}',
        _of("NEW.id"),
    ),
    (
        "tr_customer_no_pool",
        f'AFTER DELETE ON "{_customer}"',
        "DELETE FROM pool_clock WHERE customer_id = OLD.id;",
    ),
    ("tr_deal_pool", f'AFTER INSERT ON "{_deal}" WHEN {_HAS_RULES}', _of("NEW.customer_id")),
    (
        "tr_deal_pool_changed",
        "AFTER UPDATE OF customer_id, stage_id, stage_since, created_at, life"
        f' ON "{_deal}" WHEN {_HAS_RULES}',
        _of("OLD.customer_id", "NEW.customer_id"),
    ),
    ("tr_deal_no_pool", f'AFTER DELETE ON "{_deal}" WHEN {_HAS_RULES}', _of("OLD.customer_id")),
    ("tr_stage_pool", f'AFTER INSERT ON "{_stage}" WHEN {_HAS_RULES}', _ANEW),
    ("tr_stage_pool_changed", f'AFTER UPDATE OF kind ON "{_stage}" WHEN {_HAS_RULES}', _ANEW),
    ("tr_pool_rule", f'AFTER INSERT ON "{_rule}"', _ANEW),
    ("tr_pool_rule_changed", f'AFTER UPDATE ON "{_rule}"', _ANEW),
    ("tr_pool_rule_gone", f'AFTER DELETE ON "{_rule}"', _ANEW),
)
"""Name, when, and what is done."""
