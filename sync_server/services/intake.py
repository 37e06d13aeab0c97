"""What customers say, by whatever way it came, made into tickets and messages of tickets: one rule for all.

A sender nobody knows gets a ticket of no customer, which waits among the unknown ones until somebody says
whose it is. Files are kept as those of any record. All within the caller's transaction.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

import structlog
from sqlalchemy import func, select

from crm_core.entities import SCHEMAS
from crm_core.errors import CrmError
from crm_core.i18n import N_, Message, message
from crm_core.ids import named_id
from crm_core.times import DAY_MS, HOUR_MS
from resources import translation
from sync_server.services.headquarters import Headquarters
from sync_server.services.hq import Edit, EditKind, Writing
from sync_server.services.letter_parts import LetterFile
from sync_server.services.records import chunks
from sync_server.services.senders import Sender, Senders

AN_HOUR_MOST: Final = 30
"""Messages of one sender taken in within an hour; more of them are machines that answer each other."""
A_DAY_MOST: Final = 30
"""Tickets of one sender within a day; what else he writes goes on in the newest of them."""
SUBJECT_MOST: Final = 200
TICKET, MESSAGE = SCHEMAS["ticket"].table, SCHEMAS["ticket_message"].table
CLOSED: Final = "closed"
log = structlog.get_logger("satchel.intake")
_ADDRESS: Final = "from_address"
_OURS_AGAIN: Final = ("waiting", "solved")
"""States in which a ticket waits for nobody here; a word of the customer opens it again."""


class Desk:
    """Takes in what came, in one transaction.

    `gathers`: what is to be written is kept until it is asked for or `flush` is called, for many messages
    written at once cost a fraction of what they do one by one.
    """

    def __init__(self, hq: Headquarters, writing: Writing, now_ms: int, *, gathers: bool = False) -> None:
        self.hq, self.writing, self.now_ms = hq, writing, now_ms
        self._gathers = gathers
        self._waiting: list[Sequence[Edit]] = []
        self._waiting_ids: set[str] = set()
        self._messages: dict[str, Mapping[str, Any] | None] = {}
        """Messages read beforehand, None for what is not there."""
        self._made_from: Counter[str] = Counter()
        """What was taken in here, by the address of who wrote."""
        self._opened_from: Counter[str] = Counter()
        """Tickets opened here, and within the day before, by the address of who wrote."""
        self._pace: Counter[str] = Counter()
        """What was written within the hour before, by address."""
        self.refused: list[Sequence[Edit]] = []
        """What a desk that gathers could not write so far."""
        self.connection = writing.connection
        self.senders = Senders(self.connection)
        self.founder_id = hq.records.author(self.connection).user_id

    def row(self, table: Any, record_id: str) -> Mapping[str, Any] | None:
        """Return a record, a deleted one too: what was deleted as junk does not come back."""
        if record_id in self._waiting_ids:
            self.flush()
        if table is MESSAGE and record_id in self._messages:
            return self._messages[record_id]
        query = select(table).where(table.c.id == record_id)
        found = self.connection.execute(query).mappings().first()
        return dict(found) if found is not None else None

    def learn_messages(self, ids: Collection[str]) -> None:
        """Read several messages at once; most of them are not there."""
        self._messages = dict.fromkeys(ids)
        for some in chunks(sorted(ids)):
            for row in self.connection.execute(select(MESSAGE).where(MESSAGE.c.id.in_(some))).mappings():
                self._messages[row["id"]] = dict(row)

    def living(self, ticket_id: str | None) -> Mapping[str, Any] | None:
        """Return a ticket, or the one it was merged into."""
        seen: set[str] = set()
        while ticket_id and ticket_id not in seen:
            seen.add(ticket_id)
            found = self.row(TICKET, ticket_id)
            if found is None or found["life"] % 2 == 1:
                return found
            ticket_id = found["merged_into_id"]
        return None

    def is_too_fast(self, sender: Sender) -> bool:
        """Tell whether a sender wrote more within the last hour than a person does."""
        places = ((_ADDRESS, sender.address.lower()), ("chat_name", sender.chat_name))
        name, value = next(((name, value) for name, value in places if value), ("", ""))
        if not name:
            return False
        if name == _ADDRESS and value in self._pace:
            return self._pace[value] + self._made_from[value] >= AN_HOUR_MOST
        return self._counted(name, (value,))[value] >= AN_HOUR_MOST

    def learn_pace(self, addresses: Collection[str]) -> None:
        """Count what several addresses wrote within the last hour, and opened in a day, all at once."""
        self._pace = self._counted(_ADDRESS, addresses)
        self._opened_from = Counter(dict.fromkeys(addresses, 0))
        for some in chunks(sorted(addresses)):
            self._opened_from.update(self._opened(some))

    def has_many(self, sender: Sender) -> bool:
        """Tell whether a sender has opened as many tickets within a day as he may."""
        address = sender.address.lower()
        if address not in self._opened_from:
            self._opened_from.update({address: 0} | self._opened((address,)))
        return self._opened_from[address] >= A_DAY_MOST

    def newest_of(self, sender: Sender) -> Mapping[str, Any] | None:
        """Return the newest ticket of a sender that is not closed."""
        self.flush()
        query = (
            select(TICKET)
            .where(TICKET.c[_ADDRESS] == sender.address.lower(), TICKET.c.life % 2 == 1)
            .where(TICKET.c.channel == "mail", TICKET.c.status != CLOSED)
            .order_by(TICKET.c.created_at.desc(), TICKET.c.id.desc())
            .limit(1)
        )
        found = self.connection.execute(query).mappings().first()
        return dict(found) if found is not None else None

    def _opened(self, addresses: Sequence[str]) -> dict[str, int]:
        column = TICKET.c[_ADDRESS]
        query = (
            select(column, func.count())
            .where(column.in_(addresses), TICKET.c.created_at > self.now_ms - DAY_MS)
            .group_by(column)
        )
        return {row[0]: row[1] for row in self.connection.execute(query)}

    def _counted(self, name: str, values: Collection[str]) -> Counter[str]:
        """Return how many messages came within the last hour by what a field of their tickets holds."""
        counts: Counter[str] = Counter(dict.fromkeys(values, 0))
        column = TICKET.c[name]
        for some in chunks(sorted(values)):
            query = (
                select(column, func.count())
                .select_from(MESSAGE.join(TICKET, TICKET.c.id == MESSAGE.c.ticket_id))
                .where(column.in_(some), MESSAGE.c.from_customer.is_(True))
                .where(MESSAGE.c.created_at > self.now_ms - HOUR_MS)
                .group_by(column)
            )
            counts.update({row[0]: row[1] for row in self.connection.execute(query)})
        return counts

    def open_ticket(
        self,
        ticket_id: str,
        message_id: str,
        sender: Sender,
        values: Mapping[str, Any],
        said: Mapping[str, Any],
        *,
        links: Mapping[str, str],
        notes: Sequence[Message] = (),
        files: Iterable[LetterFile] = (),
    ) -> list[Edit]:
        """Return the edits that open a ticket with what was said; notes are told to colleagues beside it."""
        opened = {
            "kind": "question",
            "from_address": sender.address.lower(),
            "from_name": sender.name,
            "from_phone": sender.phone,
            "chat_name": sender.chat_name,
            **values,
            **links,
        }
        first = {"from_customer": True, "contact_id": links.get("contact_id"), "written_at": self.now_ms}
        edits = [
            create("ticket", ticket_id, opened),
            create("ticket_message", message_id, {**first, **said, "ticket_id": ticket_id}),
        ]
        self._made_from[opened["from_address"]] += 1
        self._opened_from[opened["from_address"]] += 1
        for number, note in enumerate(notes):
            edits.append(self.note(ticket_id, named_id("note of intake", f"{message_id} {number}"), note))
        return edits + self.keep_files(ticket_id, message_id, files)

    def go_on(
        self,
        ticket: Mapping[str, Any],
        message_id: str,
        sender: Sender,
        said: Mapping[str, Any],
        *,
        files: Iterable[LetterFile] = (),
    ) -> list[Edit]:
        """Return the edits that add what the customer said to an open ticket; then it is our turn again."""
        self._made_from[sender.address.lower()] += 1
        links = self.senders.links(sender)
        first = {"from_customer": True, "contact_id": links.get("contact_id"), "written_at": self.now_ms}
        edits = [create("ticket_message", message_id, {**first, **said, "ticket_id": ticket["id"]})]
        if ticket["status"] in _OURS_AGAIN:
            again = {"status": "open"}
            edits.append(Edit(kind=EditKind.UPDATE, entity="ticket", record_id=ticket["id"], values=again))
        return edits + self.keep_files(ticket["id"], message_id, files)

    def note(self, ticket_id: str, message_id: str, said: Message) -> Edit:
        """Return the edit that tells colleagues something beside a ticket, in HQ's language."""
        body = said.show(translation(self.hq.settings.language))
        values = {"ticket_id": ticket_id, "internal": True, "body": body, "written_at": self.now_ms}
        return create("ticket_message", message_id, values)

    def keep_files(self, ticket_id: str, message_id: str, files: Iterable[LetterFile]) -> list[Edit]:
        """Keep contents and return the edits that attach them; a note names those that are too large."""
        edits, left = [], []
        most = self.hq.settings.file_bytes_max
        for number, file in enumerate(files):
            if len(file.content) > most:
                left.append(file.name)
                continue
            sha256 = self.hq.blobs.keep_in(self.connection, file.content, self.founder_id)
            values = {
                "name": file.name,
                "record_entity": "ticket",
                "record_id": ticket_id,
                "media_type": file.media_type,
                "size_bytes": len(file.content),
                "sha256": sha256,
            }
            edits.append(create("attachment", named_id("file of intake", f"{message_id} {number}"), values))
        if left:
            told = message(N_("Too large to be kept here: {names}"), names=", ".join(left))
            edits.append(self.note(ticket_id, named_id("files left", message_id), told))
        return edits

    def write(self, edits: Sequence[Edit]) -> None:
        """Make edits, all or none. Raises the first one's error, and nothing of them stands.

        A desk that gathers raises none; `flush` says which were not made.
        """
        if self._gathers:
            self._waiting.append(edits)
            self._waiting_ids.update(edit.record_id for edit in edits)
            return
        with self.writing.part():
            self.writing.write_all(edits)

    def flush(self) -> list[Sequence[Edit]]:
        """Make what waits; return the edits that were refused, of which nothing stands."""
        waiting, self._waiting = self._waiting, []
        for record_id in self._waiting_ids:
            self._messages.pop(record_id, None)
        self._waiting_ids.clear()
        if not waiting:
            return []
        try:
            with self.writing.part():
                self.writing.write_all([edit for edits in waiting for edit in edits])
        except CrmError as error:
            if len(waiting) == 1:
                log.warning("what a customer said was not taken in", reason=error.message.text)
                self.refused.append(waiting[0])
                return waiting
        else:
            return []
        refused = []
        for edits in waiting:
            try:
                with self.writing.part():
                    self.writing.write_all(edits)
            except CrmError as error:
                log.warning("what a customer said was not taken in", reason=error.message.text)
                refused.append(edits)
        self.refused += refused
        return refused


def create(entity: str, record_id: str, values: Mapping[str, Any]) -> Edit:
    """Return the edit that makes a record of the values that say something."""
    given = {name: value for name, value in values.items() if value not in (None, "")}
    return Edit(kind=EditKind.CREATE, entity=entity, record_id=record_id, values=given)


def fingerprint(text: str) -> str:
    """Return what tells one text from another."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]


def one_line(text: str, most: int = SUBJECT_MOST) -> str:
    """Return text as one line of at most so many characters."""
    return " ".join(text.split())[:most]
