"""Writing the invented records of a sample profile, the same ones for the same seed and day."""

from __future__ import annotations

import datetime
import random
from collections.abc import Mapping, Sequence
from typing import Any

from crm_core.entities import SCHEMAS
from crm_core.ids import named_id
from crm_core.rules.positions import between
from crm_core.schema.field import Plain
from crm_core.sync.merge import dot
from crm_desktop.models import repository, state
from crm_desktop.models.device_tables import NumberLease, SetDot
from crm_desktop.models.records import field_key
from crm_desktop.models.replica import LOCAL_USER
from crm_desktop.models.session import WriteSession
from crm_desktop.models.state import Key
from crm_desktop.services import quote_totals
from crm_desktop.services.calendar import local

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
MINOR = 100
CURRENCY = "CNY"
TAX_RATE = "13"
OPEN_DEALS = 48
WON_MONTHS = 12
PAST_DAYS = 130
FIRST_QUOTE, FIRST_TICKET, NUMBERS_LEFT = 1160, 3240, 400
_OPEN_STAGES = ("Qualified", "Needs", "Proposal", "Negotiation", "Verbal yes")
_STAGE_SHARES = (16, 12, 10, 6, 4)
_CHANCES = {"Qualified": 10, "Needs": 25, "Proposal": 50, "Negotiation": 75, "Verbal yes": 90}
_STEP_DAYS = (4, -2, 1, 6, None, 13, 0, 21, -1, None)
"""When the next step of a deal is due, in days from today, over and over; None: it has none."""
_QUOTES = (
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
)


