"""Every number and colour of the look, by name, from `resources/theme/tokens.json`.

Sizes are logical pixels at 13 px text; `Theme` multiplies them by the person's font scale.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import resources


class Scheme(StrEnum):
    """Which of the two sets of colours."""

    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of the type scale: height and line height in pixels, weight 400 or 600."""

    px: int
    line: int
    weight: int


def _read() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(resources.path("theme", "tokens.json").read_text(encoding="utf-8"))
    return found


_TOKENS = _read()

COLORS: dict[Scheme, dict[str, str]] = {
    scheme: {name: each[scheme.value] for name, each in _TOKENS["color"].items()} for scheme in Scheme
}
"""Colours by scheme and role, as `#RRGGBB` (the shadow as `rgba(r,g,b,a)`)."""

SIZES: dict[str, int] = _TOKENS["size"]
RADII: dict[str, int] = _TOKENS["radius"]
LINES: dict[str, int] = _TOKENS["line"]
STEPS: dict[str, Step] = {name: Step(**each) for name, each in _TOKENS["font"]["scale"].items()}
XS, S, M, L, XL = _TOKENS["space"]

ICON_SMALL, ICON_LARGE = _TOKENS["icon"]["sizes"]
ICON_INLINE: int = _TOKENS["icon"]["inline"]
ICON_EMPTY: int = _TOKENS["icon"]["empty-state"]
ICON_GRID: int = _TOKENS["icon"]["grid"]
ICON_STROKE: float = _TOKENS["icon"]["stroke"]

SHADOW_OFFSET: tuple[int, int] = tuple(_TOKENS["shadow"]["offset"])
SHADOW_BLUR: int = _TOKENS["shadow"]["blur"]
MOTION_MS: int = _TOKENS["motion"]["ms"]
CHART_PATTERNS: tuple[str, ...] = tuple(_TOKENS["chart-pattern"])
