"""What a quote comes to: one function, the same answer on the laptop and at HQ.

Every amount is a whole number of minor units. A line's net is rounded half up, then never rounded
again; the tax of a rate is taken from the sum of that rate's lines and rounded half up once, so that
"net x rate = tax" can be checked by hand on the printed quote (as EN 16931, rule BR-CO-17, has it).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, localcontext
from functools import lru_cache

import msgspec

from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.money import MAX_MINOR, Money, allocate, round_half_up

ROUNDING = N_("Amounts are rounded half up per line, taxes half up per rate")

_HUNDRED = Decimal(100)
_MOST_QUANTITY = Decimal(10**9)
_MOST_DECIMALS = 12
# Wide enough for quantity x price x discount x rate at their limits without one inexact step.
_EXACT = Context(prec=120)


class QuoteLineValues(msgspec.Struct, frozen=True, kw_only=True):
    """What one line's amount follows from.

    Percentages run from 0 to 100. An optional line has an amount of its own and no part in the totals.
    A negative quantity or price is a line that gives back.
    """

    quantity: Decimal
    unit_price: Money
    discount_percent: Decimal = Decimal(0)
    tax_rate: Decimal = Decimal(0)
    optional: bool = False
    group: str = ""
    """Key of the group it stands in; '' outside of all."""
    alternatives: str = ""
    """Key that lines share of which the customer takes one; '' for a line that stands by itself."""
    chosen: tuple[int, str] = (0, "")
    """When it was chosen among its alternatives, and its id: of those with one key the greatest counts."""


class LineTotal(msgspec.Struct, frozen=True, kw_only=True):
    """One line: before its discount, after it, and its part of the whole-quote allowance (minor units)."""

    list_minor: int
    net_minor: int
    allowance_minor: int
    optional: bool
    counts: bool
    """Whether it has a part in the totals: it is not optional, and no alternative is chosen in its place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupTotal:
    """What the lines of one group that count come to, before the whole-quote allowance (minor units)."""

    key: str
    list_minor: int
    subtotal_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxTotal:
    """The tax of one rate, in minor units; `base_minor` is what it is taken from, without the tax."""

    rate: Decimal
    base_minor: int
    tax_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """A quote's amounts in minor units of its currency.

    `lines` in the order given, `groups` in the order of their first lines, `taxes` highest rate first.
    net + tax = total, always. The groups' subtotals add up to the subtotal. Prices without tax:
    net = subtotal - allowance. Prices with tax: total = subtotal - allowance.
    """

    currency: str
    lines: tuple[LineTotal, ...]
    groups: tuple[GroupTotal, ...]
    list_minor: int
    subtotal_minor: int
    allowance_minor: int
    net_minor: int
    taxes: tuple[TaxTotal, ...]
    total_minor: int
    tax_included: bool

    @property
    def tax_minor(self) -> int:
        """All rates' taxes."""
        return self.total_minor - self.net_minor

    @property
    def total(self) -> Money:
        """What the customer pays."""
        return Money(self.total_minor, self.currency)

    @property
    def discount_percent(self) -> Decimal:
        """How far below list price the quote is, line discounts and allowance together, to a hundredth."""
        if self.list_minor <= 0:
            return Decimal("0.00")
        given = self.list_minor - self.subtotal_minor + self.allowance_minor
        return Decimal(round_half_up(Decimal(given) * 10_000 / self.list_minor)).scaleb(-2)


def totals(
    lines: Sequence[QuoteLineValues],
    *,
    currency: str,
    allowance_percent: Decimal = Decimal(0),
    allowance_minor: int = 0,
    tax_included: bool = False,
) -> Totals:
    """Return what the lines come to, less the allowance on the whole quote, with taxes per rate.

    The allowance is a percentage of the subtotal, an amount, or both added up: two laptops may each
    have set one. It is spread over the lines in proportion, so each rate bears its share; the order of
    the lines changes no total. With `tax_included` prices are what the customer pays and the tax is
    taken out of them. Raises `UserError` for values no quote may hold.
    """
    _check(lines, currency, allowance_percent, allowance_minor)
    with localcontext(_EXACT):
        amounts = [_amounts(line) for line in lines]
        listed = [_kept(at_list) for at_list, _ in amounts]
        nets = [net for _, net in amounts]
        counted = _counted(lines)
        subtotal = sum(nets[index] for index in counted)
        allowance = round_half_up(max(subtotal, 0) * allowance_percent / _HUNDRED) + allowance_minor
        if allowance > max(subtotal, 0):
            raise UserError(N_("The allowance is larger than the subtotal"))
        shares = _spread(allowance, counted, lines, nets)
        taxable: dict[Decimal, int] = {}
        for i in counted:
            rate = lines[i].tax_rate
            taxable[rate] = taxable.get(rate, 0) + nets[i] - shares[i]
        taxes = tuple(_tax(rate, taxable[rate], tax_included) for rate in sorted(taxable, reverse=True))
    tax = sum(each.tax_minor for each in taxes)
    net = sum(each.base_minor for each in taxes)
    having_a_part = frozenset(counted)
    return Totals(
        currency=currency,
        lines=tuple(
            LineTotal(
                list_minor=listed[index],
                net_minor=nets[index],
                allowance_minor=shares[index],
                optional=line.optional,
                counts=index in having_a_part,
            )
            for index, line in enumerate(lines)
        ),
        groups=_groups(lines, counted, listed, nets),
        list_minor=_kept(sum(listed[index] for index in counted)),
        subtotal_minor=_kept(subtotal),
        allowance_minor=allowance,
        net_minor=net,
        taxes=taxes,
        total_minor=_kept(net + tax),
        tax_included=tax_included,
    )


