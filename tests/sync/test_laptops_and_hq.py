"""Two and three real replicas and the real HQ: what is made, merged, refused, lost and gained."""

from __future__ import annotations

import pytest
from sqlalchemy import delete

from crm_core.errors import AccessDenied
from crm_core.ids import named_id, new_id
from crm_core.sync.protocol import Code
from crm_desktop.models.device_tables import NumberLease
from crm_desktop.models.query import ListQuery
from crm_desktop.services import quotes, records, returned_edits, syncing
from sync_server.services import entitlements
from sync_server.services.auth import Auth
from tests.support.hq import Office, make
from tests.support.replicas import Cut, Laptop, Laptops, differences, settle_all

YEAR_MS = 365 * 86_400_000


class People:
    """Two sales people, their manager, and somebody of finance."""

    def __init__(self, office: Office) -> None:
        team = office.hq.create("team", {"name": "North"})
        self.lin = office.user("Lin", "sales", team_id=team)
        self.wang = office.user("Wang", "sales", team_id=team)
        self.maya = office.user("Maya", "sales_manager", team_id=team)
        self.fin = office.user("Fin", "finance")
        self.sven = office.user("Sven", "service")


@pytest.fixture
def people(office: Office) -> People:
    return People(office)


def new_customer(laptop: Laptop, **values: object) -> str:
    given = {"name": "纸鹤食品（示例）", "notes": "canary-comms", "tags": ["vip"], **values}
    return records.create(laptop.replica, "customer", given).value.id  # type: ignore[arg-type]


def assert_even(*laptops: Laptop) -> None:
    problems = [line for laptop in laptops for line in differences(laptop)]
    assert not problems, "\n".join(problems)
    assert all(laptop.waiting() == 0 for laptop in laptops)


def test_what_one_makes_the_other_sees_and_both_are_even(laptops: Laptops, people: People) -> None:
    lin, maya = laptops.make("lin", people.lin), laptops.make("maya", people.maya)
    settle_all([lin, maya], 1)
    customer = new_customer(lin)
    deal = records.create(lin.replica, "deal", {"name": "Cooling", "customer_id": customer, "amount": 100})
    settle_all([lin, maya])
    assert records.get(maya.replica, "deal", deal.value.id)["amount"] == 100
    assert_even(lin, maya)


def test_different_fields_both_stand_and_of_the_same_field_the_later_edit(
    office: Office, laptops: Laptops, people: People
) -> None:
    lin, maya = laptops.make("lin", people.lin), laptops.make("maya", people.maya)
    settle_all([lin, maya], 1)
    customer = new_customer(lin)
    settle_all([lin, maya])
    records.update(maya.replica, "customer", customer, {"phone": "111 111", "website": "https://x.example"})
    office.now_ms += 1000
    records.update(lin.replica, "customer", customer, {"phone": "222 222", "industry": "food"})
    records.change_tags(lin.replica, "customer", customer, add=["asia"])
    records.change_tags(maya.replica, "customer", customer, add=["food"], remove=["vip"])
    settle_all([lin, maya])
    shown = records.get(maya.replica, "customer", customer)
    assert (shown["phone"], shown["website"], shown["industry"]) == ("222 222", "https://x.example", "food")
    assert shown["tags"] == ["asia", "food"]
    assert_even(lin, maya)
    (back,) = returned_edits.returned(maya.replica)
    assert (back.field, back.mine, back.theirs, back.who) == ("phone", "111 111", "222 222", "Lin")
    assert returned_edits.returned(lin.replica) == ()


@pytest.mark.parametrize("skew_ms", [YEAR_MS, -YEAR_MS, 3_600_000])
def test_a_clock_set_wrong_wins_nothing_and_loses_nothing(
    office: Office, laptops: Laptops, people: People, skew_ms: int
) -> None:
    lin, maya = laptops.make("lin", people.lin, skew_ms=skew_ms), laptops.make("maya", people.maya)
    settle_all([lin, maya], 1)
    customer = new_customer(lin)
    settle_all([lin, maya])
    records.update(lin.replica, "customer", customer, {"phone": "111 111"})
    office.now_ms += 60_000
    records.update(maya.replica, "customer", customer, {"phone": "222 222"})
    settle_all([lin, maya])
    assert records.get(lin.replica, "customer", customer)["phone"] == "222 222"
    assert_even(lin, maya)


