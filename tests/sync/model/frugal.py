"""The rules as the server saves bytes with them: what a laptop did itself is not sent back to it.

Right only where a laptop has one request under way at a time and gives it up before the next, every
repetition brings the operations of the one before, and two rules hold: a row the laptop made itself counts as
sent while it starts anew, and an accepted operation on a row out of sight by now is answered with a purge.
"""

from __future__ import annotations

from crm_core.sync.clock import Stamp
from crm_core.sync.plan import Token
from tests.sync.model.hq import HQ
from tests.sync.model.laptop import Held, Laptop
from tests.sync.model.values import (
    AMOUNT,
    APPLIED,
    BORN,
    CELL,
    CREATE,
    CUSTOMER,
    DEAL,
    ENTER,
    PURGE,
    REJECTED,
    SET,
    SINCE,
    SUPERSEDED,
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

_EVERY_CLASS = 0xFC00  # a laptop cannot tell which fields of its own new row it may not read


class FrugalHQ(HQ):
    """HQ that leaves a laptop's own changes out of its feed."""

    def __init__(self, users: int, trash_whole: bool) -> None:
        super().__init__(users, trash_whole)
        self.maker: dict[str, int] = {}
        self.born_until: dict[str, int] = {}  # last position of the events a row was made with
        self.reader = 0

    def set_rights(self, user: int, bits: int) -> None:
        super().set_rights(user, bits | _EVERY_CLASS)

    def apply(self, op: Op, stamp: Stamp) -> tuple[str, int]:
        """Refuse a row its maker could not see, then merge as ever."""
        if op.kind == CREATE:
            parent_id, own, _, _ = op.value
            parent = self.rows.get(parent_id)
            scopes = {*own, *(scope for scope in (parent.scopes if parent else ()) if scope[0] != "~")}
            see = self.users[self.user_of[stamp.device]].rights.see
            if see[DEAL if parent_id else CUSTOMER].isdisjoint(scopes):
                return REJECTED, 0
        answer = super().apply(op, stamp)
        if op.kind == CREATE and answer[0] == APPLIED:
            row = self.rows[op.rid]
            self.maker[op.rid] = stamp.device
            self.born_until[op.rid] = max(row.born_at, *row.scopes.values())
        return answer

    def answer(self, request: Request) -> Response:
        self.reader = request.device
        return super().answer(request)

    def is_own(self, kind: int, row: Row, what: int | str, seq: int) -> bool:
        """Tell whether the reader did this itself. Not so for a set, which others change too."""
        if kind == CELL:
            return what != TAGS and row.held[int(what)].stamp.device == self.reader
        return kind in (BORN, ENTER) and self.is_own_birth(row, seq)

    def is_own_birth(self, row: Row, seq: int) -> bool:
        """Tell whether the event belongs to the reader's making the row."""
        return self.maker.get(row.rid) == self.reader and seq <= self.born_until[row.rid]

    def arriving(self, row: Row, rights: Rights, seq: int) -> bool:
        if (row.born_at > seq and not self.is_own_birth(row, row.born_at)) or row.life_at > seq:
            return True
        see = rights.see[row.entity]
        return any(
            entered > seq and scope in see and not self.is_own_birth(row, entered)
            for scope, entered in row.scopes.items()
        )

    def run_feed(self, token: Token, person: User, request: Request, page: list[Msg]) -> Token:
        whole = self.log
        self.log = [
            None if seq > token.seq and event is not None and self.is_own(*event, seq) else event
            for seq, event in enumerate(whole)
        ]
        try:
            return super().run_feed(token, person, request, page)
        finally:
            self.log = whole

    def out_of_sight(self, op: Op) -> list[Msg]:
        """Return the answer to an accepted operation on a row that is not visible by now."""
        return [(PURGE, op.rid)]

    def echo(self, request: Request, seq: int) -> list[Msg]:
        rights = self.users[self.user_of[request.device]].rights
        messages: list[Msg] = []
        for op in request.ops:
            code = self.answered[request.device, op.no][0]
            if code not in (APPLIED, SUPERSEDED):
                continue
            row = self.rows.get(op.rid)
            if row is None or not self.visible(row, rights):
                messages += self.out_of_sight(op)
            elif code == SUPERSEDED and (message := self.change(row, op.field, rights, request, self.head)):
                messages.append(message)
        return messages


class FrugalLaptop(Laptop):
    """A laptop that takes its accepted edits as confirmed."""

    def confirm(self, op: Op, seq: int) -> None:
        held = self.replica.get(op.rid)
        if op.kind == SET and held is not None and seq and op.field in held.cells:
            held.cells = {**held.cells, op.field: (seq, op.value)}
        elif op.kind == CREATE and held is None:
            parent, _, value, _ = op.value
            cells = dict.fromkeys(range(5), (seq, value))
            cells |= {AMOUNT: (seq, (value, value)), TAGS: (seq, frozenset())}
            known = {field: cell for field, cell in cells.items() if SINCE[field] <= self.schema}
            self.replica[op.rid] = Held(DEAL if parent else CUSTOMER, 1, known, self.own_generation())

    def own_generation(self) -> int:
        """Return the mark of a row made here: nobody will send it while the laptop starts anew."""
        return self.generation


class FrugalWorld(World):
    """Laptops with one request under way at a time: it is answered, or it or its answer is lost."""

    hq_class = FrugalHQ
    laptop_class = FrugalLaptop

    def sync(self, laptop: Laptop, b: int, c: int) -> None:
        fate = b & 15
        if fate == 0:
            return
        response = self.ask(laptop.request(self.rooms[c & 1], self.hq.now_ms))
        if fate > 3:
            self.receive(response)


class OwnUnmarked(FrugalLaptop):
    """A row made here while the laptop starts anew is swept: HQ does not name it."""

    def own_generation(self) -> int:
        return -1


class OwnStays(FrugalHQ):
    """An accepted operation on a row out of sight is answered as any other."""

    def out_of_sight(self, op: Op) -> list[Msg]:
        return []


class OwnUnmarkedWorld(FrugalWorld):
    """Laptops that sweep what they made themselves."""

    laptop_class = OwnUnmarked


class OwnStaysWorld(FrugalWorld):
    """An HQ that does not take back what it accepted and hid since."""

    hq_class = OwnStays
