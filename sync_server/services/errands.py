"""Tasks HQ itself opens where a person must look: in the language HQ is set to write in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select

from crm_core.entities import SCHEMAS
from crm_core.i18n import Message
from crm_core.ids import named_id, new_id
from crm_core.sync.clock import ms_of, tick
from resources import translation
from sync_server.services.records import Mark, Record, Records
from sync_server.services.registers import blank
from sync_server.services.scopes import ScopeKeeper
from sync_server.store.database import HqTransaction
from sync_server.store.tables import FOUNDER, Grave, Setting, table_of

MAX_SUBJECT: Final = 200  # characters; a name in it may be longer than any list shows

_ACTIVITY: Final = SCHEMAS["activity"]
_setting = table_of(Setting)
_grave = table_of(Grave)


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """What is to be looked at, and by whom."""

    subject: Message
    about: Record
    owner_id: str | None = None
    """None: who owns the record; of one nobody owns the first administrator."""
    once: str = ""
    """What it is told for: of one text one task is opened, whatever becomes of that. '' for others."""
    is_private: bool = False
    """Shown to its owner and those above him alone, not to everybody who sees the record."""


def open_tasks(
    hq: HqTransaction, records: Records, scopes: ScopeKeeper, errands: Iterable[Errand], server_ms: int
) -> list[Record]:
    """Open a task for each errand, in the batch that made it necessary, and return the tasks."""
    show = translation(hq.language)
    opened = []
    for errand in errands:
        task_id = named_id("task", errand.once) if errand.once else new_id()
        if errand.once and _was_opened(records, task_id):
            continue
        hq.hq_hlc = tick(hq.hq_hlc, server_ms)
        ms = ms_of(hq.hq_hlc)
        owner_id = errand.owner_id or errand.about.values.get("owner_id") or founder(records)
        values: dict[str, Any] = {
            **blank(_ACTIVITY.no),
            "id": task_id,
            "kind": "task",
            "subject": errand.subject.show(show)[:MAX_SUBJECT],
            "owner_id": owner_id,
            "due_at": ms,
            "done": False,
            "priority": "high",
            "about_entity": errand.about.schema.name,
            "about_id": errand.about.id,
            "created_at": ms,
            "updated_at": ms,
        }
        if errand.about.schema.name == "customer" and not errand.is_private:
            values["customer_id"] = errand.about.id
        made = Mark(hq.hq_hlc, 0, 1, 0, hq.positions.next(), None)
        task = Record(schema=_ACTIVITY, id=values["id"], values=values, made=made, is_new=True)
        records.add(task)
        scopes.of_new(task)
        opened.append(task)
    return opened


def _was_opened(records: Records, task_id: str) -> bool:
    """Tell whether there is or was such a task; one deleted long ago lies in its grave."""
    if records.get(_ACTIVITY.no, task_id) is not None:
        return True
    buried = select(_grave.c.row_id).where(_grave.c.entity == _ACTIVITY.no, _grave.c.row_id == task_id)
    return records.connection.execute(buried).first() is not None


def founder(records: Records) -> str | None:
    """Return the id of the first administrator, who looks where nobody else is named."""
    query = select(_setting.c.value).where(_setting.c.key == FOUNDER)
    found = records.connection.execute(query).scalar_one_or_none()
    return str(found) if found else None


def owner_of(records: Records, record: Record) -> str | None:
    """Return who owns a record, or the one it belongs to."""
    owner_id: str | None = record.values.get("owner_id")
    if owner_id is None:
        above = (parent.values.get("owner_id") for parent in records.parents(record))
        owner_id = next((each for each in above if each), None)
    return owner_id
