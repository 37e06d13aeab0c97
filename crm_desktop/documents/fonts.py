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
        return (
            sum(
                advances[point] if (point := ord(character)) in advances else _elsewhere(character)
                for character in text
            )
            / 1000
        )

    return measure


def _elsewhere(character: str) -> float:
    """Return the width of a character the face lacks, in thousandths of the type size."""
    return float(font(Face.RARE).face.charWidths.get(ord(character), 1000))
