"""Contracts with customers, their lines and clauses, and the library clauses come from."""

from __future__ import annotations

from sqlalchemy.orm import Mapped

from crm_core.entities._choices import choices
from crm_core.entities.agreed import AgreedLine, AgreedTerms
from crm_core.i18n import N_
from crm_core.schema.columns import boolean, choice, date, integer, long_text, position, ref, tags, text
from crm_core.schema.entity import Entity, EntityMeta
from crm_core.schema.field import ScopeSource
from crm_core.schema.machine import Kept, Machine, Step

CONTRACT_STATES = choices(
    ("draft", N_("Draft")),
    ("waiting", N_("Waiting for approval")),
    ("sent", N_("Sent")),
    ("declined", N_("Declined")),
    ("signed", N_("Signed")),
    ("in_force", N_("In force")),
    ("ended", N_("Ended")),
    ("terminated", N_("Terminated")),
)
RENEWALS = choices(
    ("none", N_("Ends by itself")),
    ("agree", N_("Renewed by agreement")),
    ("auto", N_("Renews itself unless notice is given")),
)
CONTRACT_STEPS = Machine(
    field="status",
    first="draft",
    born=("draft",),
    waits="waiting",
    refusal=N_("A contract in this state cannot take that step"),
    steps=(
        Step(
            name="send",
            starts=("draft",),
            ends="sent",
            needs_child="contract_clause",
            needs_approval=True,
            lacking=N_("The contract has no clauses yet"),
        ),
        Step(
            name="ask",
            starts=("draft",),
            ends="waiting",
            needs_child="contract_clause",
            lacking=N_("The contract has no clauses yet"),
        ),
        Step(name="grant", starts=("waiting",), ends="sent", by_hq=True),
        Step(name="take_back", starts=("waiting",), ends="draft"),
        # Both sides signed; when, is a field.
        Step(name="sign", starts=("sent",), ends="signed"),
        Step(name="decline", starts=("sent",), ends="declined"),
        # The customer thought again, or it was said of the wrong contract.
        Step(name="reopen", starts=("declined",), ends="sent"),
        # On its first day, by whoever notices first: HQ once a day, or somebody at once.
        Step(name="begin", starts=("signed",), ends="in_force"),
        Step(name="end", starts=("in_force",), ends="ended"),
        Step(
            name="terminate",
            starts=("signed", "in_force"),
            ends="terminated",
            takes=("ended_on", "end_reason"),
        ),
        # The customer wants other wording: a draft again, to be sent and approved anew as the next version.
        Step(
            name="revise",
            starts=("sent", "declined"),
            ends="draft",
            keeps={"version": Kept.NEXT},
        ),
    ),
)


class Clause(Entity):
    """A clause of the library: copied into contracts, where it may be changed."""

    __tablename__ = "clause"
    meta = EntityMeta(
        no=47,
        label=N_("Clause"),
        plural=N_("Clauses"),
        icon="book",
        title="title",
        reference=True,
        since=3,
    )

    title: Mapped[str | None] = text(
        10, N_("Heading"), required=True, in_list=True, searchable=True, indexed=True, since=3
    )
    title_en: Mapped[str | None] = text(11, N_("Heading in English"), in_list=True, searchable=True, since=3)
    body: Mapped[str | None] = long_text(12, N_("Text"), required=True, since=3)
    body_en: Mapped[str | None] = long_text(13, N_("Text in English"), since=3)
    rank: Mapped[int | None] = integer(14, N_("Sequence"), default=0, in_list=True, since=3)
    standard: Mapped[bool | None] = boolean(
        15, N_("In every new contract"), default=False, in_list=True, since=3
    )
    active: Mapped[bool | None] = boolean(16, N_("In use"), default=True, in_list=True, since=3)


class Contract(AgreedTerms, Entity):
    """What was agreed with a customer for a time."""

    __tablename__ = "contract"
    meta = EntityMeta(
        no=67,
        label=N_("Contract"),
        plural=N_("Contracts"),
        icon="contract",
        title="number",
        series="contract",
        machine=CONTRACT_STEPS,
        rights_like="quote",
        since=3,
    )

    subject: Mapped[str | None] = text(40, N_("Subject"), in_list=True, searchable=True, since=3)
    status: Mapped[str | None] = choice(
        41, N_("State"), CONTRACT_STATES, default="draft", in_list=True, indexed=True, since=3
    )
    signed_on: Mapped[str | None] = date(42, N_("Signed on"), since=3)
    starts_on: Mapped[str | None] = date(43, N_("First day"), in_list=True, since=3)
    ends_on: Mapped[str | None] = date(44, N_("Last day"), in_list=True, indexed=True, since=3)
    notice_days: Mapped[int | None] = integer(
        45,
        N_("Notice, days"),
        hint=N_("How long before the last day notice must be given; the reminder comes then"),
        since=3,
    )
    renewal: Mapped[str | None] = choice(46, N_("Renewal"), RENEWALS, default="none", in_list=True, since=3)
    renewal_months: Mapped[int | None] = integer(
        47, N_("Renewed for, months"), hint=N_("Empty: as long as before"), since=3
    )
    follows_id: Mapped[str | None] = ref(48, N_("Follows the contract"), "contract", since=3)
    ended_on: Mapped[str | None] = date(49, N_("Terminated on"), since=3)
    end_reason: Mapped[str | None] = text(50, N_("Why it was terminated"), since=3)
    version: Mapped[int | None] = integer(51, N_("Version"), default=1, read_only=True, by_hq=True, since=3)
    shown_to: Mapped[list[str] | None] = tags(
        60,
        N_("Shown to"),
        scope=ScopeSource.SHOWN,
        members=("user",),
        read_only=True,
        by_hq=True,
        in_form=False,
        since=3,
    )
    """Those asked to approve it; HQ names them."""


class ContractLine(AgreedLine, Entity):
    """One row of what a contract is about."""

    __tablename__ = "contract_line"
    meta = EntityMeta(
        no=69,
        label=N_("Contract line"),
        plural=N_("Contract lines"),
        icon="file",
        title="description",
        rights_like="quote_line",
        since=3,
    )

    contract_id: Mapped[str | None] = ref(10, N_("Contract"), "contract", required=True, parent=True, since=3)


class ContractClause(Entity):
    """One clause of a contract: what the library said when it was taken, or what the two sides made of it."""

    __tablename__ = "contract_clause"
    meta = EntityMeta(
        no=68,
        label=N_("Contract clause"),
        plural=N_("Contract clauses"),
        icon="book",
        title="title",
        rights_like="quote_line",
        since=3,
    )

    contract_id: Mapped[str | None] = ref(10, N_("Contract"), "contract", required=True, parent=True, since=3)
    position: Mapped[str | None] = position(11, N_("Position"), in_form=False, since=3)
    clause_id: Mapped[str | None] = ref(12, N_("From the library"), "clause", in_list=True, since=3)
    title: Mapped[str | None] = text(13, N_("Heading"), required=True, in_list=True, since=3)
    title_en: Mapped[str | None] = text(14, N_("Heading in English"), in_list=True, since=3)
    body: Mapped[str | None] = long_text(15, N_("Text"), required=True, since=3)
    body_en: Mapped[str | None] = long_text(16, N_("Text in English"), since=3)
