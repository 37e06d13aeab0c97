"""The knowledge base by keyboard and button, on a real encrypted profile with the invented articles."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from crm_desktop.assembly import App
from crm_desktop.models.query import ListQuery
from crm_desktop.services import articles, records
from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.context import Context, Notice, Place
from crm_desktop.ui.pages.knowledge import KnowledgePage
from crm_desktop.ui.pages.tickets import TicketsPage
from crm_desktop.ui.tasks import Tasks
from tests.support.desktop import empty_app, sample_app
from tests.support.windows import WAIT_MS, show_active


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Give a profile with sample records, for all tests of this file."""
    made = sample_app(tmp_path_factory.mktemp("knowledge"), customers=12)
    yield made
    made.close()


def page_of(
    app: App, qtbot: QtBot, made: type[KnowledgePage | TicketsPage]
) -> Iterator[KnowledgePage | TicketsPage]:
    tasks = Tasks()
    context = Context(app, tasks)
    shown = made(context, ActionRegistry())
    own = "knowledge" if made is KnowledgePage else "tickets"
    context.go.connect(lambda place: shown.show_place(place) if place.page == own else None)
    shown.resize(1240, 824)
    qtbot.addWidget(shown)
    show_active(qtbot, shown)
    yield shown
    qtbot.waitUntil(lambda: not tasks.busy, timeout=WAIT_MS)
    app.replica.on_changed.remove(context._committed.emit)
    tasks.close()


@pytest.fixture
def page(look: QApplication, app: App, qtbot: QtBot) -> Iterator[KnowledgePage]:
    for shown in page_of(app, qtbot, KnowledgePage):
        assert isinstance(shown, KnowledgePage)
        yield shown


@pytest.fixture
def tickets(look: QApplication, app: App, qtbot: QtBot) -> Iterator[TicketsPage]:
    for shown in page_of(app, qtbot, TicketsPage):
        assert isinstance(shown, TicketsPage)
        yield shown


def article(app: App, number: str) -> str:
    found = records.page(app.replica, ListQuery(entity="article", limit=100)).rows
    return next(row.id for row in found if row.get("number") == number)


def read(page: KnowledgePage, qtbot: QtBot, article_id: str) -> None:
    page.show_place(Place(page="knowledge", record_id=article_id))
    qtbot.waitUntil(lambda: page.view is not None and page.view.article.id == article_id, timeout=WAIT_MS)


def press(page: KnowledgePage | TicketsPage, words: str) -> None:
    button = next(
        each for each in page.findChildren(QPushButton) if each.isVisible() and each.text() == words
    )
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def texts(page: KnowledgePage) -> list[str]:
    tree = page.shelves.tree
    return [
        item.text(0) for n in range(tree.topLevelItemCount()) if (item := tree.topLevelItem(n)) is not None
    ]


def test_shelves_are_counted_and_a_search_finds_while_it_is_typed(
    page: KnowledgePage, app: App, qtbot: QtBot
) -> None:
    page.show_place(Place(page="knowledge"))
    qtbot.waitUntil(lambda: "Flow meters  8" in texts(page), timeout=WAIT_MS)
    QTest.keyClicks(page.shelves.search, "drift")
    qtbot.waitUntil(lambda: any("KB-118" in text for text in texts(page)), timeout=WAIT_MS)
    QTest.keyClick(page.shelves.search, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: page.view is not None, timeout=WAIT_MS)
    assert "What one sees" in page.reader.text.toPlainText()
    page.shelves.search.setText("nothing like this at all")
    qtbot.waitUntil(lambda: page.shelves.nothing.isVisible(), timeout=WAIT_MS)
    assert page.shelves.nothing.line.text() == "No match: try fewer words"


def test_a_vote_counts_once_and_versions_are_laid_over_each_other(
    page: KnowledgePage, app: App, qtbot: QtBot
) -> None:
    air = article(app, "KB-118")
    read(page, qtbot, air)
    before = articles.view(app.replica, air).votes
    for _ in range(2):
        page.reader.voted.emit(False)
        qtbot.waitUntil(lambda: articles.view(app.replica, air).votes.mine is False, timeout=WAIT_MS)
    assert articles.view(app.replica, air).votes.no == before.no + 1
    old = articles.view(app.replica, air).versions[-1]
    page.reader.version_asked.emit(old)
    shown = page.comparison.text.toPlainText()
    assert page.comparison.isVisible()
    assert "+ | Pipe | Straight run before | after |" in shown


