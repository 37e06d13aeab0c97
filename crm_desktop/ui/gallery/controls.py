"""The second column of the gallery: type, buttons, fields, checks, chips, tabs, progress."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QRadioButton,
    QStyle,
    QStyleOptionButton,
    QStyleOptionFrame,
    QVBoxLayout,
    QWidget,
)

from crm_core.i18n import message
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import Text, tr
from crm_desktop.ui.widgets.buttons import Button, Kind, _Ring
from crm_desktop.ui.widgets.chips import Chip, ChipLook, LevelBadge, Tag
from crm_desktop.ui.widgets.fields import Field
from crm_desktop.ui.widgets.flow import FlowLayout
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.paint import Tone
from crm_desktop.ui.widgets.progress import ProgressLine
from crm_desktop.ui.widgets.tabs import Tab, TabRow

_HOVER = QStyle.StateFlag.State_MouseOver
_FOCUS = QStyle.StateFlag.State_HasFocus


def sections() -> list[tuple[Text, QWidget]]:
    """Return the headings and what stands under them."""
    return [
        (message("Type scale"), _type()),
        (message("Buttons"), _buttons()),
        (message("Fields"), _fields()),
        (message("Check and radio"), _checks()),
        (message("Chips, tags, levels"), _chips()),
        (message("Tabs"), _tabs()),
        (message("Progress"), _progress()),
    ]


class _PosedButton(Button):
    """A button held in one state for the picture."""

    def __init__(self, text: Text, kind: Kind, state: str) -> None:
        super().__init__(text, kind)
        self._state = state
        self.setEnabled(state != "disabled")
        self.setDown(state == "pressed")

    def initStyleOption(self, option: QStyleOptionButton) -> None:
        super().initStyleOption(option)
        if self._state == "hover":
            option.state |= _HOVER
        if self._state == "focus":
            option.state |= _FOCUS

    def showEvent(self, event: object) -> None:
        super().showEvent(event)
        if self._state == "focus" and self.kind is Kind.PRIMARY:
            self._ring = _Ring(self)


class _PosedLine(QLineEdit):
    """A line held in one state for the picture."""

    def __init__(self, text: str, state: QStyle.StateFlag) -> None:
        super().__init__(text)
        self._state = state

    def initStyleOption(self, option: QStyleOptionFrame) -> None:
        super().initStyleOption(option)
        option.state |= self._state

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._state != _FOCUS:
            return
        painter = QPainter(self)
        x = self.cursorRect().center().x()
        painter.fillRect(QRect(x, (self.height() - 16) // 2, 1, 16), theme().color("text"))
        painter.end()


class _PosedCheck(QCheckBox):
    """A check box held as if it had focus."""

    def initStyleOption(self, option: QStyleOptionButton) -> None:
        super().initStyleOption(option)
        option.state |= _FOCUS


def _type() -> QWidget:
    sheet = QWidget()
    column = QVBoxLayout(sheet)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    samples: tuple[tuple[str, Text, Text], ...] = (
        ("figure", "¥920,000", message("Figure 28 / 32, 600")),
        ("title", "Customers 客户", message("Page title 20 / 28, 600")),
        ("section", "Needs attention 待处理", message("Section 15 / 20, 600")),
        ("body", "Logged a visit 拜访记录", message("Body 13 / 20, 400 and 600")),
        ("caption", "as of 09:08 截至 09:08", message("Caption 12 / 16, 400")),
    )
    for step, sample, says in samples:
        row = QHBoxLayout()
        row.setContentsMargins(0, 6, 0, 6)
        row.addWidget(Label(sample, step=step))
        row.addStretch(1)
        row.addWidget(Label(says, step="caption", color="text-soft"))
        column.addLayout(row)
        line = QWidget()
        line.setFixedHeight(1)
        line.setAutoFillBackground(True)
        colors = line.palette()
        colors.setColor(line.backgroundRole(), theme().color("line"))
        line.setPalette(colors)
        column.addWidget(line)
    return sheet


def _buttons() -> QWidget:
    sheet = QWidget()
    grid = QGridLayout(sheet)
    grid.setContentsMargins(0, 0, 5, 0)
    grid.setHorizontalSpacing(6)
    grid.setVerticalSpacing(8)
    states = ("rest", "hover", "focus", "pressed", "disabled")
    names = (message("rest"), message("hover"), message("focus"), message("pressed"), message("disabled"))
    rows = (
        (message("Primary"), Kind.PRIMARY, message("Save")),
        (message("Standard"), Kind.STANDARD, message("Export")),
        (message("Flat"), Kind.FLAT, message("Cancel")),
        (message("Destructive"), Kind.BAD, message("Discard")),
    )
    for place, name in enumerate(names):
        grid.addWidget(Label(name, step="caption", color="text-soft"), 0, place + 1)
        grid.setColumnStretch(place + 1, 1)
    for number, (name, kind, text) in enumerate(rows):
        grid.addWidget(Label(name, step="caption", color="text-soft"), number + 1, 0)
        for place, state in enumerate(states):
            grid.addWidget(_PosedButton(text, kind, state), number + 1, place + 1)
    return sheet


def _fields() -> QWidget:
    sheet = QWidget()
    grid = QGridLayout(sheet)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(8)
    grid.setVerticalSpacing(12)
    rest, disabled = QLineEdit(), QLineEdit(tr("HQ sets this"))
    rest.setPlaceholderText(tr("Name"))
    disabled.setEnabled(False)
    wrong = Field(message("Error"), QLineEdit("138 000"))
    wrong.set_error(message("Needs 11 digits, has 6"))
    choice = QComboBox()
    choice.addItem(tr("East"))
    unsent = Field(message("Not sent yet"), QLineEdit(tr("45 days")))
    unsent.set_not_sent(True)
    fields = (
        Field(message("Rest"), rest),
        Field(message("Hover"), _PosedLine("纸鹤食品", _HOVER)),
        Field(message("Focus"), _PosedLine("纸鹤食品", _FOCUS)),
        Field(message("Disabled"), disabled),
        wrong,
        Field(message("Choice"), choice),
        unsent,
        Field(message("Read mode"), Label(message("30 days"))),
    )
    for place, field in enumerate(fields):
        grid.addWidget(field, place // 4, place % 4)
        grid.setColumnStretch(place % 4, 1)
    return sheet


def _checks() -> QWidget:
    sheet = QWidget()
    row = QHBoxLayout(sheet)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(20)
    on, ticked, disabled = QCheckBox(tr("On")), QRadioButton(tr("On")), QCheckBox(tr("Disabled"))
    on.setChecked(True)
    disabled.setEnabled(False)
    unticked = QRadioButton(tr("Off"))
    group = (QCheckBox(tr("Off")), on, _PosedCheck(tr("Focus")), disabled, unticked, ticked)
    for each in group:
        row.addWidget(each)
    ticked.setChecked(True)
    row.addStretch(1)
    return sheet


def _chips() -> QWidget:
    sheet = QWidget()
    flow = FlowLayout(sheet, gap=8, line_gap=8)
    chosen = Chip(message("All 86"), checkable=True)
    chosen.setChecked(True)
    for chip in (
        Chip(message("Visits 14"), checkable=True),
        chosen,
        Chip(message("Level: A"), closable=True),
        Chip(message("Good"), tone=Tone.GOOD),
        Chip(message("Watch"), tone=Tone.WARN),
        Chip(message("Overdue"), tone=Tone.BAD),
        Chip(message("Sample data"), look=ChipLook.OUTLINED),
    ):
        flow.addWidget(chip)
    marks = QWidget()
    row = QHBoxLayout(marks)
    row.setContentsMargins(0, 2, 0, 2)
    row.setSpacing(8)
    for mark in (Tag(tr("key account")), LevelBadge("A"), LevelBadge("B"), LevelBadge("C")):
        row.addWidget(mark)
    flow.addWidget(marks)
    sheet.setMinimumHeight(flow.heightForWidth(theme().px(432)))
    return sheet


def _tabs() -> QWidget:
    return TabRow(
        (
            Tab(key="mine", text=message("Mine"), count=214),
            Tab(key="team", text=message("Team"), count=2310),
            Tab(key="hover", text=message("Hover")),
            Tab(key="disabled", text=message("Disabled"), enabled=False),
        )
    )


def _progress() -> QWidget:
    sheet = QWidget()
    column = QVBoxLayout(sheet)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(4)
    sending = ProgressLine(message("Sending {done} of {total}…", done=4, total=12), action=message("Cancel"))
    sending.set_progress(4, 12)
    paused = ProgressLine(
        message("Paused, {done} of {total}", done="812", total="2,096"), action=message("Resume")
    )
    paused.set_progress(812, 2096)
    paused.set_paused(True)
    for line in (sending, paused):
        column.addWidget(line, 0, Qt.AlignmentFlag.AlignTop)
    return sheet
