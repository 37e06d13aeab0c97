"""Contents of files between real encrypted laptops and HQ: on any bad line, for nobody who may not."""

from __future__ import annotations

import io
import os
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from crm_core.errors import AccessDenied, NotFound, Unreachable, UserError
from crm_core.i18n import message
from crm_core.sync.blobs import PART_BYTES, Piece, Standing
from crm_desktop.models import state
from crm_desktop.models.device_tables import Blob, BlobQueue
from crm_desktop.models.engine import connect
from crm_desktop.services import attachments, deciding, records, returned_edits, transfers
from crm_desktop.services.attachments import FileState
from crm_desktop.services.transfers import TransferState
from crm_desktop.sync.blobs import (
    NOT_AT_HQ,
    TOO_LARGE,
    BlobReport,
    BlobRule,
    BlobTransfer,
    CutOff,
    TooLarge,
)
from crm_desktop.sync.report import Cancelled, never
from crm_desktop.ui.files.pdf_pages import read_pdf
from sync_server.services import blobs as at_hq
from sync_server.services.faults import Refusal
from sync_server.store import blobs as tables
from sync_server.store.database import renew_epoch
from sync_server.store.tables import table_of
from tests.support.hq import Office
from tests.support.replicas import KEY, Laptop, Laptops

CONTENT = random.Random(9).randbytes(3 * PART_BYTES + 4321)
CANARY = b"canary-7f3a-inside-the-file"
ON_DEMAND = BlobRule(automatic_bytes=0)
EVERYTHING = BlobRule(automatic_bytes=2**40)


class CuttableLine:
    """Contents as they travel between a laptop and HQ, on a line that breaks where it is told."""

    def __init__(self, laptop: Laptop) -> None:
        self._blobs = laptop.office.blobs
        self._session = laptop.line._device
        self.cuts: list[int | None] = []
        """After how many bytes each of the next requests breaks; None: it does not."""
        self.up = self.down = self.requests = 0
        self.breaks_at = 0
        """The request that does not get through at all; 0: none."""

    def read_blob(self, sha256: str, offset: int) -> Piece:
        piece = self._asked(lambda: self._blobs.read(self._session, sha256, offset))
        cut = self._cut()
        if cut is not None and cut <= len(piece.content):
            self.down += cut
            raise CutOff(Unreachable("cut"), piece.content[:cut], piece.size)
        self.down += len(piece.content)
        return Piece(content=piece.content, part_sha256=piece.part_sha256, size=piece.size)

    def blob_standing(self, sha256: str) -> Standing:
        found = self._asked(lambda: self._blobs.standing(self._session, sha256))
        return Standing(held=found.held, challenge=found.challenge)

    def prove_blob(self, sha256: str, proof: str) -> int:
        return self._asked(lambda: self._blobs.prove(self._session, sha256, proof))

    def add_to_blob(self, sha256: str, offset: int, size: int, piece: bytes, part_sha256: str) -> int:
        cut = self._cut()
        sent = piece if cut is None else piece[:cut]
        self.up += len(sent)
        held = self._asked(lambda: self._blobs.add(self._session, sha256, offset, size, sent, part_sha256))
        if cut is not None:
            raise Unreachable("cut")  # after HQ took it: the laptop never hears
        return held

    def _cut(self) -> int | None:
        return self.cuts.pop(0) if self.cuts else None

    def _asked(self, ask: Any) -> Any:
        self.requests += 1
        if self.requests == self.breaks_at:
            raise Unreachable("no line")
        try:
            return ask()
        except at_hq.Misplaced as misplaced:
            return misplaced.message.places["held"]
        except Refusal as refusal:
            raise (TooLarge if refusal.code == "too_large" else UserError)(refusal.message) from refusal


def carry(
    laptop: Laptop, rule: BlobRule = ON_DEMAND, line: CuttableLine | None = None, cancelled: Cancelled = never
) -> BlobReport:
    return BlobTransfer(laptop.replica, line or CuttableLine(laptop), rule).run(cancelled=cancelled)


def customer_of(laptop: Laptop, name: str = "Acme") -> str:
    return records.create(laptop.replica, "customer", {"name": name}).value.id


