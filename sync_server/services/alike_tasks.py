"""Telling of records that may be the same: a task to the owner of each, once, closed when they are one.

Who may see both is told which of his own it is; which other is like it his laptop finds among what it holds.
Who may not see the other learns that there is one where his laptop could tell him so itself
(`sync_server.services.known`), and whom to ask. Where nobody concerned sees both, the first administrator is
told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, and_, bindparam, delete, select, update

from crm_core.entities import SCHEMAS
from crm_core.i18n import N_, Message, message
from crm_core.rules.access import Action, decide
from crm_core.rules.duplicates import LIKELY_FROM, Likeness, compare, compared_columns, traits_of
from crm_core.rules.known import ENTITY as KNOWN
from crm_core.rules.known import known_texts
from crm_core.sync.clock import tick
from sync_server.services import errands
from sync_server.services.alike_pairs import Pair, note_tasks
from sync_server.services.entitlements import person_of
from sync_server.services.errands import Errand
from sync_server.services.faults import Refusal
from sync_server.services.records import Mark, Record, Records, chunks
from sync_server.services.rights import AuthorRights
from sync_server.services.scopes import ScopeKeeper
from sync_server.services.storing import store_all
from sync_server.services.wanted import register_of
from sync_server.store.alike import AlikePair, AlikeTask
from sync_server.store.database import Database, HqTransaction
from sync_server.store.tables import table_of

A_TURN: Final = 100  # pairs while the head of the feed is held
MOST_TURNS: Final = 100  # of one run: laptops and other chores wait meanwhile
MOST_OPEN: Final = 20
"""Tasks of one person: after a list was brought in twice the page of duplicates says more than thousands."""

_pairs = table_of(AlikePair)
_tasks = table_of(AlikeTask)
_activities = SCHEMAS["activity"].table


def tell(database: Database, now_ms: int, *, tells_known: bool) -> int:
    """Open tasks for pairs nobody was told of, close those that are over; return how many were opened.

    Of very many the newest records' come first, the others with the next run. `tells_known`: HQ tells of
    customers held by others.
    """
    opened = 0
    for _ in range(MOST_TURNS):
        with database.read() as snapshot:
            untold = _untold(snapshot.connection)
            over = _over(snapshot.connection)
        if not untold and not over:
            break
        with database.write() as hq:
            opened += _Turn(hq, now_ms, tells_known=tells_known).run()
    return opened


def _untold(connection: Connection) -> list[Pair]:
    query = select(_pairs.c.entity, _pairs.c.one_id, _pairs.c.other_id).where(_pairs.c.told.is_(False))
    ordered = query.order_by(_pairs.c.one_id.desc(), _pairs.c.other_id.desc()).limit(A_TURN)
    return [(row.entity, row.one_id, row.other_id) for row in connection.execute(ordered)]


def _over(connection: Connection) -> list[tuple[str, str, str]]:
    """Return (task, one, other) of pairs that are settled."""
    of_pair = and_(_pairs.c.one_id == _tasks.c.one_id, _pairs.c.other_id == _tasks.c.other_id)
    query = select(_tasks.c.task_id, _tasks.c.one_id, _tasks.c.other_id).join(_pairs, of_pair)
    rows = connection.execute(query.where(_pairs.c.settled.is_(True)).limit(A_TURN))
    return [(row.task_id, row.one_id, row.other_id) for row in rows]


@dataclass(slots=True)
class _Wanted:
    """One task to be opened."""

    errand: Errand
    user_id: str
    pairs: list[Pair] = field(default_factory=list)


class _Turn:
    """What is done while the head of the feed is held: as things stand now that nobody comes between."""

    def __init__(self, hq: HqTransaction, now_ms: int, *, tells_known: bool) -> None:
        self._hq = hq
        self._now_ms = now_ms
        self._tells_known = tells_known
        self._records = Records(hq.connection)
        self._scopes = ScopeKeeper(self._records, hq.positions)
        self._people: dict[str, AuthorRights | None] = {}
        self._open: dict[str, dict[str, str]] = {}
        self._new: Counter[str] = Counter()
        self._wanted: dict[tuple[str, str], _Wanted] = {}
        self._told: list[tuple[Pair, str, str]] = []
        """Pairs with the task about them and whose it is."""

    def run(self) -> int:
        """Do it and return how many tasks were opened."""
        untold = _untold(self._hq.connection)
        wanted: dict[int, list[str]] = {}
        for entity, *ids in untold:
            wanted.setdefault(entity, []).extend(ids)
        self._records.load(wanted)
        for pair in untold:
            self._tell(pair)
        found = list(self._wanted.values())
        errands_found = [each.errand for each in found]
        tasks = errands.open_tasks(self._hq, self._records, self._scopes, errands_found, self._now_ms)
        for each, task in zip(found, tasks, strict=True):
            self._told.extend((pair, task.id, each.user_id) for pair in each.pairs)
        note_tasks(self._hq.connection, self._told)
        if untold:
            of_pair = (_pairs.c[name] == bindparam(f"of_{name}") for name in ("entity", "one_id", "other_id"))
            names = ("of_entity", "of_one_id", "of_other_id")
            values = [dict(zip(names, pair, strict=True)) for pair in untold]
            self._hq.connection.execute(update(_pairs).where(*of_pair).values(told=True), values)
        self._close()
        store_all(self._hq, self._records, self._scopes)
        return len(tasks)

    def _tell(self, pair: Pair) -> None:
        entity, *ids = pair
        one, other = (self._records.get(entity, row_id) for row_id in ids)
        if one is None or other is None or not (one.lives and other.lives):
            return
        told: set[str] = set()
        for own, another in ((one, other), (other, one)):
            user_id = self._concerned(own)
            if user_id is None or user_id in told:
                continue
            likeness = self._seen_by(user_id, own, another)
            if likeness is not None:
                told.add(user_id)
                self._want(pair, own, user_id, _subject(own, likeness.reasons[0]))
            elif self._may_know(user_id, own, another):
                self._want(pair, own, user_id, self._ask(own))
        admin = None if told else errands.founder(self._records)
        if admin is not None:
            likeness = self._seen_by(admin, one, other)
            if likeness is not None:
                self._want(pair, one, admin, _subject(one, likeness.reasons[0]))

    def _concerned(self, record: Record) -> str | None:
        """Return who looks after a record: its owner, or who made it where nobody owns it."""
        user_id = errands.owner_of(self._records, record) or record.made.user_id
        rights = self._rights(user_id) if user_id else None
        if rights is None or not decide(rights.person, Action.READ, "activity"):
            return None
        return user_id if rights.sees(record) else None

    def _rights(self, user_id: str) -> AuthorRights | None:
        if user_id not in self._people:
            try:
                self._people[user_id] = AuthorRights(person_of(self._records.connection, user_id))
            except Refusal:
                self._people[user_id] = None  # somebody who left, or whose rights cannot be worked out
        return self._people[user_id]

    def _seen_by(self, user_id: str, one: Record, other: Record) -> Likeness | None:
        """Return how alike two records are by what somebody may read; None where that is too little."""
        rights = self._rights(user_id)
        if rights is None or not (rights.sees(one) and rights.sees(other)):
            return None
        entity = one.schema.name
        likeness = compare(
            *(traits_of(entity, _read(rights, each)) for each in (one, other)),
        )
        return likeness if likeness.score >= LIKELY_FROM else None

    def _may_know(self, user_id: str, own: Record, other: Record) -> bool:
        """Tell whether somebody's laptop may say that there is such a customer, without what it is."""
        rights = self._rights(user_id)
        if not self._tells_known or own.schema.name != KNOWN or rights is None or rights.sees(other):
            return False
        texts = {text for text, _ in known_texts(_read(rights, own))}
        shared = texts & {text for text, _ in known_texts(other.values)}
        return bool(shared) and bool(decide(rights.person, Action.CREATE, KNOWN))

    def _ask(self, own: Record) -> Message:
        admin = errands.founder(self._records)
        user = self._records.get(SCHEMAS["user"].no, admin) if admin else None
        return message(
            N_("HQ has another customer like “{title}”: ask {person}"),
            title=_title(own),
            person=str(user.values["name"] or "") if user is not None else "",
        )

    def _want(self, pair: Pair, own: Record, user_id: str, subject: Message) -> None:
        key = (user_id, own.id)
        if key not in self._wanted:
            held = self._open_of(user_id)
            if own.id in held:
                self._told.append((pair, held[own.id], user_id))
                return
            if len(held) + self._new[user_id] >= MOST_OPEN:
                return
            self._new[user_id] += 1
            errand = Errand(subject=subject, about=own, owner_id=user_id, is_private=True)
            self._wanted[key] = _Wanted(errand, user_id)
        self._wanted[key].pairs.append(pair)

    def _open_of(self, user_id: str) -> dict[str, str]:
        """Return somebody's open tasks of this sort: which record each is about, and its id."""
        if user_id not in self._open:
            query = (
                select(_activities.c.about_id, _tasks.c.task_id)
                .join(_activities, _activities.c.id == _tasks.c.task_id)
                .where(_tasks.c.user_id == user_id)
                .where(_activities.c.done.is_(False), _activities.c.life % 2 == 1)
            )
            rows = self._hq.connection.execute(query)
            self._open[user_id] = {row.about_id: row.task_id for row in rows}
        return self._open[user_id]

    def _close(self) -> None:
        """Tick off the tasks whose last pair is settled."""
        over = _over(self._hq.connection)
        if not over:
            return
        run = self._hq.connection.execute
        row = (_tasks.c[name] == bindparam(f"of_{name}") for name in ("task_id", "one_id", "other_id"))
        names = ("of_task_id", "of_one_id", "of_other_id")
        run(delete(_tasks).where(*row), [dict(zip(names, each, strict=True)) for each in over])
        ids = sorted({task_id for task_id, *_ in over})
        left: set[str] = set()
        for some in chunks(ids):
            left.update(run(select(_tasks.c.task_id).where(_tasks.c.task_id.in_(some))).scalars())
        activity = SCHEMAS["activity"]
        ids = [task_id for task_id in ids if task_id not in left]
        self._records.load({activity.no: ids})
        for task_id in ids:
            task = self._records.get(activity.no, task_id)
            if task is not None and task.lives and not task.values["done"]:
                self._tick_off(task)

    def _tick_off(self, task: Record) -> None:
        self._hq.hq_hlc = tick(self._hq.hq_hlc, self._now_ms)
        self._records.change(task)
        task.set("done", True)
        leader = task.schema.leader(task.schema.fields["done"])
        task.stamp(register_of(leader), Mark(self._hq.hq_hlc, 0, 1, 0, self._hq.positions.next(), None))
        task.set("updated_at", self._now_ms)
        task.set("updated_by", None)


def _read(rights: AuthorRights, record: Record) -> Mapping[str, Any]:
    """Return the compared fields of a record somebody sees, of those he may read."""
    fields = record.schema.fields
    return {
        name: record.values[name]
        for name in compared_columns(record.schema.name)
        if rights.reads_class(record.schema, fields[name])
    }


def _subject(record: Record, reason: Message) -> Message:
    return message(N_("Possible duplicate: {title} ({reason})"), title=_title(record), reason=reason)


def _title(record: Record) -> str:
    return str(record.values.get(record.schema.meta.title) or "")
