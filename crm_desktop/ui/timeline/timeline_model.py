"""What happened with a customer as rows: a head for each day, an entry for each thing."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from crm_core.entities import SCHEMAS
from crm_core.i18n import Message, message
from crm_core.money import Money
from crm_core.schema.field import Field
from crm_core.schema.values import DEFAULT_CURRENCY, links_of
from crm_desktop.models.replica import Replica
from crm_desktop.services import records
from crm_desktop.services.calendar import local
from crm_desktop.services.lists import Titles
from crm_desktop.services.timeline import ItemKind, TimelineItem
from crm_desktop.ui.field_texts import value_text
from crm_desktop.ui.format import NOTHING, clock, money, near_date
from crm_desktop.ui.timeline.words import KIND_WORDS
from crm_desktop.ui.translate import Text, show, tr

Index = QModelIndex | QPersistentModelIndex
MOST_BODY_LINES = 3
ENTRY_ROLE = Qt.ItemDataRole.UserRole + 1
_ACTIVITY = SCHEMAS["activity"].fields
_WITH_STATE = {
    ItemKind.QUOTE: "quote",
    ItemKind.CONTRACT: "contract",
    ItemKind.ORDER: "order",
    ItemKind.INVOICE: "invoice",
    ItemKind.RECEIPT: "receipt",
    ItemKind.TICKET: "ticket",
    ItemKind.MAIL: "outgoing_mail",  # one HQ sends; mails that were logged have no state
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DayHead:
    """The day of the entries under it."""

    day: datetime.date

    def words(self) -> str:
        """Return the day on screen."""
        return near_date(self.day)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that happened, as it is painted."""

    item: TimelineItem
    title: Text
    lines: tuple[Text, ...]
    before: str = ""
    """Of a field change: the value it had, shown before an arrow and `lines`."""
    changed: bool = False
    moment: str = ""

    def words(self) -> str:
        """Return all of it for those who listen."""
        parts = [tr(KIND_WORDS[self.item.kind]), show(self.title)]
        if self.changed:
            parts.append(tr("{before} → {after}", before=self.before, after=show(self.lines[0])))
        else:
            parts += [show(line) for line in self.lines]
        parts += [self.item.who, self.moment]
        return ". ".join(part for part in parts if part)


