"""What HQ holds follows from what was done, not from the order in which it was heard of.

Each story is played twice on one HQ, by new laptops of the same people on new records, and told in another
order, in other pieces and in part twice: both must end alike. Steps of machines are the exception by intent,
the first to arrive takes them; of those it is asked that what was taken is a way through the machine.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from crm_core.entities import BY_NO, SCHEMAS
from crm_core.entities.ticket import TICKET_STEPS
from crm_core.ids import named_id
from crm_core.rules.ledger import total
from crm_core.rules.quote_sums import total_of
from crm_core.schema.field import Kind
from crm_core.sync.merge import lives
from crm_core.sync.protocol import Code, OpKind, TxnFlag
from tests.support.hq import Laptop, Office

FEW = range(2)
FOUND = (1117, 1167)  # two take the same word away; entries that come to nothing arrive together
MANY = range(1000, 1000 + int(os.environ.get("SATCHEL_MERGE_SEEDS", "300")))
WORDS = ("vip", "asia", "food", "new")
PEOPLE = 3
TIMES = frozenset(("created_at", "updated_at", "closed_at", "due_at", "reply_due_at"))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Office, list[str]]]:
    """Give one HQ for all stories, and the people in them."""
    office = Office(tmp_path_factory.mktemp("merging") / "hq")
    yield office, [office.user(f"Person {number}", "admin") for number in range(PEOPLE)]
    office.close()


@dataclass
class Story:
    """Records and laptops of one telling. `names` say what a record is in every telling."""

    office: Office
    people: list[str]
    laptops: list[Laptop] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    steps: list[tuple[int, Laptop, str, str]] = field(default_factory=list)
    """Number, laptop, step and expected state of every command, as they were made."""
    start_ms: int = 0

    def begin(self) -> None:
        """Make what everybody knows, and let everybody hear of it."""
        self.start_ms = self.office.now_ms
        self.laptops = [self.office.laptop(person) for person in self.people]
        maker = self.laptops[0]
        maker.sync()
        customer = self.make(maker, "customer", {"name": "Customer", "city": "Before", "tags": ["vip"]})
        self.make(maker, "contact", {"customer_id": customer, "name": "Contact"})
        self.make(maker, "ticket", {"customer_id": customer, "subject": "Ticket"})
        quote = self.make(
            maker, "quote", {"customer_id": customer, "currency": "CNY", "valid_until": "2031-12-31"}
        )
        self.make(maker, "quote_line", {"quote_id": quote, "description": "Line", **price(1000)})
        for laptop in self.laptops:
            laptop.sync()

    def make(self, laptop: Laptop, entity: str, values: dict[str, Any]) -> str:
        made = laptop.create(entity, values)
        self.names[made] = f"{entity} {sum(name.startswith(entity + ' ') for name in self.names.values())}"
        return made

    def one(self, entity: str) -> str:
        return next(key for key, name in self.names.items() if name == f"{entity} 0")

    def work(self, chance: random.Random, edits: int) -> None:
        """Let people edit without hearing of each other, each edit at a moment of its own."""
        for _ in range(edits):
            self.office.now_ms += 1000
            laptop = chance.choice(self.laptops)
            self._edit(chance, laptop)

    def _edit(self, chance: random.Random, laptop: Laptop) -> None:
        customer, quote, value = self.one("customer"), self.one("quote"), f"Value {chance.randrange(4)}"
        match chance.randrange(10):
            case 0:
                laptop.set("customer", customer, chance.choice(("name", "phone", "website")), value)
            case 1:
                laptop.set("customer", customer, "country", [value, value, chance.choice("AB"), None])
            case 2:
                laptop.tag("customer", customer, chance.choice(WORDS))
            case 3:
                laptop.untag("customer", customer, chance.choice(WORDS))
            case 4:
                laptop.set("customer", customer, "notes", f"{value}\n{laptop.user_id}")
            case 5:
                points = chance.randrange(-50, 50) or 1
                self.make(laptop, "point_entry", {"customer_id": customer, "points": points, "reason": value})
            case 6:
                line = {"quote_id": quote, "description": value, **price(chance.randrange(1, 9) * 100)}
                self.make(laptop, "quote_line", line)
            case 7:
                laptop.set("quote_line", self.one("quote_line"), "quantity", str(chance.randrange(1, 9)))
            case 8:
                self.make(laptop, "contact", {"customer_id": customer, "name": value})
            case _:
                self._step(chance, laptop)

    def _step(self, chance: random.Random, laptop: Laptop) -> None:
        ticket = self.one("ticket")
        step = chance.choice(TICKET_STEPS.steps)
        expected = chance.choice(step.starts)
        number = SCHEMAS["ticket"].fields["status"].no
        op = laptop.do(OpKind.COMMAND, "ticket", ticket, number, [step.name, expected, [[], []]])
        self.steps.append((op, laptop, step.name, expected))

    def tell(self, chance: random.Random) -> list[tuple[Laptop, int]]:
        """Hand everything in, in pieces, some of it twice; return the operations as HQ heard of them."""
        heard = []
        while waiting := [laptop for laptop in self.laptops if laptop.outbox]:
            laptop = chance.choice(waiting)
            later = laptop.outbox[chance.randrange(1, len(laptop.outbox) + 1) :]
            laptop.outbox = laptop.outbox[: len(laptop.outbox) - len(later)]
            heard.extend((laptop, pending.op.no) for pending in laptop.outbox)
            if chance.random() < 0.4:
                laptop.send(laptop.request())  # the answer is lost, and everything comes again
            response = laptop.send(laptop.request())
            laptop.apply(response)
            laptop.outbox.extend(later)
        for laptop in self.laptops:
            laptop.sync()
        return heard

    def outcome(self, *, without: frozenset[str] = frozenset()) -> dict[str, Any]:
        """Return what HQ holds of the story, in words that are the same in every telling."""
        devices = {laptop.device: number for number, laptop in enumerate(self.laptops)}
        rows = self.office.projection(self.office.founder)
        found = {}
        for (entity, record_id), row in rows.items():
            if record_id in self.names:
                schema = BY_NO[entity]
                found[self.names[record_id]] = {
                    name: self._plain(schema.fields.get(name), name, value, devices)
                    for name, value in row.items()
                    if name not in without
                }
        return found

    def _plain(self, declared: Any, name: str, value: Any, devices: dict[int, int]) -> Any:
        if name in TIMES and isinstance(value, int):
            return value - self.start_ms
        if declared is not None and declared.kind is Kind.TAGS:
            return sorted(
                (word, devices[int(dot.partition(".")[0])], dot.partition(".")[2]) for word, dot in value
            )
        return self.names.get(value, value) if isinstance(value, str) else value


def price(minor: int) -> dict[str, Any]:
    return {"quantity": "1", "unit_price": minor, "currency": "CNY"}


def told_twice(shared: tuple[Office, list[str]], seed: int) -> list[tuple[Story, list[tuple[Laptop, int]]]]:
    """Play one story twice: the same edits, heard of in different orders."""
    office, people = shared
    told = []
    for telling in range(2):
        office.now_ms = (office.now_ms // 1_000_000 + 1) * 1_000_000
        story = Story(office, people)
        story.begin()
        story.work(random.Random(seed), edits=25)
        # Later than every edit, whatever was heard of first: no reading is capped.
        office.now_ms = story.start_ms + 100_000
        told.append((story, story.tell(random.Random(seed * 2 + telling))))
        for laptop in story.laptops:
            assert laptop.replica == office.projection(laptop.user_id), f"seed {seed}"
    return told


def check_orders(shared: tuple[Office, list[str]], seed: int) -> None:
    (one, first), (other, second) = told_twice(shared, seed)
    # What a step writes, and that it was the record's last change, depends on who came first.
    stepped = frozenset(("status", "closed_at", "steps"))
    mine, theirs = one.outcome(without=stepped), other.outcome(without=stepped)
    ticket = one.names[one.one("ticket")]
    for side in (mine, theirs):
        for name in ("updated_at", "updated_by"):
            side[ticket].pop(name)
    assert mine == theirs, f"seed {seed}"
    for story, heard in ((one, first), (other, second)):
        check_steps(story, heard, seed)
        check_sums(story, seed)


def check_steps(story: Story, heard: list[tuple[Laptop, int]], seed: int) -> None:
    """What was taken is a way through the machine, and what was refused could not be taken then."""
    commands = {(laptop.device, op): (step, expected) for op, laptop, step, expected in story.steps}
    state = TICKET_STEPS.first
    for laptop, op in heard:
        if (laptop.device, op) not in commands:
            continue
        name, expected = commands[laptop.device, op]
        step = TICKET_STEPS.named(name)
        assert step is not None
        if laptop.code(op) is Code.APPLIED:
            assert state in (expected, step.ends), f"seed {seed}"
            state = step.ends
        else:
            assert laptop.code(op) is Code.ILLEGAL_STATE
            assert state not in (expected, step.ends), f"seed {seed}"
            assert laptop.answers[op].extra[2] in (None, state)
    assert (story.office.row("ticket", story.one("ticket"))["status"] or "new") == state, f"seed {seed}"


def check_sums(story: Story, seed: int) -> None:
    """A quote's total follows from its lines and an account's sum from its entries (I12)."""
    office = story.office
    entries = office.hq.find("point_entry", "customer_id", story.one("customer"))
    points = office.row("customer", story.one("customer"))["points"] or 0
    assert points == total(values["points"] for _, values in entries), f"seed {seed}"
    quote = office.row("quote", story.one("quote"))
    lines = office.hq.find("quote_line", "quote_id", story.one("quote"))
    assert quote["total"] == total_of(quote, lines), f"seed {seed}"


@pytest.mark.parametrize("seed", [*FEW, *FOUND])
def test_the_order_in_which_hq_hears_of_edits_changes_nothing(
    shared: tuple[Office, list[str]], seed: int
) -> None:
    check_orders(shared, seed)


@pytest.mark.soak
def test_the_order_in_which_hq_hears_of_edits_changes_nothing_at_length(
    shared: tuple[Office, list[str]],
) -> None:
    for seed in MANY:
        check_orders(shared, seed)


# Delete and restore


@dataclass
class Tree:
    """A customer with what belongs to it, torn down and put up again by two people."""

    office: Office
    chance: random.Random
    laptops: list[Laptop]
    nodes: dict[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    """By record id: entity, and the records above."""

    def plant(self) -> None:
        maker = self.laptops[0]
        root = maker.create("customer", {"name": "Customer"})
        self.nodes[root] = ("customer", ())
        for _ in range(10):
            self.grow(maker)
        self.sync()

    def grow(self, laptop: Laptop) -> str | None:
        """Make a record below one the laptop knows, alive or not at HQ."""
        above = self.chance.choice([key for key, (entity, _) in self.nodes.items() if entity in BELOW])
        entity, values = self.chance.choice(BELOW[self.nodes[above][0]])
        links = {f"{self.nodes[above][0]}_id": above}
        if entity == "activity":  # what belongs to two
            wanted = ACTIVITY_OF - links.keys()
            others = [key for key, (kind, _) in self.nodes.items() if f"{kind}_id" in wanted]
            if others and self.chance.random() < 0.7:
                other = self.chance.choice(others)
                links[f"{self.nodes[other][0]}_id"] = other
        made = laptop.create(entity, {**values, **links})
        self.nodes[made] = (entity, tuple(links.values()))
        return made

    def sync(self) -> None:
        for laptop in (*self.laptops, *self.laptops):
            self.office.now_ms += 1000
            laptop.sync()

    def state(self) -> dict[str, dict[str, Any]]:
        """Return what HQ's tables hold of each node that arrived there."""
        found = {}
        for entity in {entity for entity, _ in self.nodes.values()}:
            for record_id, values in self.office.hq.all(entity, deleted=None):
                if record_id in self.nodes:
                    found[record_id] = {**values, "life": self.office.row(entity, record_id)["life"]}
        return found

    def alive(self) -> set[str]:
        return {key for key, values in self.state().items() if lives(values["life"])}

    def below(self, key: str) -> set[str]:
        """Return a node and everything under it."""
        found = {key}
        while more := {k for k, (_, above) in self.nodes.items() if not found.isdisjoint(above)} - found:
            found |= more
        return found

    def standing(self, keys: set[str], alive: set[str]) -> set[str]:
        """Return those of some dead records that may live, all at once, beside those alive."""
        left = set(keys)
        while held := {key for key in left if not set(self.nodes[key][1]) <= left | alive}:
            left -= held
        return left


