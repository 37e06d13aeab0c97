"""Rights that come and go at random, over a line that breaks: at rest nobody holds a word he may not read."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from crm_core.errors import CrmError
from crm_core.ids import named_id
from crm_desktop.services import records
from tests.support.hq import Office
from tests.support.pages import found_in
from tests.support.replicas import KEY, Cut, Laptop, Laptops, differences, make_template, settle_all

ROLES = ("sales", "sales_manager", "regional_manager", "finance", "service", "marketing")
OWNERS = {"deal": "owner_id", "ticket": "assignee_id", "activity": "owner_id"}
PEOPLE, CUSTOMERS, STEPS = 4, 6, 20


class Town:
    """People, customers with words of their own in every field, and what may happen to them."""

    def __init__(self, office: Office, chance: random.Random) -> None:
        self.office, self.chance = office, chance
        create = office.hq.create
        self.teams = [create("team", {"name": name}) for name in ("A", "B")]
        self.areas = [create("territory", {"name": name}) for name in ("North", "South")]
        self.people = [
            office.user(
                f"Person {n}",
                self._any(ROLES),
                team_id=self._any(self.teams),
                territory_id=self._any(self.areas),
            )
            for n in range(PEOPLE)
        ]
        self.customers: list[str] = []
        self.children: list[tuple[str, str]] = []
        self.words: list[str] = []
        for number in range(CUSTOMERS):
            self._make_customer(number)

    def _any(self, several: tuple[str, ...] | list[str]) -> str:
        return self.chance.choice(several)

    def _place(self) -> dict[str, str]:
        return {"team_id": self._any(self.teams), "territory_id": self._any(self.areas)}

    def _word(self, kind: str, number: int) -> str:
        self.words.append(f"zq{kind}{number:03d}x")
        return self.words[-1]

    def _make_customer(self, number: int) -> None:
        create, word = self.office.hq.create, self._word
        fields = {"name": "name", "notes": "note", "payment_terms": "terms"}
        values = {field: word(kind, number) for field, kind in fields.items()}
        customer = create("customer", {**values, "owner_id": self._any(self.people)})
        self.customers.append(customer)
        stage = {"pipeline_id": self.office.pipeline, "stage_id": self.office.stages["open"]}
        for entity, given in (
            ("contact", {"name": word("contact", number)}),
            ("activity", {"kind": "call", "subject": word("call", number)}),
            ("deal", {"name": word("deal", number), "notes": word("dealnote", number), **stage}),
            ("ticket", {"subject": word("ticket", number)}),
        ):
            owner = {OWNERS[entity]: self._any(self.people)} if entity in OWNERS else {}
            self.children.append((entity, create(entity, {**given, **owner, "customer_id": customer})))

    def change(self) -> None:
        """Change rights, or what they go by."""
        update = self.office.hq.update
        self.office.now_ms += 1_000
        match self.chance.randrange(4):
            case 0:
                update("user", self._any(self.people), {"role_id": named_id("role", self._any(ROLES))})
            case 1:
                update("user", self._any(self.people), self._place())
            case 2:
                given = {"owner_id": self._any(self.people), "territory_id": self._any(self.areas)}
                update("customer", self._any(self.customers), given)
            case _:
                entity, row = self.chance.choice(self.children)
                owner = OWNERS.get(entity)
                new = {owner: self._any(self.people)} if owner else {"customer_id": self._any(self.customers)}
                update(entity, row, new)

    def work(self, laptop: Laptop, step: int) -> None:
        """Let somebody edit, index, back up or sync, as chance has it."""
        try:
            if self.chance.random() < 0.2:
                records.update(laptop.replica, "customer", self._any(self.customers), {"size": f"own {step}"})
        except CrmError:
            pass  # not there, or not his to change
        if self.chance.random() < 0.2:
            laptop.replica.catch_up()
        if self.chance.random() < 0.1:
            laptop.replica.back_up_now()
        if self.chance.random() < 0.4:
            laptop.try_sync(*[self.chance.choice(list(Cut)) for _ in range(self.chance.randrange(3))])


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(1, 22))])
def test_whatever_happens_to_rights_nobody_keeps_a_word_out_of_sight(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    office = Office(tmp_path / "hq")
    laptops = Laptops(tmp_path, office, make_template(tmp_path / "template"))
    town = Town(office, chance)
    made = [
        laptops.make(f"laptop {n}", person, page_bytes=chance.choice((1024, 65536)))
        for n, person in enumerate(town.people)
    ]
    for step in range(STEPS):
        town.change()
        for laptop in made:
            town.work(laptop, step)
    settle_all(made)
    for laptop in made:
        assert list(differences(laptop)) == []
        readable = repr(office.projection(laptop.user_id))
        held = {word for _, word in found_in(laptop.replica.profile.root, KEY, town.words)}
        assert {word for word in held if word not in readable} == set()
    laptops.close()
    office.close()
