"""Margins and choices grow with the person's text."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication, QHBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from crm_desktop.ui.forms.editors import QuietCombo
from crm_desktop.ui.theme import theme
from crm_desktop.ui.widgets.margins import PAGE_MARGIN, keep_margins


@pytest.fixture
def page(look: QApplication, qtbot: QtBot) -> Iterator[QWidget]:
    made = QWidget()
    qtbot.addWidget(made)
    yield made
    theme().apply(look, "light")


def sides(layout: QHBoxLayout) -> tuple[int, int, int, int]:
    margins = layout.contentsMargins()
    return margins.left(), margins.top(), margins.right(), margins.bottom()


def test_margins_follow_the_size_of_the_text_while_the_page_is_open(
    page: QWidget, look: QApplication
) -> None:
    row = QHBoxLayout(page)
    keep_margins(row, PAGE_MARGIN, 8, PAGE_MARGIN, 0)
    assert sides(row) == (24, 8, 24, 0)
    theme().apply(look, "light", 2.0)
    assert sides(row) == (48, 16, 48, 0)
    theme().apply(look, "light", 1.0)
    assert sides(row) == (24, 8, 24, 0)


@pytest.mark.parametrize("scale", [1.0, 1.15, 1.3, 1.5, 2.0])
@pytest.mark.parametrize("words", ["At least one of these holds", "满足以下全部"])
def test_a_choice_is_as_wide_as_its_longest_words(
    page: QWidget, look: QApplication, scale: float, words: str
) -> None:
    theme().apply(look, "light", scale)
    box = QuietCombo()
    box.addItems(["…", words])
    box.setCurrentIndex(1)
    row = QHBoxLayout(page)
    row.addWidget(box)
    row.addStretch(1)
    page.show()
    assert box.words_shown() == words
