"""What makes a PDF one that archives take (PDF/A-2b, ISO 19005-2): its metadata and what its colours mean.

Embedded fonts, annotations that print and no transparency tricks are seen to where things are drawn.
"""

# reportlab has no annotations.
# mypy: allow-untyped-calls

from __future__ import annotations

import struct
from functools import cache
from typing import Any
from xml.sax.saxutils import escape

from reportlab.pdfbase.pdfdoc import (
    PDFArray,
    PDFDictionary,
    PDFName,
    PDFObject,
    PDFStream,
    PDFString,
    PDFZCompress,
)

PROFILE_NAME = "sRGB IEC61966-2.1"
# Primaries of sRGB, its white and the matrix from D65, all for the white D50 of profiles (ICC.1).
_WHITE = (0.9642, 1.0, 0.8249)
_PRIMARIES = {
    "rXYZ": (0.4360, 0.2225, 0.0139),
    "gXYZ": (0.3851, 0.7169, 0.0971),
    "bXYZ": (0.1431, 0.0606, 0.7139),
}
_FROM_D65 = (1.0479, 0.0229, -0.0502, 0.0296, 0.9904, -0.0171, -0.0092, 0.0151, 0.7517)
# gamma, a, b, c, d of the sRGB curve.
_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)


def make_archival(document: Any, *, title: str, author: str, subject: str, language: str) -> None:
    """Add metadata and the output intent to a reportlab document that is about to be saved."""
    catalog = document.Catalog
    packet = _Metadata(_xmp(title, author, subject, language, document.info))
    catalog.Metadata = document.Reference(packet, "metadata")
    profile = PDFStream(dictionary=PDFDictionary({"N": 3}), content=_srgb(), filters=[PDFZCompress])
    intent = PDFDictionary(
        {
            "Type": PDFName("OutputIntent"),
            "S": PDFName("GTS_PDFA1"),
            "OutputConditionIdentifier": PDFString(PROFILE_NAME),
            "Info": PDFString(PROFILE_NAME),
            "DestOutputProfile": document.Reference(profile, "profile"),
        }
    )
    # reportlab writes of the catalogue only what its list names.
    catalog.__NoDefault__ = [*catalog.__NoDefault__, "OutputIntents"]
    catalog.OutputIntents = PDFArray([intent])


class _Metadata(PDFObject):
    """A stream that is not compressed, so that whoever looks for the packet in the file finds it."""

    __RefOnly__ = 1

    def __init__(self, packet: bytes) -> None:
        self._packet = packet

    def format(self, _document: Any) -> bytes:
        """Return the object as it stands in the file."""
        head = f"<< /Length {len(self._packet)} /Subtype /XML /Type /Metadata >>\nstream\n"
        return head.encode() + self._packet + b"\nendstream\n"


def _xmp(title: str, author: str, subject: str, language: str, made_by: Any) -> bytes:
    """Return the XMP packet (ISO 16684-1), which says the same as the document's information."""

    def alternatives(text: str) -> str:
        return f'<rdf:Alt><rdf:li xml:lang="x-default">{escape(text)}</rdf:li></rdf:Alt>'

    body = (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">\n'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\n'
        '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:pdf="http://ns.adobe.com/pdf/1.3/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"'
        ' xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/">\n'
        "<pdfaid:part>2</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>\n"
        "<dc:format>application/pdf</dc:format>\n"
        f"<dc:title>{alternatives(title)}</dc:title>\n"
        f"<dc:creator><rdf:Seq><rdf:li>{escape(author)}</rdf:li></rdf:Seq></dc:creator>\n"
        f"<dc:description>{alternatives(subject)}</dc:description>\n"
        f"<dc:language><rdf:Bag><rdf:li>{escape(language)}</rdf:li></rdf:Bag></dc:language>\n"
        f"<pdf:Producer>{escape(str(made_by.producer))}</pdf:Producer>\n"
        f"<xmp:CreatorTool>{escape(str(made_by.creator))}</xmp:CreatorTool>\n"
        "</rdf:Description>\n</rdf:RDF>\n</x:xmpmeta>\n"
        '<?xpacket end="r"?>\n'
    )
    return body.encode("utf-8")


@cache
def _srgb() -> bytes:
    """Return the colour profile of sRGB, made here so that it is always the same bytes (ICC.1:2010)."""

    def fixed(*numbers: float) -> bytes:
        return b"".join(struct.pack(">i", round(number * 65536)) for number in numbers)

    def words(text: str) -> bytes:
        said = text.encode("utf-16-be")
        return struct.pack(">4s4xII2s2sII", b"mluc", 1, 12, b"en", b"US", len(said), 28) + said

    curve = struct.pack(">4s4xH2x", b"para", 3) + fixed(*_CURVE)
    tags = {
        "desc": words(PROFILE_NAME),
        "cprt": words("CC0"),
        "wtpt": b"XYZ \0\0\0\0" + fixed(*_WHITE),
        **{name: b"XYZ \0\0\0\0" + fixed(*place) for name, place in _PRIMARIES.items()},
        "chad": b"sf32\0\0\0\0" + fixed(*_FROM_D65),
        **dict.fromkeys(("rTRC", "gTRC", "bTRC"), curve),
    }
    table, contents, places = b"", b"", dict[bytes, int]()
    start = 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        if content not in places:
            places[content] = start + len(contents)
            contents += content + bytes(-len(content) % 4)
        table += struct.pack(">4sII", name.encode(), places[content], len(content))
    size = start + len(contents)
    head = struct.pack(">I4xI4s4s4s12x4s", size, 0x04300000, b"mntr", b"RGB ", b"XYZ ", b"acsp")
    head = head.ljust(68, b"\0") + fixed(*_WHITE)
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + contents
