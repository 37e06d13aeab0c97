"""Read a file's bytes into one table, whichever of the known kinds they are."""

from __future__ import annotations

from crm_core.errors import UserError
from crm_core.exchange import delimited, records, spreadsheet, vcard
from crm_core.exchange.source import SourceTable, TextForm
from crm_core.i18n import N_

MAX_BYTES = 256 * 1024 * 1024  # a million deals as CSV are about 80 MB

_SPREADSHEET_ENDINGS = ("xlsx", "xlsm", "xlsb", "xls", "ods")
_ZIP = b"PK\x03\x04"
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def read_table(raw: bytes, file_name: str, form: TextForm | None = None) -> SourceTable:
    """Return the table in a file: CSV, a spreadsheet, vCard or JSON, told by its content and its ending.

    `form` says how delimited text is read. Raises `UserError` where there is no table in it at all. What is
    wrong with single rows stays with them.
    """
    if len(raw) > MAX_BYTES:
        raise UserError(N_("The file is larger than {limit} MB"), limit=MAX_BYTES // 1024**2)
    ending = file_name.rpartition(".")[2].lower()
    if raw.startswith((_ZIP, _COMPOUND)):
        return spreadsheet.read(raw)
    if ending in _SPREADSHEET_ENDINGS:
        raise UserError(N_("This is no spreadsheet, whatever the file’s name says"))
    if ending == "vcf" or raw[:64].lstrip(b"\xef\xbb\xbf \t\r\n")[:11].upper() == b"BEGIN:VCARD":
        return vcard.read(raw)
    if ending in ("json", "jsonl", "ndjson"):
        return records.read(raw)
    return delimited.read(raw, form)
