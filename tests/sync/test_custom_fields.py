"""Custom fields between HQ and laptops: every kind, masked classes, sets, and fields that come and go."""

from __future__ import annotations

from typing import Any

import pytest

from crm_core.entities import SCHEMAS
from crm_core.errors import AccessDenied, Invalid
from crm_core.sync.protocol import Code
from crm_desktop.models.custom import all_custom_fields, custom_fields
from crm_desktop.services import records, returned_edits, timeline, waiting
from crm_desktop.ui.sync_centre.values import value_words
from crm_desktop.ui.translate import show
from sync_server.services.fields import fields
from tests.support.hq import Office
from tests.support.replicas import Laptops, differences

CUSTOMER = SCHEMAS["customer"].no

EVERY_KIND: tuple[tuple[str, dict[str, Any], Any], ...] = (
    ("text", {}, "红色 red"),
    ("long_text", {}, "one\ntwo"),
    ("integer", {}, 7),
    ("decimal", {}, "12.5"),
    ("money", {"currency": "EUR"}, 129950),
    ("date", {}, "2027-02-01"),
    ("choice", {"choices": ["a", "b"]}, "a"),
    ("tags", {"choices": ["a", "b", "c"]}, ["a", "c"]),
    ("boolean", {}, True),
    ("ref", {"target": "customer"}, None),
)


def add(office: Office, key: str, kind: str = "text", **more: Any) -> str:
    values = {"entity": "customer", "key": key, "label": key.title(), "kind": kind, **more}
    return office.hq.create("custom_field", values)


def test_a_value_of_every_kind_goes_to_hq_and_to_a_colleague_unchanged(
    office: Office, laptops: Laptops
) -> None:
    admin = office.user("Ada", "admin")
    ada, ben = (laptops.make(name, admin) for name in ("ada", "ben"))
    for kind, more, _ in EVERY_KIND:
        add(office, f"a_{kind}", kind, **more)
    ada.sync()
    other = records.create(ada.replica, "customer", {"name": "Other"}).value.id
    typed = {f"x:a_{kind}": other if kind == "ref" else value for kind, _, value in EVERY_KIND}
    made = records.create(ada.replica, "customer", {"name": "Kinds", **typed}).value.id
    ada.sync()
    ben.sync()
    assert ada.returned() == []
    shown = records.get(ben.replica, "customer", made).values
    assert {name: shown[name] for name in typed} == typed
    records.update(ben.replica, "customer", made, dict.fromkeys(typed))
    ben.sync()
    ada.sync()
    assert ben.returned() == []
    assert not {name for name in records.get(ada.replica, "customer", made).values if name in typed}
    for laptop in (ada, ben):
        assert list(differences(laptop)) == []


def test_two_who_choose_several_at_once_are_both_heard(office: Office, laptops: Laptops) -> None:
    admin = office.user("Ada", "admin")
    ada, ben = (laptops.make(name, admin) for name in ("ada", "ben"))
    add(office, "markets", "tags", choices=["asia", "europe", "africa"])
    ada.sync()
    made = records.create(ada.replica, "customer", {"name": "Far", "x:markets": ["asia"]}).value.id
    ada.sync()
    ben.sync()
    records.update(ada.replica, "customer", made, {"x:markets": ["asia", "europe"]})
    records.update(ben.replica, "customer", made, {"x:markets": ["africa"]})
    for laptop in (ada, ben, ada):
        laptop.sync()
    for laptop in (ada, ben):
        assert records.get(laptop.replica, "customer", made)["x:markets"] == ["africa", "europe"]
        assert list(differences(laptop)) == []
    lines = records.history(ben.replica, "customer", made)
    assert next(line.new for line in lines if line.label == "Markets") == ["africa", "europe"]


