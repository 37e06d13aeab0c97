"""Handing over customers in the window: said beforehand, done in one step, taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from crm_core.rules.standard_roles import STANDARD_ROLES
from crm_desktop.services import records
from crm_desktop.ui.context import Place
from crm_desktop.ui.pages.customers import CustomersPage
from tests.support.desktop import empty_app
from tests.support.stage import Stage, staged

Key, Ctrl = Qt.Key, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def stage(look: QApplication, qtbot: QtBot, tmp_path: Path) -> Iterator[Stage]:
    """Give a profile of an administrator without records."""
    with staged(qtbot, empty_app(tmp_path)) as made:
        yield made


def make(stage: Stage, entity: str, **values: Any) -> str:
    return records.create(stage.app.replica, entity, values).value.id


def test_customers_are_handed_over_after_a_preview_and_come_back_by_undo(stage: Stage) -> None:
    role_id = make(stage, "role", name="Sells", rights=STANDARD_ROLES["sales"][1])
    leaver = make(stage, "user", name="Leaver", role_id=role_id)
    heir = make(stage, "user", name="Heir", role_id=role_id)
    customers = [make(stage, "customer", name=f"C{n}", owner_id=leaver) for n in range(3)]
    make(stage, "activity", kind="task", subject="Call", customer_id=customers[0], owner_id=leaver, due_at=1)
    page = CustomersPage(stage.context, stage.actions)
    stage.show(page)
    page.show_place(Place(page="customers"))
    stage.settle()
    assert page.list is not None
    page.list.choose_view("all")
    stage.settle()
    dialog = page.open_hand_over()
    stage.settle()
    assert dialog.giver.text() == "Leaver"
    assert not dialog.carry.isEnabled()
    dialog.heirs.fill({"receivers": [heir]}, {"receivers": "Heir"})
    dialog.look()
    stage.settle()
    assert dialog.told.text().splitlines()[:2] == ["Customers: 3", "Activities: 1"]
    assert dialog.stays.text() == ""
    stage.press(dialog.carry, Key.Key_Space)
    stage.settle()
    owners = {records.get(stage.app.replica, "customer", each).get("owner_id") for each in customers}
    assert owners == {heir}
    notice = stage.notices[-1]
    assert notice.text.places["count"] == "4"
    assert notice.act is not None
    notice.act()
    stage.settle()
    owners = {records.get(stage.app.replica, "customer", each).get("owner_id") for each in customers}
    assert owners == {leaver}
