"""Pages being filled, and what stands on each of them: foot, watermarks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from crm_desktop.documents.labels import Label, say_page
from crm_desktop.documents.manuscript import Manuscript
from crm_desktop.documents.paper import (
    LEFT,
    PAGE_HEIGHT,
    PAGE_WIDTH,
    RIGHT,
    TEXT_WIDTH,
    Align,
    Block,
    Ink,
    Mark,
    Page,
    Rule,
    Text,
    Watermark,
)
from crm_desktop.documents.typesetting import printable
from resources.face import Face

TOP = 14.0
BODY_BOTTOM = 279.0
_FOOT_RULE = 280.5
_FOOT_BASELINE = 285.7
_WATERMARK_LENGTH = 240.0  # what the page has across, for two beside each other


@dataclass(slots=True)
class Sheet:
    """A page being filled from the top."""

    y: float
    marks: list[Mark] = field(default_factory=list)

    @property
    def room(self) -> float:
        """What is left above the foot, in millimetres."""
        return BODY_BOTTOM - self.y

    def add(self, block: Block) -> None:
        """Put a block below what is there."""
        self.marks += block.at(self.y)
        self.y += block.height


def turn(sheets: list[Sheet], running: Block) -> None:
    """Begin a further sheet below the running head."""
    sheet = Sheet(y=TOP)
    sheet.add(running)
    sheets.append(sheet)


def finish(sheet: Sheet, number: int, count: int, quote: Manuscript) -> Page:
    """Return the page with its foot, and the watermark of one that is not final below everything."""
    marks: list[Mark] = [*_watermarks(quote)]
    left = " · ".join(filter(None, (quote.document.number, quote.say_version())))
    right = say_page(number, count, quote.language)
    marks += [
        *sheet.marks,
        Rule(x=LEFT, y=_FOOT_RULE, width=TEXT_WIDTH, thickness=0.25, ink=Ink.LINE),
        Text(x=LEFT, y=_FOOT_BASELINE, text=left, size=7.5, ink=Ink.SOFT),
        Text(x=RIGHT, y=_FOOT_BASELINE, text=right, size=7.5, ink=Ink.SOFT, align=Align.RIGHT),
    ]
    return Page(marks=tuple(_clean(mark) if isinstance(mark, Text) else mark for mark in marks))


def _watermarks(quote: Manuscript) -> tuple[Watermark, ...]:
    """Return what lies below everything on a page that is not yet final."""
    labels = [
        label
        for label, holds in (
            (Label.DRAFT, quote.document.draft),
            (Label.AWAITING_APPROVAL, quote.document.subject_to_approval),
        )
        if holds
    ]
    words = [f"{each.en} {each.zh}" if quote.language == "both" else quote.say(each) for each in labels]
    apart = 36.0
    return tuple(
        Watermark(
            x=PAGE_WIDTH / 2,
            y=PAGE_HEIGHT / 2 + apart * (2 * place - len(words) + 1),
            text=word,
            size=quote.fit(word, _WATERMARK_LENGTH, Face.STRONG, 92),
            degrees=52,
        )
        for place, word in enumerate(words)
    )


def _clean(mark: Text) -> Text:
    """Return the text on one line without what has no ink; wrapped texts are so already."""
    text = printable(mark.text).replace("\n", " ")
    return mark if text == mark.text else replace(mark, text=text)


def printed(pages: Sequence[Page]) -> list[tuple[str, Face]]:
    """Return every character the pages print with its face, each pair once, in the order of reading."""
    found: list[tuple[str, Face]] = []
    seen: dict[Face, set[str]] = {face: set() for face in Face}
    for page in pages:
        for mark in page.marks:
            if isinstance(mark, (Text, Watermark)):
                face = mark.face if isinstance(mark, Text) else Face.STRONG
                known = seen[face]
                if not known.issuperset(mark.text):
                    new = [each for each in dict.fromkeys(mark.text) if each not in known]
                    known.update(new)
                    found += [(each, face) for each in new]
    return found
