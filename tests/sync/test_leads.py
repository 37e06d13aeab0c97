"""Leads converted on laptops without a network, and what HQ makes of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from crm_core.errors import UserError
from crm_core.rules.conversion import UNDO_MS
from crm_core.rules.scoring import Done, read_rules, score
from crm_core.schema.field import Plain
from crm_desktop.models.query import ListQuery
from crm_desktop.services import activities, attachments, converting, leads, records, returned_edits, scoring
from crm_desktop.services.converting import Wish
from sync_server.services.assigning import assign_waiting
from sync_server.services.capture import Sender, form_of, take
from sync_server.services.headquarters import open_headquarters
from tests.support.hq import Office
from tests.support.replicas import Laptop, Laptops, differences, settle_all

LEAD = {
    "name": "方明",
    "company": "纸鹤食品（示例）",
    "phone": "021 5550 0187",
    "email": "fang@papercrane.example",
    "city": "苏州",
    "source": "web",
    "needs": "Three pumps by May",
    "next_contact_on": "2026-12-04",
    "tags": ["asia"],
}


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Give one HQ to all tests of this file."""
    made = Office(tmp_path_factory.mktemp("leads") / "hq")
    yield made
    made.close()


@pytest.fixture(scope="module")
def laptops(tmp_path_factory: pytest.TempPathFactory, office: Office, template: Path) -> Iterator[Laptops]:
    """Give what makes its laptops."""
    made = Laptops(tmp_path_factory.mktemp("laptops"), office, template)
    yield made
    made.close()


@pytest.fixture(scope="module")
def lin(office: Office, laptops: Laptops) -> Laptop:
    """Give the laptop of somebody who sells."""
    made = laptops.make("lin", office.user("Lin", "sales"))
    settle_all([made], 1)
    return made


def new_lead(laptop: Laptop, **more: object) -> str:
    return records.create(laptop.replica, "lead", {**LEAD, **more}).value.id


def alive(laptop: Laptop, entity: str, record_id: str | None) -> bool:
    return records.get(laptop.replica, entity, str(record_id)).alive


def test_a_lead_becomes_customer_contact_and_deal_offline_and_takes_its_past_along(
    office: Office, lin: Laptop
) -> None:
    lead = new_lead(lin)
    call = records.create(
        lin.replica, "activity", {"kind": "call", "subject": "Asked for a price", "lead_id": lead}
    ).value.id
    attachments.add(lin.replica, "lead", lead, b"three pumps", name="plan.txt")
    made = converting.convert(lin.replica, lead, Wish(deal_name="Pumps", deal={"amount": 500_000})).value
    settle_all([lin])
    assert list(differences(lin)) == []
    assert lin.returned() == []
    customer, deal = office.row("customer", made.customer_id), office.row("deal", str(made.deal_id))
    assert [customer[name] for name in ("name", "kind", "city", "source", "owner_id", "tags")] == [
        "纸鹤食品（示例）", "company", "苏州", "web", lin.user_id, ["asia"],
    ]  # fmt: skip
    contact = office.row("contact", str(made.contact_id))
    assert [contact["name"], contact["email"], contact["customer_id"]] == [
        "方明", "fang@papercrane.example", made.customer_id,
    ]  # fmt: skip
    assert [deal["name"], deal["amount"], deal["notes"], deal["contact_id"]] == [
        "Pumps", 500_000, "Three pumps by May", made.contact_id,
    ]  # fmt: skip
    moved = office.row("activity", call)
    assert [moved["customer_id"], moved["deal_id"], moved["lead_id"]] == [
        made.customer_id,
        made.deal_id,
        None,
    ]
    assert [row.name for row in attachments.files_of(lin.replica, "customer", made.customer_id)] == [
        "plan.txt"
    ]
    (task,) = [row for _, row in office.hq.find("activity", "customer_id", made.customer_id) if row["due_at"]]
    assert (task["kind"], task["done"]) == ("task", False)
    stands = office.row("lead", lead)
    assert (stands["status"], stands["customer_id"], stands["converted_at"] > 0) == (
        "converted", made.customer_id, True,
    )  # fmt: skip
    with pytest.raises(UserError, match="converted already"):
        converting.convert(lin.replica, lead, Wish())
    with pytest.raises(UserError, match="undo the conversion"):
        leads.set_state(lin.replica, [lead], "qualified")


