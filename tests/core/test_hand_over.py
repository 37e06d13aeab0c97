"""To whom each customer goes."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from crm_core.rules.hand_over import Receiver, Spread, spread

TREE = {"china": None, "east": "china", "shanghai": "east", "north": "china"}


def test_evenly_each_gets_as_many_as_the_others() -> None:
    found = spread([(str(n), None) for n in range(7)], [Receiver("a"), Receiver("b")], Spread.EVENLY, {})
    assert Counter(found.values()) == {"a": 4, "b": 3}


def test_by_territory_the_smallest_that_holds_it_comes_first_and_nobodys_stays() -> None:
    receivers = [Receiver("boss", "china"), Receiver("east", "east"), Receiver("east too", "east")]
    customers = [("1", "shanghai"), ("2", "north"), ("3", "east"), ("4", None)]
    assert spread(customers, receivers, Spread.TERRITORY, TREE) == {"1": "east", "2": "boss", "3": "east too"}
    loop = {"a": "b", "b": "a"}
    assert spread([("1", "a")], receivers, Spread.TERRITORY, loop) == {}


@given(st.integers(0, 60), st.integers(1, 5))
def test_nobody_gets_two_more_than_another(customers: int, receivers: int) -> None:
    people = [Receiver(str(n)) for n in range(receivers)]
    found = spread([(str(n), None) for n in range(customers)], people, Spread.EVENLY, {})
    got = Counter({person.user_id: 0 for person in people})
    got.update(found.values())
    assert len(found) == customers
    assert max(got.values()) - min(got.values()) <= 1
