"""Capture forms and rules of assignment as an administrator speaks of them: by name."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from crm_core.entities import SCHEMAS
from crm_core.entities.assignment import LEAD, TICKET
from crm_core.errors import NotFound, UserError
from crm_core.i18n import N_, Message
from crm_core.ids import is_id
from crm_core.rules import capture as rules
from crm_core.rules import segments
from crm_core.rules.assignment import problems_of_rule
from crm_core.rules.conditions import Condition, parse_condition
from crm_core.rules.segments import AllOf
from crm_core.rules.ticket_routing import ASKED, problems_of_conditions
from crm_core.schema.field import Kind
from sync_server.services import people
from sync_server.services.auth import login_of
from sync_server.services.custom import custom_fields_of
from sync_server.services.headquarters import Headquarters

Values = dict[str, Any]


# Forms


def forms(hq: Headquarters) -> list[Values]:
    """Return every form by name."""
    return sorted((_form(hq, *found) for found in hq.records.all("capture_form")), key=lambda f: f["name"])


def one_form(hq: Headquarters, name: str) -> Values:
    """Return a form with the key of its interface."""
    form_id, values = _found(hq, "capture_form", name)
    shown = _form(hq, form_id, values)
    shown["key"] = rules.key_of_form(bytes.fromhex(hq.settings.secret), str(values["token"]))
    return shown


def add_form(hq: Headquarters, name: str, given: Mapping[str, Any]) -> Values:
    """Add a form, which answers at once, and return it."""
    _demand_new(hq, "capture_form", name)
    makes = rules.made_by(given)
    values = {
        "asked": list(rules.USUAL_BY[makes]),
        "needed": sorted(rules.ALWAYS[makes]),
        **_form_values(hq, given),
    }
    values |= {"name": name.strip(), "token": secrets.token_urlsafe(rules.TOKEN_BYTES), "active": True}
    _demand_sound_form(hq, values)
    hq.records.create("capture_form", {key: value for key, value in values.items() if value is not None})
    return one_form(hq, name)


def change_form(hq: Headquarters, name: str, given: Mapping[str, Any]) -> Values:
    """Change a form, and return it as it is then."""
    form_id, held = _found(hq, "capture_form", name)
    changes = _form_values(hq, given)
    _demand_sound_form(hq, {**held, **changes})
    if changes:
        hq.records.update("capture_form", form_id, changes)
    return one_form(hq, str(changes.get("name") or held["name"]))


def _form_values(hq: Headquarters, given: Mapping[str, Any]) -> Values:
    """Return a form's fields for what was said of it: people and places by name; "" clears."""
    values: Values = {}
    for name, said in given.items():
        if said is None:
            continue
        if name in ("owner", "team", "territory"):
            kind = "user" if name == "owner" else name
            values[f"{name}_id"] = people.find(hq, kind, said)[0] if said else None
        elif name == "category":
            values["category_id"] = _category(hq, said) if said else None
        elif name in ("asked", "needed"):
            values[name] = [field.strip() for field in said.split(",") if field.strip()]
        else:
            values[name] = None if said == "" else said
    return values


def _demand_sound_form(hq: Headquarters, values: Mapping[str, Any]) -> None:
    makes = rules.made_by(values)
    for problem in rules.problems_of_form(values, rules.askable(custom_fields_of(hq.database, makes), makes)):
        raise UserError(problem.message)


def _category(hq: Headquarters, said: str) -> str:
    wanted = login_of(said)
    for category_id, values in hq.records.all("ticket_category"):
        if category_id == said or login_of(values["name"] or "") == wanted:
            return category_id
    raise NotFound(N_("There is no category of tickets called {name}"), name=said)


