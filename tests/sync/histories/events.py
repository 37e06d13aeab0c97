"""What is written down of a laptop's life, one line each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import msgspec

HQ = "HQ"
"""Whose name the last reading of HQ's own tables has."""


class Kind(StrEnum):
    """What happened."""

    BEGAN = "began"
    """A value is about to be written; where no answer follows it may have been, or not."""
    WROTE = "wrote"
    """It was saved, and the person was told so."""
    FAILED = "failed"
    """It was not saved, and the person was told so."""
    ROUND = "round"
    """A round with HQ is about to begin; however it ends, what is seen may be another from here on."""
    READ = "read"
    """This is what was seen."""
    EVEN = "even"
    """A round ended well, and nothing was left to do."""
    RESTED = "rested"
    """What was seen when everything had come to rest, and which edits had come back."""


Sight = dict[str, str | None]
"""Value of each register by its place; a place is one register of one record."""


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of a history."""

    kind: Kind
    who: str
    place: str = ""
    value: str = ""
    into_set: bool = False
    """The place is a set, and `value` a word that goes in."""
    out_of_set: bool = False
    """The place is a set, and `value` a word that was seen there and goes out."""
    seen: Sight = msgspec.field(default_factory=dict)
    members: dict[str, list[str]] = msgspec.field(default_factory=dict)
    """Words of each set."""
    counts: dict[str, int] = msgspec.field(default_factory=dict)
    """What is told of how many words a set has, where that is told."""
    replaced: list[tuple[str, str]] = msgspec.field(default_factory=list)
    """(place, value) of each edit that came back because another one stands."""
    refused: list[tuple[str, str]] = msgspec.field(default_factory=list)
    """(place, value) of each edit that was not to be."""
    at_s: float = 0.0
    """Seconds of the machine's steady clock: for how long something took, never for an order."""

    @property
    def is_register(self) -> bool:
        """Whether what is written is the value of a register."""
        return not (self.into_set or self.out_of_set)


@dataclass(frozen=True, slots=True)
class History:
    """What each laptop did, in its order; about the order between them nothing is said."""

    lives: dict[str, list[Event]]

    @classmethod
    def of(cls, events: Iterable[Event]) -> History:
        """Sort events by who did them."""
        lives: dict[str, list[Event]] = {}
        for event in events:
            lives.setdefault(event.who, []).append(event)
        return cls(lives)

    @classmethod
    def read(cls, paths: Iterable[Path]) -> History:
        """Read what was written down."""
        lines = (line for path in paths for line in path.read_bytes().splitlines())
        return cls.of(msgspec.json.decode(line, type=Event) for line in lines)

    def __iter__(self) -> Iterator[Event]:
        return (event for life in self.lives.values() for event in life)

    def of_kind(self, *kinds: Kind) -> list[Event]:
        """Return the events of these kinds."""
        return [event for event in self if event.kind in kinds]

    @property
    def rest(self) -> dict[str, Event]:
        """Return what each saw when everything had come to rest."""
        return {event.who: event for event in self.of_kind(Kind.RESTED)}
