"""Two laptops say without a network whose a ticket is: it is one's or the other's, never of both."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from crm_core.errors import Invalid
from crm_core.sync.protocol import Code
from crm_desktop.interchange.importing import FileOptions, import_file
from crm_desktop.services import merging, records, returned_edits, ticket_work, triage
from tests.support.hq import Office
from tests.support.replicas import Laptops, differences, settle_all

Link = tuple[str, str | None]


@pytest.mark.parametrize(("newer_has_contact", "newer_first"), list(product((True, False), repeat=2)))
def test_the_newer_link_stands_whole_and_the_other_writer_is_told(
    office: Office, laptops: Laptops, newer_has_contact: bool, newer_first: bool
) -> None:
    def firm(name: str) -> Link:
        customer = office.hq.create("customer", {"name": name})
        return customer, office.hq.create("contact", {"name": f"of {name}", "customer_id": customer})

    heron, kite = firm("Heron"), firm("Kite")
    ticket = office.hq.create("ticket", {"subject": "Leak", "channel": "mail", "from_address": "a@x.example"})
    ann, bob = (laptops.make(name, office.user(name, "service")) for name in ("Ann", "Bob"))
    settle_all([ann, bob], 2)
    triage.link(ann.replica, ticket, *heron)
    office.now_ms += 60_000
    newer = kite if newer_has_contact else (kite[0], None)
    triage.link(bob.replica, ticket, *newer)
    for each in (bob, ann) if newer_first else (ann, bob):
        each.sync()
    settle_all([ann, bob], 3)
    for row in (
        office.row("ticket", ticket),
        *(records.get(x.replica, "ticket", ticket) for x in (ann, bob)),
    ):
        assert (row["customer_id"], row["contact_id"]) == newer
    assert [list(differences(each)) for each in (ann, bob)] == [[], []]
    assert returned_edits.returned(ann.replica), "the writer of the other link is told"
    assert not returned_edits.returned(bob.replica)


def test_a_contact_of_another_customer_is_refused_here_and_at_hq(
    office: Office, laptops: Laptops, tmp_path: Path
) -> None:
    one, other = (office.hq.create("customer", {"name": name}) for name in ("Heron", "Kite"))
    tom, kim = (
        office.hq.create("contact", {"name": f"P {each}", "customer_id": each}) for each in (one, other)
    )
    ann = laptops.make("Ann", office.user("Ann", "service"))
    settle_all([ann], 2)
    replica = ann.replica
    ticket = records.create(
        replica, "ticket", {"subject": "A", "customer_id": one, "contact_id": tom}
    ).value.id
    for values in ({"contact_id": kim}, {"contact_id": kim, "customer_id": one}):
        with pytest.raises(Invalid) as told:
            records.update(replica, "ticket", ticket, values)
        assert [each.field for each in told.value.problems] == ["contact_id"]
    with pytest.raises(Invalid):
        records.create(replica, "ticket", {"subject": "B", "customer_id": one, "contact_id": kim})
    records.update(replica, "ticket", ticket, {"customer_id": other})
    assert records.get(replica, "ticket", ticket).get("contact_id") is None
    records.update(replica, "ticket", ticket, {"contact_id": tom, "customer_id": one})
    settle_all([ann], 2)
    assert not returned_edits.returned(replica)
    rows = tmp_path / "tickets.csv"
    rows.write_text(f"subject,customer_id,contact_id\nWrong,{one},{kim}\nRight,{one},{tom}\n")
    report = import_file(replica, rows, "ticket", FileOptions())
    assert (report.created, len(report.rejected)) == (1, 1)
    with pytest.raises(Invalid):
        office.hq.create("ticket", {"subject": "B", "customer_id": one, "contact_id": kim})
    with pytest.raises(Invalid):
        office.hq.update("ticket", ticket, {"contact_id": kim})
    office.hq.update("ticket", ticket, {"contact_id": kim, "customer_id": other})
    forged = office.laptop(ann.user_id)
    forged.sync()
    number = forged.set("ticket", ticket, "contact_id", tom)
    forged.create("ticket", {"subject": "C", "customer_id": one, "contact_id": kim})
    forged.sync()
    assert (forged.code(number), forged.code(forged.last_op)) == (Code.INVALID, Code.INVALID)
    settle_all([ann], 2)
    kept = records.create(replica, "ticket", {"subject": "Kept", "customer_id": one}).value.id
    ticket_work.merge_into(replica, ticket, kept)
    assert records.get(replica, "ticket", kept).get("contact_id") is None, "nobody's of two customers"


def test_a_contact_stays_on_its_ticket_where_two_customers_become_one(
    office: Office, laptops: Laptops
) -> None:
    one, other = (office.hq.create("customer", {"name": name}) for name in ("Heron", "Kite"))
    kim = office.hq.create("contact", {"name": "Kim", "customer_id": other})
    ticket = office.hq.create("ticket", {"subject": "A", "customer_id": other, "contact_id": kim})
    ada, ann = (laptops.make(name, office.user(name, "admin")) for name in ("Ada", "Ann"))
    settle_all([ada, ann], 2)
    late = records.create(ann.replica, "ticket", {"subject": "B", "customer_id": other, "contact_id": kim})
    told = merging.merge(ada.replica, "customer", one, [other]).value
    settle_all([ada, ann], 3)
    for each in (ticket, late.value.id):
        row = office.row("ticket", each)
        assert (row["customer_id"], row["contact_id"]) == (one, kim)
    merging.take_apart(ada.replica, told.id)
    settle_all([ada, ann], 3)
    row = office.row("ticket", ticket)
    assert (row["customer_id"], row["contact_id"]) == (other, kim)
    assert [returned_edits.returned(each.replica) for each in (ada, ann)] == [(), ()]
