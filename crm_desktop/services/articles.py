"""The knowledge base: its shelves, finding and reading articles, writing, reviewing and publishing them."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from crm_core.entities.article import Article, ArticleCategory, ArticleVersion, ArticleVote, TicketArticle
from crm_core.entities.ticket import Ticket, TicketMessage
from crm_core.errors import NotFound, UserError
from crm_core.i18n import N_
from crm_core.rules import articles as rules
from crm_core.rules.access import Action, decide
from crm_core.rules.standing import why_not_deleted
from crm_core.schema.field import Plain
from crm_desktop.models import query, repository, search
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.services import records, rights
from crm_desktop.services.marks import not_sent_of
from crm_desktop.services.outcome import Outcome

MOST = 200
"""Rows of one list; who looks for one among more types a word."""
_EXCERPT = 160
UNFILED = ""
"""Stands for the articles of no category."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """A category with what stands on it; `count` includes those below."""

    id: str
    name: str
    name_zh: str
    count: int
    below: tuple[Shelf, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleRow:
    """An article in a list."""

    id: str
    number: str
    title: str
    excerpt: str
    """Its summary, or where a search found something."""
    status: str
    audience: str
    language: str
    is_revision: bool
    is_expired: bool
    is_due: bool
    """Somebody should look whether it still holds."""
    not_sent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRow:
    """A published version, with what it said."""

    version: int
    title: str
    summary: str
    body: str
    author: str
    published_by: str
    published_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UseRow:
    """A ticket an article was used to answer."""

    ticket_id: str
    number: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Votes:
    """What was said of an article: by colleagues, each counted once, and by customers at HQ."""

    yes: int = 0
    no: int = 0
    mine: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleView:
    """An article as its page shows it."""

    article: Record
    category: tuple[tuple[str, str], ...]
    """Names of its shelf from the top, English and Chinese."""
    owner: str
    reviewers: str
    products: str
    versions: tuple[VersionRow, ...]
    uses: tuple[UseRow, ...]
    used_in: int
    votes: Votes
    original: Record | None
    """The article a revision is of."""
    revision_id: str | None
    """A revision of it somebody works on, as far as this person sees it."""
    not_sent: bool
    is_expired: bool
    is_due: bool
    may_edit: bool
    may_publish: bool
    may_retire: bool
    may_delete: bool
    may_vote: bool


def shelves(replica: Replica) -> tuple[Shelf, ...]:
    """Return the categories in their order, those under others below them, counted; retired ones only where
    something stands on them.

    Articles of no category come last, under `UNFILED`, if there are any.
    """
    with replica.read() as session:
        held = Counter[str](
            {
                category_id or UNFILED: count
                for category_id, count in session.execute(
                    select(Article.category_id, func.count())
                    .where(Article.life % 2 == 1, Article.status != rules.MERGED)
                    .group_by(Article.category_id)
                )
            }
        )
        rows = session.scalars(
            select(ArticleCategory)
            .where(ArticleCategory.life % 2 == 1)
            .order_by(ArticleCategory.rank, ArticleCategory.name, ArticleCategory.id)
        ).all()
    known = {row.id: row for row in rows}
    tops = [row for row in rows if row.parent_id not in known]
    tree = [
        shelf
        for row in tops
        if (shelf := _shelf(row, [each for each in rows if each.parent_id == row.id], held)) is not None
    ]
    lost = sum(count for category_id, count in held.items() if category_id not in known)
    if lost:
        tree.append(Shelf(id=UNFILED, name="", name_zh="", count=lost))
    return tuple(tree)


def _shelf(row: ArticleCategory, under: Sequence[ArticleCategory], held: Mapping[str, int]) -> Shelf | None:
    below = tuple(shelf for each in under if (shelf := _shelf(each, (), held)) is not None)
    count = held.get(row.id, 0) + sum(shelf.count for shelf in below)
    if row.retired and not count:
        return None
    name = row.name or ""
    return Shelf(id=row.id, name=name, name_zh=row.name_zh or name, count=count, below=below)


def listed(
    replica: Replica,
    *,
    text: str = "",
    category_ids: Sequence[str] | None = None,
    only_unfinished: bool = False,
    limit: int = MOST,
) -> tuple[ArticleRow, ...]:
    """Return articles: what a search finds, the best first, or all by title.

    `category_ids` None means every shelf; `UNFILED` among them those of no known category. Revisions whose
    text was taken over are left out.
    """
    if text.strip():
        replica.catch_up()
    today = replica.clock.today()
    with replica.read() as session:
        wanted = select(Article).where(Article.life % 2 == 1, Article.status != rules.MERGED)
        if only_unfinished:
            wanted = wanted.where(Article.status.in_(rules.UNFINISHED))
        if category_ids is not None:
            known = select(ArticleCategory.id).where(ArticleCategory.life % 2 == 1)
            unfiled = or_(Article.category_id.is_(None), Article.category_id.not_in(known))
            of_shelf = Article.category_id.in_(category_ids)
            wanted = wanted.where(or_(of_shelf, unfiled) if UNFILED in category_ids else of_shelf)
        snippets: dict[str, str] = {}
        if text.strip():
            hits = search.search(session, text, limit, (rules.ARTICLE,))
            snippets = {hit.id: hit.snippet for hit in hits}
            found = {row.id: row for row in session.scalars(wanted.where(Article.id.in_(snippets)))}
            rows = [found[hit.id] for hit in hits if hit.id in found]
        else:
            ordered = wanted.order_by(Article.status != "published", Article.title, Article.id)
            rows = list(session.scalars(ordered.limit(limit)))
        unsent = not_sent_of(session, rules.ARTICLE, [row.id for row in rows])
        return tuple(_row(row, snippets.get(row.id, ""), today, row.id in unsent) for row in rows)


def _row(row: Article, snippet: str, today: datetime.date, not_sent: bool) -> ArticleRow:
    values = {name: getattr(row, name) for name in ("status", "expires_on", "review_by")}
    return ArticleRow(
        id=row.id,
        number=row.number or "",
        title=row.title or "",
        excerpt=snippet or excerpt(row.summary or row.body or ""),
        status=row.status or "draft",
        audience=row.audience or "internal",
        language=row.language or "",
        is_revision=bool(row.replaces_id),
        is_expired=rules.is_expired(values, today),
        is_due=rules.is_to_be_looked_at(values, today),
        not_sent=not_sent,
    )


def excerpt(text: str) -> str:
    """Return the beginning of a text on one line, without its marks."""
    plain = " ".join(text.replace("#", " ").replace("*", "").replace("`", "").split())
    return plain if len(plain) <= _EXCERPT else plain[:_EXCERPT].rstrip() + "…"


def view(replica: Replica, article_id: str) -> ArticleView:
    """Return an article with all its page shows. `NotFound` where it is not on this laptop."""
    person, today = replica.person, replica.clock.today()
    with replica.read() as session:
        article = repository.get(session, rules.ARTICLE, article_id)
        if article is None or not article.alive:
            raise NotFound(N_("There is no such record on this laptop"))
        values = article.values
        may_edit = bool(rights.may(session, person, Action.EDIT, rules.ARTICLE, values))
        publishes = may_edit and rules.may_publish(person, values)
        original_id = values.get("replaces_id")
        uses = _uses(session, article_id)
        return ArticleView(
            article=article,
            category=_path(session, values.get("category_id")),
            owner=_names(session, "user", [values.get("owner_id")]),
            reviewers=_names(session, "user", article.get("reviewers", []), "team"),
            products=_names(session, "product", article.get("product_ids", [])),
            versions=_versions(session, article_id),
            uses=uses[:MOST],
            used_in=len(uses),
            votes=_votes(session, person.user_id, article),
            original=repository.get(session, rules.ARTICLE, str(original_id)) if original_id else None,
            revision_id=session.scalar(
                select(Article.id)
                .where(Article.replaces_id == article_id, Article.life % 2 == 1)
                .where(Article.status.in_(rules.UNFINISHED))
                .order_by(Article.created_at, Article.id)
                .limit(1)
            ),
            not_sent=article_id in not_sent_of(session, rules.ARTICLE, [article_id]),
            is_expired=rules.is_expired(values, today),
            is_due=rules.is_to_be_looked_at(values, today),
            may_edit=may_edit,
            may_publish=publishes,
            may_retire=may_edit and (publishes or values.get("owner_id") == person.user_id),
            may_delete=bool(rights.may(session, person, Action.DELETE, rules.ARTICLE, values))
            and why_not_deleted(article.schema, values) is None,
            may_vote=bool(decide(person, Action.CREATE, "article_vote")),
        )


def _path(session: Session, category_id: Any) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    while category_id and len(found) < 2:
        row = session.get(ArticleCategory, category_id)
        if row is None:
            break
        found.insert(0, (row.name or "", row.name_zh or row.name or ""))
        category_id = row.parent_id
    return tuple(found)


def _names(session: Session, entity: str, ids: Iterable[Any], other: str | None = None) -> str:
    wanted = [str(each) for each in ids if each]
    names = query.labels(session, entity, wanted)
    if other is not None:
        names = {**names, **query.labels(session, other, wanted)}
    return ", ".join(names[each] for each in wanted if each in names)


def _versions(session: Session, article_id: str) -> tuple[VersionRow, ...]:
    rows = session.scalars(
        select(ArticleVersion)
        .where(ArticleVersion.article_id == article_id, ArticleVersion.life % 2 == 1)
        .order_by(ArticleVersion.version.desc(), ArticleVersion.id)
    ).all()
    people = {each for row in rows for each in (row.author_id, row.published_by) if each}
    names = query.labels(session, "user", people)
    return tuple(
        VersionRow(
            version=row.version or 1,
            title=row.title or "",
            summary=row.summary or "",
            body=row.body or "",
            author=names.get(row.author_id or "", ""),
            published_by=names.get(row.published_by or "", ""),
            published_at=row.published_at or 0,
        )
        for row in rows
    )


def _uses(session: Session, article_id: str) -> tuple[UseRow, ...]:
    rows = session.execute(
        select(Ticket.id, Ticket.number, Ticket.subject)
        .join(TicketArticle, TicketArticle.ticket_id == Ticket.id)
        .where(TicketArticle.article_id == article_id, TicketArticle.life % 2 == 1, Ticket.life % 2 == 1)
        .distinct()
        .order_by(Ticket.created_at.desc(), Ticket.id)
    )
    return tuple(UseRow(ticket_id=row.id, number=row.number or "", subject=row.subject or "") for row in rows)


def _votes(session: Session, user_id: str, article: Record) -> Votes:
    """Count the last vote of each person; one no HQ knows yet is one's own."""
    rows = session.execute(
        select(ArticleVote.created_by, ArticleVote.helpful)
        .where(ArticleVote.article_id == article.id, ArticleVote.life % 2 == 1)
        .order_by(ArticleVote.updated_at, ArticleVote.id)
    )
    last = {who or user_id: bool(helpful) for who, helpful in rows}
    yes = sum(last.values())
    return Votes(
        yes=yes + (article.get("votes_yes") or 0),
        no=len(last) - yes + (article.get("votes_no") or 0),
        mine=last.get(user_id),
    )