def test_an_edit_stays_in_view_until_it_is_answered(office: Office, laptops: Laptops, people: People) -> None:
    lin, maya = laptops.make("lin", people.lin), laptops.make("maya", people.maya)
    settle_all([lin, maya], 1)
    customer = new_customer(lin)
    settle_all([lin, maya])
    records.update(maya.replica, "customer", customer, {"phone": "111 111"})
    maya.sync()
    office.now_ms += 1000
    records.update(lin.replica, "customer", customer, {"phone": "222 222"})
    assert lin.try_sync(Cut.REQUEST) is None
    assert records.get(lin.replica, "customer", customer)["phone"] == "222 222"
    lin.sync()
    assert records.get(lin.replica, "customer", customer)["phone"] == "222 222"
    settle_all([lin, maya])
    assert_even(lin, maya)


def test_a_lost_answer_and_a_crash_do_nothing_twice(laptops: Laptops, people: People) -> None:
    lin, maya = laptops.make("lin", people.lin), laptops.make("maya", people.maya)
    settle_all([lin, maya], 1)
    customer = new_customer(lin)
    assert lin.try_sync(Cut.ANSWER) is None
    lin.reopen()
    records.change_tags(lin.replica, "customer", customer, add=["asia"])
    assert lin.try_sync(Cut.ANSWER) is None
    assert lin.try_sync(Cut.ANSWER) is None
    lin.reopen()
    settle_all([lin, maya])
    assert records.count(maya.replica, _all("customer")) == 1
    assert_even(lin, maya)
    assert lin.returned() == []


def test_who_loses_a_customer_keeps_nothing_of_it_and_gets_the_unsent_edit_back(
    laptops: Laptops, people: People
) -> None:
    lin, maya, wang = (
        laptops.make("lin", people.lin),
        laptops.make("maya", people.maya),
        laptops.make("wang", people.wang),
    )
    settle_all([lin, maya, wang], 1)
    customer = new_customer(lin)
    records.create(lin.replica, "contact", {"name": "何苗", "customer_id": customer})
    settle_all([lin, maya])
    records.update(maya.replica, "customer", customer, {"owner_id": people.wang})
    records.update(lin.replica, "customer", customer, {"industry": "late edit"})
    settle_all([maya, lin, wang])
    assert_even(lin, maya, wang)
    assert records.count(lin.replica, _all("customer")) == records.count(lin.replica, _all("contact")) == 0
    assert records.count(wang.replica, _all("contact")) == 1
    assert [code for _, _, code in lin.returned()] == [Code.FORBIDDEN_ROW]
    (back,) = returned_edits.returned(lin.replica)
    assert (back.mine, back.exists) == ("late edit", False)
    for file in lin.replica.profile.root.iterdir():
        if file.is_file():
            assert b"canary-comms" not in file.read_bytes()


def test_a_role_change_takes_fields_away_and_brings_them_back(
    office: Office, laptops: Laptops, people: People
) -> None:
    lin, fin = laptops.make("lin", people.lin), laptops.make("fin", people.fin)
    settle_all([lin, fin], 1)
    customer = new_customer(lin, payment_terms="30 days")
    settle_all([lin, fin])
    seen = records.get(fin.replica, "customer", customer)
    assert (seen["payment_terms"], seen["notes"]) == ("30 days", None)
    office.hq.update("user", people.fin, {"role_id": named_id("role", "service")})
    settle_all([fin])
    seen = records.get(fin.replica, "customer", customer)
    assert (seen["payment_terms"], seen["notes"]) == (None, None)
    office.hq.update("user", people.fin, {"role_id": named_id("role", "admin")})
    settle_all([fin])
    seen = records.get(fin.replica, "customer", customer)
    assert (seen["payment_terms"], seen["notes"]) == ("30 days", "canary-comms")
    lin.sync()
    assert_even(lin, fin)


