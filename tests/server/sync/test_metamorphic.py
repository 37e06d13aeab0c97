"""The same edits, delivered and cut in other ways, end in the same state at HQ and on every laptop.

At length every way runs by itself over `SATCHEL_METAMORPHIC` seeds; an ordinary run takes several at once.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from crm_core import SCHEMA_VERSION
from crm_core.entities import SCHEMAS
from crm_core.ids import named_id
from sync_server.services import sync
from sync_server.services.hq import Edit, EditKind
from tests.support.hq import Laptop, Office, make
from tests.support.kinds import NOT_MADE, WORK, below, sample, typed_field

SEEDS = int(os.environ.get("SATCHEL_METAMORPHIC", "40"))
PEOPLE, CUSTOMERS, EDITS = 3, 4, 14
APART_MS = 50
"""Between two edits: more than a message takes, for HQ measures a clock by when a message comes."""
CHANGED_BY_DELIVERY = ("updated_at", "updated_by", "created_at")
"""HQ's hours of what a wrong clock wrote lie a message's way apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How the edits of a seed are carried."""

    shuffled: bool = False
    """Laptops hand in in another order, and in several goes."""
    cut: bool = False
    """Every operation is a transaction of its own; else all of a laptop are one."""
    small_pages: bool = False
    relabelled: bool = False
    """Laptops were enrolled in the other order."""
    skew_ms: int = 0
    """All clocks are off by this."""
    idle_rounds: bool = False
    """Rounds in between that bring nothing."""
    anew: bool = False
    """Laptops begin anew in the middle."""


PLAIN = Way()
EACH = {
    "shuffled": Way(shuffled=True),
    "cut": Way(cut=True),
    "small pages": Way(small_pages=True),
    "relabelled": Way(relabelled=True),
    "clocks ahead": Way(skew_ms=3 * 60 * 60 * 1000),
    "clocks behind": Way(skew_ms=-400 * 24 * 60 * 60 * 1000),
    "idle rounds": Way(idle_rounds=True),
    "anew": Way(anew=True),
}
TOGETHER = {
    "shuffled, cut, idle rounds": Way(shuffled=True, cut=True, idle_rounds=True),
    "small pages, relabelled, anew": Way(small_pages=True, relabelled=True, anew=True),
    "clocks off, shuffled": Way(skew_ms=3 * 60 * 60 * 1000, shuffled=True, anew=True),
}


class Play:
    """The edits of a seed, carried in one way."""

    def __init__(self, office: Office, seed: int, way: Way) -> None:
        self.office, self.way = office, way
        self.script = random.Random(seed)
        self.carrier = random.Random(seed + 1)
        people = [named_id("user", f"Person {n}") for n in range(PEOPLE)]
        self.customers = [named_id("customer", f"Customer {n}") for n in range(CUSTOMERS)]
        role = named_id("role", "regional_manager")
        area = named_id("territory", "Area")
        office.hq.write_all(
            [
                make("territory", area, name="Area"),
                *(
                    make("user", each, name=f"Person {n}", role_id=role, territory_id=area)
                    for n, each in enumerate(people)
                ),
                *(
                    make("customer", each, name="Start", owner_id=people[0], territory_id=area, tags=["old"])
                    for each in self.customers
                ),
            ]
        )
        self.others = self._one_of_each(people[0], area)
        order = range(PEOPLE) if not way.relabelled else reversed(range(PEOPLE))
        made = {n: office.laptop(people[n], schema=SCHEMA_VERSION) for n in order}
        self.laptops = [made[n] for n in range(PEOPLE)]
        for laptop in self.laptops:
            laptop.skew_ms = way.skew_ms
            self.round(laptop)

    def run(self) -> None:
        """Make the edits, hand them in, and let everybody sync until nothing moves."""
        for number in range(EDITS):
            self.office.now_ms += APART_MS
            self.edit(number)
            if self.way.idle_rounds and number % 4 == 0:
                self.office.now_ms += 1
                quiet = self.laptops[number % PEOPLE]
                if not quiet.outbox:
                    quiet.send(quiet.request(pull=False))
        self.office.now_ms += APART_MS
        if self.way.cut:
            self._cut()
        self._hand_in()
        for _ in range(2):
            for laptop in self.laptops:
                if self.way.anew and laptop is self.laptops[-1]:
                    laptop.token = b""
                self.round(laptop)

    def edit(self, number: int) -> None:
        """Let somebody edit; whatever was decided on is what everybody saw at the start."""
        chance = self.script
        laptop = self.laptops[chance.randrange(PEOPLE)]
        customer = chance.choice(self.customers)
        deeds: list[Callable[[], Any]] = [
            lambda: laptop.set("customer", customer, "name", f"Name {number}"),
            lambda: laptop.set("customer", customer, "country", [f"C{number}", "P", None, f"A{number}"]),
            lambda: laptop.set("customer", customer, "credit_limit", [number * 100, "CNY"]),
            lambda: laptop.tag("customer", customer, f"word {number % 3}"),
            lambda: laptop.untag("customer", customer, "old"),
            lambda: laptop.create(
                "contact",
                {"name": f"Person {number}", "customer_id": customer},
                named_id("contact", f"{number}"),
            ),
        ]
        name, record_id = chance.choice(self.others)
        deeds += [
            lambda: laptop.set(name, record_id, typed_field(name), f"Typed {number}"),
            lambda: laptop.create(*self._new_below(customer, number)),
        ] * 2
        if number == EDITS // 2:
            self.laptops[0].delete("customer", self.customers[0])
        chance.choice(deeds)()

    def _one_of_each(self, owner: str, area: str) -> list[tuple[str, str]]:
        """Make a record of every kind that is somebody's work, as the declarations say; return all."""
        made, edits = {"customer": self.customers[0]}, []
        hanging = dict(below("customer"))
        selling = {"pipeline_id": self.office.pipeline, "stage_id": self.office.stages["open"]}
        for name in (*hanging, *(each for each in WORK if each not in (*hanging, *made, *NOT_MADE))):
            links: dict[str, Any] = {"owner_id": owner, "territory_id": area, **selling}
            if link := hanging.get(name):
                on = next(each for each in made if link.target in (each, "*"))
                links |= {link.name: made[on], link.target_field or "": on}
            made[name] = named_id(name, "one")
            values = sample(name, lambda name=name: f"Start {name}", links)
            edits.append(Edit(kind=EditKind.CREATE, entity=name, record_id=made[name], values=values))
        self.office.hq.write_all(edits)
        return [(name, record_id) for name, record_id in made.items() if name != "customer"]

    def _new_below(self, customer: str, number: int) -> tuple[str, dict[str, Any], str]:
        """Return a record that hangs on a customer, to be made: what kind, what is in it, its id."""
        direct = [(name, link) for name, link in below("customer") if link.target in ("customer", "*")]
        name, link = direct[number % len(direct)]
        links = {link.name: customer, link.target_field or "": "customer"}
        links |= {"pipeline_id": self.office.pipeline, "stage_id": self.office.stages["open"]}
        return name, sample(name, lambda: f"New {number}", links), named_id(name, f"new {number}")

    def round(self, laptop: Laptop) -> None:
        """Sync, by small pages or large ones."""
        laptop.sync(want_bytes=300 if self.way.small_pages else 1 << 20)

    def _cut(self) -> None:
        for laptop in self.laptops:
            for number, pending in enumerate(laptop.outbox):
                pending.txn = number + 1

    def _hand_in(self) -> None:
        if not self.way.shuffled:
            for laptop in self.laptops:
                self.round(laptop)
            return
        waiting = [(laptop, list(laptop.outbox)) for laptop in self.laptops]
        for laptop, _ in waiting:
            laptop.outbox = []
        while any(left for _, left in waiting):
            laptop, left = self.carrier.choice([each for each in waiting if each[1]])
            some = self.carrier.randint(1, len(left))
            laptop.outbox, left[:some] = left[:some], []
            self.round(laptop)

    def state(self) -> dict[str, Any]:
        """Return everything HQ holds that somebody typed, life and sets, by id."""
        held: dict[str, Any] = {}
        with self.office.database.read() as snapshot:
            for name in WORK:
                for row in snapshot.connection.execute(select(SCHEMAS[name].table)).mappings():
                    held[row["id"]] = {
                        key: "founder" if value == self.office.founder else value
                        for key, value in row.items()
                        if key not in CHANGED_BY_DELIVERY
                    }
        return held

    def disagreements(self) -> Iterator[int]:
        """Yield the numbers of laptops that do not hold what their person may see."""
        for number, laptop in enumerate(self.laptops):
            if laptop.replica != self.office.projection(laptop.user_id) or laptop.outbox:
                yield number


