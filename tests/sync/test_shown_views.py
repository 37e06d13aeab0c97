"""Saved views shown to a role: who holds it sees them, and only their owner changes them."""

from __future__ import annotations

import pytest

from crm_core.errors import UserError
from crm_core.ids import named_id
from crm_desktop.services import records, saved_views
from crm_desktop.services.saved_views import ViewDefinition
from tests.support.hq import Office
from tests.support.replicas import Laptops, differences


def test_a_view_shown_to_a_role_reaches_its_holders_and_leaves_them_again(
    office: Office, laptops: Laptops
) -> None:
    sal, sue = office.user("Sal", "sales"), office.user("Sue", "sales")
    boss = laptops.make("boss", office.user("Bo", "sales_manager"))
    lin, kim = laptops.make("lin", sal), laptops.make("kim", sue)
    for laptop in (boss, lin, kim):
        laptop.sync()
    sales = named_id("role", "sales")
    assert sales in {each.role_id for each in saved_views.audiences(boss.replica)}
    view = saved_views.save_view(
        boss.replica,
        "customer",
        "To be called",
        ViewDefinition(sort=(("name", False),), columns=("name", "phone")),
    ).value
    saved_views.save_view(lin.replica, "customer", "Mine alone", ViewDefinition())
    saved_views.show_to(boss.replica, view.id, sales, shown=True)
    for laptop in (boss, lin, kim):
        laptop.sync()
        assert laptop.returned() == []
    (shown,) = saved_views.views_of(kim.replica, "customer")
    assert (shown.name, shown.own, shown.definition.columns) == ("To be called", False, ("name", "phone"))
    assert [(each.name, each.own) for each in saved_views.views_of(lin.replica, "customer")] == [
        ("Mine alone", True),
        ("To be called", False),
    ]
    assert [each.name for each in saved_views.views_of(boss.replica, "customer")] == ["To be called"]
    with pytest.raises(UserError):
        records.update(kim.replica, "saved_view", view.id, {"name": "Taken over"})
    with pytest.raises(UserError):
        records.delete(kim.replica, "saved_view", view.id)
    saved_views.show_to(boss.replica, view.id, sales, shown=False)
    office.hq.update("user", sue, {"role_id": named_id("role", "service")})
    for laptop in (boss, lin, kim):
        laptop.sync()
    assert saved_views.views_of(kim.replica, "customer") == ()
    assert [each.name for each in saved_views.views_of(lin.replica, "customer")] == ["Mine alone"]
    for laptop in (boss, lin, kim):
        assert list(differences(laptop)) == []


def test_who_changes_his_role_loses_the_views_shown_to_it(office: Office, laptops: Laptops) -> None:
    sue = office.user("Sue", "sales")
    kim, ada = laptops.make("kim", sue), laptops.make("ada", office.user("Ada", "admin"))
    ada.sync()
    view = saved_views.save_view(ada.replica, "deal", "Big ones", ViewDefinition()).value
    saved_views.show_to(ada.replica, view.id, named_id("role", "sales"), shown=True)
    ada.sync()
    kim.sync()
    assert [each.name for each in saved_views.views_of(kim.replica, "deal")] == ["Big ones"]
    office.hq.update("user", sue, {"role_id": named_id("role", "sales_manager")})
    kim.sync()
    assert saved_views.views_of(kim.replica, "deal") == ()
    assert list(differences(kim)) == []
