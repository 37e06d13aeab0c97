"""Records beside one another, a choice for each field that differs, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QGridLayout,
    QRadioButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from crm_core.entities import SCHEMAS
from crm_core.i18n import Message, message
from crm_core.schema.field import Kind
from crm_desktop.services.lists import Titles
from crm_desktop.services.merging import ALL, Row, SideBySide
from crm_desktop.ui.field_texts import field_text
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import XL
from crm_desktop.ui.translate import show, tr
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live

KEPT = ""
"""Key of the choice which record is kept."""
_LINE, _LINES = 34, 4  # characters and lines of a value in its cell; the whole is in its tool tip
_LABEL_WIDTH = 132


class SideBySideView(Live, QWidget):
    """A column for each record, a line for each field; radio buttons, walked by Tab and arrows."""

    kept_chosen = Signal(str)
    """Another record is to be kept: what goes by rule follows."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: SideBySide | None = None
        self._titles: Titles | Mapping[Any, str] = {}
        self._chosen: dict[str, str] = {}
        self._buttons: dict[tuple[str, str], QRadioButton] = {}
        self._results: dict[str, Label] = {}
        self._inner = QWidget()
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setWidget(self._inner)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._area)

    @property
    def taken(self) -> dict[str, str]:
        """What a person chose, by field: a record's id or `ALL`."""
        return dict(self._chosen)

    def button(self, name: str, record_id: str) -> QRadioButton:
        """Return the button that takes a field from a record; of `KEPT` the one that keeps it."""
        return self._buttons[name, record_id]

    def show_records(self, shown: SideBySide, titles: Titles | Mapping[Any, str]) -> None:
        """Show records with what would be taken by rule; choices made for other records are gone."""
        same = self.shown is not None and {r.id for r in self.shown.records} == {r.id for r in shown.records}
        if not same:
            self._chosen = {}
        self.shown, self._titles = shown, titles
        self._build()

    def retranslate(self) -> None:
        """Write everything in the language on screen."""
        if self.shown is not None:
            self._build()

    def result(self, row: Row) -> str:
        """Return what a field of the kept record will hold, in words."""
        assert self.shown is not None
        source = self._chosen.get(row.name, row.taken)
        if source == ALL and row.may_join:
            texts = [self._text(row, place) for place in range(len(self.shown.records))]
            glue = ", " if row.fields[0].kind is Kind.TAGS else "\n\n"
            return glue.join(dict.fromkeys(text for text in texts if text))
        return self._text(row, self._place(source))

    def _say_result(self, row: Row) -> None:
        text = self.result(row)
        self._results[row.name].say(_short(text) or tr("(empty)"))
        self._results[row.name].setToolTip(text)

    def _place(self, record_id: str) -> int:
        assert self.shown is not None
        return [record.id for record in self.shown.records].index(record_id)

    def _build(self) -> None:
        shown = self.shown
        assert shown is not None
        self._inner = QWidget()
        self._buttons, self._results = {}, {}
        grid = QGridLayout(self._inner)
        margin = theme().px(XL)
        grid.setContentsMargins(margin, theme().px(12), margin, margin)
        grid.setHorizontalSpacing(theme().px(16))
        grid.setVerticalSpacing(theme().px(10))
        grid.setColumnMinimumWidth(0, theme().px(_LABEL_WIDTH))
        self._add_heads(grid, shown)
        at = 2
        heading_done = False
        for row in shown.rows:
            if not row.differs and not heading_done:
                heading_done = True
                grid.addWidget(Label(message("The same in all"), color="text-soft", weight=600), at, 0, 1, -1)
                at += 1
            grid.addWidget(self._named(row), at, 0, Qt.AlignmentFlag.AlignTop)
            if row.differs:
                result = self._results[row.name] = Label(wrap=True)
                grid.addWidget(result, at, len(shown.records) + 1, Qt.AlignmentFlag.AlignTop)
                at = self._add_choices(grid, at, row)
                self._say_result(row)
            else:
                grid.addWidget(Label(_short(self._text(row, 0)), wrap=True), at, 1, 1, -1)
            at += 1
        for place in range(len(shown.records) + 1):
            grid.setColumnStretch(place + 1, 1)
        grid.setRowStretch(at, 1)
        old = self._area.takeWidget()
        self._area.setWidget(self._inner)
        if old is not None:
            old.deleteLater()  # a button of it may be in the middle of its click

    def _add_heads(self, grid: QGridLayout, shown: SideBySide) -> None:
        grid.addWidget(Label(message("Keep"), weight=600), 0, 0)
        grid.addWidget(Label(message("Result"), weight=600), 0, len(shown.records) + 1)
        group = QButtonGroup(self._inner)
        for place, record in enumerate(shown.records, start=1):
            button = QRadioButton(record.title or tr("(no name)"))
            button.setFont(theme().font("body", 600))
            button.setChecked(record.id == shown.kept)
            button.setAccessibleName(tr("Keep “{title}”", title=record.title))
            button.clicked.connect(lambda _=False, record_id=record.id: self.kept_chosen.emit(record_id))
            group.addButton(button)
            self._buttons[KEPT, record.id] = button
            grid.addWidget(button, 0, place)
            grid.addWidget(
                Label(_hanging_words(shown.hanging[place - 1]), color="text-soft", wrap=True), 1, place
            )

    def _named(self, row: Row) -> Label:
        return Label(Message(row.label), color="text-soft", wrap=True)

    def _add_choices(self, grid: QGridLayout, at: int, row: Row) -> int:
        shown = self.shown
        assert shown is not None
        group = QButtonGroup(self._inner)
        source = self._chosen.get(row.name, row.taken)
        for place, record in enumerate(shown.records):
            text = self._text(row, place)
            button = _Choice(_short(text) or tr("(empty)"), soft=not text)
            button.setToolTip(text)
            button.setAccessibleName(
                tr(
                    "{label}: {value}",
                    label=show(Message(row.fields[0].label)),
                    value=_short(text) or tr("(empty)"),
                )
            )
            self._take(button, group, row, record.id, source)
            grid.addWidget(button, at, place + 1, Qt.AlignmentFlag.AlignTop)
        if row.may_join:
            at += 1
            words = tr("All of them") if row.fields[0].kind is Kind.TAGS else tr("All, one below the other")
            button = _Choice(words)
            button.setAccessibleName(
                tr("{label}: {value}", label=show(Message(row.fields[0].label)), value=words)
            )
            self._take(button, group, row, ALL, source)
            grid.addWidget(button, at, 1, 1, len(shown.records))
        return at

    def _take(self, button: QRadioButton, group: QButtonGroup, row: Row, source: str, present: str) -> None:
        group.addButton(button)
        button.setChecked(source == present)
        button.setEnabled(row.writable)
        self._buttons[row.name, source] = button

        def choose(checked: bool) -> None:
            if checked:
                self._chosen[row.name] = source
                self._say_result(row)

        button.toggled.connect(choose)

    def _text(self, row: Row, place: int) -> str:
        assert self.shown is not None
        values = self.shown.records[place].values
        texts = (
            field_text(each, values, self._titles) for each in row.fields if each.kind is not Kind.CURRENCY
        )
        return ", ".join(text for text in texts if text)


class _Choice(QRadioButton):
    """A value that can be taken."""

    def __init__(self, text: str, *, soft: bool = False) -> None:
        super().__init__(text)
        if soft:
            colors = self.palette()
            colors.setColor(colors.ColorRole.WindowText, theme().color("text-soft"))
            self.setPalette(colors)


def _short(text: str) -> str:
    """Return a value as it stands in a cell: a few lines at most, for radio buttons do not wrap."""
    lines = [line for part in text.splitlines() for line in wrap(part, _LINE) or [""]]
    cut = "\n".join(lines[:_LINES])
    return f"{cut}…" if len(lines) > _LINES else cut


def _hanging_words(hanging: Mapping[str, int]) -> str:
    if not hanging:
        return tr("Nothing belongs to it")
    parts: Sequence[str] = [
        tr(
            "{count} {kind}",
            count=count,
            kind=tr(SCHEMAS[entity].meta.plural if count > 1 else SCHEMAS[entity].meta.label),
        )
        for entity, count in hanging.items()
    ]
    return tr(", ").join(parts)
