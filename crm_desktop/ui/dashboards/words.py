"""What the page of dashboards says: stretches of time, people, and what a click leads to."""

from __future__ import annotations

from collections.abc import Mapping

from crm_core.charts.drawing import Mark
from crm_core.i18n import N_, Message, message
from crm_core.rules.relative_days import parse_relative, relative_words
from crm_desktop.ui.translate import Text

PERIOD_NAMES: Mapping[str, str] = {
    "": N_("Each tile's own time"),
    "this-month": N_("This month"),
    "this-month-1": N_("Last month"),
    "this-quarter": N_("This quarter"),
    "this-quarter-1": N_("Last quarter"),
    "this-year": N_("This year"),
    "this-year-1": N_("Last year"),
}


def period_name(period: str) -> Message:
    """Return what a stretch of time is called."""
    if period in PERIOD_NAMES:
        return Message(PERIOD_NAMES[period])
    day = parse_relative(period)
    return relative_words(day) if day is not None else Message(period)


def title_of(tile: Text, mark: Mark | None) -> Text:
    """Return what the list behind a tile or a mark is called."""
    if mark is None or not mark.words:
        return tile
    return message("{tile}: {what}", tile=tile, what=mark.words)
