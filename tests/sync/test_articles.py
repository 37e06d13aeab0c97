"""Articles: written, reviewed by another, published for everybody, revised with both texts kept."""

from __future__ import annotations

import datetime

import pytest

from crm_core.errors import AccessDenied, NotFound, UserError
from crm_core.sync.protocol import Code
from crm_desktop.services import articles, other_versions, records
from tests.support.hq import Office
from tests.support.replicas import Laptop, Laptops, differences, settle_all


class Desk:
    """Two who answer tickets, and a seller."""

    def __init__(self, office: Office, laptops: Laptops) -> None:
        self.lin, self.he, self.wu = (
            laptops.make(name, office.user(name.title(), role))
            for name, role in (("lin", "service"), ("he", "service"), ("wu", "sales"))
        )
        settle_all(self.all, 1)

    @property
    def all(self) -> list[Laptop]:
        return [self.lin, self.he, self.wu]

    def draft(self, **more: object) -> str:
        values = {"title": "管道中的空气", "body": "Vent the **riser**.", "reviewers": [self.he.user_id]}
        return records.create(self.lin.replica, "article", values | more).value.id  # type: ignore[arg-type,operator]

    def published(self, **more: object) -> str:
        article = self.draft(**more)
        settle_all(self.all, 1)
        articles.set_status(self.he.replica, article, "published")
        settle_all([self.he, self.lin, self.wu], 1)
        return article


@pytest.fixture
def desk(office: Office, laptops: Laptops) -> Desk:
    return Desk(office, laptops)


def reads(laptop: Laptop, article: str) -> str | None:
    try:
        return str(articles.view(laptop.replica, article).article.get("status"))
    except NotFound:
        return None


def test_a_draft_is_its_writers_and_reviewers_and_what_is_published_everybodys(desk: Desk) -> None:
    article = desk.draft()
    settle_all(desk.all)
    assert [reads(laptop, article) for laptop in desk.all] == ["draft", "draft", None]
    with pytest.raises(AccessDenied, match="a reviewer who did not write it"):
        articles.set_status(desk.lin.replica, article, "published")
    articles.set_status(desk.lin.replica, article, "review")
    settle_all(desk.all)
    assert not articles.view(desk.lin.replica, article).may_publish
    articles.set_status(desk.he.replica, article, "published")
    settle_all([desk.he, desk.lin, desk.wu])
    assert [reads(laptop, article) for laptop in desk.all] == ["published"] * 3
    (version,) = articles.view(desk.wu.replica, article).versions
    assert (version.version, version.author, version.published_by) == (1, "Lin", "He")
    with pytest.raises(UserError, match="stays as it is"):
        records.update(desk.lin.replica, "article", article, {"body": "Other"})
    with pytest.raises(AccessDenied):
        records.update(desk.wu.replica, "article", article, {"keywords": "mine"})
    articles.set_status(desk.lin.replica, article, "retired")
    settle_all(desk.all)
    assert [reads(laptop, article) for laptop in desk.all] == ["retired", "retired", None]
    assert [line for laptop in desk.all for line in differences(laptop)] == []


def test_what_is_taken_out_of_use_is_deleted_and_comes_back_and_nothing_else_is(
    office: Office, desk: Desk
) -> None:
    article = desk.published()
    with pytest.raises(UserError, match="stays as it is"):
        records.delete(desk.lin.replica, "article", article)
    forger = office.laptop(desk.lin.user_id)
    forger.sync()
    number = forger.delete("article", article)
    forger.sync()
    assert forger.code(number) is Code.ILLEGAL_STATE
    articles.set_status(desk.lin.replica, article, "retired")
    settle_all(desk.all)
    assert not articles.view(desk.he.replica, article).may_delete  # he reviews it, it is not his
    with pytest.raises(AccessDenied):
        records.delete(desk.he.replica, "article", article)
    assert articles.view(desk.lin.replica, article).may_delete
    records.delete(desk.lin.replica, "article", article)
    settle_all(desk.all)
    assert office.row("article", article)["life"] % 2 == 0
    assert office.hq.find("article_version", "article_id", article) == []
    records.restore(desk.lin.replica, "article", article)
    settle_all(desk.all)
    assert reads(desk.he, article) == "retired"
    assert len(articles.view(desk.lin.replica, article).versions) == 1
    assert [line for laptop in desk.all for line in differences(laptop)] == []


