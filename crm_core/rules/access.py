"""Who may do what: the one function laptop and HQ ask, with the reason for its answer.

A right has a reach. The reach names the scopes a person may act in; a row lies in scopes that follow
from its own links (`crm_core.rules.scopes`). A person may act on a row where the two sets meet, and on
a field where the role gives its class. Nothing here reads a database: values in, answer out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from functools import lru_cache
from typing import Any

from crm_core.entities import SCHEMAS
from crm_core.errors import AccessDenied, BrokenPromise
from crm_core.i18n import N_, Message, message
from crm_core.rules.scopes import EVERYONE, LENT, OPEN, POOL, can_be_open
from crm_core.schema.entity import EntityMeta
from crm_core.schema.field import FIELD_CLASS_LABELS, Field, FieldClass, ScopeSource
from crm_core.schema.machine import Step


class Action(StrEnum):
    """What a person may want to do with a record."""

    CREATE = "create"
    READ = "read"
    EDIT = "edit"
    DELETE = "delete"
    EXPORT = "export"
    ASSIGN = "assign"
    SHARE = "share"
    """Say with whom a record is shared. Never granted by itself: who may change a record that is not merely
    shared with him may share it."""


GRANTED = tuple(action for action in Action if action is not Action.SHARE)
"""The actions a role grants."""


def life_right(entity: str) -> Action:
    """Return the right to delete a record and bring it back: a remark is its writer's, wherever it is."""
    return Action.EDIT if SCHEMAS[entity].meta.written_by_readers else Action.DELETE


ACTION_LABELS = {
    Action.CREATE: N_("create"),
    Action.READ: N_("read"),
    Action.EDIT: N_("change"),
    Action.DELETE: N_("delete"),
    Action.EXPORT: N_("export"),
    Action.ASSIGN: N_("assign"),
    Action.SHARE: N_("share"),
}


class Reach(IntEnum):
    """How far a right goes; a longer reach contains every shorter one."""

    NONE = 0
    OWN = 1
    TEAM = 2
    TERRITORY = 3
    ALL = 4


class PoolRight(StrEnum):
    """What a role may do with the shared pool; which of them let it be seen, `EntityMeta.pooled` says."""

    SEE = "see"
    CLAIM = "claim"
    RETURN = "return"
    LOCK = "lock"
    """Keep customers of one's own from being returned by rule."""
    LEADS = "leads"
    """Claim leads nobody has, and give them back."""


class ClassRight(IntEnum):
    """What a role may do with a class of fields. Masked fields never leave HQ."""

    MASK = 0
    READ = 1
    WRITE = 2


@dataclass(frozen=True, slots=True)
class Rights:
    """What a role grants. `reach[entity][action]`, `classes[entity][field class]`; absent means nothing."""

    reach: Mapping[str, Mapping[Action, Reach]]
    classes: Mapping[str, Mapping[FieldClass, ClassRight]]
    pool: frozenset[PoolRight] = frozenset()
    administers: bool = False
    """May change users, teams, roles and everything else that is set up at HQ."""

    def reach_of(self, entity: str, action: Action) -> Reach:
        """Return how far `action` on `entity` goes."""
        if action is Action.SHARE:
            action = Action.EDIT
        return self.reach.get(entity, {}).get(action, Reach.NONE)

    def class_right(self, entity: str, field_class: FieldClass) -> ClassRight:
        """Return what may be done with fields of the class."""
        if field_class is FieldClass.SYSTEM:
            return ClassRight.READ if self.reach_of(entity, Action.READ) else ClassRight.MASK
        return self.classes.get(entity, {}).get(field_class, ClassRight.MASK)


_HOLDERS_ONLY = frozenset((Action.DELETE, Action.ASSIGN, Action.SHARE))
_OF_WRITERS = frozenset((Action.CREATE, Action.EDIT, Action.DELETE))