ACTIVITY_OF = frozenset(("customer_id", "deal_id"))
DEAL = {"name": "Deal", "pipeline_id": named_id("pipeline", "Sales"), "stage_id": named_id("stage", "open")}
NOTE = {"kind": "note", "subject": "Note"}

BELOW: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "customer": [
        ("contact", {"name": "Contact"}),
        ("deal", DEAL),
        ("activity", NOTE),
        ("quote", {"currency": "CNY", "valid_until": "2031-12-31"}),
        ("ticket", {"subject": "Ticket"}),
        ("point_entry", {"points": 5, "reason": "Order"}),
    ],
    "deal": [("activity", NOTE)],
    "quote": [("quote_line", {"description": "Line", **price(100)})],
    "ticket": [("ticket_message", {"body": "Text"})],
}


def check_tree(shared: tuple[Office, list[str]], seed: int, turns: int) -> None:
    office, people = shared
    chance = random.Random(seed)
    tree = Tree(office, chance, [office.laptop(person) for person in people[:2]])
    for laptop in tree.laptops:
        laptop.sync()
    tree.plant()
    for _ in range(turns):
        laptop = chance.choice(tree.laptops)
        other = next(each for each in tree.laptops if each is not laptop)
        _turn(tree, laptop, other, seed)
    tree.sync()
    for laptop in tree.laptops:
        assert laptop.replica == office.projection(laptop.user_id), f"seed {seed}"