def _form(hq: Headquarters, form_id: str, values: Mapping[str, Any]) -> Values:
    return {
        "name": values["name"] or "",
        "path": f"/forms/{values['token']}",
        "active": values["active"] is not False,
        "makes": rules.made_by(values),
        "files_most": values["files_most"] or 0,
        "category": hq.records.name_of("ticket_category", values["category_id"]),
        "asked": ",".join(values["asked"] or ()),
        "needed": ",".join(values["needed"] or ()),
        "language": values["language"],
        "source": values["source"],
        "campaign": values["campaign"],
        "owner": hq.records.name_of("user", values["owner_id"]),
        "team": hq.records.name_of("team", values["team_id"]),
        "territory": hq.records.name_of("territory", values["territory_id"]),
        **{name: values[name] for name in _TEXTS},
        "id": form_id,
    }


_TEXTS: Final = (
    "heading",
    "heading_zh",
    "consent",
    "consent_zh",
    "consent_version",
    "thanks",
    "thanks_zh",
    "redirect",
)


# Rules


def lead_rules(hq: Headquarters) -> list[Values]:
    """Return every rule for leads in the order they are asked."""
    return _rules_for(hq, LEAD)


def ticket_rules(hq: Headquarters) -> list[Values]:
    """Return every rule for tickets in the order they are asked."""
    return _rules_for(hq, TICKET)


def _rules_for(hq: Headquarters, applies_to: str) -> list[Values]:
    every = hq.records.all("assignment_rule")
    found = [row for row in every if (row[1]["applies_to"] or LEAD) == applies_to]
    found.sort(key=lambda row: (row[1]["rank"] or 0, row[0]))
    return [_rule(hq, *each) for each in found]


def add_ticket_rule(hq: Headquarters, name: str, given: Mapping[str, Any]) -> Values:
    """Add a rule for tickets, and return it."""
    return add_rule(hq, name, given, TICKET)


def add_rule(hq: Headquarters, name: str, given: Mapping[str, Any], applies_to: str = LEAD) -> Values:
    """Add a rule, and return it."""
    _demand_new(hq, "assignment_rule", name)
    values = _rule_values(hq, given) | {"applies_to": applies_to}
    if values.get("rank") is None:
        values["rank"] = 1 + max(
            (row["rank"] or 0 for _, row in hq.records.all("assignment_rule")), default=0
        )
    _demand_sound_rule(values)
    values |= {"name": name.strip(), "active": True}
    hq.records.create("assignment_rule", {key: value for key, value in values.items() if value is not None})
    return _rule(hq, *_found(hq, "assignment_rule", name))


def change_rule(hq: Headquarters, name: str, given: Mapping[str, Any]) -> Values:
    """Change a rule, and return it as it is then."""
    rule_id, held = _found(hq, "assignment_rule", name)
    changes = _rule_values(hq, given)
    _demand_sound_rule({**held, **changes})
    if changes:
        hq.records.update("assignment_rule", rule_id, changes)
    return _rule(hq, rule_id, hq.records.get("assignment_rule", rule_id))


def _demand_sound_rule(values: Mapping[str, Any]) -> None:
    for problem in (*problems_of_rule(values), *problems_of_conditions(values.get("rules"))):
        raise UserError(problem.message)


def _rule_values(hq: Headquarters, given: Mapping[str, Any]) -> Values:
    values: Values = {}
    for name, said in given.items():
        if said is None or said == ():
            continue
        if name == "people":
            values["people"] = _weighted(hq, said)
        elif name == "regions":
            values["regions"] = [region.strip() for region in said if region.strip()]
        elif name == "conditions":
            values["rules"] = _conditions(hq, said)
        elif name == "most_open":
            values[name] = said or None
        elif name in ("team", "territory"):
            values[f"{name}_id"] = people.find(hq, name, said)[0] if said else None
        elif name == "product":
            values["product_id"] = _product(hq, said) if said else None
        else:
            values[name] = None if said == "" else said
    return values


def _weighted(hq: Headquarters, said: Sequence[str]) -> list[list[Any]]:
    """Return the people of `NAME` or `NAME:WEIGHT`, each once."""
    weights: dict[str, int] = {}
    for each in said:
        name, _, weight = each.rpartition(":") if each.rpartition(":")[2].isdecimal() else (each, "", "1")
        weights[people.find(hq, "user", name)[0]] = int(weight)
    return [[user_id, weight] for user_id, weight in weights.items()]


