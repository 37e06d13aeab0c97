"""What goes out to customers and what they answer: mails HQ sends, acceptance links, signatures."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Mapped

from crm_core.entities._choices import choices
from crm_core.i18n import N_
from crm_core.schema.columns import choice, instant, integer, json, long_text, ref, text
from crm_core.schema.entity import Entity, EntityMeta
from crm_core.schema.field import FieldClass
from crm_core.schema.machine import Kept, Machine, Step

MAIL_STATES = choices(
    ("queued", N_("Queued")),
    ("at_hq", N_("At HQ, being sent")),
    ("sent", N_("Taken by the mail server")),
    ("failed", N_("Could not be sent")),
    ("unknown", N_("Perhaps sent")),
    ("withdrawn", N_("Withdrawn")),
)
MAIL_STEPS = Machine(
    field="status",
    first="queued",
    born=("queued",),
    refusal=N_("A mail in this state cannot take that step"),
    steps=(
        Step(name="take", starts=("queued",), ends="at_hq", by_hq=True),
        Step(name="send", starts=("at_hq",), ends="sent", keeps={"sent_at": Kept.NOW}, by_hq=True),
        Step(name="fail", starts=("at_hq",), ends="failed", by_hq=True),
        # The line broke after everything was handed over: whether it was taken, nobody here knows.
        Step(name="lose", starts=("at_hq",), ends="unknown", by_hq=True),
        Step(name="again", starts=("failed", "unknown", "withdrawn"), ends="queued"),
        Step(name="withdraw", starts=("queued", "at_hq"), ends="withdrawn"),
    ),
)

ACCEPTANCE_STATES = choices(
    ("open", N_("Open")),
    ("accepted", N_("Accepted")),
    ("declined", N_("Declined")),
    ("withdrawn", N_("Withdrawn")),
)
ACCEPTANCE_STEPS = Machine(
    field="status",
    first="open",
    born=("open",),
    refusal=N_("This link was used or withdrawn already"),
    steps=(
        Step(name="accept", starts=("open",), ends="accepted", keeps={"decided_at": Kept.NOW}, by_hq=True),
        Step(name="decline", starts=("open",), ends="declined", keeps={"decided_at": Kept.NOW}, by_hq=True),
        Step(name="withdraw", starts=("open",), ends="withdrawn", keeps={"decided_at": Kept.NOW}),
    ),
)
VERDICTS = choices(("accepted", N_("Accepted")), ("declined", N_("Declined")))
WAYS = choices(("typed", N_("Typed")), ("drawn", N_("Drawn")))
PLACES = choices(("laptop", N_("On a laptop")), ("page", N_("On the acceptance page")))


class OutgoingMail(Entity):
    """A mail HQ sends for somebody, with a file of a record. Who sends it is `created_by`."""

    __tablename__ = "outgoing_mail"
    meta = EntityMeta(
        no=73,
        label=N_("Mail to be sent"),
        plural=N_("Mails to be sent"),
        icon="mail",
        title="subject",
        since=3,
        rights_like="activity",
        machine=MAIL_STEPS,
    )

    record_entity: Mapped[str | None] = text(10, N_("Kind of record"), required=True, in_form=False, since=3)
    record_id: Mapped[str | None] = ref(
        11,
        N_("Record"),
        "*",
        target_field="record_entity",
        required=True,
        parent=True,
        in_form=False,
        since=3,
    )
    recipients: Mapped[str | None] = text(
        12,
        N_("To"),
        required=True,
        in_list=True,
        field_class=FieldClass.COMMS,
        hint=N_("Several addresses are separated by commas"),
        since=3,
    )
    cc: Mapped[str | None] = text(13, N_("Copy to"), in_list=True, field_class=FieldClass.COMMS, since=3)
    subject: Mapped[str | None] = text(
        14, N_("Subject"), required=True, in_list=True, field_class=FieldClass.COMMS, since=3
    )
    body: Mapped[str | None] = long_text(15, N_("Text"), required=True, field_class=FieldClass.COMMS, since=3)
    attachment_id: Mapped[str | None] = ref(16, N_("File"), "attachment", in_form=False, since=3)
    sha256: Mapped[str | None] = text(17, N_("SHA-256 of the file"), in_form=False, since=3)
    """Of the file its sender saw: another one is not sent."""
    status: Mapped[str | None] = choice(
        18, N_("State"), MAIL_STATES, default="queued", in_list=True, indexed=True, in_form=False, since=3
    )
    sent_at: Mapped[int | None] = instant(
        19, N_("Sent at"), in_list=True, read_only=True, by_hq=True, in_form=False, since=3
    )
    attempts: Mapped[int | None] = integer(
        20, N_("Attempts"), read_only=True, by_hq=True, in_form=False, since=3
    )
    next_at: Mapped[int | None] = instant(
        21, N_("Next attempt"), read_only=True, by_hq=True, in_form=False, since=3
    )
    outcome: Mapped[list[Any] | None] = json(
        22,
        N_("Why it was not sent"),
        field_class=FieldClass.COMMS,
        read_only=True,
        by_hq=True,
        in_form=False,
        since=3,
    )
    """English text and what goes into it, of the last attempt that failed."""
    files: Mapped[list[Any] | None] = json(
        23, N_("Files"), read_only=True, by_hq=True, in_form=False, since=3
    )
    """Of an answer to a ticket: ids of the files that go with it."""


class Acceptance(Entity):
    """A link by which a customer accepts or declines one version of a document, once.

    Neither laptop nor HQ keeps the link's token in it, only the token's hash (`crm_core.rules.signing`).
    """

    __tablename__ = "acceptance"
    meta = EntityMeta(
        no=74,
        label=N_("Acceptance link"),
        plural=N_("Acceptance links"),
        icon="globe",
        title="version",
        since=3,
        rights_like="quote",
        machine=ACCEPTANCE_STEPS,
    )

    record_entity: Mapped[str | None] = text(10, N_("Kind of record"), required=True, in_form=False, since=3)
    record_id: Mapped[str | None] = ref(
        11,
        N_("Record"),
        "*",
        target_field="record_entity",
        required=True,
        parent=True,
        in_form=False,
        since=3,
    )
    version: Mapped[int | None] = integer(
        12, N_("Version"), required=True, in_list=True, in_form=False, since=3
    )
    token_hash: Mapped[str | None] = text(
        13, N_("Mark of the link"), required=True, indexed=True, in_form=False, since=3
    )
    attachment_id: Mapped[str | None] = ref(14, N_("Document"), "attachment", in_form=False, since=3)
    sha256: Mapped[str | None] = text(
        15, N_("SHA-256 of the document"), required=True, in_form=False, since=3
    )
    expires_at: Mapped[int | None] = instant(
        16, N_("Valid until"), required=True, in_list=True, in_form=False, since=3
    )
    status: Mapped[str | None] = choice(
        17,
        N_("State"),
        ACCEPTANCE_STATES,
        default="open",
        in_list=True,
        indexed=True,
        in_form=False,
        since=3,
    )
    decided_at: Mapped[int | None] = instant(
        18, N_("Decided"), in_list=True, read_only=True, in_form=False, since=3
    )
    language: Mapped[str | None] = text(19, N_("Language"), in_form=False, since=3)
    """`zh`, `en`, or `both`: then the reader's browser says."""


