"""Rules of segments as text, as on the command line::

    level in A, B and (city = 上海 or not tags = VIP)
    last_contact not since today-90
    count(activity where kind = visit and happened_at >= this-quarter) >= 3
    sum(deal.amount where stage_id.kind = won and close_date = this-year) > 100000 CNY

A value in double quotes may hold anything: `name ~ "Salt and Pepper"`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Final

from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.ids import is_id
from crm_core.money import parse_money
from crm_core.rules.conditions import WITHOUT_VALUE, Condition, Op, Value, condition_of
from crm_core.rules.segments import (
    CUSTOMER,
    IN_SEGMENT,
    MOST_PARTS,
    TOO_LARGE,
    AllOf,
    AnyOf,
    FieldsOf,
    Not,
    Related,
    Rule,
    asks_of_segments,
    bare,
    field_at,
    is_too_large,
    ways_to,
)
from crm_core.schema.field import Field, Kind
from crm_core.schema.values import DEFAULT_CURRENCY, instant_text

_TOKEN: Final = re.compile(
    r'\s*(?:(?P<quoted>"(?:[^"\\]|\\.)*")|(?P<sign>[()])|(?P<op>!=|<=|>=|[=<>~])'
    r'|(?P<word>[^\s()"=<>!~]+|!))'
)
_PLAIN: Final = re.compile(r'[^\s()"=<>!~\\]+(?: [^\s()"=<>!~\\]+)*\Z')
_JOINS: Final = frozenset(("and", "or", "not", "where", "as"))


def parse_rule(
    text: str, fields_of: FieldsOf, segments: Mapping[str, str] | None = None, entity: str = CUSTOMER
) -> Rule:
    """Return the rule on records of `entity` written as text. `UserError` where it is none, or too large.

    `segments` are ids of segments by name, lower case.
    """
    reader = _Reader(text, fields_of, segments or {}, entity)
    rule = reader.any_of()
    reader.demand_end()
    if is_too_large(rule):
        raise UserError(TOO_LARGE)
    return rule


def rule_text(rule: Rule, fields_of: FieldsOf, entity: str = CUSTOMER) -> str:
    """Return a rule as text that `parse_rule` reads back."""
    rule = bare(rule)
    match rule:
        case AllOf(parts) if parts:
            return " and ".join(_inner(part, fields_of, entity) for part in parts)
        case AnyOf(parts) if parts:
            return " or ".join(_inner(part, fields_of, entity) for part in parts)
        case AllOf():
            return "everybody"
        case AnyOf():
            return "nobody"
        case Not(part):
            return f"not {_inner(part, fields_of, entity)}"
        case Related():
            return _related_text(rule, fields_of)
        case _:
            return _condition_text(rule, field_at(fields_of, entity, rule.field))


def _inner(part: Rule, fields_of: FieldsOf, entity: str) -> str:
    part = bare(part)
    text = rule_text(part, fields_of, entity)
    joined = isinstance(part, AllOf | AnyOf) and part.parts
    return f"({text})" if joined else text


def _related_text(rule: Related, fields_of: FieldsOf) -> str:
    named = f"sum({rule.entity}.{rule.total}" if rule.total else f"count({rule.entity}"
    if rule.conditions:
        parts = (
            _condition_text(each, field_at(fields_of, rule.entity, each.field)) for each in rule.conditions
        )
        named += f" where {' and '.join(parts)}"
    return f"{named}) {rule.op.value} {_value_text(rule.value, None)}"


def _condition_text(condition: Condition, field: Field | None) -> str:
    if condition.op in WITHOUT_VALUE:
        return f"{condition.field} {condition.op.value}"
    return f"{condition.field} {condition.op.value} {_value_text(condition.value, field)}"


def _value_text(value: Value, field: Field | None) -> str:
    match value:
        case None:
            return '""'
        case bool():
            return "true" if value else "false"
        case tuple():
            return _quoted(", ".join(str(part) for part in value))
        case Decimal():
            return f"{value:f}"
        case int() if field is not None and field.kind is Kind.INSTANT:
            return instant_text(value)
        case _:
            return _quoted(str(value))


def _quoted(text: str) -> str:
    words = text.lower().split(" ")
    if _PLAIN.match(text) and _JOINS.isdisjoint(words):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


class _Reader:
    """Reads a rule token by token."""

    def __init__(self, text: str, fields_of: FieldsOf, segments: Mapping[str, str], entity: str) -> None:
        self._text, self._fields_of, self._segments = text, fields_of, segments
        self._entity = entity
        self._tokens = self._cut(text)
        self._at, self._depth = 0, 0

    def any_of(self) -> Rule:
        """Read parts joined by `or`."""
        parts = [self._all_of()]
        while self._take("or"):
            parts.append(self._all_of())
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def demand_end(self) -> None:
        """Refuse what follows the rule."""
        if self._at < len(self._tokens):
            raise self._unread()

    def _all_of(self) -> Rule:
        parts = [self._part()]
        while self._take("and"):
            parts.append(self._part())
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def _part(self) -> Rule:
        if self._take("not"):
            with self._deeper():
                return Not(self._part())
        if self._take("("):
            with self._deeper():
                rule = self.any_of()
            self._demand(")")
            return rule
        if self._follows(1, "(") and self._follows(0, "count", "sum"):
            return self._related()
        for word, always in (("everybody", AllOf()), ("nobody", AnyOf())):
            if self._follows(0, word) and self._ends(1) and self._take(word):
                return always
        return self._condition(self._entity)

    @contextmanager
    def _deeper(self) -> Iterator[None]:
        self._depth += 1
        if self._depth > MOST_PARTS:
            raise UserError(TOO_LARGE)
        yield
        self._depth -= 1

    def _related(self) -> Related:
        sums = self._next() == "sum"
        self._demand("(")
        entity, _, total = self._next().partition(".")
        if entity not in ways_to(self._entity) or sums is not bool(total):
            raise UserError(
                N_("“{text}” is nothing that belongs to it, such as count(activity) or sum(deal.amount)"),
                text=f"{entity}.{total}" if total else entity,
            )
        conditions = []
        if self._take("where"):
            conditions.append(self._condition(entity))
            while self._take("and"):
                conditions.append(self._condition(entity))
        self._demand(")")
        op = self._op()
        value = self._words()
        field = self._fields_of(entity).get(total) if total else None
        if sums and field is None:
            raise UserError(N_("There is no field called “{field}”"), field=total)
        return Related(
            entity=entity, total=total, conditions=tuple(conditions), op=op, value=_compared(field, value)
        )

    def _condition(self, entity: str) -> Condition:
        name = self._next()
        op = self._op()
        value = "" if op in WITHOUT_VALUE else self._words()
        if name == IN_SEGMENT.name and entity == self._entity and asks_of_segments(entity):
            return Condition(field=name, op=op, value=self._segment(value))
        return condition_of(name, field_at(self._fields_of, entity, name), op, value)

    def _segment(self, value: str) -> str:
        known = self._segments.get(value.casefold())
        if known is None and not is_id(value.lower()):
            raise UserError(N_("There is no segment called “{name}”"), name=value)
        return known or value.lower()

    def _op(self) -> Op:
        word = self._next()
        if word == "not" and self._take("since"):
            return Op.NOT_SINCE
        try:
            return Op(word)
        except ValueError:
            raise self._unread() from None

    def _words(self) -> str:
        """Return the value that stands here: as quoted, or the words up to the next join or bracket."""
        if self._at < len(self._tokens) and self._tokens[self._at].startswith('"'):
            return re.sub(r"\\(.)", r"\1", self._next()[1:-1])
        words = []
        while self._at < len(self._tokens) and not self._ends(0):
            words.append(self._next())
        if not words:
            raise self._unread()
        return " ".join(words)

    def _ends(self, ahead: int) -> bool:
        place = self._at + ahead
        return place >= len(self._tokens) or self._tokens[place].lower() in ("and", "or", ")")

    def _follows(self, ahead: int, *wanted: str) -> bool:
        place = self._at + ahead
        return place < len(self._tokens) and self._tokens[place].lower() in wanted

    def _take(self, wanted: str) -> bool:
        if not self._follows(0, wanted):
            return False
        self._at += 1
        return True

    def _demand(self, wanted: str) -> None:
        if not self._take(wanted):
            raise self._unread()

    def _next(self) -> str:
        if self._at >= len(self._tokens):
            raise self._unread()
        self._at += 1
        return self._tokens[self._at - 1]

    def _cut(self, text: str) -> Sequence[str]:
        tokens, at = [], 0
        text = text.strip()
        while at < len(text):
            found = _TOKEN.match(text, at)
            if found is None:
                raise UserError(N_("“{text}” cannot be read here"), text=text[at:])
            tokens.append(found[0].strip())
            at = found.end()
        return tokens

    def _unread(self) -> UserError:
        rest = " ".join(self._tokens[max(0, self._at - 1) :]) or self._text
        return UserError(N_("“{text}” cannot be read as a rule such as level = A and city = 上海"), text=rest)


def _compared(field: Field | None, text: str) -> Value:
    if field is not None and field.kind is Kind.MONEY:
        return parse_money(text, field.unit or DEFAULT_CURRENCY)
    try:
        return int(text.replace(",", ""))
    except ValueError:
        raise UserError(N_("“{text}” is not a whole number"), text=text) from None
