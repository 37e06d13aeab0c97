"""Which scopes a row lies in and which a person acts in: the two halves of visibility.

A scope is a short text: `own:<user>`, `team:<team>`, `terr:<territory>`, `share:` and `show:` with the id of
a user or team, or `all`. A row lies in those its own links name, in those of its parents, and in `all`; in
`open` where a parent is set-up, which everybody reads. A row
that lends (a deal its customer) puts the other row in its own scopes marked `~`: readable to them, nothing
more, and not passed on to children. So is a row nobody owns, of kinds that have a shared pool, in `pool`.
A row whose state opens it, a published article say, lies in `open` with all below it.

A team's or territory's people are not written into rows: a manager acts in `own:` of each of them. So a
person who changes team moves between managers without one row being rewritten.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from crm_core.entities import SCHEMAS
from crm_core.schema.field import ScopeSource
from crm_core.schema.reading import Schema

EVERYONE = "all"
OPEN = "open"
"""What belongs to set-up, a picture of a product say, and what its state opens, a published article: read by
whoever reads such records at all."""
LENT = "~"
POOL = "pool"
"""Records nobody owns, of kinds that have a shared pool; not passed on to children."""


def own_scope(user_id: str) -> str:
    """Return the scope of what belongs to a user."""
    return f"{ScopeSource.OWN}:{user_id}"


def direct_scopes(schema: Schema, values: Mapping[str, Any]) -> frozenset[str]:
    """Return the scopes a row's own links name, or that there is no owner (without `all`)."""
    named = frozenset(
        f"{field.scope}:{target}"
        for field in schema.scope_fields
        if (linked := values.get(field.name))
        for target in (linked if field.members else (linked,))
    )
    if schema.meta.pooled and not values.get("owner_id"):
        return named | {POOL}
    machine = schema.meta.machine
    if schema.meta.open_in and machine is not None and values.get(machine.field) in schema.meta.open_in:
        return named | {OPEN}
    return named


def passed_on(schema: Schema, scopes: Iterable[str]) -> Iterable[str]:
    """Return what a row of the kind that lies in `scopes` gives to those below it: of set-up, `open`."""
    return (OPEN,) if schema.meta.reference else scopes


def can_be_open(schema: Schema) -> bool:
    """Tell whether rows of the kind can be everybody's to read: of set-up, or by a state."""
    above = [SCHEMAS[link.target] for link in schema.parent_fields if link.target in SCHEMAS]
    of_any = any(link.target == "*" for link in schema.parent_fields)
    return of_any or any(each.meta.open_in for each in (schema, *above))


def scopes_of(
    schema: Schema,
    values: Mapping[str, Any],
    parents: Iterable[Iterable[str]] = (),
    lent: Iterable[Iterable[str]] = (),
) -> frozenset[str]:
    """Return every scope a row lies in.

    `parents`: what each row it inherits from has `passed_on`; `lent`: the direct scopes of each living row
    that lends it.
    """
    if schema.meta.reference:
        return frozenset((EVERYONE,))
    scopes = {EVERYONE, *direct_scopes(schema, values)}
    for inherited in parents:
        scopes.update(scope for scope in inherited if scope != POOL and not scope.startswith(LENT))
    for direct in lent:
        scopes.update(LENT + scope for scope in direct)
    return frozenset(scopes)


def above(start: str | None, parent_of: Mapping[str, str | None]) -> set[str]:
    """Return `start` and everything over it in a tree given as child to parent; loops are harmless."""
    found: set[str] = set()
    while start is not None and start not in found:
        found.add(start)
        start = parent_of.get(start)
    return found


def below(root: str | None, parent_of: Mapping[str, str | None]) -> set[str]:
    """Return `root` and everything under it in a tree given as child to parent; loops are harmless."""
    if root is None:
        return set()
    found = {root}
    grew = True
    while grew:
        grown = found | {child for child, parent in parent_of.items() if parent in found}
        grew = len(grown) > len(found)
        found = grown
    return found
