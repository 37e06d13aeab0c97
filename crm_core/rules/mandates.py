"""Discount mandates: what HQ signs, whom and what it covers. Nothing here knows a key or a database.

A laptop relies on what was signed and not on the record beside it, so what is final offline is what HQ itself
once said. The signature is under `digest_of`; who holds the key makes and proves it.
"""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from crm_core.errors import Problem
from crm_core.i18n import N_, Message, message
from crm_core.times import DAY_MS

_PURPOSE: Final = b"satchel discount mandate 1\n"
_HUNDRED: Final = Decimal(100)
RENEW_DAYS: Final = 14
"""So many days before its end a mandate is shown as one to be renewed."""
SIGNED: Final = (
    "id",
    "name",
    "user",
    "role",
    "family",
    "percent",
    "line_percent",
    "total",
    "currency",
    "from_ms",
    "until_ms",
    "at_ms",
)

FORGED: Final = message(N_("This discount mandate was not signed by HQ, or was changed since"))
FOREIGN: Final = message(N_("This discount mandate is somebody else's"))
EXPIRED: Final = message(N_("The discount mandate had expired, or did not count yet"))
ENDED: Final = message(N_("The discount mandate had been ended"))
NOT_COVERED: Final = message(N_("The discount mandate does not cover this quote"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Mandate:
    """What was signed. Percentages run from 0 to 100; moments are milliseconds, the last one excluded."""

    id: str
    name: str
    user: str | None
    role: str | None
    family: str | None
    percent: Decimal
    line_percent: Decimal | None
    total: int | None
    """Largest total in minor units of `currency`."""
    currency: str | None
    from_ms: int
    until_ms: int
    at_ms: int
    """When HQ signed it."""

    def is_for(self, user_id: str, role_id: str | None) -> bool:
        """Tell whether a person may rely on it."""
        return self.user == user_id if self.user else bool(self.role) and self.role == role_id

    def counts_at(self, at_ms: int) -> bool:
        """Tell whether it is valid at a moment."""
        return self.from_ms <= at_ms < self.until_ms

    def ends_soon(self, now_ms: int) -> bool:
        """Tell whether it is to be renewed."""
        return now_ms < self.until_ms <= now_ms + RENEW_DAYS * DAY_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferLine:
    """One line that counts, in minor units: what it would cost by list, and what is asked for it."""

    family: str | None
    list_minor: int
    net_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a quote offers, as mandates and flows look at it."""

    lines: tuple[OfferLine, ...]
    total_minor: int
    currency: str

    @property
    def below_list(self) -> Decimal:
        """How far below list price it is, in percent, to a hundredth; never less than nothing."""
        return percent_below(self.lines)

    @property
    def most_below_list(self) -> Decimal:
        """The same of the line that is farthest below."""
        return max((percent_below((line,)) for line in self.lines), default=Decimal(0))

    @property
    def is_discounted(self) -> bool:
        """Tell whether any line is below list price, by more than rounding makes."""
        return not all(_within((line,), Decimal(0)) for line in self.lines)


def percent_below(lines: Sequence[OfferLine]) -> Decimal:
    """Return how far below list price lines are together, in percent, to a hundredth."""
    listed = sum(line.list_minor for line in lines)
    given = listed - sum(line.net_minor for line in lines)
    if listed <= 0 or given <= 0:
        return Decimal("0.00")
    return (Decimal(given) * _HUNDRED / Decimal(listed)).quantize(Decimal("0.01"))


def covering(held: Iterable[Mandate], offer: Offer) -> tuple[Mandate, ...] | None:
    """Return the mandates that together cover an offer; none where it needs none; None: they do not.

    One for every family covers the whole; otherwise the lines of each family are covered by one of that
    family, or as far as they go by one for every family.
    """
    able = sorted(
        (each for each in held if _total_fits(each, offer)), key=lambda each: (each.percent, each.id)
    )
    for each in able:
        if each.family is None and _covers(each, offer.lines):
            return (each,)
    chosen: dict[str, Mandate] = {}
    for family in dict.fromkeys(line.family for line in offer.lines):
        lines = [line for line in offer.lines if line.family == family]
        if _within(lines, Decimal(0)) and all(_within((line,), Decimal(0)) for line in lines):
            continue
        fits = (
            each
            for each in able
            if (each.family is None or _same(each.family, family)) and _covers(each, lines)
        )
        found = next(fits, None)
        if found is None:
            return None
        chosen[found.id] = found
    return tuple(chosen.values())


def _total_fits(mandate: Mandate, offer: Offer) -> bool:
    if mandate.total is None:
        return True
    return mandate.currency == offer.currency and offer.total_minor <= mandate.total


def _covers(mandate: Mandate, lines: Sequence[OfferLine]) -> bool:
    most = mandate.line_percent
    return _within(lines, mandate.percent) and (most is None or all(_within((line,), most) for line in lines))


def _within(lines: Sequence[OfferLine], percent: Decimal) -> bool:
    """Tell whether lines are no farther below list price; rounding each to a whole unit is free."""
    listed = sum(line.list_minor for line in lines)
    given = listed - sum(line.net_minor for line in lines)
    return given <= 0 or given * _HUNDRED <= percent * max(listed, 0) + _HUNDRED * len(lines)


def _same(one: str, other: str | None) -> bool:
    return other is not None and one.strip().casefold() == other.strip().casefold()


# What is signed


def to_sign(
    record_id: str,
    values: Mapping[str, Any],
    at_ms: int,
    midnight_ms: Mapping[str, int],
) -> dict[str, Any]:
    """Return what HQ signs of a mandate's record.

    `midnight_ms` are the moments the days `from` and `until` (the one after the last) begin where HQ stands.
    """
    return {
        "id": record_id,
        "name": values.get("name") or "",
        "user": values.get("user_id"),
        "role": values.get("role_id"),
        "family": values.get("family") or None,
        "percent": values.get("most_percent") or "0",
        "line_percent": values.get("most_line_percent"),
        "total": values.get("most_total"),
        "currency": values.get("currency") if values.get("most_total") is not None else None,
        "from_ms": midnight_ms["from"],
        "until_ms": midnight_ms["until"],
        "at_ms": at_ms,
    }


def days_of(values: Mapping[str, Any], today: datetime.date) -> tuple[datetime.date, datetime.date]:
    """Return the first day a mandate counts and the first one it does not any more. `ValueError`."""
    begins = datetime.date.fromisoformat(values["valid_from"]) if values.get("valid_from") else today
    return begins, datetime.date.fromisoformat(str(values["valid_until"])) + datetime.timedelta(days=1)


def digest_of(signed: Mapping[str, Any]) -> bytes:
    """Return the hash under which the signature stands: of what was signed, written in one way only."""
    said = {name: signed.get(name) for name in SIGNED}
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.blake2b(_PURPOSE + text.encode(), digest_size=32).digest()


def signature_of(signed: Any) -> bytes:
    """Return the signature beside what was signed; nothing where there is none that can be read."""
    try:
        return bytes.fromhex(signed["signature"])
    except (KeyError, TypeError, ValueError):
        return b""


def mandate_of(signed: Any) -> Mandate | None:
    """Return what was signed; None where it cannot be read. Whether it was signed is asked elsewhere."""
    try:
        line, total = signed["line_percent"], signed["total"]
        found = Mandate(
            id=str(signed["id"]),
            name=str(signed["name"]),
            user=_text(signed["user"]),
            role=_text(signed["role"]),
            family=_text(signed["family"]),
            percent=Decimal(str(signed["percent"])),
            line_percent=None if line is None else Decimal(str(line)),
            total=None if total is None else int(total),
            currency=_text(signed["currency"]),
            from_ms=int(signed["from_ms"]),
            until_ms=int(signed["until_ms"]),
            at_ms=int(signed["at_ms"]),
        )
    except (KeyError, TypeError, ValueError, InvalidOperation):
        return None
    finite = found.percent.is_finite() and (found.line_percent is None or found.line_percent.is_finite())
    return found if finite else None


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def refusal(
    found: Mandate | None, *, signed: bool, user_id: str, role_id: str | None, at_ms: int
) -> Message | None:
    """Return why somebody may not rely on a mandate at a moment; None where he may."""
    if found is None or not signed:
        return FORGED
    if not found.is_for(user_id, role_id):
        return FOREIGN
    return None if found.counts_at(at_ms) else EXPIRED


def problems_of_mandate(values: Mapping[str, Any]) -> list[Problem]:
    """Return what is wrong with a mandate's record as it would be saved."""
    problems = []
    if bool(values.get("user_id")) == bool(values.get("role_id")):
        told = message(N_("A mandate is for one user or for one role"))
        problems.append(Problem(field="user_id", message=told))
    for name in ("most_percent", "most_line_percent"):
        if values.get(name) is not None and not _is_percentage(values[name]):
            told = message(N_("A percentage is between 0 and 100"))
            problems.append(Problem(field=name, message=told))
    begins, until = values.get("valid_from"), values.get("valid_until")
    if begins and until and str(begins) > str(until):
        problems.append(Problem(field="valid_until", message=message(N_("It ends before it begins"))))
    return problems


def _is_percentage(value: Any) -> bool:
    try:
        return 0 <= Decimal(str(value)) <= _HUNDRED
    except InvalidOperation:
        return False