def _counted(lines: Sequence[QuoteLineValues]) -> list[int]:
    """Return where the lines stand that have a part in the totals."""
    taken: dict[str, tuple[int, str]] = {}
    for line in lines:
        if line.alternatives:
            taken[line.alternatives] = max(line.chosen, taken.get(line.alternatives, line.chosen))
    return [
        index
        for index, line in enumerate(lines)
        if not line.optional and (not line.alternatives or line.chosen == taken[line.alternatives])
    ]


def _groups(
    lines: Sequence[QuoteLineValues], counted: Sequence[int], listed: Sequence[int], nets: Sequence[int]
) -> tuple[GroupTotal, ...]:
    sums = {line.group: (0, 0) for line in lines}
    for index in counted:
        at_list, net = sums[lines[index].group]
        sums[lines[index].group] = (at_list + listed[index], net + nets[index])
    return tuple(
        GroupTotal(key=key, list_minor=_kept(at_list), subtotal_minor=_kept(net))
        for key, (at_list, net) in sums.items()
    )


def _amounts(line: QuoteLineValues) -> tuple[int, int]:
    """Return the line's amount before and after its discount, each rounded half up.

    Most quantities and percentages are whole; whole numbers take a third of the time of decimals.
    """
    minor, pieces, percent = line.unit_price.minor, int(line.quantity), int(line.discount_percent)
    are_whole = pieces == line.quantity
    at_list = minor * pieces if are_whole else round_half_up(minor * line.quantity)
    if not line.discount_percent:
        return at_list, at_list
    if are_whole and percent == line.discount_percent:
        return at_list, _hundredth(at_list * (100 - percent))
    left = _HUNDRED - line.discount_percent
    return at_list, round_half_up(minor * line.quantity * left / _HUNDRED)


def _hundredth(amount: int) -> int:
    """Return a hundredth of an amount, rounded half up away from zero."""
    size = (abs(amount) + 50) // 100
    return size if amount >= 0 else -size


def _spread(
    allowance: int, counted: Sequence[int], lines: Sequence[QuoteLineValues], nets: Sequence[int]
) -> list[int]:
    """Return each line's part of the allowance; optional lines and lines that give back bear none."""
    if not allowance:
        return [0] * len(nets)
    # Sorted by what the line is and not by where it stands: a left-over minor unit goes to the same
    # rate however the lines are moved about.
    order = sorted(counted, key=lambda index: (lines[index].tax_rate, nets[index]), reverse=True)
    parts = allocate(allowance, [max(nets[index], 0) for index in order])
    shares = [0] * len(nets)
    for index, part in zip(order, parts, strict=True):
        shares[index] = part
    return shares


def _tax(rate: Decimal, amount_minor: int, tax_included: bool) -> TaxTotal:
    """Return the tax of one rate on the sum of its lines."""
    if tax_included:
        tax = round_half_up(amount_minor * rate / (_HUNDRED + rate))
        return TaxTotal(rate=rate, base_minor=amount_minor - tax, tax_minor=tax)
    tax = round_half_up(amount_minor * rate / _HUNDRED)
    return TaxTotal(rate=rate, base_minor=amount_minor, tax_minor=tax)


def _check(
    lines: Sequence[QuoteLineValues], currency: str, allowance_percent: Decimal, allowance_minor: int
) -> None:
    for line in lines:
        if line.unit_price.currency != currency:
            raise UserError(
                N_("A line is priced in {line_currency}, the quote in {currency}"),
                line_currency=line.unit_price.currency,
                currency=currency,
            )
        if not _is_exact(line.quantity) or abs(line.quantity) > _MOST_QUANTITY:
            raise UserError(N_("{quantity} is not a quantity a quote can hold"), quantity=line.quantity)
        _kept(line.unit_price.minor)
        if not _is_percent(line.discount_percent):
            percent = line.discount_percent
            raise UserError(N_("A discount is between 0 and 100 %, not {percent}"), percent=percent)
        if not _is_percent(line.tax_rate):
            raise UserError(N_("A tax rate is between 0 and 100 %, not {percent}"), percent=line.tax_rate)
    if allowance_minor < 0:
        raise UserError(N_("An allowance is not negative"))
    if not _is_percent(allowance_percent):
        raise UserError(N_("An allowance is between 0 and 100 %, not {percent}"), percent=allowance_percent)


def _is_exact(value: Decimal) -> bool:
    """Tell whether it is a number, of so few decimals that products of it stay exact."""
    return value.is_finite() and _has_few_decimals(value)


# A quote's quantities and percentages are few, and each key that counts asks for all of them.
@lru_cache(maxsize=4096)
def _has_few_decimals(value: Decimal) -> bool:
    exponent = value.as_tuple().exponent
    return isinstance(exponent, int) and -_MOST_DECIMALS <= exponent <= _MOST_DECIMALS


def _is_percent(value: Decimal) -> bool:
    return value.is_finite() and _is_within_percent(value)


@lru_cache(maxsize=1024)
def _is_within_percent(value: Decimal) -> bool:
    return _has_few_decimals(value) and 0 <= value <= _HUNDRED


def _kept(minor: int) -> int:
    if abs(minor) > MAX_MINOR:
        raise UserError(N_("The quote holds an amount larger than the program keeps"))
    return minor
