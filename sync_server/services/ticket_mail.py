"""Mails of customers to the service address: tickets and messages of tickets, each once.

Anybody may have sent one. A mail goes to the ticket it answers only from somebody that ticket knows; from
anybody else it becomes a ticket of its own that names the other. Whatever machines send makes nothing, so
that nothing goes round in circles; a report that an answer was not delivered is told to who wrote it. Where
something of a mail is not in its text or files, the mail itself is kept beside them.

Of one sender as many are taken in an hour as a person writes; the others stay unread and are taken in later.
What he writes beyond his tickets of a day goes on in the newest of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import structlog
from sqlalchemy import select

from crm_core.entities import SCHEMAS
from crm_core.errors import UserError
from crm_core.i18n import N_, Message, message
from crm_core.ids import is_id, named_id
from crm_core.rules.mailing import mailboxes
from crm_core.times import HOUR_MS
from resources import translation
from sync_server.services.headquarters import Headquarters
from sync_server.services.hq import Edit
from sync_server.services.intake import (
    A_DAY_MOST,
    AN_HOUR_MOST,
    CLOSED,
    MESSAGE,
    TICKET,
    Desk,
    create,
    fingerprint,
)
from sync_server.services.later import Later
from sync_server.services.letter_parts import LetterFile
from sync_server.services.letters import Letter, forwarded_from, read_letter
from sync_server.services.mail_people import Colleague, colleague_on, colleagues_among
from sync_server.services.mailbox import Box, Fetched, mail_batches, own_address
from sync_server.services.senders import Sender
from sync_server.services.ticket_forms import acknowledgement_id
from sync_server.services.told import task_for

AT_ONCE: Final = 3_000
"""Mails of one run; the next run takes the rest."""
WHOLE_BYTES: Final = 40_000_000
"""Of a larger mail only the beginning is fetched; mail servers take some 35 MB."""
_NUMBER: Final = re.compile(r"\[([^\[\]\s]{1,40})\]")
_OURS: Final = re.compile(r"<([0-9a-f]{32})@[^<>\s]+>")
_FAILED: Final = re.compile(r"\bdmarc\s*=\s*fail\b", re.I)
_MAIL: Final = SCHEMAS["outgoing_mail"].table
_REPORT_MOST: Final = 1_000
_ORIGINAL: Final = "mail.eml"
_FROM_NOBODY: Final = "mail that could not be read"

log = structlog.get_logger("satchel.mail")


class Fate(StrEnum):
    """What became of a mail."""

    TICKET = "tickets"
    MESSAGE = "messages"
    NOTE = "notes"
    """Of a colleague: a note among colleagues."""
    BOUNCED = "bounced"
    AUTOMATIC = "automatic"
    KNOWN = "known"
    LATER = "later"
    """Its sender writes more than a person does; it stays unread, and is looked at again."""
    BARRED = "barred"
    UNREADABLE = "unreadable"
    """A ticket that holds the mail as it came."""
    FAILED = "failed"
    """It could not be written, such as where tickets must have a value nobody typed; it stays unread."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a mail of somebody; '' where nobody can be told to have sent it."""

    fate: Fate
    sender: str


def fetch(hq: Headquarters, now_ms: int, later: Later | None = None) -> dict[str, int]:
    """Take in the new mails of the service address; return how many had which fate.

    `later` knows those that were left for later before. Raises `Unreachable`, `UserError`. A mail taken
    twice, because the line broke, changes nothing.
    """
    later = later or Later()
    counts = dict.fromkeys((fate.value for fate in Fate), 0)
    settings = hq.settings
    box = Box(
        server=settings.service_server,
        user=settings.service_user,
        password=settings.service_password,
        folder=settings.service_folder,
        called="service",
    )

    def due(unread: Sequence[str], validity: bytes) -> list[str]:
        return later.due(unread, validity, now_ms)

    for batch in mail_batches(box, whole_up_to=WHOLE_BYTES, most=AT_ONCE, due=due):
        for mail, taken in zip(batch.mails, take_batch(hq, batch.mails, now_ms), strict=True):
            counts[taken.fate] += 1
            if taken.fate in (Fate.FAILED, Fate.LATER):
                batch.left.add(mail.uid)
            if taken.fate is Fate.LATER:
                later.put(taken.sender, mail.uid, now_ms)
        hq.database.give_way()
    return counts


