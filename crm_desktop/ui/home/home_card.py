"""What the cards of the home page share: their key, their reading, and how wide they want to be."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

from crm_core.errors import CrmError
from crm_core.i18n import Message
from crm_desktop.models.conditions import Condition
from crm_desktop.models.replica import Replica
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.theme.tokens import M
from crm_desktop.ui.translate import Text
from crm_desktop.ui.widgets.cards import Card


class HomeCard(Card):
    """A card that reads its figures off the main thread and shows them when they come.

    `key` names it in the settings; `half` cards stand two in a row; `follows` are the kinds of records
    after whose change it reads anew.
    """

    key: str
    half = False
    follows: frozenset[str] = frozenset()

    def __init__(self, context: Context, name: Message, *, flush: bool = False) -> None:
        super().__init__(name, flush=flush)
        self.context = context
        self.name = name
        self.head.setSpacing(M)
        self.offered = True
        """Whether the person's rights leave anything to show; known after the first reading."""

    @abstractmethod
    def reader(self, replica: Replica) -> Callable[[], Any]:
        """Return what reads the card's figures; it is called off the main thread."""

    @abstractmethod
    def take(self, read: Any) -> None:
        """Show what was read."""

    def ask(self, done: Callable[[], None]) -> None:
        """Read anew; `done` once it is on screen."""

        def show(read: Any) -> None:
            self.take(read)
            done()

        self.context.tasks.read(self, self.reader(self.context.replica), show, self._on_failed, topic="card")

    def tick(self) -> None:
        """A minute has passed."""

    def drill(self, page: str, conditions: Sequence[Condition], title: Text) -> None:
        """Show the list behind a figure."""
        options = {"conditions": tuple(conditions), "title": title}
        self.context.go.emit(Place(page=page, options=options))

    def _on_failed(self, error: CrmError) -> None:
        self.set_remark(error.message)
