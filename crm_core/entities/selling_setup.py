"""What an administrator sets up around a pipeline: conditions of its stages, milestones, rivals."""

from __future__ import annotations

from sqlalchemy.orm import Mapped

from crm_core.entities._choices import choices
from crm_core.entities.activity import ACTIVITY_KINDS
from crm_core.i18n import N_
from crm_core.schema.columns import boolean, choice, date, instant, integer, long_text, owner, ref, text
from crm_core.schema.entity import Entity, EntityMeta
from crm_core.schema.field import Kind

MOMENTS = choices(("entry", N_("On entering")), ("exit", N_("On going on")))
CONDITION_KINDS = choices(
    ("field_filled", N_("A field is filled in")),
    ("field_compares", N_("A field compares")),
    ("activity_done", N_("An activity was done")),
    ("quote_sent", N_("A quote was sent")),
    ("milestone_done", N_("A milestone is done")),
)
OPERATORS = choices(
    ("=", N_("is")),
    ("!=", N_("is not")),
    ("<", N_("is less than")),
    ("<=", N_("is at most")),
    (">", N_("is more than")),
    (">=", N_("is at least")),
    ("~", N_("contains")),
)


class Competitor(Entity):
    """Somebody who sells what we sell."""

    __tablename__ = "competitor"
    meta = EntityMeta(
        no=23, label=N_("Competitor"), plural=N_("Competitors"), icon="flag", reference=True, since=3
    )

    name: Mapped[str | None] = text(
        10, N_("Name"), required=True, in_list=True, searchable=True, indexed=True, since=3
    )
    website: Mapped[str | None] = text(11, N_("Web site"), kind=Kind.URL, in_list=True, since=3)
    strengths: Mapped[str | None] = long_text(12, N_("Strengths"), searchable=True, since=3)
    weaknesses: Mapped[str | None] = long_text(13, N_("Weaknesses"), searchable=True, since=3)
    notes: Mapped[str | None] = long_text(14, N_("Notes"), searchable=True, since=3)
    active: Mapped[bool | None] = boolean(15, N_("In use"), default=True, in_list=True, since=3)


class StageRule(Entity):
    """A condition a deal must meet to enter a stage, or to go on from it."""

    __tablename__ = "stage_rule"
    meta = EntityMeta(
        no=24,
        label=N_("Condition of a stage"),
        plural=N_("Conditions of stages"),
        icon="shield",
        title="kind",
        reference=True,
        since=3,
    )

    stage_id: Mapped[str | None] = ref(10, N_("Stage"), "stage", required=True, in_list=True, since=3)
    moment: Mapped[str | None] = choice(
        11, N_("When"), MOMENTS, default="entry", required=True, in_list=True, since=3
    )
    kind: Mapped[str | None] = choice(
        12, N_("Condition"), CONDITION_KINDS, default="field_filled", required=True, in_list=True, since=3
    )
    field: Mapped[str | None] = text(13, N_("Field"), in_list=True, since=3)
    operator: Mapped[str | None] = choice(14, N_("Comparison"), OPERATORS, in_list=True, since=3)
    value: Mapped[str | None] = text(15, N_("Value"), in_list=True, since=3)
    activity_kind: Mapped[str | None] = choice(16, N_("Kind of activity"), ACTIVITY_KINDS, since=3)
    days: Mapped[int | None] = integer(17, N_("Within days"), since=3)
    milestone_id: Mapped[str | None] = ref(18, N_("Milestone"), "milestone", since=3)
    message: Mapped[str | None] = text(19, N_("English message"), since=3)
    message_zh: Mapped[str | None] = text(20, N_("Chinese message"), since=3)
    active: Mapped[bool | None] = boolean(21, N_("In use"), default=True, in_list=True, since=3)


class Milestone(Entity):
    """A step to be ticked off on every deal that reaches a stage, or is about a product."""

    __tablename__ = "milestone"
    meta = EntityMeta(
        no=25, label=N_("Milestone"), plural=N_("Milestones"), icon="flag", reference=True, since=3
    )

    name: Mapped[str | None] = text(10, N_("Name"), required=True, in_list=True, indexed=True, since=3)
    name_zh: Mapped[str | None] = text(11, N_("Chinese name"), in_list=True, since=3)
    stage_id: Mapped[str | None] = ref(12, N_("Stage"), "stage", in_list=True, since=3)
    product_id: Mapped[str | None] = ref(13, N_("Product"), "product", in_list=True, since=3)
    due_days: Mapped[int | None] = integer(14, N_("Due after days"), in_list=True, since=3)
    rank: Mapped[int | None] = integer(15, N_("Sequence"), default=0, in_list=True, since=3)
    active: Mapped[bool | None] = boolean(16, N_("In use"), default=True, in_list=True, since=3)


class DealMilestone(Entity):
    """What is known of one milestone of one deal; made when somebody first says something of it."""

    __tablename__ = "deal_milestone"
    meta = EntityMeta(
        no=26,
        label=N_("Milestone of a deal"),
        plural=N_("Milestones of deals"),
        icon="flag",
        since=3,
        rights_like="activity",
    )

    name: Mapped[str | None] = text(10, N_("Name"), required=True, in_list=True, indexed=True, since=3)
    deal_id: Mapped[str | None] = ref(
        11, N_("Deal"), "deal", required=True, parent=True, in_list=True, since=3
    )
    milestone_id: Mapped[str | None] = ref(12, N_("Milestone"), "milestone", since=3)
    owner_id: Mapped[str | None] = owner(13, N_("Owner"), in_list=True, since=3)
    due_on: Mapped[str | None] = date(14, N_("Due"), in_list=True, indexed=True, since=3)
    done: Mapped[bool | None] = boolean(15, N_("Done"), default=False, group="done", in_list=True, since=3)
    done_at: Mapped[int | None] = instant(16, N_("Done at"), group="done", read_only=True, since=3)
    done_by: Mapped[str | None] = ref(
        17, N_("Done by"), "user", group="done", read_only=True, in_list=True, since=3
    )
