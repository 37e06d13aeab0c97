"""Where an author may put a record: whose, in which team and territory, below which other, shared with whom.

Every function raises `Refused` or changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from crm_core.i18n import N_, Message, message
from crm_core.rules import sharing
from crm_core.rules.access import Action, decide
from crm_core.rules.scopes import EVERYONE, LENT, own_scope, passed_on, scopes_of
from crm_core.schema.field import Field, ScopeSource
from crm_core.schema.reading import Schema
from crm_core.sync.protocol import Code, OpKind
from sync_server.services import conditions
from sync_server.services.records import Key, Record, Records
from sync_server.services.rights import NO_SUCH_RECORD, Author, AuthorRights, Refused
from sync_server.services.scopes import Place, place_of
from sync_server.services.wanted import Wanted

_ONLY_SHARED = message(N_("This record is shared with you; only who holds it may hand it on or share it"))


class Placing:
    """What one author may say of the places of records."""

    def __init__(self, records: Records, rights: AuthorRights) -> None:
        self._records = records
        self._rights = rights
        self.former: set[Key] = set()
        """Records out of the author's sight that what he tells of belongs to all the same: he had them."""
        self._good_places: set[tuple[int, Place]] = set()

    def forget(self) -> None:
        """Judge every place anew: rights may have changed."""
        self._good_places.clear()

    def demand_place_of_new(self, record: Record) -> Place | None:
        """Return `place_of` a new record. Raises `Refused` unless the author may put it where its links say.

        What belongs to no other record is judged by its owner, team and territory alone, and so is the
        next one with the same.
        """
        schema, values = record.schema, record.values
        place = place_of(schema, values)
        if place is not None and (schema.no, place) in self._good_places:
            return place
        conditions.demand_parents(self._records, self._rights, schema, values, spared=self.former)
        scopes = self._scopes_with(record, values)
        foreign = any(
            values.get(field.name) and not self._rights.is_own(f"{field.scope}:{values[field.name]}")
            for field in schema.scope_fields
            if not field.members
        )
        if foreign:
            self._demand_assign(schema, scopes)
        if not self._rights.may(Action.CREATE, schema.name, scopes):
            decision = decide(self._rights.person, Action.CREATE, schema.name, scopes)
            raise Refused(Code.FORBIDDEN_ROW, decision.reason or NO_SUCH_RECORD)
        conditions.demand_people(self._records, schema.scope_fields, values)
        if place is not None:
            self._good_places.add((schema.no, place))
        return place

    def demand_move(self, record: Record, links: list[Field], after: Mapping[str, Any]) -> None:
        """Raise `Refused` unless the author may put the record where its changed links say."""
        schema = record.schema
        if not self._rights.may(Action.SHARE, schema.name, record.all_scopes()):
            raise Refused(Code.FORBIDDEN_ASSIGN, _ONLY_SHARED)
        foreign = False
        if any(not link.scope for link in links):
            conditions.demand_parents(self._records, self._rights, schema, after, links)
        for link, key in self._records.parent_links(schema, after):
            parent = self._records.get(*key) if key else None
            if link not in links or parent is None:
                continue
            if not parent.lives:
                raise Refused(Code.PARENT, conditions.PARENT_DELETED)
            scopes = {EVERYONE, *(scope for scope in parent.scopes if not scope.startswith(LENT))}
            foreign |= not self._rights.may(Action.EDIT, parent.schema.name, scopes)
        for link in links:
            if link.scope:
                target_id = after.get(link.name)
                foreign |= not target_id or not self._rights.is_own(f"{link.scope}:{target_id}")
        if foreign:
            self._demand_assign(schema, self._scopes_with(record, after))
            if not self._rights.may(Action.ASSIGN, schema.name, record.all_scopes()):
                raise Refused(Code.FORBIDDEN_ASSIGN, NO_SUCH_RECORD)

    def demand_end(self, record: Record, fields: Iterable[Field]) -> None:
        """Raise `Refused` unless the author may say until when the record is shared, where he says so."""
        if any(field.name in sharing.ENDS.values() for field in fields) and not self._rights.may(
            Action.SHARE, record.schema.name, record.all_scopes()
        ):
            raise Refused(Code.FORBIDDEN_ASSIGN, _ONLY_SHARED)

    def demand_set(self, record: Record, field: Field, wanted: Wanted) -> None:
        """Raise `Refused` unless the author may add the word to a set of the record or take it out.

        Anybody who sees a record may take himself out of those it is shared with.
        """
        is_own = wanted.kind is OpKind.TAG_DEL and wanted.word == self._rights.person.user_id
        if field.members and is_own:
            self._rights.demand(Action.READ, record)
            return
        self._rights.demand(Action.EDIT, record)
        self._rights.demand_fields(Action.EDIT, record.schema, (field,))
        if field.members:
            self._demand_shareable(record, field, wanted)

    def _demand_shareable(self, record: Record, field: Field, wanted: Wanted) -> None:
        """Raise `Refused` unless the author may say with whom it is shared, and this one is somebody."""
        if not self._rights.may(Action.SHARE, record.schema.name, record.all_scopes()):
            raise Refused(Code.FORBIDDEN_ASSIGN, _ONLY_SHARED)
        if wanted.kind is OpKind.TAG_ADD:
            conditions.demand_people(self._records, (field,), {field.name: [wanted.word]})

    def _demand_assign(self, schema: Schema, after: frozenset[str]) -> None:
        person = self._rights.person
        decision = decide(person, Action.ASSIGN, schema.name)
        if decision and (
            self._rights.may(Action.ASSIGN, schema.name, after) or own_scope(person.user_id) in after
        ):
            return
        reason = decision.reason or message(
            N_("Your role may not assign {entity} that far"), entity=Message(schema.meta.plural)
        )
        raise Refused(Code.FORBIDDEN_ASSIGN, reason)

    def _scopes_with(self, record: Record, values: Mapping[str, Any]) -> frozenset[str]:
        keys = (key for _, key in self._records.parent_links(record.schema, values) if key)
        found = (parent for key in keys if (parent := self._records.get(*key)) is not None)
        parents = (passed_on(parent.schema, parent.scopes) for parent in found)
        return scopes_of(record.schema, values, parents)


def name_owner(record: Record, author: Author) -> Field | None:
    """Make the author the owner of a new record that names none; return the field if so."""
    owner = record.schema.fields.get("owner_id")
    if owner is None or owner.scope is not ScopeSource.OWN or record.values["owner_id"]:
        return None
    hands_out = EVERYONE in author.person.within(Action.ASSIGN, record.schema.name)
    if record.schema.meta.unowned and author.device == 0 and hands_out:
        return None
    record.values["owner_id"] = author.user_id
    return owner
