"""The head of a customer's page: name, health with its reasons, three figures, what can be done."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect, QSize, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from crm_core.i18n import Message, message
from crm_desktop.services.calendar import local
from crm_desktop.services.customers import Overview, Reason
from crm_desktop.ui.customers.pool_actions import mark_of
from crm_desktop.ui.customers.words import amount, show_feedback, verdict
from crm_desktop.ui.field_texts import words_of
from crm_desktop.ui.format import NOTHING, money, near_date
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import show
from crm_desktop.ui.widgets import paint
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.chips import Chip, LevelBadge
from crm_desktop.ui.widgets.glyphs import Glyph, GlyphLabel
from crm_desktop.ui.widgets.labels import ElidedLabel, Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.margins import PAGE_MARGIN, keep_margins

HEIGHT = 92
LEAST = 360
WORDS_FROM = 760  # px before the font scale; narrower, three buttons are icons and two figures are left out
_BUTTONS = (message("Call"), message("Mail"), message("Quote"))


class CustomerHeader(Live, QWidget):
    """Two lines over the tabs. Tells which button was pressed."""

    call_asked = Signal()
    mail_asked = Signal()
    quote_asked = Signal()
    log_asked = Signal()
    claim_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._overview: Overview | None = None
        self.name = ElidedLabel(step="title")
        self.level = LevelBadge("")
        self.line = ElidedLabel(step="caption", color="text-soft")
        self.waiting = GlyphLabel(Glyph.NOT_SENT, color="text-soft")
        self.call = Button(message("Call"), icon="phone")
        self.mail = Button(message("Mail"), icon="mail")
        self.quote = Button(message("Quote"), icon="doc")
        self.log = Button(message("Log"), Kind.PRIMARY, icon="pen")
        self.claim = Button(message("Claim"), Kind.PRIMARY, icon="plus")
        self.pool = Chip("")
        self.feedback = Chip("")
        self.health = Label(weight=600)
        self.verdict = Chip("")
        self.reasons = ReasonsRow()
        self.figures = [Figure(message("Bought")), Figure(message("Open")), Figure(message("Last contact"))]
        self._lay_out()
        self.call.clicked.connect(self.call_asked)
        self.mail.clicked.connect(self.mail_asked)
        self.quote.clicked.connect(self.quote_asked)
        self.log.clicked.connect(self.log_asked)
        self.claim.clicked.connect(self.claim_asked)
        self.retint()

    def show_overview(self, overview: Overview) -> None:
        """Show a customer."""
        self._overview = overview
        customer = overview.customer
        self.name.say(customer.title)
        level = str(customer.get("level") or "")
        self.level.setVisible(bool(level))
        self.level.show_level(level)
        self.line.say(_line(overview))
        self.waiting.setVisible(overview.not_sent > 0)
        self.waiting.show_glyph(
            Glyph.NOT_SENT, message("{count} not sent", count=overview.not_sent), "text-soft"
        )
        self.call.setEnabled(bool(customer.get("phone")))
        self.mail.setEnabled(bool(customer.get("email")))
        mark = mark_of(overview.pool)
        self.pool.setVisible(mark is not None)
        if mark is not None:
            self.pool.set_tone(mark[1], mark[0])
            reason = overview.pool.due.reason() if overview.pool.due is not None else mark[0]
            self.pool.setToolTip(show(reason))
        show_feedback(self.feedback, overview)
        self.claim.setVisible(overview.pool.may_claim)
        self.log.setVisible(not overview.pool.in_pool)
        score = overview.health
        word, tone = verdict(score.verdict)
        self.health.say(message("Health {score}", score=score.score))
        self.verdict.set_tone(tone, word)
        self.reasons.show_reasons(score.reasons)
        self._show_figures(overview)
        self._make_room()

    def retranslate(self) -> None:
        """Write amounts and dates as the language on screen does."""
        if self._overview is not None:
            self._show_figures(self._overview)

    def _show_figures(self, overview: Overview) -> None:
        bought, open_, last = self.figures
        bought.show_value(money(amount(overview.bought_minor, overview.currency)))
        open_.show_value(money(amount(overview.open_minor, overview.currency)))
        at_ms = overview.last_contact_at
        last.show_value(NOTHING if at_ms is None else near_date(local(at_ms).date()))
        bought.known = overview.bought_minor is not None
        open_.known = overview.open_minor is not None

    def retint(self) -> None:
        """Keep the height of the theme."""
        self.setFixedHeight(theme().px(HEIGHT))
        self._make_room()

    def minimumSizeHint(self) -> QSize:
        """Be content with little: words give way to icons, figures go."""
        return QSize(theme().px(LEAST), theme().px(HEIGHT))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show as much as there is room for."""
        super().resizeEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        short = self.width() < theme().px(WORDS_FROM)
        for button, text in zip((self.call, self.mail, self.quote), _BUTTONS, strict=True):
            button.say("" if short else text)
            button.setAccessibleName(show(text))
            button.setToolTip(show(text) if short else "")
        for figure in self.figures[:2]:
            figure.setVisible(figure.known and not short)

    def _lay_out(self) -> None:
        self.setMinimumWidth(1)
        first = QHBoxLayout()
        for widget in (self.name, self.level, self.line, self.waiting, self.feedback, self.pool):
            first.addWidget(widget)
        first.addStretch(1)
        first.setSpacing(12)
        for button in (self.call, self.mail, self.quote, self.log, self.claim):
            first.addWidget(button)
        second = QHBoxLayout()
        second.setSpacing(12)
        second.addWidget(self.health)
        second.addWidget(self.verdict)
        second.addWidget(self.reasons, 1)
        for figure in self.figures:
            second.addWidget(figure)
        column = QVBoxLayout(self)
        column.setSizeConstraint(QVBoxLayout.SizeConstraint.SetNoConstraint)
        keep_margins(column, PAGE_MARGIN, 10, PAGE_MARGIN, 6)
        column.setSpacing(4)
        column.addLayout(first, 1)
        column.addLayout(second, 1)


