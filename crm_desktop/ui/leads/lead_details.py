"""The pane beside the list of leads: what to say in the call, and what comes next."""

from __future__ import annotations

from decimal import Decimal

from PySide6.QtCore import QTimer, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from crm_core.entities import SCHEMAS
from crm_core.entities.lead import OPEN
from crm_core.errors import CrmError
from crm_core.i18n import Message, message
from crm_core.rules.leads import open_questions, suggested_step
from crm_core.rules.scoring import Suggestion
from crm_desktop.services import leads, timeline
from crm_desktop.services.calendar import local
from crm_desktop.services.leads import LeadOverview
from crm_desktop.services.timeline import ItemKind, TimelineItem
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.customers.words import step_shown
from crm_desktop.ui.dialling import dial
from crm_desktop.ui.field_texts import field_text, words_of
from crm_desktop.ui.format import near_date
from crm_desktop.ui.itemmodels.rows import Row
from crm_desktop.ui.leads.words import STATE_TONES, came_words, state_words
from crm_desktop.ui.lists.details import DetailsPane, clear
from crm_desktop.ui.places import PAGE_OF_ENTITY
from crm_desktop.ui.timeline.words import KIND_ICONS
from crm_desktop.ui.translate import show, tr, translator
from crm_desktop.ui.widgets.buttons import Button
from crm_desktop.ui.widgets.cards import InfoRow
from crm_desktop.ui.widgets.chips import Chip
from crm_desktop.ui.widgets.fields import Fact, line_up
from crm_desktop.ui.widgets.labels import Heading, IconLabel, Label
from crm_desktop.ui.widgets.paint import Tone
from crm_desktop.ui.widgets.progress import Gauge

MOST_REASONS = 6
SUGGESTIONS = {
    Suggestion.QUALIFY: message("Ripe: qualify it (Q)"),
    Suggestion.NURTURE: message("Keep it warm (U)"),
}
PAUSE_MS = 120  # while somebody walks down the rows nothing is read
LATEST = 4
_LEAST_LABEL, _MOST_LABEL = 79, 112
_KINDS = tuple(kind for kind in ItemKind if kind is not ItemKind.FIELD)
_FACTS = (
    "phone",
    "email",
    "source",
    "campaign",
    "channel",
    "product_id",
    "estimated_value",
    "junk_reason",
    "assigned_why",
    "consent_at",
)


