"""Writing records into a drop folder as CSV: what changed since last time, or all of them at set times.

A file appears whole, under its final name. Only then HQ notes how far it came, so one that was ended in
between writes the same changes once more, and never leaves any out.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from crm_core.entities import schema_of
from crm_core.exchange.writing import cell_of, csv_lines
from crm_core.schema.reading import Schema
from sync_server.services import drops, keys, outside
from sync_server.services.changes import HAPPENINGS, changes_after
from sync_server.services.criteria import parse_criterion
from sync_server.services.drop_in import write_whole
from sync_server.services.drops import CHANGE, OutWish
from sync_server.services.faults import Refusal
from sync_server.services.headquarters import Headquarters
from sync_server.services.reading import PAGE_MOST, Reader, Values, Wish, read_person

RECORDS_MOST: Final = 100_000
"""Of one file."""
_CREATED, _UPDATED, DELETED, REMOVED = HAPPENINGS


def put_out(hq: Headquarters, drop: Any, now_ms: int, *, at_once: bool = False) -> Path | None:
    """Write a folder's next file where it is time and there is something to write; return where it is.

    `at_once`: whatever the time. Raises `CrmError` and `OSError`.
    """
    keys.demand_works(hq, drop.user_id)
    wish = msgspec.convert(drop.how, OutWish)
    if not (at_once or _is_due(wish, drop.worked_ms or drop.made_ms, now_ms)):
        return None
    with hq.database.read() as snapshot:
        reader = Reader(snapshot.connection, read_person(snapshot.connection, drop.user_id))
        columns = drops.columns_of(reader, drop.entity, wish)
        criteria = [parse_criterion(drop.entity, each, reader.custom(drop.entity)) for each in wish.where]
        chosen = reader.wish(drop.entity, criteria, limit=PAGE_MOST)
        position, rows = snapshot.head, list[tuple[str, str, Values]]()
        if wish.whole:
            rows = [("", record_id, values) for record_id, values in _all(reader, drop.entity, chosen)]
        elif drop.position < snapshot.head:
            try:
                found = changes_after(snapshot, reader, drop.position, [drop.entity], RECORDS_MOST)
                position, changes = found.position, found.changes
                living = reader.several(drop.entity, [each.record_id for each in changes], chosen)
                rows = [
                    (each.what, each.record_id, living.get(each.record_id, {}))
                    for each in changes
                    if each.record_id in living or each.what in (DELETED, REMOVED)
                ]
            except Refusal:  # it stood still for longer than HQ remembers: everything, once
                rows = [("", record_id, values) for record_id, values in _all(reader, drop.entity, chosen)]
        lines = _lines(reader, drop.entity, columns, rows, whole=wish.whole)
        raw = b"".join(csv_lines(lines)) if rows else b""
    path = None
    if rows:
        if wish.encoding != drops.ENCODINGS[0]:
            raw = raw.decode("utf-8-sig").encode(wish.encoding, errors="replace")
        path = _free(Path(drop.folder), drop.entity, now_ms)
        write_whole(path, raw)
    if rows or wish.at:
        drops.note(hq, drop.id, position=position, worked_ms=now_ms)
    elif position != drop.position:
        drops.note(hq, drop.id, position=position)
    return path


def _is_due(wish: OutWish, since_ms: int, now_ms: int) -> bool:
    """Tell whether a time of day has come since a file was written last; without times always."""
    if not wish.at:
        return True
    now = datetime.datetime.fromtimestamp(now_ms / 1000).astimezone()
    since = datetime.datetime.fromtimestamp(since_ms / 1000).astimezone()
    for text in wish.at:
        hour, minute = (int(part) for part in text.split(":"))
        today = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
        last = today if today <= now else today - datetime.timedelta(days=1)
        if since < last:
            return True
    return False


def _all(reader: Reader, entity: str, chosen: Wish) -> Iterable[tuple[str, Values]]:
    after: str | None = None
    for _page in range(RECORDS_MOST // PAGE_MOST):
        page = reader.page(entity, Wish(criteria=chosen.criteria, after=after, limit=PAGE_MOST))
        yield from page.records
        after = page.next
        if after is None:
            return


def _lines(
    reader: Reader, entity: str, columns: tuple[str, ...], rows: list[tuple[str, str, Values]], *, whole: bool
) -> Iterable[list[str]]:
    schema = schema_of(entity)
    fields = {**schema.fields, **reader.custom(entity)}
    names = outside.names_of(reader.connection, reader.person.user_id, entity, [each for _, each, _ in rows])
    beyond = _linked(reader, schema, columns, rows)
    yield ["id", *(() if whole else (CHANGE,)), *columns]
    for what, record_id, values in rows:
        cells = [record_id, *(() if whole else (what,))]
        for column in columns:
            own, _, there = column.partition(".")
            if column == outside.EXTERNAL:
                cells.append(names.get(record_id, ""))
            elif there:
                target = schema_of(str(fields[own].target))
                held = beyond.get((own, str(values.get(own))), {})
                cells.append(cell_of(target.fields[there], held) if held else "")
            else:
                cells.append(cell_of(fields[own], values) if own in values else "")
        yield cells


def _linked(
    reader: Reader, schema: Schema, columns: tuple[str, ...], rows: list[tuple[str, str, Values]]
) -> Mapping[tuple[str, str], Values]:
    """Return what the key sees of the records that links lead to whose fields are columns."""
    found: dict[tuple[str, str], Values] = {}
    for link in {column.partition(".")[0] for column in columns if "." in column}:
        ids = {str(values[link]) for _, _, values in rows if values.get(link)}
        target = str(schema.fields[link].target)
        found.update(((link, key), values) for key, values in reader.several(target, ids).items())
    return found


def _free(folder: Path, entity: str, now_ms: int) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    at = datetime.datetime.fromtimestamp(now_ms / 1000, datetime.UTC).strftime("%Y%m%dT%H%M%S%f")[:-3]
    return folder / f"{entity}-{at}Z.csv"
