"""Reports and dashboards HQ counts when their time has come, for each reader by his own rights, and sends.

At most once: what is handed to the mail server is noted before; HQ ended in between says “perhaps sent” and
does not send it again, for the next one comes by itself (docs/decisions/0041).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.headerregistry import Address
from typing import Any, Final

import structlog
from sqlalchemy import or_, select

from crm_core.entities import SCHEMAS
from crm_core.errors import AccessDenied, CrmError, NotFound, StaleRecord, Unreachable, UserError
from crm_core.i18n import N_, Message, message, plain_places
from crm_core.ids import named_id
from crm_core.rules.access import Action, Person, decide
from crm_core.rules.mailing import ATTEMPTS_MOST, is_address, pause_ms
from crm_core.rules.report_schedules import (
    KEPT_DAYS,
    latest_missed,
    may_go_to,
    next_time,
    outside_of,
    planned_from,
)
from crm_core.times import DAY_MS
from sync_server.services import report_contents, snapshots
from sync_server.services.headquarters import Headquarters
from sync_server.services.hq import Edit, EditKind
from sync_server.services.mail_line import Fate, Handed, Line, line_to
from sync_server.services.outgoing_mails import sender_of
from sync_server.services.reading import Reader, read_person
from sync_server.services.report_letters import letter_of
from sync_server.services.told import task_for

SCHEDULE, SENDING = "report_schedule", "report_sending"
AT_ONCE: Final = 50
_SCHEDULE, _SENDING, _USER = (SCHEMAS[name].table for name in (SCHEDULE, SENDING, "user"))
_GONE: Final = N_("Whoever made it is not in use any more")
_NOT_HIS: Final = N_("Whoever made it may not see this report any more")
_NO_ADDRESS: Final = N_("This user has no mail address")
_NOT_OUTSIDE: Final = N_("Headquarters lets no reports go to this address")
_BROKEN_OFF: Final = N_("Headquarters was ended while it was handed over")
_BROKE: Final = N_("Headquarters could not count or draw it; its log says why")
_NOBODY: Final = N_("Nobody it went to got it: {reason}")
_NO_SERVER: Final = N_("No mail server is set; see smtp_server in crm-server.toml")

log = structlog.get_logger("satchel.reports")


@dataclass(frozen=True, slots=True, kw_only=True)
class _To:
    """Who gets it: by whose rights, where, and how."""

    reader_id: str
    address: str
    way: str


def run_due(hq: Headquarters, now_ms: int) -> dict[str, int]:
    """Plan what is due, send it, and return how many sendings had which fate."""
    _close_broken_off(hq)
    for schedule_id, values in hq.records.all(SCHEDULE):
        try:
            _plan(hq, schedule_id, values, now_ms)
        except (StaleRecord, NotFound):
            continue  # changed or deleted meanwhile
    counts = send_due(hq, now_ms)
    snapshots.drop_stale(hq)
    _forget(hq, now_ms)
    return counts


def send_now(hq: Headquarters, schedule_id: str, now_ms: int) -> dict[str, int]:
    """Send a schedule's report to its readers now, besides its times; return the fates."""
    values = hq.records.get(SCHEDULE, schedule_id)
    _demand_owner(hq, values)
    hq.records.write_all(list(_sendings(hq, schedule_id, values, now_ms)))
    return send_due(hq, now_ms)


# Planning


def _plan(hq: Headquarters, schedule_id: str, values: Mapping[str, Any], now_ms: int) -> None:
    """Find a schedule's next time, or write down who gets it where it has come."""
    if values["paused"]:
        return
    mark, due = planned_from(values), values["next_at"]
    if values["planned"] != mark:
        found = {"planned": mark, "next_at": next_time(values, now_ms), "outcome": None}
        hq.records.update(SCHEDULE, schedule_id, found, expected={"planned": values["planned"]})
        return
    if due is None or due > now_ms:
        return
    try:
        _demand_owner(hq, values)
    except (UserError, AccessDenied) as error:
        pause(hq, schedule_id, values, error.message, now_ms)
        return
    latest, following = latest_missed(values, due, now_ms)
    moved = Edit(
        kind=EditKind.UPDATE,
        entity=SCHEDULE,
        record_id=schedule_id,
        values={"next_at": following, "last_at": latest, "outcome": None},
        expected={"next_at": due},
    )
    hq.records.write_all([moved, *_sendings(hq, schedule_id, values, latest)])


