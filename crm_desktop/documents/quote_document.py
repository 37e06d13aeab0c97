"""What a printed quote says, as plain values: filled by a program, laid out by `quote_pages`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from crm_core.money import Money
from crm_core.rules.totals import Totals

_NUMBERING = re.compile(r"\A\s*(?:[0-9]{1,2}|[一二三四五六七八九十]{1,3})\s*(?:[.)](?=\s)|[、．）])\s*")
# A code of this many characters is still read by a telephone at 18 mm.
_LONGEST_ADDRESS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Letterhead:
    """The company that offers. `logo` is a PNG or JPEG file's content."""

    name_zh: str = ""
    name_en: str = ""
    address_zh: str = ""
    address_en: str = ""
    phone: str = ""
    email: str = ""
    website: str = ""
    logo: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerBlock:
    """Whom the quote is for; `contact` is the person, with the title if wanted."""

    name_zh: str = ""
    name_en: str = ""
    address_zh: str = ""
    address_en: str = ""
    contact: str = ""
    phone: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedBy:
    """Who made the quote."""

    name_zh: str = ""
    name_en: str = ""
    title_zh: str = ""
    title_en: str = ""
    phone: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedLine:
    """One row of the table; its amount stands in the quote's totals at the same place.

    A text known in one language only is printed in that one. The percentage runs from 0 to 100.
    """

    code: str = ""
    description_zh: str = ""
    description_en: str = ""
    quantity: Decimal
    unit_zh: str = ""
    unit_en: str = ""
    unit_price: Money
    discount_percent: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedGroup:
    """Lines that follow each other under a heading: `count` of them, from the line at `first` on.

    `subtotal_minor` is what its lines come to that count, less the group's own `allowance_minor`.
    """

    title_zh: str = ""
    title_en: str = ""
    first: int
    count: int
    allowance_minor: int = 0
    subtotal_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteDocument:
    """A quote to print. `totals.lines` belong to `lines`, one to one; terms are numbered when printed.

    `groups` stand in the order of the lines and do not overlap; a line may be in none. `draft`: the number
    is not a final one. `subject_to_approval`: somebody has still to approve the discount. `acceptance_url`:
    where the customer may accept online, None without such a page. `version` 0: it has none.
    """

    letterhead: Letterhead
    number: str
    version: int
    issued_on: date
    valid_until: date | None
    customer: CustomerBlock
    prepared_by: PreparedBy
    lines: tuple[PrintedLine, ...]
    totals: Totals
    groups: tuple[PrintedGroup, ...] = ()
    terms_zh: tuple[str, ...] = ()
    terms_en: tuple[str, ...] = ()
    acceptance_url: str | None = None
    draft: bool = False
    subject_to_approval: bool = False

    def __post_init__(self) -> None:
        """Refuse lines and totals that do not belong together: a bug of the caller."""
        if len(self.lines) != len(self.totals.lines):
            raise ValueError(f"{len(self.lines)} lines, but totals of {len(self.totals.lines)}")
        if any(line.unit_price.currency != self.totals.currency for line in self.lines):
            raise ValueError("a line is priced in another currency than the totals")
        end = 0
        for group in self.groups:
            if group.first < end or group.count < 1 or group.first + group.count > len(self.lines):
                raise ValueError("groups overlap, are out of order or hold no line")
            end = group.first + group.count
            counted = (each.net_minor for each in self.totals.lines[group.first : end] if each.counts)
            if group.subtotal_minor != sum(counted) - group.allowance_minor:
                raise ValueError(f"{group.subtotal_minor} is not what the lines of a group come to")
        address = self.acceptance_url
        if address is not None and not (
            address.startswith(("https://", "http://"))
            and len(address) <= _LONGEST_ADDRESS
            and address.isascii()
        ):
            raise ValueError("the acceptance address is no short http address in ASCII")

    @property
    def currency(self) -> str:
        """The currency of every amount."""
        return self.totals.currency


def clauses(text: str | None) -> tuple[str, ...]:
    """Return the terms typed as one text, a clause a line, without the numbers typed before them."""
    lines = (_NUMBERING.sub("", line).strip() for line in (text or "").splitlines())
    return tuple(line for line in lines if line)
