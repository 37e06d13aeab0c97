"""Beside every record, wherever it is shown: not sent yet, its comments, its history and the way back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from crm_core.entities import SCHEMAS
from crm_core.errors import AccessDenied, UserError
from crm_core.i18n import message
from crm_core.rules.standard_roles import STANDARD_ROLES
from crm_core.times import DAY_MS
from crm_desktop.models import state
from crm_desktop.models.conditions import Condition, Op
from crm_desktop.models.query import ListQuery
from crm_desktop.models.state import Key
from crm_desktop.services import comments, records, value_history
from crm_desktop.services.calendar_period import period
from crm_desktop.ui.calendar.blocks import item_words
from crm_desktop.ui.context import Place
from crm_desktop.ui.forms.record_form import RecordForm
from crm_desktop.ui.itemmodels.reading import reader_of
from crm_desktop.ui.pages.page import Page
from crm_desktop.ui.pages.registry import BY_ID, PAGES
from crm_desktop.ui.places import PAGE_OF_ENTITY
from crm_desktop.ui.timeline.record_tabs import COMMENTS, HISTORY, RecordTabs
from crm_desktop.ui.widgets.glyphs import Glyph
from tests.support.desktop import sample_app
from tests.support.kinds import NOT_MADE, sample
from tests.support.stage import Stage, staged

OF_CUSTOMERS = ("contact", "point_entry")
"""Shown on the customer's page, in forms of their own there."""
TALKED_ABOUT = sorted(
    {page.entity for page in PAGES if page.entity and not SCHEMAS[page.entity].meta.reference}
    - {"customer"}  # which has tabs of its own
    - NOT_MADE  # which only a deed of their own makes: their pages show that deed
    | set(OF_CUSTOMERS)
)
SHOWN_OTHERWISE = ("activity", "contact", "deal", "order", "point_entry", "quote", "segment", "ticket")
"""A kind for each way there is to show a record; the others are shown as one of these."""
CHANGES = {
    "point_entry": None,
    "ticket": {"subject": "Second (demo)"},
    **{
        key: {"notes": "Second (demo)"}
        for key in ("quote", "contract", "order", "instalment", "receipt", "invoice")
    },
    "activity": {"subject": "Second (demo)"},
    "absence": {"note": "Second (demo)"},
    "article": {"keywords": "Second (demo)"},
    "barred_sender": {"reason": "Second (demo)"},
}


@pytest.fixture
def stage(look: QApplication, qtbot: QtBot, tmp_path: Path) -> Iterator[Stage]:
    """Give a window over sample records."""
    with staged(qtbot, sample_app(tmp_path)) as made:
        yield made


def beside(stage: Stage, entity: str, record_id: str) -> tuple[QWidget, RecordTabs]:
    """Show a record where the window shows it; return what shows it and what stands beside."""
    shown: QWidget
    if entity in OF_CUSTOMERS:
        shown = RecordForm(stage.context, stage.actions, entity, record_id)
    else:
        shown = BY_ID[PAGE_OF_ENTITY[entity]].make(stage.context, stage.actions)
    stage.show(shown)
    if isinstance(shown, Page):
        shown.show_place(Place(page=PAGE_OF_ENTITY[entity], record_id=record_id))
    stage.settle()
    (tabs,) = (each for each in shown.findChildren(RecordTabs) if each.isVisible())
    return shown, tabs


def some(stage: Stage, entity: str) -> str:
    """Return a record of a kind, made here where the sample has none."""
    replica = stage.app.replica
    if entity == "point_entry":
        customer = some(stage, "customer")
        values = {"customer_id": customer, "points": 5, "reason": "Order"}
        return records.create(replica, entity, values).value.id
    rows = records.page(replica, ListQuery(entity=entity, limit=1)).rows
    if rows:
        return rows[0].id
    links: dict[str, Any] = {}
    if "team_id" in SCHEMAS[entity].fields:
        links["team_id"] = some(stage, "team")
    if "stand_in_id" in SCHEMAS[entity].fields:
        role = {"role_id": some(stage, "role")}
        links["stand_in_id"] = records.create(replica, "user", sample("user", lambda: "Other", role)).value.id
    return records.create(replica, entity, sample(entity, lambda: "First (demo)", links)).value.id


def test_records_say_they_wait_and_take_comments_and_the_value_before(stage: Stage) -> None:
    assert set(TALKED_ABOUT) > set(SHOWN_OTHERWISE)
    try_beside(stage, SHOWN_OTHERWISE)


@pytest.mark.soak
def test_every_record_says_it_waits_and_takes_comments_and_the_value_before(stage: Stage) -> None:
    try_beside(stage, [each for each in TALKED_ABOUT if each not in SHOWN_OTHERWISE])


