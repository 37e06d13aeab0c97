"""From a table and its rules to a plan: rows recognised, cells read, links found, every row judged."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from crm_core.errors import UserError
from crm_core.exchange.convert import cell_reader, clean
from crm_core.exchange.deals import Stages, name_deal
from crm_core.exchange.drafts import Column, Draft, gathered
from crm_core.exchange.links import Links, NotFoundHere
from crm_core.exchange.mapping import RECORD_ID, Found, Rule, Target, title_of
from crm_core.exchange.missing import STAGE_BY_NAME, Missing, defaults_of
from crm_core.exchange.plan import ImportOptions, ImportPlan, Lookup, Mode, PlannedRow, Step
from crm_core.exchange.source import SourceRow, SourceTable
from crm_core.exchange.standard_names import StandardNames, likely_misspelt
from crm_core.i18n import N_, Message, message
from crm_core.ids import is_id, new_id
from crm_core.money import is_currency
from crm_core.schema.code_lists import spellings
from crm_core.schema.field import Field, Kind, Plain
from crm_core.schema.phones import compared_form, standard_form
from crm_core.schema.reading import CUSTOM_PREFIX
from crm_core.schema.standards import has_standard
from crm_core.schema.validate import custom_problems, problems_of
from crm_core.schema.values import parse_text

Advance = Callable[[int, int], None]
"""Told (rows done, rows in all); may raise to stop."""

_ROWS_A_REPORT = 500
_OWNER = "owner_id"


def plan_import(
    table: SourceTable,
    target: Target,
    rules: Sequence[Rule],
    options: ImportOptions,
    lookup: Lookup,
    advance: Advance = lambda done, total: None,
) -> ImportPlan:
    """Return what importing the table is to do.

    Raises `UserError` for what is wrong with the whole: no column that fills anything, a key no column
    fills, a default that cannot be read, a currency that is none.
    """
    if not is_currency(options.reading.currency):
        raise UserError(
            N_("“{text}” is not the code of a currency such as CNY"), text=options.reading.currency
        )
    planner = _Planner(table, target, rules, options, lookup)
    return planner.plan(advance)


class _Planner:
    def __init__(
        self,
        table: SourceTable,
        target: Target,
        rules: Sequence[Rule],
        options: ImportOptions,
        lookup: Lookup,
    ) -> None:
        self.table = table
        self.target = target
        self.schema = target.schema
        self.options = options
        self.lookup = lookup
        self.links = Links(lookup)
        self.missing = Missing(self.links)
        self.notes: list[Message] = [*table.notes]
        self.fields = {each.name: each for each in target.fields()}
        self.id_column = next((rule.column for rule in rules if rule.field == RECORD_ID), None)
        filled = {rule.field for rule in rules}
        self.names = StandardNames([each for name, each in self.fields.items() if name in filled])
        self.columns = self._prepare([rule for rule in rules if rule.field != RECORD_ID])
        self.key = self._choose_key()
        self.stages = Stages(lookup) if self.schema.name == "deal" else None
        default_texts = dict(options.defaults)
        self._make_missing(default_texts)
        self.defaults: dict[str, Plain] = {}
        self._read_defaults(default_texts)
        self._tell_left_out(rules)

    def plan(self, advance: Advance) -> ImportPlan:
        """Return the plan."""
        drafts = [self._recognise(row) for row in self.table.rows]
        self._settle_twins(drafts)
        self._load_current(drafts)
        for done, draft in enumerate(drafts):
            if done % _ROWS_A_REPORT == 0:
                advance(done, len(drafts))
            if draft.step in (Step.CREATE, Step.UPDATE):
                self._read(draft)
                self._judge(draft)
        self._compare_twins(drafts)
        self._link_own(drafts)
        advance(len(drafts), len(drafts))
        stage_notes = self.stages.notes() if self.stages else ()
        return ImportPlan(
            entity=self.schema.name,
            table=self.table,
            rows=tuple(self._planned(draft) for draft in drafts),
            extras=tuple(self.missing.extras),
            notes=(
                *self.notes,
                *self.names.notes(),
                *self.missing.notes(),
                *self.links.notes(),
                *stage_notes,
            ),
        )

    # Preparing

    def _prepare(self, rules: Sequence[Rule]) -> list[Column]:
        if not rules:
            raise UserError(N_("No column of the file fills anything; say which is which"))
        columns = []
        for rule in rules:
            filled = self.fields[rule.field]
            replace = self.options.replace.get(rule.column, {})
            cleaned = (clean(cell) for cell in self.table.column(rule.column))
            cells = [replace.get(cell, cell) for cell in cleaned if cell]
            read, notes = cell_reader(filled, cells, self.options.reading, rule.factor)
            self.notes += notes
            self.notes += likely_misspelt(filled, cells)
            header = self.table.headers[rule.column]
            columns.append(Column(rule=rule, header=header, field=filled, read=read, replace=replace))
        # An amount needs its currency first, a stage its pipeline.
        return sorted(
            gathered(columns),
            key=lambda c: (c.field.kind is not Kind.CURRENCY, c.field.name != "pipeline_id"),
        )

    def _choose_key(self) -> str:
        wanted = self.options.key
        filled = [column.field.name for column in self.columns]
        if not wanted and self.id_column is not None:
            wanted = RECORD_ID
        if not wanted:
            if self.options.mode is Mode.CREATE:
                return ""
            usual = ("code", self.schema.meta.title)
            found = next((name for name in usual if name in filled), None)
            if found is None:
                raise UserError(N_("Say by which field records are recognised: the key"))
            return found
        name = RECORD_ID if wanted == RECORD_ID else self.target.field(wanted).name
        if name not in filled and not (name == RECORD_ID and self.id_column is not None):
            raise UserError(N_("No column fills “{field}”, which is to be the key"), field=name)
        return name

    def _make_missing(self, default_texts: dict[str, str]) -> None:
        usable = [row for row in self.table.rows if row.problem is None]
        for column in self.columns:
            found = column.rule.lookup
            if not column.rule.create_missing or found is None:
                continue
            if found == STAGE_BY_NAME and self.stages is not None:
                rows = [(column.text(row), sum(map(bool, row.cells))) for row in usable]
                default_texts["pipeline_id"] = self.missing.make_stages(
                    rows, self.stages, default_texts.get("pipeline_id", ""), self.options.file_title
                )
            else:
                self.missing.make(found, (column.text(row) for row in usable))

    def _read_defaults(self, texts: Mapping[str, str]) -> None:
        values = self.defaults
        given = [(self.target.field(name), text.strip()) for name, text in texts.items()]
        for filled, text in sorted(given, key=lambda each: each[0].name != "pipeline_id"):
            if filled.read_only:
                raise UserError(
                    N_("“{field}” is kept by the program; no file can fill it"), field=Message(filled.label)
                )
            if not text:
                values[filled.name] = None
            elif filled.kind is Kind.REF and not is_id(text) and filled.target not in (None, "*"):
                values[filled.name] = self._find(filled, title_of(str(filled.target)), text, values)
            else:
                read, _ = cell_reader(filled, (text,), self.options.reading)
                values.update(read(text, values))

    def _tell_left_out(self, rules: Sequence[Rule]) -> None:
        used = {rule.column for rule in rules}
        left_out = [header for place, header in enumerate(self.table.headers) if place not in used]
        if left_out:
            self.notes.append(message(N_("Columns left out: {columns}"), columns=", ".join(left_out)))

    # Recognising

    def _recognise(self, row: SourceRow) -> Draft:
        """Return the draft with its key value read, and nothing else."""
        draft = Draft(source=row, step=Step.CREATE)
        if row.problem is not None:
            draft.reject(row.problem)
        elif self.key == RECORD_ID and self.id_column is not None:
            draft.values[RECORD_ID] = row.cells[self.id_column].strip().lower().replace("-", "") or None
        elif self.key:
            column = next(each for each in self.columns if each.field.name == self.key)
            self._read_cell(draft, column, {})
        return draft

    def _settle_twins(self, drafts: Sequence[Draft]) -> None:
        """Decide by the key what is there already, and which rows speak of one record."""
        held = self._held_by_key()
        first: dict[str, Draft] = {}
        for draft in drafts:
            value = draft.values.pop(self.key, None) if self.key else None
            if draft.step is Step.REJECT:
                continue
            text = "" if value is None else str(value)
            if not text:
                if self.options.mode is Mode.UPDATE:
                    draft.reject(message(N_("The key is empty")))
                draft.record_id = new_id()
                continue
            draft.twin = first.get(text)
            if draft.twin is not None:
                draft.record_id = draft.twin.record_id
                draft.step = draft.twin.step
                draft.reasons += draft.twin.reasons
                continue
            first[text] = draft
            self._settle(draft, held.get(text, []))

    def _settle(self, draft: Draft, ids: Sequence[str]) -> None:
        if len(ids) > 1:
            draft.reject(message(N_("{count} records have this key"), count=len(ids)))
        elif ids:
            draft.record_id = ids[0]
            draft.step = Step.SKIP if self.options.mode is Mode.CREATE else Step.UPDATE
            if draft.step is Step.SKIP:
                draft.reasons.append(message(N_("It is there already")))
        else:
            draft.record_id = new_id()
            if self.options.mode is Mode.UPDATE:
                draft.step = Step.SKIP
                draft.reasons.append(message(N_("No record has this key")))

    def _held_by_key(self) -> Mapping[str, Sequence[str]]:
        held: dict[str, list[str]] = {}
        if self.key == RECORD_ID:
            return {each: [each] for each, _ in self.lookup.records(self.schema.name, ())}
        if self.key:
            # Numbers may still stand as somebody typed them.
            is_phone = self.fields[self.key].kind is Kind.PHONE
            read = (lambda text: standard_form(text) or text) if is_phone else str
            for record_id, (value,) in self.lookup.records(self.schema.name, (self.key,)):
                if value is not None:
                    held.setdefault(read(str(value)), []).append(record_id)
        return held

    def _load_current(self, drafts: Sequence[Draft]) -> None:
        wanted = {draft.record_id: draft for draft in drafts if draft.step is Step.UPDATE}
        if not wanted:
            return
        names = tuple(self.fields)
        found = {
            record_id: dict(zip(names, values, strict=True))
            for record_id, values in self.lookup.records(self.schema.name, names)
            if record_id in wanted
        }
        for draft in drafts:
            if draft.step is Step.UPDATE:
                draft.current = found[draft.record_id]

    # Reading

    def _read(self, draft: Draft) -> None:
        # An amount without a currency keeps the one its record has.
        context = {
            each.name: draft.current[each.name]
            for each in self.fields.values()
            if each.kind is Kind.CURRENCY and draft.current.get(each.name)
        }
        for column in self.columns:
            self._read_cell(draft, column, context)
        # After the whole row: a place is looked for in the other.
        self.names.name(draft.values, draft.current)

    def _read_cell(self, draft: Draft, column: Column, context: Mapping[str, Any]) -> None:
        text = column.text(draft.source)
        found = column.rule.lookup
        if not text and not (column.others and column.named(draft.source)):
            return
        try:
            if column.field.members:
                draft.values[column.field.name] = self._members(column.field, text)
            elif found is None:
                draft.values.update(column.read(text, {**context, **draft.values}))
            elif found.entity == self.schema.name:
                draft.own_links.append((column, text))
            elif column.others:
                draft.values[column.field.name] = self.links.find_by_all(column.named(draft.source))
            else:
                draft.values[column.field.name] = self._find(column.field, found, text, draft.values)
        except UserError as error:
            if not draft.stays_with(column.field.name, error):
                draft.reject(_in_column(column, error.message))

    def _members(self, filled: Field, text: str) -> list[Plain]:
        """Return the ids of the users and teams a cell names, by id or by name. Raises `UserError`."""
        words = parse_text(filled, text)[filled.name]
        found = {self._member(filled, str(word)) for word in words} if isinstance(words, list) else set()
        return [*sorted(found)]

    def _member(self, filled: Field, word: str) -> str:
        if is_id(word):
            return word
        for entity in filled.members[:-1]:
            with contextlib.suppress(NotFoundHere):
                return self.links.find(title_of(entity), word)
        return self.links.find(title_of(filled.members[-1]), word)

    def _find(self, filled: Field, found: Found, text: str, values: Mapping[str, Plain]) -> str:
        if filled.target != "stage" or self.stages is None:
            return self.links.find(found, text)
        pipeline_id = values.get("pipeline_id") or self.defaults.get("pipeline_id")
        return self.links.find(found, text, self.stages.of(pipeline_id), str(pipeline_id or ""))

    # Judging

    def _judge(self, draft: Draft) -> None:
        if draft.step is Step.CREATE:
            self._complete_new(draft)
        elif self.stages is not None and draft.values.get("stage_id"):
            self._with_stage(draft, new=False)
        if draft.step is Step.REJECT:
            return
        partial = draft.step is Step.UPDATE
        for problem in self._problems(draft.values, draft.current if partial else None):
            draft.reject(problem)
        if draft.step is Step.UPDATE:
            draft.values = self._changes(draft)

    def _complete_new(self, draft: Draft) -> None:
        offered = {each.name: each.default for each in self.target.custom if each.default is not None}
        draft.values = {**defaults_of(self.schema), **offered, **self.defaults, **draft.values}
        if _OWNER in self.fields and _OWNER not in draft.values and self.options.owner_id:
            draft.values[_OWNER] = self.options.owner_id
        if self.stages is not None:
            self._with_stage(draft, new=True)
            name_deal(draft.values, self.links)

    def _with_stage(self, draft: Draft, *, new: bool) -> None:
        assert self.stages is not None
        try:
            self.stages.complete(draft.values, new=new)
        except UserError as error:
            draft.reject(error.message)

    def _problems(
        self, values: Mapping[str, Plain], current: Mapping[str, Plain] | None
    ) -> Iterator[Message]:
        declared = {name: value for name, value in values.items() if not name.startswith(CUSTOM_PREFIX)}
        for problem in problems_of(self.schema, declared, partial=current is not None):
            if problem.field in self.options.filled_later and declared.get(problem.field) is None:
                continue
            label = self.fields[problem.field].label if problem.field in self.fields else ""
            yield message(N_("{column}: {problem}"), column=Message(label), problem=problem.message)
        custom = {field.name: field for field in self.target.custom}
        for problem in custom_problems(custom, values, current):
            named = custom.get(problem.field or "")
            yield message(
                N_("{column}: {problem}"),
                column=Message(named.label if named else problem.field or ""),
                problem=problem.message,
            )

    def _changes(self, draft: Draft) -> dict[str, Plain]:
        changes: dict[str, Plain] = {}
        for name, value in draft.values.items():
            before = draft.current.get(name)
            if isinstance(value, list) and self.fields[name].kind is Kind.TAGS:
                words = {*value, *(before if isinstance(before, list) else ())}
                value = [*sorted(str(word) for word in words)]
            if before and has_standard(self.fields[name]) and _is_same(self.fields[name], before, value):
                continue  # another spelling of it: whoever wants one form has it mended
            if (before or None) != (value or None) or (before == 0) != (value == 0):
                changes[name] = value
        return changes

    # Rows that speak of each other

    def _compare_twins(self, drafts: Iterable[Draft]) -> None:
        """Let one row a key speak: the first that is not rejected."""
        leaders: dict[str, Draft] = {}
        for draft in drafts:
            if draft.twin is None or draft.step not in (Step.CREATE, Step.UPDATE):
                continue
            leader = leaders.get(draft.record_id, draft.twin)
            if leader.step is Step.REJECT:
                leaders[draft.record_id] = draft
            elif self.options.mode is Mode.CREATE or draft.values == leader.values:
                draft.step = Step.SKIP
                draft.reasons.append(_same_key(leader))
            else:
                draft.reject(_same_key(leader))

    def _link_own(self, drafts: Sequence[Draft]) -> None:
        """Find the links into the imported entity, rows of the file included; a lost parent loses its row."""
        linking = [draft for draft in drafts if draft.own_links and draft.step in (Step.CREATE, Step.UPDATE)]
        if not linking:
            return
        made = {draft.record_id: draft for draft in drafts if draft.step is Step.CREATE}
        for record_id, draft in made.items():
            self.links.add(self.schema.name, record_id, draft.values)
        for draft in linking:
            for column, text in draft.own_links:
                self._link(draft, column, text)
        grew = True
        while grew:
            grew = False
            for draft in linking:
                lost = next((p for p in self._parents(draft, made) if p.step is Step.REJECT), None)
                if draft.step is not Step.REJECT and lost is not None:
                    draft.reject(
                        message(N_("It refers to line {line}, which was rejected"), line=lost.source.line)
                    )
                    grew = True

    def _link(self, draft: Draft, column: Column, text: str) -> None:
        assert column.rule.lookup is not None
        try:
            named = column.named(draft.source) if column.others else [(column.rule.lookup, text)]
            record_id = self.links.find_by_all(named)
        except UserError as error:
            if not draft.stays_with(column.field.name, error):
                draft.reject(_in_column(column, error.message))
            return
        if record_id == draft.record_id:
            draft.reject(_in_column(column, message(N_("The row refers to itself"))))
        elif draft.step is Step.CREATE or draft.current.get(column.field.name) != record_id:
            draft.values[column.field.name] = record_id

    def _parents(self, draft: Draft, made: Mapping[str, Draft]) -> Iterator[Draft]:
        for column, _ in draft.own_links:
            parent = made.get(str(draft.values.get(column.field.name)))
            if parent is not None:
                yield parent

    # The result

    def _planned(self, draft: Draft) -> PlannedRow:
        step, reasons = draft.step, draft.reasons
        if step is Step.UPDATE and not draft.values:
            step, reasons = Step.SKIP, [message(N_("Nothing is different"))]
        if step in (Step.SKIP, Step.REJECT):
            return PlannedRow(
                source=draft.source,
                step=step,
                record_id=draft.record_id if step is Step.SKIP else "",
                reasons=tuple(reasons),
            )
        values = draft.values
        if step is Step.CREATE:
            values = {name: value for name, value in values.items() if value is not None}
        return PlannedRow(source=draft.source, step=step, record_id=draft.record_id, values=values)


def _in_column(column: Column, problem: Message) -> Message:
    return message(N_("{column}: {problem}"), column=column.header, problem=problem)


def _is_same(field: Field, before: Plain, value: Plain) -> bool:
    if not isinstance(value, str):
        return False
    if field.code_list is not None:
        return value in spellings(field.code_list, str(before))
    return field.kind is Kind.PHONE and compared_form(str(before)) == compared_form(value)


def _same_key(twin: Draft) -> Message:
    return message(N_("Line {line} has the same key"), line=twin.source.line)
