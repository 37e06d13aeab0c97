"""What would be if: no change is the base, more is more, and prices count in proportion."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.errors import UserError
from crm_core.rules.what_if import (
    Basis,
    Changes,
    OpenDeals,
    changes_of,
    expected,
    plain_changes,
    problems_of_scenario,
)

_PERCENT = st.decimals(-100, 500, places=1)
_CYCLE = st.decimals(-90, 500, places=1)
_POINTS = st.decimals(-100, 100, places=1)
_DEALS = st.builds(
    OpenDeals,
    stage_id=st.sampled_from(["a", "b"]),
    amount=st.integers(0, 10**9),
    chance=st.integers(0, 100),
    days_away=st.integers(-40, 400),
)
_BASES = st.builds(
    Basis,
    won=st.integers(0, 10**9),
    deals=st.lists(_DEALS, max_size=6),
    days_left=st.integers(0, 365),
    new_deals=st.fractions(0, 500, max_denominator=365),
    usual_amount=st.integers(0, 10**7),
    win_rate=st.fractions(0, 1, max_denominator=100),
    cycle_days=st.fractions(0, 300, max_denominator=30),
)
_CHANGES = st.builds(
    Changes,
    price=_PERCENT,
    win_rate=_POINTS,
    volume=_PERCENT,
    cycle=_CYCLE,
    stages=st.dictionaries(st.sampled_from(["a", "b"]), _POINTS),
)


def _basis() -> Basis:
    return Basis(
        won=1_000,
        deals=(
            OpenDeals(stage_id="a", amount=1_000, chance=50, days_away=10),
            OpenDeals(stage_id="b", amount=2_000, chance=20, days_away=40),
        ),
        days_left=30,
        new_deals=Fraction(6),
        usual_amount=100,
        win_rate=Fraction(1, 2),
        cycle_days=Fraction(15),
    )


def test_the_formula_by_hand() -> None:
    base = expected(_basis())
    # 1,000 won; 1,000 x 50 %, the other closes later; 6 x 100 x 50 % x (1 - 15 / 30).
    assert (base.won, base.pipeline, base.new, base.total) == (1_000, 500, 150, 1_650)
    dearer = expected(_basis(), Changes(price=Decimal(10)))
    assert (dearer.pipeline, dearer.new) == (550, 165)
    faster = expected(_basis(), Changes(cycle=Decimal(-50)))
    # 40 days become 20: 2,000 x 20 % come in; of new deals 1 - 7.5 / 30 close.
    assert (faster.pipeline, faster.new) == (900, 225)
    better = expected(_basis(), Changes(win_rate=Decimal(10), stages={"a": Decimal(60)}))
    assert (better.pipeline, better.new) == (1_000, 180)  # never more than all of it


@given(_BASES)
def test_no_change_is_the_base(basis: Basis) -> None:
    won = sum(deal.amount * deal.chance for deal in basis.deals if deal.days_away <= basis.days_left)
    assert expected(basis, Changes()) == expected(basis)
    assert abs(expected(basis).pipeline - Fraction(won, 100)) <= Fraction(1, 2)


@given(
    _BASES, _CHANGES, st.sampled_from(["price", "win_rate", "volume", "cycle"]), st.decimals(0, 50, places=1)
)
def test_more_is_never_less_and_a_longer_cycle_never_more(
    basis: Basis, changes: Changes, part: str, more: Decimal
) -> None:
    further = replace(changes, **{part: getattr(changes, part) + more})
    before, after = expected(basis, changes).total, expected(basis, further).total
    assert (after <= before) if part == "cycle" else (after >= before)


@given(_BASES, _CHANGES, st.decimals(0, 50, places=1))
def test_a_stage_with_a_better_chance_brings_no_less(basis: Basis, changes: Changes, more: Decimal) -> None:
    better = replace(changes, stages={**changes.stages, "a": changes.stages.get("a", Decimal(0)) + more})
    assert expected(basis, better).total >= expected(basis, changes).total


@given(_BASES, _CHANGES, _PERCENT)
def test_what_is_not_won_yet_counts_in_proportion_to_the_price(
    basis: Basis, changes: Changes, price: Decimal
) -> None:
    plain = expected(basis, replace(changes, price=Decimal(0)))
    dearer = expected(basis, replace(changes, price=price))
    factor = 1 + Fraction(price) / 100
    assert dearer.won == plain.won
    for before, after in ((plain.pipeline, dearer.pipeline), (plain.new, dearer.new)):
        assert abs(after - before * factor) <= Fraction(1, 2) + abs(factor) / 2


@given(_CHANGES)
def test_changes_come_back_as_they_were_kept(changes: Changes) -> None:
    kept = plain_changes(changes)
    assert problems_of_scenario({"changes": kept}) == []
    back = changes_of(kept)
    assert plain_changes(back) == kept
    assert (back.price, back.cycle) == (changes.price, changes.cycle)


@pytest.mark.parametrize(
    "damaged",
    [
        [],
        {"price": 5},
        {"price": "much"},
        {"price": "NaN"},
        {"price": "501"},
        {"cycle": "-100"},
        {"win_rate": "101"},
        {"luck": "3"},
        {"stages": {"a": "1000"}},
        {"stages": []},
    ],
)
def test_changes_nobody_could_work_with_are_refused(damaged: object) -> None:
    assert [each.field for each in problems_of_scenario({"changes": damaged})] == ["changes"]
    with pytest.raises(UserError):
        changes_of(damaged)
