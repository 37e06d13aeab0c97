"""An editor of a JSON field of a few rows in their order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Generic

from PySide6.QtWidgets import QWidget

from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.schema.field import Field, Plain
from crm_desktop.ui.forms.row_column import Row, RowColumn
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import L
from crm_desktop.ui.translate import Text, tr

ADD_QUESTION = N_("{field}: add a question")


class RowsEditor(RowColumn[Row], Generic[Row]):
    """Rows of a JSON field. Subclasses make a row of what is kept, and read it back."""

    adds_named: str
    """What the button is called, for those who listen; `{field}` is what the whole is called."""

    def __init__(self, field: Field, adds: Text, most: int, parent: QWidget | None = None) -> None:
        super().__init__(adds, most, parent)
        self.field = field
        self.setFocusProxy(self.add_button)
        self.retint()

    def make_row(self, held: Mapping[str, Any]) -> Row:
        """Return the row of what the record keeps; of nothing: a new one."""
        raise NotImplementedError

    def value_of(self, row: Row) -> Plain:
        """Return what the record keeps of a row. `UserError` where it is not finished."""
        raise NotImplementedError

    def kept_in(self, stored: Any) -> Sequence[Mapping[str, Any]]:
        """Return what the record keeps of each row."""
        return [each for each in stored or () if isinstance(each, Mapping)]

    def new_row(self) -> Row:
        """Return a row of nothing."""
        return self.make_row({})

    def fill(self, values: Mapping[str, Any], titles: Mapping[str, str]) -> None:
        """Show what the record keeps; rows that say it already stay as they are."""
        held = self.kept_in(values.get(self.field.name))
        if self.rows and self._present() == list(held):
            return
        self.empty()
        for each in held:
            self.put(self.make_row(each))
        self.renumber()

    def read(self, values: Mapping[str, Any]) -> dict[str, Plain]:
        """Return the rows as the record keeps them. `UserError` where one is not finished."""
        return {self.field.name: [self.value_of(row) for row in self.rows] or None}

    def setAccessibleName(self, name: str) -> None:
        """Name the whole after its field."""
        super().setAccessibleName(name)
        self.add_button.setAccessibleName(tr(self.adds_named, field=name))

    def retint(self) -> None:
        """Take the measures of the theme."""
        self._rows.setSpacing(theme().px(L))

    def _present(self) -> Any:
        try:
            return self.read({})[self.field.name] or []
        except UserError:
            return None
