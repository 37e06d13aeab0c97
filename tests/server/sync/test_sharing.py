"""Records shared with people and teams: who sees them, what they may do, and what goes when sharing ends."""

from __future__ import annotations

import pytest
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from crm_core import SCHEMA_VERSION
from crm_core.entities import SCHEMAS
from crm_core.ids import new_id
from crm_core.sync.protocol import Code
from sync_server.services.checking import check
from sync_server.store import upgrading
from tests.support.hq import Laptop, Office

SCHEMA = SCHEMA_VERSION
DEAL = SCHEMAS["deal"].no


class Firm:
    """Two teams, the upper with one below; Lin holds a customer with a contact and a deal."""

    def __init__(self, office: Office) -> None:
        self.office = office
        create = office.hq.create
        self.east = create("team", {"name": "East"})
        self.east_1 = create("team", {"name": "East 1", "parent_id": self.east})
        self.west = create("team", {"name": "West"})
        self.lin = office.user("Lin", "sales", team_id=self.west)
        self.wang = office.user("Wang", "sales", team_id=self.east_1)
        self.maya = office.user("Maya", "sales_manager", team_id=self.east)
        self.customer = create("customer", {"name": "Shared（示例）", "owner_id": self.lin, "notes": "quiet"})
        self.contact = create("contact", {"name": "Person", "customer_id": self.customer})
        stage = {"pipeline_id": office.pipeline, "stage_id": office.stages["open"]}
        self.deal = create(
            "deal", {"name": "Deal", "customer_id": self.customer, "owner_id": self.lin, **stage}
        )

    def laptop(self, user_id: str) -> Laptop:
        laptop = self.office.laptop(user_id, schema=SCHEMA)
        laptop.sync()
        return laptop


@pytest.fixture
def firm(sqlite_office: Office) -> Firm:
    return Firm(sqlite_office)


def code(laptop: Laptop, number: int) -> Code:
    laptop.sync()
    return Code(laptop.answers[number].code)


def holds(laptop: Laptop, entity: str, record_id: str) -> bool:
    return (SCHEMAS[entity].no, record_id) in laptop.replica


def whole(firm: Firm, *laptops: Laptop) -> None:
    for laptop in laptops:
        laptop.sync()
        assert laptop.replica == firm.office.projection(laptop.user_id)


def test_what_is_shared_with_somebody_comes_with_all_below_and_goes_again(office: Office) -> None:
    firm = Firm(office)
    lin, wang = firm.laptop(firm.lin), firm.laptop(firm.wang)
    assert not holds(wang, "customer", firm.customer)
    assert code(lin, lin.tag("customer", firm.customer, firm.wang, "shared_with")) is Code.APPLIED
    whole(firm, wang)
    assert all(
        holds(wang, *row)
        for row in (("customer", firm.customer), ("contact", firm.contact), ("deal", firm.deal))
    )
    lin.sync()
    assert code(lin, lin.untag("customer", firm.customer, firm.wang, "shared_with")) is Code.APPLIED
    whole(firm, wang, lin)
    assert not any(
        holds(wang, *row)
        for row in (("customer", firm.customer), ("contact", firm.contact), ("deal", firm.deal))
    )


def test_shared_means_read_and_change_but_not_delete_hand_on_or_share(firm: Firm) -> None:
    lin, wang = firm.laptop(firm.lin), firm.laptop(firm.wang)
    code(lin, lin.tag("customer", firm.customer, firm.wang, "shared_with"))
    wang.sync()
    may = {
        "change": wang.set("customer", firm.customer, "name", "By Wang"),
        "change below": wang.set("contact", firm.contact, "title", "Boss"),
    }
    made = wang.create("contact", {"name": "New", "customer_id": firm.customer})
    may_not = {
        "take": wang.set("customer", firm.customer, "owner_id", firm.wang),
        "give": wang.set("customer", firm.customer, "owner_id", firm.maya),
        "share": wang.tag("customer", firm.customer, firm.maya, "shared_with"),
        "show": wang.tag("customer", firm.customer, firm.maya, "shown_to"),
        "end for others": wang.do(6, "customer", firm.customer, 60, [firm.lin, []]),
        "take below": wang.set("deal", firm.deal, "owner_id", firm.wang),
        "delete": wang.delete("customer", firm.customer),
    }
    wang.sync()
    assert {name: Code(wang.answers[no].code) for name, no in may.items()} == dict.fromkeys(may, Code.APPLIED)
    assert holds(wang, "contact", made)
    refused = {name: Code(wang.answers[no].code) for name, no in may_not.items()}
    assert refused == {**dict.fromkeys(may_not, Code.FORBIDDEN_ASSIGN), "delete": Code.FORBIDDEN_ROW}
    whole(firm, lin, wang)


