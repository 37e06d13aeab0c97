"""The toy laptop: a replica, an outbox over it, a token, numbers on lease."""

from __future__ import annotations

from typing import Any

from crm_core.sync.clock import reading, tick
from crm_core.sync.merge import lives
from crm_core.sync.plan import Token
from tests.sync.model.values import (
    AMOUNT,
    APPLIED,
    CLASS_OF,
    CREATE,
    DROP,
    LOST_EDIT,
    PURGE,
    PUT_FIELD,
    PUT_ROW,
    REJECTED,
    SET,
    STALE,
    SUPERSEDED,
    Cell,
    Msg,
    Op,
    Request,
    Response,
    Violation,
)


class Held:
    """One row as the laptop holds it."""

    __slots__ = ("cells", "entity", "generation", "life")

    def __init__(self, entity: int, life: int, cells: dict[int, Cell], generation: int) -> None:
        self.entity = entity
        self.life = life
        self.cells = cells
        self.generation = generation


class Laptop:
    """One enrolled device of one user."""

    def __init__(self, device: int, user: int, skew_ms: int, schema: int) -> None:
        self.device = device
        self.user = user
        self.skew_ms = skew_ms
        self.schema = schema
        self.token: Token | None = None
        self.replica: dict[str, Held] = {}
        self.outbox: list[Op] = []
        self.last_op = 0
        self.hlc = 0
        self.outcomes: dict[int, str] = {}
        self.returned: list[int] = []
        self.notices: list[int] = []
        self.leases: list[tuple[int, int]] = []
        self.next_number = 0
        self.round = 0
        self.generation = 0
        self.sweeping = False
        self.last_life: dict[str, int] = {}

    # Edits

    def edit(self, kind: int, rid: str, field: int, value: Any, hq_ms: int) -> None:
        """Put an operation into the outbox; the value None stands for the operation's own name."""
        self.hlc = tick(self.hlc, hq_ms + self.skew_ms)
        self.last_op += 1
        if value is None:
            value = self.device << 16 | self.last_op
        elif kind == CREATE:
            parent, own, number = value
            value = (parent, own, self.device << 16 | self.last_op, number)
        if kind == SET and field == AMOUNT:
            value = (value, value)  # the group moves as one
        base = self.token.seq if self.token is not None else 0
        self.outbox.append(Op(self.last_op, kind, rid, field, value, self.hlc, base))

    def take_number(self) -> int | None:
        """Return the next number of the leases held, None when they are used up."""
        while self.leases:
            low, high = self.leases[-1]
            if self.next_number < low:
                self.next_number = low
            if self.next_number <= high:
                self.next_number += 1
                return self.next_number - 1
            return None
        return None

    def wants_lease(self) -> bool:
        """Tell whether the last lease is used up."""
        return not self.leases or self.next_number > self.leases[-1][1]

    def request(self, room: int, hq_ms: int) -> Request:
        """Return the request for the next page, with everything in the outbox."""
        sent_hlc = max(self.hlc, reading(hq_ms + self.skew_ms))
        return Request(
            self.device, self.token, tuple(self.outbox), sent_hlc, self.schema, room,
            len(self.leases), self.wants_lease(), self.round,
        )  # fmt: skip

    def change_schema(self, schema: int) -> None:
        """Become a newer or an older program; the older one leaves the columns it does not know."""
        self.schema = schema
        self.round += 1  # what the other program asked for came to nothing when it ended

    # Downloads

    def is_due(self, response: Response) -> bool:
        """Tell whether a response answers where the laptop stands; late and repeated ones do not."""
        return response.asked == self.token and response.round == self.round

    def receive(self, response: Response) -> bool:
        """Apply a response wholly or not at all; tell which."""
        for index, lease in enumerate(response.leases, response.first_lease):
            if index == len(self.leases):
                self.leases.append(lease)
        if not self.is_due(response):
            return False
        if self.token is not None and response.token.seq < self.token.seq and not response.restart:
            raise Violation("I7 the token went back")
        if response.restart:
            self.generation += 1
            self.sweeping = True
        accepted = self.close_answered(response)
        for message in response.messages:
            self.apply(message)
            if message[0] == PURGE:
                accepted.pop(message[1], None)
            elif message[0] == DROP:
                accepted.clear()
        self.token = response.token
        if self.sweeping and response.token.plan is None:
            self.sweep()
            accepted = {rid: edit for rid, edit in accepted.items() if rid in self.replica}
        for rid, (field, seq) in accepted.items():
            now = self.replica.get(rid)
            if now is None or (lives(now.life) and field in now.cells and now.cells[field][0] < seq):
                raise Violation(f"I6 the accepted edit of {rid} is gone from laptop {self.device}")
        return True

    def mend(self, messages: list[Msg]) -> None:
        """Apply rows asked for one by one; a page asked for earlier is older than they are."""
        self.round += 1
        for message in messages:
            self.apply(message)

    def apply(self, message: Msg) -> None:
        """Apply one message."""
        kind = message[0]
        if kind == PUT_ROW:
            self.put_row(message)
        elif kind == PUT_FIELD:
            held = self.replica.get(message[1])
            if held is not None:
                self.put_field(held, message[2], message[3])
        elif kind == PURGE:
            self.purge(message[1])
        elif kind == DROP:
            self.drop(message[1])
        elif kind == LOST_EDIT:
            self.notices.append(message[4])

    def close_answered(self, response: Response) -> dict[str, tuple[int, int]]:
        """Take answered operations out of the outbox; return the field and position of those that stand."""
        accepted: dict[str, tuple[int, int]] = {}
        if not response.answers:
            return accepted
        pending = {op.no: op for op in self.outbox}
        for op_no, code, seq in response.answers:
            op = pending.pop(op_no, None)
            if op is None:
                continue
            if op_no in self.outcomes:
                raise Violation(f"I3 operation {self.device}.{op_no} ended twice")
            self.outcomes[op_no] = code
            if code in (REJECTED, STALE, SUPERSEDED):
                self.returned.append(op_no)
            elif op.kind == SET and op.rid in self.replica and op.field in self.replica[op.rid].cells:
                accepted[op.rid] = (op.field, seq)
            if code == APPLIED:
                self.confirm(op, seq)
        self.outbox = list(pending.values())
        return accepted

    def confirm(self, op: Op, seq: int) -> None:
        """Hear that an operation stands. Its value is not taken as confirmed: HQ sends what stands now."""

    def put_row(self, message: Msg) -> None:
        """Replace a row by its visible projection."""
        _, rid, entity, life, cells = message
        if life < self.last_life.get(rid, 0):
            raise Violation(f"I14 row {rid} came back to life {life} without a restore")
        self.last_life[rid] = life
        held = self.replica.get(rid)
        if held is None:
            self.replica[rid] = Held(entity, life, cells, self.generation)
            return
        for field, cell in cells.items():
            old = held.cells.get(field)
            if old is not None and old[0] > cell[0]:
                raise Violation(f"I7 field {field} of {rid} went back")
        held.life = life
        held.cells = cells
        held.generation = self.generation

    def put_field(self, held: Held, field: int, cell: Cell) -> None:
        """Set one field of a row that is held; a row that is not held is on its way whole."""
        old = held.cells.get(field)
        if old is not None and old[0] > cell[0]:
            raise Violation(f"I7 field {field} went back")
        held.cells = {**held.cells, field: cell}

    def purge(self, rid: str) -> None:
        """Take a row away; operations in the outbox stay, without their row."""
        self.replica.pop(rid, None)

    def sweep(self) -> None:
        """Take away what was not sent again since the laptop was told to start anew."""
        self.sweeping = False
        self.replica = {rid: held for rid, held in self.replica.items() if held.generation == self.generation}

    def drop(self, classes: frozenset[tuple[int, str]]) -> None:
        """Take fields of these classes away."""
        for held in self.replica.values():
            if any((held.entity, CLASS_OF[field]) in classes for field in held.cells):
                held.cells = {
                    field: cell
                    for field, cell in held.cells.items()
                    if (held.entity, CLASS_OF[field]) not in classes
                }
