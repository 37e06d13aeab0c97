"""Mails people wrote on their laptops: HQ looks once more who may send what, and hands them over.

A mail is noted as begun before it is handed over. Whoever ends HQ between the two leaves it begun: then it is
not sent once more, and who wrote it is told that perhaps it went out. What a broken line leaves open is tried
again under the same Message-ID, by which mail programs and servers know doubles.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from typing import Any, Final

import structlog
from sqlalchemy import or_, select

from crm_core.entities import SCHEMAS
from crm_core.errors import (
    BrokenPromise,
    CrmError,
    NotFound,
    StaleRecord,
    Unreachable,
    UserError,
)
from crm_core.i18n import N_, Message, message, plain_places
from crm_core.rules import mailing
from crm_core.rules.mailing import Mailbox
from crm_core.times import DAY_MS
from resources import translation
from sync_server.services.conversation import mail_of_answer
from sync_server.services.headquarters import Headquarters
from sync_server.services.letter_parts import file_name, media_type_of
from sync_server.services.mail_line import Fate, Handed, Line, line_to
from sync_server.services.mailbox import own_address
from sync_server.services.ticket_forms import acknowledgement_id
from sync_server.services.told import task_for

AT_ONCE: Final = 50
WAITS_FOR_FILE_MS: Final = 7 * DAY_MS
_SOON_MS: Final = 60_000
MOST_REFERENCES: Final = 10
_ID: Final = re.compile(r"<[\x21-\x3b\x3d\x3f-\x7e]{1,300}>")
_MAIL: Final = SCHEMAS["outgoing_mail"]
_MESSAGE: Final = SCHEMAS["ticket_message"]

NO_RIGHT: Final = message(N_("Who wrote it may not read the record or its file any more"))
OTHER_FILE: Final = message(N_("The file is another one than was chosen"))
NO_FILE: Final = message(N_("HQ has not got the file yet"))
GONE: Final = message(N_("A file that was to go along was deleted, or its writer may not read it any more"))
BEGUN: Final = message(N_("It is being handed over to the mail server"))
CUT_OFF: Final = message(
    N_("HQ ended while it handed the mail over, so perhaps it was sent. Ask before you send it again")
)
_TOO_LARGE: Final = N_("The files have {size} MB in all, and a mail carries {limit} MB")
_NOT_ANSWERING: Final = N_("The mail server refused it: {said}")
_LATER: Final = N_("The mail server could not take it yet: {said}")
_SOME: Final = N_("The mail server did not take these addresses: {addresses}")

log = structlog.get_logger("satchel.mail")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ready:
    """A letter to hand over."""

    letter: EmailMessage
    sender: str
    recipients: tuple[str, ...]


class _Stays(Exception):
    """It is not sent, for a reason; `waits`: not yet."""

    def __init__(self, reason: Message, *, waits: bool = False) -> None:
        self.reason, self.waits = reason, waits
        super().__init__(reason.text)


def send_due(hq: Headquarters, now_ms: int) -> dict[str, int]:
    """Hand over the mails whose time has come; return how many had which fate. Without a server they wait."""
    counts = dict.fromkeys(("sent", "failed", "waiting", "unknown"), 0)
    if not hq.settings.smtp_server:
        return counts
    counts["unknown"] += _end_begun(hq, now_ms)
    due = _due(hq, now_ms)
    if not due:
        return counts
    try:
        with line_to(hq.settings) as line:
            for mail_id in due:
                counts[_send(hq, line, mail_id, now_ms)] += 1
    except (Unreachable, UserError) as error:
        # Nothing is wrong with the mails: they wait, however long, and say why.
        for mail_id in due:
            counts["waiting"] += _wait(hq, mail_id, error.message)
        log.warning("mails wait", reason=error.message.text)
    return counts


def _due(hq: Headquarters, now_ms: int) -> list[str]:
    columns = _MAIL.table.c
    query = (
        select(columns.id)
        .where(
            columns.life % 2 == 1,
            columns.status.in_(("queued", "at_hq")),
            or_(columns.status == "queued", columns.next_at.is_(None), columns.next_at <= now_ms),
        )
        .order_by(columns.created_at, columns.id)
        .limit(AT_ONCE)
    )
    with hq.database.read() as snapshot:
        return list(snapshot.connection.execute(query).scalars())


def _end_begun(hq: Headquarters, now_ms: int) -> int:
    """End the mails that were begun and never noted: only HQ's own end can have come between."""
    columns = _MAIL.table.c
    query = select(columns.id, columns.outcome).where(columns.life % 2 == 1, columns.status == "at_hq")
    with hq.database.read() as snapshot:
        rows = snapshot.connection.execute(query.where(columns.outcome.is_not(None))).all()
    begun = [row.id for row in rows if row.outcome == _plain(BEGUN)]
    for mail_id in begun:
        log.warning("a mail was cut off", mail=mail_id)
        _give_up(hq, mail_id, hq.records.get(_MAIL.name, mail_id), "unknown", CUT_OFF, now_ms)
    return len(begun)


