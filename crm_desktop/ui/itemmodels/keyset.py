"""A list of any length as an item model: pages by key, read off the main thread, few of them kept.

Rows come in pages of 200, each asked for by where the one before ended. Behind the last known row stand
placeholders; showing one, or coming near, asks for the next page. Of the pages read only the ones used last
keep their rows; another is read again by its own beginning when it is shown. A different order or filter is
a new query: nothing is ever sorted here.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from crm_core.errors import CrmError
from crm_desktop.models.conditions import Condition, Op
from crm_desktop.models.query import Cursor, ListQuery
from crm_desktop.services import records
from crm_desktop.ui.context import Context
from crm_desktop.ui.itemmodels.reading import ReadExtras, RowsRead, reader_of
from crm_desktop.ui.itemmodels.rows import CellText, Column, Row, cell_of, spoken_words
from crm_desktop.ui.translate import show, translator
from crm_desktop.ui.widgets.cells import Role, alignment

Index = QModelIndex | QPersistentModelIndex

PAGE = 200
AHEAD = 60
"""Rows before the end at which the next page is asked for."""
PAGES_KEPT = 30
"""Pages whose rows stay in memory: six thousand rows, some 40 MB at most."""
PAGES_RELOADED = 5
"""As many are read anew to follow a change; deeper in a list only the rows on screen are."""
FOLLOWED_IN_PLACE = 50
"""Changed records that are read one by one; more mean reading the list anew."""


_READ = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren
_EDITED = _READ | Qt.ItemFlag.ItemIsEditable
_ROLES = frozenset(
    (
        int(Qt.ItemDataRole.DisplayRole),
        int(Qt.ItemDataRole.AccessibleTextRole),
        *(int(role) for role in (Role.VALUE, Role.TONE, Role.DELETED)),
    )
)


@dataclass(slots=True)
class _Page:
    """Where a page begins, how many rows it has, and the rows while they are kept; later their ids alone."""

    after: Cursor | None
    size: int
    rows: list[Row] | None
    used: int = 0
    ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Read:
    """Pages as they were read: each with its beginning; where the next one begins."""

    pages: tuple[tuple[Cursor | None, list[Row]], ...]
    next: Cursor | None


class KeysetModel(QAbstractTableModel):
    """The rows of one query. `ask` begins another one; the old rows stay until its first page is here."""

    asked = Signal()
    """The first page of a query is here and shown."""
    reloaded = Signal()
    """The same query was read anew: rows may have come, gone and changed."""
    page_read = Signal()
    """A further page is here."""
    counted = Signal(int)
    """How many records the query has in all."""
    failed = Signal(object)
    """The `CrmError` for which the first page could not be read."""

    def __init__(
        self,
        context: Context,
        columns: Sequence[Column],
        extras: ReadExtras | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._context = context
        self._columns = list(columns)
        self.extras = extras
        self._query: ListQuery | None = None
        self._pages: list[_Page] = []
        self._starts: list[int] = []
        self._next: Cursor | None = None
        self._tail = 0
        self._total: int | None = None
        self._generation = 0
        self._fetching: set[int] = set()
        self._used = 0
        self._hot: tuple[int, Row] | None = None
        translator().language_changed.connect(self._on_language_changed)

    @property
    def query(self) -> ListQuery | None:
        """What is shown."""
        return self._query

    @property
    def columns(self) -> Sequence[Column]:
        """The columns, in the model's own order; the header may show them in another."""
        return self._columns

    @property
    def known(self) -> int:
        """How many rows have been read so far, whether their page is still kept or not."""
        return self._starts[-1] if self._starts else 0

    @property
    def total(self) -> int | None:
        """How many records the query has; None until they are counted."""
        return self._total

    @property
    def complete(self) -> bool:
        """Whether every row was read."""
        return self._query is not None and self._next is None

    @property
    def pages_kept(self) -> int:
        """How many pages have their rows in memory."""
        return sum(page.rows is not None for page in self._pages)

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Show other columns; read anew by `ask` or `reload` where they show links not read so far."""
        self.beginResetModel()
        self._columns = list(columns)
        self.endResetModel()

    def ask(self, query: ListQuery) -> None:
        """Begin a query."""
        self._query = replace(query, limit=PAGE, after=None)
        self._read_anew(1, self._on_asked)
        self.count_anew()

    def reload(self, pages: int | None = None) -> None:
        """Read the same query anew, as many pages as are known but no more than a few."""
        if self._query is None:
            return
        wanted = pages or min(max(len(self._pages), 1), PAGES_RELOADED)
        self._read_anew(wanted, self._on_reloaded)
        self.count_anew()

    def follow(self, changed: Iterable[str]) -> None:
        """Take up that records changed: in place where they are shown, else by reading the list anew."""
        ids = set(changed)
        if self._query is None or not ids:
            return
        places = self.places(ids)
        in_place = len(ids) <= FOLLOWED_IN_PLACE and len(places) == len(ids)
        if not in_place and self._shallow:
            self.reload()
        elif places:
            self._read_again(tuple(places)[:PAGE])
        else:
            self.count_anew()

    def row_at(self, place: int) -> Row | None:
        """Return a row; None while it is not here. Asking for it is what has it read."""
        if self._hot is not None and self._hot[0] == place:
            return self._hot[1]
        if not 0 <= place < self.rowCount():
            return None
        if place >= self.known - AHEAD:
            self._fetch_next()
        if place >= self.known:
            return None
        number = self._page_of(place)
        page = self._pages[number]
        self._used += 1
        page.used = self._used
        if page.rows is None:
            self._fetch_again(number)
            return None
        row = page.rows[place - self._start_of(number)]
        # A row's cells are asked for one after the other, each for several roles.
        self._hot = (place, row)
        return row

    def kept_at(self, place: int) -> Row | None:
        """Return a row if it is in memory, without having anything read."""
        if not 0 <= place < self.known:
            return None
        number = self._page_of(place)
        rows = self._pages[number].rows
        return None if rows is None else rows[place - self._start_of(number)]

    def id_at(self, place: int) -> str | None:
        """Return the id of a row that was read, in memory or not; None for one that was not."""
        if not 0 <= place < self.known:
            return None
        number = self._page_of(place)
        page, offset = self._pages[number], place - self._start_of(number)
        return page.ids[offset] if page.rows is None else page.rows[offset].id

    def places(self, ids: Iterable[str]) -> dict[str, int]:
        """Return where records stand among the rows in memory."""
        wanted = set(ids)
        found: dict[str, int] = {}
        for number, page in enumerate(self._pages):
            start = self._start_of(number)
            for offset, row in enumerate(page.rows or ()):
                if row.id in wanted:
                    found[row.id] = start + offset
        return found

    def count_anew(self) -> None:
        """Count the query's records off the main thread."""
        query, generation = self._query, self._generation
        if query is None:
            return
        replica = self._context.replica

        def counted(number: int) -> None:
            if generation == self._generation or query == self._query:
                self._total = number
                self._set_tail()
                self.counted.emit(number)

        self._context.tasks.read(
            self, lambda: records.count(replica, query), counted, self._on_nothing, topic="count"
        )

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        """Return how many rows are known, and the placeholders behind them."""
        return 0 if parent.isValid() else self.known + self._tail

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        """Return how many columns there are."""
        return 0 if parent.isValid() else len(self._columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return what a cell shows; see `widgets.cells.Role`."""
        if not index.isValid():
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return alignment(self._columns[index.column()].kind)
        if role not in _ROLES:
            return None
        row = self.row_at(index.row())
        if role == Role.DELETED:
            return row is not None and not row.record.alive
        cell = cell_of(row, self._columns[index.column()])
        if role == Qt.ItemDataRole.DisplayRole:
            return cell.text
        if role == Role.VALUE:
            return cell.value
        if role == Role.TONE:
            return cell.tone
        return spoken_words(cell, self._columns[index.column()])

    def painted(self, row: int, column: int) -> tuple[CellText, bool]:
        """Return a cell, and whether its row is deleted: what `data` gives by role, at once."""
        held = self.row_at(row)
        return cell_of(held, self._columns[column]), held is not None and not held.record.alive

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Return the head of a column."""
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(self._columns):
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return show(self._columns[section].title)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return alignment(self._columns[section].kind)
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Return that a row which is here can be selected, and changed where its column can."""
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        row = self.row_at(index.row())
        if row is None:
            return Qt.ItemFlag.ItemIsEnabled
        return _EDITED if self._columns[index.column()].editable and row.record.alive else _READ

    def canFetchMore(self, parent: Index) -> bool:
        """Return whether a further page can be asked for."""
        return not parent.isValid() and self._next is not None and len(self._pages) not in self._fetching

    def fetchMore(self, parent: Index) -> None:
        """Ask for the next page."""
        self._fetch_next()

    # Reading

    def _reader(self, query: ListQuery) -> Callable[[], RowsRead]:
        return reader_of(self._context.replica, query, self._columns, self.extras)

    def _read_anew(self, pages: int, done: Callable[[_Read], None]) -> None:
        assert self._query is not None
        self._generation += 1
        query, reader = self._query, self._reader

        def read() -> _Read:
            found: list[tuple[Cursor | None, list[Row]]] = []
            after: Cursor | None = None
            for _ in range(pages):
                rows, following = reader(replace(query, after=after))()
                found.append((after, rows))
                if following is None:
                    return _Read(tuple(found), None)
                after = following
            return _Read(tuple(found), after)

        self._context.tasks.read(self, read, done, self._on_failed, topic="anew")

    def _on_asked(self, read: _Read) -> None:
        self._show_anew(read)
        self.asked.emit()

    def _on_reloaded(self, read: _Read) -> None:
        self._show_anew(read)
        self.reloaded.emit()

    def _show_anew(self, read: _Read) -> None:
        self.beginResetModel()
        self._fetching.clear()
        self._pages = [_Page(after, len(rows), rows) for after, rows in read.pages]
        self._next = read.next
        self._restart()
        self._tail = self._wanted_tail()
        self.endResetModel()

    def _fetch_next(self) -> None:
        number, generation = len(self._pages), self._generation
        if self._query is None or self._next is None or number in self._fetching:
            return
        after = self._next
        self._fetching.add(number)

        def read(found: RowsRead) -> None:
            if generation == self._generation:
                self._fetching.discard(number)
                self._append(after, *found)

        reader = self._reader(replace(self._query, after=after))
        self._context.tasks.read(self, reader, read, self._on_further_failed)

    def _append(self, after: Cursor, rows: list[Row], following: Cursor | None) -> None:
        start, old = self.known, self.rowCount()
        self._used += 1
        new_known = start + len(rows)
        if new_known > old:
            self.beginInsertRows(QModelIndex(), old, new_known - 1)
        self._pages.append(_Page(after, len(rows), rows, self._used))
        self._next = following
        self._restart()
        self._tail = max(0, old - new_known)
        if new_known > old:
            self.endInsertRows()
        self._set_tail()
        self._let_go()
        self._announce(start, new_known - 1)
        self.page_read.emit()

    def _fetch_again(self, number: int) -> None:
        generation = self._generation
        if self._query is None or number in self._fetching:
            return
        self._fetching.add(number)
        page = self._pages[number]

        def read(found: RowsRead) -> None:
            if generation != self._generation:
                return
            self._fetching.discard(number)
            # As many as it had: rows that came meanwhile are shown when the list is read anew.
            rows = found[0][: page.size]
            if len(rows) < page.size:
                self.reload()
                return
            page.rows = rows
            self._let_go()
            start = self._start_of(number)
            self._announce(start, start + page.size - 1)
            self.page_read.emit()

        reader = self._reader(replace(self._query, after=page.after))
        self._context.tasks.read(self, reader, read, self._on_further_failed)

    def _read_again(self, ids: tuple[str, ...]) -> None:
        """Read some of the rows in memory again and put them in their place, or take them out."""
        query, generation = self._query, self._generation
        if query is None:
            return
        among = Condition(field="id", op=Op.IN, value=ids)
        reader = self._reader(replace(query, conditions=(*query.conditions, among), after=None))

        def read(found: RowsRead) -> None:
            if generation == self._generation:
                self._put(ids, {row.id: row for row in found[0]})

        self._context.tasks.read(self, reader, read, self._on_further_failed)

    def _put(self, ids: Iterable[str], rows: Mapping[str, Row]) -> None:
        sorted_by = [name for name, _ in self._query.sort] if self._query else []
        places = self.places(ids)
        for record_id, place in sorted(places.items(), key=lambda found: -found[1]):
            page = self._pages[self._page_of(place)]
            offset = place - self._start_of(self._page_of(place))
            assert page.rows is not None
            row = rows.get(record_id)
            if row is None:
                self.beginRemoveRows(QModelIndex(), place, place)
                del page.rows[offset]
                page.size -= 1
                self._restart()
                self.endRemoveRows()
                continue
            before = page.rows[offset].record
            if self._shallow and any(before.get(name) != row.record.get(name) for name in sorted_by):
                self.reload()
                return
            page.rows[offset] = row
            self._hot = None
            self._announce(place, place)
        self.count_anew()
        self.page_read.emit()

    def _let_go(self) -> None:
        kept = [page for page in self._pages if page.rows is not None]
        for page in sorted(kept, key=lambda page: page.used)[: max(0, len(kept) - PAGES_KEPT)]:
            page.ids = tuple(row.id for row in page.rows or ())
            page.rows = None
            self._hot = None

    def _on_failed(self, error: CrmError) -> None:
        self.failed.emit(error)

    def _on_further_failed(self, error: CrmError) -> None:
        self._fetching.clear()
        self._context.show_error(error)

    def _on_nothing(self, _error: CrmError) -> None:
        """Stay silent: whoever reads the first page says why there is none."""

    # Places

    @property
    def _shallow(self) -> bool:
        """Whether the list can be read anew without the person losing their place in it."""
        return len(self._pages) <= PAGES_RELOADED

    def _wanted_tail(self) -> int:
        if self._next is None:
            return 0
        left = PAGE if self._total is None else max(self._total - self.known, 1)
        return min(PAGE, left)

    def _set_tail(self) -> None:
        old, new = self._tail, self._wanted_tail()
        known = self.known
        if new > old:
            self.beginInsertRows(QModelIndex(), known + old, known + new - 1)
            self._tail = new
            self.endInsertRows()
        elif new < old:
            self.beginRemoveRows(QModelIndex(), known + new, known + old - 1)
            self._tail = new
            self.endRemoveRows()

    def _restart(self) -> None:
        """Work out anew behind which row each page ends."""
        self._hot = None
        self._starts = list(accumulate(page.size for page in self._pages))

    def _start_of(self, number: int) -> int:
        return self._starts[number - 1] if number else 0

    def _page_of(self, place: int) -> int:
        return bisect_right(self._starts, place)

    def _announce(self, first: int, last: int) -> None:
        if first <= last and self._columns:
            self.dataChanged.emit(self.index(first, 0), self.index(last, len(self._columns) - 1))

    def _on_language_changed(self) -> None:
        for page in self._pages:
            for row in page.rows or ():
                row.cells.clear()
        self._announce(0, self.rowCount() - 1)
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, max(len(self._columns) - 1, 0))
