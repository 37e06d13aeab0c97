"""What the demo's HQ is filled with: customers, and a year of work with them, as a laptop would write it.

The laptop's clock is set to each moment in turn, oldest first, so that ages and dates are those of real work.
"""

from __future__ import annotations

import datetime
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from crm_core.i18n import untranslated
from crm_core.ids import named_id
from crm_core.rules.standard_service import standard_service
from crm_core.schema.field import Plain
from crm_core.times import DAY_MS, HOUR_MS, MINUTE_MS
from crm_desktop.models.replica import Replica
from crm_desktop.platform.time_zone import zone_name
from crm_desktop.services import quotes, records
from crm_desktop.services.calendar import local
from crm_desktop.services.sample import demo_texts
from crm_desktop.services.sample_leads import year_values
from crm_desktop.services.sample_writing import evening, standard_values

CUSTOMERS = 24
SHARED, HANDED, ASKS = 0, 2, 1
"""Places of customers: two people change the first at once; the second changes hands while nobody is
connected, and lin must lose sight of it, so has no work there; the third waits for an answer."""
_OWNERS = ("lin", "lin", "lin", "wang", "wang", "lin", "wang", "wang")
"""Whose the customers are, in turn."""
MINOR = 100
_AGE_LIMITS = (("Qualified", 30), ("Needs", 30), ("Proposal", 30), ("Negotiation", 21), ("Verbal yes", 14))
"""Days after which a deal has been too long in its stage."""
_OPEN_STAGES = tuple(name for name, _ in _AGE_LIMITS)
_WON_DAYS = tuple(range(350, 0, -12))
"""How many days ago deals were won, oldest first."""
_STEP_DAYS = (3, None, 0, -2, 8, 1)
"""When the next step of a deal is due, in days from today, over and over; None: it has none."""
_QUOTES = (
    # customer, age in days, state in the end
    (5, 52, "accepted"),
    (10, 33, "declined"),
    (8, 26, "sent"),
    (1, 6, "sent"),
    (13, 2, "draft"),
)
_VISITED, _LATE = (0, 1, 9, 10), (5, 13, 16)
"""Whom lin's day and lin's late tasks are about."""
_TICKETS = (
    # text, customer, lin's, age in minutes
    (4, 17, True, 300),
    (1, ASKS, True, 194),
    (2, HANDED, False, 180),
    (0, SHARED, True, 90),
)


