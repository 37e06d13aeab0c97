"""Every page for those who see little or use no mouse: names, the way of Tab, the frame of the focus."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import pairwise

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QRect, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QScrollArea, QWidget
from shiboken6 import isValid

from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.main_window import MainWindow
from crm_desktop.ui.pages.registry import BY_ID
from crm_desktop.ui.shell.frame import Frame
from crm_desktop.ui.shell.standing import standing
from crm_desktop.ui.tasks import Tasks
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import translator
from crm_desktop.ui.widgets.buttons import Button
from crm_desktop.ui.widgets.labels import Label
from tests.support.desktop import sample_app

LONGEST_S = 15.0
MOST_STOPS = 250
SLACK = 2
"""A control lower by so little cuts no word."""
ONCE = ("customers", "tickets")
"""Pages looked at closely each time; the others when there is time."""
PAGES = [pytest.param(page, marks=() if page in ONCE else pytest.mark.soak) for page in BY_ID]
RING = 5
"""How far around a control the frame of its focus may lie."""


@pytest.fixture(scope="module")
def frame(qapp: QApplication, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Frame]:
    """Give the program over a few sample records, shown, for the whole module."""
    theme().apply(qapp, "light")
    translator().use("en")
    app = sample_app(tmp_path_factory.mktemp("accessible"), customers=12)
    tasks = Tasks()
    window = MainWindow()
    made = Frame(Context(app, tasks), standing(app.replica), sample=True)
    window.show_screen(made)
    window.show()
    yield made
    tasks.close()
    window.close()
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    app.close()


@pytest.fixture(autouse=True)
def _as_usual(qapp: QApplication) -> Iterator[None]:
    yield
    theme().apply(qapp, "light")
    translator().use("en")


def _show(frame: Frame, page: str) -> QWidget:
    """Show a page with what it reads, and return it."""
    frame.go(Place(page=page))
    rounds, until = 0, time.monotonic() + LONGEST_S
    while rounds < 5 and time.monotonic() < until:
        QTest.qWait(5)
        rounds = 0 if frame.context.tasks.busy else rounds + 1
    shown = frame.page
    assert shown is not None
    return shown


def _controls(inside: QWidget) -> list[QWidget]:
    """Return what a person can reach by Tab."""
    return [
        widget
        for widget in inside.findChildren(QWidget)
        if widget.isVisible()
        and widget.isEnabled()
        and widget.focusProxy() is None
        and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
    ]


def _words(widget: QWidget) -> str:
    own = getattr(widget, "text", None)
    return widget.accessibleName() or (own() if callable(own) else "")


def _walk(frame: Frame) -> list[QWidget]:
    """Press Tab until the keyboard is back where it was, and return where it came along."""
    window = frame.window()
    window.activateWindow()
    frame.setFocus()
    walked: list[QWidget] = []
    for _ in range(MOST_STOPS):
        before = window.focusWidget()
        QTest.keyClick(before, Qt.Key.Key_Tab)
        now = window.focusWidget()
        assert now is not before, f"Tab does not lead on from {_named(before)}"
        if now in walked:
            return walked
        walked.append(now)
    raise AssertionError(f"Tab has not come round after {MOST_STOPS} controls")


def _named(widget: QWidget) -> str:
    return f"{type(widget).__name__} “{_words(widget)}” in {type(widget.parentWidget()).__name__}"


def _into_sight(control: QWidget) -> None:
    """Scroll to a control, as Tab does."""
    above = control.parentWidget()
    while above is not None:
        if isinstance(above, QScrollArea):
            above.ensureWidgetVisible(control)
        above = above.parentWidget()


def _around(widget: QWidget) -> QImage:
    """Return a picture of a control with what lies close around it."""
    window = widget.window()
    at = QRect(widget.mapTo(window, QPoint()), widget.size())
    return window.grab(at.adjusted(-RING, -RING, RING, RING)).toImage()


@pytest.mark.parametrize(
    ("language", "pages"),
    [
        ("en", ("settings", "leads")),
        *(pytest.param(language, tuple(BY_ID), marks=pytest.mark.soak) for language in ("en", "zh_CN")),
    ],
)
def test_twice_the_size_of_text_cuts_no_word_of_a_label_or_button(
    frame: Frame, qapp: QApplication, language: str, pages: tuple[str, ...]
) -> None:
    # First of all: pages that were made before are dressed anew for nothing.
    frame.window().resize(1920, 1200)
    theme().apply(qapp, "light", 2.0)
    translator().use(language)
    cut = []
    for page in pages:
        shown = _show(frame, page)
        for widget in shown.findChildren(QWidget):
            if isinstance(widget, (Label, Button)) and widget.isVisible() and not widget.size().isEmpty():
                needed = widget.minimumSizeHint()
                if widget.width() < needed.width() or widget.height() < needed.height() - SLACK:
                    cut.append(f"{page}: {_named(widget)} {widget.size()} of {needed}")
    frame.window().resize(1440, 900)
    assert not cut


@pytest.mark.parametrize("page", BY_ID)
def test_every_control_has_a_name_and_tab_comes_to_it_in_reading_order(frame: Frame, page: str) -> None:
    shown = _show(frame, page)
    assert not [_named(control) for control in _controls(shown) if not _words(control).strip()]
    walked = _walk(frame)
    missed = [control for control in _controls(shown) if control not in walked]
    assert not [_named(control) for control in missed]
    for first, second in pairwise(walked):
        if first.parentWidget() is second.parentWidget():
            a, b = first.geometry(), second.geometry()
            backward = b.bottom() < a.top() or (b.center().x() < a.left() and b.top() <= a.center().y())
            assert not backward, f"{_named(second)} follows {_named(first)}"


@pytest.mark.parametrize("page", PAGES)
def test_the_focus_can_be_seen_wherever_it_is(frame: Frame, page: str) -> None:
    shown = _show(frame, page)
    window = frame.window()
    window.activateWindow()
    assert QTest.qWaitForWindowActive(window)
    unseen = []
    for control in _controls(shown):
        if not isValid(control):  # made anew meanwhile
            continue
        _into_sight(control)
        control.setFocus(Qt.FocusReason.TabFocusReason)
        QCoreApplication.processEvents()
        with_focus = _around(control)
        frame.setFocus()
        QCoreApplication.processEvents()
        if (
            isValid(control)
            and control.isVisible()
            and window.focusWidget() is frame
            and _around(control) == with_focus
        ):
            unseen.append(_named(control))
    assert not unseen