class Figure(Live, QWidget):
    """A soft word and its value in bold."""

    def __init__(self, text: Message, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.known = True
        self._label = Label(text, color="text-soft")
        self._value = Label(weight=600)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self._label)
        row.addWidget(self._value)

    def show_value(self, value: str) -> None:
        """Show another value."""
        self._value.say(value)
        self.retranslate()

    def retranslate(self) -> None:
        """Say word and value to those who listen."""
        self.setAccessibleName(f"{self._label.text()} {self._value.text()}")


class ReasonsRow(Live, QWidget):
    """Why the health is what it is, as far as there is room; all of it for those who hover or listen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._reasons: tuple[Reason, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_reasons(self, reasons: Sequence[Reason]) -> None:
        """Show other reasons."""
        self._reasons = tuple(reasons)
        self.retranslate()
        self.update()

    def retranslate(self) -> None:
        """Say all of them."""
        words = "; ".join(show(reason.text) for reason in self._reasons)
        self.setAccessibleName(words)
        self.setToolTip(words)

    def retint(self) -> None:
        """Paint anew."""
        self.update()

    def sizeHint(self) -> QSize:
        """Ask for one line."""
        return QSize(theme().px(80), theme().line_height())

    def minimumSizeHint(self) -> QSize:
        """Be content with nothing."""
        return QSize(0, theme().line_height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint an arrow and words for each that fits."""
        painter = QPainter(self)
        font = theme().font("caption")
        metrics = QFontMetrics(font)
        x, gap, side = 0, theme().px(16), theme().px(14)
        for reason in self._reasons:
            words = show(reason.text)
            width = side + theme().px(6) + metrics.horizontalAdvance(words)
            if x + width > self.width():
                break
            good = reason.direction > 0
            ink = "good" if good else "warn"
            paint.icon(painter, "up" if good else "down", ink, x, self.rect(), 14)
            room = QRect(x + side + theme().px(6), 0, width, self.height())
            paint.words(painter, words, font, ink, room)
            x += width + gap
        painter.end()


def _line(overview: Overview) -> Message | str:
    customer = overview.customer
    industry = words_of(customer, "industry")
    owner = overview.titles.get("owner_id", "")
    if industry and owner:
        return message("{industry} · owned by {owner}", industry=industry, owner=owner)
    return message("Owned by {owner}", owner=owner) if owner else industry
