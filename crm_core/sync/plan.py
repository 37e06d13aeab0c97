"""What a laptop may see, where it stands in the feed, and what a change of rights makes it drop and fill.

Pure decisions, the same for the server and for the model that proves them (tests/sync/model). The rules
and the holes they close: docs/decisions/0004-visible-feed-plans.md.

One page, as the server builds it in one snapshot of the database::

    token, steps = prepare(token, now=now, past=past, schema=schema, grown=grown, order=order, mine=mine)
    while token.plan is not None and there is room:
        step = current_step(token, steps)       # do it, judging every row by `now`
        token = advance(token, steps, reached)  # last row id handled, or None when none is left
    if token.plan is None and there is room:
        for event in feed after token.seq: judge_change / judge_arrival / judge_exit
        token = at(token, last position handled, or the head when the list is exhausted)
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TypeAlias

from crm_core.errors import BrokenPromise

Packed: TypeAlias = tuple[int | str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entitlement:
    """What a person may read, as HQ decided it at one moment."""

    version: int  # position of the decision; grows
    scopes: frozenset[tuple[int, str]]  # (entity number, scope)
    classes: frozenset[tuple[int, str]]  # (entity number, field class)

    def sees(self, entity: int, scopes: Iterable[str]) -> bool:
        """Tell whether a row of `entity` lying in `scopes` is visible."""
        return any((entity, scope) in self.scopes for scope in scopes)

    def reads(self, entity: int, field_class: str) -> bool:
        """Tell whether fields of this class are readable on the rows that are visible."""
        return (entity, field_class) in self.classes


NOTHING = Entitlement(version=0, scopes=frozenset(), classes=frozenset())
"""What a laptop holds before its first page."""


class Phase(IntEnum):
    """The parts of a plan, in order: nothing new is sent before everything lost was taken away."""

    DROP_FIELDS = 0
    DROP_ROWS = 1
    FILL = 2
    """What everybody works with, and of everything else what is the person's own."""
    FILL_REST = 3
    """What others work on."""

    @property
    def fills(self) -> bool:
        """Whether rows are sent."""
        return self in (Phase.FILL, Phase.FILL_REST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A running change of what a laptop holds: its target and how far it has come."""

    to: int  # entitlement version it leads to
    schema: int  # schema version of the laptop it leads to
    phase: Phase
    entity: int  # 0 in DROP_FIELDS
    after: str  # id of the last row handled, "" at the start of an entity
    trail: tuple[int, ...]  # token.ent, then the target of every plan interrupted since


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """Where a laptop stands. Without a plan it holds exactly what version `ent` makes visible, as of `seq`.

    While a plan runs `seq` stays at the low watermark: the position from which the feed goes on afterwards.
    """

    seq: int = 0
    ent: int = 0
    schema: int = 0
    plan: Plan | None = None

    def pack(self) -> Packed:
        """Return the flat tuple that travels, signed."""
        plan = self.plan
        if plan is None:
            return (self.seq, self.ent, self.schema)
        position = (plan.to, plan.schema, int(plan.phase), plan.entity, plan.after)
        return (self.seq, self.ent, self.schema, *position, *plan.trail)

    @classmethod
    def unpack(cls, packed: Sequence[int | str]) -> Token:
        """Return the token for what `pack` gave. Raises ValueError for any other shape."""
        numbers = [part for part in packed if isinstance(part, int)]
        texts = [part for part in packed if isinstance(part, str)]
        if len(packed) == 3 and not texts:
            seq, ent, schema = numbers
            return cls(seq=seq, ent=ent, schema=schema)
        if len(packed) < 9 or len(texts) != 1 or not isinstance(packed[7], str):
            raise ValueError(f"not a token: {packed!r}")
        seq, ent, schema, to, plan_schema, phase, entity, *trail = numbers
        plan = Plan(
            to=to, schema=plan_schema, phase=Phase(phase), entity=entity, after=texts[0], trail=tuple(trail)
        )
        return cls(seq=seq, ent=ent, schema=schema, plan=plan)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing a plan does. Only the sets of its phase are filled.

    DROP_FIELDS takes `classes` away in one message. DROP_ROWS goes through the rows of `entity` in any of
    `scopes` by id and purges those not visible now. FILL and FILL_REST go through them and send those visible
    now whole; FILL_REST leaves out rows that entered a scope of `sent` at token.seq or before.
    """

    phase: Phase
    entity: int = 0
    scopes: frozenset[str] = frozenset()
    classes: frozenset[tuple[int, str]] = frozenset()
    sent: frozenset[str] = frozenset()
    """Scopes an earlier step of the plan went through. A row that lay in one all the while was handled there;
    one that entered later may not have been, and where the person has not that scope no event will tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mine:
    """Rows a fill brings before all others."""

    scopes: frozenset[str]
    entities: frozenset[int]
    """Those that have owners; everything else comes whole, in its turn."""
    everyone: str
    """The scope every row lies in: who has it sees his own by it."""

    def of(self, entity: int, scopes: frozenset[str]) -> frozenset[str]:
        """Return the scopes to go through first where `scopes` of an entity are to be filled."""
        if entity not in self.entities:
            return frozenset()
        return self.scopes if self.everyone in scopes else self.scopes & scopes


NOTHING_FIRST = Mine(scopes=frozenset(), entities=frozenset(), everyone="")

Steps: TypeAlias = tuple[Step, ...]


def fresh(head: int) -> Token:
    """Return the token of a laptop that holds nothing yet: its first fill needs no event up to `head`.

    Also for one told to start anew, which marks every row it gets and drops the unmarked at the plan's end.
    """
    return Token(seq=head)


def prepare(
    token: Token,
    *,
    now: Entitlement,
    past: Mapping[int, Entitlement],
    schema: int,
    grown: Collection[int],
    order: Sequence[int],
    mine: Mine = NOTHING_FIRST,
) -> tuple[Token, Steps]:
    """Return the token to build the next page from, and the steps of its plan (none without a plan).

    `past` holds the person's earlier entitlements, at least `versions_held(token)`; `schema` is the laptop's
    schema version, `grown` the entities with fields newer than token.schema that it knows, `order` all
    entities it knows, parents first; a fill brings `mine` of each before the rest of any. Raises
    BrokenPromise when `past` lacks a version: rights older than the history kept mean a new start (`fresh`),
    which the caller decides before.
    """
    token = reconcile(token, version=now.version, schema=schema)
    if token.plan is None:
        return token, ()
    steps = plan_steps(token.plan, now=now, past=past, grown=grown, order=order, mine=mine)
    return _settle(token, steps), steps


def versions_held(token: Token) -> frozenset[int]:
    """Return the entitlement versions a page of which the laptop may hold; 0, nothing, is left out."""
    plan = token.plan
    trail = (token.ent,) if plan is None else (*plan.trail, plan.to)
    return frozenset(trail) - {NOTHING.version}


def is_caught_up(token: Token, *, version: int, schema: int) -> bool:
    """Tell whether the laptop holds the rights of now and no plan is due or running.

    Only then may rows be compared with it or sent to it outside the feed: a row judged by rights that are not
    in the trail would be neither taken away nor filled again when the next plan starts.
    """
    return token.plan is None and (token.ent, token.schema) == (version, schema)


def reconcile(token: Token, *, version: int, schema: int) -> Token:
    """Return the token with the plan that is due: none, a fresh one, the running one, or it restarted.

    A plan whose target changed never runs on: what it dropped is not surely held any more, and what it
    filled may have to go again. Its target joins the trail, so that both are known.
    """
    plan = token.plan
    if plan is not None:
        if (plan.to, plan.schema) == (version, schema):
            return token
        trail = plan.trail if plan.to in plan.trail else (*plan.trail, plan.to)
    else:
        trail = (token.ent,)
    # Rows sent to an older program lack the newer fields, so the lowest schema seen is what is held.
    held_schema = min(token.schema, schema)
    if plan is None and token.ent == version and held_schema == schema:
        return token if held_schema == token.schema else replace(token, schema=held_schema)
    restarted = Plan(to=version, schema=schema, phase=Phase.DROP_FIELDS, entity=0, after="", trail=trail)
    return replace(token, schema=held_schema, plan=restarted)


def plan_steps(
    plan: Plan,
    *,
    now: Entitlement,
    past: Mapping[int, Entitlement],
    grown: Collection[int],
    order: Sequence[int],
    mine: Mine = NOTHING_FIRST,
) -> Steps:
    """Return everything `plan` has to do, in order; empty sets make no step.

    Lost is what any version of the trail could have put on the laptop and `now` does not allow: a page of
    each may have been applied. Gained is what `now` allows and not every version of the trail did.
    """
    # A plan restarted for another program alone has the rights of now in its trail too.
    held = [now if version == now.version else _version(past, version) for version in plan.trail]
    lost_scopes = _union(rights.scopes for rights in held) - now.scopes
    lost_classes = _union(rights.classes for rights in held) - now.classes
    gained_scopes = now.scopes - frozenset.intersection(*(rights.scopes for rights in held))
    gained_classes = now.classes - frozenset.intersection(*(rights.classes for rights in held))
    # A class gained, or a field the laptop's program did not know, is missing on every row of its entity.
    whole = {entity for entity, _ in gained_classes} | set(grown)

    steps = []
    if lost_classes:
        steps.append(Step(phase=Phase.DROP_FIELDS, classes=lost_classes))
    for entity in reversed(order):
        if scopes := _of(entity, lost_scopes):
            steps.append(Step(phase=Phase.DROP_ROWS, entity=entity, scopes=scopes))
    rest = []
    for entity in order:
        scopes = _of(entity, now.scopes if entity in whole else gained_scopes)
        first = mine.of(entity, scopes)
        if first and (others := scopes - first):
            rest.append(Step(phase=Phase.FILL_REST, entity=entity, scopes=others, sent=first))
        if scopes:
            steps.append(Step(phase=Phase.FILL, entity=entity, scopes=first or scopes))
    return (*steps, *rest)


def current_step(token: Token, steps: Steps) -> Step:
    """Return the step the running plan stands in; its rows go on after `token.plan.after`."""
    return steps[_index(token, steps)]


def advance(token: Token, steps: Steps, reached: str | None = None) -> Token:
    """Return the token after (a part of) the current step.

    `reached` is the id of the last row handled when more rows follow, None when the step is done. After the
    last step the laptop holds the plan's target, and the feed goes on from the low watermark.
    """
    plan = token.plan
    index = _index(token, steps)
    if plan is None:
        raise BrokenPromise("A token without a plan cannot advance in one")
    if reached is not None:
        return replace(token, plan=replace(plan, after=reached))
    return _stand_at(token, plan, steps, index + 1)


def at(token: Token, seq: int) -> Token:
    """Return the token with the feed handled up to `seq`, which never goes back."""
    if token.plan is not None or seq < token.seq:
        raise BrokenPromise("The feed position moves only forward and never while a plan runs")
    return token if seq == token.seq else replace(token, seq=seq)


class Send(IntEnum):
    """What one event of the feed makes HQ send: all as the row is now, never as it was."""

    NOTHING = 0
    FIELD = 1  # this field's value
    ROW = 2  # everything readable of the row, in place of what the laptop holds of it
    PURGE = 3


def judge_change(*, visible: bool, readable: bool, arriving: bool) -> Send:
    """Decide for the event "a field changed".

    `visible` and `readable` by the rights of now. `arriving`: the row was created, deleted, restored or
    entered a scope the person has now at a position above token.seq, so the laptop may not hold it yet.
    """
    if not visible:
        return Send.NOTHING
    if arriving:
        return Send.ROW
    return Send.FIELD if readable else Send.NOTHING


def judge_arrival(*, visible: bool) -> Send:
    """Decide for the events "created", "deleted or restored" and "entered a scope the person has now"."""
    return Send.ROW if visible else Send.NOTHING


def judge_exit(*, visible: bool, ever: bool) -> Send:
    """Decide for the event "left a scope". `ever`: the person has or had that scope at any time.

    Never judged by the rights of now: the row may have been sent under earlier ones.
    """
    return Send.PURGE if ever and not visible else Send.NOTHING


def _settle(token: Token, steps: Steps) -> Token:
    """Return the token standing in one of the steps, or without a plan when there is nothing to do."""
    plan = token.plan
    if plan is None or any(step.phase == plan.phase and step.entity == plan.entity for step in steps):
        return token
    # The start of a plan, or a step that is gone since the order of entities changed: every step may be
    # repeated without harm, so the beginning is always a safe place.
    return _stand_at(token, plan, steps, 0)


def _stand_at(token: Token, plan: Plan, steps: Steps, index: int) -> Token:
    if index == len(steps):
        return Token(seq=token.seq, ent=plan.to, schema=plan.schema)
    step = steps[index]
    return replace(token, plan=replace(plan, phase=step.phase, entity=step.entity, after=""))


def _index(token: Token, steps: Steps) -> int:
    plan = token.plan
    if plan is not None:
        for index, step in enumerate(steps):
            if step.phase == plan.phase and step.entity == plan.entity:
                return index
    raise BrokenPromise("The token stands in no step of its plan")


def _version(past: Mapping[int, Entitlement], version: int) -> Entitlement:
    if version == NOTHING.version:
        return NOTHING
    if version not in past:
        raise BrokenPromise("The rights the laptop holds are older than the history kept")
    return past[version]


def _union(sets: Iterable[frozenset[tuple[int, str]]]) -> frozenset[tuple[int, str]]:
    return frozenset(pair for pairs in sets for pair in pairs)


def _of(entity: int, scopes: Iterable[tuple[int, str]]) -> frozenset[str]:
    return frozenset(scope for number, scope in scopes if number == entity)
