"""Know which records have the same tax number, code or address"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crm_core.entities import SCHEMAS
from crm_core.rules.uniqueness import key_of

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_AT_ONCE = 1000


def upgrade() -> None:
    """Bring the database up to this step."""
    op.add_column("activity", sa.Column("about_entity", sa.Text(), nullable=True))
    op.add_column("activity", sa.Column("about_id", sa.Text(), nullable=True))
    op.create_index(op.f("ix_activity_about_id"), "activity", ["about_id"], unique=False)
    keys = op.create_table(
        "unique_key",
        sa.Column("entity", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("field", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("row_id", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("first", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("entity", "field", "row_id"),
    )
    op.create_index("ix_unique_key_hash", "unique_key", ["entity", "field", "hash"], unique=False)
    op.create_index(
        "ux_unique_key_first",
        "unique_key",
        ["entity", "field", "hash"],
        unique=True,
        sqlite_where=sa.text("first"),
        postgresql_where=sa.text("first"),
    )
    for entity, name in (("customer", "tax_number"), ("contact", "email"), ("product", "code")):
        _fill(keys, entity, name)


def _fill(keys: sa.Table, entity: str, name: str) -> None:
    """Note what living records have; nobody is told of those that were alike before."""
    schema = SCHEMAS[entity]
    field = schema.fields[name]
    table = sa.table(entity, sa.column("id"), sa.column("life"), sa.column(name))
    query = sa.select(table.c.id, table.c[name]).where(table.c.life % 2 == 1, table.c[name].is_not(None))
    seen: set[bytes] = set()
    rows = []
    for record_id, value in op.get_bind().execute(query.order_by(table.c.id)).all():
        key = key_of(field, value)
        if key is not None:
            first = key not in seen
            seen.add(key)
            rows.append(
                {"entity": schema.no, "field": field.no, "row_id": record_id, "hash": key, "first": first}
            )
    for start in range(0, len(rows), _AT_ONCE):
        op.bulk_insert(keys, rows[start : start + _AT_ONCE])
