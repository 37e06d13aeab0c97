"""A call taken: who it is by his number, what one should know while he speaks, and the ticket it becomes."""

from __future__ import annotations

import datetime
from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from crm_core.entities import SCHEMAS
from crm_core.errors import CrmError, Invalid, UserError
from crm_core.i18n import Message, message
from crm_core.rules.access import Action
from crm_core.schema.field import Plain
from crm_core.schema.phones import shown_form
from crm_desktop.models.records import Record
from crm_desktop.services import callers, rights
from crm_desktop.services.callers import Caller, CallerFacts, Found, OpenTicket, Standing
from crm_desktop.services.outcome import Outcome
from crm_desktop.ui.context import Context
from crm_desktop.ui.format import near_date
from crm_desktop.ui.forms.links import LinkEditor
from crm_desktop.ui.theme import theme
from crm_desktop.ui.tickets.beside import show_beside
from crm_desktop.ui.tickets.queue import now_ms
from crm_desktop.ui.tickets.words import STATES, moment
from crm_desktop.ui.translate import show, tr
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.cards import InfoRow
from crm_desktop.ui.widgets.clearing import clear
from crm_desktop.ui.widgets.ending_keys import ends
from crm_desktop.ui.widgets.fields import Field
from crm_desktop.ui.widgets.labels import Heading, Label
from crm_desktop.ui.widgets.live import Live

TYPED_MS = 150
"""After the last key: who types on is not interrupted."""
_ICONS = {"contact": "user", "customer": "people", "lead": "sprout"}