def played(folder: Path, seed: int, way: Way, url: str | None = None) -> tuple[dict[str, Any], list[int]]:
    """Return the state the edits of a seed end in, and who disagrees with it."""
    office = Office(folder, url)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sync, "LEAST_BYTES", 1)
        try:
            play = Play(office, seed, way)
            play.run()
            return play.state(), list(play.disagreements())
        finally:
            office.close()


def test_the_same_edits_carried_in_other_ways_end_in_the_same_state(tmp_path: Path) -> None:
    wanted, wrong = played(tmp_path / "plain", 1, PLAIN)
    assert wrong == []
    for name, way in TOGETHER.items():
        assert played(tmp_path / name, 1, way) == (wanted, []), name


@pytest.mark.soak
@pytest.mark.parametrize("name", EACH)
def test_many_edits_carried_in_one_other_way_end_in_the_same_state(tmp_path: Path, name: str) -> None:
    for seed in range(SEEDS):
        wanted, wrong = played(tmp_path / f"{seed} plain", seed, PLAIN)
        assert wrong == [], seed
        assert played(tmp_path / f"{seed} other", seed, EACH[name]) == (wanted, []), seed
    print(f"{name}: {SEEDS} seeds, the same state")


@pytest.mark.postgres
def test_sqlite_and_postgresql_give_the_same_bytes_for_the_same_edits(
    tmp_path: Path, tabled_postgres: str
) -> None:
    shown = []
    for folder, url in (("sqlite", None), ("postgres", tabled_postgres)):
        office = Office(tmp_path / folder, url)
        play = Play(office, 3, replace(PLAIN, shuffled=True))
        play.run()
        assert list(play.disagreements()) == []
        projection = office.projection(play.laptops[0].user_id)
        whole = msgspec.msgpack.encode(sorted(projection.items()))
        assert office.founder.encode() in whole
        shown.append(whole.replace(office.founder.encode(), b"f" * 32))
        office.close()
    assert shown[0] == shown[1]
