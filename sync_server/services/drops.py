"""Drop folders as an administrator keeps them: those files come in by, and those they go out by."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import delete, insert, select, update

from crm_core.entities import schema_of
from crm_core.errors import NotFound, UserError, reason_of
from crm_core.exchange.plan import Mode
from crm_core.i18n import N_
from crm_core.rules.access import Action, decide
from crm_core.schema.field import Kind
from crm_core.schema.values import instant_text
from sync_server.services import audit, keys, people
from sync_server.services.auth import now_ms
from sync_server.services.criteria import parse_criterion
from sync_server.services.headquarters import Headquarters
from sync_server.services.importing import ImportWish
from sync_server.services.reading import Reader
from sync_server.store.drops import DropFile, DropFolder
from sync_server.store.tables import table_of

IN, OUT = "in", "out"
ENCODINGS: Final = ("utf-8", "gb18030")
CHANGE: Final = "change"
"""Column of a file that says what became of each record."""
_TIME: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d\Z")

_drop = table_of(DropFolder)
_file = table_of(DropFile)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutWish:
    """What is written into a folder."""

    fields: tuple[str, ...] = ()
    """Columns; `customer_id.name` is a field of what a link leads to. Empty: every field the key reads."""
    where: tuple[str, ...] = ()
    at: tuple[str, ...] = ()
    """Times of day by HQ's clock, such as `06:00`; none: whenever something changed."""
    whole: bool = False
    """Every record each time, not those that changed."""
    encoding: str = ENCODINGS[0]


def add_in(
    hq: Headquarters, name: str, entity: str, folder: Path, key_name: str, wish: ImportWish
) -> dict[str, Any]:
    """Have files of a folder taken in from now on, and return what is kept of it."""
    _key_id, user_id = keys.find(hq, key_name)
    schema_of(entity)
    with hq.records.reader(user_id) as reader:
        decide(reader.person, Action.CREATE if wish.mode is not Mode.UPDATE else Action.EDIT, entity).demand()
    return _add(hq, name, user_id, IN, folder, entity, dataclasses.asdict(wish))


def add_out(
    hq: Headquarters, name: str, entity: str, folder: Path, key_name: str, wish: OutWish
) -> dict[str, Any]:
    """Have records written into a folder from now on, and return what is kept of it."""
    _key_id, user_id = keys.find(hq, key_name)
    schema_of(entity)
    for time in wish.at:
        if not _TIME.match(time):
            raise UserError(N_("“{text}” is not a time of day such as 06:00"), text=time)
    if wish.whole and not wish.at:
        raise UserError(N_("Say with --at when everything is to be written"))
    with hq.records.reader(user_id) as reader:
        columns_of(reader, entity, wish)
        criteria = [parse_criterion(entity, each, reader.custom(entity)) for each in wish.where]
        reader.wish(entity, criteria)
    return _add(hq, name, user_id, OUT, folder, entity, dataclasses.asdict(wish))


def columns_of(reader: Reader, entity: str, wish: OutWish) -> tuple[str, ...]:
    """Return the columns of a file. Raises `UserError` and `AccessDenied` for one the key does not read."""
    schema = schema_of(entity)
    decide(reader.person, Action.READ, entity).demand()
    if not wish.fields:
        right = reader.person
        return tuple(f.name for f in schema.fields.values() if decide(right, Action.READ, entity, None, (f,)))
    for name in wish.fields:
        if name == "external_id":
            continue
        own, _, beyond = name.partition(".")
        field = schema.fields.get(own) or reader.custom(entity).get(own)
        if field is None:
            raise UserError(N_("There is no field called “{field}”"), field=own)
        decide(reader.person, Action.READ, entity, None, (field,)).demand()
        if beyond:
            target = (
                schema_of(field.target)
                if field.kind is Kind.REF and field.target not in (None, "*")
                else None
            )
            there = target.fields.get(beyond) if target is not None else None
            if target is None or there is None:
                raise UserError(N_("There is no field called “{field}”"), field=name)
            decide(reader.person, Action.READ, target.name, None, (there,)).demand()
    return wish.fields


def listed(hq: Headquarters) -> list[dict[str, Any]]:
    """Return the folders there are, by name."""
    names = people.names_of_users(hq)
    return [
        {
            "name": row.name,
            "way": row.way,
            "entity": row.entity,
            "folder": row.folder,
            "key": names.get(row.user_id, row.user_id),
            "worked_at": instant_text(row.worked_ms) if row.worked_ms else None,
            "reason": row.reason,
        }
        for row in all_drops(hq)
    ]


def files(hq: Headquarters, name: str) -> list[dict[str, Any]]:
    """Return the files a folder was taken in by, newest first."""
    drop = find(hq, name)
    query = select(_file).where(_file.c.drop_id == drop.id).order_by(_file.c.at_ms.desc())
    with hq.database.read() as snapshot:
        rows = snapshot.connection.execute(query).all()
    return [
        {
            "name": row.name,
            "state": row.state,
            "at": instant_text(row.at_ms),
            **row.counts,
            "sha256": row.sha256,
        }
        for row in rows
    ]


def remove(hq: Headquarters, name: str) -> dict[str, Any]:
    """Look into a folder, or write to it, no more. Its files stay where they are."""
    drop = find(hq, name)
    with hq.database.note() as connection:
        connection.execute(delete(_file).where(_file.c.drop_id == drop.id))
        connection.execute(delete(_drop).where(_drop.c.id == drop.id))
        audit.record(connection, "drop folder removed", at_ms=now_ms(), user_id=drop.user_id)
    return {"name": drop.name, "removed": True}


def all_drops(hq: Headquarters) -> list[Any]:
    """Return the folders as they are kept."""
    with hq.database.read() as snapshot:
        return list(snapshot.connection.execute(select(_drop).order_by(_drop.c.name)).all())


def find(hq: Headquarters, name: str) -> Any:
    """Return the folder called so. Raises `NotFound`."""
    row = next((each for each in all_drops(hq) if each.name == name.strip()), None)
    if row is None:
        raise NotFound(N_("There is no drop folder called {name}; see “crm-server drop list”"), name=name)
    return row


def note(hq: Headquarters, drop_id: int, **values: Any) -> None:
    """Write down how a folder stands."""
    with hq.database.note() as connection:
        connection.execute(update(_drop).where(_drop.c.id == drop_id).values(**values))


def _add(
    hq: Headquarters, name: str, user_id: str, way: str, folder: Path, entity: str, how: dict[str, Any]
) -> dict[str, Any]:
    if not name.strip() or any(each.name == name.strip() for each in all_drops(hq)):
        raise UserError(N_("There is already one called {name}"), name=name)
    place = folder.absolute()
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            N_("{file} cannot be opened: {reason}"), file=place, reason=reason_of(error)
        ) from error
    with hq.database.read() as snapshot:
        head = snapshot.head
    row = {"name": name.strip(), "user_id": user_id, "way": way, "folder": str(place), "entity": entity}
    at_ms = now_ms()
    with hq.database.note() as connection:
        connection.execute(insert(_drop).values(**row, how=how, position=head, made_ms=at_ms))
        audit.record(connection, "drop folder made", at_ms=at_ms, user_id=user_id, detail=[way, entity])
    return {**row, "key": people.names_of_users(hq)[user_id]}
