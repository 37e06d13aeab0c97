"""Who may do what through the merge: the eight standard roles, assignment, and answers that tell nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from crm_core.ids import new_id
from crm_core.sync.protocol import Code
from tests.support.hq import Laptop, Office

OK, ROW, FIELD, ASSIGN = Code.APPLIED, Code.FORBIDDEN_ROW, Code.FORBIDDEN_FIELD, Code.FORBIDDEN_ASSIGN

ROLES = ("sales", "sales_manager", "regional_manager", "finance", "service", "marketing", "auditor", "admin")


class Firm:
    """North and south, each with a seller, and one person of every role in the north."""

    def __init__(self, office: Office) -> None:
        self.office = office
        create = office.hq.create
        self.north, self.south = (create("territory", {"name": name}) for name in ("North", "South"))
        self.team, self.far = (create("team", {"name": name}) for name in ("Team", "Far team"))
        inside = {"team_id": self.team, "territory_id": self.north}
        self.people = {role: office.user(role, role, **inside) for role in ROLES}
        self.colleague = office.user("colleague", "sales", **inside)
        self.stranger = office.user("stranger", "sales", team_id=self.far, territory_id=self.south)
        self.customers = {
            "own": {role: self._customer(user) for role, user in self.people.items()},
            "team": dict.fromkeys(ROLES, self._customer(self.colleague)),
            "far": dict.fromkeys(ROLES, self._customer(self.stranger)),
        }
        self.laptops = {role: office.laptop(user) for role, user in self.people.items()}
        for laptop in self.laptops.values():
            laptop.sync()

    def _customer(self, owner: str) -> str:
        return self.office.hq.create("customer", {"name": "Customer", "owner_id": owner})


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory) -> Firm:
    """Give the firm; each test works on it with answers of its own."""
    return Firm(Office(tmp_path_factory.mktemp("firm")))


_Deed = Callable[[Firm, Laptop, str], Any]

DEEDS: dict[str, _Deed] = {
    "name": lambda firm, laptop, made: laptop.set("customer", made, "name", "Customer"),
    "notes": lambda firm, laptop, made: laptop.set("customer", made, "notes", "Note"),
    "credit": lambda firm, laptop, made: laptop.set("customer", made, "credit_limit", [1, "CNY"]),
    "give away": lambda firm, laptop, made: laptop.set("customer", made, "owner_id", firm.stranger),
    "activity": lambda firm, laptop, made: laptop.create(
        "activity", {"kind": "call", "subject": "A", "customer_id": made}
    ),
    "contact": lambda firm, laptop, made: laptop.create("contact", {"name": "C", "customer_id": made}),
    "ticket": lambda firm, laptop, made: laptop.create("ticket", {"subject": "T", "customer_id": made}),
    "delete": lambda firm, laptop, made: laptop.delete("customer", made),
}
"""What somebody does to a customer."""

# Deed -> role -> answers for the own customer, a teammate's, a stranger's in another territory.
EXPECTED: dict[str, dict[str, tuple[Code, Code, Code]]] = {
    "name": {
        "sales": (OK, ROW, ROW),
        "sales_manager": (OK, OK, ROW),
        "regional_manager": (OK, OK, ROW),
        "finance": (FIELD, FIELD, FIELD),
        "service": (ROW, ROW, ROW),
        "marketing": (ROW, ROW, ROW),
        "auditor": (ROW, ROW, ROW),
        "admin": (OK, OK, OK),
    },
    "notes": {
        "sales": (OK, ROW, ROW),
        "sales_manager": (OK, OK, ROW),
        "regional_manager": (OK, OK, ROW),
        "finance": (FIELD, FIELD, FIELD),
        "service": (ROW, ROW, ROW),
        "marketing": (ROW, ROW, ROW),
        "auditor": (ROW, ROW, ROW),
        "admin": (OK, OK, OK),
    },
    "credit": {
        "sales": (OK, ROW, ROW),
        "sales_manager": (OK, OK, ROW),
        "regional_manager": (OK, OK, ROW),
        "finance": (OK, OK, OK),
        "service": (ROW, ROW, ROW),
        "marketing": (ROW, ROW, ROW),
        "auditor": (ROW, ROW, ROW),
        "admin": (OK, OK, OK),
    },
    "activity": {
        "sales": (OK, Code.PARENT, Code.PARENT),
        "sales_manager": (OK, OK, Code.PARENT),
        "regional_manager": (OK, OK, Code.PARENT),
        "finance": (ROW, ROW, ROW),
        "service": (OK, OK, OK),
        "marketing": (ROW, ROW, ROW),
        "auditor": (ROW, ROW, ROW),
        "admin": (OK, OK, OK),
    },
    "contact": {
        "sales": (OK, Code.PARENT, Code.PARENT),
        "sales_manager": (OK, OK, Code.PARENT),
        "regional_manager": (OK, OK, Code.PARENT),
        "finance": (ROW, ROW, ROW),
        "service": (ROW, ROW, ROW),
        "marketing": (ROW, ROW, ROW),
        "auditor": (ROW, ROW, ROW),
        "admin": (OK, OK, OK),
    },
    "ticket": {
        "sales": (OK, Code.PARENT, Code.PARENT),
        "sales_manager": (OK, OK, Code.PARENT),
        "regional_manager": (OK, OK, Code.PARENT),
        "finance": (ROW, ROW, ROW),
        "service": (OK, OK, OK),
        "marketing": (ROW, ROW, ROW),
        "auditor": (ROW, ROW, ROW),
        "admin": (OK, OK, OK),
    },
}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("deed", EXPECTED)
def test_each_role_may_do_what_it_says_and_nothing_else(firm: Firm, deed: str, role: str) -> None:
    laptop = firm.laptops[role]
    for whose, expected in zip(("own", "team", "far"), EXPECTED[deed][role], strict=True):
        DEEDS[deed](firm, laptop, firm.customers[whose][role])
        laptop.sync()
        assert laptop.code(laptop.last_op) is expected, f"{role}: {deed} on {whose}"


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("sales", (ASSIGN, ROW, ROW)),
        ("sales_manager", (ASSIGN, ASSIGN, ROW)),
        ("regional_manager", (ASSIGN, ASSIGN, ROW)),
        ("finance", (FIELD, FIELD, FIELD)),
        ("service", (ROW, ROW, ROW)),
        ("marketing", (ROW, ROW, ROW)),
        ("auditor", (ROW, ROW, ROW)),
    ],
)
def test_nobody_gives_away_what_lies_beyond_his_reach(
    firm: Firm, role: str, expected: tuple[Code, Code, Code]
) -> None:
    laptop = firm.laptops[role]
    for whose, code in zip(("own", "team", "far"), expected, strict=True):
        DEEDS["give away"](firm, laptop, firm.customers[whose][role])
        laptop.sync()
        assert laptop.code(laptop.last_op) is code


def test_a_manager_assigns_within_the_team_and_takes_over(sqlite_office: Office) -> None:
    firm = Firm(sqlite_office)
    manager, seller = firm.laptops["sales_manager"], firm.laptops["sales"]
    made = firm.customers["own"]["sales"]
    given = manager.set("customer", made, "owner_id", firm.colleague)
    taken = manager.set("customer", made, "owner_id", manager.user_id)
    cleared = manager.set("customer", made, "owner_id", None)
    manager.sync()
    assert [manager.code(number) for number in (given, taken, cleared)] == [OK, OK, ASSIGN]
    seller.sync()
    assert seller.shown("customer", made) is None


def test_a_record_made_without_an_owner_is_its_authors(sqlite_office: Office) -> None:
    firm = Firm(sqlite_office)
    seller = firm.laptops["sales"]
    customer = seller.create("customer", {"name": "Mine"})
    ticket = seller.create("ticket", {"subject": "Nobody's", "customer_id": customer})
    given = seller.create("customer", {"name": "Not mine", "owner_id": firm.stranger})
    shared = seller.create("customer", {"name": "Shared", "owner_id": seller.user_id, "team_id": firm.far})
    own_team = seller.create("customer", {"name": "Own", "owner_id": seller.user_id, "team_id": firm.team})
    ghost = seller.create("customer", {"name": "Ghost's", "owner_id": new_id()})
    seller.sync()
    codes = [seller.code(seller.last_op - n) for n in (5, 4, 3, 2, 1, 0)]
    assert codes == [OK, OK, ASSIGN, ASSIGN, OK, ASSIGN]
    assert seller.shown("customer", customer)["owner_id"] == seller.user_id  # type: ignore[index]
    assert "assignee_id" not in seller.shown("ticket", ticket)  # type: ignore[operator]
    assert all(seller.shown("customer", row) is None for row in (given, shared, ghost))
    assert sqlite_office.row("customer", own_team)["team_id"] == firm.team


def test_setup_is_changed_by_administrators_alone(sqlite_office: Office) -> None:
    firm = Firm(sqlite_office)
    for role in ROLES:
        laptop = firm.laptops[role]
        renamed = laptop.set("stage", sqlite_office.stages["open"], "name", "Renamed")
        promoted = laptop.set(
            "user", laptop.user_id, "role_id", sqlite_office.row("user", firm.people["admin"])["role_id"]
        )
        laptop.create("pipeline", {"name": "Another"})
        laptop.sync()
        expected = OK if role == "admin" else ROW
        codes = {laptop.code(number) for number in (renamed, promoted, laptop.last_op)}
        assert codes == {expected}, role


def test_unknown_invisible_and_forbidden_records_are_answered_alike(firm: Firm) -> None:
    laptop = firm.laptops["sales"]
    ids = (new_id(), firm.customers["far"]["sales"], firm.customers["team"]["sales"])
    numbers = [laptop.set("customer", row_id, "name", "Guess") for row_id in ids]
    numbers += [laptop.delete("customer", row_id) for row_id in ids]
    numbers += [laptop.tag("customer", row_id, "red") for row_id in ids]
    laptop.sync()
    answers = {(laptop.code(number), str(laptop.answers[number].extra)) for number in numbers}
    assert len(answers) == 1


def test_a_record_lent_is_read_and_not_changed(sqlite_office: Office) -> None:
    firm = Firm(sqlite_office)
    seller = firm.laptops["sales"]
    made = firm.customers["far"]["sales"]
    stage = {"pipeline_id": sqlite_office.pipeline, "stage_id": sqlite_office.stages["open"]}
    deal = sqlite_office.hq.create(
        "deal", {"name": "Joint deal", "customer_id": made, "owner_id": seller.user_id, **stage}
    )
    hidden = sqlite_office.hq.create("contact", {"name": "Hidden", "customer_id": made})
    seller.sync()
    assert seller.shown("customer", made) is not None
    assert seller.shown("contact", hidden) is None
    renamed = seller.set("customer", made, "name", "Mine now")
    deleted = seller.delete("customer", made)
    seller.create("contact", {"name": "Mine", "customer_id": made})
    contact = seller.last_op
    seller.create("activity", {"kind": "visit", "subject": "Visit", "customer_id": made})
    seller.sync()
    codes = [seller.code(number) for number in (renamed, deleted, contact, seller.last_op)]
    assert codes == [ROW, ROW, ROW, OK]
    sqlite_office.hq.delete("deal", deal)
    seller.sync()
    assert seller.shown("customer", made) is None
    assert seller.replica == sqlite_office.projection(seller.user_id)


def test_moving_a_child_to_another_parent_asks_for_rights_there(sqlite_office: Office) -> None:
    firm = Firm(sqlite_office)
    seller = firm.laptops["sales"]
    first = firm.customers["own"]["sales"]
    second = seller.create("customer", {"name": "Second"})
    contact = seller.create("contact", {"name": "Contact", "customer_id": first})
    moved = seller.set("contact", contact, "customer_id", second)
    hidden = seller.set("contact", contact, "customer_id", firm.customers["far"]["sales"])
    deleted = seller.delete("customer", first)
    back = seller.set("contact", contact, "customer_id", first)
    seller.sync()
    codes = [seller.code(number) for number in (moved, hidden, deleted, back)]
    assert codes == [OK, Code.PARENT, OK, Code.PARENT]


def test_the_author_is_who_is_signed_in(sqlite_office: Office) -> None:
    firm = Firm(sqlite_office)
    seller = firm.laptops["sales"]
    made = seller.create("customer", {"name": "Mine"})
    seller.do(2, "customer", made, 2, bytes.fromhex(firm.stranger))
    seller.sync()
    assert seller.code(seller.last_op) is Code.INVALID
    row = sqlite_office.row("customer", made)
    assert (row["created_by"], row["updated_by"]) == (seller.user_id, seller.user_id)
