"""Selling: pipelines, their stages, and deals."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Mapped

from crm_core.entities._choices import COLOURS, SOURCES, choices
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
    ref,
    shares,
    tags,
    text,
)
from crm_core.schema.entity import Entity, EntityMeta
from crm_core.schema.field import FieldClass, ScopeSource

STAGE_KINDS = choices(("open", N_("Open")), ("won", N_("Won")), ("lost", N_("Lost")))
LOSS_REASONS = choices(
    ("price", N_("Price")),
    ("budget", N_("No budget")),
    ("competitor", N_("Chose a rival")),
    ("timing", N_("Timing")),
    ("no_answer", N_("No answer")),
    ("other", N_("Other")),
)
FORECASTS = choices(
    ("commit", N_("Commit")),
    ("best", N_("Best case")),
    ("pipeline", N_("Pipeline, uncertain")),
    ("omitted", N_("Left out")),
)
SKIPPERS = choices(
    ("nobody", N_("No one")),
    ("managers", N_("Whoever may assign deals")),
    ("everybody", N_("Whoever may change the deal")),
)


class Pipeline(Entity):
    """A way of selling, made of ordered stages."""

    __tablename__ = "pipeline"
    meta = EntityMeta(no=20, label=N_("Pipeline"), plural=N_("Pipelines"), icon="board", reference=True)

    name: Mapped[str | None] = text(10, N_("Name"), required=True, in_list=True, indexed=True)
    rank: Mapped[int | None] = integer(11, N_("Sequence"), default=0, in_list=True)
    active: Mapped[bool | None] = boolean(12, N_("In use"), default=True, in_list=True)
    neglect_days: Mapped[int | None] = integer(13, N_("Neglected after days"), since=3)


class Stage(Entity):
    """A step of a pipeline."""

    __tablename__ = "stage"
    meta = EntityMeta(no=21, label=N_("Stage"), plural=N_("Stages"), icon="cols", reference=True)

    pipeline_id: Mapped[str | None] = ref(10, N_("Pipeline"), "pipeline", required=True, in_list=True)
    name: Mapped[str | None] = text(11, N_("Name"), required=True, in_list=True)
    rank: Mapped[int | None] = integer(12, N_("Sequence"), default=0, in_list=True)
    probability: Mapped[int | None] = integer(13, N_("Probability, %"), default=0, in_list=True)
    kind: Mapped[str | None] = choice(14, N_("Kind"), STAGE_KINDS, default="open", in_list=True)
    age_limit_days: Mapped[int | None] = integer(15, N_("Age limit, days"), in_list=True)
    color: Mapped[str | None] = choice(16, N_("Colour"), COLOURS, default="neutral")
    retired: Mapped[bool | None] = boolean(17, N_("Retired"), default=False, in_list=True, since=3)
    skip_by: Mapped[str | None] = choice(
        18, N_("Conditions may be skipped by"), SKIPPERS, default="managers", since=3
    )


class Deal(Entity):
    """A possible sale to a customer."""

    __tablename__ = "deal"
    meta = EntityMeta(no=22, label=N_("Deal"), plural=N_("Deals"), icon="board")

    name: Mapped[str | None] = text(
        10, N_("Name"), required=True, in_list=True, searchable=True, indexed=True
    )
    code: Mapped[str | None] = text(11, N_("Code"), searchable=True, indexed=True)
    customer_id: Mapped[str | None] = ref(
        12, N_("Customer"), "customer", parent=True, lends=True, in_list=True
    )
    contact_id: Mapped[str | None] = ref(13, N_("Contact"), "contact")
    owner_id: Mapped[str | None] = owner(14, N_("Owner"), in_list=True)
    team_id: Mapped[str | None] = ref(15, N_("Team"), "team", scope=ScopeSource.TEAM, in_form=False)
    territory_id: Mapped[str | None] = ref(
        16, N_("Territory"), "territory", scope=ScopeSource.TERRITORY, in_form=False
    )
    pipeline_id: Mapped[str | None] = ref(17, N_("Pipeline"), "pipeline", required=True, group="stage")
    stage_id: Mapped[str | None] = ref(18, N_("Stage"), "stage", required=True, group="stage", in_list=True)
    probability: Mapped[int | None] = integer(19, N_("Probability, %"), group="stage", in_list=True)
    loss_reason: Mapped[str | None] = choice(20, N_("Loss reason"), LOSS_REASONS, group="stage")
    stage_since: Mapped[int | None] = instant(21, N_("In this stage since"), group="stage", read_only=True)
    amount: Mapped[int | None] = money(22, N_("Amount"), group="amount", in_list=True, indexed=True)
    currency: Mapped[str | None] = currency_code(23, N_("Currency"), group="amount", in_form=False)
    close_date: Mapped[str | None] = date(24, N_("Closing date"), in_list=True, indexed=True)
    engaged_on: Mapped[str | None] = date(25, N_("First engaged"))
    product_id: Mapped[str | None] = ref(26, N_("Product"), "product", in_list=True)
    source: Mapped[str | None] = choice(27, N_("Source"), SOURCES)
    competitor: Mapped[str | None] = text(28, N_("Competitor"))
    notes: Mapped[str | None] = long_text(
        29, N_("Notes"), field_class=FieldClass.COMMS, searchable=True, section=N_("Notes")
    )
    tags: Mapped[list[str] | None] = tags(30, N_("Tags"), in_list=True)
    competitor_id: Mapped[str | None] = ref(31, N_("Competitor met"), "competitor", in_list=True, since=3)
    loss_note: Mapped[str | None] = text(32, N_("What decided it"), since=3)
    skip_reason: Mapped[str | None] = text(
        33, N_("Reason for skipping"), group="skip", in_form=False, in_list=True, since=3
    )
    skip_at: Mapped[int | None] = instant(
        34, N_("Skipped at"), group="skip", read_only=True, in_form=False, since=3
    )
    skipped: Mapped[list[Any] | None] = json(
        35, N_("Conditions skipped"), group="skip", read_only=True, in_form=False, since=3
    )
    forecast: Mapped[str | None] = choice(
        36,
        N_("Forecast"),
        FORECASTS,
        in_list=True,
        since=3,
        hint=N_("Empty: as its probability says"),
    )
    """By hand; `crm_core.rules.forecast` says what holds without."""
    campaign_id: Mapped[str | None] = ref(37, N_("Came of the campaign"), "campaign", since=3)
    shared_with: Mapped[list[str] | None] = shares(
        60, N_("Shared with"), ScopeSource.SHARE, since=2, section=N_("Sharing")
    )
    shown_to: Mapped[list[str] | None] = shares(
        61, N_("Shown to"), ScopeSource.SHOWN, since=2, section=N_("Sharing")
    )
    shared_until: Mapped[str | None] = date(62, N_("Shared until"), since=3, section=N_("Sharing"))
    shown_until: Mapped[str | None] = date(63, N_("Shown until"), since=3, section=N_("Sharing"))
