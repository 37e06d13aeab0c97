"""Values and texts of a chart as its reader sees them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from crm_core.charts.chart import Form, Number, Text, Unit
from crm_core.i18n import Message, Translate, message, untranslated
from crm_core.rules.figures import percent, quantity

_THOUSANDS_FROM = 10_000
"""Largest value, in whole units, from which a chart counts in thousands."""
_SMALL = 10
"""Thousands below this are written with a decimal."""
NOTHING = "—"


@dataclass(frozen=True, slots=True)
class Words:
    """One reader's language."""

    translate: Translate = untranslated
    language: str = "en"
    """Of names that lists of codes bring in both."""

    def show(self, text: Text) -> str:
        """Return a message in the language, a plain text as it stands: on one line."""
        # Some faces cannot be measured with a line or paragraph separator in the text.
        return " ".join((text if isinstance(text, str) else text.show(self.translate)).split())

    def tr(self, text: str, /, **places: object) -> str:
        """Return an English source text in the language, its `{places}` filled."""
        return Message(text, places).show(self.translate)

    def number(self, value: Number | None, form: Form) -> str:
        """Return a value as a chart writes it; a dash for none."""
        if value is None:
            return NOTHING
        match form.unit:
            case Unit.PERCENT:
                return percent(_rounded(value, form.decimals or 0))
            case Unit.DAYS:
                return message("{days} d", days=quantity(_rounded(value, form.decimals or 0))).show(
                    self.translate
                )
            case Unit.MINUTES:
                return self._duration(value)
            case _:
                return quantity(_written(value, form))

    def _duration(self, value: Number) -> str:
        minutes = int(_rounded(value, 0))
        if abs(minutes) < 60:
            said = message("{minutes} min", minutes=minutes)
        elif abs(minutes) < 24 * 60:
            hours, rest = divmod(abs(minutes), 60)
            said = message(
                "{hours} h {minutes}", hours=hours if minutes > 0 else -hours, minutes=f"{rest:02}"
            )
        else:
            said = message("{days} d", days=quantity(_rounded(Decimal(minutes) / (24 * 60), 1)))
        return said.show(self.translate)


def share_of(part: Number, whole: Number) -> str:
    """Return a part in hundredths of a whole that is not nothing, e.g. `38 %`."""
    return percent(_rounded(Decimal(part) / Decimal(whole) * 100, 0))


def counts_in_thousands(values: Iterable[Number]) -> bool:
    """Say whether amounts are better read in thousands."""
    return any(abs(Decimal(value)) >= _THOUSANDS_FROM for value in values)


def _written(value: Number, form: Form) -> Decimal:
    exact = Decimal(value)
    if form.thousands:
        exact /= 1000
        whole = abs(exact) >= _SMALL or exact == exact.to_integral_value()
        return _rounded(exact, 0 if whole else 1)
    if form.decimals is not None:
        return _rounded(exact, form.decimals)
    # An average may never end: two decimals tell enough of it.
    return _rounded(exact, 0 if form.unit is Unit.MONEY else 2)


def _rounded(value: Number, decimals: int) -> Decimal:
    return Decimal(value).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
