"""What a use case gives back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """The value asked for, and the (entity, id) pairs that changed on the way."""

    value: T
    changed: frozenset[tuple[str, str]]
