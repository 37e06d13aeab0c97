"""Training the dictionary of small messages: `python -m benchmarks.wire_dictionary FILE`.

Bodies of invented companies' rounds, each company with ids, people, words and a time of its own, so that
nothing of one HQ is learnt. What each kind of message takes is printed, of one the training never saw. FILE
is `crm_core/sync/wire_dictionary.py`: what was released never changes, another gets the next number.
"""

from __future__ import annotations

import base64
import random
import statistics
import sys
import tempfile
from pathlib import Path

import msgspec
import zstandard
from sqlalchemy import select

from crm_core.entities import SCHEMAS
from crm_core.sync.codec import SMALL_BYTES
from crm_core.sync.protocol import SyncRequest, SyncResponse
from crm_desktop.services import records
from tests.support.hq import Office
from tests.support.replicas import Laptop, Laptops, make_template

SIZE_BYTES = 4096
EDITS = 12
TRAINED_ON, TRIED_ON = range(16), 16
YEARS_MS = 3 * 365 * 86_400_000
PAGES_BYTES = (8 * 1024, 1024 * 1024)  # what lines ask for
CLOCKS_MS = (-300, 300)  # how far off clocks are
HEAD = '''"""What small messages have in common, by number. Written by `python -m benchmarks.wire_dictionary`."""

from __future__ import annotations

import base64
from typing import Final

DICTIONARIES: Final = {{
    1: base64.b85decode(
        {text}
    ),
}}
'''  # noqa: E501
LINE = 96

Bodies = dict[str, list[bytes]]


def main() -> None:
    """Train, print what it gives (plain, without, with it), and write the module."""
    with tempfile.TemporaryDirectory() as folder:
        template = make_template(Path(folder) / "template" / "profile")
        seen = {seed: bodies(Path(folder) / str(seed), template, seed) for seed in (*TRAINED_ON, TRIED_ON)}
    small: list[bytes | bytearray | memoryview] = [
        body
        for seed in TRAINED_ON
        for those in seen[seed].values()
        for body in those
        if len(body) < SMALL_BYTES
    ]
    trained = zstandard.train_dictionary(SIZE_BYTES, small, dict_id=1)
    for name, those in sorted(seen[TRIED_ON].items()):
        tried = [body for body in those if len(body) < SMALL_BYTES]
        if tried:
            figures = [
                statistics.mean(len(each) for each in tried),
                statistics.mean(size(each, None, 3) for each in tried),
                statistics.mean(size(each, trained, 9) for each in tried),
            ]
            print(name, *(round(figure) for figure in figures))
    text = base64.b85encode(trained.as_bytes()).decode()
    lines = [f'b"{text[place : place + LINE]}"' for place in range(0, len(text), LINE)]
    Path(sys.argv[1]).write_text(HEAD.format(text="\n        ".join(lines)))


def size(body: bytes, dictionary: zstandard.ZstdCompressionDict | None, level: int) -> int:
    """Return how many bytes a body takes."""
    press = zstandard.ZstdCompressor(level=level, write_checksum=True, dict_data=dictionary)
    return len(press.compress(body))


def bodies(folder: Path, template: Path, seed: int) -> Bodies:
    """Return what three people of one company and their HQ said, by what it was about."""
    folder.mkdir()
    chance = random.Random(seed)
    office = Office(folder / "hq")
    office.now_ms += chance.randrange(YEARS_MS)  # or the dictionary would know what time it is
    makes = Laptops(folder, office, template)
    team = office.hq.create("team", {"name": f"{word(chance)} {seed}"})
    people = [
        makes.make(role, office.user(word(chance), role, team_id=team), skew_ms=chance.randint(*CLOCKS_MS))
        for role in ("sales", "sales_manager", "regional_manager")
    ]
    for person in people:
        for _ in range(60):
            owner, name = person.user_id, word(chance)
            office.hq.create("customer", {"name": name, "owner_id": owner, "team_id": team})
    found: Bodies = {}
    for person in people:
        listen(person, "first page", found)
    for _ in range(EDITS):
        writer = chance.choice(people)
        edit(writer, chance)
        listen(writer, "edit handed in", found)
        for other in people:
            other.page_bytes = chance.randint(*PAGES_BYTES)
            if other is not writer:
                listen(other, "edit fetched", found)
        listen(writer, "nothing new", found)
        office.now_ms += chance.randrange(1_000, 200_000)
    makes.close()
    office.close()
    return found


def word(chance: random.Random) -> str:
    """Return a name nobody has, in either language."""
    return chance.choice(("Heron", "Alder", "Quarry", "纸鹤", "海蓝", "晨光")) + chance.choice("qzxjkv") * 2


def edit(person: Laptop, chance: random.Random) -> None:
    """Do something a person does all day, to a customer in sight."""
    with person.replica.read() as session:
        customer = chance.choice(session.scalars(select(SCHEMAS["customer"].table.c.id)).all())
    text = word(chance)
    match chance.randrange(5):
        case 0:
            call = {"kind": "call", "customer_id": customer, "subject": text}
            records.create(person.replica, "activity", call)
        case 1:
            contact = {"customer_id": customer, "name": text, "email": f"{chance.randrange(999)}@example.com"}
            records.create(person.replica, "contact", contact)
        case 2:
            records.create(person.replica, "customer", {"name": text, "city": word(chance)})
        case _:
            field = chance.choice(("phone", "notes", "city"))
            value = f"+{chance.randrange(10**10)}" if field == "phone" else f"{text} {chance.random()}"
            records.update(person.replica, "customer", customer, {field: value})


def listen(person: Laptop, about: str, found: Bodies) -> None:
    """Run a round and keep what was said in it, unpacked."""
    line, said = person.line, found.setdefault(f"{about}: up", [])
    carry, before = line.sync, len(line.seen)

    def heard(request: SyncRequest) -> SyncResponse:
        said.append(msgspec.msgpack.encode(request))
        return carry(request)

    line.sync = heard  # type: ignore[method-assign]
    person.sync()
    del line.sync
    found.setdefault(f"{about}: down", []).extend(map(msgspec.msgpack.encode, line.seen[before:]))


if __name__ == "__main__":
    main()