def vote(replica: Replica, article_id: str, helpful: bool) -> Outcome[Record]:
    """Say whether an article helped; said again, one's earlier answer is changed."""
    with replica.write() as session:
        own = session.scalar(
            select(ArticleVote.id)
            .where(ArticleVote.article_id == article_id, ArticleVote.life % 2 == 1)
            .where(or_(ArticleVote.created_by == replica.person.user_id, ArticleVote.created_by.is_(None)))
            .order_by(ArticleVote.updated_at.desc(), ArticleVote.id.desc())
            .limit(1)
        )
        if own is None:
            given: dict[str, Plain] = {"article_id": article_id, "helpful": helpful}
            record = records.create_in(session, replica, "article_vote", given)
        else:
            record = records.update_in(session, replica, "article_vote", own, {"helpful": helpful})
    return Outcome(record, frozenset(session.changed))


def set_status(replica: Replica, article_id: str, status: str) -> Outcome[Record]:
    """Take the step that leads an article to a state; of a revision publishing it means taking it over."""
    with replica.write() as session:
        article = repository.get(session, rules.ARTICLE, article_id)
        if article is not None and status == rules.PUBLISHED and article.get("replaces_id"):
            status = rules.MERGED
        record = records.update_in(session, replica, rules.ARTICLE, article_id, {"status": status})
    return Outcome(record, frozenset(session.changed))


