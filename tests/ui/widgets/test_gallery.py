"""The sheet of all components can be drawn in every look."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from crm_desktop.ui.gallery.sheet import draw


@pytest.mark.parametrize("language", ["en", "zh_CN"])
@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("scale", [1.0, 1.5])
def test_the_sheet_is_drawn_in_every_look(
    look: QApplication, tmp_path: Path, language: str, dark: bool, scale: float
) -> None:
    out = tmp_path / "sheet.png"
    draw(out, dark=dark, language=language, scale=scale)
    picture = QImage(str(out))
    assert picture.width() >= 1440
    ground = picture.pixelColor(4, 4)
    assert (ground.lightness() < 128) == dark
