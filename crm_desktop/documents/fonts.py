"""Measuring texts in the bundled faces."""

# reportlab has no annotations.
# mypy: allow-untyped-calls

from __future__ import annotations

from crm_desktop.documents.typesetting import MeasureText
from resources.face import Face
from resources.faces import font


def measurer() -> MeasureText:
    """Return a function that measures texts in the bundled faces.

    A character without a shape counts as a full width; it is reported before anything is drawn.
    """
    widths: dict[Face, dict[int, float]] = {
        face: font(face).face.charWidths for face in (Face.REGULAR, Face.STRONG)
    }

    def measure(text: str, face: Face) -> float:
        advances = widths[face]
        try:
            return sum(map(advances.__getitem__, map(ord, text))) / 1000
        except KeyError:  # rare: most texts take half the time without asking of each character
            points = ((ord(each), each) for each in text)
            return sum(advances[at] if at in advances else _elsewhere(each) for at, each in points) / 1000

    return measure


def _elsewhere(character: str) -> float:
    """Return the width of a character the face lacks, in thousandths of the type size."""
    return float(font(Face.RARE).face.charWidths.get(ord(character), 1000))
