"""Fields to mend: values that are not in their standard form, and wanted ones that are missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from crm_core.entities import SCHEMAS, schema_of
from crm_core.errors import UserError
from crm_core.i18n import N_, Message, message
from crm_core.rules.access import Action, decide
from crm_core.schema.field import Field
from crm_core.schema.standards import doubt_with, has_standard, mended
from crm_desktop.models import query
from crm_desktop.models.conditions import Condition, Op
from crm_desktop.models.query import ListQuery
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.services import lists
from crm_desktop.services.bulk import BulkChange, How

WANTED: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "customer": ("phone", "email", "industry", "city", "level"),
        "contact": ("phone", "email"),
        "lead": ("phone", "email", "source"),
    }
)
"""Fields a record is worth little without, by the kind of record; those required there are wanted too."""
MISSING: Final = message(N_("Missing"))
_PAGE: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """One field of one kind of record, and what is the matter with it."""

    entity: str
    field: Field
    op: Op
    """`DOUBTFUL` or `EMPTY`."""

    @property
    def key(self) -> str:
        """Names the flaw among all."""
        return f"{self.entity}.{self.field.name}.{self.op.value}"

    @property
    def condition(self) -> Condition:
        """What a list of the records with it is narrowed by."""
        return Condition(field=self.field.name, op=self.op)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A flaw and how many records have it."""

    flaw: Flaw
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ToMend:
    """One value of one record to be mended; `mended` is what it becomes where that is clear."""

    record: Record
    flaw: Flaw
    value: str
    problem: Message
    mended: str | None


def entities() -> tuple[str, ...]:
    """Return the kinds of records that have fields to mend."""
    found = [name for name, schema in SCHEMAS.items() if any(map(has_standard, schema.fields.values()))]
    return tuple(dict.fromkeys((*WANTED, *found)))


def flaws(replica: Replica, entity: str) -> tuple[Flaw, ...]:
    """Return what may be the matter with records of a kind, in fields the person may read."""
    schema = schema_of(entity)
    found = []
    for shown in lists.shown_fields(replica, entity):
        field = shown.field
        if field.read_only or field.computed or field.retired:
            continue
        if has_standard(field):
            found.append(Flaw(entity=entity, field=field, op=Op.DOUBTFUL))
        if entity in WANTED and (field.required or field.name in WANTED[entity]):
            found.append(Flaw(entity=entity, field=field, op=Op.EMPTY))
    order = {name: place for place, name in enumerate(schema.fields)}
    found.sort(key=lambda flaw: (flaw.op is Op.EMPTY, order.get(flaw.field.name, len(order))))
    return tuple(found)


def count(replica: Replica, entity: str | None = None) -> tuple[Counted, ...]:
    """Return what is the matter and with how many records, of all kinds or one; nothing that is well.

    Kinds the person may not read are left out.
    """
    counted = []
    for name in [entity] if entity is not None else entities():
        if not decide(replica.person, Action.READ, name).allowed:
            continue
        for flaw in flaws(replica, name):
            with replica.read() as session:
                wanted = ListQuery(entity=name, conditions=(flaw.condition,))
                number = query.count(session, replica.person, wanted)
            if number:
                counted.append(Counted(flaw=flaw, count=number))
    return tuple(counted)


def flaw_of(replica: Replica, entity: str, name: str, *, missing: bool = False) -> Flaw:
    """Return the flaw of a field. `UserError` where the field has none such."""
    op = Op.EMPTY if missing else Op.DOUBTFUL
    for flaw in flaws(replica, entity):
        if flaw.field.name == name and flaw.op is op:
            return flaw
    raise UserError(N_("There is nothing to mend in “{field}”"), field=name)


def listed(replica: Replica, flaw: Flaw) -> Iterator[ToMend]:
    """Yield the records with a flaw, the oldest first; read page by page."""
    after = None
    while True:
        wanted = ListQuery(entity=flaw.entity, conditions=(flaw.condition,), limit=_PAGE, after=after)
        with replica.read() as session:
            page = query.page(session, replica.person, wanted)
        for record in page.rows:
            yield _to_mend(record, flaw)
        after = page.next
        if after is None:
            return


def ids_of(replica: Replica, flaw: Flaw) -> tuple[str, ...]:
    """Return the ids of all records with a flaw."""
    return lists.all_ids(replica, ListQuery(entity=flaw.entity, conditions=(flaw.condition,)))


def mending_of(flaw: Flaw) -> BulkChange:
    """Return the change that puts right what is clear."""
    return BulkChange(entity=flaw.entity, field=flaw.field, how=How.MEND, values={})


def _to_mend(record: Record, flaw: Flaw) -> ToMend:
    held = record.values.get(flaw.field.name)
    value = "" if held is None else str(held)
    doubt = MISSING if flaw.op is Op.EMPTY else doubt_with(flaw.field, value, record.values)
    return ToMend(
        record=record,
        flaw=flaw,
        value=value,
        problem=doubt or MISSING,
        mended=mended(flaw.field, value, record.values),
    )
