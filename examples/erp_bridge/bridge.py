"""Carries orders from Satchel to Tryton, and stock, invoices and receipts from Tryton to Satchel.

One run does what there is to do and ends; let a timer start it every few minutes. It may be ended at any
moment and started again: what is in Tryton is looked up by Satchel's order number, what is in Satchel by
Tryton's.

    python bridge.py bridge.toml
"""

from __future__ import annotations

import datetime
import json
import logging
import sys
import tomllib
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import requests
from satchel import Satchel, SatchelRefused
from tryton import Tryton, TrytonRefused

log = logging.getLogger("bridge")
PRICE = Decimal("0.0001")
"""What Tryton keeps of a price: its `price_decimal`."""


@dataclass
class State:
    """How far the bridge came, beside its settings."""

    file: Path
    cursor: str = ""

    @classmethod
    def read(cls, file: Path) -> State:
        """Return what was kept; nothing where the bridge runs for the first time."""
        return cls(file, **json.loads(file.read_text())) if file.exists() else cls(file)

    def keep(self, cursor: str) -> None:
        """Keep a cursor, wholly or not at all."""
        self.cursor = cursor
        partial = self.file.with_suffix(".tmp")
        partial.write_text(json.dumps({"cursor": cursor}))
        partial.replace(self.file)


