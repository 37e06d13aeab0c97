"""Bytes on the wire: what goes in comes out, and nothing hostile does harm."""

from __future__ import annotations

import hashlib

import msgspec
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from crm_core.entities import SCHEMAS
from crm_core.ids import new_id
from crm_core.sync import codec
from crm_core.sync.protocol import Code, MsgKind, Op, OpKind, Purge, Put, SyncRequest, Told, Txn
from crm_core.sync.wire_dictionary import DICTIONARIES

plain = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20)


def request(ops: list[Op]) -> SyncRequest:
    return SyncRequest(1, b"e" * 16, 4, 1, b"n" * 8, 1, 99, b"", 8192, [Txn(1, 0, 5, ops)] if ops else [])


@given(st.lists(plain, max_size=5))
def test_a_request_comes_out_as_it_went_in(values: list[object]) -> None:
    ops = [Op(number, OpKind.SET, 10, bytes(16), 12, value, number, 0) for number, value in enumerate(values)]
    sent = request(ops)
    assert codec.decode(codec.encode(sent), SyncRequest) == sent


@given(st.lists(plain, max_size=5))
def test_a_small_message_with_a_dictionary_says_which(values: list[object]) -> None:
    ops = [Op(number, OpKind.SET, 10, bytes(16), 12, value, number, 0) for number, value in enumerate(values)]
    sent = request(ops)
    raw = codec.encode(sent, codec.NEWEST_DICTIONARY)
    assert codec.decode(raw, SyncRequest) == sent
    assert codec.dictionary_of(raw) == codec.NEWEST_DICTIONARY


def test_one_edit_is_shorter_with_a_dictionary() -> None:
    record_id, nonce = hashlib.sha256(b"id").digest()[:16], hashlib.sha256(b"nonce").digest()
    edit = Op(7, OpKind.SET, 10, record_id, 12, "纸鹤食品", 0, 5_000)
    told = Told(waiting=1, oldest_ms=1_800_000_000_123)
    sent = SyncRequest(
        1, nonce[16:], 4, 1, nonce[:16], 3, 99 << 40, nonce, 65_432, [Txn(3, 0, 98 << 40, [edit])], told=told
    )
    assert len(codec.encode(sent, codec.NEWEST_DICTIONARY)) < len(codec.encode(sent))


def test_a_large_message_needs_no_dictionary() -> None:
    sent = request([Op(1, OpKind.SET, 10, bytes(16), 12, "long " * codec.SMALL_BYTES, 0, 0)])
    assert codec.encode(sent, codec.NEWEST_DICTIONARY) == codec.encode(sent)


def test_a_message_with_a_dictionary_of_a_newer_program_is_not_guessed_at() -> None:
    trained = DICTIONARIES[codec.NEWEST_DICTIONARY]
    newer = zstandard.ZstdCompressionDict(trained[:4] + (99).to_bytes(4, "little") + trained[8:])
    raw = zstandard.ZstdCompressor(dict_data=newer).compress(b"anything")
    assert codec.dictionary_of(raw) == 99
    with pytest.raises(codec.Malformed, match="newer version"):
        codec.unpack(raw)


@pytest.mark.parametrize(
    ("told", "used"), [(None, 0), (0, 0), ("1", 0), (1, 1), (99, codec.NEWEST_DICTIONARY)]
)
def test_only_a_dictionary_the_reader_told_of_is_used(told: object, used: int) -> None:
    assert codec.dictionary_for(told) == used


def test_a_dictionary_that_was_released_never_changes() -> None:
    known = {no: hashlib.sha256(trained).hexdigest()[:16] for no, trained in DICTIONARIES.items()}
    assert known == {1: "2e3f0574b6a01644"}


def test_json_carries_the_same_request() -> None:
    sent = request([Op(1, OpKind.SET, 10, bytes(16), 12, "青柠", 0, 0)])
    assert codec.decode_json(codec.encode_json(sent), SyncRequest) == sent


@given(st.lists(st.uuids().map(lambda u: u.hex), max_size=6))
def test_ids_travel_as_sixteen_bytes_each(ids: list[str]) -> None:
    packed = codec.pack_ids(ids)
    assert len(packed) == 16 * len(ids)
    assert codec.unpack_ids(packed) == ids


def test_a_link_travels_as_bytes_and_comes_back_as_text() -> None:
    owner = SCHEMAS["customer"].fields["owner_id"]
    record_id = new_id()
    (value,) = codec.pack_column(owner, [record_id])
    assert value == bytes.fromhex(record_id)
    assert codec.unpack_value(value) == record_id


@pytest.mark.parametrize("raw", [b"", b"{}", b"\x28\xb5\x2f\xfd", b"PK\x03\x04", b"\x00" * 100])
def test_noise_is_refused_with_a_sentence(raw: bytes) -> None:
    with pytest.raises(codec.Malformed):
        codec.decode(raw, SyncRequest)


def test_a_truncated_message_is_refused_at_every_length() -> None:
    whole = codec.encode(request([Op(1, OpKind.SET, 10, bytes(16), 12, "x" * 50, 0, 0)]))
    for length in range(len(whole)):
        with pytest.raises(codec.Malformed):
            codec.decode(whole[:length], SyncRequest)


def test_a_decompression_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = zstandard.ZstdCompressor(level=19).compress(bytes(codec.MAX_MESSAGE_BYTES + 1))
    assert len(bomb) < 10_000
    with pytest.raises(codec.Malformed):
        codec.decode(bomb, SyncRequest)


def test_a_bomb_that_hides_its_size_is_refused_too() -> None:
    compressor = zstandard.ZstdCompressor(write_content_size=False).compressobj()
    bomb = compressor.compress(bytes(codec.MAX_MESSAGE_BYTES + 1)) + compressor.flush()
    with pytest.raises(codec.Malformed):
        codec.decode(bomb, SyncRequest)


def test_deep_nesting_is_refused() -> None:
    raw = zstandard.ZstdCompressor().compress(b"\x91" * 200_000)
    with pytest.raises(codec.Malformed):
        codec.decode(raw, SyncRequest)


def test_an_unknown_kind_of_message_is_skipped_only_where_it_says_so() -> None:
    assert codec.read_message([99, 1, "later"]) is None
    with pytest.raises(codec.Malformed):
        codec.read_message([99, 0, "later"])


def test_known_messages_are_read_and_malformed_ones_refused() -> None:
    raw = msgspec.msgpack.decode(msgspec.msgpack.encode(Purge(MsgKind.PURGE, 0, 10, bytes(32))))
    assert codec.read_message(raw) == Purge(MsgKind.PURGE, 0, 10, bytes(32))
    put = Put(MsgKind.PUT, 0, 10, True, 1, bytes(16), [1], [10], [["n"]])
    assert codec.read_message(msgspec.to_builtins(put, builtin_types=(bytes,))) == put
    for broken in ([], [1], [2, 0, "x", b""], "text", None):
        with pytest.raises(codec.Malformed):
            codec.read_message(broken)


def test_only_what_was_applied_stands() -> None:
    assert Code.APPLIED.took_effect
    assert Code.MERGED.took_effect
    assert not any(code.took_effect for code in Code if code > Code.MERGED)
