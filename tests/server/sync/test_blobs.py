"""Contents of files at HQ: who may send and read them, and that they go on at any byte."""

from __future__ import annotations

import copy
import hashlib
import random
from dataclasses import replace
from pathlib import Path

import pytest

from crm_core.entities import SCHEMAS
from crm_core.errors import NotFound
from crm_core.sync.blobs import PART_BYTES, proof_of
from crm_core.sync.protocol import Code
from sync_server.services.auth import DeviceSession
from sync_server.services.blobs import GRACE_MS, BlobService, Misplaced, broken_blobs
from sync_server.services.faults import Refusal
from sync_server.store.blobs import Blob, BlobHolder, BlobPart
from sync_server.store.tables import table_of
from tests.support.hq import Laptop, Office

CONTENT = random.Random(5).randbytes(2 * PART_BYTES + 777)


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def session_of(laptop: Laptop) -> DeviceSession:
    return DeviceSession(device_id=laptop.device, user_id=laptop.user_id)


def attach(laptop: Laptop, customer: str, content: bytes = CONTENT, **values: str) -> str:
    """Make the attachment of a content on a customer, and sync."""
    made = laptop.create(
        "attachment",
        {
            "name": "offer.pdf",
            "record_entity": "customer",
            "record_id": customer,
            "sha256": sha(content),
            "size_bytes": len(content),
            **values,
        },
    )
    laptop.sync()
    return made


def send(office: Office, laptop: Laptop, content: bytes = CONTENT, until: int | None = None) -> int:
    """Send a content part by part from where HQ stands; return how much HQ holds then."""
    blobs, session, name = office.blobs, session_of(laptop), sha(content)
    held = blobs.standing(session, name).held
    while held < (len(content) if until is None else until):
        start = held // PART_BYTES * PART_BYTES
        part = content[start : start + PART_BYTES]
        held = blobs.add(session, name, held, len(content), part[held - start :], sha(part))
    return held


def fetch(office: Office, laptop: Laptop, name: str) -> bytes:
    """Read a content to its end."""
    found = b""
    while True:
        piece = office.blobs.read(session_of(laptop), name, len(found))
        found += piece.content
        if len(found) == piece.size:
            return found


@pytest.fixture
def office(sqlite_office: Office) -> Office:
    """Give an HQ on SQLite; one test below goes through everything on PostgreSQL."""
    return sqlite_office


@pytest.fixture
def people(office: Office) -> tuple[Laptop, Laptop, Laptop]:
    """Give the laptops of a seller, of his manager and of a stranger."""
    return three_people(office)


def three_people(office: Office) -> tuple[Laptop, Laptop, Laptop]:
    team = office.hq.create("team", {"name": "North"})
    ann = office.user("Ann", "sales", team_id=team)
    bob = office.user("Bob", "sales_manager", team_id=team)
    eve = office.user("Eve", "sales")
    office.hq.update("team", team, {"manager_id": bob})
    return office.laptop(ann), office.laptop(bob), office.laptop(eve)


Three = tuple[Laptop, Laptop, Laptop]


def test_a_content_comes_back_as_it_was_sent_to_everybody_who_sees_the_file(
    office: Office, people: Three
) -> None:
    ann, bob, _eve = people
    attach(ann, ann.create("customer", {"name": "Acme"}))
    assert send(office, ann) == len(CONTENT)
    assert fetch(office, ann, sha(CONTENT)) == CONTENT
    assert fetch(office, bob, sha(CONTENT)) == CONTENT
    with office.database.read() as snapshot:
        assert broken_blobs(snapshot.connection) == (1, [])


def test_unknown_and_forbidden_contents_are_answered_alike(office: Office, people: Three) -> None:
    ann, _bob, eve = people
    attach(ann, ann.create("customer", {"name": "Acme"}))
    send(office, ann)
    said = []
    for name in (sha(CONTENT), sha(b"nobody has this")):
        for ask in (
            lambda name=name: office.blobs.read(session_of(eve), name, 0),
            lambda name=name: office.blobs.standing(session_of(eve), name),
            lambda name=name: office.blobs.prove(session_of(eve), name, "0" * 64),
            lambda name=name: office.blobs.add(session_of(eve), name, 0, 1, b"x", sha(b"x")),
        ):
            with pytest.raises(NotFound) as refused:
                ask()
            said.append(str(refused.value))
    assert len(set(said)) == 1


