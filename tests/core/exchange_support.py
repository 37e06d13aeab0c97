"""What the tests of files in and out share: both languages, and records kept in dictionaries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import resources
from crm_core.entities import SCHEMAS
from crm_core.exchange.convert import Reading
from crm_core.exchange.mapping import Target, rules_by_hand
from crm_core.exchange.plan import ImportOptions, ImportPlan, Mode, Step
from crm_core.exchange.planning import plan_import
from crm_core.exchange.tables import read_table
from crm_core.schema.field import Plain

CATALOGUE = resources.catalogue("zh_CN")


def chinese(text: str) -> str:
    """Return the Chinese for an English source text."""
    return CATALOGUE.get(text, text)


def target(entity: str) -> Target:
    """Return an entity as an import fills it, both languages understood."""
    return Target(schema=SCHEMAS[entity], languages=(chinese,))


class Shelf:
    """Records an import may refer to, by entity and id."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in SCHEMAS}

    def put(self, entity: str, **values: Any) -> str:
        """Keep a record; return its id."""
        record_id = f"{len(self.rows[entity]) + 1:032x}"
        self.rows[entity][record_id] = values
        return record_id

    def records(self, entity: str, fields: Sequence[str]) -> Iterable[tuple[str, tuple[Plain, ...]]]:
        """Yield ids and values, as an import asks for them."""
        for record_id, values in self.rows[entity].items():
            yield record_id, tuple(values.get(name) for name in fields)

    def take(self, plan: ImportPlan) -> None:
        """Do what a plan says."""
        for extra in plan.extras:
            self.rows[extra.entity][extra.record_id] = dict(extra.values)
        for row in plan.rows:
            if row.step is Step.CREATE:
                self.rows[plan.entity][row.record_id] = dict(row.values)
            elif row.step is Step.UPDATE:
                self.rows[plan.entity][row.record_id].update(row.values)


def plan(
    shelf: Shelf,
    entity: str,
    text: str | bytes,
    *,
    maps: Sequence[str] = (),
    lookups: Sequence[str] = (),
    create_missing: Sequence[str] = (),
    key: str = "",
    mode: Mode = Mode.CREATE,
    defaults: Mapping[str, str] | None = None,
    currency: str = "CNY",
    file_name: str = "list.csv",
) -> ImportPlan:
    """Return the plan for a file given as text."""
    table = read_table(text.encode() if isinstance(text, str) else text, file_name)
    return plan_import(
        table,
        target(entity),
        rules_by_hand(table, target(entity), maps, lookups, create_missing),
        ImportOptions(
            mode=mode,
            key=key,
            defaults=defaults or {},
            reading=Reading(currency=currency, languages=(chinese,)),
            file_title="list",
        ),
        shelf,
    )


def reasons(of: ImportPlan) -> dict[int, str]:
    """Return why rows were rejected, by line."""
    return {
        row.source.line: "; ".join(str(reason) for reason in row.reasons)
        for row in of.rows
        if row.step is Step.REJECT
    }
