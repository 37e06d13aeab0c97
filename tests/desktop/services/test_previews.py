"""Small pictures of files that were made to hold up whoever looks into them."""

from __future__ import annotations

import io
import threading

import pytest
from PIL import Image

from crm_desktop.services.previews import NOTHING, PdfLook, look_at

PDF = b"%PDF-1.7\n"


def test_a_file_that_keeps_its_reader_busy_is_added_without_a_picture() -> None:
    ended = threading.Event()

    def never_ends(_content: bytes, _pixels: int) -> PdfLook | None:
        ended.wait(20)
        return None

    assert look_at(io.BytesIO(PDF), never_ends, within_s=0.05) == NOTHING
    ended.set()


def test_what_is_read_in_time_is_shown_and_what_breaks_a_reader_is_told() -> None:
    made = io.BytesIO()
    Image.new("RGB", (400, 200), "red").save(made, "PNG")
    looked = look_at(io.BytesIO(made.getvalue()))
    assert (looked.width, looked.height) == (400, 200)
    assert looked.preview is not None
    drawn = look_at(io.BytesIO(PDF), lambda _content, _pixels: PdfLook(pages=3, picture=made.getvalue()))
    assert (drawn.pages, drawn.preview is not None) == (3, True)

    def breaks(_content: bytes, _pixels: int) -> PdfLook | None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        look_at(io.BytesIO(PDF), breaks)
