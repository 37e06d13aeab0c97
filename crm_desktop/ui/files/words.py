"""What is said of a file: where its content is, how large it is, when it came."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from crm_core.entities.attachment import FILE_ROLES
from crm_core.i18n import Message, message, plural
from crm_desktop.services.attachments import FileRow, FileState
from crm_desktop.ui.format import figure, file_size, near_moment, percent
from crm_desktop.ui.translate import show, tr

ROLE_WORDS = {choice.value: choice.label for choice in FILE_ROLES}


@dataclass(frozen=True, slots=True)
class StateLook:
    """A state as a shape, a colour and words; '' where there is nothing to say."""

    icon: str
    color: str
    word: Message


LOOKS = {
    FileState.HERE: StateLook("", "text-soft", message("On this laptop")),
    FileState.WAITING: StateLook("notsent", "accent", message("Waits to be sent")),
    FileState.AT_HQ: StateLook("notdl", "text-soft", message("At HQ")),
    FileState.FETCHING: StateLook("dl", "accent", message("Is being fetched")),
    FileState.MISSING: StateLook("clock", "warn", message("Not at HQ yet")),
    FileState.REFUSED: StateLook("warn", "bad", message("HQ does not take it")),
    FileState.EMPTY: StateLook("none", "text-soft", message("No content")),
}

WITH_FILES = frozenset(
    (
        *("lead", "deal", "activity", "contact", "product", "contract", "order", "installed_product"),
        "service_request",
    )
)
"""Kinds whose form shows the files of the record; others have a place of their own for them."""


_LONGEST = 36


def short_name(name: str) -> str:
    """Return a file's name as a chip or link has room for it; how it begins and ends tells files apart."""
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 11]}…{name[-10:]}"


def state_words(row: FileRow, progress: tuple[int, int] | None = None) -> str:
    """Return where a content is; with what travels, how far it is."""
    if progress is not None and progress[1]:
        share = percent(100 * progress[0] // progress[1])
        if row.state is FileState.WAITING:
            return tr("Is being sent, {share}", share=share)
        return tr("Is being fetched, {share}", share=share)
    return tr(LOOKS[row.state].word.text)


def second_line(row: FileRow) -> str:
    """Return what stands under a file's name: what it is, caption, pages, size, when it was added."""
    added = near_moment(datetime.fromtimestamp(row.added_ms / 1000, UTC)) if row.added_ms else ""
    pages = plural(row.pages, message("1 page"), message("{count} pages", count=figure(row.pages)))
    size = file_size(row.size) if row.size else ""
    role = tr(ROLE_WORDS.get(row.role, row.role))
    parts = (role, row.caption, show(pages) if row.pages else "", size, added)
    return " · ".join(part for part in parts if part)
