"""The knowledge base: articles, where they stand, what each published version said, and who was helped."""

from __future__ import annotations

from sqlalchemy.orm import Mapped

from crm_core.entities._choices import choices
from crm_core.i18n import N_
from crm_core.schema.columns import (
    boolean,
    choice,
    date,
    instant,
    integer,
    long_text,
    owner,
    ref,
    shares,
    tags,
    text,
)
from crm_core.schema.entity import Entity, EntityMeta
from crm_core.schema.field import ScopeSource
from crm_core.schema.machine import Kept, Machine, Step

ARTICLE_STATES = choices(
    ("draft", N_("Draft")),
    ("review", N_("In review")),
    ("published", N_("Published")),
    ("retired", N_("No longer published")),
    ("merged", N_("Taken over")),
)
AUDIENCES = choices(("internal", N_("Colleagues only")), ("public", N_("Customers too")))
ARTICLE_LANGUAGES = choices(("zh", N_("Chinese")), ("en", N_("English")))
TEXT_FIELDS = ("title", "summary", "body", "language", "audience")
"""What a version says; it changes by publishing alone."""
ARTICLE_STEPS = Machine(
    field="status",
    first="draft",
    born=("draft",),
    stands=("published", "retired", "merged"),
    deletable=("retired",),
    spares=(
        *("category_id", "keywords", "product_ids", "owner_id", "reviewers"),
        *("review_by", "expires_on", "votes_yes", "votes_no"),
    ),
    refusal=N_("An article in this state cannot take that step; what is published changes by a revision"),
    steps=(
        Step(name="submit", starts=("draft",), ends="review"),
        Step(name="take_back", starts=("review",), ends="draft"),
        # Of an article itself; `crm_core.rules.articles` says who may, and of what.
        Step(
            name="publish",
            starts=("draft", "review"),
            ends="published",
            keeps={"version": 1, "published_at": Kept.NOW},
        ),
        # Of a revision: HQ puts its text into the article it revises.
        Step(name="merge", starts=("draft", "review"), ends="merged", keeps={"published_at": Kept.NOW}),
        Step(name="retire", starts=("published",), ends="retired"),
        Step(name="revive", starts=("retired",), ends="published"),
    ),
)


class ArticleCategory(Entity):
    """A shelf of the knowledge base; one may stand below another, and no deeper."""

    __tablename__ = "article_category"
    meta = EntityMeta(
        no=95,
        label=N_("Article category"),
        plural=N_("Article categories"),
        icon="book",
        reference=True,
        since=3,
    )

    name: Mapped[str | None] = text(
        10, N_("Name"), required=True, in_list=True, searchable=True, indexed=True, since=3
    )
    name_zh: Mapped[str | None] = text(11, N_("Name in Chinese"), in_list=True, searchable=True, since=3)
    parent_id: Mapped[str | None] = ref(12, N_("Belongs under"), "article_category", in_list=True, since=3)
    rank: Mapped[int | None] = integer(13, N_("Order"), default=0, in_list=True, since=3)
    retired: Mapped[bool | None] = boolean(14, N_("No longer used"), default=False, in_list=True, since=3)


