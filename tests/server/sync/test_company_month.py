"""A company's month: many people and laptops, absences, half a territory handed over in its middle."""

from __future__ import annotations

import os

import pytest

from crm_core.sync.protocol import Code
from tests.support.company_month import Month, Outcome, Size
from tests.support.hq import Office

PEOPLE = int(os.environ.get("SATCHEL_MONTH_PEOPLE", "20"))
LAPTOPS = int(os.environ.get("SATCHEL_MONTH_LAPTOPS", "60"))
MONTH = Size(people=PEOPLE, laptops=LAPTOPS, territories=4, customers=PEOPLE * 20, edits_a_day=4, days=30)


def assert_nothing_lost(outcome: Outcome) -> None:
    assert outcome.lost == []
    assert outcome.uneven == []
    assert outcome.moved > 0


def test_a_week_with_a_reorganisation_loses_no_edit_and_ends_even(sqlite_office: Office) -> None:
    outcome = Month(sqlite_office, Size(), seed=1).run()
    assert_nothing_lost(outcome)
    assert outcome.edits > 20


@pytest.mark.soak
def test_a_month_of_a_company_loses_no_edit_and_ends_even(office: Office) -> None:
    outcome = Month(office, MONTH, seed=1).run()
    stood = outcome.count(Code.APPLIED, Code.MERGED)
    print(
        f"{MONTH.people} people, {MONTH.laptops} laptops, {MONTH.days} days: {outcome.rounds} rounds,"
        f" {outcome.edits} edits, {stood} stood, {outcome.count(Code.SUPERSEDED)} superseded,"
        f" {outcome.refused} refused, {outcome.told} told of later, {outcome.moved} customers moved,"
        f" {len(outcome.lost)} lost"
    )
    assert_nothing_lost(outcome)
    assert outcome.refused > 0
    assert outcome.count(Code.SUPERSEDED) + outcome.told > 0
