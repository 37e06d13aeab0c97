"""A quote mailed and signed in the window: by keys, by drawing, with what is wrong said at its place."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from crm_desktop.assembly import App
from crm_desktop.documents import sent_file
from crm_desktop.models import state
from crm_desktop.models.state import Key
from crm_desktop.services import outgoing, quotes, records
from crm_desktop.services.timeline import ItemKind, timeline
from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.pages.quotes import QuotesPage
from crm_desktop.ui.quotes.outgoing_panel import OutgoingPanel
from crm_desktop.ui.tasks import Tasks
from tests.support.desktop import empty_app
from tests.support.windows import WAIT_MS, show_active


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Give a profile whose HQ has a public address."""
    made = empty_app(tmp_path_factory.mktemp("out"))
    with made.replica.applying() as session:
        state.write(session, {Key.SETTINGS: {"public_url": "https://hq.example", "company": "Blue Heron"}})
    yield made
    made.close()


@pytest.fixture
def page(look: QApplication, app: App, qtbot: QtBot) -> Iterator[QuotesPage]:
    """Give the page in a window."""
    tasks = Tasks()
    context = Context(app, tasks)
    shown = QuotesPage(context, ActionRegistry())
    context.go.connect(shown.show_place)
    shown.resize(1300, 824)
    qtbot.addWidget(shown)
    show_active(qtbot, shown)
    yield shown
    qtbot.waitUntil(lambda: not tasks.busy, timeout=WAIT_MS)
    app.replica.on_changed.remove(context._committed.emit)
    tasks.close()


def sent_quote(app: App) -> str:
    replica = app.replica
    customer = records.create(replica, "customer", {"name": "Kontor 康拓"}).value.id
    ann = {"name": "Ann Moss", "email": "ann@kontor.example", "customer_id": customer}
    records.create(replica, "contact", ann)
    quote = quotes.create(replica, {"customer_id": customer, "currency": "CNY"}).value.id
    quotes.add_line(replica, quote, {"description": "泵", "quantity": "1", "unit_price": 100_00})
    sent_file.send(replica, "quote", quote, "en")
    return quote


def opened(page: QuotesPage, quote: str, qtbot: QtBot) -> None:
    page.show_place(Place(page="quotes", record_id=quote))
    qtbot.waitUntil(lambda: page.editor.view is not None and page.editor.quote_id == quote, timeout=WAIT_MS)


def test_a_mail_is_written_with_the_templates_text_and_what_is_wrong_is_said(
    page: QuotesPage, app: App, qtbot: QtBot
) -> None:
    quote = sent_quote(app)
    opened(page, quote, qtbot)
    qtbot.waitUntil(page.editor.states.out.isVisible, timeout=WAIT_MS)
    page.editor.states.ways["mail"].trigger()
    form = page.editor.going_out.mail_form
    assert form is not None
    qtbot.waitUntil(form.send.isEnabled, timeout=WAIT_MS)
    assert form.to.text() == "Ann Moss <ann@kontor.example>"
    assert "https://hq.example/a/" in form.body.toPlainText()
    form.to.setText("nobody")
    QTest.keyClick(form.to, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: bool(form.fields["recipients"].error), timeout=WAIT_MS)
    assert form.isVisible()
    assert not outgoing.outgoing_of(app.replica, "quote", quote).mails
    form.to.clear()
    form.known.setCurrentIndex(1)
    form.known.activated.emit(1)
    QTest.keyClick(form.to, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: not page.editor.going_out.is_open, timeout=WAIT_MS)
    (mail,) = outgoing.outgoing_of(app.replica, "quote", quote).mails
    qtbot.waitUntil(page.editor.outgoing.isVisible, timeout=WAIT_MS)
    assert page.editor.outgoing.bar.accessibleName().startswith("Queued Waits on this laptop")
    assert (mail.state, mail.mail["recipients"]) == ("queued", "Ann Moss <ann@kontor.example>")
    panel = OutgoingPanel(page.context, "quote")
    qtbot.addWidget(panel)
    panel.show_record(quote)
    qtbot.waitUntil(lambda: len(panel.rows) == 2, timeout=WAIT_MS)
    assert panel.rows[0].title.text().endswith("ann@kontor.example>")
    customer = str(records.get(app.replica, "quote", quote)["customer_id"])
    shown = timeline(app.replica, customer, {ItemKind.MAIL})
    assert [item.record_id for item in shown.items] == [quote]
    assert shown.counts[ItemKind.MAIL] == 1
    outgoing.withdraw(app.replica, mail.mail.id)
    qtbot.waitUntil(lambda: "Withdrawn" in panel.rows[0].title.text(), timeout=WAIT_MS)


