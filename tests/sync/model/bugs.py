"""Wrong versions of the protocol, each tempting, each of which must be caught.

The first fourteen and `horizon` are the ones the rules were found with; for the rest the page on visible
feed plans in docs/decisions says which rule each one breaks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from crm_core.sync.plan import NOTHING, Entitlement, Step, Steps, Token, advance, prepare
from tests.sync.model.frugal import FrugalWorld, OwnStaysWorld, OwnUnmarkedWorld
from tests.sync.model.garbage import (
    AnswersForgotten,
    EverIsKept,
    EverIsNow,
    FrugalGarbageWorld,
    GarbageWorld,
    GraveUnnamedWorld,
    OldTokens,
    QuietGraves,
    garbage_world,
)
from tests.sync.model.hq import HQ
from tests.sync.model.laptop import Held, Laptop
from tests.sync.model.sharing import EndsUntoldWorld, SharingWorld
from tests.sync.model.values import (
    BORN,
    CELL,
    CREATE,
    ENTER,
    ENTITIES,
    EXIT,
    LIFE,
    NOTICE,
    PURGE,
    PUT_FIELD,
    SET,
    TAGS,
    Msg,
    Op,
    Request,
    Response,
    Rights,
    Row,
    User,
)
from tests.sync.model.world import World


class RowLast(HQ):
    """One position per row: rows by their last change, their fields newer than the token."""

    def run_feed(self, token: Token, person: User, request: Request, page: list[Msg]) -> Token:
        start = token.seq
        last: dict[str, int] = {}
        others: list[tuple[int, Row, Any]] = []
        for seq in range(start + 1, self.head + 1):
            event = self.log[seq]
            if event is None:
                continue
            if event[0] in (EXIT, NOTICE):
                others.append((seq, event[1], event[2]))
            elif event[0] in (CELL, BORN, LIFE, ENTER):
                last[event[1].rid] = seq
        todo: list[tuple[int, Row, Any]] = others + [(seq, self.rows[rid], None) for rid, seq in last.items()]
        for seq, row, scope in sorted(todo, key=lambda entry: entry[0]):
            if isinstance(scope, tuple):
                if scope[0] == request.device:
                    page.append(self.lost_edit(row, scope[1], person.rights, seq))
            elif scope is not None:
                if not self.visible(row, person.rights) and self.had(person, row.entity, scope, start):
                    page.append((PURGE, row.rid))
            elif self.visible(row, person.rights):
                if self.arriving(row, person.rights, start):
                    page.append(self.whole(row, person.rights, request.schema))
                else:
                    fields = person.rights.fields[
                        row.entity, request.schema, self.trash_whole or row.life & 1 == 1
                    ]
                    page.extend(
                        (PUT_FIELD, row.rid, field, row.cells[field])
                        for field in fields
                        if row.cells[field][0] > start
                    )
            if len(page) >= request.room:
                return self.stand(token, seq)
        return self.stand(token, self.head)


class RecentWindow(HQ):
    """Exits judged by the scopes held since the token's position."""

    def had(self, person: User, entity: int, scope: str, seq: int) -> bool:
        versions = sorted(person.history)
        return any(
            (entity, scope) in person.history[version].scopes
            for version, until in zip(versions, [*versions[1:], self.head + 1], strict=True)
            if until > seq
        )


class CurrentScopes(HQ):
    """Exits judged by the scopes of now."""

    def had(self, person: User, entity: int, scope: str, seq: int) -> bool:
        return (entity, scope) in person.now.scopes


class NoSure(HQ):
    """A restarted plan trusts everything held before the first one."""

    def past(self, token: Token, person: User) -> dict[int, Entitlement]:
        past = super().past(token, person)
        held = past.get(token.ent, NOTHING)
        return {
            version: replace(was, scopes=was.scopes | held.scopes, classes=was.classes | held.classes)
            for version, was in past.items()
        }


class HeldOnly(HQ):
    """A restarted plan takes away only what was held before the first one, not what was filled since."""

    def past(self, token: Token, person: User) -> dict[int, Entitlement]:
        past = super().past(token, person)
        held = past.get(token.ent, NOTHING)
        return {
            version: replace(was, scopes=was.scopes & held.scopes, classes=was.classes & held.classes)
            for version, was in past.items()
        }


class RepairAhead(HQ):
    """Rows are repaired by the rights of now for a laptop that holds others."""

    def may_repair(self, request: Request, person: User) -> bool:
        return request.token is not None


class NoReplan(HQ):
    """A change of rights in mid-plan goes unnoticed: the plan runs on and ends at the rights of now."""

    def prepare(self, token: Token, person: User, schema: int) -> tuple[Token, Steps]:
        if token.plan is not None:
            token = replace(token, plan=replace(token.plan, to=person.now.version))
        return super().prepare(token, person, schema)