def _demand_owner(hq: Headquarters, values: Mapping[str, Any]) -> None:
    """Raise where who made a schedule is gone, or does not see any more what it sends."""
    with hq.database.read() as snapshot:
        owner_id = str(values["owner_id"] or "")
        active = snapshot.connection.execute(
            select(_USER.c.id).where(
                _USER.c.id == owner_id, _USER.c.life % 2 == 1, _USER.c.active.is_not(False)
            )
        ).first()
        if active is None:
            raise UserError(_GONE)
        reader = Reader(snapshot.connection, read_person(snapshot.connection, owner_id))
        try:
            decide(reader.person, Action.READ, SCHEDULE).demand()
            report_contents.subject_of(reader, values)
        except (NotFound, AccessDenied) as error:
            raise UserError(_NOT_HIS) from error


def _sendings(hq: Headquarters, schedule_id: str, values: Mapping[str, Any], due_ms: int) -> Iterator[Edit]:
    """Yield the edits that write down who gets it; the same ones however often they are made."""
    for to in _readers(hq, values):
        yield Edit(
            kind=EditKind.CREATE,
            entity=SENDING,
            record_id=named_id(SENDING, f"{schedule_id}/{due_ms}/{to.way}/{to.reader_id}/{to.address}"),
            values={
                "schedule_id": schedule_id,
                "due_at": due_ms,
                "way": to.way,
                "reader_id": to.reader_id or None,
                "address": to.address or None,
                "status": "waiting",
                "attempts": 0,
            },
        )


def _readers(hq: Headquarters, values: Mapping[str, Any]) -> Sequence[_To]:
    named = set(values["readers"] or ())
    people = [
        (user_id, row)
        for user_id, row in hq.records.all("user")
        if row["active"] is not False and (user_id in named or row["role_id"] in named)
    ]
    found: list[_To] = []
    for user_id, row in people:
        if values["by_mail"]:
            found.append(_To(reader_id=user_id, address=str(row["email"] or ""), way="mail"))
        if values["to_laptops"]:
            found.append(_To(reader_id=user_id, address="", way="laptop"))
    as_name = hq.settings.report_outside_as
    stands_for = next((each for each, row in hq.records.all("user") if row["name"] == as_name), "")
    for mailbox in outside_of(values) if values["by_mail"] else ():
        found.append(_To(reader_id=stands_for if as_name else "", address=mailbox.address, way="mail"))
    return found


# Sending


def send_due(hq: Headquarters, now_ms: int) -> dict[str, int]:
    """Count and hand over what waits; return how many had which fate."""
    counts = dict.fromkeys(("sent", "refused", "failed", "unknown", "waiting"), 0)
    due = _due(hq, now_ms)
    touched: dict[str, int] = {}
    for sending_id, sending in due:
        if sending["way"] == "laptop":
            counts[_keep_snapshot(hq, sending_id, sending, now_ms)] += 1
    mails = [each for each in due if each[1]["way"] == "mail"]
    if mails and not hq.settings.smtp_server:
        for sending_id, _ in mails:
            counts[_wait(hq, sending_id, message(_NO_SERVER))] += 1
    elif mails:
        try:
            with line_to(hq.settings) as line:
                for sending_id, sending in mails:
                    counts[_send(hq, line, sending_id, sending, now_ms)] += 1
        except (Unreachable, UserError) as error:
            for sending_id, _ in mails:
                counts[_wait(hq, sending_id, error.message)] += 1
            log.warning("reports wait", reason=error.message.text)
    for _, sending in due:
        touched[str(sending["schedule_id"])] = int(sending["due_at"])
    for schedule_id, due_at in touched.items():
        _pause_where_nobody_got_it(hq, schedule_id, due_at, now_ms)
    return counts


