"""Pipelines, their stages and what these ask for, as an administrator speaks of them: by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from crm_core.entities import SCHEMAS
from crm_core.entities.activity import ACTIVITY_KINDS
from crm_core.entities.selling_setup import OPERATORS
from crm_core.errors import NotFound, UserError
from crm_core.i18n import N_
from crm_core.rules import pipeline, stage_conditions
from crm_core.rules.pipeline import StageRow
from crm_core.schema.field import Choice, Field
from crm_core.schema.values import parse_text, to_json
from sync_server.services.auth import login_of
from sync_server.services.custom import custom_fields_of
from sync_server.services.headquarters import Headquarters
from sync_server.services.hq import Edit, EditKind
from sync_server.services.people import find

Values = dict[str, Any]
ANY_ACTIVITY: Final = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a condition asks for; exactly one of the first five is given."""

    filled: str | None = None
    compares: str | None = None
    """Written as `amount>=10000`."""
    activity: str | None = None
    """A kind of activity, or `any`."""
    quote_sent: bool = False
    milestone: str | None = None
    days: int | None = None


# Pipelines


def pipelines(hq: Headquarters) -> list[Values]:
    """Return every pipeline in its order, with the names of its stages."""
    return [
        {**to_json(SCHEMAS["pipeline"], each, values), "stages": [row.name for row in _stages(hq, each)]}
        for each, values in _in_order(hq.records.all("pipeline"))
    ]


def add_pipeline(hq: Headquarters, name: str, neglect_days: int | None) -> Values:
    """Add a pipeline behind the others, with an end for won and for lost deals; return it."""
    _demand_new(name, (values["name"] for _, values in hq.records.all("pipeline")))
    edit = Edit(
        kind=EditKind.CREATE,
        entity="pipeline",
        values={
            "name": name.strip(),
            "rank": _next_rank(values for _, values in hq.records.all("pipeline")),
            "active": True,
            "neglect_days": neglect_days,
        },
    )
    ends = (("Won", 100, pipeline.WON, "good"), ("Lost", 0, pipeline.LOST, "bad"))
    hq.records.write_all(
        [
            edit,
            *(
                Edit(
                    kind=EditKind.CREATE,
                    entity="stage",
                    values={
                        "pipeline_id": edit.record_id,
                        "name": label,
                        "rank": _END_RANK + place,
                        "probability": chance,
                        "kind": kind,
                        "color": color,
                    },
                )
                for place, (label, chance, kind, color) in enumerate(ends)
            ),
        ]
    )
    return _pipeline(hq, edit.record_id)


def change_pipeline(hq: Headquarters, name: str, values: Mapping[str, Any]) -> Values:
    """Change a pipeline, and return it."""
    pipeline_id, held = find(hq, "pipeline", name)
    if "name" in values:
        others = (v["name"] for each, v in hq.records.all("pipeline") if each != pipeline_id)
        _demand_new(values["name"], others)
    if values.get("active") is False and held["active"] is not False:
        in_use = [each for each, v in hq.records.all("pipeline") if v["active"] is not False]
        if in_use == [pipeline_id]:
            raise UserError(N_("This is the last pipeline in use; make another one first"))
    if values:
        hq.records.update("pipeline", pipeline_id, values)
    return _pipeline(hq, pipeline_id)


def order_pipelines(hq: Headquarters, names: Sequence[str]) -> list[Values]:
    """Put pipelines first in the order named, the others behind them as they were; return all."""
    _reorder(
        hq,
        "pipeline",
        [find(hq, "pipeline", name)[0] for name in names],
        _in_order(hq.records.all("pipeline")),
    )
    return pipelines(hq)


def _pipeline(hq: Headquarters, pipeline_id: str) -> Values:
    return next(each for each in pipelines(hq) if each["id"] == pipeline_id)


# Stages


def stages(hq: Headquarters, of_pipeline: str) -> list[Values]:
    """Return the stages of a pipeline in their order, with how many deals are in each."""
    pipeline_id, _ = find(hq, "pipeline", of_pipeline)
    shown = []
    for row in _stages(hq, pipeline_id):
        values = hq.records.get("stage", row.id)
        deals = len(hq.records.find("deal", "stage_id", row.id))
        shown.append({**to_json(SCHEMAS["stage"], row.id, values), "deals": deals})
    return shown


def add_stage(hq: Headquarters, of_pipeline: str, name: str, values: Mapping[str, Any]) -> list[Values]:
    """Add a stage behind the last open one, and return the pipeline's stages."""
    pipeline_id, _ = find(hq, "pipeline", of_pipeline)
    rows = _stages(hq, pipeline_id)
    _demand_new(name, (row.name for row in rows))
    kind = values.get("kind") or pipeline.OPEN
    stage_id = hq.records.create("stage", {**values, "pipeline_id": pipeline_id, "name": name.strip()})
    ahead = [row.id for row in rows if kind != pipeline.OPEN or row.kind == pipeline.OPEN]
    _reorder(hq, "stage", [*ahead, stage_id], [(row.id, {"rank": row.rank}) for row in rows])
    return stages(hq, of_pipeline)


