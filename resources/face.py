"""The bundled faces of printed documents; naming one loads nothing."""

from __future__ import annotations

from enum import Enum


class Face(Enum):
    """The bundled faces by PostScript name: two weights, and one for the characters these lack."""

    REGULAR = "NotoSansSC-Regular"
    STRONG = "NotoSansSC-SemiBold"
    RARE = "SatchelRareHan-Regular"
