"""What an import is to do, row by row, before anything is written; and what it did."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from crm_core.exchange.convert import Reading
from crm_core.exchange.source import SourceRow, SourceTable
from crm_core.i18n import N_, Message, message
from crm_core.schema.field import Plain


class Mode(StrEnum):
    """What an import may do with a row."""

    CREATE = "create"
    """Make it; skip it where the key is there already."""
    UPDATE = "update"
    """Change what is there; skip it where the key is not."""
    BOTH = "both"


class Step(StrEnum):
    """What becomes of a row."""

    CREATE = "create"
    UPDATE = "update"
    SKIP = "skip"
    REJECT = "reject"


class Lookup(Protocol):
    """The records an import may refer to: those the importing person sees, deleted ones left out."""

    def records(self, entity: str, fields: Sequence[str]) -> Iterable[tuple[str, tuple[Plain, ...]]]:
        """Yield each record's id and its values of `fields`, in that order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """How a file is to be imported."""

    mode: Mode = Mode.CREATE
    key: str = ""
    """Field whose value tells that a row and a record are the same; empty: chosen where one is needed."""
    defaults: Mapping[str, str] = field(default_factory=dict)
    """Field to text, as typed in a file, for new records whose row says nothing; empty text: no value."""
    replace: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    """Column to what stands for what."""
    reading: Reading = field(default_factory=Reading)
    owner_id: str | None = None
    """Whoever imports: owns the records that name no owner."""
    filled_later: frozenset[str] = frozenset()
    """Required fields the program itself fills when the record is made."""
    file_title: str = ""
    """File name without its ending; names what has to be made for lack of another name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRow:
    """One row of the file and what becomes of it."""

    source: SourceRow
    step: Step
    record_id: str = ""
    """Of the record to make, change or leave alone; empty for a rejected row."""
    values: Mapping[str, Plain] = field(default_factory=dict)
    """Initial values, or the changes."""
    reasons: tuple[Message, ...] = ()
    """Why it is rejected or skipped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtraRecord:
    """A record to be made before the rows because they refer to it."""

    entity: str
    record_id: str
    values: Mapping[str, Plain]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPlan:
    """Everything an import is to do, in the order of the file."""

    entity: str
    table: SourceTable
    rows: tuple[PlannedRow, ...]
    extras: tuple[ExtraRecord, ...] = ()
    notes: tuple[Message, ...] = ()

    def steps(self, step: Step) -> Sequence[PlannedRow]:
        """Return the rows that take one step."""
        return [row for row in self.rows if row.step is step]

    def generations(self) -> list[list[PlannedRow]]:
        """Return the rows to write, those that refer to other rows of the file in a later list than these."""
        rows = {row.record_id: row for row in self.rows if row.step in (Step.CREATE, Step.UPDATE)}
        depths: dict[str, int] = {}

        def depth(row: PlannedRow, above: frozenset[str]) -> int:
            found = depths.get(row.record_id)
            if found is None:
                parents = {value for value in row.values.values() if isinstance(value, str) and value in rows}
                below = [
                    depth(rows[each], above | {row.record_id})
                    for each in parents - above - {row.record_id}  # a ring of parents has no first
                ]
                found = depths[row.record_id] = 1 + max(below, default=-1)
            return found

        levels: dict[int, list[PlannedRow]] = {}
        for row in rows.values():
            levels.setdefault(depth(row, frozenset()), []).append(row)
        return [levels[level] for level in sorted(levels)]

    def report(
        self, refused: Mapping[int, tuple[Message, ...]] | None = None, batch: str = ""
    ) -> ImportReport:
        """Return the account of the import; `refused` tells by line which rows could not be written."""
        refused = refused or {}
        counts = dict.fromkeys(Step, 0)
        rejected = []
        for row in self.rows:
            step = Step.REJECT if row.source.line in refused else row.step
            counts[step] += 1
            if step is Step.REJECT:
                reasons = refused.get(row.source.line, row.reasons)
                rejected.append(RejectedRow(line=row.source.line, cells=row.source.cells, reasons=reasons))
        return ImportReport(
            created=counts[Step.CREATE],
            updated=counts[Step.UPDATE],
            skipped=counts[Step.SKIP],
            rejected=tuple(rejected),
            headers=self.table.headers,
            notes=self.notes,
            batch=batch,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedRow:
    """A row that was not imported, as it stood in the file, and why."""

    line: int
    cells: tuple[str, ...]
    reasons: tuple[Message, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What an import did, or in a dry run would do; the four counts add up to the rows of the file."""

    created: int
    updated: int
    skipped: int
    rejected: tuple[RejectedRow, ...]
    headers: tuple[str, ...]
    notes: tuple[Message, ...] = ()
    batch: str = ""
    """What undoes it; empty where nothing was written."""

    def problems(self) -> list[Message]:
        """Return why rows were rejected, each reason once with how many rows and the first line of them."""
        lines: dict[str, list[int]] = {}
        said: dict[str, Message] = {}
        for row in self.rejected:
            for reason in row.reasons:
                said[str(reason)] = reason
                lines.setdefault(str(reason), []).append(row.line)
        return [
            message(N_("Line {line}: {reason}"), line=found[0], reason=said[text])
            if len(found) == 1
            else message(
                N_("Line {line} and {count} more: {reason}"),
                line=found[0],
                count=len(found) - 1,
                reason=said[text],
            )
            for text, found in lines.items()
        ]

    def counts(self) -> dict[str, int]:
        """Return the four counts by name."""
        return {
            "created": self.created,
            "updated": self.updated,
            "skipped": self.skipped,
            "rejected": len(self.rejected),
        }