def _turn(tree: Tree, laptop: Laptop, other: Laptop, seed: int) -> None:
    chance = tree.chance
    _prune(tree, laptop)
    before = tree.state()
    alive = {key for key, values in before.items() if lives(values["life"])}
    # In the order they were made, not of their ids, which no seed repeats.
    deletable = [k for k, (kind, _) in tree.nodes.items() if k in alive and not SCHEMAS[kind].meta.stands]
    if not deletable:
        return
    target = chance.choice(deletable)
    entity = tree.nodes[target][0]
    number = laptop.delete(entity, target)
    # The other does not know of it: makes something below, edits, or deletes something too.
    grown = tree.grow(other) if chance.random() < 0.5 else None
    racing = None
    if chance.random() < 0.4:
        second = chance.choice(deletable)
        racing = (second, other.delete(tree.nodes[second][0], second))
    if chance.random() < 0.5:
        edited = chance.choice([key for key in deletable if key in tree.below(target)])
        title = SCHEMAS[tree.nodes[edited][0]].meta.title
        if title != "number":
            other.set(tree.nodes[edited][0], edited, title, f"Edited {seed}")
    laptop.sync()
    gone = alive - tree.alive()
    assert laptop.code(number) is Code.APPLIED, f"seed {seed}"
    assert gone == tree.below(target) & alive, f"seed {seed}: deleting takes what belongs to it, no more"
    other.sync()
    if racing is not None:
        second, op = racing
        expected = Code.STALE_LIFE if second in gone else Code.APPLIED
        assert other.code(op) is expected, f"seed {seed}"
    _no_orphans(tree, seed)
    if grown is not None and not gone.isdisjoint(tree.nodes[grown][1]):
        assert grown not in tree.alive(), f"seed {seed}: made below what is deleted"
    tree.sync()
    dead = tree.state()
    left = tree.alive()
    # I14: nothing but a restore brings anything back.
    assert not gone & tree.alive(), f"seed {seed}"
    laptop.sync()
    restore = laptop.restore(entity, target)
    laptop.sync()
    if laptop.code(restore) is Code.PARENT:  # the race took what it belongs to
        assert not set(tree.nodes[target][1]) <= left, f"seed {seed}"
        return
    assert laptop.code(restore) is Code.APPLIED, f"seed {seed}"
    after = tree.state()
    back = {key for key in dead if not lives(dead[key]["life"]) and lives(after[key]["life"])}
    # What is also below something the second deletion took waits for that.
    taken = gone | {key for key in (grown,) if key and not gone.isdisjoint(tree.nodes[key][1])}
    expected_back = tree.standing(taken, left)
    assert back == expected_back, f"seed {seed}: restoring brings back exactly what went"
    # I13: but for the life counters, and what was edited meanwhile, it is as if nothing had been.
    for key in gone & back:
        same = {name: value for name, value in before[key].items() if name not in _MOVES}
        now = {name: after[key][name] for name in same}
        title = SCHEMAS[tree.nodes[key][0]].meta.title
        if now.get(title) == f"Edited {seed}":
            same.pop(title), now.pop(title)
        assert same == now, f"seed {seed}"
    assert dead.keys() <= after.keys()
    _no_orphans(tree, seed)
    tree.sync()
    if racing is not None and racing[0] not in gone and chance.random() < 0.7:
        _undo_second(tree, other, racing[0], taken | (alive & tree.below(racing[0])), seed)


