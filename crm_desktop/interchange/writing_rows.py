"""The rows of an import into the replica, by the rules every edit obeys, many in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from typing import Any

from sqlalchemy import insert, select

from crm_core.entities import SCHEMAS, schema_of
from crm_core.entities.deal import Stage
from crm_core.errors import Invalid, UserError
from crm_core.exchange.plan import ExtraRecord, PlannedRow, Step
from crm_core.i18n import N_, Message, message
from crm_core.rules.access import Action, decide
from crm_core.rules.scopes import EVERYONE
from crm_core.schema.entity import Entity
from crm_core.schema.field import Field, Plain
from crm_core.schema.machine import Machine
from crm_core.schema.reading import Schema
from crm_core.schema.validate import problems_of
from crm_desktop.models import counting, repository
from crm_desktop.models.custom import all_custom_fields
from crm_desktop.models.device_tables import ImportChange
from crm_desktop.models.read_once import reading_once
from crm_desktop.models.replica import Replica
from crm_desktop.models.repository import IDS_A_STATEMENT
from crm_desktop.models.session import WriteSession
from crm_desktop.services import records, rights
from crm_desktop.services.company import company
from crm_desktop.services.completing import complete_new

# Their totals follow from each other: they are written one by one, as by hand.
_ONE_BY_ONE = frozenset(("quote", "quote_line"))

Refused = dict[int, tuple[Message, ...]]
"""Line of the file to why its row was not written."""


def may_be_gathered(
    schema: Schema, held: Iterable[Entity], written: Sequence[tuple[str, Mapping[str, Plain]]]
) -> bool:
    """Tell whether changes of many records may go out together: nothing follows from them but themselves.

    `held` are the rows as they are, `written` what is set of which id. Steps that write nothing beside the
    state go along, one a record.
    """
    if schema.name in _ONE_BY_ONE or schema.meta.reference or schema.meta.ledger is not None:
        return False
    machine = schema.meta.machine
    if machine is None:
        return True
    present = {row.id: row for row in held}
    of_steps = machine.named_fields() | {machine.field, "owner_id"}
    stepping: set[str] = set()
    for row_id, values in written:
        row = present.get(row_id)
        changed = {name for name in of_steps & values.keys() if getattr(row, name, None) != values[name]}
        if row is None or not changed:
            continue
        if row_id in stepping or not _is_plain_step(machine, row, values, changed):
            return False
        stepping.add(row_id)
    return True


def _is_plain_step(
    machine: Machine, row: Entity, values: Mapping[str, Plain], changed: Collection[str]
) -> bool:
    """Tell whether what is changed is a step, or none that is allowed, and it writes no other field."""
    if machine.field not in changed:
        return False
    step = machine.between(getattr(row, machine.field), values[machine.field])
    takes = () if step is None else step.takes
    return (step is None or not step.keeps) and {*changed} <= {machine.field, *takes}


class RowWriter:
    """Writes planned rows of one entity. Keeps in mind which were refused, for rows that refer to them."""

    def __init__(self, replica: Replica, entity: str) -> None:
        self._replica = replica
        self._entity = entity
        self._schema = schema_of(entity)
        self._person = replica.person
        self._lost: dict[str, int] = {}
        self._amounts = [field.name for field in self._schema.fields.values() if field.currency == "currency"]
        reach = self._person.rights.reach_of(entity, Action.CREATE)
        self._creates_anywhere = EVERYONE in self._person.acts_in(reach)

    def demand_rights(self, rows: Iterable[PlannedRow]) -> None:
        """Raise `AccessDenied` where the person may do no such thing at all, or not to one of the fields."""
        written: dict[Action, set[str]] = {}
        for row in rows:
            if row.step not in (Step.CREATE, Step.UPDATE):
                continue
            action = Action.CREATE if row.step is Step.CREATE else Action.EDIT
            written.setdefault(action, set()).update(row.values)
        for action, names in written.items():
            decide(self._person, action, self._entity, None, self._declared(names, action)).demand()

    def make_extras(self, session: WriteSession, extras: Iterable[ExtraRecord]) -> None:
        """Make the records the rows refer to."""
        for extra in extras:
            records.create_in(session, self._replica, extra.entity, extra.values, extra.record_id)

    def write(self, session: WriteSession, rows: Sequence[PlannedRow], batch: str) -> Refused:
        """Write rows in the caller's transaction and remember what undoes them; return who was refused."""
        # Held to the end: the session forgets rows nobody holds, and would read a stage for each deal anew.
        held = [*session.scalars(select(Stage))] if self._entity == "deal" else []
        held += self._parents(session, rows)
        updates = [(row.record_id, row.values) for row in rows if row.step is Step.UPDATE]
        present = repository.hold(session, self._entity, (record_id for record_id, _ in updates))
        # Rows of the set-up may be what is read.
        gathers = may_be_gathered(self._schema, present, updates)
        with (
            nullcontext() if self._schema.meta.reference else reading_once(session),
            session.gathering() if gathers else nullcontext(),
        ):
            refused = self._write(session, rows, batch)
        del held, present
        return refused

    def _write(self, session: WriteSession, rows: Sequence[PlannedRow], batch: str) -> Refused:
        refused: Refused = {}
        currency = company(session).currency
        made: list[dict[str, Any]] = []
        changes: list[dict[str, Any]] = []
        for row in rows:
            try:
                self._demand_parents(row)
                if row.step is Step.CREATE:
                    before = None
                    values = self._create(session, row, currency, made)
                else:
                    before, values = self._update(session, row)
            except UserError as error:
                refused[row.source.line] = _reasons(error)
                self._lost[row.record_id] = row.source.line
                continue
            changes.append({"batch_id": batch, "row_id": row.record_id, "before": before, "after": values})
        repository.create_many(session, self._entity, made)
        counting.refresh(
            session, (holder for row in made for holder in counting.holders_of(self._entity, row))
        )
        if changes:
            session.execute(insert(ImportChange), changes)
        return refused

    def _parents(self, session: WriteSession, rows: Sequence[PlannedRow]) -> Iterator[Any]:
        """Yield the records the rows are to lie below, as far as one field says of which kind they are."""
        for link in self._schema.parent_fields:
            model = SCHEMAS[link.target].model if link.target in SCHEMAS else None
            ids = sorted({str(row.values[link.name]) for row in rows if row.values.get(link.name)})
            if model is not None:
                for start in range(0, len(ids), IDS_A_STATEMENT):
                    yield from session.scalars(
                        select(model).where(model.id.in_(ids[start : start + IDS_A_STATEMENT]))
                    )

    def _create(
        self, session: WriteSession, row: PlannedRow, currency: str, made: list[dict[str, Any]]
    ) -> dict[str, Plain]:
        if self._entity in _ONE_BY_ONE:
            given = {n: value for n, value in row.values.items() if not _is_bookkeeping(self._entity, n)}
            records.create_in(session, self._replica, self._entity, given, row.record_id)
            return given
        given = dict(row.values)
        if any(given.get(amount) is not None for amount in self._amounts):
            given.setdefault("currency", currency)
        values = complete_new(session, self._person, self._replica.clock, self._entity, given)
        if row.values.get("stage_since"):
            values["stage_since"] = row.values["stage_since"]
        if problems := problems_of(self._schema, values):
            raise Invalid(problems)
        if not self._creates_anywhere:
            rights.may(session, self._person, Action.CREATE, self._entity, values).demand()
        rights.demand_assignable(session, self._person, self._entity, None, values)
        made.append({**values, "id": row.record_id})
        return dict(row.values)

    def _update(self, session: WriteSession, row: PlannedRow) -> tuple[dict[str, Plain], dict[str, Plain]]:
        """Change the record; return its values before and after, of the fields that changed."""
        present = repository.get(session, self._entity, row.record_id)
        changed = records.update_in(session, self._replica, self._entity, row.record_id, row.values)
        held = dict(present.values) if present is not None else {}
        names = [
            name
            for name, value in changed.values.items()
            if held.get(name) != value and not _is_bookkeeping(self._entity, name)
        ]
        return {name: held.get(name) for name in names}, {name: changed.values[name] for name in names}

    def _demand_parents(self, row: PlannedRow) -> None:
        for value in row.values.values():
            if isinstance(value, str) and value in self._lost:
                raise UserError(N_("It refers to line {line}, which was rejected"), line=self._lost[value])

    def _declared(self, names: Iterable[str], action: Action) -> Sequence[Field]:
        """Return the fields written by the person: what is left at its default asks for no right."""
        with self._replica.read() as session:
            known = {**self._schema.fields, **all_custom_fields(session, self._entity)}
        fields = (known[name] for name in names if name in known)
        return [field for field in fields if action is Action.EDIT or field.default is None]


def _is_bookkeeping(entity: str, name: str) -> bool:
    field = SCHEMAS[entity].fields.get(name)
    return field is not None and (field.read_only or field.computed)


def _reasons(error: UserError) -> tuple[Message, ...]:
    if not isinstance(error, Invalid):
        return (error.message,)
    return tuple(
        message(N_("{column}: {problem}"), column=problem.field, problem=problem.message)
        if problem.field
        else problem.message
        for problem in error.problems
    )