def _due(hq: Headquarters, now_ms: int) -> list[tuple[str, Mapping[str, Any]]]:
    query = (
        select(_SENDING)
        .where(
            _SENDING.c.life % 2 == 1,
            _SENDING.c.status == "waiting",
            or_(_SENDING.c.next_at.is_(None), _SENDING.c.next_at <= now_ms),
        )
        .order_by(_SENDING.c.due_at, _SENDING.c.id)
        .limit(AT_ONCE)
    )
    with hq.database.read() as snapshot:
        return [(row["id"], dict(row)) for row in snapshot.connection.execute(query).mappings()]


def _send(hq: Headquarters, line: Line, sending_id: str, sending: Mapping[str, Any], now_ms: int) -> str:
    try:
        schedule = hq.records.get(SCHEDULE, str(sending["schedule_id"]))
        try:
            person = _reader_of(hq, schedule, sending)
            with hq.database.read() as snapshot:
                reader = Reader(snapshot.connection, person)
                wanted = report_contents.contents(hq, reader, schedule, sending_id, now_ms)
            sender = sender_of(hq)
            to = Address(addr_spec=str(sending["address"]))
            letter = letter_of(wanted, sender, to, now_ms)
        except CrmError as error:
            return _note(hq, sending_id, "refused", error.message)
        except Exception:
            # It is tried later, and holds up none of the others.
            log.exception("a report broke", sending=sending_id, schedule=sending["schedule_id"])
            return _note_again(hq, sending_id, sending, message(_BROKE), now_ms)
        hq.records.update(SENDING, sending_id, {"status": "handing"}, expected={"status": "waiting"})
        handed = line.hand_over(letter, sender.addr_spec, [str(sending["address"])])
        return _note_handed(hq, sending_id, sending, handed, now_ms)
    except (StaleRecord, NotFound):
        return "waiting"  # deleted meanwhile


def _reader_of(hq: Headquarters, schedule: Mapping[str, Any], sending: Mapping[str, Any]) -> Person:
    """Return by whose rights a mail is counted. `UserError` where it may not go there."""
    reader_id, address = str(sending["reader_id"] or ""), str(sending["address"] or "")
    outside = {each.address.casefold() for each in outside_of(schedule)}
    user = hq.records.get("user", reader_id) if reader_id and hq.records.has("user", reader_id) else None
    is_own = user is not None and str(user["email"] or "").casefold() == address.casefold()
    if address.casefold() in outside and not is_own:
        with hq.database.read() as snapshot:
            owner = read_person(snapshot.connection, str(schedule["owner_id"] or ""))
        # Whose figures go out, the administrator said; nobody may have those of somebody else sent there.
        may = owner.rights.administers or owner.user_id == reader_id
        if user is None or not may or not may_go_to(address, hq.settings.report_outside):
            raise UserError(_NOT_OUTSIDE)
    elif not is_address(address) or not is_own:
        raise UserError(_NO_ADDRESS)
    if user is None or user["active"] is False:
        raise UserError(_GONE)
    with hq.database.read() as snapshot:
        return read_person(snapshot.connection, reader_id)


def _keep_snapshot(hq: Headquarters, sending_id: str, sending: Mapping[str, Any], now_ms: int) -> str:
    try:
        schedule = hq.records.get(SCHEDULE, str(sending["schedule_id"]))
        try:
            snapshots.keep(hq, str(schedule["dashboard_id"]), str(sending["reader_id"]), schedule, now_ms)
        except (UserError, AccessDenied) as error:
            return _note(hq, sending_id, "refused", error.message)
        except (StaleRecord, NotFound):
            raise
        except Exception:
            # It is tried later, and holds up none of the others.
            log.exception("a report broke", sending=sending_id, schedule=sending["schedule_id"])
            return _note_again(hq, sending_id, sending, message(_BROKE), now_ms)
        hq.records.update(
            SENDING,
            sending_id,
            {"status": "sent", "sent_at": now_ms, "outcome": None},
            expected={"status": "waiting"},
        )
    except (StaleRecord, NotFound):
        return "waiting"
    return "sent"


