"""Two who made the same customer offline are told at HQ: once, and of nothing they may not see."""

from __future__ import annotations

from dataclasses import dataclass, field

from crm_core.entities import SCHEMAS
from crm_core.ids import new_id
from sync_server.services import alike, alike_tasks
from tests.support.hq import START_MS, Laptop, Office, make

ACTIVITY = SCHEMAS["activity"].no
SAME_NAME = "Possible duplicate: {} (Same name)"


@dataclass
class Firm:
    """Two who sell, and their manager who sees both."""

    office: Office
    tells_known: bool = False
    laptops: dict[str, Laptop] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.team = self.office.hq.create("team", {"name": "North"})
        self.lin = self.take_on("Lin", "sales")
        self.wang = self.take_on("Wang", "sales")
        self.maya = self.take_on("Maya", "sales_manager")

    def take_on(self, name: str, role: str) -> str:
        user_id = self.office.user(name, role, team_id=self.team)
        self.laptops[user_id] = self.office.laptop(user_id)
        self.laptops[user_id].sync()
        return user_id

    def make(self, user_id: str, name: str, **values: object) -> str:
        """Let somebody make a customer without a line, and HQ hear of it."""
        made = self.laptops[user_id].create("customer", {"name": name, "owner_id": user_id, **values})
        self.laptops[user_id].sync()
        return made

    def look(self) -> int:
        """Let HQ look, and everybody hear of it."""
        alike.follow(self.office.database)
        told = alike_tasks.tell(self.office.database, self.office.now_ms, tells_known=self.tells_known)
        for user_id, laptop in self.laptops.items():
            laptop.sync()
            assert laptop.replica == self.office.projection(user_id)
        return told

    def tasks(self, user_id: str) -> list[tuple[str, str, bool]]:
        """Return (about, subject, done) of the tasks somebody has on his laptop and owns."""
        held = self.laptops[user_id].replica.items()
        rows = [row for (entity, _), row in held if entity == ACTIVITY and row.get("owner_id") == user_id]
        return sorted((row["about_id"], row["subject"], row["done"]) for row in rows)


def test_owners_who_see_both_are_told_once_and_the_tasks_close_when_the_records_are_one(
    office: Office,
) -> None:
    firm = Firm(office)
    boss = firm.take_on("Boss", "admin")
    first = firm.make(boss, "杭州纸鹤食品有限公司")
    second = firm.make(firm.maya, "Moss Labs")
    firm.make(firm.maya, "Unlike anything")
    assert firm.look() == 0
    # Maya shares with her people; hers is renamed to what the boss' is.
    firm.laptops[boss].set("customer", first, "owner_id", firm.lin)
    firm.laptops[boss].sync()
    firm.laptops[firm.maya].sync()
    firm.laptops[firm.maya].set("customer", second, "name", "纸鹤食品（杭州）")
    firm.laptops[firm.maya].sync()
    assert firm.look() == 1
    assert firm.tasks(firm.maya) == [(second, SAME_NAME.format("纸鹤食品（杭州）"), False)]
    assert firm.tasks(firm.lin) == []  # sees his own alone
    assert firm.look() == 0
    firm.laptops[firm.maya].set("customer", second, "notes", "Called")
    firm.laptops[firm.maya].sync()
    assert firm.look() == 0
    keeper = firm.laptops[firm.maya]
    keeper.set("customer", second, "merged_into_id", first)
    keeper.delete("customer", second)
    keeper.sync()
    assert firm.look() == 0
    assert [done for *_, done in firm.tasks(firm.maya)] == [True]


