"""Worlds in which HQ forgets all the time, and wrong ways of forgetting."""

from __future__ import annotations

from crm_core.sync.plan import Entitlement, Token
from tests.sync.model.frugal import FrugalHQ, FrugalWorld
from tests.sync.model.hq import HQ
from tests.sync.model.laptop import Laptop
from tests.sync.model.values import Request, Response, Row, User
from tests.sync.model.world import World, table

GARBAGE_PROFILE = table(
    sync=20,
    deliver=4,
    move=7,
    rights=6,
    set_field=5,
    new_row=3,
    life=8,
    tag=1,
    office=1,
    clock=1,
    schema=1,
    gc=7,
)


class GarbageWorld(World):
    """Much is deleted, and much of it forgotten."""

    def __init__(self, setup: int) -> None:
        super().__init__(setup)
        self.profile = GARBAGE_PROFILE


class FrugalGarbageWorld(FrugalWorld):
    """The same where a laptop's own changes are not sent back to it."""

    def __init__(self, setup: int) -> None:
        super().__init__(setup)
        self.profile = GARBAGE_PROFILE


class AnswersForgotten(HQ):
    """Of an old answer nothing is left, so the operation counts as a new one when it comes again."""

    def collect_garbage(self, floor: int) -> None:
        super().collect_garbage(floor)
        self.answered = {name: answer for name, answer in self.answered.items() if not 0 < answer[1] <= floor}


class EverIsNow(HQ):
    """With old rights every scope goes that the person does not have now."""

    def shrink_ever(self, person: User) -> None:
        person.ever = set(person.now.scopes)


class EverIsKept(HQ):
    """With old rights every scope goes that none of those kept has, whatever left it meanwhile."""

    def shrink_ever(self, person: User) -> None:
        person.ever = {pair for rights in person.history.values() for pair in rights.scopes}


class QuietGraves(HQ):
    """A record is buried without a word to those who hold it."""

    def bury(self, row: Row) -> None:
        row.scopes = {}
        super().bury(row)


class OldTokens(HQ):
    """A token from before the floor is taken as any other; forgotten rights count as those of now."""

    def answer(self, request: Request) -> Response:
        floor, self.floor = self.floor, 0
        try:
            return super().answer(request)
        finally:
            self.floor = floor

    def past(self, token: Token, person: User) -> dict[int, Entitlement]:
        numbers = {token.ent, *(token.plan.trail if token.plan else ()), token.plan.to if token.plan else 0}
        return {number: person.history.get(number, person.now) for number in numbers - {0}}


class GraveUnnamed(FrugalHQ):
    """Whoever made a record that is gone for good hears that it was taken, and nothing more."""

    def echo(self, request: Request, seq: int) -> list[tuple]:  # type: ignore[type-arg]
        return [message for message in super().echo(request, seq) if message[1] in self.rows]


def garbage_world(hq: type[HQ] = HQ, laptop: type[Laptop] = Laptop) -> type[World]:
    """Return a world in which one side forgets wrongly."""
    return type("WrongGarbageWorld", (GarbageWorld,), {"hq_class": hq, "laptop_class": laptop})


class GraveUnnamedWorld(FrugalGarbageWorld):
    """An HQ that says nothing of graves to who made what lies there."""

    hq_class = GraveUnnamed
