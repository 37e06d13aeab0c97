"""Reports of targets: what is to be reached, what is, and what should be by today, put together by what.

Each target is counted by itself (`reaching`) and stands in the row of its groups. A report that names no year
is of the year that runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Final

from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.reporting.counting import Keys, Plan
from crm_core.reporting.keys import Heads
from crm_core.reporting.reaching import TARGET, Reaching
from crm_core.reporting.source import Source
from crm_core.reporting.terms import exactly
from crm_core.rules.attainment import Attainment
from crm_core.rules.conditions import Condition, Op
from crm_core.rules.report_words import group_words, measure_words
from crm_core.rules.reports import (
    OF_TARGETS,
    OTHER,
    Figure,
    Head,
    Measure,
    Report,
    ReportColumn,
    ReportRow,
    ReportTable,
    Sort,
    Take,
    Unit,
    all_of,
)
from crm_core.rules.segments import AnyOf, Not, Rule, leaves
from crm_core.rules.targets import IN_MONEY

_YEAR: Final = "year"


def is_of_targets(report: Report) -> bool:
    """Tell whether a report measures how far targets are reached."""
    return any(each.take in OF_TARGETS for each in report.measures)


def table_of_targets(source: Source, report: Report, as_of_ms: int | None = None) -> ReportTable:
    """Return a report of targets counted over what the source's person may see.

    `UserError` where it asks for something else too, or for amounts and numbers together.
    """
    _demand_sound(report)
    if not any(isinstance(each, Condition) and each.field == _YEAR for each in leaves(report.rule)):
        this_year = Condition(field=_YEAR, op=Op.EQUAL, value=source.today.year)
        report = replace(report, rule=all_of([report.rule, this_year]))
    reaching = Reaching(source, report.zone)
    goals = reaching.goals(report.rule)
    kinds = {goal.measure in IN_MONEY for goal in goals}
    if len(kinds) > 1:
        raise UserError(N_("Amounts and numbers do not add up: ask for the targets of one measure"))
    unit = Unit.COUNT if kinds == {False} else Unit.MONEY
    counted = reaching.attainments(goals)
    plan = Plan(source, replace(report, measures=(Measure(),)))
    keys = _keys(source, plan)
    lines: dict[tuple[str, Keys], list[Attainment]] = {}
    for goal in goals:
        if goal.id in counted and goal.id in keys:
            at = (goal.currency or "", keys[goal.id])
            lines.setdefault(at, []).append(counted[goal.id])
    return _table(source, report, plan, lines, unit, as_of_ms)


def _demand_sound(report: Report) -> None:
    if report.entity != TARGET:
        raise UserError(N_("Only targets are reached"))
    if any(each.take not in OF_TARGETS or each.over or each.only for each in report.measures):
        raise UserError(N_("What targets are reached by is measured by itself"))
    if report.columns:
        raise UserError(N_("Targets stand below one another, not side by side"))


def _keys(source: Source, plan: Plan) -> Mapping[str, Keys]:
    """Return the groups each target stands in, by its id."""
    rows = source.execute(plan.keyed())
    return {
        row._mapping["id"]: tuple(
            each.key(row._mapping[f"key_{place}"]) for place, each in enumerate(plan.rows)
        )
        for row in rows
    }


def _table(
    source: Source,
    report: Report,
    plan: Plan,
    lines: Mapping[tuple[str, Keys], list[Attainment]],
    unit: Unit,
    as_of_ms: int | None,
) -> ReportTable:
    heads = Heads(source)
    named = [heads.heads(group, {keys[place] for _, keys in lines}) for place, group in enumerate(plan.rows)]
    orders = [heads.order(group, {keys[place] for _, keys in lines}) for place, group in enumerate(plan.rows)]
    several = len({currency for currency, _ in lines}) > 1

    def own(currency: str) -> list[Rule]:
        return [Condition(field="currency", op=Op.EQUAL, value=currency)] if several else []

    def rule(keys: Keys) -> Rule:
        return all_of(group.rule(key) for group, key in zip(plan.rows, keys, strict=True))

    def row(currency: str, heads: tuple[Head, ...], found: list[Attainment], rules: list[Rule]) -> ReportRow:
        return ReportRow(
            heads=heads,
            figures=tuple(figure_of(each.take, found) for each in report.measures),
            counted=len(found),
            currency=currency,
            rule=all_of([*rules, *own(currency)]),
        )

    sort = report.sort or Sort()

    def place_of(at: tuple[str, Keys]) -> tuple[object, ...]:
        by_keys = [order(key) for order, key in zip(orders, at[1], strict=True)]
        if sort.by_measure:
            value = figure_of(report.measures[sort.place].take, lines[at]) or 0
            return (-value if sort.descending else value, by_keys)
        return (by_keys[sort.place : sort.place + 1], by_keys)

    ordered = sorted(lines, key=place_of, reverse=sort.descending and not sort.by_measure)
    rows, totals, rest = [], [], 0
    for currency in sorted({each for each, _ in ordered}, key=lambda each: (each != source.currency, each)):
        of_it = [keys for each, keys in ordered if each == currency]
        shown = of_it[: report.top] if report.top else of_it
        for keys in shown:
            head = tuple(named[place][key] for place, key in enumerate(keys))
            rows.append(row(currency, head, lines[currency, keys], [rule(keys)]))
        beyond = [each for keys in of_it[len(shown) :] for each in lines[currency, keys]]
        if beyond:
            others = tuple(Head(key=None, label=OTHER, is_other=True) for _ in plan.rows)
            rows.append(row(currency, others, beyond, [Not(AnyOf(tuple(rule(keys) for keys in shown)))]))
            rest += len(of_it) - len(shown)
        every = [each for keys in of_it for each in lines[currency, keys]]
        totals.append(row(currency, (), every, []))
    return ReportTable(
        report=report,
        groups=tuple(group_words(each.group, report.entity, source.fields) for each in plan.rows),
        columns=tuple(
            ReportColumn(
                measure=place,
                label=measure_words(each, report.entity, source.fields),
                unit=Unit.SHARE if each.take in (Take.ATTAINED, Take.PACE) else unit,
            )
            for place, each in enumerate(report.measures)
        ),
        rows=tuple(rows),
        totals=tuple(totals) or (_nothing(report),),
        counted=sum(len(found) for found in lines.values()),
        as_of_ms=as_of_ms,
        rest=rest,
        kinds=plan.kinds(),
    )


def figure_of(take: Take, found: list[Attainment]) -> Figure:
    """Return what some targets come to: added up, or of all that is to be reached the part that is."""
    goal = sum(each.goal.goal for each in found)
    reached = sum(each.reached for each in found)
    match take:
        case Take.GOAL:
            return goal
        case Take.REACHED:
            return reached
        case Take.DUE:
            return int(_due(found) + Fraction(1, 2))
        case Take.MISSING:
            return sum(each.gap for each in found)
        case Take.PACE:
            due = _due(found)
            return exactly(reached / due) if due > 0 else None
        case _:
            return exactly(Fraction(reached, goal)) if goal > 0 else None


def _due(found: list[Attainment]) -> Fraction:
    return sum((each.due for each in found), Fraction(0))


def _nothing(report: Report) -> ReportRow:
    return ReportRow(heads=(), figures=tuple(figure_of(each.take, []) for each in report.measures), counted=0)