def test_a_customer_signs_by_keys_alone(page: QuotesPage, app: App, qtbot: QtBot) -> None:
    quote = sent_quote(app)
    opened(page, quote, qtbot)
    page.editor.states.ways["sign"].trigger()
    form = page.editor.going_out.sign_form
    assert form is not None
    qtbot.waitUntil(form.accept.isEnabled, timeout=WAIT_MS)
    assert form.name.hasFocus()
    form.accept.click()
    assert form.note.isVisible()
    form.name.setFocus()
    QTest.keyClicks(form.name, "Ann Moss")
    seen = []
    for _ in range(6):
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        seen.append(QApplication.focusWidget())
        if QApplication.focusWidget() is form.agreed:
            break
    assert seen[-1] is form.agreed
    QTest.keyClick(form.agreed, Qt.Key.Key_Space)
    QTest.keyClick(form.agreed, Qt.Key.Key_Tab)
    assert QApplication.focusWidget() is form.accept
    QTest.keyClick(form.accept, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: not page.editor.going_out.is_open, timeout=WAIT_MS)
    assert records.get(app.replica, "quote", quote)["status"] == "accepted"
    (row,) = outgoing.outgoing_of(app.replica, "quote", quote).signatures
    kept = sent_file.sent_file(app.replica, "quote", quote)
    assert kept is not None
    assert (row.name, row.verdict, row.on_page, row.sealed_ms) == ("Ann Moss", "accepted", False, None)
    assert (row.signature["sha256"], row.signature["way"]) == (kept.sha256, "typed")
    qtbot.waitUntil(lambda: not page.editor.states.ways["sign"].isVisible(), timeout=WAIT_MS)
    told = "Accepted by Ann Moss Not yet sealed by headquarters"
    qtbot.waitUntil(lambda: page.editor.outgoing.bar.accessibleName() == told, timeout=WAIT_MS)


def test_a_customer_draws_a_signature_or_declines_with_a_reason(
    page: QuotesPage, app: App, qtbot: QtBot
) -> None:
    quote = sent_quote(app)
    opened(page, quote, qtbot)
    page.editor.going_out.go("sign")
    form = page.editor.going_out.sign_form
    assert form is not None
    qtbot.waitUntil(form.accept.isEnabled, timeout=WAIT_MS)
    form.name.setText("Ann Moss")
    form.drawn.setChecked(True)
    form.agreed.setChecked(True)
    form.accept.click()
    qtbot.waitUntil(lambda: bool(form.fields["strokes"].error), timeout=WAIT_MS)
    left, there = Qt.MouseButton.LeftButton, QPoint(30, 60)
    QTest.mousePress(form.pad, left, pos=there)
    for step in range(1, 9):
        QTest.mouseMove(form.pad, QPoint(30 + 30 * step, 60 + (25 if step % 2 else -25)))
    QTest.mouseRelease(form.pad, left, pos=QPoint(270, 35))
    assert len(form.pad.strokes) == 1
    drawn = form.pad.strokes
    form.accept.click()
    qtbot.waitUntil(lambda: not page.editor.going_out.is_open, timeout=WAIT_MS)
    (row,) = outgoing.outgoing_of(app.replica, "quote", quote).signatures
    assert row.signature["strokes"] == [[number for point in drawn[0] for number in point]]

    other = sent_quote(app)
    opened(page, other, qtbot)
    page.editor.going_out.go("sign")
    qtbot.waitUntil(form.decline.isEnabled, timeout=WAIT_MS)
    form.name.setText("Ann Moss")
    form.decline.click()
    qtbot.waitUntil(lambda: bool(form.fields["reason"].error), timeout=WAIT_MS)
    form.reason.setText("Too dear")
    form.decline.click()
    qtbot.waitUntil(lambda: not page.editor.going_out.is_open, timeout=WAIT_MS)
    assert records.get(app.replica, "quote", other)["status"] == "declined"
    assert outgoing.outgoing_of(app.replica, "quote", other).signatures[0].reason == "Too dear"
