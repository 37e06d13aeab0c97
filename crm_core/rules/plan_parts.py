"""Parts of a payment plan as people write them: `30/60/10`, or `30 signing/60 delivery+30/10 delivery+365`.

A part is a percentage and, where it is due on no fixed day, what it counts from and after how many days.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from crm_core.errors import Problem, UserError
from crm_core.i18n import N_, message
from crm_core.rules.payments import MOST_DAYS

MOST_PARTS: Final = 60
MOST_MONTHS: Final = 60
_BASES: Final[Mapping[str, str]] = {
    "signing": "signing",
    "签约": "signing",
    "签订": "signing",
    "delivery": "delivery",
    "交货": "delivery",
    "发货": "delivery",
}
_PART: Final = re.compile(
    rf"(?P<percent>\d+(?:\.\d+)?)\s*%?(?:\s*(?P<basis>{'|'.join(_BASES)})(?:\s*\+\s*(?P<days>\d{{1,5}}))?)?",
    re.IGNORECASE,
)
_FORM: Final = N_("Write the parts as percentages, such as 30/60/10 or 30 signing/70 delivery+30")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a plan."""

    percent: Decimal
    due_from: str = "day"
    """`day`: on a fixed one; `signing` or `delivery`: so many days after."""
    due_days: int | None = None


def parse_parts(text: str) -> list[Part]:
    """Return the parts that are written. `UserError` where they are not read, or are not 100 % in all."""
    found = [_PART.fullmatch(each.strip()) for each in text.replace("／", "/").split("/")]
    parts = [_part(each) for each in found if each is not None]
    if len(parts) < len(found) or len(parts) > MOST_PARTS or any(each.percent <= 0 for each in parts):
        raise UserError(_FORM)
    whole = sum((each.percent for each in parts), Decimal(0))
    if whole != 100:
        raise UserError(N_("The parts come to {percent} %, not to 100 %"), percent=whole)
    if any((each.due_days or 0) > MOST_DAYS for each in parts):
        raise UserError(N_("Between 0 and {most} days"), most=MOST_DAYS)
    return parts


def problems_of_template(values: Mapping[str, Any]) -> list[Problem]:
    """Return what is wrong with a kept plan as it would be saved."""
    problems = []
    if values.get("parts"):
        try:
            parse_parts(values["parts"])
        except UserError as error:
            problems.append(Problem(field="parts", message=error.message))
    months = values.get("months")
    if months is not None and not 1 <= months <= MOST_MONTHS:
        told = message(N_("Between 1 and {most} months"), most=MOST_MONTHS)
        problems.append(Problem(field="months", message=told))
    return problems


def _part(found: re.Match[str]) -> Part:
    basis = found["basis"]
    if not basis:
        return Part(percent=Decimal(found["percent"]))
    return Part(
        percent=Decimal(found["percent"]),
        due_from=_BASES[basis.lower()],
        due_days=int(found["days"] or 0),
    )
