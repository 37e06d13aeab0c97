"""One quote edited on two laptops without a network: nothing added is lost, and both come to one sum."""

from __future__ import annotations

import random

import pytest

from crm_core.errors import UserError
from crm_core.rules.quote_sums import total_of
from crm_desktop.services import quotes, records
from tests.support.hq import Office
from tests.support.replicas import Laptop, Laptops, differences, settle_all

ROUNDS, EDITS = 3, 8


class Editing:
    """Two people at one quote; what each adds and deletes is noted."""

    def __init__(self, office: Office, laptops: Laptops, seed: int) -> None:
        self.chance = random.Random(seed)
        self.office = office
        team = office.hq.create("team", {"name": "East"})
        self.two = [
            laptops.make("lin", office.user("Lin", "sales", team_id=team)),
            laptops.make("boss", office.user("Boss", "sales_manager", team_id=team)),
        ]
        settle_all(self.two, 1)
        lin = self.two[0].replica
        customer = records.create(lin, "customer", {"name": "Blue Heron", "phone": "021 5550 0142"}).value
        self.quote = quotes.create(lin, {"customer_id": customer.id, "currency": "CNY"}).value.id
        self.added: set[str] = set()
        self.deleted: set[str] = set()
        settle_all(self.two)

    def edit(self, laptop: Laptop) -> None:
        """Do something to the quote as this laptop shows it."""
        replica, chance = laptop.replica, self.chance
        view = quotes.view(replica, self.quote)
        kind = chance.choice(
            ["add", "add", "add", "delete", "set", "move", "group", "into", "other", "choose", "off"]
        )
        line = chance.choice(view.lines).id if view.lines else None
        priced = {
            "description": f"Line {len(self.added)}",
            "quantity": "3",
            "unit_price": chance.randrange(1, 99_99),
        }
        if kind == "add" or line is None:
            self.added.add(quotes.add_line(replica, self.quote, {**priced, "tax_rate": "13"}).value.id)
        elif kind == "delete":
            records.delete(replica, "quote_line", line)
            self.deleted.add(line)
        elif kind == "set":
            records.update(replica, "quote_line", line, {"quantity": str(chance.randrange(1, 20))})
        elif kind == "move":
            quotes.move_line(replica, line, chance.randrange(-3, 4))
        elif kind == "group":
            quotes.add_group(replica, self.quote, f"Group {chance.randrange(9)}")
        elif kind == "into" and view.groups:
            records.update(replica, "quote_line", line, {"group_id": chance.choice(view.groups).id})
        elif kind == "other":
            self.added.add(quotes.add_alternative(replica, line, priced).value.id)
        elif kind == "choose":
            quotes.choose(replica, line)
        elif kind == "off":
            discount = {"discount_percent": str(chance.randrange(30))}
            records.update(replica, "quote", self.quote, discount)

    def check(self) -> None:
        """At rest both show one quote, and it is HQ's."""
        first, second = (quotes.view(laptop.replica, self.quote) for laptop in self.two)
        assert [(line.id, dict(line.values)) for line in first.lines] == [
            (line.id, dict(line.values)) for line in second.lines
        ]
        assert [group.id for group in first.groups] == [group.id for group in second.groups]
        assert first.totals == second.totals
        assert {line.id for line in first.lines} == self.added - self.deleted
        held = self.office.row("quote", self.quote)
        lines = [(line.id, line.values) for line in first.lines]
        assert held["total"] == first.quote.get("total") == total_of(held, lines)
        assert sum(each.subtotal_minor for each in first.totals.groups) == first.totals.subtotal_minor
        for laptop in self.two:
            assert list(differences(laptop)) == []


def played(office: Office, laptops: Laptops, seed: int) -> None:
    editing = Editing(office, laptops, seed)
    for _ in range(ROUNDS):
        for laptop in editing.two:
            for _ in range(EDITS):
                try:
                    editing.edit(laptop)
                except UserError as error:
                    raise AssertionError(f"seed {seed}: {error}") from error
        settle_all(editing.two)
        settle_all(editing.two)
        editing.check()


def test_two_edit_one_quote_offline_and_come_to_the_same(office: Office, laptops: Laptops) -> None:
    played(office, laptops, 1)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(2, 62))
def test_many_pairs_edit_one_quote_and_come_to_the_same(office: Office, laptops: Laptops, seed: int) -> None:
    played(office, laptops, seed)
