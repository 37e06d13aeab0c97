"""Writing the invented records of a sample profile, the same ones for the same seed and day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crm_core.rules.standard_service import standard_service
from crm_core.schema.field import Plain
from crm_core.times import DAY_MS, HOUR_MS, MINUTE_MS
from crm_desktop.models import promises, repository, state
from crm_desktop.models.device_tables import NumberLease
from crm_desktop.models.replica import LOCAL_USER
from crm_desktop.models.session import WriteSession
from crm_desktop.models.state import Key
from crm_desktop.platform.time_zone import zone_name
from crm_desktop.services.sample_aiming import Aiming
from crm_desktop.services.sample_articles import FIRST_ARTICLE, LAST_ARTICLE, Writing
from crm_desktop.services.sample_campaigns import write_campaigns
from crm_desktop.services.sample_leads import write_leads
from crm_desktop.services.sample_orders import (
    CONTRACTS,
    FIRST_CONTRACT,
    FIRST_DELIVERY,
    FIRST_ORDER,
    ORDERS,
    PAST_ORDERS,
    Agreeing,
)
from crm_desktop.services.sample_outgoing import Sending
from crm_desktop.services.sample_payments import FIRST_RECEIPT, RECEIPTS, Payments
from crm_desktop.services.sample_requests import Requests
from crm_desktop.services.sample_selling import FIRST_QUOTE, QUOTES, Selling
from crm_desktop.services.sample_service import ServiceSetUp
from crm_desktop.services.sample_surveys import Asking
from crm_desktop.services.sample_writing import CURRENCY, TAX_RATE, Writer
from resources import translation

PAST_DAYS = 130
FIRST_TICKET, NUMBERS_LEFT = 3240, 400


class Filling:
    """One filling of one profile. Amounts are minor units of CNY, times milliseconds since 1970 UTC."""

    def __init__(self, session: WriteSession, now_ms: int, language: str, seed: int) -> None:
        self._writer = Writer(session, now_ms, language, seed)
        self._team_id = ""

    def fill(
        self,
        *,
        company: Mapping[str, Any],
        customers: Sequence[Mapping[str, Any]],
        products: Sequence[Mapping[str, Any]],
        texts: Mapping[str, Any],
        leads: Sequence[Mapping[str, Any]],
        agreed: Mapping[str, Any],
        articles: Mapping[str, Any],
        surveys: Sequence[Mapping[str, Any]],
        requests: Mapping[str, Any],
        campaigns: Sequence[Mapping[str, Any]],
    ) -> None:
        """Write everything, parents before their children."""
        state.write(
            self._writer.session, {Key.SETTINGS: company["facts"], Key.COMPANY: company["facts"]["company"]}
        )
        self._number_leases()
        territories = self._people_of(company)
        self._catalogue(products, texts, company)
        owned = self._customers(customers, territories, company["tags"], texts["titles"])
        self._contacts_of_the_past(owned, texts)
        selling = Selling(self._writer)
        selling.deals(owned, texts)
        self._day(owned, texts)
        selling.quotes(owned, company)
        Sending(self._writer, texts["outgoing"]).fill()
        agreeing = Agreeing(self._writer, owned)
        agreeing.fill(agreed)
        Payments(self._writer).fill()
        Aiming(self._writer, self._team_id).fill(owned, texts["deals"])
        ServiceSetUp(self._writer, self._team_id).fill()
        self._tickets(owned, texts)
        Writing(self._writer, articles).fill()
        Asking(self._writer, owned, self._team_id).fill(surveys, FIRST_TICKET - 1)
        Requests(self._writer, requests).fill()
        write_leads(self._writer, leads)
        agreeing.write_past()
        write_campaigns(self._writer, campaigns)

    def _number_leases(self) -> None:
        for series, first, used, pattern in (
            ("quote", FIRST_QUOTE, len(QUOTES), "Q-{year}-{number:04d}"),
            ("order", FIRST_ORDER, len(ORDERS) + len(PAST_ORDERS), "O-{year}-{number:04d}"),
            ("contract", FIRST_CONTRACT, len(CONTRACTS), "C-{year}-{number:04d}"),
            ("delivery", FIRST_DELIVERY, len(ORDERS) + len(PAST_ORDERS), "D-{year}-{number:04d}"),
            ("receipt", FIRST_RECEIPT, RECEIPTS, "R-{year}-{number:05d}"),
            ("ticket", FIRST_TICKET, 12, "T-{number:04d}"),
            ("article", FIRST_ARTICLE, LAST_ARTICLE + 1 - FIRST_ARTICLE, "KB-{number:03d}"),
        ):
            lease = NumberLease(
                series=series, lo=first, hi=first + NUMBERS_LEFT, next=first + used, pattern=pattern
            )
            self._writer.session.add(lease)

    def _people_of(self, company: Mapping[str, Any]) -> dict[str, str]:
        self._team_id = team_id = self._writer.create(
            "team", 400 * DAY_MS, {"name": self._writer.say(company["team"]), "manager_id": LOCAL_USER}
        )
        repository.update(
            self._writer.session,
            "user",
            LOCAL_USER,
            {
                "name": self._writer.say(company["me"]),
                "title": self._writer.say(company["my_title"]),
                "team_id": team_id,
                "email": "lin@clearwave.example",
            },
        )
        for colleague in company["colleagues"]:
            self._writer.users[colleague["key"]] = self._writer.create(
                "user",
                400 * DAY_MS,
                {
                    "name": self._writer.say(colleague["name"]),
                    "title": self._writer.say(colleague["title"]),
                    "email": f"{colleague['key']}@clearwave.example",
                    "team_id": team_id,
                    "active": True,
                },
            )
        for tag in company["tags"].values():
            self._writer.create("tag", 400 * DAY_MS, {"name": self._writer.say(tag), "color": tag["color"]})
        return {
            territory["key"]: self._writer.create(
                "territory", 400 * DAY_MS, {"name": self._writer.say(territory["name"])}
            )
            for territory in company["territories"]
        }

    def _catalogue(
        self, products: Sequence[Mapping[str, Any]], texts: Mapping[str, Any], company: Mapping[str, Any]
    ) -> None:
        year = self._writer.day_on(0).year
        vat: dict[str, Plain] = {
            "name": self._writer.say(company["tax_class"]),
            "rates": [{"from": "2019-04-01", "rate": TAX_RATE}],
            "active": True,
        }
        tax_class_id = self._writer.create("tax_class", 200 * DAY_MS, vat)
        book: dict[str, Plain] = {
            "name": self._writer.say(company["price_book"]),
            "currency": CURRENCY,
            "is_default": True,
            "valid_from": f"{year}-01-01",
            "valid_until": f"{year}-12-31",
            "told_as_of": self._writer.day_on(-9).isoformat(),
            "tax_included": False,
            "active": True,
        }
        book_id = self._writer.create("price_book", 200 * DAY_MS, book)
        for place, product in enumerate(products):
            values: dict[str, Plain] = {
                "name": self._writer.say(product),
                "name_en": product["en"],
                "code": product["code"],
                "warranty_months": None if product["code"].startswith("SRV") else 24,
                "family": self._writer.say(texts["families"][product["family"]]),
                "unit": self._writer.say(texts["units"][product["unit"]]),
                "list_price": product["price"],
                "currency": CURRENCY,
                "tax_rate": TAX_RATE,
                "tax_class_id": tax_class_id,
                "cost": product["cost"],
                "cost_currency": CURRENCY,
                "active": True,
            }
            product_id = self._writer.create("product", 200 * DAY_MS, values)
            self._writer.products[product["code"]] = {**values, "id": product_id}
            steps = ((1, 100), (10, 95)) if product["family"] != "service" else ((1, 100),)
            for quantity, share in steps:
                self._writer.create(
                    "price",
                    200 * DAY_MS,
                    {
                        "product_id": product_id,
                        "book": book["name"],
                        "book_id": book_id,
                        "unit_price": product["price"] * share // 100,
                        "currency": CURRENCY,
                        "min_quantity": str(quantity),
                        "valid_from": f"{year}-01-01",
                        "valid_until": f"{year}-12-31",
                    },
                )
            if product["family"] != "service":
                counted: dict[str, Plain] = {
                    "product_id": product_id,
                    "warehouse": "main",
                    "quantity": str(3 + 7 * place % 40),
                    "as_of": self._writer.now - 3 * HOUR_MS,
                }
                self._writer.create("stock_level", 3 * HOUR_MS, counted)

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
            age = self._writer.random.randrange(150, 900) * DAY_MS
            owner_id = self._writer.users[customer["owner"]]
            values: dict[str, Plain] = {
                "name": customer["name"],
                "level": customer["level"],
                "owner_id": owner_id,
                "phone": f"+44 20 7946 {number:04d}" if abroad else f"0512 0000 {number:04d}",
                "email": f"office@{customer['site']}.example",
                "website": f"https://{customer['site']}.example",
                "kind": "company",
                "industry": self._writer.say(customer["industry"]),
                "source": sources[number % len(sources)],
                "status": customer["status"],
                "territory_id": territories[customer["territory"]],
                "country": self._writer.say(customer["country"]),
                "province": self._writer.say(customer.get("province")),
                "city": self._writer.say(customer["city"]),
                "employees": self._writer.random.choice((18, 45, 80, 120, 260, 540)),
                "founded_year": self._writer.random.randrange(1968, 2020),
                "payment_terms": {"en": "30 days", "zh_CN": "30 天"}[self._writer.language],
                "tags": sorted(tags[key][self._writer.language] for key in customer["tags"]),
            }
            customer_id = self._writer.create("customer", age, values)
            owned.append((customer_id, owner_id))
            for place, (name, role) in enumerate(customer["people"]):
                contact_id = self._writer.create(
                    "contact",
                    age,
                    {
                        "customer_id": customer_id,
                        "name": name,
                        "title": self._writer.say(titles[role]),
                        "decision_role": titles[role]["role"],
                        "phone": f"+44 20 7946 {500 + 2 * number + place:04d}"
                        if abroad
                        else f"138 0000 {100 + 2 * number + place:04d}",
                        "email": f"{role}@{customer['site']}.example",
                    },
                )
                self._writer.people.setdefault(customer_id, []).append(contact_id)
        return owned

    def _contacts_of_the_past(self, owned: Sequence[tuple[str, str]], texts: Mapping[str, Any]) -> None:
        for number, (customer_id, owner_id) in enumerate(owned):
            # Every seventh customer has not been heard of for weeks, as in life.
            newest = 35 if number % 7 == 6 else 1
            for _ in range(self._writer.random.randrange(2, 7)):
                past = self._writer.random.choice(texts["past"])
                days = self._writer.random.randrange(newest, PAST_DAYS)
                happened = self._writer.at(
                    -days, self._writer.random.randrange(9, 18), self._writer.random.choice((0, 15, 30, 45))
                )
                self._writer.create(
                    "activity",
                    self._writer.now - happened,
                    {
                        "kind": past["kind"],
                        "subject": self._writer.say(past),
                        "notes": self._writer.say(past["notes"]),
                        "outcome": past["outcome"],
                        "customer_id": customer_id,
                        "contact_id": self._writer.random.choice(self._writer.people[customer_id]),
                        "owner_id": owner_id,
                        "happened_at": happened,
                        "done": True,
                        "priority": "normal",
                    },
                )

    def _day(self, owned: Sequence[tuple[str, str]], texts: Mapping[str, Any]) -> None:
        for planned in texts["today"]:
            customer_id, _ = owned[planned["customer"] % len(owned)]
            at = self._writer.at(0, planned["hour"], planned["minute"])
            done = at < self._writer.now  # what is behind is done, whenever the program is tried
            self._writer.create(
                "activity",
                2 * DAY_MS,
                {
                    "kind": planned["kind"],
                    "subject": self._writer.say(planned["subject"]),
                    "customer_id": customer_id,
                    "owner_id": LOCAL_USER,
                    "place": self._writer.say(planned["place"]),
                    "due_at": at,
                    "happened_at": at if done else None,
                    "duration_minutes": planned["length"],
                    "done": done,
                    "priority": "normal",
                },
            )
        for late in texts["late"]:
            customer_id, _ = owned[late["customer"] % len(owned)]
            self._writer.create(
                "activity",
                5 * DAY_MS,
                {
                    "kind": "task",
                    "subject": self._writer.say(late["subject"]),
                    "customer_id": customer_id,
                    "owner_id": LOCAL_USER,
                    "due_at": self._writer.at(-late["days"], late["hour"], 0),
                    "done": False,
                    "priority": "high",
                },
            )

    def _tickets(self, owned: Sequence[tuple[str, str]], texts: Mapping[str, Any]) -> None:
        self._service_levels()
        made: list[str] = []
        oldest_first = sorted((*texts["tickets"], *texts["strangers"]), key=lambda ticket: -ticket["age"])
        for ticket in texts["tickets"]:
            customer_id, _ = owned[ticket["customer"] % len(owned)]
            age = ticket["age"] * MINUTE_MS
            opened = self._writer.now - age
            contact_id = self._writer.people[customer_id][0]
            solved = ticket["status"] == "solved"
            ticket_id = self._writer.create(
                "ticket",
                age,
                {
                    "number": f"T-{FIRST_TICKET + oldest_first.index(ticket):04d}",
                    "subject": self._writer.say(ticket["subject"]),
                    "customer_id": customer_id,
                    "contact_id": contact_id,
                    "assignee_id": LOCAL_USER if ticket["mine"] else None,
                    "kind": ticket["kind"],
                    "status": ticket["status"],
                    "priority": ticket["priority"],
                    "product_id": self._writer.products[ticket["product"]]["id"]
                    if ticket["product"]
                    else None,
                    "channel": ticket["channel"],
                    **self._writer.categories[ticket["category"]],
                    "closed_at": opened + age // 2 if solved else None,
                },
            )
            for place, (side, body) in enumerate(ticket["talk"]):
                written = opened + place * min(2 * HOUR_MS, age // (len(ticket["talk"]) + 1))
                self._writer.create(
                    "ticket_message",
                    self._writer.now - written,
                    {
                        "ticket_id": ticket_id,
                        "body": self._writer.say(body),
                        "internal": side == "note",
                        "from_customer": side == "customer",
                        "author_id": self._writer.users["chen"]
                        if side == "note"
                        else (LOCAL_USER if side == "reply" else None),
                        "contact_id": contact_id if side == "customer" else None,
                        "written_at": written,
                        "status": "sent" if side == "reply" else None,
                        "sent_at": written if side == "reply" else None,
                    },
                )
            made.append(ticket_id)
        for each in texts["strangers"]:
            made.append(self._of_stranger(each, FIRST_TICKET + oldest_first.index(each)))
        promises.refresh(self._writer.session, made)

    def _of_stranger(self, told: Mapping[str, Any], number: int) -> str:
        """Write a ticket of somebody nobody here knows yet, and return its id."""
        age = told["age"] * MINUTE_MS
        values = {
            "number": f"T-{number:04d}",
            "subject": self._writer.say(told["subject"]),
            "kind": "question",
            "status": "new",
            "priority": "low",
            "channel": told["channel"],
            "from_name": self._writer.say(told["name"]),
            "from_address": told["address"],
        }
        ticket_id = self._writer.create("ticket", age, values)
        said = {"ticket_id": ticket_id, "body": self._writer.say(told["body"]), "from_customer": True}
        self._writer.create("ticket_message", age, {**said, "written_at": self._writer.now - age})
        return ticket_id

    def _service_levels(self) -> None:
        show = translation(self._writer.language)
        for entity, values in standard_service(show, zone_name(), night_and_day=True):
            self._writer.create(entity, 200 * DAY_MS, values)
