"""How an activity repeats: one of the usual rules, and when it ends; below stands the rule in words."""

from __future__ import annotations

import datetime
from dataclasses import replace

from PySide6.QtCore import QDate, QRect, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QSpinBox, QVBoxLayout, QWidget

from crm_core.errors import UserError
from crm_core.i18n import message
from crm_core.rules.recurrence import MOST_COUNT, MOST_INTERVAL, WORKDAYS, Every, Repeat, parse_repeat
from crm_core.rules.recurrence_words import repeat_words
from crm_desktop.ui.calendar.plan_popup import place_inside
from crm_desktop.ui.format import short_date
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import L, S
from crm_desktop.ui.translate import show, tr
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.fields import DateField, Field
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.shadow import lift

WIDTH = 340
_NEVER, _UNTIL, _COUNT = "never", "until", "count"
_USUAL_TIMES = 10


class RepeatPopup(Live, QFrame):
    """Asks how something repeats. Goes by itself once it is answered."""

    given = Signal(object)
    """A `Repeat`; None where it is not to repeat any more."""

    def __init__(self, title: str, first: datetime.date, rule_text: str | None, parent: QWidget) -> None:
        super().__init__(parent)
        self._first = first
        self._rules = usual_rules(first)
        present = _known(rule_text)
        bare = replace(present, until=None, count=None, interval=1) if present is not None else None
        if bare is not None and bare not in self._rules:
            self._rules.append(bare)
        self.setProperty("role", "popup")
        lift(self)
        self._title = Label(message("Repeat: {subject}", subject=title), weight=600, wrap=True)
        self.rule = QComboBox()
        self.interval = QSpinBox()
        self.interval.setRange(1, MOST_INTERVAL)
        self.ends = QComboBox()
        self.until = DateField()
        ahead = first + datetime.timedelta(days=91)
        self.until.setMinimumDate(QDate(first.year, first.month, first.day))
        self.until.setDate(QDate(ahead.year, ahead.month, ahead.day))
        self.count = QSpinBox()
        self.count.setRange(1, MOST_COUNT)
        self.count.setValue(_USUAL_TIMES)
        self._words = Label("", color="text-soft", wrap=True)
        self._interval_field = Field(message("Every so many"), self.interval)
        self._until_field = Field(message("Last day"), self.until)
        self._count_field = Field(message("How many times"), self.count)
        save = Button(message("Save"), Kind.PRIMARY, small=True)
        cancel = Button(message("Cancel"), small=True, hint="Esc")
        save.clicked.connect(self.answer)
        cancel.clicked.connect(self.leave)
        foot = QHBoxLayout()
        foot.setSpacing(S)
        foot.addStretch(1)
        foot.addWidget(cancel)
        foot.addWidget(save)
        column = QVBoxLayout(self)
        column.setContentsMargins(L, 12, L, L)
        column.setSpacing(12)
        column.addWidget(self._title)
        column.addWidget(Field(message("Repeats"), self.rule))
        column.addWidget(self._interval_field)
        column.addWidget(Field(message("Ends"), self.ends))
        column.addWidget(self._until_field)
        column.addWidget(self._count_field)
        column.addWidget(self._words)
        column.addLayout(foot)
        self.retranslate()
        self.retint()
        self._fill(present, bare)
        for combo in (self.rule, self.ends):
            combo.currentIndexChanged.connect(self._on_changed)
        for spin in (self.interval, self.count):
            spin.valueChanged.connect(self._on_changed)
        self.until.dateChanged.connect(self._on_changed)
        self._on_changed()

    def open_at(self, anchor: QRect) -> None:
        """Show the popup beside what repeats, wholly inside its parent, and take the focus."""
        place_inside(self, anchor)
        self.rule.setFocus(Qt.FocusReason.PopupFocusReason)

    def chosen(self) -> Repeat | None:
        """Return the rule as it is put together now."""
        at = self.rule.currentIndex() - 1
        if not 0 <= at < len(self._rules):
            return None
        rule = replace(self._rules[at], interval=self._interval(self._rules[at]))
        if self.ends.currentData() == _UNTIL:
            day = self.until.date()
            return replace(rule, until=datetime.date(day.year(), day.month(), day.day()))
        if self.ends.currentData() == _COUNT:
            return replace(rule, count=self.count.value())
        return rule

    def answer(self) -> None:
        """Hand over the rule."""
        rule = self.chosen()
        self._end()
        self.given.emit(rule)

    def leave(self) -> None:
        """Go without changing anything."""
        self._end()

    def retranslate(self) -> None:
        """Say the rules in the language on screen."""
        self.setAccessibleName(self._title.text())
        at, end = max(self.rule.currentIndex(), 0), self.ends.currentData()
        self.rule.blockSignals(True)
        self.rule.clear()
        self.rule.addItem(tr("Does not repeat"))
        for rule in self._rules:
            self.rule.addItem(show(repeat_words(rule, self._first)))
        self.rule.setCurrentIndex(at)
        self.rule.blockSignals(False)
        self.ends.blockSignals(True)
        self.ends.clear()
        for key, text in (
            (_NEVER, tr("Never")),
            (_UNTIL, tr("On a day")),
            (_COUNT, tr("After a number of times")),
        ):
            self.ends.addItem(text, key)
        self.ends.setCurrentIndex(max(self.ends.findData(end), 0))
        self.ends.blockSignals(False)

    def retint(self) -> None:
        """Keep the width at the person's font scale."""
        self.setFixedWidth(theme().px(WIDTH))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter answers, Esc leaves."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.answer()
        elif event.key() == Qt.Key.Key_Escape:
            self.leave()
        else:
            super().keyPressEvent(event)

    def _fill(self, present: Repeat | None, bare: Repeat | None) -> None:
        if present is None or bare is None:
            self.rule.setCurrentIndex(self._weekly())
            return
        self.rule.setCurrentIndex(self._rules.index(bare) + 1)
        self.interval.setValue(present.interval)
        if present.until is not None:
            self.ends.setCurrentIndex(self.ends.findData(_UNTIL))
            self.until.setDate(QDate(present.until.year, present.until.month, present.until.day))
        elif present.count is not None:
            self.ends.setCurrentIndex(self.ends.findData(_COUNT))
            self.count.setValue(present.count)

    def _weekly(self) -> int:
        return next((at + 1 for at, rule in enumerate(self._rules) if len(rule.weekdays) == 1), 1)

    def _interval(self, rule: Repeat) -> int:
        return 1 if rule.weekdays == WORKDAYS else self.interval.value()

    def _on_changed(self) -> None:
        rule = self.chosen()
        self._interval_field.setVisible(rule is not None and rule.weekdays != WORKDAYS)
        self.ends.setEnabled(rule is not None)
        end = self.ends.currentData()
        self._until_field.setVisible(rule is not None and end == _UNTIL)
        self._count_field.setVisible(rule is not None and end == _COUNT)
        self._words.say(
            repeat_words(rule, self._first, short_date) if rule is not None else message("Takes place once")
        )
        self.adjustSize()

    def _end(self) -> None:
        self.hide()
        self.deleteLater()


def usual_rules(first: datetime.date) -> list[Repeat]:
    """Return the rules offered for something whose first day is `first`."""
    nth = (first.day - 1) // 7 + 1
    last_week = (first + datetime.timedelta(days=7)).month != first.month
    return [
        Repeat(every=Every.DAY),
        Repeat(every=Every.WEEK, weekdays=WORKDAYS),
        Repeat(every=Every.WEEK, weekdays=(first.weekday(),)),
        Repeat(every=Every.MONTH, month_day=first.day),
        Repeat(every=Every.MONTH, weekdays=(first.weekday(),), nth=-1 if last_week else nth),
        Repeat(every=Every.YEAR),
    ]


def _known(rule_text: str | None) -> Repeat | None:
    if not rule_text:
        return None
    try:
        return parse_repeat(rule_text)
    except UserError:  # of a newer program: it is replaced by what is chosen here, if anything is
        return None