def attach(laptop: Laptop, customer: str, content: bytes = CONTENT, name: str = "offer.bin") -> str:
    return attachments.add(laptop.replica, "customer", customer, content, name=name).value.id


def content_of(laptop: Laptop, attachment: str) -> bytes:
    return b"".join(attachments.content(laptop.replica, attachment))


def state_of(laptop: Laptop, attachment: str) -> FileState:
    return attachments.file(laptop.replica, attachment).state


def photo(file: Path, size: tuple[int, int] = (900, 600)) -> Path:
    noise = random.Random(1).randbytes(30 * 20 * 3)
    Image.frombytes("RGB", (30, 20), noise).resize(size).save(file, quality=85)
    return file


@pytest.fixture
def pair(office: Office, laptops: Laptops) -> tuple[Laptop, Laptop]:
    """Give the laptops of a seller and of her manager."""
    team = office.hq.create("team", {"name": "North"})
    ann = office.user("Ann", "sales", team_id=team)
    bob = office.user("Bob", "sales_manager", team_id=team)
    office.hq.update("team", team, {"manager_id": bob})
    both = laptops.make("ann", ann), laptops.make("bob", bob)
    for laptop in both:
        laptop.sync()
    return both


Pair = tuple[Laptop, Laptop]


def test_a_file_goes_to_hq_after_its_record_and_comes_when_it_is_asked_for(pair: Pair) -> None:
    ann, bob = pair
    file = attach(ann, customer_of(ann))
    assert state_of(ann, file) is FileState.WAITING
    assert carry(ann) == BlobReport()  # HQ does not know the attachment yet
    ann.sync()
    assert carry(ann).sent == 1
    assert state_of(ann, file) is FileState.HERE
    bob.sync()
    assert carry(bob).received == 0
    assert state_of(bob, file) is FileState.AT_HQ
    with pytest.raises(UserError, match="not on this laptop"):
        attachments.content(bob.replica, file)
    attachments.fetch(bob.replica, file)
    assert state_of(bob, file) is FileState.FETCHING
    assert carry(bob).received == 1
    assert content_of(bob, file) == CONTENT
    assert carry(ann) == carry(bob) == BlobReport()


def test_both_ways_go_on_at_the_byte_where_the_line_broke(pair: Pair) -> None:
    ann, bob = pair
    customer = customer_of(ann)
    for cut in (0, 1, 1000, PART_BYTES - 1):
        content = CONTENT + bytes([cut % 251])
        file = attach(ann, customer, content)
        ann.sync()
        line = CuttableLine(ann)
        for _ in range(5):
            line.cuts = [cut]
            carry(ann, line=line)
        line.cuts = []
        carry(ann, line=line)
        assert state_of(ann, file) is FileState.HERE
        assert line.up == len(content), "bytes were sent twice"
        bob.sync()
        attachments.fetch(bob.replica, file)
        line = CuttableLine(bob)
        line.cuts = [cut, None] * 8
        for _ in range(4):
            carry(bob, line=line)
            bob.reopen()
        assert content_of(bob, file) == content
        assert line.down == len(content), "bytes came twice"


def test_a_line_that_breaks_after_the_last_byte_of_a_part_is_gone_on_with(pair: Pair) -> None:
    ann, bob = pair
    content = CONTENT[: PART_BYTES + 99]
    file = attach(ann, customer_of(ann), content)
    ann.sync()
    carry(ann)
    bob.sync()
    attachments.fetch(bob.replica, file)
    line = CuttableLine(bob)
    line.cuts = [PART_BYTES, None, 99, None]
    carry(bob, line=line)
    assert content_of(bob, file) == content
    assert line.down == len(content) + 2  # the last byte of both parts came twice


def test_the_beginning_of_a_part_is_not_taken_for_that_of_the_next(pair: Pair) -> None:
    ann, bob = pair
    file = attach(ann, customer_of(ann))
    ann.sync()
    carry(ann)
    bob.sync()
    attachments.fetch(bob.replica, file)
    line = CuttableLine(bob)
    line.cuts = [1000, None]
    line.breaks_at = 3
    assert carry(bob, line=line).problem is not None
    bob.reopen()
    assert carry(bob).received == 1
    assert content_of(bob, file) == CONTENT


