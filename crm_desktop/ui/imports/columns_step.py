"""Second step: which column fills which field; guessed, shown with what stands in it, changed at will."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QCheckBox, QFrame, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from crm_core.entities import SCHEMAS
from crm_core.errors import CrmError, UserError
from crm_core.exchange.mapping import RECORD_ID, Found, Rule, name_together
from crm_core.exchange.source import SourceTable
from crm_core.i18n import N_, message
from crm_core.schema.field import Kind
from crm_desktop.interchange import templates
from crm_desktop.interchange.preview import ColumnFacts
from crm_desktop.interchange.templates import KeptTemplate
from crm_desktop.ui.context import Context
from crm_desktop.ui.forms.editors import QuietCombo
from crm_desktop.ui.imports.choices import Choices, lookups_of
from crm_desktop.ui.imports.step import ImportStep
from crm_desktop.ui.lists.views import NamePopup
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import Text, tr
from crm_desktop.ui.widgets.buttons import Button, IconButton
from crm_desktop.ui.widgets.buttons import Kind as ButtonKind
from crm_desktop.ui.widgets.fields import Field
from crm_desktop.ui.widgets.labels import ElidedLabel, Label

SAMPLES, LOOKED_AT, LONGEST = 3, 200, 40
_NUMBERS = frozenset((Kind.MONEY, Kind.INTEGER, Kind.DECIMAL))
FACTORS: tuple[tuple[str, str], ...] = (
    ("", N_("As written")),
    ("1000", N_("In thousands")),
    ("10000", N_("In ten thousands")),
    ("1000000", N_("In millions")),
)


class ColumnsStep(ImportStep):
    """One line a column."""

    kept = Signal(str)
    """The name a template was kept under."""

    def __init__(self, context: Context) -> None:
        super().__init__(context, message("Columns"))
        self.template = QuietCombo()
        self._template = Field(message("Fill the columns"), self.template)
        self.keep_button = Button(message("Keep as template"), ButtonKind.LINK, icon="plus", weight=400)
        self.forget_button = IconButton("trash", message("Delete this template"))
        self.lines: list[ColumnLine] = []
        self._fields = QStandardItemModel(self)
        self._held = QWidget()
        self.grid = QGridLayout(self._held)
        self.grid.setContentsMargins(0, 4, 12, 0)
        self.grid.setHorizontalSpacing(16)
        self.grid.setVerticalSpacing(8)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(self._held)
        self.area = area
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self._template)
        buttons = QVBoxLayout()
        buttons.addSpacing(theme().px(20))
        inner = QHBoxLayout()
        inner.addWidget(self.forget_button)
        inner.addWidget(self.keep_button)
        buttons.addLayout(inner)
        head.addLayout(buttons)
        head.addStretch(1)
        self.body.addLayout(head)
        self._wrong = Label(color="bad", wrap=True)
        self._wrong.hide()
        self.body.addWidget(self._wrong)
        self.body.addWidget(area, 1)
        self.template.activated.connect(self._on_template_chosen)
        self.keep_button.clicked.connect(self.ask_for_name)
        self.forget_button.clicked.connect(self._on_forget)
        self.retranslate()

    @property
    def ready(self) -> bool:
        """Whether something is filled, and nothing twice."""
        return bool(self.choices.rules) and not self._twice()

    def begin(self, choices: Choices) -> None:
        """Forget the columns of another import."""
        super().begin(choices)
        self._clear()

    def enter(self) -> None:
        """Show the columns of the file."""
        self._fill()
        if self.lines:
            self.lines[0].field.setFocus()

    def ask_for_name(self) -> NamePopup:
        """Open the line for a template's name."""
        popup = NamePopup(self, message("Name of the template"))
        popup.line.setText(self.choices.template)
        popup.named.connect(self.keep)
        popup.move(self.keep_button.mapToGlobal(QPoint(0, self.keep_button.height() + 4)))
        popup.show()
        popup.line.setFocus()
        return popup

    def keep(self, name: str) -> None:
        """Keep how the columns are filled, and the rules, under a name."""
        choices, replica = self.choices, self.context.replica
        entity, options = choices.entity, choices.options()

        def work() -> tuple[KeptTemplate, ...]:
            templates.keep_template(replica, entity, name, options)
            return templates.templates_of(replica, entity)

        def done(found: tuple[KeptTemplate, ...]) -> None:
            choices.template = name
            self._take_templates(found)
            self.kept.emit(name)

        self.context.tasks.write(self, work, done, self.context.show_error)

    def retranslate(self) -> None:
        """Name everything in the language on screen."""
        if self.isVisible() and self.choices.read is not None:
            self._fill()

    def _fill(self) -> None:
        choices = self.choices
        read = choices.read
        if read is None:
            return
        self._clear()
        self._fields.clear()
        self._fields.appendRow(_item(tr("Leave out"), ""))
        self._fields.appendRow(_item(tr("Record ID"), RECORD_ID))
        for each in choices.fields().values():
            self._fields.appendRow(_item(tr(each.label), each.name))
        for place, words in enumerate((N_("Column"), N_("Found in it"), N_("Goes to"), N_("How"))):
            self.grid.addWidget(Label(tr(words), step="caption", color="text-soft"), 0, place)
        for column, facts in enumerate(read.facts):
            line = ColumnLine(
                self.grid, column, _samples(facts, read.table), self._fields, facts.header, self
            )
            line.changed.connect(self._on_line_changed)
            self.lines.append(line)
        for place, stretch in enumerate((3, 4, 3, 4)):
            self.grid.setColumnStretch(place, stretch)
        self.grid.setRowStretch(len(read.facts) + 1, 1)
        self._show_rules()
        self._show_templates()

    def _clear(self) -> None:
        self.lines = []
        while self.grid.count():
            widget = self.grid.takeAt(0).widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()

    def _show_rules(self) -> None:
        by_column = {rule.column: rule for rule in self.choices.rules}
        for line in self.lines:
            line.show_rule(by_column.get(line.column), self.choices)
        self._judge()

    def _show_templates(self) -> None:
        choices = self.choices
        assert choices.read is not None
        self.template.clear()
        self.template.addItem(tr("As guessed from the file"), "")
        for each in choices.read.templates:
            self.template.addItem(each.name, each.name)
        self.template.setCurrentIndex(max(0, self.template.findData(choices.template)))
        self.forget_button.setVisible(bool(choices.template))
        self._template.setFixedWidth(theme().px(280))

    def _take_templates(self, found: tuple[KeptTemplate, ...]) -> None:
        if self.choices.read is not None:
            self.choices.read = replace(self.choices.read, templates=found)
            self._show_templates()

    def _on_line_changed(self) -> None:
        rules = [rule for line in self.lines if (rule := line.rule(self.choices)) is not None]
        self.choices.rules = tuple(rules)
        self.choices.plan = None
        self._judge()

    def _judge(self) -> None:
        twice = self._twice()
        for line in self.lines:
            line.say_twice(line.column in twice)
        self.ready_changed.emit()

    def _twice(self) -> frozenset[int]:
        """Return the columns that fill what an earlier one fills already, unless they name it together."""
        seen: dict[str, list[Rule]] = {}
        found = set()
        for rule in self.choices.rules:
            earlier = seen.setdefault(rule.field, [])
            if not all(name_together(other, rule) for other in earlier):
                found.add(rule.column)
            earlier.append(rule)
        return frozenset(found)

    def _on_template_chosen(self) -> None:
        choices = self.choices
        assert choices.read is not None
        name = str(self.template.currentData() or "")
        template = next((each for each in choices.read.templates if each.name == name), None)
        self._wrong.hide()
        try:
            choices.take_template(template)
        except UserError as error:
            self._say_wrong(error)
        choices.plan = None
        self._show_rules()
        self._show_templates()

    def _say_wrong(self, error: CrmError) -> None:
        self._wrong.say(message("The template does not fit: {reason}", reason=error.message))
        self._wrong.show()

    def _on_forget(self) -> None:
        choices, replica = self.choices, self.context.replica
        entity, name = choices.entity, choices.template

        def work() -> tuple[KeptTemplate, ...]:
            templates.forget_template(replica, entity, name)
            return templates.templates_of(replica, entity)

        def done(found: tuple[KeptTemplate, ...]) -> None:
            choices.template = ""
            self._take_templates(found)

        self.context.tasks.write(self, work, done, self.context.show_error)