class Bridge:
    """Both programs, and what goes between them."""

    def __init__(self, satchel: Satchel, tryton: Tryton, state: State) -> None:
        self.satchel, self.tryton, self.state = satchel, tryton, state

    def run(self) -> int:
        """Carry everything both ways; return how many things could not be carried."""
        failed = self.orders_out()
        return failed + self.stock_in() + self.invoices_in() + self.receipts_in()

    # Out

    def orders_out(self) -> int:
        """Make a sale in Tryton of every order that was confirmed since last time."""
        failed = 0
        for changes, cursor in self.satchel.changes(self.state.cursor, "order"):
            for change in changes:
                order = change.get("record")
                if order is None or order.get("status") != "confirmed" or "external_id" in order:
                    continue
                try:
                    sale = self.sale_of(order)
                    self.satchel.name("order", order["id"], sale)
                    log.info("order %s is sale %s", order["number"], sale)
                except (TrytonRefused, SatchelRefused, LookupError) as error:
                    failed += 1
                    log.warning("order %s: %s", order["number"], error)
            if not failed:  # else the cursor stays there: they are tried again next time
                self.state.keep(cursor)
        return failed

    def sale_of(self, order: Any) -> str:
        """Return the number of an order's sale, made where Tryton has none."""
        erp = self.tryton
        known = erp.search("sale.sale", [["reference", "=", order["number"]]], ["number", "state"])
        sale_id = known[0]["id"] if known else self.new_sale(order)
        for step, state in (("quote", "draft"), ("confirm", "quotation"), ("process", "confirmed")):
            (sale,) = erp.call("model.sale.sale.read", [sale_id], ["state", "number"])
            if sale["state"] == state:
                erp.call(f"model.sale.sale.{step}", [sale_id])
        (sale,) = erp.call("model.sale.sale.read", [sale_id], ["number"])
        return str(sale["number"])

    def new_sale(self, order: Any) -> int:
        """Make a sale of an order, with its lines as they were agreed, and return its id."""
        party, address = self.party_of(self.satchel.show("customer", order["customer_id"]))
        lines = self.satchel.records("order_line", f"order_id = {order['id']}", sort="position")
        values = {
            "party": party,
            "invoice_address": address,
            "shipment_address": address,
            "reference": order["number"],
            "currency": self.one("currency.currency", [["code", "=", order["currency"]]])["id"],
            "sale_date": datetime.date.fromisoformat(order["ordered_on"] or _today().isoformat()),
            "lines": [["create", self.lines_of(order, lines)]],
        }
        return self.tryton.create("sale.sale", values)

    def lines_of(self, order: Any, lines: list[Any]) -> list[dict[str, Any]]:
        """Return the lines of a sale; together they are what was agreed without tax, to the cent.

        The discount on the whole order, a percentage, an amount or both, is taken off every price in
        proportion, so that each is taxed as it was in Satchel. What rounding prices leaves becomes a line.
        """
        if order.get("tax_included"):
            raise LookupError("its prices hold the tax, and those of a sale do not")
        cent = Decimal(1).scaleb(_amount(order["total"]).as_tuple().exponent)
        nets = ((_price(each) * Decimal(each["quantity"])).quantize(cent, ROUND_HALF_UP) for each in lines)
        listed, percent = sum(nets, Decimal(0)), Decimal(order.get("discount_percent") or 0)
        amount = _amount(order.get("discount_amount") or "0")
        agreed = listed - (listed * percent / 100).quantize(cent, ROUND_HALF_UP) - amount
        made = [self.line_of(each, agreed / listed if listed else Decimal(1)) for each in lines]
        prices = (Decimal(str(each["quantity"])) * each["unit_price"] for each in made)
        rest = agreed - sum(each.quantize(cent, ROUND_HALF_EVEN) for each in prices)
        return [*made, *([{"quantity": 1.0, "unit_price": rest, "description": "Rounding"}] if rest else [])]

    def line_of(self, line: Any, whole: Decimal) -> dict[str, Any]:
        """Return a line of a sale; `whole` is what the discount of the order leaves of a price.

        What is no product, such as a service typed in, is none in Tryton either.
        """
        values = {
            "quantity": float(line["quantity"]),
            "unit_price": (_price(line) * whole).quantize(PRICE),
            "description": line["description"] or "",
        }
        if line.get("product_id"):
            code = self.satchel.show("product", line["product_id"])["code"]
            product = self.one("product.product", [["code", "=", code]], "sale_uom")
            values |= {"product": product["id"], "unit": product["sale_uom"]}
        return values

    def party_of(self, customer: Any) -> tuple[int, int]:
        """Return the party that stands for a customer, and its address; made where there is none."""
        found = self.tryton.search("party.party", [["code", "=", customer["id"]]], ["addresses"])
        if not found:
            address = {"street": customer.get("address") or ""}
            values = {"code": customer["id"], "name": customer["name"], "addresses": [["create", [address]]]}
            self.tryton.create("party.party", values)
            found = self.tryton.search("party.party", [["code", "=", customer["id"]]], ["addresses"])
        return found[0]["id"], found[0]["addresses"][0]

    # In

    def stock_in(self) -> int:
        """Tell Satchel how much there is of every product it knows, by warehouse."""
        ours = {each["code"] for each in self.satchel.records("product") if each.get("code")}
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        records = []
        for warehouse in self.tryton.search("stock.location", [["type", "=", "warehouse"]], ["name", "code"]):
            place = {"locations": [warehouse["id"]], "stock_date_end": _today()}
            name = warehouse["code"] or warehouse["name"]
            for product in self.tryton.search("product.product", [], ["code", "quantity"], **place):
                if product["code"] in ours:
                    values = {"quantity": f"{product['quantity'] or 0:g}", "as_of": now}
                    fixed = {"product_id": {"code": product["code"]}, "warehouse": name}
                    values |= fixed
                    records.append(_item("stock_level", f"{product['code']}@{name}", values))
        return self.put(records)

    def invoices_in(self) -> int:
        """Bring the invoices of our orders into Satchel as issued ones."""
        fields = ["number", "invoice_date", "total_amount", "currency", "sales", "party"]
        domain = [["type", "=", "out"], ["state", "in", ["posted", "paid"]]]
        records = []
        for invoice in self.new_ones("invoice", self.tryton.search("account.invoice", domain, fields)):
            order = self.order_of(invoice)
            if order is None:
                continue
            values = {
                "customer_id": order["customer_id"],
                "order_id": order["id"],
                "kind": "plain",
                "title_name": self.satchel.show("customer", order["customer_id"])["name"],
                "subject": f"Invoice {invoice['number']}",
                "amount": f"{invoice['total_amount']} {self.code_of(invoice['currency'])}",
                "status": "issued",
                "number": invoice["number"],
                "issued_on": invoice["invoice_date"].isoformat(),
            }
            records.append(_item("invoice", str(invoice["id"]), values))
        return self.put(records)

    def receipts_in(self) -> int:
        """Bring what was paid for these invoices into Satchel as receipts for somebody to match."""
        fields = ["number", "currency", "sales", "reconciliation_lines", "payment_lines"]
        domain = [["type", "=", "out"], ["state", "in", ["posted", "paid"]]]
        records = []
        for invoice in self.tryton.search("account.invoice", domain, fields):
            order = self.order_of(invoice)
            lines = sorted({*(invoice["payment_lines"] or ()), *(invoice["reconciliation_lines"] or ())})
            if order is None or not lines:
                continue
            paid = self.tryton.call("model.account.move.line.read", lines, ["date", "credit", "debit"])
            for line in self.new_ones("receipt", [each for each in paid if each["credit"] > each["debit"]]):
                values = {
                    "customer_id": order["customer_id"],
                    "received_on": line["date"].isoformat(),
                    "amount": f"{line['credit'] - line['debit']} {self.code_of(invoice['currency'])}",
                    "reference": f"Invoice {invoice['number']}",
                }
                records.append(_item("receipt", str(line["id"]), values))
        return self.put(records)

    # Both

    def new_ones(self, entity: str, found: list[Any]) -> list[Any]:
        """Return what Satchel does not know yet: what was issued or paid is brought once, and then stands."""
        known = {each.get("external_id") for each in self.satchel.records(entity)}
        return [each for each in found if str(each["id"]) not in known]

    def order_of(self, invoice: Any) -> Any:
        """Return the order an invoice of Tryton is for; None for one of no order of ours."""
        for sale in self.tryton.call("model.sale.sale.read", invoice["sales"] or [], ["reference"]):
            orders = self.satchel.records("order", f"number = {sale['reference']}")
            if sale["reference"] and orders:
                return orders[0]
        return None

    def code_of(self, currency: int) -> str:
        """Return the code of a currency of Tryton."""
        return str(self.tryton.call("model.currency.currency.read", [currency], ["code"])[0]["code"])

    def one(self, model: str, domain: list[Any], *fields: str) -> Any:
        """Return the one record of Tryton that fits. Raises `LookupError` where there is none or several."""
        found = self.tryton.search(model, domain, fields)
        if len(found) != 1:
            raise LookupError(f"Tryton has {len(found)} of {model} with {domain[0]}")
        return found[0]

    def put(self, records: list[Any]) -> int:
        """Write records to Satchel; log what it refuses and return how many."""
        refused = self.satchel.put(records)
        for each in refused:
            log.warning("%s %s: %s", each["entity"], each.get("external_id"), each["problem"]["detail"])
        log.info("to Satchel: %s of %s", len(records) - len(refused), len(records))
        return len(refused)


