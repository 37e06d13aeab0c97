"""A month of a company in some seconds or minutes: people, their laptops, absences, and one reorganisation.

Real requests and answers through an HQ in the process; no replica on disk behind the laptops. Days are days
of HQ's clock. What everybody was answered is counted, and at the end held against what HQ has.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from crm_core.entities import SCHEMAS
from crm_core.sync.protocol import Code
from crm_core.times import HOUR_MS
from sync_server.services import forgetting
from sync_server.services.hq import Edit, EditKind
from tests.support.hq import Laptop, Office

KEEP_DAYS: Final = 7
"""What HQ forgets after: the longer absences of the month reach over it."""
FIELDS: Final = ("size", "industry", "intent", "preferences", "notes")
CUSTOMER: Final = SCHEMAS["customer"].no


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How large a company, and how long."""

    people: int = 6
    laptops: int = 8
    territories: int = 2
    customers: int = 40
    edits_a_day: int = 3
    """Of each laptop in use."""
    days: int = 4


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What became of the month."""

    rounds: int = 0
    answered: Counter[Code] = field(default_factory=Counter)
    told: int = 0
    """Edits that stood and were replaced unseen later: told to their laptops."""
    moved: int = 0
    """Customers that changed hands in the reorganisation."""
    lost: list[str] = field(default_factory=list)
    """Edits without an answer, and accepted ones that HQ does not show though none is newer."""
    uneven: list[str] = field(default_factory=list)
    """Records that a laptop shows otherwise than HQ."""

    @property
    def edits(self) -> int:
        """How many edits were made."""
        return sum(self.answered.values())

    def count(self, *codes: Code) -> int:
        """Return how many edits were answered so."""
        return sum(self.answered[code] for code in codes)

    @property
    def refused(self) -> int:
        """How many edits were not to be, and came back."""
        return self.edits - self.count(Code.APPLIED, Code.MERGED, Code.SUPERSEDED)


class Month:
    """A company at work, day by day."""

    def __init__(self, office: Office, size: Size, seed: int) -> None:
        self.office, self.size, self.chance = office, size, Random(seed)
        self.outcome = Outcome()
        self.territories = [
            office.hq.create("territory", {"name": f"Territory {number}"})
            for number in range(size.territories)
        ]
        self.people = [
            office.user(
                f"person {number}",
                "regional_manager" if number < size.territories else "sales",
                territory_id=self.territories[number % size.territories],
            )
            for number in range(size.people)
        ]
        sellers = self.people[size.territories :]
        self.sellers = {
            territory: [
                person
                for number, person in enumerate(self.people)
                if person in sellers and self.territories[number % size.territories] == territory
            ]
            for territory in self.territories
        }
        made = []
        for number in range(size.customers):
            territory = self.territories[number % size.territories]
            owner = self.sellers[territory][number // size.territories % len(self.sellers[territory])]
            values = {"name": f"customer {number}", "owner_id": owner, "territory_id": territory}
            made.append(Edit(kind=EditKind.CREATE, entity="customer", values=values))
        office.hq.write_all(made)
        self.laptops = [office.laptop(self.people[number % size.people]) for number in range(size.laptops)]
        self._away = {laptop.device: self._absence() for laptop in self.laptops}
        self._written: dict[tuple[str, str], list[tuple[Laptop, int, Any]]] = {}
        self._number = 0
        for laptop in self.laptops:
            self._sync(laptop)

    def run(self) -> Outcome:
        """Live through the month; in its middle, at nine in the morning, half a territory changes hands."""
        for day in range(self.size.days):
            self.office.now_ms += 9 * HOUR_MS
            if day == self.size.days // 2:
                self._reorganise()
            here = [laptop for laptop in self.laptops if day not in self._away[laptop.device]]
            self.chance.shuffle(here)
            for laptop in here:  # in the morning, with what was typed since the evening
                self._sync(laptop)
            for laptop in here:
                self._work(laptop)
            self.office.now_ms += 9 * HOUR_MS
            for laptop in here:
                if self.chance.random() < 0.8:  # the others were on the road until late
                    self._sync(laptop)
                self._work(laptop)
            self.office.now_ms += 6 * HOUR_MS
            forgetting.forget(self.office.database, KEEP_DAYS, self.office.now_ms)
        for _ in range(2):
            for laptop in self.laptops:
                self._sync(laptop)
        self._settle()
        return self.outcome

    def _absence(self) -> range:
        days = self.size.days
        if self.chance.random() < 0.4:
            return range(0)
        first = self.chance.randrange(days)
        return range(first, min(days, first + self.chance.choice((1, 2, 5, 10, 25))))

    def _sync(self, laptop: Laptop) -> None:
        self.office.now_ms += 20
        before = laptop.rounds
        laptop.sync(want_bytes=64 * 1024)
        self.outcome.rounds += laptop.rounds - before
        laptop.received.clear()

    def _work(self, laptop: Laptop) -> None:
        for _ in range(self.chance.randrange(self.size.edits_a_day + 1)):
            self.office.now_ms += 1_000
            held = [
                row_id
                for (entity, row_id), row in laptop.replica.items()
                if entity == CUSTOMER and row["life"] % 2
            ]
            happens = self.chance.random()
            if not held or happens < 0.1:
                laptop.create("customer", {"name": self._next(), "owner_id": laptop.user_id})
                continue
            row_id = self.chance.choice(sorted(held))
            if happens < 0.75:
                name, value = self.chance.choice(FIELDS), self._next()
                number = laptop.set("customer", row_id, name, value)
                self._written.setdefault((row_id, name), []).append((laptop, number, value))
            elif happens < 0.85:
                laptop.tag("customer", row_id, self.chance.choice(("vip", "asia", "food")))
            elif happens < 0.95:
                laptop.create("contact", {"name": self._next(), "customer_id": row_id})
            elif happens < 0.98:
                laptop.create("point_entry", {"customer_id": row_id, "points": 1, "reason": "visit"})
            else:
                laptop.delete("customer", row_id)

    def _next(self) -> str:
        self._number += 1
        return f"v{self._number}"

    def _reorganise(self) -> None:
        """Hand every second customer of the first territory to somebody of the next."""
        first, other = self.territories[0], self.territories[1 % len(self.territories)]
        ids = [row_id for row_id, _ in self.office.hq.find("customer", "territory_id", first)][::2]
        takers = self.sellers[other]
        edits = [
            Edit(
                kind=EditKind.UPDATE,
                entity="customer",
                record_id=row_id,
                values={"territory_id": other, "owner_id": takers[number % len(takers)]},
            )
            for number, row_id in enumerate(ids)
        ]
        moved = [result for result in self.office.hq.write(edits) if result.error is None]
        self.outcome.moved = len(moved)

    def _settle(self) -> None:
        outcome, shown = self.outcome, dict[str, Any]()
        for laptop in self.laptops:
            outcome.answered.update(Code(answer.code) for answer in laptop.answers.values())
            outcome.told += len(laptop.lost)
            missing = set(range(1, laptop.last_op + 1)) - laptop.answers.keys()
            if missing:
                outcome.lost.append(f"laptop {laptop.device}: {len(missing)} edits have no answer")
            if laptop.outbox:
                outcome.lost.append(f"laptop {laptop.device}: {len(laptop.outbox)} edits wait for ever")
            if laptop.user_id not in shown:
                shown[laptop.user_id] = self.office.projection(laptop.user_id)
            there = shown[laptop.user_id]
            outcome.uneven += [
                f"laptop {laptop.device} {key}: {laptop.replica.get(key)} should be {there.get(key)}"
                for key in laptop.replica.keys() | there.keys()
                if laptop.replica.get(key) != there.get(key)
            ]
        outcome.lost += self._not_shown()

    def _not_shown(self) -> Iterator[str]:
        """Yield the fields at HQ that are not what the newest accepted edit made them."""
        rows = self.office.projection(self.office.founder)
        for (row_id, name), edits in self._written.items():
            stood = [
                (laptop.answers[number].hlc, laptop.device, value)
                for laptop, number, value in edits
                if number in laptop.answers and laptop.answers[number].code in (Code.APPLIED, Code.MERGED)
            ]
            row = rows.get((CUSTOMER, row_id))
            if stood and row is not None and row.get(name) != max(stood)[2]:
                yield f"{row_id}.{name} is {row.get(name)}, the newest edit made it {max(stood)[2]}"
