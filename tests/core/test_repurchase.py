"""What is bought next, against a naive reading of the same orders."""

from __future__ import annotations

import datetime
from fractions import Fraction
from statistics import median_low

from hypothesis import given
from hypothesis import strategies as st

from crm_core.rules import repurchase

BEGAN = datetime.date(2026, 1, 1)
days = st.lists(st.integers(0, 400).map(lambda n: BEGAN + datetime.timedelta(days=n)), max_size=9)
baskets = st.lists(st.frozensets(st.sampled_from("abcde")), max_size=14)


@given(bought=days)
def test_the_next_purchase_is_a_median_interval_after_the_last(bought: list[datetime.date]) -> None:
    found = repurchase.expected("p", bought)
    apart = sorted(set(bought))
    if len(apart) < 3:
        assert found is None
        return
    assert found is not None
    gaps = [(apart[n + 1] - apart[n]).days for n in range(len(apart) - 1)]
    assert found.every_days == median_low(gaps)
    assert found.expected_on == apart[-1] + datetime.timedelta(days=median_low(gaps))
    assert (found.times, found.last_on) == (len(apart), apart[-1])
    assert found == repurchase.expected("p", reversed(bought))
    assert repurchase.is_due(found, found.expected_on)
    assert not repurchase.is_due(found, found.expected_on - datetime.timedelta(days=1))
    assert repurchase.is_due(found, found.expected_on - datetime.timedelta(days=5), within_days=5)
    assert not repurchase.is_due(found, found.last_on + datetime.timedelta(days=4 * found.every_days + 1))


@given(orders=baskets, held=st.frozensets(st.sampled_from("abcde")))
def test_products_bought_together_are_those_a_naive_count_finds(
    orders: list[frozenset[str]], held: frozenset[str]
) -> None:
    found = repurchase.related(orders, held)
    filled = [basket for basket in orders if basket]
    naive = {}
    for has in held:
        for other in set("abcde") - held:
            together = sum({has, other} <= basket for basket in filled)
            with_has = sum(has in basket for basket in filled)
            with_other = sum(other in basket for basket in filled)
            if together >= 3:
                lift = Fraction(together, with_has) / Fraction(with_other, len(filled))
                if lift >= Fraction(6, 5):
                    naive[has, other] = (lift, together)
    assert {each.product_id for each in found} == {other for _, other in naive}
    for each in found:
        assert (each.lift, each.together) == naive[each.with_id, each.product_id]
        assert each.lift == max(lift for (_, other), (lift, _) in naive.items() if other == each.product_id)
    assert [each.lift for each in found] == sorted((each.lift for each in found), reverse=True)
