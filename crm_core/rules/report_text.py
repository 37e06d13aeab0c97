"""Groups and measures of reports as text, as on the command line and in the builder::

    close_date by month            customer_id.territory_id
    count                          count where stage_id.kind = won
    sum(amount)                    average(days(engaged_on, close_date))
    sum(amount * probability / 100) as running
    share where stage_id.kind = won
    distinct(customer_id)

Nothing of it is run: it becomes the values of `crm_core.rules.reports`, whose fields are looked up by name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.rules.report_form import DEEPEST_TERM
from crm_core.rules.reports import (
    Days,
    FieldAt,
    Group,
    Measure,
    Number,
    Over,
    Period,
    Reckoned,
    Sign,
    Sort,
    Take,
    Term,
)
from crm_core.rules.segment_text import parse_rule, rule_text
from crm_core.rules.segments import FieldsOf

TODAY: Final = "today"
_TOKEN: Final = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<name>[A-Za-z_][\w:.]*)|(?P<sign>[-+*/×÷−(),]))"
)
_SIGNS: Final = {"×": "*", "÷": "/", "−": "-"}
_WHOLE: Final = re.compile(
    r"\s*(?P<take>[a-z]+)\s*(?:\((?P<term>.*?)\))?\s*(?:where\s+(?P<rule>.+?))?(?:\s+as\s+(?P<over>[a-z_]+))?\s*\Z",
    re.DOTALL,
)
_OVERS: Final[Mapping[str, Over]] = {each.value: each for each in Over if each.value}
_BINDING: Final = {Sign.PLUS: 1, Sign.MINUS: 1, Sign.TIMES: 2, Sign.OVER: 2}


def parse_group(text: str) -> Group:
    """Return the group written as `FIELD` or `FIELD by PERIOD`."""
    field, by, period = (part.strip() for part in text.partition(" by "))
    if not field:
        raise UserError(N_("Say a field, such as close_date by month"))
    try:
        return Group(field=field, period=Period(period) if by else None)
    except ValueError:
        raise UserError(
            N_("“{text}” is no period: {periods}"), text=period, periods=", ".join(Period)
        ) from None


def group_text(group: Group) -> str:
    """Return a group as text that `parse_group` reads back."""
    return group.field if group.period is None else f"{group.field} by {group.period.value}"


def parse_measure(
    text: str, entity: str, fields_of: FieldsOf, segments: Mapping[str, str] | None = None
) -> Measure:
    """Return the measure written as text. `UserError` where it is none."""
    found = _WHOLE.match(text)
    try:
        take = Take(found["take"]) if found is not None else None
    except ValueError:
        take = None
    if found is None or take is None or (found["over"] and found["over"] not in _OVERS):
        raise UserError(
            N_("“{text}” is not a measure such as sum(amount) or count where stage_id.kind = won"), text=text
        )
    return Measure(
        take=take,
        of=parse_term(found["term"]) if found["term"] else None,
        only=parse_rule(found["rule"], fields_of, segments, entity) if found["rule"] else None,
        over=_OVERS.get(found["over"] or "", Over.NOTHING),
    )


def measure_text(measure: Measure, entity: str, fields_of: FieldsOf) -> str:
    """Return a measure as text that `parse_measure` reads back."""
    said = measure.take.value
    if measure.of is not None:
        said += f"({term_text(measure.of)})"
    if measure.only is not None:
        said += f" where {rule_text(measure.only, fields_of, entity)}"
    return f"{said} as {measure.over.value}" if measure.over is not Over.NOTHING else said


def parse_sort(text: str) -> Sort:
    """Return the order written as `measure 1` or `-group 2`, a minus meaning descending."""
    found = re.match(r"\s*(?P<down>-?)(?P<what>measure|group)\s*(?P<place>\d+)\s*\Z", text)
    if found is None or not int(found["place"]):
        raise UserError(N_("“{text}” is not an order such as -measure 1 or group 1"), text=text)
    return Sort(
        place=int(found["place"]) - 1, by_measure=found["what"] == "measure", descending=bool(found["down"])
    )


def sort_text(sort: Sort) -> str:
    """Return an order as text that `parse_sort` reads back."""
    return f"{'-' if sort.descending else ''}{'measure' if sort.by_measure else 'group'} {sort.place + 1}"


def parse_term(text: str) -> Term:
    """Return the term written as text: fields, numbers, + - * /, brackets, `days(FIELD, FIELD or today)`.

    `UserError` where it is none, or has more parts in each other than a report keeps.
    """
    reader = _Reader(text)
    term = reader.sum(0)
    reader.demand_end()
    if _depth(term) > DEEPEST_TERM:
        raise _too_long(text)
    return term


def term_text(term: Term) -> str:
    """Return a term as text that `parse_term` reads back."""
    match term:
        case FieldAt(path):
            return path
        case Number(value):
            return f"{value:f}"
        case Days(first, last):
            return f"days({first or TODAY}, {last or TODAY})"
        case Reckoned(left, sign, right):
            own = _BINDING[sign]
            return f"{_inner(left, own)} {sign.value} {_inner(right, own + 1)}"


def _depth(term: Term) -> int:
    return 1 + max(_depth(term.left), _depth(term.right)) if isinstance(term, Reckoned) else 0


def _too_long(text: str) -> UserError:
    return UserError(
        N_("“{text}” has too many parts to be counted"), text=text if len(text) <= 80 else f"{text[:79]}…"
    )


def _inner(term: Term, binding: int) -> str:
    text = term_text(term)
    return f"({text})" if isinstance(term, Reckoned) and _BINDING[term.sign] < binding else text


class _Reader:
    """Reads a term token by token."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0
        self._signs = 0
        self._tokens: list[str] = []
        place = 0
        while place < len(text.rstrip()):
            found = _TOKEN.match(text, place)
            if found is None:
                raise self._unread()
            token = found[0].strip()
            self._tokens.append(_SIGNS.get(token, token))
            place = found.end()

    def sum(self, depth: int) -> Term:
        """Read terms joined by + and -."""
        term = self._product(depth)
        while self._next() in ("+", "-"):
            sign = self._sign()
            term = Reckoned(term, sign, self._product(depth))
        return term

    def demand_end(self) -> None:
        """Refuse what follows."""
        if self._next():
            raise self._unread()

    def _product(self, depth: int) -> Term:
        term = self._part(depth)
        while self._next() in ("*", "/"):
            sign = self._sign()
            term = Reckoned(term, sign, self._part(depth))
        return term

    def _part(self, depth: int) -> Term:
        token = self._take()
        if depth > DEEPEST_TERM:
            raise self._unread()
        if token == "(":
            term = self.sum(depth + 1)
            self._demand(")")
            return term
        if token == "days" and self._next() == "(":
            self._demand("(")
            first = self._day()
            self._demand(",")
            last = self._day()
            self._demand(")")
            return Days(first, last)
        if token == "-" and self._next()[:1].isdigit():
            return Number(-Decimal(self._take()))
        if token[:1].isdigit():
            return Number(Decimal(token))
        if not token or not (token[0].isalpha() or token[0] == "_"):
            raise self._unread()
        return FieldAt(token)

    def _sign(self) -> Sign:
        self._signs += 1
        if self._signs >= 2**DEEPEST_TERM:  # more of them than any term has that is kept
            raise _too_long(self._text)
        return Sign(self._take())

    def _day(self) -> str:
        token = self._take()
        if not token or not token[0].isalpha():
            raise self._unread()
        return "" if token == TODAY else token

    def _next(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self) -> str:
        token = self._next()
        self._at += 1
        return token

    def _demand(self, wanted: str) -> None:
        if self._take() != wanted:
            raise self._unread()

    def _unread(self) -> UserError:
        return UserError(
            N_("“{text}” cannot be read as something to count, such as amount / 100"), text=self._text
        )
