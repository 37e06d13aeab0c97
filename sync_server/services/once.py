"""Requests that change something, each done once however often it comes.

The answer to a request that carries an `Idempotency-Key` is kept in the transaction of what it did. So it is
there exactly when the deed is: after a crash, on every process of HQ, and for two that come at once, which
follow each other because whoever writes holds the head of the feed. What was refused did nothing and is not
kept: the same request may succeed later. A request that is done in portions keeps an answer for each.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import delete, insert, select

from crm_core.i18n import N_
from crm_core.times import DAY_MS
from sync_server.services.auth import now_ms
from sync_server.services.faults import Refusal
from sync_server.services.headquarters import Headquarters
from sync_server.services.hq import Writing
from sync_server.store.database import Database
from sync_server.store.outside import KeptAnswer
from sync_server.store.tables import table_of

LONGEST_KEY: Final = 200
REPLAYED: Final = "Idempotency-Replayed"
"""Header of an answer that was given before."""

_answer = table_of(KeptAnswer)


@dataclass(frozen=True, slots=True)
class Attempt:
    """How a request is told from others."""

    key: str = ""
    """What the asker calls it; empty: it has no name and is done whenever it comes."""
    request_sha: bytes = b""
    portion: int = 0
    """Which of its portions, each done in a transaction of its own."""

    @property
    def kept_as(self) -> str:
        """What its answer is kept as. No key holds a line break."""
        return f"{self.key}\n{self.portion}" if self.portion else self.key

    def __post_init__(self) -> None:
        if len(self.key) > LONGEST_KEY or not self.key.isprintable():
            raise Refusal(
                "bad_request",
                N_("An Idempotency-Key has at most {most} characters that can be printed"),
                most=LONGEST_KEY,
            )


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer: `body` is JSON, or empty."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def answered(status: int, value: Any, headers: Mapping[str, str] | None = None) -> Answered:
    """Return an answer that holds a value as JSON."""
    raw = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return Answered(status, raw, headers or {})


def do_once(
    hq: Headquarters, user_id: str, attempt: Attempt, work: Callable[[Writing], Answered]
) -> Answered:
    """Do the work in one transaction and return its answer, or the one that was given before.

    Raises `Refusal` `reused` where another request came under the same key, and what the work raises, which
    then did nothing.
    """
    with hq.records.writing(user_id) as writing:
        if not attempt.key:
            return work(writing)
        of_key = (_answer.c.user_id == user_id, _answer.c.key == attempt.kept_as)
        kept = writing.connection.execute(select(_answer).where(*of_key)).one_or_none()
        if kept is not None:
            if kept.request_sha != attempt.request_sha:
                raise Refusal("reused", N_("Another request came under this Idempotency-Key before"))
            return Answered(kept.status, kept.body, {**kept.headers, REPLAYED: "true"})
        answer = work(writing)
        row = {
            "user_id": user_id,
            "key": attempt.kept_as,
            "request_sha": attempt.request_sha,
            "status": answer.status,
            "headers": dict(answer.headers),
            "body": answer.body,
            "at_ms": now_ms(),
        }
        writing.connection.execute(insert(_answer).values(row))
        return answer


def forget_answers(database: Database, days: int, at_ms: int) -> int:
    """Forget answers older than so many days; return how many those were."""
    with database.note() as connection:
        old = delete(_answer).where(_answer.c.at_ms < at_ms - days * DAY_MS)
        return int(connection.execute(old).rowcount)
