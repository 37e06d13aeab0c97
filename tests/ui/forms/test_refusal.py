"""A form of what one only sees: it says so, and whoever is named among those who see it may leave."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from crm_core.rules.standard_roles import STANDARD_ROLES
from crm_desktop.models import state
from crm_desktop.models.state import Key
from crm_desktop.services import records
from crm_desktop.ui.forms.record_form import RecordForm
from crm_desktop.ui.translate import show
from tests.support.desktop import empty_app
from tests.support.stage import Stage, staged


@pytest.fixture
def stage(look: QApplication, qtbot: QtBot, tmp_path: Path) -> Iterator[Stage]:
    with staged(qtbot, empty_app(tmp_path)) as made:
        yield made


def shown_to_me(stage: Stage, *, by_name: bool) -> str:
    """Return a colleague's customer, and be somebody who sells and may only see it."""
    replica = stage.app.replica

    def make(entity: str, **values: object) -> str:
        return records.create(replica, entity, values).value.id  # type: ignore[arg-type]

    role = make("role", name="sales", rights=STANDARD_ROLES["sales"][1])
    me, owner = (make("user", name=name, role_id=role) for name in ("Me (demo)", "Owner (demo)"))
    customer = make(
        "customer", name="Demo Mill", owner_id=owner, shown_to=[owner, *([me] if by_name else [])]
    )
    with replica.applying() as session:
        state.write(session, {Key.USER_ID: me})
    return customer


def test_whoever_a_record_is_shown_to_takes_himself_out_by_the_bar(stage: Stage) -> None:
    customer = shown_to_me(stage, by_name=True)
    form = RecordForm(stage.context, stage.actions, "customer", customer)
    stage.show(form)
    assert form.grid.fields["name"].editor is None
    action = form._note.bar.action
    assert action.text() == "Take me out of the share"
    QTest.keyClick(action, Qt.Key.Key_Space)
    stage.settle()
    assert me_is_out(stage, customer)
    assert [show(each.text) for each in stage.notices] == [
        "You took yourself out; the record goes with the next sync"
    ]
    assert not form._note.bar.action.isVisible()


def test_whoever_is_not_named_is_told_why_nothing_can_be_saved_and_no_more(stage: Stage) -> None:
    form = RecordForm(stage.context, stage.actions, "customer", shown_to_me(stage, by_name=False))
    stage.show(form)
    assert form._note.bar.label.text().startswith("This record is outside what your role may change")
    assert not form._note.bar.action.isVisible()


def me_is_out(stage: Stage, customer: str) -> bool:
    replica = stage.app.replica
    return replica.person.user_id not in records.get(replica, "customer", customer)["shown_to"]
