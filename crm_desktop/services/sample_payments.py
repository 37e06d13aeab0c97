"""What is to be paid of the invented orders of a sample profile, what came, and what was invoiced."""

from __future__ import annotations

from decimal import Decimal

from crm_core.ids import named_id
from crm_core.rules.payments import split
from crm_core.schema.field import Plain
from crm_core.times import DAY_MS
from crm_desktop.models import counting, repository
from crm_desktop.models.records import Record
from crm_desktop.services.sample_orders import ORDERS
from crm_desktop.services.sample_writing import CURRENCY, Writer

FIRST_RECEIPT = 311
_PLANS = (
    # order, percentages, due so many days after it, parts paid in full, then so many percent of the next
    (1, (30, 60, 10), (0, 25, 365), 1, 40),
    (2, (50, 50), (7, 60), 2, 0),
    (3, (100,), (30,), 1, 0),
    (5, (40, 60), (3, 45), 0, 0),
    (6, (30, 70), (10, 40), 1, 0),
    (8, (30, 60, 10), (5, 40, 120), 1, 0),
    (9, (100,), (14,), 0, 0),
    (10, (50, 50), (20, 60), 0, 0),
)
RECEIPTS = sum(whole + bool(part) for _, _, _, whole, part in _PLANS) + 1


class Payments:
    """Writes plans of the invented orders, which are there by now. Amounts are minor units of CNY."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._receipts = 0
        self._titles: dict[str, str] = {}
        """Id of the invoice title by customer."""

    def fill(self) -> None:
        """Write everything, parents before their children."""
        customer_id = ""
        for number, percents, days, whole, part in _PLANS:
            order = repository.get(self._writer.session, "order", named_id("sample", f"order:{number}"))
            assert order is not None
            customer_id, age = str(order["customer_id"]), ORDERS[number][2]
            title_id = self._titles.get(customer_id) or self._title(customer_id)
            amounts = split(order.get("total") or 0, [Decimal(each) for each in percents])
            for place, (percent, minor) in enumerate(zip(percents, amounts, strict=True)):
                due = self._writer.day_on(days[place] - age)
                instalment_id = self._instalment(order, place + 1, percent, minor, due.isoformat(), age)
                paid = minor if place < whole else minor * part // 100 if place == whole else 0
                if paid:
                    self._receipt(customer_id, instalment_id, paid, age - days[place])
                    self._invoice(order, instalment_id, title_id, minor, place, age)
        self._report(customer_id)

    def _title(self, customer_id: str) -> str:
        customer = repository.get(self._writer.session, "customer", customer_id)
        name = customer.title if customer is not None else ""
        values: dict[str, Plain] = {
            "customer_id": customer_id,
            "name": name,
            "tax_number": "91310115MA1K4EXAMP",
            "standard": True,
        }
        self._titles[customer_id] = self._writer.create("invoice_title", 90 * DAY_MS, values)
        return self._titles[customer_id]

    def _instalment(
        self, order: Record, number: int, percent: int, minor: int, due_day: str, age: int
    ) -> str:
        values: dict[str, Plain] = {
            "name": f"{order.title} / {number}",
            "order_id": order.id,
            "customer_id": order["customer_id"],
            "number": number,
            "share_percent": str(percent),
            "amount": minor,
            "currency": CURRENCY,
            "due_from": "day",
            "due_day": due_day,
            "status": "agreed",
        }
        instalment_id = self._writer.create("instalment", age * DAY_MS, values)
        counting.refresh(self._writer.session, [("instalment", instalment_id)])
        return instalment_id

    def _receipt(self, customer_id: str, instalment_id: str, minor: int, days_ago: int) -> None:
        writer = self._writer
        age = max(days_ago, 1)
        receipt_id = writer.create("receipt", age * DAY_MS, self._received(customer_id, minor, age, "posted"))
        share: dict[str, Plain] = {
            "receipt_id": receipt_id,
            "instalment_id": instalment_id,
            "amount": minor,
            "currency": CURRENCY,
        }
        writer.create("receipt_share", age * DAY_MS, share)
        counting.refresh(writer.session, [("receipt", receipt_id), ("instalment", instalment_id)])

    def _received(self, customer_id: str, minor: int, age: int, status: str) -> dict[str, Plain]:
        day = self._writer.day_on(-age)
        self._receipts += 1
        return {
            "number": f"R-{day.year}-{FIRST_RECEIPT + self._receipts - 1:05d}",
            "kind": "receipt",
            "customer_id": customer_id,
            "status": status,
            "received_on": day.isoformat(),
            "amount": minor,
            "currency": CURRENCY,
            "method": "transfer",
            "reference": f"{day:%y%m%d}{7041 + 13 * self._receipts}",
            "posted_at": self._writer.now - age * DAY_MS if status == "posted" else None,
        }

    def _report(self, customer_id: str) -> None:
        """Write a payment somebody reported that finance has not posted yet."""
        self._writer.create("receipt", DAY_MS, self._received(customer_id, 8_600_00, 1, "reported"))

    def _invoice(
        self, order: Record, instalment_id: str, title_id: str, minor: int, place: int, age: int
    ) -> None:
        title = repository.get(self._writer.session, "invoice_title", title_id)
        issued = place == 0
        values: dict[str, Plain] = {
            "subject": f"{order.title} / {place + 1}",
            "customer_id": order["customer_id"],
            "order_id": order.id,
            "instalment_id": instalment_id,
            "kind": "vat_plain",
            "status": "issued" if issued else "requested",
            "amount": minor,
            "currency": CURRENCY,
            "invoice_title_id": title_id,
            "title_name": title.get("name") if title is not None else None,
            "tax_number": title.get("tax_number") if title is not None else None,
            "number": f"0440{self._receipts:02d}{71 + place:03d}" if issued else None,
            "issued_on": self._writer.day_on(1 - age).isoformat() if issued else None,
        }
        self._writer.create("invoice", (age - 1) * DAY_MS, values)
