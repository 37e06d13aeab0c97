"""Articles as Markdown files, one each: a head of `name: value` lines between two `---`, then the text.

What is exported is imported again elsewhere; a folder of plain Markdown files is too, named by their first
heading or their file names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import select

from crm_core.entities.article import ARTICLE_LANGUAGES, AUDIENCES, Article, ArticleCategory
from crm_core.errors import CrmError, UserError
from crm_core.i18n import N_, Message, message
from crm_core.rules.articles import ARTICLE, MERGED
from crm_core.schema.field import Plain
from crm_desktop.models.query import labels
from crm_desktop.models.replica import Replica
from crm_desktop.services import records

_HEAD: Final = ("title", "language", "audience", "category", "keywords", "summary")
_HEADING: Final = re.compile(r"\A\s*#\s+(.+?)\s*#*\s*(?:\n|\Z)")
_HAN: Final = re.compile("[\u4e00-\u9fff]")
_MARK: Final = "---"
LARGEST: Final = 1_000_000
"""Bytes of one file; no article is as long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRead:
    """What became of one file: the article made of it, or why there is none."""

    name: str
    article_id: str | None
    said: Message | None = None


def export_articles(replica: Replica, folder: Path) -> int:
    """Write every article this person sees into a folder; return how many. `UserError` where it cannot be."""
    with replica.read() as session:
        rows = session.scalars(
            select(Article)
            .where(Article.life % 2 == 1, Article.status != MERGED, Article.replaces_id.is_(None))
            .order_by(Article.number, Article.id)
        ).all()
        shelves = labels(session, "article_category", {row.category_id for row in rows if row.category_id})
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for row in rows:
            head = {name: getattr(row, name, None) for name in _HEAD if name != "category"}
            head["category"] = shelves.get(row.category_id or "")
            lines = [f"{name}: {' '.join(str(head[name]).split())}" for name in _HEAD if head[name]]
            text = "\n".join((_MARK, *lines, _MARK, "", row.body or "", ""))
            (folder / f"{row.number or row.id}.md").write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(
            N_("The folder {path} cannot be written: {error}"), path=folder, error=error
        ) from error
    return len(rows)


def import_articles(replica: Replica, folder: Path) -> Iterator[FileRead]:
    """Make a draft of every Markdown file of a folder and those below it; yield what became of each.

    A file whose title there is already in its language is left out, so a folder can be read again.
    """
    if not folder.is_dir():
        raise UserError(N_("There is no folder {path}"), path=folder)
    known = _known(replica)
    shelves = _shelves(replica)
    for path in sorted(folder.rglob("*.md")):
        name = str(path.relative_to(folder))
        try:
            values = _values(path, shelves)
            key = (str(values["title"]), str(values["language"]))
            if key in known:
                yield FileRead(
                    name=name, article_id=None, said=message(N_("There is an article of this title"))
                )
                continue
            made = records.create(replica, ARTICLE, values).value
        except CrmError as error:
            yield FileRead(name=name, article_id=None, said=error.message)
            continue
        known.add(key)
        yield FileRead(name=name, article_id=made.id)


def _known(replica: Replica) -> set[tuple[str, str]]:
    with replica.read() as session:
        rows = session.execute(select(Article.title, Article.language).where(Article.life % 2 == 1))
        return {(title or "", language or "") for title, language in rows}


def _shelves(replica: Replica) -> dict[str, str]:
    with replica.read() as session:
        rows = session.scalars(select(ArticleCategory).where(ArticleCategory.life % 2 == 1)).all()
    return {name.casefold(): row.id for row in rows for name in (row.name, row.name_zh) if name}


def _values(path: Path, shelves: dict[str, str]) -> dict[str, Plain]:
    try:
        if path.stat().st_size > LARGEST:
            raise UserError(N_("The file is larger than an article"))
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(N_("The file cannot be read as text: {error}"), error=error) from error
    head, body = _parted(text.replace("\r\n", "\n"))
    heading = _HEADING.match(body)
    title = head.get("title") or (heading.group(1) if heading else path.stem)
    if heading and not head.get("title"):
        body = body[heading.end() :]
    language = head.get("language", "")
    if language not in {choice.value for choice in ARTICLE_LANGUAGES}:
        language = "zh" if _HAN.search(title) else "en"
    audience = head.get("audience", "")
    shelf = head.get("category", "")
    if shelf and shelf.casefold() not in shelves:
        raise UserError(N_("There is no category of articles called “{name}”"), name=shelf)
    return {
        "title": title,
        "language": language,
        "audience": audience if audience in {choice.value for choice in AUDIENCES} else "internal",
        "category_id": shelves.get(shelf.casefold()) if shelf else None,
        "keywords": head.get("keywords") or None,
        "summary": head.get("summary") or None,
        "body": body.strip() or None,
    }


def _parted(text: str) -> tuple[dict[str, str], str]:
    lines = text.split("\n")
    if lines[0].strip() != _MARK or _MARK not in (line.strip() for line in lines[1:]):
        return {}, text
    end = next(place for place, line in enumerate(lines[1:], 1) if line.strip() == _MARK)
    parted = (line.partition(":") for line in lines[1:end])
    head = {name.strip().lower(): value.strip() for name, _, value in parted}
    return {name: value for name, value in head.items() if name in _HEAD}, "\n".join(lines[end + 1 :])
