"""The colours can be read by those who see little, and told apart by those who see few."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QColor

from crm_desktop.ui.theme.tokens import COLORS, Scheme

TEXT_ON = [
    ("text", "canvas"),
    ("text", "surface"),
    ("text", "accent-soft"),
    ("text", "raised"),
    ("text-soft", "canvas"),
    ("text-soft", "surface"),
    ("text-soft", "rail"),
    ("text-soft", "hover"),
    ("text-soft", "sunken"),
    ("text-soft", "accent-soft"),
    ("accent", "surface"),
    ("accent", "canvas"),
    ("accent", "accent-soft"),
    ("on-accent", "accent"),
    ("on-accent", "accent-hover"),
    ("on-accent", "accent-press"),
    ("on-accent", "bad"),
    ("good", "good-soft"),
    ("warn", "warn-soft"),
    ("bad", "bad-soft"),
    ("bad", "accent-soft"),
    ("accent", "good-soft"),
    ("accent", "warn-soft"),
    ("accent", "bad-soft"),
]
SHAPE_ON = [
    ("line-strong", "surface"),
    ("text-disabled", "surface"),
    *((f"chart{place}", "surface") for place in range(1, 9)),
]


def luminance(color: QColor) -> float:
    """Return the relative luminance as WCAG 2.2 defines it."""
    parts = (color.redF(), color.greenF(), color.blueF())
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(scheme: Scheme, first: str, second: str) -> float:
    """Return the contrast ratio of two colour tokens."""
    light, dark = sorted((luminance(QColor(COLORS[scheme][name])) for name in (first, second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", Scheme)
@pytest.mark.parametrize(("ink", "ground"), TEXT_ON)
def test_words_stand_out_from_the_ground_they_are_written_on(scheme: Scheme, ink: str, ground: str) -> None:
    assert contrast(scheme, ink, ground) >= 4.5


@pytest.mark.parametrize("scheme", Scheme)
@pytest.mark.parametrize(("ink", "ground"), SHAPE_ON)
def test_outlines_and_chart_colours_stand_out_three_to_one(scheme: Scheme, ink: str, ground: str) -> None:
    assert contrast(scheme, ink, ground) >= 3.0


def test_both_schemes_have_the_same_colours() -> None:
    assert set(COLORS[Scheme.LIGHT]) == set(COLORS[Scheme.DARK])
