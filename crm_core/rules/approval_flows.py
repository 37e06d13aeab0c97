"""Which flow a record goes through, what of it is approved, and what an offer is to those who look at it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from crm_core.entities import SCHEMAS
from crm_core.errors import Problem, UserError
from crm_core.i18n import N_, message
from crm_core.money import round_half_up
from crm_core.rules import approval, clauses, quote_sums, request_forms, segments
from crm_core.rules.approval import Step
from crm_core.rules.conditions import Condition, demand_fitting
from crm_core.rules.holding import holds
from crm_core.rules.mandates import Mandate, Offer, OfferLine
from crm_core.rules.relative_days import RelativeDay
from crm_core.rules.segments import AllOf, Rule
from crm_core.schema.field import Field, FieldClass, Kind

QUOTE: Final = "quote"
CONTRACT: Final = "contract"
BELOW_LIST: Final = Field(
    no=0,
    name="below_list",
    label=N_("Below list price, %"),
    kind=Kind.PERCENT,
    field_class=FieldClass.MONEY,
    computed=True,
    read_only=True,
    in_form=False,
)
"""What flows for quotes may ask besides the quote's own fields: how far it is below list price in all."""
MOST_BELOW_LIST: Final = Field(
    no=0,
    name="most_below_list",
    label=N_("One line below list price, %"),
    kind=Kind.PERCENT,
    field_class=FieldClass.MONEY,
    computed=True,
    read_only=True,
    in_form=False,
)
"""The same of the line that is farthest below."""
_OF_KIND: Final[Mapping[str, Mapping[str, Field]]] = MappingProxyType(
    {QUOTE: {each.name: each for each in (BELOW_LIST, MOST_BELOW_LIST)}, CONTRACT: clauses.FIELDS}
)
_UNASKED: Final = frozenset((Kind.JSON, Kind.POSITION))

