"""Files carried by hand: whole and for their reader, or refused before anything of them is used."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_core.sync.sealed_file import (
    VERSION,
    FileKind,
    Head,
    SealedFile,
    UnfitFile,
    WrongPassphrase,
    seal,
    seal_with_passphrase,
)
from crm_core.sync.sealing import PIECE_BYTES, Sealer

LAPTOP, HQ, OTHER = (Sealer(name) for name in (b"a laptop's token", b"the key of an HQ", b"another laptop"))
HEAD = Head(v=VERSION, kind=FileKind.TO_HQ, epoch=bytes(16), device=3, no=7)
MESSAGES = [b"first", b"Blue Heron Foods", b"", b"x" * (3 * PIECE_BYTES)]


def made(messages: list[bytes] = MESSAGES, head: Head = HEAD) -> bytes:
    return b"".join(seal(head, messages, sender=LAPTOP, reader=HQ.public, drawn=b"d" * 32))


def file_of(raw: bytes, size: int = 1000) -> SealedFile:
    def blocks() -> Iterator[bytes]:
        return (raw[start : start + size] for start in range(0, len(raw), size))

    return SealedFile(blocks)


def opened(raw: bytes, reader: Sealer = HQ, sender: Sealer = LAPTOP) -> list[bytes]:
    """Return the messages of a file, as both programs read one."""
    file = file_of(raw)
    file.demand_kind(FileKind.TO_HQ)
    file.demand_whole(sender.public)
    return list(file.messages(reader, sender.public))


@pytest.mark.parametrize("size", [63, 64, 65, PIECE_BYTES, 10**7])
def test_a_file_gives_back_its_messages_however_it_is_read(size: int) -> None:
    messages = MESSAGES[:3]
    file = file_of(made(messages), size)
    assert (file.head.device, file.head.no, file.head.kind) == (3, 7, FileKind.TO_HQ)
    file.demand_whole(LAPTOP.public)
    assert list(file.messages(HQ, LAPTOP.public)) == messages


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 3 * PIECE_BYTES), max_size=5))
def test_messages_of_any_length_come_back(lengths: list[int]) -> None:
    messages = [random.Random(length).randbytes(length) for length in lengths]
    assert opened(made(messages)) == messages


def test_nothing_of_the_messages_stands_in_the_file() -> None:
    assert b"Heron" not in made()


def test_a_file_cut_off_anywhere_is_refused() -> None:
    raw = made([b"short"])
    for end in range(len(raw)):
        with pytest.raises(UnfitFile):
            opened(raw[:end])
    long = made()
    for end in (len(long) - 1, len(long) - 64, len(long) - 65, PIECE_BYTES, 2 * PIECE_BYTES + 100):
        with pytest.raises(UnfitFile):
            opened(long[:end])


def test_a_flipped_bit_anywhere_is_refused() -> None:
    raw = made([b"short"])
    for place in range(len(raw)):
        for bit in (1, 128):
            changed = bytearray(raw)
            changed[place] ^= bit
            with pytest.raises(UnfitFile):
                opened(bytes(changed))


def test_pieces_that_changed_places_are_refused_even_where_the_sender_signed_them() -> None:
    raw = made()
    start = raw.index(b"SATCHEL") + 13 + 2 + int.from_bytes(raw[13:15], "big")
    sealed = PIECE_BYTES + 16
    first, second = raw[start : start + sealed], raw[start + sealed : start + 2 * sealed]
    swapped = raw[:start] + second + first + raw[start + 2 * sealed :]
    with pytest.raises(UnfitFile):
        list(file_of(swapped).messages(HQ, LAPTOP.public))


def test_nobody_else_opens_or_forges_a_file() -> None:
    raw = made()
    with pytest.raises(UnfitFile):
        opened(raw, reader=OTHER)
    forged = b"".join(seal(HEAD, MESSAGES, sender=OTHER, reader=HQ.public, drawn=b"d" * 32))
    with pytest.raises(UnfitFile):
        opened(forged)
    # Somebody who signs with his own key what he cannot have sealed.
    with pytest.raises(UnfitFile):
        list(file_of(forged).messages(HQ, LAPTOP.public))


def test_two_files_of_the_same_have_nothing_in_common() -> None:
    again = b"".join(seal(HEAD, MESSAGES, sender=LAPTOP, reader=HQ.public, drawn=b"e" * 32))
    assert again[200:400] != made()[200:400]
    assert opened(again) == MESSAGES


@pytest.mark.parametrize("raw", [b"", b"S", b"PK\x03\x04 some other file", b"SATCHEL-FILE\n", b"\xff" * 2000])
def test_another_file_is_told_from_a_damaged_one(raw: bytes) -> None:
    with pytest.raises(UnfitFile) as refused:
        file_of(raw)
    assert refused.value.message.text.startswith(
        "This is no file" if raw[:7] != b"SATCHEL" else "The file is"
    )


def test_a_file_of_a_newer_program_says_so() -> None:
    for head in (Head(VERSION + 1, 1, b"", 1, 1), Head(VERSION, 9, b"", 1, 1)):
        with pytest.raises(UnfitFile, match="newer version"):
            opened(made(head=head))


def test_a_file_at_the_wrong_place_says_where_it_belongs() -> None:
    for kind, words in (
        (FileKind.TO_LAPTOP, "HQ's answer"),
        (FileKind.ENROLMENT, "signs a new laptop in"),
    ):
        with pytest.raises(UnfitFile, match=words):
            opened(made(head=Head(VERSION, kind, b"", 1, 1)))


def test_a_passphrase_opens_an_enrolment_and_no_other_does() -> None:
    head = Head(VERSION, FileKind.ENROLMENT, bytes(16), 3, 0)
    raw = b"".join(seal_with_passphrase(head, MESSAGES, passphrase="corn field", salt=b"s" * 16))
    assert b"Heron" not in raw
    assert list(file_of(raw).messages_by_passphrase("corn field")) == MESSAGES
    with pytest.raises(WrongPassphrase):
        list(file_of(raw).messages_by_passphrase("corn fields"))
    with pytest.raises(UnfitFile, match="cut off"):
        list(file_of(raw[:-PIECE_BYTES]).messages_by_passphrase("corn field"))
