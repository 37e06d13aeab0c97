"""Approvals: who is asked in which order, what was asked, what was decided, who stands in for whom."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Mapped

from crm_core.entities._choices import choices
from crm_core.i18n import N_
from crm_core.schema.columns import (
    boolean,
    choice,
    currency_code,
    date,
    instant,
    integer,
    json,
    long_text,
    money,
    owner,
    percent,
    ref,
    text,
)
from crm_core.schema.entity import Entity, EntityMeta
from crm_core.schema.field import FieldClass, ScopeSource
from crm_core.schema.machine import Kept, Machine, Step

REQUEST_STATES = choices(
    ("waiting", N_("Waiting for approval")),
    ("approved", N_("Approved")),
    ("refused", N_("Refused")),
    ("returned", N_("Returned")),
    ("withdrawn", N_("Withdrawn")),
)
VERDICTS = choices(("approve", N_("Approve")), ("return", N_("Return")), ("refuse", N_("Refuse")))
REQUEST_STEPS = Machine(
    field="status",
    first="waiting",
    born=("waiting",),
    refusal=N_("This request has come to its end"),
    steps=(
        Step(name="withdraw", starts=("waiting",), ends="withdrawn", keeps={"ended_at": Kept.NOW}),
        *(
            Step(name=name, starts=("waiting",), ends=ends, keeps={"ended_at": Kept.NOW}, by_hq=True)
            for name, ends in (("approve", "approved"), ("refuse", "refused"), ("return", "returned"))
        ),
    ),
)


class ApprovalFlow(Entity):
    """Who must approve records of a kind that fulfil its conditions. The first one that fits counts."""

    __tablename__ = "approval_flow"
    meta = EntityMeta(
        no=33, label=N_("Approval flow"), plural=N_("Approval flows"), icon="shield", reference=True, since=3
    )

    name: Mapped[str | None] = text(10, N_("Name"), required=True, in_list=True, indexed=True, since=3)
    record_entity: Mapped[str | None] = text(
        11, N_("Kind of record"), required=True, default="quote", names_entity=True, in_list=True, since=3
    )
    rank: Mapped[int | None] = integer(12, N_("Sequence"), default=0, in_list=True, since=3)
    rules: Mapped[dict[str, Any] | None] = json(13, N_("Conditions"), since=3)
    """As `crm_core.rules.segments.plain_rule` writes one; None: every record of the kind."""
    steps: Mapped[list[Any] | None] = json(14, N_("Steps"), since=3)
    """As `crm_core.rules.approval.plain_step` writes each, in their order."""
    mandate_suffices: Mapped[bool | None] = boolean(
        15, N_("A discount mandate takes its place"), default=True, in_list=True, since=3
    )
    active: Mapped[bool | None] = boolean(16, N_("In use"), default=True, in_list=True, since=3)


class Mandate(Entity):
    """How far below list price somebody, or whoever holds a role, may sell without being asked about it."""

    __tablename__ = "mandate"
    meta = EntityMeta(
        no=37,
        label=N_("Discount mandate"),
        plural=N_("Discount mandates"),
        icon="shield",
        since=3,
        rights_like="saved_view",
    )

    name: Mapped[str | None] = text(10, N_("Name"), required=True, in_list=True, indexed=True, since=3)
    user_id: Mapped[str | None] = ref(
        11, N_("For the user"), "user", scope=ScopeSource.SHOWN, in_list=True, since=3
    )
    role_id: Mapped[str | None] = ref(
        12, N_("For the role"), "role", scope=ScopeSource.SHOWN, in_list=True, since=3
    )
    family: Mapped[str | None] = text(13, N_("Only product family"), in_list=True, since=3)
    most_percent: Mapped[str | None] = percent(
        14, N_("Most below list, %"), required=True, in_list=True, since=3
    )
    most_line_percent: Mapped[str | None] = percent(15, N_("Most of one line, %"), in_list=True, since=3)
    most_total: Mapped[int | None] = money(16, N_("Largest total"), group="most", in_list=True, since=3)
    currency: Mapped[str | None] = currency_code(17, N_("Currency"), group="most", in_form=False, since=3)
    valid_from: Mapped[str | None] = date(18, N_("Valid from"), in_list=True, since=3)
    valid_until: Mapped[str | None] = date(
        19, N_("Valid until"), required=True, in_list=True, indexed=True, since=3
    )
    signed: Mapped[dict[str, Any] | None] = json(
        20, N_("Signed by HQ"), read_only=True, by_hq=True, in_form=False, since=3
    )
    """What HQ signed, and its signature (`crm_core.rules.mandates`)."""


TICKETS_MEANWHILE = choices(
    ("stay", N_("They stay with who is away")),
    ("offer", N_("Who stands in is told of each that is due")),
    ("hand", N_("Those that are due go to who stands in")),
)


class Absence(Entity):
    """Who is away, and who decides and works for him meanwhile."""

    __tablename__ = "absence"
    meta = EntityMeta(
        no=36,
        label=N_("Absence"),
        plural=N_("Absences"),
        icon="cal",
        title="note",
        since=3,
        rights_like="saved_view",
    )

    owner_id: Mapped[str | None] = owner(10, N_("Who is away"), in_list=True, since=3)
    stand_in_id: Mapped[str | None] = ref(
        11, N_("Who stands in"), "user", required=True, in_list=True, since=3
    )
    begins_at: Mapped[int | None] = instant(12, N_("Away from"), required=True, in_list=True, since=3)
    ends_at: Mapped[int | None] = instant(
        13, N_("Away until"), required=True, in_list=True, indexed=True, since=3
    )
    note: Mapped[str | None] = text(14, N_("Remark"), in_list=True, since=3)
    tickets: Mapped[str | None] = choice(
        15, N_("Open tickets meanwhile"), TICKETS_MEANWHILE, default="offer", since=3
    )


class ApprovalRequest(Entity):
    """What somebody asks to be approved. Who asks is `created_by`; everything but what he typed is HQ's."""

    __tablename__ = "approval_request"
    meta = EntityMeta(
        no=34,
        label=N_("Approval request"),
        plural=N_("Approval requests"),
        icon="shield",
        title="subject",
        since=3,
        rights_like="quote",
        machine=REQUEST_STEPS,
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
    subject: Mapped[str | None] = text(12, N_("What is asked"), in_list=True, since=3)
    reason: Mapped[str | None] = long_text(13, N_("Why"), in_list=True, since=3)
    status: Mapped[str | None] = choice(
        14, N_("State"), REQUEST_STATES, default="waiting", in_list=True, indexed=True, since=3
    )
    flow_id: Mapped[str | None] = ref(
        15, N_("Approval flow"), "approval_flow", read_only=True, by_hq=True, in_form=False, since=3
    )
    flow: Mapped[list[Any] | None] = json(16, N_("Steps"), read_only=True, by_hq=True, in_form=False, since=3)
    """The steps as they were when it was asked; None until HQ has heard of it."""
    round: Mapped[int | None] = integer(17, N_("Round"), read_only=True, by_hq=True, in_form=False, since=3)
    step: Mapped[int | None] = integer(
        18, N_("Step it is at"), read_only=True, by_hq=True, in_form=False, since=3
    )
    waits_for: Mapped[list[Any] | None] = json(
        19, N_("Waits for"), read_only=True, by_hq=True, in_form=False, since=3
    )
    """Ids of the users who are to decide now."""
    digest: Mapped[str | None] = text(
        20, N_("Mark of what is asked"), read_only=True, by_hq=True, in_form=False, since=3
    )
    """Hash of the values that are to be approved: of others, nothing was approved."""
    ended_at: Mapped[int | None] = instant(21, N_("Ended"), read_only=True, in_form=False, since=3)
    outcome: Mapped[list[Any] | None] = json(
        22, N_("Why it ended"), read_only=True, by_hq=True, in_form=False, since=3
    )
    """English text and what goes into it, where no decision ended it."""


class ApprovalDecision(Entity):
    """What one person decided about a request, at one of its steps; never changed."""

    __tablename__ = "approval_decision"
    meta = EntityMeta(
        no=35,
        label=N_("Approval decision"),
        plural=N_("Approval decisions"),
        icon="check",
        title="verdict",
        since=3,
        rights_like="quote",
        fixed=True,
    )

    request_id: Mapped[str | None] = ref(
        10, N_("Approval request"), "approval_request", required=True, parent=True, in_form=False, since=3
    )
    owner_id: Mapped[str | None] = owner(11, N_("Who decided"), in_list=True, in_form=False, since=3)
    for_id: Mapped[str | None] = ref(12, N_("In place of"), "user", in_list=True, in_form=False, since=3)
    round: Mapped[int | None] = integer(13, N_("Round"), default=0, in_form=False, since=3)
    step: Mapped[int | None] = integer(14, N_("Step"), default=0, in_form=False, since=3)
    verdict: Mapped[str | None] = choice(15, N_("Decision"), VERDICTS, required=True, in_list=True, since=3)
    to_step: Mapped[int | None] = integer(16, N_("Back to step"), in_form=False, since=3)
    """Of a return: the step that decides again; None: back to who asked."""
    comment: Mapped[str | None] = long_text(
        17, N_("Comment"), in_list=True, field_class=FieldClass.CORE, since=3
    )
    digest: Mapped[str | None] = text(18, N_("Mark of what is asked"), in_form=False, since=3)
    """Hash of the values that were in front of who decided."""
