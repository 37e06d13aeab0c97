"""What every widget of ours does when the language or the theme is switched."""

from __future__ import annotations

from PySide6.QtCore import QEvent


class Live:
    """Mixin before a QWidget: calls `retranslate` and `retint` at the right moment.

    A subclass overrides what it needs and calls both at the end of its `__init__`.
    """

    def retranslate(self) -> None:
        """Set every text anew in the language on screen."""

    def retint(self) -> None:
        """Set every pixmap, colour and font anew from the theme."""

    def changeEvent(self, event: QEvent) -> None:
        """React to the switch, then let Qt do its own part."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        elif event.type() == QEvent.Type.StyleChange:
            self.retint()