NO_RIGHTS = Rights(reach={}, classes={})


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody signed in: what the role grants, and which scopes each reach means for this person."""

    user_id: str
    rights: Rights
    scopes: Mapping[Reach, frozenset[str]]
    circles: frozenset[str] = frozenset()
    """The ids a record can be shared under to reach the person: his own, his role's, those of his teams."""

    def acts_in(self, reach: Reach) -> frozenset[str]:
        """Return the scopes the reach covers."""
        return self.scopes.get(reach, frozenset()) if reach else frozenset()

    def acts_in_own(self) -> frozenset[str]:
        """Return the scopes of what belongs to the person."""
        return self.scopes.get(Reach.OWN, frozenset())

    def is_own(self, scope: str) -> bool:
        """Tell whether a scope is the person's own: his, his teams' or his territories'."""
        if scope in self.acts_in_own():
            return True
        reach = {
            f"{ScopeSource.TEAM}": Reach.TEAM,
            f"{ScopeSource.TERRITORY}": Reach.TERRITORY,
        }.get(scope.partition(":")[0])
        return reach is not None and scope in self.acts_in(reach)

    def within(self, action: Action, entity: str) -> frozenset[str]:
        """Return the scopes in whose rows of `entity` the role allows `action`.

        A row shared with the person is read, changed and exported like his own where the role lets him do so
        at all, but neither deleted, handed on nor shared further. One that is lent or shown is read; what is
        said about it is written by whoever reads it.
        """
        if SCHEMAS[entity].meta.written_by_readers and action in _OF_WRITERS:
            return self.within(Action.READ, entity) if self.rights.reach_of(entity, action) else frozenset()
        scopes = self.acts_in(self.rights.reach_of(entity, action))
        if EVERYONE in scopes:
            return frozenset((EVERYONE,))
        if not scopes or action in _HOLDERS_ONLY:
            return scopes
        scopes |= {f"{ScopeSource.SHARE}:{circle}" for circle in self.circles}
        if action is Action.READ:
            scopes |= {f"{ScopeSource.SHOWN}:{circle}" for circle in self.circles}
            scopes |= {LENT + scope for scope in scopes}
            if can_be_open(SCHEMAS[entity]):
                scopes |= {OPEN}
            if not self.rights.pool.isdisjoint(SCHEMAS[entity].meta.pooled):
                scopes |= {POOL}
        return scopes

    def reads_in(self, entity: str) -> frozenset[str]:
        """Return the scopes whose rows of `entity` the person may read, lent ones included."""
        return self.within(Action.READ, entity)


@dataclass(frozen=True, slots=True)
class Decision:
    """Yes or no, and why not."""

    allowed: bool
    reason: Message | None = None

    def __bool__(self) -> bool:
        return self.allowed

    def demand(self) -> None:
        """Raise `AccessDenied` with the reason unless allowed."""
        if not self.allowed:
            raise AccessDenied(self.reason or N_("You may not do this"))


YES = Decision(True)
_ENTRY_STANDS = message(N_("An entry stays as it was written; write another one against it"))
_RECORD_STANDS = message(N_("This is a record of what happened; it stays as it was written"))


def why_it_stands(meta: EntityMeta) -> Message:
    """Return why a record of a kind that `stands` is not changed."""
    return _RECORD_STANDS if meta.fixed else _ENTRY_STANDS


def decide(
    person: Person,
    action: Action,
    entity: str,
    scopes: Collection[str] | None = None,
    fields: Iterable[Field] = (),
) -> Decision:
    """Answer whether `person` may do `action` on a record of `entity`.

    `scopes` are the record's (`scopes.scopes_of`); None asks whether such a record could exist at all,
    which is what menus ask. `fields` are those to be read (READ, EXPORT) or written (CREATE, EDIT).
    """
    schema = SCHEMAS[entity]
    if schema.meta.stands and action in (Action.EDIT, Action.DELETE):
        return Decision(False, why_it_stands(schema.meta))
    reach = person.rights.reach_of(entity, action)
    if reach is Reach.NONE and person.rights is NO_RIGHTS:
        return Decision(False, message(N_("HQ has sent no role for you so far. Sync, then try again")))
    if reach is Reach.NONE:
        return Decision(
            False,
            message(
                N_("Your role may not {action} {entity}"),
                action=Message(ACTION_LABELS[action]),
                entity=Message(schema.meta.plural),
            ),
        )
    if scopes is not None:
        within = person.within(action, entity)
        if EVERYONE not in within and within.isdisjoint(scopes):
            return Decision(
                False,
                message(
                    N_("This record is outside what your role may {action}"),
                    action=Message(ACTION_LABELS[action]),
                ),
            )
    needed = ClassRight.WRITE if action in (Action.CREATE, Action.EDIT, Action.SHARE) else ClassRight.READ
    for field in fields:
        if person.rights.class_right(entity, field.field_class) < needed:
            return Decision(
                False,
                message(
                    N_("Your role may not {action} the field “{field}” ({field_class})"),
                    action=Message(ACTION_LABELS[action]),
                    field=Message(field.label),
                    field_class=Message(FIELD_CLASS_LABELS[field.field_class]),
                ),
            )
    return YES