def test_a_round_in_which_hq_holds_a_purge_back_is_not_up_to_date(
    office: Office, laptops: Laptops, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entitlements, "HOLD_ROWS", 5)
    office.hq.write_all([make("customer", new_id(), name=f"{n}", owner_id=people.lin) for n in range(40)])
    maya = laptops.make("maya", people.maya)
    assert maya.sync().up_to_date
    office.hq.update("user", people.maya, {"role_id": named_id("role", "sales")})
    mine = new_customer(maya)
    held = maya.sync()
    assert (held.sent > 0, held.up_to_date, held.held) == (True, False, True)
    assert records.count(maya.replica, _all("customer")) == 41
    Auth(office.database, office.settings).allow_purge(maya.line._device.device_id)
    allowed = maya.sync()
    assert (allowed.up_to_date, allowed.held) == (True, False)
    assert [row.id for row in records.page(maya.replica, _all("customer")).rows] == [mine]
    assert_even(maya)


def test_the_laptop_says_no_where_hq_would(laptops: Laptops, people: People) -> None:
    lin, fin = laptops.make("lin", people.lin), laptops.make("fin", people.fin)
    settle_all([lin, fin], 1)
    customer = new_customer(lin)
    settle_all([lin, fin])
    with pytest.raises(AccessDenied):
        records.update(fin.replica, "customer", customer, {"name": "Other"})
    with pytest.raises(AccessDenied):
        records.update(lin.replica, "customer", customer, {"owner_id": people.wang})


def test_delete_takes_the_children_along_and_restore_brings_back_the_same(
    laptops: Laptops, people: People
) -> None:
    lin, maya = laptops.make("lin", people.lin), laptops.make("maya", people.maya)
    settle_all([lin, maya], 1)
    customer = new_customer(lin)
    kept = records.create(lin.replica, "contact", {"name": "何苗", "customer_id": customer}).value.id
    gone = records.create(lin.replica, "contact", {"name": "Gone", "customer_id": customer}).value.id
    records.delete(lin.replica, "contact", gone)
    settle_all([lin, maya])
    records.delete(maya.replica, "customer", customer)
    settle_all([maya, lin])
    assert not records.get(lin.replica, "contact", kept).alive
    records.restore(lin.replica, "customer", customer)
    settle_all([lin, maya])
    assert records.get(maya.replica, "contact", kept).alive
    assert not records.get(maya.replica, "contact", gone).alive
    assert_even(lin, maya)


def test_a_quote_made_offline_keeps_its_number_and_hq_agrees_on_its_total(
    laptops: Laptops, people: People
) -> None:
    lin, maya = laptops.make("lin", people.lin), laptops.make("maya", people.maya)
    settle_all([lin, maya], 1)
    customer = new_customer(lin)
    quote = quotes.create(lin.replica, {"customer_id": customer}).value
    line = {
        "description": "Pump",
        "quantity": "3",
        "unit_price": 333,
        "tax_rate": "13",
        "discount_percent": "10",
    }
    quotes.add_line(lin.replica, quote.id, line)
    before = records.get(lin.replica, "quote", quote.id)
    settle_all([lin, maya])
    for laptop in (lin, maya):
        after = records.get(laptop.replica, "quote", quote.id)
        assert (after["number"], after["total"]) == (before["number"], before["total"])
    assert before["number"].startswith("Q-")
    assert before["total"] > 0
    assert_even(lin, maya)


def test_pages_of_a_kilobyte_bring_the_same_as_one_large_page(laptops: Laptops, people: People) -> None:
    lin, maya = laptops.make("lin", people.lin), laptops.make("maya", people.maya)
    lin.sync()
    for number in range(60):
        new_customer(lin, name=f"Customer {number}（示例）", industry="x" * 100)
    lin.sync()
    small = laptops.make("maya", people.maya, page_bytes=1024)
    settle_all([maya, small], 1)
    assert small.projection() == maya.projection()
    assert_even(maya, small)
    assert len(small.line.seen) > len(maya.line.seen)


def _all(entity: str) -> ListQuery:
    return ListQuery(entity=entity)