def test_a_masked_class_is_absent_and_comes_and_goes_with_the_right(office: Office, laptops: Laptops) -> None:
    sales = office.user("Sal", "sales")
    lin, ada = laptops.make("lin", sales), laptops.make("ada", office.user("Ada", "admin"))
    add(office, "secret", field_class="private")
    add(office, "budget", "money", field_class="money", currency="CNY")
    office.hq.create(
        "customer", {"name": "Veiled", "owner_id": sales, "x:secret": "seen by few", "x:budget": 100}
    )
    lin.sync()
    ada.sync()
    (found,) = office.hq.find("customer", "name", "Veiled")
    assert records.get(ada.replica, "customer", found[0])["x:secret"] == "seen by few"
    assert "x:secret" not in records.get(lin.replica, "customer", found[0]).values
    assert records.get(lin.replica, "customer", found[0])["x:budget"] == 100
    with pytest.raises(AccessDenied):
        records.update(lin.replica, "customer", found[0], {"x:secret": "guessed"})
    role = office.hq.find("role", "name", "sales")[0]
    rights = role[1]["rights"]
    classes = {**rights["classes"], "customer": {**rights["classes"]["customer"], "private": "read"}}
    office.hq.update("role", role[0], {"rights": {**rights, "classes": classes}})
    lin.sync()
    assert records.get(lin.replica, "customer", found[0])["x:secret"] == "seen by few"
    office.hq.update("role", role[0], {"rights": rights})
    lin.sync()
    assert "x:secret" not in records.get(lin.replica, "customer", found[0]).values
    assert list(differences(lin)) == []


def test_values_of_a_deleted_field_go_with_the_right_to_its_class(office: Office, laptops: Laptops) -> None:
    user = office.user("Lin", "sales")
    lin, other = (laptops.make(name, user) for name in ("lin", "other"))
    field = add(office, "budget", field_class="money")
    lin.sync()
    made = records.create(lin.replica, "customer", {"name": "Blue Heron", "x:budget": "one"}).value.id
    lin.sync()
    other.sync()
    records.update(lin.replica, "customer", made, {"x:budget": "two"})
    lin.sync()
    office.hq.delete("custom_field", field)
    for laptop in (lin, other):
        laptop.sync()
        assert list(differences(laptop)) == []
        assert laptop.projection()[CUSTOMER, made]["x:budget"] == "two"
        with laptop.replica.read() as session:
            assert "x:budget" not in all_custom_fields(session, "customer")
    ((role, values),) = office.hq.find("role", "name", "sales")
    rights = values["rights"]
    classes = {**rights["classes"], "customer": {**rights["classes"]["customer"], "money": "mask"}}
    office.hq.update("role", role, {"rights": {**rights, "classes": classes}})
    for laptop in (lin, other):
        laptop.sync()
        assert "x:budget" not in laptop.projection()[CUSTOMER, made]
        assert list(differences(laptop)) == []


def test_what_was_typed_into_a_field_retired_meanwhile_is_kept_and_back_when_it_is_restored(
    office: Office, laptops: Laptops
) -> None:
    lin = laptops.make("lin", office.user("Lin", "admin"))
    field = add(office, "fleet")
    lin.sync()
    made = records.create(lin.replica, "customer", {"name": "Heron", "x:fleet": "three"}).value.id
    office.hq.update("custom_field", field, {"retired": True})
    lin.sync()
    assert lin.returned() == []
    assert office.row("customer", made)["custom"] == {"fleet": "three"}
    with lin.replica.read() as session:
        assert custom_fields(session, "customer") == ()
        assert list(all_custom_fields(session, "customer")) == ["x:fleet"]
    with pytest.raises(Invalid):
        records.update(lin.replica, "customer", made, {"x:fleet": "four"})
    office.hq.update("custom_field", field, {"retired": False, "label": "Cars"})
    lin.sync()
    with lin.replica.read() as session:
        assert [known.label for known in custom_fields(session, "customer")] == ["Cars"]
    records.update(lin.replica, "customer", made, {"x:fleet": "four"})
    assert records.history(lin.replica, "customer", made)[0].label == "Cars"


def test_of_two_administrators_who_add_one_key_the_second_hears_why_not(
    office: Office, laptops: Laptops
) -> None:
    admin = office.user("Ada", "admin")
    ada, ben = (laptops.make(name, admin) for name in ("ada", "ben"))
    for laptop, kind in ((ada, "text"), (ben, "integer")):
        laptop.sync()
        records.create(
            laptop.replica,
            "custom_field",
            {"entity": "customer", "key": "size", "label": "Size", "kind": kind},
        )
    ada.sync()
    ben.sync()
    assert [(entity, code) for entity, _, code in ben.returned()] == [("custom_field", Code.INVALID)]
    (told,) = returned_edits.returned(ben.replica)
    assert told.typed is not None
    assert told.typed["kind"] == "integer"
    assert [(each["key"], each["kind"]) for each in fields_of_hq(office)] == [("size", "text")]
    with ben.replica.read() as session:
        assert [known.kind for known in custom_fields(session, "customer")] == ["text"]
    with pytest.raises(Invalid):
        records.create(
            ben.replica, "custom_field", {"entity": "customer", "key": "size", "label": "S", "kind": "date"}
        )


