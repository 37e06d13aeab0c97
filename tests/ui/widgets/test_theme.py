"""The theme dresses the program, and dresses it anew when it changes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage, QPalette
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from crm_desktop.ui.theme import icons, theme
from crm_desktop.ui.theme.palette import palette
from crm_desktop.ui.theme.sheet import sheet
from crm_desktop.ui.theme.tokens import COLORS, Scheme
from crm_desktop.ui.widgets.buttons import Button, IconButton, Kind
from crm_desktop.ui.widgets.labels import IconLabel, Label


def strongest(image: QImage) -> QColor:
    """Return the colour of the most opaque pixel."""
    pixels = (image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height()))
    return max(pixels, key=lambda color: color.alpha())


@pytest.mark.parametrize("scheme", Scheme)
def test_the_style_sheet_has_no_name_left_to_fill(scheme: Scheme) -> None:
    filled = sheet(scheme, 1.0, Path("icons"))
    assert "@" not in filled
    assert not re.search(r"\dsp\b", filled)
    assert COLORS[scheme]["accent"] in filled


def test_lengths_grow_with_the_font_scale_but_hairlines_do_not() -> None:
    filled = sheet(Scheme.LIGHT, 2.0, Path("icons"))
    assert "min-height: 60px" in filled
    assert "border: 1px solid" in filled
    assert "border: 2px solid" not in re.sub(r"border: 2px solid #0F6078", "", filled)


def test_qt_reads_the_style_sheet_of_both_schemes_without_a_warning(look: QApplication, qtbot: QtBot) -> None:
    for mode in ("dark", "light"):
        theme().apply(look, mode, 1.3)  # type: ignore[arg-type]
        for widget in (QPushButton("x"), QLineEdit("x")):
            qtbot.addWidget(widget)
            widget.show()
            assert widget.grab().width() > 0


def test_labels_and_icons_take_the_colours_of_a_theme_switched_under_them(
    look: QApplication, qtbot: QtBot
) -> None:
    label, icon, button = Label("x", color="bad"), IconLabel("check", color="good"), IconButton("pen", "Edit")
    for widget in (label, icon, button):
        qtbot.addWidget(widget)
    before = strongest(button.icon().pixmap(16, 16).toImage())
    theme().apply(look, "dark")
    assert label.palette().color(QPalette.ColorRole.WindowText) == QColor(COLORS[Scheme.DARK]["bad"])
    assert strongest(icon.pixmap().toImage()).name() == COLORS[Scheme.DARK]["good"].lower()
    assert strongest(button.icon().pixmap(16, 16).toImage()) != before


def test_buttons_on_screen_take_the_text_size_of_a_theme_switched_under_them(
    look: QApplication, qtbot: QtBot
) -> None:
    around = QWidget()
    column = QVBoxLayout(around)
    buttons = [Button("Save", kind) for kind in Kind]
    for button in buttons:
        column.addWidget(button)
    qtbot.addWidget(around)
    around.show()
    for scale, pixels in ((2.0, 26), (1.0, 13)):
        theme().apply(look, "light", scale)
        look.processEvents()
        assert [button.font().pixelSize() for button in buttons] == [pixels] * len(buttons)


def test_the_theme_says_that_it_changed(look: QApplication, qtbot: QtBot) -> None:
    with qtbot.waitSignal(theme().changed, timeout=1000):
        theme().apply(look, "dark")
    assert theme().dark


def test_mode_system_follows_the_desktop(look: QApplication) -> None:
    theme().apply(look, "system")
    wanted = look.styleHints().colorScheme() == Qt.ColorScheme.Dark
    assert theme().dark == wanted


def test_a_selection_does_not_fade_when_focus_leaves() -> None:
    for scheme in Scheme:
        made = palette(scheme)
        for role in (QPalette.ColorRole.Highlight, QPalette.ColorRole.HighlightedText):
            active = made.color(QPalette.ColorGroup.Active, role)
            assert active == made.color(QPalette.ColorGroup.Inactive, role)


def test_a_colour_there_is_not_is_an_error(look: QApplication) -> None:
    with pytest.raises(KeyError):
        theme().color("mauve")


def test_sizes_and_fonts_follow_the_font_scale(look: QApplication, qtbot: QtBot) -> None:
    label = Label("x", step="title")
    qtbot.addWidget(label)
    theme().apply(look, "light", 1.5)
    assert theme().size("row") == 48
    assert label.font().pixelSize() == 30
    assert QLabel("x").font().pixelSize() == 20


@pytest.mark.parametrize("name", icons.names())
def test_every_icon_is_drawn_in_the_colour_asked_for(look: QApplication, name: str) -> None:
    image = icons.draw(name, "#ff0000", 20, 2.0).toImage()
    assert image.width() == 40
    inked = strongest(image)
    assert inked.alpha() > 120
    assert (inked.red(), inked.green(), inked.blue()) == (255, 0, 0)


def test_an_icon_keeps_its_line_width_when_it_shrinks() -> None:
    assert 'stroke-width="1.875"' in icons.tinted("check", "#000000", 16)
    assert 'stroke-width="1.5"' in icons.tinted("check", "#000000", 20)


def test_the_line_of_an_icon_grows_with_the_text(look: QApplication) -> None:
    def share_inked(scale: float) -> float:
        image = icons.draw("check", "#000000", 16, 1.0, scale).toImage()
        alphas = (image.pixelColor(x, y).alpha() for x in range(image.width()) for y in range(image.height()))
        return sum(alphas) / 255 / image.width() ** 2

    assert icons.draw("check", "#000000", 16, 1.0, 2.0).width() == 32
    assert share_inked(2.0) == pytest.approx(share_inked(1.0), rel=0.05)


def test_twenty_thousand_qt_calls_leave_python_alive(look: QApplication, qtbot: QtBot) -> None:
    label = QLabel()
    qtbot.addWidget(label)
    for place in range(20_000):
        label.setObjectName(str(place))
    assert label.objectName() == "19999"