def _note_handed(
    hq: Headquarters, sending_id: str, sending: Mapping[str, Any], handed: Handed, now_ms: int
) -> str:
    if handed.fate is Fate.TAKEN:
        done = {"status": "sent", "sent_at": now_ms, "next_at": None, "outcome": None}
        hq.records.update(SENDING, sending_id, done)
        return "sent"
    said = message(N_("The mail server: {said}"), said=handed.said)
    if handed.fate is Fate.UNKNOWN:
        return _note(hq, sending_id, "unknown", said)
    return _note_again(hq, sending_id, sending, said, now_ms, gives_up=handed.fate is Fate.REFUSED)


def _note_again(
    hq: Headquarters,
    sending_id: str,
    sending: Mapping[str, Any],
    said: Message,
    now_ms: int,
    *,
    gives_up: bool = False,
) -> str:
    """Have one wait until it is tried again; `failed` where it was tried often enough."""
    attempts = int(sending["attempts"] or 0) + 1
    if gives_up or attempts >= ATTEMPTS_MOST:
        return _note(hq, sending_id, "failed", said)
    again = {
        "status": "waiting",
        "attempts": attempts,
        "next_at": now_ms + pause_ms(attempts),
        "outcome": _plain(said),
    }
    hq.records.update(SENDING, sending_id, again)
    return "waiting"


def _note(hq: Headquarters, sending_id: str, status: str, why: Message) -> str:
    hq.records.update(SENDING, sending_id, {"status": status, "next_at": None, "outcome": _plain(why)})
    return status


def _wait(hq: Headquarters, sending_id: str, why: Message) -> str:
    """Have a mail say why it waits."""
    try:
        if hq.records.get(SENDING, sending_id)["outcome"] != _plain(why):
            hq.records.update(SENDING, sending_id, {"outcome": _plain(why)})
    except (NotFound, StaleRecord):
        log.debug("a sending went meanwhile")
    return "waiting"


# Ending


def pause(hq: Headquarters, schedule_id: str, values: Mapping[str, Any], why: Message, now_ms: int) -> None:
    """Pause a schedule and tell who made it, and where he is gone the first administrator, why."""
    paused = Edit(
        kind=EditKind.UPDATE,
        entity=SCHEDULE,
        record_id=schedule_id,
        values={"paused": True, "next_at": None, "planned": None, "outcome": _plain(why)},
    )
    name = str(values["name"] or "")[:80]
    said = message(N_("The scheduled report “{name}” is paused: {reason}"), name=name, reason=why)
    owner_id = values["owner_id"]
    if why.text == _GONE or not hq.records.has("user", str(owner_id or "")):
        owner_id = hq.records.founder_id()
    hq.records.write_all([paused, task_for(hq, said, (SCHEDULE, schedule_id), owner_id, now_ms)])


def _pause_where_nobody_got_it(hq: Headquarters, schedule_id: str, due_at: int, now_ms: int) -> None:
    try:
        values = hq.records.get(SCHEDULE, schedule_id)
    except NotFound:
        return
    of_it = [
        row for _, row in hq.records.find(SENDING, "schedule_id", schedule_id) if row["due_at"] == due_at
    ]
    ended = [row for row in of_it if row["status"] in ("refused", "failed")]
    if of_it and len(ended) == len(of_it) and not values["paused"]:
        text, places = ended[0]["outcome"] or ["", {}]
        reason = Message(text, {name: Message(str(value)) for name, value in places.items()})
        pause(hq, schedule_id, values, message(_NOBODY, reason=reason), now_ms)


def _close_broken_off(hq: Headquarters) -> None:
    """Say of what was being handed over when HQ was ended that nobody knows."""
    for sending_id, _ in hq.records.find(SENDING, "status", "handing"):
        _note(hq, sending_id, "unknown", message(_BROKEN_OFF))


def _forget(hq: Headquarters, now_ms: int) -> None:
    """Delete what is told of sendings long ago."""
    query = (
        select(_SENDING.c.id)
        .where(_SENDING.c.life % 2 == 1, _SENDING.c.due_at < now_ms - KEPT_DAYS * DAY_MS)
        .limit(AT_ONCE)
    )
    with hq.database.read() as snapshot:
        old = list(snapshot.connection.execute(query).scalars())
    if old:
        hq.records.write([Edit(kind=EditKind.DELETE, entity=SENDING, record_id=each) for each in old])


def _plain(said: Message) -> list[Any]:
    return [said.text, plain_places(said)]
