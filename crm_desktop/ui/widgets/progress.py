"""How far a job is: a line with words, a bar and one action; and a gauge for a share of a whole."""

from __future__ import annotations

from decimal import Decimal

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QSizePolicy, QWidget

from crm_desktop.ui.format import percent
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import Text, show, tr
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live


class ProgressLine(Live, QWidget):
    """Words, bar and action in one row; without a total the bar runs to and fro."""

    action_clicked = Signal()

    def __init__(self, text: Text = "", *, action: Text = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.label = Label(text)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.action = Button(action, Kind.LINK, weight=400)
        self.action.clicked.connect(self.action_clicked)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(self.label, 1)
        row.addWidget(self.bar, 1, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.action)
        self.action.setVisible(bool(show(action)))
        self.retranslate()

    def say(self, text: Text, action: Text | None = None) -> None:
        """Show other words, and another action where given."""
        self.label.say(text)
        if action is not None:
            self.action.say(action)
            self.action.setVisible(bool(show(action)))
        self.retranslate()

    def set_progress(self, done: int, total: int | None) -> None:
        """Show how much is done of `total`; None where nobody knows."""
        self.bar.setRange(0, 0 if total is None else max(total, 1))
        self.bar.setValue(min(done, total) if total is not None else 0)

    def set_paused(self, paused: bool) -> None:
        """Grey bar and words while the job stands still."""
        self.bar.setProperty("tone", "soft" if paused else "")
        self.bar.style().unpolish(self.bar)
        self.bar.style().polish(self.bar)
        self.label.set_color("text-soft" if paused else "text")

    def retranslate(self) -> None:
        """Name the bar after its words."""
        self.bar.setAccessibleName(self.label.text())


class Gauge(Live, QWidget):
    """A share of a whole as a 6 px bar, with a tick where it should be by now.

    `tone` is a colour token; shares run from 0 to 1 and are cut there.
    """

    def __init__(
        self,
        share: Decimal = Decimal(0),
        *,
        tone: str = "accent",
        tick: Decimal | None = None,
        name: Text = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._share, self._tone, self._tick, self._name = share, tone, tick, name
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.retranslate()

    def show_share(self, share: Decimal, tone: str | None = None, tick: Decimal | None = None) -> None:
        """Show another share."""
        self._share, self._tick = share, tick
        self._tone = tone or self._tone
        self.retranslate()
        self.update()

    def retranslate(self) -> None:
        """Say the share to those who listen."""
        name, share = show(self._name), percent(self._share * 100)
        self.setAccessibleName(tr("{label}: {value}", label=name, value=share) if name else share)

    def retint(self) -> None:
        """Paint anew."""
        self.update()

    def sizeHint(self) -> QSize:
        """Give the bar its height and the tick its overlap."""
        return QSize(theme().px(80), theme().size("progress") + 6)

    def minimumSizeHint(self) -> QSize:
        """Be content with little width."""
        return QSize(theme().px(24), theme().size("progress") + 6)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint track, share and tick."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        thick = theme().size("progress")
        track = QRectF(0, (self.height() - thick) / 2, self.width(), thick)
        painter.setBrush(theme().color("line"))
        painter.drawRoundedRect(track, thick / 2, thick / 2)
        width = float(min(max(self._share, Decimal(0)), Decimal(1))) * self.width()
        if width > 0:
            painter.setBrush(theme().color(self._tone))
            painter.drawRoundedRect(QRectF(0, track.top(), max(width, thick), thick), thick / 2, thick / 2)
        if self._tick is not None:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            x = round(float(min(max(self._tick, Decimal(0)), Decimal(1))) * (self.width() - 2))
            painter.fillRect(QRect(x, 0, 2, self.height()), theme().color("text"))
        painter.end()
