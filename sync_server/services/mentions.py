"""Comments at HQ: changed by who wrote them alone; who is mentioned and may see the record gets a task."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import select

from crm_core.entities import SCHEMAS
from crm_core.i18n import N_, message
from crm_core.rules import mentions as rules
from crm_core.sync.protocol import Code
from sync_server.services import errands
from sync_server.services.entitlements import person_of
from sync_server.services.errands import Errand
from sync_server.services.faults import Refusal
from sync_server.services.records import Record, Records
from sync_server.services.rights import NO_SUCH_RECORD, AuthorRights, Refused
from sync_server.services.scopes import ScopeKeeper
from sync_server.store.database import HqTransaction

MOST: Final = 20
"""People of one comment who are told; it is no way to write to everybody."""
_COMMENT: Final = SCHEMAS["comment"]
_SHOWN: Final = 80


def demand_own(rights: AuthorRights, record: Record) -> None:
    """Raise `Refused` for a change of somebody else's comment or vote; of one out of sight as of none."""
    person = rights.person
    if not record.schema.meta.written_by_readers or person.rights.administers:
        return
    if not rights.sees(record):
        raise Refused(Code.FORBIDDEN_ROW, NO_SUCH_RECORD)
    if record.values["created_by"] != person.user_id:
        raise Refused(Code.ILLEGAL_STATE, rules.not_yours(record.schema.name))


def tell_mentioned(hq: HqTransaction, records: Records, scopes: ScopeKeeper, server_ms: int) -> None:
    """Open a task for everybody a comment of this batch mentions newly, who may see what it is about."""
    found = list(_newly_mentioned(records))
    if not found:
        return
    people: dict[str, AuthorRights | None] = {}
    told = []
    for comment, user_id in found:
        parent = next(iter(records.parents(comment)), None)
        if user_id not in people:
            people[user_id] = _rights_of(records, user_id)
        rights = people[user_id]
        if parent is not None and parent.lives and rights is not None and rights.sees(parent):
            told.append(_errand(records, comment, parent, user_id))
    errands.open_tasks(hq, records, scopes, told, server_ms)


def _newly_mentioned(records: Records) -> Iterator[tuple[Record, str]]:
    for record in list(records.touched()):
        if record.schema is _COMMENT and record.lives and (record.is_new or "mentions" in record.changed):
            before = set() if record.is_new else set(_stored(records, record.id))
            named = _ids(record.values["mentions"])[:MOST]
            for user_id in dict.fromkeys(named):
                if user_id not in before and user_id != record.values["created_by"]:
                    yield record, user_id


def _stored(records: Records, comment_id: str) -> list[str]:
    table = _COMMENT.table
    query = select(table.c.mentions).where(table.c.id == comment_id)
    return _ids(records.connection.execute(query).scalar())


def _ids(value: Any) -> list[str]:
    """Return the ids of a value that came from a laptop, whatever it is."""
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def _rights_of(records: Records, user_id: str) -> AuthorRights | None:
    try:
        return AuthorRights(person_of(records.connection, user_id))
    except Refusal:
        return None  # nobody, somebody who left, or whose rights cannot be worked out


def _errand(records: Records, comment: Record, parent: Record, user_id: str) -> Errand:
    author = records.get(SCHEMAS["user"].no, comment.values["created_by"] or "")
    first = str(comment.values["body"] or "").strip().partition("\n")[0]
    subject = message(
        N_("{person} mentioned you: {text}"),
        person=str(author.values["name"] or "") if author is not None else "",
        text=first[:_SHOWN],
    )
    return Errand(subject=subject, about=parent, owner_id=user_id, is_private=True)