class Filling:
    """One filling. `users` are ids by name; `chance` decides amounts."""

    def __init__(self, replica: Replica, users: Mapping[str, str], chance: random.Random) -> None:
        self._replica, self._users, self._chance = replica, users, chance
        self._customers: list[str] = []
        self._products: list[dict[str, Any]] = []
        self._people: dict[str, str] = {}
        """The first contact of a customer."""
        self._deals: dict[str, str] = {}
        """The open deal of a customer."""
        self._events: list[tuple[int, Callable[[], object]]] = []
        """(age in milliseconds, what happened then)."""

    def fill(self) -> list[str]:
        """Write everything and return the customers' ids, in the order of the texts."""
        with self._ago(400 * DAY_MS):
            self._set_ages()
            self._set_service_levels()
            self._write_products()
            self._write_customers()
        self._plan_won()
        self._plan_open()
        self._plan_contacts()
        self._plan_quotes()
        self._plan_tickets()
        self._plan_leads()
        self._plan_day()
        for age_ms, happen in sorted(self._events, key=lambda event: -event[0]):
            with self._ago(age_ms):
                happen()
        return self._customers

    @contextmanager
    def _ago(self, age_ms: int) -> Iterator[None]:
        clock = self._replica.clock
        present = clock.offset_ms
        clock.offset_ms = present - age_ms
        try:
            yield
        finally:
            clock.offset_ms = present

    def _create(self, entity: str, values: Mapping[str, Plain]) -> str:
        given = {name: value for name, value in values.items() if value is not None}
        return records.create(self._replica, entity, standard_values(entity, given)).value.id

    def _at(self, age_ms: int, entity: str, values: Mapping[str, Plain]) -> None:
        self._events.append((age_ms, partial(self._create, entity, values)))

    def _plan_leads(self) -> None:
        today = local(self._replica.clock.now_ms()).date()
        for number, lead in enumerate(demo_texts("leads")):
            values = year_values(lead, self._owner(number), today)
            self._at(lead["days"] * DAY_MS + (number + 1) * HOUR_MS, "lead", values)

    def _owner(self, customer: int) -> str:
        return self._users[_OWNERS[customer % len(_OWNERS)]]

    def _moment(self, days: int, hour: int, minute: int = 0) -> int:
        """Return a time of the day so many days from today."""
        day = local(self._replica.clock.now_ms()).date() + datetime.timedelta(days=days)
        return round(
            datetime.datetime.combine(day, datetime.time(hour, minute)).astimezone().timestamp() * 1000
        )

    def _set_ages(self) -> None:
        for name, days in _AGE_LIMITS:
            records.update(self._replica, "stage", named_id("stage", name), {"age_limit_days": days})

    def _set_service_levels(self) -> None:
        """Count deadlines night and day, so that they look alike whenever the demo runs."""
        for entity, values in standard_service(untranslated, zone_name(), night_and_day=True):
            records.update(self._replica, entity, named_id(entity, "standard"), values)

    def _write_products(self) -> None:
        for product in demo_texts("products"):
            values = {
                "name": product["zh_CN"],
                "name_en": product["en"],
                "code": product["code"],
                "family": product["family"],
                "unit": demo_texts("texts")["units"][product["unit"]]["en"],
                "list_price": product["price"],
                "currency": "CNY",
                "tax_rate": "13",
            }
            self._products.append({**values, "id": self._create("product", values)})

    def _write_customers(self) -> None:
        for number, customer in enumerate(demo_texts("customers")[:CUSTOMERS]):
            values = {
                "name": customer["name"],
                "level": customer["level"],
                "industry": customer["industry"]["en"],
                "country": customer["country"]["en"],
                "province": customer.get("province", {}).get("en"),
                "city": customer["city"]["en"],
                "phone": f"021 5550 {1000 + number}",
                "email": f"desk@{customer['site']}.example",
                "owner_id": self._owner(number),
            }
            self._customers.append(self._create("customer", values))
            titles = demo_texts("texts")["titles"]
            for place, (person, role) in enumerate(customer["people"]):
                contact = {
                    "name": person,
                    "customer_id": self._customers[-1],
                    "title": titles[role]["en"],
                    "decision_role": titles[role]["role"],
                    "phone": f"138 5550 {1000 + 2 * number + place}",
                    "email": f"{role}@{customer['site']}.example",
                }
                contact_id = self._create("contact", contact)
                self._people.setdefault(self._customers[-1], contact_id)

    def _deal(
        self, number: int, customer: int, stage: str, amount: int, closes: str | None
    ) -> dict[str, Plain]:
        kind = demo_texts("texts")["deals"][number % len(demo_texts("texts")["deals"])]
        product = next(each for each in self._products if each["code"] == kind["product"])
        return {
            "name": kind["en"],
            "customer_id": self._customers[customer],
            "owner_id": self._owner(customer),
            "product_id": product["id"],
            "stage_id": named_id("stage", stage),
            "amount": amount * 1000 * MINOR,
            "currency": "CNY",
            "close_date": closes,
        }

    def _plan_won(self) -> None:
        by_owner = [
            [c for c in range(CUSTOMERS) if c != HANDED and self._owner(c) == self._users[name]]
            for name in ("lin", "wang")
        ]
        for number, days in enumerate(_WON_DAYS):
            theirs = by_owner[number % 2]
            customer = theirs[number * 5 % len(theirs)]
            closed = local(self._moment(-days, 12)).date().isoformat()
            amount = self._chance.randrange(40, 190)
            self._at(days * DAY_MS, "deal", self._deal(number, customer, "Won", amount, closed))

    def _plan_open(self) -> None:
        steps = demo_texts("texts")["steps"]
        for customer in range(CUSTOMERS):
            age = self._chance.randrange(3, 44)
            ahead = None if customer % 11 == 10 else self._chance.randrange(4, 120)
            closes = None if ahead is None else local(self._moment(ahead, 12)).date().isoformat()
            stage = _OPEN_STAGES[customer % len(_OPEN_STAGES)]
            amount = self._chance.randrange(20, 420)
            deal = self._deal(customer, customer, stage, amount, closes)
            days = _STEP_DAYS[customer % len(_STEP_DAYS)]
            step = steps[customer % len(steps)]
            task: dict[str, Plain] | None = None
            if days is not None and customer != HANDED:
                task = {
                    "kind": step["kind"],
                    "subject": step["en"],
                    "customer_id": self._customers[customer],
                    "owner_id": self._owner(customer),
                    "due_at": self._moment(
                        days, *(evening(self._replica.clock.now_ms()) if days == 0 else (10, 0))
                    ),
                }
            self._events.append((age * DAY_MS, partial(self._open, deal, task)))

    def _open(self, deal: Mapping[str, Plain], task: Mapping[str, Plain] | None) -> None:
        deal_id = self._create("deal", deal)
        self._deals[str(deal["customer_id"])] = deal_id
        if task is not None:
            self._create("activity", {**task, "deal_id": deal_id})

    def _plan_contacts(self) -> None:
        past = demo_texts("texts")["past"]
        for customer in range(CUSTOMERS):
            if customer == HANDED:
                continue
            quiet = 36 if customer % 7 == 6 else 2
            for number in range(3):
                days = quiet + number * 19 + self._chance.randrange(0, 17)
                what = past[(customer + 3 * number) % len(past)]
                happened = self._moment(-days, self._chance.randrange(9, 17), 30)
                values = {
                    "kind": what["kind"],
                    "subject": what["en"],
                    "notes": what["notes"]["en"] if what["notes"] else None,
                    "outcome": what["outcome"],
                    "customer_id": self._customers[customer],
                    "owner_id": self._owner(customer),
                    "happened_at": happened,
                    "done": True,
                }
                self._at(days * DAY_MS - HOUR_MS, "activity", values)

    def _plan_quotes(self) -> None:
        for number, (customer, days, state) in enumerate(_QUOTES):
            self._events.append((days * DAY_MS, partial(self._quote, number, customer, state)))

    def _quote(self, number: int, customer: int, state: str) -> None:
        customer_id = self._customers[customer]
        given = {
            "customer_id": customer_id,
            "owner_id": self._owner(customer),
            "contact_id": self._people[customer_id],
        }
        if customer_id in self._deals:
            given["deal_id"] = self._deals[customer_id]
        quote = quotes.create(self._replica, given).value
        for place in range(2 + number % 3):
            product = self._products[(number * 3 + place) % len(self._products)]
            line = {
                "product_id": product["id"],
                "quantity": str(1 + place),
                "discount_percent": str(5 * (place % 2)),
            }
            quotes.add_line(self._replica, quote.id, line)
        for step in ("sent", state) if state not in ("draft", "sent") else (state,):
            if step != "draft":
                quotes.set_status(self._replica, quote.id, step)

    def _plan_tickets(self) -> None:
        for text, customer, mine, age in _TICKETS:
            told = demo_texts("texts")["tickets"][text]
            values: dict[str, Plain] = {
                "subject": told["subject"]["en"],
                "customer_id": self._customers[customer],
                "contact_id": self._people[self._customers[customer]],
                "assignee_id": self._users["lin"] if mine else None,
                "kind": told["kind"],
                "priority": told["priority"],
                "channel": told["channel"],
            }
            self._events.append((age * MINUTE_MS, partial(self._ticket, values, told["talk"])))

    def _ticket(self, values: Mapping[str, Plain], talk: list[Any]) -> None:
        ticket_id = self._create("ticket", values)
        for side, body in talk:
            said: dict[str, Plain] = {"ticket_id": ticket_id, "body": body["en"]}
            if side == "note":
                self._create("ticket_message", {**said, "internal": True, "author_id": self._users["wang"]})
            elif side == "customer":
                from_them = {"from_customer": True, "contact_id": values["contact_id"]}
                self._create("ticket_message", {**said, **from_them})

    def _plan_day(self) -> None:
        texts = demo_texts("texts")
        for number, planned in enumerate(texts["today"]):
            moment = self._moment(0, planned["hour"], planned["minute"])
            done = moment < self._replica.clock.now_ms()
            values = {
                "kind": planned["kind"],
                "subject": planned["subject"]["en"],
                "place": planned["place"]["en"] if planned["place"] else None,
                "customer_id": self._customers[_VISITED[number]],
                "owner_id": self._users["lin"],
                "due_at": moment,
                "happened_at": moment if done else None,
                "duration_minutes": planned["length"],
                "done": done,
            }
            self._at(DAY_MS, "activity", values)
        for number, late in enumerate(texts["late"]):
            values = {
                "kind": "task",
                "subject": late["subject"]["en"],
                "customer_id": self._customers[_LATE[number]],
                "owner_id": self._users["lin"],
                "due_at": self._moment(-late["days"], late["hour"]),
                "priority": "high",
            }
            self._at(4 * DAY_MS, "activity", values)