def _product(hq: Headquarters, said: str) -> str:
    for field in ("code", "name"):
        found = hq.records.find("product", field, said.strip())
        if found:
            return found[0][0]
    raise NotFound(N_("There is no product called {name}"), name=said)


def _conditions(hq: Headquarters, said: Sequence[str]) -> dict[str, Any] | None:
    """Return the conditions of tickets as a rule keeps them; of links by id or by name."""
    found = []
    for text in filter(str.strip, said):
        condition = parse_condition(_TYPED, text)
        field = ASKED.get(condition.field)
        if field is not None and field.target and isinstance(condition.value, str):
            condition = replace(condition, value=_linked(hq, field.target, condition.value))
        found.append(condition)
    return segments.plain_rule(AllOf(tuple(found))) if found else None


_TYPED: Final = {
    name: replace(field, kind=Kind.TEXT, target=None) if field.kind is Kind.REF else field
    for name, field in ASKED.items()
}
"""What a rule may ask of a ticket, links as the names they are typed by."""


def _linked(hq: Headquarters, kind: str, said: str) -> str:
    if is_id(said):
        return said
    if kind == "product":
        return _product(hq, said)
    found = hq.records.find(kind, SCHEMAS[kind].meta.title, said.strip())
    if not found:
        kind_words = Message(SCHEMAS[kind].meta.label)
        raise NotFound(N_("There is no {kind} called {name}"), kind=kind_words, name=said)
    return str(found[0][0])


def _where(hq: Headquarters, stored: Any) -> str:
    rule = segments.rule_of(stored) if stored else None
    said = []
    for each in segments.leaves(rule) if rule is not None else ():
        if isinstance(each, Condition):
            field = ASKED.get(each.field)
            value = "" if each.value is None else str(each.value)
            if field is not None and field.target and value:
                value = hq.records.name_of(field.target, value) or value
            said.append(f"{each.field} {each.op.value} {value}".rstrip())
    return "; ".join(said)


def _rule(hq: Headquarters, rule_id: str, values: Mapping[str, Any]) -> Values:
    names = people.names_of_users(hq)
    named = [
        names.get(str(user_id), "") + (f":{weight}" if weight != 1 else "")
        for user_id, weight in values["people"] or ()
    ]
    return {
        "order": values["rank"],
        "name": values["name"] or "",
        "active": values["active"] is not False,
        "how": values["way"],
        "people": ", ".join(named),
        "team": hq.records.name_of("team", values["team_id"]),
        "territory": hq.records.name_of("territory", values["territory_id"]),
        "regions": ", ".join(values["regions"] or ()),
        "product": hq.records.name_of("product", values["product_id"]),
        "source": values["source"],
        "employees_from": values["employees_from"],
        "employees_to": values["employees_to"],
        "answer_hours": values["answer_hours"],
        "where": _where(hq, values["rules"]),
        "skilled": bool(values["skilled"]),
        "in_territory": bool(values["in_territory"]),
        "most": values["most_open"],
        "id": rule_id,
    }


def _found(hq: Headquarters, entity: str, name: str) -> tuple[str, Values]:
    wanted = name.strip()
    for record_id, values in hq.records.all(entity):
        if record_id == wanted or login_of(values["name"] or "") == login_of(wanted):
            return record_id, values
    told = {
        "capture_form": N_("There is no form called {name}; see “crm-server form list”"),
        "assignment_rule": N_("There is no rule called {name}; see “crm-server lead-rule list”"),
    }
    raise NotFound(told[entity], name=name)


def _demand_new(hq: Headquarters, entity: str, name: str) -> None:
    if any(login_of(values["name"] or "") == login_of(name) for _, values in hq.records.all(entity)):
        raise UserError(N_("There is already one called {name}"), name=name)
