"""Let whoever reads files and comments read those of set-up, as pictures of products."""

from __future__ import annotations

from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

_CAN_BE_OPEN = (
    ("attachment", 72, "record_entity"),
    ("comment", 32, "record_entity"),
    ("merge", 15, "kept_entity"),
)
_SETUP = (
    "role",
    "team",
    "territory",
    "user",
    "custom_field",
    "tag",
    "pipeline",
    "stage",
    "tax_class",
    "product",
    "price_book",
    "price",
    "exchange_rate",
    "stock_level",
    "competitor",
    "milestone",
    "stage_rule",
    "document_template",
    "approval_flow",
    "pool_rule",
    "scoring_rule",
)
"""The kinds of record that were set-up when this step was written."""


def upgrade() -> None:
    """Bring the database up to this step."""
    kinds = ", ".join(f"'{name}'" for name in _SETUP)
    for table, number, kind in _CAN_BE_OPEN:
        op.execute(
            "INSERT INTO row_scope (entity, row_id, scope, in_seq)"
            f" SELECT m.entity, m.row_id, 'open', m.seq FROM row_meta AS m"
            f" JOIN {table} AS t ON t.id = m.row_id WHERE m.entity = {number} AND t.{kind} IN ({kinds})"
        )
    # What everybody may read is worked out anew as each next asks.
    op.execute("UPDATE entitlement SET checked_seq = -1")


def downgrade() -> None:
    """Go back to the step before."""
    op.execute("DELETE FROM row_scope WHERE scope = 'open'")
