"""Find out how text is encoded: UTF-8, UTF-16, GB18030 or Windows-1252."""

from __future__ import annotations

import re

from crm_core.i18n import N_, Message, message

_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_SAMPLE = 64 * 1024
_HIGH_BYTES = re.compile(rb"[\x80-\xff]+")
_SEPARATORS = re.compile(rb"[\t\n\r,:;]")
_WIDE_SEPARATORS = {"utf-16-le": re.compile(rb"[\t\n\r,:;]\0"), "utf-16-be": re.compile(rb"\0[\t\n\r,:;]")}
NAMES = {
    "utf-8": "UTF-8",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "gb18030": "GB18030",
    "cp1252": "Windows-1252",
}


def decode(raw: bytes, encoding: str = "") -> tuple[str, bool, tuple[Message, ...]]:
    """Return the text, whether some bytes of it could not be read, and what to say about it.

    `encoding` is one of `NAMES`; empty: found out.

    Bytes that could not be read have become U+FFFD; where the second member is False, no character of
    the text stands for such bytes.
    """
    encoding, skipped = chosen_encoding(raw, encoding)
    body = raw[skipped:]
    try:
        text, broken = body.decode(encoding), False
    except UnicodeDecodeError:
        text, broken = body.decode(encoding, errors="replace"), True
    notes = (
        () if encoding == "utf-8" else (message(N_("The text is in {encoding}"), encoding=NAMES[encoding]),)
    )
    return text, broken, notes


def chosen_encoding(raw: bytes, wanted: str = "") -> tuple[str, int]:
    """Return the encoding, the wanted one or the one found out, and the size of its byte order mark."""
    if wanted:
        mark = next((mark for mark, encoding in _BOMS if encoding == wanted and raw.startswith(mark)), b"")
        return wanted, len(mark)
    for mark, encoding in _BOMS:
        if raw.startswith(mark):
            return encoding, len(mark)
    sample = raw[:_SAMPLE]
    # No text has zeros but UTF-16: one beside each comma, line end and Latin letter, all on the same side.
    zeros_even, zeros_odd = sample[0::2].count(0), sample[1::2].count(0)
    if max(zeros_even, zeros_odd) > 3 * min(zeros_even, zeros_odd):
        encoding = "utf-16-le" if zeros_odd > zeros_even else "utf-16-be"
        if _separates(sample, encoding):
            return encoding, 0
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return _legacy_encoding(raw), 0
    return "utf-8", 0


def _separates(sample: bytes, encoding: str) -> bool:
    """Tell whether line ends and delimiters have a zero beside them: a stray zero or two is damage only.

    Halves of Chinese characters look like separators too, but not so often.
    """
    paired = _WIDE_SEPARATORS[encoding].findall(sample)
    return 2 * len(paired) >= len(_SEPARATORS.findall(sample))


def _legacy_encoding(raw: bytes) -> str:
    """Tell damaged UTF-8 from the two other encodings met in practice.

    Line by line: text of another encoding is hardly ever valid UTF-8, so one good half of the lines that
    are not ASCII makes it UTF-8 with some damage. Chinese characters are two or four bytes that mostly
    follow each other; a Western letter's single high byte stands between ASCII.
    """
    lines = [line for line in raw.splitlines() if not line.isascii()]
    good = sum(_is_utf8(line) for line in lines)
    if 2 * good >= len(lines):
        return "utf-8"
    runs = _HIGH_BYTES.findall(raw)
    lonely = sum(len(run) == 1 for run in runs)
    if 2 * lonely > len(runs):
        try:
            raw.decode("cp1252")
        except UnicodeDecodeError:
            return "gb18030"
        return "cp1252"
    return "gb18030"


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
