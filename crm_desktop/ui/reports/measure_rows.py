"""What a report counts, as rows: what is made of which field, of which records alone, and called what."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSizePolicy, QWidget

from crm_core.errors import UserError
from crm_core.i18n import N_, Message, message
from crm_core.rules.report_text import parse_term, term_text
from crm_core.rules.report_words import measure_words
from crm_core.rules.reports import (
    MOST_MEASURES,
    OF_TARGETS,
    OVER_LABELS,
    TAKE_LABELS,
    FieldAt,
    Measure,
    Over,
    Take,
    Term,
)
from crm_core.rules.segments import Rule
from crm_desktop.services.report_offers import ReportOffers
from crm_desktop.ui.conditions.field_picker import FieldBox, Pick
from crm_desktop.ui.context import Context
from crm_desktop.ui.forms.editors import QuietCombo
from crm_desktop.ui.reports.choices import further_of, picks_of
from crm_desktop.ui.reports.rows import PartRow, RowsEditor
from crm_desktop.ui.segments.rule_editor import RuleEditor
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import L, S
from crm_desktop.ui.translate import show, tr
from crm_desktop.ui.widgets.buttons import Button, IconButton, Kind

FORMULA = "="
"""The key of the choice that is typed rather than chosen."""
_OF_NOTHING = (Take.COUNT, Take.SHARE, *OF_TARGETS)


class MeasureRow(PartRow):
    """One figure."""

    def __init__(
        self, context: Context, offers: ReportOffers, measure: Measure | None, name: Message, parent: QWidget
    ) -> None:
        super().__init__(name, parent)
        self._context, self._offers = context, offers
        self.take, self.over = QuietCombo(self), QuietCombo(self)
        takes = [take for take in Take if take not in OF_TARGETS or offers.entity == "target"]
        for box, values in ((self.take, takes), (self.over, list(Over))):
            box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            for value in values:
                box.addItem("", value.value)
        self.field = FieldBox(self._picks, message("Choose a field"), self)
        self.formula = QLineEdit(self)
        self.insert = IconButton("plus", message("Put in a field"), small=True, parent=self)
        self.insert_box = FieldBox(self._insertable, "", self)
        self.insert_box.hide()
        self.called = QLineEdit(self)
        self.only_button = Button(
            message("Only those with…"), Kind.LINK, icon="plus", weight=400, parent=self
        )
        self.only: RuleEditor | None = None
        """Which records alone are counted; None for all."""
        self._lay_out()
        self._show(measure or Measure())
        self._listen()
        self.retranslate()
        self.retint()

    def value(self) -> Measure:
        """Return the figure. `UserError` where it is not finished."""
        take = Take(self.take.currentData())
        return Measure(
            take=take,
            of=self._term(take),
            only=self._only(take),
            over=Over(self.over.currentData()),
            label=self._label(),
        )

    def controls(self) -> Iterator[QWidget]:
        """Yield what makes the figure."""
        yield from (self.take, self.field, self.formula, self.insert, self.called, self.over)
        if self.only is not None:
            yield from self.only.root.stops()
        yield self.only_button

    def retranslate(self) -> None:
        """Name everything in the language on screen."""
        super().retranslate()
        for place in range(self.take.count()):
            self.take.setItemText(place, tr(TAKE_LABELS[Take(self.take.itemData(place))]))
        for place in range(self.over.count()):
            self.over.setItemText(place, tr(OVER_LABELS[Over(self.over.itemData(place))]))
        for widget, what in (
            (self.take, tr("what is made of them")),
            (self.field, tr("field")),
            (self.formula, tr("formula")),
            (self.insert, tr("Put in a field")),
            (self.called, tr("name")),
            (self.over, tr("shown as")),
        ):
            self.name_control(widget, what)
        self.formula.setPlaceholderText(tr("amount * probability / 100, or days(engaged_on, close_date)"))
        self._name_itself()

    def retint(self) -> None:
        """Take the measures of the theme."""
        super().retint()
        self._beside.setSpacing(theme().px(S))
        self._named.setSpacing(theme().px(S))
        self._below.setContentsMargins(theme().px(L), 0, 0, 0)

    # Reading

    def _term(self, take: Take) -> Term | None:
        if take in _OF_NOTHING:
            return None
        if self.field.key == FORMULA:
            return parse_term(self.formula.text())
        if not self.field.key:
            raise UserError(N_("Choose a field"))
        return FieldAt(self.field.key)

    def _only(self, take: Take) -> Rule | None:
        if self.only is not None and not self.only.is_empty:
            return self.only.rule()
        if take is Take.SHARE:
            raise UserError(N_("Say which records a share is of"))
        return None

    def _label(self) -> str:
        """Return what it is called; one of ours, shown in the language on screen, stays what it was."""
        typed = self.called.text().strip()
        return self._kept_label if self._kept_label and typed == tr(self._kept_label) else typed

    # Showing

    def _show(self, measure: Measure) -> None:
        self._kept_label = measure.label
        self.take.setCurrentIndex(self.take.findData(measure.take.value))
        self.over.setCurrentIndex(self.over.findData(measure.over.value))
        self.called.setText(tr(measure.label) if measure.label else "")
        self.called.setCursorPosition(0)
        if isinstance(measure.of, FieldAt):
            self.field.show_key(measure.of.path, self._offers.words(measure.of.path))
        elif measure.of is not None:
            self.field.show_key(FORMULA, message("A formula"))
            self.formula.setText(term_text(measure.of))
            self.formula.setCursorPosition(0)
        if measure.only is not None:
            self._open_only(measure.only)
        self._show_fitting()

    def _show_fitting(self) -> None:
        take = Take(self.take.currentData())
        self.field.setVisible(take not in _OF_NOTHING)
        typed = take not in _OF_NOTHING and self.field.key == FORMULA
        self.formula.setVisible(typed)
        self.insert.setVisible(typed)
        if take is Take.SHARE and self.only is None:
            self._open_only(None)
        self.only_button.setVisible(self.only is None)
        self._name_itself()

    def _name_itself(self) -> None:
        """Say what it is called where nobody names it."""
        try:
            bare = Measure(
                take=Take(self.take.currentData()),
                of=self._term(Take(self.take.currentData())),
                over=Over(self.over.currentData()),
            )
            words = show(measure_words(bare, self._offers.entity, self._offers.rules.fields_of))
        except UserError:
            words = tr("Name")
        self.called.setPlaceholderText(words)

    def _open_only(self, rule: Rule | None) -> None:
        offers = self._offers
        self.only = RuleEditor(self._context, offers.rules, self, further_of(offers))
        self.only.show_rule(rule, offers.rules)
        self.only.edited.connect(self._on_edited)
        self._below.addWidget(self.only)
        self.only.show()

    def _close_only(self) -> None:
        if self.only is not None:
            self._below.removeWidget(self.only)
            self.only.hide()
            self.only.deleteLater()
            self.only = None
        self.only_button.setVisible(True)

    def _lay_out(self) -> None:
        self.first.addWidget(self.take, 2)
        self.first.addWidget(self.field, 3)
        self._beside, self._named, self._below = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        self._beside.addWidget(self.formula, 1)
        self._beside.addWidget(self.insert)
        self._named.addWidget(self.called, 3)
        self._named.addWidget(self.over, 2)
        at = self.column.indexOf(self.fault)
        for place, layout in enumerate((self._beside, self._named, self._below)):
            self.column.insertLayout(at + place, layout)
        self.column.insertWidget(at + 3, self.only_button, 0, Qt.AlignmentFlag.AlignLeft)

    def _listen(self) -> None:
        self.take.activated.connect(self._on_take)
        self.over.activated.connect(self._on_edited)
        self.field.picked.connect(self._on_picked)
        self.formula.editingFinished.connect(self._on_edited)
        self.called.editingFinished.connect(self._on_edited)
        self.insert.clicked.connect(self._on_insert)
        self.insert_box.picked.connect(self._on_inserted)
        self.only_button.clicked.connect(self._on_only)

    # What happened

    def _on_edited(self) -> None:
        if self.only is not None and self.only.is_empty and Take(self.take.currentData()) is not Take.SHARE:
            self._close_only()
        self._name_itself()
        self.edited.emit()

    def _on_take(self, _place: int) -> None:
        take = Take(self.take.currentData())
        node = self._offers.nodes.get(self.field.key)
        fits = node is None or (node.counted if take is Take.DISTINCT else node.summed)
        if take not in _OF_NOTHING and (not fits or (take is Take.DISTINCT and self.field.key == FORMULA)):
            self.field.show_key("", "")
        self._show_fitting()
        self.edited.emit()

    def _on_picked(self, key: str) -> None:
        self.field.show_key(key, message("A formula") if key == FORMULA else self._offers.words(key))
        self._show_fitting()
        if key == FORMULA:
            self.formula.setFocus()
        self.edited.emit()

    def _on_insert(self) -> None:
        self.insert_box.resize(self.formula.size())
        self.insert_box.move(self.formula.pos())
        self.insert_box.showPopup()

    def _on_inserted(self, path: str) -> None:
        self.formula.insert(path)
        self.formula.setFocus()

    def _on_only(self) -> None:
        self._open_only(None)
        self.only_button.hide()
        if self.only is not None:
            self.only.root.add_button.click()

    def _picks(self) -> tuple[Pick, ...]:
        take = Take(self.take.currentData())
        if take is Take.DISTINCT:
            return picks_of(self._offers.tree, lambda node: node.counted)
        formula = message("A formula…")
        return (*self._summed(), Pick(key=FORMULA, label=formula, words=formula))

    def _insertable(self) -> tuple[Pick, ...]:
        return picks_of(self._offers.tree, lambda node: node.summed or node.has_days)

    def _summed(self) -> tuple[Pick, ...]:
        return picks_of(self._offers.tree, lambda node: node.summed)


class MeasuresEditor(RowsEditor[Measure]):
    """The figures."""

    def __init__(self, context: Context, name: Message, parent: QWidget | None = None) -> None:
        super().__init__(message("Add a figure"), name, MOST_MEASURES, parent)
        self._context = context
        self._offers: ReportOffers | None = None

    def offer(self, offers: ReportOffers) -> None:
        """Take the fields there are; what is shown is shown anew by the caller."""
        self._offers = offers

    def make_row(self, value: Measure | None) -> MeasureRow:
        """Return a row for a figure."""
        assert self._offers is not None
        return MeasureRow(self._context, self._offers, value, self._name, self)
