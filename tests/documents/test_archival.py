"""What ISO 19005-2 (PDF/A-2, level B) asks of a file, rule by rule, for what documents may hold.

No validator can be had from where the other packages come from, so each rule is looked up in the file.
"""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageCms
from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, StreamObject

from crm_desktop.documents.quote_document import CustomerBlock, Letterhead
from crm_desktop.documents.quote_pdf import quote_pdf
from tests.documents.quote_samples import quote_of
from tests.documents.test_groups import grouped


@pytest.fixture(scope="module")
def content() -> bytes:
    """Return a quote with everything documents draw: rare characters, a logo, a code, groups, watermarks."""
    logo = io.BytesIO()
    Image.new("RGBA", (30, 20), (15, 96, 120, 128)).save(logo, "PNG")
    document = quote_of(
        40,
        letterhead=Letterhead(name_zh="示例<&>公司", logo=logo.getvalue()),
        customer=CustomerBlock(name_zh="𠮷𪚥有限公司"),
        draft=True,
        subject_to_approval=True,
    )
    return quote_pdf(grouped(document, ("甲", 0, 3, 0)), "both")[0]


@pytest.fixture(scope="module")
def reader(content: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(content))


def objects(reader: PdfReader) -> list[Any]:
    """Return every object of the file."""
    numbers = sorted(number for number in reader.xref[0] if number)
    return [reader.get_object(IndirectObject(number, 0, reader)) for number in numbers]


def fonts(reader: PdfReader) -> dict[str, DictionaryObject]:
    found = {}
    for page in reader.pages:
        for reference in page["/Resources"]["/Font"].values():
            found[reference.get_object()["/BaseFont"]] = reference.get_object()
    return found


def test_the_header_is_followed_by_a_comment_of_four_bytes_that_are_no_text(content: bytes) -> None:
    assert re.match(rb"%PDF-1\.[0-7]\r?\n%[\x80-\xff]{4}", content)


def test_the_trailer_names_the_file_and_nothing_is_encrypted(reader: PdfReader) -> None:
    assert len(reader.trailer["/ID"]) == 2
    assert "/Encrypt" not in reader.trailer


def test_the_metadata_say_which_part_and_level_of_the_standard_and_the_same_as_the_information(
    reader: PdfReader,
) -> None:
    metadata = reader.trailer["/Root"]["/Metadata"].get_object()
    assert "/Filter" not in metadata
    assert (metadata["/Type"], metadata["/Subtype"]) == ("/Metadata", "/XML")
    said = metadata.get_data().decode("utf-8")
    assert "<pdfaid:part>2</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>" in said
    xmp, info = reader.xmp_metadata, reader.metadata
    assert xmp is not None
    assert info is not None
    assert xmp.dc_title == {"x-default": info.title}
    assert xmp.dc_creator == [info.author] == ["示例<&>公司"]
    assert xmp.dc_description == {"x-default": info.subject}
    assert xmp.pdf_producer == info.producer
    assert reader.trailer["/Root"]["/Lang"] == "zh-CN"


def test_colours_of_the_device_are_those_of_the_output_intent(reader: PdfReader) -> None:
    (intent,) = reader.trailer["/Root"]["/OutputIntents"]
    assert intent["/S"] == "/GTS_PDFA1"
    stream = intent["/DestOutputProfile"].get_object()
    assert stream["/N"] == 3
    profile = ImageCms.ImageCmsProfile(io.BytesIO(stream.get_data()))
    assert ImageCms.getProfileDescription(profile).strip() == "sRGB IEC61966-2.1"
    there = Image.new("RGB", (1, 1), (200, 50, 10))
    back = ImageCms.profileToProfile(there, profile, ImageCms.createProfile("sRGB"))
    assert back is not None
    assert back.getpixel((0, 0)) == (200, 50, 10)
    # The only operators that choose colours name red, green and blue, or grey.
    for page in reader.pages:
        assert not re.search(rb"(?<=\s)(?:k|K|cs|CS|sc|SC|scn|SCN|sh|ri)\s", page.get_contents().get_data())


