"""Everything that can happen to somebody's rights, and one case of it played through on a real laptop.

A case is one of each: what becomes of two sets of records, by what they come into sight, what becomes of two
classes of fields, whether edits wait on the laptop, and where in its pages the laptop stands when it happens.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Literal

import msgspec
from sqlalchemy import select

from crm_core.entities import BY_NO, SCHEMAS
from crm_core.errors import CrmError
from crm_core.rules.access import readable_fields
from crm_core.schema.field import Field, ScopeSource
from crm_core.sync import codec
from crm_core.sync.protocol import Put, SyncRequest, SyncResponse
from crm_desktop.models.device_tables import Returned
from crm_desktop.services import records
from sync_server.services.hq import Edit, EditKind
from tests.support.hq import Key, Office, Projection
from tests.support.kinds import WORK, below, having, sample, typed_field
from tests.support.pages import found_in
from tests.support.replicas import KEY, Cut, Laptop, Laptops, Line, differences

CHANGES: Final = ("gain", "lose", "swap", "nothing")
SCOPES: Final = ("owner", "team", "territory", "share", "parent")
MASKS: Final = ("same", "gain", "lose", "both")
PENDING: Final = (False, True)
PLACES: Final = ("before", "filling", "inside", "again", "further", "after")

UNITS = 3  # customers, contacts or tickets of a set
TINY = 300  # bytes of a page in the middle of which something happens: a record or two
ALL = "all"
_SOURCES: Final = {
    "owner": (ScopeSource.OWN, "user"),
    "team": (ScopeSource.TEAM, "team"),
    "territory": (ScopeSource.TERRITORY, "territory"),
    "share": (ScopeSource.SHOWN, "user"),
}
_OPEN = ("create", "read", "edit", "delete")

SetName = Literal["a", "b"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case; `number` also chooses what the other parts leave open."""

    number: int
    change: str
    scope: str
    mask: str
    pending: bool
    place: str

    by_person: bool
    """The person's rights change, and not what the records name."""
    by_role: bool
    """Another role brings the other classes, and not another say of the same role."""

    @property
    def pages(self) -> int:
        """How many pages went when the next thing happens."""
        return 1 + self.number % 7

    def __str__(self) -> str:
        waits = "edits" if self.pending else "quiet"
        how = "person" if self.by_person else "record"
        return f"{self.number:03d}-{self.change}-{self.scope}-{how}-{self.mask}-{waits}-{self.place}"