def take(hq: Headquarters, letter: Letter, now_ms: int) -> Fate:
    """Make of a mail what it is: a ticket, a message of one, or nothing. Raises what writing raises."""
    with hq.records.writing() as writing:
        return _Taking(Desk(hq, writing, now_ms)).take(letter)


def take_batch(hq: Headquarters, batch: Sequence[Fetched], now_ms: int) -> list[Taken]:
    """Take mails in, in one transaction; one that cannot be written is left out and the others stand."""
    read = [(each, read_letter(each.content, stands_for_id=_stands_for(hq, each))) for each in batch]
    fates: list[Fate] = []
    made: dict[int, str] = {}
    with hq.records.writing() as writing:
        desk = Desk(hq, writing, now_ms, gathers=True)
        taking = _Taking(desk)
        taking.learn([letter for _, letter in read if letter is not None])
        for place, (fetched, letter) in enumerate(read):
            if letter is None:
                log.info("unreadable mail", uid=fetched.uid, bytes=fetched.size)
                fates.append(taking.take_unread(fetched))
            else:
                fates.append(taking.take(letter, fetched))
            made[place] = taking.last_id
        desk.flush()
    refused = {edit.record_id for edits in desk.refused for edit in edits}
    return [
        Taken(Fate.FAILED if made[place] in refused else fate, letter.address if letter is not None else "")
        for place, (fate, (_, letter)) in enumerate(zip(fates, read, strict=True))
    ]


def _stands_for(hq: Headquarters, fetched: Fetched) -> str:
    return f"{hq.settings.service_user} {fetched.uid} {fetched.size}"