class LeadDetails(DetailsPane):
    """State, call script, next step, facts and what was done with the current lead."""

    log_asked = Signal(str)
    """The id of the lead something is to be logged for."""
    claim_asked = Signal()
    """The leads selected, or the current one, are to be claimed."""
    convert_asked = Signal(str)
    take_back_asked = Signal(str)
    """The id of a lead whose conversion is to be undone."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        self._context = context
        self._read_one: LeadOverview | None = None
        self._latest: tuple[TimelineItem, ...] = ()
        super().__init__(parent)
        self._chip = Chip("")
        self._chip.hide()
        self.head_row.insertWidget(1, self._chip)
        self.head_row.removeWidget(self.open_button)
        self.open_button.hide()
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MS)
        self._pause.timeout.connect(self._read)

    def fill(self, row: Row | None) -> None:
        """Read the lead, in a moment; what is shown stays until then."""
        if not hasattr(self, "_pause"):
            return
        self.open_button.hide()
        self._chip.setVisible(row is not None)
        if row is None:
            clear(self.body)
            self._pause.stop()
            return
        self._chip.set_tone(STATE_TONES.get(str(row.record.get("status") or "new")), state_words(row.record))
        if self._read_one is None or self._read_one.lead.id != row.id:
            clear(self.body)
        self._pause.start()

    def retranslate(self) -> None:
        """Write everything in the language on screen."""
        super().retranslate()
        if self._read_one is not None and self.row is not None and self.row.id == self._read_one.lead.id:
            self._show(self._read_one)

    def _read(self) -> None:
        row = self.row
        if row is None or not self.isVisible():
            return
        replica, lead_id = self._context.replica, row.id

        def read() -> tuple[LeadOverview, tuple[TimelineItem, ...]]:
            latest = timeline.timeline(replica, lead_id, _KINDS, limit=LATEST, entity="lead")
            return leads.overview(replica, lead_id), latest.items

        self._context.tasks.read(self, read, self._on_read, self._on_failed, topic="details")

    def _on_failed(self, error: CrmError) -> None:
        clear(self.body)
        self.body.addWidget(Label(error.message, color="text-soft", wrap=True))

    def _on_read(self, read: tuple[LeadOverview, tuple[TimelineItem, ...]]) -> None:
        self._read_one, self._latest = read
        if self.row is not None and self.row.id == self._read_one.lead.id:
            self._show(self._read_one)

    def _show(self, read: LeadOverview) -> None:
        clear(self.body)
        self._line(read)
        self._buttons(read)
        self._became(read)
        self._score(read)
        self._next(read)
        if read.lead.get("status") in (None, *OPEN):
            self._script(read)
        self._facts(read)
        self._entries()

    def _line(self, read: LeadOverview) -> None:
        lead = read.lead
        parts = [words_of(lead, name) for name in ("title", "company", "city")]
        owner = read.titles.get("owner_id")
        parts.append(tr("owned by {owner}", owner=owner) if owner else tr("Nobody's yet"))
        parts.append(show(came_words(lead, self._context.replica.clock)))
        words = " · ".join(part for part in parts if part)
        self.body.addWidget(Label(words, color="text-soft", wrap=True))

    def _buttons(self, read: LeadOverview) -> None:
        lead = read.lead
        row = QHBoxLayout()
        row.setSpacing(6)
        call = Button(message("Call"), icon="phone", small=True)
        call.setEnabled(bool(lead.get("phone")))
        call.clicked.connect(lambda: dial(str(lead.get("phone"))))
        mail = Button(message("Mail"), icon="mail", small=True)
        mail.setEnabled(bool(lead.get("email")))
        mail.clicked.connect(lambda: QDesktopServices.openUrl(QUrl(f"mailto:{lead.get('email')}")))
        log = Button(message("Log"), icon="pen", small=True)
        log.clicked.connect(lambda: self.log_asked.emit(lead.id))
        open_ = Button(message("Show"), small=True)
        open_.clicked.connect(lambda: self.opened.emit(lead.id))
        for button in (call, mail, log, open_):
            row.addWidget(button, 1)
        self.body.addSpacing(6)
        self.body.addLayout(row)
        if read.may_claim:
            claim = Button(message("Claim"), icon="plus", small=True)
            claim.clicked.connect(self.claim_asked)
            self.body.addWidget(claim)
        if read.may_edit and lead.get("status") in (None, *OPEN):
            convert = Button(message("Convert…"), icon="right", small=True)
            convert.clicked.connect(lambda: self.convert_asked.emit(lead.id))
            self.body.addWidget(convert)

    def _became(self, read: LeadOverview) -> None:
        if not read.became:
            return
        self.body.addSpacing(12)
        self.body.addWidget(Heading(message("Became")))
        for kind, record_id, title in read.became.values():
            row = InfoRow(title, Message(SCHEMAS[kind].meta.label), lined=False)
            if kind == "contact":
                place = Place(page="customers", record_id=str(read.lead.get("customer_id")))
            else:
                place = Place(page=PAGE_OF_ENTITY[kind], record_id=record_id)
            row.opened.connect(lambda place=place: self._context.go.emit(place))
            self.body.addWidget(row)
        if read.may_take_back:
            undo = Button(message("Undo the conversion"), icon="undo", small=True)
            undo.clicked.connect(lambda: self.take_back_asked.emit(read.lead.id))
            self.body.addWidget(undo)

    def _score(self, read: LeadOverview) -> None:
        found = read.scores[translator().language]
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(Label(message("Score {points}", points=found.total), weight=600))
        if read.lead.get("status") in (None, *OPEN) and found.suggestion != read.lead.get("status"):
            word = SUGGESTIONS.get(found.suggestion)
            if word is not None:
                chip = Chip(word)
                chip.set_tone(Tone.INFO, word)
                head.addWidget(chip)
        head.addStretch(1)
        self.body.addSpacing(12)
        self.body.addLayout(head)
        self.body.addWidget(Gauge(Decimal(found.total) / 100, tone="accent", name=message("Score")))
        for reason in found.reasons[:MOST_REASONS]:
            self.body.addWidget(Label(reason.told(), step="caption", color="text-soft", wrap=True))

    def _next(self, read: LeadOverview) -> None:
        self.body.addSpacing(12)
        self.body.addWidget(Heading(message("Next step")))
        if read.next_step is not None:
            self.body.addWidget(Label(step_shown(read.next_step).text, wrap=True))
        else:
            self.body.addWidget(Label(suggested_step(read.lead.get("status")), wrap=True))
        day = field_text(read.lead.schema.fields["next_contact_on"], read.lead.values, {})
        if day:
            self.body.addWidget(
                Label(message("Next contact {day}", day=day), step="caption", color="text-soft")
            )

    def _script(self, read: LeadOverview) -> None:
        self.body.addSpacing(12)
        self.body.addWidget(Heading(message("In the call")))
        if read.lead.get("needs"):
            self.body.addWidget(
                Label(message("They asked: {needs}", needs=read.lead.get("needs")), wrap=True)
            )
        questions = open_questions(read.lead.values)
        if not questions:
            self.body.addWidget(Label(message("All is known; agree on the next step"), wrap=True))
        for question in questions:
            self.body.addWidget(Label(message("• {question}", question=question), wrap=True))

    def _facts(self, read: LeadOverview) -> None:
        lead, schema = read.lead, read.lead.schema
        facts = []
        for name in _FACTS:
            words = field_text(schema.fields[name], lead.values, read.titles)
            if words:
                facts.append(Fact(Message(schema.fields[name].label), words))
        if not facts:
            return
        self.body.addSpacing(12)
        self.body.addWidget(Heading(message("Facts")))
        for fact in facts:
            self.body.addWidget(fact)
        line_up(facts, least=_LEAST_LABEL, most=_MOST_LABEL)

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