def test_a_round_breaks_in_between_any_two_parts(pair: Pair) -> None:
    ann, _bob = pair
    attach(ann, customer_of(ann))
    ann.sync()
    line = CuttableLine(ann)
    for parts in range(1, 5):
        looks = iter([False] * 2 + [True] * 99)
        carry(ann, line=line, cancelled=lambda looks=looks: next(looks))
        assert line.up == min(parts * PART_BYTES, len(CONTENT))


def test_a_picture_of_a_product_comes_to_everybody_and_stays_its_makers(
    office: Office, laptops: Laptops, tmp_path: Path
) -> None:
    root = laptops.make("root", office.user("Root", "admin"))
    root.sync()
    product = records.create(root.replica, "product", {"name": "Pump", "code": "P-1"}).value.id
    content = photo(tmp_path / "pump.jpg").read_bytes()
    picture = attachments.add(root.replica, "product", product, content, name="pump.jpg").value.id
    root.sync()
    carry(root)
    ann = laptops.make("ann", office.user("Ann", "sales"))
    ann.sync()
    carry(ann, EVERYTHING)
    assert content_of(ann, picture) == content
    with pytest.raises(AccessDenied):
        records.delete(ann.replica, "attachment", picture)
    records.delete(root.replica, "attachment", picture)
    root.sync()
    ann.sync()
    assert attachments.files_of(ann.replica, "product", product) == ()


def test_the_same_file_on_two_records_travels_once(pair: Pair) -> None:
    ann, bob = pair
    first, second = attach(ann, customer_of(ann)), attach(ann, customer_of(ann, "Beta"), name="again.bin")
    assert len(list(ann.replica.profile.blobs.iterdir())) == 1
    ann.sync()
    line = CuttableLine(ann)
    carry(ann, line=line)
    assert line.up == len(CONTENT)
    bob.sync()
    attachments.fetch(bob.replica, first)
    line = CuttableLine(bob)
    carry(bob, line=line)
    assert content_of(bob, second) == CONTENT
    assert line.down == len(CONTENT)
    copied = attach(bob, customer_of(bob, "Gamma"))
    bob.sync()
    line = CuttableLine(bob)
    carry(bob, line=line)
    assert (line.up, state_of(bob, copied)) == (0, FileState.HERE)  # proved, not sent


def test_small_files_and_pictures_come_by_themselves_and_before_large_ones(
    pair: Pair, tmp_path: Path
) -> None:
    ann, bob = pair
    customer = customer_of(ann)
    large = attach(ann, customer)
    small = attach(ann, customer, b"a few words", "note.txt")
    picture = attachments.add(ann.replica, "customer", customer, photo(tmp_path / "shelf.jpg")).value.id
    told = attachments.file(ann.replica, picture)
    assert told.has_preview
    made = records.get(ann.replica, "attachment", picture)
    assert (made.get("width"), made.get("height"), made.get("media_type")) == (900, 600, "image/jpeg")
    ann.sync()
    order = []
    transfer = BlobTransfer(ann.replica, CuttableLine(ann), ON_DEMAND)
    transfer.run(lambda step: order.append(step.total))
    assert order == sorted(order)
    assert len({*order}) == 4
    bob.sync()
    carry(bob, BlobRule(automatic_bytes=1000))
    assert content_of(bob, small) == b"a few words"
    assert state_of(bob, large) is state_of(bob, picture) is FileState.AT_HQ
    shown = attachments.preview(bob.replica, told.preview_sha256)
    assert shown is not None
    assert shown.startswith(b"\xff\xd8")
    assert len(shown) < 20_000
    carry(bob, EVERYTHING)
    assert content_of(bob, large) == CONTENT


