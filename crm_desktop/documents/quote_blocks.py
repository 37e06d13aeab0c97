"""The parts of a quote above and below its table."""

from __future__ import annotations

from crm_core.rules import figures
from crm_core.rules.words import chinese_capitals, english_words
from crm_desktop.documents.columns import BODY, SECOND, STRONG, Style
from crm_desktop.documents.labels import Label, say_tax
from crm_desktop.documents.manuscript import Manuscript
from crm_desktop.documents.paper import (
    LEFT,
    RIGHT,
    TEXT_WIDTH,
    Align,
    Bar,
    Block,
    Bookmark,
    Ink,
    Mark,
    Outline,
    Picture,
    QrCode,
    Rule,
    Text,
    beside,
)
from crm_desktop.documents.pictures import proportion
from resources.face import Face

_LOGO = 11.6
_WIDEST_LOGO = 36.0
_ADDRESS_WIDTH = 72.0
_ACCENT_LINE = 0.5
_INK_LINE = 0.25
_FACTS_X = 144.3
_COLUMN_GAP = 6.0
_HALF = (TEXT_WIDTH - _COLUMN_GAP) / 2
_SECOND_COLUMN_X = LEFT + _HALF + _COLUMN_GAP
_TOTALS_WIDTH = 77.0
_TOTALS_X = RIGHT - _TOTALS_WIDTH
_SIGNATURE_WIDTH = 65.0
_SIGNATURE_GAP = 9.0
_QR_SIZE = 18.0
_CLAUSE_LEADING = 4.8

_NAME_ZH = Style(size=12, leading=5.6, face=Face.STRONG)
_NAME_EN = Style(size=8.25, leading=4.2, ink=Ink.SOFT)
_NAME_FIRST = Style(size=10, leading=5.7, face=Face.STRONG)
_HEADING = Style(size=7.5, leading=3.5, face=Face.STRONG, ink=Ink.ACCENT)
_PARTY = Style(size=8.25, leading=4.1)


def letterhead(quote: Manuscript) -> Block:
    """Return logo and names at left, addresses at right, and the accent rule below."""
    ours = quote.document.letterhead
    marks: list[Mark] = []
    names_x = LEFT
    if ours.logo is not None:
        shape = proportion(ours.logo)
        logo_width = min(_WIDEST_LOGO, _LOGO * shape)
        marks.append(Picture(x=LEFT, y=0, width=logo_width, height=logo_width / shape, content=ours.logo))
        names_x += logo_width + 3.8
    names = quote.column(
        [
            (quote.choose(ours.name_zh, ours.name_en), _NAME_ZH),
            (quote.second(ours.name_zh, ours.name_en), _NAME_EN),
        ],
        x=names_x,
        width=RIGHT - _ADDRESS_WIDTH - names_x - 3,
    )
    addresses = quote.column(
        [
            (quote.choose(ours.address_zh, ours.address_en), SECOND),
            (quote.second(ours.address_zh, ours.address_en), SECOND),
            (_spaced(ours.phone, ours.email), SECOND),
            (ours.website, SECOND),
        ],
        x=RIGHT,
        width=_ADDRESS_WIDTH,
        align=Align.RIGHT,
    )
    height = max(_LOGO, names.height, addresses.height) + 4.2
    marks += [*names.marks, *addresses.marks]
    marks.append(Rule(x=LEFT, y=height - 0.25, width=TEXT_WIDTH, thickness=_ACCENT_LINE, ink=Ink.ACCENT))
    return Block(height=height, marks=tuple(marks))


def title(quote: Manuscript) -> Block:
    """Return the title with its mark, and number, version and dates at right."""
    facts = [
        (Label.NUMBER, quote.document.number),
        (Label.VERSION, str(quote.document.version)),
        (Label.DATE, quote.document.issued_on.isoformat()),
    ]
    if quote.document.valid_until is not None:
        facts.append((Label.VALID_UNTIL, quote.document.valid_until.isoformat()))
    leading = 4.45
    height = leading * max(len(facts), 3)
    baseline = height - 1.5
    first = Label.QUOTATION.en if quote.language == "en" else Label.QUOTATION.zh
    marks: list[Mark] = [Text(x=LEFT, y=baseline, text=first, size=21, face=Face.STRONG)]
    x = LEFT + quote.width(first, Face.STRONG, 21)
    if quote.language == "both":
        marks.append(Text(x=x + 3.8, y=baseline, text=Label.QUOTATION.en, size=11, ink=Ink.SOFT))
        x += 3.8 + quote.width(Label.QUOTATION.en, Face.REGULAR, 11)
    if quote.document.subject_to_approval:
        warning = quote.say(Label.SUBJECT_TO_APPROVAL)
        width = quote.width(warning, Face.REGULAR, 7.5)
        marks.append(Outline(x=x + 4.3, y=baseline - 4.3, width=width + 4.4, height=5.1))
        marks.append(Text(x=x + 6.5, y=baseline - 0.8, text=warning, size=7.5))
    for index, (label, value) in enumerate(facts):
        y = leading * (index + 1) - 1.1
        word = quote.say(label)
        room = RIGHT - _FACTS_X - quote.width(word, Face.REGULAR, BODY.size) - 2
        size = quote.fit(value, room, Face.STRONG, BODY.size)
        marks.append(Text(x=_FACTS_X, y=y, text=word, size=BODY.size, ink=Ink.SOFT))
        marks.append(Text(x=RIGHT, y=y, text=value, size=size, face=Face.STRONG, align=Align.RIGHT))
    return Block(height=height, marks=tuple(marks))


