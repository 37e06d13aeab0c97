"""Beside a ticket of nobody: who may have written it, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from crm_core.entities import SCHEMAS
from crm_core.errors import CrmError, Invalid, UserError
from crm_core.i18n import Message, message
from crm_core.schema.phones import shown_form
from crm_desktop.services import triage
from crm_desktop.services.outcome import Outcome
from crm_desktop.services.tickets import TicketView
from crm_desktop.services.triage import Sorted, Suggestion, Unknown
from crm_desktop.ui.context import Context
from crm_desktop.ui.forms.links import LinkEditor
from crm_desktop.ui.translate import show, tr
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.cards import InfoRow
from crm_desktop.ui.widgets.clearing import clear
from crm_desktop.ui.widgets.fields import Fact, Field, line_up
from crm_desktop.ui.widgets.labels import Heading, Label
from crm_desktop.ui.widgets.live import Live


class UnknownSender(Live, QWidget):
    """What he says of himself, suggestions with reasons, and four ways on; hidden where he is known."""

    sorted_out = Signal()
    """The ticket became somebody's, or junk."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._asked: Unknown | None = None
        self._ticket_id = ""
        self.facts = {
            name: Fact(label, "")
            for name, label in (
                ("name", message("Name")),
                ("address", message("E-mail")),
                ("phone", message("Phone")),
                ("chat_name", message("Chat")),
            )
        }
        self._rows = QVBoxLayout()
        self._rows.setSpacing(0)
        self.nothing = Label(message("Nobody here is like this sender"), color="text-soft", wrap=True)
        self.also = QCheckBox()
        self.customer = LinkEditor(context, SCHEMAS["ticket"].fields["customer_id"])
        self.customer_field = Field(message("Belongs to customer"), self.customer)
        self.link_button = Button(message("Link"), small=True)
        self.new_button = Button(message("New contact…"), icon="plus", small=True)
        self.junk_button = Button(message("Junk: close and bar"), icon="shield", small=True)
        self.contact_name, self.customer_name = QLineEdit(), QLineEdit()
        self.contact_field = Field(message("Name of the contact"), self.contact_name, required=True)
        self.company_field = Field(message("New customer"), self.customer_name)
        self.make_button = Button(message("Make"), Kind.PRIMARY, small=True)
        self.cancel_button = Button(message("Cancel"), Kind.FLAT, small=True)
        self._form = QWidget()
        self._lay_out()
        self.link_button.clicked.connect(self._on_link_clicked)
        self.new_button.clicked.connect(self._on_new_clicked)
        self.junk_button.clicked.connect(self._on_junk_clicked)
        self.make_button.clicked.connect(self._on_make_clicked)
        self.cancel_button.clicked.connect(lambda: self._show_form(False))
        for line in (self.contact_name, self.customer_name):
            line.returnPressed.connect(self._on_make_clicked)
        self.customer.edited.connect(lambda: self.customer_field.set_error(""))
        self.contact_name.textEdited.connect(lambda _text: self.contact_field.set_error(""))
        self.hide()
        self.retranslate()

    def show_view(self, view: TicketView) -> None:
        """Show who wrote a ticket, unless that is known or the person may not change it."""
        is_other = view.ticket.id != self._ticket_id
        self._ticket_id = view.ticket.id
        if not triage.is_unknown(view.ticket) or not view.may_edit:
            self._asked = None
            self.hide()
            return
        if is_other:
            self.hide()
            self.customer.link(None, "")
            self._show_form(False)
        replica, ticket_id = self._context.replica, view.ticket.id
        self._context.tasks.read(
            self,
            lambda: triage.unknown(replica, ticket_id),
            self._on_read,
            self._context.show_error,
            topic="unknown sender",
        )

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave the form of a new contact by Esc."""
        if event.key() == Qt.Key.Key_Escape and self._form.isVisible():
            self._show_form(False)
            self.new_button.setFocus()
        else:
            super().keyPressEvent(event)

    def retranslate(self) -> None:
        """Say everything in the language on screen."""
        self.setAccessibleName(tr("Unknown sender"))
        if self._asked is not None:
            self._on_read(self._asked)

    def _lay_out(self) -> None:
        self.link_button.setMinimumWidth(self.link_button.sizeHint().width())
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self.customer_field, 1)
        line.addWidget(self.link_button, 0, Qt.AlignmentFlag.AlignBottom)
        deeds = QVBoxLayout()
        deeds.setSpacing(8)
        deeds.addWidget(self.new_button, 0, Qt.AlignmentFlag.AlignLeft)
        deeds.addWidget(self.junk_button, 0, Qt.AlignmentFlag.AlignLeft)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.make_button)
        buttons.addWidget(self.cancel_button)
        buttons.addStretch(1)
        form = QVBoxLayout(self._form)
        form.setContentsMargins(0, 0, 0, 0)
        form.setSpacing(8)
        form.addWidget(self.contact_field)
        form.addWidget(self.company_field)
        form.addLayout(buttons)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(Heading(message("Unknown sender")))
        for fact in self.facts.values():
            column.addWidget(fact)
        column.addLayout(self._rows)
        column.addWidget(self.nothing)
        column.addLayout(line)
        column.addWidget(self.also)
        column.addLayout(deeds)
        column.addWidget(self._form)

    def _on_read(self, asked: Unknown) -> None:
        if asked.ticket_id != self._ticket_id:
            return
        self._asked = asked
        said = {
            "name": asked.name,
            "address": asked.address,
            "phone": shown_form(asked.phone),
            "chat_name": asked.chat_name,
        }
        for name, fact in self.facts.items():
            fact.say(said[name])
            fact.setVisible(bool(said[name]))
        line_up(tuple(self.facts.values()), least=68, most=96)
        clear(self._rows)
        for place, each in enumerate(asked.suggestions):
            row = InfoRow(
                each.title,
                _line_of(each),
                icon="user" if each.contact_id else "people",
                lined=place + 1 < len(asked.suggestions),
            )
            row.layout().setContentsMargins(0, 4, 0, 5)
            row.setToolTip(tr("It is {name}", name=each.title))
            row.opened.connect(lambda each=each: self._link(each.customer_id, each.contact_id, each.title))
            self._rows.addWidget(row)
        self.nothing.setVisible(not asked.suggestions)
        count = len(asked.others)
        self.also.setVisible(bool(count))
        self.also.setText(
            tr("Also the other ticket of this sender")
            if count == 1
            else tr("Also {count} other tickets of this sender", count=count)
        )
        self.also.setChecked(True)
        self.new_button.setVisible(asked.may_make and not self._form.isVisible())
        self.junk_button.setVisible(asked.may_bar)
        self.show()

    def _others(self) -> tuple[str, ...]:
        return self._asked.others if self._asked is not None and self.also.isChecked() else ()

    def _show_form(self, shown: bool) -> None:
        self._form.setVisible(shown)
        self.new_button.setVisible(not shown and self._asked is not None and self._asked.may_make)

    def _on_link_clicked(self) -> None:
        try:
            customer_id = self.customer.read({})["customer_id"]
        except UserError as error:
            self.customer_field.set_error(error.message)
            self.customer.setFocus()
            return
        if not customer_id:
            self.customer_field.set_error(message("Choose a customer"))
            self.customer.setFocus()
            return
        self._link(str(customer_id), None, self.customer.text())

    def _link(self, customer_id: str | None, contact_id: str | None, name: str) -> None:
        replica, ticket_id, others = self._context.replica, self._ticket_id, self._others()
        self._do(
            lambda: triage.link(replica, ticket_id, customer_id, contact_id, others),
            message("It belongs to {name} now", name=name),
        )

    def _on_new_clicked(self) -> None:
        if self._asked is None:
            return
        self.contact_name.setText(self._asked.name)
        self.customer_name.clear()
        self.company_field.set_hint(
            message("Empty: the customer chosen above, else one called as the contact")
        )
        self.contact_field.set_error("")
        self._show_form(True)
        self.contact_name.setFocus()

    def _on_make_clicked(self) -> None:
        name, company = self.contact_name.text().strip(), self.customer_name.text().strip()
        if not name:
            self.contact_field.set_error(message("This is required"))
            self.contact_name.setFocus()
            return
        customer_id = self.customer.record_id if not company and self.customer.text().strip() else None
        replica, ticket_id, others = self._context.replica, self._ticket_id, self._others()
        self._do(
            lambda: triage.make(
                replica, ticket_id, name, customer_id=customer_id, customer_name=company, others=others
            ),
            message("{name} was made, and it belongs to him now", name=name),
        )

    def _on_junk_clicked(self) -> None:
        replica, ticket_id, others = self._context.replica, self._ticket_id, self._others()
        self._do(
            lambda: triage.bar(replica, ticket_id, others),
            message("Closed as junk; nothing more of this sender becomes a ticket"),
        )

    def _do(self, work: Callable[[], Outcome[Sorted]], told: Message) -> None:
        kept: list[Sorted] = []
        replica = self._context.replica

        def done(made: Sorted) -> None:
            kept.append(made)
            self.sorted_out.emit()

        def failed(error: CrmError) -> None:
            if isinstance(error, Invalid) and self._form.isVisible():
                self.contact_field.set_error(error.message)
            else:
                self._context.show_error(error)

        self._context.change(
            self, work, done, failed, told=told, undo=lambda: triage.take_back(replica, kept[-1])
        )


def _line_of(each: Suggestion) -> str:
    """Return of which customer somebody is, and why he may be it."""
    return " · ".join(filter(None, (each.customer_name, *(show(reason) for reason in each.reasons))))