class NoRestart(HQ):
    """A running plan is finished before the next one starts."""

    def prepare(self, token: Token, person: User, schema: int) -> tuple[Token, Steps]:
        plan = token.plan
        if plan is None or plan.to == person.now.version or plan.to not in person.history:
            return super().prepare(token, person, schema)
        grown = ENTITIES if token.schema < plan.schema else ()
        return prepare(
            token,
            now=person.history[plan.to],
            past=self.past(token, person),
            schema=plan.schema,
            grown=grown,
            order=ENTITIES,
            mine=self.mine(person),
        )

    def run_feed(self, token: Token, person: User, request: Request, page: list[Msg]) -> Token:
        if token.ent != person.now.version:
            return token
        return super().run_feed(token, person, request, page)


class RestSeen(HQ):
    """What is the person's own by now counts as sent when the rest comes, whenever it became his."""

    def is_sent(self, row: Row, step: Step, seq: int) -> bool:
        return not step.sent.isdisjoint(row.scopes)


class LowIsHead(HQ):
    """The feed goes on from the head when a plan ends."""

    def advance(self, token: Token, steps: Steps, reached: str | None) -> Token:
        after = advance(token, steps, reached)
        return replace(after, seq=self.head) if after.plan is None else after


class HeadIsCursor(HQ):
    """A page cut short returns the head as its position."""

    def stand(self, token: Token, seq: int) -> Token:
        return super().stand(token, self.head)


class ScopeDelta(HQ):
    """A row that enters a scope is sent as the fields that changed, not whole."""

    def arrival(self, row: Row, rights: Rights, request: Request, seq: int) -> Msg | None:
        if row.born_at > seq or row.life_at > seq or not self.visible(row, rights):
            return super().arrival(row, rights, request, seq)
        kind, rid, entity, life, cells = self.whole(row, rights, request.schema)
        return (kind, rid, entity, life, {field: cell for field, cell in cells.items() if cell[0] > seq})

    def arriving(self, row: Row, rights: Rights, seq: int) -> bool:
        return row.born_at > seq or row.life_at > seq


class LifeDelta(HQ):
    """A row deleted or restored is sent as its life and the fields that changed, not whole."""

    def arrival(self, row: Row, rights: Rights, request: Request, seq: int) -> Msg | None:
        message = super().arrival(row, rights, request, seq)
        if message is None or row.life_at <= seq or self._entered(row, rights, seq):
            return message
        kind, rid, entity, life, cells = message
        return (kind, rid, entity, life, {field: cell for field, cell in cells.items() if cell[0] > seq})

    def _entered(self, row: Row, rights: Rights, seq: int) -> bool:
        see = rights.see[row.entity]
        return row.born_at > seq or any(at > seq and scope in see for scope, at in row.scopes.items())

    def arriving(self, row: Row, rights: Rights, seq: int) -> bool:
        return self._entered(row, rights, seq)


class NoDropFields(HQ):
    """Fields that are not readable any more stay on the laptop."""

    def drop(self, step: Step) -> list[Msg]:
        return []


class NoDedup(HQ):
    """A repeated operation is taken as a new one."""

    def is_known(self, device: int, op_no: int) -> bool:
        return False


class NoClamp(HQ):
    """Clock readings are taken as they come."""

    def readings(self, device: int, ops: list[Op], sent_hlc: int) -> list[int]:
        last, taken = self.last_accepted.get(device, 0), []
        for op in ops:
            last = max(last + 1, op.hlc)
            taken.append(last)
        return taken


class NoEcho(HQ):
    """Answers alone: the laptop takes its own values as confirmed."""

    def echo(self, request: Request, seq: int) -> list[Msg]:
        return []


class BlindEcho(HQ):
    """An accepted edit of a row that is out of sight by now is answered without a word of that."""

    def echo(self, request: Request, seq: int) -> list[Msg]:
        return [message for message in super().echo(request, seq) if message[0] != PURGE]


class LeanEcho(HQ):
    """An accepted edit is answered by the token alone, though a plan is due or runs."""

    def sure(self, request: Request, token: Token) -> int:
        held = request.token
        return held.seq if held is not None and held.ent else 0


class NoHorizon(HQ):
    """Positions are given out before the commit: a page passes one whose change nobody can see yet."""

    def run_feed(self, token: Token, person: User, request: Request, page: list[Msg]) -> Token:
        uncommitted = self.log[self.head]
        if self.head & 1:  # this one takes longer
            self.log[self.head] = None
        try:
            return super().run_feed(token, person, request, page)
        finally:
            self.log[self.head] = uncommitted


