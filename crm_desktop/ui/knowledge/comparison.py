"""What a version of an article said, laid over what holds: what went and what came is marked."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QTextBrowser, QVBoxLayout, QWidget

from crm_core.i18n import message
from crm_core.rules.text_differences import Line, Side, differences
from crm_desktop.ui.knowledge.reader import frameless
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.buttons import Button
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.margins import PAGE_MARGIN, keep_margins


class Comparison(Live, QWidget):
    """Two texts in one; Back leads to the article."""

    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._before, self._after = "", ""
        self.title = Label("", step="title")
        self.legend = Label("", color="text-soft", wrap=True)
        self.back = Button(message("Back to the article"), icon="back")
        self.text = QTextBrowser()
        frameless(self.text)
        head = QHBoxLayout()
        head.addWidget(self.title, 1)
        head.addWidget(self.back)
        column = QVBoxLayout(self)
        keep_margins(column, PAGE_MARGIN, 16, PAGE_MARGIN, 16)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self.legend)
        column.addWidget(self.text, 1)
        self.back.clicked.connect(self.left)
        self.retranslate()

    def show_texts(self, version: int, before: str, newest: int, after: str) -> None:
        """Lay a version's text under the text that holds, or over a later one."""
        self._before, self._after = before, after
        self.title.say(message("Version {old} beside version {new}", old=version, new=newest))
        self.retranslate()

    def retranslate(self) -> None:
        """Say what the marks mean in the language on screen."""
        same = self._before == self._after
        words = message("− was taken out, + was added since") if not same else message("The text is the same")
        self.legend.say(words)
        self.text.setAccessibleName(tr("Differences"))
        self.retint()

    def retint(self) -> None:
        """Draw the lines in the theme's colours."""
        self.text.document().setDefaultFont(theme().font("body"))
        lines = "".join(_drawn(line) for line in differences(self._before, self._after))
        self.text.setHtml(f"<div>{lines}</div>")


def _drawn(line: Line) -> str:
    """Return a line as HTML; the sign before it says what the colour says."""
    sign, ink, ground = {
        Side.BOTH: ("&nbsp;", "text", ""),
        Side.BEFORE: ("−", "bad", "bad-soft"),
        Side.AFTER: ("+", "good", "good-soft"),
    }[line.side]
    style = f"margin: 0; color: {theme().color(ink).name()}"
    if ground:
        style += f"; background-color: {theme().color(ground).name()}"
    return f'<p style="{style}">{sign}&nbsp;{escape(line.text) or "&nbsp;"}</p>'
