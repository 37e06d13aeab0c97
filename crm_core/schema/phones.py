"""Phone numbers: one stored form for each, E.164, and the form people of this country or another read.

A number is put into the stored form only where it is a valid number of its country: of the one it names by
`+`, else of the country given, else of the company's. Whatever else has the form of a number (110, a number
without its area) is kept as it was typed, and can be found as such (`is_standard`).
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Any, Final

FALLBACK_REGION: Final = "CN"
_BEHIND: Final = (
    r"\s*(?:[,;]?\s*(?:x|ext(?:ension|n)?\.?|转|轉|分机|分機)\s*[=:.]?\s*([0-9]+)|[,;#]\s*([0-9]{1,6}))"
)
"""How an extension is written: `ext. 12`, `转12`, and what is dialled by itself after a while, `,12`."""
FORM: Final = re.compile(rf"[+(]?[0-9][0-9 ()./\-]*({_BEHIND})?\Z", re.IGNORECASE)
"""What may be kept in a field of this kind."""
STORED: Final = re.compile(r"\+[1-9][0-9]{6,14}(x[0-9]{1,11})?\Z")
_EXTENSION: Final = re.compile(rf"{_BEHIND}\Z", re.IGNORECASE)
_CACHED: Final = 20_000  # numbers on a page of a list, and those of an import that come again


class _Home:
    """Where the company is, as HQ says it. One process works for one company."""

    region = FALLBACK_REGION


_home = _Home()


def home_region() -> str:
    """Return the country (ISO 3166) of numbers written without one."""
    return _home.region


def set_home_region(region: object) -> None:
    """Take the country HQ names; what names none leaves the usual one."""
    code = str(region or "")
    _home.region = code if is_region(code) else FALLBACK_REGION


def home_code() -> str:
    """Return the digits before numbers of the company's country, such as `86`."""
    return str(_library().country_code_for_region(_home.region) or "")


def is_region(code: str) -> bool:
    """Tell whether this is a country with telephones, such as `CN`."""
    return len(code) == 2 and bool(_library().country_code_for_region(code) > 0)


def standard_form(text: str, region: str = "") -> str | None:
    """Return the stored form of a number, `+8651255500199` or with an extension `+8651255500199x12`.

    None where it is no valid number. `region`: the country it is of where it does not say.
    """
    return _standard(text, region or _home.region)


def is_standard(text: str) -> bool:
    """Tell whether a stored number is in the one form, and is a number."""
    return STORED.match(text) is not None and standard_form(text) == text


def shown_form(text: str) -> str:
    """Return a number as people read it: of the own country without its code, of others with it.

    What is not in the stored form is shown as it stands.
    """
    return _shown(text, _home.region)


def dialled_form(text: str) -> str:
    """Return what is handed to whatever makes calls (RFC 3966), without the scheme."""
    stored = standard_form(text)
    if stored is None:
        return "".join(c for c in _EXTENSION.sub("", text) if c.isdigit() or c == "+")
    number, _, extension = stored.partition("x")
    return f"{number};ext={extension}" if extension else number


def compared_form(text: str) -> str:
    """Return what two spellings of one number have in common; '' for none."""
    stored = standard_form(text)
    return stored if stored is not None else "".join(c for c in text if c.isdigit() and c.isascii())


def without_extension(text: str) -> str:
    """Return a number without the extension behind it."""
    return _EXTENSION.sub("", unicodedata.normalize("NFKC", text).strip())


def searched_digits(text: str) -> tuple[str, ...]:
    """Return the digits a number is searched by: with the code of its country, and as it is dialled in it."""
    digits = "".join(c for c in text if c.isdigit())
    if not STORED.match(text):
        return (digits,)
    national = "".join(c for c in _national(text) if c.isdigit())
    return (digits, national) if national and national != digits else (digits,)


def digits_within(text: str) -> str:
    """Return part of a number as the standard form has it; '' where the text is no part of one."""
    if not text.strip() or any(not (c.isascii() and (c.isdigit() or c in " ()./-+")) for c in text):
        return ""
    digits = "".join(c for c in text if c.isdigit())
    return digits.lstrip("0") if len(digits) >= 3 else ""


def _library() -> Any:
    import phonenumbers  # noqa: PLC0415 - its tables take a while

    return phonenumbers


@lru_cache(_CACHED)
def _standard(text: str, region: str) -> str | None:
    plain = unicodedata.normalize("NFKC", text).strip()
    if FORM.match(plain) is None:
        return None
    library = _library()
    extension = _EXTENSION.search(plain)
    try:
        number = library.parse(_EXTENSION.sub("", plain), region)
    except library.NumberParseException:
        return None
    if not library.is_valid_number(number):
        return None
    stored = str(library.format_number(number, library.PhoneNumberFormat.E164))
    return f"{stored}x{extension[1] or extension[2]}" if extension else stored


@lru_cache(_CACHED)
def _shown(text: str, home: str) -> str:
    if STORED.match(text) is None:
        return text
    library = _library()
    number, _, extension = text.partition("x")
    try:
        parsed = library.parse(number)
    except library.NumberParseException:
        return text
    own = parsed.country_code == library.country_code_for_region(home)
    forms = library.PhoneNumberFormat
    shown = str(library.format_number(parsed, forms.NATIONAL if own else forms.INTERNATIONAL))
    shown = f"{shown} x{extension}" if extension else shown
    return shown if _standard(shown, home) == text else text  # what is shown can be typed


@lru_cache(_CACHED)
def _national(text: str) -> str:
    library = _library()
    number, _, _ = text.partition("x")
    try:
        parsed = library.parse(number)
    except library.NumberParseException:
        return ""
    return str(library.format_number(parsed, library.PhoneNumberFormat.NATIONAL))
