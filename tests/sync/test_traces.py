"""Whoever loses sight of something keeps no trace of it: tables, indexes, free pages, logs, backups."""

from __future__ import annotations

from typing import Any

import pytest

from crm_core.ids import named_id
from crm_desktop.models import state
from crm_desktop.models.backup import backups
from crm_desktop.models.device_tables import ImportBatch, ImportChange
from crm_desktop.models.replica import Replica
from crm_desktop.models.state import Key
from crm_desktop.services import drafts, records, returned_edits
from tests.support.hq import Office
from tests.support.pages import found_in
from tests.support.replicas import KEY, Laptop, Laptops, differences, settle_all

WORDS = (
    *("name", "comms", "terms", "person", "call", "tag", "theirs", "before", "line", "ticket", "message"),
    *("industry", "custom", "imported", "draft"),
)
CANARIES = [f"canary{word}" for word in WORDS]


class Firm:
    """One customer with everything on it, its seller, the seller's manager, and finance."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.north, self.south = (office.hq.create("team", {"name": name}) for name in ("North", "South"))
        self.lin = office.user("Lin", "sales", team_id=self.north)
        self.wang = office.user("Wang", "sales", team_id=self.south)
        self.maya = office.user("Maya", "sales_manager", team_id=self.north)
        self.fin = office.user("Fin", "finance")
        create = office.hq.create
        create("custom_field", {"entity": "customer", "key": "shelf", "label": "Shelf", "kind": "text"})
        stage = {"pipeline_id": office.pipeline, "stage_id": office.stages["open"]}
        self.customer = customer = create(
            "customer",
            {
                "name": "canaryname 纸鹤（示例）",
                "owner_id": self.lin,
                "notes": "canarycomms",
                "payment_terms": "canaryterms",
                "industry": "canaryindustry",
                "size": "canarybefore",
                "tags": ["canarytag"],
                "x:shelf": "canarycustom",
            },
        )
        of = {"customer_id": customer}
        self.rows = [
            ("customer", customer, "owner_id"),
            ("deal", create("deal", {"name": "canaryname", "owner_id": self.lin, **of, **stage}), "owner_id"),
        ]
        create("contact", {"name": "canaryperson", "notes": "canarycomms", **of})
        call = {"kind": "call", "subject": "canarycall", "notes": "canarycomms", "owner_id": self.lin}
        self.rows.append(("activity", create("activity", {**call, **of}), "owner_id"))
        dated = {"currency": "CNY", "valid_until": "2031-12-31", "owner_id": self.lin}
        quote = create("quote", {**dated, **of})
        price = {"quantity": "1", "unit_price": 100, "currency": "CNY"}
        create("quote_line", {"quote_id": quote, "description": "canaryline", **price})
        ticket = create("ticket", {"subject": "canaryticket", "assignee_id": self.lin, **of})
        create("ticket_message", {"ticket_id": ticket, "body": "canarymessage"})
        self.rows += [("quote", quote, "owner_id"), ("ticket", ticket, "assignee_id")]

    def give_away(self) -> None:
        """Give everything to the far team."""
        for entity, record_id, owner in self.rows:
            self.office.hq.update(entity, record_id, {owner: self.wang})

    def mask(self, role: str, entity: str, *classes: str) -> None:
        """Take classes of fields from a role."""
        rights: dict[str, Any] = self.office.row("role", named_id("role", role))["rights"]
        rights["classes"][entity].update(dict.fromkeys(classes, "mask"))
        self.office.hq.update("role", named_id("role", role), {"rights": rights})


def leave_traces(firm: Firm, lin: Laptop, *others: Laptop) -> None:
    """Let a customer be read, indexed, changed by others, edited in vain, imported, drafted and backed up."""
    office = firm.office
    settle_all([lin, *others], 1)
    office.now_ms += 5_000
    records.update(lin.replica, "customer", firm.customer, {"size": "my own words"})
    office.now_ms += 5_000
    office.hq.update("customer", firm.customer, {"size": "canarytheirs", "industry": "changed"})
    settle_all([lin, *others])
    drafts.keep(
        lin.replica, "customer", firm.customer, {"name": "canarydraft", "payment_terms": "canarydraft"}
    )
    with lin.replica.applying() as session:
        session.add(ImportBatch(id="b", entity="customer", at_ms=1, file_name="a.csv"))
        before = {"name": "canaryimported", "payment_terms": "canaryimported"}
        session.add(ImportChange(batch_id="b", row_id=firm.customer, before=before, after={"size": "1"}))
    for laptop in (lin, *others):
        laptop.replica.catch_up()
        laptop.replica.back_up_now()
    held = {text for _, text in found_in(lin.replica.profile.root, KEY, CANARIES)}
    assert held == set(CANARIES), "nothing to lose"


def traces(laptop: Laptop, texts: list[str] = CANARIES) -> set[tuple[str, str]]:
    return found_in(laptop.replica.profile.root, KEY, texts)


def test_of_a_customer_given_away_only_the_persons_own_words_stay(office: Office, laptops: Laptops) -> None:
    firm = Firm(office)
    lin, maya = laptops.make("lin", firm.lin), laptops.make("maya", firm.maya)
    leave_traces(firm, lin, maya)
    records.update(lin.replica, "customer", firm.customer, {"website": "https://own.example"})
    firm.give_away()
    lin.sync()
    maya.sync()
    assert traces(lin) == traces(maya) == set()
    assert [edit.mine for edit in returned_edits.returned(lin.replica)] == [
        "my own words",
        "https://own.example",
    ]
    assert {(edit.theirs, edit.base, edit.who) for edit in returned_edits.returned(lin.replica)} == {
        (None, None, "")
    }


def test_a_manager_keeps_nothing_of_a_seller_who_left_the_team(office: Office, laptops: Laptops) -> None:
    firm = Firm(office)
    lin, maya = laptops.make("lin", firm.lin), laptops.make("maya", firm.maya)
    leave_traces(firm, lin, maya)
    office.hq.update("user", firm.lin, {"team_id": firm.south})
    maya.sync()
    assert traces(maya) == set()
    assert list(differences(maya)) == []


def test_of_a_role_that_sees_less_nothing_more_stays(office: Office, laptops: Laptops) -> None:
    firm = Firm(office)
    lin, maya = laptops.make("lin", firm.lin), laptops.make("maya", firm.maya)
    leave_traces(firm, lin, maya)
    office.hq.update("user", firm.maya, {"role_id": named_id("role", "marketing")})
    maya.sync()
    core = ["name", "person", "tag", "theirs", "custom", "before", "industry"]
    assert {text for _, text in traces(maya)} == {f"canary{word}" for word in core}
    firm.mask("marketing", "customer", "core")
    firm.mask("marketing", "contact", "core")
    maya.sync()
    assert {text for _, text in traces(maya)} <= {"canaryname"}  # the deal's


def test_of_a_class_of_fields_taken_away_nothing_stays(office: Office, laptops: Laptops) -> None:
    firm = Firm(office)
    lin, fin = laptops.make("lin", firm.lin), laptops.make("fin", firm.fin)
    leave_traces(firm, lin, fin)
    firm.mask("sales", "customer", "money")
    firm.mask("finance", "customer", "money")
    settle_all([lin, fin], 1)
    assert traces(fin, ["canaryterms"]) == set()
    assert traces(lin, ["canaryterms"]) == set()
    with lin.replica.read() as session:
        (change,) = session.query(ImportChange).all()
        assert change.before == {"name": "canaryimported"}
    (draft,) = drafts.all_kept(lin.replica)
    assert draft.values == {"name": "canarydraft"}
    firm.mask("sales", "customer", "core", "money")
    lin.sync()
    assert traces(lin, ["canarycustom", "canarytag", "canarybefore", "canarytheirs"]) == set()


def test_a_child_moved_to_a_customer_out_of_sight_leaves_nothing(office: Office, laptops: Laptops) -> None:
    firm = Firm(office)
    lin = laptops.make("lin", firm.lin)
    leave_traces(firm, lin)
    hidden = office.hq.create("customer", {"name": "Hidden", "owner_id": firm.wang})
    (contact,) = [key[1] for key in lin.projection() if key[0] == 11]
    office.hq.update("contact", contact, {"customer_id": hidden})
    lin.sync()
    assert traces(lin, ["canaryperson"]) == set()


def test_what_somebody_reads_at_the_moment_goes_with_the_next_round(office: Office, laptops: Laptops) -> None:
    firm = Firm(office)
    lin = laptops.make("lin", firm.lin)
    leave_traces(firm, lin)
    firm.give_away()
    with lin.replica.read() as session:
        state.read(session, Key.TOKEN)
        lin.sync()
        assert backups(lin.replica.profile) == []
    lin.sync()
    assert traces(lin) == set()


def test_a_program_ended_before_the_copies_went_takes_them_away_later(
    office: Office, laptops: Laptops
) -> None:
    firm = Firm(office)
    lin = laptops.make("lin", firm.lin)
    leave_traces(firm, lin)
    firm.give_away()
    erase = Replica.erase_traces
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Replica, "erase_traces", lambda _self: None)
        lin.sync()
    assert backups(lin.replica.profile) != []
    lin.reopen()
    erase(lin.replica)
    assert traces(lin) == set()


def test_a_copy_is_written_again_an_hour_after_the_last_had_to_go(office: Office, laptops: Laptops) -> None:
    firm = Firm(office)
    lin = laptops.make("lin", firm.lin)
    leave_traces(firm, lin)
    firm.give_away()
    lin.sync()
    assert lin.replica.back_up_if_due() is None
    office.now_ms += 60 * 60 * 1000
    assert lin.replica.back_up_if_due() in backups(lin.replica.profile)
    assert traces(lin) == set()
