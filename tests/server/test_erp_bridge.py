"""The example that connects an ERP, against a real one: Tryton with its sales, stock and invoices.

`SATCHEL_TRYTON` names the Python of an environment that has `tests/support/tryton/requirements.txt`;
without it one is made.
"""

from __future__ import annotations

import datetime
import importlib
import os
import socket
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests

from sync_server.services import keys
from tests.support.server import ROOT, RunningServer, running_server

BRIDGE = ROOT / "examples" / "erp_bridge"
TRYTON = ROOT / "tests" / "support" / "tryton"
PASSWORD = "only for this test"
SCOPES = (
    *("customer:read", "product:read", "order:read", "order_line:read"),
    *("stock_level:write", "invoice:write", "receipt:write"),
)


def python_with_tryton(folder: Path) -> Path:
    """Return a Python that has Tryton."""
    if given := os.environ.get("SATCHEL_TRYTON"):
        return Path(given)
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    asked = [str(python), "-m", "pip", "install", "--quiet", "-r", str(TRYTON / "requirements.txt")]
    subprocess.run(asked, check=True, timeout=540)
    return python


@contextmanager
def running_tryton(folder: Path) -> Iterator[str]:
    """Give the address of a Tryton with a firm in its database `erp`, whose `admin` has the password."""
    python = python_with_tryton(folder / "environment")
    data = folder / "tryton"
    data.mkdir()
    (data / "erp.sqlite").touch()
    (data / "password").write_text(PASSWORD)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = data / "trytond.conf"
    settings.write_text(
        f"[database]\nuri = sqlite://\npath = {data}\n[web]\nlisten = 127.0.0.1:{port}\n", encoding="utf-8"
    )
    environment = {**os.environ, "TRYTONPASSFILE": str(data / "password")}

    def run(*arguments: str) -> None:
        asked = [str(python), *arguments]
        ran = subprocess.run(asked, env=environment, capture_output=True, text=True, timeout=540, check=False)
        assert ran.returncode == 0, ran.stderr[-3000:]

    admin = (str(python.parent / "trytond-admin"), "-c", str(settings), "-d", "erp")
    run(*admin, "--email", "admin@erp.example", "--all", "-l", "en", "-p")
    run(*admin, "-u", "sale", "account_invoice", "stock", "--activate-dependencies")
    run(str(TRYTON / "firm.py"), "sqlite:///erp", str(settings))
    serving = subprocess.Popen(
        [str(python), str(python.parent / "trytond"), "-c", str(settings)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert time.monotonic() < until
                time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        serving.terminate()
        serving.wait(30)


def order_in(server: RunningServer) -> str:
    """Make a confirmed order of two lines at HQ, and return its number."""
    with server.headquarters() as hq:
        customer = hq.records.create("customer", {"name": "苍鹭阀门 Heron Valves"})
        product = hq.records.create("product", {"name": "Ball valve DN50", "code": "V-1"})
    return another_order_in(server, customer, {}, (product, "4", 1250, "0"), (product, "10", 1250, "20"))


def another_order_in(
    server: RunningServer, customer: str, said: dict[str, Any], *lines: tuple[str | None, str, int, str]
) -> str:
    """Make a confirmed order at HQ and return its number; lines are product, quantity, price, discount."""
    with server.headquarters() as hq:
        values = {"customer_id": customer, "currency": "EUR", "ordered_on": "2026-11-20", **said}
        order = hq.records.create("order", values)
        for product, quantity, price, discount in lines:
            line = {"order_id": order, "product_id": product, "description": "Valve", "quantity": quantity}
            hq.records.create(
                "order_line", {**line, "unit_price": price, "currency": "EUR", "discount_percent": discount}
            )
        hq.records.update("order", order, {"status": "confirmed"})
        return str(hq.records.get("order", order)["number"])


def pay(erp: Any, invoice: int, amount: Decimal) -> None:
    """Post an invoice in Tryton and take in money for it, as its bookkeeper does."""
    today = datetime.datetime.now().astimezone().date()
    erp.call("model.account.invoice.write", [invoice], {"invoice_date": today})
    erp.call("model.account.invoice.post", [invoice])
    about = {"active_model": "account.invoice", "active_id": invoice, "active_ids": [invoice]}
    session, start, _end = erp.call("wizard.account.invoice.pay.create")
    shown = erp.call("wizard.account.invoice.pay.execute", session, {}, start, **about)
    asked = {name: value for name, value in shown["view"]["defaults"].items() if "." not in name}
    (method,) = erp.search("account.invoice.payment.method", [], ["id"])
    asked |= {"payment_method": method["id"], "date": today, "amount": amount, "description": "Paid"}
    erp.call("wizard.account.invoice.pay.execute", session, {"start": asked}, "choice", **about)
    erp.call("wizard.account.invoice.pay.delete", session)


@pytest.mark.soak
def test_orders_go_to_the_erp_and_stock_invoices_and_receipts_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(BRIDGE))
    with running_tryton(tmp_path) as url, running_server(tmp_path) as server:
        number = order_in(server)
        with server.headquarters() as hq:
            secret = keys.add(hq, "Tryton", SCOPES, {"role": "admin"})["key"]
        (tmp_path / "satchel.key").write_text(secret)
        (tmp_path / "tryton.password").write_text(PASSWORD)
        settings = tmp_path / "bridge.toml"
        settings.write_text(
            f'[satchel]\nurl = "{server.url}"\nkey_file = "satchel.key"\n'
            f'[tryton]\nurl = "{url}"\ndatabase = "erp"\nuser = "admin"\npassword_file = "tryton.password"\n',
            encoding="utf-8",
        )

        def bridge() -> str:
            asked = [sys.executable, str(BRIDGE / "bridge.py"), str(settings)]
            ran = subprocess.run(asked, capture_output=True, text=True, timeout=300, check=False)
            assert ran.returncode == 0, ran.stderr
            assert secret not in ran.stderr
            return ran.stderr

        def records(entity: str) -> list[Any]:
            headers = {"Authorization": f"Bearer {secret}"}
            answer = requests.get(f"{server.url}/v1/records/{entity}", headers=headers, timeout=60)
            return list(answer.json()["records"])

        bridge()
        erp = importlib.import_module("tryton").Tryton(url, "erp", "admin", PASSWORD)
        (sale,) = erp.search("sale.sale", [], ["number", "reference", "total_amount", "invoices", "party"])
        assert (sale["reference"], sale["total_amount"]) == (number, Decimal("150.00"))
        assert records("order")[0]["external_id"] == sale["number"]
        (level,) = records("stock_level")
        assert (level["quantity"], level["warehouse"]) == ("40", "WH")
        settings.with_suffix(".state.json").unlink()  # as if it had been ended before it kept how far it came
        bridge()
        assert len(erp.search("sale.sale", [], ["id"])) == 1
        pay(erp, sale["invoices"][0], Decimal("150.00"))
        for _twice in range(2):
            bridge()
            (invoice,) = records("invoice")
            assert (invoice["status"], invoice["amount"]) == ("issued", "150.00 EUR")
            (receipt,) = records("receipt")
            assert (receipt["amount"], receipt["status"]) == ("150.00 EUR", "reported")
            assert receipt["customer_id"] == records("order")[0]["customer_id"]
        # A line without a product, and discounts on the whole: the sale is what was agreed, to the cent.
        customer, product = records("customer")[0]["id"], records("product")[0]["id"]
        lines = ((product, "3", 3333, "5"), (None, "7", 1111, "0"), (product, "1000", 7, "0"))
        sums = {}
        for said in ({"discount_amount": 12_34}, {"discount_percent": "3.5", "discount_amount": 1_00}):
            sums[another_order_in(server, customer, said, *lines)] = said
        bridge()
        # 94.99 + 77.77 + 70.00 by Satchel's rule, half up; tax of neither side in it.
        wanted = {12_34: Decimal("230.42"), 1_00: Decimal("233.26")}
        sales = erp.search("sale.sale", [["reference", "in", list(sums)]], ["reference", "total_amount"])
        assert {each["reference"]: each["total_amount"] for each in sales} == {
            number: wanted[said["discount_amount"]] for number, said in sums.items()
        }
        for each in records("order"):
            assert Decimal(each["total"].split()[0]) in {Decimal("150.00"), *wanted.values()}