class ColumnLine(QWidget):
    """One column of the file: its head, what is in it, the field, how it is read; in the step's grid."""

    changed = Signal()

    def __init__(
        self,
        grid: QGridLayout,
        column: int,
        samples: Text,
        fields: QStandardItemModel,
        header: str,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self.hide()
        self.column = column
        self._guessed: Rule | None = None
        self._lookups: tuple[Found, ...] = ()
        self.field = QuietCombo()
        self.field.setModel(fields)
        self.field.setSizeAdjustPolicy(QuietCombo.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.field.setMinimumContentsLength(12)
        self.lookup = QuietCombo()
        self.make_missing = QCheckBox()
        self.factor = QuietCombo()
        for times, words in FACTORS:
            self.factor.addItem(tr(words), times)
        self._twice = Label(message("Another column fills this field already"), step="caption", color="bad")
        self._twice.hide()
        name = ElidedLabel(header, weight=600)
        found = ElidedLabel(samples, color="text-soft")
        goes = QWidget()
        inside = QVBoxLayout(goes)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(2)
        inside.addWidget(self.field)
        inside.addWidget(self._twice)
        how = QWidget()
        row = QHBoxLayout(how)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        for widget in (self.lookup, self.make_missing, self.factor):
            row.addWidget(widget)
        row.addStretch(1)
        cells: tuple[QWidget, ...] = (name, found, goes, how)
        for place, cell in enumerate(cells):
            grid.addWidget(cell, column + 1, place)
        self.field.setAccessibleName(tr("“{column}” goes to", column=header))
        self.lookup.setAccessibleName(tr("“{column}” is looked up by", column=header))
        self.factor.setAccessibleName(tr("Numbers of “{column}”", column=header))
        self.make_missing.setText(tr("Make what is missing"))
        self.field.activated.connect(self._on_field_chosen)
        self.lookup.activated.connect(lambda _place: self.changed.emit())
        self.factor.activated.connect(lambda _place: self.changed.emit())
        self.make_missing.clicked.connect(lambda _checked: self.changed.emit())

    def show_rule(self, rule: Rule | None, choices: Choices) -> None:
        """Show how the column is used; None: not at all."""
        self._guessed = rule
        self.field.setCurrentIndex(max(0, self.field.findData(rule.field if rule is not None else "")))
        self._show_how(rule, choices)

    def rule(self, choices: Choices) -> Rule | None:
        """Return how the column is used."""
        name = str(self.field.currentData() or "")
        if not name:
            return None
        if name == RECORD_ID:
            return Rule(column=self.column, field=RECORD_ID)
        if not self._shows(name, choices):
            self._show_how(Rule(column=self.column, field=name), choices)
        found = self._lookups[self.lookup.currentIndex()] if self._lookups else None
        if self._guessed is not None and self._guessed.field == name and self._guessed.lookup is None:
            found = None  # the cells are ids themselves
        times = str(self.factor.currentData() or "") if not self.factor.isHidden() else ""
        return Rule(
            column=self.column,
            field=name,
            lookup=found,
            create_missing=found is not None and self.make_missing.isChecked(),
            factor=Decimal(times) if times else None,
        )

    def say_twice(self, twice: bool) -> None:
        """Say whether the field is filled by an earlier column too."""
        self._twice.setVisible(twice)

    def _on_field_chosen(self) -> None:
        self._guessed = None
        self._lookups = ()
        self.lookup.setProperty("of", None)
        self.changed.emit()

    def _shows(self, name: str, choices: Choices) -> bool:
        return self.lookup.property("of") == name

    def _show_how(self, rule: Rule | None, choices: Choices) -> None:
        field = choices.fields().get(rule.field) if rule is not None else None
        linked = lookups_of(field, choices.target) if field is not None else ()
        by_id = rule is not None and rule.guessed and rule.lookup is None
        self._lookups = () if by_id else linked
        self.lookup.setProperty("of", field.name if field is not None else None)
        self.lookup.clear()
        for found in self._lookups:
            self.lookup.addItem(_lookup_words(found))
        if rule is not None and rule.lookup in self._lookups:
            self.lookup.setCurrentIndex(self._lookups.index(rule.lookup))
        self.lookup.setVisible(len(self._lookups) > 0)
        self.make_missing.setVisible(len(self._lookups) > 0)
        self.make_missing.setChecked(rule is not None and rule.create_missing)
        numeric = field is not None and field.kind in _NUMBERS
        self.factor.setVisible(numeric)
        times = "" if rule is None or rule.factor is None else f"{rule.factor:f}"
        if self.factor.findData(times) < 0:
            self.factor.addItem(f"× {times}", times)
        self.factor.setCurrentIndex(self.factor.findData(times))


def _samples(facts: ColumnFacts, table: SourceTable) -> Text:
    """Return the cells that stand in a column most often; the first ones where no two are alike."""
    if not facts.filled:
        return message("empty")
    column = table.headers.index(facts.header)
    first = (row.cells[column].strip() for row in table.rows[:LOOKED_AT] if row.problem is None)
    common = (text for text, number in facts.common if number > 1)
    shown = [*dict.fromkeys(text for text in (*common, *first) if text)][:SAMPLES]
    return " · ".join(" ".join(text.split())[:LONGEST] for text in shown)


def _lookup_words(found: Found) -> str:
    schema = SCHEMAS[found.entity]
    by = tr("Record ID") if found.field == RECORD_ID else tr(schema.fields[found.field].label)
    return tr("{entity} by {field}", entity=tr(schema.meta.label), field=by)


def _item(words: str, name: str) -> QStandardItem:
    item = QStandardItem(words)
    item.setData(name, Qt.ItemDataRole.UserRole)
    item.setEditable(False)
    return item