def test_nothing_moves_on_a_paid_network_but_what_somebody_waits_for(pair: Pair) -> None:
    ann, bob = pair
    files = [attach(ann, customer_of(ann)), attach(ann, customer_of(ann), CONTENT[:50])]
    ann.sync()
    assert carry(ann, BlobRule(only_asked=True)).sent == 0
    carry(ann)
    bob.sync()
    attachments.fetch(bob.replica, files[0])
    assert carry(bob, BlobRule(automatic_bytes=2**40, only_asked=True)).received == 1
    assert [state_of(bob, file) for file in files] == [FileState.HERE, FileState.AT_HQ]


def test_a_file_whose_maker_has_not_sent_it_says_so_and_comes_later(pair: Pair) -> None:
    ann, bob = pair
    file = attach(ann, customer_of(ann))
    ann.sync()
    bob.sync()
    attachments.fetch(bob.replica, file)
    assert carry(bob).problem is None
    told = attachments.file(bob.replica, file)
    assert (told.state, told.problem) == (FileState.MISSING, NOT_AT_HQ)
    carry(ann)
    assert carry(bob).received == 0  # not before its time
    bob.office.now_ms += 11 * 60 * 1000
    assert carry(bob).received == 1


def test_a_file_over_hqs_limits_is_refused_where_it_is_added_and_at_hq(pair: Pair) -> None:
    ann, _bob = pair
    customer = customer_of(ann)
    with ann.replica.applying() as session:
        told = state.read(session, state.Key.SETTINGS)
        state.write(session, {state.Key.SETTINGS: {**told, "file_bytes_max": 100}})
    with pytest.raises(UserError, match="HQ takes files up to"):
        attach(ann, customer)
    assert list(ann.replica.profile.blobs.iterdir()) == []
    with ann.replica.applying() as session:
        state.write(session, {state.Key.SETTINGS: {**told, "file_bytes_max": 2**40}})
    file = attach(ann, customer)
    ann.sync()
    line = CuttableLine(ann)
    limited = replace(ann.office.settings, file_bytes_max=100)
    line._blobs = at_hq.BlobService(ann.office.database, limited, ann.office.clock)
    carry(ann, line=line)
    told_of = attachments.file(ann.replica, file)
    assert (told_of.state, told_of.problem) == (FileState.REFUSED, TOO_LARGE)
    assert content_of(ann, file) == CONTENT


def test_room_is_freed_only_where_hq_has_the_file(pair: Pair) -> None:
    ann, _bob = pair
    file = attach(ann, customer_of(ann))
    with pytest.raises(UserError, match="stays on this laptop"):
        attachments.leave_at_hq(ann.replica, file)
    ann.sync()
    carry(ann)
    attachments.leave_at_hq(ann.replica, file)
    assert list(ann.replica.profile.blobs.iterdir()) == []
    assert state_of(ann, file) is FileState.AT_HQ
    assert carry(ann, EVERYTHING).received == 0  # not by itself
    attachments.fetch(ann.replica, file)
    assert carry(ann).received == 1


def traces(laptop: Laptop) -> Iterator[Path]:
    """Yield every file of a laptop's profile."""
    yield from (file for file in laptop.replica.profile.root.rglob("*") if file.is_file())


