"""Texts people outside send: without what no person types and no screen should obey."""

from __future__ import annotations

import re
from typing import Final

_BREAKS: Final = re.compile("\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_UNTYPED: Final = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
"""Controls a terminal obeys, what turns the direction of all that follows, and what is no character.

What joins letters and pictures (U+200C, U+200D) stays: without it names and emoji fall apart.
"""


def as_typed(text: str) -> str:
    """Return a text with line breaks of one kind and without control characters."""
    return _UNTYPED.sub("", _BREAKS.sub("\n", text))
