"""A sales person's way by keyboard alone, while HQ falls over at every step of it: nothing is lost."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtPrintSupport import QPrintDialog, QPrinter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from crm_core.errors import Unreachable
from crm_desktop import assembly
from crm_desktop.assembly import App
from crm_desktop.models.query import ListQuery
from crm_desktop.services import records
from crm_desktop.sync import outbox
from crm_desktop.ui.context import Context
from crm_desktop.ui.main_window import MainWindow
from crm_desktop.ui.pages.pipeline import PipelinePage
from crm_desktop.ui.pages.quotes import QuotesPage
from crm_desktop.ui.shell.frame import Frame
from crm_desktop.ui.shell.standing import standing
from crm_desktop.ui.tasks import Tasks
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import tr, translator
from tests.support.server import RunningServer, running_server
from tests.support.windows import WAIT_MS, show_active

CTRL, NONE = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.NoModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
Fall = Callable[[RunningServer, App], None]


def stopped(hq: RunningServer, _lin: App) -> None:
    """HQ ends in order before the step."""
    hq.stop()


def killed_in_a_sync(hq: RunningServer, lin: App) -> None:
    """The power goes while a round is under way."""
    with contextlib.suppress(Unreachable):
        lin.sync_now(lambda _step: hq.kill() if hq.is_running else None)
    if hq.is_running:
        hq.kill()


def killed_after_a_sync(hq: RunningServer, lin: App) -> None:
    """The power goes when everything had just been sent."""
    lin.sync_now()
    hq.kill()


@pytest.fixture
def hq(tmp_path: Path) -> Iterator[RunningServer]:
    with running_server(tmp_path / "office") as server:
        for name in ("lin", "maya"):
            server.add_user(name, "admin")
        yield server


def _enrolled(hq: RunningServer, folder: Path, user: str) -> App:
    app = assembly.new_profile(folder)
    app.enrol(hq.url, user, user, user)
    app.sync_now()
    return app


@pytest.fixture
def laptops(hq: RunningServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[App, App]]:
    monkeypatch.setenv("CRM_PASSPHRASE", "test passphrase")
    lin, maya = (_enrolled(hq, tmp_path / name, name) for name in ("lin", "maya"))
    yield lin, maya
    lin.close()
    maya.close()


@pytest.fixture
def dressed(look: QApplication, request: pytest.FixtureRequest) -> None:
    """Put on a theme, a size of the font and a language; the test's own `look` takes them off again."""
    mode, font_scale, language = request.param
    theme().apply(look, mode, font_scale)
    translator().use(language)


@pytest.fixture
def frame(laptops: tuple[App, App], dressed: None, qtbot: QtBot) -> Iterator[Frame]:
    """Give lin's program, with a customer and a deal every laptop has."""
    lin, maya = laptops
    customer = records.create(lin.replica, "customer", {"name": "Blue Heron Valves"}).value.id
    stages = records.page(lin.replica, ListQuery(entity="stage", sort=(("rank", False),), limit=9)).rows
    first = next(stage for stage in stages if stage["kind"] == "open")
    deal = {"name": "Valve refit", "customer_id": customer, "stage_id": first.id}
    records.create(lin.replica, "deal", deal)
    lin.sync_now()
    maya.sync_now()
    tasks = Tasks()
    made = Frame(Context(lin, tasks), standing(lin.replica), sample=False)
    window = MainWindow()
    qtbot.addWidget(window)
    window.show_screen(made)
    show_active(qtbot, window)
    yield made
    tasks.close()


class Hands:
    """Two hands on a keyboard: they press keys where the keyboard is, and wait for what the eyes see."""

    def __init__(self, qtbot: QtBot, frame: Frame) -> None:
        self._qtbot, self._frame = qtbot, frame

    def press(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE) -> None:
        QTest.keyClick(self._at(), key, modifiers)

    def type(self, words: str) -> None:
        QTest.keyClicks(self._at(), words)

    def until(self, holds: Callable[[], object]) -> None:
        self._qtbot.waitUntil(lambda: bool(holds()), timeout=WAIT_MS)

    def rest(self) -> None:
        """Wait until a page is there; the platform of the tests takes the window's activity with it."""
        quiet = 0
        while quiet < 10:
            QTest.qWait(20)
            quiet = 0 if self._frame.context.tasks.busy else quiet + 1
        show_active(self._qtbot, self._frame.window())

    def tab_to(self, name: str) -> None:
        for _ in range(60):
            if self._at().accessibleName() == name or getattr(self._at(), "text", str)() == name:
                return
            self.press(Qt.Key.Key_Tab)
        raise AssertionError(f"Tab does not come to “{name}”")

    def _at(self) -> QWidget:
        return QApplication.focusWidget() or self._frame.window().focusWidget() or self._frame


def _find_customer(hands: Hands, frame: Frame) -> None:
    hands.press(Qt.Key.Key_K, CTRL)
    hands.type("heron")
    hands.until(lambda: frame.finding.palette.isVisible() and frame.finding.palette.choices)
    hands.press(Qt.Key.Key_Return)
    hands.until(lambda: frame.place is not None and frame.place.record_id is not None)