class _Taking:
    """Takes mails in at one desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._colleagues: Mapping[str, Colleague] = {}
        self._learned: frozenset[str] = frozenset()
        self.last_id = ""
        """Of the message the last mail became, or would."""
        self._settings = desk.hq.settings
        self._own = own_addresses(desk.hq)
        self._tr = translation(self._settings.language)

    def learn(self, letters: Sequence[Letter]) -> None:
        """Look up who wrote several mails at once."""
        addresses = {*(each.address for each in letters), *(each.author for each in letters)} - {""}
        self._desk.senders.learn(addresses)
        self._desk.learn_pace(addresses)
        self._colleagues = colleagues_among(self._desk.connection, addresses)
        self._learned = frozenset(addresses)
        named = {each for letter in letters for each in (letter.id, *letter.references)}
        self._desk.learn_messages({named_id("ticket mail", each) for each in named})

    def take(self, letter: Letter, fetched: Fetched | None = None) -> Fate:
        """Make of a mail what it is. Raises what writing raises; then nothing of it stands."""
        self.last_id = ""
        record_id = self._record_id(letter)
        if record_id is None:
            return Fate.KNOWN
        self.last_id = record_id
        if letter.is_report:
            return self._bounced(letter, record_id)
        if letter.automatic or not self._own.isdisjoint((letter.address, letter.author)):
            return Fate.AUTOMATIC
        ours = _OURS.fullmatch(letter.id)
        if ours and self._desk.row(_MAIL, ours[1]) is not None:
            return Fate.AUTOMATIC  # a mail of our own that somebody's server sent back to us
        sender = Sender(name=letter.name, address=letter.address)
        if self._desk.senders.is_barred(sender):
            return Fate.BARRED
        is_forged = self._is_forged(letter)
        colleague = self._colleague(letter.author) if not is_forged else None
        handed_on = forwarded_from(letter.text) if colleague is not None else None
        if colleague is None and self._desk.is_too_fast(sender):
            return Fate.LATER
        named = self._thread(letter)
        said: dict[str, Any] = {"body": self._body(letter), "mail_id": letter.id[:400]}
        files = self._files(letter, fetched)
        if colleague is not None and named is not None and handed_on is None:
            note = {**said, "ticket_id": named["id"], "internal": True, "author_id": colleague.id}
            note["written_at"] = self._desk.now_ms
            kept = self._desk.keep_files(named["id"], record_id, files)
            self._desk.write([create("ticket_message", record_id, note), *kept])
            return Fate.NOTE
        if handed_on is not None:
            sender = Sender(name=handed_on.name, address=handed_on.address)
        links = {} if is_forged else self._links(sender, letter if handed_on is None else None)
        ticket, notes = named, list[Message]()
        if named is not None and (is_forged or not self._may_join(named, sender, links)):
            ticket = None
            told = N_("It says that it belongs to ticket {number}, which does not know its sender")
            notes.append(message(told, number=named["number"] or ""))
        if fetched is not None and len(fetched.content) < fetched.size:
            told = N_("The mail has {megabytes} MB, too much to be fetched: all of it is at the mail server")
            notes.append(message(told, megabytes=fetched.size // 1_000_000))
        if is_forged:
            notes.append(message(N_("The mail server says that it is not from the address it names")))
        if ticket is not None and ticket["status"] != CLOSED:
            self._desk.write(self._desk.go_on(ticket, record_id, sender, said, files=files))
            return Fate.MESSAGE
        if colleague is None and self._desk.has_many(sender):
            if is_forged:
                return Fate.LATER  # it goes into no ticket of who it says it is from
            newest = self._desk.newest_of(sender)
            if newest is not None:
                said = {**said, "body": "\n\n".join(dict.fromkeys((letter.subject, said["body"])))}
                edits = self._desk.go_on(newest, record_id, sender, said, files=files)
                self._desk.write([*edits, *self._told_of_many(newest)])
                return Fate.MESSAGE
        values = {
            "subject": letter.subject or self._tr(N_("Mail without a subject")),
            "channel": "mail",
            "parent_id": ticket["id"] if ticket is not None else None,
        }
        ticket_id = named_id("ticket by mail", record_id)
        self._desk.write(
            self._desk.open_ticket(
                ticket_id, record_id, sender, values, said, links=links, notes=notes, files=files
            )
        )
        return Fate.TICKET

    def _told_of_many(self, ticket: Mapping[str, Any]) -> list[Edit]:
        """Return the note that says, once, why a ticket holds what else its sender wrote."""
        note_id = named_id("many mails", str(ticket["id"]))
        if self._desk.row(MESSAGE, note_id) is not None:
            return []
        told = N_("Many mails of one sender: {most} tickets within a day. What else he writes stands here")
        return [self._desk.note(str(ticket["id"]), note_id, message(told, most=A_DAY_MOST))]

    def _colleague(self, address: str) -> Colleague | None:
        if address in self._learned:
            return self._colleagues.get(address)
        return colleague_on(self._desk.connection, address)

    def take_unread(self, fetched: Fetched) -> Fate:
        """Keep a mail nobody can read as a ticket that holds it; of a flood of them only the first ones."""
        record_id = self.last_id = named_id("unread mail", fingerprint(fetched.content.decode("latin-1")))
        if self._desk.row(MESSAGE, record_id) is not None:
            return Fate.KNOWN
        self._desk.flush()
        query = select(TICKET.c.id).where(
            TICKET.c.from_name == _FROM_NOBODY, TICKET.c.created_at > self._desk.now_ms - HOUR_MS
        )
        if len(self._desk.connection.execute(query.limit(AN_HOUR_MOST)).all()) >= AN_HOUR_MOST:
            return Fate.LATER
        told = self._tr(
            N_("This mail could not be read, or names nobody who sent it. It is among the files.")
        )
        values = {"subject": self._tr(N_("Mail that could not be read")), "channel": "mail"}
        edits = self._desk.open_ticket(
            named_id("ticket by mail", record_id),
            record_id,
            Sender(name=_FROM_NOBODY),
            values,
            {"body": told},
            links={},
            files=[_original(fetched)],
        )
        self._desk.write(edits)
        return Fate.UNREADABLE

    def _record_id(self, letter: Letter) -> str | None:
        """Return the id of the message a mail becomes; None for one that was taken in before.

        Two mails may have one Message-ID: a mail that came twice, or another by a program that gives all
        its mails the same, or by somebody who wants the next one left out. What they say tells which.
        """
        first = named_id("ticket mail", letter.id)
        held = self._desk.row(MESSAGE, first)
        if held is None:
            return first
        same = letter.is_report or str(held["body"] or "").endswith(self._body(letter))
        if same or held["life"] % 2 == 0:
            return None
        second = named_id("ticket mail", f"{letter.id}\n{fingerprint(self._body(letter))}")
        return second if self._desk.row(MESSAGE, second) is None else None

    def _is_forged(self, letter: Letter) -> bool:
        """Tell whether our own mail server found that a mail is not from the domain it names.

        Only what stands in front was written by the last server, which is ours.
        """
        server = self._settings.service_checked_by.strip().lower()
        if not server or not letter.checked:
            return False
        by, _, said = letter.checked[0].partition(";")
        return by.strip().lower().split(" ")[0] == server and bool(_FAILED.search(said))

    def _links(self, sender: Sender, letter: Letter | None) -> dict[str, str]:
        """Return whose a mail is; nobody's where the answer would go to somebody else than who it is from."""
        links = self._desk.senders.links(sender)
        if letter is not None and letter.author and letter.author != letter.address:
            claimed = self._desk.senders.links(Sender(address=letter.author))
            if claimed and claimed.get("customer_id") != links.get("customer_id"):
                return {}
        return links

    def _may_join(self, ticket: Mapping[str, Any], sender: Sender, links: Mapping[str, str]) -> bool:
        """Tell whether a ticket knows a sender: it is his, his customer's, or we wrote to him about it."""
        address = sender.address.lower()
        if ticket["from_address"] == address:
            return True
        if ticket["customer_id"] and ticket["customer_id"] == links.get("customer_id"):
            return True
        if ticket["contact_id"] and ticket["contact_id"] == links.get("contact_id"):
            return True
        columns = _MAIL.c
        query = select(columns.recipients, columns.cc).where(
            columns.record_entity == "ticket", columns.record_id == ticket["id"]
        )
        for row in self._desk.connection.execute(query):
            try:
                written_to = (*mailboxes(row.recipients), *mailboxes(row.cc))
            except UserError:
                continue
            if any(each.address.lower() == address for each in written_to):
                return True
        return False

    def _thread(self, letter: Letter) -> Mapping[str, Any] | None:
        """Return the ticket a mail says it belongs to; None for one that begins anew."""
        for reference in letter.references:
            ours = _OURS.fullmatch(reference)
            sent = self._desk.row(_MAIL, ours[1]) if ours and is_id(ours[1]) else None
            if sent is not None and sent["record_entity"] == "ticket":
                return self._desk.living(sent["record_id"])
            theirs = self._desk.row(MESSAGE, named_id("ticket mail", reference))
            if theirs is not None:
                return self._desk.living(theirs["ticket_id"])
        for number in _NUMBER.findall(letter.subject):
            query = select(TICKET).where(TICKET.c.number == number, TICKET.c.life % 2 == 1).limit(1)
            found = self._desk.connection.execute(query).mappings().first()
            if found is not None:
                return dict(found)
        return None

    def _bounced(self, letter: Letter, record_id: str) -> Fate:
        """Tell who wrote an answer that it was not delivered."""
        for reference in letter.references:
            ours = _OURS.fullmatch(reference)
            sent = self._desk.row(_MAIL, ours[1]) if ours else None
            ticket = None
            if sent is not None and sent["record_entity"] == "ticket":
                ticket = self._desk.living(sent["record_id"])
            if sent is None or ticket is None:
                continue
            said = self._tr(N_("An answer could not be delivered:")) + "\n\n" + letter.text[:_REPORT_MOST]
            note = {"ticket_id": ticket["id"], "internal": True, "body": said}
            note |= {"written_at": self._desk.now_ms, "mail_id": letter.id[:400]}
            number = ticket["number"] or ""
            told = message(N_("An answer to ticket {number} could not be delivered"), number=number)
            about = ("ticket", str(ticket["id"]))
            edits = [create("ticket_message", record_id, note)]
            if sent["id"] != acknowledgement_id(str(ticket["id"])):  # which nobody wrote
                edits.append(task_for(self._desk.hq, told, about, sent["created_by"], self._desk.now_ms))
            self._desk.write(edits)
            return Fate.BOUNCED
        return Fate.AUTOMATIC

    def _files(self, letter: Letter, fetched: Fetched | None) -> Sequence[LetterFile]:
        """Return the files of a mail, and the mail itself where something of it is in none of them."""
        if fetched is None or not (letter.is_cut or len(fetched.content) < fetched.size):
            return letter.files
        return (*letter.files, _original(fetched))

    def _body(self, letter: Letter) -> str:
        return letter.text or letter.subject or self._tr(N_("Mail without a subject"))


def own_addresses(hq: Headquarters) -> frozenset[str]:
    """Return the addresses HQ itself writes from and is written to for service."""
    settings = hq.settings
    found = {own_address(settings)}
    try:
        found |= {each.address.lower() for each in mailboxes(settings.smtp_from or settings.email)}
    except UserError:
        log.warning("smtp_from is no address")
    return frozenset(found - {""})


def _original(fetched: Fetched) -> LetterFile:
    return LetterFile(name=_ORIGINAL, media_type="message/rfc822", content=fetched.content)
