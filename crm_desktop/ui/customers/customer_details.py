"""The pane beside the list of customers: what matters before a call."""

from __future__ import annotations

from decimal import Decimal

from PySide6.QtWidgets import QHBoxLayout, QWidget

from crm_core.i18n import Message, message
from crm_core.schema.values import DEFAULT_CURRENCY
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.services import customers
from crm_desktop.services.calendar import local
from crm_desktop.services.customers import DealRow, Overview
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.customers.words import amount, show_feedback, verdict
from crm_desktop.ui.field_texts import words_of
from crm_desktop.ui.format import NOTHING, money, near_date
from crm_desktop.ui.itemmodels.rows import Row
from crm_desktop.ui.lists.read_details import ReadDetails
from crm_desktop.ui.translate import show, tr
from crm_desktop.ui.widgets.cards import InfoRow
from crm_desktop.ui.widgets.chips import Chip, LevelBadge
from crm_desktop.ui.widgets.fields import Fact
from crm_desktop.ui.widgets.glyphs import Glyph
from crm_desktop.ui.widgets.info_bar import InfoBar
from crm_desktop.ui.widgets.labels import Heading, Label
from crm_desktop.ui.widgets.paint import Tone
from crm_desktop.ui.widgets.progress import Gauge

MOST_DEALS = 3


class CustomerDetails(ReadDetails[Overview]):
    """Health with its reasons, facts, open deals and the latest entries of the current customer."""

    entity = "customer"

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        self._level = LevelBadge("")
        super().__init__(context, self._level, parent)

    def read_of(self, replica: Replica, record_id: str) -> Overview:
        """Return the customer with what is worked out from its records."""
        return customers.overview(replica, record_id)

    def record_in(self, told: Overview) -> Record:
        """Return the customer."""
        return told.customer

    def show_mark(self, row: Row | None) -> None:
        """Show the level."""
        level = str(row.record.get("level") or "") if row is not None else ""
        self._level.setVisible(bool(level))
        self._level.show_level(level)

    def show_told(self, told: Overview) -> None:
        """Fill the body."""
        owner = told.titles.get("owner_id")
        owned = tr("owned by {owner}", owner=owner) if owner else ""
        self.add_line([words_of(told.customer, "industry"), words_of(told.customer, "city"), owned])
        if self.row is not None and self.row.glyph is Glyph.CONFLICT:
            bar = InfoBar(
                message("HQ has other values"), Tone.BAD, action=message("Compare"), icon="conflict"
            )
            bar.action_clicked.connect(
                lambda: self._context.go.emit(Place(page="sync", options={"tab": "conflicts"}))
            )
            self.body.addSpacing(4)
            self.body.addWidget(bar)
        self.add_buttons(told.customer)
        self._health(told)
        self._facts(told)
        self._deals(told)
        self.add_latest()

    def _health(self, overview: Overview) -> None:
        health = overview.health
        word, tone = verdict(health.verdict)
        self.body.addSpacing(12)
        head = QHBoxLayout()
        head.setSpacing(8)
        self.body.addLayout(head)
        head.addWidget(Label(message("Health {score}", score=health.score), weight=600))
        chip = Chip(word)
        chip.set_tone(tone, word)
        head.addWidget(chip)
        mark = Chip("")
        head.addWidget(mark)  # shown before it has a place it would be a window
        show_feedback(mark, overview)
        head.addStretch(1)
        self.body.addWidget(Gauge(Decimal(health.score) / 100, tone=tone.ink, name=message("Health")))
        reasons = tr("; ").join(show(reason.text) for reason in health.reasons)
        if reasons:
            self.body.addWidget(Label(reasons, step="caption", color="text-soft", wrap=True))

    def _facts(self, overview: Overview) -> None:
        customer, schema = overview.customer, overview.customer.schema
        facts = []
        for name in ("phone", "email", "payment_terms"):
            if words := words_of(customer, name):
                facts.append(Fact(Message(schema.fields[name].label), words))
        if overview.bought_minor is not None:
            bought = money(amount(overview.bought_minor, overview.currency))
            facts.append(Fact(message("Bought"), bought))
        at_ms = overview.last_contact_at
        last = NOTHING if at_ms is None else near_date(local(at_ms).date())
        facts.append(Fact(message("Last contact"), last))
        self.add_facts(facts)

    def _deals(self, overview: Overview) -> None:
        self.body.addSpacing(12)
        self.body.addWidget(Heading(message("Open deals")))
        if not overview.open_deals:
            self.body.addWidget(Label(message("No open deal"), color="text-soft"))
        for deal in overview.open_deals[:MOST_DEALS]:
            self.body.addWidget(self._deal(deal))

    def _deal(self, deal: DealRow) -> QWidget:
        right = QWidget()
        row = QHBoxLayout(right)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        row.addWidget(Label(deal.stage, color="text-soft"))
        row.addWidget(Label(money(amount(deal.amount_minor, deal.currency or DEFAULT_CURRENCY))))
        made = InfoRow(deal.name, right=right)
        made.layout().setContentsMargins(0, 4, 0, 5)
        made.opened.connect(lambda: self._context.go.emit(Place(page="pipeline", record_id=deal.id)))
        return made
