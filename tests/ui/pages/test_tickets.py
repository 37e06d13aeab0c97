"""The ticket page by keyboard, on a real encrypted profile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.rules.conditions import Condition, Op
from crm_desktop.assembly import App
from crm_desktop.models.query import ListQuery
from crm_desktop.services import lists, records, tickets
from crm_desktop.services.tickets import Clock, MessageRow, Queue
from crm_desktop.sync.answering import AnsweringLine
from crm_desktop.sync.runner import Phase, Status
from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.itemmodels.rows import Row
from crm_desktop.ui.lists.columns import columns_of
from crm_desktop.ui.pages.tickets import TicketsPage
from crm_desktop.ui.tasks import Tasks
from crm_desktop.ui.tickets.dialogs import CategoryDialog, LineDialog
from crm_desktop.ui.tickets.messages import MessageView
from crm_desktop.ui.tickets.words import deadline
from crm_desktop.ui.translate import show, translator
from crm_desktop.ui.widgets.cells import CellKind, CellStatus
from crm_desktop.ui.widgets.empty_state import EmptyState
from crm_desktop.ui.widgets.paint import Tone
from tests.support.desktop import empty_app, sample_app
from tests.support.windows import WAIT_MS, has_keyboard, show_active

CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Give a profile with sample records, for all tests of this file."""
    made = sample_app(tmp_path_factory.mktemp("tickets"), customers=12)
    yield made
    made.close()


def _page_of(app: App, qtbot: QtBot) -> Iterator[TicketsPage]:
    tasks = Tasks()
    context = Context(app, tasks)
    shown = TicketsPage(context, ActionRegistry())
    context.go.connect(lambda place: shown.show_place(place) if place.page == "tickets" else None)
    shown.resize(1240, 824)
    qtbot.addWidget(shown)
    show_active(qtbot, shown)
    yield shown
    qtbot.waitUntil(lambda: not tasks.busy, timeout=WAIT_MS)
    app.replica.on_changed.remove(context._committed.emit)
    tasks.close()


@pytest.fixture
def page(look: QApplication, app: App, qtbot: QtBot) -> Iterator[TicketsPage]:
    """Give the page in a window."""
    yield from _page_of(app, qtbot)


def _open(page: TicketsPage, app: App, qtbot: QtBot) -> str:
    """Open a new ticket and return its id."""
    customer = records.page(app.replica, ListQuery(entity="customer", limit=1)).rows[0]
    made = tickets.create(
        app.replica, {"subject": "Pump hums", "customer_id": customer.id}, "It hums at 40 Hz."
    ).value
    page.show_place(Place(page="tickets", record_id=made.id))
    _shown(page, qtbot, made.id, 1)
    qtbot.waitUntil(lambda: page.queue.model.row_of(made.id) >= 0, timeout=WAIT_MS)
    page.queue.rows.setFocus()
    return made.id


def _shown(page: TicketsPage, qtbot: QtBot, ticket_id: str, messages: int) -> None:
    def there() -> bool:
        view = page.view
        return view is not None and view.ticket.id == ticket_id and len(page.talk.views) == messages

    qtbot.waitUntil(there, timeout=WAIT_MS)