def revise(replica: Replica, article_id: str) -> Outcome[Record]:
    """Begin a revision of a published article, or go on with the one this person sees."""
    with replica.write() as session:
        article = repository.get(session, rules.ARTICLE, article_id)
        if article is None:
            raise NotFound(N_("There is no such record on this laptop"))
        begun = session.scalar(
            select(Article.id)
            .where(Article.replaces_id == article_id, Article.life % 2 == 1)
            .where(Article.status.in_(rules.UNFINISHED))
            .order_by(Article.created_at, Article.id)
            .limit(1)
        )
        found = repository.get(session, rules.ARTICLE, begun) if begun else None
        if found is None:
            given = rules.revision_of(article_id, article.values)
            found = records.create_in(session, replica, rules.ARTICLE, given)
    return Outcome(found, frozenset(session.changed))


def take_on(replica: Replica, revision_id: str) -> Outcome[Record]:
    """Say that a revision takes account of the version that was published since it was begun."""
    with replica.write() as session:
        revision = repository.get(session, rules.ARTICLE, revision_id)
        original_id = revision.get("replaces_id") if revision is not None else None
        original = repository.get(session, rules.ARTICLE, str(original_id)) if original_id else None
        if original is None:
            raise UserError(rules.GONE)
        changes: dict[str, Plain] = {"grounds": original.get("version") or 1}
        record = records.update_in(session, replica, rules.ARTICLE, revision_id, changes)
    return Outcome(record, frozenset(session.changed))