def test_whoever_only_knows_a_hash_gets_nothing_by_naming_it(office: Office, people: Three) -> None:
    ann, _bob, eve = people
    attach(ann, ann.create("customer", {"name": "Acme"}))
    send(office, ann)
    attach(eve, eve.create("customer", {"name": "Mine"}))
    for offset in (0, PART_BYTES, len(CONTENT) - 1):
        with pytest.raises(NotFound):
            office.blobs.read(session_of(eve), sha(CONTENT), offset)
    standing = office.blobs.standing(session_of(eve), sha(CONTENT))
    assert standing.held == 0  # as where HQ has none
    assert office.blobs.prove(session_of(eve), sha(CONTENT), "0" * 64) == 0
    assert standing.challenge != office.blobs.standing(session_of(ann), sha(CONTENT)).challenge
    stolen = proof_of(office.blobs.standing(session_of(ann), sha(CONTENT)).challenge, [CONTENT])
    assert office.blobs.prove(session_of(eve), sha(CONTENT), stolen) == 0
    with pytest.raises(Refusal):  # made-up bytes under a known hash
        office.blobs.add(session_of(eve), sha(CONTENT), 0, 5, b"12345", sha(b"12345"))
    assert fetch(office, ann, sha(CONTENT)) == CONTENT


def test_whoever_has_a_content_that_hq_has_proves_it_and_sends_nothing(office: Office, people: Three) -> None:
    ann, _bob, eve = people
    attach(ann, ann.create("customer", {"name": "Acme"}))
    send(office, ann)
    attach(eve, eve.create("customer", {"name": "Mine"}))
    challenge = office.blobs.standing(session_of(eve), sha(CONTENT)).challenge
    proof = proof_of(challenge, [CONTENT[:100], CONTENT[100:]])
    assert office.blobs.prove(session_of(eve), sha(CONTENT), proof) == len(CONTENT)
    assert fetch(office, eve, sha(CONTENT)) == CONTENT
    with office.database.read() as snapshot:
        assert len(snapshot.connection.execute(table_of(Blob).select()).all()) == 1


def test_sending_goes_on_at_the_byte_where_it_broke(office: Office, people: Three) -> None:
    ann, _bob, _eve = people
    customer = ann.create("customer", {"name": "Acme"})
    for cut in (1, PART_BYTES - 1, PART_BYTES, PART_BYTES + 5, 2 * PART_BYTES + 776):
        content = CONTENT[:-1] + bytes([cut % 251])
        attach(ann, customer, content)
        goes_on_at(office, ann, content, cut)


def goes_on_at(office: Office, laptop: Laptop, content: bytes, cut: int) -> None:
    """Send a content up to a byte, see that HQ stands there, and send the rest."""
    whole = cut // PART_BYTES * PART_BYTES
    if whole:
        send(office, laptop, content, until=whole)
    part = content[whole : whole + PART_BYTES]
    if cut > whole:
        office.blobs.add(session_of(laptop), sha(content), whole, len(content), content[whole:cut], sha(part))
    assert office.blobs.standing(session_of(laptop), sha(content)).held == cut
    with pytest.raises(NotFound):  # half of it is shown to nobody
        office.blobs.read(session_of(laptop), sha(content), 0)
    assert send(office, laptop, content) == len(content)
    assert fetch(office, laptop, sha(content)) == content


def test_a_part_sent_again_because_its_answer_was_lost_is_no_other_part(
    office: Office, people: Three
) -> None:
    ann, _bob, _eve = people
    attach(ann, ann.create("customer", {"name": "Acme"}))
    send(office, ann, until=PART_BYTES)
    part = CONTENT[:PART_BYTES]
    assert office.blobs.add(session_of(ann), sha(CONTENT), 0, len(CONTENT), part, sha(part)) == PART_BYTES
    with pytest.raises(Misplaced) as refused:  # a gap
        office.blobs.add(session_of(ann), sha(CONTENT), PART_BYTES + 1, len(CONTENT), b"x", sha(b"x"))
    assert refused.value.message.places["held"] == PART_BYTES
    assert send(office, ann) == len(CONTENT)


