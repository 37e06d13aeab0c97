"""Where a report's records come from: what somebody may see, on a laptop or at HQ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final, Protocol

from sqlalchemy import CTE, ColumnElement, FromClause, false, func, select

from crm_core.entities import SCHEMAS, schema_of
from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.reporting.purchases import Seen
from crm_core.reporting.worth import beside, worth_of
from crm_core.rules.conditions import Condition
from crm_core.rules.customer_value import is_worth
from crm_core.rules.segments import MOST_LINKS, Rule
from crm_core.schema.field import Field, Kind

ITSELF: Final = "id"
"""What records are put together by where each is to stand alone."""


def itself(entity: str) -> Field:
    """Return the link of a record to itself."""
    label = schema_of(entity).meta.label
    return Field(no=0, name=ITSELF, label=label, kind=Kind.REF, target=entity, read_only=True, in_form=False)


class Source(Seen, Protocol):
    """The records one person may see at one moment. Columns are those of the entity's own table."""

    def fields(self, entity: str) -> Mapping[str, Field]:
        """Return every field of an entity by name, those the person may not read among them."""

    def value(self, entity: str, field: Field) -> ColumnElement[Any]:
        """Return the stored value of a field in SQL."""

    def where(self, entity: str, rule: Rule, worth: CTE | None = None) -> ColumnElement[bool]:
        """Return that a row meets a rule, always true or false; `worth` stands beside its table already.

        `AccessDenied` where it asks what is masked.
        """

    def words(self, entity: str, field: Field) -> FromClause:
        """Return the words of a set as rows (`row_id`, `word`), each word of a record once."""


class Linked:
    """The table of an entity, and what is asked of the records it links to, up to two links away.

    Records the person may not see are as if they were not there: what is asked of them is empty.
    """

    def __init__(
        self, source: Source, entity: str, paths: Iterable[str], judged: Iterable[Condition] = ()
    ) -> None:
        self._source = source
        self._root = entity
        self.today = source.today
        self._fields: dict[str, Field] = {}
        self._columns: dict[str, ColumnElement[Any]] = {}
        asked: dict[tuple[str, ...], dict[str, Field]] = {}
        self._entities: dict[tuple[str, ...], str] = {(): entity}
        for path in dict.fromkeys(paths):
            self._fields[path] = self._ask(path, asked)
        self.table: FromClause = schema_of(entity).table
        self.worth: CTE | None = None
        """What the records themselves are worth, where a path asks for it."""
        self._judged: dict[tuple[str, ...], list[Condition]] = {}
        self._holds: dict[Condition, ColumnElement[bool]] = {}
        for condition in judged:
            if (link := self._link_of(condition)) and condition not in self._judged.get((link,), ()):
                self._fields[condition.field] = self._ask(condition.field, asked)
                self._judged.setdefault((link,), []).append(condition)
        for links in sorted(asked, key=len):
            self._join(links, asked[links])

    def holds(self, condition: Condition) -> ColumnElement[bool] | None:
        """Return whether one of those `judged` holds, asked once for each record linked to; else None."""
        return self._holds.get(condition)

    def field(self, path: str) -> Field:
        """Return the field at a path."""
        return self._fields[path]

    def entity(self, path: str) -> str:
        """Return the kind of record the field at a path is of."""
        return self._entities[tuple(path.split(".")[:-1])]

    def kinds(self) -> tuple[str, ...]:
        """Return the kinds of record, other than set-up, that links lead to."""
        linked = {entity for links, entity in self._entities.items() if links}
        return tuple(sorted(each for each in linked if not schema_of(each).meta.reference))

    def value(self, path: str) -> ColumnElement[Any]:
        """Return the value of the field at a path in SQL, for a row of `table`."""
        return self._columns[path]

    def _link_of(self, condition: Condition) -> str:
        """Return the link of a condition on a plain field one link away; '' for any other, and for records of
        set-up: of few there is a list sooner than a join."""
        link, _, further = condition.field.partition(".")
        field = self._source.fields(self._root).get(link)
        target = SCHEMAS.get(field.target or "") if field is not None else None
        if target is None or target.meta.reference or is_worth(target.name, further):
            return ""
        return link if further in self._source.fields(target.name) else ""

    def _ask(self, path: str, asked: dict[tuple[str, ...], dict[str, Field]]) -> Field:
        *links, last = path.split(".")
        if len(links) > MOST_LINKS:
            raise UserError(N_("There is no field called “{field}”"), field=path)
        at: tuple[str, ...] = ()
        entity = self._root
        for link in links:
            field = self._source.field(entity, link)
            if field.kind is not Kind.REF or field.target not in SCHEMAS:
                raise UserError(N_("There is no field called “{field}”"), field=path)
            asked.setdefault(at, {})[link] = field
            at, entity = (*at, link), str(field.target)
            self._entities[at] = entity
        found = itself(entity) if not links and last == ITSELF else self._source.field(entity, last)
        asked.setdefault(at, {})[last] = found
        return found

    def _join(self, links: tuple[str, ...], fields: Mapping[str, Field]) -> None:
        entity = self._entities[links]
        schema = schema_of(entity)
        table = schema.table
        of_worth = [name for name in fields if is_worth(entity, name)]
        worth = worth_of(self._source, entity, of_worth) if of_worth else None
        rows = beside(schema, worth) if worth is not None else table
        if not links:
            self.table, self.worth = rows, worth
            for name, field in fields.items():
                self._columns[name] = self._value(worth, entity, field)
            return
        names = {f"f{place}": name for place, name in enumerate(fields)}
        values = [self._value(worth, entity, fields[name]).label(label) for label, name in names.items()]
        judged = self._judged.get(links, ())
        flags = {f"holds_{place}": condition for place, condition in enumerate(judged)}
        for label, condition in flags.items():
            asked = replace(condition, field=condition.field.partition(".")[2])
            values.append(self._source.where(entity, asked).label(label))
        seen = select(table.c.id.label("linked_id"), *values).select_from(rows)
        linked = seen.where(self._source.visible(entity)).correlate(None).subquery(f"by_{'_'.join(links)}")
        self.table = self.table.outerjoin(linked, linked.c.linked_id == self._columns[".".join(links)])
        for label, name in names.items():
            self._columns[".".join((*links, name))] = linked.c[label]
        for label, condition in flags.items():
            self._holds[condition] = func.coalesce(linked.c[label], false())

    def _value(self, worth: CTE | None, entity: str, field: Field) -> ColumnElement[Any]:
        if worth is not None and field.name in worth.c:
            found: ColumnElement[Any] = worth.c[field.name]
            return found
        if field.name == ITSELF:
            return schema_of(entity).table.c.id
        value = self._source.value(entity, field)
        # A yes or no nobody gave is a no, as in conditions.
        return func.coalesce(value, false()) if field.kind is Kind.BOOLEAN else value