def test_what_goes_out_of_sight_leaves_no_content_picture_copy_or_key(pair: Pair, tmp_path: Path) -> None:
    ann, bob = pair
    customer = customer_of(ann)
    content = CANARY * 3000
    file = attach(ann, customer, content, "canary-name.txt")
    picture = attachments.add(
        ann.replica, "customer", customer, photo(tmp_path / "canary-shelf.jpg")
    ).value.id
    half = attach(ann, customer, content + CONTENT, "canary-half.bin")
    ann.sync()
    carry(ann)
    bob.sync()
    attachments.fetch(bob.replica, file)
    attachments.fetch(bob.replica, picture)
    carry(bob, BlobRule(automatic_bytes=1))
    attachments.fetch(bob.replica, half)
    line = CuttableLine(bob)
    line.cuts = [None, 77]
    looks = iter([False] * 4 + [True] * 99)
    carry(bob, line=line, cancelled=lambda: next(looks))
    copy = attachments.open_copy(bob.replica, file)
    assert copy.read_bytes() == content
    assert copy.stat().st_mode & 0o077 == copy.parent.stat().st_mode & 0o077 == 0
    preview = attachments.file(bob.replica, picture).preview_sha256
    with bob.replica.read() as session:
        keys = [blob.key for blob in session.query(Blob)]
        assert len(keys) == 4
        hashes = [blob.sha256 for blob in session.query(Blob)]
    assert attachments.preview(bob.replica, preview)
    bob.office.hq.update(
        "user", bob.user_id, {"role_id": bob.office.hq.find("role", "name", "finance")[0][0]}
    )
    while not bob.sync().up_to_date:
        pass
    assert [*bob.replica.profile.blobs.iterdir()] == []
    assert not copy.exists()
    bob.reopen()
    with bob.replica.read() as session:
        assert session.query(Blob).all() == []
        assert session.query(BlobQueue).all() == []
    plain = tmp_path / "plain.db"
    raw = connect(bob.replica.profile.database, KEY)
    raw.execute("ATTACH DATABASE ? AS plain KEY ''", (str(plain),))
    raw.execute("SELECT sqlcipher_export('plain')")
    raw.close()
    found = b"".join(each.read_bytes() for each in [*traces(bob), plain])
    for trace in [b"canary", CANARY, *keys, *(name.encode() for name in hashes)]:
        assert trace not in found


def test_contents_on_the_disk_are_sealed_and_their_names_say_nothing(pair: Pair) -> None:
    ann, _bob = pair
    file = attach(ann, customer_of(ann), CANARY * 5000, "canary.txt")
    found = list(ann.replica.profile.blobs.iterdir())
    assert len(found) == 1
    assert attachments.file(ann.replica, file).sha256 not in found[0].name
    assert CANARY not in found[0].read_bytes()
    raw = bytearray(found[0].read_bytes())
    raw[PART_BYTES + 200] ^= 1
    found[0].write_bytes(raw)
    with pytest.raises(UserError, match="damaged"):
        content_of(ann, file)


def test_a_deleted_file_comes_back_with_its_content(pair: Pair) -> None:
    ann, _bob = pair
    file = attach(ann, customer_of(ann))
    records.delete(ann.replica, "attachment", file)
    ann.sync()
    ann.replica.tidy_blobs()
    records.restore(ann.replica, "attachment", file)
    assert content_of(ann, file) == CONTENT


def test_a_refused_file_keeps_its_content_until_somebody_lets_go_of_it(pair: Pair) -> None:
    ann, bob = pair
    customer = customer_of(ann)
    ann.sync()
    bob.sync()
    ann.office.hq.update("customer", customer, {"owner_id": bob.user_id})
    file = attach(ann, customer)
    ann.sync()
    returned = returned_edits.returned(ann.replica)
    assert [edit.entity for edit in returned] == ["attachment"]
    ann.replica.tidy_blobs()
    assert len(list(ann.replica.profile.blobs.iterdir())) == 1
    deciding.discard(ann.replica, returned[0].id)
    ann.replica.tidy_blobs()
    assert list(ann.replica.profile.blobs.iterdir()) == []
    with pytest.raises(NotFound):
        attachments.file(ann.replica, file)


def test_an_hq_that_was_restored_gets_the_files_again(pair: Pair) -> None:
    ann, bob = pair
    file = attach(ann, customer_of(ann))
    ann.sync()
    carry(ann)
    bob.sync()
    attachments.fetch(bob.replica, file)
    carry(bob)
    with ann.office.database.note() as connection:  # the backup was made before the file came
        for table in (tables.Blob, tables.BlobPart, tables.BlobHolder):
            connection.execute(table_of(table).delete())
        ann.office.epoch = bytes.fromhex(renew_epoch(connection))
    for laptop in (bob, ann):
        while not laptop.sync().up_to_date:
            pass
    # Who fetched it has nothing to send, and may hold the last copy.
    assert (state_of(bob, file), attachments.kept(bob.replica).waiting) == (FileState.HERE, 0)
    with pytest.raises(UserError, match="may have lost"):
        attachments.leave_at_hq(bob.replica, file)
    assert (state_of(ann, file), attachments.kept(ann.replica).waiting) == (FileState.WAITING, 1)
    assert carry(ann).sent == 1


