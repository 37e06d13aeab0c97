"""The invented clauses, contracts, orders and deliveries of a sample profile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crm_core.rules import agreed, installed
from crm_core.rules.deliveries import Moved
from crm_core.rules.positions import between
from crm_core.schema.field import Plain
from crm_core.times import DAY_MS
from crm_desktop.models import repository, sheet_totals
from crm_desktop.services.sample_writing import CURRENCY, TAX_RATE, Writer

FIRST_ORDER, FIRST_CONTRACT, FIRST_DELIVERY = 2301, 410, 5101
ORDERS = (
    # state, customer, age in days, days until delivery, which products, how many came there
    ("draft", 0, 1, 21, (0, 2, 5), "none"),
    ("confirmed", 0, 31, -2, (0, 2), "part"),
    ("closed", 0, 122, -90, (0, 2), "whole"),
    ("closed", 0, 213, -180, (0, 2, 4), "whole"),
    ("closed", 0, 303, -270, (0,), "whole"),
    ("confirmed", 1, 12, 16, (1, 3), "none"),
    ("closed", 1, 100, -70, (1, 3), "whole"),
    ("closed", 1, 190, -160, (1, 3), "whole"),
    ("confirmed", 3, 20, 9, (0, 2, 6), "part"),
    ("closed", 5, 64, -40, (0, 2), "whole"),
    ("confirmed", 9, 8, 30, (2, 7), "none"),
    ("cancelled", 12, 45, -10, (4,), "none"),
    # Ordered again and again, and beside other things: what may be sold next follows from it.
    ("closed", 2, 125, -110, (3, 8, 11), "whole"),
    ("closed", 2, 93, -80, (3, 8, 11), "whole"),
    ("closed", 2, 62, -50, (3, 8, 11), "whole"),
    ("closed", 2, 33, -20, (3, 11), "whole"),
    ("closed", 16, 160, -150, (2, 7), "whole"),
    ("closed", 16, 108, -95, (2, 7), "whole"),
    ("closed", 16, 54, -40, (2, 7), "whole"),
    ("closed", 21, 70, -60, (8,), "whole"),
    ("closed", 21, 48, -40, (8,), "whole"),
    ("closed", 21, 26, -12, (8, 11), "whole"),
)
PAST_ORDERS = (
    # customer, age in days, which products: of times gone by, for growth and loss to be seen in.
    (24, 700, (3, 8)),
    (24, 610, (3, 8)),
    (24, 520, (3, 8, 11)),
    (25, 640, (0, 2)),
    (25, 560, (0,)),
    (25, 470, (0, 2)),
    (25, 400, (0, 5)),
    (26, 480, (1, 3)),
    (26, 140, (1, 3, 4)),
    (27, 500, (2, 7)),
    (27, 90, (2,)),
    (28, 660, (9,)),
    (28, 28, (9, 10)),
    (29, 430, (6, 11)),
)
CONTRACTS = (
    # state, customer, first day, last day (in days from today), renewal, notice in days
    ("in_force", 0, -320, 45, "agree", 60),
    ("in_force", 3, -200, 165, "auto", 30),
    ("sent", 5, 10, 374, "agree", 60),
    ("draft", 9, 20, 384, "none", None),
    ("ended", 12, -500, -136, "none", 30),
)


class Agreeing:
    """Writes what customers, given as (id, owner), agreed to and got."""

    def __init__(self, writer: Writer, owned: Sequence[tuple[str, str]]) -> None:
        self._writer, self._owned = writer, owned
        self._codes = list(writer.products)
        self._deliveries = FIRST_DELIVERY

    def fill(self, texts: Mapping[str, Any]) -> None:
        """Write everything, parents before their children."""
        clauses = [
            (self._writer.create("clause", 400 * DAY_MS, {"rank": rank, "active": True, **text}), text)
            for rank, text in enumerate(texts["clauses"], 1)
        ]
        for number, contract in enumerate(CONTRACTS):
            self._contract(number, contract, clauses, texts["subject"])
        for number, order in enumerate(ORDERS):
            self._order(number, order)

    def write_past(self) -> None:
        """Write the orders of times gone by, all delivered."""
        self._deliveries = FIRST_DELIVERY + len(ORDERS)
        for number, (customer, age, products) in enumerate(PAST_ORDERS, len(ORDERS)):
            self._order(number, ("closed", customer, age, 14 - age, products, "whole"))

    def _head(self, series: str, number: int, customer: int, age_days: int) -> dict[str, Plain]:
        customer_id, owner_id = self._owned[customer % len(self._owned)]
        made = self._writer.day_on(-age_days)
        return {
            "number": f"{series}-{made.year}-{number:04d}",
            "customer_id": customer_id,
            "contact_id": self._writer.people[customer_id][0],
            "owner_id": owner_id,
            "currency": CURRENCY,
            "tax_included": False,
        }

    def _contract(
        self,
        number: int,
        contract: tuple[str, int, int, int, str, int | None],
        clauses: Sequence[tuple[str, Mapping[str, Any]]],
        subject: Mapping[str, str],
    ) -> None:
        state, customer, first, last, renewal, notice = contract
        age = max(2, 10 - first)
        values = self._head("C", FIRST_CONTRACT + number, customer, age) | {
            "subject": self._writer.say(subject),
            "status": state,
            "starts_on": self._writer.day_on(first).isoformat(),
            "ends_on": self._writer.day_on(last).isoformat(),
            "signed_on": self._writer.day_on(first - 5).isoformat()
            if state not in ("draft", "sent")
            else None,
            "renewal": renewal,
            "notice_days": notice,
        }
        contract_id = self._writer.create("contract", age * DAY_MS, values)
        for line in agreed.from_library((row_id, row) for row_id, row in clauses if row["standard"]):
            self._writer.create("contract_clause", age * DAY_MS, {**line, "contract_id": contract_id})
        self._lines("contract", contract_id, (number, number + 2), age)
        sheet_totals.refresh(self._writer.session, "contract", contract_id)

    def _order(self, number: int, order: tuple[str, int, int, int, tuple[int, ...], str]) -> None:
        state, customer, age, due, products, delivered = order
        values = self._head("O", FIRST_ORDER + number, customer, age) | {
            "status": state,
            "ordered_on": self._writer.day_on(-age).isoformat(),
            "deliver_by": self._writer.day_on(due).isoformat(),
        }
        order_id = self._writer.create("order", age * DAY_MS, values)
        lines = self._lines("order", order_id, products, age)
        if delivered != "none":
            self._deliver(order_id, values, lines, max(1, age - 14), whole=delivered == "whole")
        sheet_totals.refresh(self._writer.session, "order", order_id)

    def _lines(
        self, entity: str, record_id: str, products: Sequence[int], age: int
    ) -> dict[str, dict[str, Plain]]:
        position: str | None = None
        made = {}
        for place in products:
            product = self._writer.products[self._codes[place % len(self._codes)]]
            position = between(position, None, self._writer.random.randrange)
            values: dict[str, Plain] = {
                f"{entity}_id": record_id,
                "position": position,
                "product_id": product["id"],
                "description": product["name"],
                "quantity": str(self._writer.random.choice((1, 2, 4, 6))),
                "unit": product["unit"],
                "unit_price": product["list_price"],
                "currency": CURRENCY,
                "discount_percent": str(self._writer.random.choice((0, 5, 8))),
                "tax_rate": TAX_RATE,
            }
            made[self._writer.create(f"{entity}_line", age * DAY_MS, values)] = values
        return made

    def _deliver(
        self,
        order_id: str,
        order: Mapping[str, Plain],
        lines: Mapping[str, Mapping[str, Plain]],
        age: int,
        *,
        whole: bool,
    ) -> None:
        day = self._writer.day_on(-age)
        head: dict[str, Plain] = {
            "number": f"D-{day.year}-{self._deliveries:04d}",
            "order_id": order_id,
            "kind": "delivery",
            "status": "delivered",
            "delivered_on": day.isoformat(),
        }
        self._deliveries += 1
        delivery_id = self._writer.create("delivery", age * DAY_MS, head)
        rows: list[Mapping[str, Plain]] = []
        for line_id, line in lines.items() if whole else list(lines.items())[:1]:
            values: dict[str, Plain] = {
                "delivery_id": delivery_id,
                "order_line_id": line_id,
                "quantity": line["quantity"],
                "serials": f"SN{self._deliveries}{len(rows) + 1}",
            }
            rows.append({**values, "id": self._writer.create("delivery_line", age * DAY_MS, values)})
        for item in installed.standing_of([Moved(delivery={**head, "id": delivery_id}, lines=tuple(rows))]):
            line = lines[item.order_line_id]
            product = repository.get(self._writer.session, "product", str(line["product_id"]))
            known = product.values if product is not None else {}
            stands = installed.new_record(item, order_id, order, line, known)
            self._writer.create(installed.INSTALLED, age * DAY_MS, stands, item.id)
