"""One random schedule: what happens, in which order, and what must be true at the end."""

from __future__ import annotations

from itertools import pairwise
from random import Random
from typing import TypeAlias

from crm_core.sync.merge import lives
from crm_core.sync.plan import Token
from tests.sync.model.hq import HQ
from tests.sync.model.laptop import Laptop
from tests.sync.model.oracle import projection
from tests.sync.model.values import (
    AMOUNT,
    CREATE,
    DEAL,
    DELETE,
    NAME,
    NEWEST_SCHEMA,
    PHONE,
    RESTORE,
    SCOPES,
    SET,
    SINCE,
    TAG_ADD,
    TAG_DEL,
    TAGS,
    Cell,
    Request,
    Response,
    Row,
    Violation,
)

Steps: TypeAlias = tuple[int, ...]
Projection: TypeAlias = dict[str, tuple[int, int, dict[int, Cell]]]

SYNC, DELIVER, MOVE, RIGHTS, SET_FIELD, NEW_ROW, LIFE, TAG, OFFICE, CLOCK, SCHEMA, GC, REPAIR = range(13)

_NAMES = (
    "sync", "deliver", "move", "rights", "set field", "new row", "life", "tag", "office", "clock", "schema",
    "garbage", "repair",
)  # fmt: skip
_EVERY_FIELD = (NAME, PHONE, AMOUNT, NAME, AMOUNT)
_SKEWS = (0, 0, -400, 3_000, -90_000, 7_200_000, -86_400_000, 31_536_000_000)
_DRAIN_ROUNDS = 400


def table(**weights: int) -> tuple[int, ...]:
    """Return the kinds of steps, each as often among 64 as its weight says."""
    kinds = [globals()[name.upper()] for name, weight in weights.items() for _ in range(weight)]
    assert len(kinds) == 64, len(kinds)
    return tuple(kinds)


# What one schedule does mostly; the rest is there too, because holes lie between the parts.
PROFILES = (
    table(sync=24, deliver=6, move=7, rights=6, set_field=6, new_row=2, life=3, tag=2, office=3, clock=2,
           schema=1, gc=1, repair=1),
    table(sync=30, deliver=2, move=12, rights=14, office=2, new_row=1, life=1, set_field=1, repair=1),
    table(sync=26, deliver=14, move=5, rights=5, set_field=8, new_row=2, life=2, tag=2),
    table(sync=18, deliver=5, move=3, rights=2, set_field=14, new_row=4, life=8, tag=5, office=3, clock=2),
    table(sync=34, move=10, rights=18, office=2),
)  # fmt: skip


def steps_of(seed: int) -> Steps:
    """Return the schedule of a seed: one 64-bit number per step, the first one says what the world is."""
    random = Random(seed)
    length = 16 + random.getrandbits(5)
    raw = random.randbytes(8 * (length + 1))
    return tuple(int.from_bytes(raw[at : at + 8], "little") for at in range(0, len(raw), 8))


