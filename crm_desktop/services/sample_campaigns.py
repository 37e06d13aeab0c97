"""The invented campaigns of a sample profile, and what came of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from crm_core.entities import SCHEMAS
from crm_core.schema.field import Plain
from crm_core.times import DAY_MS
from crm_desktop.models import repository
from crm_desktop.models.replica import LOCAL_USER
from crm_desktop.services.sample_writing import CURRENCY, Writer

_WORKS_FOR_DAYS = 120
"""Deals of a campaign's source closed within so many days of its beginning are taken to have come of it."""


def write_campaigns(writer: Writer, campaigns: Sequence[Mapping[str, Any]]) -> None:
    """Write campaigns, and name them in leads that say their name and in deals won soon after them."""
    lead, deal, stage = (SCHEMAS[each].table for each in ("lead", "deal", "stage"))
    taken: set[str] = set()
    for each in campaigns:
        name = writer.say(each["name"])
        values: dict[str, Plain] = {
            "name": name,
            **{key: each[key] for key in ("kind", "source", "status", "budget", "cost")},
            "starts_on": writer.day_on(each["first"]).isoformat(),
            "ends_on": writer.day_on(each["first"] + each["days"] - 1).isoformat(),
            "owner_id": LOCAL_USER,
            "currency": CURRENCY,
            "expected_leads": each["leads"],
            "expected_revenue": each["revenue"],
            "mails_sent": each.get("sent"),
            "mails_opened": each.get("opened"),
        }
        campaign_id = writer.create("campaign", (30 - each["first"]) * DAY_MS, values)
        connection = writer.session.connection()
        came = connection.execute(select(lead.c.id).where(lead.c.campaign == name)).scalars().all()
        until = writer.day_on(each["first"] + _WORKS_FOR_DAYS).isoformat()
        won = select(deal.c.id).join(stage, stage.c.id == deal.c.stage_id)
        won = won.where(
            stage.c.kind == "won",
            deal.c.source == each["source"],
            deal.c.close_date.between(str(values["starts_on"]), until),
        )
        bought = connection.execute(won.order_by(deal.c.close_date, deal.c.id)).scalars().all()
        for entity, ids in (("lead", came), ("deal", bought)):
            for record_id in ids:
                if record_id not in taken:
                    taken.add(record_id)
                    repository.update(writer.session, entity, record_id, {"campaign_id": campaign_id})
