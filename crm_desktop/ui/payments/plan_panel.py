"""The payment plan of an order or contract: what is due when, what is paid, what the plan lacks."""

from __future__ import annotations

import datetime

from PySide6.QtCore import QDate
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from crm_core.i18n import Message, message, plural
from crm_core.money import Money
from crm_core.rules.payments import State
from crm_core.schema.field import Plain
from crm_desktop.services import payments
from crm_desktop.services.payments import PlanRow, PlanView
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.field_texts import words_of
from crm_desktop.ui.format import figure, money, near_date
from crm_desktop.ui.forms.editors import QuietCombo
from crm_desktop.ui.itemmodels.rows import CellText
from crm_desktop.ui.payments.small_table import Head, SmallTable
from crm_desktop.ui.payments.words import STATE_TONES, STATE_WORDS
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import L, M, S
from crm_desktop.ui.translate import Text, show, tr
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.cells import CellKind, CellStatus
from crm_desktop.ui.widgets.fields import DateField, Field
from crm_desktop.ui.widgets.info_bar import InfoBar
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.margins import PAGE_MARGIN, keep_margins
from crm_desktop.ui.widgets.paint import Tone

_FOLLOWS = frozenset(
    (
        *("instalment", "receipt_share", "order", "contract", "order_line", "contract_line"),
        "plan_template",
    )
)
_HEADS = (
    Head(title=message("No."), kind=CellKind.RIGHT, width=48),
    Head(title=message("Name"), stretch=True),
    Head(title=message("Part, %"), kind=CellKind.RIGHT, width=72),
    Head(title=message("Amount"), kind=CellKind.RIGHT, width=128),
    Head(title=message("Due on"), width=168),
    Head(title=message("Paid so far"), kind=CellKind.RIGHT, width=128),
    Head(title=message("State"), kind=CellKind.STATUS, width=152),
)
_PARTS = 120
"""px before the font scale that parts are typed in, at least."""


