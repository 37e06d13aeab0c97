"""What forecasts and targets are called on screen."""

from __future__ import annotations

from collections.abc import Sequence

from crm_core.entities import SCHEMAS
from crm_core.i18n import N_, Message, message
from crm_core.money import Money
from crm_core.rules.forecast import Change
from crm_core.rules.stretches import Length, Stretch
from crm_core.rules.targets import Standing
from crm_desktop.ui.format import figure, money
from crm_desktop.ui.translate import Text
from crm_desktop.ui.widgets.text_table import TextTable

CHANGES = {
    Change.NEW: N_("New"),
    Change.MOVED_IN: N_("Moved in"),
    Change.MOVED_OUT: N_("Moved out"),
    Change.GREW: N_("Grew"),
    Change.SHRANK: N_("Shrank"),
    Change.WON: N_("Won"),
    Change.LOST: N_("Lost"),
}
STANDINGS = {
    Standing.MET: (N_("On target"), "good", "check"),
    Standing.CLOSE: (N_("Close to target"), "warn", "clock"),
    Standing.BELOW: (N_("Below target"), "bad", "overdue"),
}
"""Words, tone and shape: the same three as of gauges."""
_PERIOD = SCHEMAS["target"].fields["period"]


def stretch_words(stretch: Stretch) -> Text:
    """Return what a period is called."""
    if stretch.length is Length.YEAR:
        return str(stretch.year)
    period = Message(_PERIOD.choice_label(stretch.period))
    return message("{period} {year}", period=period, year=str(stretch.year))


def amount(minor: int, currency: str | None) -> str:
    """Return an amount without decimals where there are none, or a number."""
    return figure(minor) if currency is None else money(Money(minor, currency), decimals=False)


def signed(minor: int, currency: str) -> str:
    """Return a difference with its sign."""
    said = amount(abs(minor), currency)
    return f"+{said}" if minor > 0 else f"−{said}" if minor < 0 else said


def fit_rows(table: TextTable, rows: Sequence[object], most: int = 14) -> None:
    """Make a table in a scrolled page as high as its rows, up to some."""
    row = table.verticalHeader().defaultSectionSize()
    head = max(table.horizontalHeader().sizeHint().height(), row)
    bar = table.horizontalScrollBar().sizeHint().height()  # of a narrow window
    table.setFixedHeight(head + row * min(max(len(rows), 1), most) + bar)
