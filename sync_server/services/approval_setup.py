"""Approval flows and discount mandates as an administrator speaks of them: by name."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any, Final

from crm_core.entities import SCHEMAS
from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.rules import approval, approval_flows, request_forms, segments
from crm_core.rules.approval_text import parse_step, step_text
from crm_core.rules.conditions import parse_condition
from crm_core.rules.segments import AllOf
from crm_core.schema.values import parse_assignments, to_json
from sync_server.services import people
from sync_server.services.custom import custom_fields_of
from sync_server.services.declaring import around_hq
from sync_server.services.headquarters import Headquarters

FLOW: Final = SCHEMAS["approval_flow"]
MANDATE: Final = SCHEMAS["mandate"]

Values = dict[str, Any]


def flows(hq: Headquarters) -> list[Values]:
    """Return every flow, in the order they are asked, its steps as text."""
    found = sorted(hq.records.all(FLOW.name), key=lambda each: (each[1]["rank"] or 0, each[0]))
    return [_shown(hq, flow_id, values) for flow_id, values in found]


def set_flow(
    hq: Headquarters,
    name: str,
    *,
    entity: str | None,
    where: Sequence[str],
    steps: Sequence[str],
    rank: int | None,
    mandate_suffices: bool | None,
    active: bool | None,
) -> Values:
    """Change a flow, or make it where there is none of the name, and return it. What is None stays."""
    held = next(iter(hq.records.find(FLOW.name, "name", name.strip())), None)
    kind = entity or (held[1]["record_entity"] if held else None) or approval_flows.QUOTE
    if kind not in SCHEMAS:
        raise UserError(N_("There is no kind of record called “{name}”"), name=kind)
    given: Values = {
        "record_entity": entity,
        "rank": rank,
        "mandate_suffices": mandate_suffices,
        "active": active,
        "rules": _rule(hq, kind, where) if where else None,
        "steps": [approval.plain_step(parse_step(text, _find(hq))) for text in steps] or None,
    }
    values = {key: value for key, value in given.items() if value is not None}
    if held is None:
        flow_id = hq.records.create(FLOW.name, {"name": name.strip(), "record_entity": kind, **values})
    else:
        flow_id = held[0]
        hq.records.update(FLOW.name, flow_id, values)
    return _shown(hq, flow_id, hq.records.get(FLOW.name, flow_id))


def remove_flow(hq: Headquarters, name: str) -> None:
    """Remove a flow; what was asked by it goes on by it."""
    flow_id, _ = people.find(hq, FLOW.name, name)
    hq.records.delete(FLOW.name, flow_id)


def mandates(hq: Headquarters) -> list[Values]:
    """Return every mandate, the one that ends first first."""
    found = sorted(hq.records.all(MANDATE.name), key=lambda each: each[1]["valid_until"] or "")
    return [_mandate(hq, mandate_id, values) for mandate_id, values in found]


def set_mandate(hq: Headquarters, name: str, given: Mapping[str, str]) -> Values:
    """Change a mandate, or make it where there is none of the name; HQ signs it anew. Returns it.

    `given` is text by field; `user` and `role` are named.
    """
    said = dict(given)
    links: Values = {}
    for kind in ("user", "role"):
        if kind in said:
            named = said.pop(kind)
            links[f"{kind}_id"] = people.find(hq, kind, named)[0] if named else None
    values = {**parse_assignments(MANDATE, said), **links}
    held = next(iter(hq.records.find(MANDATE.name, "name", name.strip())), None)
    if held is None:
        mandate_id = hq.records.create(MANDATE.name, {"name": name.strip(), **values})
    else:
        mandate_id = held[0]
        hq.records.update(MANDATE.name, mandate_id, values)
    return _mandate(hq, mandate_id, hq.records.get(MANDATE.name, mandate_id))


def end_mandate(hq: Headquarters, name: str, today: datetime.date) -> Values:
    """End a mandate with the day before `today`: what is sent from now on cannot rely on it."""
    mandate_id, held = people.find(hq, MANDATE.name, name)
    last = (today - datetime.timedelta(days=1)).isoformat()
    changes: Values = {"valid_until": last}
    if (held["valid_from"] or "") > last:
        changes["valid_from"] = last
    hq.records.update(MANDATE.name, mandate_id, changes)
    return _mandate(hq, mandate_id, hq.records.get(MANDATE.name, mandate_id))


def _rule(hq: Headquarters, entity: str, where: Sequence[str]) -> Values:
    declared = {**SCHEMAS[entity].fields, **custom_fields_of(hq.database, entity)}
    with hq.database.read() as snapshot:
        forms = list(around_hq(snapshot.connection).rows_of(request_forms.FORM))
    fields = approval_flows.asked_fields(entity, declared, request_forms.all_fields(forms))
    return segments.plain_rule(AllOf(tuple(parse_condition(fields, text) for text in where)))


def _find(hq: Headquarters) -> Any:
    return lambda kind, name: people.find(hq, kind, name)[0]


def _shown(hq: Headquarters, flow_id: str, values: Mapping[str, Any]) -> Values:
    def called(kind: str, record_id: str) -> str:
        return hq.records.name_of(kind, record_id) or record_id

    return {
        "name": values["name"] or "",
        "for": values["record_entity"],
        "rank": values["rank"] or 0,
        "rules": values["rules"],
        "steps": [step_text(step, called) for step in approval.steps_of(values["steps"])],
        "mandate_suffices": values["mandate_suffices"] is not False,
        "active": values["active"] is not False,
        "id": flow_id,
    }


def _mandate(hq: Headquarters, mandate_id: str, values: Mapping[str, Any]) -> Values:
    shown = to_json(MANDATE, mandate_id, values)
    for kind in ("user", "role"):
        linked = values[f"{kind}_id"]
        shown[kind] = hq.records.name_of(kind, linked) if linked else None
    shown["signed"] = bool((values["signed"] or {}).get("signature"))
    return shown
