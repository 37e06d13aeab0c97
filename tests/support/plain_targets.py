"""How far targets are reached, counted record by record, as anybody would by hand."""

from __future__ import annotations

import calendar
import datetime
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from crm_core.rules.reports import Figure, Take

Row = Mapping[str, Any]
Rows = Mapping[str, Mapping[str, Row]]


def days_of(target: Row) -> tuple[datetime.date, datetime.date]:
    """Return the first and last day of a target."""
    period, year = target["period"], target["year"]
    if period == "year":
        months = range(1, 13)
    elif period[0] == "q":
        months = range(3 * int(period[1]) - 2, 3 * int(period[1]) + 1)
    else:
        months = range(int(period[1:]), int(period[1:]) + 1)
    last = calendar.monthrange(year, months[-1])[1]
    return datetime.date(year, months[0], 1), datetime.date(year, months[-1], last)


def reached(rows: Rows, target: Row, zone: str) -> int:
    """Return what is reached of a target."""
    first, last = days_of(target)
    found = 0
    for entity, person, value in _counted(rows, target, zone):
        day, row = value
        if day is None or not first <= day <= last or not _is_his(rows, target, person):
            continue
        if target["product_id"] and row.get("product_id") != target["product_id"]:
            continue
        if target["family"]:
            product = rows["product"].get(row.get("product_id") or "")
            if product is None or product["family"] != target["family"]:
                continue
        if target["measure"] in ("won_amount", "ordered", "received"):
            amount = row["total" if entity == "order" else "amount"]
            found += amount if amount is not None and row["currency"] == target["currency"] else 0
        else:
            found += 1
    return found


def due(rows: Rows, target: Row, today: datetime.date) -> Fraction:
    """Return what should be reached by today."""
    first, last = days_of(target)
    goal = target["amount"] if target["amount"] is not None else target["number"]
    if today < first:
        return Fraction(0)
    if today > last:
        return Fraction(goal)
    even = Fraction(goal * ((today - first).days + 1), (last - first).days + 1)
    alike = ("year", "measure", "currency", "user_id", "team_id", "product_id", "family")
    months = {
        int(each["period"][1:]): each["amount"] if each["amount"] is not None else each["number"]
        for each in rows["target"].values()
        if each["period"][0] == "m" and all(each[name] == target[name] for name in alike)
    }
    wanted = range(first.month, last.month + 1)
    if len(wanted) == 1 or any(month not in months for month in wanted):
        return even
    whole = sum(months[month] for month in wanted)
    if not whole:
        return even
    over = sum(months[month] for month in wanted if month < today.month)
    days = calendar.monthrange(today.year, today.month)[1]
    return Fraction(goal) * (over + Fraction(months[today.month] * today.day, days)) / whole


def six(value: Fraction) -> Decimal:
    """Return a number to six decimals, halves away from zero."""
    scaled = value * 10**6
    whole = int(abs(scaled) + Fraction(1, 2))
    return Decimal(whole if scaled >= 0 else -whole).scaleb(-6)


def figure(rows: Rows, take: Take, targets: list[Row], today: datetime.date, zone: str) -> Figure:
    """Return what some targets come to."""
    goals = [each["amount"] if each["amount"] is not None else each["number"] for each in targets]
    came = [reached(rows, each, zone) for each in targets]
    match take:
        case Take.GOAL:
            return sum(goals)
        case Take.REACHED:
            return sum(came)
        case Take.DUE:
            return int(sum((due(rows, each, today) for each in targets), Fraction(0)) + Fraction(1, 2))
        case Take.MISSING:
            return sum(max(goal - got, 0) for goal, got in zip(goals, came, strict=True))
        case Take.PACE:
            ought = sum((due(rows, each, today) for each in targets), Fraction(0))
            return None if not ought else six(sum(came) / ought)
        case _:
            return None if not sum(goals) else six(Fraction(sum(came), sum(goals)))


def _is_his(rows: Rows, target: Row, person: str | None) -> bool:
    if target["user_id"]:
        return person == target["user_id"]
    if not target["team_id"]:
        return True
    user = rows["user"].get(person or "")
    team = user["team_id"] if user is not None else None
    while team is not None:
        if team == target["team_id"]:
            return True
        above = rows["team"].get(team)
        team = above["parent_id"] if above is not None else None
    return False


def _counted(rows: Rows, target: Row, zone: str) -> Any:
    def moment(value: int | None) -> datetime.date | None:
        return None if value is None else datetime.datetime.fromtimestamp(value / 1000, ZoneInfo(zone)).date()

    def day(value: str | None) -> datetime.date | None:
        return datetime.date.fromisoformat(value) if value else None

    measure = target["measure"]
    if measure in ("won_amount", "won_count"):
        for row in rows["deal"].values():
            stage = rows["stage"].get(row["stage_id"] or "")
            if stage is not None and stage["kind"] == "won":
                yield "deal", row["owner_id"], (day(row["close_date"]), row)
    elif measure == "ordered":
        for row in rows["order"].values():
            if row["status"] in ("confirmed", "closed"):
                yield "order", row["owner_id"], (day(row["ordered_on"]), row)
    elif measure == "received":
        for row in rows["receipt"].values():
            if row["status"] == "posted":
                customer = rows["customer"].get(row["customer_id"] or "")
                owner = customer["owner_id"] if customer is not None else None
                yield "receipt", owner, (day(row["received_on"]), row)
    elif measure == "new_customers":
        for row in rows["customer"].values():
            yield "customer", row["owner_id"], (moment(row["created_at"]), row)
    else:
        for row in rows["activity"].values():
            if row["kind"] == measure.removesuffix("s"):
                yield "activity", row["owner_id"], (moment(row["happened_at"]), row)