def test_shown_means_read_and_nothing_more(firm: Firm) -> None:
    lin, wang = firm.laptop(firm.lin), firm.laptop(firm.wang)
    code(lin, lin.tag("customer", firm.customer, firm.wang, "shown_to"))
    whole(firm, wang)
    assert holds(wang, "contact", firm.contact)
    for number in (
        wang.set("customer", firm.customer, "name", "By Wang"),
        wang.set("contact", firm.contact, "title", "Boss"),
        wang.tag("customer", firm.customer, firm.wang, "shared_with"),
        wang.delete("customer", firm.customer),
    ):
        assert code(wang, number) is Code.FORBIDDEN_ROW


def test_a_share_with_a_team_reaches_the_teams_below_and_ends_with_membership(firm: Firm) -> None:
    wang, maya = firm.laptop(firm.wang), firm.laptop(firm.maya)
    firm.office.hq.update("customer", firm.customer, {"shared_with": [firm.east]})
    whole(firm, wang, maya)
    assert holds(wang, "customer", firm.customer)
    assert holds(maya, "customer", firm.customer)
    firm.office.hq.update("user", firm.wang, {"team_id": firm.west})
    whole(firm, wang, maya)
    assert not holds(wang, "customer", firm.customer)
    assert holds(maya, "customer", firm.customer)


def test_a_share_with_somebody_does_not_reach_his_manager(firm: Firm) -> None:
    maya = firm.laptop(firm.maya)
    firm.office.hq.update("customer", firm.customer, {"shared_with": [firm.wang]})
    whole(firm, maya)
    assert not holds(maya, "customer", firm.customer)


def test_a_shared_deal_lends_its_customer_and_nothing_beside_it(firm: Firm) -> None:
    wang = firm.laptop(firm.wang)
    firm.office.hq.update("deal", firm.deal, {"shared_with": [firm.wang]})
    whole(firm, wang)
    assert holds(wang, "deal", firm.deal)
    assert holds(wang, "customer", firm.customer)
    assert not holds(wang, "contact", firm.contact)
    assert code(wang, wang.set("deal", firm.deal, "name", "By Wang")) is Code.APPLIED
    assert code(wang, wang.set("customer", firm.customer, "name", "By Wang")) is Code.FORBIDDEN_ROW
    firm.office.hq.update("deal", firm.deal, {"shared_with": []})
    whole(firm, wang)
    assert not holds(wang, "customer", firm.customer)


def test_two_who_share_at_the_same_time_are_both_heard(firm: Firm) -> None:
    one, two, wang = firm.laptop(firm.lin), firm.laptop(firm.lin), firm.laptop(firm.wang)
    one.tag("customer", firm.customer, firm.wang, "shared_with")
    firm.office.now_ms += 1
    two.tag("customer", firm.customer, firm.wang, "shared_with")
    one.sync()
    # Taken out by who saw one of the additions only: the other stands.
    one.untag("customer", firm.customer, firm.wang, "shared_with")
    two.sync()
    one.sync()
    whole(firm, wang, one, two)
    assert holds(wang, "customer", firm.customer)


def test_whoever_a_record_is_shared_with_may_leave(firm: Firm) -> None:
    wang = firm.laptop(firm.wang)
    firm.office.hq.update("customer", firm.customer, {"shared_with": [firm.wang, firm.maya]})
    wang.sync()
    assert code(wang, wang.untag("customer", firm.customer, firm.wang, "shared_with")) is Code.APPLIED
    whole(firm, wang)
    assert not holds(wang, "customer", firm.customer)
    assert firm.office.row("customer", firm.customer)["shared_with"] == [firm.maya]


