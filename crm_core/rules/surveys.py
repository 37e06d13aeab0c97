"""Asking customers how satisfied they are: whom, when, on which scale, and what an answer may hold. No I/O.

A link's token is the id of the asking and a mark under HQ's key, so nothing of it has to be kept and nobody
else can make one. Nothing here draws chance, reads a clock or holds a key: all three are handed in.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Any, Final

from crm_core.errors import Problem
from crm_core.i18n import N_, Message, Translate, message
from crm_core.ids import is_id
from crm_core.rules import segments, service_levels
from crm_core.rules.holding import holds
from crm_core.rules.segments import AllOf, Rule
from crm_core.rules.sla import ENDED
from crm_core.times import DAY_MS, HOUR_MS

PATH: Final = "/survey/"
"""Where HQ's page of an asking is, before its token."""
MOST_QUESTIONS: Final = 5
MOST_OPTIONS: Final = 8
MOST_TEXT: Final = 200
MOST_WORDS: Final = 2_000
MOST_HOURS: Final = 24 * 60
MOST_DAYS: Final = 365
MOST_REMINDERS: Final = 5
ASKED_BACK_DAYS: Final = 14
"""An end of a ticket older than this is not asked about any more: nobody remembers it."""
SATISFIED: Final = 75
"""From this satisfaction on a customer counts as satisfied: 4 and 5 of 5, 8 to 10 of 10."""
DELIGHTED: Final = 90
"""From this on as one who recommends us: 5 of 5, 9 and 10 of 10."""
UNHAPPY: Final = 25
"""Up to this as one who complains: 1 and 2 of 5, 0 to 2 of 10."""
FACES: Final = ("😠", "🙁", "😐", "🙂", "😀")
HEADING: Final = N_("How did we do?")
SAID: Final = N_(
    "Your request “{subject}” is closed. How satisfied are you with what we did? One click is enough."
)
_ID_BYTES: Final = 16
_MARK_BYTES: Final = 32
TOKEN_LENGTH: Final = 64
_PURPOSE: Final = b"satchel survey 1\n"


@dataclass(frozen=True, slots=True)
class Scale:
    """The scores there are, both ends among them."""

    least: int
    most: int

    @property
    def scores(self) -> range:
        """Return the scores from the lowest on."""
        return range(self.least, self.most + 1)


