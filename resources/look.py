"""The colours of the look by name, from `theme/tokens.json`: for the window and for pictures without one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Any

import resources


class Scheme(StrEnum):
    """Which of the two sets of colours."""

    LIGHT = "light"
    DARK = "dark"


@cache
def tokens() -> Mapping[str, Any]:
    """Return every token as the file holds it."""
    found: dict[str, Any] = json.loads(resources.path("theme", "tokens.json").read_text(encoding="utf-8"))
    return MappingProxyType(found)


@cache
def colors(scheme: Scheme) -> Mapping[str, str]:
    """Return the colours by role, as `#RRGGBB` (the shadow as `rgba(r,g,b,a)`)."""
    return MappingProxyType({name: each[scheme.value] for name, each in tokens()["color"].items()})
