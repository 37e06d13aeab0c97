"""A quote on its way to paper."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from crm_core.rules import figures
from crm_desktop.documents.columns import Style, choose, column, second
from crm_desktop.documents.labels import DocumentLanguage, Label, say, say_version
from crm_desktop.documents.paper import Align, Block
from crm_desktop.documents.quote_document import QuoteDocument
from crm_desktop.documents.typesetting import Typesetter
from resources.face import Face


@dataclass(frozen=True, slots=True, kw_only=True)
class Manuscript:
    """What a quote says, the language it says it in, and the face that sets its text."""

    document: QuoteDocument
    language: DocumentLanguage
    typesetter: Typesetter
    heading: str = ""
    """What the document is called, where it is not simply a quotation."""

    @property
    def called(self) -> str:
        """The word for the document."""
        return self.heading or self.say(Label.QUOTATION)

    def say(self, label: Label) -> str:
        """Return a printed word in the document's language."""
        return say(label, self.language)

    def say_version(self) -> str:
        """Return the quote's version in words; '' for what has no versions."""
        return "" if not self.document.version else say_version(self.document.version, self.language)

    def choose(self, zh: str, en: str) -> str:
        """Return the text in the document's leading language, or in the only one there is."""
        return choose(zh, en, self.language)

    def second(self, zh: str, en: str) -> str:
        """Return the English text that stands below a Chinese one."""
        return second(zh, en, self.language)

    def amount(self, minor: int) -> str:
        """Return minor units of the quote's currency as printed."""
        return figures.amount(minor, self.document.currency)

    def width(self, text: str, face: Face, size: float) -> float:
        """Return a line's width in millimetres."""
        return self.typesetter.width(text, face, size)

    def fit(self, text: str, width: float, face: Face, size: float) -> float:
        """Return the type size, at most `size`, at which the text fits the width."""
        return self.typesetter.fit(text, width, face, size)

    def wrap(self, text: str, width: float, style: Style) -> list[str]:
        """Return the text's lines; none for no text."""
        return self.typesetter.wrap(text, width, style.face, style.size) if text else []

    def column(
        self, parts: Iterable[tuple[str, Style]], *, x: float, width: float, align: Align = Align.LEFT
    ) -> Block:
        """Return the parts below each other, each wrapped to the width."""
        return column(parts, self.typesetter, x=x, width=width, align=align)
