"""How pages are made: from the outside in, so that Qt dresses each of their widgets about once.

Whatever gets another parent is dressed anew with all it holds. A page put together from the inside out, its
widgets first and what holds them last, took ten times as long for it; this counts instead of timing.
"""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from crm_desktop.models.query import ListQuery
from crm_desktop.services import lists
from crm_desktop.ui.context import Place
from crm_desktop.ui.pages import at_rest
from crm_desktop.ui.pages.customers import CustomersPage
from crm_desktop.ui.pages.registry import PAGES
from crm_desktop.ui.shell.frame import Frame
from tests.support.windows import WAIT_MS

MOST_TIMES = 5.0
"""How often each widget of a page is dressed on average, until the page stands in the window."""


class Dressings(QObject):
    """Counts how often Qt tells widgets of another style."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Count."""
        if event.type() == QEvent.Type.StyleChange and isinstance(watched, QWidget):
            self.count += 1
        return False


def times_dressed(frame: Frame, place: Place) -> float:
    """Go to a place, and return how often each widget that was made for it was dressed on average."""
    qapp, dressings = QApplication.instance(), Dressings()
    assert qapp is not None
    before = len(frame.findChildren(QWidget))
    qapp.installEventFilter(dressings)
    try:
        frame.go(place)
    finally:
        qapp.removeEventFilter(dressings)
    made = len(frame.findChildren(QWidget)) - before
    assert made > 0, f"nothing was made for {place}"
    return dressings.count / made


@pytest.mark.parametrize("page", [page.id for page in PAGES if page.in_rail])
def test_a_page_of_the_rail_is_made_in_its_place(page: str, frame: Frame) -> None:
    assert times_dressed(frame, Place(page=page)) <= MOST_TIMES


@pytest.mark.parametrize("page", ["customers", "quotes"])
def test_the_page_of_one_record_is_made_in_its_place(page: str, frame: Frame) -> None:
    replica = frame.context.replica
    found = lists.all_ids(replica, ListQuery(entity=page.removesuffix("s")))
    frame.go(Place(page=page))
    assert times_dressed(frame, Place(page=page, record_id=found[0])) <= MOST_TIMES


def test_what_a_list_opens_is_made_while_the_list_rests(
    frame: Frame, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(at_rest, "REST_MS", 20)
    frame.go(Place(page="customers"))
    page = frame.page
    assert isinstance(page, CustomersPage)
    qtbot.waitUntil(lambda: page.view is not None, timeout=WAIT_MS)
    assert page.list is not None
    assert page.list.isVisible()
    assert page.view is not None
    view, customer = page.view, lists.all_ids(frame.context.replica, ListQuery(entity="customer"))[0]
    frame.go(Place(page="customers", record_id=customer))
    assert page.view is view
    qtbot.waitUntil(lambda: bool(view.header.name.text()), timeout=WAIT_MS)
