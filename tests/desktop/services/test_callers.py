"""Who is calling, by his number however it is written, and the ticket his call becomes; offline."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from crm_core.errors import Invalid, UserError
from crm_desktop.services import callers, records, tickets
from tests.support.desktop import empty_app


@pytest.fixture(scope="module")
def replica(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Give a replica with a customer, two of his people, a lead, and what stands there."""
    app = empty_app(tmp_path_factory.mktemp("callers"))
    yield app.replica
    app.close()


@pytest.fixture(scope="module")
def heron(replica: Any) -> str:
    customer = make(replica, "customer", name="Blue Heron", phone="0512 5550 0199", tax_number="5550019977")
    make(replica, "contact", name="Tom", customer_id=customer, phone="139 1234 5678")
    make(replica, "contact", name="Ann", customer_id=customer, phone="0512 5550 0199 x12")
    make(replica, "lead", name="Lea", phone="+44 20 7946 0018")
    make(replica, "customer", name="Others", tax_number="13912345678")
    make(
        replica,
        "installed_product",
        name="Pump",
        customer_id=customer,
        serial="P-1",
        warranty_until="2027-01-31",
    )
    make(replica, "activity", kind="call", subject="Asked", customer_id=customer, done=True, happened_at=5)
    return customer


def make(replica: Any, entity: str, **values: Any) -> str:
    return records.create(replica, entity, values).value.id


def names(replica: Any, typed: str) -> list[str]:
    return [each.name for each in callers.find(replica, typed).callers]


@pytest.mark.parametrize(
    "typed",
    [
        "13912345678",
        "+86 139-1234-5678",
        "0086 13912345678",
        "139 1234",
        "１３９１２３４５６７８",
        "(139) 1234.5678",
    ],
)
def test_a_caller_is_found_however_his_number_is_written(replica: Any, heron: str, typed: str) -> None:
    found = callers.find(replica, typed)
    assert [(each.name, each.customer_id, each.customer_name) for each in found.callers] == [
        ("Tom", heron, "Blue Heron")
    ]


def test_area_codes_extensions_leads_and_names(replica: Any, heron: str) -> None:
    for behind in (" 转 12", ",12", "，12", " x7", " ext. 12", " 分机8"):
        assert names(replica, f"(0512) 5550-0199{behind}") == ["Ann", "Blue Heron"]
    assert callers.take(replica, None, "8001 转12", {"subject": "Inside"}, "Hm").value.get("from_phone")
    assert names(replica, "5550019") == ["Ann", "Blue Heron"], "its tax number is none to call"
    assert names(replica, "+442079460018") == ["Lea"]
    assert names(replica, "lea") == ["Lea"]
    for nothing in ("", "  ", "12", "+", "999999999"):
        assert names(replica, nothing) == []


def test_what_one_should_know_is_shown(replica: Any, heron: str) -> None:
    ticket = make(replica, "ticket", subject="Leak", customer_id=heron)
    told = callers.facts(replica, heron)
    assert [(each.id, each.subject) for each in told.open_tickets] == [(ticket, "Leak")]
    assert [each.subject for each in told.last] == ["Asked"]
    assert [(each.serial, each.warranty_until) for each in told.installed] == [("P-1", "2027-01-31")]
    tickets.set_status(replica, ticket, "closed")
    assert callers.facts(replica, heron).open_tickets == ()
    assert callers.facts(replica, None) == callers.CallerFacts(open_tickets=(), last=(), installed=())


def test_a_call_becomes_a_ticket_or_goes_on_with_one(replica: Any, heron: str) -> None:
    (tom,) = callers.find(replica, "13912345678").callers
    made = callers.take(replica, tom, "13912345678", {"subject": "Noise"}, "It hums").value
    held = records.get(replica, "ticket", made.id)
    wanted = {"channel": "phone", "customer_id": heron, "contact_id": tom.id, "from_phone": "+8613912345678"}
    assert {name: held[name] for name in wanted} == wanted
    tickets.set_status(replica, made.id, "waiting")
    callers.go_on(replica, made.id, tom, "Louder now")
    view = tickets.view(replica, made.id)
    assert [row.body for row in view.messages] == ["It hums", "Louder now"]
    assert all(row.from_customer for row in view.messages)
    assert view.ticket["status"] == "open"
    with pytest.raises(UserError):
        callers.go_on(replica, made.id, tom, " ")


def test_somebody_nobody_knows_is_noted_by_number_or_made_a_contact(replica: Any, heron: str) -> None:
    values = {"subject": "Who?", "from_name": "Kim"}
    made = callers.take(replica, None, "0512 5550 0777", values, "").value
    held = records.get(replica, "ticket", made.id)
    assert (held["from_phone"], held["from_name"], held.get("customer_id")) == ("+8651255500777", "Kim", None)
    caller = callers.add_contact(replica, "Kim", "0512 5550 0777", heron).value
    assert (caller.name, caller.customer_id, caller.customer_name) == ("Kim", heron, "Blue Heron")
    assert names(replica, "051255500777") == ["Kim"]
    with pytest.raises(Invalid):
        callers.take(replica, caller, "1", {"subject": ""}, "")