APPROVED: Final[Mapping[str, tuple[tuple[str, ...], Mapping[str, tuple[str, ...]]]]] = MappingProxyType(
    {
        QUOTE: (
            ("customer_id", "currency", "discount_percent", "discount_amount", "tax_included"),
            {
                "quote_line": (
                    "product_id",
                    "quantity",
                    "unit_price",
                    "discount_percent",
                    "tax_rate",
                    "optional",
                    "alternatives",
                    "chosen_at",
                )
            },
        ),
        CONTRACT: (
            (
                *("customer_id", "currency", "discount_percent", "discount_amount", "tax_included", "terms"),
                *("terms_en", "starts_on", "ends_on", "notice_days", "renewal", "renewal_months"),
            ),
            {
                "contract_line": (
                    *("product_id", "description", "quantity", "unit_price", "discount_percent"),
                    "tax_rate",
                ),
                "contract_clause": ("title", "title_en", "body", "body_en"),
            },
        ),
        request_forms.REQUEST: (("form_id", "form", "answers", "customer_id"), {}),
    }
)
"""What is approved of a kind of record: its own fields, and those of the records that belong to it. Of other
kinds it is all that somebody types, but for communication."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """One flow in use."""

    id: str
    name: str
    entity: str
    rule: Rule
    steps: tuple[Step, ...]
    mandate_suffices: bool = True


def flows_of(rows: Iterable[Mapping[str, Any]]) -> tuple[Flow, ...]:
    """Return the flows in use, of the rows of flows that live, in the order they are asked.

    One that a newer program wrote and this cannot read is left out; HQ says what counts.
    """
    found = []
    for row in sorted(rows, key=lambda each: (each["rank"] or 0, each["id"])):
        rule = segments.rule_of(row["rules"]) if row["rules"] else AllOf()
        if row["active"] is False or rule is None:
            continue
        try:
            steps = approval.steps_of(row["steps"])
        except (ValueError, TypeError, KeyError):
            continue
        found.append(
            Flow(
                id=row["id"],
                name=row["name"] or "",
                entity=row["record_entity"] or "",
                rule=rule,
                steps=steps,
                mandate_suffices=row["mandate_suffices"] is not False,
            )
        )
    return tuple(found)


def flow_for(
    flows: Iterable[Flow],
    entity: str,
    values: Mapping[str, Any],
    fields: Mapping[str, Field],
    only: str | None = None,
) -> Flow | None:
    """Return the first flow a record fulfils; None where nobody is to be asked.

    `values` and `fields` as `asked_values` and `asked_fields` give them. `only`: no other flow than this,
    as the form of a service request names it.
    """
    meant = (flow for flow in flows if flow.entity == entity and only in (None, flow.id))
    return next((flow for flow in meant if holds(flow.rule, values, fields)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """That somebody is to be asked: by which flow (None: none says so, a limit does), in which steps."""

    flow: Flow | None
    steps: tuple[Step, ...]


def needed(
    flow: Flow | None, offer: Offer | None, relied_on: Sequence[Mandate], *, is_limited: bool
) -> Needed | None:
    """Return who is to be asked about a record; None: nobody.

    `relied_on` are the mandates that cover the offer. `is_limited`: this HQ gives discount mandates, so
    whoever has none may give no discount by himself.
    """
    if flow is not None and not (relied_on and flow.mandate_suffices):
        return Needed(flow=flow, steps=flow.steps)
    if is_limited and not relied_on and offer is not None and offer.is_discounted:
        return Needed(flow=None, steps=approval.STANDARD_STEPS)
    return None


def asked_fields(
    entity: str, fields: Mapping[str, Field], questions: Mapping[str, Field] = MappingProxyType({})
) -> dict[str, Field]:
    """Return what a flow for a kind of record may ask of, by name.

    `questions` of service requests: those of the form it was asked by, or of every form there is.
    """
    found = {name: field for name, field in fields.items() if field.kind not in _UNASKED}
    return {**found, **_OF_KIND.get(entity, {}), **(questions if entity == request_forms.REQUEST else {})}


def asked_values(
    values: Mapping[str, Any], offer: Offer | None, of_clauses: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return a record's values as flows look at them, `custom` ones by their full names.

    `of_clauses` of a contract, as `clauses.facts` has them.
    """
    custom = {f"x:{key}": value for key, value in (values.get("custom") or {}).items()}
    answers = values.get("answers")
    if isinstance(answers, Mapping):
        custom |= request_forms.answers_as_values(answers)
    found = {**values, **custom, **(of_clauses or {})}
    if offer is not None:
        found[BELOW_LIST.name] = str(offer.below_list)
        found[MOST_BELOW_LIST.name] = str(offer.most_below_list)
        found["total"] = offer.total_minor
    return found


def offer_of(
    quote: Mapping[str, Any],
    lines: Sequence[Mapping[str, Any]],
    families: Mapping[str, str | None],
    due: Callable[[str, Decimal, str], int | None],
) -> Offer | None:
    """Return what a quote offers; None where its lines cannot be added up.

    `families` by product. `due(product, quantity, tax rate)` is the unit price a line would have
    (`price_list.PriceList.due`), None where it has none or it does not count: who types a lower one is below
    list as much as who gives a discount.
    """
    currency = quote.get("currency")
    if not currency:
        return None
    try:
        whole = quote_sums.totals_of(quote, [(line["id"], line) for line in lines])
    except UserError:
        return None
    found = []
    for line, total in zip(lines, whole.lines, strict=True):
        product_id = line.get("product_id") or ""
        quantity = Decimal(line.get("quantity") or 0)
        if not total.counts or quantity <= 0:
            continue
        listed = total.list_minor
        unit_price = due(product_id, quantity, line.get("tax_rate") or "0") if product_id else None
        if unit_price:
            listed = max(listed, round_half_up(unit_price * quantity))
        found.append(
            OfferLine(
                family=families.get(product_id),
                list_minor=listed,
                net_minor=total.net_minor - total.allowance_minor,
            )
        )
    return Offer(lines=tuple(found), total_minor=whole.total_minor, currency=currency)


