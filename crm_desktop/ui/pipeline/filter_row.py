"""What of the pipeline is shown: text, mine, which process, conditions; how many next steps; grouped how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from crm_core.i18n import message
from crm_desktop.models.conditions import Condition
from crm_desktop.services.deals import PipelineRow
from crm_desktop.ui.context import Context
from crm_desktop.ui.format import figure
from crm_desktop.ui.lists.condition_chips import ConditionChips
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import XL, M, S
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.buttons import Button
from crm_desktop.ui.widgets.chips import Chip
from crm_desktop.ui.widgets.fields import SearchField
from crm_desktop.ui.widgets.glyphs import Glyph, GlyphLabel
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.menus import Menu

PAUSE_MS = 150  # between a key and the question, so that quick typing asks once
_SEARCH_WIDTH = (112, 208)
_FIRST = 1000  # the search takes what is free up to its width
_GLYPHS = {
    "overdue": Glyph.OVERDUE,
    "today": Glyph.TODAY,
    "planned": Glyph.PLANNED,
    "none": Glyph.NONE,
}


class FilterRow(Live, QWidget):
    """The row under the title. `changed` after each change of what is to be shown."""

    changed = Signal()

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.chips = ConditionChips(context)
        self.search = SearchField(message("Filter deals"), hint="Ctrl+F")
        self.mine = Chip(message("Mine"), checkable=True)
        self.neglected = Chip(message("Neglected"), checkable=True)
        self.process = Button("", small=True)
        self.group = Button("", small=True)
        self._processes: tuple[PipelineRow, ...] = ()
        self._chosen = ""
        self._by_owner = False
        self._numbers: dict[str, int] | None = None
        self._process_menu, self._group_menu = Menu(self), Menu(self)
        self.process.setMenu(self._process_menu)
        self.group.setMenu(self._group_menu)
        self.process.hide()
        self._counts: dict[str, GlyphLabel] = {
            key: GlyphLabel(glyph, "", color=_ink(glyph)) for key, glyph in _GLYPHS.items()
        }
        self._row = QHBoxLayout(self)
        self._row.setSpacing(S)
        self._row.addWidget(self.search, _FIRST)
        for widget in (self.mine, self.neglected, self.process):
            self._row.addWidget(widget)
        middle = QVBoxLayout()
        middle.addStretch(1)
        middle.addWidget(self.chips)
        middle.addStretch(1)
        self._row.addLayout(middle, _FIRST)
        for label in self._counts.values():
            label.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
            self._row.addWidget(label)
            label.hide()
        self._row.addWidget(self.group)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MS)
        self._pause.timeout.connect(self.changed)
        self.search.textChanged.connect(lambda _text: self._pause.start())
        self.search.setClearButtonEnabled(False)
        self.mine.toggled.connect(lambda _on: self.changed.emit())
        self.neglected.toggled.connect(lambda _on: self.changed.emit())
        self.chips.changed.connect(self._on_conditions_changed)
        self.chips.removed.connect(self.search.setFocus)
        self.chips.clear_button.clicked.connect(self._on_clear_clicked)
        self._process_menu.aboutToShow.connect(self._fill_processes)
        self._group_menu.aboutToShow.connect(self._fill_groups)
        self.retranslate()
        self.retint()

    @property
    def text(self) -> str:
        """The text a deal or its customer must contain."""
        return self.search.text().strip()

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """What each deal must fulfil besides."""
        return self.chips.conditions

    @property
    def by_owner(self) -> bool:
        """Whether cards stand owner by owner."""
        return self._by_owner

    @property
    def pipeline_id(self) -> str | None:
        """The process chosen; None for the first."""
        return self._chosen or None

    def set_by_owner(self, by_owner: bool) -> None:
        """Group by owner or not, without telling anybody."""
        self._by_owner = by_owner
        self.retranslate()

    def set_mine(self, mine: bool) -> None:
        """Show only one's own or not, without telling anybody."""
        _set_quietly(self.mine, mine)

    def set_neglected(self, neglected: bool) -> None:
        """Show only neglected deals or not, without telling anybody."""
        _set_quietly(self.neglected, neglected)

    def show_processes(self, processes: Sequence[PipelineRow], chosen: str) -> None:
        """Offer other processes; with one there is nothing to choose."""
        self._processes, self._chosen = tuple(processes), chosen
        self.process.setVisible(len(processes) > 1)
        self.retranslate()

    def show_counts(self, counts: Mapping[str, int]) -> None:
        """Show how many deals have which next step."""
        self._numbers = dict(counts)
        self._say_counts()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave the words of the counts out where they do not fit; the shapes say them too."""
        super().resizeEvent(event)
        self._say_counts()

    def _say_counts(self) -> None:
        counts = self._numbers
        if counts is None:
            return
        self._say_counts_in(counts, short=False)
        if self.conditions or self._row.minimumSize().width() > self.width():
            self._say_counts_in(counts, short=True)

    def _say_counts_in(self, counts: Mapping[str, int], *, short: bool) -> None:
        overdue, today, planned, none = (figure(counts.get(key, 0)) for key in _GLYPHS)
        for key, words in (
            ("overdue", message("overdue {count}", count=overdue)),
            ("today", message("today {count}", count=today)),
            ("planned", message("planned {count}", count=planned)),
            ("none", message("no next step {count}", count=none)),
        ):
            glyph = _GLYPHS[key]
            ink = _ink(glyph) if counts.get(key) else "text-soft"
            self._counts[key].show_glyph(glyph, figure(counts.get(key, 0)) if short else words, ink)
            self._counts[key].show()

    def show_board_parts(self, shown: bool) -> None:
        """Show what concerns the board alone."""
        self.setVisible(shown)

    def retranslate(self) -> None:
        """Write the choices in the language on screen."""
        name = next((row.name for row in self._processes if row.id == self._chosen), "")
        self.process.say(message("Process: {name}", name=name))
        self.neglected.setToolTip(tr("Without contact for long, or in their stage for too long"))
        self.group.say(message("Group: owner") if self._by_owner else message("Group: none"))
        self._say_counts()

    def retint(self) -> None:
        """Take the measures of the theme."""
        self.setMinimumHeight(theme().px(44))
        margin = theme().px(XL)
        self._row.setContentsMargins(margin, 0, margin, 1)
        least, most = _SEARCH_WIDTH
        self.search.setMinimumWidth(theme().px(least))
        self.search.setMaximumWidth(theme().px(most))
        for label in self._counts.values():
            label.setContentsMargins(0, 0, theme().px(M), 0)
            label.layout().setSpacing(theme().px(7))
            label.label.setFont(theme().font("caption"))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the hairline below."""
        painter = QPainter(self)
        painter.fillRect(0, self.height() - 1, self.width(), 1, theme().color("line"))
        painter.end()

    def _on_conditions_changed(self) -> None:
        self._say_counts()
        self.changed.emit()

    def _on_clear_clicked(self) -> None:
        self.chips.show_conditions(())
        self.search.setFocus()
        self._on_conditions_changed()

    def _fill_processes(self) -> None:
        self._process_menu.clear()
        for row in self._processes:
            action = self._process_menu.add(row.name)
            action.setCheckable(True)
            action.setChecked(row.id == self._chosen)
            action.triggered.connect(lambda _checked=False, wanted=row.id: self._choose_process(wanted))

    def _fill_groups(self) -> None:
        self._group_menu.clear()
        for text, by_owner in ((tr("None"), False), (tr("Owner"), True)):
            action = self._group_menu.add(text)
            action.setCheckable(True)
            action.setChecked(by_owner == self._by_owner)
            action.triggered.connect(lambda _checked=False, wanted=by_owner: self._choose_group(wanted))

    def _choose_process(self, pipeline_id: str) -> None:
        self._chosen = pipeline_id
        self.retranslate()
        self.changed.emit()

    def _choose_group(self, by_owner: bool) -> None:
        self.set_by_owner(by_owner)
        self.changed.emit()


def _set_quietly(chip: Chip, checked: bool) -> None:
    chip.blockSignals(True)
    chip.setChecked(checked)
    chip.blockSignals(False)
    chip.update()


def _ink(glyph: Glyph) -> str:
    return {Glyph.OVERDUE: "bad", Glyph.TODAY: "accent"}.get(glyph, "text-soft")
