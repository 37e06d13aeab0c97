"""The last so many answers to a question, for whoever asks the same again; threads may share them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Generic, TypeVar

_K = TypeVar("_K")
_V = TypeVar("_V")


class Recent(Generic[_K, _V]):
    """Remembers the `most` answers that were used last."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: OrderedDict[_K, _V] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, question: _K) -> _V | None:
        """Return what was answered; None where it is not known any more."""
        with self._lock:
            if question not in self._known:
                return None
            self._known.move_to_end(question)
            return self._known[question]

    def keep(self, question: _K, answer: _V) -> _V:
        """Remember an answer, and return it."""
        with self._lock:
            self._known[question] = answer
            self._known.move_to_end(question)
            if len(self._known) > self._most:
                self._known.popitem(last=False)
        return answer
