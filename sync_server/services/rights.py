"""What the author of a batch may do, asked once for each kind of record and remembered.

The answers are those of `crm_core.rules.access.decide`; only the sets it would build for every operation
are built once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from crm_core.errors import AccessDenied
from crm_core.i18n import N_, Message, message
from crm_core.rules import articles
from crm_core.rules.access import Action, ClassRight, Person, decide, demand_class
from crm_core.rules.scopes import EVERYONE
from crm_core.schema.field import Field, FieldClass
from crm_core.schema.machine import Step
from crm_core.schema.reading import Schema
from crm_core.sync.protocol import Code
from sync_server.services.records import Record

# One text for "there is none", "you may not see it" and "you may not change it": a guessed id tells nothing.
NO_SUCH_RECORD = message(N_("HQ has no such record that your role may change"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who makes a change: never what the operation says, always who is signed in."""

    user_id: str
    person: Person
    device: int = 0
    """0 is HQ itself: the REST interface, imports, the command line."""
    incarnation: int = 1
    held_seq: int | None = None
    """The position up to which the author's laptop holds what HQ sent; None: it cannot say it does not."""


def is_at_hq(author: Author) -> bool:
    """Tell whether it is HQ itself, or an administrator at its command line, who sees everything refused."""
    return author.device == 0 and author.person.rights.administers


def speaks_for_hq(author: Author, schema: Schema) -> bool:
    """Tell whether an author may say what HQ alone fills in.

    HQ itself; and of set-up, such as what is in stock, whoever may write it and asks HQ without a laptop.
    """
    return is_at_hq(author) or (author.device == 0 and schema.meta.reference)


class Refused(Exception):
    """One operation is not taken; HQ's answer says why."""

    def __init__(self, code: Code, reason: Message) -> None:
        self.code = code
        self.reason = reason
        super().__init__(str(reason))

    def forget_way(self) -> None:
        """Let go of the frames it came through, with all they hold: it is kept longer than those."""
        self.__traceback__ = self.__cause__ = self.__context__ = None


class AuthorRights:
    """The author's rights with their sets built."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self._within: dict[tuple[Action, str], frozenset[str]] = {}
        self._kinds: set[tuple[Action, str]] = set()
        self._writable: dict[str, frozenset[FieldClass]] = {}

    def may(self, action: Action, entity: str, scopes: Collection[str]) -> bool:
        """Tell whether the action is allowed on a record lying in `scopes` (`all` among them)."""
        key = (action, entity)
        if key not in self._within:
            self._within[key] = self.person.within(action, entity)
        within = self._within[key]
        return EVERYONE in within or not within.isdisjoint(scopes)

    def sees(self, record: Record) -> bool:
        """Tell whether the author may read the record."""
        return self.may(Action.READ, record.schema.name, record.all_scopes())

    def reads(self, record: Record, field: Field | None) -> bool:
        """Tell whether the author may read a field of the record; None is a custom field that is gone."""
        return self.sees(record) and self.reads_class(record.schema, field)

    def reads_class(self, schema: Schema, field: Field | None) -> bool:
        """Tell whether the author may read a field where he may read the record."""
        field_class = field.field_class if field else FieldClass.CORE
        return self.person.rights.class_right(schema.name, field_class) >= ClassRight.READ

    def demand(self, action: Action, record: Record) -> None:
        """Raise `Refused` unless the author sees the record and may do the action on it."""
        if not (self.sees(record) and self.may(action, record.schema.name, record.all_scopes())):
            raise Refused(Code.FORBIDDEN_ROW, NO_SUCH_RECORD)

    def demand_kind(self, action: Action, schema: Schema) -> None:
        """Raise `Refused` unless the author may do the action on records of this kind at all."""
        if (action, schema.name) in self._kinds:
            return
        may = decide(self.person, action, schema.name)
        if not may:
            raise Refused(Code.FORBIDDEN_ROW, may.reason or NO_SUCH_RECORD)
        self._kinds.add((action, schema.name))

    def writes(self, schema: Schema, classes: frozenset[FieldClass]) -> bool:
        """Tell whether the author may write fields of all these classes."""
        return classes <= self._writable_of(schema)

    def demand_fields(self, action: Action, schema: Schema, fields: Iterable[Field]) -> None:
        """Raise `Refused` unless every field may be written."""
        writable = self._writable_of(schema)
        for field in fields:
            if field.field_class not in writable:
                decision = decide(self.person, action, schema.name, None, (field,))
                raise Refused(Code.FORBIDDEN_FIELD, decision.reason or NO_SUCH_RECORD)

    def demand_step(self, record: Record, step: Step) -> None:
        """Raise `Refused` for a step of a record the author's role, or the author, does not take."""
        try:
            demand_class(self.person, record.schema.name, step)
            articles.demand_taker(self.person, record.schema.name, record.values, step)
        except AccessDenied as error:
            raise Refused(Code.FORBIDDEN_FIELD, error.message) from error

    def _writable_of(self, schema: Schema) -> frozenset[FieldClass]:
        if schema.name not in self._writable:
            right = self.person.rights.class_right
            self._writable[schema.name] = frozenset(
                each for each in FieldClass if right(schema.name, each) >= ClassRight.WRITE
            )
        return self._writable[schema.name]

    def is_own(self, scope: str) -> bool:
        """Tell whether a scope is the author's own: his, his teams' or his territories'."""
        return self.person.is_own(scope)