def parties(quote: Manuscript) -> Block:
    """Return the customer at left and who prepared the quote at right."""
    theirs, ours = quote.document.customer, quote.document.prepared_by
    second_line = ", ".join(
        text
        for text in (
            quote.second(theirs.name_zh, theirs.name_en),
            quote.second(theirs.address_zh, theirs.address_en),
        )
        if text
    )
    customer = quote.column(
        [
            (quote.say(Label.CUSTOMER), _HEADING),
            (quote.choose(theirs.name_zh, theirs.name_en), _NAME_FIRST),
            (quote.choose(theirs.address_zh, theirs.address_en), _PARTY),
            (second_line, SECOND),
            (_spaced(theirs.contact, theirs.phone, theirs.email), _PARTY),
        ],
        x=LEFT,
        width=_HALF,
    )
    name = " ".join(
        text
        for text in (
            quote.choose(ours.name_zh, ours.name_en),
            quote.second(ours.name_zh, ours.name_en),
        )
        if text
    )
    prepared_by = quote.column(
        [
            (quote.say(Label.PREPARED_BY), _HEADING),
            (name, _NAME_FIRST),
            (quote.choose(ours.title_zh, ours.title_en), _PARTY),
            (quote.second(ours.title_zh, ours.title_en), SECOND),
            (_spaced(ours.phone, ours.email), _PARTY),
        ],
        x=_SECOND_COLUMN_X,
        width=_HALF,
    )
    return beside([customer, prepared_by])


def totals(quote: Manuscript) -> Block:
    """Return the sums at right, and at left the total in words, on the same foot."""
    found = quote.document.totals
    subtotal = Label.SUBTOTAL_WITH_TAX if found.tax_included else Label.SUBTOTAL
    rows = [(quote.say(subtotal), found.subtotal_minor)]
    if found.allowance_minor:
        rows.append((quote.say(Label.ALLOWANCE), -found.allowance_minor))
    taxes = [each for each in found.taxes if each.rate]
    if taxes and not found.tax_included and found.allowance_minor:
        rows.append((quote.say(Label.NET), found.net_minor))
    for tax in [] if found.tax_included else taxes:
        word = say_tax(figures.percent(tax.rate), quote.language, included=False)
        rows.append((word, tax.tax_minor))
    words = _in_words(quote)
    leading, total_height = 5.05, 9.4
    included = [
        (say_tax(figures.percent(tax.rate), quote.language, included=True), tax.tax_minor)
        for tax in (taxes if found.tax_included else [])
    ]
    above = 1.8
    rule_y = max(above + leading * len(rows), words.height + 7 - total_height - leading * len(included))
    height = rule_y + total_height + leading * len(included)
    marks: list[Mark] = []
    y = rule_y - leading * len(rows)
    for word, minor in rows:
        y += leading
        marks += _sum(word, minor, y - 1.0, quote)
    marks.append(Rule(x=_TOTALS_X, y=rule_y + 2.3, width=_TOTALS_WIDTH, thickness=_INK_LINE))
    word = f"{quote.say(Label.TOTAL)} {quote.document.currency}"
    marks += _sum(word, found.total_minor, rule_y + 8.0, quote, grand=True)
    y = rule_y + 8.0
    for word, minor in included:
        y += leading
        marks += _sum(word, minor, y, quote)
    note = Text(x=LEFT, y=5.9, text=quote.say(Label.ROUNDING), size=7.0, ink=Ink.SOFT)
    entry = Bookmark(y=0, title=quote.say(Label.TOTAL))
    return Block(height=height, marks=(entry, note, *words.at(height - words.height), *marks))


def _sum(
    word: str,
    minor: int,
    y: float,
    quote: Manuscript,
    *,
    grand: bool = False,
) -> list[Text]:
    size, face = (11.0, Face.STRONG) if grand else (BODY.size, Face.REGULAR)
    value = quote.amount(minor)
    room = _TOTALS_WIDTH - quote.width(word, face, size) - 3
    return [
        Text(x=_TOTALS_X, y=y, text=word, size=size, face=face),
        Text(
            x=RIGHT,
            y=y,
            text=value,
            size=quote.fit(value, room, face, size),
            face=face,
            align=Align.RIGHT,
        ),
    ]