def change_stage(hq: Headquarters, of_pipeline: str, name: str, values: Mapping[str, Any]) -> Values:
    """Change a stage, and return it."""
    row = find_stage(hq, of_pipeline, name)
    rows = _stages(hq, row.pipeline_id)
    if "name" in values:
        _demand_new(values["name"], (each.name for each in rows if each.id != row.id))
    if values.get("retired") and not any(
        each.kind == row.kind and not each.retired and each.id != row.id for each in rows
    ):
        raise UserError(N_("A pipeline keeps one stage of each kind: open, won and lost"))
    if values:
        hq.records.update("stage", row.id, values)
    return next(each for each in stages(hq, of_pipeline) if each["id"] == row.id)


def order_stages(hq: Headquarters, of_pipeline: str, names: Sequence[str]) -> list[Values]:
    """Put stages first in the order named, the others behind them as they were; return all."""
    wanted = [find_stage(hq, of_pipeline, name).id for name in names]
    rows = _stages(hq, find(hq, "pipeline", of_pipeline)[0])
    _reorder(hq, "stage", wanted, [(row.id, {"rank": row.rank}) for row in rows])
    return stages(hq, of_pipeline)


def find_stage(hq: Headquarters, of_pipeline: str, name: str) -> StageRow:
    """Return the stage of a pipeline called `name`, or with that id. Raises `NotFound`."""
    rows = _stages(hq, find(hq, "pipeline", of_pipeline)[0])
    found = [row for row in rows if row.id == name or login_of(row.name) == login_of(name)]
    if not found:
        raise NotFound(N_("The pipeline has no stage called {name}; see “crm-server stage list”"), name=name)
    return found[0]


def _stages(hq: Headquarters, pipeline_id: str) -> list[StageRow]:
    rows = _in_order(hq.records.find("stage", "pipeline_id", pipeline_id))
    return [pipeline.stage_row(each, values) for each, values in rows]


# Conditions


def conditions(hq: Headquarters, of_pipeline: str) -> list[Values]:
    """Return what the stages of a pipeline ask for, in their order; `id` empty where nobody set it up."""
    shown = []
    fields = _deal_fields(hq)
    for row in _stages(hq, find(hq, "pipeline", of_pipeline)[0]):
        for each in _conditions_of(hq, row):
            own = each.own_words
            said = own.show() if own is not None else stage_conditions.sentence(each, fields).show()
            shown.append(
                {
                    "id": "" if each.id.startswith("standard:") else each.id,
                    "stage": row.name,
                    "moment": each.moment,
                    "kind": each.kind,
                    "asks": said,
                }
            )
    return shown


def add_condition(
    hq: Headquarters, of_pipeline: str, stage: str, moment: str, asked: Asked, words: Mapping[str, str | None]
) -> Values:
    """Add a condition to a stage, and return it. Raises `UserError` for one nobody could meet."""
    row = find_stage(hq, of_pipeline, stage)
    values = {**_condition_values(hq, asked), **words, "stage_id": row.id, "moment": moment, "active": True}
    rule_id = hq.records.create("stage_rule", values)
    return next(each for each in conditions(hq, of_pipeline) if each["id"] == rule_id)


def remove_condition(hq: Headquarters, rule_id: str) -> None:
    """Remove a condition."""
    hq.records.delete("stage_rule", rule_id)


def lift_standard(hq: Headquarters, of_pipeline: str, stage: str, field: str) -> list[Values]:
    """Have an end of a pipeline not ask for a field it asks for by itself; return what is still asked."""
    row = find_stage(hq, of_pipeline, stage)
    if field not in {each.field for each in stage_conditions.standard_conditions(row)}:
        raise UserError(N_("This stage does not ask for “{field}” by itself"), field=field)
    values = {"stage_id": row.id, "moment": stage_conditions.ENTRY, "field": field, "active": False}
    hq.records.create("stage_rule", values)
    return conditions(hq, of_pipeline)


def _conditions_of(hq: Headquarters, row: StageRow) -> Sequence[stage_conditions.Condition]:
    names = {each: values["name"] or "" for each, values in hq.records.all("milestone", deleted=None)}
    rules = hq.records.find("stage_rule", "stage_id", row.id)
    return stage_conditions.conditions_of(
        row, [(each, values, names.get(values["milestone_id"] or "", "")) for each, values in rules]
    )


