"""The Sync centre: what came back is decided by key, with the values in the reader's words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot
from sqlalchemy import insert, select, update

from crm_core.entities import SCHEMAS
from crm_core.entities.attachment import Attachment
from crm_core.ids import named_id
from crm_core.sync.protocol import Code, OpKind
from crm_desktop.assembly import App
from crm_desktop.models import state
from crm_desktop.models.device_tables import Offer, Returned
from crm_desktop.models.state import Key
from crm_desktop.services import attachments, deciding, offers, records, returned_edits, syncing, transfers
from crm_desktop.settings import FILES_PAUSED
from crm_desktop.sync.blobs import BlobStep
from crm_desktop.sync.report import RoundReport
from crm_desktop.sync.runner import Phase, Status
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.main_window import MainWindow
from crm_desktop.ui.pages.sync_centre import SyncCentrePage
from crm_desktop.ui.shell.frame import Frame
from crm_desktop.ui.shell.standing import standing
from crm_desktop.ui.sync_centre.history import event_words
from crm_desktop.ui.sync_centre.offers import OfferRow
from crm_desktop.ui.sync_centre.outbox import OutboxRow
from crm_desktop.ui.sync_centre.transfer_list import TransferRow
from crm_desktop.ui.sync_centre.values import value_words
from crm_desktop.ui.tasks import Tasks
from crm_desktop.ui.translate import show
from crm_desktop.ui.widgets.buttons import Button
from crm_desktop.ui.widgets.labels import ElidedLabel
from tests.support.desktop import sample_app
from tests.support.server import ROOT
from tests.support.windows import show_active

WAIT = 8000
FIRST = named_id("sample", "customer:3")
SECOND = named_id("sample", "customer:5")
DEAL = named_id("sample", "deal:2")
COLLEAGUE = named_id("sample", "user:0")


def returned(
    entity: str, row: str, field: str, base: Any, mine: Any, theirs: Any, code: Code = Code.SUPERSEDED
) -> dict[str, Any]:
    return {
        "op_no": 1,
        "incarnation": 1,
        "kind": OpKind.SET,
        "entity": entity,
        "row_id": row,
        "field": str(SCHEMAS[entity].fields[field].no),
        "base": base,
        "mine": mine,
        "theirs": theirs,
        "code": code,
        "who": COLLEAGUE,
        "at_ms": 1_700_000_000_000,
    }


CONFLICTS = (
    returned("customer", FIRST, "phone", "+44 1 000", "+44 1 111", "+44 1 222"),
    returned("customer", FIRST, "payment_terms", "30 days", "45 days", "60 days"),
    returned("customer", SECOND, "phone", "+44 1 000", "+44 1 333", "+44 1 444"),
    returned("deal", DEAL, "amount", [12_800_000, "CNY"], [13_800_000, "CNY"], [12_000_000, "CNY"]),
)
REFUSED = (returned("customer", FIRST, "owner_id", COLLEAGUE, COLLEAGUE, None, Code.FORBIDDEN_ASSIGN),)


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    opened = sample_app(tmp_path, customers=12)
    yield opened
    opened.close()


def enrolled(app: App, edits: Sequence[dict[str, Any]]) -> None:
    with app.replica.applying() as session:
        state.write(
            session, {Key.DEVICE: 3, Key.SERVER_URL: "http://127.0.0.1:1", Key.LAST_OK_MS: 1_700_000_000_000}
        )
        session.execute(insert(Returned), list(edits))


@pytest.fixture
def page(app: App, look: QApplication, qtbot: QtBot) -> Iterator[SyncCentrePage]:
    enrolled(app, [*CONFLICTS, *REFUSED])
    tasks = Tasks()
    frame = Frame(Context(app, tasks), standing(app.replica), sample=False)
    window = MainWindow()
    qtbot.addWidget(window)
    window.show_screen(frame)
    show_active(qtbot, window)
    frame.go(Place(page="sync"))
    shown = frame.page
    assert isinstance(shown, SyncCentrePage)
    qtbot.waitUntil(lambda: bool(shown.conflicts._rows), timeout=WAIT)
    yield shown
    tasks.close()


def test_conflicts_come_to_the_front_and_are_counted(page: SyncCentrePage) -> None:
    assert page.tabs.key == "conflicts"
    assert page.tabs.accessibleTabName(2) == "Conflicts 4"
    assert page.tabs.accessibleTabName(3) == "Refused by HQ 1"
    assert page.banner._title.text() == "5 changes need you"
    assert page.conflicts._title.text() == "Tin Kettle Marine (demo)"
    assert len(page.conflicts._rows) == 2


def test_mine_is_kept_by_key_and_enter_goes_on_to_the_next(page: SyncCentrePage, qtbot: QtBot) -> None:
    first, second = page.conflicts._rows
    qtbot.keyClick(first, Qt.Key.Key_1)
    qtbot.keyClick(second, Qt.Key.Key_2)
    assert (first._caption.text(), first._result.text()) == ("Result", "+44 1 111, yours")
    assert second._result.text() == "60 days, from HQ"
    qtbot.keyClick(second, Qt.Key.Key_Return)
    replica = page.context.replica
    qtbot.waitUntil(lambda: len(returned_edits.returned(replica)) == 3, timeout=WAIT)
    assert records.get(replica, "customer", FIRST)["phone"] == "+44 1 111"
    qtbot.waitUntil(lambda: page.conflicts._title.text() == "Marmalade Robotics (demo)", timeout=WAIT)


def test_a_third_value_is_typed_and_checked_while_it_is(page: SyncCentrePage, qtbot: QtBot) -> None:
    page.conflicts.show_group(2)
    row = page.conflicts._rows[0]
    qtbot.waitUntil(row.isVisible)
    qtbot.keyClick(row, Qt.Key.Key_3)
    assert row.editor.isVisible()
    row.editor.clear()
    qtbot.keyClicks(row.editor, "much")
    assert row.decision is None
    assert row.editor.property("error") == "true"
    row.editor.clear()
    qtbot.keyClicks(row.editor, "135000")
    qtbot.keyClick(row.editor, Qt.Key.Key_Return)
    replica = page.context.replica
    qtbot.waitUntil(lambda: records.get(replica, "deal", DEAL)["amount"] == 13_500_000, timeout=WAIT)


def test_an_amount_is_settled_in_the_currency_that_was_typed(page: SyncCentrePage, qtbot: QtBot) -> None:
    page.conflicts.show_group(2)
    row = page.conflicts._rows[0]
    qtbot.waitUntil(row.isVisible)
    qtbot.keyClick(row, Qt.Key.Key_3)
    assert row.decision is not None, "what stands there first is understood"
    assert row.editor.text() == "138000.00 CNY"
    row.editor.clear()
    qtbot.keyClicks(row.editor, "1500 USD")
    page.conflicts.show_group(2)  # as after a round: what was typed stays
    assert page.conflicts._rows[0].editor.text() == "1500.00 USD"
    page.conflicts.carry_out()
    replica = page.context.replica
    qtbot.waitUntil(lambda: records.get(replica, "deal", DEAL)["amount"] == 150_000, timeout=WAIT)
    assert records.get(replica, "deal", DEAL)["currency"] == "USD"


def test_later_leaves_everything_as_it_is(page: SyncCentrePage, qtbot: QtBot) -> None:
    row = page.conflicts._rows[0]
    qtbot.keyClick(row, Qt.Key.Key_1)
    qtbot.keyClick(row, Qt.Key.Key_4)
    assert page.conflicts._title.text() == "Marmalade Robotics (demo)"
    assert len(returned_edits.returned(page.context.replica)) == 5


def test_the_same_answer_is_given_to_every_conflict_of_the_field_and_undone(
    page: SyncCentrePage, qtbot: QtBot
) -> None:
    assert page.conflicts.alike.text() == "Same answer for every “Phone” (1 more)"
    page.conflicts.alike.click()
    page.conflicts._rows[0].keep_hq.click()
    told: list[Any] = []
    page.context.notice.connect(told.append)
    page.conflicts.save.click()
    replica = page.context.replica
    qtbot.waitUntil(lambda: len(returned_edits.returned(replica)) == 3, timeout=WAIT)
    qtbot.waitUntil(lambda: bool(told), timeout=WAIT)
    told[0].act()
    qtbot.waitUntil(lambda: len(returned_edits.returned(replica)) == 5, timeout=WAIT)


def test_a_refusal_says_its_reason_in_plain_words(page: SyncCentrePage, qtbot: QtBot) -> None:
    page.tabs.setCurrentIndex(3)
    row = page.refused._rows[0]
    assert (row._caption.text(), row._result.text()) == ("Reason", "You may not hand records to this person")
    assert not row.other.isEnabled()


def test_a_refused_value_is_copied_by_key_with_its_reason(page: SyncCentrePage, qtbot: QtBot) -> None:
    page.tabs.setCurrentIndex(3)
    row = page.refused._rows[0]
    qtbot.keyClick(row, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    copied = QApplication.clipboard().text()
    assert copied.startswith("Owner: mine ")
    assert copied.endswith("You may not hand records to this person")


def test_the_pane_beside_the_conflicts_opens_the_outbox_and_leads_to_what_was_refused(
    page: SyncCentrePage, qtbot: QtBot
) -> None:
    records.update(page.context.replica, "customer", FIRST, {"city": "Ghent"})
    qtbot.waitUntil(lambda: page.side._head.text() == "Outbox, 1 record", timeout=WAIT)
    fix = page.side.findChildren(Button)[-1]
    assert fix.text() == "Fix"
    qtbot.keyClick(fix, Qt.Key.Key_Space)
    assert page.tabs.key == "refused"
    assert page.refused._title.text() == "Tin Kettle Marine (demo)"
    page.tabs.setCurrentIndex(2)
    qtbot.keyClick(page.side.all, Qt.Key.Key_Space)
    assert page.tabs.key == "outbox"


def test_values_are_shown_by_the_kind_of_their_field(app: App, look: QApplication) -> None:
    enrolled(
        app,
        [
            *CONFLICTS,
            returned(
                "deal",
                DEAL,
                "pipeline_id",
                None,
                [named_id("pipeline", "Sales"), named_id("stage", "Lost"), 0, "price", 1],
                None,
            ),
            returned("activity", named_id("sample", "activity:0"), "done", False, True, False),
            returned("customer", FIRST, "tags", [["food", "0.1.1"]], "new", ["old", ["0.1.2"]]),
        ],
    )
    from crm_desktop.ui.sync_centre.facts import facts

    known = facts(app)
    shown = {
        edit.label: tuple(
            show(value_words(edit, value, known.titles)) for value in (edit.base, edit.mine, edit.theirs)
        )
        for edit in known.conflicts
    }
    assert shown["Amount"] == ("¥128,000", "¥138,000", "¥120,000")
    assert shown["Stage"] == ("—", "Lost, Price", "—")
    assert shown["Done"] == ("No", "Yes", "No")
    assert shown["Tags"] == ("food", "with new", "without old")


def test_what_waits_is_listed_with_its_fields_and_opens_its_record(
    page: SyncCentrePage, qtbot: QtBot
) -> None:
    replica = page.context.replica
    records.update(replica, "customer", FIRST, {"level": "A", "city": "Ghent"})
    qtbot.waitUntil(lambda: page.tabs.accessibleTabName(1) == "Outbox 1", timeout=WAIT)
    row = page.outbox.rows[0]
    assert isinstance(row, OutboxRow)
    assert row.title.text() == "Tin Kettle Marine (demo)"
    assert row.line.text() == "Customer · Changed · Level, Address"
    gone: list[Place] = []
    page.context.go.disconnect()
    page.context.go.connect(gone.append)
    row.opened.emit()
    assert gone == [Place(page="customers", record_id=FIRST)]


def test_files_under_way_are_listed_and_paused_and_resumed_by_key(page: SyncCentrePage, qtbot: QtBot) -> None:
    app = page.context.app
    for name, content in (("visit.jpg", b"x" * 80_000), ("报价单（盖章）.pdf", b"y" * 4_000_000)):
        attachments.add(app.replica, "customer", FIRST, content, name=name)
    with app.replica.applying() as session:  # the sample's person has no name at HQ
        session.execute(update(Attachment).values(created_by=app.replica.person.user_id))
        session.touch("attachment", session.scalars(select(Attachment.id)))
    qtbot.waitUntil(lambda: page.tabs.accessibleTabName(5) == "Files 2", timeout=WAIT)
    page.show_place(Place(page="sync", options={"tab": "files"}))

    def large() -> TransferRow:
        row = next(row for row in page.files.rows if "报价单" in row.accessibleName())
        assert isinstance(row, TransferRow)
        return row

    def shows(line: str, action: str) -> None:
        qtbot.waitUntil(lambda: (large().line.text(), large().action.text()) == (line, action), timeout=WAIT)

    shows("To HQ · 4.0 MB · Follows the next sync", "Pause")
    sha256 = next(row.sha256 for row in transfers.under_way(app.replica).rows if row.size > 80_000)
    step = BlobStep(sha256=sha256, direction="up", done=1_000_000, total=4_000_000)
    page.context.on_sync_status(Status(file=step))
    shows("To HQ · 1.0 MB of 4.0 MB · Is being sent, 25 %", "Pause")
    page.context.on_sync_status(Status())
    large().setFocus()
    qtbot.keyClick(large(), Qt.Key.Key_Space)
    shows("To HQ · 4.0 MB · Paused", "Resume")
    qtbot.keyClick(large(), Qt.Key.Key_Space)
    shows("To HQ · 4.0 MB · Follows the next sync", "Pause")
    qtbot.mouseClick(page.files.pause_all, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.files.pause_all.text() == "Resume files", timeout=WAIT)
    assert app.settings.get(FILES_PAUSED)


def test_rounds_are_told_in_words() -> None:
    round_ = syncing.Event(at_ms=1, kind="round", detail={"sent": 3, "received": 12, "refused": 1})
    assert show(event_words(round_)[1]) == "Sent 3, received 12"
    assert "1 came back" in show(event_words(round_)[2])
    nothing = syncing.Event(at_ms=1, kind="round", detail={})
    assert show(event_words(nothing)[1]) == "In step with HQ, nothing new"
    refused = syncing.Event(at_ms=1, kind="refused", detail={"code": "revoked"})
    assert show(event_words(refused)[2]) == "HQ has taken this laptop off its list"
    stopped = syncing.Event(at_ms=1, kind="round", detail={"sent": 3, "received": 9, "up_to_date": False})
    assert show(event_words(stopped)[1]) == "Sent 3, received 9; not everything yet"
    of_before = syncing.Event(at_ms=1, kind="failed", detail={"reason": "HQ at https://x cannot be reached"})
    assert show(event_words(of_before)[2]) == "HQ at https://x cannot be reached"
    gone = syncing.Event(at_ms=1, kind="trash", detail={"entity": "contact", "reason": "Deleted"})
    assert [show(text) for text in event_words(gone)[1:]] == [
        "Contact: lies among the recently deleted",
        "Deleted",
    ]
    taken = syncing.Event(at_ms=1, kind="exported", detail={"entity": "customer", "rows": 3, "file": "a.csv"})
    assert [show(text) for text in event_words(taken)[1:]] == ["Customers exported: 3", "a.csv"]


def test_comparisons_are_told_in_words() -> None:
    same = syncing.Event(at_ms=1, kind="compared", detail={"repaired": 0, "differing": 0})
    assert [show(text) for text in event_words(same)[1:]] == ["Compared with HQ: the same on both sides", ""]
    mended = syncing.Event(at_ms=1, kind="compared", detail={"repaired": 1234, "differing": 0})
    assert show(event_words(mended)[2]) == "Records repaired: 1,234"
    stubborn = syncing.Event(at_ms=1, kind="compared", detail={"repaired": 2, "differing": 1})
    assert show(event_words(stubborn)[1]) == "Records still differ from HQ after they were repaired"
    for event in (same, mended, stubborn):
        assert (ROOT / "resources" / "icons" / f"{event_words(event)[0]}.svg").exists()


def test_an_hq_that_does_not_answer_is_said_to_be_so(page: SyncCentrePage, qtbot: QtBot) -> None:
    page.network.test.click()
    qtbot.waitUntil(lambda: "cannot be reached" in page.network._answer.text(), timeout=WAIT)
    assert page.network.test.isEnabled()


def offer(app: App, row_id: str, value: str, number: int = 7) -> None:
    with app.replica.applying() as session:
        session.execute(
            insert(Offer),
            [
                {
                    "id": number,
                    "kind": OpKind.SET,
                    "entity": "customer",
                    "row_id": row_id,
                    "field": str(SCHEMAS["customer"].fields["phone"].no),
                    "value": value,
                    "code": Code.FORBIDDEN_ROW,
                    "user_id": COLLEAGUE,
                    "at_ms": app.replica.clock.now_ms() - 60_000,
                }
            ],
        )


def test_a_colleagues_edit_is_accepted_by_a_key_and_undone(page: SyncCentrePage, qtbot: QtBot) -> None:
    app = page.context.app
    offer(app, FIRST, "+44 1 999")
    page.refresh()
    qtbot.waitUntil(lambda: page.tabs.accessibleTabName(4) == "From colleagues 1", timeout=WAIT)
    page._show_tab("offered")
    (row,) = page.offered.rows
    assert isinstance(row, OfferRow)
    title, line = row.findChildren(ElidedLabel)[:2]
    assert title.text().endswith("typed this on Tin Kettle Marine (demo)")
    assert "→ +44 1 999" in line.text()
    qtbot.keyClick(row, Qt.Key.Key_1)
    qtbot.waitUntil(lambda: not page.offered.rows, timeout=WAIT)
    with app.replica.read() as session:
        assert session.get_one(Offer, 7).answer == "accept"
    offers.take_back(app.replica, [7])
    qtbot.waitUntil(lambda: bool(page.offered.rows), timeout=WAIT)
    qtbot.keyClick(page.offered.rows[0], Qt.Key.Key_2)
    qtbot.waitUntil(lambda: not page.offered.rows, timeout=WAIT)
    with app.replica.read() as session:
        assert session.get_one(Offer, 7).answer == "decline"


def test_what_may_not_be_changed_any_more_is_left_to_its_owner_and_that_is_undone(
    page: SyncCentrePage, qtbot: QtBot
) -> None:
    page._show_tab("refused")
    row = page.refused._rows[0]
    assert row.hand_over.isVisible()
    qtbot.keyClick(row, Qt.Key.Key_5)
    assert row._result.text() == "whoever may change the record decides"
    qtbot.keyClick(row, Qt.Key.Key_Return)
    replica = page.context.replica
    qtbot.waitUntil(lambda: len(returned_edits.decided(replica)) == 1, timeout=WAIT)
    (decided,) = returned_edits.decided(replica)
    assert decided.state == "handed"
    deciding.undo(replica, [decided.id])
    assert len(returned_edits.returned(replica)) == 5


def refused_creation() -> list[dict[str, Any]]:
    """Return a customer HQ did not take, with a word put into it later."""
    fields = SCHEMAS["customer"].fields
    names = ("name", "owner_id", "phone", "notes")
    made = {
        **returned("customer", "ab" * 16, "tags", None, "vip", None, Code.FORBIDDEN_ROW),
        "kind": OpKind.TAG_ADD,
        "op_no": 8,
    }
    values = ["Blue Heron", COLLEAGUE, "+44 1 555", "Met at the fair"]
    creation = {
        **made,
        "kind": OpKind.CREATE,
        "op_no": 7,
        "field": "",
        "mine": [[fields[name].no for name in names], values],
        "code": Code.FORBIDDEN_ASSIGN,
    }
    return [creation, made]


@pytest.fixture
def refused(app: App, page: SyncCentrePage, qtbot: QtBot) -> SyncCentrePage:
    """Give the centre with a record HQ did not take in front."""
    with app.replica.applying() as session:
        session.execute(insert(Returned), refused_creation())
    page.refresh()
    qtbot.waitUntil(lambda: len(page.refused._groups) == 2, timeout=WAIT)
    page._on_tab_chosen("refused")
    page.refused.show_group(1)
    return page


def test_a_refused_record_shows_what_was_typed_and_is_made_again_by_key(
    refused: SyncCentrePage, qtbot: QtBot
) -> None:
    (row,) = refused.refused._rows
    assert row.typed.spoken().splitlines()[0] == "Name: Blue Heron"
    assert "Tags: vip" in row.typed.spoken()
    assert refused.refused._title.text() == "Blue Heron"
    qtbot.keyClick(row, Qt.Key.Key_1)
    qtbot.keyClick(row, Qt.Key.Key_Return)
    replica = refused.context.replica
    qtbot.waitUntil(lambda: len(returned_edits.returned(replica)) == 5, timeout=WAIT)
    assert records.get(replica, "customer", "ab" * 16)["tags"] == ["vip"]


def test_a_refused_record_is_changed_in_its_form_before_it_is_made(
    refused: SyncCentrePage, qtbot: QtBot
) -> None:
    inbox = refused.refused
    qtbot.keyClick(inbox._rows[0], Qt.Key.Key_3)
    form = inbox.form
    assert form is not None
    qtbot.waitUntil(lambda: "phone" in form.grid.fields, timeout=WAIT)
    editor = form.grid.fields["phone"].editor
    assert isinstance(editor, QLineEdit)
    assert editor.text() == "+44 1 555"
    editor.clear()
    qtbot.keyClicks(editor, "+44 1 666")
    assert not refused.leave(), "what was typed is not given up unasked"
    form.save(close=True)
    replica = refused.context.replica
    qtbot.waitUntil(lambda: len(returned_edits.returned(replica)) == 5, timeout=WAIT)
    made = records.get(replica, "customer", "ab" * 16)
    assert (made["phone"], made["tags"], made["owner_id"]) == ("+44 1 666", ["vip"], COLLEAGUE)
    qtbot.waitUntil(lambda: inbox.form is None, timeout=WAIT)


def test_the_banner_says_that_a_large_purge_waits_for_an_administrator(
    page: SyncCentrePage, qtbot: QtBot
) -> None:
    page.context.on_sync_status(Status(phase=Phase.IDLE, last_report=RoundReport(held=True)))
    qtbot.waitUntil(lambda: "until an administrator allows that" in page.banner._line.text(), timeout=WAIT)
