"""The pipeline page: its columns, moving cards by mouse and by keys, filters, the table, the deal's form."""

from __future__ import annotations

import ctypes
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QEnterEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu, QWidget
from pytestqt.qtbot import QtBot

from crm_core.i18n import Message
from crm_core.schema.validate import MAX_TEXT
from crm_desktop import assembly
from crm_desktop.assembly import App
from crm_desktop.models import repository
from crm_desktop.models.conditions import Condition, Op
from crm_desktop.platform.secrets import PASSPHRASE_VARIABLE
from crm_desktop.services import deals, milestones, records
from crm_desktop.services.deals import Card
from crm_desktop.ui import settling
from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.context import Context, Notice, Place
from crm_desktop.ui.pages.pipeline import PipelinePage
from crm_desktop.ui.pipeline.card_list import GAP, MIME
from crm_desktop.ui.pipeline.card_paint import card_height
from crm_desktop.ui.pipeline.column import StageColumn
from crm_desktop.ui.pipeline.milestones_panel import MilestonesPanel
from crm_desktop.ui.tasks import Tasks
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import show, translator
from tests.support.desktop import PASSPHRASE, empty_app, sample_app
from tests.support.windows import has_keyboard, show_active


class Shown:
    """A page in a window, with what it said."""

    def __init__(self, app: App, qtbot: QtBot) -> None:
        self.app, self.qtbot = app, qtbot
        self.tasks = Tasks()
        self.context = Context(app, self.tasks)
        self.said: list[Message | None] = []
        self.notices: list[Notice] = []
        self.places: list[Place] = []
        self.context.selection_changed.connect(self.said.append)
        self.context.notice.connect(self.notices.append)
        self.context.go.connect(self.places.append)
        self.page = PipelinePage(self.context, ActionRegistry())
        qtbot.addWidget(self.page)
        self.page.resize(1240, 824)
        self.page.show_place(Place(page="pipeline"))
        show_active(qtbot, self.page)
        self.settle()

    def settle(self) -> None:
        """Wait until everything asked for is on screen."""
        page, quiet = self.page, 0
        for _ in range(1000):
            self.qtbot.wait(8)
            waits = page._changes.waits or page.filters._pause.isActive() or self.tasks.busy
            quiet = 0 if waits else quiet + 1
            if quiet == 4:
                return
        raise AssertionError("the page never came to rest")

    @property
    def columns(self) -> list[StageColumn]:
        """The columns of the board."""
        return self.page.board.columns

    def column(self, place: int) -> StageColumn:
        """Return a column that has cards, its first card with the focus."""
        column = self.columns[place]
        column.list.setFocus()
        column.list.choose(0)
        return column

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """Press a key where the focus is, and wait for what comes of it."""
        focused = QApplication.focusWidget()
        assert focused is not None
        QTest.keyClick(focused, key, modifier)
        self.settle()

    def last_said(self) -> str:
        """Return what the status bar said last."""
        words = next(said for said in reversed(self.said) if said is not None)
        return words.show()


