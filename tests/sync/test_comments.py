"""Comments: read by whoever sees the record, changed by who wrote them; who is mentioned gets a task."""

from __future__ import annotations

import pytest

from crm_core.errors import AccessDenied, Invalid, NotFound
from crm_core.sync.protocol import Code
from crm_desktop.models.query import ListQuery
from crm_desktop.services import activities, attention, comments, records
from crm_desktop.services.timeline import ItemKind, timeline
from tests.support.hq import Office
from tests.support.replicas import Laptop, Laptops, differences, settle_all


class Team:
    """A manager, his seller, and a seller of another team."""

    def __init__(self, office: Office, laptops: Laptops) -> None:
        team = office.hq.create("team", {"name": "East"})
        self.boss = laptops.make("boss", office.user("Boss", "sales_manager", team_id=team))
        self.lin = laptops.make("lin", office.user("林 Lin", "sales", team_id=team))
        self.far = office.user("Far", "sales")
        settle_all([self.boss, self.lin], 1)


@pytest.fixture
def team(office: Office, laptops: Laptops) -> Team:
    return Team(office, laptops)


def tasks(office: Office) -> list[tuple[str, str, str]]:
    found = office.hq.find("activity", "kind", "task")
    return [(row["owner_id"], row["subject"], row["about_id"]) for _, row in found]


def said(laptop: Laptop, customer: str) -> list[tuple[str, str, bool]]:
    found = comments.comments_of(laptop.replica, "customer", customer)
    return [(row.who, row.body, row.is_own) for row in found]


def test_who_is_mentioned_gets_one_task_and_reads_the_comment(office: Office, team: Team) -> None:
    boss, lin = team.boss, team.lin
    customer = records.create(lin.replica, "customer", {"name": "纸鹤食品（示例）"}).value.id
    settle_all([lin, boss])
    comment = comments.add(boss.replica, "customer", customer, "@林 Lin 请跟进\nSoon").value
    settle_all([boss, lin])
    assert said(lin, customer) == [("Boss", "@林 Lin 请跟进\nSoon", False)]
    assert tasks(office) == [(lin.user_id, "Boss mentioned you: @林 Lin 请跟进", customer)]
    (item,) = (each for each in attention.attention(lin.replica) if each.group == "mentions")
    assert (item.entity, item.record_id, item.tab) == ("customer", customer, "comments")
    assert (item.title, item.subtitle) == ("@林 Lin 请跟进", "Boss")
    assert [attention.count_mentions(laptop.replica) for laptop in (lin, boss)] == [1, 0]
    comments.change(boss.replica, comment.id, "@林 Lin 请尽快跟进 (@Boss)")
    settle_all([boss, lin])
    assert len(tasks(office)) == 1
    shown = timeline(lin.replica, customer, [ItemKind.COMMENT])
    assert [(item.title, item.who) for item in shown.items] == [("@林 Lin 请尽快跟进 (@Boss)", "Boss")]
    assert shown.counts[ItemKind.COMMENT] == 1
    task = records.page(lin.replica, ListQuery(entity="activity", limit=1)).rows[0]
    activities.set_done(lin.replica, task.id, True)
    assert attention.count_mentions(lin.replica) == 0
    settle_all([lin, boss])
    assert [line for laptop in (boss, lin) for line in differences(laptop)] == []


def test_who_may_not_see_the_record_is_named_at_once(team: Team) -> None:
    lin = team.lin
    customer = records.create(lin.replica, "customer", {"name": "Mine"}).value.id
    with pytest.raises(Invalid, match="Far may not see this record"):
        comments.add(lin.replica, "customer", customer, "Ask @Far and @Boss")
    assert said(lin, customer) == []
    records.update(lin.replica, "customer", customer, {"shared_with": [team.far]})
    comments.add(lin.replica, "customer", customer, "Ask @Far and @Boss")
    assert len(said(lin, customer)) == 1


def test_hq_tells_nobody_who_may_not_see_the_record(office: Office, team: Team) -> None:
    customer = office.hq.create("customer", {"name": "C", "owner_id": team.lin.user_id})
    values = {"record_entity": "customer", "record_id": customer, "body": "@Far", "mentions": [team.far, 7]}
    office.hq.create("comment", values)
    assert tasks(office) == []


def test_only_who_wrote_a_comment_changes_or_deletes_it(office: Office, team: Team) -> None:
    boss, lin = team.boss, team.lin
    customer = records.create(lin.replica, "customer", {"name": "Mine"}).value.id
    settle_all([lin, boss])
    comment = comments.add(boss.replica, "customer", customer, "Mine alone").value.id
    settle_all([boss, lin])
    with pytest.raises(AccessDenied, match="Only who wrote"):
        comments.change(lin.replica, comment, "Other")
    with pytest.raises(AccessDenied, match="Only who wrote"):
        comments.take_away(lin.replica, comment)
    forger = office.laptop(lin.user_id)
    forger.sync()
    numbers = [forger.set("comment", comment, "body", "Forged"), forger.delete("comment", comment)]
    forger.sync()
    assert [forger.code(number) for number in numbers] == [Code.ILLEGAL_STATE] * 2
    comments.take_away(boss.replica, comment)
    settle_all([boss, lin])
    assert said(lin, customer) == []
    records.restore(boss.replica, "comment", comment)
    settle_all([boss, lin])
    assert len(said(lin, customer)) == 1


def test_who_is_shown_a_record_answers_there_and_changes_nothing_else(
    office: Office, laptops: Laptops, team: Team
) -> None:
    lin, far = team.lin, laptops.make("far", team.far)
    far.sync()
    shown = {"name": "纸鹤食品（示例）", "shown_to": [far.user_id]}
    customer = records.create(lin.replica, "customer", shown).value.id
    comments.add(lin.replica, "customer", customer, "@Far 请确认交期")
    hidden = records.create(lin.replica, "customer", {"name": "Other"}).value.id
    settle_all([lin, far])
    answer = comments.add(far.replica, "customer", customer, "@林 Lin 可以").value
    with pytest.raises(AccessDenied):
        records.update(far.replica, "customer", customer, {"name": "Mine"})
    settle_all([far, lin])
    assert said(lin, customer) == [("Far", "@林 Lin 可以", False), ("林 Lin", "@Far 请确认交期", True)]
    assert (lin.user_id, "Far mentioned you: @林 Lin 可以", customer) in tasks(office)
    assert far.returned() == []
    with pytest.raises(AccessDenied):
        comments.change(lin.replica, answer.id, "No")
    with pytest.raises(NotFound):
        records.get(far.replica, "customer", hidden)
    values = {"record_entity": "customer", "record_id": hidden, "body": "Guessed"}
    with pytest.raises(Invalid, match="no such record"):
        records.create(far.replica, "comment", values)
    comments.change(far.replica, answer.id, "@林 Lin 周五可以")
    records.update(lin.replica, "customer", customer, {"shown_to": []})
    settle_all([far, lin])
    assert [line for laptop in (lin, far) for line in differences(laptop)] == []
    assert said(lin, customer)[0] == ("Far", "@林 Lin 周五可以", False)


def test_comments_leave_with_the_record(office: Office, team: Team) -> None:
    boss, lin = team.boss, team.lin
    customer = records.create(lin.replica, "customer", {"name": "Mine"}).value.id
    comments.add(lin.replica, "customer", customer, "My own words")
    settle_all([lin, boss])
    office.hq.update("customer", customer, {"owner_id": team.far})
    settle_all([lin, boss])
    assert lin.projection() == office.projection(lin.user_id)
    assert said(lin, customer) == []