def _in_words(quote: Manuscript) -> Block:
    """Return the total in words beside an accent bar."""
    total = quote.document.totals.total
    text = quote.column(
        [
            (quote.say(Label.IN_WORDS), Style(size=7.5, leading=4.2, ink=Ink.SOFT)),
            (
                english_words(total) if quote.language == "en" else chinese_capitals(total),
                Style(size=10, leading=4.7, face=Face.STRONG),
            ),
        ],
        x=LEFT + 3.8,
        width=_TOTALS_X - LEFT - 3.8 - 5,
    )
    height = text.height + 0.9
    bar = Bar(x=LEFT, y=0, width=_ACCENT_LINE, height=height, ink=Ink.ACCENT)
    return Block(height=height, marks=(bar, *text.marks))


def terms_columns(quote: Manuscript) -> tuple[tuple[Block, ...], ...]:
    """Return one or two columns of terms, each a block a line, so that they may break anywhere."""
    zh, en = quote.document.terms_zh, quote.document.terms_en
    if quote.language == "both" and zh and en:
        first = _clauses(zh, BODY, quote, x=LEFT, width=_HALF)
        other = _clauses(en, SECOND, quote, x=_SECOND_COLUMN_X, width=_HALF)
        return first, other
    chosen = (en or zh) if quote.language == "en" else (zh or en)
    return (_clauses(chosen, BODY, quote, x=LEFT, width=TEXT_WIDTH),) if chosen else ()


def _clauses(
    texts: tuple[str, ...], style: Style, quote: Manuscript, *, x: float, width: float
) -> tuple[Block, ...]:
    """Return the numbered clauses line by line."""
    indent = 4.0 if len(texts) < 10 else 5.5
    lines: list[Block] = []
    for number, text in enumerate(texts, start=1):
        wrapped = quote.wrap(text, width - indent, style)
        for index, line in enumerate(wrapped):
            height = style.leading if index else _CLAUSE_LEADING
            y = height - 1.1
            marks = [Text(x=x + indent, y=y, text=line, size=style.size, ink=style.ink)]
            if index == 0:
                marks.insert(0, Text(x=x, y=y, text=f"{number}.", size=style.size, ink=style.ink))
            lines.append(Block(height=height, marks=tuple(marks)))
    return tuple(lines)


def terms_heading(quote: Manuscript) -> Block:
    """Return the word above the terms."""
    word = quote.say(Label.TERMS)
    text = Text(x=LEFT, y=9.0, text=word, size=STRONG.size, face=STRONG.face)
    return Block(height=11.1, marks=(Bookmark(y=0, title=word), text))


def signatures(quote: Manuscript) -> Block:
    """Return two lines to sign on and, where the customer may accept online, the code that leads there."""
    marks: list[Mark] = []
    for label, x in ((Label.SUPPLIER, LEFT), (Label.BUYER, LEFT + _SIGNATURE_WIDTH + _SIGNATURE_GAP)):
        marks += [
            Text(x=x, y=9.2, text=quote.say(label), size=STRONG.size, face=STRONG.face),
            Rule(x=x, y=18.0, width=_SIGNATURE_WIDTH, thickness=_INK_LINE),
            Text(x=x, y=22.5, text=quote.say(Label.SIGNATURE), size=7.5, ink=Ink.SOFT),
        ]
    if quote.document.acceptance_url is None:
        return Block(height=24.0, marks=tuple(marks))
    marks.append(QrCode(x=RIGHT - _QR_SIZE, y=6.4, size=_QR_SIZE, address=quote.document.acceptance_url))
    word = quote.say(Label.ACCEPT)
    marks.append(Text(x=RIGHT, y=28.9, text=word, size=7.5, ink=Ink.SOFT, align=Align.RIGHT))
    return Block(height=30.0, marks=tuple(marks))


def running_head(quote: Manuscript) -> Block:
    """Return the head of every page but the first."""
    ours = quote.document.letterhead
    name = quote.choose(ours.name_zh, ours.name_en)
    right = " · ".join(filter(None, (f"{quote.called} {quote.document.number}", quote.say_version())))
    room = TEXT_WIDTH - quote.width(right, Face.REGULAR, 7.5) - 6
    size = quote.fit(name, room, Face.STRONG, BODY.size)
    return Block(
        height=9.5,
        marks=(
            Text(x=LEFT, y=3.4, text=name, size=size, face=Face.STRONG),
            Text(x=RIGHT, y=3.4, text=right, size=7.5, ink=Ink.SOFT, align=Align.RIGHT),
            Rule(x=LEFT, y=5.8, width=TEXT_WIDTH, thickness=_ACCENT_LINE, ink=Ink.ACCENT),
        ),
    )


def _spaced(*texts: str) -> str:
    """Return the texts that there are, with a wide gap between them."""
    return "\u3000".join(text for text in texts if text)
