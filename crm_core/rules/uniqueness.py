"""Values no two records should have alike, however they are written: the same on laptop and HQ."""

from __future__ import annotations

import unicodedata
from hashlib import blake2b
from typing import Any, Final

from crm_core.schema.field import Field, Kind
from crm_core.schema.phones import compared_form

HASH_BYTES: Final = 16
_IGNORED: Final = str.maketrans("", "", " -./_\u00a0\u3000")


def normal_form(field: Field, value: Any) -> str | None:
    """Return a value as it is compared; None where there is nothing to compare.

    Full-width letters and digits are plain ones, capitals do not count; of numbers and codes neither do
    spaces, dashes, dots, slashes and underscores. Phone numbers are compared as numbers.
    """
    if not isinstance(value, str):
        return None
    if field.kind is Kind.PHONE:
        return compared_form(value) or None
    return plain_form(value, dense=field.kind is not Kind.EMAIL) or None


def plain_form(text: str, *, dense: bool = False) -> str:
    """Return text without capitals, full-width forms and outer spaces; `dense`: as numbers are compared."""
    plain = unicodedata.normalize("NFKC", text).strip().casefold()
    return plain.translate(_IGNORED) if dense else plain


def key_of(field: Field, value: Any) -> bytes | None:
    """Return the hash HQ keeps of a value; None where there is nothing to compare."""
    normal = normal_form(field, value)
    return None if normal is None else blake2b(normal.encode(), digest_size=HASH_BYTES).digest()
