"""What must hold for records judged as a whole, before a laptop saves them and before HQ takes them.

A rule nobody can judge, a form that asks for nothing there is: whoever makes one hears of it at once, however
he makes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from crm_core.errors import Problem
from crm_core.i18n import N_, message
from crm_core.rules import (
    approval,
    approval_flows,
    articles,
    assignment,
    barring,
    campaigns,
    capture,
    customer_value,
    dashboards,
    feedback,
    forecast,
    macros,
    mailing,
    mandates,
    milestones,
    payments,
    plan_parts,
    pool,
    prices,
    report_check,
    report_schedules,
    request_forms,
    scoring,
    segments,
    service_levels,
    signing,
    stage_conditions,
    surveys,
    targets,
    tax_classes,
    template_kinds,
    ticket_routing,
    what_if,
    working_time,
)
from crm_core.rules.segments import FieldsOf


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What is asked of the other records there are."""

    fields_of: FieldsOf
    """The fields of a kind of record by name, custom ones in use among them."""
    value_of: Callable[[str, str, str], Any]
    """What a record of a kind holds, by kind, id and field; None where there is no such record."""
    rows_of: Callable[[str], Iterable[Mapping[str, Any]]] = lambda _entity: ()
    """The records of a kind that live, with their ids."""
    knows_derived: bool = True
    """Whether fields that laptops derive are among those; if not, what a segment asks for is left to them."""


def problems_of_set_up(
    entity: str, record_id: str | None, values: Mapping[str, Any], around: Around
) -> list[Problem]:
    """Return what is wrong with a record as it would be saved; nothing for one that sets nothing up.

    `record_id` is None for a record that is new, which nothing can speak of yet.
    """
    judge = _JUDGES.get(entity)
    return judge(record_id, values, around) if judge is not None else problems_of_made(entity, values)


def problems_of_made(entity: str, values: Mapping[str, Any]) -> list[Problem]:
    """Return what is wrong with a record that stays as it is made; nothing for other kinds."""
    judge = _MADE_ONCE.get(entity)
    return judge(values) if judge is not None else []


def problems_made(
    entity: str,
    record_id: str,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any],
    around: Around,
) -> list[Problem]:
    """Return what a change makes wrong with a record; `before` is None for one that is made.

    What was wrong before stays so: a field it asks for may have been retired meanwhile.
    """
    found = problems_of_set_up(entity, record_id, after, around)
    if not found or before is None:
        return found
    held = problems_of_set_up(entity, record_id, before, around)
    return [problem for problem in found if problem not in held]


def _of_segment(record_id: str | None, values: Mapping[str, Any], around: Around) -> list[Problem]:
    problems = segments.problems_of_segment(values, around.fields_of if around.knows_derived else None)
    if problems or record_id is None:
        return problems
    asked, seen = [values.get("rules")], set[str]()
    while asked:
        rule = segments.rule_of(asked.pop())
        for segment_id in (segments.segments_in(rule) if rule is not None else frozenset()) - seen:
            if segment_id == record_id:
                said = message(N_("A segment cannot ask who is in itself, at once or by way of others"))
                return [Problem(field="rules", message=said)]
            seen.add(segment_id)
            asked.append(around.value_of("segment", segment_id, "rules"))
    return []


def _of_book(record_id: str | None, values: Mapping[str, Any], around: Around) -> list[Problem]:
    problems = prices.problems_of_book(values)
    if record_id in _above("price_book", values, around):
        said = message(N_("A price book cannot have itself as its parent, at once or by way of others"))
        problems.append(Problem(field="parent_id", message=said))
    return problems


def _of_category(record_id: str | None, values: Mapping[str, Any], around: Around) -> list[Problem]:
    above = _above("ticket_category", values, around)
    if record_id in above:
        said = message(N_("A category cannot be within itself"))
        return [Problem(field="parent_id", message=said)]
    if above and len(above) + _levels_from("ticket_category", record_id, around) > MOST_CATEGORY_LEVELS:
        said = message(N_("Categories go at most {levels} deep"), levels=MOST_CATEGORY_LEVELS)
        return [Problem(field="parent_id", message=said)]
    return []


def _above(entity: str, values: Mapping[str, Any], around: Around) -> list[str]:
    """Return the ids of the records a record is below, the nearest first, each once."""
    above, found = values.get("parent_id"), list[str]()
    while above and above not in found:
        found.append(above)
        above = around.value_of(entity, above, "parent_id")
    return found