def _send(hq: Headquarters, line: Line, mail_id: str, now_ms: int) -> str:
    """Hand over one mail and note what came of it."""
    try:
        mail = hq.records.get(_MAIL.name, mail_id)
        if mail["status"] == "queued":
            begun = {"status": "at_hq", "attempts": 0, "next_at": None, "outcome": None}
            hq.records.update(_MAIL.name, mail_id, begun, expected={"status": "queued"})
            mail |= begun
        try:
            ready = prepare(hq, mail_id, mail, now_ms)
        except _Stays as stays:
            is_old = now_ms - int(mail["created_at"] or now_ms) > WAITS_FOR_FILE_MS
            if stays.waits and not is_old:
                later = {"next_at": now_ms + _SOON_MS, "outcome": _plain(stays.reason)}
                hq.records.update(_MAIL.name, mail_id, later, expected={"status": "at_hq"})
                return "waiting"
            return _give_up(hq, mail_id, mail, "failed", stays.reason, now_ms)
        begun = {"next_at": None, "outcome": _plain(BEGUN)}
        hq.records.update(_MAIL.name, mail_id, begun, expected={"status": "at_hq"})
        handed = line.hand_over(ready.letter, ready.sender, ready.recipients)
        return _note(hq, mail_id, mail, handed, now_ms)
    except (StaleRecord, NotFound):
        return "waiting"  # withdrawn or deleted meanwhile


def prepare(hq: Headquarters, mail_id: str, mail: Mapping[str, Any], now_ms: int) -> _Ready:
    """Return the letter a record becomes. Raises `_Stays` where it is not sent, or not yet."""
    problems = mailing.problems_of_mail(mail)
    if problems:
        raise _Stays(problems[0].message)
    author_id = str(mail["created_by"] or "")
    files = _files(hq, mail, author_id)
    to, cc = mailing.mailboxes(mail["recipients"]), mailing.mailboxes(mail["cc"])
    sender = sender_of(hq)
    letter = EmailMessage(policy=SMTP)
    letter["From"] = sender
    letter["To"] = [_address(each) for each in to]
    if cc:
        letter["Cc"] = [_address(each) for each in cc]
    writer = hq.records.get("user", author_id)
    answers_to = mailing.mailboxes(_named(writer))
    if answers_to:
        letter["Reply-To"] = [_address(each) for each in answers_to]
    if mail["record_entity"] == "ticket":
        _thread(hq, letter, str(mail["record_id"]), sender.domain)
    if _is_acknowledgement(mail_id, mail):
        letter["Auto-Submitted"] = "auto-replied"  # RFC 3834: no machine answers it
        letter["X-Auto-Response-Suppress"] = "All"
    letter["Subject"] = str(mail["subject"])
    letter["Date"] = formatdate(now_ms / 1000)
    letter["Message-ID"] = mailing.message_id(mail_id, sender.domain)
    letter.set_content(str(mail["body"]), charset="utf-8")
    for number, (file, content) in enumerate(files):
        _attach(letter, file, content, number)
    recipients = dict.fromkeys(each.address for each in (*to, *cc))
    return _Ready(letter=letter, sender=sender.addr_spec, recipients=tuple(recipients))


def _is_acknowledgement(mail_id: str, mail: Mapping[str, Any]) -> bool:
    """Tell whether it is the mail that says that HQ has what somebody wrote; nobody wrote it himself."""
    return mail["record_entity"] == "ticket" and mail_id == acknowledgement_id(str(mail["record_id"]))