def test_hq_lets_nobody_publish_his_own_nor_write_versions(office: Office, desk: Desk) -> None:
    article = desk.draft()
    settle_all(desk.all)
    forger = office.laptop(desk.lin.user_id)
    forger.sync()
    step = forger.set("article", article, "status", "published")
    forger.sync()
    boss = office.laptop(office.user("Boss", "admin"))
    boss.sync()
    boss.create("article_version", {"article_id": article, "version": 9, "title": "Forged"})
    boss.sync()
    assert (forger.code(step), boss.code(boss.last_op)) == (Code.FORBIDDEN_FIELD, Code.INVALID)
    assert office.row("article", article)["status"] == "draft"


def test_a_revision_goes_into_its_article_as_the_next_version(office: Office, desk: Desk) -> None:
    article = desk.published()
    revision = articles.revise(desk.lin.replica, article).value.id
    assert articles.revise(desk.lin.replica, article).value.id == revision
    records.update(desk.lin.replica, "article", revision, {"body": "Vent the riser, then zero."})
    settle_all(desk.all)
    assert [reads(laptop, revision) for laptop in desk.all] == ["draft", "draft", None]
    assert articles.view(desk.wu.replica, article).article.get("body") == "Vent the **riser**."
    articles.set_status(desk.he.replica, revision, "published")
    settle_all([desk.he, desk.lin, desk.wu])
    shown = articles.view(desk.wu.replica, article)
    assert shown.article.get("body") == "Vent the riser, then zero."
    assert [(each.version, each.body) for each in shown.versions] == [
        (2, "Vent the riser, then zero."),
        (1, "Vent the **riser**."),
    ]
    assert (shown.article.get("version"), shown.revision_id) == (2, None)
    assert reads(desk.lin, revision) == "merged"
    assert [row.id for row in articles.listed(desk.lin.replica)] == [article]
    assert [line for laptop in desk.all for line in differences(laptop)] == []


def test_of_two_revisions_the_later_is_compared_first_and_neither_text_is_lost(desk: Desk) -> None:
    article = desk.published(reviewers=[desk.he.user_id, desk.lin.user_id])
    mine = articles.revise(desk.lin.replica, article).value.id
    theirs = articles.revise(desk.he.replica, article).value.id
    records.update(desk.lin.replica, "article", mine, {"body": "Lin's text"})
    records.update(desk.he.replica, "article", theirs, {"body": "He's text"})
    settle_all(desk.all)
    articles.set_status(desk.he.replica, mine, "published")
    articles.set_status(desk.lin.replica, theirs, "published")
    settle_all([desk.he, desk.lin, desk.he])
    assert articles.view(desk.lin.replica, article).article.get("body") == "Lin's text"
    assert reads(desk.lin, theirs) == "draft"
    assert articles.view(desk.lin.replica, theirs).article.get("body") == "He's text"
    with pytest.raises(UserError, match="Version 2 was published"):
        articles.set_status(desk.lin.replica, theirs, "published")
    articles.take_on(desk.he.replica, theirs)
    settle_all([desk.he, desk.lin])
    articles.set_status(desk.lin.replica, theirs, "published")
    settle_all(desk.all)
    assert [each.body for each in articles.view(desk.wu.replica, article).versions] == [
        "He's text",
        "Lin's text",
        "Vent the **riser**.",
    ]


def test_of_one_draft_written_by_two_at_once_both_texts_are_kept(desk: Desk) -> None:
    article = desk.draft()
    settle_all(desk.all)
    for laptop, text in ((desk.lin, "Lin's text"), (desk.he, "He's text")):
        laptop.office.now_ms += 1_000
        records.update(laptop.replica, "article", article, {"body": text})
    settle_all([desk.lin, desk.he])
    held = articles.view(desk.lin.replica, article).article.get("body")
    kept = {
        other.text
        for laptop in (desk.lin, desk.he)
        for other in other_versions.of_record(laptop.replica, "article", article)
    }
    assert {held, *kept} == {"Lin's text", "He's text"}