def _condition_values(hq: Headquarters, asked: Asked) -> Values:
    given = (asked.filled, asked.compares, asked.activity, asked.quote_sent or None, asked.milestone)
    if sum(each is not None for each in given) != 1:
        raise UserError(N_("Say one of --filled, --compares, --activity, --quote-sent and --milestone"))
    if asked.filled is not None:
        return {"kind": stage_conditions.FILLED, "field": _deal_field(hq, asked.filled).name}
    if asked.compares is not None:
        return _comparison(hq, asked.compares)
    if asked.activity is not None:
        kind = None if asked.activity == ANY_ACTIVITY else _one_of(asked.activity, ACTIVITY_KINDS)
        return {"kind": stage_conditions.ACTIVITY, "activity_kind": kind, "days": asked.days}
    if asked.milestone is not None:
        return {
            "kind": stage_conditions.MILESTONE,
            "milestone_id": find(hq, "milestone", asked.milestone)[0],
        }
    return {"kind": stage_conditions.QUOTE}


def _comparison(hq: Headquarters, text: str) -> Values:
    # The longer operators first: `>=` begins with `>`.
    for operator in sorted((each.value for each in OPERATORS), key=len, reverse=True):
        name, found, value = text.partition(operator)
        if found:
            field = _deal_field(hq, name.strip())
            parse_text(field, value.strip())  # says what is wrong with it
            return {
                "kind": stage_conditions.COMPARES,
                "field": field.name,
                "operator": operator,
                "value": value.strip(),
            }
    raise UserError(N_("“{text}” is not written as amount>=10000"), text=text)


def _deal_field(hq: Headquarters, name: str) -> Field:
    fields = _deal_fields(hq)
    if name not in fields:
        raise UserError(N_("Deals have no field called “{field}”"), field=name)
    return fields[name]


def _deal_fields(hq: Headquarters) -> dict[str, Field]:
    return {**SCHEMAS["deal"].fields, **custom_fields_of(hq.database, "deal")}


# Milestones


def milestones(hq: Headquarters) -> list[Values]:
    """Return every milestone in its order, with the names of its stage and product."""
    return [
        {
            **to_json(SCHEMAS["milestone"], each, values),
            "stage": hq.records.name_of("stage", values["stage_id"]),
            "product": hq.records.name_of("product", values["product_id"]),
        }
        for each, values in _in_order(hq.records.all("milestone"))
    ]


def add_milestone(
    hq: Headquarters,
    name: str,
    *,
    of_pipeline: str | None,
    stage: str | None,
    product: str | None,
    values: Mapping[str, Any],
) -> Values:
    """Add a milestone of every deal that reaches a stage or is about a product; return it."""
    if (stage is None) == (product is None):
        raise UserError(N_("Say the stage or the product it belongs to"))
    if stage is not None and of_pipeline is None:
        raise UserError(N_("Say the pipeline of the stage"))
    made: Values = {**values, "name": name.strip(), "active": True}
    made["rank"] = _next_rank(held for _, held in hq.records.all("milestone"))
    if stage is not None and of_pipeline is not None:
        made["stage_id"] = find_stage(hq, of_pipeline, stage).id
    else:
        made["product_id"] = find(hq, "product", product or "")[0]
    milestone_id = hq.records.create("milestone", made)
    return next(each for each in milestones(hq) if each["id"] == milestone_id)


def change_milestone(hq: Headquarters, name: str, values: Mapping[str, Any]) -> Values:
    """Change a milestone, and return it."""
    milestone_id, _ = find(hq, "milestone", name)
    if values:
        hq.records.update("milestone", milestone_id, values)
    return next(each for each in milestones(hq) if each["id"] == milestone_id)


# Order and names

_END_RANK: Final = 1000  # room for open stages before the ends of a new pipeline


def _in_order(rows: Iterable[tuple[str, Values]]) -> list[tuple[str, Values]]:
    return sorted(rows, key=lambda row: (row[1]["rank"] or 0, row[0]))


def _next_rank(rows: Iterable[Values]) -> int:
    return max((values["rank"] or 0 for values in rows), default=0) + 1


def _reorder(
    hq: Headquarters, entity: str, first: Sequence[str], rows: Iterable[tuple[str, Mapping[str, Any]]]
) -> None:
    held = {each: values["rank"] for each, values in rows}
    order = [*dict.fromkeys(first), *(each for each in held if each not in first)]
    hq.records.write_all(
        [
            Edit(kind=EditKind.UPDATE, entity=entity, record_id=each, values={"rank": place})
            for place, each in enumerate(order, start=1)
            if held.get(each) != place
        ]
    )


def _demand_new(name: str, held: Iterable[str | None]) -> None:
    if any(login_of(each or "") == login_of(name) for each in held):
        raise UserError(N_("There is already one called {name}"), name=name)


def _one_of(word: str, choices: Iterable[Choice]) -> str:
    allowed = [each.value for each in choices]
    if word not in allowed:
        raise UserError(N_("“{text}” is none of {allowed}"), text=word, allowed=", ".join(allowed))
    return word