def test_a_part_that_arrived_damaged_is_asked_for_again(office: Office, people: Three) -> None:
    ann, _bob, _eve = people
    attach(ann, ann.create("customer", {"name": "Acme"}))
    part = CONTENT[:PART_BYTES]
    flipped = bytes([part[0] ^ 1]) + part[1:]
    with pytest.raises(Misplaced) as refused:
        office.blobs.add(session_of(ann), sha(CONTENT), 0, len(CONTENT), flipped, sha(part))
    assert refused.value.message.places["held"] == 0
    assert send(office, ann) == len(CONTENT)


def test_a_content_that_is_not_what_its_hash_says_is_thrown_away(office: Office, people: Three) -> None:
    ann, _bob, _eve = people
    attach(ann, ann.create("customer", {"name": "Acme"}), CONTENT)
    other = b"?" * 50
    with pytest.raises(Refusal) as refused:
        office.blobs.add(session_of(ann), sha(CONTENT), 0, len(other), other, sha(other))
    assert refused.value.code == "bad_request"
    with office.database.read() as snapshot:
        assert snapshot.connection.execute(table_of(Blob).select()).all() == []
        assert snapshot.connection.execute(table_of(BlobPart).select()).all() == []


def test_two_laptops_sending_the_same_never_meet_each_others_bytes(office: Office, people: Three) -> None:
    ann, bob, _eve = people
    attach(ann, ann.create("customer", {"name": "Acme"}))
    attach(bob, bob.create("customer", {"name": "Beta"}))
    part = CONTENT[:PART_BYTES]
    office.blobs.add(session_of(bob), sha(CONTENT), 0, len(CONTENT), b"made up", sha(part))
    assert office.blobs.standing(session_of(ann), sha(CONTENT)).held == 0
    assert send(office, ann) == len(CONTENT)
    assert fetch(office, bob, sha(CONTENT)) == CONTENT  # through Ann's file, which he sees as her manager


def test_files_and_laptops_have_their_limits(office: Office, people: Three) -> None:
    ann, _bob, _eve = people
    limited = BlobService(
        office.database,
        replace(office.settings, file_bytes_max=100, device_files_bytes_max=150),
        office.clock,
    )
    customer = ann.create("customer", {"name": "Acme"})
    small, second, large = b"a" * 90, b"b" * 90, b"c" * 101
    for content in (small, second, large):
        attach(ann, customer, content)
    session = session_of(ann)
    assert limited.add(session, sha(small), 0, 90, small, sha(small)) == 90
    for content in (second, large):
        with pytest.raises(Refusal) as refused:
            limited.add(session, sha(content), 0, len(content), content, sha(content))
        assert refused.value.code == "too_large"


def test_a_content_goes_with_the_rights_to_its_file(office: Office, people: Three) -> None:
    ann, bob, _eve = people
    customer = ann.create("customer", {"name": "Acme"})
    file = attach(ann, customer)
    send(office, ann)
    assert fetch(office, bob, sha(CONTENT)) == CONTENT
    office.hq.delete("attachment", file)
    for laptop in (ann, bob):
        with pytest.raises(NotFound):
            office.blobs.read(session_of(laptop), sha(CONTENT), 0)
    office.hq.restore("attachment", file)
    assert fetch(office, bob, sha(CONTENT)) == CONTENT
    office.hq.update("user", bob.user_id, {"role_id": office.hq.find("role", "name", "finance")[0][0]})
    with pytest.raises(NotFound):
        office.blobs.read(session_of(bob), sha(CONTENT), 0)