def _log_visit(hands: Hands, frame: Frame) -> None:
    hands.press(Qt.Key.Key_L, CTRL)
    hands.until(lambda: frame.log.isVisible() and frame.log.customer.text())
    frame.log.activateWindow()
    hands.until(frame.log.subject.hasFocus)
    hands.type("Looked at the valves")
    hands.press(Qt.Key.Key_Return, CTRL)
    hands.until(lambda: not frame.log.isVisible())


def _move_deal(hands: Hands, frame: Frame) -> None:
    frame.window().activateWindow()
    hands.press(Qt.Key.Key_4, CTRL)
    page = frame.page
    assert isinstance(page, PipelinePage)
    hands.until(lambda: page.board.columns and page.board.columns[0].list.current_card() is not None)
    hands.until(page.board.columns[0].list.hasFocus)
    hands.press(Qt.Key.Key_Right, CTRL | SHIFT)
    hands.until(lambda: page.board.columns[1].list.current_card() is not None)


def _print_quote(hands: Hands, frame: Frame) -> None:
    hands.press(Qt.Key.Key_6, CTRL)
    page = frame.page
    assert isinstance(page, QuotesPage)
    hands.rest()
    hands.press(Qt.Key.Key_N, CTRL)
    hands.rest()
    hands.until(page.new_quote.customer.hasFocus)
    hands.type("heron")
    hands.until(page.new_quote.customer._options.isVisible)
    hands.press(Qt.Key.Key_Return)
    hands.until(lambda: page.new_quote.customer.record_id is not None)
    hands.press(Qt.Key.Key_Return)
    hands.until(lambda: page.editor.view is not None and page.editor.entry.input.isVisible())
    page.editor.entry.focus()
    hands.type("Pilot valve by hand")
    hands.press(Qt.Key.Key_Return)
    hands.until(lambda: page.editor.lines.rowCount() == 1)
    hands.until(lambda: page.editor.saving == 0)
    hands.press(Qt.Key.Key_P, CTRL)  # where the words are large it takes the editor's place
    hands.until(lambda: page.editor.preview.document.pageCount() == 1)
    hands.tab_to(tr("Print…"))
    hands.press(Qt.Key.Key_Space)


WALK = (_find_customer, _log_visit, _move_deal, _print_quote)


LARGE_DARK_CHINESE, PLAIN_ENGLISH = ("dark", 2.0, "zh_CN"), ("light", 1.0, "en")


@pytest.mark.parametrize(
    ("dressed", "falls"),
    [
        pytest.param(
            LARGE_DARK_CHINESE,
            (stopped, killed_in_a_sync, killed_after_a_sync, killed_in_a_sync),
            id="large, dark, Chinese",
        ),
        *(
            pytest.param(look, (fall,) * len(WALK), marks=pytest.mark.soak, id=f"{look[2]} {fall.__name__}")
            for fall in (stopped, killed_in_a_sync, killed_after_a_sync)
            for look in (LARGE_DARK_CHINESE, PLAIN_ENGLISH)
        ),
    ],
    indirect=["dressed"],
)
def test_a_days_way_by_keyboard_is_whole_at_hq_though_it_fell_at_every_step(
    frame: Frame,
    laptops: tuple[App, App],
    hq: RunningServer,
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    falls: tuple[Fall, ...],
) -> None:
    paper = tmp_path / "printed.pdf"

    def to_file(dialog: QPrintDialog) -> int:
        dialog.printer().setOutputFormat(QPrinter.OutputFormat.PdfFormat)
        dialog.printer().setOutputFileName(str(paper))
        dialog.printer().setResolution(96)
        return 1

    monkeypatch.setattr(QPrintDialog, "exec", to_file)
    (lin, maya), hands = laptops, Hands(qtbot, frame)
    for step, fall in zip(WALK, falls, strict=True):
        if not hq.is_running:
            hq.restart()
        fall(hq, lin)
        step(hands, frame)
    hands.until(paper.is_file)
    hq.restart()
    for app in (lin, maya, lin):
        app.sync_now()
    with lin.replica.read() as session:
        assert outbox.count(session) == 0
    for app in (lin, maya):
        visits = records.page(app.replica, ListQuery(entity="activity", limit=9)).rows
        assert [(row.title, row["kind"]) for row in visits] == [("Looked at the valves", "visit")]
        (deal,) = records.page(app.replica, ListQuery(entity="deal", limit=9)).rows
        stages = records.page(app.replica, ListQuery(entity="stage", sort=(("rank", False),), limit=9)).rows
        assert deal["stage_id"] == stages[1].id
        (quote,) = records.page(app.replica, ListQuery(entity="quote", limit=9)).rows
        (line,) = records.page(app.replica, ListQuery(entity="quote_line", limit=9)).rows
        assert (line["quote_id"], line.title) == (quote.id, "Pilot valve by hand")
