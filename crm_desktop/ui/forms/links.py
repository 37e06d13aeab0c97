"""A link to another record: type a part of its name, choose among those found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtWidgets import QWidget

from crm_core.entities import SCHEMAS
from crm_core.errors import CrmError, UserError
from crm_core.i18n import N_
from crm_core.schema.field import Field, Plain
from crm_desktop.services import lists
from crm_desktop.services.lists import Option
from crm_desktop.ui.context import Context
from crm_desktop.ui.forms.option_list import OptionLine
from crm_desktop.ui.translate import show, tr


class LinkEditor(OptionLine):
    """Shows a record's title and keeps its id. Down or typing opens the list of what fits."""

    pause_ms = 120  # it asks the database
    takes_by_tab = True

    def __init__(self, context: Context, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = field
        self._context = context
        self._targets = field.members or (str(field.target),)
        self._id: str | None = None
        self._title = ""
        self.retranslate()

    @property
    def record_id(self) -> str | None:
        """The record linked to; None for none."""
        return self._id

    def link(self, record_id: str | None, title: str) -> None:
        """Show a record."""
        self._id, self._title = record_id, show(title)
        self.setText(self._title)
        self._options.hide()

    def fill(self, values: Mapping[str, Any], titles: Mapping[str, str]) -> None:
        """Show the record the row links to."""
        record_id = values.get(self.field.name)
        title = titles.get(self.field.name) or (tr("Not on this laptop") if record_id else "")
        self.link(record_id, title)

    def read(self, values: Mapping[str, Any]) -> dict[str, Plain]:
        """Return the id of the record chosen."""
        if self.text().strip() and self.text() != self._title:
            raise UserError(N_("Choose one of those found for “{text}”"), text=self.text().strip())
        return {self.field.name: self._id if self.text().strip() else None}

    def retranslate(self) -> None:
        """Say what is linked to."""
        named = " / ".join(tr(SCHEMAS[target].meta.plural) for target in self._targets if target in SCHEMAS)
        self.setPlaceholderText(tr("Search: {entity}", entity=named) if named else "")

    def on_text_edited(self, text: str) -> None:
        """Link to nothing where all was taken out."""
        if not text.strip():
            self._id, self._title = None, ""
        super().on_text_edited(text)

    def take(self, option: Option) -> None:
        """Link to the record chosen."""
        self.link(option.id, option.title)

    def offer(self) -> None:
        """Look for records and open the list of them."""
        text = self.text() if self.text() != self._title else ""
        replica = self._context.replica
        targets = [target for target in self._targets if target in SCHEMAS]
        if targets:
            self._context.tasks.read(
                self,
                lambda: tuple(
                    option for target in targets for option in lists.options(replica, target, text)
                ),
                self._on_found,
                self._on_failed,
                topic="find",
            )

    def _on_found(self, options: tuple[Option, ...]) -> None:
        if self.hasFocus():
            self._options.show_options(options)

    def _on_failed(self, _error: CrmError) -> None:
        self._options.show_options(())
