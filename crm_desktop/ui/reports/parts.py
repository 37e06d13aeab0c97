"""What a report is made of, as lines to type in, with the fields there are to choose from."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QHBoxLayout, QLineEdit, QSpinBox, QWidget

from crm_core.charts.chart import Kind as ChartKind
from crm_core.charts.looks import KIND_LABELS
from crm_core.i18n import Message, message
from crm_core.rules.report_options import ReportOptions
from crm_core.rules.reports import MOST_ROWS, PERIOD_LABELS, TAKE_LABELS, Period, Take
from crm_desktop.services.reports import FieldOffer
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import M, S
from crm_desktop.ui.translate import show, tr
from crm_desktop.ui.widgets.buttons import IconButton
from crm_desktop.ui.widgets.fields import Field
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.menus import Menu

APART = "; "
_PERIODS = (Period.DAY, Period.WEEK, Period.MONTH, Period.QUARTER, Period.YEAR, Period.WEEKDAY, Period.HOUR)
_TAKES = (Take.SUM, Take.AVERAGE, Take.LEAST, Take.MOST)
_ORDERS = (
    ("", message("By the groups")),
    ("-measure 1", message("First figure, largest first")),
    ("measure 1", message("First figure, smallest first")),
    ("-group 1", message("By the groups, backwards")),
)


class PickedLine(QWidget):
    """A line of parts with a button that offers more of them."""

    def __init__(self, tip: Message, fill: Callable[[Menu], None]) -> None:
        super().__init__()
        self.line = QLineEdit()
        self.button = IconButton("plus", tip, small=True)
        self.menu_shown: Menu | None = None
        self._fill = fill
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme().px(S))
        row.addWidget(self.line, 1)
        row.addWidget(self.button)
        self.setFocusProxy(self.line)
        self.button.clicked.connect(self.open_menu)

    def open_menu(self) -> None:
        """Offer what can be added."""
        menu = self.menu_shown = Menu(self)
        self._fill(menu)
        menu.popup(self.button.mapToGlobal(QPoint(0, self.button.height())))

    def add(self, text: str) -> None:
        """Add a part behind those there are."""
        parts = [*self.parts(), text]
        self.line.setText(APART.join(parts))
        self.line.editingFinished.emit()

    def parts(self) -> list[str]:
        """Return the parts."""
        return [part.strip() for part in self.line.text().split(";") if part.strip()]


class ReportParts(Live, QWidget):
    """`changed` says that something else is to be counted, `kind_chosen` that another kind of records is."""

    changed = Signal()
    kind_chosen = Signal(str)

    def __init__(self, kinds: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._offers: tuple[FieldOffer, ...] = ()
        self._kinds = kinds
        self._setting = False
        self.kind = QComboBox()
        self.where = QLineEdit()
        self.rows = PickedLine(message("Add a group"), lambda menu: self._offer_groups(menu, self.rows))
        self.columns = PickedLine(message("Add a group"), lambda menu: self._offer_groups(menu, self.columns))
        self.measures = PickedLine(message("Add a figure"), self._offer_measures)
        self.order = QComboBox()
        self.top = QSpinBox()
        self.top.setRange(0, MOST_ROWS)
        self.chart = QComboBox()
        self.company_currency = QCheckBox()
        self.where_field = Field(message("Which of them"), self.where)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme().px(M))
        grid.setVerticalSpacing(theme().px(S))
        grid.addWidget(Field(message("Records"), self.kind), 0, 0)
        grid.addWidget(self.where_field, 0, 1, 1, 3)
        grid.addWidget(Field(message("In rows"), self.rows), 1, 0, 1, 2)
        grid.addWidget(Field(message("Side by side"), self.columns), 1, 2, 1, 2)
        grid.addWidget(Field(message("Figures"), self.measures), 2, 0, 1, 2)
        grid.addWidget(Field(message("In which order"), self.order), 2, 2)
        grid.addWidget(Field(message("Most rows"), self.top), 2, 3)
        grid.addWidget(Field(message("Chart"), self.chart), 3, 0)
        grid.addWidget(self.company_currency, 3, 1, 1, 2, Qt.AlignmentFlag.AlignBottom)
        for column in range(4):
            grid.setColumnStretch(column, 1)
        self.kind.activated.connect(lambda _at: self.kind_chosen.emit(self.kind.currentData()))
        for line in (self.where, self.rows.line, self.columns.line, self.measures.line):
            line.editingFinished.connect(self._on_changed)
        for box in (self.order, self.chart):
            box.activated.connect(lambda _at: self._on_changed())
        self.top.editingFinished.connect(self._on_changed)
        self.company_currency.clicked.connect(lambda _on: self._on_changed())
        self.retranslate()

    def show_options(self, options: ReportOptions, chart: str) -> None:
        """Show what a report is made of."""
        self._setting = True
        self.kind.setCurrentIndex(self.kind.findData(options.entity))
        self.where.setText(options.where)
        self.rows.line.setText(APART.join(options.rows))
        self.columns.line.setText(APART.join(options.columns))
        self.measures.line.setText(APART.join(options.measures))
        self.order.setCurrentIndex(max(0, self.order.findData(options.sort)))
        self.top.setValue(options.top)
        self.chart.setCurrentIndex(max(0, self.chart.findData(chart or ChartKind.TABLE.value)))
        self.company_currency.setChecked(options.company_currency)
        for line in (self.where, self.rows.line, self.columns.line, self.measures.line):
            line.setCursorPosition(0)
        self._setting = False

    def options(self) -> ReportOptions:
        """Return what is wanted."""
        return ReportOptions(
            entity=self.kind.currentData() or "",
            where=self.where.text(),
            rows=self.rows.parts(),
            columns=self.columns.parts(),
            measures=self.measures.parts(),
            sort=self.order.currentData() or "",
            top=self.top.value(),
            company_currency=self.company_currency.isChecked(),
        )

    def show_offers(self, offers: tuple[FieldOffer, ...]) -> None:
        """Take the fields that can be chosen."""
        self._offers = offers

    def retranslate(self) -> None:
        """Write the choices in the language on screen."""
        for box, choices in (
            (self.kind, [(name, tr(label)) for name, label in self._kinds]),
            (self.order, [(key, show(text)) for key, text in _ORDERS]),
            (self.chart, [(kind.value, tr(text)) for kind, text in KIND_LABELS.items()]),
        ):
            held = box.currentData()
            box.clear()
            for key, text in choices:
                box.addItem(text, key)
            box.setCurrentIndex(max(0, box.findData(held)))
        self.rows.line.setAccessibleName(tr("In rows"))
        self.columns.line.setAccessibleName(tr("Side by side"))
        self.measures.line.setAccessibleName(tr("Figures"))
        self.company_currency.setText(tr("In the company's currency"))
        self.where.setPlaceholderText(tr("all, or level = A and city = 上海"))
        self.rows.line.setPlaceholderText(tr("none, or owner_id; close_date by month"))
        self.measures.line.setPlaceholderText(tr("how many, or sum(amount)"))
        self.top.setSpecialValueText(tr("All"))

    def _on_changed(self) -> None:
        if not self._setting:
            self.changed.emit()

    def _offer_groups(self, menu: Menu, line: PickedLine) -> None:
        for offer in self._offers:
            if not offer.grouped:
                continue
            if not offer.has_days:
                self._offer(menu, show(offer.label), offer.path, line)
                continue
            below = menu.addMenu(show(offer.label))
            for period in _PERIODS:
                self._offer(below, tr(PERIOD_LABELS[period]), f"{offer.path} by {period.value}", line)

    def _offer_measures(self, menu: Menu) -> None:
        self._offer(menu, tr(TAKE_LABELS[Take.COUNT]), "count", self.measures)
        for take in _TAKES:
            below = menu.addMenu(tr(TAKE_LABELS[take]))
            for offer in self._offers:
                if offer.summed:
                    self._offer(below, show(offer.label), f"{take.value}({offer.path})", self.measures)
        below = menu.addMenu(tr(TAKE_LABELS[Take.DISTINCT]))
        for offer in self._offers:
            if offer.grouped and not offer.has_days:
                self._offer(below, show(offer.label), f"distinct({offer.path})", self.measures)

    def _offer(self, menu: object, text: str, part: str, line: PickedLine) -> None:
        action = menu.addAction(text)
        action.triggered.connect(lambda _on=False: line.add(part))