def use(replica: Replica, ticket_id: str, article_id: str) -> Outcome[Record | None]:
    """Note that an article was used to answer a ticket, once; None where that is noted."""
    made = None
    with replica.write() as session:
        noted = session.scalar(
            select(TicketArticle.id)
            .where(TicketArticle.ticket_id == ticket_id, TicketArticle.article_id == article_id)
            .where(TicketArticle.life % 2 == 1)
            .limit(1)
        )
        if noted is None:
            given: dict[str, Plain] = {"ticket_id": ticket_id, "article_id": article_id}
            made = records.create_in(session, replica, "ticket_article", given)
    return Outcome(made, frozenset(session.changed))


def from_ticket(replica: Replica, ticket_id: str, headings: tuple[str, str]) -> dict[str, Plain]:
    """Return the values of an article a ticket would make: what was asked, what was answered.

    `headings` stand over the two, in the language of who writes. Internal notes are left out. `NotFound`
    where the ticket is not on this laptop, `UserError` where nobody answered yet.
    """
    with replica.read() as session:
        ticket = repository.get(session, "ticket", ticket_id)
        if ticket is None:
            raise NotFound(N_("There is no such record on this laptop"))
        said = session.scalars(
            select(TicketMessage)
            .where(TicketMessage.ticket_id == ticket_id, TicketMessage.life % 2 == 1)
            .where(TicketMessage.internal.isnot(True))
            .order_by(TicketMessage.written_at, TicketMessage.id)
        ).all()
    asked = next((row.body or "" for row in said if row.from_customer), "")
    answers = [row.body or "" for row in said if not row.from_customer]
    if not answers:
        raise UserError(N_("Nobody has answered this ticket yet: there is nothing to write an article from"))
    parts = [f"## {headings[0]}", asked.strip(), f"## {headings[1]}", *(each.strip() for each in answers)]
    product = ticket.get("product_id")
    return {
        "title": ticket.get("subject"),
        "body": "\n\n".join(part for part in parts if part),
        "product_ids": [product] if product else None,
        "ticket_id": ticket_id,
    }
