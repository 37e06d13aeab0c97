"""What every widget of ours does when the language or the theme is switched."""

from __future__ import annotations

from PySide6.QtCore import QEvent

from crm_desktop.ui.theme import theme


class Live:
    """Mixin before a QWidget: calls `retranslate` and `retint` at the right moment.

    A subclass overrides what it needs and calls both at the end of its `__init__`.
    """

    _worn = -1

    def retranslate(self) -> None:
        """Set every text anew in the language on screen."""

    def retint(self) -> None:
        """Set every pixmap, colour and font anew from the theme."""

    def dress(self) -> None:
        """Call `retint` if the theme has another look than when it was last called."""
        if self._worn != theme().revision:
            self._worn = theme().revision
            self.retint()

    def changeEvent(self, event: QEvent) -> None:
        """React to the switch, then let Qt do its own part."""
        super().changeEvent(event)
        kind = event.type()
        if kind == QEvent.Type.LanguageChange:
            self.retranslate()
        elif kind == QEvent.Type.StyleChange:
            self.dress()  # Qt says so each time a widget gets a parent, too
