"""What a capture form may ask, and how a page that was filled by a machine is told from a person's."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Collection, Mapping
from typing import Any, Final

from crm_core.entities import SCHEMAS
from crm_core.entities.capture import LEAD, TICKET
from crm_core.errors import Problem
from crm_core.i18n import N_, Message, message
from crm_core.schema.field import Field, Kind
from crm_core.schema.reading import CUSTOM_PREFIX

ASKABLE: Final = (
    "name",
    "company",
    "title",
    "phone",
    "email",
    "website",
    "industry",
    "employees",
    "country",
    "province",
    "city",
    "address",
    "needs",
)
"""Fields of a lead a form may ask for, in the order of the page; custom ones follow."""
ASKABLE_OF_TICKETS: Final[tuple[tuple[str, str], ...]] = (
    ("lead", "name"),
    ("lead", "company"),
    ("lead", "email"),
    ("lead", "phone"),
    ("ticket", "kind"),
    ("installed_product", "serial"),
    ("ticket", "subject"),
    ("ticket_message", "body"),
)
"""The same of a form that makes tickets, with the kind of record whose field each is."""
CALLED: Final[Mapping[str, str]] = {
    "name": N_("Your name"),
    "subject": N_("What is it about?"),
    "body": N_("Your question"),
    "kind": N_("What is it?"),
}
"""What a form calls a field otherwise than the company does."""
CUSTOM_KINDS: Final = frozenset(
    (Kind.TEXT, Kind.LONG_TEXT, Kind.INTEGER, Kind.DECIMAL, Kind.DATE, Kind.CHOICE, Kind.BOOLEAN)
)
"""Kinds of custom fields a form may ask for."""
USUAL: Final = ("name", "company", "phone", "email", "needs")
"""What a form asks for unless told otherwise."""
USUAL_OF_TICKETS: Final = ("name", "email", "phone", "subject", "body")
USUAL_BY: Final[Mapping[str, tuple[str, ...]]] = {LEAD: USUAL, TICKET: USUAL_OF_TICKETS}
ALWAYS: Final[Mapping[str, frozenset[str]]] = {
    LEAD: frozenset(("name",)),
    TICKET: frozenset(("name", "body")),
}
"""What is asked and must be filled by what a form makes."""
FILES_MOST: Final = 10
"""Files one form may ask for."""
TOKEN_BYTES: Final = 12
"""So much of an address is left to chance: nobody finds a form by guessing."""
EVENT_SOURCE: Final = "exhibition"
"""A form with this source is where people sign up for an event."""
HONEYPOT: Final = "fax_number"
"""A field no person sees; whoever fills it is a machine."""
LEAST_FILL_MS: Final = 3_000  # nobody reads and fills three fields faster
MOST_FILL_MS: Final = 12 * 3_600_000  # a page left open over night is sent anew
FOLD_MS: Final = 24 * 3_600_000
"""A form sent again by the same person within a day makes no second lead."""
_VERSION_DIGITS: Final = 8
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")


def made_by(values: Mapping[str, Any]) -> str:
    """Return the kind of record a form makes."""
    return TICKET if values.get("makes") == TICKET else LEAD


def askable(custom: Mapping[str, Field], makes: str = LEAD) -> dict[str, Field]:
    """Return the fields a form may ask for by name, in the order of the page.

    `custom` are the fields of the kind of record it makes.
    """
    places = ASKABLE_OF_TICKETS if makes == TICKET else tuple((LEAD, name) for name in ASKABLE)
    known = {name: SCHEMAS[entity].fields[name] for entity, name in places}
    known |= {name: field for name, field in custom.items() if _is_askable(field)}
    return {name: field for name, field in known.items() if not field.retired}


def _is_askable(field: Field) -> bool:
    return field.name.startswith(CUSTOM_PREFIX) and field.kind in CUSTOM_KINDS


def files_words(most: int) -> Message:
    """Return how a form asks for files."""
    return message(N_("Pictures or files, at most {most}"), most=most)


def label_of(field: Field) -> str:
    """Return what a form calls a field, to be translated."""
    return CALLED.get(field.name, field.label)


def problems_of_form(values: Mapping[str, Any], known: Collection[str]) -> list[Problem]:
    """Return what is wrong with a form as it would be saved; `known` are the fields it may ask for."""
    problems = []
    if not _TOKEN.match(str(values.get("token") or "")):
        told = message(N_("The address of a form is made of letters, digits, _ and -"))
        problems.append(Problem(field="token", message=told))
    for place in ("asked", "needed"):
        named = values.get(place) or []
        listed = named if isinstance(named, list | tuple) else [named]
        unknown = [str(name) for name in listed if not isinstance(name, str) or name not in known]
        if unknown:
            told = message(N_("A form cannot ask for “{field}”"), field=unknown[0])
            problems.append(Problem(field=place, message=told))
    files = values.get("files_most") or 0
    if not 0 <= files <= FILES_MOST:
        told = message(N_("A form takes at most {most} files"), most=FILES_MOST)
        problems.append(Problem(field="files_most", message=told))
    elif files and made_by(values) != TICKET:
        told = message(N_("Files come with tickets alone"))
        problems.append(Problem(field="files_most", message=told))
    after = str(values.get("redirect") or "")
    if after and not after.startswith(("https://", "http://")):
        told = message(N_("The page shown afterwards begins with https:// or http://"))
        problems.append(Problem(field="redirect", message=told))
    return problems


def channel_of(way: str, source: str | None) -> str:
    """Return how a lead came: over a way, from a form with a source; signing up for an event is one."""
    return "event" if source == EVENT_SOURCE else way


def key_of_form(secret: bytes, token: str) -> str:
    """Return the key by which a company's own site sends what its visitors filled in."""
    return hmac.digest(secret, f"capture key\0{token}".encode(), "sha256").hex()


def stamp(secret: bytes, token: str, now_ms: int) -> str:
    """Return the mark a page carries: when it was shown, signed."""
    return f"{now_ms}.{_signed(secret, token, now_ms)}"


def shown_for_ms(secret: bytes, token: str, given: str, now_ms: int) -> int | None:
    """Return how long ago the page with a mark was shown; None for a mark that is not HQ's."""
    moment, _, signature = given.partition(".")
    if not moment.isascii() or not moment.isdecimal() or len(moment) > 15:
        return None
    shown = int(moment)
    if not hmac.compare_digest(signature.encode(), _signed(secret, token, shown).encode()):
        return None
    return now_ms - shown


def version_of_consent(text: str) -> str:
    """Return a version for the text of a consent whose author named none: it changes with the text."""
    return hashlib.blake2b(text.strip().encode(), digest_size=_VERSION_DIGITS // 2).hexdigest()


def _signed(secret: bytes, token: str, moment: int) -> str:
    return hmac.digest(secret, f"capture page\0{token}\0{moment}".encode(), "sha256").hex()
