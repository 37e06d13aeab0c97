"""Records HQ did not take: what was typed into one afterwards came back too, and is a part of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, aliased

from crm_core.sync.protocol import OpKind
from crm_desktop.models.device_tables import Returned

_PARTS: Final = (OpKind.SET, OpKind.TAG_ADD, OpKind.TAG_DEL)


def stands_alone() -> ColumnElement[bool]:
    """Return what holds for edits that are, or were, decided one by one: parts go with what they are of."""
    creation = aliased(Returned)
    is_part = (
        select(creation.id)
        .where(
            creation.entity == Returned.entity,
            creation.row_id == Returned.row_id,
            creation.kind == OpKind.CREATE,
            creation.state == Returned.state,
            creation.decided_ms.is_not_distinct_from(Returned.decided_ms),
            creation.id < Returned.id,
        )
        .exists()
    )
    return ~(Returned.kind.in_(_PARTS) & is_part)


def waits_by_itself() -> ColumnElement[bool]:
    """Return what holds for the edits a decision is waited for, one by one."""
    return (Returned.state == "open") & stands_alone()


def parts_of(session: Session, creation: Returned) -> Sequence[Returned]:
    """Return the edits of a record that HQ did not take, in the same state as the record's creation.

    What was decided is its part where that was one decision.
    """
    query = select(Returned).where(
        Returned.entity == creation.entity,
        Returned.row_id == creation.row_id,
        Returned.kind.in_(_PARTS),
        Returned.state == creation.state,
        Returned.decided_ms.is_not_distinct_from(creation.decided_ms),
        Returned.id > creation.id,
    )
    return session.scalars(query.order_by(Returned.id)).all() if creation.kind == OpKind.CREATE else ()
