"""What a plan of targets is of: its year, what counts, whose it is, and of which product."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QSpinBox, QWidget

from crm_core.entities.target import MEASURES
from crm_core.i18n import message
from crm_core.rules.targets import FIRST_YEAR, LAST_YEAR, OF_DEALS
from crm_desktop.services.target_plans import Choice, Subject
from crm_desktop.ui.forms.editors import QuietCombo
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import L, M
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.fields import Field
from crm_desktop.ui.widgets.live import Live


class SubjectFields(Live, QWidget):
    """`chosen` says that the plan is of something else."""

    chosen = Signal()

    def __init__(self, year: int) -> None:
        super().__init__()
        self._currency = ""
        self._whose: tuple[Choice, ...] = ()
        self._products: tuple[Choice, ...] = ()
        self.year = QSpinBox()
        self.year.setRange(FIRST_YEAR, LAST_YEAR)
        self.year.setValue(year)
        self.year.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.measure, self.whose, self.product = QuietCombo(), QuietCombo(), QuietCombo()
        for choice in MEASURES:
            self.measure.addItem("", choice.value)
        self.year.valueChanged.connect(lambda _value: self.chosen.emit())
        for box in (self.measure, self.whose, self.product):
            box.setSizePolicy(
                self.year.sizePolicy().horizontalPolicy().Ignored, box.sizePolicy().verticalPolicy()
            )
            box.activated.connect(lambda _place: self._on_chosen())
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme().px(L))
        grid.setVerticalSpacing(theme().px(M))
        grid.addWidget(Field(message("Year"), self.year), 0, 0)
        grid.addWidget(Field(message("What counts"), self.measure), 0, 1)
        grid.addWidget(Field(message("Whose"), self.whose), 1, 0)
        grid.addWidget(Field(message("Only product or family"), self.product), 1, 1)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        self.offer("", (), ())
        self.retranslate()

    def subject(self) -> Subject:
        """Return what the plan is of."""
        measure = str(self.measure.currentData())
        picked = [self._picked(self.whose, self._whose)]
        if measure in OF_DEALS:
            picked.append(self._picked(self.product, self._products))
        named = {each.field: each.value for each in picked if each is not None}
        return Subject(year=self.year.value(), measure=measure, currency=self._currency, **named)

    def show_subject(self, subject: Subject) -> None:
        """Show what another plan is of, without telling anybody."""
        with QSignalBlocker(self.year):
            self.year.setValue(subject.year)
        self.measure.setCurrentIndex(self.measure.findData(subject.measure))
        for box, choices in ((self.whose, self._whose), (self.product, self._products)):
            held = [getattr(subject, each.field) == each.value for each in choices]
            box.setCurrentIndex(held.index(True) + 1 if True in held else 0)
        self.retranslate()

    def offer(self, currency: str, whose: Sequence[Choice], products: Sequence[Choice]) -> None:
        """Offer what there is; what was chosen stays."""
        self._currency = currency
        held = (self._picked(self.whose, self._whose), self._picked(self.product, self._products))
        self._whose, self._products = tuple(whose), tuple(products)
        for box, choices, was in (
            (self.whose, self._whose, held[0]),
            (self.product, self._products, held[1]),
        ):
            box.clear()
            box.addItem("")
            for each in choices:
                box.addItem(each.name)
            box.setCurrentIndex(choices.index(was) + 1 if was in choices else 0)
        self.retranslate()

    def retranslate(self) -> None:
        """Write the choices in the language on screen."""
        if not hasattr(self, "product"):
            return
        for place, choice in enumerate(MEASURES):
            self.measure.setItemText(place, tr(choice.label))
        if self.whose.count():
            self.whose.setItemText(0, tr("Whole company"))
            self.product.setItemText(0, tr("Everything"))
        self.product.setEnabled(str(self.measure.currentData()) in OF_DEALS)

    def _picked(self, box: QuietCombo, choices: Sequence[Choice]) -> Choice | None:
        place = box.currentIndex() - 1
        return choices[place] if 0 <= place < len(choices) else None

    def _on_chosen(self) -> None:
        self.retranslate()
        self.chosen.emit()
