"""Every number and colour of the look, by name, from `resources/theme/tokens.json`.

Sizes are logical pixels at 13 px text; `Theme` multiplies them by the person's font scale.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from resources import look
from resources.look import Scheme


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of the type scale: height and line height in pixels, weight 400 or 600."""

    px: int
    line: int
    weight: int


_TOKENS = look.tokens()

COLORS: Mapping[Scheme, Mapping[str, str]] = {scheme: look.colors(scheme) for scheme in Scheme}
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
