"""One line about the page as a whole, with one thing to do about it; one at a time."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from crm_core.i18n import message
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import RADII
from crm_desktop.ui.translate import Text, show
from crm_desktop.ui.widgets import paint
from crm_desktop.ui.widgets.buttons import Button, IconButton, Kind
from crm_desktop.ui.widgets.labels import ElidedLabel, IconLabel, Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.paint import Tone


class InfoBar(Live, QFrame):
    """A soft bar: icon, an optional bold lead, one line, one action, an optional x."""

    action_clicked = Signal()
    closed = Signal()

    def __init__(
        self,
        text: Text,
        tone: Tone = Tone.INFO,
        *,
        lead: Text = "",
        action: Text = "",
        icon: str | None = None,
        closable: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._tone = tone
        self._icon = IconLabel(icon or tone.icon, color=tone.ink)
        self._lead = Label(lead, weight=600)
        self.label = ElidedLabel(text)
        self.action = Button(action, Kind.LINK)
        self._cross = IconButton("x", message("Close"), small=True)
        row = QHBoxLayout(self)
        row.setSpacing(theme().px(16))
        row.addWidget(self._icon)
        row.addWidget(self._lead)
        row.addWidget(self.label, 1)
        row.addWidget(self.action)
        row.addWidget(self._cross)
        self._lead.setVisible(bool(show(lead)))
        self.action.setVisible(bool(show(action)))
        self._cross.setVisible(closable)
        self.action.clicked.connect(self.action_clicked)
        self._cross.clicked.connect(self._on_cross_clicked)
        self.retranslate()
        self.retint()

    def say(
        self, text: Text, tone: Tone, *, lead: Text = "", action: Text = "", icon: str | None = None
    ) -> None:
        """Show another line and another action."""
        self._tone = tone
        self._icon.show_icon(icon or tone.icon, tone.ink)
        self._lead.say(lead)
        self._lead.setVisible(bool(show(lead)))
        self.label.say(text)
        self.action.say(action)
        self.action.setVisible(bool(show(action)))
        self.retranslate()
        self.update()

    def retranslate(self) -> None:
        """Say the line to those who listen."""
        self.setAccessibleName(" ".join(filter(None, (self._lead.text(), self.label.text()))))

    def retint(self) -> None:
        """Keep the height of the theme."""
        self.layout().setContentsMargins(theme().px(12), 0, theme().px(12), 0)
        self.setFixedHeight(theme().size("info-bar"))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the soft ground, without an edge."""
        painter = QPainter(self)
        paint.rounded(painter, self.rect(), theme().color(self._tone.ground), None, RADII["card"])
        painter.end()

    def _on_cross_clicked(self) -> None:
        self.hide()
        self.closed.emit()
