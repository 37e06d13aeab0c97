"""Contracts and orders mailed, linked and signed in the window, the very PDF beside the form."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from crm_desktop.documents import sent_file
from crm_desktop.models import state
from crm_desktop.models.state import Key
from crm_desktop.services import contracts, orders, outgoing, records
from crm_desktop.ui.context import Place
from crm_desktop.ui.orders.document_panel import DocumentPanel
from crm_desktop.ui.orders.forms import DOCUMENT, SheetForm
from crm_desktop.ui.pages.agreed import ContractsPage, OrdersPage, SheetsPage
from crm_desktop.ui.translate import show
from tests.support.desktop import empty_app
from tests.support.stage import Stage, staged
from tests.support.windows import WAIT_MS
from tests.ui.pages.test_orders import draw, sent_quote


@pytest.fixture
def stage(look: QApplication, qtbot: QtBot, tmp_path: Path) -> Iterator[Stage]:
    app = empty_app(tmp_path)
    with app.replica.applying() as session:
        state.write(session, {Key.SETTINGS: {"public_url": "https://hq.example", "company": "蓝鹭"}})
    with staged(qtbot, app) as made:
        yield made


def opened(stage: Stage, entity: str) -> tuple[SheetForm, str]:
    """Show a draft made of a quote."""
    replica, quote = stage.app.replica, sent_quote(stage)
    if entity == "contract":
        record = contracts.from_quote(replica, quote).value
        values = {"contract_id": record.id, "title": "期限", "body": "一年"}
        records.create(replica, "contract_clause", values)
    else:
        record = orders.from_quote(replica, quote).value
    page: SheetsPage = (ContractsPage if entity == "contract" else OrdersPage)(stage.context, stage.actions)
    stage.show(page)
    page.show_place(Place(page=f"{entity}s", record_id=record.id))
    stage.settle()
    form = page.form
    assert isinstance(form, SheetForm)
    return form, record.id


def go(stage: Stage, form: SheetForm, name: str) -> DocumentPanel:
    """Choose a line of the button's menu."""
    assert form.steps is not None
    menu = form.steps.buttons["Send or sign…"].menu()
    texts = [each.text() for each in menu.actions()]
    menu.actions()[texts.index(name)].trigger()
    stage.settle()
    panel = form.tabs.further[DOCUMENT]
    assert isinstance(panel, DocumentPanel)
    return panel


@pytest.mark.parametrize(("entity", "sends"), [("contract", "send"), ("order", "confirm")])
def test_it_goes_out_by_mail_and_link_and_is_signed_here(
    stage: Stage, qtbot: QtBot, entity: str, sends: str
) -> None:
    replica = stage.app.replica
    form, record_id = opened(stage, entity)
    assert form.steps is not None
    assert "Send or sign…" not in form.steps.buttons, "a draft"
    form.steps.buttons[sends].click()
    stage.settle()
    kept = sent_file.sent_file(replica, entity, record_id)
    assert kept is not None
    panel = go(stage, form, "Send by e-mail…")
    mail = panel.going_out.mail_form
    assert mail is not None
    qtbot.waitUntil(mail.send.isEnabled, timeout=WAIT_MS)
    assert "https://hq.example/a/" in mail.body.toPlainText()
    draw(stage, f"{entity}-mail")
    mail.to.setText("ann@kontor.example")
    mail.send.click()
    qtbot.waitUntil(lambda: not panel.going_out.is_open, timeout=WAIT_MS)
    stage.settle()
    assert form.outgoing.isVisible()
    go(stage, form, "Link for the customer")
    url = QGuiApplication.clipboard().text()
    assert sent_file.link_to(replica, entity, record_id, "en").value == url
    go(stage, form, "Sign here…")
    sign = panel.going_out.sign_form
    assert sign is not None
    qtbot.waitUntil(sign.accept.isEnabled, timeout=WAIT_MS)
    draw(stage, f"{entity}-sign")
    sign.name.setText("Ann Moss")
    sign.agreed.setChecked(True)
    sign.accept.click()
    qtbot.waitUntil(lambda: not panel.going_out.is_open, timeout=WAIT_MS)
    stage.settle()
    found = outgoing.outgoing_of(replica, entity, record_id)
    (row,) = found.signatures
    assert (row.name, row.signature["sha256"]) == ("Ann Moss", kept.sha256)
    (sent,) = found.mails
    assert sent.mail["sha256"] == kept.sha256
    after = records.get(replica, entity, record_id)
    assert after["signed_on" if entity == "contract" else "accepted_on"]
    assert panel.outgoing.rows
    draw(stage, f"{entity}-signed")
    menu = form.steps.buttons["Send or sign…"].menu()
    assert [each.text() for each in menu.actions()] == ["Send by e-mail…"]
    told: list[str] = []
    stage.context.notice.connect(lambda notice: told.append(show(notice.text)))
    stage.actions.action(f"{entity}s.sign").trigger()
    assert told == ["That is not done with it as it stands, or your role does not do it"]
