"""Room for amounts: a figure that is cut says another amount."""

from __future__ import annotations

from PySide6.QtCore import QAbstractItemModel
from PySide6.QtGui import QFontMetrics

from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import S

_LOOKED_AT = range(200)
"""Rows; what comes further down is rarely wider."""


def amount_room(model: QAbstractItemModel, column: int, least: float, rows: range = _LOOKED_AT) -> int:
    """Return how wide a column must be to show the figures of some rows whole, in pixels.

    `least`: pixels before the font scale it has anyhow.
    """
    there = rows[: max(model.rowCount() - rows.start, 0)]
    texts = (str(model.index(row, column).data() or "") for row in there)
    longest = max(texts, key=len, default="")
    needed = QFontMetrics(theme().font()).horizontalAdvance(longest) + 2 * theme().px(S) + 1
    return max(theme().px(least), needed if longest else 0)
