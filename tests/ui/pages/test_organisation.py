"""The organisation of a customer: who reports to whom, which companies belong together."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from crm_core.errors import Invalid
from crm_desktop.models.query import ListQuery
from crm_desktop.services import organisation, records
from crm_desktop.ui.context import Place
from crm_desktop.ui.customers.organisation_tab import COMPANIES, OrganisationTab
from crm_desktop.ui.pages.customers import CustomersPage
from tests.support.desktop import sample_app
from tests.support.stage import Stage, staged


@pytest.fixture
def stage(look: QApplication, qtbot: QtBot, tmp_path: Path) -> Iterator[Stage]:
    with staged(qtbot, sample_app(tmp_path, customers=6)) as made:
        yield made


def test_people_and_companies_are_drawn_walked_by_keys_and_put_below_each_other(stage: Stage) -> None:
    replica = stage.app.replica
    group, part, third = [row.id for row in records.page(replica, ListQuery(entity="customer")).rows][:3]
    records.update(replica, "customer", part, {"parent_id": group})
    records.update(replica, "customer", third, {"parent_id": part})
    for contact in records.page(replica, ListQuery(entity="contact", limit=200)).rows:
        if contact.get("customer_id") == part:
            records.delete(replica, "contact", contact.id)
    head = records.create(
        replica, "contact", {"customer_id": part, "name": "Head (demo)", "decision_role": "decides"}
    ).value.id
    buyer = records.create(
        replica, "contact", {"customer_id": part, "name": "Buyer (demo)", "reports_to_id": head}
    ).value.id
    late = records.create(replica, "contact", {"customer_id": part, "name": "Newcomer (demo)"}).value.id

    page = CustomersPage(stage.context, stage.actions)
    stage.context.go.connect(lambda place: page.show_place(place) if place.page == "customers" else None)
    stage.show(page)
    page.show_place(Place(page="customers", record_id=part))
    stage.settle()
    page.view.choose_tab("organisation")
    stage.settle()
    tab = page.view._tab_widgets["organisation"]
    assert isinstance(tab, OrganisationTab)
    tab.chart.grab()
    assert [row[0] for row in tab.chart.as_table()[1:]] == ["Head (demo)", "Buyer (demo)", "Newcomer (demo)"]
    assert tab.chart.as_table()[2][2] == "Head (demo)"
    assert "below Head (demo)" in tab.chart.accessibleDescription()

    opened: list[str] = []
    tab.contact_opened.connect(opened.append)
    tab.contact_opened.disconnect(page.view.open_contact)
    stage.press(tab.chart, Qt.Key.Key_Right)
    stage.press(tab.chart, Qt.Key.Key_Return)
    stage.press(tab.chart, Qt.Key.Key_Left)
    stage.press(tab.chart, Qt.Key.Key_Return)
    assert opened == [buyer, head]

    def middle(key: str) -> QPoint:
        return tab.chart.box_of(key).center().toPoint()

    QTest.mousePress(tab.chart, Qt.MouseButton.LeftButton, pos=middle(late))
    QTest.mouseMove(tab.chart, middle(buyer))
    tab.chart.grab()
    QTest.mouseRelease(tab.chart, Qt.MouseButton.LeftButton, pos=middle(buyer))
    stage.settle()
    assert records.get(replica, "contact", late).get("reports_to_id") == buyer
    assert opened == [buyer, head]
    undo = stage.notices[-1].act
    assert undo is not None
    undo()
    stage.settle()
    assert records.get(replica, "contact", late).get("reports_to_id") is None

    tab.switch._buttons[COMPANIES].click()
    stage.settle()
    tab.chart.grab()
    titles = {row.id: row.title for row in records.page(replica, ListQuery(entity="customer")).rows}
    told = [(row[0], row[2]) for row in tab.chart.as_table()[1:]]
    assert told == [(titles[group], ""), (titles[part], titles[group]), (titles[third], titles[part])]
    stage.press(tab.chart, Qt.Key.Key_Home)
    stage.press(tab.chart, Qt.Key.Key_Return)
    assert stage.places[-1] == Place(page="customers", record_id=group)


def test_nobody_is_put_below_one_who_stands_below_him(stage: Stage) -> None:
    replica = stage.app.replica
    ids = [row.id for row in records.page(replica, ListQuery(entity="customer")).rows][:3]
    records.update(replica, "customer", ids[1], {"parent_id": ids[0]})
    records.update(replica, "customer", ids[2], {"parent_id": ids[1]})
    for above in ids:
        with pytest.raises(Invalid) as wrong:
            records.update(replica, "customer", ids[0], {"parent_id": above})
        assert [problem.field for problem in wrong.value.problems] == ["parent_id"]
    whole = organisation.companies(replica, ids[2])
    assert [(branch.id, depth) for tree in whole.trees for branch, depth in tree.walk()] == [
        (ids[0], 0),
        (ids[1], 1),
        (ids[2], 2),
    ]
