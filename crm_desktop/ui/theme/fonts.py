"""The face: the system's own, Noto Sans SC where that has no Chinese; weights 400 and 600 alone.

A system that has nothing but the last resorts of X11 gets Noto Sans SC for everything: those are wide, and
have no weight 600, so lines would look uneven beside the Chinese.
"""

from __future__ import annotations

from functools import cache

from PySide6.QtGui import QFont, QFontDatabase, QFontInfo

import resources
from crm_desktop.ui.theme.tokens import STEPS

CHINESE = "Noto Sans SC"
_LAST_RESORTS = ("DejaVu Sans", "Bitstream Vera Sans", "Sans Serif", "Helvetica")
_FILES = ("NotoSansSC-Regular.ttf", "NotoSansSC-SemiBold.ttf")


@cache
def _families() -> list[str]:
    for name in _FILES:
        file = resources.path("fonts", name)
        if file.exists():
            QFontDatabase.addApplicationFont(str(file))
    system = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    # The family it resolves to: a generic name such as "Sans Serif" in a list of families is passed over.
    family = QFontInfo(system).family()
    return [CHINESE] if family in _LAST_RESORTS else [family, CHINESE]


def font(step: str, scale: float = 1.0, weight: int | None = None) -> QFont:
    """Return the font of a step of the type scale; figures are as wide as one another.

    `weight` 400 or 600 where it differs from the step's own.
    """
    return QFont(_made(step, scale, weight or STEPS[step].weight))


@cache
def _made(step: str, scale: float, weight: int) -> QFont:
    made = QFont(_families())
    made.setPixelSize(max(1, round(STEPS[step].px * scale)))
    made.setWeight(QFont.Weight(weight))
    made.setFeature(QFont.Tag("tnum"), 1)
    return made