def _thread(hq: Headquarters, letter: EmailMessage, ticket_id: str, domain: str) -> None:
    """Have the answer to a ticket stand with the customer's mails, and come back to the service address."""
    address = own_address(hq.settings)
    if mailing.is_address(address):
        del letter["Reply-To"]
        letter["Reply-To"] = address
    columns, ours = _MESSAGE.table.c, _MAIL.table.c
    theirs = select(columns.created_at, columns.mail_id).where(
        columns.ticket_id == ticket_id, columns.mail_id.is_not(None), columns.from_customer.is_(True)
    )
    sent = select(ours.created_at, ours.id).where(
        ours.record_entity == "ticket", ours.record_id == ticket_id, ours.status == "sent"
    )
    with hq.database.read() as snapshot:
        run = snapshot.connection.execute
        his = [(at, said) for at, said in run(theirs) if _ID.fullmatch(said)]
        own = [(at, mailing.message_id(mail_id, domain)) for at, mail_id in run(sent)]
    last = max(his)[1] if his else ""
    if last:
        letter["In-Reply-To"] = last
    # All of the thread, as the program names it that wrote the mail that is answered (RFC 5322).
    thread = [said for _, said in sorted((*his, *own)) if said != last]
    if thread or last:
        letter["References"] = " ".join([*thread, *filter(None, [last])][-MOST_REFERENCES:])


def _attach(letter: EmailMessage, file: Mapping[str, Any], content: bytes, number: int) -> None:
    """Put a file into a letter, under a name every mail program reads (RFC 2231)."""
    said = media_type_of(str(file["media_type"] or ""))
    kind, _, subtype = said.partition("/")
    if kind in ("message", "multipart"):  # these are parts of a mail's own and never in base64 (RFC 2046)
        kind, subtype = "application", "octet-stream"
    name = file_name(str(file["name"] or ""), said, number)
    letter.add_attachment(content, maintype=kind, subtype=subtype, filename=name)


def _files(
    hq: Headquarters, mail: Mapping[str, Any], author_id: str
) -> list[tuple[Mapping[str, Any], bytes]]:
    """Return the files that go with a mail, as its writer may have them now."""
    try:
        with hq.records.reader(author_id) as reader:
            reader.get(str(mail["record_entity"]), str(mail["record_id"]))
            named = [str(each) for each in (mail["attachment_id"], *(mail["files"] or ())) if each]
            there = reader.several("attachment", named)
    except (UserError, BrokenPromise) as error:  # nobody wrote it, or somebody who is not there
        raise _Stays(NO_RIGHT) from error
    if len(there) < len(set(named)):
        raise _Stays(GONE if mail["files"] else NO_RIGHT)
    files = [there[each] for each in named]
    for file in files:
        if (file["record_entity"], file["record_id"]) != (mail["record_entity"], mail["record_id"]):
            raise _Stays(NO_RIGHT)
    if mail["attachment_id"] and (not mail["sha256"] or files[0]["sha256"] != mail["sha256"]):
        raise _Stays(OTHER_FILE)
    _demand_fits(hq, sum(int(file["size_bytes"] or 0) for file in files))
    found: list[tuple[Mapping[str, Any], bytes]] = []
    for file in files:
        try:
            found.append((file, hq.blobs.whole(author_id, str(file["sha256"]))))
        except NotFound as error:
            raise _Stays(NO_FILE, waits=True) from error
    _demand_fits(hq, sum(len(content) for _, content in found))
    return found


def _demand_fits(hq: Headquarters, size: int) -> None:
    most = hq.settings.mail_files_bytes_max
    if size > most:
        said = message(_TOO_LARGE, size=f"{size / 1_000_000:.1f}", limit=f"{most / 1_000_000:.1f}")
        raise _Stays(said)


def sender_of(hq: Headquarters) -> Address:
    """Return whom the mails of HQ are from. `UserError` where no address is set."""
    settings = hq.settings
    found = mailing.mailboxes(settings.smtp_from or settings.email)
    if not found:
        raise UserError(N_("No address to send from is set; see smtp_from in crm-server.toml"))
    name = found[0].name or settings.company_name(settings.language)
    return _address(Mailbox(name=name, address=found[0].address))


