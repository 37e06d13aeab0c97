"""Who is away now or soon, as it is told where somebody is chosen; an absence begun, changed and ended."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_core.entities.approval import Absence
from crm_core.errors import NotFound, UserError
from crm_core.i18n import N_
from crm_core.rules.approval import away_of, stand_ins
from crm_core.rules.typed_moment import read_moment
from crm_core.schema.field import Plain
from crm_desktop.models import query
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.services import records
from crm_desktop.services.outcome import Outcome

MIDNIGHT = datetime.time()


@dataclass(frozen=True, slots=True, kw_only=True)
class AwayNow:
    """Somebody is away until a moment, and who stands in: '' where nobody does who is here."""

    until_ms: int
    stand_in: str


def away_now(replica: Replica) -> dict[str, AwayNow]:
    """Return who is away at this moment, by user."""
    with replica.read() as session:
        return away_in(session, replica.clock.now_ms())


def away_in(session: Session, now_ms: int) -> dict[str, AwayNow]:
    """Return who is away at a moment, by user."""
    rows = session.execute(
        select(Absence.owner_id, Absence.stand_in_id, Absence.begins_at, Absence.ends_at).where(
            Absence.life % 2 == 1, Absence.begins_at <= now_ms, Absence.ends_at > now_ms
        )
    ).mappings()
    away = away_of(dict(row) for row in rows)
    gone = {each.user for each in away}
    here = {user: min(stand_ins(user, away, now_ms) - gone, default="") for user in gone}
    names = query.labels(session, "user", {each for each in here.values() if each})
    return {
        user: AwayNow(
            until_ms=max(each.until_ms for each in away if each.user == user),
            stand_in=names.get(here[user], ""),
        )
        for user in gone
    }


def day_begins(day: datetime.date) -> int:
    """Return the moment a day begins in this laptop's zone, in milliseconds."""
    return round(datetime.datetime.combine(day, MIDNIGHT).astimezone().timestamp() * 1000)


def moment_of(text: str, now: datetime.datetime, *, ends: bool = False) -> int:
    """Return the moment a text means, in milliseconds; a day alone begins, or with `ends` ends, at midnight.

    Raises `UserError`.
    """
    read = read_moment(text, now)
    if read is None:
        raise UserError(N_("“{text}” is not a time such as 2026-12-24 09:30 or tomorrow 9"), text=text)
    if read.at is None:
        return day_begins(read.day + datetime.timedelta(days=1) if ends else read.day)
    return round(datetime.datetime.combine(read.day, read.at).astimezone().timestamp() * 1000)


def last_day(ends_at: int) -> datetime.date | None:
    """Return the last whole day of an absence that ends at midnight here; None where a clock says its end."""
    end = datetime.datetime.fromtimestamp(ends_at / 1000).astimezone()
    return end.date() - datetime.timedelta(days=1) if end.time() == MIDNIGHT else None


def begin(replica: Replica, values: Mapping[str, Plain]) -> Outcome[Record]:
    """Say that somebody is away; without `owner_id` oneself."""
    return records.create(replica, "absence", {"owner_id": replica.person.user_id, **values})


def come_back(replica: Replica, user_id: str | None = None) -> Outcome[Record]:
    """End the present absence of somebody, without `user_id` of oneself. `NotFound` where there is none."""
    now = replica.clock.now_ms()
    with replica.read() as session:
        present = session.scalar(
            select(Absence.id)
            .where(Absence.owner_id == (user_id or replica.person.user_id), Absence.life % 2 == 1)
            .where(Absence.begins_at <= now, Absence.ends_at > now)
            .order_by(Absence.ends_at.desc(), Absence.id)
            .limit(1)
        )
    if present is None:
        raise NotFound(N_("There is no absence now"))
    return records.update(replica, "absence", present, {"ends_at": now})


def coming(replica: Replica, *, every: bool = False) -> list[dict[str, Any]]:
    """Return the absences that have not ended, the earliest first; `every`: those that have, too."""
    with replica.read() as session:
        wanted = select(Absence).where(Absence.life % 2 == 1).order_by(Absence.begins_at, Absence.id)
        if not every:
            wanted = wanted.where(Absence.ends_at > replica.clock.now_ms())
        rows = session.scalars(wanted).all()
        ids = {each for row in rows for each in (row.owner_id, row.stand_in_id) if each}
        names = query.labels(session, "user", ids)
        return [
            {
                "who": names.get(row.owner_id or "", ""),
                "from": row.begins_at,
                "until": row.ends_at,
                "stand_in": names.get(row.stand_in_id or "", ""),
                "tickets": row.tickets,
                "note": row.note,
                "id": row.id,
            }
            for row in rows
        ]
