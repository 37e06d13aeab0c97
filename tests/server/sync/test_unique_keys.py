"""Two records with the same number are both taken, and only who sees both is told."""

from __future__ import annotations

from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import func, select

from crm_core.entities import SCHEMAS
from crm_core.sync.protocol import Code
from sync_server.store.tables import UniqueKey, table_of
from tests.support.hq import Edit, EditKind, Laptop, Office

ACTIVITY = SCHEMAS["activity"].no
_keys = table_of(UniqueKey)


class Firm:
    """Two who sell, and their manager who sees both."""

    def __init__(self, office: Office) -> None:
        self.office = office
        team = office.hq.create("team", {"name": "North"})
        self.lin = office.user("Lin", "sales", team_id=team)
        self.wang = office.user("Wang", "sales", team_id=team)
        self.maya = office.user("Maya", "sales_manager", team_id=team)

    def laptop(self, user_id: str) -> Laptop:
        laptop = self.office.laptop(user_id)
        laptop.sync()
        return laptop

    def tasks(self) -> list[tuple[str, str, str]]:
        """Return (owner, about, subject) of every task."""
        found = self.office.hq.find("activity", "kind", "task")
        return sorted((task["owner_id"], task["about_id"], task["subject"]) for _, task in found)

    def firsts(self) -> dict[str, bool]:
        with self.office.database.read() as snapshot:
            rows = snapshot.connection.execute(select(_keys.c.row_id, _keys.c.first))
            return {row.row_id: row.first for row in rows}


@pytest.fixture
def firm(office: Office) -> Firm:
    return Firm(office)


def customer(laptop: Laptop, name: str, tax_number: str, **values: object) -> str:
    return laptop.create("customer", {"name": name, "tax_number": tax_number, **values})


def test_an_owner_who_sees_both_is_told_and_the_other_learns_nothing(firm: Firm) -> None:
    lin, maya = firm.laptop(firm.lin), firm.laptop(firm.maya)
    first = customer(lin, "纸鹤食品（示例）", "9133-0100 ABC")
    lin.sync()
    second = customer(maya, "Paper Crane", "91330100abc")
    maya.sync()
    lin.sync()
    assert maya.code(maya.last_op) is Code.APPLIED
    subject = "Possible duplicate: Paper Crane (Tax number)"
    assert firm.tasks() == [(firm.maya, second, subject)]
    assert [row["about_id"] for (entity, _), row in maya.replica.items() if entity == ACTIVITY] == [second]
    # Nothing of the other record, nor that there is one, reached who may not see it.
    assert not [key for key in lin.replica if key[0] == ACTIVITY]
    assert not any(second.encode() in str(row).encode() for row in lin.replica.values())
    assert firm.firsts() == {first: True, second: False}


def test_where_no_owner_sees_both_the_administrator_is_told_alone(firm: Firm) -> None:
    lin, wang = firm.laptop(firm.lin), firm.laptop(firm.wang)
    customer(lin, "One", "1")
    lin.sync()
    second = customer(wang, "Two", "1")
    for laptop in (wang, lin):
        laptop.sync()
    assert [(owner, about) for owner, about, _ in firm.tasks()] == [(firm.office.founder, second)]
    for laptop in (lin, wang):
        assert not [key for key in laptop.replica if key[0] == ACTIVITY]
        assert laptop.replica == firm.office.projection(laptop.user_id)


def test_both_owners_are_told_where_both_see_both(firm: Firm) -> None:
    boss = firm.office.user("Boss", "admin")
    one, other = firm.laptop(boss), firm.laptop(firm.maya)
    first = customer(one, "One", "1", owner_id=firm.maya)
    one.sync()
    other.sync()
    team = firm.office.row("user", firm.maya)["team_id"]
    second = customer(one, "Two", "1", owner_id=boss, team_id=team)
    one.sync()
    other.sync()
    assert [(owner, about) for owner, about, _ in firm.tasks()] == sorted(
        [(firm.maya, first), (boss, second)]
    )
    assert other.replica == firm.office.projection(firm.maya)


def test_a_number_given_up_goes_to_the_next_and_is_told_again_only_when_it_is_taken_anew(firm: Firm) -> None:
    maya = firm.laptop(firm.maya)
    first = customer(maya, "One", "1")
    maya.sync()
    second = customer(maya, "Two", "1")
    maya.sync()
    assert firm.firsts() == {first: True, second: False}
    told = len(firm.tasks())
    maya.set("customer", first, "tax_number", "2")
    maya.set("customer", second, "tax_number", " 1 ")  # the same, written otherwise
    maya.sync()
    assert firm.firsts() == {first: True, second: True}
    assert len(firm.tasks()) == told
    maya.delete("customer", second)
    maya.sync()
    assert firm.firsts() == {first: True}
    maya.set("customer", first, "tax_number", "1")
    maya.sync()
    maya.restore("customer", second)
    maya.sync()
    assert firm.firsts() == {first: True, second: False}
    assert len(firm.tasks()) > told
    maya.set("customer", first, "tax_number", None)
    maya.sync()
    assert firm.firsts() == {second: True}


def test_an_import_of_a_list_that_is_there_already_opens_a_bounded_number_of_tasks(
    sqlite_office: Office,
) -> None:
    def rows(name: str) -> list[Edit]:
        return [
            Edit(
                kind=EditKind.CREATE,
                entity="product",
                values={"name": f"{name} {number}", "code": f"P-{number}"},
            )
            for number in range(500)
        ]

    hq = sqlite_office.hq
    assert not [result for result in hq.write(rows("First")) if result.error]
    assert not [result for result in hq.write(rows("Again")) if result.error]
    tasks = hq.find("activity", "kind", "task")
    assert 0 < len(tasks) <= 200
    assert {task["owner_id"] for _, task in tasks} == {sqlite_office.founder}


@pytest.mark.postgres
def test_laptops_that_bring_the_same_number_at_the_same_time_are_both_taken(
    tabled_postgres: str, tmp_path: Path
) -> None:
    office = Office(tmp_path / "hq", tabled_postgres)
    laptops = [office.laptop(office.user(f"User {number}", "admin")) for number in range(4)]
    for laptop in laptops:
        laptop.sync()
        for number in range(10):
            customer(laptop, f"{laptop.device} {number}", str(number))
    threads = [Thread(target=laptop.sync) for laptop in laptops]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(Code(answer.code) is Code.APPLIED for laptop in laptops for answer in laptop.answers.values())
    with office.database.read() as snapshot:
        firsts = select(_keys.c.hash, func.count()).where(_keys.c.first).group_by(_keys.c.hash)
        counted = snapshot.connection.execute(firsts).all()
        every = snapshot.connection.execute(select(func.count()).select_from(_keys)).scalar_one()
    assert [count for _, count in counted] == [1] * 10
    assert every == 40
    office.close()
