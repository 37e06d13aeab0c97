"""What people add to a forecast: their own judgement of a period, and changes they try out."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Mapped

from crm_core.entities.target import PERIODS
from crm_core.i18n import N_
from crm_core.schema.columns import choice, currency_code, integer, json, money, owner, ref, tags, text
from crm_core.schema.entity import Entity, EntityMeta
from crm_core.schema.field import FieldClass, ScopeSource


class ForecastCall(Entity):
    """What somebody expects of a period, beside what the program counts. It stays as it was said; who thinks
    otherwise a week later says so anew.

    It lies in the scopes of who said it: he and his superiors read it, not whom it is about.
    """

    __tablename__ = "forecast_call"
    meta = EntityMeta(
        no=120,
        label=N_("Judgement"),
        plural=N_("Judgements"),
        icon="flag",
        fixed=True,
        since=3,
        rights_like="deal",
    )

    name: Mapped[str | None] = text(10, N_("Name"), in_list=True, since=3)
    year: Mapped[int | None] = integer(11, N_("Year"), required=True, in_list=True, indexed=True, since=3)
    period: Mapped[str | None] = choice(12, N_("Period"), PERIODS, required=True, in_list=True, since=3)
    amount: Mapped[int | None] = money(
        13, N_("Amount expected"), group="amount", required=True, in_list=True, since=3
    )
    currency: Mapped[str | None] = currency_code(14, N_("Currency"), group="amount", in_form=False, since=3)
    reason: Mapped[str | None] = text(
        15, N_("Why"), field_class=FieldClass.MONEY, required=True, in_list=True, since=3
    )
    owner_id: Mapped[str | None] = owner(16, N_("Said by"), in_list=True, since=3)
    user_id: Mapped[str | None] = ref(17, N_("About the person"), "user", in_list=True, since=3)
    team_id: Mapped[str | None] = ref(18, N_("About the team"), "team", in_list=True, since=3)


class Scenario(Entity):
    """Changes of price, win rate, volume and cycle under a name (`crm_core.rules.what_if`): what is asked,
    not what came out."""

    __tablename__ = "scenario"
    meta = EntityMeta(
        no=121,
        label=N_("Scenario"),
        plural=N_("Scenarios"),
        icon="sliders",
        since=3,
        rights_like="saved_view",
    )

    name: Mapped[str | None] = text(
        10, N_("Name"), required=True, in_list=True, searchable=True, indexed=True, since=3
    )
    owner_id: Mapped[str | None] = owner(11, N_("Owner"), in_list=True, since=3)
    changes: Mapped[dict[str, Any] | None] = json(12, N_("Changes"), in_form=False, since=3)
    rank: Mapped[int | None] = integer(13, N_("Sequence"), default=0, since=3)
    shown_to: Mapped[list[str] | None] = tags(
        14, N_("Shown to"), scope=ScopeSource.SHOWN, members=("user", "team", "role"), since=3
    )
    """A role stands for everybody who holds it."""