class World:
    """HQ, its laptops and the network between them, driven by numbers."""

    hq_class: type[HQ] = HQ
    laptop_class: type[Laptop] = Laptop

    def __init__(self, setup: int) -> None:
        self.profile = PROFILES[setup % len(PROFILES)]
        setup >>= 8
        users = 3 if setup & 7 == 0 else 2
        self.rooms = ((1, 1), (1, 2), (2, 3), (1, 9))[setup >> 3 & 3]
        hq = self.hq = self.hq_class(users, trash_whole=setup >> 5 & 1 == 1)
        old_schema = setup >> 6 & 1 == 1
        self.packs = setup >> 7 & 7 == 0  # whether tokens travel packed
        self.probe = setup >> 10 & 7 == 0  # whether fresh laptops are filled at the end and compared
        self.net: list[Request | Response] = []
        self.made = 0
        self.laptops: list[Laptop] = []
        for index in range(4 if setup >> 13 & 3 == 0 else 3):
            skew = _SKEWS[setup >> (15 + 3 * index) & 7]
            self.enrol(index + 1, (0, 0, 1, users - 1)[index], skew, 1 if old_schema and index else 2)
        for user in range(users):
            hq.set_rights(user, _mostly(setup >> (27 + 8 * user)))
        for index in range(2 + (setup >> 27 & 3)):
            self.new_row(setup >> (29 + index), setup >> (30 + index), None)
        if setup >> 40 & 1:
            for laptop in self.laptops:
                self.receive(hq.answer(laptop.request(99, hq.now_ms)))

    def enrol(self, device: int, user: int, skew_ms: int, schema: int) -> Laptop:
        """Add a laptop."""
        laptop = self.laptop_class(device, user, skew_ms, schema)
        self.laptops.append(laptop)
        self.hq.user_of[device] = user
        return laptop

    def run(self, steps: Steps) -> None:
        """Run a schedule to its end and check what must be true then."""
        for step in steps:
            self.step(step)
        self.settle()
        self.check()

    def names(self, steps: Steps) -> list[str]:
        """Return what each step of a schedule does in this world."""
        return [_NAMES[self.profile[step & 63]] for step in steps]

    # Steps

    def step(self, step: int) -> None:
        """Do one step; what it names by number is taken modulo what there is."""
        hq = self.hq
        kind = self.profile[step & 63]
        a, b, c = step >> 6 & 0xFF, step >> 14 & 0xFFFF, step >> 30
        hq.now_ms += 1 + (b & 0xFF if b & 0x300 == 0 else 0)
        if kind == SYNC:
            self.sync(self.laptops[a % len(self.laptops)], b, c)
        elif kind == DELIVER:
            if self.net:
                self.deliver(a % len(self.net), b)
        elif kind == RIGHTS:
            self.change_rights(a % len(hq.users), b, c)
        elif kind == MOVE:
            if hq.rows:
                own = [SCOPES[n] for n in range(4) if b >> (2 * n) & 3 == 0]
                hq.move(self.row(a), own, exits_first=b >> 8 & 1 == 1)
        elif kind == OFFICE:
            if hq.rows:
                hq.office_edit(self.row(a), _EVERY_FIELD[b % 5], hq.head)
        elif kind == NEW_ROW:
            self.new_row(b, c, self.laptops[a % len(self.laptops)] if a & 64 else None)
        elif kind == CLOCK:
            self.laptops[a % len(self.laptops)].skew_ms = _SKEWS[b & 7]
        elif kind == SCHEMA:
            laptop = self.laptops[a % len(self.laptops)]
            laptop.change_schema(1 if laptop.schema == 2 and b & 3 == 0 else 2)
        elif kind == GC:
            hq.collect_garbage(b % (hq.head + 1))
        elif kind == REPAIR:
            if hq.rows:
                laptop = self.laptops[a % len(self.laptops)]
                rids = {self.row(b).rid, *list(laptop.replica)[:1]}
                laptop.mend(hq.repair(laptop.request(1, hq.now_ms), sorted(rids)))
        else:
            self.edit(kind, self.laptops[a % len(self.laptops)], b, c)

    def sync(self, laptop: Laptop, b: int, c: int) -> None:
        """Send a request that arrives now or later, whose response arrives now, later, twice or never."""
        hq = self.hq
        request = laptop.request(self.rooms[c & 1], hq.now_ms)
        fate = b & 15
        if fate == 0:
            self.net.append(request)
            return
        response = self.ask(request)
        if fate <= 2:
            self.net.append(response)
        elif fate != 3:
            self.receive(response)
            if fate == 4:
                self.net.append(response)

    def ask(self, request: Request) -> Response:
        """Let HQ answer, the token going through its packed form in some worlds."""
        if self.packs and request.token is not None:
            request = request._replace(token=Token.unpack(request.token.pack()))
        return self.hq.answer(request)

    def deliver(self, index: int, b: int) -> None:
        """Let one thing under way arrive, which may stay under way as a duplicate."""
        thing = self.net[index]
        if b & 3:
            del self.net[index]
        if isinstance(thing, Request):
            response = self.ask(thing)
            if b & 4:
                self.net.append(response)
                return
            thing = response
        self.receive(thing)

    def receive(self, response: Response) -> None:
        """Let a laptop have a response."""
        laptop = self.laptops[response.device - 1]
        edits = {op.no for op in laptop.outbox}
        returned = len(laptop.returned)
        if laptop.receive(response):
            left = {op.no for op in laptop.outbox}
            answered = {op_no for op_no, _, _ in response.answers}
            if edits - left - answered or len(laptop.returned) < returned:
                raise Violation(f"I10 laptop {laptop.device} lost an edit nobody answered")

    def change_rights(self, user: int, b: int, c: int) -> None:
        """Decide new rights: at random, one thing turned, or those of a moment ago."""
        person = self.hq.users[user]
        way = b & 3
        if way == 0:
            bits = _mostly(c)
        elif way == 1:
            bits = person.bits[-2] if len(person.bits) > 1 else person.bits[-1]
        else:
            bits = person.bits[-1] ^ (1 << (b >> 2 & 15))
        self.hq.set_rights(user, bits)

    def row(self, number: int) -> Row:
        """Return one of HQ's rows."""
        rows = self.hq.rows
        return rows[list(rows)[number % len(rows)]]

    def new_row(self, b: int, c: int, laptop: Laptop | None) -> None:
        """Create a customer or a deal, at HQ or on a laptop."""
        hq = self.hq
        self.made += 1
        rid = f"{b & 0xFF:02x}-{self.made}"
        own = tuple(SCOPES[n] for n in range(4) if c >> (2 * n) & 3 == 0)
        if laptop is None:
            parents = [row for row in hq.rows.values() if row.parent is None]
            parent = parents[c % len(parents)] if parents and b & 256 else None
            hq.office_create(rid, parent, own)
            return
        customers = [key for key, held in laptop.replica.items() if held.entity != DEAL]
        parent_id = customers[c % len(customers)] if customers and b & 256 else ""
        number = laptop.take_number() if parent_id else None
        laptop.edit(CREATE, rid, 0, (parent_id, (*own, f"own:{laptop.user & 1}"), number), hq.now_ms)

    def edit(self, kind: int, laptop: Laptop, b: int, c: int) -> None:
        """Let a person change a row that the laptop holds."""
        held_ids = list(laptop.replica)
        if not held_ids:
            return
        rid = held_ids[b % len(held_ids)]
        held = laptop.replica[rid]
        now = self.hq.now_ms
        if kind == LIFE:
            laptop.edit(DELETE if lives(held.life) else RESTORE, rid, 0, held.life, now)
        elif kind == SET_FIELD:
            laptop.edit(SET, rid, _EVERY_FIELD[c % 5], None, now)
        elif c & 1 or TAGS not in held.cells:
            laptop.edit(TAG_ADD, rid, TAGS, None, now)
        else:
            laptop.edit(TAG_DEL, rid, TAGS, held.cells[TAGS][1], now)

    # The end

    def settle(self) -> None:
        """Let what is under way arrive or be lost, then sync every laptop until nothing moves."""
        for index in range(len(self.net)):
            if index % 2 and self.net:
                self.deliver(len(self.net) // 2, 1)
        hq = self.hq
        for laptop in self.laptops:
            room = self.rooms[1] * 8
            for _ in range(_DRAIN_ROUNDS):
                token, edits = laptop.token, len(laptop.outbox)
                hq.now_ms += 1
                self.receive(hq.answer(laptop.request(room, hq.now_ms)))
                if laptop.token == token and len(laptop.outbox) == edits:
                    break
            else:
                raise Violation(f"I20 laptop {laptop.device} never comes to rest")
        for laptop in self.laptops:  # the later ones may have sent what the earlier ones have not seen
            for _ in range(_DRAIN_ROUNDS):
                token = laptop.token
                hq.now_ms += 1
                self.receive(hq.answer(laptop.request(room, hq.now_ms)))
                if laptop.token == token:
                    break

    def check(self) -> None:
        """Compare every laptop with the definition, and the books of operations with each other."""
        hq = self.hq
        for laptop in self.laptops:
            self.compare(laptop, "I1")
            if laptop.outbox or len(laptop.outcomes) != laptop.last_op:
                raise Violation(f"I3 laptop {laptop.device} has operations without an end")
            if laptop.notices != hq.notices.get(laptop.device, []):
                raise Violation(f"I3 laptop {laptop.device} was not told once of each lost edit")
        for (rid, field), stamp in hq.newest.items():
            if rid in hq.rows and hq.rows[rid].held[field].stamp < stamp:
                raise Violation(f"I5 field {field} of {rid} does not hold its newest edit")
        granted = sorted(lease for leases in hq.leases.values() for lease in leases)
        if any(before[1] >= after[0] for before, after in pairwise(granted)):
            raise Violation("I11 two leases overlap")
        for row in hq.rows.values():
            amount = row.cells[AMOUNT][1]
            if amount[0] != amount[1]:
                raise Violation(f"I5 the group of {row.rid} was torn")
        if self.probe:
            for user in range(len(hq.users)):
                probe = self.enrol(len(self.laptops) + 1, user, 0, 2)
                self.receive(hq.answer(probe.request(1_000_000, hq.now_ms)))
                self.compare(probe, "I8")

    def compare(self, laptop: Laptop, name: str) -> None:
        """Raise unless the replica is the visible projection, exactly."""
        held = {rid: (row.entity, row.life, row.cells) for rid, row in laptop.replica.items()}
        if laptop.schema < NEWEST_SCHEMA:  # an older program leaves columns it does not know
            held = {
                rid: (entity, life, {f: cell for f, cell in cells.items() if SINCE[f] <= laptop.schema})
                for rid, (entity, life, cells) in held.items()
            }
        expected = projection(self.hq, laptop.user, laptop.schema)
        if held != expected:
            raise Violation(f"{name} laptop {laptop.device}: {_difference(held, expected)}")


def _mostly(number: int) -> int:
    """Return rights with about half of the scopes and most of the classes."""
    return number & 0x3FF | (0xFC00 if number >> 10 & 3 else number >> 12 & 0x3F << 10)


def _difference(held: Projection, expected: Projection) -> str:
    for rid in sorted(held.keys() | expected.keys()):
        if held.get(rid) != expected.get(rid):
            return f"row {rid} is {held.get(rid)}, should be {expected.get(rid)}"
    return "none"
