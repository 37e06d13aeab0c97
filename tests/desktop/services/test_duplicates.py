"""Finding records that may be the same on a real replica."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crm_core.errors import AccessDenied, UserError
from crm_core.ids import named_id
from crm_core.rules.access import NO_RIGHTS, Person
from crm_core.rules.duplicates import SHOWN_FROM
from crm_desktop.assembly import App
from crm_desktop.models import alike
from crm_desktop.services import records
from crm_desktop.services.duplicates import find_groups, matches
from tests.support.desktop import empty_app


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Give a profile with a few customers."""
    opened = empty_app(tmp_path_factory.mktemp("duplicates"))
    for name, phone, site in (
        ("深圳市纸鹤食品有限公司", "+86 755 2878 0808", None),
        ("纸鹤食品有限公司", "0755-28780808", None),
        ("Lumen Optics GmbH", None, "https://lumen.example"),
        ("Lumen Optcs", None, "www.lumen.example/de"),
        ("Quiet Harbour Ltd", None, None),
    ):
        records.create(opened.replica, "customer", {"name": name, "phone": phone, "website": site})
    yield opened
    opened.close()


def test_what_is_typed_finds_who_may_be_there_already_the_likeliest_first(app: App) -> None:
    found = matches(app.replica, "customer", {"name": "紙鶴食品", "phone": "28780808"})
    assert [match.title for match in found] == ["纸鹤食品有限公司", "深圳市纸鹤食品有限公司"]
    assert found[0].score > found[1].score
    assert [str(reason) for reason in found[0].reasons] == ["Same name"]
    itself = found[0].record_id
    others = matches(app.replica, "customer", {"name": "纸鹤食品"}, besides=itself)
    assert [match.title for match in others] == ["深圳市纸鹤食品有限公司"]
    assert matches(app.replica, "customer", {"name": ""}) == ()
    assert matches(app.replica, "customer", {"name": "Another"}) == ()


def test_an_edit_a_deletion_and_a_restoration_are_followed(app: App) -> None:
    made = records.create(app.replica, "customer", {"name": "Green Kettle"}).value
    asked = {"name": "Red Kettle", "website": "kettle.example"}
    assert matches(app.replica, "customer", asked) == ()
    records.update(app.replica, "customer", made.id, {"name": "Red Kettle"})
    assert [match.score for match in matches(app.replica, "customer", asked)] == [85]
    records.update(app.replica, "customer", made.id, {"website": "https://kettle.example"})
    assert [match.score for match in matches(app.replica, "customer", asked)] == [92]
    records.delete(app.replica, "customer", made.id)
    assert matches(app.replica, "customer", asked) == ()
    records.restore(app.replica, "customer", made.id)
    assert [match.record_id for match in matches(app.replica, "customer", asked)] == [made.id]


def test_all_groups_are_found_with_score_and_reasons_and_the_search_can_be_stopped(app: App) -> None:
    heard: list[tuple[int, int]] = []
    groups = find_groups(app.replica, "customer", progress=lambda done, total: heard.append((done, total)))
    assert {frozenset(member.title for member in group.members) for group in groups} == {
        frozenset(("Lumen Optcs", "Lumen Optics GmbH")),
        frozenset(("深圳市纸鹤食品有限公司", "纸鹤食品有限公司")),
    }
    assert all(group.score == max(member.score for member in group.members) >= 70 for group in groups)
    assert heard
    assert find_groups(app.replica, "customer", least=100) == ()
    assert find_groups(app.replica, "customer", stopped=lambda: True) == ()


def test_names_that_are_only_similar_are_found_where_all_that_is_alike_is_asked_for(app: App) -> None:
    made = [
        records.create(app.replica, "customer", {"name": name}).value.id
        for name in ("Northern Kestrel Optics", "Northern Kestrel Optcs")
    ]
    asked = {
        frozenset(each.record_id for each in group.members) for group in find_groups(app.replica, "customer")
    }
    every = find_groups(app.replica, "customer", least=SHOWN_FROM)
    for record_id in made:
        records.delete(app.replica, "customer", record_id)
    assert frozenset(made) not in asked
    assert frozenset(made) in {frozenset(each.record_id for each in group.members) for group in every}


def test_a_slip_in_a_name_with_umlauts_or_of_a_person_is_found_while_it_is_typed(app: App) -> None:
    made = [
        records.create(app.replica, "customer", values).value.id
        for values in ({"name": "Schönhäuser Küchengeräte GmbH"}, {"name": "Se Ag Limburg", "kind": "person"})
    ]
    typed: tuple[tuple[dict[str, str], str], ...] = (
        ({"name": "Schoenhaeuser Kuechengeraete"}, made[0]),
        ({"name": "Schönhäuser Küchengerät"}, made[0]),
        ({"name": "Se Ag Limbrug", "kind": "person"}, made[1]),
    )
    found = [[each.record_id for each in matches(app.replica, "customer", values)] for values, _ in typed]
    for record_id in made:
        records.delete(app.replica, "customer", record_id)
    assert found == [[record_id] for _, record_id in typed]


def test_half_a_name_that_is_a_common_word_finds_nobody(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {"name": "Lumen Opticx"}
    found = {match.title for match in matches(app.replica, "customer", asked)}
    assert found == {"Lumen Optics GmbH", "Lumen Optcs"}
    monkeypatch.setattr(alike, "MOST_OF_A_HALF", 0)
    assert matches(app.replica, "customer", asked) == ()


def test_a_web_site_of_very_many_customers_pairs_none_of_them(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alike, "MOST_OF_A_KEY", 1)
    groups = find_groups(app.replica, "customer")
    assert [{member.title for member in group.members} for group in groups] == [
        {"深圳市纸鹤食品有限公司", "纸鹤食品有限公司"}
    ]


def test_who_may_not_read_a_kind_of_record_finds_nothing_by_it(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {"phone": "+86 755 2878 0808", "name": "Somebody else"}
    assert len(matches(app.replica, "customer", asked)) == 2
    nobody = Person(user_id=named_id("user", "nobody"), rights=NO_RIGHTS, scopes={})
    monkeypatch.setattr(type(app.replica), "person", nobody)
    with pytest.raises(AccessDenied):
        matches(app.replica, "customer", asked)
    with pytest.raises(AccessDenied):
        find_groups(app.replica, "customer")


def test_other_kinds_of_records_are_not_compared(app: App) -> None:
    with pytest.raises(UserError, match="not compared"):
        matches(app.replica, "activity", {"subject": "x"})
