"""What is counted of a record in SQL, as whole numbers: exact on every engine.

A term is a whole number of 10**-scale: an amount of minor units has scale 0, a decimal six. Quotients keep
six decimals, the rest is cut off. Added or taken away, what is empty is nothing; times or over it there is no
value. Two terms add up only where they are of one unit; amounts only within their
currency, and an amount times an amount means nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, Numeric, and_, case, cast, func, literal, null, type_coerce
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from crm_core.errors import UserError
from crm_core.i18n import N_, Message
from crm_core.reporting.moments import day_of
from crm_core.reporting.source import Linked
from crm_core.rules.reports import MOST_DIGITS, PLACES, Days, FieldAt, Number, Reckoned, Sign, Term, Unit
from crm_core.schema.field import Field, Kind

DECIMALS: Final = frozenset((Kind.DECIMAL, Kind.PERCENT))
SUMMED: Final = DECIMALS | {Kind.INTEGER, Kind.MONEY}
DAYS: Final = frozenset((Kind.DATE, Kind.INSTANT))


class _Exact(FunctionElement[int]):
    """Whole numbers reckoned with beyond eight bytes, in SQL of PostgreSQL and of SQLite.

    PostgreSQL would refuse what eight bytes do not hold, so it reckons with its longer numbers. SQLite would
    go on with a rounded one, so no more than the result has to fit; where it does not, what comes out is no
    whole number, and whoever reads it says so (`crm_core.reporting.counting`). Operands are written once.
    """

    inherit_cache = True
    type = BigInteger()
    postgres, sqlite = "", ""


class Cut(_Exact):
    """A whole number over another; what remains is cut off."""

    name = "cut"
    inherit_cache = True
    postgres = "div(x, y)"
    sqlite = "x / y"


class _Times(_Exact):
    """A whole number times another, over a third; what remains is cut off."""

    name = "times"
    inherit_cache = True
    postgres = "div(x * y, z)"
    sqlite = "(x / z) * (y / z) * z + (x / z) * (y % z) + (x % z) * (y / z) + (x % z) * (y % z) / z"


class _Over(_Exact):
    """A whole number times two others, over a last one; what remains is cut off."""

    name = "over"
    inherit_cache = True
    postgres = "div(x * z * w, y)"
    sqlite = "x / y * z * w + (x % y) * z / y * w + (x % y) * z % y * w / y"


@compiles(_Exact)
def _exact(element: Any, compiler: Any, **how: Any) -> str:
    return _selected(element, element.postgres, "CAST({} AS NUMERIC)", compiler, how)


@compiles(_Exact, "sqlite")
def _exact_here(element: Any, compiler: Any, **how: Any) -> str:
    return _selected(element, element.sqlite, "{}", compiler, how)


def _selected(element: _Exact, formula: str, operand: str, compiler: Any, how: Mapping[str, Any]) -> str:
    said = [operand.format(f"({compiler.process(each, **how)})") for each in element.clauses]
    named = ", ".join(f"{each} AS {name}" for each, name in zip(said, "xyzw", strict=False))
    return f"(SELECT {formula} FROM (SELECT {named}) AS operands)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A term in SQL. `currency` is where the currency of an amount is kept: a path, or the one currency all
    amounts of a field are in, after a colon."""

    value: ColumnElement[Any]
    scale: int
    unit: Unit
    currency: str = ""


def currency_at(path: str, field: Field) -> str:
    """Return where the currency of the amounts at a path is kept: a path, or itself after a colon."""
    if field.unit or not field.currency:
        return f":{field.unit}"
    links, dot, _ = path.rpartition(".")
    return f"{links}{dot}{field.currency}"