def fields_of_hq(office: Office) -> list[dict[str, Any]]:
    class _Headquarters:
        records = office.hq

    return fields(_Headquarters())  # type: ignore[arg-type]


def test_a_kind_never_changes(office: Office, laptops: Laptops) -> None:
    lin = laptops.make("lin", office.user("Lin", "admin"))
    field = add(office, "fleet")
    lin.sync()
    for write in (
        lambda: records.update(lin.replica, "custom_field", field, {"kind": "integer"}),
        lambda: office.hq.update("custom_field", field, {"kind": "integer"}),
    ):
        with pytest.raises(Invalid):
            write()


def test_a_choice_retired_and_a_required_field_added_leave_old_records_as_they_are(
    office: Office, laptops: Laptops
) -> None:
    lin = laptops.make("lin", office.user("Lin", "admin"))
    grade = add(office, "grade", "choice", choices=["a", "b"])
    lin.sync()
    made = records.create(lin.replica, "customer", {"name": "Old", "x:grade": "a"}).value.id
    office.hq.update("custom_field", grade, {"choices": [{"value": "a", "retired": True}, "b"]})
    add(office, "branch", required=True, default="north")
    add(office, "code", required=True)
    lin.sync()
    assert records.get(lin.replica, "customer", made)["x:grade"] == "a"
    records.update(lin.replica, "customer", made, {"name": "Old and renamed", "x:grade": "a"})
    with pytest.raises(Invalid):
        records.create(lin.replica, "customer", {"name": "New", "x:grade": "a", "x:code": "1"})
    with pytest.raises(Invalid):
        records.create(lin.replica, "customer", {"name": "New", "x:grade": "b"})
    new = records.create(lin.replica, "customer", {"name": "New", "x:code": "1"}).value
    assert new["x:branch"] == "north"
    lin.sync()
    assert lin.returned() == []


def test_a_link_whose_target_is_out_of_sight_stays_when_the_record_is_changed(
    office: Office, laptops: Laptops
) -> None:
    sales = office.user("Sal", "sales")
    add(office, "partner", "ref", target="customer")
    hidden = office.hq.create("customer", {"name": "Hidden", "owner_id": office.founder})
    made = office.hq.create("customer", {"name": "Mine", "owner_id": sales, "x:partner": hidden})
    lin = laptops.make("lin", sales)
    lin.sync()
    record = records.get(lin.replica, "customer", made)
    assert record["x:partner"] == hidden
    records.update(lin.replica, "customer", made, {"x:partner": hidden, "notes": "still partners"})
    lin.sync()
    assert lin.returned() == []
    assert office.row("customer", made)["custom"] == {"partner": hidden}
    with pytest.raises(Invalid):
        records.update(lin.replica, "customer", made, {"x:partner": office.founder})


def test_a_conflict_over_a_custom_field_is_told_by_its_label_and_choices(
    office: Office, laptops: Laptops
) -> None:
    admin = office.user("Ada", "admin")
    ada, ben = (laptops.make(name, admin) for name in ("ada", "ben"))
    gold = {"value": "a", "label": "Gold", "label_zh": "金牌"}
    add(office, "grade", "choice", label="Contract grade", choices=[gold, "b", "c"])
    add(office, "budget", "money", currency="EUR")
    ada.sync()
    made = records.create(ada.replica, "customer", {"name": "Both", "x:grade": "c", "x:budget": 1}).value.id
    ada.sync()
    ben.sync()
    records.update(ben.replica, "customer", made, {"x:grade": "a", "x:budget": 129950})
    assert waiting.waiting(ben.replica).records[0].labels == ("Budget", "Contract grade")
    office.now_ms += 60_000
    records.update(ada.replica, "customer", made, {"x:grade": "b", "x:budget": 5})
    ada.sync()
    ben.sync()
    edits = {edit.label: edit for edit in returned_edits.returned(ben.replica)}
    assert set(edits) == {"Contract grade", "Budget"}
    shown = {label: show(value_words(edit, edit.mine, {})) for label, edit in edits.items()}
    assert shown == {"Contract grade": "Gold", "Budget": "€1,299.50"}
    lines = timeline.timeline(ada.replica, made, {timeline.ItemKind.FIELD}).items
    assert "Contract grade" in [item.title for item in lines]