def test_what_a_crash_or_an_older_database_left_is_put_in_order(pair: Pair) -> None:
    ann, _bob = pair
    folder = ann.replica.profile.blobs
    lost = attach(ann, customer_of(ann))
    next(folder.iterdir()).unlink()
    kept = attach(ann, customer_of(ann, "Beta"), CANARY)
    old, young = folder / ("0" * 32), folder / ("1" * 32)
    for left in (old, young):
        left.write_bytes(b"left behind")
    os.utime(old, (1, 1))
    ann.replica.tidy_blobs()
    assert not old.exists()
    assert young.exists()  # another program may just be writing it
    assert content_of(ann, kept) == CANARY
    with pytest.raises(UserError, match="not on this laptop"):
        content_of(ann, lost)
    assert state_of(ann, lost) is FileState.AT_HQ


def test_names_from_elsewhere_are_made_fit_for_every_system(pair: Pair) -> None:
    ann, _bob = pair
    for given, kept in {
        "../../etc/passwd": "passwd",
        "C:\\Users\\x\\报价单.pdf": "报价单.pdf",
        'a<b>:"c|?*.txt': "a_b___c___.txt",
        "CON.txt": "_CON.txt",
        "invoice\u202efdp.exe": "invoice_fdp.exe",
        "x" * 300 + ".pdf": "x" * 146 + ".pdf",
        "...": "file",
    }.items():
        assert attachments.clean_name(given) == kept
    program = attach(ann, customer_of(ann), b"MZ", "setup.EXE")
    with pytest.raises(UserError, match="program"):
        attachments.open_copy(ann.replica, program)