@pytest.fixture(scope="module")
def profiles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with two profiles to copy: `full` with sample records, `bare` without any."""
    folder = tmp_path_factory.mktemp("pipeline")
    sample_app(folder / "full").close()
    empty_app(folder / "bare").close()
    return folder


def _copy(profiles: Path, name: str, to: Path, monkeypatch: pytest.MonkeyPatch) -> App:
    monkeypatch.setenv(PASSPHRASE_VARIABLE, PASSPHRASE)
    shutil.copytree(profiles / name / "profile", to / "profile")
    return assembly.open_profile(to / "profile")


@pytest.fixture
def app(profiles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    """Give a profile with sample records."""
    opened = _copy(profiles, "full", tmp_path, monkeypatch)
    yield opened
    opened.close()


@pytest.fixture
def shown(app: App, look: QApplication, qtbot: QtBot) -> Iterator[Shown]:
    """Give the page with the sample pipeline."""
    made = Shown(app, qtbot)
    yield made
    made.tasks.close()


@pytest.fixture
def bare(
    profiles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, look: QApplication, qtbot: QtBot
) -> Iterator[Shown]:
    """Give the page of a profile without a deal."""
    opened = _copy(profiles, "bare", tmp_path, monkeypatch)
    made = Shown(opened, qtbot)
    yield made
    made.tasks.close()
    opened.close()


def _stage_of(app: App, deal_id: str) -> str:
    return str(records.get(app.replica, "deal", deal_id)["stage_id"])


def _carry(card: Card) -> QMimeData:
    content = QMimeData()
    content.setData(MIME, card.id.encode())
    return content


def _enter(target: QWidget, content: QMimeData) -> None:
    event = QDragEnterEvent(
        target.rect().center(),
        Qt.DropAction.MoveAction,
        content,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(target, event)


def _drop(target: QWidget, content: QMimeData) -> None:
    _enter(target, content)  # only what was entered is told of a drop
    event = QDropEvent(
        QPointF(target.rect().center()),
        Qt.DropAction.MoveAction,
        content,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(target, event)


def test_each_column_shows_its_count_sum_and_chance_as_the_database_has_them(shown: Shown) -> None:
    board = deals.board(shown.app.replica)
    assert [c.column.stage.name for c in shown.columns] == [c.stage.name for c in board.columns]
    for column, expected in zip(shown.columns, board.columns, strict=True):
        assert column.column.total == expected.total
        assert column.model.cards == expected.cards
    assert "16 deals" in shown.columns[0].accessibleName()
    assert len({column.list.card_width() for column in shown.columns}) <= 2  # equal but for a rounded pixel


def test_a_card_says_all_it_shows_to_those_who_listen(shown: Shown) -> None:
    column = shown.columns[0]
    card = column.model.cards[0]
    said = str(column.model.index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole))
    for part in (card.customer_name, card.name, f"{card.days_in_stage} days in this stage"):
        assert part in said


def test_columns_show_whole_cards_and_count_the_rest(shown: Shown) -> None:
    for column in shown.columns:
        pitch = card_height() + theme().px(GAP)
        assert column.list.height() % pitch == 0
        seen = min(column.list.height() // pitch, len(column.model.cards))
        rest = column.column.total.count - seen
        assert column.rest.text() == (f"and {rest} more" if rest else "")


def test_the_scroll_bar_of_a_column_shows_under_the_mouse_alone(shown: Shown) -> None:
    cards = shown.columns[0].list
    bar = cards.verticalScrollBar()
    assert bar.isVisible()
    quiet = bar.grab().toImage()
    QApplication.sendEvent(cards, QEnterEvent(QPointF(5, 5), QPointF(5, 5), QPointF(5, 5)))
    assert bar.grab().toImage() != quiet
    QApplication.sendEvent(cards, QEvent(QEvent.Type.Leave))
    assert bar.grab().toImage() == quiet


def test_a_dropped_card_moves_and_says_where_it_stands(shown: Shown) -> None:
    card, target = shown.columns[1].model.cards[1], shown.columns[2]
    count = target.column.total.count
    shown.page.board.begin_drag(card)
    assert shown.page.board.strip.isVisible()
    _enter(target, _carry(card))
    assert target.model.gap_row >= 0
    assert "Moving" in shown.last_said()
    _drop(target, _carry(card))
    shown.page.board.end_drag()
    assert target.model.row_of(card.id) is not None  # at once, before it is written
    shown.settle()
    assert _stage_of(shown.app, card.id) == target.stage_id
    place = [each.id for each in target.model.cards].index(card.id) + 1
    name = target.column.stage.name
    assert shown.last_said() == f"Moved {card.name} to {name}, {place} of {count + 1}"
    assert not shown.page.board.strip.isVisible()
    assert target.model.gap_row == -1


def test_a_card_let_go_over_its_own_column_stays(shown: Shown) -> None:
    card, home = shown.columns[0].model.cards[2], shown.columns[0]
    shown.page.board.begin_drag(card)
    _enter(home, _carry(card))
    assert home.model.gap_row == -1
    _drop(home, _carry(card))
    shown.page.board.end_drag()
    shown.settle()
    assert _stage_of(shown.app, card.id) == home.stage_id
    assert not shown.notices


def test_a_card_carried_away_again_leaves_no_gap(shown: Shown) -> None:
    card, target = shown.columns[0].model.cards[0], shown.columns[3]
    shown.page.board.begin_drag(card)
    _enter(target, _carry(card))
    QApplication.sendEvent(target, QDragLeaveEvent())
    assert target.model.gap_row == -1
    shown.page.board.end_drag()


def test_what_is_no_deal_is_not_taken(shown: Shown) -> None:
    target = shown.columns[1]
    content = QMimeData()
    content.setText("a line from elsewhere")
    _drop(target, content)
    shown.settle()
    assert target.model.gap_row == -1
    assert not shown.notices


def test_ctrl_shift_arrow_moves_a_card_one_stage_and_ctrl_z_takes_it_back(shown: Shown) -> None:
    column = shown.column(1)
    card = column.model.cards[0]
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    before = records.get(shown.app.replica, "deal", card.id)
    shown.press(Qt.Key.Key_Right, both)
    assert _stage_of(shown.app, card.id) == shown.columns[2].stage_id
    current = shown.page.board.current_card()
    assert current is not None
    assert current.id == card.id
    shown.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    after = records.get(shown.app.replica, "deal", card.id)
    assert (after["stage_id"], after["stage_since"]) == (before["stage_id"], before["stage_since"])
    assert shown.last_said() == f"Took back the move of {card.name}"


def test_the_undo_button_takes_back_that_very_move(shown: Shown) -> None:
    column = shown.column(0)
    card = column.model.cards[0]
    shown.page.moves.move(card, shown.columns[1].stage_id)
    shown.settle()
    act = shown.notices[-1].act
    assert act is not None
    act()
    shown.settle()
    assert _stage_of(shown.app, card.id) == column.stage_id


def test_m_lists_the_stages_to_move_to(shown: Shown) -> None:
    column = shown.column(0)
    card = column.model.cards[0]
    shown.press(Qt.Key.Key_M)
    menu = next(menu for menu in shown.page.findChildren(QMenu) if menu.isVisible())
    offered = [action.text() for action in menu.actions() if not action.isSeparator()]
    assert offered == ["Qualified", "Needs", "Proposal", "Negotiation", "Verbal yes", "Won", "Lost"]
    assert not menu.actions()[0].isEnabled()
    QTest.keyClick(menu, Qt.Key.Key_Down)
    QTest.keyClick(menu, Qt.Key.Key_Return)
    shown.settle()
    assert _stage_of(shown.app, card.id) == shown.columns[2].stage_id


def test_w_wins_and_the_next_card_has_the_focus(shown: Shown) -> None:
    column = shown.column(4)
    first, second = column.model.cards[:2]
    shown.press(Qt.Key.Key_W)
    won = records.get(shown.app.replica, "deal", first.id)
    assert won["probability"] == 100
    assert shown.last_said() == f"“{first.name}” is won"
    current = shown.page.board.current_card()
    assert current is not None
    assert current.id == second.id
    assert has_keyboard(column.list)


def test_l_asks_for_the_reason_in_place_and_esc_leaves_the_card(shown: Shown) -> None:
    column = shown.column(2)
    card = column.model.cards[0]
    shown.press(Qt.Key.Key_L)
    form = shown.page.moves.form
    assert form is not None
    assert list(form.fields) == ["loss_reason", "competitor_id", "loss_note"]
    shown.press(Qt.Key.Key_Escape)
    assert shown.page.moves.form is None
    assert _stage_of(shown.app, card.id) == column.stage_id
    current = shown.page.board.current_card()
    assert current is not None
    assert current.id == card.id


def test_a_reason_given_the_deal_is_lost(shown: Shown) -> None:
    column = shown.column(2)
    card = column.model.cards[0]
    shown.press(Qt.Key.Key_L)
    form = shown.page.moves.form
    assert form is not None
    form.answer()
    assert form.fields["loss_reason"].error  # nothing chosen yet
    form.fields["loss_reason"].editor.choose("price")
    shown.press(Qt.Key.Key_Return)
    lost = records.get(shown.app.replica, "deal", card.id)
    assert lost["loss_reason"] == "price"
    assert lost["probability"] == 0


def test_a_deal_without_amount_dropped_on_won_is_asked_for_it(bare: Shown) -> None:
    deal_id = records.create(bare.app.replica, "deal", {"name": "Without a price (demo)"}).value.id
    bare.settle()
    card = bare.columns[0].model.cards[0]
    bare.page.board.begin_drag(card)
    _drop(bare.page.board.strip.won, _carry(card))
    bare.page.board.end_drag()
    bare.settle()
    form = bare.page.moves.form
    assert form is not None
    amount = form.fields["amount"].editor.amount
    QTest.keyClicks(amount, "4200")
    bare.press(Qt.Key.Key_Return)
    won = records.get(bare.app.replica, "deal", deal_id)
    assert (won["amount"], won["probability"]) == (420_000, 100)


def test_what_cannot_be_filled_in_is_said_and_may_be_skipped_with_a_reason(bare: Shown) -> None:
    replica = bare.app.replica
    target = bare.columns[1].stage_id
    rules = {"stage_id": target, "kind": "quote_sent"}, {"stage_id": target, "field": "source"}
    for values in rules:
        records.create(replica, "stage_rule", values)
    deal_id = records.create(replica, "deal", {"name": "Without a quote (demo)"}).value.id
    bare.settle()
    bare.page.board.focus_cards()
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    bare.press(Qt.Key.Key_Right, both)
    form = bare.page.moves.form
    assert form is not None
    assert [label.text() for label in form.demands] == ["A quote for this deal must have been sent"]
    assert list(form.fields) == ["source"]
    assert not form.move_button.isVisible()
    bare.press(Qt.Key.Key_Escape)
    assert _stage_of(bare.app, deal_id) == bare.columns[0].stage_id
    bare.press(Qt.Key.Key_Right, both)
    form = bare.page.moves.form
    assert form is not None
    form.skip()
    form.answer()
    assert form.reason is not None
    assert form.reason.error  # none given yet
    QTest.keyClicks(QApplication.focusWidget(), "Agreed by phone")
    bare.press(Qt.Key.Key_Return)
    assert _stage_of(bare.app, deal_id) == target
    card = bare.columns[1].model.cards[0]
    assert card.skip_reason == "Agreed by phone"
    spoken = bare.columns[1].model.index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert "Conditions skipped: Agreed by phone" in spoken


def test_an_answer_that_is_not_enough_is_asked_for_again_and_nothing_typed_is_lost(bare: Shown) -> None:
    replica = bare.app.replica
    target = bare.columns[1].stage_id
    enough = {"kind": "field_compares", "field": "amount", "operator": ">=", "value": "500"}
    for values in (enough, {"field": "loss_note"}):
        records.create(replica, "stage_rule", {"stage_id": target, **values})
    deal_id = records.create(replica, "deal", {"name": "Too small (demo)"}).value.id
    bare.settle()
    bare.page.board.focus_cards()
    bare.press(Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    form = bare.page.moves.form
    assert form is not None
    form.fields["amount"].editor.amount.setText("400")
    form.fields["loss_note"].editor.setText("Speed decided it")
    form.answer()
    bare.settle()
    again = bare.page.moves.form
    assert again is not None
    assert _stage_of(bare.app, deal_id) == bare.columns[0].stage_id
    assert again.fields["amount"].editor.amount.text() == "400.00"
    assert "500" in show(again.fields["amount"].error)
    assert again.fields["loss_note"].editor.text() == "Speed decided it"
    again.fields["amount"].editor.amount.setText("600")
    again.answer()
    bare.settle()
    assert bare.page.moves.form is None
    moved = records.get(replica, "deal", deal_id)
    assert (moved["stage_id"], moved["amount"], moved["loss_note"]) == (target, 60_000, "Speed decided it")


def test_a_form_of_many_fields_stays_on_a_small_page_and_scrolls_to_the_one_with_the_keyboard(
    bare: Shown, look: QApplication
) -> None:
    theme().apply(look, "dark", 2.0)
    translator().use("zh_CN")
    bare.page.resize(1200, 640)
    target = bare.columns[1].stage_id
    wanted = ["amount", "close_date", "source", "competitor", "loss_note", "engaged_on"]
    for name in wanted:
        records.create(bare.app.replica, "stage_rule", {"stage_id": target, "field": name})
    records.create(bare.app.replica, "deal", {"name": "Much to say (demo)"})
    bare.settle()
    bare.page.board.focus_cards()
    bare.press(Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    form = bare.page.moves.form
    assert form is not None
    assert set(form.fields) == set(wanted)
    assert bare.page.rect().contains(form.geometry())
    for button in (form.move_button, form._cancel):
        assert form.rect().contains(button.geometry())
    last = list(form.fields.values())[-1]
    for _ in range(20):
        if last.isAncestorOf(QApplication.focusWidget()):
            break
        bare.press(Qt.Key.Key_Tab)
    seen = form._scroll.viewport()
    corner = last.editor.mapTo(seen, last.editor.rect().bottomLeft())
    assert seen.rect().contains(corner)


def test_a_value_that_cannot_be_is_named_at_its_field_over_the_board(bare: Shown) -> None:
    replica = bare.app.replica
    target = bare.columns[1].stage_id
    records.create(replica, "stage_rule", {"stage_id": target, "field": "competitor"})
    deal_id = records.create(replica, "deal", {"name": "Much to say (demo)"}).value.id
    bare.settle()
    bare.page.board.focus_cards()
    bare.press(Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    form = bare.page.moves.form
    assert form is not None
    form.fields["competitor"].editor.setText("x" * (MAX_TEXT + 1))
    form.answer()
    bare.settle()
    again = bare.page.moves.form
    assert again is not None
    assert _stage_of(bare.app, deal_id) == bare.columns[0].stage_id
    assert again.fields["competitor"].error
    assert again.fields["competitor"].editor.text() == "x" * (MAX_TEXT + 1)


def test_a_retired_stage_stays_until_its_deals_are_moved(bare: Shown) -> None:
    replica = bare.app.replica
    first, second = (column.stage_id for column in bare.columns[:2])
    records.create(replica, "deal", {"name": "Left behind (demo)"})
    records.update(replica, "stage", first, {"retired": True})
    bare.settle()
    assert bare.columns[0].stage_id == first
    assert "Retired" in bare.columns[0].accessibleName()
    bare.page.moves.move(bare.columns[0].model.cards[0], second)
    bare.settle()
    assert bare.columns[0].stage_id == second


def test_a_deal_goes_to_another_pipeline_and_shows_its_milestones_there(bare: Shown) -> None:
    replica = bare.app.replica
    other = records.create(replica, "pipeline", {"name": "Renewals", "rank": 9}).value.id
    values = {"pipeline_id": other, "name": "Asked", "rank": 1, "kind": "open"}
    asked = records.create(replica, "stage", values).value.id
    records.create(replica, "milestone", {"name": "Contract found", "stage_id": asked})
    deal_id = records.create(replica, "deal", {"name": "Renewal (demo)"}).value.id
    bare.settle()
    bare.page.board.focus_cards()
    bare.press(Qt.Key.Key_M)
    menu = next(menu for menu in bare.page.findChildren(QMenu) if menu.isVisible())
    (elsewhere,) = (action for action in menu.actions() if action.text() == "Renewals: Asked")
    elsewhere.trigger()
    menu.close()
    bare.settle()
    assert records.get(replica, "deal", deal_id)["pipeline_id"] == other
    bare.page.open_deal(deal_id)
    bare.settle()
    panel = bare.page.sheet.below
    assert isinstance(panel, MilestonesPanel)
    assert panel.isVisible()
    (box,) = panel.boxes
    assert box.accessibleName() == "Contract found"
    panel.plan_buttons[0].click()
    popup = panel.popup
    assert popup is not None
    popup.due.setText("somewhen")
    popup.save_button.click()
    assert popup.fields["due_on"].error
    popup.due.setText("2020-02-01")
    QTest.keyClick(popup.due, Qt.Key.Key_Return)
    bare.settle()
    (listed,) = milestones.checklist(replica, deal_id)
    assert (listed.due_on, listed.late) == ("2020-02-01", True)
    undo = bare.notices[-1].act
    assert undo is not None
    undo()
    bare.settle()
    bare.qtbot.waitUntil(lambda: not panel._changes.waits and not bare.tasks.busy)
    assert milestones.checklist(replica, deal_id)[0].due_on is None
    QTest.keyClick(panel.boxes[0], Qt.Key.Key_Space)
    bare.settle()
    assert panel.heading.title.text() == "Milestones 1 of 1"
    assert panel.boxes[0].isChecked()
    assert deals.board(replica, other).columns[0].cards[0].milestones == (1, 1)


def test_the_neglected_chip_leaves_what_needs_somebody(bare: Shown) -> None:
    replica = bare.app.replica
    old = records.create(replica, "deal", {"name": "Forgotten (demo)"}).value.id
    records.create(replica, "deal", {"name": "Fresh (demo)"})
    with replica.write() as session:
        row = session.get(deals.Deal, old)
        assert row is not None
        row.created_at = replica.clock.now_ms() - 40 * 86_400_000
    bare.settle()
    bare.page.filters.neglected.click()
    bare.settle()
    assert [card.name for column in bare.columns for card in column.model.cards] == ["Forgotten (demo)"]
    bare.page.filters.neglected.click()
    bare.settle()
    assert len(bare.columns[0].model.cards) == 2


def test_arrows_walk_cards_and_columns_and_skip_an_empty_one(bare: Shown) -> None:
    replica = bare.app.replica
    stages = [column.stage_id for column in bare.columns]
    for name, stage in (("a", 0), ("b", 0), ("c", 2)):
        records.create(replica, "deal", {"name": name, "stage_id": stages[stage]})
    bare.settle()
    bare.page.board.focus_cards()
    first = bare.page.board.current_card()
    bare.press(Qt.Key.Key_Down)
    second = bare.page.board.current_card()
    assert first is not None
    assert second is not None
    assert {first.name, second.name} == {"a", "b"}
    bare.press(Qt.Key.Key_Right)
    third = bare.page.board.current_card()
    assert third is not None
    assert third.name == "c"
    bare.press(Qt.Key.Key_Left)
    back = bare.page.board.current_card()
    assert back is not None
    assert back.stage_id == stages[0]


def test_letters_typed_into_the_filter_are_letters(shown: Shown) -> None:
    column = shown.column(0)
    card = column.model.cards[0]
    shown.press(Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert has_keyboard(shown.page.filters.search)
    QTest.keyClicks(shown.page.filters.search, "wlnm")
    shown.settle()
    assert shown.page.filters.search.text() == "wlnm"
    assert shown.page.sheet.form is None
    assert _stage_of(shown.app, card.id) == card.stage_id
    assert all(column.column.total.count == 0 for column in shown.columns)


def test_the_filter_narrows_columns_sums_and_counts(shown: Shown) -> None:
    everything = sum(column.column.total.count for column in shown.columns)
    shown.page.filters.mine.click()
    shown.settle()
    me = shown.app.replica.person.user_id
    mine = sum(column.column.total.count for column in shown.columns)
    assert 0 < mine < everything
    assert all(card.owner_id == me for column in shown.columns for card in column.model.cards)


def test_any_condition_of_a_list_narrows_the_board_and_where_a_moved_card_stands(shown: Shown) -> None:
    chips = shown.page.filters.chips
    popup = chips.open_popup()
    assert popup is not None
    popup.field_box.setCurrentIndex(popup.field_box.findData("amount"))
    popup.op_box.setCurrentIndex(popup.op_box.findData(Op.AT_LEAST))
    assert popup._editor is not None
    QTest.keyClicks(popup._editor.findChild(QLineEdit), "200000")
    popup.apply_button.click()
    shown.settle()
    cards = [card for column in shown.columns for card in column.model.cards]
    assert [chip.text() for chip in chips.chips] == ["Amount ≥ 200,000"]
    assert 1 < len(cards) == sum(column.column.total.count for column in shown.columns)
    assert all(card.amount_minor is not None and card.amount_minor >= 20_000_000 for card in cards)
    board = deals.board(shown.app.replica, None, shown.page.moves.shown)
    assert board.forecast.best_minor <= sum(card.amount_minor or 0 for card in cards)
    assert sum(board.next_step_counts.values()) == len(cards)
    there = shown.columns[1].column.total.count
    show_active(shown.qtbot, shown.page)  # the popup had the keyboard
    shown.column(0)
    shown.press(Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert show(shown.notices[-1].text).endswith(f"of {there + 1}")
    chips.clear_button.click()
    shown.settle()
    assert sum(column.column.total.count for column in shown.columns) > len(cards)


def test_what_was_filtered_is_so_again_the_next_time(shown: Shown, qtbot: QtBot) -> None:
    me = shown.app.replica.person.user_id
    shown.page.filters.mine.click()
    shown.page.filters.chips.show_conditions((Condition(field="owner_id", op=Op.EQUAL, value=me),))
    shown.page.filters.chips.changed.emit()
    shown.settle()
    again = PipelinePage(shown.context, ActionRegistry())
    qtbot.addWidget(again)
    assert again.filters.mine.isChecked()
    again.refresh()
    name = records.get(shown.app.replica, "user", me).title
    shown.qtbot.waitUntil(lambda: [c.text() for c in again.filters.chips.chips] == [f"Owner: {name}"])


def test_an_empty_table_offers_a_new_deal_once(bare: Shown) -> None:
    bare.page._on_view_chosen("table")
    bare.settle()
    assert bare.page.table is not None
    assert bare.page.table.offers_new
    assert bare.page.new_button.isHidden()
    bare.page._on_view_chosen("board")
    bare.settle()
    assert not bare.page.new_button.isHidden()


def test_cards_stand_owner_by_owner_under_their_names(shown: Shown) -> None:
    shown.page.filters._choose_group(True)
    shown.settle()
    column = shown.columns[0]
    owners = [card.owner_name for card in column.model.cards]
    assert owners == sorted(owners)
    assert column.model.rowCount() == len(owners) + len(set(owners))
    assert column.model.card_at(0) is None
    card = replace(column.model.cards[-1], stage_id="elsewhere", id="new")
    column.model.show_gap(card)
    assert column.model.gap_row == column.model.rowCount() - 1
    column.model.show_gap(None)


def test_more_cards_come_only_as_the_column_is_scrolled(bare: Shown) -> None:
    stage = bare.columns[0].stage_id
    with bare.app.replica.write() as session:
        rows = [
            {
                "name": f"deal {n}",
                "stage_id": stage,
                "pipeline_id": bare.columns[0].column.stage.pipeline_id,
                "amount": n * 100,
                "currency": "CNY",
            }
            for n in range(180)
        ]
        repository.create_many(session, "deal", rows)
    bare.page.refresh()
    bare.settle()
    column = bare.columns[0]
    assert column.column.total.count == 180
    assert len(column.model.cards) == deals.CARDS_A_COLUMN
    for _ in range(6):
        column.list.verticalScrollBar().setValue(column.list.verticalScrollBar().maximum())
        bare.settle()
    assert [card.name for card in column.model.cards] == [f"deal {n}" for n in reversed(range(180))]
    assert column.rest.text() == ""


def test_an_empty_column_says_what_to_do_and_n_makes_a_deal_there(bare: Shown) -> None:
    assert all(column.hint.isVisible() for column in bare.columns)
    assert bare.columns[0].hint.accessibleName() == "Drop a deal here or press N"
    bare.page.board.focus_cards()
    bare.press(Qt.Key.Key_N)
    form = bare.page.sheet.form
    assert form is not None
    assert form.record_id is None
    bare.qtbot.waitUntil(lambda: "name" in form.grid.fields, timeout=5000)
    editor = form.grid.fields["name"].editor
    editor.setFocus()
    QTest.keyClicks(editor, "First deal (demo)")
    form.save(close=True)
    bare.settle()
    bare.settle()
    assert [card.name for card in bare.columns[0].model.cards] == ["First deal (demo)"]
    assert bare.page.sheet.form is None


def test_enter_asks_for_the_deal_and_its_place_shows_the_form(shown: Shown) -> None:
    card = shown.column(0).model.cards[0]
    shown.press(Qt.Key.Key_Return)
    assert shown.places == [Place(page="pipeline", record_id=card.id)]
    shown.page.show_place(shown.places[0])
    shown.settle()
    form = shown.page.sheet.form
    assert form is not None
    assert form.record_id == card.id
    form.close_form()
    assert shown.page.sheet.isHidden()


def test_ctrl_t_switches_to_the_table_and_back(shown: Shown) -> None:
    shown.column(0)
    shown.press(Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier)
    assert shown.page.view == "table"
    assert shown.page.table is not None
    assert shown.page.table.isVisible()
    shown.press(Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier)
    assert shown.page.view == "board"
    assert shown.page.board.isVisible()


def test_a_list_drilled_into_is_the_table_with_its_conditions(shown: Shown) -> None:
    column = shown.columns[3]
    conditions = (Condition(field="stage_id", op=Op.EQUAL, value=column.stage_id),)
    options = {"conditions": conditions, "title": "Negotiation"}
    shown.page.show_place(Place(page="pipeline", options=options))
    shown.settle()
    assert shown.page.view == "table"
    assert shown.page.table is not None
    assert set(shown.page.table.query.conditions) >= set(conditions)
    shown.qtbot.waitUntil(lambda: shown.page.table.model.known == column.column.total.count, timeout=5000)
    shown.page.show_place(Place(page="pipeline"))
    assert shown.page.view == "board"


def test_a_change_from_elsewhere_appears_and_the_current_card_stays(shown: Shown) -> None:
    column = shown.column(1)
    column.list.choose(3)
    card = column.list.current_card()
    assert card is not None
    records.update(shown.app.replica, "deal", column.model.cards[0].id, {"name": "Renamed (demo)"})
    shown.settle()
    assert any(each.name == "Renamed (demo)" for each in column.model.cards)
    assert column.list.current_card() is not None
    assert column.list.current_card().id == card.id


def test_the_board_waits_while_a_card_is_carried(shown: Shown) -> None:
    column = shown.columns[0]
    card = column.model.cards[1]
    shown.page.board.begin_drag(card)
    records.update(shown.app.replica, "deal", column.model.cards[0].id, {"name": "Renamed (demo)"})
    shown.settle()
    assert all(each.name != "Renamed (demo)" for each in column.model.cards)
    shown.page.board.end_drag()
    shown.settle()
    assert any(each.name == "Renamed (demo)" for each in column.model.cards)


def test_the_forecast_says_what_it_counts_in_both_languages(shown: Shown) -> None:
    assert "Deals without a date are left out" in shown.page.foot._sentence.text()
    translator().use("zh_CN")
    shown.qtbot.waitUntil(lambda: shown.page.foot._sentence.text().startswith("预测"), timeout=3000)
    assert shown.columns[0].rest.text().startswith("还有")


class Mouse:
    """The X server's own pointer, moved as a hand would: Qt sees real events, a drag runs its real loop."""

    def __init__(self) -> None:
        try:
            self._x11, self._test = ctypes.CDLL("libX11.so.6"), ctypes.CDLL("libXtst.so.6")
        except OSError:
            pytest.skip("needs the X server's test extension: libXtst")
        self._x11.XOpenDisplay.restype = ctypes.c_void_p
        self._display = ctypes.c_void_p(self._x11.XOpenDisplay(None))

    def go(self, point: QPoint) -> None:
        """Move to a place on the screen."""
        self._test.XTestFakeMotionEvent(self._display, -1, point.x(), point.y(), 0)
        self._x11.XFlush(self._display)

    def hold(self, down: bool) -> None:
        """Press or let go the left button."""
        self._test.XTestFakeButtonEvent(self._display, 1, int(down), 0)
        self._x11.XFlush(self._display)