def test_a_refused_edit_leaves_the_record_as_hqs_last_writer_left_it(
    office: Office, laptops: Laptops, people: People
) -> None:
    lin, maya = laptops.make("lin", people.lin), laptops.make("maya", people.maya)
    settle_all([lin, maya], 1)
    customer = new_customer(lin)
    settle_all([lin, maya])
    before = records.get(lin.replica, "customer", customer)
    office.now_ms += 60_000
    records.update(lin.replica, "customer", customer, {"website": "https://x.example"})
    office.hq.update("user", people.lin, {"role_id": named_id("role", "auditor")})
    settle_all([lin, maya])
    after = records.get(lin.replica, "customer", customer)
    assert (after["website"], after["updated_at"]) == (None, before["updated_at"])
    assert len(lin.returned()) == 1
    assert_even(lin, maya)


def test_history_names_who_changed_each_field_not_who_changed_the_record_last(
    office: Office, laptops: Laptops, people: People
) -> None:
    lin, maya, fin = (laptops.make(n, getattr(people, n)) for n in ("lin", "maya", "fin"))
    settle_all([lin, maya, fin], 1)
    customer = new_customer(lin)
    settle_all([lin, maya, fin])
    office.now_ms += 60_000
    records.update(lin.replica, "customer", customer, {"industry": "food"})
    office.now_ms += 60_000
    records.update(maya.replica, "customer", customer, {"website": "https://x.example"})
    settle_all([lin, maya])
    fin.sync()
    told = {h.field: (h.new, h.user_name) for h in records.history(fin.replica, "customer", customer)}
    assert told["industry"] == ("food", "Lin")
    assert told["website"] == ("https://x.example", "Maya")


def test_who_adds_to_a_record_deleted_meanwhile_is_told_where_it_lies(
    laptops: Laptops, people: People
) -> None:
    lin, maya = laptops.make("lin", people.lin), laptops.make("maya", people.maya)
    settle_all([lin, maya], 1)
    customer = new_customer(lin)
    settle_all([lin, maya])
    records.delete(maya.replica, "customer", customer)
    maya.sync()
    contact = records.create(lin.replica, "contact", {"name": "何苗", "customer_id": customer}).value.id
    records.update(lin.replica, "customer", customer, {"industry": "paper"})
    lin.sync()
    told = {
        (each.detail["entity"], each.detail["id"])
        for each in syncing.events(lin.replica)
        if each.kind == "trash"
    }
    assert told == {("contact", contact), ("customer", customer)}
    assert not records.get(lin.replica, "contact", contact).alive
    assert lin.returned() == []
    records.restore(lin.replica, "customer", customer)
    settle_all([lin, maya])
    assert records.get(maya.replica, "contact", contact).alive
    assert records.get(maya.replica, "customer", customer)["industry"] == "paper"
    assert_even(lin, maya)


def test_what_was_made_without_a_number_left_gets_one_with_the_next_lease(
    laptops: Laptops, people: People
) -> None:
    lin, maya = laptops.make("lin", people.lin), laptops.make("maya", people.maya)
    customer_of = {}
    for laptop in (lin, maya):
        laptop.sync()
        customer_of[laptop.name] = new_customer(laptop)
        laptop.sync()
        with laptop.replica.applying() as session:
            session.execute(delete(NumberLease))
    made = []
    for laptop in (lin, maya):
        of = {"customer_id": customer_of[laptop.name]}
        for subject in ("First", "Second"):
            made.append(
                (laptop, "ticket", records.create(laptop.replica, "ticket", {"subject": subject, **of}).value)
            )
        quote = {"currency": "CNY", "valid_until": "2031-12-31", **of}
        made.append((laptop, "quote", records.create(laptop.replica, "quote", quote).value))
    assert {record["number"] for _, _, record in made} == {None}
    for laptop in (lin, maya):
        assert laptop.sync().up_to_date
    numbers = [records.get(laptop.replica, entity, record.id)["number"] for laptop, entity, record in made]
    assert None not in numbers
    assert len(set(numbers)) == len(made)
    assert numbers[:2] == sorted(numbers[:2])
    settle_all([lin, maya])
    assert_even(lin, maya)
    assert lin.returned() == maya.returned() == []
