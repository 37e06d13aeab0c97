"""Rules as texts, kept as a template for the next file of the same form."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from crm_core.exchange.mapping import Rule, title_of
from crm_core.exchange.source import SourceTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """What `mapping.rules_by_hand` takes."""

    maps: tuple[str, ...] = ()
    lookups: tuple[str, ...] = ()
    create_missing: tuple[str, ...] = ()


def spell_rules(table: SourceTable, rules: Iterable[Rule]) -> Template:
    """Return the rules as texts; columns without a rule are said to be left out."""
    maps: list[str] = []
    lookups: list[str] = []
    create_missing: list[str] = []
    used: set[int] = set()
    for rule in rules:
        used.add(rule.column)
        header, found = table.headers[rule.column], rule.lookup
        if found is not None and rule.create_missing:
            create_missing.append(f"{header}={found.entity}.{found.field}")
        elif found is not None and found != title_of(found.entity):
            lookups.append(f"{header}={found.entity}.{found.field}")
        else:
            maps.append(f"{header}={rule.field}" + (f"*{rule.factor}" if rule.factor is not None else ""))
    maps += [f"{header}=" for place, header in enumerate(table.headers) if place not in used]
    return Template(maps=tuple(maps), lookups=tuple(lookups), create_missing=tuple(create_missing))
