"""The invented articles of a sample profile, on their shelves, and the tickets they answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm_core.ids import named_id
from crm_core.rules import articles as rules
from crm_core.schema.field import Plain
from crm_core.times import DAY_MS, HOUR_MS
from crm_desktop.models.replica import LOCAL_USER
from crm_desktop.services.sample_writing import Writer

FIRST_ARTICLE = 94
LAST_ARTICLE = 130
"""Numbers the invented articles have; those after it are free."""
_OTHER = {"en": "zh_CN", "zh_CN": "en"}
_LANGUAGE = {"en": "en", "zh_CN": "zh"}


class Writing:
    """Writes categories, articles, versions, votes and uses; tickets and products are there by now."""

    def __init__(self, writer: Writer, told: Mapping[str, Any]) -> None:
        self._writer, self._told = writer, told
        self._shelves: dict[str, str] = {}
        self._numbers = iter(range(125, LAST_ARTICLE + 1))

    def fill(self) -> None:
        """Write everything, parents before their children."""
        for rank, shelf in enumerate(self._told["categories"]):
            self._shelves[shelf["key"]] = self._writer.create(
                "article_category",
                400 * DAY_MS,
                {
                    "name": shelf["en"],
                    "name_zh": shelf["zh_CN"],
                    "parent_id": self._shelves.get(shelf.get("under", "")),
                    "rank": rank,
                },
            )
        for told in self._told["articles"]:
            self._article(told, self._writer.language, told["number"])
            if told.get("twin"):
                self._article({**told, "tickets": []}, _OTHER[self._writer.language], next(self._numbers))

    def _article(self, told: Mapping[str, Any], language: str, number: int) -> None:
        age, published = told["age"] * DAY_MS, told["status"] == rules.PUBLISHED
        author = self._writer.users[told["by"]]
        reviewer = self._writer.users["chen"] if author == LOCAL_USER else LOCAL_USER
        text: dict[str, Plain] = {name: told[name][language] for name in ("title", "summary", "body")}
        text |= {"language": _LANGUAGE[language], "audience": told["audience"]}
        days = {"review_by": told.get("review", 180), "expires_on": told.get("expires")}
        values: dict[str, Plain] = {
            **text,
            "number": f"KB-{number:03d}",
            "category_id": self._shelves[told["shelf"]],
            "keywords": told["keywords"][language],
            "status": told["status"],
            "owner_id": author,
            "reviewers": [reviewer],
            "product_ids": [str(self._writer.products[code]["id"]) for code in told["products"]],
            **{name: self._writer.day_on(day).isoformat() for name, day in days.items() if day is not None},
        }
        if published:
            values |= {
                "version": told["version"],
                "published_at": self._writer.now - age,
                "votes_yes": 3 + told["number"] % 17,
                "votes_no": told["number"] % 4,
            }
        article_id = self._writer.create("article", age + 3 * DAY_MS, values)
        for version in range(1, told.get("version", 0) + 1):
            first = version < told["version"]
            at_ms = self._writer.now - age - (60 * DAY_MS if first else 0)
            said = {**text, "body": str(text["body"]).split("\n\n|")[0]} if first else text
            self._writer.create(
                "article_version",
                self._writer.now - at_ms,
                {
                    **said,
                    "article_id": article_id,
                    "version": version,
                    "author_id": author,
                    "published_by": reviewer,
                    "published_at": at_ms,
                },
            )
        if published:
            vote: dict[str, Plain] = {"article_id": article_id, "helpful": True}
            self._writer.create("article_vote", age // 2, {**vote, "created_by": self._writer.users["tom"]})
        for ticket in told["tickets"]:
            ticket_id = named_id("sample", f"ticket:{ticket}")
            self._writer.create("ticket_article", HOUR_MS, {"ticket_id": ticket_id, "article_id": article_id})
