"""What a person decides about edits that came back, and carrying it out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from crm_core.schema.field import Plain
from crm_desktop.models.replica import Replica
from crm_desktop.services import syncing
from crm_desktop.services.outcome import Outcome
from crm_desktop.services.syncing import ReturnedEdit


class Verdict(StrEnum):
    """Whose value stays."""

    MINE = "mine"
    HQ = "hq"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What becomes of one edit; `value` is the third value, typed here."""

    verdict: Verdict
    value: Plain = None


def same_kind(edit: ReturnedEdit, among: Iterable[ReturnedEdit]) -> list[ReturnedEdit]:
    """Return the other edits of the same field that came back the same way."""
    return [
        other
        for other in among
        if other.id != edit.id
        and (other.entity, other.field, other.code) == (edit.entity, edit.field, edit.code)
    ]


def carry_out(replica: Replica, decided: Sequence[tuple[int, Decision]]) -> Outcome[int]:
    """Carry out decisions by the edit's id, one transaction each; return how many."""
    changed: set[tuple[str, str]] = set()
    for edit_id, decision in decided:
        if decision.verdict is Verdict.HQ:
            syncing.discard(replica, edit_id)
        elif decision.verdict is Verdict.MINE:
            changed |= syncing.redo(replica, edit_id).changed
        else:
            changed |= syncing.set_value(replica, edit_id, decision.value).changed
    return Outcome(len(decided), frozenset(changed))


def take_back(replica: Replica, decided: Sequence[tuple[int, Decision]]) -> None:
    """Bring back the edits that were let go; those made again are ordinary edits by now."""
    for edit_id, decision in decided:
        if decision.verdict is Verdict.HQ:
            syncing.reopen(replica, edit_id)
