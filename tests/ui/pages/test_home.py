"""The home page: the day, tasks ticked off, figures that lead to their records, cards arranged."""

from __future__ import annotations

import datetime
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QCheckBox, QLabel, QWidget
from pytestqt.qtbot import QtBot

from crm_core.rules.standard_roles import STANDARD_ROLES
from crm_core.times import DAY_MS
from crm_desktop import assembly
from crm_desktop.assembly import App
from crm_desktop.models import state
from crm_desktop.models.conditions import Condition, Op
from crm_desktop.models.query import ListQuery
from crm_desktop.models.state import Key
from crm_desktop.platform.secrets import PASSPHRASE_VARIABLE
from crm_desktop.services import activities, attention, figures, records, targets
from crm_desktop.services.activities import AgendaItem
from crm_desktop.services.calendar import local
from crm_desktop.settings import HOME_CARDS
from crm_desktop.ui.actions import ActionRegistry, ActionSpec
from crm_desktop.ui.context import Context, Notice, Place
from crm_desktop.ui.home import words
from crm_desktop.ui.home.arrange import Arrangement, ArrangePopup, arrangement_of
from crm_desktop.ui.home.attention import AttentionCard
from crm_desktop.ui.home.chart_cards import PipelineCard, WonMonthsCard, WonOwnersCard
from crm_desktop.ui.home.day_strip import DayStrip
from crm_desktop.ui.home.lines import Line
from crm_desktop.ui.home.own_figures import OwnFiguresCard
from crm_desktop.ui.home.recent import RecentCard
from crm_desktop.ui.pages.home import LOG_ACTION, HomePage
from crm_desktop.ui.tasks import Tasks
from crm_desktop.ui.timeline.history_list import HistoryList
from crm_desktop.ui.translate import show, translator
from crm_desktop.ui.widgets.cards import InfoRow
from tests.support.desktop import PASSPHRASE, empty_app, sample_app
from tests.support.windows import has_keyboard, show_active


class Shown:
    """A page in a window, with where it led."""

    def __init__(self, app: App, qtbot: QtBot) -> None:
        self.app, self.qtbot = app, qtbot
        self.tasks = Tasks()
        self.context = Context(app, self.tasks)
        self.places: list[Place] = []
        self.notices: list[Notice] = []
        self.logged: list[bool] = []
        self.context.go.connect(self.places.append)
        self.context.notice.connect(self.notices.append)
        self.window = QWidget()
        qtbot.addWidget(self.window)
        actions = ActionRegistry()
        spec = ActionSpec(id=LOG_ACTION, text="Quick log", group="The window")
        actions.add(spec, lambda: self.logged.append(True), self.window)
        self.page = HomePage(self.context, actions)
        qtbot.addWidget(self.page)
        self.page.resize(1240, 824)
        self.page.show_place(Place(page="home"))
        show_active(qtbot, self.page)
        self.settle()

    def settle(self) -> None:
        """Wait until everything asked for is on screen."""
        quiet = 0
        for _ in range(2000):
            self.qtbot.wait(8)
            quiet = 0 if self.page._changes.waits or self.tasks.busy else quiet + 1
            if quiet == 4:
                return
        raise AssertionError("the page never came to rest")

    def card(self, kind: type) -> QWidget:
        """Return the card of a kind."""
        return next(card for card in self.page.cards.values() if isinstance(card, kind))

    def counted(self) -> int:
        """Return how many records the list drilled into last holds."""
        place = self.places[-1]
        entity = {"pipeline": "deal", "calendar": "activity"}[place.page]
        wanted = ListQuery(entity=entity, conditions=place.options["conditions"])
        return records.count(self.app.replica, wanted)