def _undo_second(tree: Tree, other: Laptop, second: str, taken: set[str], seed: int) -> None:
    """Undo the second of two deletions: now all is back that either took."""
    before = tree.alive()
    restore = other.restore(tree.nodes[second][0], second)
    other.sync()
    if other.code(restore) is Code.PARENT:
        assert not set(tree.nodes[second][1]) <= before, f"seed {seed}"
        return
    assert other.code(restore) is Code.APPLIED, f"seed {seed}"
    assert tree.alive() >= tree.standing(taken, before), f"seed {seed}: what nobody deleted by itself is back"
    _no_orphans(tree, seed)
    tree.sync()


def _prune(tree: Tree, laptop: Laptop) -> None:
    """Delete something beforehand: it went by itself and stays when what it belongs to comes back."""
    alive = tree.alive()
    leaves = [
        key
        for key, (entity, above) in tree.nodes.items()
        if key in alive and above and not SCHEMAS[entity].meta.stands
    ]
    if len(leaves) > 3:
        pruned = tree.chance.choice(leaves)
        laptop.delete(tree.nodes[pruned][0], pruned)
        laptop.sync()


_MOVES = frozenset(("life", "updated_at", "updated_by", "total", "points"))


def _no_orphans(tree: Tree, seed: int) -> None:
    state = tree.state()
    alive = {key for key, values in state.items() if lives(values["life"])}
    for key in alive:
        entity, above = tree.nodes[key]
        assert set(above) <= alive, f"seed {seed}: lives below what is deleted"
        if entity == "quote":
            lines = [
                (k, state[k]) for k in alive if key in tree.nodes[k][1] and tree.nodes[k][0] == "quote_line"
            ]
            assert state[key]["total"] == total_of(state[key], lines), f"seed {seed}"


