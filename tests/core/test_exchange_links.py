"""Records a file names by more than their name: told apart by phone, number or id, or told of."""

from __future__ import annotations

import pytest

from crm_core.errors import UserError
from crm_core.exchange.mapping import guess_rules
from crm_core.exchange.plan import ImportPlan, Mode
from crm_core.exchange.tables import read_table
from tests.core.exchange_support import Shelf, chinese, plan, reasons, target


@pytest.fixture
def shelf() -> Shelf:
    """Give a shelf with a pipeline and two customers called alike."""
    shelf = Shelf()
    pipeline = shelf.put("pipeline", name="New business", rank=1, active=True)
    shelf.put("stage", name="Talk", kind="open", rank=0, probability=50, pipeline_id=pipeline)
    shelf.put("customer", name="Acme", phone="+8651255500141", tax_number="913100001")
    shelf.put("customer", name="Acme", phone="+862155500142", email="a@acme.example")
    shelf.put("customer", name="Other", phone="+862155500143")
    return shelf


def linked(shelf: Shelf, made: ImportPlan) -> list[object]:
    held = shelf.rows["customer"]
    return [held[str(row.values["customer_id"])]["phone"] if row.values else None for row in made.rows]


@pytest.mark.parametrize(
    "head", ["customer_phone", "Customer phone", f"{chinese('Customer')}{chinese('Phone')}"]
)
def test_a_column_beside_the_name_tells_records_called_alike_apart(shelf: Shelf, head: str) -> None:
    rows = "D1,Acme,021 5550 0142\nD2,Acme,0512 5550 0141\nD3,Other,\nD4,Acme,\nD5,,021-5550-0143\n"
    made = plan(shelf, "deal", f"name,customer,{head}\n{rows}")
    assert linked(shelf, made) == ["+862155500142", "+8651255500141", "+862155500143", None, "+862155500143"]
    told = reasons(made)[5]
    assert "2 records fit" in told
    assert "+8651255500141, +862155500142" in told


def test_cells_that_name_different_records_are_a_rejected_row_and_unknown_ones_say_nothing(
    shelf: Shelf,
) -> None:
    rows = "D1,Other,0512 5550 0141\nD2,Other,0512 9999 9999\nD3,Nobody,0512 9999 9999\n"
    rows += "D4,New name,021 5550 0142\n"
    made = plan(shelf, "deal", f"name,customer,customer phone\n{rows}")
    assert "“Other” and “0512 5550 0141” are different records" in reasons(made)[2]
    assert "“Nobody” was not found" in reasons(made)[4]
    assert linked(shelf, made) == [None, "+862155500143", None, "+862155500142"]


def test_a_number_or_id_put_in_the_place_of_the_name_finds_the_record(shelf: Shelf) -> None:
    first = next(iter(shelf.rows["customer"]))
    made = plan(
        shelf, "deal", f"name,customer\nD1,021 5550 0142\nD2,{first}\nD3,913100001\nD4,Acme\nD5,5550 0100\n"
    )
    assert linked(shelf, made)[:3] == ["+862155500142", "+8651255500141", "+8651255500141"]
    assert "records fit" in reasons(made)[5]
    assert "was not found" in reasons(made)[6]


def test_lookups_by_hand_may_name_a_record_together_but_not_by_the_same_field_twice(shelf: Shelf) -> None:
    text = "name,who,tax\nD1,Acme,913100001\n"
    lookups = ["who=customer.name", "tax=customer.tax_number"]
    assert linked(shelf, plan(shelf, "deal", text, lookups=lookups)) == ["+8651255500141"]
    with pytest.raises(UserError, match="both fill"):
        plan(shelf, "deal", text, lookups=["who=customer.name", "tax=customer.name"])


def test_a_record_that_is_linked_to_one_of_several_called_alike_stays_with_it(shelf: Shelf) -> None:
    first, second = list(shelf.rows["customer"])[:2]
    stage = next(iter(shelf.rows["stage"]))
    for name, customer in (("D1", first), ("D2", second)):
        shelf.put("deal", name=name, customer_id=customer, stage_id=stage)
    text = "name,customer\nD1,Acme\nD2,Acme\nD3,Acme\n"
    made = plan(shelf, "deal", text, mode=Mode.BOTH, key="name")
    assert [row.step.value for row in made.rows] == ["skip", "skip", "reject"]


def test_parents_in_the_same_file_are_told_apart_too(shelf: Shelf) -> None:
    text = "name,phone,parent,parent phone\nChild,,Acme,021 5550 0142\nGrandchild,,Child,\n"
    made = plan(shelf, "customer", text, mode=Mode.CREATE)
    parent = shelf.rows["customer"][str(made.rows[0].values["parent_id"])]
    assert parent["phone"] == "+862155500142"
    assert made.rows[1].values["parent_id"] == made.rows[0].record_id


def test_a_column_is_not_taken_for_more_than_it_says() -> None:
    table = read_table("name,customer,phone,customer city,账单\nA,B,1,2,3\n".encode(), "list.csv")
    filled = [(table.headers[rule.column], rule.field) for rule in guess_rules(table, target("deal"))]
    assert filled == [("name", "name"), ("customer", "customer_id")]
