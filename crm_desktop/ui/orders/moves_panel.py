"""Deliveries of an order: what is still open, what goes out now or comes back, and what was moved so far."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from functools import partial

from PySide6.QtCore import QDate, Qt
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from crm_core.entities.order import RETURN_REASONS
from crm_core.errors import CrmError
from crm_core.i18n import Message, message
from crm_core.rules.access import Action as Right
from crm_core.rules.deliveries import CLOSED, CONFIRMED, serials_of
from crm_desktop.models.replica import Replica
from crm_desktop.services import orders, rights
from crm_desktop.services.delivering import OrderState
from crm_desktop.services.orders import Moving
from crm_desktop.services.outcome import Outcome
from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.context import Context
from crm_desktop.ui.customers.child_list import ChildList
from crm_desktop.ui.format import figure
from crm_desktop.ui.settling import Settling
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import Text, show, tr
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.cards import Card
from crm_desktop.ui.widgets.clearing import clear
from crm_desktop.ui.widgets.fields import DateField, Field
from crm_desktop.ui.widgets.info_bar import InfoBar
from crm_desktop.ui.widgets.labels import ElidedLabel, Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.margins import PAGE_MARGIN, keep_margins
from crm_desktop.ui.widgets.paint import Tone
from crm_desktop.ui.widgets.scrolling import scrolled
from crm_desktop.ui.widgets.segments import Segment, SegmentedSwitch

OUT, BACK = "out", "back"
_FOLLOWED = frozenset(("order", "order_line", "delivery", "delivery_line"))
_HEADS = (
    message("Name"),
    message("Ordered"),
    message("With the customer"),
    message("Now"),
    message("Serial numbers"),
)


class MovesPanel(Live, QWidget):
    """Fields to deliver or take back what can be, above the list of deliveries and returns."""

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        super().__init__()
        self._context = context
        self._order_id = ""
        self._state: OrderState | None = None
        self._may = False
        self.rows: dict[str, tuple[QLineEdit, QLineEdit]] = {}
        """Quantity and serial numbers typed, by order line."""
        self.which = SegmentedSwitch(
            [Segment(key=OUT, text=message("Deliver")), Segment(key=BACK, text=message("Take back"))],
            name=message("What is moved"),
            small=True,
        )
        self.which.choose(OUT)
        self.which.chosen.connect(lambda _key: self._show())
        self.day = DateField()
        self.carrier, self.waybill = QLineEdit(), QLineEdit()
        self.reason = QComboBox()
        for choice in RETURN_REASONS:
            self.reason.addItem("", choice.value)
        self.go = Button(message("Deliver"), Kind.PRIMARY)
        self.go.clicked.connect(self.move)
        self.note = InfoBar("", Tone.BAD)
        self.note.hide()
        columns = ("number", "kind", "status", "delivered_on", "reason", "carrier")
        self.list = ChildList(
            context, actions, "delivery", columns, (("created_at", True),), link="order_id", in_place=True
        )
        self._lay_out()
        self._changes = Settling(self)
        self._changes.due.connect(self._read)
        context.records_changed.connect(self._on_records_changed)
        self.retranslate()

    def show_record(self, order_id: str) -> None:
        """Show the deliveries of another order."""
        self._order_id = order_id
        self.list.show_customer(order_id)
        self._read()

    def move(self) -> None:
        """Write down what was typed as delivered or come back."""
        try:
            moving = self._typed()
        except InvalidOperation:
            self._say(message("A quantity is a number"))
            return
        if not moving:
            self._say(message("Type how much of a line is moved"))
            return
        replica, order_id, reason = self._context.replica, self._order_id, str(self.reason.currentData())
        values = {"delivered_on": self.day.date().toString("yyyy-MM-dd")}
        for name, editor in (("carrier", self.carrier), ("waybill", self.waybill)):
            if editor.text().strip():
                values[name] = editor.text().strip()
        work: Callable[[], Outcome[object]]
        if self.which.key == OUT:
            work = partial(_deliver, replica, order_id, moving, values)
        else:
            work = partial(_take_back, replica, order_id, moving, reason, values)
        self.go.setEnabled(False)
        self._context.change(self, work, lambda _made: self._moved(), self._refused)

    def _typed(self) -> list[Moving]:
        moving = []
        for line_id, (quantity, serials) in self.rows.items():
            typed = quantity.text().strip().replace(",", "")
            number = Decimal(typed) if typed else Decimal(0)
            if number:
                pieces = serials_of(serials.text())
                moving.append(Moving(order_line_id=line_id, quantity=number, serials=pieces))
        return moving

    def _moved(self) -> None:
        self.note.hide()
        self.go.setEnabled(True)
        told = message("Delivered") if self.which.key == OUT else message("Taken back")
        self._context.tell(told)
        for editor in (self.carrier, self.waybill):
            editor.clear()
        self._read()

    def _refused(self, error: CrmError) -> None:
        self.go.setEnabled(True)
        self._say(error.message)

    def _say(self, text: Text) -> None:
        self.note.say(text, Tone.BAD)
        self.note.setToolTip(show(text))
        self.note.show()

    def _lay_out(self) -> None:
        self.card = Card(message("What is moved now"))
        self._lines = QGridLayout()
        self._lines.setHorizontalSpacing(theme().px(16))
        self._lines.setVerticalSpacing(theme().px(6))
        self._lines.setColumnStretch(0, 3)
        self._lines.setColumnStretch(4, 2)
        self.reason_field = Field(message("Why it came back"), self.reason)
        fields = QHBoxLayout()
        fields.setSpacing(theme().px(16))
        for field in (
            Field(message("Date"), self.day),
            Field(message("Carrier"), self.carrier),
            Field(message("Waybill number"), self.waybill),
            self.reason_field,
        ):
            fields.addWidget(field, 1)
        foot = QHBoxLayout()
        foot.addWidget(self.note, 1)
        foot.addStretch(0)
        foot.addWidget(self.go)
        self.card.head.insertSpacing(1, theme().px(16))
        self.card.head.insertWidget(2, self.which)
        self.card.body.addLayout(self._lines)
        self.card.body.addSpacing(theme().px(8))
        self.card.body.addLayout(fields)
        self.card.body.addLayout(foot)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        inner = QWidget()
        outer.addWidget(scrolled(inner))
        column = QVBoxLayout(inner)
        keep_margins(column, PAGE_MARGIN, 12, PAGE_MARGIN, 12)
        column.setSpacing(theme().px(16))
        column.addWidget(self.card)
        column.addWidget(self.list, 1)
        self.list.setMinimumHeight(theme().px(200))

    def _read(self) -> None:
        replica, order_id = self._context.replica, self._order_id
        if not order_id:
            return

        def read() -> tuple[OrderState, bool]:
            may = rights.may_do(replica, Right.EDIT, "order", order_id)
            return orders.state(replica, order_id), bool(
                may and rights.may_do(replica, Right.CREATE, "delivery")
            )

        def found(read_now: tuple[OrderState, bool]) -> None:
            if order_id == self._order_id:
                self._state, self._may = read_now
                self._show()

        self._context.tasks.read(self, read, found, self._context.show_error, topic="moves")

    def _show(self) -> None:
        state = self._state
        if state is None:
            return
        out = self.which.key == OUT
        self.go.say(message("Deliver") if out else message("Take back"))
        self.reason_field.setVisible(not out)
        self.day.setDate(QDate.currentDate())
        delivered, still_open = state.delivered, state.open
        status = state.order.get("status")
        can = status == CONFIRMED or (not out and status == CLOSED)
        clear(self._lines)
        self.rows = {}
        for place, head in enumerate(_HEADS):
            self._lines.addWidget(Label(head, step="caption", color="text-soft"), 0, place)
        row = 1
        for line_id, line in state.lines:
            held = delivered.get(line_id, Decimal(0))
            most = still_open.get(line_id, Decimal(0)) if out else held
            if most <= 0:
                continue
            quantity, serials = QLineEdit(f"{most:f}" if out else ""), QLineEdit()
            name = str(line.get("description") or "")
            for editor, words in ((quantity, message("Now")), (serials, message("Serial numbers"))):
                editor.setAccessibleName(tr("{line}: {field}", line=name, field=tr(words.text)))
                editor.returnPressed.connect(self.move)
            quantity.setAlignment(Qt.AlignmentFlag.AlignRight)
            quantity.setFixedWidth(theme().px(88))
            serials.setPlaceholderText(tr("With commas between"))
            self.rows[line_id] = (quantity, serials)
            cells = (
                ElidedLabel(name),
                Label(figure(Decimal(line.get("quantity") or 0))),
                Label(figure(held)),
                quantity,
                serials,
            )
            for place, widget in enumerate(cells):
                self._lines.addWidget(widget, row, place)
            row += 1
        can_now = can and bool(self.rows) and self._may
        self.card.setVisible(self._may)
        self.go.setEnabled(can_now)
        for editors in self.rows.values():
            for editor in editors:
                editor.setEnabled(can_now)
        self.card.set_remark("" if can_now else _why_not(can, out))

    def retranslate(self) -> None:
        """Name the reasons in the language on screen."""
        for place, choice in enumerate(RETURN_REASONS):
            self.reason.setItemText(place, tr(choice.label))
        self._show()

    def _on_records_changed(self, changed: frozenset[tuple[str, str]]) -> None:
        if self.isVisible() and any(entity in _FOLLOWED for entity, _ in changed):
            self._changes.mark()


def _deliver(
    replica: Replica, order_id: str, moving: list[Moving], values: dict[str, str]
) -> Outcome[object]:
    done = orders.deliver(replica, order_id, moving, values)
    return Outcome(done.value, done.changed)


def _take_back(
    replica: Replica, order_id: str, moving: list[Moving], reason: str, values: dict[str, str]
) -> Outcome[object]:
    done = orders.take_back(replica, order_id, moving, reason, values)
    return Outcome(done.value, done.changed)


def _why_not(can: bool, out: bool) -> Message:
    if not can:
        return message("Only what was ordered is delivered: confirm the order first")
    return message("Everything is with the customer") if out else message("Nothing is with the customer")
