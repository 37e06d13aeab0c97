"""What follows from other records and is kept beside a record, so that lists are filtered and sorted by it.

Triggers keep it, so that no writer can forget: neither a form, an import nor a page of HQ's. It is this
laptop's alone, made of the records that are here; nothing of it travels.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sqlalchemy import BigInteger, Column, ColumnElement, MetaData, Table, Text, select
from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS
from crm_core.entities.activity import CONTACT_KINDS, Activity
from crm_core.entities.customer import Customer
from crm_core.i18n import N_
from crm_core.rules.access import Action, Person, decide
from crm_core.schema.field import Field, Kind
from crm_desktop.models import lead_scores, pool_clock

LAST_CONTACT = Field(
    no=0,
    name="last_contact",
    label=N_("Last contact"),
    kind=Kind.INSTANT,
    read_only=True,
    computed=True,
    in_list=True,
    in_form=False,
)
_FIELDS: Mapping[str, tuple[Field, ...]] = MappingProxyType(
    {"customer": (LAST_CONTACT, pool_clock.POOL_DUE), "lead": (lead_scores.LEAD_SCORE,)}
)
_MADE_OF = MappingProxyType({LAST_CONTACT.name: "activity", pool_clock.POOL_DUE.name: "activity"})

_ALIKE_IGNORES = (" ", "-", ".", "/", "_")


def alike_sql(field: Field) -> str:
    """Return the form in which values of a field are compared, in SQL.

    As `crm_core.rules.uniqueness` has it but for letters beyond ASCII.
    """
    shown = f'lower(trim("{field.name}"))'
    if field.kind is not Kind.EMAIL:
        for ignored in _ALIKE_IGNORES:
            shown = f"replace({shown}, '{ignored}', '')"
    return shown


KEPT = Table(
    "last_contact",
    MetaData(),
    Column("customer_id", Text, primary_key=True),
    Column("at_ms", BigInteger),
)
"""One row for each customer that is here; no moment where nobody spoke with it."""


def derived_fields(entity: str) -> tuple[Field, ...]:
    """Return what is derived for an entity."""
    return _FIELDS.get(entity, ())


def is_derived(entity: str, field: Field) -> bool:
    """Tell whether a field is derived and not stored in the record itself."""
    return field in derived_fields(entity)


def readable(person: Person, field: Field) -> bool:
    """Tell whether the person may read the records a derived field follows from; True for other fields."""
    return field.name not in _MADE_OF or bool(decide(person, Action.READ, _MADE_OF[field.name]))


def demand_readable(person: Person, field: Field) -> None:
    """Raise `AccessDenied` where the person may not read the records a derived field follows from."""
    if field.name in _MADE_OF:
        decide(person, Action.READ, _MADE_OF[field.name]).demand()


def is_kept(field: Field) -> bool:
    """Tell whether a derived field has a table, and an index, that holds its order."""
    return field == LAST_CONTACT


def value_of(table: Table, field: Field) -> ColumnElement[int | None]:
    """Return a derived field of a row of the customers' table, in SQL."""
    if field == lead_scores.LEAD_SCORE:
        return lead_scores.score_of(table)
    if field == pool_clock.POOL_DUE:
        return pool_clock.due_of(table, KEPT)
    return select(KEPT.c.at_ms).where(KEPT.c.customer_id == table.c.id).scalar_subquery()


def last_contact_ms(session: Session, customer_id: str) -> int | None:
    """Return when somebody last spoke with a customer; None for never, as far as this laptop knows."""
    return session.connection().scalar(select(KEPT.c.at_ms).where(KEPT.c.customer_id == customer_id))


# Statements that make and keep it; see `crm_desktop.models.indexing`.

_kinds = ", ".join(f"'{kind}'" for kind in CONTACT_KINDS)
_activity, _customer = Activity.__tablename__, Customer.__tablename__


def _counts(row: str) -> str:
    return f"{row}.life % 2 = 1 AND {row}.kind IN ({_kinds}) AND {row}.happened_at IS NOT NULL"


def _latest(customer: str) -> str:
    made_of = f'"{_activity}" a WHERE a.customer_id = {customer} AND {_counts("a")}'
    return f"(SELECT max(a.happened_at) FROM {made_of})"


TABLES: Mapping[str, str] = {
    "last_contact": "CREATE TABLE last_contact"
    " (customer_id TEXT PRIMARY KEY NOT NULL, at_ms BIGINT) WITHOUT ROWID",
    **pool_clock.TABLES,
    **lead_scores.TABLES,
}
INDEXES = (
    *lead_scores.INDEXES,
    'CREATE INDEX "lx_last_contact_at" ON last_contact (at_ms, customer_id)',
    *(
        f'CREATE INDEX "lx_{name}_{field.name}_alike" ON "{name}" ({alike_sql(field)})'
        for name, schema in SCHEMAS.items()
        for field in schema.fields.values()
        if field.unique
    ),
)
FILL = (f'INSERT INTO last_contact SELECT id, {_latest("c.id")} FROM "{_customer}" c', pool_clock.FILL)
TRIGGERS: tuple[tuple[str, str, str], ...] = (
    (
        "tr_customer_last_contact",
        f'AFTER INSERT ON "{_customer}"',
        f"INSERT OR REPLACE INTO last_contact VALUES (NEW.id, {_latest('NEW.id')});",
    ),
    (
        "tr_customer_no_last_contact",
        f'AFTER DELETE ON "{_customer}"',
        "DELETE FROM last_contact WHERE customer_id = OLD.id;",
    ),
    (
        "tr_activity_contact",
        f'AFTER INSERT ON "{_activity}" WHEN {_counts("NEW")}',
        "UPDATE last_contact SET at_ms = NEW.happened_at WHERE customer_id = NEW.customer_id"
        " AND (at_ms IS NULL OR at_ms < NEW.happened_at);",
    ),
    (
        "tr_activity_contact_changed",
        f'AFTER UPDATE OF customer_id, kind, happened_at, life ON "{_activity}"'
        " WHEN OLD.customer_id IS NOT NEW.customer_id OR OLD.kind IS NOT NEW.kind"
        " OR OLD.happened_at IS NOT NEW.happened_at OR OLD.life IS NOT NEW.life",
        f"UPDATE last_contact SET at_ms = {_latest('last_contact.customer_id')}"
        " WHERE customer_id IN (OLD.customer_id, NEW.customer_id);",
    ),
    (
        "tr_activity_no_contact",
        f'AFTER DELETE ON "{_activity}" WHEN {_counts("OLD")}',
        f"UPDATE last_contact SET at_ms = {_latest('last_contact.customer_id')}"
        " WHERE customer_id = OLD.customer_id AND at_ms <= OLD.happened_at;",
    ),
    *pool_clock.TRIGGERS,
    *lead_scores.TRIGGERS,
)
"""Name, when, and what is done."""
