"""What a report is made of: drawn part by part, or the whole as text; each turns into the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QPlainTextEdit,
    QSizePolicy,
    QSpinBox,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from crm_core.charts.chart import Kind as ChartKind
from crm_core.charts.looks import KIND_LABELS
from crm_core.errors import UserError
from crm_core.i18n import Message, message
from crm_core.reporting.faults import Part, Place
from crm_core.rules.report_script import Script
from crm_core.rules.report_words import group_words, measure_words
from crm_core.rules.reports import ALL, MOST_ROWS, Currencies, Report, Sort
from crm_core.rules.segments import Rule
from crm_desktop.services.report_offers import ReportOffers
from crm_desktop.ui.context import Context
from crm_desktop.ui.forms.editors import QuietCombo
from crm_desktop.ui.reports.choices import further_of
from crm_desktop.ui.reports.group_rows import GroupsEditor
from crm_desktop.ui.reports.measure_rows import MeasuresEditor
from crm_desktop.ui.reports.question_rows import QuestionsEditor
from crm_desktop.ui.segments.rule_editor import RuleEditor
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import XL, L, M, S
from crm_desktop.ui.translate import Text, show, tr
from crm_desktop.ui.widgets.fields import Field
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.scrolling import scrolled, show_whole
from crm_desktop.ui.widgets.segments import Segment, SegmentedSwitch

DRAWN, WRITTEN = "drawn", "written"
"""How a report is edited."""


class ReportPanel(Live, QWidget):
    """`changed` says that something else is wanted; `kind_chosen` that another kind of record is."""

    changed = Signal()
    kind_chosen = Signal(str)
    way_wanted = Signal(str)
    """`DRAWN` or `WRITTEN`; whoever listens reads the one and shows the other."""

    def __init__(
        self, context: Context, kinds: Sequence[tuple[str, str]], parent: QWidget | None = None
    ) -> None:
        """`kinds`: the kinds of record that can be counted, as (name, label of several)."""
        super().__init__(parent)
        self._context, self._kinds = context, kinds
        self._report = Report(entity="")
        self.offers: ReportOffers | None = None
        self._showing = False
        self.way = SegmentedSwitch(
            [Segment(key=DRAWN, text=message("In parts")), Segment(key=WRITTEN, text=message("As text"))],
            name=message("How the report is edited"),
            small=True,
        )
        self.way.chosen.connect(self.way_wanted)
        self.kind, self.chart = QuietCombo(), QuietCombo()
        self.rows = GroupsEditor(message("Group in rows"))
        self.columns = GroupsEditor(message("Group side by side"))
        self.measures = MeasuresEditor(context, message("Figure"))
        self.questions = QuestionsEditor(context, message("Question"))
        self.rule: RuleEditor | None = None
        self.order, self.direction = QuietCombo(), QuietCombo()
        self.top = QSpinBox()
        self.top.setRange(0, MOST_ROWS)
        self.top.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.company_currency = QCheckBox()
        self.text = QPlainTextEdit()
        self.text.setTabChangesFocus(True)
        self.text_fault = Label(step="caption", color="bad", wrap=True)
        self.text_fault.hide()
        self._faults = {part: _fault() for part in (Part.RULE, Part.SORT)}
        self._lay_out()
        self._listen()
        self.retranslate()
        self.retint()

    # Showing

    @property
    def is_written(self) -> bool:
        """Whether the whole is edited as text."""
        return self.stack.currentWidget() is self._text_page

    def show_script(self, script: Script, offers: ReportOffers) -> None:
        """Show what a report is made of, drawn."""
        report = script.report
        self._showing = True
        self._report, self.offers = report, offers
        self.kind.setCurrentIndex(self.kind.findData(report.entity))
        self.chart.setCurrentIndex(max(0, self.chart.findData(script.chart or ChartKind.TABLE.value)))
        self._show_rule(report.rule, offers)
        for editor, values in (
            (self.rows, report.rows),
            (self.columns, report.columns),
            (self.measures, report.measures),
            (self.questions, report.questions),
        ):
            editor.offer(offers)
            editor.show_values(values)
        self.top.setValue(report.top)
        self.company_currency.setChecked(report.currencies is Currencies.COMPANY)
        self._show_orders(report.sort)
        self.clear_faults()
        self.stack.setCurrentWidget(self._drawn_page)
        self.way.choose(DRAWN)
        self._showing = False

    def show_text(self, text: str) -> None:
        """Show the whole as text."""
        self._showing = True
        if text != self.text.toPlainText():
            self.text.setPlainText(text)
        self.text_fault.hide()
        self.stack.setCurrentWidget(self._text_page)
        self.way.choose(WRITTEN)
        self._showing = False

    def script(self) -> Script:
        """Return what is drawn. `UserError` where a part is not finished; it is said beside it."""
        self.clear_faults()
        wrong: list[UserError] = []

        def read(part: Callable[[], object], fault: Label | None = None) -> object:
            try:
                return part()
            except UserError as error:
                wrong.append(error)
                if fault is not None:
                    _say(fault, error.message)
                return ()

        rule = read(self._rule, self._faults[Part.RULE])
        parts = {
            name: read(editor.values)
            for name, editor in (
                ("rows", self.rows),
                ("columns", self.columns),
                ("measures", self.measures),
                ("questions", self.questions),
            )
        }
        if wrong:
            raise wrong[0]
        report = replace(
            self._report,
            entity=self.kind.currentData() or "",
            rule=rule,
            sort=self._sort(),
            top=self.top.value(),
            currencies=Currencies.COMPANY if self.company_currency.isChecked() else Currencies.APART,
            **parts,
        )
        return Script(report=report, chart=self.chart.currentData() or "")

    def clear_faults(self) -> None:
        """Say that nothing is wrong."""
        for label in (*self._faults.values(), self.text_fault):
            _say(label, "")
        for editor in self._editors:
            for number in range(len(editor.rows)):
                editor.say_fault(number, "")

    def say_fault(self, text: Text, place: Place | None = None) -> bool:
        """Say what is wrong beside the part it is in; return whether there is such a place."""
        if self.is_written:
            _say(self.text_fault, text)
            return True
        if place is None:
            return False
        if place.part in self._faults:
            _say(self._faults[place.part], text)
            return True
        editor = {
            Part.ROWS: self.rows,
            Part.COLUMNS: self.columns,
            Part.MEASURES: self.measures,
            Part.QUESTIONS: self.questions,
        }[place.part]
        editor.say_fault(place.number, text)
        return place.number < len(editor.rows)

    def retranslate(self) -> None:
        """Write the choices in the language on screen."""
        for box, choices in (
            (self.kind, [(name, tr(label)) for name, label in self._kinds]),
            (self.chart, [(kind.value, tr(text)) for kind, text in KIND_LABELS.items()]),
            (self.direction, [("", tr("Smallest first")), ("-", tr("Largest first"))]),
        ):
            held = box.currentData()
            box.clear()
            for key, text in choices:
                box.addItem(text, key)
            box.setCurrentIndex(max(0, box.findData(held)))
        self.company_currency.setText(tr("In the company's currency"))
        self.top.setSpecialValueText(tr("All"))
        self.text.setAccessibleName(tr("The report as text"))
        self.direction.setAccessibleName(tr("Direction of the order"))
        if self.offers is not None:
            self._show_orders(self._sort())

    def retint(self) -> None:
        """Take the measures of the theme."""
        self.text.setFont(theme().font("body"))

    # Making

    @property
    def _editors(self) -> tuple[GroupsEditor | MeasuresEditor | QuestionsEditor, ...]:
        return (self.rows, self.columns, self.measures, self.questions)

    def _lay_out(self) -> None:
        inner = QWidget()
        column = QVBoxLayout(inner)
        margin = theme().px(L)
        column.setContentsMargins(margin, theme().px(S), margin, theme().px(XL))
        column.setSpacing(theme().px(M))
        head = QHBoxLayout()
        head.setSpacing(theme().px(M))
        head.addWidget(Field(message("Records"), self.kind), 1)
        head.addWidget(Field(message("Chart"), self.chart), 1)
        column.addLayout(head)
        self._rule_column = QVBoxLayout()
        column.addWidget(_Heading(message("Which of them")))
        column.addLayout(self._rule_column)
        column.addWidget(self._faults[Part.RULE])
        for title, widget in (
            (message("In rows"), self.rows),
            (message("Side by side"), self.columns),
            (message("Figures"), self.measures),
        ):
            column.addWidget(_Heading(title))
            column.addWidget(widget)
        column.addWidget(_Heading(message("Order and size")))
        for box in (self.order, self.direction, self.kind, self.chart):
            box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        order = QHBoxLayout()
        order.setSpacing(theme().px(S))
        order.addWidget(Field(message("In which order"), self.order), 3)
        order.addWidget(Field(message("Direction"), self.direction), 2)
        order.addWidget(Field(message("Most rows"), self.top), 1)
        column.addLayout(order)
        column.addWidget(self._faults[Part.SORT])
        column.addWidget(self.company_currency)
        column.addWidget(_Heading(message("Questions asked before it is counted")))
        column.addWidget(self.questions)
        column.addStretch(1)
        self._drawn_page = scrolled(inner)
        self._text_page = QWidget()
        written = QVBoxLayout(self._text_page)
        written.setContentsMargins(margin, theme().px(S), margin, theme().px(L))
        written.addWidget(self.text, 1)
        written.addWidget(self.text_fault)
        self.stack = QStackedWidget()
        self.stack.addWidget(self._drawn_page)
        self.stack.addWidget(self._text_page)
        switch = QHBoxLayout()
        switch.setContentsMargins(margin, theme().px(M), margin, theme().px(S))
        switch.addWidget(self.way)
        switch.addStretch(1)
        self.head = switch
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addLayout(switch)
        outer.addWidget(self.stack, 1)

    def _listen(self) -> None:
        self.kind.activated.connect(lambda _at: self.kind_chosen.emit(self.kind.currentData()))
        for box in (self.chart, self.order, self.direction):
            box.activated.connect(lambda _at: self._on_changed())
        self.top.editingFinished.connect(self._on_changed)
        self.company_currency.clicked.connect(lambda _on: self._on_changed())
        self.text.textChanged.connect(self._on_changed)
        for editor in self._editors:
            editor.edited.connect(self._on_changed)
            editor.grown.connect(self._on_grown)

    def _show_rule(self, rule: Rule, offers: ReportOffers) -> None:
        before = self.rule
        if before is not None:
            self._rule_column.removeWidget(before)
            before.hide()
            before.deleteLater()
        made = self.rule = RuleEditor(self._context, offers.rules, self, further_of(offers))
        made.show_rule(None if rule == ALL else rule, offers.rules)
        made.edited.connect(self._on_changed)
        made.grown.connect(self._on_grown)
        self._rule_column.addWidget(made)
        made.show()

    def _show_orders(self, sort: Sort | None) -> None:
        """Offer the groups and figures there are to order by."""
        offers = self.offers
        if offers is None:
            return
        fields_of, entity = offers.rules.fields_of, offers.entity
        choices: list[tuple[str, Message]] = [("", message("By the groups"))]
        try:
            choices += [
                (f"g{place}", group_words(each, entity, fields_of))
                for place, each in enumerate(self.rows.values())
            ]
            choices += [
                (f"m{place}", measure_words(each, entity, fields_of))
                for place, each in enumerate(self.measures.values())
            ]
        except UserError:
            return  # one of them is not finished yet
        key = "" if sort is None else f"{'m' if sort.by_measure else 'g'}{sort.place}"
        self.order.clear()
        for value, words in choices:
            self.order.addItem(show(words), value)
        self.order.setCurrentIndex(max(0, self.order.findData(key)))
        self.direction.setCurrentIndex(1 if sort is not None and sort.descending else 0)
        self.direction.setEnabled(self.order.currentIndex() > 0)

    def _rule(self) -> Rule:
        return ALL if self.rule is None or self.rule.is_empty else self.rule.rule()

    def _sort(self) -> Sort | None:
        key = self.order.currentData() or ""
        if not key:
            return None
        return Sort(
            place=int(key[1:]), by_measure=key[0] == "m", descending=self.direction.currentData() == "-"
        )

    def _on_grown(self) -> None:
        focus = self.window().focusWidget()
        if focus is not None and self._drawn_page.isAncestorOf(focus):
            show_whole(self._drawn_page, focus)

    def _on_changed(self) -> None:
        if self._showing:
            return
        if not self.is_written:
            self._show_orders(self._sort())
        self.changed.emit()


class _Heading(Label):
    def __init__(self, text: Message) -> None:
        super().__init__(text, weight=600)


def _fault() -> Label:
    label = Label(step="caption", color="bad", wrap=True)
    label.hide()
    return label


def _say(label: Label, text: Text) -> None:
    label.say(text)
    label.setVisible(bool(show(text)))