def test_whoever_a_record_is_only_shown_to_may_leave_too_and_take_out_nobody_else(firm: Firm) -> None:
    wang = firm.laptop(firm.wang)
    firm.office.hq.update("customer", firm.customer, {"shown_to": [firm.wang, firm.maya]})
    wang.sync()
    assert code(wang, wang.untag("customer", firm.customer, firm.maya, "shown_to")) is Code.FORBIDDEN_ROW
    assert code(wang, wang.untag("customer", firm.customer, firm.wang, "shown_to")) is Code.APPLIED
    whole(firm, wang)
    assert not holds(wang, "customer", firm.customer)
    assert firm.office.row("customer", firm.customer)["shown_to"] == [firm.maya]
    assert code(wang, wang.untag("customer", firm.customer, firm.wang, "shown_to")) is Code.FORBIDDEN_ROW


def test_a_record_is_shared_with_somebody_there_is(firm: Firm) -> None:
    lin = firm.laptop(firm.lin)
    for nobody in (new_id(), firm.customer, "Wang"):
        assert code(lin, lin.tag("customer", firm.customer, nobody, "shared_with")) is Code.INVALID
    made = lin.create("customer", {"name": "New", "shared_with": [new_id()]})
    assert code(lin, lin.last_op) is Code.INVALID
    assert not holds(lin, "customer", made) or lin.answers[lin.last_op].code == Code.INVALID
    lin.create("customer", {"name": "New", "shared_with": [firm.wang]})
    assert code(lin, lin.last_op) is Code.APPLIED


def test_a_role_that_reads_no_deals_reads_none_that_is_shared(firm: Firm) -> None:
    office = firm.office
    helper = office.user("Helper", "service")
    rights = office.row("role", office.row("user", helper)["role_id"])["rights"]
    rights["reach"]["deal"] = {}
    office.hq.update("role", office.row("user", helper)["role_id"], {"rights": rights})
    laptop = firm.laptop(helper)
    office.hq.update("deal", firm.deal, {"shared_with": [helper]})
    whole(firm, laptop)
    assert not holds(laptop, "deal", firm.deal)


def test_a_shared_record_moves_its_children_in_and_out_of_sight(firm: Firm) -> None:
    office, wang = firm.office, firm.laptop(firm.wang)
    office.hq.update("customer", firm.customer, {"shared_with": [firm.wang]})
    other = office.hq.create("customer", {"name": "Other", "owner_id": firm.lin})
    whole(firm, wang)
    office.hq.update("contact", firm.contact, {"customer_id": other})
    whole(firm, wang)
    assert not holds(wang, "contact", firm.contact)
    office.hq.update("contact", firm.contact, {"customer_id": firm.customer})
    whole(firm, wang)
    assert holds(wang, "contact", firm.contact)


def test_an_older_program_gets_what_is_shared_without_knowing_of_sharing(firm: Firm) -> None:
    old = firm.office.laptop(firm.wang, schema=1)
    firm.office.hq.update("customer", firm.customer, {"shared_with": [firm.wang]})
    old.sync()
    row = old.replica[SCHEMAS["customer"].no, firm.customer]
    assert row["name"] == "Shared（示例）"
    assert "shared_with" not in row


def test_hqs_own_check_finds_shared_records_in_their_scopes(firm: Firm) -> None:
    firm.office.hq.update("customer", firm.customer, {"shared_with": [firm.east], "shown_to": [firm.wang]})
    firm.office.hq.update("deal", firm.deal, {"shared_with": [firm.wang]})
    with firm.office.database.engine.begin() as connection:  # the office is made without the steps
        MigrationContext.configure(connection).stamp(ScriptDirectory(str(upgrading.STEPS)), "head")
    report = check(firm.office.settings, firm.office.database)
    findings = {finding.name: finding for finding in report.findings}
    assert findings["scopes"].ok
    assert findings["records"].ok