def _press(key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    QTest.keyClick(QApplication.focusWidget(), key, modifiers)


def _type(text: str) -> None:
    QTest.keyClicks(QApplication.focusWidget(), text)


def test_a_reply_is_written_by_keyboard_and_waits_in_the_outbox(
    page: TicketsPage, app: App, qtbot: QtBot
) -> None:
    ticket_id = _open(page, app, qtbot)
    _press(Qt.Key.Key_R)
    assert has_keyboard(page.box.input)
    _type("Please send a photo, so that we see it.")
    page.box.send.click()
    _shown(page, qtbot, ticket_id, 2)
    view = tickets.view(app.replica, ticket_id)
    assert view.messages[-1].body == "Please send a photo, so that we see it."
    assert view.messages[-1].not_sent
    assert view.ticket["status"] == "open"
    assert page.talk.views[-1].edit is not None
    assert page.box.text == ""
    assert next(row for row in tickets.queue(app.replica, Queue.ALL) if row.id == ticket_id).not_sent


def test_files_dropped_on_the_reply_go_along_and_are_opened_in_the_conversation(
    page: TicketsPage, app: App, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket_id = _open(page, app, qtbot)
    files = [tmp_path / name for name in ("安装说明.pdf", "notes.txt")]
    for file in files:
        file.write_bytes(b"how to mend it")
    dropped = QMimeData()
    dropped.setUrls([QUrl.fromLocalFile(str(file)) for file in files])
    page.box.begin(internal=False)
    _type("Read this")
    page.box.input.insertFromMimeData(dropped)
    chosen = page.box.files.row
    qtbot.waitUntil(lambda: sorted(chip.text() for chip in chosen.chips) == ["notes.txt", "安装说明.pdf"])
    monkeypatch.setattr(tickets, "reply", _refuse)
    page.box.send.click()
    qtbot.waitUntil(lambda: page.box.text == "Read this" and len(chosen.chips) == 2, timeout=WAIT_MS)
    monkeypatch.undo()
    next(chip for chip in chosen.chips if chip.text() == "notes.txt").closed.emit()
    page.box.send.click()
    _shown(page, qtbot, ticket_id, 2)
    assert page.box.files.isHidden()
    (said,) = [each for each in tickets.view(app.replica, ticket_id).messages if each.files]
    assert [each.name for each in said.files] == ["安装说明.pdf"]
    assert len(page.facts.files.rows) == 2, "what does not go along stays on the ticket"
    opened: list[str] = []
    panel = "crm_desktop.ui.files.panel.QDesktopServices.openUrl"
    monkeypatch.setattr(panel, lambda url: opened.append(url.fileName()) or True)
    page.talk.views[-1].files[0].click()
    qtbot.waitUntil(lambda: opened == ["安装说明.pdf"], timeout=WAIT_MS)


def _refuse(*_given: object, **_how: object) -> None:
    raise UserError(N_("Write something first"))


def test_the_promise_stands_beside_the_chips_or_below_them_but_is_never_cut(
    page: TicketsPage, app: App, qtbot: QtBot
) -> None:
    _open(page, app, qtbot)
    head = page.head
    head.resize(900, head.height())
    qtbot.waitUntil(lambda: abs(head.due.y() - head.icon.y()) < 8, timeout=WAIT_MS)
    assert head._second.indexOf(head._promise) >= 0
    needed = head._promise.sizeHint().width()
    head.resize(needed + 200, head.height())
    qtbot.waitUntil(lambda: head._second.indexOf(head._promise) < 0, timeout=WAIT_MS)
    assert head._lines.indexOf(head._promise) >= 0


def test_tools_that_find_no_room_beside_the_tabs_stand_below_them(
    page: TicketsPage, app: App, qtbot: QtBot
) -> None:
    _open(page, app, qtbot)
    box = page.box
    high, least = box.maximumHeight(), box.tabs.sizeHint().width() + 34 + box.tools.sizeHint().width()
    for wide, words, below in (
        (least, "Insert article", False),
        (least - 10, "", False),
        (least - 150, "Insert article", True),
    ):
        box.resize(wide, box.height())
        assert box.tools.isVisible()
        assert (box.article.text(), box.maximumHeight() > high) == (words, below)
    page.head.menu.aboutToShow.emit()
    said = {action.text(): action for action in page.head.menu.actions()}
    assert {"Canned answer…", "Macro…", "Attach files", "Insert article"} <= said.keys()
    asked: list[bool] = []
    box.article_asked.connect(lambda: asked.append(True))
    said["Insert article"].trigger()
    assert asked == [True]


def test_the_contact_of_a_ticket_is_called_by_one_click(
    page: TicketsPage, app: App, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialled: list[str] = []
    monkeypatch.setattr(
        "crm_desktop.ui.dialling.QDesktopServices.openUrl", lambda url: dialled.append(url.toString())
    )
    customer = records.page(app.replica, ListQuery(entity="customer", limit=1)).rows[0]
    contact = records.create(
        app.replica, "contact", {"name": "Ann Lee", "customer_id": customer.id, "phone": "+44 20 7946 0001"}
    ).value
    given = {"subject": "Pump stops", "customer_id": customer.id, "contact_id": contact.id}
    made = tickets.create(app.replica, given, "It stops.").value
    page.show_place(Place(page="tickets", record_id=made.id))
    _shown(page, qtbot, made.id, 1)
    assert page.facts.call.text() == "Call Ann Lee"
    page.facts.call.click()
    assert dialled == ["tel:+442079460001"]


def test_a_long_name_leaves_the_time_of_a_message_in_sight(look: QApplication, qtbot: QtBot) -> None:
    row = MessageRow(
        id="m",
        author="Wolfeschlegel " * 12,
        body="Yes.",
        internal=False,
        from_customer=True,
        written_at=0,
        not_sent=False,
    )
    view = MessageView(row, editable=False)
    qtbot.addWidget(view)
    view.resize(612, 80)
    view.show()
    assert view.when.geometry().right() <= view.width() - 24


def test_a_narrow_reply_box_leaves_out_its_remark_rather_than_cutting_it(
    page: TicketsPage, app: App, qtbot: QtBot
) -> None:
    _open(page, app, qtbot)
    page.box.resize(900, page.box.height())
    assert not page.box.where.isHidden()
    page.box.resize(page.box.send.sizeHint().width() + page.box.close_too.sizeHint().width() + 60, 170)
    assert page.box.where.isHidden()


def test_all_views_of_the_queue_are_in_sight(page: TicketsPage, app: App, qtbot: QtBot) -> None:
    _open(page, app, qtbot)
    tabs = page.queue.tabs
    assert tabs.tabRect(tabs.count() - 1).right() <= tabs.width()
    assert page.queue.width() == 304


def test_a_note_is_kept_among_colleagues_and_stops_no_clock(
    page: TicketsPage, app: App, qtbot: QtBot
) -> None:
    ticket_id = _open(page, app, qtbot)
    _press(Qt.Key.Key_N)
    assert page.box.internal
    _type("Same as last spring.")
    assert not page.box.close_too.isVisible()
    _press(Qt.Key.Key_Return, CONTROL)
    _shown(page, qtbot, ticket_id, 2)
    view = tickets.view(app.replica, ticket_id)
    assert view.messages[-1].internal
    assert view.ticket["status"] == "new"
    assert view.clock is Clock.REPLY


def test_ctrl_enter_answers_and_closes(page: TicketsPage, app: App, qtbot: QtBot) -> None:
    ticket_id = _open(page, app, qtbot)
    _press(Qt.Key.Key_R)
    _type("Solved by a new bearing.")
    _press(Qt.Key.Key_Return, CONTROL)
    _shown(page, qtbot, ticket_id, 2)
    qtbot.waitUntil(lambda: page.queue.model.row_of(ticket_id) < 0, timeout=WAIT_MS)
    view = tickets.view(app.replica, ticket_id)
    assert view.ticket["status"] == "solved"
    assert view.clock is Clock.NONE


def test_a_message_not_sent_is_changed_in_its_place(page: TicketsPage, app: App, qtbot: QtBot) -> None:
    ticket_id = _open(page, app, qtbot)
    tickets.reply(app.replica, ticket_id, "We come tomorow.")
    _shown(page, qtbot, ticket_id, 2)
    page.queue.rows.setFocus()
    _press(Qt.Key.Key_E)
    assert page.talk.views[-1].editing
    _press(Qt.Key.Key_A, CONTROL)
    _type("We come tomorrow.")
    _press(Qt.Key.Key_Return, CONTROL)
    qtbot.waitUntil(
        lambda: tickets.view(app.replica, ticket_id).messages[-1].body == "We come tomorrow.", timeout=WAIT_MS
    )
    assert page.talk.views[-1].body.text() == "We come tomorrow."


def test_letters_typed_in_a_reply_are_text_and_no_keys(page: TicketsPage, app: App, qtbot: QtBot) -> None:
    _open(page, app, qtbot)
    _press(Qt.Key.Key_R)
    _type("rnsgp")
    assert page.box.text == "rnsgp"
    assert page.menu is None
    assert not page.box.internal


def test_what_is_begun_stands_there_again_when_the_ticket_is_shown(
    page: TicketsPage, app: App, qtbot: QtBot
) -> None:
    ticket_id = _open(page, app, qtbot)
    page.box.begin(internal=False)
    _type("Half an ans")
    other = next(row.id for row in tickets.queue(app.replica, Queue.ALL) if row.id != ticket_id)
    page.show_place(Place(page="tickets", record_id=other))
    qtbot.waitUntil(lambda: page.view is not None and page.view.ticket.id == other, timeout=WAIT_MS)
    assert page.box.text == ""
    page.show_place(Place(page="tickets", record_id=ticket_id))
    _shown(page, qtbot, ticket_id, 1)
    assert page.box.text == "Half an ans"


def test_state_and_assignee_are_changed_by_keys_and_taken_back(
    page: TicketsPage, app: App, qtbot: QtBot
) -> None:
    ticket_id = _open(page, app, qtbot)
    notices: list[Any] = []
    page.context.notice.connect(notices.append)
    _press(Qt.Key.Key_S)
    assert page.menu is not None
    waiting = next(each for each in page.menu.actions() if each.text() == "Waits for customer")
    page.menu.close()
    waiting.trigger()
    qtbot.waitUntil(lambda: _value(app, ticket_id, "status") == "waiting", timeout=WAIT_MS)
    qtbot.waitUntil(lambda: bool(notices), timeout=WAIT_MS)
    notices[-1].act()
    qtbot.waitUntil(lambda: _value(app, ticket_id, "status") == "new", timeout=WAIT_MS)
    # The platform of the tests gives the activation back to nobody when a menu closes.
    show_active(qtbot, page)
    page.queue.rows.setFocus()
    _press(Qt.Key.Key_G)
    qtbot.waitUntil(lambda: page.menu is not None and page.menu.isVisible(), timeout=WAIT_MS)
    nobody = next(each for each in page.menu.actions() if each.text() == "Nobody yet")
    page.menu.close()
    nobody.trigger()
    qtbot.waitUntil(lambda: _value(app, ticket_id, "assignee_id") is None, timeout=WAIT_MS)


def test_a_ticket_is_opened_with_the_form_by_keyboard(page: TicketsPage, app: App, qtbot: QtBot) -> None:
    page.show_place(Place(page="tickets", options={"new": True}))
    form = page.form
    assert has_keyboard(form.customer)
    form.make.click()
    assert show(form.subject_field.error) == "Say in a few words what it is about"
    form.subject.setFocus()
    _type("Gateway is offline")
    form.message.setFocus()
    _type("Since Monday.")
    _press(Qt.Key.Key_Return, CONTROL)
    qtbot.waitUntil(
        lambda: page.view is not None and page.view.ticket["subject"] == "Gateway is offline",
        timeout=WAIT_MS,
    )
    assert page.view is not None
    assert page.view.messages[0].from_customer
    made = page.view.ticket.id
    qtbot.waitUntil(lambda: page.queue.model.row_of(made) >= 0, timeout=WAIT_MS)


def test_the_buttons_say_whether_an_answer_goes_out_now(page: TicketsPage, app: App, qtbot: QtBot) -> None:
    _open(page, app, qtbot)
    assert page.box.send.text() == "Queue reply"
    page.context.on_sync_status(Status(phase=Phase.IDLE))
    qtbot.waitUntil(lambda: page.box.send.text() == "Send", timeout=WAIT_MS)
    page.context.on_sync_status(Status(phase=Phase.OFFLINE))
    qtbot.waitUntil(lambda: page.box.send.text() == "Queue reply", timeout=WAIT_MS)


def test_the_tabs_count_and_show_their_tickets(page: TicketsPage, app: App, qtbot: QtBot) -> None:
    page.show_place(Place(page="tickets", options={"queue": "unassigned"}))
    counts = tickets.counts(app.replica)
    qtbot.waitUntil(lambda: page.queue.model.rowCount() == counts[Queue.UNASSIGNED] > 0, timeout=WAIT_MS)
    assert page.queue.tabs.accessibleTabName(3) == f"All {counts[Queue.ALL]}"


def test_an_empty_queue_says_so(look: QApplication, tmp_path: Any, qtbot: QtBot) -> None:
    app = empty_app(tmp_path)
    pages = _page_of(app, qtbot)
    page = next(pages)
    page.show_place(Place(page="tickets"))
    qtbot.waitUntil(page.nothing.isVisible, timeout=WAIT_MS)
    assert page.nothing.line.text() == "No ticket waits for you"
    page.queue.tabs.choose("all")
    page.queue.tab_chosen.emit(page.queue.queue)
    qtbot.waitUntil(lambda: page.nothing.line.text() == "No open tickets", timeout=WAIT_MS)
    said = [each for each in page.findChildren(EmptyState) if each.isVisible()]
    assert said == [page.nothing], "an empty queue beside an empty conversation says one thing"
    assert next(pages, None) is None
    app.close()


def test_a_clock_says_by_icon_and_word_how_a_promise_stands() -> None:
    now = 1_000_000_000_000
    late = deadline(Clock.REPLY, now - 20 * 60_000, now)
    near = deadline(Clock.REPLY, now + 46 * 60_000, now)
    far = deadline(Clock.SOLVE, now + 3 * 86_400_000, now)
    assert (late.icon, late.color, show(late.left)) == ("overdue", "bad", "20 min late")
    assert (near.icon, near.color, show(near.left)) == ("clock", "warn", "46 min")
    assert (far.icon, far.color, show(far.left)) == ("clock", "text", "3 d")
    assert deadline(Clock.PAUSED, None, now).icon == "pause"


def test_the_page_speaks_chinese_at_once(page: TicketsPage, app: App, qtbot: QtBot) -> None:
    _open(page, app, qtbot)
    translator().use("zh_CN")
    qtbot.waitUntil(lambda: page.queue.title.text() == "工单", timeout=WAIT_MS)
    assert page.box.send.text() == "排队回复"


def test_every_control_has_a_name(page: TicketsPage, app: App, qtbot: QtBot) -> None:
    _open(page, app, qtbot)
    nameless = [
        widget
        for widget in page.findChildren(QWidget)
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and widget.isVisible()
        and not (widget.accessibleName() or getattr(widget, "text", str)())
    ]
    assert not nameless


def _value(app: App, ticket_id: str, field: str) -> Any:
    return records.get(app.replica, "ticket", ticket_id).get(field)


def test_who_complains_often_is_marked_beside_the_ticket_and_in_the_list_of_customers(
    page: TicketsPage, app: App, qtbot: QtBot
) -> None:
    wanted = Condition(field="feedback", op=Op.EQUAL, value="complains")
    customer = records.page(app.replica, ListQuery(entity="customer", conditions=(wanted,), limit=1)).rows[0]
    ticket = tickets.create(app.replica, {"subject": "Again", "customer_id": customer.id}).value
    page.show_place(Place(page="tickets", record_id=ticket.id))
    _shown(page, qtbot, ticket.id, 0)
    chip, why = page.facts.feedback, page.facts.feedback_why
    assert chip.isVisible()
    assert (chip.accessibleName(), "complaints" in why.text()) == ("Complains often", True)
    setup = lists.setup_of(app.replica, "customer")
    column = columns_of("customer", setup, (), ("name", "feedback"))["feedback"]
    cell = column.cell(Row(record=customer, titles={}))
    assert (column.kind, cell.text) == (CellKind.STATUS, "Complains often")
    assert cell.value == CellStatus(text="Complains often", tone=Tone.BAD)
    ticket_id = _open(page, app, qtbot)
    other = records.get(
        app.replica, "customer", str(tickets.view(app.replica, ticket_id).ticket["customer_id"])
    )
    assert chip.isVisible() is bool(other.get("feedback"))


def test_who_else_answers_is_said_over_the_box_while_one_is_in_reach_of_hq(
    page: TicketsPage, app: App, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, bool]] = []
    users = records.page(app.replica, ListQuery(entity="user")).rows
    li, name = next((each.id, each["name"]) for each in users if each.id != app.replica.person.user_id)
    others: list[str] = [li]

    def tell(_line: object, ticket_id: str, *, writes: bool) -> tuple[str, ...]:
        asked.append((ticket_id, writes))
        return tuple(others)

    monkeypatch.setattr(AnsweringLine, "tell", tell)
    ticket_id = _open(page, app, qtbot)
    assert not asked, "without HQ nobody is asked"
    page.context._on_synced(Status(phase=Phase.IDLE))
    qtbot.waitUntil(page.answering.line.isVisible, timeout=WAIT_MS)
    assert page.answering.words.text() == f"{name} is answering"
    _press(Qt.Key.Key_N)
    _type("Among us")
    page.box.input.clear()
    assert (ticket_id, True) not in asked, "a note is no answer"
    others.clear()
    _press(Qt.Key.Key_Escape)
    _press(Qt.Key.Key_R)
    _type("H")
    qtbot.waitUntil(lambda: asked[-1] == (ticket_id, True), timeout=WAIT_MS)
    qtbot.waitUntil(page.answering.line.isHidden, timeout=WAIT_MS)
    others.append(li)
    _type("i")
    page.box.input.clear()
    qtbot.waitUntil(lambda: asked[-1] == (ticket_id, False), timeout=WAIT_MS)
    qtbot.waitUntil(page.answering.line.isVisible, timeout=WAIT_MS)
    page.context._on_synced(Status(phase=Phase.OFFLINE))
    assert page.answering.line.isHidden(), "nothing is said that may be old"


def test_an_answer_that_was_held_is_sent_or_left_by_its_writer(look: QApplication, qtbot: QtBot) -> None:
    row = MessageRow(
        id="1",
        body="Mine",
        author="Lin",
        internal=False,
        from_customer=False,
        written_at=0,
        not_sent=False,
        is_held=True,
    )
    view = MessageView(row, editable=True)
    qtbot.addWidget(view)
    decided: list[tuple[str, bool]] = []
    view.decided.connect(lambda record_id, send: decided.append((record_id, send)))
    assert view.send_held is not None
    assert view.drop_held is not None
    view.send_held.click()
    view.drop_held.click()
    assert decided == [("1", True), ("1", False)]
    assert MessageView(row, editable=False).send_held is None


def test_a_canned_answer_a_macro_and_a_split_are_chosen_by_key(
    page: TicketsPage, app: App, qtbot: QtBot
) -> None:
    ticket_id = _open(page, app, qtbot)
    answer = {"name": "Thanks", "kind": "answer", "engine": "mail", "language": "en"}
    records.create(app.replica, "document_template", {**answer, "body": "About {{ ticket.subject }}"})
    records.create(app.replica, "macro", {"name": "Urgent", "changes": {"priority": "urgent"}})

    QTest.keyClick(page.queue.rows, Qt.Key.Key_C)
    _choose(page, qtbot, "Thanks")
    qtbot.waitUntil(lambda: page.box.text == "About Pump hums", timeout=WAIT_MS)
    page.box.send.click()
    _shown(page, qtbot, ticket_id, 2)
    page.queue.rows.setFocus()
    QTest.keyClick(page.queue.rows, Qt.Key.Key_M)
    _choose(page, qtbot, "Urgent")
    qtbot.waitUntil(
        lambda: tickets.view(app.replica, ticket_id).ticket.get("priority") == "urgent", timeout=WAIT_MS
    )
    page.deeds.do("split")
    _choose(page, qtbot, "About Pump hums")
    qtbot.waitUntil(lambda: page._ticket_id not in (None, ticket_id), timeout=WAIT_MS)
    assert len(tickets.view(app.replica, ticket_id).messages) == 1


def _choose(page: TicketsPage, qtbot: QtBot, text: str) -> None:
    qtbot.waitUntil(lambda: page.menu is not None and page.menu.isVisible(), timeout=WAIT_MS)
    assert page.menu is not None
    next(action for action in page.menu.actions() if action.text() == text).trigger()
    page.menu.close()


def test_the_next_ticket_is_taken_out_of_a_teams_queue_by_a_key(
    page: TicketsPage, app: App, qtbot: QtBot
) -> None:
    me = app.replica.person.user_id
    team = records.create(app.replica, "team", {"name": "Field", "manager_id": me}).value.id
    role = records.create(app.replica, "role", {"name": "x", "rights": {}}).value.id
    records.create(app.replica, "user", {"name": "Fay", "role_id": role, "team_id": team})
    made = tickets.create(app.replica, {"subject": "Queued", "assignee_id": None, "team_id": team}).value.id
    page.show_place(Place(page="tickets", options={"queue": Queue.UNASSIGNED.value}))
    qtbot.waitUntil(lambda: team in page.queue.teams.chips, timeout=WAIT_MS)
    assert page.queue.teams.chips[team].text() == "Field 1"
    page.queue.teams.chips[team].click()
    qtbot.waitUntil(lambda: page.queue.model.rowCount() == 1, timeout=WAIT_MS)
    page.queue.rows.setFocus()
    _press(Qt.Key.Key_T)
    _shown(page, qtbot, made, 0)
    assert page.queue.queue is Queue.MINE
    assert records.get(app.replica, "ticket", made)["assignee_id"] == me
    page.show_place(Place(page="tickets", options={"queue": Queue.UNASSIGNED.value}))
    qtbot.waitUntil(lambda: "Field 0" in [c.text() for c in page.queue.teams.chips.values()], timeout=WAIT_MS)
    page.show_place(Place(page="tickets", record_id=made))
    _shown(page, qtbot, made, 0)
    page.queue.rows.setFocus()
    _press(Qt.Key.Key_G)
    qtbot.waitUntil(lambda: page.menu is not None, timeout=WAIT_MS)
    assert page.menu is not None
    words = [action.text() for action in page.menu.actions()]
    assert "Queue of Field · 0 waiting" in words
    assert not any(each.startswith("Fay") for each in words), "her role answers no tickets"
    page.menu.actions()[words.index("Queue of Field · 0 waiting")].trigger()
    page.menu.close()
    qtbot.waitUntil(lambda: page.view is not None and not page.view.assignee_name, timeout=WAIT_MS)
    assert page.view is not None
    assert records.get(app.replica, "ticket", made)["team_id"] == team


def test_a_colleague_is_asked_in_the_ticket_and_the_question_withdrawn(
    page: TicketsPage, app: App, qtbot: QtBot
) -> None:
    colleague = next(
        row
        for row in records.page(app.replica, ListQuery(entity="user")).rows
        if row.id != app.replica.person.user_id and row["role_id"] is None
    )
    ticket_id = _open(page, app, qtbot)
    _press(Qt.Key.Key_A)
    assert has_keyboard(page.box.colleague)
    page.box.colleague.link(colleague.id, colleague.title)
    page.box.colleague.edited.emit()
    assert has_keyboard(page.box.input)
    assert not page.box.send.isEnabled()
    _type("Did they pay?")
    page.box.send.click()
    _shown(page, qtbot, ticket_id, 2)
    assert page.head.waits.isVisible()
    assert page.talk.views[-1].row.asks == colleague.title
    page.talk.views[-1].withdraw.click()
    _shown(page, qtbot, ticket_id, 1)
    assert not page.head.waits.isVisible()


def test_who_is_asked_reads_the_ticket_and_writes_his_answer_alone(
    page: TicketsPage, app: App, qtbot: QtBot
) -> None:
    me = app.replica.person.user_id
    ticket_id = _open(page, app, qtbot)
    values = {"ticket_id": ticket_id, "asked_id": me, "question": "Can you come?"}
    records.create(app.replica, "ticket_question", values)
    _shown(page, qtbot, ticket_id, 2)
    qtbot.waitUntil(lambda: page.view is not None and page.view.mine is not None, timeout=WAIT_MS)
    _press(Qt.Key.Key_A)
    assert has_keyboard(page.box.input)
    assert page.box.colleague.isHidden()
    _type("Yes, on Friday")
    page.box.send.click()
    _shown(page, qtbot, ticket_id, 3)
    assert page.talk.views[-1].row.is_answer
    page.box.show_asker("Lin", only=True)
    assert page.box.tabs.count() == 1
    assert page.box.asks
    page.box.show_asker("", only=False)
    assert page.box.tabs.count() == 3


def test_what_the_customer_answered_stands_with_the_facts_and_asking_can_be_turned_off(
    page: TicketsPage, app: App, qtbot: QtBot
) -> None:
    bad = Condition(field="satisfaction", op=Op.EQUAL, value=25)
    ticket_id = records.page(app.replica, ListQuery(entity="ticket", conditions=(bad,))).rows[0].id
    page.show_place(Place(page="tickets", record_id=ticket_id))
    qtbot.waitUntil(lambda: page.view is not None and page.view.ticket.id == ticket_id, timeout=WAIT_MS)
    assert page.view is not None
    (answer,) = page.view.answers
    said = [label.text() for label in page.facts.satisfaction.findChildren(QLabel)]
    assert {"2 of 5", answer.words} <= set(said)
    page.deeds.do("survey")
    qtbot.waitUntil(
        lambda: records.get(app.replica, "ticket", ticket_id).get("no_survey") is True, timeout=WAIT_MS
    )
    qtbot.waitUntil(
        lambda: page.view is not None and bool(page.view.ticket.get("no_survey")), timeout=WAIT_MS
    )
    page.head.menu.aboutToShow.emit()
    assert "Let the customer be asked how satisfied" in [each.text() for each in page.head.menu.actions()]
    _open(page, app, qtbot)
    assert page.facts.satisfaction.isHidden(), "nobody was asked about a new ticket"


def test_a_category_is_found_in_the_tree_by_typing(page: TicketsPage, app: App, qtbot: QtBot) -> None:
    meters = records.create(app.replica, "ticket_category", {"name": "Meters"}).value.id
    zero = records.create(app.replica, "ticket_category", {"name": "Zeroing", "parent_id": meters}).value.id
    ticket_id = _open(page, app, qtbot)
    _press(Qt.Key.Key_Y)
    qtbot.waitUntil(lambda: page.relations.dialog is not None, timeout=WAIT_MS)
    dialog = page.relations.dialog
    assert isinstance(dialog, CategoryDialog)
    dialog.search.setText("zero")
    current = dialog.tree.currentItem()
    assert current is not None
    assert current.text(0) == "Zeroing"
    shown = [item.text(0) for item in dialog._items.values() if not item.isHidden()]
    assert shown == ["Meters", "Zeroing"], "with what it is within"
    QTest.keyClick(dialog.search, Qt.Key.Key_Return)
    qtbot.waitUntil(
        lambda: records.get(app.replica, "ticket", ticket_id)["category_id"] == zero, timeout=WAIT_MS
    )
    qtbot.waitUntil(
        lambda: page.view is not None and page.view.around.category == "Meters › Zeroing", timeout=WAIT_MS
    )


def test_the_product_is_chosen_and_its_warranty_stands_in_the_head(
    page: TicketsPage, app: App, qtbot: QtBot
) -> None:
    ticket_id = _open(page, app, qtbot)
    customer = records.get(app.replica, "ticket", ticket_id)["customer_id"]
    values = {"name": "Pump", "customer_id": customer, "serial": "S-1", "warranty_until": "2099-01-31"}
    held = records.create(app.replica, "installed_product", values).value.id
    _press(Qt.Key.Key_O)
    qtbot.waitUntil(lambda: page.menu is not None, timeout=WAIT_MS)
    assert page.menu is not None
    words = [action.text() for action in page.menu.actions()]
    place = next(n for n, each in enumerate(words) if each.startswith("Pump · S-1 · in warranty until"))
    page.menu.actions()[place].trigger()
    page.menu.close()
    qtbot.waitUntil(
        lambda: records.get(app.replica, "ticket", ticket_id)["installed_id"] == held, timeout=WAIT_MS
    )
    qtbot.waitUntil(lambda: page.head.warranty[Tone.GOOD].isVisible(), timeout=WAIT_MS)
    records.update(app.replica, "installed_product", held, {"warranty_until": "2020-01-31"})
    page.refresh()
    qtbot.waitUntil(lambda: page.head.warranty[Tone.WARN].isVisible(), timeout=WAIT_MS)
    assert not page.head.warranty[Tone.GOOD].isVisible()


def test_ending_a_ticket_asks_what_becomes_of_its_open_parts(
    page: TicketsPage, app: App, qtbot: QtBot
) -> None:
    ticket_id = _open(page, app, qtbot)
    page.relations.do("part")
    dialog = page.relations.dialog
    assert isinstance(dialog, LineDialog)
    dialog.on_done()
    assert dialog.field.error
    dialog.line.setText("Order a seal")
    dialog.on_done()
    qtbot.waitUntil(lambda: page.view is not None and page.view.around.parent is not None, timeout=WAIT_MS)
    assert page.view is not None
    part = page.view.ticket.id
    page.show_place(Place(page="tickets", record_id=ticket_id))
    _shown(page, qtbot, ticket_id, 1)
    qtbot.waitUntil(lambda: page.facts.parts.isVisible(), timeout=WAIT_MS)
    page.box.begin(internal=False)
    page.box.insert("Done.")
    page.box.input.accepted.emit()
    assert page.menu is not None
    page.menu.close()
    qtbot.waitUntil(lambda: page.menu is None, timeout=WAIT_MS)
    assert page.box.text == "Done.", "Esc ends nothing"
    assert records.get(app.replica, "ticket", ticket_id)["status"] == "new"
    page.box.input.accepted.emit()
    assert page.menu is not None
    page.menu.actions()[0].trigger()
    page.menu.close()
    for each in (ticket_id, part):
        qtbot.waitUntil(
            lambda each=each: records.get(app.replica, "ticket", each)["status"] == "solved", timeout=WAIT_MS
        )


def test_a_new_ticket_knows_its_product_by_serial_number_and_may_be_left_to_hq(
    page: TicketsPage, app: App, qtbot: QtBot
) -> None:
    customer = records.page(app.replica, ListQuery(entity="customer", limit=1)).rows[0]
    values = {"name": "Gauge", "customer_id": customer.id, "serial": "G-77", "warranty_until": "2020-05-31"}
    held = records.create(app.replica, "installed_product", values).value.id
    page.show_place(Place(page="tickets", options={"new": True}))
    form = page.form
    form.product.link(held, "Gauge")
    form.product.edited.emit()
    qtbot.waitUntil(lambda: form.customer.record_id == customer.id, timeout=WAIT_MS)
    assert form.warranty.text().startswith("out of warranty since")
    form.hands.setCurrentIndex(form.hands.findData("hq"))
    form.subject.setText("Shows nothing")
    form._on_make_clicked()
    qtbot.waitUntil(
        lambda: page.view is not None and page.view.ticket.get("subject") == "Shows nothing", timeout=WAIT_MS
    )
    assert page.view is not None
    ticket = page.view.ticket
    assert (ticket["installed_id"], ticket["customer_id"], ticket["assignee_id"]) == (held, customer.id, None)
    assert page.view.awaits_rules
