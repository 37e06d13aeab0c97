"""The small form behind "+ Filter": a field, a comparison, a value."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from crm_core.errors import UserError
from crm_core.i18n import message
from crm_core.schema.field import Field
from crm_desktop.models.conditions import Condition, Op, Value
from crm_desktop.ui.conditions.value import ConditionValue
from crm_desktop.ui.context import Context
from crm_desktop.ui.lists.conditions import NO_VALUE, can_filter, op_words, ops_of
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.buttons import Button
from crm_desktop.ui.widgets.buttons import Kind as ButtonKind
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live


class FilterPopup(Live, QFrame):
    """Makes one condition. `made` carries it and, for a link, what the record is called."""

    made = Signal(object, str)

    def __init__(
        self,
        context: Context,
        fields: Sequence[Field],
        condition: Condition | None = None,
        title: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setProperty("role", "popup")
        self._context = context
        self._fields = [field for field in fields if can_filter(field)]
        self._editor: ConditionValue | None = None
        self.field_box = QComboBox()
        self.op_box = QComboBox()
        self._place = QVBoxLayout()
        self._wrong = Label(step="caption", color="bad", wrap=True)
        self._wrong.hide()
        self.apply_button = Button(message("Apply"), ButtonKind.PRIMARY)
        self._cancel = Button(message("Cancel"))
        self._lay_out()
        for field in self._fields:
            self.field_box.addItem(tr(field.label), field.name)
        self.field_box.currentIndexChanged.connect(self._on_field_chosen)
        self.op_box.currentIndexChanged.connect(self._on_op_chosen)
        self.apply_button.clicked.connect(self.apply)
        self._cancel.clicked.connect(self.close)
        if condition is not None:
            self._show_condition(condition, title)
        else:
            self._on_field_chosen()
        self.retranslate()

    @property
    def field(self) -> Field:
        """The field chosen."""
        return self._fields[max(self.field_box.currentIndex(), 0)]

    @property
    def op(self) -> Op:
        """The comparison chosen."""
        return Op(self.op_box.currentData())

    def open_below(self, button: QWidget) -> None:
        """Show the form under what opened it, within the screen."""
        self.adjustSize()
        corner = button.mapToGlobal(QPoint(0, button.height() + 4))
        room = button.screen().availableGeometry()
        corner.setX(min(corner.x(), room.right() - self.width()))
        self.move(corner)
        self.show()
        self.field_box.setFocus()

    def choose_field(self, name: str) -> None:
        """Choose a field."""
        self.field_box.setCurrentIndex(self.field_box.findData(name))

    def apply(self) -> None:
        """Make the condition and close; say what is wrong where none can be made."""
        try:
            value: Value = (
                None if self.op in NO_VALUE or self._editor is None else self._editor.value(self.op)
            )
        except UserError as error:
            self._wrong.say(error.message)
            self._wrong.show()
            self.adjustSize()
            return
        title = self._editor.title if self._editor is not None else ""
        self.made.emit(Condition(field=self.field.name, op=self.op, value=value), title)
        self.close()

    def retranslate(self) -> None:
        """Name the boxes in the language on screen."""
        self.setAccessibleName(tr("Filter"))
        self.field_box.setAccessibleName(tr("Field"))
        self.op_box.setAccessibleName(tr("Comparison"))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Apply by Enter, close by Esc."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.apply()
        elif event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        column.addWidget(self.field_box)
        column.addWidget(self.op_box)
        column.addLayout(self._place)
        column.addWidget(self._wrong)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addStretch(1)
        row.addWidget(self._cancel)
        row.addWidget(self.apply_button)
        column.addSpacing(4)
        column.addLayout(row)
        self.setMinimumWidth(theme().px(280))

    def _show_condition(self, condition: Condition, title: str) -> None:
        self.field_box.setCurrentIndex(max(0, self.field_box.findData(condition.field)))
        self._on_field_chosen()
        op = Op.IN if condition.op is Op.EQUAL and Op.EQUAL not in ops_of(self.field) else condition.op
        self.op_box.setCurrentIndex(max(0, self.op_box.findData(op.value)))
        if self._editor is not None:
            self._editor.show_value(condition.value, title)

    def _on_field_chosen(self, _place: int = 0) -> None:
        self.op_box.clear()
        for op in ops_of(self.field):
            self.op_box.addItem(op_words(self.field, op), op.value)
        if self._editor is not None:
            self._place.removeWidget(self._editor)
            self._editor.hide()
            self._editor.deleteLater()
        self._editor = ConditionValue(self._context, self.field)
        self._place.addWidget(self._editor)
        self._on_op_chosen()

    def _on_op_chosen(self, _place: int = 0) -> None:
        if self._editor is not None and self.op_box.count():
            self._editor.setVisible(self.op not in NO_VALUE)
            self._wrong.hide()
            self.adjustSize()
