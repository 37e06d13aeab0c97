"""The one line over the page: what was done, what went wrong, and what can be done about it."""

from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QVBoxLayout, QWidget

from crm_desktop.ui.context import UNDO, Notice
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import XL, S
from crm_desktop.ui.widgets.info_bar import InfoBar
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.paint import Tone


class NoticeHost(Live, QWidget):
    """Shows the newest notice; takes no room without one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._notice: Notice | None = None
        self.bar = InfoBar("", closable=True)
        self.bar.action_clicked.connect(self._on_action_clicked)
        self.bar.closed.connect(self.dismiss)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.dismiss)
        self._column = QVBoxLayout(self)
        self._column.addWidget(self.bar)
        self.hide()
        self.retint()

    @property
    def notice(self) -> Notice | None:
        """What is shown."""
        return self._notice

    def show_notice(self, notice: Notice) -> None:
        """Show a notice in the place of the one before."""
        self._notice = notice
        self.bar.say(notice.text, Tone(notice.kind), action=notice.action or "")
        self.bar.show()
        self.show()
        self._timer.stop()
        if notice.seconds is not None:
            self._timer.start(notice.seconds * 1000)

    def take_back(self) -> bool:
        """Undo what the notice tells of; False where it offers no Undo."""
        offers = self._notice is not None and self._notice.action == UNDO
        if offers:
            self._on_action_clicked()
        return offers

    def dismiss(self) -> None:
        """Take the notice away."""
        self._notice = None
        self._timer.stop()
        self.hide()

    def retint(self) -> None:
        """Keep the margins of the page."""
        margin = theme().px(XL)
        self._column.setContentsMargins(margin, theme().px(S), margin, 0)

    def _on_action_clicked(self) -> None:
        notice = self._notice
        self.dismiss()
        if notice is not None and notice.act is not None:
            notice.act()