class TimelineModel(QAbstractListModel):
    """Days and entries; asks for older ones when the end is near."""

    older_asked = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[DayHead | Entry] = []
        self._items: list[TimelineItem] = []
        self._fields: Mapping[str, Field] = {}
        self._titles: dict[tuple[str, str], str] = {}
        self._more = False
        self._waiting = False

    @property
    def items(self) -> Sequence[TimelineItem]:
        """The entries without the heads."""
        return self._items

    @property
    def oldest_ms(self) -> int | None:
        """When the last entry happened."""
        return self._items[-1].at_ms if self._items else None

    def show_items(
        self,
        items: Sequence[TimelineItem],
        fields: Mapping[str, Field],
        titles: Titles | None = None,
        *,
        more: bool,
    ) -> None:
        """Show other entries; `fields` and `titles` are the record's and its links', for changed values."""
        self.beginResetModel()
        self._items, self._fields, self._more, self._waiting = list(items), fields, more, False
        self._titles = dict(titles or {})
        self._rows = self._laid_out(items, None)
        self.endResetModel()

    def add(self, item: TimelineItem) -> None:
        """Put one more entry where its moment belongs, unless it is there already."""
        others = [each for each in self._items if each.record_id != item.record_id]
        self.beginResetModel()
        self._items = sorted((*others, item), key=lambda each: -each.at_ms)
        self._rows = self._laid_out(self._items, None)
        self.endResetModel()

    def add_older(self, items: Sequence[TimelineItem], titles: Titles, *, more: bool) -> None:
        """Put older entries under those shown."""
        self._titles.update(titles)
        last = local(self._items[-1].at_ms).date() if self._items else None
        rows = self._laid_out(items, last)
        self._more, self._waiting = more, False
        if rows:
            self.beginInsertRows(QModelIndex(), len(self._rows), len(self._rows) + len(rows) - 1)
            self._items.extend(items)
            self._rows.extend(rows)
            self.endInsertRows()

    def retranslate(self) -> None:
        """Say everything in the language on screen."""
        self.beginResetModel()
        self._rows = self._laid_out(self._items, None)
        self.endResetModel()

    def row(self, place: int) -> DayHead | Entry:
        """Return what stands at a place."""
        return self._rows[place]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        """Return how many heads and entries there are."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return an entry, or its words."""
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        if role == ENTRY_ROLE:
            return row
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return row.words()
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Return that entries can be chosen, heads cannot."""
        if not index.isValid() or isinstance(self._rows[index.row()], DayHead):
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def canFetchMore(self, parent: Index) -> bool:
        """Return whether older entries can be asked for."""
        return self._more and not self._waiting and not parent.isValid()

    def fetchMore(self, parent: Index) -> None:
        """Ask for older entries."""
        if self.canFetchMore(parent):
            self._waiting = True
            self.older_asked.emit()

    def _laid_out(self, items: Sequence[TimelineItem], last: datetime.date | None) -> list[DayHead | Entry]:
        rows: list[DayHead | Entry] = []
        for item in items:
            moment = local(item.at_ms)
            if moment.date() != last:
                last = moment.date()
                rows.append(DayHead(day=last))
            rows.append(self._entry(item, clock(moment)))
        return rows

    def _entry(self, item: TimelineItem, moment: str) -> Entry:
        if item.kind is ItemKind.FIELD:
            return Entry(
                item=item,
                title=Message(item.title),
                lines=(self._value(item, item.new),),
                before=self._value(item, item.old),
                changed=True,
                moment=moment,
            )
        return Entry(item=item, title=item.title, lines=tuple(_lines(item)), moment=moment)

    def _value(self, item: TimelineItem, value: Any) -> str:
        field = self._fields.get(item.field or "")
        if field is None:
            return NOTHING if value is None else str(value)
        values = {field.name: value, field.currency or "": item.currency}
        return value_text(field, value, values, self._titles) or NOTHING


def titles_of_changes(
    replica: Replica, items: Sequence[TimelineItem], fields: Mapping[str, Field]
) -> dict[tuple[str, str], str]:
    """Return what the records are called that changed links led to; not for the main thread."""
    links = set()
    for item in items:
        field = fields.get(item.field or "")
        if field is not None:
            for value in (item.old, item.new):
                links |= {link for link in links_of(field, {field.name: value}) if link[0] in SCHEMAS}
    return records.titles(replica, links)


def _lines(item: TimelineItem) -> list[Text]:
    lines: list[Text] = list([line for line in item.body.splitlines() if line.strip()][:MOST_BODY_LINES])
    state = None
    if item.score is not None:
        lines.insert(0, message("{score} of {most}", score=item.score[0], most=item.score[1]))
    if item.kind in _WITH_STATE and item.status:
        field = SCHEMAS[_WITH_STATE[item.kind]].fields["status"]
        state = Message(field.choice_label(item.status))
    if item.amount_minor is not None:
        shown = money(Money(item.amount_minor, item.currency or DEFAULT_CURRENCY))
        lines.append(message("{amount} · {state}", amount=shown, state=state) if state else shown)
    elif state is not None and lines:
        lines[0] = message("{number} · {state}", number=lines[0], state=state)
    elif state is not None:
        lines.append(state)
    if around := _around(item):
        lines.append(around)
    return lines


def _around(item: TimelineItem) -> str:
    """Return how an activity went, where it was and when it goes on."""
    went = tr(_ACTIVITY["outcome"].choice_label(item.outcome)) if item.outcome else ""
    day = near_date(datetime.date.fromisoformat(item.next_contact_on)) if item.next_contact_on else ""
    again = tr("Next contact {day}", day=day) if day else ""
    return " · ".join(part for part in (went, item.place, again) if part)
