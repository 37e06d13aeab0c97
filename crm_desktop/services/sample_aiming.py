"""The invented targets of a sample, and what a forecast lives on: older sales, judgements, a scenario."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from crm_core.ids import named_id
from crm_core.rules.target_plan import spread
from crm_core.rules.targets import MONTHS, default_name
from crm_core.rules.what_if import Changes, plain_changes
from crm_core.schema.field import Plain
from crm_core.times import DAY_MS
from crm_desktop.services.calendar import months_back
from crm_desktop.services.sample_selling import WON_MONTHS
from crm_desktop.services.sample_writing import CURRENCY, Writer

MINOR: Final = 100
FIRST_MONTH: Final = 160_000
A_MONTH_MORE: Final = 10_000
OLDER_MONTHS: Final = 24
"""Months of sales before those the charts show, for a forecast to look back on."""
_OLDER: Final = (2, 1, 1, 2, 2, 1, 1, 2, 1, 2, 2, 3)
"""Deals won in each month of a year, oldest first."""
_SELLERS: Final = ("me", "maya", "tom")
_PRODUCTS: Final = (0, 3, 5)
_SEED: Final = 11


class Aiming:
    """Writes targets and what belongs to forecasts. Amounts are minor units of CNY."""

    def __init__(self, writer: Writer, team_id: str) -> None:
        self._writer, self._team_id = writer, team_id
        self._today = writer.day_on(0)

    def fill(self, owned: Sequence[tuple[str, str]], kinds: Sequence[Mapping[str, Any]]) -> None:
        """Write everything; `owned` are customers with their owners, `kinds` what deals are called."""
        self._targets()
        self._older_sales(owned, kinds)
        self._judgements()
        self._writer.create(
            "scenario",
            9 * DAY_MS,
            {
                "name": self._writer.say({"en": "Price list of spring", "zh_CN": "春季价目表"}),
                "rank": 0,
                "changes": plain_changes(Changes(price=Decimal(5), win_rate=Decimal(-4))),
            },
        )

    def _targets(self) -> None:
        today, year = self._today, self._today.year
        past = months_back(today, WON_MONTHS)
        ahead = [f"{year}-{month:02d}" for month in range(today.month + 1, 13)]
        amounts = {
            month: (FIRST_MONTH + A_MONTH_MORE * place) * MINOR for place, month in enumerate([*past, *ahead])
        }
        for month, amount in amounts.items():
            self._target(int(month[:4]), f"m{month[5:]}", {}, amount=amount)
        months = [amounts.get(f"{year}-{name[1:]}", 0) for name in MONTHS]
        whole = sum(months)
        self._target(year, "year", {}, amount=whole)
        team: dict[str, Plain] = {"team_id": self._team_id}
        self._target(year, "year", team, amount=whole)
        quarter = (today.month + 2) // 3
        self._target(year, f"q{quarter}", team, amount=sum(months[3 * quarter - 3 : 3 * quarter]))
        people = [self._writer.users[key] for key in _SELLERS if key in self._writer.users]
        for place, person in enumerate(people):
            own = whole * (66, 32, 14)[place] // 100 // (1000 * MINOR) * 1000 * MINOR
            self._target(year, "year", {"user_id": person}, amount=own)
            if person == self._writer.users["me"]:
                mine = spread(own, months)
                for name, amount in zip(MONTHS, mine, strict=True):
                    self._target(year, name, {"user_id": person}, amount=amount)
                self._target(year, f"q{quarter}", {"user_id": person}, visits=30)
        products = list(self._writer.products.values())
        for place in _PRODUCTS:
            goal = {"product_id": products[place]["id"]}
            self._target(year, "year", goal, amount=whole * (6 + place) // 100)

    def _target(
        self,
        year: int,
        period: str,
        whose: Mapping[str, Plain],
        *,
        amount: int | None = None,
        visits: int | None = None,
    ) -> None:
        self._writer.create(
            "target",
            400 * DAY_MS,
            {
                "name": default_name(year, period),
                "year": year,
                "period": period,
                "measure": "won_amount" if visits is None else "visits",
                "amount": amount,
                "currency": CURRENCY if amount is not None else None,
                "number": visits,
                **whose,
            },
        )

    def _older_sales(self, owned: Sequence[tuple[str, str]], kinds: Sequence[Mapping[str, Any]]) -> None:
        drawn = random.Random(_SEED)  # of its own: the rest of the sample stays as it was
        number = 0
        for back in range(OLDER_MONTHS):
            month = WON_MONTHS + back
            for _ in range(_OLDER[(self._today.month - 1 - month) % 12]):
                number += 1
                customer_id, owner_id = owned[(number * 11) % len(owned)]
                kind = kinds[number % len(kinds)]
                days = month * 30 + 5 + drawn.randrange(1, 28)
                self._writer.create(
                    "deal",
                    (days + 60) * DAY_MS,
                    {
                        "name": self._writer.say(kind),
                        "customer_id": customer_id,
                        "owner_id": owner_id,
                        "pipeline_id": named_id("pipeline", "Sales"),
                        "stage_id": named_id("stage", "Won"),
                        "probability": 100,
                        "stage_since": self._writer.now - days * DAY_MS,
                        "amount": drawn.randrange(kind["low"], kind["high"]) // 2 * 1000 * MINOR,
                        "currency": CURRENCY,
                        "close_date": self._writer.day_on(-days).isoformat(),
                        "engaged_on": self._writer.day_on(-days - 60).isoformat(),
                    },
                )

    def _judgements(self) -> None:
        year, quarter = self._today.year, f"q{(self._today.month + 2) // 3}"
        for days, thousands, why in (
            (
                15,
                900,
                {
                    "en": "Two letters of intent, both before the holidays",
                    "zh_CN": "两份意向书，均在节前落实",
                },
            ),
            (6, 840, {"en": "The pump line slips to next quarter", "zh_CN": "泵类项目推迟到下个季度"}),
        ):
            self._writer.create(
                "forecast_call",
                days * DAY_MS,
                {
                    "name": default_name(year, quarter),
                    "year": year,
                    "period": quarter,
                    "amount": thousands * 1000 * MINOR,
                    "currency": CURRENCY,
                    "reason": self._writer.say(why),
                    "owner_id": self._writer.users["me"],
                },
            )
