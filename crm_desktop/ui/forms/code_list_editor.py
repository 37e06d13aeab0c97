"""A field of a list the program brings: type a code or a word of either language, or anything else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtWidgets import QWidget

from crm_core.schema import code_lists
from crm_core.schema.code_lists import CodeList, Entry, row_of
from crm_core.schema.field import Field, Plain
from crm_core.schema.standards import standardised
from crm_desktop.services.lists import Option
from crm_desktop.ui.forms.option_list import OptionLine
from crm_desktop.ui.translate import tr, translator


class CodeListEditor(OptionLine):
    """Shows the name in the language on screen and keeps a standard one, or what was typed.

    Where the row's country or province is filled, only what belongs to it is offered.
    """

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        assert field.code_list is not None
        self.field = field
        self._list: CodeList = field.code_list
        self._kept = self._shown = ""
        self._row: dict[CodeList, str] = {}
        self.retranslate()

    def fill(self, values: Mapping[str, Any], titles: Mapping[str, str]) -> None:
        """Show the row's value."""
        self._row = row_of(values)
        self._keep(str(values.get(self.field.name) or ""))

    def read(self, values: Mapping[str, Any]) -> dict[str, Plain]:
        """Return the standard name of what was typed where it is certain, else what was typed."""
        self._row = row_of(values)
        typed = self.text().strip()
        if typed == self._shown:
            return {self.field.name: self._kept or None}
        if not typed:
            return {self.field.name: None}
        return standardised({self.field.name: self.field}, {self.field.name: typed}, values)

    def follow(self, values: Mapping[str, Any]) -> None:
        """Take in what the fields before it hold now: they say what is offered."""
        self._row = row_of(values)

    def offer(self) -> None:
        """Open the list of what fits what is typed."""
        typed = "" if self.text() == self._shown else self.text()
        found = code_lists.matching(code_lists.within_of(self._list, self._row), typed)
        if found or not typed:
            self._options.show_options([self._option(entry) for entry in found])
        else:
            self._options.hide()

    def retranslate(self) -> None:
        """Show the name in the language on screen, and say how one is found."""
        hints = {
            CodeList.INDUSTRY: tr("Code or name of an industry"),
            CodeList.COUNTRY: tr("Country"),
            CodeList.PROVINCE: tr("Province or state"),
            CodeList.CITY: tr("City"),
        }
        self.setPlaceholderText(hints[self._list])
        if self.text() == self._shown:
            self._keep(self._kept)

    def take(self, option: Option) -> None:
        """Keep the name chosen."""
        self._keep(option.id)

    def _keep(self, name: str) -> None:
        self._kept = name
        language = translator().language
        self._shown = code_lists.shown_name(self._list, name, self._row, language) if name else ""
        self.setText(self._shown)
        self._options.hide()

    def _option(self, entry: Entry) -> Option:
        name = entry.name(translator().language)
        if self._list is CodeList.INDUSTRY:
            return Option(id=name, title=f"{entry.code} {name}")
        other = entry.english if name == entry.chinese else entry.chinese
        return Option(id=name, title=name, line=other)
