"""The tab that says what a customer is like."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from crm_desktop.services import records
from crm_desktop.services.calendar import moment
from crm_desktop.ui.customers.customer_view import CustomerView
from crm_desktop.ui.customers.profile_tab import ProfileTab
from crm_desktop.ui.translate import translator
from crm_desktop.ui.widgets.fields import Fact
from tests.support.desktop import empty_app
from tests.support.stage import Stage, staged


@pytest.fixture
def stage(look: QApplication, qtbot: QtBot, tmp_path: Path) -> Iterator[Stage]:
    """Give a profile of one person without records."""
    with staged(qtbot, empty_app(tmp_path)) as made:
        yield made


def told(tab: ProfileTab) -> dict[str, str]:
    """Return what the tab says, by label."""
    facts = [fact for fact in tab.findChildren(Fact) if fact.isVisible()]
    return dict(fact.accessibleName().split(": ", 1) for fact in facts)


def test_the_tab_says_what_talks_and_deals_tell_and_where_they_are_too_few(stage: Stage) -> None:
    replica = stage.app.replica
    customer = records.create(replica, "customer", {"name": "C"}).value.id
    monday = datetime.date(2026, 1, 5)
    for week in range(4):
        day = monday + datetime.timedelta(weeks=week)
        values = {"kind": "call", "subject": "S", "customer_id": customer, "happened_at": moment(day, 9 * 60)}
        records.create(replica, "activity", {**values, "outcome": "not_reached" if week == 3 else "positive"})
    records.create(
        replica,
        "activity",
        {**values, "kind": "visit", "happened_at": moment(monday, 10 * 60), "outcome": None},
    )
    view = CustomerView(stage.context, stage.actions)
    stage.show(view)
    view.show_customer(customer)
    view.choose_tab("profile")
    stage.settle()
    tab = view._tab_widgets["profile"]
    assert isinstance(tab, ProfileTab)
    said = told(tab)
    assert said["Favourite channels"] == "Call 75 %, Visit 25 %"
    assert said["Usual time"] == "Monday, in the morning"
    assert said["How often"] == "every 7 days"
    assert said["Answers the phone"] == "75 % of calls"
    assert said["Spending power"] == said["Favourite products"] == "too little to say"
    translator().use("zh_CN")
    stage.settle()
    assert "星期一上午" in {fact.accessibleName()[-5:] for fact in tab.findChildren(Fact)}
