"""The pane beside the list of leads: what to say in the call, and what comes next."""

from __future__ import annotations

from decimal import Decimal

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from crm_core.entities import SCHEMAS
from crm_core.entities.lead import OPEN
from crm_core.i18n import Message, message
from crm_core.rules.leads import open_questions, suggested_step
from crm_core.rules.scoring import Suggestion
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.services import leads
from crm_desktop.services.leads import LeadOverview
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.customers.words import step_shown
from crm_desktop.ui.field_texts import field_text, words_of
from crm_desktop.ui.itemmodels.rows import Row
from crm_desktop.ui.leads.words import STATE_TONES, came_words, state_words
from crm_desktop.ui.lists.read_details import ReadDetails
from crm_desktop.ui.places import PAGE_OF_ENTITY
from crm_desktop.ui.translate import show, tr, translator
from crm_desktop.ui.widgets.buttons import Button
from crm_desktop.ui.widgets.cards import InfoRow
from crm_desktop.ui.widgets.chips import Chip
from crm_desktop.ui.widgets.fields import Fact
from crm_desktop.ui.widgets.labels import Heading, Label
from crm_desktop.ui.widgets.paint import Tone
from crm_desktop.ui.widgets.progress import Gauge

MOST_REASONS = 6
SUGGESTIONS = {
    Suggestion.QUALIFY: message("Ripe: qualify it (Q)"),
    Suggestion.NURTURE: message("Keep it warm (U)"),
}
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


class LeadDetails(ReadDetails[LeadOverview]):
    """State, call script, next step, facts and what was done with the current lead."""

    entity = "lead"
    latest = 4
    claim_asked = Signal()
    """The leads selected, or the current one, are to be claimed."""
    convert_asked = Signal(str)
    take_back_asked = Signal(str)
    """The id of a lead whose conversion is to be undone."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        self._chip = Chip("")
        super().__init__(context, self._chip, parent)

    def read_of(self, replica: Replica, record_id: str) -> LeadOverview:
        """Return the lead with its score and what became of it."""
        return leads.overview(replica, record_id)

    def record_in(self, told: LeadOverview) -> Record:
        """Return the lead."""
        return told.lead

    def show_mark(self, row: Row | None) -> None:
        """Show the state."""
        self._chip.setVisible(row is not None)
        if row is not None:
            state = str(row.record.get("status") or "new")
            self._chip.set_tone(STATE_TONES.get(state), state_words(row.record))

    def show_told(self, told: LeadOverview) -> None:
        """Fill the body."""
        lead = told.lead
        owner = told.titles.get("owner_id")
        self.add_line(
            [
                *(words_of(lead, name) for name in ("title", "company", "city")),
                tr("owned by {owner}", owner=owner) if owner else tr("Nobody's yet"),
                show(came_words(lead, self._context.replica.clock)),
            ]
        )
        self.add_buttons(lead)
        self._steps(told)
        self._became(told)
        self._score(told)
        self._next(told)
        if lead.get("status") in (None, *OPEN):
            self._script(told)
        self._facts(told)
        self.add_latest()

    def _steps(self, read: LeadOverview) -> None:
        if read.stands.may_claim:
            claim = Button(message("Claim"), icon="plus", small=True)
            claim.clicked.connect(self.claim_asked)
            self.body.addWidget(claim)
        if read.stands.may_convert:
            convert = Button(message("Convert…"), icon="right", small=True)
            convert.clicked.connect(lambda: self.convert_asked.emit(read.lead.id))
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
        self.add_facts(facts)