def try_beside(stage: Stage, kinds: Sequence[str]) -> None:
    """Try what stands beside one record of each kind."""
    replica = stage.app.replica
    for entity in kinds:
        record_id = some(stage, entity)
        title = SCHEMAS[entity].meta.title
        change = CHANGES.get(entity, {title: "Second (demo)"})
        was = records.get(replica, entity, record_id)
        if change is not None:
            records.update(replica, entity, record_id, change)
        shown, tabs = beside(stage, entity, record_id)
        assert tabs.mark.isVisible(), entity
        assert tabs.mark.glyph is Glyph.NOT_SENT
        tabs.choose(COMMENTS)
        assert tabs.comments is not None
        tabs.comments.text.setPlainText(f"About this {entity}")
        stage.press(tabs.comments.text, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        assert [row.body for row in comments.comments_of(replica, entity, record_id)] == [
            f"About this {entity}"
        ]
        assert tabs.isVisible(), f"Ctrl+Enter closed the form of {entity}"
        tabs.choose(HISTORY)
        stage.settle()
        assert tabs.history is not None
        if change is not None:
            (name,) = change
            places = range(tabs.history.model.rowCount())
            tabs.history.list.setCurrentIndex(
                next(
                    tabs.history.model.index(place, 0)
                    for place in places
                    if getattr(getattr(tabs.history.model.row(place), "item", None), "field", "") == name
                )
            )
            tabs.history.restore.setFocus()
            stage.press(tabs.history.restore, Qt.Key.Key_Space)
            assert records.get(replica, entity, record_id).get(name) == was.get(name), entity
            undo = stage.notices[-1].act
            assert undo is not None
            undo()
            stage.settle()
            assert records.get(replica, entity, record_id).get(name) == "Second (demo)"
        shown.hide()
        shown.setParent(None)
        shown.deleteLater()


def test_lists_and_the_calendar_mark_what_waits(stage: Stage) -> None:
    replica = stage.app.replica
    for entity in ("customer", *TALKED_ABOUT):
        record_id = some(stage, entity)
        if entity != "point_entry":
            change = CHANGES.get(entity) or {SCHEMAS[entity].meta.title: "Second (demo)"}
            records.update(replica, entity, record_id, change)
        this = Condition(field="id", op=Op.EQUAL, value=record_id)
        rows, _ = reader_of(replica, ListQuery(entity=entity, conditions=(this,)), (), None)()
        assert [row.glyph for row in rows] == [Glyph.NOT_SENT], entity
    now = replica.clock.now_ms()
    made = records.create(replica, "activity", {"kind": "call", "subject": "Call", "due_at": now}).value.id
    (item,) = (each for each in period(replica, now - 1, now + DAY_MS) if each.id == made)
    assert "Not sent" in item_words(item, now)


def test_going_back_to_a_value_asks_for_the_same_rights_and_takes_a_group_as_one(stage: Stage) -> None:
    replica = stage.app.replica
    values = {"name": "Line (demo)", "amount": 100_00, "currency": "CNY"}
    deal = records.create(replica, "deal", values).value.id
    records.update(replica, "deal", deal, {"amount": 70_00, "currency": "EUR"})
    at_ms = records.history(replica, "deal", deal)[0].at_ms
    value_history.restore_value(replica, "deal", deal, "amount", at_ms)
    now = records.get(replica, "deal", deal)
    assert (now["amount"], now["currency"]) == (100_00, "CNY")
    with pytest.raises(UserError, match="has this value already"):
        value_history.restore_value(replica, "deal", deal, "amount", at_ms)
    with pytest.raises(UserError, match="kept by the program"):
        value_history.restore_value(replica, "deal", deal, "stage_since", at_ms)
    rights = STANDARD_ROLES["auditor"][1]
    role = records.create(replica, "role", {"name": "looks", "rights": rights}).value.id
    user = records.create(replica, "user", {"name": "Looks (demo)", "role_id": role}).value.id
    records.update(replica, "deal", deal, {"name": "Other (demo)"})
    at_ms = records.history(replica, "deal", deal)[0].at_ms
    with replica.applying() as session:
        state.write(session, {Key.USER_ID: user})
        session.changed.add(("role", role))
    with pytest.raises(AccessDenied):
        value_history.restore_value(replica, "deal", deal, "name", at_ms)


def test_set_up_has_a_history_and_no_comments(stage: Stage) -> None:
    tabs = RecordTabs(stage.context, "stage", QWidget(), message("Details"), 0)
    stage.show(tabs)
    assert not tabs.row.isVisible()
    tabs.show_record(some(stage, "stage"))
    stage.settle()
    tabs.choose(COMMENTS)
    assert (tabs.comments, tabs.shows_record) == (None, True)
    tabs.choose(HISTORY)
    assert tabs.history is not None
