"""Carrying a series on: recursions as published, the method chosen by the past, and no guess without one."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.rules import smoothing
from crm_core.rules.back_test import INTERVAL, LEAST_FIGURES, Carried, TooLittle, carry_on, quantile
from crm_core.rules.smoothing import METHODS

OIL = (445.3641, 453.1950, 454.4096, 422.3789, 456.0371, 440.3866, 425.1944, 486.2052, 500.4291, 521.2759,
       508.9476, 488.8889, 509.8706, 456.7229, 473.8166, 525.9509, 549.8338, 542.3405)  # fmt: skip
"""Oil production of Saudi Arabia, 1996 to 2013 (package fpp2)."""
TOURISTS = (42.20566, 24.64917, 32.66734, 37.25735, 45.24246, 29.35048, 36.34421, 41.78208, 49.27660,
            31.27540, 37.85063, 38.83704, 51.23690, 31.83855, 41.32342, 42.79900, 55.70836, 33.40714,
            42.31664, 45.15712, 59.57608, 34.83733, 44.84168, 46.97125, 60.01903, 38.37118, 46.97586,
            50.73380, 61.64687, 39.29957, 52.67121, 54.33232, 66.83436, 40.87119, 51.82854, 57.49191,
            65.25147, 43.06121, 54.76076, 59.83447, 73.25703, 47.69662, 61.09777, 66.05576)  # fmt: skip
"""Visitor nights in Australia by quarter, 2005 to 2015 (package fpp2)."""


def test_simple_smoothing_says_what_the_book_prints() -> None:
    # Forecasting: Principles and Practice, 2nd ed., table 7.1.
    printed = (446.5868, 445.5672, 451.9280, 453.9974, 427.6311, 451.3186, 442.2025, 428.0196, 476.5400,
               496.4609, 517.1539, 510.3108, 492.4472, 506.9764, 465.0705, 472.3638, 517.0495,
               544.3880)  # fmt: skip
    levels = [446.5867935]
    levels += [smoothing.simple(OIL[:n], 0.8338901, 446.5867935).level for n in range(1, len(OIL) + 1)]
    assert levels[:-1] == pytest.approx(printed, abs=0.001)
    assert levels[-1] == pytest.approx(542.68, abs=0.005)


def test_a_fading_trend_and_seasons_come_out_as_statsmodels_has_them() -> None:
    # statsmodels 0.15, Holt(damped_trend=True) and ExponentialSmoothing, with the same parameters and start.
    held = smoothing.trending(OIL, 0.8, 0.2, 0.9, (440.0, 2.0))
    assert held.ahead(4, 0.9) == pytest.approx([551.4371, 557.6439, 563.23, 568.2575], abs=1e-3)
    assert held.squared_error == pytest.approx(15549.3126, abs=1e-3)
    wound = smoothing.seasonal(TOURISTS, 4, 0.3, 0.1, 0.4, (32.2, 0.7, (9.7, -9.3, -1.7, 1.3)))
    assert wound.ahead(3) == pytest.approx([76.2315, 51.9806, 64.4178], abs=1e-3)
    assert wound.ahead(6)[4:] == pytest.approx([79.6328, 55.3819], abs=1e-3)
    # Of the last figure's season, the book takes what that figure made of it; statsmodels what was before.
    assert wound.ahead(4)[3] == pytest.approx(wound.level + 4 * wound.trend + wound.seasons[3])
    assert wound.squared_error == pytest.approx(143.9617, abs=1e-3)


def test_the_published_seasonal_series_is_told_by_a_seasonal_method() -> None:
    told = carry_on(TOURISTS, 4, 4)
    assert isinstance(told, Carried)
    assert told.best.method.key in ("seasonal", "seasonal_naive")
    naive = next(each for each in told.tried if each.method.key == "naive")
    assert told.best.error < naive.error
    assert told.best.mape is not None
    assert told.best.mape < 0.08
    # A year later, 2016, came 75.0, 50.8, 65.0 and 70.0 or so: within the interval of the year.
    assert told.total.low < 262 < told.total.high


def test_a_back_test_is_what_each_method_would_have_said_at_each_origin() -> None:
    told = carry_on(OIL, 2, 12)
    assert isinstance(told, Carried)
    naive = next(each for each in told.tried if each.method.key == "naive")
    missed = [OIL[at] + OIL[at + 1] - 2 * OIL[at - 1] for at in range(6, 17)]
    assert naive.missed == pytest.approx(missed)
    assert naive.error == pytest.approx(sum(map(abs, missed)) / len(missed))
    came = [OIL[at] + OIL[at + 1] for at in range(6, 17)]
    assert naive.mape == pytest.approx(
        sum(abs(off) / true for off, true in zip(missed, came, strict=True)) / 11
    )
    assert told.best.error == min(each.error for each in told.tried)


def test_too_little_history_is_told_with_how_much_it_takes() -> None:
    assert carry_on([5.0] * 11, 1) == TooLittle(figures=11, needed=LEAST_FIGURES)
    assert carry_on([5.0] * 13, 3) == TooLittle(figures=13, needed=14)
    assert isinstance(carry_on([5.0] * 14, 3), Carried)
    assert carry_on([], 3) == TooLittle(figures=0, needed=14)


def test_without_a_full_year_before_no_seasonal_method_is_tried() -> None:
    told = carry_on([float(each) for each in range(16)], 3)
    assert isinstance(told, Carried)
    assert not {each.method.key for each in told.tried} & {"seasonal", "seasonal_naive"}
    assert all(each.origins >= 6 for each in told.tried)


def test_a_series_that_never_changes_is_carried_on_without_an_error() -> None:
    told = carry_on([7.0] * 30, 3)
    assert isinstance(told, Carried)
    assert (told.total.low, told.total.middle, told.total.high) == pytest.approx((21, 21, 21))
    assert (told.best.error, told.best.mape, told.best.coverage) == (0, 0, 1)
    nothing = carry_on([0.0] * 30, 3)
    assert isinstance(nothing, Carried)
    assert (nothing.best.mape, nothing.best.smape) == (None, 0)


@given(st.lists(st.floats(0, 1e9), min_size=0, max_size=40), st.integers(1, 12))
def test_every_series_is_carried_on_or_told_to_be_too_short(series: list[float], steps: int) -> None:
    told = carry_on(series, steps)
    if isinstance(told, TooLittle):
        assert len(series) < told.needed
        return
    assert len(told.steps) == steps
    for each in (*told.steps, told.total):
        assert math.isfinite(each.middle)
        assert each.low <= each.middle <= each.high
    assert sum(each.middle for each in told.steps) == pytest.approx(told.total.middle)
    assert 0 <= told.best.coverage <= 1
    assert 0 <= told.best.smape <= 2 + 1e-9


def test_the_interval_holds_about_as_many_cases_as_it_says() -> None:
    drawn = random.Random(7)
    inside = tried = 0
    for _ in range(40):
        series = [100 + drawn.gauss(0, 10) for _ in range(31)]
        told = carry_on(series[:30], 1)
        assert isinstance(told, Carried)
        inside += told.total.low <= series[30] <= told.total.high
        tried += 1
    assert INTERVAL - 0.2 < inside / tried < INTERVAL + 0.2


def test_quantiles_lie_between_two_values_in_proportion() -> None:
    assert [quantile([1, 2, 3, 4], part) for part in (0, 0.25, 0.5, 1)] == [1, 1.75, 2.5, 4]


def test_the_plainest_of_equals_is_taken() -> None:
    assert [each.key for each in METHODS][:3] == ["naive", "mean", "seasonal_naive"]
    told = carry_on([3.0] * 40, 2)
    assert isinstance(told, Carried)
    assert told.best.method.key == "naive"
