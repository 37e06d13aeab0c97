"""Write a list to a file other programs open: only the rows and fields the person may take out."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS, schema_of
from crm_core.errors import UserError
from crm_core.exchange import vcard
from crm_core.exchange.writing import NUMERIC, csv_lines, guarded, text_of
from crm_core.i18n import N_, Message, Translate
from crm_core.rules.access import Action, decide, readable_fields
from crm_core.rules.scopes import EVERYONE
from crm_core.schema.field import Field, FieldClass, Kind
from crm_core.schema.values import links_of, word_text
from crm_desktop.interchange.saving import replacing, write_pieces
from crm_desktop.interchange.stopped import Stopped
from crm_desktop.models import query as lists
from crm_desktop.models.custom import custom_fields
from crm_desktop.models.derived import derived_fields
from crm_desktop.models.derived import readable as is_readable
from crm_desktop.models.device_tables import EXPORTED
from crm_desktop.models.query import ListQuery
from crm_desktop.models.records import Record, flat_of
from crm_desktop.models.replica import Replica
from crm_desktop.services import rights, syncing

ENDINGS = (".csv", ".xlsx", ".vcf", ".json", ".jsonl")
ROWS_A_PAGE = 1_000
MAX_SHEET_ROWS = 1_048_576  # what Excel opens
CARD_ENTITIES = frozenset(("customer", "contact", "user"))

OnProgress = Callable[[int, int], None]
"""Told (rows written, rows in all)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """Columns a list shows beside the fields: what follows from other records, as its cells say it."""

    columns: Sequence[tuple[str, str, int]]
    """(key, title, place among all columns) of each, in order."""
    read: Callable[[Sequence[Record]], Mapping[str, Sequence[str]]]
    """Gives the texts of some records, in the order of the columns, by id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """A record with what its links lead to, by field name, and the texts beside its fields."""

    record: Record
    titles: Mapping[str, str]
    beside: Sequence[str] = ()


def export_rows(
    replica: Replica,
    query: ListQuery,
    path: Path,
    translate: Translate,
    progress: OnProgress = lambda done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
    beside: Beside | None = None,
) -> int:
    """Write the records of a list to a CSV, xlsx, vcf or JSON file by its ending; return how many.

    Rows outside the person's right to export are left out, as are fields the person may not read. The file
    is written wholly or not at all. Raises `AccessDenied` where nothing may be exported.
    """
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise UserError(N_("“{file}” ends in none of {endings}"), file=path.name, endings=", ".join(ENDINGS))
    entity = query.entity
    schema_of(entity)
    decide(replica.person, Action.EXPORT, entity).demand()
    if ending == ".vcf" and entity not in CARD_ENTITIES:
        raise UserError(
            N_("{entity} does not fit on an address card"), entity=Message(SCHEMAS[entity].meta.plural)
        )
    with replica.read() as session:
        export = _Export(session, replica, query, translate, progress, cancelled, beside)
        match ending:
            case ".csv":
                write_pieces(path, csv_lines(export.table()))
            case ".xlsx":
                export.write_sheet(path)
            case ".vcf":
                write_pieces(path, (vcard.write(cards).encode() for cards in export.cards()))
            case _:
                write_pieces(path, export.json_pieces(as_array=ending == ".json"))
    syncing.note_event(replica, EXPORTED, {"entity": entity, "rows": export.count, "file": path.name})
    return export.count


class _Export:
    """One export, within one session: the file shows one moment."""

    def __init__(
        self,
        session: Session,
        replica: Replica,
        query: ListQuery,
        translate: Translate,
        progress: OnProgress,
        cancelled: Callable[[], bool],
        beside: Beside | None,
    ) -> None:
        self.count = 0
        self._beside = beside
        self._session = session
        self._person = replica.person
        self._query = query
        self._translate = translate
        self._progress = progress
        self._cancelled = cancelled
        self._fields = self._exported_fields()
        reach = self._person.rights.reach_of(query.entity, Action.EXPORT)
        self._everything = EVERYONE in self._person.acts_in(reach)

    def _exported_fields(self) -> list[Field]:
        readable = readable_fields(self._person, self._query.entity)
        derived = [f for f in derived_fields(self._query.entity) if is_readable(self._person, f)]
        right = self._person.rights.class_right
        custom = [
            f
            for f in custom_fields(self._session, self._query.entity)
            if right(self._query.entity, f.field_class)
        ]
        known = {f.name: f for f in (*readable, *derived, *custom)}
        if self._query.fields is None:
            return [
                f
                for f in known.values()
                if f not in derived and (f.field_class is not FieldClass.SYSTEM or f.kind is Kind.INSTANT)
            ]
        names = [name for name in self._query.fields if name != "id"]  # every form begins with the id
        for name in names:
            self._demand_known(name, known)
        wanted = [known[name] for name in names]
        currencies = {f.currency for f in wanted if f.currency}
        return [*wanted, *(f for name, f in known.items() if name in currencies and f not in wanted)]

    def _demand_known(self, name: str, known: Mapping[str, Field]) -> None:
        """Refuse a field that is not there or that the person may not read: its column would be missing."""
        if name in known:
            return
        field = SCHEMAS[self._query.entity].fields.get(name)
        if field is None:
            raise UserError(N_("There is no field called “{field}”"), field=name)
        decide(self._person, Action.READ, self._query.entity, None, (field,)).demand()

    def rows(self) -> Iterator[_Row]:
        """Yield the rows that may be exported, links looked up page by page."""
        total = lists.count(self._session, self._person, self._query)
        names = None if self._query.fields is None else tuple(field.name for field in self._fields)
        # Rights are a matter of the whole row, whichever of its fields are asked for.
        query = replace(self._query, limit=ROWS_A_PAGE, fields=names if self._everything else None)
        seen = 0
        while True:
            page = lists.page(self._session, self._person, query)
            self._progress(seen, total)
            if self._cancelled():
                raise Stopped(N_("The export was stopped; no file was written"))
            kept = [record for record in page.rows if self._may_take(record)]
            titles = self._titles(kept)
            texts = self._beside.read(kept) if self._beside else {}
            for record in kept:
                self.count += 1
                yield _Row(
                    record=record,
                    titles={
                        field.name: _named(field, record, titles)
                        for field in self._fields
                        if record.get(field.name)
                    },
                    beside=texts.get(record.id, ()),
                )
            seen += len(page.rows)
            if page.next is None:
                self._progress(total, total)
                return
            query = replace(query, after=page.next)

    def table(self) -> Iterator[Sequence[str]]:
        """Yield headers and rows of text: ids first, links as what they lead to is called."""
        yield ["ID", *self._heads()]
        for row in self.rows():
            cells = [guarded(self._text(field, row), field.kind) for field in self._fields]
            yield [row.record.id, *self._placed(cells, [guarded(each, Kind.TEXT) for each in row.beside])]

    def _heads(self) -> Sequence[str]:
        labels = [self._translate(field.label) for field in self._fields]
        return self._placed(labels, [title for _, title, _ in self._beside.columns] if self._beside else ())

    def _placed(self, cells: list[Any], beside: Sequence[str]) -> Sequence[Any]:
        """Return cells with those beside the fields put where the list shows them."""
        for (_, _, place), text in zip(self._beside.columns if self._beside else (), beside, strict=False):
            cells.insert(place, text)
        return cells

    def json_pieces(self, *, as_array: bool) -> Iterator[bytes]:
        """Yield flat records, as one array or one a line."""
        known = {field.name: field for field in self._fields}
        names = known.keys()
        separator = b"[\n" if as_array else b""
        for row in self.rows():
            flat = flat_of(row.record, known)
            chosen = {name: value for name, value in flat.items() if name == "id" or name in names}
            keys = [key for key, _, _ in self._beside.columns] if self._beside else ()
            chosen.update(zip(keys, row.beside, strict=False))
            yield separator + json.dumps(chosen, ensure_ascii=False).encode()
            separator = b",\n" if as_array else b"\n"
        yield (b"[]\n" if self.count == 0 else b"\n]\n") if as_array else b"\n"

    def cards(self) -> Iterator[Sequence[Mapping[str, str]]]:
        """Yield address cards, one at a time."""
        for row in self.rows():
            yield (self._card(row),)

    def write_sheet(self, path: Path) -> None:
        """Write a spreadsheet: numbers and days as such, texts as text whatever they begin with."""
        import xlsxwriter  # noqa: PLC0415 - a third of a second that only this needs

        with replacing(path) as partial:
            options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
            book = xlsxwriter.Workbook(str(partial), options)
            with contextlib.closing(book):
                sheet = book.add_worksheet(self._sheet_name())
                heading = book.add_format({"bold": True})
                sheet.freeze_panes(1, 0)
                for line, cells in enumerate(self._sheet_rows()):
                    if line >= MAX_SHEET_ROWS:
                        raise UserError(
                            N_("A sheet holds {rows} rows; export to CSV instead"), rows=MAX_SHEET_ROWS
                        )
                    for place, cell in enumerate(cells):
                        if isinstance(cell, Decimal):
                            sheet.write_number(line, place, float(cell))  # a sheet's only kind of number
                        elif cell:
                            sheet.write_string(line, place, cell, heading if line == 0 else None)

    def _sheet_name(self) -> str:
        plural = self._translate(SCHEMAS[self._query.entity].meta.plural)
        return "".join(c for c in plural if c not in "[]:*?/\\'")[:31]

    def _sheet_rows(self) -> Iterator[Sequence[str | Decimal]]:
        yield ["ID", *self._heads()]
        for row in self.rows():
            cells = [self._sheet_cell(field, row) for field in self._fields]
            yield [row.record.id, *self._placed(cells, row.beside)]

    def _sheet_cell(self, field: Field, row: _Row) -> str | Decimal:
        text = self._text(field, row)
        return Decimal(text) if text and field.kind in NUMERIC else text

    def _text(self, field: Field, row: _Row) -> str:
        value = row.record.get(field.name)
        if value is None:
            return ""
        if field.target == "*":
            return str(value)  # of whatever kind it is, a name would be found by nothing
        if field.kind is Kind.REF or field.members:
            return row.titles.get(field.name) or str(value)
        if field.kind is Kind.TAGS and field.choices and isinstance(value, list):
            return ", ".join(self._translate(field.choice_label(str(word))) for word in value)
        if field.kind is Kind.CHOICE:
            return self._translate(field.choice_label(str(value)))
        return text_of(field, row.record.values)

    def _card(self, row: _Row) -> Mapping[str, str]:
        record = row.record

        def held(name: str) -> str:
            return str(record.get(name, ""))

        is_contact = record.entity == "contact"
        return {
            vcard.NAME: record.title,
            vcard.COMPANY: row.titles.get("customer_id", "") if is_contact else "",
            vcard.TITLE: held("title"),
            vcard.PHONE: held("phone"),
            vcard.EMAIL: held("email"),
            vcard.WEBSITE: held("website"),
            vcard.STREET: held("address"),
            vcard.CITY: held("city"),
            vcard.PROVINCE: held("province"),
            vcard.COUNTRY: held("country"),
            vcard.BIRTHDAY: held("birthday"),
            vcard.NOTES: held("notes"),
            vcard.TAGS: ", ".join(record.get("tags", [])),
            vcard.UID: record.id,
        }

    def _may_take(self, record: Record) -> bool:
        if self._everything:
            return True
        return bool(rights.may(self._session, self._person, Action.EXPORT, record.entity, record.values))

    def _titles(self, found: Sequence[Record]) -> dict[tuple[str, str], str]:
        wanted: dict[str, set[str]] = {}
        for field in self._fields:
            for record in found:
                for entity, record_id in links_of(field, record.values):
                    if entity in SCHEMAS:
                        wanted.setdefault(entity, set()).add(record_id)
        return {
            (entity, record_id): title
            for entity, ids in wanted.items()
            for record_id, title in lists.labels(self._session, entity, ids).items()
        }


def _named(field: Field, record: Record, titles: Mapping[tuple[str, str], str]) -> str:
    """Return what the records a field leads to are called, those of a set as its words are written."""
    found = [titles[link] for link in links_of(field, record.values) if link in titles]
    return ", ".join(sorted(map(word_text, found))) if field.members else ", ".join(found)