def test_who_does_not_see_the_other_hears_nothing_unless_hq_tells_of_known_customers(
    sqlite_office: Office,
) -> None:
    firm = Firm(sqlite_office)
    firm.make(firm.lin, "Paper Crane Ltd.", phone="+86 571 5550 1234")
    second = firm.make(firm.wang, "PAPER CRANE")
    assert firm.look() == 1
    assert firm.tasks(firm.lin) == firm.tasks(firm.wang) == []
    (told,) = sqlite_office.hq.find("activity", "kind", "task")
    assert (told[1]["owner_id"], told[1]["subject"]) == (
        sqlite_office.founder,
        SAME_NAME.format(sqlite_office.row("customer", told[1]["about_id"])["name"]),
    )
    firm.tells_known = True
    third, fourth = firm.make(firm.lin, "Moss Labs"), firm.make(firm.wang, "MOSS LABS GmbH")
    # Laptops know no addresses of others: who has the same one HQ tells the administrator alone.
    firm.make(firm.lin, "Blue Heron", email="desk@heron.example")
    firm.make(firm.wang, "Marine Works", email="desk@heron.example")
    assert firm.look() == 4
    ask = "HQ has another customer like “{}”: ask Founder（示例）"
    assert firm.tasks(firm.lin) == [(third, ask.format("Moss Labs"), False)]
    assert firm.tasks(firm.wang) == [(fourth, ask.format("MOSS LABS GmbH"), False)]
    lin = firm.laptops[firm.lin]
    assert not any(each.encode() in str(lin.replica).encode() for each in (second, fourth, "GmbH"))


def test_saying_that_two_are_not_the_same_or_changing_one_closes_the_tasks(sqlite_office: Office) -> None:
    firm = Firm(sqlite_office)
    first, second = firm.make(firm.maya, "Paper Crane"), firm.make(firm.maya, "Paper Crane GmbH")
    third = firm.make(firm.maya, "Moss Labs", tax_number="91-1")
    fourth = firm.make(firm.maya, "Another", tax_number="911")
    assert firm.look() == 1
    open_about = {about for about, _, done in firm.tasks(firm.maya) if not done}
    assert len(open_about & {first, second}) == 1
    assert open_about >= {third, fourth}  # told with the merge, by the number
    maya = firm.laptops[firm.maya]
    maya.tag("customer", first, second, "distinct_from")
    maya.set("customer", fourth, "tax_number", "912")
    maya.sync()
    firm.look()
    assert [about for about, _, done in firm.tasks(firm.maya) if not done] == []


def test_a_list_brought_in_twice_opens_a_few_tasks_and_not_hundreds(sqlite_office: Office) -> None:
    firm = Firm(sqlite_office)
    maya = firm.laptops[firm.maya]
    words = ("Otter", "Walnut", "Granite", "Harbour", "Velvet", "Copper", "Juniper", "Falcon")
    names = [f"{one} {other} Works" for one in words for other in words if one < other]
    for name in (*names, *names):
        maya.create("customer", {"name": name, "owner_id": firm.maya})
    maya.sync()
    assert len(names) > alike_tasks.MOST_OPEN
    assert firm.look() == alike_tasks.MOST_OPEN
    assert firm.look() == 0


def test_a_list_brought_in_many_times_makes_a_few_pairs_of_each_record(sqlite_office: Office) -> None:
    times = 3 * alike.MOST_OF_A_RECORD
    owner = sqlite_office.user("Maya", "admin")
    made = [make("customer", new_id(), name="Paper Crane Foods", owner_id=owner) for _ in range(times)]
    sqlite_office.hq.write_all(made)
    assert alike.follow(sqlite_office.database) <= times * alike.MOST_OF_A_RECORD < times * (times - 1) // 2
    told = alike_tasks.tell(sqlite_office.database, START_MS, tells_known=False)
    assert 0 < told <= alike_tasks.MOST_OPEN


def test_people_at_one_customer_are_told_of_to_who_owns_it(sqlite_office: Office) -> None:
    firm = Firm(sqlite_office)
    customer = firm.make(firm.maya, "Paper Crane")
    maya = firm.laptops[firm.maya]
    made = [
        maya.create("contact", {"customer_id": customer, "name": name})
        for name in ("Lin Qiao", "Qiao Lin", "Wang Wei")
    ]
    maya.sync()
    assert firm.look() == 1
    ((about, subject, _),) = firm.tasks(firm.maya)
    assert about in made[:2]
    assert subject.startswith("Possible duplicate: ")


def test_who_can_have_no_tasks_is_given_none(sqlite_office: Office) -> None:
    firm = Firm(sqlite_office)
    writer, boss = firm.take_on("Zhao", "marketing"), firm.take_on("Boss", "admin")
    for name in ("Blue Heron", "Marine Works"):
        firm.make(boss, name, owner_id=writer, email="desk@heron.example")
    assert firm.look() == 1
    assert firm.tasks(writer) == []  # sees both customers, and no activity
    assert [row["owner_id"] for _, row in sqlite_office.hq.find("activity", "kind", "task")] == [
        sqlite_office.founder
    ]
