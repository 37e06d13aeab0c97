"""The style sheet: only what neither palette, layout nor a delegate can say.

`@name` is a colour token, `@icon` the folder of SVGs tinted for the scheme, `12sp` a length that grows
with the person's font scale; `px` stays as it is.
"""

from __future__ import annotations

import re
from pathlib import Path

from crm_desktop.ui.theme.tokens import COLORS, Scheme

_LINES = "QLineEdit, QComboBox, QDateEdit, QTimeEdit, QDateTimeEdit, QSpinBox, QDoubleSpinBox"
_FIELDS = f"{_LINES}, QPlainTextEdit, QTextEdit"
"""Fields of one line have their height from here; those of several say their own, which a rule would undo."""


def _each(state: str, names: str = _FIELDS) -> str:
    return ", ".join(name + state for name in names.split(", "))


_SHEET = f"""
QPushButton {{ min-height: 30sp; padding: 0 12sp; border: 1px solid @line-strong; border-radius: 6px;
  background: @surface }}
QPushButton[small="true"] {{ min-height: 24sp; padding: 0 9sp }}
QPushButton:hover {{ background: @hover }}
QPushButton:pressed, QPushButton:checked {{ background: @accent-soft; border-color: @accent }}
QPushButton:focus {{ border: 2px solid @accent; padding: 0 11sp; min-height: 28sp }}
QPushButton[small="true"]:focus {{ padding: 0 8sp; min-height: 22sp }}
QPushButton[role="primary"] {{ background: @accent; border: 1px solid @accent; color: @on-accent;
  font-weight: 600; padding: 0 12sp; min-height: 30sp }}
QPushButton[role="primary"]:hover {{ background: @accent-hover; border-color: @accent-hover }}
QPushButton[role="primary"]:pressed {{ background: @accent-press; border-color: @accent-press }}
QPushButton[role="primary"][small="true"] {{ padding: 0 9sp; min-height: 24sp }}
QPushButton[role="outline"] {{ border-color: @accent; color: @accent; font-weight: 600 }}
QPushButton[role="flat"], QPushButton[role="plain"] {{ border-color: transparent; background: transparent }}
QPushButton[role="flat"] {{ color: @accent }}
QPushButton[role="flat"]:hover, QPushButton[role="plain"]:hover {{ background: @hover;
  border-color: @hover }}
QPushButton[role="flat"]:pressed, QPushButton[role="plain"]:pressed {{ background: @accent-soft;
  border-color: @accent-soft }}
QPushButton[role="flat"]:focus, QPushButton[role="plain"]:focus {{ border-color: @accent }}
QPushButton[role="link"], QPushButton[role="link"]:hover, QPushButton[role="link"]:pressed {{
  min-height: 22sp; padding: 0; border: 1px solid transparent; border-radius: 4px; background: transparent;
  color: @accent }}
QPushButton[role="link"]:hover {{ background: @hover }}
QPushButton[role="link"]:focus {{ min-height: 20sp; padding: 0; border: 2px solid @accent }}
QPushButton[role="bad"] {{ color: @bad; border-color: @bad }}
QPushButton[role="bad"]:hover {{ background: @bad-soft }}
QPushButton[role="bad"]:pressed {{ background: @bad; color: @on-accent }}
QPushButton[role="bad"]:focus {{ border-color: @accent }}
QPushButton:disabled, QPushButton[role]:disabled {{ border-color: @line; background: @surface;
  color: @text-disabled }}
QPushButton[role="primary"]:disabled {{ background: @line }}
QPushButton[role="flat"]:disabled, QPushButton[role="plain"]:disabled,
QPushButton[role="link"]:disabled {{ border-color: transparent;
  background: transparent }}

QToolButton {{ min-width: 30sp; min-height: 30sp; border: 1px solid transparent; border-radius: 6px;
  background: transparent }}
QToolButton[small="true"] {{ min-width: 24sp; min-height: 24sp }}
QToolButton:hover {{ background: @hover }}
QToolButton:pressed, QToolButton:checked {{ background: @accent-soft }}
QToolButton:focus {{ border: 2px solid @accent; min-width: 28sp; min-height: 28sp }}
QToolButton[small="true"]:focus {{ min-width: 22sp; min-height: 22sp }}
QToolButton::menu-indicator {{ image: none; width: 0 }}
QLineEdit QToolButton, QLineEdit QToolButton:hover, QLineEdit QToolButton:focus {{ min-width: 0;
  min-height: 0; border: 0; background: transparent }}

{_FIELDS} {{ padding: 0 6sp; border: 1px solid @line-strong; border-radius: 6px; background: @surface }}
{_LINES} {{ min-height: 30sp }}
QLineEdit, QComboBox, QAbstractSpinBox {{ max-height: 30sp }}
QComboBox {{ padding: 0 8sp }}  QComboBox:focus {{ padding: 0 7sp }}
QPlainTextEdit, QTextEdit {{ padding: 4sp 6sp }}
{_each(":hover")} {{ border-color: @text-soft }}
{_each(":focus")} {{ border: 2px solid @accent; padding: 0 5sp }}
{_each(":focus", _LINES)} {{ min-height: 28sp }}
QLineEdit:focus, QComboBox:focus, QAbstractSpinBox:focus {{ max-height: 28sp }}
QPlainTextEdit:focus, QTextEdit:focus {{ padding: 3sp 5sp }}
{_each('[error="true"]')} {{ border-color: @bad }}
{_each(":disabled")} {{ background: @canvas; border-color: @line }}
{_each('[frameless="true"]')} {{ border: 0; background: transparent; padding: 0 }}
QComboBox::drop-down, QDateEdit::drop-down, QDateTimeEdit::drop-down {{ border: 0; width: 26sp }}
QComboBox::down-arrow, QDateEdit::down-arrow, QDateTimeEdit::down-arrow {{
  image: url(@icon/down.svg); width: 14sp; height: 14sp }}
QSpinBox::up-button, QSpinBox::down-button, QDoubleSpinBox::up-button, QDoubleSpinBox::down-button,
QTimeEdit::up-button, QTimeEdit::down-button {{ width: 0; border: 0 }}
QTimeEdit::up-arrow, QTimeEdit::down-arrow {{ image: none; width: 0; height: 0 }}
QComboBox QAbstractItemView {{ padding: 4px; border: 1px solid @line-strong; background: @raised;
  outline: 0 }}
QTreeView::branch:has-children:closed {{ image: url(@icon/right.svg); width: 14sp; height: 14sp }}
QTreeView::branch:has-children:open {{ image: url(@icon/down.svg); width: 14sp; height: 14sp }}
QComboBox QAbstractItemView::item {{ min-height: 28sp; padding: 0 8sp; border-radius: 4px; color: @text }}
QComboBox QAbstractItemView::item:selected {{ background: @accent-soft }}

QCheckBox, QRadioButton {{ spacing: 8sp }}
QCheckBox::indicator, QRadioButton::indicator, QListView::indicator {{ width: 14sp; height: 14sp;
  border: 1px solid @line-strong;
  border-radius: 3px; background: @surface }}
QRadioButton::indicator {{ border-radius: @radio }}
QCheckBox::indicator:hover, QRadioButton::indicator:hover {{ border-color: @text-soft }}
QCheckBox::indicator:checked, QListView::indicator:checked {{ background: @accent; border-color: @accent;
  image: url(@icon/check-on.svg) }}
QCheckBox::indicator:indeterminate {{ background: @accent-soft; border-color: @accent }}
QRadioButton::indicator:checked {{ width: 6sp; height: 6sp; border: 5sp solid @accent }}
QCheckBox::indicator:focus {{ width: 12sp; height: 12sp; border: 2px solid @accent }}
QRadioButton::indicator:focus {{ width: 12sp; height: 12sp; border: 2px solid @accent;
  border-radius: @focused-radio }}
QRadioButton::indicator:checked:focus {{ width: 6sp; height: 6sp; border: 5sp solid @accent-press }}
QCheckBox::indicator:disabled, QRadioButton::indicator:disabled {{ border-color: @line }}

QTableView, QListView, QTreeView {{ border: 0; gridline-color: transparent; background: @surface;
  outline: 0 }}
QListWidget::item {{ padding: 2px; border-radius: 4px }}
QListWidget::item:selected {{ background: @accent-soft; color: @text }}
QListWidget::item:focus {{ border: 2px solid @accent; padding: 0 }}
QTreeWidget::item {{ padding: 2px; border-radius: 4px }}
QTreeWidget::item:selected {{ background: @accent-soft; color: @text }}
QTreeWidget::item:focus {{ border: 2px solid @accent; padding: 0 }}
QFrame[role="popup"] QListView {{ background: transparent }}
QHeaderView {{ background: @sunken; border: 0 }}
QHeaderView::section {{ height: 27sp; padding: 0 8sp; border: 0; border-bottom: 1px solid @line;
  background: @sunken; color: @text-soft; font-size: 12sp; font-weight: 400 }}
QHeaderView::down-arrow {{ image: url(@icon/down.svg); width: 12sp; height: 12sp }}
QHeaderView::up-arrow {{ image: url(@icon/up.svg); width: 12sp; height: 12sp }}
QTableCornerButton::section {{ background: @sunken; border: 0 }}
QTabBar::tab {{ height: 34sp; border: 0; border-bottom: 2px solid transparent; padding: 0 10sp;
  color: @text-soft; background: transparent }}
QTabBar::tab:hover {{ color: @text }}
QTabBar::tab:selected {{ color: @accent; font-weight: 600; border-bottom: 2px solid @accent }}
QTabBar::scroller {{ width: 48sp }}
QTabBar QToolButton {{ padding: 0; border: 0; border-radius: 0; min-width: 0; min-height: 0;
  background: @canvas }}
QTabBar QToolButton::left-arrow {{ image: url(@icon/left.svg); width: 14sp; height: 14sp }}
QTabBar QToolButton::right-arrow {{ image: url(@icon/right.svg); width: 14sp; height: 14sp }}
QTabBar::tab:focus {{ color: @accent-press }}
QMenu {{ padding: 4px; border: 1px solid @line-strong; border-radius: 6px; background: @raised }}
QMenu::item {{ height: 30sp; padding: 0 32sp 0 8sp; border-radius: 4px }}
QMenu::item:selected {{ background: @accent-soft }}
QMenu::item:disabled {{ color: @text-disabled }}
QMenu::icon {{ padding-left: 8sp }}
QMenu::separator {{ height: 1px; margin: 4px 0; background: @line }}
QToolTip {{ border: 1px solid @line-strong; padding: 4px 8px; background: @raised; color: @text }}
QSlider::groove:horizontal {{ height: 4px; border-radius: 2px; background: @line-strong }}
QSlider::handle:horizontal {{ width: 14px; height: 14px; margin: -6px 0; border: 1px solid @accent;
  border-radius: 8px; background: @accent }}
QSlider::handle:horizontal:hover {{ background: @accent-hover }}
QSlider::handle:horizontal:focus {{ width: 12px; height: 12px; border: 2px solid @accent;
  background: @surface }}
QSlider::handle:horizontal:disabled {{ background: @line; border-color: @line }}

QScrollBar {{ background: transparent; border: 0 }}
QScrollBar:vertical {{ width: 10px }}
QScrollBar:horizontal {{ height: 10px }}
QScrollBar::handle {{ background: @line-strong; border-radius: 3px; margin: 2px }}
QScrollBar::handle:vertical {{ min-height: 32px }}
QScrollBar::handle:horizontal {{ min-width: 32px }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; border: 0 }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent }}
QProgressBar {{ min-height: 6px; max-height: 6px; border: 0; border-radius: 3px; background: @line }}
QProgressBar::chunk {{ background: @accent; border-radius: 3px }}
QProgressBar[tone="soft"]::chunk {{ background: @line-strong }}
QProgressBar[tone="good"]::chunk {{ background: @good }}
QProgressBar[tone="warn"]::chunk {{ background: @warn }}
QProgressBar[tone="bad"]::chunk {{ background: @bad }}
QProgressBar[tone="ramp"]::chunk {{ background: @ramp3 }}
QFrame[role="card"] {{ background: @surface; border: 1px solid @line; border-radius: 6px }}
QFrame[role="field"] {{ background: @surface; border: 1px solid @line-strong; border-radius: 6px }}
QFrame[role="field"][focused="true"] {{ border: 2px solid @accent }}
QFrame[role="popup"] {{ background: @raised; border: 1px solid @line-strong; border-radius: 6px }}
QSplitter::handle {{ background: @line; width: 1px; height: 1px }}
QScrollArea {{ border: 0; background: transparent }}
QScrollArea[reading="true"] {{ border: 0; padding: 2px }}
QScrollArea[reading="true"]:focus {{ border: 2px solid @accent; padding: 0 }}
"""


def sheet(scheme: Scheme, scale: float, icons: Path) -> str:
    """Return the style sheet of a scheme, its lengths multiplied by `scale`."""
    colors = COLORS[scheme]
    # Half the box with its edge, which does not grow with the text: a larger radius makes it square.
    rounds = {"radio": round(14 * scale) // 2 + 1, "focused-radio": round(12 * scale) // 2 + 2}

    def fill(found: re.Match[str]) -> str:
        name = found.group(1)
        if name in rounds:
            return f"{rounds[name]}px"
        return icons.as_posix() if name == "icon" else colors[name]

    scaled = re.sub(r"\b(\d+)sp\b", lambda found: f"{round(int(found.group(1)) * scale)}px", _SHEET)
    return re.sub(r"@([a-z]+(?:-[a-z]+)*\d?)", fill, scaled)