def test_custom_fields_customers_have_too_go_along(office: Office, lin: Laptop) -> None:
    for entity, key in (("lead", "rooms"), ("customer", "rooms"), ("lead", "hobby")):
        field = {"entity": entity, "key": key, "label": key, "kind": "integer"}
        office.hq.create("custom_field", field)
    settle_all([lin])
    lead = new_lead(lin, **{"x:rooms": 12, "x:hobby": 7})
    made = converting.convert(lin.replica, lead, Wish()).value
    settle_all([lin])
    assert lin.returned() == []
    assert office.row("customer", made.customer_id)["custom"] == {"rooms": 12}


def test_a_lead_joins_a_customer_and_the_contact_who_is_there_already(office: Office, lin: Laptop) -> None:
    customer = records.create(lin.replica, "customer", {"name": "Paper Crane", "city": "Lyon"}).value.id
    contact = records.create(
        lin.replica,
        "contact",
        {"customer_id": customer, "name": "M. Fang", "email": "FANG@papercrane.example"},
    ).value.id
    lead = new_lead(lin)
    made = converting.convert(lin.replica, lead, Wish(customer_id=customer, deal_name="Pumps")).value
    assert (made.customer_id, made.contact_id) == (customer, contact)
    assert records.get(lin.replica, "customer", customer).get("city") == "Lyon"
    converting.take_back(lin.replica, lead)
    assert (alive(lin, "customer", customer), alive(lin, "contact", contact)) == (True, True)
    assert not alive(lin, "deal", made.deal_id)
    settle_all([lin])
    assert lin.returned() == list(differences(lin)) == []


def test_a_conversion_is_undone_within_the_day_unless_work_was_built_on_it(
    office: Office, lin: Laptop
) -> None:
    lead = new_lead(lin)
    call = activities.log(lin.replica, "call", "Asked for a price", lead_id=lead).value.id
    made = converting.convert(lin.replica, lead, Wish(deal_name="Pumps")).value
    settle_all([lin])
    note = activities.log(lin.replica, "note", "Met them", customer_id=made.customer_id).value.id
    with pytest.raises(UserError, match="Something was added to"):
        converting.take_back(lin.replica, lead)
    records.delete(lin.replica, "activity", note)
    converting.take_back(lin.replica, lead)
    settle_all([lin])
    assert lin.returned() == list(differences(lin)) == []
    assert [
        office.row(*key)["life"] % 2 for key in (("customer", made.customer_id), ("deal", str(made.deal_id)))
    ] == [0, 0]
    back = office.row("lead", lead)
    assert [back[name] for name in ("status", "customer_id", "deal_id", "converted_at", "conversion")] == [
        "new", None, None, None, None,
    ]  # fmt: skip
    assert [office.row("activity", call)[name] for name in ("lead_id", "customer_id")] == [lead, None]
    converting.convert(lin.replica, lead, Wish())
    office.now_ms += UNDO_MS + 1
    with pytest.raises(UserError, match="within a day"):
        converting.take_back(lin.replica, lead)


def test_of_two_who_convert_one_lead_offline_the_second_gets_all_of_it_back(
    office: Office, laptops: Laptops, lin: Laptop
) -> None:
    maya = laptops.make("maya", office.user("Maya", "admin"))
    lead = new_lead(lin)
    settle_all([lin, maya])
    first = converting.convert(lin.replica, lead, Wish(deal_name="Pumps")).value
    second = converting.convert(maya.replica, lead, Wish(deal_name="The same pumps")).value
    settle_all([lin, maya])
    assert office.row("lead", lead)["customer_id"] == first.customer_id
    assert not office.hq.has("customer", second.customer_id)
    assert not office.hq.has("deal", str(second.deal_id))
    assert list(differences(lin)) == list(differences(maya)) == []
    back = returned_edits.returned(maya.replica)
    assert {each.entity for each in back} >= {"lead", "customer", "contact", "deal"}
    assert "first" in back[0].reason.text
    assert records.get(maya.replica, "lead", lead).get("customer_id") == first.customer_id


def test_a_lead_goes_nowhere_without_a_reason_and_becomes_no_customer_by_a_mere_state(lin: Laptop) -> None:
    lead = new_lead(lin)
    for changes in ({"status": "junk"}, {"status": "converted"}):
        with pytest.raises(UserError):
            records.update(lin.replica, "lead", lead, changes)
    leads.set_state(lin.replica, [lead], "junk", "spam")
    with pytest.raises(UserError, match="put it back"):
        converting.convert(lin.replica, lead, Wish())
    leads.set_state(lin.replica, [lead], "new")
    assert records.get(lin.replica, "lead", lead).get("junk_reason") is None
    settle_all([lin])
    assert lin.returned() == list(differences(lin)) == []


