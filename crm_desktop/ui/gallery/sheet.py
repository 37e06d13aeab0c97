"""One sheet with every component, to hold beside the design.

`python -m crm_desktop.ui.gallery OUT.png [--dark] [--language zh_CN] [--scale 1.0]`
"""

from __future__ import annotations

import argparse
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QHBoxLayout, QVBoxLayout, QWidget

from crm_core.i18n import message
from crm_desktop.ui.gallery import colors, controls, states
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import Text, translator
from crm_desktop.ui.widgets.labels import IconLabel, Label

_WIDTH, _HEIGHT, _COLUMN = 1440, 1184, 432


class Gallery(QWidget):
    """The sheet: colours, controls and states in three columns under a title."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("sheet")
        self.setAutoFillBackground(True)
        ground = self.palette()
        ground.setColor(self.backgroundRole(), theme().color("surface"))
        self.setPalette(ground)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(IconLabel("satchel", color="accent", size=20))
        dark = theme().dark
        title = message("Satchel components, dark") if dark else message("Satchel components, light")
        head.addWidget(Label(title, step="title"))
        head.addStretch(1)
        note = message("Radius 6, chips 4 · hairline 1 · row 32, compact 26 · icons 16 and 20, stroke 1.5")
        head.addWidget(Label(note, color="text-soft"))
        columns = QHBoxLayout()
        columns.setSpacing(40)
        for sections in (colors.sections(), controls.sections(), states.sections()):
            columns.addLayout(_column(sections))
        whole = QVBoxLayout(self)
        whole.setContentsMargins(32, 32, 32, 16)
        whole.setSpacing(20)
        whole.addLayout(head)
        whole.addLayout(columns, 1)


def _column(sections: list[tuple[Text, QWidget]]) -> QVBoxLayout:
    column = QVBoxLayout()
    column.setSpacing(0)
    for heading, content in sections:
        column.addWidget(Label(heading, step="section"))
        column.addSpacing(12)
        content.setFixedWidth(theme().px(_COLUMN))
        column.addWidget(content, 0, Qt.AlignmentFlag.AlignTop)
        column.addSpacing(27)
    column.addStretch(1)
    return column


def draw(out: Path, *, dark: bool, language: str, scale: float) -> None:
    """Draw the sheet into a picture."""
    app = QApplication.instance() or QApplication([])
    theme().apply(app, "dark" if dark else "light", scale)
    translator().use(language)
    sheet = Gallery()
    sheet.resize(theme().px(_WIDTH), theme().px(_HEIGHT))
    sheet.show()
    sheet.activateWindow()
    for _ in range(4):
        app.processEvents()
    if not sheet.grab().save(str(out)):
        raise SystemExit(f"{out} could not be written")


def main() -> None:
    """Read the command line and draw."""
    parser = argparse.ArgumentParser(prog="gallery", description="Draw every component on one sheet.")
    parser.add_argument("out", type=Path)
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--language", default="en")
    parser.add_argument("--scale", type=float, default=1.0, help="font scale")
    chosen = parser.parse_args()
    draw(chosen.out, dark=chosen.dark, language=chosen.language, scale=chosen.scale)
