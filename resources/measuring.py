"""How wide words are in the bundled faces: for drawings that no window measures."""

# reportlab has no annotations.
# mypy: allow-untyped-calls

from __future__ import annotations

from resources.face import Face
from resources.faces import font, runs


class BundledMetrics:
    """Measures words in the bundled faces; loads them at the first word (about 0.15 s each)."""

    def width(self, text: str, size: float, weight: int) -> float:
        """Return how wide a line is, in the unit of `size`."""
        width: float = 0.0
        for part, face in runs(text, face_of_weight(weight)):
            width += font(face).stringWidth(part, size)
        return width


def face_of_weight(weight: int) -> Face:
    """Return the face of a weight: 600 is the strong one."""
    return Face.STRONG if weight >= 600 else Face.REGULAR
