"""To whom each customer of somebody who leaves goes: evenly, or by territory. Values in, answer out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from crm_core.rules.scopes import above


class Spread(StrEnum):
    """How customers are spread over several who receive them."""

    EVENLY = "evenly"
    TERRITORY = "territory"
    """To who looks after the customer's territory; who looks after a smaller one comes first."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """Somebody who receives customers."""

    user_id: str
    territory_id: str | None = None


def spread(
    customers: Iterable[tuple[str, str | None]],
    receivers: Sequence[Receiver],
    how: Spread,
    territory_parents: Mapping[str, str | None],
) -> dict[str, str]:
    """Return for each customer (id, territory) who receives it; none for one of nobody's territory.

    Of several who may, who has got the fewest so far does; of alike ones the first named.
    """
    got = {receiver.user_id: 0 for receiver in receivers}
    found: dict[str, str] = {}
    for customer_id, territory_id in customers:
        fit = list(receivers)
        if how is Spread.TERRITORY:
            fit = _nearest(territory_id, receivers, territory_parents)
        if not fit:
            continue
        least = min(fit, key=lambda receiver: got[receiver.user_id])
        found[customer_id] = least.user_id
        got[least.user_id] += 1
    return found


def _nearest(
    territory_id: str | None, receivers: Sequence[Receiver], parents: Mapping[str, str | None]
) -> list[Receiver]:
    here, seen = territory_id, set[str]()
    over = above(territory_id, parents)
    while here is not None and here in over and here not in seen:
        fit = [receiver for receiver in receivers if receiver.territory_id == here]
        if fit:
            return fit
        seen.add(here)
        here = parents.get(here)
    return []
