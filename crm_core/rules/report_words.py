"""What a report measures and is put together by, in words, to be shown in either language."""

from __future__ import annotations

from crm_core.entities import SCHEMAS
from crm_core.i18n import N_, Message, message
from crm_core.rules.condition_words import path_words
from crm_core.rules.reports import (
    OF_TARGETS,
    OVER_LABELS,
    PERIOD_LABELS,
    TAKE_LABELS,
    Days,
    FieldAt,
    Group,
    Measure,
    Number,
    Over,
    Reckoned,
    Sign,
    Take,
    Term,
)
from crm_core.rules.segments import FieldsOf

_TAKES = {
    Take.DISTINCT: N_("Different: {what}"),
    Take.SUM: N_("{what}, added up"),
    Take.AVERAGE: N_("{what}, average"),
    Take.LEAST: N_("{what}, smallest"),
    Take.MOST: N_("{what}, largest"),
}
_SIGNS = {Sign.PLUS: "+", Sign.MINUS: "−", Sign.TIMES: "×", Sign.OVER: "÷"}


def measure_words(measure: Measure, entity: str, fields_of: FieldsOf) -> Message:
    """Return what a measure is called: as somebody named it, else what it counts."""
    if measure.label:
        return Message(measure.label)
    if measure.take is Take.COUNT:
        said = message(N_("How many"))
    elif measure.take is Take.SHARE or measure.take in OF_TARGETS:
        said = Message(TAKE_LABELS[measure.take])
    else:
        what = term_words(measure.of, entity, fields_of) if measure.of is not None else Message("")
        said = Message(_TAKES[measure.take], {"what": what})
    if measure.over is Over.NOTHING:
        return said
    return message(N_("{measure}: {over}"), measure=said, over=Message(OVER_LABELS[measure.over]))


def term_words(term: Term, entity: str, fields_of: FieldsOf) -> Message:
    """Return a term in words."""
    match term:
        case FieldAt(path):
            return path_words(fields_of, entity, path)
        case Number(value):
            return Message(f"{value:f}")
        case Days(first, last):
            return message(
                N_("days from {first} to {last}"),
                first=path_words(fields_of, entity, first) if first else message(N_("today")),
                last=path_words(fields_of, entity, last) if last else message(N_("today")),
            )
        case Reckoned(left, sign, right):
            parts = {"left": _inner(left, entity, fields_of), "right": _inner(right, entity, fields_of)}
            return Message("{left} {sign} {right}", {**parts, "sign": _SIGNS[sign]})


def group_words(group: Group, entity: str, fields_of: FieldsOf) -> Message:
    """Return what records are put together by."""
    if group.field == "id":
        return Message(SCHEMAS[entity].meta.label)
    said = path_words(fields_of, entity, group.field)
    if group.period is None:
        return said
    return message(N_("{field} by {period}"), field=said, period=Message(PERIOD_LABELS[group.period]))


def _inner(term: Term, entity: str, fields_of: FieldsOf) -> Message:
    said = term_words(term, entity, fields_of)
    return Message("({words})", {"words": said}) if isinstance(term, Reckoned) else said