def digest_of(
    entity: str, values: Mapping[str, Any], children: Mapping[str, Sequence[Mapping[str, Any]]]
) -> str:
    """Return the hash of what is approved of a record; another one means that something was changed.

    `children` are the living records that belong to it, by kind, each with its `id`.
    """
    own: tuple[str, ...]
    below: Mapping[str, tuple[str, ...]]
    if entity in APPROVED:
        own, below = APPROVED[entity]
    else:
        below = {}
        own = tuple(
            field.name
            for field in SCHEMAS[entity].written()
            if not (field.read_only or field.by_hq or field.field_class is FieldClass.COMMS)
            and field.name not in _not_approved(entity)
        )
    said = {
        "values": [[name, values.get(name) or None] for name in own],
        "below": [
            [kind, row["id"], *(row.get(name) or None for name in names)]
            for kind, names in below.items()
            for row in sorted(children.get(kind, ()), key=lambda each: each["id"])
        ],
    }
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _not_approved(entity: str) -> frozenset[str]:
    """Return the fields of a kind of record that say whose it is and where it stands."""
    schema = SCHEMAS[entity]
    machine = schema.meta.machine
    stepped = {machine.field, *machine.named_fields()} if machine is not None else set()
    return frozenset(stepped | {field.name for field in schema.scope_fields} | {"number"})


def kinds_below(entity: str) -> tuple[str, ...]:
    """Return the kinds of record that belong to one and are approved with it."""
    return tuple(APPROVED[entity][1]) if entity in APPROVED else ()


def problems_of_flow(
    values: Mapping[str, Any],
    fields_of: segments.FieldsOf,
    questions: Mapping[str, Field] = MappingProxyType({}),
) -> list[Problem]:
    """Return what is wrong with a flow's record as it would be saved; `questions` of all request forms."""
    entity = values.get("record_entity") or ""
    if entity not in SCHEMAS or SCHEMAS[entity].meta.reference:
        told = message(N_("There is no kind of record called “{name}”"), name=entity)
        return [Problem(field="record_entity", message=told)]
    problems = []
    try:
        steps = approval.steps_of(values.get("steps"))
    except (ValueError, TypeError, KeyError):
        told = message(N_("Say who is to approve, in 1 to {most} steps"), most=approval.MOST_STEPS)
        problems.append(Problem(field="steps", message=told))
    else:
        problems += _problems_of_steps(entity, steps)
    if values.get("rules"):
        asked = asked_fields(entity, fields_of(entity), questions)
        problems += _problems_of_rule(segments.rule_of(values["rules"]), asked)
    return problems


def _problems_of_steps(entity: str, steps: Sequence[Step]) -> list[Problem]:
    approved = frozenset(APPROVED[entity][0]) if entity in APPROVED else frozenset()
    fields = SCHEMAS[entity].fields
    for step in steps:
        lacks = (step.who is approval.Who.NAMED and not step.users) or (
            step.who is approval.Who.ROLE and not step.role
        )
        if lacks:
            return [Problem(field="steps", message=message(N_("Name the people or the role of each step")))]
        for name in step.changes:
            found = fields.get(name)
            if found is None or found.read_only or found.by_hq or found.scope or found.parent:
                told = message(N_("There is no field called “{field}”"), field=name)
                return [Problem(field="steps", message=told)]
            if name in approved:
                told = message(N_("What is approved cannot be changed while it is approved"))
                return [Problem(field="steps", message=told)]
    return []


def _problems_of_rule(rule: Rule | None, fields: Mapping[str, Field]) -> list[Problem]:
    if rule is None:
        return [Problem(field="rules", message=message(N_("These rules cannot be read")))]
    for leaf in segments.leaves(rule):
        field = fields.get(leaf.field) if isinstance(leaf, Condition) else None
        if field is None or not isinstance(leaf, Condition):
            name = leaf.field if isinstance(leaf, Condition) else leaf.entity
            told = message(N_("There is no field called “{field}”"), field=name)
            return [Problem(field="rules", message=told)]
        if isinstance(leaf.value, RelativeDay):
            told = message(N_("A flow asks for a day itself, not for one as of today"))
            return [Problem(field="rules", message=told)]
        try:
            demand_fitting(field, leaf)
        except UserError as error:
            return [Problem(field="rules", message=error.message)]
    return []
