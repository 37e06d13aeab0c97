"""The bundled faces as reportlab needs them: registered once, copyable beyond the BMP.

Both programs print: documents on laptops, certificates at HQ.
"""

# reportlab has no annotations.
# mypy: allow-untyped-calls

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

import resources
from crm_core.errors import BrokenPromise
from crm_core.i18n import N_
from resources.face import Face

# The PDF reference allows a CMap at most this many entries in one bfchar section (9.7.5.4 of ISO 32000-1).
_CMAP_SECTION = 100


class CopyableFont(TTFont):
    """A TrueType font whose every character can be searched and copied.

    reportlab writes code points above U+FFFF as five hexadecimal digits into the ToUnicode map, which must
    hold UTF-16; rare characters of names would be drawn and come out of the clipboard as others.
    """

    def addObjects(self, doc: Any) -> None:
        """Add the subsets to the PDF, each with a map back to Unicode."""
        subsets = [list(subset) for subset in self.state[doc].subsets]
        super().addObjects(doc)
        prefix = "toUnicodeCMap:"
        added = [name for name in doc.idToObject if name.startswith(prefix) and name.endswith(self.fontName)]
        for name, subset in zip(added, subsets, strict=True):
            doc.idToObject[name].content = to_unicode(name.removeprefix(prefix), subset)


def to_unicode(font_name: str, subset: Iterable[int]) -> str:
    """Return the CMap that leads from a subset's one-byte codes back to Unicode (ISO 32000-1, 9.10.3)."""
    entries = [
        f"<{code:02X}> <{chr(point).encode('utf-16-be').hex().upper()}>"
        for code, point in enumerate(subset)
        if point
    ]
    sections = [entries[start : start + _CMAP_SECTION] for start in range(0, len(entries), _CMAP_SECTION)]
    return "\n".join(
        [
            "/CIDInit /ProcSet findresource begin",
            "12 dict begin",
            "begincmap",
            "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def",
            f"/CMapName /{font_name} def",
            "/CMapType 2 def",
            "1 begincodespacerange",
            "<00> <FF>",
            "endcodespacerange",
            *(line for part in sections for line in (f"{len(part)} beginbfchar", *part, "endbfchar")),
            "endcmap",
            "CMapName currentdict /CMap defineresource pop",
            "end",
            "end",
        ]
    )


@cache
def font(face: Face) -> TTFont:
    """Return the registered font of a face; reads its file once a process (about 0.15 s)."""
    file = resources.path("fonts", f"{face.value}.ttf")
    loaded = CopyableFont(face.value, str(file), asciiReadable=False, shapable=False)
    # Licence texts and the like, 2 kB a document; an embedded font needs no names (ISO 32000-1, 9.9).
    loaded.face.table.pop("name", None)
    pdfmetrics.registerFont(loaded)
    registered = pdfmetrics.getFont(face.value)
    # registerFont keeps the first font of a PostScript name and makes later ones its alias, silently.
    if Path(registered.face.filename) != file or not isinstance(registered, CopyableFont):
        raise BrokenPromise(
            N_("The font {name} was registered from {file}"), name=face.value, file=registered.face.filename
        )
    return registered


def face_of(character: str, face: Face) -> Face | None:
    """Return the face that draws a character of a text in `face`: itself, the one for rare ones, or none."""
    point = ord(character)
    if point in font(face).face.charToGlyph:
        return face
    return Face.RARE if point in font(Face.RARE).face.charToGlyph else None


def runs(text: str, face: Face) -> list[tuple[str, Face]]:
    """Return the text cut where another face takes over; what no face has stays in its own."""
    known = font(face).face.charToGlyph
    if all(map(known.__contains__, map(ord, text))):
        return [(text, face)]
    return [
        ("".join(part), found)
        for found, part in groupby(text, lambda character: face_of(character, face) or face)
    ]
