"""The foot of the board: what the quarter may bring, and what that counts."""

from __future__ import annotations

import datetime

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from crm_core.i18n import Message, message
from crm_desktop.services.deals import Board
from crm_desktop.ui.format import figure, short_date
from crm_desktop.ui.pipeline import words
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import XL
from crm_desktop.ui.widgets.labels import ElidedLabel, Label
from crm_desktop.ui.widgets.live import Live

_GAP = 20


class ForecastFoot(Live, QWidget):
    """Commit, weighted and best case of the running quarter, with the sentence that says what they count."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._board: Board | None = None
        self._quarter = Label(step="caption", color="text-soft")
        self._names = [
            Label(text, step="caption", color="text-soft")
            for text in (message("Commit"), message("Weighted"), message("Best case"))
        ]
        self._figures = [Label(weight=600) for _ in self._names]
        self._sentence = ElidedLabel(step="caption", color="text-soft")
        self._sentence.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._sentence.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._below = Label(step="caption", color="text-soft", wrap=True)
        self._below.hide()
        self._column = QVBoxLayout(self)
        self._column.setSpacing(0)
        self._row = QHBoxLayout()
        self._row.setSpacing(0)
        self._column.addLayout(self._row)
        self._column.addWidget(self._below)
        self._row.addWidget(self._quarter)
        for name, number in zip(self._names, self._figures, strict=True):
            self._row.addSpacing(_GAP)
            self._row.addWidget(name)
            self._row.addSpacing(5)
            self._row.addWidget(number)
        self._row.addSpacing(_GAP)
        self._row.addWidget(self._sentence, 1)
        self.retranslate()
        self.retint()

    def show_board(self, board: Board) -> None:
        """Show the forecast of another board."""
        self._board = board
        self.retranslate()

    def retranslate(self) -> None:
        """Write quarter, figures and sentence in the language on screen."""
        if self._board is None:
            for label in (self._quarter, *self._names, *self._figures):
                label.hide()
            return
        forecast, currency = self._board.forecast, self._board.currency
        self._quarter.say(words.quarter_words(forecast.until))
        amounts = (forecast.commit_minor, forecast.weighted_minor, forecast.best_minor)
        for label, minor in zip(self._figures, amounts, strict=True):
            label.say(words.sum_words(minor, currency))
        for label in (self._quarter, *self._names, *self._figures):
            label.show()
        for label in (self._sentence, self._below):
            label.say(self._counted())
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the sentence lines of its own where it does not fit beside the figures."""
        super().resizeEvent(event)
        self._arrange()

    def retint(self) -> None:
        """Take the measures of the theme."""
        self._column.setContentsMargins(theme().px(XL), 1, theme().px(XL), 0)
        self._arrange()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the hairline above."""
        painter = QPainter(self)
        painter.fillRect(0, 0, self.width(), 1, theme().color("line"))
        painter.end()

    def _arrange(self) -> None:
        figures = self._row.minimumSize().width()
        if not self._sentence.isHidden():
            figures -= self._sentence.minimumSizeHint().width()
        inner = self.width() - 2 * theme().px(XL)
        fits = figures + self._sentence.sizeHint().width() <= inner
        self._sentence.setHidden(not fits)
        self._below.setHidden(fits)
        below = 0 if fits else self._below.heightForWidth(inner) + theme().px(6)
        self.setFixedHeight(theme().px(44) + below)

    def _counted(self) -> Message:
        assert self._board is not None
        forecast, others = self._board.forecast, self._board.other_currencies
        places = {
            "day": short_date(datetime.date.fromisoformat(forecast.until)),
            "undated": figure(forecast.undated),
            "currency": self._board.currency,
            "others": figure(others),
        }
        if others:
            return message(
                "Forecast in {currency} counts open deals that close by {day}, each times its stage chance. "
                "Left out: {undated} without a date, {others} in other currencies.",
                **places,
            )
        return message(
            "Forecast in {currency} counts open deals that close by {day}, each times its stage chance. "
            "Deals without a date are left out ({undated}).",
            **places,
        )
