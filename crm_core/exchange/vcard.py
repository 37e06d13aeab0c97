"""Address cards: vCard 2.1, 3.0 (RFC 2426) and 4.0 (RFC 6350) read, 4.0 written."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from crm_core.errors import UserError
from crm_core.exchange.decoding import decode
from crm_core.exchange.source import SourceRow, SourceTable
from crm_core.i18n import N_, Message, message

NAME = "Name"
COMPANY = "Company"
TITLE = "Title"
PHONE = "Phone"
OTHER_PHONES = "Other phones"
EMAIL = "E-mail"
OTHER_EMAILS = "Other e-mails"
STREET = "Street address"
CITY = "City"
PROVINCE = "Province"
POSTAL_CODE = "Postal code"
COUNTRY = "Country"
WEBSITE = "Web site"
BIRTHDAY = "Birthday"
NOTES = "Notes"
TAGS = "Tags"
UID = "UID"

HEADERS = (
    NAME,
    COMPANY,
    TITLE,
    PHONE,
    OTHER_PHONES,
    EMAIL,
    OTHER_EMAILS,
    STREET,
    CITY,
    PROVINCE,
    POSTAL_CODE,
    COUNTRY,
    WEBSITE,
    BIRTHDAY,
    NOTES,
    TAGS,
    UID,
)

FOLD_BYTES = 75  # RFC 6350, 3.2: lines longer than that are folded
_UNESCAPE = re.compile(r"\\(.)", re.DOTALL)
_SINGLE = {"FN": NAME, "TITLE": TITLE, "URL": WEBSITE, "BDAY": BIRTHDAY, "NOTE": NOTES, "UID": UID}


@dataclass(slots=True)
class _Card:
    line: int
    cells: dict[str, str] = field(default_factory=dict)
    phones: list[tuple[int, str]] = field(default_factory=list)
    emails: list[tuple[int, str]] = field(default_factory=list)


def read(raw: bytes) -> SourceTable:
    """Return one row a card; columns no card fills are left out."""
    text, _, notes = decode(raw)
    rows: list[tuple[int, dict[str, str], Message | None]] = []
    card: _Card | None = None
    last = 0
    for line, name, parameters, value in _properties(text):
        last = line
        if name == "BEGIN" and value.strip().upper() == "VCARD":
            if card is not None:
                rows.append(_cut_off(card))
            card = _Card(line)
        elif name == "END" and card is not None:
            rows.append(_finish(card))
            card = None
        elif card is not None:
            _take(card, name, parameters, value)
    if card is not None and last:
        rows.append(_cut_off(card))
    if not rows:
        raise UserError(N_("The file holds no address cards"))
    headers = tuple(
        header for header in HEADERS if header == NAME or any(header in row for _, row, _ in rows)
    )
    return SourceTable(
        headers=headers,
        rows=tuple(
            SourceRow(line=line, cells=tuple(row.get(header, "") for header in headers), problem=problem)
            for line, row, problem in rows
        ),
        notes=notes,
    )


def write(cards: Sequence[Mapping[str, str]]) -> str:
    """Return cards as vCard 4.0; each maps headers of this module to text, empty or absent ones left out."""
    lines: list[str] = []
    for card in cards:
        lines += ["BEGIN:VCARD", "VERSION:4.0", f"FN:{_escape(card.get(NAME, ''))}"]
        for header, name in (
            (COMPANY, "ORG"),
            (TITLE, "TITLE"),
            (PHONE, "TEL;TYPE=work"),
            (EMAIL, "EMAIL"),
            (WEBSITE, "URL"),
            (NOTES, "NOTE"),
            (UID, "UID"),
        ):
            if value := card.get(header):
                lines.append(f"{name}:{_escape(value)}")
        if birthday := card.get(BIRTHDAY):
            lines.append(f"BDAY:{birthday.replace('-', '')}")
        if tags := card.get(TAGS):
            lines.append("CATEGORIES:" + ",".join(_escape(tag.strip()) for tag in tags.split(",")))
        address = [card.get(part, "") for part in (STREET, CITY, PROVINCE, POSTAL_CODE, COUNTRY)]
        if any(address):
            lines.append("ADR:;;" + ";".join(_escape(part) for part in address))
        lines.append("END:VCARD")
    return "".join(_fold(line) for line in lines)


def _properties(text: str) -> Iterator[tuple[int, str, dict[str, str], str]]:
    """Yield (line, name, parameters, raw value) of each property, folded lines made whole."""
    whole, began = "", 0
    quoted_printable = False
    lines = re.split(r"\r\n|\r|\n", text)
    for number, line in enumerate((*lines, "END-OF-FILE:"), start=1):
        if quoted_printable and whole.endswith("="):
            whole = whole[:-1] + line
        elif line[:1] in (" ", "\t") and whole:
            whole += line[1:]
        else:
            if whole.strip():
                yield began, *_split(whole)
            whole, began = line, number
            quoted_printable = "QUOTED-PRINTABLE" in line.partition(":")[0].upper()


def _split(line: str) -> tuple[str, dict[str, str], str]:
    head, _, value = _split_outside_quotes(line)
    name, *given = head.split(";")
    parameters: dict[str, str] = {}
    for parameter in given:
        key, found, text = parameter.partition("=")
        # 2.1 writes the value alone: TEL;CELL:…
        key, text = (key.upper(), text.strip('"')) if found else ("TYPE", key)
        parameters[key] = f"{parameters[key]},{text}" if key in parameters else text
    if "QUOTED-PRINTABLE" in parameters.get("ENCODING", parameters.get("TYPE", "")).upper():
        value = _unquote(value, parameters.get("CHARSET", "utf-8"))
    return name.rpartition(".")[2].upper(), parameters, value


def _split_outside_quotes(line: str) -> tuple[str, str, str]:
    """Split at the first colon that is not in a quoted parameter."""
    quoted = False
    for place, character in enumerate(line):
        if character == '"':
            quoted = not quoted
        elif character == ":" and not quoted:
            return line[:place], ":", line[place + 1 :]
    return line.partition(":")


def _unquote(value: str, charset: str) -> str:
    raw = binascii.a2b_qp(value.encode("utf-8"))
    try:
        return raw.decode(charset)
    except (LookupError, UnicodeDecodeError):
        return decode(raw)[0]


def _take(card: _Card, name: str, parameters: Mapping[str, str], value: str) -> None:
    if name == "TEL":
        number = _text(value).removeprefix("tel:")
        card.phones.append((_phone_rank(parameters), number))
    elif name == "EMAIL":
        card.emails.append((0 if _preferred(parameters) else 1, _text(value).strip()))
    elif name == "ORG":
        card.cells.setdefault(COMPANY, _text(_parts(value, ";")[0]))
    elif name == "ADR":
        parts = [_text(part).strip() for part in _parts(value, ";")]
        parts += [""] * (7 - len(parts))
        street = " ".join(part for part in parts[:3] if part)
        for header, part in zip(
            (STREET, CITY, PROVINCE, POSTAL_CODE, COUNTRY), (street, *parts[3:7]), strict=True
        ):
            if part:
                card.cells.setdefault(header, part)
    elif name == "CATEGORIES":
        card.cells.setdefault(TAGS, ", ".join(_text(part).strip() for part in _parts(value, ",")))
    elif name == "N":
        card.cells.setdefault("N", value)
    elif name in _SINGLE:
        text = _text(value).strip()
        if name == "BDAY":
            text = _birthday(text)
        if text:
            card.cells.setdefault(_SINGLE[name], text)


def _preferred(parameters: Mapping[str, str]) -> bool:
    return "PREF" in parameters or "pref" in parameters.get("TYPE", "").lower()


def _phone_rank(parameters: Mapping[str, str]) -> int:
    kinds = parameters.get("TYPE", "").lower()
    if "fax" in kinds or "pager" in kinds:
        return 4
    if _preferred(parameters):
        return 0
    return 1 if "cell" in kinds else 2 if "work" in kinds else 3


def _birthday(text: str) -> str:
    """Return the day as YYYY-MM-DD where the card has a whole one; a birthday without a year is none here."""
    found = re.match(r"(\d{4})-?(\d\d)-?(\d\d)", text)
    return "-".join(found.groups()) if found else ""


def _finish(card: _Card) -> tuple[int, dict[str, str], Message | None]:
    cells = dict(card.cells)
    structured = [_text(part).strip() for part in _parts(cells.pop("N", ""), ";")]
    if NAME not in cells and any(structured):
        cells[NAME] = _full_name(structured)
    for header, others, found in (
        (PHONE, OTHER_PHONES, card.phones),
        (EMAIL, OTHER_EMAILS, card.emails),
    ):
        ranked = [text for _, text in sorted(found, key=lambda each: each[0]) if text]
        if ranked:
            cells[header] = ranked[0]
        if ranked[1:]:
            cells[others] = ", ".join(ranked[1:])
    return card.line, cells, None


def _full_name(parts: Sequence[str]) -> str:
    family, given, middle, prefix, suffix = (*parts, "", "", "", "", "")[:5]
    if not (family + given).isascii():
        return family + given  # Chinese names have the family name first and no space
    return " ".join(part for part in (prefix, given, middle, family, suffix) if part)


def _cut_off(card: _Card) -> tuple[int, dict[str, str], Message | None]:
    line, cells, _ = _finish(card)
    return line, cells, message(N_("The card begins here and has no end"))


def _parts(value: str, separator: str) -> list[str]:
    """Split at separators that are not escaped; the parts keep their escapes."""
    parts, escaped = [""], False
    for character in value:
        if character == separator and not escaped:
            parts.append("")
        else:
            parts[-1] += character
        escaped = character == "\\" and not escaped
    return parts


def _text(value: str) -> str:
    return _UNESCAPE.sub(lambda found: "\n" if found[1] in "nN" else found[1], value)


def _escape(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "")
    return escaped.replace(",", "\\,").replace(";", "\\;")


def _fold(line: str) -> str:
    """Return the line with its ends, folded so that no piece is longer than 75 bytes of UTF-8."""
    pieces, piece, room = [], "", FOLD_BYTES
    for character in line:
        size = len(character.encode("utf-8"))
        if size > room:
            pieces.append(piece)
            piece, room = "", FOLD_BYTES - 1
        piece += character
        room -= size
    return "\r\n ".join((*pieces, piece)) + "\r\n"