class NoticesSkipped(HQ):
    """A laptop told to start anew skips the notices up to the head."""

    def missed_notices(self, device: int, after: int, rights: Rights, until: int) -> list[Msg]:
        return []


class Late(Laptop):
    """Every response is applied, late ones too."""

    def is_due(self, response: Response) -> bool:
        return True


class PurgeOps(Laptop):
    """A purge takes the edits of the row along."""

    def purge(self, rid: str) -> None:
        super().purge(rid)
        self.outbox = [op for op in self.outbox if op.rid != rid]


class OwnValue(Laptop):
    """An accepted edit is taken as the confirmed value."""

    def confirm(self, op: Op, seq: int) -> None:
        held = self.replica.get(op.rid)
        if op.kind == SET and held is not None and seq:
            held.cells = {**held.cells, op.field: (seq, op.value)}
        elif op.kind == CREATE and held is None:
            parent, _, value, _ = op.value
            cells = dict.fromkeys(range(5), (seq, value)) | {
                2: (seq, (value, value)),
                TAGS: (seq, frozenset()),
            }
            self.replica[op.rid] = Held(2 if parent else 1, 1, cells, self.generation)


class NoSweep(Laptop):
    """Starting anew leaves the rows nobody sent again."""

    def sweep(self) -> None:
        self.sweeping = False


def _world(hq: type[HQ] = HQ, laptop: type[Laptop] = Laptop) -> type[World]:
    return type("SeededWorld", (World,), {"hq_class": hq, "laptop_class": laptop})


_WORLDS: Final[dict[str, Callable[[], type[World]]]] = {
    "rowlast": lambda: _world(RowLast),
    "relwindow": lambda: _world(RecentWindow),
    "nosure": lambda: _world(NoSure),
    "curent": lambda: _world(CurrentScopes),
    "lowhead": lambda: _world(LowIsHead),
    "noreplan": lambda: _world(NoReplan),
    "noscopefull": lambda: _world(ScopeDelta),
    "nolifefull": lambda: _world(LifeDelta),
    "headcur": lambda: _world(HeadIsCursor),
    "nodropf": lambda: _world(NoDropFields),
    "late": lambda: _world(laptop=Late),
    "purgeops": lambda: _world(laptop=PurgeOps),
    "nodedup": lambda: _world(NoDedup),
    "noclamp": lambda: _world(NoClamp),
    "norestart": lambda: _world(NoRestart),
    "restseen": lambda: _world(RestSeen),
    "heldonly": lambda: _world(HeldOnly),
    "repairahead": lambda: _world(RepairAhead),
    "ownvalue": lambda: _world(NoEcho, OwnValue),
    "blindecho": lambda: _world(BlindEcho),
    "leanecho": lambda: _world(LeanEcho),
    "horizon": lambda: _world(NoHorizon),
    "noticeskip": lambda: _world(NoticesSkipped),
    "nosweep": lambda: _world(laptop=NoSweep),
    "ownunmarked": lambda: OwnUnmarkedWorld,
    "ownstays": lambda: OwnStaysWorld,
    "answersgone": lambda: garbage_world(AnswersForgotten),
    "everisnow": lambda: garbage_world(EverIsNow),
    "everiskept": lambda: garbage_world(EverIsKept),
    "quietgraves": lambda: garbage_world(QuietGraves),
    "oldtokens": lambda: garbage_world(OldTokens),
    "graveunnamed": lambda: GraveUnnamedWorld,
    "shareends": lambda: EndsUntoldWorld,
}

RARE: Final = ("leanecho", "graveunnamed", "everiskept")
"""Too rare for a range of schedules to catch within seconds; the schedules that show them are kept."""

BUGS: Final = tuple(bug for bug in _WORLDS if bug not in RARE)
FRUGAL: Final = "frugal"
"""No bug: the rules with a laptop's own changes left out of its feed."""
GARBAGE: Final = "garbage"
FRUGAL_GARBAGE: Final = "frugal garbage"
"""No bugs either: both while HQ forgets all the time."""
SHARING: Final = "sharing"
"""No bug: scopes follow from a set that laptops change."""


def world_of(bug: str | None) -> type[World]:
    """Return the world with a bug in it, or a right one."""
    if bug == FRUGAL:
        return FrugalWorld
    if bug in (GARBAGE, FRUGAL_GARBAGE):
        return GarbageWorld if bug == GARBAGE else FrugalGarbageWorld
    if bug == SHARING:
        return SharingWorld
    return World if bug is None else _WORLDS[bug]()
