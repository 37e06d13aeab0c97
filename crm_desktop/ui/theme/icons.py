"""The line icons: tinted and drawn for a size and a screen, from `resources/icons`."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

import resources
from crm_desktop.ui.theme.tokens import ICON_GRID, ICON_STROKE


@cache
def _source(name: str) -> str:
    return resources.path("icons", f"{name}.svg").read_text(encoding="utf-8")


def names() -> list[str]:
    """Return the name of every icon there is, in order."""
    return sorted(each.stem for each in resources.path("icons").glob("*.svg"))


def tinted(name: str, color: str, size: int = ICON_GRID) -> str:
    """Return an icon's SVG in a colour (`#RRGGBB`), its line as wide at any size before the font scale."""
    stroke = f'stroke-width="{ICON_STROKE * ICON_GRID / size:g}"'
    svg = _source(name).replace(f'stroke-width="{ICON_STROKE:g}"', stroke)
    return svg.replace("currentColor", color)


@cache
def draw(name: str, color: str, size: int, ratio: float, scale: float = 1.0) -> QPixmap:
    """Return an icon as a pixmap for a screen's device pixel ratio.

    `size` in logical pixels before the font scale; its line grows with `scale` as letters do.
    """
    side = round(round(size * scale) * ratio)
    pixmap = QPixmap(side, side)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    renderer = QSvgRenderer(QByteArray(tinted(name, color, size).encode()))
    renderer.render(painter, QRectF(0, 0, pixmap.width(), pixmap.height()))
    painter.end()
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


def write(folder: Path, colors: dict[str, str]) -> None:
    """Write the icons a style sheet points at into `folder`, each in its colour."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, color in colors.items():
        (folder / f"{name}.svg").write_text(tinted(name, color), encoding="utf-8")