def test_every_font_is_embedded_and_symbolic_with_one_table_of_characters(reader: PdfReader) -> None:
    found = fonts(reader)
    assert {name.split("+")[1] for name in found} == {
        "NotoSansSC-Regular",
        "NotoSansSC-SemiBold",
        "SatchelRareHan-Regular",
    }
    for font in found.values():
        descriptor = font["/FontDescriptor"].get_object()
        assert descriptor["/Flags"] & 4
        assert not descriptor["/Flags"] & 32
        assert "/Encoding" not in font
        program = descriptor["/FontFile2"].get_object().get_data()
        tables = _tables(program)
        assert int.from_bytes(program[tables[b"cmap"] + 2 :][:2], "big") == 1
        assert "/ToUnicode" in font


def test_widths_are_those_of_the_embedded_shapes_and_none_is_missing(reader: PdfReader) -> None:
    for font in fonts(reader).values():
        program = font["/FontDescriptor"].get_object()["/FontFile2"].get_object().get_data()
        tables = _tables(program)
        em = int.from_bytes(program[tables[b"head"] + 18 :][:2], "big")
        full = int.from_bytes(program[tables[b"hhea"] + 34 :][:2], "big")
        glyphs = _glyphs(program, tables[b"cmap"])
        assert all(glyphs[code] for code in range(33, len(font["/Widths"])))
        for code, width in enumerate(font["/Widths"]):
            place = tables[b"hmtx"] + 4 * min(glyphs[code], full - 1)
            assert abs(int.from_bytes(program[place : place + 2], "big") * 1000 / em - width) < 1


def test_annotations_are_printed_and_do_nothing_but_lead_somewhere(reader: PdfReader) -> None:
    notes = [note.get_object() for page in reader.pages for note in page.get("/Annots", [])]
    assert notes
    for note in notes:
        assert note["/Subtype"] == "/Link"
        assert note["/F"] & 4
        assert not note["/F"] & (1 | 2 | 32 | 256)
        assert note["/A"]["/S"] == "/URI"


def test_nothing_is_in_the_file_that_archives_do_not_take(reader: PdfReader) -> None:
    root = reader.trailer["/Root"]
    assert not {"/OpenAction", "/AA", "/AcroForm", "/OCProperties", "/Names"} & root.keys()
    for each in objects(reader):
        if isinstance(each, StreamObject):
            filters = each.get("/Filter", ArrayObject())
            named = filters if isinstance(filters, ArrayObject) else [filters]
            assert set(named) <= {"/FlateDecode", "/DCTDecode"}
            assert "/F" not in each
        if isinstance(each, DictionaryObject):
            assert each.get("/S") not in ("/JavaScript", "/Launch", "/Sound", "/Movie")
            assert each.get("/Subtype") != "/PS"
            assert not each.get("/Interpolate", False)
            assert each.get("/BM", "/Normal") in ("/Normal", "/Compatible")


def test_the_same_document_is_the_same_file(content: bytes, tmp_path: Path) -> None:
    document = grouped(quote_of(9), ("甲", 0, 3, 0))
    assert quote_pdf(document, "en") == quote_pdf(document, "en")


def _tables(program: bytes) -> dict[bytes, int]:
    """Return where each table of a TrueType font begins."""
    count = int.from_bytes(program[4:6], "big")
    entries = [program[12 + 16 * number :][:16] for number in range(count)]
    return {entry[:4]: int.from_bytes(entry[8:12], "big") for entry in entries}


def _glyphs(program: bytes, cmap: int) -> list[int]:
    """Return the glyph of each code by the font's only table of characters, which is of format 6 or 0."""
    start = cmap + int.from_bytes(program[cmap + 8 :][:4], "big")
    if int.from_bytes(program[start:][:2], "big") == 0:
        return list(program[start + 6 :][:256])
    assert int.from_bytes(program[start:][:2], "big") == 6
    first, count = (int.from_bytes(program[start + place :][:2], "big") for place in (6, 8))
    shapes = [int.from_bytes(program[start + 10 + 2 * each :][:2], "big") for each in range(count)]
    return [0] * first + shapes
