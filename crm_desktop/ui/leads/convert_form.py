"""One page that makes a customer, a contact and a deal of a lead; customers it may be are shown first."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from crm_core.errors import CrmError
from crm_core.i18n import Message, message
from crm_core.rules.duplicates import LIKELY_FROM
from crm_desktop.models.records import Record
from crm_desktop.services import lead_matches, records
from crm_desktop.services.converting import Wish
from crm_desktop.services.lead_matches import LeadMatch
from crm_desktop.ui.context import Context
from crm_desktop.ui.field_texts import field_text
from crm_desktop.ui.forms.form_bar import FormBar
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import L
from crm_desktop.ui.translate import show, tr
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.clearing import clear
from crm_desktop.ui.widgets.ending_keys import ends
from crm_desktop.ui.widgets.fields import Field
from crm_desktop.ui.widgets.labels import ElidedLabel, Heading, Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.margins import PAGE_MARGIN, keep_margins
from crm_desktop.ui.widgets.option_card import OptionCard
from crm_desktop.ui.widgets.paint import Tone

_WIDTH = 620


class ConvertForm(Live, QWidget):
    """Asks how a lead is to be converted. Ctrl+Enter converts, Esc leaves."""

    wished = Signal(str, object)
    """The lead's id and a `Wish`."""
    closed = Signal()

    def __init__(self, context: Context, lead_id: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self.lead_id = lead_id
        self._lead: Record | None = None
        self.cards: dict[str, OptionCard] = {}
        """By the id of the customer joined; '' is a new one."""
        self.heading = ElidedLabel(step="title")
        self.cancel_button = Button(message("Cancel"), hint="Esc")
        self.convert_button = Button(message("Convert"), Kind.PRIMARY, hint="Ctrl+Enter")
        self.convert_button.setEnabled(False)
        self.with_contact, self.with_deal = QCheckBox(), QCheckBox()
        self.deal_name = QLineEdit()
        self.deal_field = Field(message("Name of the deal"), self.deal_name, required=True)
        self._amount = Label(step="caption", color="text-soft")
        self._group = QButtonGroup(self)
        self.cancel_button.clicked.connect(self.closed)
        self.convert_button.clicked.connect(self._on_convert_clicked)
        self.with_deal.toggled.connect(self.deal_field.setVisible)
        self.with_deal.toggled.connect(self._amount.setVisible)
        self.deal_name.textEdited.connect(lambda: self.deal_field.set_error(""))
        self._lay_out()
        self.retranslate()
        self._read()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Convert by Ctrl+Enter, leave by Esc."""
        if not ends(event, self._on_convert_clicked, self.closed.emit):
            super().keyPressEvent(event)

    def show_failure(self, error: CrmError) -> None:
        """Say why the lead was not converted; everything chosen stays."""
        self.convert_button.setEnabled(True)
        self.note.say(error.message, Tone.BAD)

    def retranslate(self) -> None:
        """Write title and choices in the language on screen."""
        title = self._lead.title if self._lead is not None else ""
        self.heading.say(message("Convert “{lead}”", lead=title) if title else "")
        self.with_contact.setText(tr("Make {name} a contact", name=title))
        self.with_deal.setText(tr("Open a deal"))
        self.setAccessibleName(self.heading.text() or tr("Convert…"))

    def retint(self) -> None:
        """Keep the page as wide as one reads."""
        self._inner.setMaximumWidth(theme().px(_WIDTH))

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        keep_margins(head, PAGE_MARGIN, 12, PAGE_MARGIN, 8)
        head.setSpacing(12)
        head.addWidget(self.heading, 1)
        head.addWidget(self.cancel_button)
        head.addWidget(self.convert_button)
        self.note = FormBar(PAGE_MARGIN)
        self._cards = QVBoxLayout()
        self._cards.setSpacing(8)
        self._inner = QWidget()
        column = QVBoxLayout(self._inner)
        keep_margins(column, PAGE_MARGIN, 8, PAGE_MARGIN, PAGE_MARGIN)
        column.setSpacing(8)
        column.addWidget(Heading(message("Customer")))
        column.addLayout(self._cards)
        column.addSpacing(L)
        column.addWidget(Heading(message("Contact")))
        column.addWidget(self.with_contact)
        column.addSpacing(L)
        column.addWidget(Heading(message("Deal")))
        column.addWidget(self.with_deal)
        column.addWidget(self.deal_field)
        column.addWidget(self._amount)
        column.addStretch(1)
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._inner, 1)
        row.addStretch(0)
        scroll = QScrollArea()
        scroll.setWidget(holder)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addLayout(head)
        outer.addWidget(self.note)
        outer.addWidget(scroll, 1)

    def _read(self) -> None:
        replica, lead_id = self._context.replica, self.lead_id

        def read() -> tuple[Record, tuple[LeadMatch, ...], str]:
            lead = records.get(replica, "lead", lead_id)
            product = str(lead.get("product_id") or "")
            titles = records.titles(replica, [("product", product)] if product else ())
            return lead, lead_matches.matches(replica, lead), titles.get(("product", product), "")

        self._context.tasks.read(self, read, self._on_read, self.show_failure, topic="convert")

    def _on_read(self, read: tuple[Record, tuple[LeadMatch, ...], str]) -> None:
        lead, found, product = read
        self._lead = lead
        name = str(lead.get("company") or lead.title)
        clear(self._cards)
        self.cards = {}
        line = (
            message("A customer like this is on this laptop; join it, or make another one")
            if found
            else message("Nobody like this is on this laptop")
        )
        self._add_card("", message("New customer “{name}”", name=name), line)
        for match in found:
            self._add_match(match)
        best = next((m.customer_id for m in found if m.may_join and m.score >= LIKELY_FROM), "")
        self.cards[best].radio.setChecked(True)
        self.with_contact.setChecked(bool(lead.get("company")))
        self.with_deal.setChecked(True)
        self.deal_name.setText(" · ".join(part for part in (name, product) if part))
        amount = field_text(lead.schema.fields["estimated_value"], lead.values, {})
        self._amount.say(message("Amount {amount}, from the lead", amount=amount) if amount else "")
        self.convert_button.setEnabled(True)
        self.retranslate()
        self.cards[best].radio.setFocus()

    def _add_match(self, match: LeadMatch) -> None:
        reasons = tr("; ").join(show(reason) for reason in match.reasons)
        if match.may_join:
            line = message("{score} % alike: {reasons}", score=match.score, reasons=reasons)
        else:
            line = message("{reasons}; you may not work on this customer", reasons=reasons)
        card = self._add_card(match.customer_id, message("Join “{name}”", name=match.title), line)
        card.radio.setEnabled(match.may_join)

    def _add_card(self, key: str, title: Message, line: Message) -> OptionCard:
        card = OptionCard(title, line)
        self.cards[key] = card
        self._group.addButton(card.radio)
        card.radio.toggled.connect(card.update)
        self._cards.addWidget(card)
        return card

    def _on_convert_clicked(self) -> None:
        if self._lead is None or not self.convert_button.isEnabled():
            return
        name = self.deal_name.text().strip()
        if self.with_deal.isChecked() and not name:
            self.deal_field.set_error(message("A deal needs a name"))
            self.deal_name.setFocus()
            return
        joined = next((key for key, card in self.cards.items() if card.radio.isChecked()), "")
        self.convert_button.setEnabled(False)
        self.note.clear()
        wish = Wish(
            customer_id=joined or None,
            with_contact=self.with_contact.isChecked(),
            deal_name=name if self.with_deal.isChecked() else None,
        )
        self.wished.emit(self.lead_id, wish)
