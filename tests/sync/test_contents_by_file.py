"""Contents of attached files that travel with sync by file, and by the line and by file in turn."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from crm_core.entities import SCHEMAS
from crm_core.sync.blobs import PART_BYTES
from crm_desktop.models import blobs
from crm_desktop.services import attachments
from crm_desktop.services.attachments import FileState
from crm_desktop.sync.carried_contents import Along
from sync_server.services.blobs import broken_blobs
from tests.support.hq import Office
from tests.support.post import Post
from tests.support.replicas import Laptop, Laptops
from tests.sync.test_blobs import attach, carry, content_of, customer_of, photo, state_of

LARGE = bytes(range(256)) * (5 * PART_BYTES // 256) + b"end"
PLENTY = Along(10 * len(LARGE), 1000)
FEW = Along(2 * PART_BYTES, 1000)

People = tuple[Laptop, Laptop]


@pytest.fixture
def post(tmp_path: Path, office: Office) -> Post:
    """Give what carries files."""
    (tmp_path / "stick").mkdir()
    return Post(tmp_path / "stick", office)


@pytest.fixture
def people(office: Office, laptops: Laptops, post: Post) -> People:
    """Give two colleagues who see each other's customers, and know HQ's key."""
    team = office.hq.create("team", {"name": "North"})
    lin, maya = (
        laptops.make(name, office.user(name, "sales_manager", team_id=team)) for name in ("lin", "maya")
    )
    for laptop in (lin, maya):
        post.token_of(laptop)
        laptop.sync()
    return lin, maya


def exchange(post: Post, laptop: Laptop, along: Along) -> tuple[int, int]:
    """Carry a file there and back; return how many contents HQ has since, and how many came."""
    answer, _ = post.answer(post.write(laptop, along))
    report = post.read(laptop, answer)
    return report.files_sent, report.files_received


def at_hq(office: Office) -> tuple[int, list[str]]:
    """Return how many contents HQ has, and which of them are not what they should be."""
    with office.database.read() as snapshot:
        return broken_blobs(snapshot.connection)


def test_contents_go_there_with_the_records_that_name_them_and_small_ones_come_back_with_theirs(
    office: Office, post: Post, people: People
) -> None:
    lin, maya = people
    customer = customer_of(lin)
    small, large, empty = (
        attach(lin, customer, content, name)
        for content, name in ((b"small", "a.txt"), (LARGE, "b.bin"), (b"", "c.txt"))
    )
    attach(lin, customer, LARGE, "the same once more.bin")
    assert post.write(lin, PLENTY).stat().st_size < 2 * len(LARGE)  # named twice, it goes once
    assert exchange(post, lin, PLENTY) == (3, 0)
    assert at_hq(office) == (3, [])
    assert attachments.kept(lin.replica).waiting == 0
    assert exchange(post, lin, PLENTY) == (0, 0)
    assert exchange(post, maya, PLENTY)[1] == 1
    assert content_of(maya, small) == b"small"
    assert state_of(maya, large) is FileState.AT_HQ
    attachments.fetch(maya.replica, large)
    attachments.fetch(maya.replica, empty)
    assert exchange(post, maya, PLENTY) == (0, 2)
    assert (content_of(maya, large), content_of(maya, empty)) == (LARGE, b"")


def test_a_small_picture_comes_along(post: Post, people: People, tmp_path: Path) -> None:
    lin, maya = people
    picture = attach(lin, customer_of(lin), photo(tmp_path / "a.jpg").read_bytes(), "a.jpg")
    exchange(post, lin, PLENTY)
    exchange(post, maya, PLENTY)
    assert attachments.file(maya.replica, picture).has_preview


def test_a_content_too_large_for_a_file_goes_on_with_the_next_or_over_a_line(
    office: Office, post: Post, people: People
) -> None:
    lin, maya = people
    large = attach(lin, customer_of(lin), LARGE)
    assert [exchange(post, lin, FEW) for _ in range(2)] == [(0, 0), (0, 0)]
    lin.sync()
    carry(lin)  # over a line the rest goes
    assert at_hq(office) == (1, [])
    maya.sync()
    attachments.fetch(maya.replica, large)
    assert exchange(post, maya, FEW) == (0, 0)
    with maya.replica.read() as session:
        begun = blobs.find(session, hashlib.sha256(LARGE).hexdigest())
    assert begun is not None
    assert maya.replica.blobs.held(begun) == 2 * PART_BYTES
    assert [exchange(post, maya, FEW) for _ in range(2)] == [(0, 0), (0, 1)]
    assert content_of(maya, large) == LARGE


def test_a_file_answered_twice_and_read_twice_does_no_harm_to_contents(
    office: Office, post: Post, people: People
) -> None:
    lin, _ = people
    attach(lin, customer_of(lin), LARGE)
    file = post.write(lin, FEW)
    for _ in range(2):
        answer, told = post.answer(file)
        assert told.files_in == 1
    for _ in range(2):
        post.read(lin, answer)
    assert exchange(post, lin, PLENTY) == (1, 0)
    assert at_hq(office) == (1, [])


def test_a_content_out_of_sight_is_not_given_to_whoever_knows_its_hash(
    office: Office, post: Post, people: People, laptops: Laptops
) -> None:
    lin, _ = people
    attach(lin, customer_of(lin), b"canary content")
    exchange(post, lin, PLENTY)
    eve = laptops.make("eve", office.user("Eve", "sales"))
    post.token_of(eve)
    eve.sync()
    own = attach(eve, customer_of(eve, "Own"), b"own")
    table, wanted = SCHEMAS["attachment"].table, hashlib.sha256(b"canary content").hexdigest()
    with eve.replica.applying() as session:
        session.execute(update(table).where(table.c.id == own).values(sha256=wanted))
        session.execute(delete(blobs.Blob))
    attachments.fetch(eve.replica, own)
    answer, told = post.answer(post.write(eve, PLENTY))
    assert (told.files_out, post.read(eve, answer).files_received) == (0, 0)
    assert state_of(eve, own) is not FileState.HERE


def test_where_none_are_to_go_along_none_do(post: Post, people: People) -> None:
    lin, _ = people
    attach(lin, customer_of(lin), LARGE)
    assert exchange(post, lin, Along(0, 0)) == (0, 0)
    assert post.write(lin).stat().st_size < PART_BYTES
    assert attachments.kept(lin.replica).waiting == 1