def test_what_is_out_of_use_is_deleted_by_a_button_with_undo(
    page: KnowledgePage, app: App, qtbot: QtBot
) -> None:
    made = records.create(app.replica, "article", {"title": "Old", "body": "Text", "language": "en"}).value.id
    for state in ("published", "retired"):
        articles.set_status(app.replica, made, state)
    told: list[Notice] = []
    page.context.notice.connect(told.append)
    read(page, qtbot, made)
    page.reader.delete_asked.emit()
    qtbot.waitUntil(lambda: page.view is None and bool(told), timeout=WAIT_MS)
    assert not records.get(app.replica, "article", made).alive
    assert told[-1].act is not None
    told[-1].act()
    qtbot.waitUntil(lambda: records.get(app.replica, "article", made).alive, timeout=WAIT_MS)
    records.delete(app.replica, "article", made)


def test_a_revision_is_written_in_a_form_and_published_for_hq_to_take_over(
    page: KnowledgePage, app: App, qtbot: QtBot
) -> None:
    zero = article(app, "KB-094")
    read(page, qtbot, zero)
    press(page, "Revise")
    qtbot.waitUntil(lambda: page.form is not None and bool(page.form.grid.fields), timeout=WAIT_MS)
    assert page.form is not None
    editor = page.form.grid.fields["body"].editor
    editor.text.setPlainText("# Anew\n\nFill the pipe.")
    editor.tabs.choose("look")
    editor._on_tab_chosen()
    assert "Fill the pipe." in editor.look.toPlainText()
    assert "#" not in editor.look.toPlainText()
    page.form.save(close=True)
    qtbot.waitUntil(lambda: page.form is None and page.view is not None, timeout=WAIT_MS)
    qtbot.waitUntil(
        lambda: page.view is not None and page.view.article.get("replaces_id") == zero, timeout=WAIT_MS
    )
    qtbot.waitUntil(
        lambda: page.reader.main.isVisible() and page.reader.main.text() == "Publish", timeout=WAIT_MS
    )
    press(page, "Publish")
    revision = page.view.article.id if page.view else ""
    qtbot.waitUntil(
        lambda: articles.view(app.replica, revision).article.get("status") == "merged", timeout=WAIT_MS
    )
    assert "Fill the pipe." not in str(articles.view(app.replica, zero).article.get("body"))


def test_what_finds_a_published_article_is_changed_and_its_text_is_not_in_the_form(
    page: KnowledgePage, app: App, qtbot: QtBot
) -> None:
    read(page, qtbot, article(app, "KB-102"))
    press(page, "Properties")
    qtbot.waitUntil(lambda: page.form is not None and bool(page.form.grid.fields), timeout=WAIT_MS)
    assert page.form is not None
    assert "body" not in page.form.grid.fields
    page.form.grid.fields["keywords"].editor.setText("warm, cold")
    page.form.save(close=True)
    qtbot.waitUntil(lambda: page.form is None, timeout=WAIT_MS)
    assert articles.view(app.replica, article(app, "KB-102")).article.get("keywords") == "warm, cold"


def test_an_empty_base_says_so(
    look: QApplication, qtbot: QtBot, tmp_path_factory: pytest.TempPathFactory
) -> None:
    app = empty_app(tmp_path_factory.mktemp("empty"))
    for page in page_of(app, qtbot, KnowledgePage):
        assert isinstance(page, KnowledgePage)
        page.show_place(Place(page="knowledge"))
        qtbot.waitUntil(page.nothing.isVisible, timeout=WAIT_MS)
        assert page.nothing.line.text() == "No articles yet"
    app.close()


def test_beside_a_ticket_articles_are_suggested_inserted_and_noted(
    tickets: TicketsPage, app: App, qtbot: QtBot
) -> None:
    rows = records.page(app.replica, ListQuery(entity="ticket", limit=50)).rows
    drift = next(row.id for row in rows if row.title == "Flow meter drifts after start")
    tickets.show_place(Place(page="tickets", record_id=drift))
    suggested = tickets.facts.articles
    qtbot.waitUntil(lambda: len(suggested.found) > 1, timeout=WAIT_MS)
    first = suggested.found[0]
    assert (first.number, first.fit.percent > 70) == ("KB-118", True)
    other = next(each for each in suggested.found if each.number == "KB-102")
    assert articles.view(app.replica, other.id).used_in == 0
    suggested.use(other)
    assert tickets.box.text == "KB-102 Warm-up times of the FM series\n"
    qtbot.waitUntil(lambda: articles.view(app.replica, other.id).used_in == 1, timeout=WAIT_MS)
    press(tickets, "Insert article")
    assert suggested.menu is not None
    assert suggested.menu.actions()[0].text().startswith("KB-118")
    suggested.menu.close()


def test_while_a_ticket_is_typed_articles_are_suggested(tickets: TicketsPage, qtbot: QtBot) -> None:
    tickets.show_place(Place(page="tickets", options={"new": True}))
    QTest.keyClicks(tickets.form.subject, "gateway offline")
    qtbot.waitUntil(lambda: bool(tickets.form.articles.found), timeout=WAIT_MS)
    assert tickets.form.articles.found[0].number == "KB-120"
    assert tickets.form.articles.isVisible()
