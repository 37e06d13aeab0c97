"""The states a record goes through by named steps: declared once, shown on laptops, decided at HQ.

A field that is a machine's state is never merged by time. Setting it is a step, and a step says from which
state it was taken: whoever comes second finds another state, and his step is handed back to him.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

from crm_core.schema.field import CUSTOM_PREFIX, FieldClass, Plain

STAYS = ""
"""Where a step leads that leaves the state as it is."""


class Kept(Enum):
    """What a step writes into a field that is no fixed value."""

    NOW = "now"
    """The moment of the step, by the reading HQ accepted."""
    NEXT = "next"
    """One more than the whole number the field held; a field that counts begins at one."""
    LOGGED = "logged"
    """What the field held, and behind it the moment of the step with the states it led from and to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One way from some states into another."""

    name: str
    """Its name on the wire, never changed."""
    starts: tuple[str, ...]
    ends: str
    """State it leads to, or `STAYS`."""
    keeps: Mapping[str, Plain | Kept] = field(default_factory=dict)
    """Fields the step itself writes, by name."""
    takes: tuple[str, ...] = ()
    """Fields whoever takes the step may give a value along with it, by name."""
    posts: bool = False
    """The record is posted by it: where its series has no gaps, HQ gives it its number then."""
    needs_child: str | None = None
    """Kind of record of which at least one living one must belong to it."""
    demands: tuple[str, ...] = ()
    """Fields among `takes` without which the step is not taken."""
    lacking: str = ""
    """English sentence where such a record or field is missing."""
    fills: str = ""
    """Of a step that stays: filling this field, empty until then, is taking it."""
    empties: str = ""
    """Of a step that stays: emptying this field is taking it."""
    by_hq: bool = False
    """It follows from something else: HQ takes it, and nobody else."""
    needs_class: FieldClass | None = None
    """Class of fields of the record that whoever takes the step may write, whatever the step itself writes:
    a right to decide, not a right to a value."""
    needs_approval: bool = False
    """Taken only where nobody is to be asked, or everybody asked approved (`crm_core.rules.approval`)."""

    @property
    def stays(self) -> bool:
        """Whether the state is the same afterwards."""
        return self.ends == STAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """The states of one entity and the steps between them."""

    field: str
    """Name of the choice field that holds the state."""
    first: str
    """State of a record that names none."""
    steps: tuple[Step, ...]
    refusal: str
    """English sentence where no step leads from one state to another."""
    born: tuple[str, ...] = ()
    """States a record may be made in; none named: any, for records taken over from elsewhere."""
    stands: tuple[str, ...] = ()
    """States in which the record stays as it is: but for steps nothing of it changes, nor is it deleted."""
    spares: tuple[str, ...] = ()
    """Names of fields that may change all the same."""
    deletable: tuple[str, ...] = ()
    """States among those in which it stands that it may be deleted in all the same."""
    waits: str = ""
    """State a record rests in while its approval is asked for. A step of whoever asks leads there. One of
    HQ's leads on to where the step leads that needed approval, another one back, once nothing is asked."""

    def state_of(self, value: Plain) -> str:
        """Return the state behind a field's value."""
        return str(value) if value else self.first

    def named(self, name: str) -> Step | None:
        """Return the step of a name; None where a newer version knows it."""
        return next((step for step in self.steps if step.name == name), None)

    def between(self, before: Plain, after: Plain) -> Step | None:
        """Return the step from one state to another; None where there is none."""
        here, there = self.state_of(before), self.state_of(after)
        return next((step for step in self.steps if here in step.starts and step.ends == there), None)

    def staying(self, state: Plain, changed: Mapping[str, tuple[Any, Any]]) -> Step | None:
        """Return the step that a change of fields, (before, after) by name, is while the state stays."""
        here = self.state_of(state)
        for step in self.steps:
            before, after = changed.get(step.fills or step.empties, (None, None))
            turned = (not before and after) if step.fills else (before and not after)
            if step.stays and here in step.starts and turned:
                return step
        return None

    def fixes(self, state: Plain, changed: Iterable[str]) -> bool:
        """Tell whether one of these fields stands while the record is in a state; custom fields never do."""
        if self.state_of(state) not in self.stands:
            return False
        free = {self.field, *self.spares, *self.named_fields()}
        return any(name not in free and not name.startswith(CUSTOM_PREFIX) for name in changed)

    @property
    def approved(self) -> Step | None:
        """Return the step that needs approval; None where none does."""
        return next((step for step in self.steps if step.needs_approval), None)

    def path(self, before: Plain, after: Plain) -> Sequence[Step] | None:
        """Return the fewest steps from one state to another, none where it is there; None: no way leads."""
        here, there = self.state_of(before), self.state_of(after)
        ways: dict[str, tuple[Step, ...]] = {here: ()}
        level = [here]
        while level and there not in ways:
            ahead = []
            for state in level:
                for step in self.steps:
                    if state in step.starts and not step.stays and step.ends not in ways:
                        ways[step.ends] = (*ways[state], step)
                        ahead.append(step.ends)
            level = ahead
        return ways.get(there)

    def effects(
        self,
        step: Step,
        at_ms: int,
        given: Mapping[str, Plain] | None = None,
        *,
        held: Mapping[str, Plain] | None = None,
    ) -> dict[str, Plain]:
        """Return every field a step writes, also the state unless it stays; the same on laptop and HQ.

        `held` is what the record held before, by name.
        """
        written: dict[str, Plain] = {} if step.stays else {self.field: step.ends}
        for name, value in step.keeps.items():
            before = (held or {}).get(name)
            if value is Kept.LOGGED:
                here = self.state_of((held or {}).get(self.field))
                written[name] = _logged(before, [at_ms, here, here if step.stays else step.ends])
            else:
                written[name] = _kept(value, at_ms, before)
        written.update((name, value) for name, value in (given or {}).items() if name in step.takes)
        return written

    def lacks(self, step: Step, given: Mapping[str, Plain]) -> bool:
        """Tell whether a field the step demands is not given with it."""
        return any(not given.get(name) for name in step.demands)

    def kept_fields(self) -> frozenset[str]:
        """Return the names of the fields only steps write, beside the state."""
        return frozenset(name for step in self.steps for name in step.keeps)

    def logged_fields(self) -> frozenset[str]:
        """Return the names of the fields in which steps are logged: none was taken before it was made."""
        return frozenset(
            name for step in self.steps for name, value in step.keeps.items() if value is Kept.LOGGED
        )

    def named_fields(self) -> frozenset[str]:
        """Return the names of the fields steps write or take along, beside the state."""
        return self.kept_fields().union(*(step.takes for step in self.steps))


MOST_LOGGED: Final = 200
"""Steps a field keeps; of more the oldest but the first are forgotten."""


def _logged(held: Plain, entry: list[Plain]) -> Plain:
    """Return a log with one more entry; a log that cannot be read begins anew."""
    kept = held if isinstance(held, list) else []
    if len(kept) >= MOST_LOGGED:
        kept = [kept[0], *kept[-MOST_LOGGED + 2 :]]
    return [*kept, entry]


def _kept(value: Plain | Kept, at_ms: int, held: Plain) -> Plain:
    """Return what a step writes into a field that held something."""
    if value is Kept.NOW:
        return at_ms
    if value is Kept.NEXT:
        return (held if isinstance(held, int) else 1) + 1
    assert value is not Kept.LOGGED
    return value