def _levels_from(entity: str, record_id: str | None, around: Around) -> int:
    """Return how deep a record and those below it go, itself being one level."""
    below = dict[str | None, list[str]]()
    for row in around.rows_of(entity) if record_id is not None else ():
        below.setdefault(row["parent_id"], []).append(row["id"])
    level, seen, depth = [record_id or ""], set[str](), 0
    while level and not seen.issuperset(level):
        seen.update(level)
        level = [child for each in level for child in below.get(each, ())]
        depth += 1
    return depth


MOST_CATEGORY_LEVELS: Final = 3

_Judge = Callable[[str | None, Mapping[str, Any], Around], list[Problem]]

_JUDGES: Final[Mapping[str, _Judge]] = MappingProxyType(
    {
        "capture_form": lambda _id, values, around: capture.problems_of_form(
            values, capture.askable(around.fields_of(capture.made_by(values)), capture.made_by(values))
        ),
        "article_category": lambda record_id, values, around: articles.problems_of_category(
            record_id, values, around.value_of, around.rows_of
        ),
        "assignment_rule": lambda _id, values, _around: [
            *assignment.problems_of_rule(values),
            *ticket_routing.problems_of_conditions(values.get("rules")),
        ],
        "scoring_rule": lambda _id, values, around: scoring.problems_of_rule(
            values, around.fields_of("lead")
        ),
        "stage_rule": lambda _id, values, around: stage_conditions.problems_of_condition(
            values, around.fields_of("deal")
        ),
        "survey": lambda _id, values, _around: surveys.problems_of_survey(values),
        "feedback_rule": lambda _id, values, _around: feedback.problems_of_terms(values),
        "milestone": lambda _id, values, _around: milestones.problems_of_milestone(values),
        "pool_rule": lambda _id, values, _around: pool.problems_of_rule(values),
        "target": lambda _id, values, _around: targets.problems(values),
        "scenario": lambda _id, values, _around: what_if.problems_of_scenario(values),
        "value_rule": lambda _id, values, _around: customer_value.problems_of_rule(values),
        "campaign": lambda _id, values, _around: campaigns.problems(values),
        "segment": _of_segment,
        "report": lambda _id, values, around: report_check.problems_of_saved(
            values, around.fields_of if around.knows_derived else None
        ),
        "dashboard": lambda _id, values, _around: dashboards.problems_of_dashboard(values),
        "report_schedule": lambda _id, values, _around: report_schedules.problems_of_schedule(values),
        "document_template": lambda _id, values, around: template_kinds.problems_of_template(
            values, around.fields_of
        ),
        "price_book": _of_book,
        "price": lambda _id, values, _around: prices.problems_of_price(values),
        "tax_class": lambda _id, values, _around: tax_classes.problems_of_class(values),
        "exchange_rate": lambda _id, values, _around: prices.problems_of_rate(values),
        "approval_flow": lambda _id, values, around: approval_flows.problems_of_flow(
            values, around.fields_of, request_forms.all_fields(around.rows_of(request_forms.FORM))
        ),
        "request_form": lambda _id, values, _around: request_forms.problems_of_form(values),
        "mandate": lambda _id, values, _around: mandates.problems_of_mandate(values),
        "plan_template": lambda _id, values, _around: plan_parts.problems_of_template(values),
        "instalment": lambda _id, values, _around: payments.problems_of_instalment(values),
        "receipt": lambda _id, values, _around: payments.problems_of_receipt(values),
        "invoice": lambda _id, values, _around: payments.problems_of_invoice(values),
        "absence": lambda _id, values, _around: approval.problems_of_absence(values),
        "work_calendar": lambda _id, values, _around: working_time.problems_of_calendar(values),
        "sla_policy": lambda _id, values, _around: service_levels.problems_of_policy(values),
        "ticket_category": _of_category,
        "barred_sender": lambda _id, values, _around: barring.problems_of_barred(values),
        "macro": lambda _id, values, _around: macros.problems_of_macro(values),
    }
)
_MADE_ONCE: Final[Mapping[str, Callable[[Mapping[str, Any]], list[Problem]]]] = MappingProxyType(
    {
        "outgoing_mail": mailing.problems_of_mail,
        "acceptance": signing.problems_of_link,
        "signature": signing.problems_of_signature,
        "forecast_call": forecast.problems_of_call,
    }
)
SET_UP: Final = frozenset(_JUDGES)
"""Kinds of record that are judged whole: by all that is saved together, not field by field."""
