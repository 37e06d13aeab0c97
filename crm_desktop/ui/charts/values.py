"""What the charts are given: frozen values, exact numbers, words ready to translate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from crm_desktop.ui.translate import Text
from crm_desktop.ui.widgets.paint import Tone

Number = int | Decimal
ShowNumber = Callable[[Number], str]
"""Writes a value for a person; the unit stands in the chart's title."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthBar:
    """One month: what was won, what was aimed at, and what is expected in all (won included)."""

    key: str
    label: Text
    name: Text = ""
    """The month in full for tooltip and table, where the label is a letter."""
    won: Number = 0
    target: Number | None = None
    forecast: Number | None = None
    current: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StageBar:
    """One stage of the pipeline: how many deals, their amount, and the amount weighted by chance."""

    key: str
    label: Text
    count: int
    amount: Number
    weighted: Number


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One of several kinds of value shown side by side."""

    key: str
    label: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One horizontal bar; a value for each series of the chart, or just one."""

    key: str
    label: Text
    values: tuple[Number, ...]
    shown: Text = ""
    """What stands at its end where that is not the sum ("31 %")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line; a point per label of the chart, None where there is none."""

    key: str
    label: Text
    points: tuple[Number | None, ...]
    dashed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What is expected after the last point of the first line: middle and range for the labels there."""

    label: Text
    points: tuple[Number, ...]
    low: tuple[Number, ...]
    high: tuple[Number, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """The value of a period that has not ended: it stands apart from the line."""

    place: int
    value: Number
    text: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """One part of a whole."""

    key: str
    label: Text
    value: Number


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One large number, what stands beside it, and whether it is good."""

    key: str
    label: Text
    figure: Text
    aside: Text = ""
    state: Text = ""
    tone: Tone = Tone.NEUTRAL
    remark: Text = ""