def test_broken_and_huge_pictures_are_files_without_a_small_picture(pair: Pair, tmp_path: Path) -> None:
    ann, _bob = pair
    customer = customer_of(ann)
    whole = photo(tmp_path / "whole.jpg").read_bytes()
    bomb = tmp_path / "bomb.png"
    for content, name in ((whole[: len(whole) // 3], "cut.jpg"), (b"\x89PNG\r\n\x1a\n" + b"x" * 99, "x.png")):
        row = attachments.file(ann.replica, attach(ann, customer, content, name))
        assert row.state is FileState.WAITING
    for size, width in ((20_000, None), (8_000, 8_000)):
        Image.new("1", (size, size)).save(bomb)
        huge = attachments.add(ann.replica, "customer", customer, bomb).value
        assert (huge.get("preview_sha256"), huge.get("width")) == (None, width)


def document(pages: int, password: str | None = None) -> bytes:
    """Return a PDF of so many pages, with a dark square at the top of each."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, encrypt=password)
    for _ in range(pages):
        canvas.rect(0, 421, 595, 421, fill=1)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def test_what_is_under_way_is_told_paused_in_its_middle_and_goes_on_from_there(pair: Pair) -> None:
    ann, bob = pair
    customer = customer_of(ann)
    file, small = attach(ann, customer), attach(ann, customer, b"small", "small.txt")
    assert [(row.name, row.direction) for row in transfers.under_way(ann.replica).rows] == [
        ("small.txt", "up"),
        ("offer.bin", "up"),
    ]
    transfers.pause(ann.replica, file)  # before anything was planned
    ann.sync()
    assert carry(ann).sent == 1
    (row,) = transfers.under_way(ann.replica).rows
    assert (row.attachment_id, row.state, row.done) == (file, TransferState.PAUSED, 0)
    transfers.go_on(ann.replica, file)
    line = CuttableLine(ann)

    def pause_after_a_part() -> bool:
        if line.up == PART_BYTES:
            transfers.pause(ann.replica, file)
        return False

    assert carry(ann, line=line, cancelled=pause_after_a_part).sent == 0
    known = transfers.under_way(ann.replica)
    assert [(row.state, row.done) for row in known.rows] == [(TransferState.PAUSED, PART_BYTES)]
    assert (known.left_bytes, known.own_bytes) == (len(CONTENT) - PART_BYTES, len(CONTENT) + len(b"small"))
    transfers.go_on(ann.replica, file)
    assert carry(ann).sent == 1
    assert transfers.under_way(ann.replica).count == 0
    with pytest.raises(UserError, match="not under way"):
        transfers.pause(ann.replica, file)
    bob.sync()
    assert transfers.under_way(bob.replica).count == 0  # left at HQ, as nobody asked
    attachments.fetch(bob.replica, file)
    transfers.pause(bob.replica, file)
    assert carry(bob).received == 0
    assert [(row.direction, row.state) for row in transfers.under_way(bob.replica).rows] == [
        ("down", TransferState.PAUSED)
    ]
    transfers.go_on(bob.replica, file)
    assert carry(bob).received == 1
    assert small != file


def test_what_is_in_the_way_is_told_with_when_it_is_tried_again(pair: Pair) -> None:
    ann, bob = pair
    file = attach(ann, customer_of(ann))
    ann.sync()
    bob.sync()
    attachments.fetch(bob.replica, file)
    carry(bob)
    (row,) = transfers.under_way(bob.replica).rows
    assert (row.state, row.problem) == (TransferState.LATER, NOT_AT_HQ)
    assert row.next_try_ms is not None
    assert row.next_try_ms > bob.replica.clock.now_ms()
    carry(ann)
    transfers.go_on(bob.replica, file)
    assert carry(bob).received == 1


def test_a_pdf_shows_its_pages_and_its_first_one_wherever_it_may_be_seen(pair: Pair) -> None:
    ann, bob = pair
    added = attachments.add(
        ann.replica, "customer", customer_of(ann), document(3), name="offer.pdf", read_pdf=read_pdf
    ).value
    ann.sync()
    carry(ann)
    bob.sync()
    carry(bob, BlobRule(automatic_bytes=1))
    told = attachments.file(bob.replica, added.id)
    assert (told.pages, told.has_preview, told.state) == (3, True, FileState.AT_HQ)
    shown = Image.open(io.BytesIO(attachments.preview(bob.replica, told.preview_sha256) or b"")).convert("L")
    assert max(shown.size) == 240
    assert shown.getpixel((85, 50)) < 40  # type: ignore[operator]
    assert shown.getpixel((85, 200)) > 220  # type: ignore[operator]
    bob.office.hq.update(
        "user", bob.user_id, {"role_id": bob.office.hq.find("role", "name", "finance")[0][0]}
    )
    while not bob.sync().up_to_date:
        pass
    assert [*bob.replica.profile.blobs.iterdir()] == []


def test_a_pdf_nobody_can_read_is_a_file_without_a_picture(pair: Pair) -> None:
    ann, _bob = pair
    whole = document(1)
    for content in (whole[: len(whole) // 3], b"%PDF-1.7 and nothing else", document(1, "secret")):
        added = attachments.add(
            ann.replica, "customer", customer_of(ann), content, name="x.pdf", read_pdf=read_pdf
        ).value
        row = attachments.file(ann.replica, added.id)
        assert (row.pages, row.preview_sha256, row.state) == (0, "", FileState.WAITING)


def test_whoever_may_not_add_files_is_told_why(office: Office, laptops: Laptops) -> None:
    customer = office.hq.create("customer", {"name": "Acme"})
    auditor = laptops.make("eve", office.user("Eve", "auditor"))
    auditor.sync()
    assert not attachments.may_add(auditor.replica)
    with pytest.raises(AccessDenied):
        attach(auditor, customer)
    assert list(auditor.replica.profile.blobs.iterdir()) == []


def test_a_line_that_never_lets_a_byte_through_is_given_up_for_this_time(pair: Pair) -> None:
    ann, bob = pair
    file = attach(ann, customer_of(ann))
    ann.sync()
    carry(ann)
    bob.sync()
    attachments.fetch(bob.replica, file)
    line = CuttableLine(bob)
    line.cuts = [0] * 50
    report = carry(bob, line=line)
    assert report.problem == message("cut")
    assert report.waiting == 1
    assert line.requests == 3
    assert carry(bob).received == 1
