"""What went out of the invented quotes of a sample profile, what was answered, and what was approved."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from crm_core.i18n import N_
from crm_core.ids import named_id
from crm_core.rules import approval, segments
from crm_core.rules.approval import Step, Who
from crm_core.rules.approval_flows import BELOW_LIST
from crm_core.rules.conditions import Condition, Op
from crm_core.schema.field import Plain
from crm_core.times import DAY_MS, HOUR_MS
from crm_desktop.models import repository
from crm_desktop.models.records import Record
from crm_desktop.services import approving
from crm_desktop.services.quote_sending import as_it_stands
from crm_desktop.services.sample_selling import QUOTES
from crm_desktop.services.sample_writing import Writer

MOST_BELOW_LIST = Decimal(20)
"""What sales people may give in the sample without asking, in per cent."""
_MAILS = (
    # quote, state, days ago, what the mail server said
    (3, "sent", 27, ""),
    (4, "failed", 26, "550 5.1.1 no such mailbox"),
    (4, "sent", 25, ""),
    (5, "at_hq", 0, ""),
    (6, "sent", 9, ""),
    (6, "unknown", 8, ""),
    (7, "sent", 40, ""),
    (8, "sent", 75, ""),
    (9, "sent", 60, ""),
)
_LINKS = ((3, "open", 27), (5, "open", 5), (6, "withdrawn", 9), (7, "accepted", 40), (9, "declined", 60))
_SIGNED = ((7, "accepted", 38, "page"), (8, "accepted", 71, "laptop"), (9, "declined", 55, "page"))
_ASKED = (
    # quote, who asks, whom, in which state, days ago
    (11, "tom", None, "waiting", 1),
    (12, "me", "maya", "waiting", 0),
    (8, "tom", None, "approved", 76),
)


class Sending:
    """Writes mails, links, signatures, versions and approvals of the quotes, which are there by now."""

    def __init__(self, writer: Writer, texts: Mapping[str, Any]) -> None:
        self._writer, self._texts = writer, texts

    def fill(self) -> None:
        """Write everything, parents before their children."""
        for number, (status, _, age_days, _, _) in enumerate(QUOTES):
            if status not in ("draft", "waiting"):
                self._version(self._quote(number), age_days)
        for number, state, days, said in _MAILS:
            self._mail(self._quote(number), state, days, said)
        links = {number: self._link(self._quote(number), state, days) for number, state, days in _LINKS}
        for number, verdict, days, place in _SIGNED:
            self._signature(self._quote(number), links.get(number), verdict, days, place)
        flow_id = self._flow()
        for number, asked_by, whom, state, days in _ASKED:
            self._request(self._quote(number), flow_id, asked_by, whom, state, days)

    def _quote(self, number: int) -> Record:
        quote = repository.get(self._writer.session, "quote", named_id("sample", f"quote:{number}"))
        assert quote is not None
        return quote

    def _person(self, quote: Record) -> Record:
        person = repository.get(self._writer.session, "contact", str(quote["contact_id"]))
        assert person is not None
        return person

    def _version(self, quote: Record, age_days: int) -> None:
        said = as_it_stands(self._writer.session, quote)
        values: dict[str, Plain] = {
            "quote_id": quote.id,
            "version": 1,
            "content": said.content,
            "amounts": said.amounts,
            "total": said.total,
            "currency": quote["currency"],
        }
        self._writer.create("quote_version", age_days * DAY_MS, values)

    def _mail(self, quote: Record, state: str, days: int, said: str) -> None:
        person = self._person(quote)
        text = self._texts["mail"]
        shown = {"number": quote.title, "name": person.title}
        values: dict[str, Plain] = {
            **_about(quote),
            "recipients": f"{person.title} <{person['email']}>",
            "subject": str(self._writer.say(text["subject"])).format_map(shown),
            "body": str(self._writer.say(text["body"])).format_map(shown),
            "sha256": _mark(quote),
            "status": state,
            "sent_at": self._writer.now - days * DAY_MS if state == "sent" else None,
            "attempts": 1,
            "outcome": [N_("The mail server refused it: {said}"), {"said": said}] if said else None,
        }
        self._writer.create("outgoing_mail", days * DAY_MS + HOUR_MS, values)

    def _link(self, quote: Record, state: str, days: int) -> str:
        values: dict[str, Plain] = {
            **_about(quote),
            "version": 1,
            "token_hash": _mark(quote, "link"),
            "sha256": _mark(quote),
            "expires_at": self._writer.now + (30 - days) * DAY_MS,
            "status": state,
            "decided_at": None if state == "open" else self._writer.now - (days - 1) * DAY_MS,
            "language": "both",
        }
        return self._writer.create("acceptance", days * DAY_MS + HOUR_MS, values)

    def _signature(self, quote: Record, link_id: str | None, verdict: str, days: int, place: str) -> None:
        values: dict[str, Plain] = {
            **_about(quote),
            "acceptance_id": link_id,
            "version": 1,
            "sha256": _mark(quote),
            "verdict": verdict,
            "name": self._person(quote).title,
            "reason": self._writer.say(self._texts["declined"]) if verdict == "declined" else None,
            "way": "typed",
            "place": place,
        }
        self._writer.create("signature", days * DAY_MS, values)

    def _flow(self) -> str:
        beyond = Condition(field=BELOW_LIST.name, op=Op.MORE, value=MOST_BELOW_LIST)
        values: dict[str, Plain] = {
            "name": self._writer.say(self._texts["flow"]),
            "record_entity": "quote",
            "rank": 1,
            "rules": segments.plain_rule(beyond),
            "steps": [approval.plain_step(Step(who=Who.SUPERIOR))],
            "mandate_suffices": True,
            "active": True,
        }
        return self._writer.create("approval_flow", 200 * DAY_MS, values)

    def _request(
        self, quote: Record, flow_id: str, asked_by: str, whom: str | None, state: str, days: int
    ) -> None:
        writer = self._writer
        step = Step(who=Who.NAMED, users=(writer.users[whom],)) if whom else Step(who=Who.SUPERIOR)
        decides = writer.users[whom or "me"]
        digest = approving.digest_of(writer.session, quote)
        values: dict[str, Plain] = {
            **_about(quote),
            "created_by": writer.users[asked_by],
            "subject": quote.title,
            "reason": writer.say(self._texts["asked"]),
            "status": state,
            "flow_id": flow_id,
            "flow": [approval.plain_step(step)],
            "round": 0,
            "step": 0,
            "waits_for": [decides] if state == "waiting" else None,
            "digest": digest,
            "ended_at": None if state == "waiting" else writer.now - days * DAY_MS,
        }
        request_id = writer.create("approval_request", days * DAY_MS + 2 * HOUR_MS, values)
        if state == "approved":
            decision: dict[str, Plain] = {
                "request_id": request_id,
                "owner_id": decides,
                "round": 0,
                "step": 0,
                "verdict": "approve",
                "comment": writer.say(self._texts["granted"]),
                "digest": digest,
            }
            writer.create("approval_decision", days * DAY_MS, decision)


def _about(quote: Record) -> dict[str, Plain]:
    return {"record_entity": quote.entity, "record_id": quote.id}


def _mark(quote: Record, of: str = "file") -> str:
    """Return what stands for the hash of a file or link that nobody made."""
    return hashlib.sha256(f"sample {of} {quote.id}".encode()).hexdigest()
