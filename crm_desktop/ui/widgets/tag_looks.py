"""The colours of the company's tags, for whatever paints one; read at the start and when one changes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache


class TagLooks:
    """Which colour each tag has."""

    def __init__(self) -> None:
        self._colours: dict[str, str] = {}

    def use(self, colours: Mapping[str, str]) -> bool:
        """Take other colours, by a tag's name as it is compared; tell whether tags are to be painted anew."""
        changed = dict(colours) != self._colours
        self._colours = dict(colours)
        return changed

    def color(self, tag: str) -> str:
        """Return the colour of a tag."""
        return self._colours.get(tag.casefold(), "neutral")


@cache
def tag_looks() -> TagLooks:
    """Return the one of this program."""
    return TagLooks()