class PlanPanel(Live, QWidget):
    """The instalments with what they come to; parts are typed as `30/60/10`."""

    def __init__(self, context: Context, entity: str) -> None:
        super().__init__()
        self._context, self._entity = context, entity
        self._record_id = ""
        self._view: PlanView | None = None
        self.sums = Label("", step="section", weight=600)
        self.rest = Label("", color="text-soft")
        self.note = InfoBar("")
        self.table = SmallTable(_HEADS, message("Payment plan"))
        self.templates = QuietCombo()
        self.templates_field = Field(message("Plan template"), self.templates)
        self.parts = QLineEdit("30/60/10")
        self.first = DateField()
        self.parts_field = Field(message("Parts, %"), self.parts)
        self.spacing = Label("", color="text-soft")
        self._months = 1
        self.split_button = Button(message("Make a plan"), small=True)
        self.add_button = Button(message("Add an instalment"), icon="plus", small=True)
        self.agree_button = Button(message("Agree the plan"), Kind.PRIMARY, small=True)
        self.again_button = Button(message("Plan anew"), small=True)
        self.receipt_button = Button(message("Record a payment"), icon="coin", small=True)
        self.invoice_button = Button(message("Ask for an invoice"), icon="doc", small=True)
        self._planning = QWidget()
        self._lay_out()
        self._connect()

    def show_record(self, record_id: str) -> None:
        """Show the plan of an order or contract."""
        self._record_id = record_id
        today = self._context.replica.clock.today()
        self.first.setDate(QDate(today.year, today.month, today.day))
        self.read()

    def read(self) -> None:
        """Read the plan anew."""
        replica, entity, record_id = self._context.replica, self._entity, self._record_id
        self._context.tasks.read(
            self,
            lambda: payments.plan(replica, entity, record_id),
            self._show,
            self._context.show_error,
            topic="plan",
        )

    def retranslate(self) -> None:
        """Write everything in the language on screen."""
        self.setAccessibleName(tr("Payment plan"))
        if self._view is not None:
            self._show(self._view)

    def split(self) -> None:
        """Make a plan of the parts that are typed."""
        replica, entity, record_id, text = (
            self._context.replica,
            self._entity,
            self._record_id,
            self.parts.text(),
        )
        day = self.first.date()
        first, months = datetime.date(day.year(), day.month(), day.day()), self._months
        self.parts_field.set_error("")
        self._context.change(
            self,
            lambda: payments.plan_by_parts(replica, entity, record_id, text, first, months),
            lambda _made: self.table.setFocus(),
            lambda error: self.parts_field.set_error(error.message),
        )

    def agree(self) -> None:
        """Agree the plan; where it does not add up the bar says by how much."""
        replica, entity, record_id = self._context.replica, self._entity, self._record_id
        self._context.change(self, lambda: payments.agree(replica, entity, record_id), None, self._refuse)

    def plan_again(self) -> None:
        """Make drafts again of what nothing is paid of."""
        replica, entity, record_id = self._context.replica, self._entity, self._record_id
        self._context.change(self, lambda: payments.plan_again(replica, entity, record_id))

    def _refuse(self, error: Exception) -> None:
        self.note.say(getattr(error, "message", str(error)), Tone.BAD)
        self.note.show()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(M)
        head.addWidget(self.sums)
        head.addWidget(self.rest)
        head.addStretch(1)
        for button in (self.receipt_button, self.invoice_button, self.again_button, self.agree_button):
            head.addWidget(button)
        row = QHBoxLayout(self._planning)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(M)
        self.parts_field.setMinimumWidth(theme().px(_PARTS))
        row.addWidget(self.templates_field, 2)
        row.addWidget(self.parts_field, 2)
        row.addWidget(Field(message("First due on"), self.first), 1)
        for button in (self.split_button, self.add_button):
            holder = QVBoxLayout()
            holder.addStretch(1)
            holder.addWidget(button)
            row.addLayout(holder)
        column = QVBoxLayout(self)
        keep_margins(column, PAGE_MARGIN, M, PAGE_MARGIN, L)
        column.setSpacing(theme().px(M))
        column.addLayout(head)
        column.addWidget(self.note)
        column.addWidget(self.table)
        column.addSpacing(S)
        column.addWidget(self._planning)
        column.addWidget(self.spacing)
        column.addStretch(1)
        hidden = (self.note, self._planning, self.spacing, self.agree_button, self.again_button)
        for widget in (*hidden, self.templates_field):
            widget.hide()

    def _connect(self) -> None:
        self.split_button.clicked.connect(self.split)
        self.parts.returnPressed.connect(self.split)
        self.parts.textEdited.connect(lambda _text: self._take_template(0))
        self.templates.activated.connect(self._take_template)
        self.agree_button.clicked.connect(self.agree)
        self.again_button.clicked.connect(self.plan_again)
        self.add_button.clicked.connect(lambda: self._new("payments", "instalment"))
        self.invoice_button.clicked.connect(lambda: self._new("invoices", "invoice"))
        self.receipt_button.clicked.connect(lambda: self._new("receipts", "receipt"))
        self.table.opened.connect(lambda key: self._context.go.emit(Place(page="payments", record_id=key)))
        self._context.records_changed.connect(self._on_records_changed)

    def _new(self, page: str, entity: str) -> None:
        values: dict[str, Plain] = {}
        if entity != "receipt":
            values[f"{self._entity}_id"] = self._record_id
        if self._view is not None:
            values["customer_id"] = self._view.customer_id
            values["currency"] = self._view.total.currency
            if entity == "receipt" and self._view.next_minor:
                values["amount"] = self._view.next_minor
            elif entity == "instalment" and self._view.missing_minor > 0:
                values["amount"] = self._view.missing_minor
        self._context.go.emit(Place(page=page, options={"new": entity, "values": values}))

    def _offer_templates(self, view: PlanView) -> None:
        """Offer the kept plans by their names; what was chosen stays as far as it is there."""
        held = self.templates.currentData()
        self.templates.clear()
        self.templates.addItem(tr("As typed"), "")
        for each in view.templates:
            self.templates.addItem(show(each.title), each.id)
        self.templates.setCurrentIndex(max(0, self.templates.findData(held)))
        self.templates_field.setVisible(bool(view.templates))
        self._say_spacing()

    def _take_template(self, place: int) -> None:
        """Fill in the parts of a kept plan; the first place is for parts somebody types."""
        self.templates.setCurrentIndex(place)
        chosen = self._view.templates[place - 1] if self._view is not None and place > 0 else None
        self._months = (chosen.get("months") or 1) if chosen is not None else 1
        if chosen is not None:
            self.parts.setText(chosen.get("parts") or "")
            self.parts_field.set_error("")
        self._say_spacing()

    def _say_spacing(self) -> None:
        self.spacing.say(
            plural(
                self._months,
                message("One part a month; drafts that are there are replaced"),
                message(
                    "One part every {count} months; drafts that are there are replaced",
                    count=figure(self._months),
                ),
            )
        )

    def _show(self, view: PlanView) -> None:
        self._view = view
        self._offer_templates(view)
        currency = view.total.currency
        total = money(view.total)
        self.sums.say(message("{paid} of {total} paid", paid=_amount(view.paid_minor, currency), total=total))
        self.rest.say(_rest(view))
        today = self._context.replica.clock.today()
        self.table.show_rows([(row.instalment.id, _cells(row, today)) for row in view.rows])
        drafts = any(row.state is State.DRAFT for row in view.rows)
        unpaid = any(
            row.instalment.get("status") == "agreed" and not row.instalment.get("paid") for row in view.rows
        )
        for widget in (self._planning, self.spacing):
            widget.setVisible(view.may_edit and not (view.agreed and not drafts))
        self.agree_button.setVisible(view.may_edit and drafts)
        self.again_button.setVisible(view.may_edit and unpaid and not drafts)
        self.receipt_button.setVisible(view.may_report)
        self.invoice_button.setVisible(view.may_invoice)
        problem = view.problem or _over(view)
        self.note.setVisible(problem is not None)
        if problem is not None:
            self.note.say(problem, Tone.WARN)

    def _on_records_changed(self, changed: frozenset[tuple[str, str]]) -> None:
        if self._record_id and self.isVisible() and any(entity in _FOLLOWS for entity, _ in changed):
            self.read()