def demand_class(person: Person, entity: str, step: Step) -> None:
    """Raise `AccessDenied` for a step that is taken only by who may write a class of fields of the record."""
    if step.needs_class is None:
        return
    if person.rights.class_right(entity, step.needs_class) < ClassRight.WRITE:
        raise AccessDenied(
            N_("Your role does not decide about {entity}"), entity=Message(SCHEMAS[entity].meta.plural)
        )


def readable_fields(person: Person, entity: str) -> tuple[Field, ...]:
    """Return the fields of `entity` the person may read, in declared order."""
    rights = person.rights
    return tuple(
        field
        for field in SCHEMAS[entity].fields.values()
        if rights.class_right(entity, field.field_class) >= ClassRight.READ
    )


def read_rights(stored: Mapping[str, Any] | None) -> Rights:
    """Return the rights a role record stores.

    Shape: `{"administers": bool, "reach": {entity: {action: reach name}}, "classes": {entity: {class:
    "mask" | "read" | "write"}}, "pool": ["see" | "claim" | "return" | "lock" | "leads"]}`; the entity `*`
    holds what is not said for one by name. Raises `BrokenPromise` where it cannot be read: a policy that
    cannot be evaluated must stop a sync, never look like "no rights".
    """
    if not isinstance(stored, Mapping):
        raise BrokenPromise(N_("A role's rights cannot be read"))
    return _parse_rights(_frozen(stored))


@lru_cache(maxsize=256)
def _parse_rights(stored: tuple[Any, ...]) -> Rights:
    raw = _thawed(stored)
    try:
        reach = {
            entity: {
                _granted(action): Reach[name.upper()]
                for action, name in _said_for(raw.get("reach", {}), entity).items()
            }
            for entity in SCHEMAS
        }
        classes = {
            entity: {
                FieldClass(field_class): ClassRight[name.upper()]
                for field_class, name in _said_for(raw.get("classes", {}), entity).items()
            }
            for entity in SCHEMAS
        }
        # What a newer HQ grants, this program does not know; other words about the pool grant nothing.
        pool = frozenset(right for right in PoolRight if right in raw.get("pool", ()))
    except (KeyError, ValueError, AttributeError, TypeError) as error:
        raise BrokenPromise(N_("A role's rights cannot be read")) from error
    return Rights(reach=reach, classes=classes, pool=pool, administers=raw.get("administers") is True)


def _granted(name: str) -> Action:
    action = Action(name)
    if action not in GRANTED:
        raise ValueError(name)
    return action


def _said_for(table: Mapping[str, Mapping[str, str]], entity: str) -> dict[str, str]:
    merged = dict(table.get("*", {}))
    if SCHEMAS[entity].meta.reference:
        merged = {**merged, **table.get("*reference", {})}
    like = SCHEMAS[entity].meta.rights_like
    return {**merged, **table.get(entity, table.get(like, {}) if like else {})}


def _frozen(value: Any) -> Any:
    if isinstance(value, Mapping):
        return ("map", *sorted((key, _frozen(item)) for key, item in value.items()))
    if isinstance(value, list):
        return ("list", *map(_frozen, value))
    return value


def _thawed(value: Any) -> Any:
    if isinstance(value, tuple) and value[:1] == ("map",):
        return {key: _thawed(item) for key, item in value[1:]}
    return value
