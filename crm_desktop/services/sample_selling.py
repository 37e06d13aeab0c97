"""The invented deals and quotes of a sample profile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crm_core.ids import named_id
from crm_core.rules.positions import between
from crm_core.schema.field import Plain
from crm_core.times import DAY_MS, HOUR_MS
from crm_desktop.models import sheet_totals
from crm_desktop.services.calendar import local
from crm_desktop.services.sample_writing import CURRENCY, TAX_RATE, Writer, evening

FIRST_QUOTE = 1160
MINOR = 100
OPEN_DEALS = 48
WON_MONTHS = 12
_OPEN_STAGES = ("Qualified", "Needs", "Proposal", "Negotiation", "Verbal yes")
_STAGE_SHARES = (16, 12, 10, 6, 4)
_CHANCES = {"Qualified": 10, "Needs": 25, "Proposal": 50, "Negotiation": 75, "Verbal yes": 90}
_STEP_DAYS = (4, -2, 1, 6, None, 13, 0, 21, -1, None)
"""When the next step of a deal is due, in days from today, over and over; None: it has none."""
QUOTES = (
    # state, customer, age in days, days still valid, lines
    ("draft", 0, 0, 30, 8),
    ("draft", 3, 1, 29, 3),
    ("draft", 12, 2, 28, 4),
    ("sent", 9, 27, 2, 3),
    ("sent", 6, 26, 4, 2),
    ("sent", 5, 6, 24, 5),
    ("sent", 16, 9, 21, 4),
    ("accepted", 1, 40, -10, 4),
    ("accepted", 35, 75, -45, 6),
    ("declined", 22, 60, -30, 2),
    ("expired", 20, 90, -60, 2),
    ("waiting", 6, 0, 29, 4),
    ("waiting", 12, 0, 30, 3),
)
_DISCOUNTS = {0: "1.25", 11: "24", 12: "28"}
"""Of the whole quote, by its place above; those that wait for approval go beyond what needs none."""

_DEAL_OF_QUOTE = {
    "draft": "open",
    "waiting": "open",
    "sent": "open",
    "accepted": "Won",
    "declined": "Lost",
    "expired": "open",
}


class Selling:
    """Writes deals and quotes of customers given as (id, owner). Amounts are minor units of CNY."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._of_customer: dict[tuple[str, str], str] = {}
        self._rivals: list[str] = []
        """A deal of a customer by its stage, open ones all under "open"."""

    def deals(self, owned: Sequence[tuple[str, str]], texts: Mapping[str, Any]) -> None:
        """Write open deals with their next steps, and what was won and lost in a year."""
        stages = [
            stage
            for stage, share in zip(_OPEN_STAGES, _STAGE_SHARES, strict=True)
            for _ in range(share * OPEN_DEALS // sum(_STAGE_SHARES))
        ]
        for number, stage in enumerate(stages):
            customer_id, owner_id = owned[(number * 7) % len(owned)]
            closes = (
                None
                if number % 12 == 11
                else self._writer.day_on(self._writer.random.randrange(3, 70)).isoformat()
            )
            since = self._writer.now - self._writer.random.randrange(1, 45) * DAY_MS
            deal_id, age = self._deal(texts, number, customer_id, owner_id, stage, since, closes)
            self._next_step(texts, number, customer_id, owner_id, deal_id, age)
        self._rivals = [
            self._writer.create("competitor", 300 * DAY_MS, {"name": self._writer.say(name)})
            for name in texts["rivals"]
        ]
        self._ended_deals(owned, texts, len(stages))

    def _ended_deals(self, owned: Sequence[tuple[str, str]], texts: Mapping[str, Any], number: int) -> None:
        for month in range(WON_MONTHS):
            for _ in range(self._writer.random.randrange(2, 5)):
                number += 1
                days = min(month * 30 + self._writer.random.randrange(1, 28), 364)
                customer_id, owner_id = owned[(number * 11) % len(owned)]
                closed = self._writer.day_on(-days).isoformat()
                self._deal(
                    texts,
                    number,
                    customer_id,
                    owner_id,
                    "Won",
                    self._writer.now - days * DAY_MS,
                    closed,
                    competitor_id=self._rivals[number % 2] if number % 3 == 0 else None,
                )
        for reason in texts["loss"] * 2:
            number += 1
            days = self._writer.random.randrange(5, 200)
            customer_id, owner_id = owned[(number * 11) % len(owned)]
            closed = self._writer.day_on(-days).isoformat()
            since = self._writer.now - days * DAY_MS
            ended: dict[str, Plain] = {"loss_reason": reason}
            if reason in ("competitor", "price"):
                ended["competitor_id"] = self._rivals[number % 2]
            self._deal(texts, number, customer_id, owner_id, "Lost", since, closed, **ended)

    def _deal(
        self,
        texts: Mapping[str, Any],
        number: int,
        customer_id: str,
        owner_id: str,
        stage: str,
        since_ms: int,
        closes: str | None,
        **ended: Plain,
    ) -> tuple[str, int]:
        kind = texts["deals"][number % len(texts["deals"])]
        thousands = self._writer.random.randrange(kind["low"], kind["high"]) // (1 if stage != "Won" else 2)
        age = self._writer.now - since_ms + self._writer.random.randrange(5, 60) * DAY_MS
        deal_id = self._writer.create(
            "deal",
            age,
            {
                "name": self._writer.say(kind),
                "customer_id": customer_id,
                "contact_id": self._writer.people[customer_id][0],
                "owner_id": owner_id,
                "pipeline_id": named_id("pipeline", "Sales"),
                "stage_id": named_id("stage", stage),
                "probability": {"Won": 100, "Lost": 0}.get(stage, _CHANCES.get(stage, 0)),
                **ended,
                "stage_since": since_ms,
                "amount": None if stage == "Qualified" and number % 9 == 8 else thousands * 1000 * MINOR,
                "currency": CURRENCY,
                "close_date": closes,
                "engaged_on": local(self._writer.now - age).date().isoformat(),
                "product_id": self._writer.products[kind["product"]]["id"],
                "source": "referral" if number % 3 else "exhibition",
            },
        )
        self._of_customer[customer_id, "open" if stage in _OPEN_STAGES else stage] = deal_id
        return deal_id, age

    def _next_step(
        self, texts: Mapping[str, Any], number: int, customer_id: str, owner_id: str, deal_id: str, age: int
    ) -> None:
        days = _STEP_DAYS[number % len(_STEP_DAYS)]
        if days is None:
            return
        step = texts["steps"][number % len(texts["steps"])]
        hour, minute = evening(self._writer.now) if days == 0 else (self._writer.random.randrange(9, 17), 0)
        self._writer.create(
            "activity",
            min(age, 3 * DAY_MS),
            {
                "kind": step["kind"],
                "subject": self._writer.say(step),
                "customer_id": customer_id,
                "deal_id": deal_id,
                # What is mine today and late is said in the texts; more would drown the day.
                "owner_id": owner_id if days > 0 else self._writer.users["tom"],
                "due_at": self._writer.at(days, hour, minute),
                "done": False,
                "priority": "normal",
            },
        )

    def quotes(self, owned: Sequence[tuple[str, str]], company: Mapping[str, Any]) -> None:
        """Write quotes in every state, with lines and totals."""
        codes = list(self._writer.products)
        oldest_first = sorted(range(len(QUOTES)), key=lambda place: -QUOTES[place][2])
        for number, (status, customer, age_days, valid_days, lines) in enumerate(QUOTES):
            customer_id, owner_id = owned[customer % len(owned)]
            issued = self._writer.day_on(-age_days)
            quote_id = self._writer.create(
                "quote",
                age_days * DAY_MS + HOUR_MS,
                {
                    "number": f"Q-{issued.year}-{FIRST_QUOTE + oldest_first.index(number):04d}",
                    "customer_id": customer_id,
                    "contact_id": self._writer.people[customer_id][0],
                    "deal_id": self._of_customer.get((customer_id, _DEAL_OF_QUOTE[status])),
                    "owner_id": owner_id,
                    "status": status,
                    "version": 1,
                    "issued_on": issued.isoformat(),
                    "valid_until": self._writer.day_on(valid_days).isoformat(),
                    "currency": CURRENCY,
                    "discount_percent": _DISCOUNTS.get(number),
                    "tax_included": False,
                    "price_book": self._writer.say(company["price_book"]),
                    "terms": company["facts"]["terms_zh"],
                    "terms_en": company["facts"]["terms"],
                },
            )
            self._lines(
                quote_id, [codes[(number * 3 + line) % len(codes)] for line in range(lines)], age_days
            )
            sheet_totals.refresh(self._writer.session, "quote", quote_id)

    def _lines(self, quote_id: str, codes: Sequence[str], age_days: int) -> None:
        position: str | None = None
        for code in codes:
            product = self._writer.products[code]
            position = between(position, None, self._writer.random.randrange)
            service = code.startswith("SRV")
            self._writer.create(
                "quote_line",
                age_days * DAY_MS + HOUR_MS,
                {
                    "quote_id": quote_id,
                    "position": position,
                    "product_id": product["id"],
                    "description": product["name"],
                    "quantity": "1" if service else str(self._writer.random.choice((1, 2, 4, 6, 12))),
                    "unit": product["unit"],
                    "unit_price": product["list_price"],
                    "currency": CURRENCY,
                    "discount_percent": str(self._writer.random.choice((0, 0, 5, 8))),
                    "tax_rate": TAX_RATE,
                    "optional": False,
                },
            )
