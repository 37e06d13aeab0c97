"""The cards of one column as a model: heads of owners between them, and a gap where one may be dropped."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from crm_desktop.services.deals import Card
from crm_desktop.ui.pipeline import words
from crm_desktop.ui.translate import show, tr
from crm_desktop.ui.widgets.glyphs import Glyph

Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class OwnerHead:
    """The head of the cards of one owner."""

    name: str


@dataclass(frozen=True, slots=True)
class Gap:
    """The place where a card that is dragged would come to stand."""


Row = Card | OwnerHead | Gap


_NO_PARENT = QModelIndex()


class CardRole(IntEnum):
    """What the model gives beside Qt's own roles."""

    ROW = Qt.ItemDataRole.UserRole + 1


class CardModel(QAbstractListModel):
    """The cards read so far of a column, in the order of the board."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._cards: tuple[Card, ...] = ()
        self._rows: list[Row] = []
        self._by_owner = False
        self._gap: int | None = None
        self.currency = ""

    @property
    def cards(self) -> tuple[Card, ...]:
        """The cards, without heads and gap."""
        return self._cards

    @property
    def gap_row(self) -> int:
        """The row of the gap; -1 without one."""
        return -1 if self._gap is None else self._gap

    def show_cards(self, cards: Sequence[Card], currency: str, *, by_owner: bool) -> None:
        """Show other cards."""
        self.beginResetModel()
        self._cards, self.currency, self._by_owner = tuple(cards), currency, by_owner
        self._gap = None
        self._rows = self._laid_out(self._cards, None)
        self.endResetModel()

    def add_cards(self, cards: Sequence[Card]) -> None:
        """Append the cards that follow."""
        known = {card.id for card in self._cards}
        added = tuple(card for card in cards if card.id not in known)
        if not added:
            return
        rows = self._laid_out(added, self._cards[-1] if self._cards else None)
        self.beginInsertRows(QModelIndex(), len(self._rows), len(self._rows) + len(rows) - 1)
        self._cards += added
        self._rows += rows
        self.endInsertRows()

    def show_gap(self, card: Card | None) -> int:
        """Open the gap where a card would stand and return that place, from 1; None closes it."""
        place = None if card is None else self._row_for(card)
        if place != self._gap:
            self._close_gap()
            if place is not None:
                self.beginInsertRows(QModelIndex(), place, place)
                self._rows.insert(place, Gap())
                self._gap = place
                self.endInsertRows()
        if place is None:
            return 0
        return 1 + sum(isinstance(row, Card) for row in self._rows[:place])

    def take(self, card: Card) -> None:
        """Take a card away before the database is read anew."""
        self._with(tuple(each for each in self._cards if each.id != card.id))

    def put(self, card: Card) -> None:
        """Stand a card where it will come to stand before the database is read anew."""
        self._close_gap()
        before = sum(isinstance(row, Card) for row in self._rows[: self._row_for(card)])
        self._with((*self._cards[:before], card, *self._cards[before:]))

    def row_of(self, deal_id: str) -> int | None:
        """Return the row of a deal; None where its card is not here."""
        return next(
            (place for place, row in enumerate(self._rows) if isinstance(row, Card) and row.id == deal_id),
            None,
        )

    def is_head(self, row: int) -> bool:
        """Say whether a row is the head of an owner's cards."""
        return self._by_owner and 0 <= row < len(self._rows) and isinstance(self._rows[row], OwnerHead)

    def cards_below(self, row: int) -> int:
        """Return how many cards come after a row."""
        if not self._by_owner and self._gap is None:
            return max(len(self._rows) - row - 1, 0)
        return sum(isinstance(each, Card) for each in self._rows[row + 1 :])

    def card_at(self, row: int) -> Card | None:
        """Return the card of a row; None for a head, the gap, or past the end."""
        found = self._rows[row] if 0 <= row < len(self._rows) else None
        return found if isinstance(found, Card) else None

    def rowCount(self, parent: Index = _NO_PARENT) -> int:
        """Return how many rows there are, heads and gap included."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Give the row itself, and what is said of it."""
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        row = self._rows[index.row()]
        if role == CardRole.ROW:
            return row
        if role == Qt.ItemDataRole.ToolTipRole and isinstance(row, Card):
            return _tip(row)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            if isinstance(row, Card):
                return words.spoken(row, self.currency, datetime.datetime.now().astimezone())
            return row.name if isinstance(row, OwnerHead) else tr("Drop here")
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Let cards be chosen and dragged; heads and gap are there to be seen."""
        if self.card_at(index.row()) is None:
            return Qt.ItemFlag.ItemIsEnabled
        usual = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return usual | Qt.ItemFlag.ItemIsDragEnabled | Qt.ItemFlag.ItemNeverHasChildren

    def _with(self, cards: tuple[Card, ...]) -> None:
        self.show_cards(cards, self.currency, by_owner=self._by_owner)

    def _laid_out(self, cards: Sequence[Card], before: Card | None) -> list[Row]:
        if not self._by_owner:
            return list(cards)
        rows: list[Row] = []
        for card in cards:
            if before is None or before.owner_id != card.owner_id:
                rows.append(OwnerHead(card.owner_name))
            rows.append(card)
            before = card
        return rows

    def _close_gap(self) -> None:
        if self._gap is not None:
            self.beginRemoveRows(QModelIndex(), self._gap, self._gap)
            del self._rows[self._gap]
            self._gap = None
            self.endRemoveRows()

    def _row_for(self, card: Card) -> int:
        """Return the row, without the gap, at which a card would stand by the order of the board."""
        rows = [row for row in self._rows if not isinstance(row, Gap)]
        wanted = self._key(card)
        for place, row in enumerate(rows):
            if isinstance(row, Card) and row.id != card.id and self._key(row) > wanted:
                head_above = place > 0 and isinstance(rows[place - 1], OwnerHead)
                return place - 1 if head_above and row.owner_id != card.owner_id else place
        return len(rows)

    def _key(self, card: Card) -> tuple[object, ...]:
        amount = -1 if card.amount_minor is None else card.amount_minor
        by_amount = (-amount, card.id)
        return (card.owner_name, card.owner_id or "", *by_amount) if self._by_owner else by_amount


def _tip(card: Card) -> str:
    said = [
        show(Glyph.CONFLICT.word) if card.conflict else "",
        show(Glyph.NOT_SENT.word) if card.not_sent and not card.conflict else "",
        tr("Longer in this stage than planned") if card.too_long else "",
        words.skip_words(card) if card.skip_reason else "",
        words.milestone_words(card.milestones) if card.milestones else "",
    ]
    return "\n".join(line for line in said if line)
