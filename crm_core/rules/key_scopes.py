"""What a key of another program may do: as much of its role's rights as its scopes name, and no more.

A scope is written `ENTITY:WORD`, as in `order:read` or `receipt:write`; `*` stands for every kind of record.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from crm_core.entities import SCHEMAS
from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.rules.access import Action, ClassRight, Person, Rights
from crm_core.schema.field import FieldClass

EVERY_KIND: Final = "*"
GRANTS: Final[Mapping[str, frozenset[Action]]] = {
    "read": frozenset((Action.READ, Action.EXPORT)),
    "create": frozenset((Action.READ, Action.CREATE)),
    "edit": frozenset((Action.READ, Action.EDIT)),
    "write": frozenset((Action.READ, Action.CREATE, Action.EDIT)),
    "delete": frozenset((Action.READ, Action.DELETE)),
    "assign": frozenset((Action.READ, Action.ASSIGN)),
}
"""What each word of a scope lets a key do, where its role does too."""
_WRITING: Final = frozenset((Action.CREATE, Action.EDIT))


def demand_scopes(scopes: Iterable[str]) -> tuple[str, ...]:
    """Return scopes sorted, each once. Raises `UserError` where one is unknown, and where none is said."""
    wanted = tuple(sorted(set(scopes)))
    if not wanted:
        raise UserError(N_("Say with --scope what the key may do, such as order:read"))
    for scope in wanted:
        entity, _, word = scope.partition(":")
        if entity not in SCHEMAS and entity != EVERY_KIND:
            raise UserError(N_("There is no kind of record called “{name}”"), name=entity)
        if word not in GRANTS:
            raise UserError(N_("“{text}” is none of {allowed}"), text=scope, allowed=", ".join(GRANTS))
    return wanted


def granted(scopes: Iterable[str]) -> dict[str, frozenset[Action]]:
    """Return what scopes grant, by kind of record; kinds of which nothing is granted are left out.

    What is no scope of this program grants nothing.
    """
    found: dict[str, frozenset[Action]] = {}
    for scope in scopes:
        entity, _, word = scope.partition(":")
        for name in SCHEMAS if entity == EVERY_KIND else (entity,):
            if name in SCHEMAS:
                found[name] = found.get(name, frozenset()) | GRANTS.get(word, frozenset())
    return {name: actions for name, actions in found.items() if actions}


def narrowed(person: Person, scopes: Iterable[str]) -> Person:
    """Return the person with no more rights than the scopes name, and never those of an administrator.

    Classes of fields stay as the role has them, but for kinds that may only be read: there none is written.
    """
    grants = granted(scopes)
    rights = person.rights
    reach = {
        entity: {action: how for action, how in rights.reach.get(entity, {}).items() if action in actions}
        for entity, actions in grants.items()
    }
    classes = {
        entity: _classes(rights.classes.get(entity, {}), writes=not _WRITING.isdisjoint(actions))
        for entity, actions in grants.items()
    }
    return replace(person, rights=Rights(reach=reach, classes=classes))


def _classes(held: Mapping[FieldClass, ClassRight], *, writes: bool) -> dict[FieldClass, ClassRight]:
    return {name: right if writes else min(right, ClassRight.READ) for name, right in held.items()}
