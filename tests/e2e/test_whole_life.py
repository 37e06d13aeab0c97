"""From a quote to its money: laptops without a network, HQ, a mail server and a customer's browser.

HQ is killed before every step and comes back after it, so that nobody ever works with it at hand.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import expect

from crm_core.errors import AccessDenied
from crm_core.money import Money
from crm_core.rules import approval
from crm_core.rules.approval import Step, Verdict, Who
from crm_desktop import assembly
from crm_desktop.assembly import App
from crm_desktop.documents import mailing, sent_file
from crm_desktop.models.query import ListQuery
from crm_desktop.models.records import Record
from crm_desktop.services import approvals, orders, payments, quotes, records
from crm_desktop.services.orders import Moving
from tests.support.chromium import chromium
from tests.support.pages import found_in
from tests.support.post_office import PostOffice, post_office
from tests.support.server import RunningServer, initialised

PUBLIC_URL = "https://hq.example"
SECRET_COST, WORD_OF_A_CALL = "canarycost", "canarycall"
LINK = re.compile(rf"{PUBLIC_URL}(/a/[A-Za-z0-9_-]+)")


@pytest.fixture
def post() -> Iterator[PostOffice]:
    with post_office() as office:
        yield office


@pytest.fixture
def hq(tmp_path: Path, post: PostOffice) -> Iterator[RunningServer]:
    """Give an HQ with a seller, his manager, finance and an administrator."""
    mail = {"smtp_server": f"smtp://127.0.0.1:{post.port}", "smtp_from": "office@heron.example"}
    data = initialised(tmp_path / "hq", public_url=PUBLIC_URL, company="Blue Heron Ltd", **mail)
    server = RunningServer(data)
    server.start()
    with server.headquarters() as found:
        team = found.records.create("team", {"name": "North"})
        for name, role in (("lin", "sales"), ("maya", "sales_manager"), ("fay", "finance")):
            user = server.add_user(name, role, team="North")
            if name == "maya":
                found.records.update("team", team, {"manager_id": user["id"]})
    yield server
    if server.is_running:
        server.kill()


class Firm:
    """The laptops of a seller, his manager and finance, which speak with HQ only while it stands."""

    def __init__(self, hq: RunningServer, folder: Path) -> None:
        self.hq = hq
        self.apps: dict[str, App] = {}
        for name in ("lin", "maya", "fay"):
            app = self.apps[name] = assembly.new_profile(folder / name)
            app.enrol(hq.url, name, name, name)
            app.sync_now()
        self.lin, self.maya, self.fay = self.apps.values()

    @contextmanager
    def alone(self, *who: App) -> Iterator[None]:
        """Have HQ down while somebody works; then bring what was done to it and to the others."""
        self.hq.kill()
        yield
        self.hq.start()
        self.meet(*who)

    def meet(self, *first: App) -> None:
        """Sync everybody, those who have news before the others."""
        for app in (*first, *self.apps.values()):
            app.sync_now()
            app.carry_files()
            app.sync_now()

    def the(self, app: App, entity: str) -> Record:
        """Return the one record of a kind on a laptop."""
        (found,) = records.page(app.replica, ListQuery(entity=entity, limit=2)).rows
        return found


@pytest.fixture
def firm(hq: RunningServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Firm]:
    monkeypatch.setenv("CRM_PASSPHRASE", "test passphrase")
    made = Firm(hq, tmp_path)
    yield made
    for app in made.apps.values():
        app.close()


def set_up(hq: RunningServer) -> None:
    """Have HQ know a product with its cost, and a flow that asks the superior about discounts."""
    with hq.headquarters() as found:
        product = {"name": "Pump", "code": "P-1", "list_price": 600_00, "currency": "CNY", "tax_rate": "13"}
        found.records.create(
            "product", {**product, "cost": 123_45, "cost_currency": "CNY", "description": "A pump"}
        )
        step = approval.plain_step(Step(who=Who.SUPERIOR))
        found.records.create(
            "approval_flow", {"name": "Discounts", "record_entity": "quote", "steps": [step]}
        )


def quote_at(firm: Firm) -> str:
    """Have Lin make the customer, a call with him, and a quote that must be approved."""
    replica = firm.lin.replica
    customer = records.create(replica, "customer", {"name": "Kontor 康拓"}).value.id
    ann = {"name": "Ann Moss", "email": "ann@kontor.example", "customer_id": customer}
    contact = records.create(replica, "contact", ann).value.id
    call = {"kind": "call", "subject": WORD_OF_A_CALL, "notes": WORD_OF_A_CALL, "customer_id": customer}
    records.create(replica, "activity", call)
    quote = quotes.create(
        replica, {"customer_id": customer, "contact_id": contact, "currency": "CNY"}
    ).value.id
    product = firm.the(firm.lin, "product")
    line = {"product_id": product.id, "quantity": "2", "unit_price": 600_00, "discount_percent": "10"}
    quotes.add_line(replica, quote, {"description": "Pump", "tax_rate": "13", **line})
    approvals.ask(replica, "quote", quote, "A new customer")
    return quote


def accept_on_page(firm: Firm, post: PostOffice) -> None:
    """Have the customer open the link of his mail and accept by a typed name."""
    (letter,) = post.letters
    body = letter.get_body(("plain",))
    assert body is not None
    found = LINK.search(body.get_content())
    assert found is not None, body.get_content()
    with chromium() as browser:
        page = browser.new_context(java_script_enabled=False, locale="en-GB").new_page()
        page.goto(firm.hq.url + found[1])
        page.locator("#accept-name").fill("Ann Moss")
        page.locator("#agreed").check()
        page.get_by_role("button", name="Accept and sign").click()
        expect(page.get_by_role("status")).to_contain_text("Ann Moss")


def test_a_quote_becomes_money_though_hq_falls_before_every_step(
    firm: Firm, hq: RunningServer, post: PostOffice
) -> None:
    lin, maya, fay = firm.lin, firm.maya, firm.fay
    set_up(hq)
    firm.meet()
    with firm.alone(lin):
        quote = quote_at(firm)
    with firm.alone(maya):
        (request,) = approvals.to_decide(maya.replica)
        approvals.decide(maya.replica, request.request.id, Verdict.APPROVE, "")
    with firm.alone(lin):
        assert records.get(lin.replica, "quote", quote)["status"] == "sent"
        draft = mailing.draft(lin.replica, "quote", quote, "en")
        written = {"to": draft.to, "cc": "", "subject": draft.subject, "body": draft.body}
        mailing.send(lin.replica, "quote", quote, draft.file, **written)
    hq.command("mail", "send")
    (letter,) = post.letters
    (attached,) = letter.iter_attachments()
    kept = sent_file.sent_file(lin.replica, "quote", quote)
    assert kept is not None
    assert attached.get_content() == kept.content
    hq.restart()
    accept_on_page(firm, post)
    hq.kill()
    hq.start()
    firm.meet()
    accepted = records.get(lin.replica, "quote", quote)
    assert (accepted["status"], accepted["total"]) == ("accepted", 1220_40)
    with firm.alone(lin):
        made = firm_order(firm, quote)
        payments.plan_by_parts(lin.replica, "order", made, "30/70", datetime.date.today())  # noqa: DTZ011
        payments.agree(lin.replica, "order", made)
        ((line_id, _),) = orders.state(lin.replica, made).lines
        moving = Moving(order_line_id=line_id, quantity=Decimal(2), serials=("S-1", "S-2"))
        orders.deliver(lin.replica, made, [moving])
        wanted = {"order_id": made, "kind": "vat_plain", "title_name": "Kontor Ltd"}
        invoice = records.create(lin.replica, "invoice", wanted).value.id
        with pytest.raises(AccessDenied):
            records.update(lin.replica, "invoice", invoice, {"number": "1", "status": "issued"})
    with firm.alone(fay):
        assert records.get(fay.replica, "order", made)["total"] == 1220_40
        plan = payments.plan(fay.replica, "order", made)
        assert [row.instalment["amount"] for row in plan.rows] == [366_12, 854_28]
        came_on = fay.replica.clock.today().isoformat()
        came = {"customer_id": plan.customer_id, "amount": 1220_40, "currency": "CNY"}
        receipt = payments.record_payment(fay.replica, came).value
        payments.match_as_proposed(fay.replica, receipt.id)
        issued = {"number": "04400311", "issued_on": came_on, "status": "issued"}
        records.update(fay.replica, "invoice", invoice, issued)
    paid = payments.plan(lin.replica, "order", made)
    assert (paid.paid_minor, paid.open_minor, paid.total) == (1220_40, 0, Money(1220_40, "CNY"))
    told = records.get(lin.replica, "invoice", invoice)
    assert (told["status"], told["number"], told["amount"]) == ("issued", "04400311", 1220_40)
    assert {row["serial"] for row in installed(lin)} == {"S-1", "S-2"}
    assert len(post.letters) == 1
    assert found_in(fay.replica.profile.root, fay.replica._key, [WORD_OF_A_CALL]) == set()
    costs = [each["cost"] for each in records.page(fay.replica, ListQuery(entity="product", limit=9)).rows]
    assert costs == [123_45]
    assert "cost" not in firm.the(lin, "product").values or firm.the(lin, "product")["cost"] is None


def firm_order(firm: Firm, quote: str) -> str:
    """Return the order that followed by rule, or make it; confirmed."""
    replica = firm.lin.replica
    there = records.page(replica, ListQuery(entity="order", limit=2)).rows
    order = there[0].id if there else orders.from_quote(replica, quote).value.id
    if records.get(replica, "order", order)["status"] == "draft":
        records.update(replica, "order", order, {"status": "confirmed"})
    return order


def installed(app: App) -> tuple[Record, ...]:
    """Return the products that stand at customers, as a laptop knows them."""
    return tuple(records.page(app.replica, ListQuery(entity="installed_product", limit=9)).rows)