def _amount(minor: int, currency: str) -> str:
    return money(Money(minor, currency))


def _exact(minor: int, currency: str) -> str:
    return money(Money(minor, currency), decimals=True)


def _rest(view: PlanView) -> Text:
    """Say what the plan lacks, or what is overdue."""
    currency = view.total.currency
    if view.rows and view.missing_minor > 0:
        return message("The plan lacks {amount}", amount=_amount(view.missing_minor, currency))
    if view.missing_minor < 0:
        return message("The plan is {amount} too much", amount=_amount(-view.missing_minor, currency))
    if view.overdue_minor:
        return message("{amount} overdue", amount=_amount(view.overdue_minor, currency))
    return "" if view.rows else message("No plan yet")


def _over(view: PlanView) -> Message | None:
    over = next((row for row in view.rows if row.over_minor), None)
    if over is None:
        return None
    amount = _amount(over.over_minor, view.total.currency)
    return message(
        "“{name}” is paid {amount} more than it is: take it off or give it back",
        name=over.instalment.title,
        amount=amount,
    )


def _cells(row: PlanRow, today: datetime.date) -> list[CellText]:
    instalment = row.instalment
    currency = str(instalment.get("currency") or "")
    percent = instalment.get("share_percent")
    words = STATE_WORDS[row.state]
    status = CellStatus(text=words, tone=STATE_TONES[row.state])
    paid = instalment.get("paid")
    return [
        CellText(figure(instalment.get("number") or 0)),
        CellText(instalment.title),
        CellText(str(percent) if percent else ""),
        CellText(_exact(instalment.get("amount") or 0, currency)),
        CellText(_due(row, today), None, Tone.BAD if row.state is State.OVERDUE else None),
        CellText(_exact(paid, currency) if paid else ""),
        CellText(show(words), status),
    ]


def _due(row: PlanRow, today: datetime.date) -> str:
    due = row.instalment.get("due_on")
    if due:
        return near_date(datetime.date.fromisoformat(due), today)
    basis = words_of(row.instalment, "due_from")
    days = row.instalment.get("due_days")
    return f"{basis}: {days}" if days is not None else basis