def counted(term: Term, linked: Linked, zone: str) -> Counted:
    """Return a term in SQL. `UserError` where it means nothing."""
    match term:
        case FieldAt(path):
            return _field(path, linked)
        case Number(value):
            exponent = value.as_tuple().exponent
            scale = max(0, -exponent) if isinstance(exponent, int) else PLACES + 1
            if scale > PLACES:
                raise UserError(N_("A number in a report has no more than {places} decimals"), places=PLACES)
            if abs(value) >= 10**MOST_DIGITS:
                raise UserError(
                    N_("A number in a report has no more than {digits} digits"), digits=MOST_DIGITS
                )
            return Counted(value=_literal(int(value.scaleb(scale))), scale=scale, unit=Unit.NUMBER)
        case Days(first, last):
            days: list[ColumnElement[Any]] = []
            for path in (first, last):
                if not path:
                    days.append(_literal(linked.today.toordinal()))
                    continue
                field = linked.field(path)
                if field.kind not in DAYS:
                    raise UserError(
                        N_("The field “{field}” has no days to put together"), field=Message(field.label)
                    )
                days.append(day_of(linked.value(path), field, zone))
            return Counted(value=days[1] - days[0], scale=0, unit=Unit.DAYS)
        case Reckoned(left, sign, right):
            return _joined(counted(left, linked, zone), sign, counted(right, linked, zone))


def _field(path: str, linked: Linked) -> Counted:
    field = linked.field(path)
    value = linked.value(path)
    if field.kind not in SUMMED:
        raise UserError(N_("The field “{field}” cannot be added up"), field=Message(field.label))
    if field.kind is Kind.MONEY:
        whole = type_coerce(value, BigInteger)
        return Counted(value=whole, scale=0, unit=Unit.MONEY, currency=currency_at(path, field))
    if field.kind is Kind.INTEGER:
        return Counted(value=type_coerce(value, BigInteger), scale=0, unit=Unit.NUMBER)
    scaled = func.round(cast(func.nullif(value, ""), Numeric) * 10**PLACES)
    return Counted(value=cast(scaled, BigInteger), scale=PLACES, unit=Unit.NUMBER)


def _joined(left: Counted, sign: Sign, right: Counted) -> Counted:
    money = [each for each in (left, right) if each.unit is Unit.MONEY]
    if sign in (Sign.PLUS, Sign.MINUS):
        if len(money) == 1 or (money and left.currency != right.currency):
            raise UserError(N_("Amounts are added to amounts in their own currency alone"))
        scale = max(left.scale, right.scale)
        first, second = (_scaled(each, scale - each.scale) for each in (left, right))
        one, other = func.coalesce(first, 0), func.coalesce(second, 0)
        value: ColumnElement[Any] = case(
            (and_(first.is_(None), second.is_(None)), null()),
            else_=one + other if sign is Sign.PLUS else one - other,
        )
        return Counted(value=value, scale=scale, unit=_unit(left, right), currency=left.currency)
    if sign is Sign.TIMES:
        if len(money) == 2:
            raise UserError(N_("An amount times an amount means nothing"))
        scale = left.scale + right.scale
        cut = max(0, scale - PLACES)
        value = _Times(left.value, right.value, _literal(10**cut))
        product = Counted(value=value, scale=scale - cut, unit=Unit.NUMBER)
        return _of_money(product, money)
    if right.unit is Unit.MONEY and (left.unit is not Unit.MONEY or left.currency != right.currency):
        raise UserError(N_("An amount divides amounts in its own currency alone"))
    power = PLACES + right.scale - left.scale
    step = min(power, PLACES)
    steps = (_literal(10**step), _literal(10 ** (power - step)))
    value = _Over(left.value, func.nullif(right.value, 0), *steps)
    ratio = Counted(value=value, scale=PLACES, unit=Unit.NUMBER)
    return ratio if len(money) == 2 else _of_money(ratio, money)


def _of_money(made: Counted, money: list[Counted]) -> Counted:
    if not money:
        return made
    return Counted(value=made.value, scale=made.scale, unit=Unit.MONEY, currency=money[0].currency)


def _unit(left: Counted, right: Counted) -> Unit:
    return left.unit if left.unit is right.unit else Unit.NUMBER


def _scaled(term: Counted, power: int) -> ColumnElement[Any]:
    return term.value if not power else _Times(term.value, _literal(10**power), _literal(1))


def _literal(value: int) -> ColumnElement[Any]:
    return literal(value, BigInteger)


def exactly(value: Fraction) -> Decimal:
    """Return a number to the decimals a report keeps, halves away from zero."""
    scaled = abs(value) * 10**PLACES
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Decimal(whole if value >= 0 else -whole).scaleb(-PLACES)
