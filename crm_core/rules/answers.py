"""Documents that go out to customers: when they may be answered, and what an answer makes of them.

Both programs read it: links, signatures, certificates, mails and buttons ask here what a kind is.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from crm_core.entities import SCHEMAS
from crm_core.i18n import N_, Message, message
from crm_core.rules.quote_state import DRAFT, EXPIRED, SENT, WAITING

ACCEPTED: Final = "accepted"
DECLINED: Final = "declined"
Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """One kind of document: the states it may be answered in, and what follows."""

    entity: str
    label: str
    """What customers call it."""
    out: str
    """The state it goes out in; a customer may answer while it stands there."""
    late: tuple[str, ...] = ()
    """Further states in which an answer is taken on a laptop."""
    mailed: tuple[str, ...]
    """States in which it goes by mail."""
    accepted: str = ""
    """State it goes to when it is accepted; '' leaves it where it is."""
    accepted_since: tuple[str, ...] = ()
    """States it may have come to since it was accepted."""
    accepted_on: str = ""
    """Date field that gets the day on which it was accepted."""
    declined: str = ""
    """State it goes to when it is declined; '' leaves it where it is, to be accepted by another link."""
    moves_deal: bool = True
    """Whether its deal goes to the stage the company names when it is accepted."""
    told: str
    """English sentence for whoever sells, of one that was accepted: `name`, `number`."""

    @property
    def has_versions(self) -> bool:
        """Whether it is sent anew in another version."""
        return "version" in SCHEMAS[self.entity].fields

    def is_out(self, record: Values) -> bool:
        """Tell whether the customer has its present version, or had it until it was decided or over."""
        return _state(record) not in (DRAFT, WAITING, "cancelled")

    def is_accepted(self, record: Values) -> bool:
        """Tell whether it was accepted, by whatever way."""
        if not self.accepted:
            return bool(record.get(self.accepted_on))
        return _state(record) in (self.accepted, *self.accepted_since)

    def is_settled(self, record: Values) -> bool:
        """Tell whether nothing is left to be decided about its present version."""
        return self.is_accepted(record) or (bool(self.declined) and _state(record) == self.declined)

    def is_open(self, record: Values) -> bool:
        """Tell whether a link to it may be used."""
        return _state(record) == self.out and not self.is_settled(record)

    def may_be_signed(self, record: Values) -> bool:
        """Tell whether it waits for what its customer decides; a late answer is taken too."""
        return _state(record) in (self.out, *self.late) and not self.is_settled(record)

    def changes(self, verdict: str, record: Values, day: datetime.date) -> dict[str, Any]:
        """Return what an answer makes of it, by field name; nothing where it stays as it is."""
        state = self.accepted if verdict == ACCEPTED else self.declined
        written: dict[str, Any] = {"status": state} if state else {}
        if verdict == ACCEPTED and self.accepted_on and not record.get(self.accepted_on):
            written[self.accepted_on] = day.isoformat()
        return written

    def expected(self, record: Values) -> dict[str, Any]:
        """Return what it must still hold when an answer is written down."""
        held = {"status": record.get("status")}
        if self.has_versions:
            held["version"] = record.get("version")
        if not self.accepted:
            held[self.accepted_on] = record.get(self.accepted_on)
        return held

    def said(self, verdict: str, name: str, number: str, reason: str = "") -> Message:
        """Return what whoever sells is told."""
        if verdict == ACCEPTED:
            return Message(self.told, {"name": name, "number": number})
        return message(
            N_("{name} declined {number}: {reason}"), name=name, number=number, reason=reason[:120]
        )


ANSWERS: Final[Mapping[str, Answering]] = MappingProxyType(
    {
        each.entity: each
        for each in (
            Answering(
                entity="quote",
                label=N_("Quote"),
                out=SENT,
                late=(EXPIRED,),
                mailed=(SENT, ACCEPTED, EXPIRED),
                accepted=ACCEPTED,
                declined=DECLINED,
                told=N_("{name} accepted {number}"),
            ),
            Answering(
                entity="contract",
                label=N_("Contract"),
                out=SENT,
                mailed=(SENT, "signed", "in_force"),
                accepted="signed",
                accepted_since=("in_force", "ended", "terminated"),
                accepted_on="signed_on",
                declined=DECLINED,
                told=N_("{name} signed {number}"),
            ),
            # What was agreed stands already; the customer says that he reads it the same way.
            Answering(
                entity="order",
                label=N_("Order confirmation"),
                out="confirmed",
                mailed=("confirmed", "closed"),
                accepted_on="accepted_on",
                moves_deal=False,
                told=N_("{name} accepted {number}"),
            ),
        )
    }
)
"""By kind of record. One that comes later adds itself here, and to the kinds of documents."""


def version_of(record: Values) -> int:
    """Return the version a document stands at; 1 for kinds that have none."""
    return int(record.get("version") or 1)


def _state(record: Values) -> str:
    return str(record.get("status") or DRAFT)
