"""Random work on real encrypted replicas and the real HQ: all ends even and nothing is lost."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from crm_core.errors import UserError
from crm_core.ids import named_id
from crm_desktop.services import deciding, quotes, records, returned_edits
from sync_server.store.database import Database
from tests.support.hq import Office
from tests.support.postgres import NoPostgres, database_in, running_postgres
from tests.support.replicas import Cut, Laptop, Laptops, differences, make_template

WORDS = ("vip", "asia", "food")
ROLES = ("sales", "sales_manager", "finance", "service", "admin")
who = st.integers(0, 2)


class Work(RuleBasedStateMachine):
    """Three people at three laptops, one of them with a wrong clock and tiny pages."""

    database_url: str | None = None
    customers = Bundle("customers")
    quotes = Bundle("quotes")

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="satchel-"))
        self.template = make_template(self.folder / "template")
        self.made = 0

    @initialize(skew_s=st.sampled_from([0, -90_000, 40_000_000]))
    def open_office(self, skew_s: int) -> None:
        self.office = Office(self.folder / "hq", self._database())
        team = self.office.hq.create("team", {"name": "North"})
        roles = ("sales", "sales_manager", "sales")
        names = ("lin", "maya", "wang")
        self.users = [
            self.office.user(name, role, team_id=team) for name, role in zip(names, roles, strict=True)
        ]
        self.makes = Laptops(self.folder, self.office, self.template)
        self.laptops = [
            self.makes.make("lin", self.users[0]),
            self.makes.make("maya", self.users[1], skew_ms=skew_s * 1000),
            self.makes.make("wang", self.users[2], page_bytes=1024),
        ]
        for laptop in self.laptops:
            laptop.sync()

    def _database(self) -> str | None:
        return self.database_url

    @rule(target=customers, at=who, name=st.sampled_from(["Blue Heron", "纸鹤食品（示例）"]))
    def make_customer(self, at: int, name: str) -> Any:
        values = {"name": name, "notes": "n", "credit_limit": 100, "credit_currency": "CNY", "tags": ["vip"]}
        return self._tried(at, lambda laptop: records.create(laptop.replica, "customer", values).value.id)

    @rule(target=quotes, at=who, customer=customers)
    def make_quote(self, at: int, customer: str) -> Any:
        def work(laptop: Laptop) -> str:
            quote = quotes.create(laptop.replica, {"customer_id": customer}).value
            line = {"description": "Pump", "quantity": "3", "unit_price": 333, "tax_rate": "13"}
            quotes.add_line(laptop.replica, quote.id, line)
            return quote.id

        return self._tried(at, work)

    @rule(at=who, quote=quotes, percent=st.sampled_from(["0", "5", "50"]))
    def change_quote(self, at: int, quote: str, percent: str) -> None:
        self._tried(
            at, lambda lt: records.update(lt.replica, "quote", quote, {"discount_percent": percent}).value.id
        )

    @rule(at=who, customer=customers, number=st.integers(0, 9))
    def add_contact(self, at: int, customer: str, number: int) -> None:
        values = {"name": f"何苗 {number}", "customer_id": customer}
        self._tried(at, lambda laptop: records.create(laptop.replica, "contact", values).value.id)

    @rule(
        at=who,
        customer=customers,
        change=st.sampled_from(
            [
                {"phone": "111 111"},
                {"phone": "222 222", "website": "https://x.example"},
                {"city": "Suzhou", "address": "1 Quay"},
                {"city": None, "province": "Jiangsu"},
                {"credit_limit": 500},
                {"credit_limit": 7, "credit_currency": "EUR"},
                {"notes": "longer note"},
                {"industry": None},
                {"industry": "food"},
            ]
        ),
    )
    def edit(self, at: int, customer: str, change: dict[str, Any]) -> None:
        self._tried(at, lambda laptop: records.update(laptop.replica, "customer", customer, change).value.id)

    @rule(
        at=who,
        customer=customers,
        add=st.sets(st.sampled_from(WORDS)),
        remove=st.sets(st.sampled_from(WORDS)),
    )
    def tag(self, at: int, customer: str, add: set[str], remove: set[str]) -> None:
        self._tried(
            at,
            lambda laptop: (
                records.change_tags(laptop.replica, "customer", customer, add=add, remove=remove).value.id
            ),
        )

    @rule(at=who, customer=customers)
    def delete(self, at: int, customer: str) -> None:
        self._tried(at, lambda laptop: records.delete(laptop.replica, "customer", customer).value.id)

    @rule(at=who, customer=customers)
    def restore(self, at: int, customer: str) -> None:
        self._tried(at, lambda laptop: records.restore(laptop.replica, "customer", customer).value.id)

    @rule(customer=customers, to=who)
    def hand_over(self, customer: str, to: int) -> None:
        owner = {"owner_id": self.users[to]}
        self._tried(1, lambda laptop: records.update(laptop.replica, "customer", customer, owner).value.id)

    @rule(person=who, role=st.sampled_from(ROLES))
    def change_role(self, person: int, role: str) -> None:
        self.office.hq.update("user", self.users[person], {"role_id": named_id("role", role)})

    @rule(at=who, cuts=st.lists(st.sampled_from(Cut), max_size=3))
    def sync(self, at: int, cuts: list[Cut]) -> None:
        self.laptops[at].try_sync(*cuts)

    @rule(at=who)
    def crash(self, at: int) -> None:
        self.laptops[at].reopen()

    @rule(seconds=st.sampled_from([1, 60, 100_000]))
    def wait(self, seconds: int) -> None:
        self.office.now_ms += seconds * 1000

    @rule(at=who, keep_mine=st.booleans())
    def answer_returned(self, at: int, keep_mine: bool) -> None:
        laptop = self.laptops[at]
        for edit in returned_edits.returned(laptop.replica):
            if keep_mine:
                self._tried(at, lambda lt, number=edit.id: deciding.redo(lt.replica, number).value.id)  # type: ignore[misc]
            else:
                deciding.discard(laptop.replica, edit.id)

    @invariant()
    def every_edit_waits_or_was_answered(self) -> None:
        for laptop in getattr(self, "laptops", []):
            with laptop.replica.read() as session:
                lost = session.connection().exec_driver_sql(
                    "SELECT count(*) FROM history WHERE origin = 'here' AND sent = 0"
                    " AND op_no NOT IN (SELECT no FROM outbox_op)"
                )
                assert lost.scalar() == 0, "an edit neither waits nor was answered"

    def teardown(self) -> None:
        try:
            if hasattr(self, "laptops"):
                self._end_even()
        finally:
            if hasattr(self, "makes"):
                self.makes.close()
                self.office.close()
            shutil.rmtree(self.folder, ignore_errors=True)

    def _end_even(self) -> None:
        for _ in range(3):
            for laptop in self.laptops:
                laptop.sync()
        problems = [line for laptop in self.laptops for line in differences(laptop)]
        assert not problems, "\n".join(problems)
        assert all(laptop.waiting() == 0 for laptop in self.laptops)

    def _tried(self, at: int, work: Any) -> Any:
        """Do what a person may try; the laptop may say no, as its rights and rules have it."""
        try:
            return work(self.laptops[at])
        except UserError:
            return multiple()


EXAMPLES = int(os.environ.get("SATCHEL_MACHINE_EXAMPLES", "4"))
HOW = settings(
    max_examples=EXAMPLES,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


class OnSqlite(Work):
    """HQ on SQLite."""


TestOnSqlite = OnSqlite.TestCase
TestOnSqlite.settings = HOW


@pytest.mark.soak
@pytest.mark.postgres
def test_the_same_work_ends_even_with_hq_on_postgresql() -> None:
    from hypothesis.stateful import run_state_machine_as_test

    try:
        with running_postgres() as server, database_in(server) as tables:
            made = Database(tables)
            made.create_tables()
            made.close()

            class OnPostgres(Work):
                def __init__(self) -> None:
                    super().__init__()
                    self._open = database_in(server, like=tables)
                    self._url = self._open.__enter__()

                def _database(self) -> str | None:
                    return self._url

                def teardown(self) -> None:
                    try:
                        super().teardown()
                    finally:
                        self._open.__exit__(None, None, None)

            run_state_machine_as_test(OnPostgres, settings=settings(HOW, max_examples=max(1, EXAMPLES // 4)))
    except NoPostgres as absent:
        pytest.skip(str(absent))
