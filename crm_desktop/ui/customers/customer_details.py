"""The pane beside the list of customers: what matters before a call."""

from __future__ import annotations

from decimal import Decimal

from PySide6.QtCore import QTimer, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from crm_core.errors import CrmError
from crm_core.i18n import Message, message
from crm_core.schema.values import DEFAULT_CURRENCY
from crm_desktop.services import customers, timeline
from crm_desktop.services.calendar import local
from crm_desktop.services.customers import DealRow, Overview
from crm_desktop.services.timeline import ItemKind, TimelineItem
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.customers.words import amount, verdict
from crm_desktop.ui.dialling import dial
from crm_desktop.ui.field_texts import words_of
from crm_desktop.ui.format import NOTHING, money, near_date
from crm_desktop.ui.itemmodels.rows import Row
from crm_desktop.ui.lists.details import DetailsPane, clear
from crm_desktop.ui.timeline.words import KIND_ICONS
from crm_desktop.ui.translate import show, tr
from crm_desktop.ui.widgets.buttons import Button
from crm_desktop.ui.widgets.cards import InfoRow
from crm_desktop.ui.widgets.chips import Chip, LevelBadge
from crm_desktop.ui.widgets.fields import Fact, line_up
from crm_desktop.ui.widgets.glyphs import Glyph
from crm_desktop.ui.widgets.info_bar import InfoBar
from crm_desktop.ui.widgets.labels import Heading, IconLabel, Label
from crm_desktop.ui.widgets.paint import Tone
from crm_desktop.ui.widgets.progress import Gauge

PAUSE_MS = 120  # while somebody walks down the rows nothing is read
LATEST = 3
_LEAST_LABEL, _MOST_LABEL = 79, 112
_KINDS = tuple(kind for kind in ItemKind if kind is not ItemKind.FIELD)


