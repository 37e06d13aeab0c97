"""One condition: a field, how it is compared, and with what, in the field's own editor."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget

from crm_core.errors import UserError
from crm_core.i18n import N_, Message, message
from crm_core.schema.field import Choice, Field, Kind
from crm_desktop.ui.context import Context
from crm_desktop.ui.forms.editors import QuietCombo, make_editor
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import S
from crm_desktop.ui.translate import Text, show, tr
from crm_desktop.ui.widgets.buttons import IconButton
from crm_desktop.ui.widgets.live import Live

_WIDE_FROM = 460  # px before the font scale: less, and the value stands in a line of its own


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A field that may be asked about, and its comparisons, the usual one first."""

    field: Field
    comparisons: tuple[Choice, ...]
    alone: frozenset[str] = frozenset()
    """Comparisons that need no value."""
    label: Text = ""
    """What it is called here, where that is not the field's own name."""

    @property
    def words(self) -> str:
        """What it is called, in the language on screen."""
        return show(self.label or Message(self.field.label))


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a row says. `values` is what the field's editor reads, `titles` what its links are called."""

    field: str
    comparison: str
    values: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    titles: Mapping[str, str] = dataclasses.field(default_factory=dict, compare=False)


class ConditionRow(Live, QWidget):
    """Tells that a person changed it or wants it gone; `number` is its place among the rows."""

    edited = Signal()
    removed = Signal()

    def __init__(
        self,
        context: Context,
        offered: Sequence[Offered],
        said: Said | None = None,
        *,
        currency: str,
        number: int | str = 1,
        only: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        """`only`: there is one row and no other, which is not taken away."""
        super().__init__(parent)
        self._context, self._currency, self._number = context, currency, number
        self._offered = {each.field.name: each for each in offered}
        self._value: Any = None
        self._value_of = ""
        self.field_box, self.comparison_box = self.make_field_box(), QuietCombo(self)
        for box in (self.field_box, self.comparison_box):
            box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.remove_button = IconButton("x", message("Remove the condition"), small=True, parent=self)
        self.remove_button.setVisible(not only)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self.setFocusProxy(self.field_box)
        self._fill_fields(said)
        self.field_box.activated.connect(self._on_field_chosen)
        self.comparison_box.activated.connect(self._on_comparison_chosen)
        self.remove_button.clicked.connect(self.removed)
        self._show_comparisons(said.comparison if said else None)
        if said is not None and self._value is not None:
            self._value.fill(said.values, said.titles)
        self.retranslate()
        self.retint()

    @property
    def value_editor(self) -> Any:
        """The editor of the value; None where the comparison needs none."""
        return self._value

    def said(self) -> Said:
        """Return what the row says. `UserError` where no field is chosen or its value cannot be read."""
        name = self.field_box.currentData()
        offered = self._offered.get(str(name or ""))
        if offered is None:
            raise UserError(N_("Choose a field"))
        comparison = str(self.comparison_box.currentData() or "")
        if self._value is None:
            return Said(field=str(name), comparison=comparison)
        values = self.read_value(offered, comparison)
        if values.get(str(name)) in (None, "", []):
            raise UserError(N_("Say with what “{field}” is compared"), field=offered.words)
        return Said(field=str(name), comparison=comparison, values=values)

    def make_field_box(self) -> QuietCombo:
        """Return a new box the field is chosen in."""
        return QuietCombo(self)

    def make_value(self, offered: Offered) -> Any:
        """Return a new editor of what a field is compared with."""
        one_line = replace(offered.field, kind=_one_line(offered.field.kind))
        return make_editor(self._context, one_line, self._currency)

    def read_value(self, offered: Offered, comparison: str) -> Mapping[str, Any]:
        """Return what the field is compared with. `UserError` where it cannot be read."""
        values: Mapping[str, Any] = self._value.read({})
        return values

    def stops(self) -> list[QWidget]:
        """Return what the Tab key stops at, in its order."""
        values = _focusable(self._value) if self._value is not None else []
        return [self.field_box, self.comparison_box, *values, self.remove_button]

    def renumber(self, number: int | str) -> None:
        """Take another place among the rows."""
        self._number = number
        self.retranslate()

    def retranslate(self) -> None:
        """Name everything in the language on screen."""
        place = {"number": self._number}
        for at in range(self.field_box.count()):
            offered = self._offered.get(str(self.field_box.itemData(at) or ""))
            if offered is not None:
                self.field_box.setItemText(at, offered.words)
        known = self._offered.get(str(self.field_box.currentData() or ""))
        words = {each.value: each.label for each in known.comparisons} if known else {}
        for at in range(self.comparison_box.count()):
            value = str(self.comparison_box.itemData(at))
            self.comparison_box.setItemText(at, tr(words.get(value, value)))
        self.field_box.setAccessibleName(tr("Field of condition {number}", **place))
        self.comparison_box.setAccessibleName(tr("Comparison of condition {number}", **place))
        if self._value is not None:
            self._value.setAccessibleName(tr("Value of condition {number}", **place))
        self.remove_button.setAccessibleName(tr("Remove condition {number}", **place))

    def retint(self) -> None:
        """Take the measures of the theme."""
        self._grid.setHorizontalSpacing(theme().px(S))
        self._grid.setVerticalSpacing(theme().px(S))
        self._arrange()

    def resizeEvent(self, event: Any) -> None:
        """Put the value beside or below."""
        super().resizeEvent(event)
        self._arrange()

    def _fill_fields(self, said: Said | None) -> None:
        if said is None or said.field not in self._offered:
            # Nothing, or one that is gone: it stands as it is until another is chosen.
            self.field_box.addItem(said.field if said else "", None)
        for name, each in self._offered.items():
            self.field_box.addItem(each.words, name)
        self.field_box.setCurrentIndex(max(0, self.field_box.findData(said.field)) if said else 0)

    def _on_field_chosen(self, _place: int) -> None:
        self._show_comparisons(None)
        self.retranslate()
        self._arrange()
        self.edited.emit()

    def _on_comparison_chosen(self, _place: int) -> None:
        self._show_value()
        self.retranslate()
        self._arrange()
        self.edited.emit()

    def _show_comparisons(self, comparison: str | None) -> None:
        offered = self._offered.get(str(self.field_box.currentData() or ""))
        self.comparison_box.clear()
        for each in offered.comparisons if offered else ():
            self.comparison_box.addItem(tr(each.label), each.value)
        self.comparison_box.setCurrentIndex(max(0, self.comparison_box.findData(comparison)))
        self._show_value()

    def _show_value(self) -> None:
        offered = self._offered.get(str(self.field_box.currentData() or ""))
        wanted = offered is not None and self.comparison_box.currentData() not in offered.alone
        if wanted and offered is not None and self._value_of == offered.field.name:
            return
        if self._value is not None:
            self._grid.removeWidget(self._value)
            self._value.hide()
            self._value.deleteLater()
            self._value, self._value_of = None, ""
        if wanted and offered is not None:
            self._value, self._value_of = self.make_value(offered), offered.field.name
            self._value.setParent(self)
            self._value.edited.connect(self.edited)
            self._value.show()

    def _arrange(self) -> None:
        wide = self.width() >= theme().px(_WIDE_FROM)
        compares = self.comparison_box.count() > 1
        self.comparison_box.setVisible(compares)
        for each in (self.field_box, self.comparison_box, self.remove_button, self._value):
            if each is not None:
                self._grid.removeWidget(each)
        self._grid.addWidget(self.field_box, 0, 0)
        self._grid.addWidget(self.comparison_box, 0, 1)
        self._grid.addWidget(self.remove_button, 0, 3)
        if self._value is not None:
            beside = (0, 2, Qt.AlignmentFlag.AlignVCenter)
            self._grid.addWidget(self._value, *(beside if wide else (1, 0, 1, 3)))
        for column, stretch in enumerate((4, 3 if compares else 0, 5 if wide and self._value else 0, 0)):
            self._grid.setColumnStretch(column, stretch)
        for before, after in pairwise(self.stops()):
            QWidget.setTabOrder(before, after)


def _focusable(widget: QWidget) -> list[QWidget]:
    """Return what takes the keyboard of an editor: itself, or its parts in their order."""
    if widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
        return [widget]
    children = (child for child in widget.children() if isinstance(child, QWidget))
    return [stop for child in children for stop in _focusable(child)]


def _one_line(kind: Kind) -> Kind:
    return Kind.TEXT if kind is Kind.LONG_TEXT else kind