def _named(user: Mapping[str, Any]) -> str:
    """Return a user's name and address as one line; '' for one without an address that can be answered."""
    try:
        (mailbox,) = mailing.mailboxes(str(user.get("email") or ""))
    except (UserError, ValueError):
        return ""
    name = "".join(each for each in str(user.get("name") or "") if each not in '<>",;，；、')
    return f'"{name}" <{mailbox.address}>'


def _address(mailbox: Mailbox) -> Address:
    name = "".join(each for each in mailbox.name if each.isprintable())
    return Address(display_name=name, addr_spec=mailbox.address)


def _note(hq: Headquarters, mail_id: str, mail: Mapping[str, Any], handed: Handed, now_ms: int) -> str:
    if handed.fate is Fate.TAKEN:
        done: dict[str, Any] = {"status": "sent", "next_at": None, "outcome": None}
        if handed.refused:
            said = message(_SOME, addresses=", ".join(handed.refused))
            done["outcome"] = _plain(said)
            _tell(hq, mail, said, now_ms)
        try:
            hq.records.update(_MAIL.name, mail_id, done, expected={"status": "at_hq"})
        except StaleRecord:
            subject = str(mail["subject"] or "")[:80]
            late = message(N_("The mail “{subject}” had gone out before it was withdrawn"), subject=subject)
            _tell(hq, mail, late, now_ms)
        _say_beside_answer(hq, mail_id, mail, None)
        return "sent"
    if handed.fate is Fate.REFUSED:
        return _give_up(hq, mail_id, mail, "failed", message(_NOT_ANSWERING, said=handed.said), now_ms)
    attempts = int(mail["attempts"] or 0) + 1
    why = message(_LATER, said=handed.said)
    if attempts >= mailing.ATTEMPTS_MOST:
        end = "unknown" if handed.fate is Fate.UNKNOWN else "failed"
        return _give_up(hq, mail_id, mail, end, why, now_ms)
    again = {
        "attempts": attempts,
        "next_at": now_ms + mailing.pause_ms(attempts),
        "outcome": _plain(why),
    }
    hq.records.update(_MAIL.name, mail_id, again, expected={"status": "at_hq"})
    return "waiting"


def _give_up(
    hq: Headquarters, mail_id: str, mail: Mapping[str, Any], end: str, why: Message, now_ms: int
) -> str:
    ended = {"status": end, "next_at": None, "outcome": _plain(why)}
    hq.records.update(_MAIL.name, mail_id, ended, expected={"status": "at_hq"})
    if _is_acknowledgement(mail_id, mail):
        return end
    _say_beside_answer(hq, mail_id, mail, why)
    subject = str(mail["subject"] or "")[:80]
    said = message(N_("The mail “{subject}” was not sent: {reason}"), subject=subject, reason=why)
    _tell(hq, mail, said, now_ms)
    return end


def _say_beside_answer(hq: Headquarters, mail_id: str, mail: Mapping[str, Any], why: Message | None) -> None:
    """Say beside the answer a mail carries that it was not sent; None: nothing is wrong any more."""
    columns = _MESSAGE.table.c
    query = select(columns.id, columns.outcome).where(columns.ticket_id == mail["record_id"])
    with hq.database.read() as snapshot:
        rows = snapshot.connection.execute(query.where(columns.status == "sent")).all()
    for row in rows if mail["record_entity"] == "ticket" else ():
        if mail_of_answer(row.id) != mail_id or (why is None and row.outcome is None):
            continue
        said = why.show(translation(hq.settings.language)) if why is not None else None
        values = {"outcome": "failed" if why is not None else None, "outcome_said": said}
        hq.records.update(_MESSAGE.name, row.id, values)


def _wait(hq: Headquarters, mail_id: str, why: Message) -> int:
    """Have a mail say why it waits; return how many say so."""
    try:
        if hq.records.get(_MAIL.name, mail_id)["outcome"] != _plain(why):
            hq.records.update(_MAIL.name, mail_id, {"outcome": _plain(why)})
    except CrmError:
        return 0
    return 1


def _tell(hq: Headquarters, mail: Mapping[str, Any], said: Message, now_ms: int) -> None:
    about = (str(mail["record_entity"]), str(mail["record_id"]))
    hq.records.write_all([task_for(hq, said, about, str(mail["created_by"]), now_ms)])


def _plain(said: Message) -> list[Any]:
    return [said.text, plain_places(said)]