def all_cases() -> list[Case]:
    """Return every case there is."""
    parts = (CHANGES, SCOPES, MASKS, PENDING, PLACES)
    cases = []
    for number, places in enumerate(itertools.product(*(range(len(part)) for part in parts))):
        change, scope, mask, pending, place = (part[at] for part, at in zip(parts, places, strict=True))
        cases.append(
            Case(
                number=number,
                change=str(change),
                scope=str(scope),
                mask=str(mask),
                pending=bool(pending),
                place=str(place),
                by_person=sum(places) % 2 == 1,
                by_role=(places[1] + places[4] // 2) % 2 == 1,
            )
        )
    return cases


class TinyLine(Line):
    """A line over which pages are as small as asked for; each is held against the rights of that moment."""

    def __init__(self, office: Office, device: Any, user_id: str) -> None:
        super().__init__(office, device)
        self._user_id = user_id
        self.page_bytes: int | None = None
        self.leaks: list[str] = []
        self.pages = 0
        self._visible: tuple[int, Projection] | None = None

    def sync(self, request: SyncRequest) -> SyncResponse:
        """Carry a request, and look at the answer as whoever reads the line would."""
        if self.page_bytes is not None:
            request = msgspec.structs.replace(request, want_bytes=self.page_bytes)
        response = super().sync(request)
        self.pages += 1
        visible = self._projection()
        person = self._office.person(self._user_id)
        readable = {
            schema.no: {each.no for each in readable_fields(person, name)} for name, schema in SCHEMAS.items()
        }
        for raw in response.msgs:
            message = codec.read_message(raw)
            if not isinstance(message, Put):
                continue
            for record_id in codec.unpack_ids(message.ids):
                if (message.entity, record_id) not in visible:
                    self.leaks.append(f"{BY_NO[message.entity].name} {record_id}")
            for number in message.fields:
                if isinstance(number, int) and number not in readable[message.entity]:
                    self.leaks.append(f"{BY_NO[message.entity].name} field {number}")
        return response

    def _projection(self) -> Projection:
        with self._office.database.read() as snapshot:
            head = snapshot.head
        if self._visible is None or self._visible[0] != head:
            self._visible = (head, self._office.projection(self._user_id))
        return self._visible[1]


@dataclass
class Stand:
    """The people, places and records of one case."""

    office: Office
    case: Case
    words: list[str] = field(default_factory=list)
    typed: list[str] = field(default_factory=list)
    sets: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    """Units of each set as (entity, id); `k` is always in sight."""
    replaced: dict[str, tuple[Key, str]] = field(default_factory=dict)
    """Words somebody changed, and where: while that field is in sight its history may tell them."""
    _edits: list[Edit] = field(default_factory=list)

    def __post_init__(self) -> None:
        case, create = self.case, self._create
        self.chance = random.Random(case.number)
        self.masks = {
            "same": ("write", "write"),
            "gain": ("mask", "write"),
            "lose": ("write", "write"),
            "both": ("mask", "write"),
        }[case.mask]
        self.role = create("role", {"name": f"Role {case}", "rights": self._rights(*self.masks)})
        self.team = create("team", {"name": f"Team {case}"})
        self.area = create("territory", {"name": f"Area {case}"})
        place = {"team_id": self.team, "territory_id": self.area}
        self.me = create("user", {"name": f"Me {case}", "role_id": self.role, **place})
        self.other = create("user", {"name": f"Other {case}", "role_id": self.role})
        self.ends: dict[str, Any] = {name: self._end(name) for name in ("a", "b")}
        self.home = self._customer("k", 0, {"owner_id": self.me})
        self.away = create("customer", {"name": "Away", "owner_id": self.other})
        self.sets["k"] = [("customer", self.home)]
        for name in ("a", "b"):
            self.sets[name] = [self._unit(name, place) for place in range(UNITS)]
        self._write()
        if case.change in ("lose", "swap", "nothing"):
            self._place("a", held=True)
            self._write()

    # What the case does

    def change(self) -> None:
        """Let the two sets come and go, and the classes of fields."""
        self.office.now_ms += 1_000
        if self.case.change in ("lose", "swap"):
            self._place("a", held=False)
        if self.case.change == "gain":
            self._place("a", held=True)
        if self.case.change == "swap":
            self._place("b", held=True)
        self._write()
        self.mask(*self._masks_after())

    def change_back(self) -> None:
        """Let it all be as it was."""
        self.office.now_ms += 1_000
        if self.case.change != "nothing":
            self._place("a", held=self.case.change != "gain")
            self._place("b", held=False)
        self._write()
        self.mask(*self.masks)

    def change_further(self) -> None:
        """Let the classes go the other way round, and the sets change places."""
        self.office.now_ms += 1_000
        money, comms = self._masks_after()
        self.mask(*("mask" if each == "write" else "write" for each in (money, comms)))
        self._place("b", held=self.chance.random() < 0.5)
        self._write()

    def mask(self, money: str, comms: str) -> None:
        """Say what the role may read of customers."""
        rights = self._rights(money, comms)
        if self.case.by_role:
            role = self.office.hq.create("role", {"name": f"Role {self.chance.random()}", "rights": rights})
            self.office.hq.update("user", self.me, {"role_id": role})
        else:
            role = str(self.office.row("user", self.me)["role_id"])
            self.office.hq.update("role", role, {"rights": rights})

    def news(self) -> None:
        """Let somebody at HQ change and add something of every set."""
        self.office.now_ms += 1_000
        for name in ("a", "b"):
            entity, record_id = self.sets[name][0]
            key = typed_field(entity)
            self._note_replaced(entity, record_id, key)
            self.office.hq.update(entity, record_id, {key: self._word(name, "news")})
            if entity == "customer":
                given = {"name": self._word(name, "late"), "customer_id": record_id}
                self.office.hq.create("contact", given)

    def work(self, laptop: Laptop) -> None:
        """Let the person edit what is in sight, offline."""
        for name in ("k", "a"):
            for place, (entity, record_id) in enumerate(self.sets[name]):
                key = {"contact": "title", "customer": "industry"}.get(entity) or typed_field(entity)
                self._note_replaced(entity, record_id, key)
                self._try(
                    laptop, lambda e=entity, r=record_id, k=key: {"update": (e, r, {k: self._typing()})}
                )
                if entity == "customer" and place < 2:
                    self._note_replaced("customer", record_id, "notes")
                    self._try(
                        laptop, lambda r=record_id: {"update": ("customer", r, {"notes": self._typing()})}
                    )
                    self._try(
                        laptop,
                        lambda r=record_id: {
                            "create": ("contact", {"name": self._typing(), "customer_id": r})
                        },
                    )

    # Parts

    def _note_replaced(self, entity: str, record_id: str, key: str) -> None:
        old = self.office.row(entity, record_id)[key]
        self.replaced[str(old)] = ((SCHEMAS[entity].no, record_id), key)

    def _create(self, entity: str, values: dict[str, Any]) -> str:
        """Note that a record is to be made, and return its id."""
        edit = Edit(kind=EditKind.CREATE, entity=entity, values=values)
        self._edits.append(edit)
        return edit.record_id

    def _update(self, entity: str, record_id: str, values: dict[str, Any]) -> None:
        self._edits.append(Edit(kind=EditKind.UPDATE, entity=entity, record_id=record_id, values=values))

    def _write(self) -> None:
        """Do at HQ what was noted, in one go."""
        self.office.hq.write_all(self._edits)
        self._edits = []

    def _try(self, laptop: Laptop, make: Any) -> None:
        before = len(self.typed)
        try:
            for deed, arguments in make().items():
                getattr(records, deed)(laptop.replica, *arguments)
        except CrmError:
            del self.typed[before:]  # not here, or not his to change

    def _typing(self) -> str:
        self.typed.append(f"typed{self.case.number:04d}n{len(self.typed)}")
        return self.typed[-1]

    def _word(self, name: str, kind: str) -> str:
        self.words.append(f"zq{self.case.number:04d}{name}{kind}{len(self.words):02d}x")
        return self.words[-1]

    def _masks_after(self) -> tuple[str, str]:
        money = "write" if self.case.mask in ("gain", "both") else self.masks[0]
        comms = "mask" if self.case.mask in ("lose", "both") else self.masks[1]
        return money, comms

    def _rights(self, money: str, comms: str) -> dict[str, Any]:
        work = dict.fromkeys(_OPEN, "territory")
        classes = {"core": "write", "money": "write", "comms": "write", "private": "mask"}
        return {
            "reach": {"*reference": {"read": ALL}, **dict.fromkeys(WORK, work)},
            "classes": {
                "*reference": {"core": "read", "money": "read"},
                **dict.fromkeys(WORK, classes),
                "customer": {**classes, "money": money, "comms": comms},
            },
        }

    def _end(self, name: str) -> Any:
        """Make what stands between the person and a set where rights go by people, not by records."""
        create, case = self._create, self.case
        if not case.by_person:
            return None
        if case.scope == "owner":
            return create("user", {"name": f"Colleague {name} {case}", "role_id": self.role})
        if case.scope in ("team", "share"):
            return create("team", {"name": f"Team {name} {case}"})
        return create("territory", {"name": f"Area {name} {case}"}) if case.scope == "territory" else None

    def _unit(self, name: str, number: int) -> tuple[str, str]:
        case, create, end = self.case, self._create, self.ends[name]
        if case.scope == "parent":
            if not case.by_person:
                given = {"name": self._word(name, "name"), "notes": self._word(name, "note")}
                return "contact", create("contact", {**given, "customer_id": self.away})
            given = {"subject": self._word(name, "subject"), "assignee_id": self.other}
            ticket = create("ticket", {**given, "customer_id": self.away})
            create("ticket_message", {"ticket_id": ticket, "body": self._word(name, "body")})
            return "ticket", ticket
        if number == UNITS - 1 and not (case.by_person and case.scope == "share"):
            return self._of_any_kind(name)
        links: dict[str, Any] = {"owner_id": self.other}
        if case.by_person:
            links |= {
                "owner": {"owner_id": end},
                "team": {"team_id": end},
                "territory": {"territory_id": end},
                "share": {"shared_with" if number % 2 else "shown_to": [end]},
            }[case.scope]
        return "customer", self._customer(name, number, links)

    def _of_any_kind(self, name: str) -> tuple[str, str]:
        """Make a record of one of the kinds that come into sight in the case's way, in turn."""
        entity, link = self._kind_in_turn()
        owner = next((each for each in SCHEMAS[entity].scope_fields if each.scope is ScopeSource.OWN), None)
        links: dict[str, Any] = {owner.name: self.other} if owner is not None else {}
        if self.case.by_person:
            links[link.name] = self.ends[name]
        if entity == "target" and link.name == "team_id":  # it is a person's or a team's
            links.pop("user_id", None)
        word = partial(self._word, name, entity)
        return entity, self._create(entity, sample(entity, word, {**links, **self._selling}))

    def _kind_in_turn(self) -> tuple[str, Field]:
        source, member = _SOURCES[self.case.scope]
        kinds = [each for each in having(source, member) if each[0] != "customer"]
        return kinds[self.case.number % len(kinds)]

    def _customer(self, name: str, number: int, links: dict[str, Any]) -> str:
        create = self._create
        values = {
            "name": self._word(name, "name"),
            "notes": self._word(name, "note"),
            "payment_terms": self._word(name, "terms"),
            "tags": [self._word(name, "tag")],
        }
        customer = create("customer", {**values, **links})
        create("contact", {"name": self._word(name, "person"), "customer_id": customer})
        call = {"kind": "call", "subject": self._word(name, "call"), "owner_id": self.other}
        create("activity", {**call, "customer_id": customer})
        if number == 0:
            made = {"customer": customer}
            for entity, link in below("customer"):
                on = next(each for each in made if link.target in (each, "*"))
                links = {link.name: made[on], link.target_field or "": on, **self._selling}
                made[entity] = create(entity, sample(entity, partial(self._word, name, entity), links))
        return customer

    def _place(self, name: str, *, held: bool) -> None:
        """Bring a set into sight, or out of it."""
        update, scope, end = self._update, self.case.scope, self.ends[name]
        if self.case.by_person and scope != "parent":
            if scope == "owner":
                update("user", end, {"team_id": self.team if held else None})
            elif scope == "team":
                update("team", end, {"parent_id": self.team if held else None})
            elif scope == "share":
                update("team", end, {"manager_id": self.me if held else None})
            else:
                update("territory", end, {"parent_id": self.area if held else None})
            return
        for number, (entity, record_id) in enumerate(self.sets[name]):
            if number == UNITS - 1 and scope != "parent":
                self._place_any(entity, record_id, held=held)
                continue
            sharing = "shared_with" if number % 2 else "shown_to"
            given: dict[str, Any] = {
                "owner": {"owner_id": self.me if held else self.other},
                "team": {"team_id": self.team if held else None},
                "territory": {"territory_id": self.area if held else None},
                "share": {sharing: [self.me] if held else []},
                "parent": {"customer_id": self.home if held else self.away},
            }[scope]
            update(entity, record_id, given)

    def _place_any(self, entity: str, record_id: str, *, held: bool) -> None:
        _, link = self._kind_in_turn()
        there: Any = {"owner": self.me, "team": self.team, "territory": self.area}.get(self.case.scope)
        away: Any = self.other if self.case.scope == "owner" else None
        if link.members:
            there, away = [self.me], []
        self._update(entity, record_id, {link.name: there if held else away})

    @property
    def _selling(self) -> dict[str, Any]:
        return {"pipeline_id": self.office.pipeline, "stage_id": self.office.stages["open"]}


def play(office: Office, laptops: Laptops, case: Case) -> Iterator[str]:
    """Play a case to its end and yield everything that is not as it must be."""
    stand = Stand(office, case)
    laptop = laptops.make(f"me-{case.number}", stand.me)
    line = TinyLine(office, laptop.line._device, stand.me)
    laptop.line = line

    def some_pages(count: int) -> None:
        start = line.pages
        line.page_bytes = TINY
        laptop.sync(lambda: line.pages - start >= count)

    if case.place == "filling":
        some_pages(2 * case.pages)
    else:
        laptop.sync()
    laptop.replica.catch_up()
    if case.pending:
        laptop.replica.back_up_now()
        stand.work(laptop)
    stand.change()
    line.page_bytes = TINY
    if case.place in ("inside", "again", "further"):
        some_pages(case.pages)
        {"inside": stand.news, "again": stand.change_back, "further": stand.change_further}[case.place]()
    if case.place == "after":
        laptop.sync()
        stand.news()
        laptop.try_sync(Cut.ANSWER)
    laptop.sync()
    laptop.replica.catch_up()
    yield from _wrong(stand, laptop, line)


def _wrong(stand: Stand, laptop: Laptop, line: TinyLine) -> Iterator[str]:
    office, case = stand.office, stand.case
    for difference in differences(laptop):
        yield f"{case}: {difference}"
    for leak in line.leaks:
        yield f"{case}: sent though out of sight: {leak}"
    visible = office.projection(stand.me)
    told = [word for word, (key, name) in stand.replaced.items() if name in visible.get(key, {})]
    readable = repr([visible, *told])
    held = found_in(laptop.replica.profile.root, KEY, stand.words)
    for file, word in sorted(held):
        if word not in readable:
            yield f"{case}: {word} is still in {file}"
    for word in stand.words:
        if word in repr(visible) and word not in {found for _, found in held}:
            yield f"{case}: {word} never came"
    if laptop.waiting():
        yield f"{case}: {laptop.waiting()} operations still wait"
    with laptop.replica.read() as session:
        returned = repr(session.scalars(select(Returned.mine)).all())
    there = _told_at_hq(office)
    for text in stand.typed:
        # What was at HQ and was then changed there, by somebody who saw it, is nobody's loss.
        if text not in there and text not in returned and text not in stand.replaced:
            yield f"{case}: {text} was typed and is nowhere"


def _told_at_hq(office: Office) -> str:
    tables = [SCHEMAS[name].table for name in WORK]
    with office.database.read() as snapshot:
        return repr([snapshot.connection.execute(select(table)).all() for table in tables])
