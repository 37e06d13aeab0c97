"""What makes a lead likely to buy, in points."""

from __future__ import annotations

from sqlalchemy.orm import Mapped

from crm_core.entities._choices import choices
from crm_core.entities.activity import ACTIVITY_KINDS, OUTCOMES
from crm_core.i18n import N_
from crm_core.schema.columns import boolean, choice, integer, text
from crm_core.schema.entity import Entity, EntityMeta

SCORING_KINDS = choices(
    ("field", N_("A field of the lead")),
    ("activity", N_("Something done with it")),
    ("qualify", N_("Points from which it is worth a deal")),
    ("nurture", N_("Points from which it is worth keeping")),
)
COMPARISONS = choices(
    ("filled", N_("is filled")),
    ("equal", N_("is")),
    ("contains", N_("contains")),
    ("at_least", N_("is at least")),
)


class ScoringRule(Entity):
    """Points for what a lead says of itself or for what was done with it. Where there is none of these, the
    usual ones count (`crm_core.rules.scoring.USUAL`)."""

    __tablename__ = "scoring_rule"
    meta = EntityMeta(
        no=18, label=N_("Scoring rule"), plural=N_("Scoring rules"), icon="star", since=3, reference=True
    )

    name: Mapped[str | None] = text(10, N_("Reason"), required=True, in_list=True, since=3)
    name_zh: Mapped[str | None] = text(11, N_("Reason in Chinese"), in_list=True, since=3)
    kind: Mapped[str | None] = choice(
        12, N_("Kind"), SCORING_KINDS, required=True, default="field", in_list=True, since=3
    )
    field: Mapped[str | None] = text(13, N_("Field"), in_list=True, since=3)
    comparison: Mapped[str | None] = choice(
        14, N_("Comparison"), COMPARISONS, default="filled", in_list=True, since=3
    )
    value: Mapped[str | None] = text(15, N_("Value"), in_list=True, since=3)
    activity_kind: Mapped[str | None] = choice(
        16, N_("Kind of activity"), ACTIVITY_KINDS, in_list=True, since=3
    )
    outcome: Mapped[str | None] = choice(17, N_("Outcome"), OUTCOMES, in_list=True, since=3)
    points: Mapped[int | None] = integer(18, N_("Points"), required=True, in_list=True, since=3)
    half_life_days: Mapped[int | None] = integer(19, N_("Half-life, days"), in_list=True, since=3)
    most: Mapped[int | None] = integer(20, N_("Counted at most, times"), since=3)
    active: Mapped[bool | None] = boolean(21, N_("In use"), default=True, in_list=True, since=3)