def test_a_masked_class_of_fields_masks_the_content_too(office: Office, people: Three) -> None:
    ann, bob, _eve = people
    attach(ann, ann.create("customer", {"name": "Acme"}))
    send(office, ann)
    role = office.hq.find("role", "name", "sales_manager")[0]
    rights = copy.deepcopy(role[1]["rights"])
    rights["classes"]["attachment"]["core"] = "mask"
    office.hq.update("role", role[0], {"rights": rights})
    with pytest.raises(NotFound):
        office.blobs.read(session_of(bob), sha(CONTENT), 0)
    assert fetch(office, ann, sha(CONTENT)) == CONTENT


def test_the_content_of_a_file_stands(office: Office, people: Three) -> None:
    ann, _bob, _eve = people
    file = attach(ann, ann.create("customer", {"name": "Acme"}))
    changed = ann.set("attachment", file, "sha256", sha(b"another"))
    renamed = ann.set("attachment", file, "name", "better name.pdf")
    ann.sync()
    assert ann.answers[changed].code == Code.ILLEGAL_STATE
    assert ann.answers[renamed].code == Code.APPLIED
    assert office.row("attachment", file)["sha256"] == sha(CONTENT)
    ann.create(
        "attachment",
        {
            "name": "x",
            "record_entity": "customer",
            "record_id": office.row("attachment", file)["record_id"],
            "sha256": "../../etc/passwd",
        },
    )
    ann.sync()
    assert ann.answers[ann.last_op].code == Code.INVALID


def test_contents_nobody_names_go_after_a_while(office: Office, people: Three) -> None:
    ann, _bob, _eve = people
    file = attach(ann, ann.create("customer", {"name": "Acme"}))
    begun = attach(ann, ann.create("customer", {"name": "Beta"}), CONTENT + b"more")
    send(office, ann)
    send(office, ann, CONTENT + b"more", until=PART_BYTES)
    office.hq.delete("attachment", file)
    assert office.blobs.collect() == 0
    office.now_ms += GRACE_MS + 1
    assert office.blobs.collect() == 1  # what was begun and left
    assert fetch_of_deleted(office, file)
    assert not fetch_of_deleted(office, begun)
    with office.database.note() as connection:  # as when the trash is emptied
        connection.execute(SCHEMAS["attachment"].table.delete())
    assert office.blobs.collect() == 0
    office.now_ms += GRACE_MS + 1
    assert office.blobs.collect() == 1
    with office.database.read() as snapshot:
        for table in (Blob, BlobPart, BlobHolder):
            assert snapshot.connection.execute(table_of(table).select()).all() == []


def fetch_of_deleted(office: Office, file: str) -> bool:
    """Tell whether a restored file would have its content still."""
    with office.database.read() as snapshot:
        names = {row.sha256 for row in snapshot.connection.execute(table_of(Blob).select())}
    return office.row("attachment", file)["sha256"] in names


def test_a_damaged_content_is_found(office: Office, people: Three) -> None:
    ann, _bob, _eve = people
    attach(ann, ann.create("customer", {"name": "Acme"}))
    send(office, ann)
    with office.database.note() as connection:
        part = table_of(BlobPart)
        connection.execute(part.update().where(part.c.no == 1).values(content=b"rot" * 10))
    with office.database.read() as snapshot:
        assert broken_blobs(snapshot.connection) == (1, [sha(CONTENT)])


@pytest.mark.postgres
def test_postgresql_keeps_contents_as_sqlite_does(tmp_path: Path, tabled_postgres: str) -> None:
    office = Office(tmp_path / "hq", tabled_postgres)
    ann, bob, eve = three_people(office)
    attach(ann, ann.create("customer", {"name": "Acme"}))
    attach(eve, eve.create("customer", {"name": "Mine"}))
    send(office, eve, until=PART_BYTES)
    goes_on_at(office, ann, CONTENT, PART_BYTES + 5)
    assert fetch(office, bob, sha(CONTENT)) == CONTENT
    with pytest.raises(NotFound):
        office.blobs.read(session_of(eve), sha(CONTENT), 0)
    assert send(office, eve) == len(CONTENT)  # ends as what HQ has already
    assert fetch(office, eve, sha(CONTENT)) == CONTENT
    office.now_ms += GRACE_MS + 1
    assert office.blobs.collect() == 0
    with office.database.read() as snapshot:
        assert broken_blobs(snapshot.connection) == (1, [])
    office.close()
