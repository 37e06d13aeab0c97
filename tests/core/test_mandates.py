"""What a discount mandate covers, and what of it is signed."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.rules import mandates
from crm_core.rules.mandates import Mandate, Offer, OfferLine

ME, SALES = "a" * 32, "b" * 32


def mandate(percent: int, **said: object) -> Mandate:
    """Return a mandate of mine for a thousand moments."""
    values: dict[str, object] = {
        "id": "m",
        "name": "Ten",
        "user": ME,
        "role": None,
        "family": None,
        "percent": Decimal(percent),
        "line_percent": None,
        "total": None,
        "currency": None,
        "from_ms": 0,
        "until_ms": 1_000,
        "at_ms": 0,
    }
    return Mandate(**{**values, **said})  # type: ignore[arg-type]


def offer(*lines: tuple[str | None, int, int], total: int = 0) -> Offer:
    return Offer(
        lines=tuple(OfferLine(family=f, list_minor=listed, net_minor=net) for f, listed, net in lines),
        total_minor=total,
        currency="CNY",
    )


def test_what_is_at_list_price_needs_no_mandate() -> None:
    assert mandates.covering([], offer(("pumps", 10_000, 10_000))) == ()


def test_a_mandate_covers_up_to_its_percentage_and_not_beyond() -> None:
    ten = mandate(10)
    assert mandates.covering([ten], offer(("pumps", 10_000, 9_000))) == (ten,)
    assert mandates.covering([ten], offer(("pumps", 10_000, 8_990))) is None


def test_the_limit_of_a_line_counts_beside_that_of_the_whole() -> None:
    held = mandate(10, line_percent=Decimal(15))
    assert mandates.covering([held], offer(("pumps", 10_000, 8_500), (None, 90_000, 90_000))) == (held,)
    assert mandates.covering([held], offer(("pumps", 10_000, 8_400), (None, 90_000, 90_000))) is None


def test_each_family_is_covered_by_its_own_mandate() -> None:
    pumps, valves = mandate(20, id="p", family="Pumps"), mandate(5, id="v", family="Valves")
    both = offer(("pumps", 10_000, 8_000), ("valves", 10_000, 9_500))
    assert set(mandates.covering([pumps, valves], both) or ()) == {pumps, valves}
    assert mandates.covering([pumps], both) is None
    assert mandates.covering([pumps], offer(("pumps", 10_000, 8_000), ("valves", 10_000, 10_000))) == (pumps,)


def test_a_mandate_goes_up_to_its_largest_total_in_its_currency() -> None:
    held = mandate(10, total=50_000, currency="CNY")
    assert mandates.covering([held], offer((None, 50_000, 45_000), total=50_000)) == (held,)
    assert mandates.covering([held], offer((None, 60_000, 55_000), total=50_001)) is None
    dollars = mandate(10, total=50_000, currency="USD")
    assert mandates.covering([dollars], offer((None, 50_000, 45_000), total=50_000)) is None


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({}, None),
        ({"user": "c" * 32}, mandates.FOREIGN),
        ({"user": None, "role": SALES}, None),
        ({"user": None, "role": "c" * 32}, mandates.FOREIGN),
        ({"user": None}, mandates.FOREIGN),
        ({"until_ms": 500}, mandates.EXPIRED),
        ({"from_ms": 501}, mandates.EXPIRED),
    ],
)
def test_only_its_holder_relies_on_a_mandate_and_only_while_it_counts(said: object, reason: object) -> None:
    held = mandate(10, **said)  # type: ignore[arg-type]
    found = mandates.refusal(held, signed=True, user_id=ME, role_id=SALES, at_ms=500)
    assert found == reason
    assert mandates.refusal(held, signed=False, user_id=ME, role_id=SALES, at_ms=500) == mandates.FORGED


@given(st.sampled_from(mandates.SIGNED), st.one_of(st.integers(), st.text(max_size=5), st.none()))
def test_whatever_is_altered_changes_what_is_signed(name: str, value: object) -> None:
    signed = mandates.to_sign("i" * 32, {"name": "Ten", "most_percent": "10"}, 1, {"from": 2, "until": 3})
    altered = {**signed, name: value}
    assert (mandates.digest_of(signed) == mandates.digest_of(altered)) is (
        signed[name] == value and type(signed[name]) is type(value)
    )


@given(
    st.lists(
        st.tuples(st.sampled_from((None, "a", "b")), st.integers(1, 10**7), st.integers(0, 100)), max_size=5
    ),
    st.integers(0, 100),
    st.integers(0, 100),
)
def test_a_wider_mandate_covers_all_that_a_narrower_one_does(
    lines: list[tuple[str | None, int, int]], one: int, other: int
) -> None:
    asked = offer(*((family, listed, listed * (100 - less) // 100) for family, listed, less in lines))
    narrow, wide = mandate(min(one, other)), mandate(max(one, other))
    if mandates.covering([narrow], asked) is not None:
        assert mandates.covering([wide], asked) is not None


@given(
    st.lists(st.tuples(st.integers(1, 1000), st.integers(1, 99), st.integers(0, 30)), min_size=1, max_size=6)
)
def test_rounding_alone_never_passes_a_limit(lines: list[tuple[int, int, int]]) -> None:
    """A line of n at p less d % is rounded half up; a mandate of d % covers it however small it is."""
    most = max(percent for _, _, percent in lines)
    made = [
        (None, quantity * price, (quantity * price * (100 - percent) * 2 + 100) // 200)
        for quantity, price, percent in lines
    ]
    assert mandates.covering([mandate(most, line_percent=Decimal(most))], offer(*made)) is not None