class Signature(Entity):
    """What a customer decided about one version of a document: who, how, when, of which file; never changed.

    HQ seals it afterwards: `certificate` is what it signed, `certificate_id` the page that says so.
    """

    __tablename__ = "signature"
    meta = EntityMeta(
        no=75,
        label=N_("Customer's signature"),
        plural=N_("Customers' signatures"),
        icon="pen",
        title="name",
        since=3,
        rights_like="quote",
        fixed=True,
    )

    record_entity: Mapped[str | None] = text(10, N_("Kind of record"), required=True, in_form=False, since=3)
    record_id: Mapped[str | None] = ref(
        11,
        N_("Record"),
        "*",
        target_field="record_entity",
        required=True,
        parent=True,
        in_form=False,
        since=3,
    )
    acceptance_id: Mapped[str | None] = ref(
        12, N_("Acceptance link"), "acceptance", read_only=True, by_hq=True, in_form=False, since=3
    )
    version: Mapped[int | None] = integer(
        13, N_("Version"), required=True, in_list=True, in_form=False, since=3
    )
    attachment_id: Mapped[str | None] = ref(14, N_("Document"), "attachment", in_form=False, since=3)
    sha256: Mapped[str | None] = text(
        15, N_("SHA-256 of the document"), required=True, in_form=False, since=3
    )
    verdict: Mapped[str | None] = choice(
        16, N_("Decision"), VERDICTS, required=True, default="accepted", in_list=True, since=3
    )
    name: Mapped[str | None] = text(17, N_("Name"), required=True, in_list=True, since=3)
    reason: Mapped[str | None] = long_text(
        18, N_("Reason"), in_list=True, field_class=FieldClass.COMMS, since=3
    )
    way: Mapped[str | None] = choice(19, N_("Way of signing"), WAYS, default="typed", in_list=True, since=3)
    strokes: Mapped[list[Any] | None] = json(20, N_("Strokes"), in_form=False, since=3)
    """As `crm_core.rules.signing.read_strokes` takes them; None: typed."""
    place: Mapped[str | None] = choice(
        21,
        N_("Where"),
        PLACES,
        default="laptop",
        in_list=True,
        read_only=True,
        by_hq=True,
        in_form=False,
        since=3,
    )
    address: Mapped[str | None] = text(
        22,
        N_("Network address"),
        field_class=FieldClass.COMMS,
        read_only=True,
        by_hq=True,
        in_form=False,
        since=3,
    )
    agent: Mapped[str | None] = text(
        23,
        N_("Browser"),
        field_class=FieldClass.COMMS,
        read_only=True,
        by_hq=True,
        in_form=False,
        since=3,
    )
    sealed_at: Mapped[int | None] = instant(
        24, N_("Sealed by HQ"), in_list=True, read_only=True, by_hq=True, in_form=False, since=3
    )
    certificate_id: Mapped[str | None] = ref(
        25, N_("Certificate"), "attachment", read_only=True, by_hq=True, in_form=False, since=3
    )