SCALES: Final[Mapping[str, Scale]] = MappingProxyType(
    {"stars": Scale(1, 5), "faces": Scale(1, 5), "points": Scale(0, 10)}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A further question. `texts` and each of the `options` by language, English first; no options: text."""

    texts: tuple[str, str]
    options: tuple[tuple[str, str], ...] = ()

    def text(self, language: str) -> str:
        """Return what is asked in `en` or `zh`; the other one's text where that is empty."""
        return _in(self.texts, language)

    def choices(self, language: str) -> tuple[str, ...]:
        """Return what may be chosen."""
        return tuple(_in(each, language) for each in self.options)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """A survey in use."""

    id: str
    rule: Rule
    wait_ms: int
    scale: str
    texts: Mapping[str, str]
    """Heading and text of the mail by field name, as they were written; those left empty are missing."""
    questions: tuple[Question, ...]
    remind_days: int
    remind_most: int
    lives_ms: int
    quiet_ms: int
    bad_at: int
    bad_to: str
    reopens: bool

    def text(self, name: str, language: str) -> str:
        """Return one of its texts in `en` or `zh`; '' where it has none in this language."""
        return self.texts.get(f"{name}_zh" if language == "zh" else name, "")

    def is_bad(self, scale: str, score: int) -> bool:
        """Tell whether a score asks for somebody to follow it up; it may be of the scale of before."""
        return percent_of(scale, score) <= percent_of(self.scale, self.bad_at)


class Standing(Enum):
    """What may be done with a link."""

    OPEN = "open"
    ANSWERED = "answered"
    EXPIRED = "expired"
    STOPPED = "stopped"
    """The ticket goes on, or nothing is to be asked any more."""


def percent_of(scale: str, score: int) -> int:
    """Return a score between 0 and 100, the ends of its scale being these; halves are rounded up."""
    found = SCALES[scale]
    return (200 * (score - found.least) + found.most - found.least) // (2 * (found.most - found.least))


def askings_of(rows: Iterable[Mapping[str, Any]]) -> tuple[Asking, ...]:
    """Return the surveys in use, of the rows that live, in the order they are tried.

    One a newer program wrote and this cannot read is left out.
    """
    found = []
    for row in sorted(rows, key=lambda each: (each["rank"] or 0, each["id"])):
        if row["active"] is not False and not problems_of_survey(row):
            found.append(asking_of(row))
    return tuple(found)


def asking_of(row: Mapping[str, Any]) -> Asking:
    """Return a survey of a row without problems, in use or not."""
    rule = segments.rule_of(row["rules"]) if row["rules"] else None
    names = ("heading", "heading_zh", "said", "said_zh")
    return Asking(
        id=str(row["id"]),
        rule=rule or AllOf(),
        wait_ms=_number(row, "wait_hours", 2) * HOUR_MS,
        scale=str(row["scale"] or "stars"),
        texts={name: str(row[name]).strip() for name in names if str(row[name] or "").strip()},
        questions=tuple(_question(each) for each in row["questions"] or ()),
        remind_days=_number(row, "remind_days", 0),
        remind_most=_number(row, "remind_most", 0),
        lives_ms=_number(row, "lives_days", 30) * DAY_MS,
        quiet_ms=_number(row, "quiet_days", 0) * DAY_MS,
        bad_at=_number(row, "bad_at", -1),
        bad_to=str(row["bad_to"] or "assignee"),
        reopens=bool(row["reopens"]),
    )


def asking_for(
    askings: Sequence[Asking], ticket: Mapping[str, Any], customer_level: str | None
) -> Asking | None:
    """Return what is asked about a ticket; None where nothing is."""
    values = {**ticket, service_levels.CUSTOMER_LEVEL.name: customer_level}
    return next((each for each in askings if holds(each.rule, values, service_levels.ASKED)), None)


def is_ended(ticket: Mapping[str, Any]) -> bool:
    """Tell whether a ticket has come to an end that can be asked about."""
    return ticket.get("status") in ENDED and ticket.get("closed_at") is not None


def standing(answer: Mapping[str, Any], ticket: Mapping[str, Any] | None, at_ms: int) -> Standing:
    """Return what may be done with the link of an asking; `ticket` is None where that is gone."""
    status = answer.get("status")
    if status == "answered":
        return Standing.ANSWERED
    if status == "expired" or at_ms >= (answer.get("expires_at") or 0):
        return Standing.EXPIRED
    goes_on = ticket is None or not is_ended(ticket) or ticket.get("closed_at") != answer.get("closed_at")
    if goes_on or status == "stopped":
        return Standing.STOPPED
    return Standing.OPEN


# What is said


def texts_of(asking: Asking, subject: str, language: str, tr: Translate) -> tuple[str, str]:
    """Return heading and text as the survey has them in a language, else those of the program."""
    heading = asking.text("heading", language) or tr(HEADING)
    own = asking.text("said", language)
    # `{subject}` may stand in a text of one's own too; nothing else is put in.
    said = own.replace("{subject}", subject) if own else Message(SAID, {"subject": subject}).show(tr)
    return heading, said


def score_label(scale: str, score: int) -> str:
    """Return what stands on the button of a score."""
    match scale:
        case "stars":
            return f"{score} ★"
        case "faces":
            return FACES[score - 1]
        case _:
            return str(score)


# Links


def token_of(answer_id: str, key: bytes) -> str:
    """Return the token that stands in the link of an asking; `key` is HQ's secret."""
    row = bytes.fromhex(answer_id)
    return base64.urlsafe_b64encode(row + _mark(row, key)).decode()


def id_of(token: str, key: bytes) -> str | None:
    """Return the id of the asking a token leads to; None for one HQ did not make."""
    try:
        whole = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        whole = b""
    row = whole[:_ID_BYTES].ljust(_ID_BYTES, b"\0")
    is_ours = hmac.compare_digest(whole[_ID_BYTES:], _mark(row, key))
    return row.hex() if is_ours and len(token) == TOKEN_LENGTH and is_id(row.hex()) else None


def link_of(public_url: str, token: str) -> str:
    """Return the address of an asking's page."""
    return f"{public_url.rstrip('/')}{PATH}{token}"


def _mark(row: bytes, key: bytes) -> bytes:
    return hmac.digest(key, _PURPOSE + row, "sha256")


# Answers


def read_score(scale: str, typed: str) -> int | None:
    """Return the score somebody sent; None for what is none of the scale's."""
    scores = SCALES[scale].scores
    return (
        int(typed)
        if typed.isascii() and typed.isdigit() and len(typed) <= 2 and int(typed) in scores
        else None
    )


def read_answers(
    asking: Asking, typed: Mapping[str, str], language: str
) -> tuple[list[list[str]], list[Problem]]:
    """Return the further answers as they are kept, [question, answer] each, and what is wrong with them.

    `typed` has them by `q0` to `q4`: a text, or the place of what was chosen. None of them is required.
    """
    kept: list[list[str]] = []
    problems: list[Problem] = []
    for place, question in enumerate(asking.questions):
        given = typed.get(f"q{place}", "").strip()
        if question.options:
            options = question.choices(language)
            chosen = int(given) if given.isascii() and given.isdigit() and len(given) <= 2 else -1
            if given and not 0 <= chosen < len(options):
                problems.append(Problem(field=f"q{place}", message=message(N_("Choose one of these"))))
                continue
            given = options[chosen] if given else ""
        elif len(given) > MOST_WORDS:
            problems.append(Problem(field=f"q{place}", message=too_long(MOST_WORDS)))
            continue
        if given:
            kept.append([question.text(language), given])
    return kept, problems


def too_long(most: int) -> Message:
    """Say how long a text may be."""
    return message(N_("At most {most} characters"), most=most)


# What may be set up


def problems_of_survey(values: Mapping[str, Any]) -> list[Problem]:
    """Return what is wrong with a survey's record as it would be saved."""
    problems = list(service_levels.problems_of_rule(values.get("rules")))
    scale = SCALES.get(str(values.get("scale") or "stars"))
    if scale is None:
        problems.append(Problem(field="scale", message=message(N_("There is no such scale"))))
    bounds = (
        ("wait_hours", 0, MOST_HOURS),
        ("remind_days", 1, MOST_DAYS),
        ("remind_most", 0, MOST_REMINDERS),
        ("lives_days", 1, MOST_DAYS),
        ("quiet_days", 0, MOST_DAYS),
        ("bad_at", scale.least - 1 if scale else 0, scale.most if scale else 10),
    )
    for name, least, most in bounds:
        value = values.get(name)
        if value is not None and not (_is_number(value) and least <= value <= most):
            said = message(N_("From {least} to {most}"), least=least, most=most)
            problems.append(Problem(field=name, message=said))
    problems += [
        Problem(field=name, message=too_long(MOST_TEXT))
        for name in ("heading", "heading_zh")
        if len(str(values.get(name) or "")) > MOST_TEXT
    ]
    if not _are_questions(values.get("questions") or []):
        said = message(N_("At most five questions, each with a text; one to choose from has 2 to 8 answers"))
        problems.append(Problem(field="questions", message=said))
    return problems


def _are_questions(given: Any) -> bool:
    return isinstance(given, list) and len(given) <= MOST_QUESTIONS and all(map(_is_question, given))


def _is_question(given: Any) -> bool:
    if not isinstance(given, dict) or given.get("kind") not in ("choice", "text"):
        return False
    texts = [given.get("en"), given.get("zh")]
    if not _are_texts(texts):
        return False
    options = given.get("options") or []
    if given["kind"] == "text":
        return not options
    return (
        isinstance(options, list)
        and 2 <= len(options) <= MOST_OPTIONS
        and all(isinstance(each, list) and len(each) == 2 and _are_texts(each) for each in options)
    )


def _are_texts(given: Sequence[Any]) -> bool:
    """Tell whether these are texts of which at least one says something."""
    texts = ["" if each is None else each for each in given]
    return all(isinstance(each, str) and len(each) <= MOST_TEXT for each in texts) and any(
        each.strip() for each in texts
    )


def _question(given: Mapping[str, Any]) -> Question:
    return Question(
        texts=(str(given.get("en") or ""), str(given.get("zh") or "")),
        options=tuple((str(en or ""), str(zh or "")) for en, zh in given.get("options") or ()),
    )


def _in(texts: tuple[str, str], language: str) -> str:
    own, other = (texts[1], texts[0]) if language == "zh" else texts
    return own.strip() or other.strip()


def _number(row: Mapping[str, Any], name: str, without: int) -> int:
    value = row[name]
    return without if value is None else int(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