class Article(Entity):
    """What is known about a question, for colleagues or for customers too.

    Its text is what was published last. It is revised on a copy (`replaces_id`), which goes through review
    like a new article; HQ then puts the copy's text into this one, as its next version.
    """

    __tablename__ = "article"
    meta = EntityMeta(
        no=96,
        label=N_("Article"),
        plural=N_("Articles"),
        icon="book",
        title="title",
        series="article",
        machine=ARTICLE_STEPS,
        open_in=frozenset(("published",)),
        rights_like="activity",
        since=3,
    )

    number: Mapped[str | None] = text(
        10, N_("Number"), read_only=True, in_list=True, searchable=True, indexed=True, since=3
    )
    title: Mapped[str | None] = text(
        11, N_("Article title"), required=True, in_list=True, searchable=True, indexed=True, since=3
    )
    category_id: Mapped[str | None] = ref(
        12, N_("Article category"), "article_category", in_list=True, since=3
    )
    language: Mapped[str | None] = choice(
        13, N_("Language"), ARTICLE_LANGUAGES, required=True, default="zh", in_list=True, since=3
    )
    summary: Mapped[str | None] = long_text(14, N_("In short"), searchable=True, since=3)
    body: Mapped[str | None] = long_text(15, N_("Text"), required=True, searchable=True, since=3)
    """Markdown (CommonMark)."""
    keywords: Mapped[str | None] = text(
        16,
        N_("Other words for it"),
        searchable=True,
        hint=N_("Words people ask with that the text does not use, separated by commas"),
        since=3,
    )
    status: Mapped[str | None] = choice(
        17, N_("State"), ARTICLE_STATES, default="draft", in_list=True, indexed=True, since=3
    )
    audience: Mapped[str | None] = choice(
        18, N_("Who reads it"), AUDIENCES, required=True, default="internal", in_list=True, since=3
    )
    owner_id: Mapped[str | None] = owner(19, N_("Owner"), in_list=True, since=3)
    reviewers: Mapped[list[str] | None] = shares(20, N_("Reviewers"), ScopeSource.SHARE, since=3)
    review_by: Mapped[str | None] = date(21, N_("Look at it again by"), in_list=True, indexed=True, since=3)
    expires_on: Mapped[str | None] = date(22, N_("Last day it holds"), in_list=True, indexed=True, since=3)
    version: Mapped[int | None] = integer(
        23, N_("Version"), read_only=True, by_hq=True, in_list=True, since=3
    )
    published_at: Mapped[int | None] = instant(
        24, N_("Published"), read_only=True, in_list=True, indexed=True, since=3
    )
    product_ids: Mapped[list[str] | None] = tags(25, N_("Products"), members=("product",), since=3)
    replaces_id: Mapped[str | None] = ref(26, N_("Revision of"), "article", in_form=False, since=3)
    grounds: Mapped[int | None] = integer(27, N_("Made from version"), in_form=False, since=3)
    """The version whose text a revision began with."""
    ticket_id: Mapped[str | None] = ref(28, N_("Written from ticket"), "ticket", in_form=False, since=3)
    votes_yes: Mapped[int | None] = integer(
        29, N_("Customers it helped"), read_only=True, by_hq=True, in_form=False, in_list=True, since=3
    )
    votes_no: Mapped[int | None] = integer(
        30, N_("Customers it did not help"), read_only=True, by_hq=True, in_form=False, in_list=True, since=3
    )


class ArticleVersion(Entity):
    """What an article said when a version of it was published. HQ writes it down."""

    __tablename__ = "article_version"
    meta = EntityMeta(
        no=97,
        label=N_("Version of an article"),
        plural=N_("Versions of articles"),
        icon="book",
        title="title",
        since=3,
        fixed=True,
        rights_like="activity",
    )

    article_id: Mapped[str | None] = ref(
        10, N_("Article"), "article", required=True, parent=True, in_list=True, since=3
    )
    version: Mapped[int | None] = integer(11, N_("Version"), required=True, in_list=True, by_hq=True, since=3)
    title: Mapped[str | None] = text(
        12, N_("Article title"), required=True, in_list=True, by_hq=True, since=3
    )
    summary: Mapped[str | None] = long_text(13, N_("In short"), by_hq=True, since=3)
    body: Mapped[str | None] = long_text(14, N_("Text"), by_hq=True, since=3)
    language: Mapped[str | None] = choice(15, N_("Language"), ARTICLE_LANGUAGES, by_hq=True, since=3)
    audience: Mapped[str | None] = choice(
        16, N_("Who reads it"), AUDIENCES, in_list=True, by_hq=True, since=3
    )
    author_id: Mapped[str | None] = ref(17, N_("Written by"), "user", in_list=True, by_hq=True, since=3)
    published_by: Mapped[str | None] = ref(18, N_("Published by"), "user", in_list=True, by_hq=True, since=3)
    published_at: Mapped[int | None] = instant(19, N_("Published"), in_list=True, by_hq=True, since=3)


class ArticleVote(Entity):
    """Whether an article helped a colleague. Of several by one person the last counts."""

    __tablename__ = "article_vote"
    meta = EntityMeta(
        no=98,
        label=N_("Vote on an article"),
        plural=N_("Votes on articles"),
        icon="check",
        title="helpful",
        since=3,
        written_by_readers=True,
        rights_like="activity",
    )

    article_id: Mapped[str | None] = ref(
        10, N_("Article"), "article", required=True, parent=True, in_list=True, since=3
    )
    helpful: Mapped[bool | None] = boolean(11, N_("Helpful"), required=True, in_list=True, since=3)


class TicketArticle(Entity):
    """That an article was used to answer a ticket."""

    __tablename__ = "ticket_article"
    meta = EntityMeta(
        no=99,
        label=N_("Article used"),
        plural=N_("Articles used"),
        icon="book",
        title="article_id",
        since=3,
        rights_like="ticket_message",
    )

    ticket_id: Mapped[str | None] = ref(
        10, N_("Ticket"), "ticket", required=True, parent=True, in_list=True, since=3
    )
    article_id: Mapped[str | None] = ref(11, N_("Article"), "article", required=True, in_list=True, since=3)
