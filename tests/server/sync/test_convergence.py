"""Random work of many people: in the end every laptop holds exactly what its user may see."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Sequence
from typing import Any

import pytest

from crm_core.entities import BY_NO, SCHEMAS
from crm_core.errors import CrmError
from crm_core.ids import named_id
from crm_core.sync import codec
from crm_core.sync.plan import Token
from crm_core.sync.protocol import Code, OpKind, SyncResponse, TxnFlag
from sync_server.services import sync as sync_service
from sync_server.services.feed import Page, next_page
from sync_server.services.outcomes import Stretch
from tests.support.hq import Laptop, Office

FEW = ("sales", "sales", "sales_manager", "service")
ALL = ("sales", "sales", "sales_manager", "regional_manager", "finance", "service", "auditor", "admin")
WORK = {
    "customer": 5,
    "deal": 5,
    "contact": 3,
    "activity": 3,
    "ticket": 2,
    "quote": 1,
    "quote_line": 1,
    "ticket_message": 1,
    "attachment": 1,
}
"""What people work on, and how often."""


class Company:
    """Some people with laptops, and a generator of what they do.

    `mishaps`: now and then a laptop's token or whole database is lost. That brings everything again and so
    hides what went missing before, hence not always.
    """

    def __init__(
        self, office: Office, seed: int, roles: Sequence[str] = FEW, *, mishaps: bool = False
    ) -> None:
        self.office = office
        self.roles = roles
        self.mishaps = mishaps
        self.chance = random.Random(seed)
        create = office.hq.create
        self.teams = [create("team", {"name": f"Team {n}"}) for n in range(2)]
        self.teams.append(create("team", {"name": "Team below", "parent_id": self.teams[0]}))
        self.territories = [create("territory", {"name": f"Territory {n}"}) for n in range(2)]
        self.users = [
            office.user(
                f"{role} {n}",
                role,
                team_id=self.chance.choice(self.teams),
                territory_id=self.chance.choice(self.territories),
            )
            for n, role in enumerate(roles)
        ]
        self.laptops = [office.laptop(user) for user in self.users]
        self.laptops.append(office.laptop(self.users[0]))
        for laptop in self.laptops:
            laptop.skew_ms = self.chance.choice((0, 0, 500, -90_000, 7_200_000))
            laptop.sync()

    def step(self) -> None:
        """Let something happen."""
        self.office.now_ms += self.chance.choice((0, 1, 700, 60_000))
        laptop = self.chance.choice(self.laptops)
        roll = self.chance.random()
        if roll < 0.4:
            for _ in range(self.chance.randrange(1, 4)):
                self.work(laptop)
        elif roll < 0.8:
            self.exchange(laptop)
        else:
            self.govern()

    def exchange(self, laptop: Laptop) -> None:
        """One page, whole session, an answer lost on the way, or only the upload."""
        roll = self.chance.random()
        if self.mishaps and roll < 0.05:
            laptop.token = b"unreadable"
        elif self.mishaps and roll < 0.08:
            laptop.nonce = b"of an old backup"
        if roll < 0.2:
            laptop.send(laptop.request())  # the answer never arrives
        elif roll < 0.6:
            laptop.apply(laptop.send(laptop.request(self.chance.choice((2048, 4096, 1 << 20)))))
        elif roll < 0.7:
            laptop.apply(laptop.send(laptop.request(pull=False)))
        else:
            laptop.sync(self.chance.choice((2048, 1 << 20)))

    def govern(self) -> None:
        """Change who may see what, or do something at HQ itself."""
        hq, chance = self.office.hq, self.chance
        user = chance.choice(self.users)
        roll = chance.random()
        if roll < 0.1:
            hq.update("user", user, {"role_id": named_id("role", chance.choice(self.roles))})
        elif roll < 0.2:
            hq.update("user", user, {"team_id": chance.choice([*self.teams, None])})
        elif roll < 0.25:
            hq.update("user", user, {"territory_id": chance.choice([*self.territories, None])})
        elif roll < 0.35:
            hq.update("team", chance.choice(self.teams), {"manager_id": chance.choice([*self.users, None])})
        else:
            self.reassign()

    def reassign(self) -> None:
        """Give a record to somebody else, put it below another, or delete or restore it."""
        hq, chance = self.office.hq, self.chance
        entity, owner = chance.choice(
            (("customer", "owner_id"), ("deal", "owner_id"), ("ticket", "assignee_id"))
        )
        living = [row_id for row_id, _ in hq.all(entity)]
        roll = chance.random()
        if roll < 0.15 and (deleted := [row_id for row_id, _ in hq.all(entity, deleted=True)]):
            with contextlib.suppress(CrmError):  # its parent may be deleted too
                hq.restore(entity, chance.choice(deleted))
        elif not living:
            return
        elif roll < 0.3:
            hq.delete(entity, chance.choice(living))
        elif roll < 0.45 and entity == "deal" and (customers := hq.all("customer")):
            hq.update(entity, chance.choice(living), {"customer_id": chance.choice(customers)[0]})
        else:
            hq.update(entity, chance.choice(living), {owner: chance.choice(self.users)})

    def work(self, laptop: Laptop) -> None:
        """Make, change, delete, restore or label something that the laptop shows."""
        chance = self.chance
        entity = chance.choices(list(WORK), list(WORK.values()))[0]
        schema = SCHEMAS[entity]
        there = [row_id for number, row_id in laptop.replica if number == schema.no]
        roll = chance.random()
        if roll < 0.35 or not there:
            self.make(laptop, entity)
            return
        row_id = chance.choice(there)
        if roll < 0.45:
            laptop.delete(entity, row_id)
        elif roll < 0.55:
            laptop.restore(entity, row_id)
        elif roll < 0.7 and (sets := [each.name for each in schema.set_fields if not each.members]):
            word = chance.choice(("red", "blue", "green"))
            (laptop.tag if chance.random() < 0.6 else laptop.untag)(entity, row_id, word, chance.choice(sets))
        else:
            self.change(laptop, entity, row_id)

    def change(self, laptop: Laptop, entity: str, row_id: str) -> None:
        """Set one register to something."""
        chance, n = self.chance, self.chance.randrange(100)
        owner, customer = chance.choice(self.users), self.one(laptop, "customer")
        choices: dict[str, list[tuple[str, Any]]] = {
            "customer": [
                ("name", f"Customer {n}"),
                ("owner_id", owner),
                ("country", ["CN", "P", f"City {n}", None]),
                ("notes", f"Note {n}"),
                ("credit_limit", [n, "CNY"]),
                ("team_id", chance.choice(self.teams)),
                ("territory_id", chance.choice(self.territories)),
            ],
            "contact": [("name", f"Contact {n}"), ("customer_id", customer)],
            "deal": [
                ("name", f"Deal {n}"),
                ("amount", [n, "EUR"]),
                ("customer_id", customer),
                ("owner_id", owner),
                ("pipeline_id", [self.office.pipeline, self.office.stages["won"], n, None, None]),
            ],
            "quote": [
                ("status", chance.choice(("draft", "sent"))),
                ("discount_percent", str(n)),
                ("notes", "n"),
            ],
            "quote_line": [("unit_price", [n, "CNY"]), ("quantity", str(n))],
            "ticket": [("subject", f"Ticket {n}"), ("assignee_id", owner), ("customer_id", customer)],
            "ticket_message": [("body", f"Body {n}")],
            "activity": [
                ("subject", f"Activity {n}"),
                ("deal_id", self.one(laptop, "deal")),
                ("owner_id", owner),
            ],
            "attachment": [("name", f"file{n}.pdf")],
        }
        name, value = chance.choice(choices[entity])
        laptop.set(entity, row_id, name, value)

    def one(self, laptop: Laptop, entity: str) -> str | None:
        """Return any record the laptop shows."""
        there = [row_id for number, row_id in laptop.replica if number == SCHEMAS[entity].no]
        return self.chance.choice(there) if there else None

    def make(self, laptop: Laptop, entity: str) -> None:
        """Make a record, beside or below what is there."""
        chance, n = self.chance, self.chance.randrange(100)
        customer, deal = self.one(laptop, "customer"), self.one(laptop, "deal")
        match entity:
            case "customer":
                values: dict[str, Any] = {"name": f"Customer {n}", "tags": ["red"], "notes": f"Note {n}"}
                if chance.random() < 0.3:
                    values["owner_id"] = chance.choice(self.users)
            case "contact":
                values = {"name": f"Contact {n}", "customer_id": customer}
            case "deal":
                stage = {"pipeline_id": self.office.pipeline, "stage_id": self.office.stages["open"]}
                values = {"name": f"Deal {n}", "amount": n, "currency": "CNY", **stage}
                values |= {"customer_id": customer} if customer else {}
                values |= {"owner_id": chance.choice(self.users)} if chance.random() < 0.3 else {}
            case "quote":
                self.make_quote(laptop, customer)
                return
            case "quote_line":
                line = {"description": "d", "quantity": "2", "unit_price": n, "currency": "CNY"}
                values = {**line, "quote_id": self.one(laptop, "quote")}
            case "ticket":
                values = {"subject": f"Ticket {n}"} | ({"customer_id": customer} if customer else {})
            case "ticket_message":
                values = {"body": "text", "ticket_id": self.one(laptop, "ticket")}
            case "activity":
                values = {"kind": "call", "subject": f"Activity {n}"}
                values |= {"customer_id": customer} if customer else {}
                values |= {"deal_id": deal} if deal and chance.random() < 0.5 else {}
            case _:
                values = {"name": "file.pdf", "record_entity": "customer", "record_id": customer}
        laptop.create(entity, {name: value for name, value in values.items() if value is not None})

    def make_quote(self, laptop: Laptop, customer: str | None) -> None:
        """Make a quote with two lines that stand or fall together."""
        if customer is None:
            return
        quote = laptop.create(
            "quote", {"customer_id": customer, "currency": "CNY", "valid_until": "2027-12-31"}
        )
        n = self.chance.randrange(1, 1000)
        line = [[10, 13, 14, 16, 17], [bytes.fromhex(quote), "line", "3", n, "CNY"]]
        ids = (f"{self.chance.getrandbits(128):032x}" for _ in range(2))
        laptop.together(
            [(OpKind.CREATE, "quote_line", row_id, 0, line) for row_id in ids], TxnFlag.ALL_OR_NOTHING
        )

    def check(self) -> None:
        """Bring every laptop up to date and hold it against the definition."""
        for _ in range(2):
            for laptop in self.laptops:
                laptop.sync()
        for laptop in self.laptops:
            expected = self.office.projection(laptop.user_id)
            assert laptop.outbox == []
            assert _differences(expected, laptop) == []
            fresh = self.office.laptop(laptop.user_id)
            fresh.sync()
            assert _differences(expected, fresh) == []


def _differences(expected: dict[Any, Any], laptop: Laptop) -> list[Any]:
    return [
        (BY_NO[key[0]].name, key[1], expected.get(key), laptop.replica.get(key))
        for key in sorted(expected.keys() | laptop.replica.keys())
        if expected.get(key) != laptop.replica.get(key)
    ]


@pytest.mark.parametrize("seed", [4, *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(5, 60))])
def test_every_laptop_comes_to_hold_exactly_what_its_user_may_see(sqlite_office: Office, seed: int) -> None:
    company = Company(sqlite_office, seed)
    for _ in range(250):
        company.step()
    company.check()


@pytest.mark.parametrize("seed", [7, *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(60, 80))])
def test_what_a_laptop_just_wrote_itself_tells_it_nothing(
    sqlite_office: Office, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    passed_over = 0

    def both_ways(*given: Any, written: Stretch | None = None, **more: Any) -> Page:
        nonlocal passed_over
        page = next_page(*given, written=written, **more)
        assert page == next_page(*given, **more)
        token: Token = given[2]
        passed_over += written is not None and written.after == token.seq
        return page

    monkeypatch.setattr(sync_service, "next_page", both_ways)
    chance = random.Random(seed)
    me = sqlite_office.user("Lin", "sales")
    laptop = sqlite_office.laptop(me)
    laptop.sync()
    mine = [laptop.create("customer", {"name": "First", "owner_id": me})]
    laptop.sync()
    for n in range(60):
        sqlite_office.now_ms += chance.randrange(2) * 1000
        customer = chance.choice(mine)
        for _ in range(chance.randrange(1, 3)):
            match chance.randrange(6):
                case 0 | 1:
                    mine.append(laptop.create("customer", {"name": f"Customer {n}", "owner_id": me}))
                case 2 | 3:
                    laptop.set("customer", customer, chance.choice(("name", "phone", "notes")), f"text {n}")
                case 4:
                    laptop.create("contact", {"name": f"Contact {n}", "customer_id": customer})
                case _:
                    laptop.tag("customer", customer, chance.choice("xyz"))
        if chance.random() < 0.2:
            sqlite_office.hq.update("customer", mine[0], {"phone": f"+86 21 5550 {n:04d}"})
        laptop.sync()
    assert _differences(sqlite_office.projection(me), laptop) == []
    assert passed_over > 10


def test_people_of_every_role_end_with_what_they_may_see(sqlite_office: Office) -> None:
    company = Company(sqlite_office, 1, ALL)
    for _ in range(200):
        company.step()
    company.check()


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(1, 30))])
def test_laptops_that_lose_their_place_or_their_database_end_right_too(
    sqlite_office: Office, seed: int
) -> None:
    company = Company(sqlite_office, seed, mishaps=True)
    for _ in range(150):
        company.step()
    company.check()


@pytest.mark.soak
@pytest.mark.postgres
def test_postgresql_leads_to_the_same(tabled_postgres: str, tmp_path: Any) -> None:
    office = Office(tmp_path / "hq", tabled_postgres)
    company = Company(office, 99)
    for _ in range(120):
        company.step()
    company.check()
    office.close()


def test_pages_of_one_row_lead_where_one_large_page_leads(
    sqlite_office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    company = Company(sqlite_office, 7)
    for _ in range(60):
        company.step()
    monkeypatch.setattr(sync_service, "LEAST_BYTES", 1)
    for laptop in company.laptops:
        laptop.sync(want_bytes=1)
        at_once = sqlite_office.laptop(laptop.user_id)
        at_once.sync()
        assert laptop.replica == at_once.replica
        bit_by_bit = sqlite_office.laptop(laptop.user_id)
        bit_by_bit.sync(want_bytes=1)
        assert bit_by_bit.replica == at_once.replica
        assert bit_by_bit.rounds >= len(at_once.replica)


@pytest.mark.soak
def test_every_operation_gets_one_answer_and_a_refused_one_is_kept(sqlite_office: Office) -> None:
    company = Company(sqlite_office, 21, ALL)
    for _ in range(120):
        company.step()
    company.check()
    codes = {Code(answer.code) for laptop in company.laptops for answer in laptop.answers.values()}
    assert {Code.APPLIED, Code.FORBIDDEN_ROW} <= codes  # the schedule was lively enough to mean something
    for laptop in company.laptops:
        assert sorted(laptop.answers) == list(range(1, laptop.last_op + 1))


def test_pages_hold_a_row_at_most_once(sqlite_office: Office) -> None:
    company = Company(sqlite_office, 5)
    for _ in range(100):
        company.step()
    company.check()
    for laptop in company.laptops:
        for raw in laptop.received:
            page = codec.decode(raw, SyncResponse)
            states = [
                (message[2], row_id)
                for message in page.msgs
                if message[0] in (1, 2)
                for row_id in codec.unpack_ids(message[5] if message[0] == 1 else message[3])
            ]
            assert len(states) == len(set(states))