class Filling:
    """One filling of one profile. Amounts are minor units of CNY, times milliseconds since 1970 UTC."""

    def __init__(self, session: WriteSession, now_ms: int, language: str, seed: int) -> None:
        self._session = session
        self._now = now_ms
        self._language = language
        self._random = random.Random(seed)
        self._made: dict[str, int] = {}
        self._dots = 0
        self._users: dict[str, str] = {"me": LOCAL_USER}
        self._products: dict[str, dict[str, Plain]] = {}
        self._people: dict[str, list[str]] = {}

    def fill(
        self,
        *,
        company: Mapping[str, Any],
        customers: Sequence[Mapping[str, Any]],
        products: Sequence[Mapping[str, Any]],
        texts: Mapping[str, Any],
    ) -> None:
        """Write everything, parents before their children."""
        state.write(self._session, {Key.SETTINGS: company["facts"], Key.COMPANY: company["facts"]["company"]})
        self._number_leases()
        territories = self._people_of(company)
        self._catalogue(products, texts, company)
        owned = self._customers(customers, territories, company["tags"], texts["titles"])
        self._contacts_of_the_past(owned, texts)
        self._deals(owned, texts)
        self._day(owned, texts)
        self._quotes(owned, company)
        self._tickets(owned, texts)

    def _say(self, text: Mapping[str, str] | None) -> str | None:
        return None if text is None else text[self._language]

    def _create(self, entity: str, age_ms: int, values: Mapping[str, Plain]) -> str:
        number = self._made.get(entity, 0)
        self._made[entity] = number + 1
        made_at = self._now - age_ms
        complete: dict[str, Plain] = {
            "created_at": made_at,
            "created_by": LOCAL_USER,
            "updated_at": made_at,
            "updated_by": LOCAL_USER,
            **{name: value for name, value in values.items() if value not in (None, "", [])},
        }
        record_id = named_id("sample", f"{entity}:{number}")
        repository.create(self._session, entity, complete, record_id)
        for field in SCHEMAS[entity].set_fields:
            for word in complete.get(field.name) or ():  # type: ignore[union-attr]
                self._dots += 1
                self._session.add(
                    SetDot(
                        entity=entity,
                        row_id=record_id,
                        field=field_key(field),
                        word=word,
                        dot=dot(0, 1, self._dots),
                    )
                )
        return record_id

    def _number_leases(self) -> None:
        for series, first, used, pattern in (
            ("quote", FIRST_QUOTE, len(_QUOTES), "Q-{year}-{number:04d}"),
            ("ticket", FIRST_TICKET, 10, "T-{number:04d}"),
        ):
            lease = NumberLease(
                series=series, lo=first, hi=first + NUMBERS_LEFT, next=first + used, pattern=pattern
            )
            self._session.add(lease)

    def _people_of(self, company: Mapping[str, Any]) -> dict[str, str]:
        team_id = self._create(
            "team", 400 * DAY_MS, {"name": self._say(company["team"]), "manager_id": LOCAL_USER}
        )
        repository.update(
            self._session,
            "user",
            LOCAL_USER,
            {
                "name": self._say(company["me"]),
                "title": self._say(company["my_title"]),
                "team_id": team_id,
                "email": "lin@clearwave.example",
            },
        )
        for colleague in company["colleagues"]:
            self._users[colleague["key"]] = self._create(
                "user",
                400 * DAY_MS,
                {
                    "name": self._say(colleague["name"]),
                    "title": self._say(colleague["title"]),
                    "email": f"{colleague['key']}@clearwave.example",
                    "team_id": team_id,
                    "active": True,
                },
            )
        for tag in company["tags"].values():
            self._create("tag", 400 * DAY_MS, {"name": self._say(tag), "color": tag["color"]})
        return {
            territory["key"]: self._create("territory", 400 * DAY_MS, {"name": self._say(territory["name"])})
            for territory in company["territories"]
        }

    def _catalogue(
        self, products: Sequence[Mapping[str, Any]], texts: Mapping[str, Any], company: Mapping[str, Any]
    ) -> None:
        year = self._day_on(0).year
        for product in products:
            values: dict[str, Plain] = {
                "name": self._say(product),
                "name_en": product["en"],
                "code": product["code"],
                "family": self._say(texts["families"][product["family"]]),
                "unit": self._say(texts["units"][product["unit"]]),
                "list_price": product["price"],
                "currency": CURRENCY,
                "tax_rate": TAX_RATE,
                "cost": product["cost"],
                "cost_currency": CURRENCY,
                "active": True,
            }
            product_id = self._create("product", 200 * DAY_MS, values)
            self._products[product["code"]] = {**values, "id": product_id}
            steps = ((1, 100), (10, 95)) if product["family"] != "service" else ((1, 100),)
            for quantity, share in steps:
                self._create(
                    "price",
                    200 * DAY_MS,
                    {
                        "product_id": product_id,
                        "book": self._say(company["price_book"]),
                        "unit_price": product["price"] * share // 100,
                        "currency": CURRENCY,
                        "min_quantity": str(quantity),
                        "valid_from": f"{year}-01-01",
                        "valid_until": f"{year}-12-31",
                    },
                )

    def _customers(
        self,
        customers: Sequence[Mapping[str, Any]],
        territories: Mapping[str, str],
        tags: Mapping[str, Any],
        titles: Mapping[str, Any],
    ) -> list[tuple[str, str]]:
        """Return (id, owner) of each customer, in the order given."""
        sources = ("referral", "exhibition", "web", "phone", "partner", "visit")
        owned = []
        for number, customer in enumerate(customers):
            abroad = customer["territory"] == "abroad"
            age = self._random.randrange(150, 900) * DAY_MS
            owner_id = self._users[customer["owner"]]
            values: dict[str, Plain] = {
                "name": customer["name"],
                "level": customer["level"],
                "owner_id": owner_id,
                "phone": f"+44 20 7946 {number:04d}" if abroad else f"0512 0000 {number:04d}",
                "email": f"office@{customer['site']}.example",
                "website": f"https://{customer['site']}.example",
                "kind": "company",
                "industry": self._say(customer["industry"]),
                "source": sources[number % len(sources)],
                "status": customer["status"],
                "territory_id": territories[customer["territory"]],
                "city": self._say(customer["city"]),
                "employees": self._random.choice((18, 45, 80, 120, 260, 540)),
                "founded_year": self._random.randrange(1968, 2020),
                "payment_terms": {"en": "30 days", "zh_CN": "30 天"}[self._language],
                "tags": sorted(tags[key][self._language] for key in customer["tags"]),
            }
            customer_id = self._create("customer", age, values)
            owned.append((customer_id, owner_id))
            for place, (name, role) in enumerate(customer["people"]):
                contact_id = self._create(
                    "contact",
                    age,
                    {
                        "customer_id": customer_id,
                        "name": name,
                        "title": self._say(titles[role]),
                        "decision_role": titles[role]["role"],
                        "phone": f"+44 20 7946 {500 + 2 * number + place:04d}"
                        if abroad
                        else f"138 0000 {100 + 2 * number + place:04d}",
                        "email": f"{role}@{customer['site']}.example",
                    },
                )
                self._people.setdefault(customer_id, []).append(contact_id)
        return owned

    def _contacts_of_the_past(self, owned: Sequence[tuple[str, str]], texts: Mapping[str, Any]) -> None:
        for number, (customer_id, owner_id) in enumerate(owned):
            # Every seventh customer has not been heard of for weeks, as in life.
            newest = 35 if number % 7 == 6 else 1
            for _ in range(self._random.randrange(2, 7)):
                past = self._random.choice(texts["past"])
                days = self._random.randrange(newest, PAST_DAYS)
                happened = self._at(
                    -days, self._random.randrange(9, 18), self._random.choice((0, 15, 30, 45))
                )
                self._create(
                    "activity",
                    self._now - happened,
                    {
                        "kind": past["kind"],
                        "subject": self._say(past),
                        "notes": self._say(past["notes"]),
                        "outcome": past["outcome"],
                        "customer_id": customer_id,
                        "contact_id": self._random.choice(self._people[customer_id]),
                        "owner_id": owner_id,
                        "happened_at": happened,
                        "done": True,
                        "priority": "normal",
                    },
                )

    def _deals(self, owned: Sequence[tuple[str, str]], texts: Mapping[str, Any]) -> None:
        stages = [
            stage
            for stage, share in zip(_OPEN_STAGES, _STAGE_SHARES, strict=True)
            for _ in range(share * OPEN_DEALS // sum(_STAGE_SHARES))
        ]
        for number, stage in enumerate(stages):
            customer_id, owner_id = owned[(number * 7) % len(owned)]
            closes = None if number % 12 == 11 else self._day_on(self._random.randrange(3, 70)).isoformat()
            since = self._now - self._random.randrange(1, 45) * DAY_MS
            deal_id, age = self._deal(texts, number, customer_id, owner_id, stage, since, closes)
            self._next_step(texts, number, customer_id, owner_id, deal_id, age)
        self._ended_deals(owned, texts, len(stages))

    def _ended_deals(self, owned: Sequence[tuple[str, str]], texts: Mapping[str, Any], number: int) -> None:
        for month in range(WON_MONTHS):
            for _ in range(self._random.randrange(2, 5)):
                number += 1
                days = min(month * 30 + self._random.randrange(1, 28), 364)
                customer_id, owner_id = owned[(number * 11) % len(owned)]
                closed = self._day_on(-days).isoformat()
                self._deal(texts, number, customer_id, owner_id, "Won", self._now - days * DAY_MS, closed)
        for reason in texts["loss"] * 2:
            number += 1
            days = self._random.randrange(5, 200)
            customer_id, owner_id = owned[(number * 11) % len(owned)]
            closed = self._day_on(-days).isoformat()
            since = self._now - days * DAY_MS
            self._deal(texts, number, customer_id, owner_id, "Lost", since, closed, loss_reason=reason)

    def _deal(
        self,
        texts: Mapping[str, Any],
        number: int,
        customer_id: str,
        owner_id: str,
        stage: str,
        since_ms: int,
        closes: str | None,
        *,
        loss_reason: str | None = None,
    ) -> tuple[str, int]:
        kind = texts["deals"][number % len(texts["deals"])]
        thousands = self._random.randrange(kind["low"], kind["high"]) // (1 if stage != "Won" else 2)
        age = self._now - since_ms + self._random.randrange(5, 60) * DAY_MS
        deal_id = self._create(
            "deal",
            age,
            {
                "name": self._say(kind),
                "customer_id": customer_id,
                "contact_id": self._people[customer_id][0],
                "owner_id": owner_id,
                "pipeline_id": named_id("pipeline", "Sales"),
                "stage_id": named_id("stage", stage),
                "probability": {"Won": 100, "Lost": 0}.get(stage, _CHANCES.get(stage, 0)),
                "loss_reason": loss_reason,
                "stage_since": since_ms,
                "amount": None if stage == "Qualified" and number % 9 == 8 else thousands * 1000 * MINOR,
                "currency": CURRENCY,
                "close_date": closes,
                "engaged_on": local(self._now - age).date().isoformat(),
                "product_id": self._products[kind["product"]]["id"],
                "source": "referral" if number % 3 else "exhibition",
            },
        )
        return deal_id, age

    def _next_step(
        self, texts: Mapping[str, Any], number: int, customer_id: str, owner_id: str, deal_id: str, age: int
    ) -> None:
        days = _STEP_DAYS[number % len(_STEP_DAYS)]
        if days is None:
            return
        step = texts["steps"][number % len(texts["steps"])]
        hour = 18 if days == 0 else self._random.randrange(9, 17)
        self._create(
            "activity",
            min(age, 3 * DAY_MS),
            {
                "kind": step["kind"],
                "subject": self._say(step),
                "customer_id": customer_id,
                "deal_id": deal_id,
                # What is mine today and late is said in the texts; more would drown the day.
                "owner_id": owner_id if days > 0 else self._users["tom"],
                "due_at": self._at(days, hour, 0),
                "done": False,
                "priority": "normal",
            },
        )

    def _day(self, owned: Sequence[tuple[str, str]], texts: Mapping[str, Any]) -> None:
        for planned in texts["today"]:
            customer_id, _ = owned[planned["customer"] % len(owned)]
            at = self._at(0, planned["hour"], planned["minute"])
            self._create(
                "activity",
                2 * DAY_MS,
                {
                    "kind": planned["kind"],
                    "subject": self._say(planned["subject"]),
                    "customer_id": customer_id,
                    "owner_id": LOCAL_USER,
                    "place": self._say(planned["place"]),
                    "due_at": at,
                    "happened_at": at if planned["done"] else None,
                    "duration_minutes": planned["length"],
                    "done": planned["done"],
                    "priority": "normal",
                },
            )
        for late in texts["late"]:
            customer_id, _ = owned[late["customer"] % len(owned)]
            self._create(
                "activity",
                5 * DAY_MS,
                {
                    "kind": "task",
                    "subject": self._say(late["subject"]),
                    "customer_id": customer_id,
                    "owner_id": LOCAL_USER,
                    "due_at": self._at(-late["days"], late["hour"], 0),
                    "done": False,
                    "priority": "high",
                },
            )

    def _quotes(self, owned: Sequence[tuple[str, str]], company: Mapping[str, Any]) -> None:
        codes = list(self._products)
        for number, (status, customer, age_days, valid_days, lines) in enumerate(_QUOTES):
            customer_id, owner_id = owned[customer % len(owned)]
            issued = self._day_on(-age_days)
            quote_id = self._create(
                "quote",
                age_days * DAY_MS + HOUR_MS,
                {
                    "number": f"Q-{issued.year}-{FIRST_QUOTE + number:04d}",
                    "customer_id": customer_id,
                    "contact_id": self._people[customer_id][0],
                    "owner_id": owner_id,
                    "status": status,
                    "version": 1,
                    "issued_on": issued.isoformat(),
                    "valid_until": self._day_on(valid_days).isoformat(),
                    "currency": CURRENCY,
                    "discount_percent": "1.25" if number == 0 else None,
                    "tax_included": False,
                    "price_book": self._say(company["price_book"]),
                    "terms": company["facts"]["terms_zh"],
                    "terms_en": company["facts"]["terms"],
                },
            )
            self._lines(
                quote_id, [codes[(number * 3 + line) % len(codes)] for line in range(lines)], age_days
            )
            quote_totals.refresh(self._session, quote_id)

    def _lines(self, quote_id: str, codes: Sequence[str], age_days: int) -> None:
        position: str | None = None
        for code in codes:
            product = self._products[code]
            position = between(position, None, self._random.randrange)
            service = code.startswith("SRV")
            self._create(
                "quote_line",
                age_days * DAY_MS + HOUR_MS,
                {
                    "quote_id": quote_id,
                    "position": position,
                    "product_id": product["id"],
                    "description": product["name"],
                    "quantity": "1" if service else str(self._random.choice((1, 2, 4, 6, 12))),
                    "unit": product["unit"],
                    "unit_price": product["list_price"],
                    "currency": CURRENCY,
                    "discount_percent": str(self._random.choice((0, 0, 5, 8))),
                    "tax_rate": TAX_RATE,
                    "optional": False,
                },
            )

    def _tickets(self, owned: Sequence[tuple[str, str]], texts: Mapping[str, Any]) -> None:
        for number, ticket in enumerate(texts["tickets"]):
            customer_id, _ = owned[ticket["customer"] % len(owned)]
            age = ticket["age"] * MINUTE_MS
            opened = self._now - age
            contact_id = self._people[customer_id][0]
            answered = any(side == "reply" for side, _ in ticket["talk"])
            solved = ticket["status"] == "solved"
            ticket_id = self._create(
                "ticket",
                age,
                {
                    "number": f"T-{FIRST_TICKET + number:04d}",
                    "subject": self._say(ticket["subject"]),
                    "customer_id": customer_id,
                    "contact_id": contact_id,
                    "assignee_id": LOCAL_USER if ticket["mine"] else None,
                    "kind": ticket["kind"],
                    "status": ticket["status"],
                    "priority": ticket["priority"],
                    "product_id": self._products[ticket["product"]]["id"] if ticket["product"] else None,
                    "channel": ticket["channel"],
                    "reply_due_at": self._now + ticket["reply"] * MINUTE_MS
                    if ticket["reply"] is not None
                    else opened + 8 * HOUR_MS,
                    "solve_due_at": self._now + ticket["solve"] * MINUTE_MS,
                    "replied_at": opened + 2 * HOUR_MS if answered else None,
                    "closed_at": opened + age // 2 if solved else None,
                },
            )
            for place, (side, body) in enumerate(ticket["talk"]):
                written = opened + place * min(2 * HOUR_MS, age // (len(ticket["talk"]) + 1))
                self._create(
                    "ticket_message",
                    self._now - written,
                    {
                        "ticket_id": ticket_id,
                        "body": self._say(body),
                        "internal": side == "note",
                        "from_customer": side == "customer",
                        "author_id": self._users["chen"]
                        if side == "note"
                        else (LOCAL_USER if side == "reply" else None),
                        "contact_id": contact_id if side == "customer" else None,
                        "written_at": written,
                    },
                )

    def _day_on(self, days: int) -> datetime.date:
        return local(self._now).date() + datetime.timedelta(days=days)

    def _at(self, days: int, hour: int, minute: int) -> int:
        moment = datetime.datetime.combine(self._day_on(days), datetime.time(hour, minute)).astimezone()
        return round(moment.timestamp() * 1000)
