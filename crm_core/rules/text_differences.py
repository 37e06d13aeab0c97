"""What changed between two texts, line by line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum


class Side(StrEnum):
    """Where a line stands."""

    BOTH = "both"
    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of two texts laid over one another."""

    side: Side
    text: str


def differences(before: str, after: str) -> Iterator[Line]:
    """Yield every line of both texts in order: what went before what came."""
    old, new = before.splitlines(), after.splitlines()
    for tag, begin, end, start, stop in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            yield from (Line(side=Side.BOTH, text=text) for text in old[begin:end])
            continue
        yield from (Line(side=Side.BEFORE, text=text) for text in old[begin:end])
        yield from (Line(side=Side.AFTER, text=text) for text in new[start:stop])
