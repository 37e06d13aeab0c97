"""Where a person has been: what Back and Forward walk."""

from __future__ import annotations

from crm_desktop.ui.context import Place

LONGEST = 100


class Trail:
    """Places in the order of visits, and which is shown. Going somewhere cuts what lay ahead."""

    def __init__(self) -> None:
        self._places: list[Place] = []
        self._at = -1

    @property
    def place(self) -> Place | None:
        """The place shown; None before the first."""
        return self._places[self._at] if self._at >= 0 else None

    @property
    def can_go_back(self) -> bool:
        """Whether there is a place before this one."""
        return self._at > 0

    @property
    def can_go_forward(self) -> bool:
        """Whether somebody came back from a place."""
        return self._at < len(self._places) - 1

    def go(self, place: Place) -> None:
        """Visit a place; the same place again is no new visit."""
        if place == self.place:
            return
        # A form for a new record is no place to come back to: it would be another, empty one.
        passed = self.place is not None and "new" in self.place.options
        kept = self._places[: self._at if passed else self._at + 1]
        self._places = [*kept, place][-LONGEST:]
        self._at = len(self._places) - 1

    def peek(self, steps: int) -> Place | None:
        """Return the place so many visits away, None where there is none."""
        at = self._at + steps
        return self._places[at] if 0 <= at < len(self._places) else None

    def step(self, steps: int) -> None:
        """Walk so many visits; beyond an end nothing happens."""
        if self.peek(steps) is not None:
            self._at += steps