@pytest.mark.parametrize("seed", FEW)
def test_what_is_deleted_and_restored_is_one_set_whatever_else_happens(
    shared: tuple[Office, list[str]], seed: int
) -> None:
    check_tree(shared, seed, turns=3)


@pytest.mark.soak
def test_what_is_deleted_and_restored_is_one_set_at_length(shared: tuple[Office, list[str]]) -> None:
    for seed in MANY:
        check_tree(shared, seed, turns=8)


def test_several_changes_that_stand_or_fall_together_hold_steps_and_entries_too(
    shared: tuple[Office, list[str]],
) -> None:
    office, people = shared
    story = Story(office, people)
    office.now_ms += 1_000_000
    story.begin()
    laptop, customer, ticket = story.laptops[0], story.one("customer"), story.one("ticket")
    status = SCHEMAS["ticket"].fields["status"].no
    entry = [[10, 11, 12], [bytes.fromhex(customer), 5, "Order"]]
    numbers = laptop.together(
        [
            (OpKind.COMMAND, "ticket", ticket, status, ["solve", "new", [[], []]]),
            (OpKind.CREATE, "point_entry", "ab" * 16, 0, entry),
            (OpKind.COMMAND, "ticket", ticket, status, ["solve", "waiting", [[], []]]),
            (OpKind.COMMAND, "ticket", ticket, status, ["confirm", "new", [[], []]]),
        ],
        flags=TxnFlag.ALL_OR_NOTHING,
    )
    laptop.sync()
    assert [laptop.code(number) for number in numbers] == [Code.ILLEGAL_STATE] * 4
    assert office.row("customer", customer)["points"] is None
    row = office.row("ticket", ticket)
    assert (row["status"], row["closed_at"]) == (None, None)
    assert laptop.replica == office.projection(laptop.user_id)