class CustomerDetails(DetailsPane):
    """Health with its reasons, facts, open deals and the latest entries of the current customer."""

    log_asked = Signal(str)
    """The id of the customer something is to be logged for."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        self._context = context
        self._overview: Overview | None = None
        self._latest: tuple[TimelineItem, ...] = ()
        super().__init__(parent)
        self._level = LevelBadge("")
        self._level.hide()
        self.head_row.insertWidget(1, self._level)
        self.head_row.removeWidget(self.open_button)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MS)
        self._pause.timeout.connect(self._read)
        self.open_button.hide()

    def fill(self, row: Row | None) -> None:
        """Read the customer, in a moment; what is shown stays until then."""
        if not hasattr(self, "_pause"):
            return
        self.open_button.hide()
        level = str(row.record.get("level") or "") if row is not None else ""
        self._level.setVisible(bool(level))
        self._level.show_level(level)
        if row is None:
            clear(self.body)
            self._pause.stop()
            return
        if self._overview is None or self._overview.customer.id != row.id:
            clear(self.body)
        self._pause.start()

    def retranslate(self) -> None:
        """Write everything in the language on screen."""
        super().retranslate()
        if self._overview is not None and self.row is not None and self.row.id == self._overview.customer.id:
            self._show()

    def _read(self) -> None:
        row = self.row
        if row is None or not self.isVisible():
            return
        replica, customer_id = self._context.replica, row.id

        def read() -> tuple[Overview, tuple[TimelineItem, ...]]:
            latest = timeline.timeline(replica, customer_id, _KINDS, limit=LATEST)
            return customers.overview(replica, customer_id), latest.items

        self._context.tasks.read(self, read, self._on_read, self._on_failed, topic="details")

    def _on_failed(self, error: CrmError) -> None:
        clear(self.body)
        self.body.addWidget(Label(error.message, color="text-soft", wrap=True))

    def _on_read(self, read: tuple[Overview, tuple[TimelineItem, ...]]) -> None:
        self._overview, self._latest = read
        if self.row is not None and self.row.id == self._overview.customer.id:
            self._show()

    def _show(self) -> None:
        overview = self._overview
        assert overview is not None
        clear(self.body)
        self._line(overview)
        if self.row is not None and self.row.glyph is Glyph.CONFLICT:
            bar = InfoBar(
                message("HQ has other values"), Tone.BAD, action=message("Compare"), icon="conflict"
            )
            bar.action_clicked.connect(
                lambda: self._context.go.emit(Place(page="sync", options={"tab": "conflicts"}))
            )
            self.body.addSpacing(4)
            self.body.addWidget(bar)
        self._buttons(overview)
        self._health(overview)
        self._facts(overview)
        self._deals(overview)
        self._entries()

    def _line(self, overview: Overview) -> None:
        customer = overview.customer
        parts = [words_of(customer, "industry"), words_of(customer, "city")]
        owner = overview.titles.get("owner_id")
        if owner:
            parts.append(tr("owned by {owner}", owner=owner))
        words = " · ".join(part for part in parts if part)
        if words:
            self.body.addWidget(Label(words, color="text-soft", wrap=True))

    def _buttons(self, overview: Overview) -> None:
        row = QHBoxLayout()
        row.setSpacing(6)
        customer = overview.customer
        call = Button(message("Call"), icon="phone", small=True)
        call.setEnabled(bool(customer.get("phone")))
        call.clicked.connect(lambda: dial(str(customer.get("phone"))))
        mail = Button(message("Mail"), icon="mail", small=True)
        mail.setEnabled(bool(customer.get("email")))
        address = str(customer.get("email") or "")
        mail.clicked.connect(lambda: QDesktopServices.openUrl(QUrl(f"mailto:{address}")))
        log = Button(message("Log"), icon="pen", small=True)
        log.clicked.connect(lambda: self.log_asked.emit(customer.id))
        open_ = Button(message("Show"), small=True)
        open_.clicked.connect(lambda: self.opened.emit(customer.id))
        for button in (call, mail, log, open_):
            row.addWidget(button, 1)
        self.body.addSpacing(6)
        self.body.addLayout(row)

    def _health(self, overview: Overview) -> None:
        health = overview.health
        word, tone = verdict(health.verdict)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(Label(message("Health {score}", score=health.score), weight=600))
        chip = Chip(word)
        chip.set_tone(tone, word)
        head.addWidget(chip)
        head.addStretch(1)
        self.body.addSpacing(12)
        self.body.addLayout(head)
        self.body.addWidget(Gauge(Decimal(health.score) / 100, tone=tone.ink, name=message("Health")))
        reasons = tr("; ").join(show(reason.text) for reason in health.reasons)
        if reasons:
            self.body.addWidget(Label(reasons, step="caption", color="text-soft", wrap=True))

    def _facts(self, overview: Overview) -> None:
        self.body.addSpacing(12)
        self.body.addWidget(Heading(message("Facts")))
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
        for fact in facts:
            self.body.addWidget(fact)
        line_up(facts, least=_LEAST_LABEL, most=_MOST_LABEL)

    def _deals(self, overview: Overview) -> None:
        self.body.addSpacing(12)
        self.body.addWidget(Heading(message("Open deals")))
        if not overview.open_deals:
            self.body.addWidget(Label(message("No open deal"), color="text-soft"))
        for deal in overview.open_deals[:LATEST]:
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

    def _entries(self) -> None:
        if not self._latest:
            return
        self.body.addSpacing(12)
        self.body.addWidget(Heading(message("Latest")))
        for item in self._latest:
            day = near_date(local(item.at_ms).date())
            line = tr("{who}, {day}", who=item.who, day=day) if item.who else day
            row = QHBoxLayout()
            row.setSpacing(12)
            icon = IconLabel(KIND_ICONS[item.kind])
            words = QVBoxLayout()
            words.setSpacing(0)
            words.addWidget(Label(item.title, wrap=True))
            words.addWidget(Label(line, step="caption", color="text-soft"))
            row.addWidget(icon)
            row.setAlignment(icon, icon.alignment().AlignTop)
            row.addLayout(words, 1)
            self.body.addLayout(row)
