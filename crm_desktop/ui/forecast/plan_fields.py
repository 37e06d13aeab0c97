"""The year and the twelve months of a plan, to be typed or spread; their difference is told as one types."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDoubleSpinBox, QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from crm_core.entities.target import PERIODS
from crm_core.errors import UserError
from crm_core.i18n import N_, Message, message
from crm_core.money import Money, parse_money
from crm_core.rules.target_plan import spread
from crm_core.rules.targets import MONTHS
from crm_core.schema.values import DEFAULT_CURRENCY
from crm_desktop.services.target_plans import Plan
from crm_desktop.ui.forecast.words import amount
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import L, M
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.buttons import Button
from crm_desktop.ui.widgets.fields import Field, keep_off_edges
from crm_desktop.ui.widgets.flow import FlowLayout
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live

_LABELS = {choice.value: choice.label for choice in PERIODS}
_ACROSS = 4
Values = tuple[int | None, tuple[int | None, ...]]


class PlanFields(Live, QWidget):
    """`copy_wanted`: the plan of the year before is to be taken over."""

    copy_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._plan: Plan | None = None
        self.is_changed = False
        self.year_line = self._line()
        self.year_field = Field(message("Whole year"), self.year_line)
        self.month_lines = [self._line() for _ in MONTHS]
        self.month_fields = [
            Field(message(_LABELS[name]), line) for name, line in zip(MONTHS, self.month_lines, strict=True)
        ]
        self.even_button = Button(message("Spread evenly"))
        self.even_button.clicked.connect(lambda: self._spread([1] * len(MONTHS)))
        self.share_button = Button(message("Spread like last year"))
        self.share_button.clicked.connect(self._on_share_wanted)
        self.copy_button = Button(message("Copy last year's targets"))
        self.copy_button.clicked.connect(self.copy_wanted.emit)
        self.percent_box = QDoubleSpinBox()
        self.percent_box.setRange(-100, 1000)
        self.percent_box.setDecimals(1)
        self.percent_box.setSuffix(" %")
        self.percent_box.setPrefix("+")
        self.percent_box.setAlignment(Qt.AlignmentFlag.AlignRight)
        keep_off_edges(self.percent_box)
        self.percent_box.valueChanged.connect(self._on_percent_changed)
        self.told = Label(wrap=True)
        self.before = Label(step="caption", color="text-soft", wrap=True)
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme().px(L))
        grid.setVerticalSpacing(theme().px(M))
        for place, field in enumerate(self.month_fields):
            grid.addWidget(field, place // _ACROSS, place % _ACROSS)
        for column in range(_ACROSS):
            grid.setColumnStretch(column, 1)
        top = QHBoxLayout()
        top.setSpacing(theme().px(L))
        top.addWidget(self.year_field, 1)
        top.addStretch(3)
        ways = FlowLayout(gap=theme().px(M), line_gap=theme().px(M))
        for widget in (self.even_button, self.share_button, self.copy_button, self.percent_box):
            ways.addWidget(widget)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(theme().px(M))
        whole.addLayout(top)
        whole.addLayout(ways)
        whole.addLayout(grid)
        whole.addWidget(self.told)
        whole.addWidget(self.before)
        self.retranslate()

    def show_plan(self, plan: Plan) -> None:
        """Show a plan as it is."""
        self._plan = plan
        self._write(plan.year, plan.months)
        self.is_changed = False
        for place, field in enumerate(self.month_fields):
            reached = plan.reached_before[place] if plan.reached_before else 0
            field.set_hint(message("last year {amount}", amount=self._said(reached)) if reached else "")
        self.share_button.setEnabled(any(plan.reached_before))
        self.retranslate()

    def put(self, year: int | None, months: Sequence[int | None]) -> None:
        """Put other values into the fields, to be saved or not."""
        self._write(year, months)
        self._on_edited()

    def percent(self) -> Decimal:
        """Return how much higher a copy is to be, in per cent."""
        return Decimal(str(round(self.percent_box.value(), 1)))

    def values(self) -> Values | None:
        """Return the year and its months; None where something is no amount, which is told at its place."""
        sound, found = True, list[int | None]()
        for field, line in ((self.year_field, self.year_line), *self._months()):
            try:
                found.append(self._value(line.text(), least=int(line is self.year_line)))
                field.set_error("")
            except UserError as error:
                field.set_error(error.message)
                if sound:
                    line.setFocus()
                sound = False
        return (found[0], tuple(found[1:])) if sound else None

    def retranslate(self) -> None:
        """Write everything in the language on screen."""
        if not hasattr(self, "told"):
            return
        self.percent_box.setAccessibleName(tr("How much higher the copy is"))
        self._tell()

    def _tell(self) -> None:
        plan = self._plan
        if plan is None:
            return
        self.told.say(self._difference())
        if plan.before is None:
            self.before.say(message("There is no target of the year before."))
        else:
            said = message("The target of the year before was {amount}.", amount=self._said(plan.before))
            self.before.say(said)

    def _difference(self) -> Message | str:
        try:
            year, *months = (self._value(line.text()) for line in (self.year_line, *self.month_lines))
        except UserError:
            return ""
        missing = sum(month is None for month in months)
        whole = sum(month or 0 for month in months)
        if year is None or missing == len(months):
            return message("A year without months counts in even parts, day by day.")
        if missing:
            return message("The months so far come to {sum}.", sum=self._said(whole))
        if whole == year:
            return message("The months come to the year.")
        if whole > year:
            return message(
                "The months come to {sum}: {difference} more than the year.",
                sum=self._said(whole),
                difference=self._said(whole - year),
            )
        return message(
            "The months come to {sum}: {difference} less than the year.",
            sum=self._said(whole),
            difference=self._said(year - whole),
        )

    def _line(self) -> QLineEdit:
        line = QLineEdit()
        line.setAlignment(Qt.AlignmentFlag.AlignRight)
        line.textEdited.connect(lambda _text: self._on_edited())
        return line

    def _months(self) -> list[tuple[Field, QLineEdit]]:
        return list(zip(self.month_fields, self.month_lines, strict=True))

    def _on_edited(self) -> None:
        self.is_changed = True
        self._tell()

    def _on_percent_changed(self, value: float) -> None:
        self.percent_box.setPrefix("+" if value >= 0 else "")

    def _on_share_wanted(self) -> None:
        if self._plan is not None:
            self._spread(self._plan.reached_before)

    def _spread(self, weights: Sequence[int]) -> None:
        try:
            year = self._value(self.year_line.text(), least=1)
            if year is None:
                raise UserError(N_("Say what is to be reached"))
        except UserError as error:
            self.year_field.set_error(error.message)
            self.year_line.setFocus()
            return
        self.year_field.set_error("")
        self.put(year, spread(year, weights))

    def _write(self, year: int | None, months: Sequence[int | None]) -> None:
        for (field, line), value in zip(
            ((self.year_field, self.year_line), *self._months()), (year, *months), strict=True
        ):
            line.setText("" if value is None else self._typed(value))
            field.set_error("")

    def _value(self, text: str, least: int = 0) -> int | None:
        plan = self._plan
        if not text.strip() or plan is None:
            return None
        if plan.subject.in_money:
            found = parse_money(text, plan.subject.currency or DEFAULT_CURRENCY)
            if found.currency != plan.subject.currency or found.minor < least:
                raise UserError(N_("“{text}” is not an amount such as 250000"), text=text)
            return found.minor
        if not text.strip().isdecimal() or int(text) < least:
            raise UserError(N_("“{text}” is not a whole number"), text=text)
        return int(text)

    def _typed(self, value: int) -> str:
        subject = self._plan.subject if self._plan is not None else None
        if subject is None or not subject.in_money:
            return str(value)
        exact = Money(value, subject.currency or DEFAULT_CURRENCY).decimal()
        return f"{exact.quantize(Decimal(1)) if exact == exact.to_integral() else exact:f}"

    def _said(self, value: int) -> str:
        subject = self._plan.subject if self._plan is not None else None
        return amount(value, subject.currency if subject is not None and subject.in_money else None)