def test_leads_are_seen_by_their_owner_and_marketing_and_those_of_nobody_by_who_may_claim_them(
    office: Office, laptops: Laptops, lin: Laptop
) -> None:
    mine = office.hq.create("lead", {"name": "Lin's", "owner_id": lin.user_id})
    nobodys = office.hq.create("lead", {"name": "Nobody's"})
    assert office.row("lead", nobodys)["owner_id"] is None
    people = {role: office.user(role, role) for role in ("sales", "marketing", "finance", "service")}
    seen = {
        role: {record_id for no, record_id in office.projection(user_id) if no == 13} & {mine, nobodys}
        for role, user_id in people.items()
    }
    assert seen == {"sales": {nobodys}, "marketing": {mine, nobodys}, "finance": set(), "service": set()}
    settle_all([lin])
    assert records.get(lin.replica, "lead", mine).title == "Lin's"
    market = laptops.make("market", people["marketing"])
    settle_all([market])
    leads.assign(market.replica, {nobodys: lin.user_id})
    settle_all([market, lin])
    assert records.get(lin.replica, "lead", nobodys).get("owner_id") == lin.user_id


def test_what_an_administrator_sets_up_on_a_laptop_works_at_hq(office: Office, laptops: Laptops) -> None:
    boss = laptops.make("boss", office.user("Boss", "admin"))
    settle_all([boss])
    people: Plain = [[boss.user_id, 1]]
    form = records.create(
        boss.replica, "capture_form", {"name": "Fair", "redirect": "https://a.example"}
    ).value
    rule = {"name": "All", "people": people, "regions": ["Suzhou"]}
    records.create(boss.replica, "assignment_rule", rule)
    settle_all([boss])
    hq = open_headquarters(office.settings)
    served = form_of(hq, str(form["token"]))
    assert served is not None
    assert [field.name for field in served.fields] == ["name", "company", "phone", "email", "needs"]
    sent = take(
        hq, served, {"name": "Fang", "phone": "5550100"}, Sender(channel="form", address="", language="en")
    )
    assert office.row("lead", str(sent.lead_id))["owner_id"] is None
    records.update(
        boss.replica,
        "assignment_rule",
        records.page(boss.replica, ListQuery(entity="assignment_rule")).rows[0].id,
        {"regions": None},
    )
    settle_all([boss])
    assign_waiting(hq, office.now_ms)
    hq.close()
    assert office.row("lead", str(sent.lead_id))["owner_id"] == boss.user_id


def test_rules_of_scoring_reach_laptops_and_both_ends_score_alike(office: Office, lin: Laptop) -> None:
    lead = new_lead(lin)
    rule = {"name": "Talked", "kind": "activity", "points": 40, "half_life_days": 7, "most": 1}
    office.hq.create("scoring_rule", rule)
    office.hq.create("scoring_rule", {"name": "City", "kind": "field", "field": "city", "points": 5})
    records.create(
        lin.replica,
        "activity",
        {"kind": "call", "subject": "Rang", "lead_id": lead, "happened_at": office.now_ms - 7 * 86_400_000},
    )
    settle_all([lin])
    assert scoring.is_due(lin.replica)
    scoring.refresh(lin.replica)
    assert not scoring.is_due(lin.replica)
    here = scoring.score_of(lin.replica, records.get(lin.replica, "lead", lead))
    assert here.total == 25
    top = records.page(lin.replica, ListQuery(entity="lead", sort=(("score", True),), limit=1)).rows[0]
    assert top.get("score") == 25
    activities_at_hq = [row for _, row in office.hq.find("activity", "lead_id", lead)]
    done = [Done(kind=row["kind"], outcome="", at_ms=row["happened_at"]) for row in activities_at_hq]
    rules = read_rules([row for _, row in office.hq.all("scoring_rule")], chinese=False)
    assert score(office.row("lead", lead), done, rules, office.now_ms) == here
    assert list(differences(lin)) == []
    office.now_ms += 14 * 86_400_000
    assert scoring.is_due(lin.replica)
    scoring.refresh(lin.replica)
    faded = records.page(lin.replica, ListQuery(entity="lead", sort=(("score", True),), limit=1)).rows[0]
    assert faded.get("score") == 10
    records.update(lin.replica, "lead", lead, {"city": None})
    assert scoring.is_due(lin.replica)