def _price(line: Any) -> Decimal:
    """Return what a line asks for one piece, its own discount taken off."""
    return _amount(line["unit_price"]) * (1 - Decimal(line["discount_percent"] or 0) / 100)


def _amount(text: str) -> Decimal:
    """Return the number of an amount such as `12.50 EUR`."""
    return Decimal(text.split()[0])


def _item(entity: str, name: str, values: dict[str, Any]) -> dict[str, Any]:
    return {"entity": entity, "external_id": name, "values": values}


def _today() -> datetime.date:
    return datetime.datetime.now().astimezone().date()


def main(settings_file: Path) -> int:
    """Run the bridge of a file of settings; return its exit status."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    settings = tomllib.loads(settings_file.read_text())

    def secret(part: str, name: str) -> str:
        return (settings_file.parent / settings[part][name]).read_text().strip()

    try:
        hq = Satchel(settings["satchel"]["url"], secret("satchel", "key_file"))
        erp = settings["tryton"]
        tryton = Tryton(erp["url"], erp["database"], erp["user"], secret("tryton", "password_file"))
        return 1 if Bridge(hq, tryton, State.read(settings_file.with_suffix(".state.json"))).run() else 0
    except (SatchelRefused, TrytonRefused, LookupError, requests.RequestException) as error:
        log.warning("%s", error)
        return 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