@pytest.fixture(scope="module")
def profiles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with two profiles to copy: `full` with sample records, `bare` without any."""
    folder = tmp_path_factory.mktemp("home")
    sample_app(folder / "full").close()
    empty_app(folder / "bare").close()
    return folder


def _open(
    profiles: Path, name: str, to: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> Iterator[Shown]:
    monkeypatch.setenv(PASSPHRASE_VARIABLE, PASSPHRASE)
    shutil.copytree(profiles / name / "profile", to / "profile")
    app = assembly.open_profile(to / "profile")
    made = Shown(app, qtbot)
    yield made
    made.tasks.close()
    app.close()


@pytest.fixture
def shown(
    profiles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, look: QApplication, qtbot: QtBot
) -> Iterator[Shown]:
    """Give the page of a profile with sample records."""
    yield from _open(profiles, "full", tmp_path, monkeypatch, qtbot)


@pytest.fixture
def bare(
    profiles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, look: QApplication, qtbot: QtBot
) -> Iterator[Shown]:
    """Give the page of a profile without a customer."""
    yield from _open(profiles, "bare", tmp_path, monkeypatch, qtbot)


def test_the_head_sums_up_the_day_and_says_how_old_the_figures_are(shown: Shown) -> None:
    said = shown.page._summary.text()
    agenda = activities.agenda(shown.app.replica)
    assert f"{agenda.late_total} tasks overdue" in said
    assert said.endswith("Your 40 customers, on this laptop only")


def test_a_task_ticked_off_is_done_and_can_be_undone(shown: Shown) -> None:
    late = activities.agenda(shown.app.replica).late
    line = shown.page.today.findChildren(Line)[0]
    assert line.title.text() == late[0].subject
    tick = line.findChild(QCheckBox)
    tick.setFocus()
    QTest.keyClick(tick, Qt.Key.Key_Space)
    shown.settle()
    assert records.get(shown.app.replica, "activity", late[0].id)["done"] is True
    lines = [line for line in shown.page.today.findChildren(Line) if line.isVisible()]
    assert late[0].subject not in [line.title.text() for line in lines]
    assert has_keyboard(lines[0])  # the next one, for whoever goes on by keyboard
    act = shown.notices[-1].act
    assert act is not None
    act()
    shown.settle()
    assert not records.get(shown.app.replica, "activity", late[0].id)["done"]


def test_the_strip_shows_what_has_its_place_in_the_day_and_opens_it_by_enter(shown: Shown) -> None:
    strip = shown.page.today.strip
    expected = [item.id for item in activities.agenda(shown.app.replica).today if item.kind != "task"]
    strip.grab()
    assert [part.key for part in strip.parts()] == expected
    strip.setFocus()
    QTest.keyClick(strip, Qt.Key.Key_Right)
    QTest.keyClick(strip, Qt.Key.Key_Return)
    assert shown.places[-1] == Place(page="calendar", record_id=expected[1])
    assert len(strip.as_table()) == len(expected) + 1


def test_what_happens_at_the_same_time_stands_in_lanes(look: QApplication, qtbot: QtBot) -> None:
    strip = DayStrip()
    qtbot.addWidget(strip)
    nine = datetime.datetime.now().astimezone().replace(hour=9, minute=0, second=0, microsecond=0)

    def item(name: str, hour: int, minutes: int) -> AgendaItem:
        return AgendaItem(
            id=name,
            kind="visit",
            subject=name,
            customer_id=None,
            customer_name="",
            deal_id=None,
            place="",
            at_ms=round((nine + datetime.timedelta(hours=hour)).timestamp() * 1000),
            duration_minutes=minutes,
            done=False,
        )

    strip.resize(760, 200)
    strip.show_day([item("long", 0, 180), item("within", 1, 60), item("after", 3, 60)], nine)
    strip.grab()
    tops = {part.key: part.shape.boundingRect().top() for part in strip.parts()}
    assert tops["within"] > tops["long"]
    assert tops["after"] == tops["long"]
    strip.show_day([item(f"crowd {number}", 0, 60) for number in range(9)], nine)
    strip.grab()
    assert [part.key for part in strip.parts()] == ["crowd 0", "crowd 1", "crowd 2", "more"]
    assert strip.parts()[-1].words == "and 6 more at the same times"
    one = DayStrip()
    qtbot.addWidget(one)
    one.show_day([item("alone", 0, 60)], nine)
    assert strip.sizeHint().height() > one.sizeHint().height()


def test_a_visit_at_night_is_within_the_strip(look: QApplication, qtbot: QtBot) -> None:
    strip = DayStrip()
    qtbot.addWidget(strip)
    night = datetime.datetime.now().astimezone().replace(hour=23, minute=30, second=0, microsecond=0)
    late = AgendaItem(
        id="late",
        kind="call",
        subject="late",
        customer_id=None,
        customer_name="",
        deal_id=None,
        place="",
        at_ms=round(night.timestamp() * 1000),
        duration_minutes=90,
        done=False,
    )
    strip.resize(760, 90)
    strip.show_day([late], night)
    strip.grab()
    area = strip.parts()[0].shape.boundingRect()
    assert area.right() <= 761
    assert area.width() > 4


@pytest.mark.parametrize("kind", [PipelineCard, WonMonthsCard, WonOwnersCard])
def test_every_part_of_a_chart_leads_to_the_very_records_it_counts(shown: Shown, kind: type) -> None:
    card = shown.card(kind)
    replica = shown.app.replica
    today = local(replica.clock.now_ms()).date()
    if kind is PipelineCard:
        parts = figures.funnel(replica, None, replica.person.user_id).parts
    elif kind is WonMonthsCard:
        parts = figures.won_by_month(replica, today).parts
    else:
        since = (today.replace(day=1) - datetime.timedelta(days=334)).replace(day=1)
        parts = figures.won_by_owner(replica, since).parts
    assert sum(part.count for part in parts) > 0
    card.chart.grab()
    assert [part.key for part in card.chart.parts()] == [part.key for part in parts]
    for part in parts:
        card.chart.part_clicked.emit(part.key)
        assert shown.places[-1].page == "pipeline"
        assert shown.counted() == part.count


def test_targets_say_what_of_what_and_the_pace_and_lead_to_what_they_count(shown: Shown) -> None:
    card = shown.card(OwnFiguresCard)
    assert isinstance(card, OwnFiguresCard)
    first = targets.own_figures(shown.app.replica).progress[0]
    block = card.rows.itemAt(1).widget()
    said = [label.text() for label in block.findChildren(QLabel)]
    assert f"{first.percent} %" in said
    assert f"of ¥{first.goal // 100:,}" in said
    assert any(text.startswith(f"Day {first.pace.day} of {first.pace.days} · even pace") for text in said)
    opens = block.findChild(QAbstractButton)
    opens.setFocus()
    QTest.keyClick(opens, Qt.Key.Key_Space)
    assert shown.counted() == records.count(
        shown.app.replica, ListQuery(entity="deal", conditions=first.conditions)
    )
    for row in records.page(shown.app.replica, ListQuery(entity="target", limit=50)).rows:
        records.delete(shown.app.replica, "target", row.id)
    shown.settle()
    assert card.rows.count() == 1
    assert card.set_button.isVisible()
    card.set_button.click()
    assert shown.places[-1] == Place(page="targets", options={"new": "target"})


def test_the_pipeline_of_everybody_in_sight_is_a_key_away_and_leads_to_its_records(shown: Shown) -> None:
    card = shown.card(PipelineCard)
    assert isinstance(card, PipelineCard)
    assert card.switch is not None
    assert card.switch.key == "mine"
    mine = [part.count for part in card.funnel.parts] if card.funnel else []
    chosen = next(button for button in card.switch.findChildren(QAbstractButton) if button.text() == "Mine")
    chosen.setFocus()
    QTest.keyClick(chosen, Qt.Key.Key_Right)
    QTest.keyClick(card.switch.findChildren(QAbstractButton)[1], Qt.Key.Key_Space)
    assert card.switch.key == "every"
    every = figures.funnel(shown.app.replica)
    assert card.funnel == every
    assert sum(part.count for part in every.parts) > sum(mine)
    for part in every.parts:
        card.chart.part_clicked.emit(part.key)
        assert shown.counted() == part.count


def test_who_has_no_deals_of_their_own_sees_those_of_the_others_first(shown: Shown) -> None:
    replica = shown.app.replica
    role = records.create(
        replica, "role", {"name": "boss", "rights": STANDARD_ROLES["sales_manager"][1]}
    ).value.id
    user = records.create(replica, "user", {"name": "Boss (demo)", "role_id": role}).value.id
    with replica.applying() as session:
        state.write(session, {Key.USER_ID: user})
        session.changed.add(("role", role))
    shown.settle()
    card = shown.card(PipelineCard)
    assert isinstance(card, PipelineCard)
    assert card.switch is not None
    assert card.switch.isVisible()
    assert card.switch.key == "every"
    assert [button.text() for button in card.switch.findChildren(QAbstractButton)] == ["Mine", "Team"]
    assert card.funnel is not None
    assert sum(part.count for part in card.funnel.parts) > 0


def test_the_tab_key_goes_down_the_cards_whichever_was_read_first(shown: Shown) -> None:
    cards = list(shown.page.cards.values())
    for card in reversed(cards):
        card.ask(lambda card=card: shown.page._on_card_shown(card, card.offered))
        shown.settle()
    passed = []
    at = shown.page.log_button.nextInFocusChain()
    while at is not shown.page.log_button:
        over = next((card.key for card in cards if card.isAncestorOf(at)), None)
        if over is not None and at.focusPolicy() & Qt.FocusPolicy.TabFocus and at.isVisible():
            passed.append(over)
        at = at.nextInFocusChain()
    wanted = [key for key in (*Arrangement().main, *Arrangement().side) if key in passed]
    assert list(dict.fromkeys(passed)) == wanted
    assert len(wanted) >= 5
    assert [key for key, before in zip(passed[1:], passed, strict=False) if key != before] == wanted[1:]


def test_all_tasks_leads_to_those_that_are_late(shown: Shown) -> None:
    replica = shown.app.replica
    for number in range(3):
        due = replica.clock.now_ms() - (number + 1) * DAY_MS
        records.create(replica, "activity", {"kind": "task", "subject": f"late {number}", "due_at": due})
    shown.settle()
    button = shown.page.today.all_button
    total = activities.agenda(replica).late_total
    assert button.isVisible()
    button.click()
    assert shown.counted() == total


def test_what_needs_somebody_opens_its_record(shown: Shown) -> None:
    card = shown.card(AttentionCard)
    item = attention.attention(shown.app.replica)[0]
    row = card.findChildren(InfoRow)[0]
    assert row.title.text() == item.title
    row.setFocus()
    QTest.keyClick(row, Qt.Key.Key_Return)
    assert shown.places[-1] == Place(page="tickets", record_id=item.record_id)


def test_a_record_changed_now_stands_first_among_the_recent_ones(shown: Shown) -> None:
    replica = shown.app.replica
    customer = records.page(replica, ListQuery(entity="customer", limit=1)).rows[0]
    records.update(replica, "customer", customer.id, {"name": "Renamed just now (demo)"})
    shown.settle()
    line = next(line for line in shown.card(RecentCard).stack._lines)
    assert line.title.text() == "Renamed just now (demo)"
    assert line.more.text() == "Name: Renamed just now (demo)"
    line.setFocus()
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert shown.places[-1] == Place(page="customers", record_id=customer.id)


def test_a_recent_record_says_what_was_done_with_it_also_in_another_currency(shown: Shown) -> None:
    replica = shown.app.replica
    named = (Condition(field="name", op=Op.EQUAL, value="Negotiation"),)
    stage = records.page(replica, ListQuery(entity="stage", conditions=named, limit=1)).rows[0]
    deals = records.page(replica, ListQuery(entity="deal", limit=50)).rows
    deal = next(each for each in deals if each["stage_id"] != stage.id and each["close_date"])
    told = []
    for values in (
        {"stage_id": stage.id, "amount": 5_000_000, "currency": "USD"},
        {"amount": 9_900_000},
        {"close_date": None},
    ):
        records.update(replica, "deal", deal.id, values)
        shown.settle()
        told.append(shown.card(RecentCard).stack._lines[0].more.text())
    records.create(replica, "customer", {"name": "Fresh (demo)"})
    shown.settle()
    told.append(shown.card(RecentCard).stack._lines[0].more.text())
    assert told == ["Stage: Negotiation", "Amount: $99,000", "Closing date: emptied", "Record added"]
    history = HistoryList(shown.context, "deal")
    shown.qtbot.addWidget(history)
    history.show_record(deal.id)
    shown.settle()
    said = [history.model.index(place).data(Qt.ItemDataRole.AccessibleTextRole) for place in range(4)]
    assert any("$50,000 → $99,000" in (line or "") for line in said)


def test_recent_quotes_and_tickets_are_told_with_number_and_customer(shown: Shown) -> None:
    replica = shown.app.replica
    quote = records.page(replica, ListQuery(entity="quote", limit=1)).rows[0]
    ticket = records.page(replica, ListQuery(entity="ticket", limit=1)).rows[0]
    records.update(replica, "ticket", ticket.id, {"subject": "Seal leaks"})
    customer = records.get(replica, "customer", quote["customer_id"])
    titles = {item.record_id: item.title for item in figures.recent(replica, limit=200)}
    assert titles[ticket.id] == f"{ticket['number']} Seal leaks"
    assert titles[quote.id] == f"{quote['number']} · {customer.title}"


def test_cards_are_hidden_and_moved_and_stay_so(shown: Shown, qtbot: QtBot) -> None:
    shown.page.open_arrange()
    popup = next(child for child in shown.page.findChildren(ArrangePopup) if child.isVisible())
    popup.rows["won_months"].tick.click()
    popup.rows["recent"].up.click()
    popup.rows["recent"].up.click()
    shown.settle()
    popup.close()
    assert not shown.page.cards["won_months"].isVisible()
    top = {key: card.mapTo(shown.page, card.rect().topLeft()).y() for key, card in shown.page.cards.items()}
    assert top["today"] < top["recent"] < top["pipeline"]
    kept = arrangement_of(shown.app.settings.get(HOME_CARDS))
    assert kept.hidden == {"won_months"}
    assert kept.main == ("today", "recent", "pipeline", "won_months")
    again = HomePage(shown.context, ActionRegistry())
    qtbot.addWidget(again)
    assert again.cards["won_months"].isHidden()
    assert not again.cards["recent"].isHidden()


def test_an_arrangement_of_another_version_keeps_what_is_known() -> None:
    kept = {"main": ["recent", "weather", 7], "side": "nonsense", "hidden": ["weather", "today"]}
    found = arrangement_of(kept)
    assert found.main == ("recent", "today", "pipeline", "won_months")
    assert found.side == Arrangement().side
    assert found.hidden == {"today"}


def test_log_a_visit_opens_the_quick_log(shown: Shown) -> None:
    shown.page.log_button.click()
    assert shown.logged == [True]


def test_a_new_profile_says_how_to_begin(bare: Shown) -> None:
    assert bare.page.stack.currentIndex() == 1
    assert not bare.page.log_button.isVisible()
    bare.page.first_button.click()
    assert bare.places == [Place(page="customers", options={"new": "customer"})]
    records.create(bare.app.replica, "customer", {"name": "First (demo)", "phone": "13800000000"})
    bare.settle()
    assert bare.page.stack.currentIndex() == 0


def test_a_narrow_window_has_one_column(shown: Shown) -> None:
    side = shown.page.cards["attention"]
    assert side.x() > shown.page.cards["today"].x() or side.parentWidget() is not shown.page._inner
    shown.page.resize(820, 700)
    shown.settle()
    left = {card.mapTo(shown.page, card.rect().topLeft()).x() for card in (side, shown.page.cards["today"])}
    assert len(left) == 1


def test_everything_is_said_in_chinese_at_once(shown: Shown) -> None:
    translator().use("zh_CN")
    shown.qtbot.waitUntil(lambda: "个客户" in shown.page._summary.text(), timeout=3000)
    assert shown.page.arrange_button.text() == "调整布局"
    assert "逾期" in shown.page._summary.text()
    assert "拜访" in shown.page.today.strip.accessibleDescription()


@pytest.mark.parametrize(
    ("customers", "said"),
    [
        (1, "Your 1 customer, on this laptop only"),
        (2, "Your 2 customers, on this laptop only"),
        (1200, "Your 1,200 customers, on this laptop only"),
    ],
)
def test_one_customer_is_no_customers(look: QApplication, customers: int, said: str) -> None:
    assert show(words.age_words(figures.DataAge(customers=customers, as_of_ms=None))) == said


def test_one_day_is_no_days(look: QApplication) -> None:
    now = round(datetime.datetime(2026, 11, 24, 12, tzinfo=datetime.UTC).timestamp() * 1000)
    assert [words.quiet_words(now - days * DAY_MS, now) for days in (0, 1, 2)] == [
        "0 days",
        "1 day",
        "2 days",
    ]
    assert [words.late_words(now - days * DAY_MS, now) for days in (1, 2)] == ["1 day late", "2 days late"]


def test_the_card_of_what_needs_attention_counts_one_item_as_one(shown: Shown) -> None:
    card = shown.card(AttentionCard)
    assert isinstance(card, AttentionCard)
    items = attention.attention(shown.app.replica)
    card.take(items[:1])
    assert card.remark.text() == "1 item"
    card.take(items[:2])
    assert card.remark.text() == "2 items"