@pytest.mark.xcb
def test_a_card_is_really_dragged_to_the_next_column(shown: Shown) -> None:
    card, source, target = shown.columns[0].model.cards[0], shown.columns[0], shown.columns[1]
    start = source.list.viewport().mapToGlobal(source.list.row_area(0).center())
    goal = target.list.viewport().mapToGlobal(target.list.row_area(1).center())
    mouse = Mouse()
    shown.page.raise_()
    shown.page.activateWindow()
    strip: list[bool] = []
    # Timers, since the drag runs a loop of its own.
    steps = [lambda: mouse.go(start), lambda: mouse.hold(True)]
    steps += [lambda part=part: mouse.go(start + (goal - start) * part / 10) for part in range(1, 11)]
    steps += [lambda: strip.append(shown.page.board.strip.isVisible()), lambda: mouse.hold(False)]
    for number, step in enumerate(steps):
        QTimer.singleShot(80 * (number + 1), step)
    shown.qtbot.wait(80 * (len(steps) + 4))
    shown.settle()
    assert strip == [True]
    assert _stage_of(shown.app, card.id) == target.stage_id
    assert not shown.page.board.strip.isVisible()


def test_a_change_made_elsewhere_is_read_at_once_and_once(
    shown: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    planned_ms: list[int] = []
    read, timer = deals.board, shown.page._changes._timer

    def board(*arguments: Any) -> Any:
        asked.append(arguments)
        return read(*arguments)

    monkeypatch.setattr(deals, "board", board)
    timer.timeout.connect(lambda: planned_ms.append(timer.interval()))
    shown.qtbot.wait(settling.QUIET_MS)  # a change so long after another is a single one
    column = shown.columns[0]
    card = column.model.cards[0]
    shown.context.change(
        shown.page, lambda: records.update(shown.app.replica, "deal", card.id, {"name": "Renamed elsewhere"})
    )
    shown.settle()
    assert "Renamed elsewhere" in [each.name for each in column.model.cards]
    assert (len(asked), planned_ms) == (1, [settling.SOON_MS])
