"""The one soft shadow: under menus, popups and a dragged card, never under cards or bars."""

from __future__ import annotations

from PySide6.QtWidgets import QGraphicsDropShadowEffect, QWidget

from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import SHADOW_BLUR, SHADOW_OFFSET


def lift(widget: QWidget) -> None:
    """Put the shadow under a popup; its parent must leave room for it."""
    shadow = QGraphicsDropShadowEffect(widget)
    shadow.setBlurRadius(2 * SHADOW_BLUR)  # Qt's radius fades out sooner than the design's blur
    shadow.setOffset(*SHADOW_OFFSET)
    shadow.setColor(theme().color("shadow"))
    widget.setGraphicsEffect(shadow)
