"""What a receipt was for: open instalments of its customer, with a proposal to be confirmed or typed over.

Wholly by keys: arrows walk, a digit types an amount, Space takes the proposal of a row or empties it, Ctrl+M
matches as shown.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from crm_core.errors import UserError
from crm_core.i18n import message
from crm_core.money import Money, parse_money
from crm_core.rules.payments import Share
from crm_desktop.services import payments
from crm_desktop.services.payments import MatchRow, MatchView
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.field_texts import words_of
from crm_desktop.ui.format import money, near_date
from crm_desktop.ui.itemmodels.rows import CellText
from crm_desktop.ui.payments.small_table import Head, SmallTable
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import L, M
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.cards import Card, InfoRow
from crm_desktop.ui.widgets.cells import CellKind
from crm_desktop.ui.widgets.fields import Field
from crm_desktop.ui.widgets.labels import Label

_FOLLOWS = frozenset(("receipt", "receipt_share", "instalment"))
_THIS = 4
_HEADS = (
    Head(title=message("Instalment"), stretch=True),
    Head(title=message("Due on"), width=112),
    Head(title=message("Still open"), kind=CellKind.RIGHT, width=128),
    Head(title=message("Matched"), kind=CellKind.RIGHT, width=128),
    Head(title=message("For this receipt"), kind=CellKind.RIGHT, width=136, typed=True),
)


class MatchPanel(Card):
    """A card below a receipt's form."""

    def __init__(self, context: Context) -> None:
        super().__init__(message("What it was for"))
        self._context = context
        self._receipt_id = ""
        self._view: MatchView | None = None
        self._shares: dict[str, int] = {}
        self.table = _Table(_HEADS, message("Open instalments of the customer"))
        self.left = Label("", color="text-soft")
        self.match_button = Button(message("Match as shown"), Kind.PRIMARY, small=True, hint="Ctrl+M")
        self.off_button = Button(message("Take the match off"), small=True)
        self.refund_button = Button(message("Give money back…"), small=True)
        self.refund_amount, self.refund_reason = QLineEdit(), QLineEdit()
        self.refund_field = Field(message("Amount that goes back"), self.refund_amount, required=True)
        self.reason_field = Field(message("Reason of the refund"), self.refund_reason)
        self.give_button = Button(message("Give it back"), Kind.BAD, small=True)
        self._refunding = QWidget()
        self.refunds = QVBoxLayout()
        self._lay_out()
        self._connect()

    def show_record(self, receipt_id: str) -> None:
        """Show what a receipt may be for."""
        self._receipt_id = receipt_id
        self.read()

    def read(self) -> None:
        """Read the receipt and the open instalments anew."""
        replica, receipt_id = self._context.replica, self._receipt_id
        self._context.tasks.read(
            self,
            lambda: payments.match_view(replica, receipt_id),
            self._show,
            self._context.show_error,
            topic="match",
        )

    def match(self) -> None:
        """Match as the table shows."""
        view = self._view
        if view is None or not view.may_match or view.receipt.get("status") != "posted":
            return
        shares = [Share(key, minor) for key, minor in self._shares.items() if minor]
        if not shares:
            return
        replica, receipt_id = self._context.replica, self._receipt_id
        self._context.change(
            self, lambda: payments.match(replica, receipt_id, shares), told=message("The receipt is matched")
        )

    def take_off(self) -> None:
        """Take off the row in front what of the receipt is matched to it."""
        replica, receipt_id, key = self._context.replica, self._receipt_id, self.table.current_key
        if key:
            self._context.change(self, lambda: payments.unmatch(replica, receipt_id, key))

    def give_back(self) -> None:
        """Make the refund that is typed."""
        view = self._view
        if view is None:
            return
        try:
            amount = parse_money(self.refund_amount.text(), str(view.receipt.get("currency")))
        except UserError as error:
            self.refund_field.set_error(error.message)
            return
        replica, receipt_id, reason = self._context.replica, self._receipt_id, self.refund_reason.text()
        self.refund_field.set_error("")
        self._context.change(
            self,
            lambda: payments.refund(replica, receipt_id, amount.minor, reason),
            lambda _refund: self._refunding.hide(),
            lambda error: self.refund_field.set_error(error.message),
        )

    def retranslate(self) -> None:
        """Write everything in the language on screen."""
        super().retranslate()
        if getattr(self, "_view", None) is not None:
            assert self._view is not None
            self._show(self._view)

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.setSpacing(M)
        buttons.addWidget(self.left)
        buttons.addStretch(1)
        for button in (self.refund_button, self.off_button, self.match_button):
            buttons.addWidget(button)
        row = QHBoxLayout(self._refunding)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(M)
        row.addWidget(self.refund_field, 1)
        row.addWidget(self.reason_field, 2)
        holder = QVBoxLayout()
        holder.addStretch(1)
        holder.addWidget(self.give_button)
        row.addLayout(holder)
        self.refunds.setSpacing(0)
        self.body.setSpacing(theme().px(L))
        self.body.addWidget(self.table)
        self.body.addLayout(buttons)
        self.body.addWidget(self._refunding)
        self.body.addLayout(self.refunds)
        self._refunding.hide()

    def _connect(self) -> None:
        self.table.sheet.typed.connect(self._on_typed)
        self.table.space_pressed.connect(self._on_space)
        self.table.opened.connect(lambda key: self._context.go.emit(Place(page="payments", record_id=key)))
        self.match_button.clicked.connect(self.match)
        self.off_button.clicked.connect(self.take_off)
        self.refund_button.clicked.connect(self._on_refund_asked)
        self.give_button.clicked.connect(self.give_back)
        self.refund_reason.returnPressed.connect(self.give_back)
        self._context.records_changed.connect(self._on_records_changed)

    def _show(self, view: MatchView) -> None:
        fresh = self._view is None or self._view.receipt.id != view.receipt.id
        proposed = {row.instalment.id: row.proposed_minor for row in view.rows}
        before = {row.instalment.id: row.proposed_minor for row in self._view.rows} if self._view else {}
        if fresh or proposed != before or self._view is None or self._view.left_minor != view.left_minor:
            self._shares = proposed
        self._view = view
        posted = view.receipt.get("status") == "posted"
        is_receipt = view.receipt.get("kind") != "refund"
        self.table.sheet.may_type = posted and view.may_match and view.left_minor > 0
        self.table.setVisible(bool(view.rows))
        self._fill()
        open_rows = any(row.open_minor for row in view.rows) and view.left_minor > 0
        self.match_button.setVisible(posted and is_receipt and view.may_match and open_rows)
        self.off_button.setVisible(
            posted and is_receipt and view.may_match and any(row.matched_minor for row in view.rows)
        )
        self.refund_button.setVisible(posted and is_receipt and view.may_post)
        while (item := self.refunds.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for refund in view.refunds:
            named = refund.title or str(refund["received_on"])
            state, reason = words_of(refund, "status"), refund.get("reason")
            shown = InfoRow(
                message("{number}: {amount}", number=named, amount=self._amount(refund["amount"])),
                message("{state}, {reason}", state=state, reason=reason) if reason else state,
            )
            shown.opened.connect(
                lambda key=refund.id: self._context.go.emit(Place(page="receipts", record_id=key))
            )
            self.refunds.addWidget(shown)

    def _fill(self) -> None:
        view = self._view
        assert view is not None
        today = self._context.replica.clock.today()
        self.table.show_rows(
            [(row.instalment.id, self._cells(row, self._shares, today)) for row in view.rows]
        )
        rest = view.left_minor - sum(self._shares.values())
        if view.receipt.get("status") != "posted":
            self.left.say(message("Not posted yet: what came must be confirmed first"))
        elif not view.rows and view.left_minor > 0:
            self.left.say(
                message(
                    "{amount} is matched to nothing; nothing of the customer is open",
                    amount=self._amount(view.left_minor),
                )
            )
        elif view.left_minor > 0:
            self.left.say(
                message(
                    "{left} is left; as shown {rest} stays with the customer",
                    left=self._amount(view.left_minor),
                    rest=self._amount(rest),
                )
            )
        else:
            self.left.say(message("All of it is matched"))

    def _cells(self, row: MatchRow, shares: Mapping[str, int], today: datetime.date) -> list[CellText]:
        due = row.instalment.get("due_on")
        share = shares.get(row.instalment.id, 0)
        return [
            CellText(row.instalment.title),
            CellText(near_date(datetime.date.fromisoformat(due), today) if due else ""),
            CellText(self._amount(row.open_minor, exact=True)),
            CellText(self._amount(row.matched_minor, exact=True) if row.matched_minor else ""),
            CellText(self._amount(share, exact=True) if share else ""),
        ]

    def _amount(self, minor: int, *, exact: bool = False) -> str:
        currency = str(self._view.receipt.get("currency") or "") if self._view is not None else ""
        return money(Money(minor, currency), decimals=exact or None)

    def _on_typed(self, place: int, text: str) -> None:
        view = self._view
        if view is None:
            return
        row = view.rows[place]
        try:
            plain = "".join(each for each in text if each.isdigit() or each in ".,-")
            minor = parse_money(plain, str(view.receipt.get("currency"))).minor if plain else 0
        except UserError as error:
            self._context.show_error(error)
            return
        others = sum(each for key, each in self._shares.items() if key != row.instalment.id)
        most = min(row.open_minor, view.left_minor - others)
        self._shares[row.instalment.id] = max(0, min(minor, most))
        self._fill()

    def _on_space(self, place: int) -> None:
        view = self._view
        if view is None or not self.table.sheet.may_type or not 0 <= place < len(view.rows):
            return
        row = view.rows[place]
        taken = self._shares.get(row.instalment.id, 0)
        others = sum(each for key, each in self._shares.items() if key != row.instalment.id)
        most = max(0, min(row.open_minor, view.left_minor - others))
        self._shares[row.instalment.id] = 0 if taken else most
        self._fill()

    def _on_refund_asked(self) -> None:
        self._refunding.show()
        self.refund_field.set_error("")
        self.refund_amount.setFocus()

    def _on_records_changed(self, changed: frozenset[tuple[str, str]]) -> None:
        if self._receipt_id and self.isVisible() and any(entity in _FOLLOWS for entity, _ in changed):
            self.read()


class _Table(SmallTable):
    """Space takes what is proposed of a row, or empties it."""

    space_pressed = Signal(int)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take Space; everything else is the table's own."""
        idle = self.state() is not QAbstractItemView.State.EditingState
        if event.key() == Qt.Key.Key_Space and idle:
            self.space_pressed.emit(self.currentIndex().row())
            return
        if idle and event.text().isdigit() and self.currentIndex().isValid():
            self.setCurrentIndex(self.sheet.index(self.currentIndex().row(), _THIS))
        super().keyPressEvent(event)

    def retranslate(self) -> None:
        """Name the table, and say how it is worked."""
        super().retranslate()
        self.setAccessibleDescription(tr("Space takes a row's part or empties it; type another amount"))
