"""What standard reports count of the answers to surveys. Their formulas in words are in docs/reports.md."""

from __future__ import annotations

from typing import Final

from crm_core.i18n import N_
from crm_core.rules.conditions import Condition, Op
from crm_core.rules.relative_days import RelativeDay, Unit
from crm_core.rules.reports import FieldAt, Group, Measure, Period, Question, Report, Sort, Take
from crm_core.rules.segments import AllOf
from crm_core.rules.surveys import SATISFIED, UNHAPPY

_COUNTED: Final = AllOf(
    (
        Condition(field="counted", op=Op.EQUAL, value=True),
        Condition(field="answered_at", op=Op.FILLED),
    )
)
_YEAR: Final = RelativeDay(Unit.MONTH, -11)
_MEASURES: Final = (
    Measure(
        take=Take.SHARE,
        only=Condition(field="percent", op=Op.AT_LEAST, value=SATISFIED),
        label=N_("Satisfied (CSAT)"),
    ),
    Measure(take=Take.AVERAGE, of=FieldAt("percent"), label=N_("Satisfaction, 0 to 100")),
    Measure(
        take=Take.SHARE,
        only=Condition(field="percent", op=Op.AT_MOST, value=UNHAPPY),
        label=N_("Not content"),
    ),
    Measure(label=N_("Answers")),
)


def _since(field: str) -> Question:
    condition = Condition(field=field, op=Op.AT_LEAST, value=_YEAR)
    return Question(key="since", label=N_("Since"), condition=condition)


def csat_by(group: Group, sort: Sort | None = None) -> Report:
    """Return the satisfaction by some group, of the answers that count."""
    return Report(
        entity="survey_answer",
        rule=_COUNTED,
        rows=(group,),
        measures=_MEASURES,
        sort=sort,
        questions=(_since("answered_at"),),
    )


MOST_ANSWERS_FIRST: Final = Sort(place=3, by_measure=True, descending=True)
BY_MONTH: Final = csat_by(Group(field="answered_at", period=Period.MONTH))
BY_PERSON: Final = csat_by(Group(field="assignee_id"), MOST_ANSWERS_FIRST)
BY_PRODUCT: Final = csat_by(Group(field="product_id"), MOST_ANSWERS_FIRST)
BY_TEAM: Final = csat_by(Group(field="team_id"), MOST_ANSWERS_FIRST)
RESPONSES: Final = Report(
    entity="survey_answer",
    rule=Condition(field="asked_at", op=Op.FILLED),
    rows=(Group(field="asked_at", period=Period.MONTH),),
    measures=(
        Measure(
            take=Take.SHARE,
            only=Condition(field="answered_at", op=Op.FILLED),
            label=N_("Answered"),
        ),
        Measure(label=N_("Asked")),
    ),
    questions=(_since("asked_at"),),
)
