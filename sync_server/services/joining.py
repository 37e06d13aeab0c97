"""Records that were merged into another: what hangs on them goes there, and comes back when they do.

A record that is deleted while `merged_into_id` names a living one of its kind takes nothing along: what
belongs or refers to it is put below that one, also what the author of the merge could not see. What somebody
made below it or typed into it meanwhile follows. Restoring it brings back what its deletion moved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from sqlalchemy import select

from crm_core.entities import BY_NO, SCHEMAS
from crm_core.entities.merge import BEFORE
from crm_core.i18n import N_, message
from crm_core.rules.access import Action
from crm_core.rules.service_levels import FAILED
from crm_core.rules.sla import BY_VOICE
from crm_core.schema.field import SHARING, Field, FieldClass, Kind
from crm_core.schema.reading import Schema
from crm_core.sync.clock import Stamp
from crm_core.sync.protocol import Code
from sync_server.services.custom import CustomFields
from sync_server.services.records import META, Mark, Record, Records, chunks, target_name
from sync_server.services.rights import Author, AuthorRights, Refused
from sync_server.services.scopes import ScopeKeeper
from sync_server.services.wanted import Wanted, kept_by_the_program, register_of

INTO: Final = "merged_into_id"
CARRIED: Final = message(N_("The record was merged into another; the change was made there too"))
_KEEPS_ITS_PLACE: Final = "merge"
"""What tells of an earlier merge belongs to the record that was kept then."""
_CHAT: Final = ("conversation", "chat_name")
_MERGE: Final = SCHEMAS["merge"]
_STAYS = message(N_("What a merge changed stays as it was noted"))
_NOT_YOURS = message(N_("This merge changes what your role may not change"))
_UNKNOWN = message(N_("The record to be kept is not at HQ, or your role may not change it"))


def demand_kept(
    records: Records, rights: AuthorRights, schema: Schema, record_id: str, values: Mapping[str, Any]
) -> None:
    """Raise `Refused` unless the author may change the record this one is said to be merged into."""
    kept_id = values.get(INTO)
    if not kept_id or INTO not in schema.fields:
        return
    kept = records.get(schema.no, kept_id)
    if kept is None or kept_id == record_id or not rights.may(Action.EDIT, schema.name, kept.all_scopes()):
        raise Refused(Code.PARENT, _UNKNOWN)


def demand_told(records: Records, rights: AuthorRights, custom: CustomFields, record: Record) -> None:
    """Raise `Refused` for a record of a merge that tells of changes its author may not make himself.

    Whoever takes the merge apart makes them in his own name, so none may come of more rights than the author
    has.
    """
    if record.schema is not _MERGE:
        return
    kept_name = str(record.values["kept_entity"] or "")
    kept = next(iter(records.parents(record)), None)
    noted = {name: record.values[column] or {} for name, column in BEFORE.items()}
    if kept is None or not all(isinstance(each, Mapping) for each in noted.values()):
        return
    schema, of_custom = SCHEMAS[kept_name], custom.of(kept_name)
    for of_class, names in noted.items():
        fields = [schema.fields.get(name) or of_custom.get(name) for name in names]
        known = [field for field in fields if field is not None]
        rights.demand_fields(Action.EDIT, schema, known)
        for field in known:
            if BEFORE.get(field.field_class, BEFORE[FieldClass.CORE]) != BEFORE[of_class] or field.read_only:
                raise Refused(Code.INVALID, kept_by_the_program(field))
            shares = field.scope in SHARING
            action = Action.SHARE if shares else Action.ASSIGN if field.scope is not None else Action.EDIT
            if not rights.may(action, schema.name, kept.all_scopes()):
                raise Refused(Code.FORBIDDEN_ASSIGN, _NOT_YOURS)


def demand_stays(record: Record, wanted: Wanted) -> None:
    """Raise `Refused` for a change of what a merge tells: it says what happened, but for its being undone."""
    if record.schema is _MERGE and set(wanted.values) != {"taken_apart_at"}:
        raise Refused(Code.ILLEGAL_STATE, _STAYS)


def kept_of(records: Records, record: Record) -> Record | None:
    """Return the living record this one was merged into, over several merges; None for one that was not."""
    seen = {record.id}
    while (kept_id := record.values.get(INTO)) and kept_id not in seen:
        seen.add(kept_id)
        found = records.get(record.schema.no, kept_id)
        if found is None:
            return None
        if found.lives:
            return found
        record = found
    return None


def hanging_on(records: Records, record: Record) -> list[tuple[Record, Field]]:
    """Return the living records that belong or refer to one, each with the link it does so by."""
    found: list[tuple[Record, Field]] = []
    for schema, link in _links_to(record.schema.name):
        for other in _linking(records, schema, link, record):
            if other.lives and other is not record:
                found.append((other, link))
    return found


def moved_by(records: Records, record: Record, kept: Record) -> list[tuple[Record, Field]]:
    """Return what the deletion of a record moved to the kept one and is still there, each with its link."""
    if record.cascade is None:
        return []
    query = select(META.c.entity, META.c.row_id).where(META.c.cascade == record.cascade)
    wanted: dict[int, list[str]] = {}
    for row in records.connection.execute(query):
        if row.entity in BY_NO:
            wanted.setdefault(row.entity, []).append(row.row_id)
    records.load(wanted)
    found: list[tuple[Record, Field]] = []
    for other in list(records.touched()):
        if other.lives and other.cascade == record.cascade and other is not record:
            links = [link for schema, link in _links_to(record.schema.name) if schema is other.schema]
            found.extend((other, link) for link in links if _points(other, link, kept))
    return found


def _handed_on(record: Record, kept: Record) -> tuple[str, ...]:
    """Return what HQ keeps of a merged record, and says of the kept one too where it says nothing there.

    Of tickets the promises that were broken, which no merge makes undone; and the chat the customer wrote in,
    so that he is answered there, unless the kept one is answered otherwise.
    """
    if record.schema.name != "ticket":
        return ()
    return (*FAILED.values(), *(_CHAT if kept.values["channel"] in BY_VOICE else ()))


@cache
def _links_to(name: str) -> tuple[tuple[Schema, Field], ...]:
    return tuple(
        (schema, field)
        for schema in SCHEMAS.values()
        if schema.name != _KEEPS_ITS_PLACE
        for field in schema.fields.values()
        if field.kind is Kind.REF and field.target in (name, "*") and field.name != INTO
    )


def _linking(records: Records, schema: Schema, link: Field, record: Record) -> Iterator[Record]:
    table = schema.table
    query = select(table.c.id).where(table.c[link.name] == record.id)
    if link.target == "*" and link.target_field:
        query = query.where(table.c[link.target_field] == record.schema.name)
    ids = sorted(records.connection.execute(query).scalars())
    for some in chunks(ids):
        records.load({schema.no: some})
    # As the batch leaves them: some were moved in it, some came.
    for other in list(records.touched()):
        if other.schema is schema and _points(other, link, record):
            yield other


def _points(other: Record, link: Field, record: Record) -> bool:
    return other.values.get(link.name) == record.id and target_name(link, other.values) == record.schema.name


Moved = list[tuple[Record, Field]]


@dataclass(frozen=True, slots=True)
class Joining:
    """What the operations of one author do to records that were merged. Nothing here refuses."""

    records: Records
    scopes: ScopeKeeper
    author: Author
    rights: AuthorRights
    next: Callable[[], int]
    value: Callable[[Record, tuple[Field, ...]], Any]
    put: Callable[[Record, Field, Any], None]
    sign: Callable[[Record, Stamp], bool]
    note_account: Callable[[Record], None]

    def place_new(self, record: Record, stamp: Stamp) -> list[Any] | None:
        """Put a new record below the one its parent was merged into; return what its author is told."""
        told = None
        for link, key in self.records.parent_links(record.schema, record.values):
            parent = self.records.get(*key) if key else None
            if parent is None or parent.lives:
                continue
            kept = kept_of(self.records, parent)
            if kept is not None:
                record.values[link.name] = kept.id
                record.cascade = parent.cascade
                self._stamp(record, link, stamp)
                told = [CARRIED.text, {}]
        return told

    def hand_on(self, record: Record, name: str, stamp: Stamp) -> None:
        """Put what hangs on a record that is about to be deleted below the one it was merged into."""
        kept = kept_of(self.records, record)
        if kept is None:
            return
        for other, link in hanging_on(self.records, record):
            self._relink(other, link, None if other is kept else kept, name, stamp)
        for name in _handed_on(record, kept):
            if record.values[name] is not None and kept.values[name] is None:
                self._keep(kept, name, record.values[name], stamp)

    def gone_over(self, record: Record) -> Moved:
        """Return what has to come back with a merged record; to be asked before it is restored."""
        kept = kept_of(self.records, record)
        return [] if kept is None else moved_by(self.records, record, kept)

    def bring_back(self, record: Record, moved: Moved, stamp: Stamp) -> None:
        """Put below a restored record what its deletion had moved; it is merged into nothing any more."""
        kept = kept_of(self.records, record)
        for other, link in moved:
            self._relink(other, link, record, None, stamp)
        if kept is not None:
            for name in _handed_on(record, kept):
                if record.values[name] is not None and kept.values[name] == record.values[name]:
                    self._keep(kept, name, None, stamp)
        if record.values.get(INTO):
            self.records.change(record).set(INTO, None)
            self._stamp(record, record.schema.fields[INTO], stamp)

    def carry(self, record: Record, wanted: Wanted, old: Any, stamp: Stamp) -> list[Any] | None:
        """Make an edit of a merged record in the one that was kept too, where that says the same or nothing.

        Where it says something else the edit shows when the merge is taken apart. Returns what the author
        is told.
        """
        kept = self._changeable(record)
        if kept is None or any(f.kind is Kind.REF or f.scope is not None for f in wanted.fields):
            return None
        held, new = self.value(kept, wanted.fields), self.value(record, wanted.fields)
        if held == new:
            return [CARRIED.text, {}]
        if held != old and not _is_empty(held):
            return None
        self.records.change(kept)
        for field in wanted.fields:
            self.put(kept, field, wanted.values[field.name])
        self._stamp(kept, wanted.fields[0], stamp)
        self.sign(kept, stamp)
        return [CARRIED.text, {}]

    def carry_words(
        self, record: Record, field: Field, pairs: Iterable[tuple[str, str]], stamp: Stamp
    ) -> None:
        """Add words that came to a set of a merged record to the one that was kept too."""
        kept = self._changeable(record)
        if kept is None or field.scope is not None:
            return
        self.records.change(kept)
        register = register_of(field)
        kept.dots[register] = kept.dots.get(register, set()) | {*pairs}
        self.put(kept, field, sorted({word for word, _ in kept.dots[register]}) or None)
        self._stamp(kept, field, stamp)
        self.sign(kept, stamp)

    def _keep(self, kept: Record, name: str, value: Any, stamp: Stamp) -> None:
        self.records.change(kept).set(name, value)
        self._stamp(kept, kept.schema.fields[name], stamp)

    def _changeable(self, record: Record) -> Record | None:
        kept = None if record.lives or INTO not in record.values else kept_of(self.records, record)
        may = kept is not None and self.rights.may(Action.EDIT, kept.schema.name, kept.all_scopes())
        return kept if may else None

    def _relink(
        self, other: Record, link: Field, target: Record | None, cascade: str | None, stamp: Stamp
    ) -> None:
        self.records.change(other)
        self.scopes.lend(other)
        self.note_account(other)
        other.set(link.name, target.id if target else None)
        other.cascade, other.meta_changed = cascade, True
        self._stamp(other, link, stamp)
        self.records.relink(other)
        self.scopes.changed(other)
        self.scopes.lend(other)
        self.note_account(other)

    def _stamp(self, record: Record, field: Field, stamp: Stamp) -> None:
        """Stamp a register as set by HQ in the author's name, so that every laptop hears of it."""
        register = register_of(record.schema.leader(field)) if field.no else register_of(field)
        hlc = max(stamp.hlc, record.mark(register).hlc + 1)
        record.stamp(register, Mark(hlc, 0, 1, stamp.op_no, self.next(), self.author.user_id))


def _is_empty(value: Any) -> bool:
    return not any(value) if isinstance(value, list) else value in (None, "")
