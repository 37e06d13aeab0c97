"""How the clauses of a contract stand to the library they come from: what approval flows ask of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from crm_core.i18n import N_
from crm_core.schema.field import Field, Kind


def _asked(name: str, label: str, kind: Kind) -> Field:
    return Field(no=0, name=name, label=label, kind=kind, computed=True, read_only=True, in_form=False)


OTHER: Final = _asked("other_clauses", N_("Clauses not as in the library"), Kind.INTEGER)
"""How many were worded otherwise, or are in no library."""
LEFT_OUT: Final = _asked("standard_left_out", N_("Standard clauses left out"), Kind.INTEGER)
TEXT: Final = _asked("clause_text", N_("Text of the clauses"), Kind.LONG_TEXT)
"""Headings and texts in both languages, one below the other."""
FIELDS: Final[Mapping[str, Field]] = MappingProxyType({each.name: each for each in (OTHER, LEFT_OUT, TEXT)})
_WORDS: Final = ("title", "title_en", "body", "body_en")

Values = Mapping[str, Any]


def facts(clauses: Iterable[Values], library: Iterable[Values]) -> dict[str, Any]:
    """Return the values of `FIELDS` of a contract's living clauses beside the living library.

    Spaces and the ends of lines make no difference, nor does the order.
    """
    known = {each["id"]: each for each in library}
    held = list(clauses)
    other = [each for each in held if _words(each) != _words(known.get(each.get("clause_id") or "", {}))]
    taken = {each.get("clause_id") for each in held}
    wanted = [key for key, each in known.items() if each.get("standard") and each.get("active") is not False]
    return {
        OTHER.name: len(other),
        LEFT_OUT.name: sum(key not in taken for key in wanted),
        TEXT.name: "\n".join(words for each in held for words in _words(each) if words),
    }


def _words(clause: Values) -> list[str]:
    return [" ".join((clause.get(name) or "").split()) for name in _WORDS]
