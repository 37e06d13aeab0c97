"""The mail a scheduled report goes out as: plain text and HTML with pictures in it, and files beside it."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from typing import Final, TypeVar
from unicodedata import east_asian_width

from crm_core.charts.board import Placed
from crm_core.charts.told import summary
from crm_core.charts.words import Words
from crm_core.i18n import N_, Message, message
from crm_core.reporting import texts
from crm_core.rules.mailing import message_id
from crm_core.rules.reports import ReportTable
from resources import translation
from resources.board_file import PNG, board_file

T = TypeVar("T")
ROWS_MOST: Final = 60
"""Rows of a table in the mail itself; the rest is in its files, and at HQ."""
PICTURE: Final = "figures"
_XLSX: Final = "vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_STYLE: Final = """
:root { color-scheme: light dark; supported-color-schemes: light dark; }
body { margin: 0; padding: 16px; background: #ffffff; color: #16242b; font: 15px/1.5 sans-serif; }
h1 { font-size: 20px; margin: 0 0 4px; } h2 { font-size: 16px; margin: 24px 0 4px; }
p.soft, td.soft, .foot { color: #55646b; } .foot { font-size: 13px; margin-top: 24px; }
img { max-width: 100%; height: auto; background: #f3f5f6; border-radius: 6px; }
table { border-collapse: collapse; margin: 4px 0 0; }
th, td { border-bottom: 1px solid #d5dce0; padding: 4px 10px; text-align: left; }
th { font-weight: 600; } .n { text-align: right; white-space: nowrap; } .sum td { font-weight: 600; }
@media (prefers-color-scheme: dark) {
  body { background: #12191d; color: #e4eaed; } p.soft, td.soft, .foot { color: #a3b1b8; }
  th, td { border-color: #37454c; }
}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A report in the mail: what it is called, and its numbers or why there are none."""

    title: str
    table: ReportTable | None = None
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """A file beside the mail."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What goes into one mail."""

    sending_id: str
    name: Message
    remark: Message
    """By whose rights, and as of when."""
    blocks: Sequence[Block]
    tiles: Sequence[Placed]
    files: Sequence[Attached]
    language: str


def letter_of(wanted: Wanted, sender: Address, to: Address, now_ms: int) -> EmailMessage:
    """Return the mail. Its id follows from the sending: sent twice, mail programs know the double."""
    translate = translation(wanted.language)
    name, remark = wanted.name.show(translate), wanted.remark.show(translate)
    picture = board_file(PNG, wanted.tiles, wanted.name, wanted.remark, wanted.language)
    letter = EmailMessage(policy=SMTP)
    letter["From"], letter["To"] = sender, to
    letter["Subject"] = name
    letter["Date"] = formatdate(now_ms / 1000)
    letter["Message-ID"] = message_id(wanted.sending_id, sender.domain)
    letter["Auto-Submitted"] = "auto-generated"
    letter["Content-Language"] = wanted.language.replace("_", "-")
    letter.set_content("\n".join(_plain(wanted, name, remark)), charset="utf-8")
    cid = f"{PICTURE}-{wanted.sending_id}@{sender.domain}"
    letter.add_alternative("\n".join(_html(wanted, name, remark, cid)), subtype="html", charset="utf-8")
    body = letter.get_payload()[1]  # type: ignore[index]
    body.add_related(picture, "image", "png", cid=f"<{cid}>", filename="figures.png", disposition="inline")  # type: ignore[union-attr]
    for file in wanted.files:
        kind = "pdf" if file.name.endswith(".pdf") else _XLSX
        letter.add_attachment(file.content, maintype="application", subtype=kind, filename=file.name)
    return letter


def _summaries(wanted: Wanted) -> str:
    """Return the pictures in words, for those who do not see them."""
    words = Words(translation(wanted.language), wanted.language)
    said = [f"{words.show(each.title)}: {summary(each.chart, words)}" for each in wanted.tiles if each.chart]
    return " ".join(said)


def _plain(wanted: Wanted, name: str, remark: str) -> Iterator[str]:
    translate = translation(wanted.language)
    yield from (name, "=" * _width(name), remark, "")
    for block in wanted.blocks:
        yield from (block.title, "-" * _width(block.title))
        if block.table is None:
            yield from (block.fault, "")
            continue
        heads = texts.heads(block.table, translate)
        rows = [[_cell(cell) for cell in cells] for _, cells in texts.rows(block.table, translate)]
        shown = _shown(rows, block.table)
        widths = [max(_width(line[at]) for line in [heads, *shown]) for at in range(len(heads))]
        first = len(heads) - len(texts.units(block.table))
        for line in [heads, *shown]:
            padded = (
                _padded(text, width, right=at >= first)
                for at, (text, width) in enumerate(zip(line, widths, strict=True))
            )
            yield "  ".join(padded).rstrip()
        if len(shown) < len(rows):
            yield message(N_("and {count} more rows"), count=len(rows) - len(shown)).show(translate)
        yield from texts.notes(block.table, translate)
        yield ""


def _html(wanted: Wanted, name: str, remark: str, cid: str) -> Iterator[str]:
    translate, say = translation(wanted.language), html.escape
    yield f'<!DOCTYPE html><html lang="{wanted.language.replace("_", "-")}"><head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">'
    yield f"<title>{say(name)}</title><style>{_STYLE}</style></head><body>"
    yield f'<h1>{say(name)}</h1><p class="soft">{say(remark)}</p>'
    yield f'<img src="cid:{cid}" width="860" alt="{say(_summaries(wanted), quote=True)}">'
    for block in wanted.blocks:
        yield f"<h2>{say(block.title)}</h2>"
        if block.table is None:
            yield f'<p class="soft">{say(block.fault)}</p>'
            continue
        heads = texts.heads(block.table, translate)
        first = len(heads) - len(texts.units(block.table))
        yield "<table><thead><tr>"
        yield "".join(
            f'<th scope="col"{_right(at >= first)}>{say(head)}</th>' for at, head in enumerate(heads)
        )
        yield "</tr></thead><tbody>"
        every = list(texts.rows(block.table, translate))
        shown = _shown(every, block.table)
        totals = len(every) - len(block.table.rows)
        for place, (_, cells) in enumerate(shown):
            is_total = place >= len(shown) - totals
            yield '<tr class="sum">' if is_total else "<tr>"
            for at, cell in enumerate(cells):
                said = say(_cell(cell))
                yield (
                    f'<th scope="row">{said}</th>'
                    if at == 0 < first
                    else f"<td{_right(at >= first)}>{said}</td>"
                )
            yield "</tr>"
        yield "</tbody></table>"
        notes = list(texts.notes(block.table, translate))
        if len(shown) < len(every):
            notes.insert(
                0, message(N_("and {count} more rows"), count=len(every) - len(shown)).show(translate)
            )
        yield from (f'<p class="soft">{say(note)}</p>' for note in notes)
    foot = message(N_("Satchel at headquarters sends this by itself. Whoever made it can pause it."))
    yield f'<p class="foot">{say(foot.show(translate))}</p></body></html>'


def _shown(rows: list[T], table: ReportTable) -> list[T]:
    """Return the rows a mail has room for, the totals among them."""
    totals = len(rows) - len(table.rows)
    if len(rows) <= ROWS_MOST + totals:
        return rows
    return [*rows[:ROWS_MOST], *rows[len(rows) - totals :]]


def _right(numbers: bool) -> str:
    return ' class="n"' if numbers else ""


def _cell(cell: object) -> str:
    if cell is None:
        return "–"
    return cell if isinstance(cell, str) else f"{cell:,f}"


def _width(text: str) -> int:
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def _padded(text: str, width: int, *, right: bool) -> str:
    space = " " * (width - _width(text))
    return space + text if right else text + space
