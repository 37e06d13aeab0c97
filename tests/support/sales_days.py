"""Whole days of selling at random: merges, pool, leads, series, shares, comments, hand-overs and rights.

What happens in a step follows from the seed and the number of the step alone, so steps can be left out of a
schedule that went wrong until only those remain that matter (`shrunk`). What HQ gives at first carries words
of its own, and every file of a laptop is searched afterwards for those its person may not read.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select

from crm_core.entities import SCHEMAS
from crm_core.errors import CrmError
from crm_core.ids import named_id
from crm_core.rules.recurrence import parse_repeat
from crm_core.schema.field import FieldClass
from crm_core.sync.merge import lives
from crm_core.times import DAY_MS
from crm_desktop.services import (
    comments,
    converting,
    deals,
    hand_over,
    leads,
    merging,
    milestones,
    planning,
    pool,
    records,
)
from crm_desktop.services.calendar_period import DAY_OF_SERIES
from sync_server.services.recycling import recycle
from sync_server.services.share_ends import day_of, end_shares
from tests.support.hq import Office, Projection
from tests.support.pages import found_in
from tests.support.replicas import KEY, Cut, Laptop, Laptops, differences, settle_all

PEOPLE: Final = (("Boss", "sales_manager"), ("Lin", "sales"), ("Wang", "sales"), ("Far", "sales"))
ROLES: Final = ("sales", "sales", "sales", "sales_manager", "finance", "service", "marketing", "admin")
STEPS: Final = 60
_CUSTOMERS: Final = 5
_CLASSES: Final = (("customer", "private"), ("customer", "comms"), ("customer", "money"), ("lead", "comms"))
_STATES: Final = ("working", "nurture", "qualified", "new")


class Market:
    """An office, people at laptops, and what they and HQ do in one step after the other."""

    def __init__(self, folder: Path, template: Path, seed: int, database_url: str | None = None) -> None:
        self.seed = seed
        self.chance = random.Random(f"{seed} beginning")
        self.office = Office(folder / "hq", database_url)
        self.makes = Laptops(folder, self.office, template)
        self.words: list[str] = []
        self.told: set[str] = set()
        """Words a person put elsewhere by his own hand: what he merged, converted or planned anew. They are
        his edit then, which comes back to him where it is refused, and goes to whoever may accept it."""
        self.done: list[str] = []
        self._set_up()

    def _set_up(self) -> None:
        create, chance = self.office.hq.create, self.chance
        self.teams = [create("team", {"name": name}) for name in ("East", "West")]
        self.users = [
            self.office.user(name, role, team_id=self.teams[1 if name == "Far" else 0])
            for name, role in PEOPLE
        ]
        for key, of_class in (("shelf", "core"), ("secret", "private")):
            field = {"entity": "customer", "key": key, "label": key.title(), "kind": "text"}
            create("custom_field", {**field, "field_class": of_class})
        create("pool_rule", {"name": "All", "contact_days": 30, "remind_days": 7, "most_held": 6})
        create("milestone", {"name": "Sample", "stage_id": self.office.stages["open"]})
        create("competitor", {"name": "Rival"})
        for number in range(_CUSTOMERS):
            self._customer(number)
        self.laptops = [
            self.makes.make(
                name,
                user,
                page_bytes=chance.choice((1024, 64 * 1024)),
                skew_ms=chance.choice((0, 0, -90_000, 7_200_000)),
            )
            for (name, _), user in zip(PEOPLE, self.users, strict=True)
        ]
        settle_all(self.laptops, 1)

    def _customer(self, number: int) -> None:
        create, word, chance = self.office.hq.create, self._word, self.chance
        values: dict[str, Any] = {name: word(name, number) for name in ("name", "notes", "payment_terms")}
        values |= {"x:shelf": word("shelf", number), "x:secret": word("secret", number)}
        customer = create("customer", {**values, "owner_id": chance.choice(self.users)})
        of = {"customer_id": customer}
        create("contact", {"name": word("contact", number), **of})
        own = {"owner_id": chance.choice(self.users)}
        stage = {"pipeline_id": self.office.pipeline, "stage_id": self.office.stages["open"]}
        deal = create("deal", {"name": word("deal", number), **stage, **of, **own})
        remark = {"record_entity": "customer", "record_id": customer, "body": word("remark", number)}
        create("comment", remark)
        create("deal_milestone", {"name": word("milestone", number), "deal_id": deal})
        series = {"kind": "meeting", "subject": word("series", number), "due_at": self.office.now_ms}
        create("activity", {**series, "repeats": "FREQ=WEEKLY;COUNT=9", **of, **own})
        lead = create("lead", {"name": word("lead", number), "notes": word("leadnote", number), **own})
        create("activity", {"kind": "call", "subject": word("leadcall", number), "lead_id": lead, **own})

    def _word(self, kind: str, number: int) -> str:
        self.words.append(f"zq{kind.replace('_', '')}{number}x")
        return self.words[-1]

    # One step after the other

    def step(self, number: int) -> None:
        """Let happen what this seed has in this step."""
        self.chance = chance = random.Random(f"{self.seed} step {number}")
        self.office.now_ms += chance.choice((1_000, 60_000, DAY_MS))
        if chance.random() < 0.2:
            deed: Callable[..., None] = chance.choice(self._of_hq)
            self._note(number, deed.__name__, "HQ")
            deed()
            return
        at = chance.randrange(len(self.laptops))
        deed = chance.choice(self._of_people)
        name = deed.__name__
        try:
            deed(self.laptops[at], at)
        except CrmError as refused:
            name += f" (refused: {refused})"
        self._note(number, name, PEOPLE[at][0])
        for number_of, laptop in enumerate(self.laptops):
            self._between(laptop, number_of)

    def _note(self, number: int, what: str, who: str) -> None:
        self.done.append(f"{number:03d} {who}: {what}")

    def _between(self, laptop: Laptop, at: int) -> None:
        roll = self.chance.random()
        if roll < 0.25:
            laptop.try_sync(*[self.chance.choice(list(Cut)) for _ in range(self.chance.randrange(3))])
            self._note(0, "sync", PEOPLE[at][0])
        elif roll < 0.3:
            laptop.reopen()
        elif roll < 0.35:
            laptop.replica.catch_up()
        elif roll < 0.38:
            laptop.replica.back_up_now()

    def _any(self, laptop: Laptop, entity: str, number: int = 1) -> list[str]:
        """Return ids of some living records of a kind that are on a laptop."""
        table = SCHEMAS[entity].table
        with laptop.replica.read() as session:
            query = select(table.c.id).where(table.c.life % 2 == 1).order_by(table.c.id)
            there = list(session.connection().scalars(query))
        return self.chance.sample(there, min(number, len(there)))

    def _one(self, laptop: Laptop, entity: str) -> str:
        found = self._any(laptop, entity)
        if not found:
            raise CrmError("nothing there")
        return found[0]

    # What people do

    def _merges(self, laptop: Laptop, at: int) -> None:
        entity = self.chance.choice(("customer", "customer", "contact"))
        kept, *others = self._any(laptop, entity, self.chance.choice((2, 2, 3))) or [""]
        self._knows(laptop, entity, [kept, *others])
        merging.merge(laptop.replica, entity, kept, others)

    def _takes_apart(self, laptop: Laptop, at: int) -> None:
        for merge in merging.recent_merges(laptop.replica):
            merging.take_apart(laptop.replica, merge.id)
            self._knows(laptop, "merge", [merge.id])
            return

    def _comments(self, laptop: Laptop, at: int) -> None:
        entity = self.chance.choice(("customer", "deal", "lead"))
        named = self.chance.choice(("", "", "@Lin", "@Far", "@Boss"))
        comments.add(laptop.replica, entity, self._one(laptop, entity), f"own {at} {named}")

    def _changes_a_comment(self, laptop: Laptop, at: int) -> None:
        comment = self._one(laptop, "comment")
        if self.chance.random() < 0.3:
            comments.take_away(laptop.replica, comment)
        else:
            comments.change(laptop.replica, comment, f"own {at} other")

    def _claims(self, laptop: Laptop, at: int) -> None:
        for customer in self._any(laptop, "customer", 20):
            if not records.get(laptop.replica, "customer", customer).get("owner_id"):
                pool.claim(laptop.replica, [customer])
                return

    def _returns(self, laptop: Laptop, at: int) -> None:
        customer = self._one(laptop, "customer")
        turn = self.chance.choice((pool.lock, pool.unlock, None))
        if turn is None:
            pool.release(laptop.replica, [customer], f"own {at} reason")
        else:
            turn(laptop.replica, [customer])

    def _visits(self, laptop: Laptop, at: int) -> None:
        when = self.office.now_ms - self.chance.choice((0, DAY_MS, 20 * DAY_MS))
        visit = {"kind": "visit", "subject": f"own {at} visit", "happened_at": when, "done": True}
        records.create(laptop.replica, "activity", {**visit, "customer_id": self._one(laptop, "customer")})

    def _hands_over(self, laptop: Laptop, at: int) -> None:
        past = [each for each in hand_over.past(laptop.replica) if not each.undone]
        if past and self.chance.random() < 0.5:
            hand_over.undo(laptop.replica, past[0].id)
            return
        giver, *receivers = self.chance.sample(self.users, 3)
        wish = hand_over.Wish(giver_id=giver, receiver_ids=tuple(receivers))
        hand_over.carry_out(laptop.replica, wish, hand_over.plan(laptop.replica, wish))

    def _converts(self, laptop: Laptop, at: int) -> None:
        lead = self._one(laptop, "lead")
        self._knows(laptop, "lead", [lead])
        joined = self._any(laptop, "customer") if self.chance.random() < 0.5 else []
        wish = converting.Wish(
            customer_id=joined[0] if joined else None,
            deal_name=self.chance.choice((None, f"own {at} deal")),
        )
        converting.convert(laptop.replica, lead, wish)

    def _takes_back(self, laptop: Laptop, at: int) -> None:
        for lead in self._any(laptop, "lead", 20):
            if records.get(laptop.replica, "lead", lead).get("status") == "converted":
                converting.take_back(laptop.replica, lead)
                return

    def _sorts_leads(self, laptop: Laptop, at: int) -> None:
        lead = self._one(laptop, "lead")
        if self.chance.random() < 0.3:
            leads.assign(laptop.replica, {lead: self.chance.choice(self.users)})
        else:
            leads.set_state(laptop.replica, [lead], self.chance.choice(_STATES))

    def _shares(self, laptop: Laptop, at: int) -> None:
        entity = self.chance.choice(("customer", "deal"))
        whom = self.chance.choice([*self.users, *self.teams])
        name = self.chance.choice(("shared", "shown"))
        field = "shared_with" if name == "shared" else "shown_to"
        until = day_of(self.office.now_ms + self.chance.choice((-1, 0, 2)) * DAY_MS).isoformat()
        values = {field: [whom], f"{name}_until": self.chance.choice((None, until))}
        records.update(laptop.replica, entity, self._one(laptop, entity), values)

    def _plans(self, laptop: Laptop, at: int) -> None:
        series = self._series(laptop)
        days = list(parse_repeat(str(series["repeats"])).days(day_of(int(series["due_at"]))))
        key = f"{series.id}{DAY_OF_SERIES}{self.chance.choice(days[:9])}"
        which = self.chance.choice(list(planning.Which))
        self._knows(laptop, "activity", [series.id])
        match self.chance.randrange(5):
            case 0:
                planning.remove(laptop.replica, key, which)
            case 1:
                planning.tick(laptop.replica, key, done=True)
            case 2:
                planned = planning.resize(laptop.replica, key, 90, which).value
                planning.take_back(laptop.replica, planned)
            case 3:
                planning.change(laptop.replica, key, {"place": f"own {at} place"}, which)
            case _:
                planning.move(laptop.replica, key, int(series["due_at"]) + 2 * DAY_MS, which)

    def _series(self, laptop: Laptop) -> Any:
        for activity in self._any(laptop, "activity", 50):
            found = records.get(laptop.replica, "activity", activity)
            if found.get("repeats") and found.get("due_at"):
                return found
        raise CrmError("nothing there")

    def _invites(self, laptop: Laptop, at: int) -> None:
        people = self.chance.sample(self.users, 2)
        records.update(laptop.replica, "activity", self._one(laptop, "activity"), {"assignees": people})

    def _edits(self, laptop: Laptop, at: int) -> None:
        changes = self.chance.choice(
            (
                {"industry": f"own {at}"},
                {"x:shelf": f"own {at} shelf"},
                {"x:secret": f"own {at} secret"},
                {"notes": f"own {at} note"},
                {"tags": ["vip"]},
                {"phone": f"555 {at}"},
                {"city": "Wuxi", "address": f"own {at} street"},
            )
        )
        customer = self._one(laptop, "customer")
        before = records.get(laptop.replica, "customer", customer).values
        replaced = repr([before.get(name) for name in changes])
        # While the field is in sight, its history may tell what was there.
        self.told.update(word for word in self.words if word in replaced)
        records.update(laptop.replica, "customer", customer, changes)

    def _sells(self, laptop: Laptop, at: int) -> None:
        deal = self._one(laptop, "deal")
        if self.chance.random() < 0.3:
            deals.finish(laptop.replica, deal, "lost", loss_reason="price")
            return
        for line in milestones.checklist(laptop.replica, deal)[:1]:
            milestones.tick(laptop.replica, deal, line.key, done=not line.done)

    def _deletes(self, laptop: Laptop, at: int) -> None:
        entity = self.chance.choice(("customer", "contact", "lead", "activity", "deal"))
        table = SCHEMAS[entity].table
        with laptop.replica.read() as session:
            gone = list(session.connection().scalars(select(table.c.id).where(table.c.life % 2 == 0)))
        if gone and self.chance.random() < 0.6:
            records.restore(laptop.replica, entity, self.chance.choice(sorted(gone)))
        else:
            records.delete(laptop.replica, entity, self._one(laptop, entity))

    def _adds(self, laptop: Laptop, at: int) -> None:
        made = records.create(laptop.replica, "customer", {"name": f"own {at} customer"}).value.id
        records.create(laptop.replica, "contact", {"name": f"own {at} person", "customer_id": made})

    _of_people = property(
        lambda self: (
            self._merges,
            self._merges,
            self._takes_apart,
            self._takes_apart,
            self._comments,
            self._changes_a_comment,
            self._claims,
            self._returns,
            self._visits,
            self._hands_over,
            self._converts,
            self._takes_back,
            self._sorts_leads,
            self._shares,
            self._plans,
            self._plans,
            self._invites,
            self._edits,
            self._edits,
            self._sells,
            self._deletes,
            self._adds,
        )
    )

    # What HQ does, and who may see what

    def _goes_on(self) -> None:
        self.office.now_ms += 5 * DAY_MS
        recycle(self.office.database, self.office.now_ms)
        end_shares(self.office.database, self.office.now_ms)

    def _puts_in_the_pool(self) -> None:
        living = [each for each, _ in self.office.hq.all("customer")]
        self.office.hq.update("customer", self.chance.choice(living), {"owner_id": None})

    def _gives(self) -> None:
        entity = self.chance.choice(("customer", "deal", "lead", "activity"))
        living = [each for each, _ in self.office.hq.all(entity)]
        if living:
            owner = {"owner_id": self.chance.choice(self.users)}
            self.office.hq.update(entity, self.chance.choice(living), owner)

    def _changes_a_person(self) -> None:
        role = named_id("role", self.chance.choice(ROLES))
        values = self.chance.choice(({"role_id": role}, {"team_id": self.chance.choice(self.teams)}))
        self.office.hq.update("user", self.chance.choice(self.users), values)

    def _changes_a_class(self) -> None:
        role = named_id("role", self.chance.choice(("sales", "sales_manager")))
        entity, of_class = self.chance.choice(_CLASSES)
        rights = self.office.row("role", role)["rights"]
        rights["classes"][entity][of_class] = self.chance.choice(("mask", "read", "write"))
        self.office.hq.update("role", role, {"rights": rights})

    def _retires_a_field(self) -> None:
        gone = dict(self.office.hq.all("custom_field", deleted=True))
        there = dict(self.office.hq.all("custom_field"))
        chosen = self.chance.choice(sorted({**gone, **there}))
        if self.chance.random() < 0.5 and chosen in there:
            self.office.hq.update("custom_field", chosen, {"retired": not there[chosen].get("retired")})
        else:
            (self.office.hq.restore if chosen in gone else self.office.hq.delete)("custom_field", chosen)

    _of_hq = property(
        lambda self: (
            self._goes_on,
            self._goes_on,
            self._puts_in_the_pool,
            self._gives,
            self._gives,
            self._changes_a_person,
            self._changes_a_class,
            self._retires_a_field,
        )
    )

    # What must hold afterwards

    def _knows(self, laptop: Laptop, entity: str, ids: Collection[str]) -> None:
        """Note the words of records a person copies from: they are of his own making in the copy."""
        shown = laptop.projection()
        text = repr([shown.get((SCHEMAS[entity].no, each)) for each in ids])
        self.told.update(word for word in self.words if word in text)

    def problems(self) -> Iterator[str]:
        """Let everything arrive, and yield all that is not as it must be."""
        settle_all(self.laptops)
        for laptop in self.laptops:
            laptop.replica.catch_up()
            yield from differences(laptop)
            if laptop.waiting():
                yield f"{laptop.name}: {laptop.waiting()} operations still wait"
            yield from self._traces(laptop)
        yield from self._orphans()

    def _traces(self, laptop: Laptop) -> Iterator[str]:
        visible = self.office.projection(laptop.user_id)
        readable = repr([visible, *self._of_deleted_fields(laptop.user_id, visible)])
        hidden = [word for word in self.words if word not in readable and word not in self.told]
        for file, word in sorted(found_in(laptop.replica.profile.root, KEY, hidden)):
            yield f"{laptop.name}: {word} is still in {file}"

    def _of_deleted_fields(self, user_id: str, visible: Projection) -> Iterator[Any]:
        """Yield what records in sight hold in custom fields that are deleted: it may be in their history."""
        gone = dict(self.office.hq.all("custom_field", deleted=True)).values()
        rights = self.office.person(user_id).rights
        for field in gone:
            if rights.class_right(field["entity"], FieldClass(field["field_class"])):
                for record_id, _ in self.office.hq.all(field["entity"], deleted=None):
                    if (SCHEMAS[field["entity"]].no, record_id) in visible:
                        yield self.office.row(field["entity"], record_id)["custom"]

    def _orphans(self) -> Iterator[str]:
        rows: dict[tuple[str, str], dict[str, Any]] = {}
        with self.office.database.read() as snapshot:
            for schema in SCHEMAS.values():
                for row in snapshot.connection.execute(select(schema.table)).mappings():
                    rows[schema.name, row["id"]] = dict(row)
        for (entity, record_id), row in rows.items():
            for link in SCHEMAS[entity].parent_fields if lives(row["life"]) else ():
                name = str(row[link.target_field or ""] if link.target == "*" else link.target)
                parent = rows.get((name, row[link.name] or ""))
                if parent is not None and not lives(parent["life"]):
                    yield f"HQ: {entity} {record_id} lives below a deleted {name} {row[link.name]}"

    def close(self) -> None:
        """Let go of everything."""
        self.makes.close()
        self.office.close()


def played(
    folder: Path, template: Path, seed: int, steps: Sequence[int], database_url: str | None = None
) -> tuple[list[str], list[str]]:
    """Play steps of a seed in a folder and return what is wrong, and what was done."""
    market = Market(folder, template, seed, database_url)
    try:
        for number in steps:
            market.step(number)
        return list(market.problems()), market.done
    finally:
        market.close()
        shutil.rmtree(folder, ignore_errors=True)


def shrunk(fails: Callable[[Sequence[int]], bool], steps: Sequence[int]) -> list[int]:
    """Return few of the steps that fail still: pieces are left out, ever smaller ones."""
    left = list(steps)
    size = max(len(left) // 2, 1)
    while size:
        start = 0
        while start < len(left):
            fewer = left[:start] + left[start + size :]
            if fails(fewer):
                left = fewer
            else:
                start += size
        size //= 2
    return left
