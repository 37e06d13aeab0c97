"""Who takes a ticket that somebody took before him, unseen, gets it back: the first has it."""

from __future__ import annotations

from typing import Final

from crm_core.entities import SCHEMAS
from crm_core.i18n import N_, message
from crm_core.sync.protocol import Code
from sync_server.services.records import Record, Records
from sync_server.services.rights import Author, Refused
from sync_server.services.wanted import Wanted

_USER: Final = SCHEMAS["user"]
_ASSIGNEE: Final = "assignee_id"


def demand_free(records: Records, record: Record, wanted: Wanted, author: Author, *, seen: bool) -> None:
    """Raise `Refused` where somebody takes a ticket for himself that another has meanwhile.

    `seen`: whether he had seen who had it. Giving it to others is no taking: of two who do, the later counts.
    """
    holder = record.values.get(_ASSIGNEE)
    if record.schema.name != "ticket" or wanted.values.get(_ASSIGNEE) != author.user_id or seen:
        return
    if holder in (None, author.user_id):
        return
    user = records.get(_USER.no, holder)
    name = str(user.values.get("name") or "") if user is not None else ""
    raise Refused(Code.ILLEGAL_STATE, message(N_("{name} has this ticket already"), name=name))
