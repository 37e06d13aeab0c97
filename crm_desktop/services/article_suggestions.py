"""Articles that may answer a ticket, found on this laptop alone: by its words, product, category and use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm_core.entities.article import Article, ArticleCategory, TicketArticle
from crm_core.entities.ticket import TicketMessage
from crm_core.rules import articles as rules
from crm_core.rules.article_suggestions import SHOWN, Asked, Candidate, Suggested, asked_terms, suggest
from crm_desktop.models import repository, search
from crm_desktop.models.replica import Replica
from crm_desktop.services.articles import excerpt
from crm_desktop.services.company import company

_WEIGHED = 16
"""Articles looked at closely: those the index holds for nearest."""
_LOOKED_FOR = 10
"""Words the index is asked for: those that weigh most."""
_READ = 2_000
"""Characters of an article's and of a conversation's text that are compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestedArticle:
    """A suggestion as it is shown."""

    id: str
    number: str
    title: str
    excerpt: str
    used_in: int
    is_public: bool
    address: str
    """Where customers read it; '' for one they do not, or where HQ has no address they reach."""
    fit: Suggested


def suggested(replica: Replica, asked: Asked, limit: int = SHOWN) -> tuple[SuggestedArticle, ...]:
    """Return the published articles that fit a question, the best first; none whose last day is over."""
    terms = asked_terms(asked)
    if not terms:
        return ()
    replica.catch_up()
    today = replica.clock.today()
    with replica.read() as session:
        ids = search.speaking_of(session, list(terms)[:_LOOKED_FOR], rules.ARTICLE, _WEIGHED)
        rows = [
            row
            for row in session.scalars(select(Article).where(Article.id.in_(ids), Article.life % 2 == 1))
            if rules.is_current({"status": row.status, "expires_on": row.expires_on}, today)
        ]
        used = _used(session, [row.id for row in rows])
        shelves = _category_words(session)
        found = suggest(asked, [_candidate(row, used, shelves) for row in rows], limit, terms)
        by_id = {row.id: row for row in rows}
        public_url = company(session).public_url
    return tuple(_shown(by_id[each.id], each, used, public_url) for each in found)


def of_ticket(replica: Replica, ticket_id: str) -> tuple[SuggestedArticle, ...]:
    """Return what fits an open ticket: its subject, what the customer wrote, product and category."""
    with replica.read() as session:
        ticket = repository.get(session, "ticket", ticket_id)
        if ticket is None:
            return ()
        said = session.scalars(
            select(TicketMessage.body)
            .where(TicketMessage.ticket_id == ticket_id, TicketMessage.life % 2 == 1)
            .where(TicketMessage.from_customer.is_(True))
            .order_by(TicketMessage.written_at.desc(), TicketMessage.id)
        ).all()
    product = ticket.get("product_id")
    asked = Asked(
        subject=str(ticket.get("subject") or ""),
        text="\n".join(body or "" for body in said)[:_READ],
        product_id=str(product) if product else None,
        category=str(ticket.get("category") or ""),
    )
    return suggested(replica, asked)


def _used(session: Session, ids: Sequence[str]) -> dict[str, int]:
    rows = session.execute(
        select(TicketArticle.article_id, func.count(TicketArticle.ticket_id.distinct()))
        .where(TicketArticle.article_id.in_(ids), TicketArticle.life % 2 == 1)
        .group_by(TicketArticle.article_id)
    )
    return {str(article_id): count for article_id, count in rows}


def _category_words(session: Session) -> dict[str, str]:
    """Return the names of each category and the one above it, in both languages."""
    rows = {row.id: row for row in session.scalars(select(ArticleCategory))}
    words = {key: f"{row.name or ''} {row.name_zh or ''}" for key, row in rows.items()}
    return {key: f"{words[key]} {words.get(row.parent_id or '', '')}" for key, row in rows.items()}


def _candidate(row: Article, used: Mapping[str, int], shelves: Mapping[str, str]) -> Candidate:
    return Candidate(
        id=row.id,
        title=row.title or "",
        keywords=row.keywords or "",
        summary=row.summary or "",
        body=(row.body or "")[:_READ],
        product_ids=tuple(row.product_ids or ()),
        category=shelves.get(row.category_id or "", ""),
        used_in=used.get(row.id, 0),
    )


def _shown(row: Article, fit: Suggested, used: Mapping[str, int], public_url: str) -> SuggestedArticle:
    is_public = row.audience == rules.PUBLIC
    return SuggestedArticle(
        id=row.id,
        number=row.number or "",
        title=row.title or "",
        excerpt=excerpt(row.summary or row.body or ""),
        used_in=used.get(row.id, 0),
        is_public=is_public,
        address=rules.address_of(public_url, row.id) if is_public else "",
        fit=fit,
    )
