"""Why deals were lost: counted by reason, competitor, month or owner, each with the list behind it."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.orm import Session

from crm_core.rules import pipeline
from crm_core.rules.access import Action, decide
from crm_desktop.models import query
from crm_desktop.models.conditions import Condition, Op
from crm_desktop.models.query import GroupRow, ListQuery, not_masked
from crm_desktop.models.replica import Replica
from crm_desktop.services.calendar import moment
from crm_desktop.services.company import company
from crm_desktop.services.figures import Part, stage_ids


class By(StrEnum):
    """What losses are counted by: the field of the deal."""

    REASON = "loss_reason"
    COMPETITOR = "competitor_id"
    MONTH = "stage_since"
    OWNER = "owner_id"


_LINKED = {By.COMPETITOR: "competitor", By.OWNER: "user"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Losses:
    """Lost deals, the commonest and dearest first; months in their order. Amounts are in `currency`."""

    parts: tuple[Part, ...]
    """`key` is the value of the field, '' for none; `label` what a linked record is called."""
    currency: str
    shows_money: bool
    """Whether the person may read amounts."""

    @property
    def count(self) -> int:
        """How many deals these are."""
        return sum(part.count for part in self.parts)


def counted(
    replica: Replica,
    by: By,
    since: datetime.date | None = None,
    until: datetime.date | None = None,
    *,
    besides: Iterable[Condition] = (),
) -> Losses:
    """Return the deals lost from a day to another (both counted), of those the person sees."""
    person = replica.person
    decide(person, Action.READ, "deal").demand()
    shows_money = not_masked(person, "deal", "amount")
    with replica.read() as session:
        currency = company(session).currency
        conditions = (*_lost(session, since, until), *besides)
        found = query.group(
            session,
            person,
            ListQuery(entity="deal", conditions=conditions),
            by=by.value,
            period="month" if by is By.MONTH else None,
            total="amount" if shows_money else None,
        )
        linked = {str(row.key) for row in found if row.key}
        names = query.labels(session, _LINKED[by], linked) if by in _LINKED else {}
    parts = [_part(row, by, currency, conditions, names) for row in found]
    if by is not By.MONTH:
        parts.sort(key=lambda part: (-part.count, -part.amount_minor, part.label, part.key))
    return Losses(parts=tuple(parts), currency=currency, shows_money=shows_money)


def _lost(
    session: Session, since: datetime.date | None, until: datetime.date | None
) -> tuple[Condition, ...]:
    found = [Condition(field="stage_id", op=Op.IN, value=tuple(stage_ids(session, pipeline.LOST)))]
    if since is not None:
        found.append(Condition(field="stage_since", op=Op.AT_LEAST, value=moment(since)))
    if until is not None:
        end = moment(until + datetime.timedelta(days=1)) - 1
        found.append(Condition(field="stage_since", op=Op.AT_MOST, value=end))
    return tuple(found)


def _part(
    row: GroupRow, by: By, currency: str, conditions: tuple[Condition, ...], names: Mapping[str, str]
) -> Part:
    key = str(row.key or "")
    return Part(
        key=key,
        label=names.get(key, key),
        count=row.count,
        amount_minor=int(row.sums.get(currency, 0)),
        conditions=(*conditions, *_behind(by, key)),
    )


def _behind(by: By, key: str) -> tuple[Condition, ...]:
    """Return what the deals of a part have in common."""
    if not key:
        return (Condition(field=by.value, op=Op.EMPTY),)
    if by is not By.MONTH:
        op, value = (Op.IN, (key,)) if by is By.REASON else (Op.EQUAL, key)
        return (Condition(field=by.value, op=op, value=value),)
    first = datetime.date.fromisoformat(f"{key}-01")
    following = (first + datetime.timedelta(days=31)).replace(day=1)
    return (
        Condition(field=by.value, op=Op.AT_LEAST, value=moment(first)),
        Condition(field=by.value, op=Op.AT_MOST, value=moment(following) - 1),
    )