class CallTaken(Live, QWidget):
    """Number, caller, what it is about. Ctrl+Enter opens or goes on with a ticket, Esc leaves."""

    made = Signal(str)
    """The id of the ticket that was opened or gone on with."""
    cancelled = Signal()

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._found = Found(callers=(), elsewhere=())
        self._facts = CallerFacts(open_tickets=(), last=(), installed=())
        self.caller: Caller | None = None
        self.ticket: OpenTicket | None = None
        """The open ticket the call goes on with; None: it opens one."""
        self.product: Standing | None = None
        """What stands there that the call is about."""
        self.number = QLineEdit()
        self.number_field = Field(message("Number or name of the caller"), self.number)
        self.name = QLineEdit()
        self.name_field = Field(message("Name of who is calling"), self.name)
        self.customer = LinkEditor(context, SCHEMAS["ticket"].fields["customer_id"])
        self.customer_field = Field(message("Customer"), self.customer)
        self.keep = QCheckBox()
        self.subject = QLineEdit()
        self.subject_field = Field(message("Subject"), self.subject, required=True)
        self.said = QPlainTextEdit()
        self.said.setTabChangesFocus(True)
        self.said_field = Field(message("What the customer said"), self.said)
        self.make = Button(message("Open ticket"), Kind.PRIMARY, hint="Ctrl+Enter")
        self.cancel = Button(message("Cancel"))
        self.other = Button(message("Another caller"), Kind.LINK, small=True)
        self.notice = Label("", color="text-soft", wrap=True)
        self._may_keep = bool(rights.may_do(context.replica, Action.CREATE, "contact"))
        self._rows, self._beside = QVBoxLayout(), QVBoxLayout()
        self._stranger, self._form, self._side = QWidget(), QWidget(), QWidget()
        self._lay_out()
        self._typed = QTimer(self)
        self._typed.setSingleShot(True)
        self._typed.setInterval(TYPED_MS)
        self._typed.timeout.connect(self._look)
        self.number.textEdited.connect(lambda _text: self._typed.start())
        self.number.returnPressed.connect(self._on_number_entered)
        self.subject.textEdited.connect(lambda _text: self.subject_field.set_error(""))
        self.customer.edited.connect(lambda: self.customer_field.set_error(""))
        self.name.textEdited.connect(lambda _text: self.name_field.set_error(""))
        self.make.clicked.connect(self._on_make_clicked)
        self.cancel.clicked.connect(self.cancelled)
        self.other.clicked.connect(self._on_other_clicked)
        self.retint()
        self.retranslate()

    def begin(self, number: str = "") -> None:
        """Ask anew, for a number where one is known."""
        for line in (self.number, self.name, self.subject):
            line.clear()
        self.said.clear()
        self.customer.link(None, "")
        self.keep.setChecked(False)
        for field in (self.number_field, self.name_field, self.customer_field, self.subject_field):
            field.set_error("")
        self.number.setText(number)
        self._choose(None)
        self._on_found(Found(callers=(), elsewhere=()))
        self._look()
        self.number.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open by Ctrl+Enter, leave by Esc."""
        if not ends(event, self._on_make_clicked, self.cancelled.emit):
            super().keyPressEvent(event)

    def retranslate(self) -> None:
        """Say everything in the language on screen."""
        self.setAccessibleName(tr("Call taken"))
        self.number.setPlaceholderText(tr("As it is shown: +86, area code, extension"))
        self.keep.setText(tr("Keep as a contact"))
        self._show_rows()
        self._show_facts()

    def retint(self) -> None:
        """Give what was said a few lines."""
        self.said.setFixedHeight(theme().px(140))

    # Making

    def _lay_out(self) -> None:
        stranger = QVBoxLayout(self._stranger)
        stranger.setContentsMargins(0, 0, 0, 0)
        stranger.setSpacing(8)
        for part in (self.name_field, self.customer_field, self.keep):
            stranger.addWidget(part)
        self._rows.setSpacing(0)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.make)
        buttons.addWidget(self.cancel)
        buttons.addStretch(1)
        column = QVBoxLayout(self._form)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(Label(message("Call taken"), step="title"))
        column.addWidget(self.number_field)
        column.addWidget(self.notice)
        column.addLayout(self._rows)
        column.addWidget(self.other, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self._stranger)
        column.addWidget(self.subject_field)
        column.addWidget(self.said_field)
        column.addLayout(buttons)
        self._beside.setSpacing(8)
        side = QVBoxLayout(self._side)
        side.setContentsMargins(0, 0, 0, 0)
        side.addLayout(self._beside)
        side.addStretch(1)
        show_beside(self, self._form, self._side)

    # The caller

    def _look(self) -> None:
        replica, typed = self._context.replica, self.number.text()
        self._context.tasks.read(
            self,
            lambda: callers.find(replica, typed),
            self._on_found,
            self._context.show_error,
            topic="callers",
        )

    def _on_found(self, found: Found) -> None:
        self._found = found
        if self.caller is None:
            self._show_rows()

    def _on_number_entered(self) -> None:
        """Take the first one found, if there is one; else go on to the name."""
        self._typed.stop()
        if self.caller is None and self._found.callers:
            self._choose(self._found.callers[0])
        (self.subject if self.caller is not None else self.name).setFocus()

    def _on_other_clicked(self) -> None:
        self._choose(None)
        self.number.setFocus()

    def _choose(self, caller: Caller | None) -> None:
        self.caller, self.ticket, self.product = caller, None, None
        self._facts = CallerFacts(open_tickets=(), last=(), installed=())
        self._show_rows()
        self._show_facts()
        if caller is None or not caller.customer_id:
            return
        replica, customer_id = self._context.replica, caller.customer_id
        self._context.tasks.read(
            self,
            lambda: callers.facts(replica, customer_id),
            self._on_facts,
            self._context.show_error,
            topic="caller facts",
        )

    def _on_facts(self, facts: CallerFacts) -> None:
        self._facts = facts
        self._show_facts()

    def _show_rows(self) -> None:
        clear(self._rows)
        shown = (self.caller,) if self.caller is not None else self._found.callers
        for place, each in enumerate(shown):
            kind = show(Message(SCHEMAS[each.entity].meta.label))
            line = " · ".join(filter(None, (each.customer_name or kind, shown_form(each.phone))))
            lined = place + 1 < len(shown)
            row = InfoRow(each.name, line, icon=_ICONS[each.entity], bold=each is self.caller, lined=lined)
            row.layout().setContentsMargins(0, 4, 0, 5)
            row.opened.connect(lambda each=each: self._on_row_opened(each))
            self._rows.addWidget(row)
        is_open = self.caller is None
        typed = bool(self.number.text().strip())
        self._stranger.setVisible(is_open)
        self.keep.setVisible(self._may_keep)
        self.other.setVisible(not is_open)
        nobody = is_open and typed and not shown
        said = [tr("Nobody on this laptop has this number.")] if nobody else []
        if is_open and self._found.elsewhere:
            reason = show(self._found.elsewhere[0])
            said.append(tr("Already ours, held by somebody else: {reason}", reason=reason))
        self.notice.say(" ".join(said))
        self.notice.setVisible(bool(said))

    def _on_row_opened(self, caller: Caller) -> None:
        if caller is not self.caller:
            self._choose(caller)
            self.subject.setFocus()

    # What one should know

    def _show_facts(self) -> None:
        clear(self._beside)
        facts = self._facts
        self._say_what()
        if self.caller is None:
            return
        self._beside.addWidget(Heading(message("Open tickets"), message("choose one to go on with it")))
        for each in facts.open_tickets:
            line = f"{each.number} · {show(STATES.get(each.status, each.status))}"
            row = self._row(each.subject, line, "ticket", chosen=each == self.ticket)
            row.opened.connect(lambda each=each: self._on_ticket_chosen(each))
        if not facts.open_tickets:
            self._beside.addWidget(Label(message("No open tickets"), color="text-soft"))
        self._beside.addWidget(Heading(message("Installed products"), message("choose what it is about")))
        for stands in facts.installed:
            row = self._row(
                stands.name,
                " · ".join(filter(None, (stands.serial, _warranty(stands)))),
                "box",
                chosen=stands == self.product,
            )
            row.opened.connect(lambda stands=stands: self._on_product_chosen(stands))
        if not facts.installed:
            self._beside.addWidget(Label(message("Nothing of ours stands there"), color="text-soft"))
        self._beside.addWidget(Heading(message("Last contacts")))
        for last in facts.last:
            kind = SCHEMAS["activity"].fields["kind"].choice_label(last.kind)
            when = near_date(moment(last.at_ms).date())
            words = tr("{day}: {kind}, {subject}", day=show(when), kind=tr(kind), subject=last.subject)
            self._beside.addWidget(Label(words, wrap=True))
        if not facts.last:
            self._beside.addWidget(Label(message("No contact so far"), color="text-soft"))

    def _say_what(self) -> None:
        going_on = self.ticket is not None
        self.make.say(
            message("Add to {number}", number=self.ticket.number) if self.ticket else message("Open ticket")
        )
        self.subject_field.setVisible(not going_on)

    def _row(self, title: str, line: str, icon: str, *, chosen: bool) -> InfoRow:
        row = InfoRow(title, line, icon="check" if chosen else icon, bold=chosen, lined=False)
        row.layout().setContentsMargins(0, 4, 0, 5)
        self._beside.addWidget(row)
        return row

    def _on_ticket_chosen(self, ticket: OpenTicket) -> None:
        self.ticket = None if ticket == self.ticket else ticket
        self._show_facts()
        (self.said if self.ticket is not None else self.subject).setFocus()

    def _on_product_chosen(self, product: Standing) -> None:
        self.product = None if product == self.product else product
        self._show_facts()
        self.subject.setFocus()

    # The ticket

    def _on_make_clicked(self) -> None:
        said, replica = self.said.toPlainText().strip(), self._context.replica
        caller, ticket = self.caller, self.ticket
        if ticket is not None:
            if not said:
                self.said_field.set_error(message("Write something first"))
                self.said.setFocus()
                return
            self._context.change(
                self,
                lambda: callers.go_on(replica, ticket.id, caller, said),
                lambda _message: self.made.emit(ticket.id),
            )
            return
        if not self.subject.text().strip():
            self.subject_field.set_error(message("Say in a few words what it is about"))
            self.subject.setFocus()
            return
        values: dict[str, Plain] = {"subject": self.subject.text().strip()}
        if self.product is not None:
            values |= {"installed_id": self.product.id, "product_id": self.product.product_id}
        if caller is None:
            self._take_stranger(values, said)
        else:
            typed = caller.phone or self.number.text()
            self._change(lambda: callers.take(replica, caller, typed, values, said))

    def _take_stranger(self, values: dict[str, Plain], said: str) -> None:
        replica, typed, name = self._context.replica, self.number.text(), self.name.text().strip()
        try:
            customer_id = self.customer.read({})["customer_id"]
        except UserError as error:
            self.customer_field.set_error(error.message)
            self.customer.setFocus()
            return
        if self.keep.isChecked() and not name:
            self.name_field.set_error(message("A contact needs a name"))
            self.name.setFocus()
            return
        if self.keep.isChecked() and not customer_id:
            self.customer_field.set_error(message("A contact belongs to a customer; choose one"))
            self.customer.setFocus()
            return
        if customer_id:
            values["customer_id"] = customer_id
        if name:
            values["from_name"] = name
        if not self.keep.isChecked():
            self._change(lambda: callers.take(replica, None, typed, values, said))
            return

        def work() -> Outcome[Record]:
            made = callers.add_contact(replica, name, typed, str(customer_id))
            return callers.take(replica, made.value, typed, values, said)

        self._change(work)

    def _change(self, work: Callable[[], Outcome[Record]]) -> None:
        def failed(error: CrmError) -> None:
            if isinstance(error, Invalid) and any(each.field == "subject" for each in error.problems):
                self.subject_field.set_error(error.message)
            else:
                self._context.show_error(error)

        self._context.change(self, work, lambda ticket: self.made.emit(ticket.id), failed)


def _warranty(stands: Standing) -> str:
    if not stands.warranty_until:
        return ""
    day = datetime.date.fromisoformat(stands.warranty_until)
    until = show(near_date(day))
    today = moment(now_ms()).date()
    return tr("warranty until {day}", day=until) if day >= today else tr("warranty ended {day}", day=until)