def test_each_person_counts_once_and_changes_only_his_own_vote(office: Office, desk: Desk) -> None:
    article = desk.published()
    for helpful in (True, False, True):
        articles.vote(desk.wu.replica, article, helpful)
    articles.vote(desk.lin.replica, article, False)
    settle_all(desk.all)
    votes = [articles.view(laptop.replica, article).votes for laptop in desk.all]
    assert {(each.yes, each.no) for each in votes} == {(1, 1)}
    assert [each.mine for each in votes] == [False, None, True]
    second = office.laptop(desk.wu.user_id)
    second.sync()
    second.create("article_vote", {"article_id": article, "helpful": False})
    second.sync()
    settle_all(desk.all)
    again = articles.view(desk.lin.replica, article).votes
    assert again.yes + again.no == 2
    (of_lin,) = (
        each
        for each, row in office.hq.find("article_vote", "helpful", False)
        if row["created_by"] == desk.lin.user_id
    )
    number = second.set("article_vote", of_lin, "helpful", True)
    second.sync()
    assert second.code(number) == Code.ILLEGAL_STATE


def test_which_tickets_used_an_article_is_kept_once_each(desk: Desk) -> None:
    article = desk.published()
    ticket = records.create(desk.he.replica, "ticket", {"subject": "Reads high"}).value.id
    assert articles.use(desk.he.replica, ticket, article).value is not None
    assert articles.use(desk.he.replica, ticket, article).value is None
    settle_all(desk.all)
    shown = articles.view(desk.lin.replica, article)
    assert [(use.subject, shown.used_in) for use in shown.uses] == [("Reads high", 1)]
    assert articles.view(desk.wu.replica, article).used_in == 0


def test_an_article_is_found_and_shelved_and_marked_when_its_day_is_over(desk: Desk) -> None:
    top = records.create(
        desk.lin.replica, "article_category", {"name": "Meters", "name_zh": "流量计"}
    ).value.id
    below = records.create(desk.lin.replica, "article_category", {"name": "FM", "parent_id": top}).value.id
    with pytest.raises(UserError, match="no deeper"):
        records.create(desk.lin.replica, "article_category", {"name": "X", "parent_id": below})
    today = desk.lin.replica.clock.today()
    past = (today - datetime.timedelta(days=1)).isoformat()
    article = desk.draft(category_id=below, keywords="漂移, drift", expires_on=past, review_by=past)
    desk.draft(title="Zero calibration")
    (shelf, rest) = articles.shelves(desk.lin.replica)
    assert (shelf.name_zh, shelf.count, [each.count for each in shelf.below]) == ("流量计", 1, [1])
    assert (rest.id, rest.count) == (articles.UNFILED, 1)
    for text in ("空气", "kongqi", "drift", "漂", "riser"):
        found = articles.listed(desk.lin.replica, text=text)
        assert article in [row.id for row in found], text
    assert articles.listed(desk.lin.replica, category_ids=(articles.UNFILED,))[0].title == "Zero calibration"
    settle_all(desk.all, 1)
    articles.set_status(desk.he.replica, article, "published")
    (row,) = articles.listed(desk.he.replica, text="drift")
    assert (row.is_expired, row.is_due) == (True, True)


def test_an_answered_ticket_makes_a_draft_without_its_notes(desk: Desk) -> None:
    ticket = records.create(desk.lin.replica, "ticket", {"subject": "Reads high"}).value.id
    with pytest.raises(UserError, match="Nobody has answered"):
        articles.from_ticket(desk.lin.replica, ticket, ("Question", "Answer"))
    for body, more in (
        ("It reads 4 % high", {"from_customer": True}),
        ("Air, surely", {"internal": True}),
        ("Vent it", {}),
    ):
        records.create(desk.lin.replica, "ticket_message", {"ticket_id": ticket, "body": body, **more})
    values = articles.from_ticket(desk.lin.replica, ticket, ("Question", "Answer"))
    assert values["body"] == "## Question\n\nIt reads 4 % high\n\n## Answer\n\nVent it"
    made = records.create(desk.lin.replica, "article", values).value
    assert (made.title, made.get("ticket_id")) == ("Reads high", ticket)
