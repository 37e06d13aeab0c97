"""The import, step by step: file, columns, rules, check, result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from crm_core.exchange.plan import Step
from crm_core.i18n import Message, message, plural
from crm_desktop.ui.context import Context
from crm_desktop.ui.format import figure
from crm_desktop.ui.imports.check_step import CheckStep
from crm_desktop.ui.imports.choices import Choices
from crm_desktop.ui.imports.columns_step import ColumnsStep
from crm_desktop.ui.imports.file_step import FileStep
from crm_desktop.ui.imports.result_step import ResultStep
from crm_desktop.ui.imports.rules_step import RulesStep
from crm_desktop.ui.imports.step import ImportStep, StepTrail
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import S
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.margins import PAGE_MARGIN, keep_margins

FOOT = 56


class ImportWizard(Live, QWidget):
    """One import at a time. Choices stay when a person goes back; nothing is written before the last step."""

    begun_anew = Signal()

    def __init__(self, context: Context, entities: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.context = context
        self.file, self.columns = FileStep(context, entities), ColumnsStep(context)
        self.rules, self.check, self.result = RulesStep(context), CheckStep(context), ResultStep(context)
        self.steps: tuple[ImportStep, ...] = (self.file, self.columns, self.rules, self.check, self.result)
        self.trail = StepTrail([step.name for step in self.steps])
        self._stack = QStackedWidget()
        for step in self.steps:
            self._stack.addWidget(step)
            step.ready_changed.connect(self._show_foot)
        self._count = Label(color="text-soft")
        self._problem = Label(color="bad", wrap=True)
        self.back = Button(message("Back"))
        self.next = Button(message("Next"), Kind.PRIMARY)
        self._lay_out()
        self.back.clicked.connect(lambda: self.go(self.at - 1))
        self.next.clicked.connect(self._on_next)
        self.file.read_done.connect(self.next.setFocus)
        self.check.refused.connect(self._on_refused)
        self.result.finished.connect(self._show_foot)
        self.result.another_asked.connect(self._on_another)
        self.choices = Choices(entity=entities[0] if entities else "customer")
        self.begin(self.choices.entity)
        self.retint()

    @property
    def at(self) -> int:
        """The place of the step in front, from 0."""
        return self._stack.currentIndex()

    @property
    def step(self) -> ImportStep:
        """The step in front."""
        return self.steps[self.at]

    def begin(self, entity: str, given: Mapping[str, str] | None = None) -> None:
        """Begin another import. `given` are values of new records, by field, as a file would say them."""
        self.choices = Choices(entity=entity, given=given or {})
        for step in self.steps:
            step.begin(self.choices)
        self.go(0)

    def ask(self, entity: str | None, given: Mapping[str, str] | None = None) -> None:
        """Somebody came for an import of a kind: begin it, or go on with the one on its way."""
        if self.result.running:
            return
        if self.step is self.result or self.choices.path is None:
            self.begin(entity or self.choices.entity, given)
            return
        if given:
            self.choices.give(given)
        if entity is not None and entity != self.choices.entity:
            self.go(0)
            self.file.choose_entity(entity)
        elif given:
            self.go(0)

    def go(self, at: int) -> None:
        """Show a step."""
        self._problem.say("")
        if self.step is self.check:
            self.check.stop()
        self._stack.setCurrentIndex(max(0, at))
        self.trail.go(self.at)
        self.step.enter()
        self._show_foot()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go on by Enter where the widget in focus has no use for it, back by Alt+Left is the window's."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.next.isEnabled():
            self._on_next()
            return
        super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the hairlines under the steps and over the foot."""
        painter = QPainter(self)
        line = theme().color("line")
        painter.fillRect(QRect(0, self.trail.height(), self.width(), 1), line)
        painter.fillRect(QRect(0, self.height() - theme().px(FOOT), self.width(), 1), line)
        painter.end()

    def retint(self) -> None:
        """Keep the measures of the theme."""
        self._foot.setFixedHeight(theme().px(FOOT) - 1)
        self.update()

    def _lay_out(self) -> None:
        foot = self._foot = QWidget()
        row = QHBoxLayout(foot)
        keep_margins(row, PAGE_MARGIN, 0, PAGE_MARGIN, 0)
        row.setSpacing(theme().px(S))
        row.addWidget(self._count)
        row.addSpacing(theme().px(S))
        row.addWidget(self._problem, 1)
        row.addWidget(self.back)
        row.addWidget(self.next)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.trail)
        column.addSpacing(1)
        column.addWidget(self._stack, 1)
        column.addSpacing(1)
        column.addWidget(foot)

    def _show_foot(self) -> None:
        last = self.step is self.result
        self._count.say(message("Step {step} of {steps}", step=self.at + 1, steps=len(self.steps)))
        self.back.setVisible(self.at > 0 and not last)
        self.next.setVisible(not last)
        self.next.setEnabled(self.step.ready)
        self.next.say(self._import_words() if self.step is self.check else message("Next"))

    def _import_words(self) -> Message:
        plan = self.choices.plan
        number = len(plan.steps(Step.CREATE)) + len(plan.steps(Step.UPDATE)) if plan is not None else 0
        if not number:
            return message("Import")
        return plural(number, message("Import 1 row"), message("Import {count} rows", count=figure(number)))

    def _on_next(self) -> None:
        if self.step.ready and self.step is not self.result:
            self.go(self.at + 1)

    def _on_refused(self, problem: Message) -> None:
        """Go back to where what is wrong with the whole can be put right, and say it there."""
        if self.step is self.check:
            self.go(self.steps.index(self.rules))
            self._problem.say(problem)

    def _on_another(self) -> None:
        self.begin(self.choices.entity)
        self.begun_anew.emit()
