"""The comments on a record: read, added, changed and taken away."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS
from crm_core.entities.comment import Comment
from crm_core.rules import mentions
from crm_core.rules.access import Action, decide
from crm_desktop.models import query
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.services import records
from crm_desktop.services.marks import not_sent_of
from crm_desktop.services.outcome import Outcome

COMMENT = "comment"
MOST = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentRow:
    """One comment as it is shown."""

    id: str
    body: str
    who: str
    at_ms: int
    is_own: bool
    changed: bool
    not_sent: bool


def comments_of(replica: Replica, entity: str, record_id: str) -> tuple[CommentRow, ...]:
    """Return the comments on a record, newest first; none for who may not read any."""
    with replica.read() as session:
        return comments_in(session, replica, entity, record_id)


def comments_in(session: Session, replica: Replica, entity: str, record_id: str) -> tuple[CommentRow, ...]:
    """Return the comments on a record in an open session, as `comments_of` does."""
    person = replica.person
    if not decide(person, Action.READ, COMMENT, fields=(SCHEMAS[COMMENT].fields["body"],)):
        return ()
    found = session.scalars(
        select(Comment)
        .where(Comment.record_id == record_id, Comment.record_entity == entity, Comment.life % 2 == 1)
        .order_by(Comment.created_at.desc(), Comment.id.desc())
        .limit(MOST)
    ).all()
    names = query.labels(session, "user", {each.created_by for each in found if each.created_by})
    waiting = not_sent_of(session, COMMENT, [each.id for each in found])
    return tuple(
        CommentRow(
            id=each.id,
            body=each.body or "",
            who=names.get(each.created_by or "", ""),
            at_ms=each.created_at or 0,
            is_own=mentions.is_own({"created_by": each.created_by}, person.user_id),
            changed=each.updated_at != each.created_at,
            not_sent=each.id in waiting,
        )
        for each in found
    )


def add(replica: Replica, entity: str, record_id: str, body: str) -> Outcome[Record]:
    """Write a comment. Raises `Invalid` where somebody mentioned may not see the record."""
    values = {"body": body, "record_entity": entity, "record_id": record_id}
    return records.create(replica, COMMENT, values)


def change(replica: Replica, comment_id: str, body: str) -> Outcome[Record]:
    """Change one's own comment."""
    return records.update(replica, COMMENT, comment_id, {"body": body})


def take_away(replica: Replica, comment_id: str) -> Outcome[Record]:
    """Delete one's own comment; `records.restore` brings it back."""
    return records.delete(replica, COMMENT, comment_id)
