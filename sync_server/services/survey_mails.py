"""The mails by which customers are asked how satisfied they are, and reminded.

At most once: a mail is noted as begun before it is handed over. Whoever ends HQ between the two leaves it
begun; it then counts as sent, for nobody is to be asked twice, and the reminder asks whom it did not reach.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from html import escape
from typing import Any, Final

import structlog
from sqlalchemy import BigInteger, and_, cast, func, or_, select

from crm_core.entities import SCHEMAS
from crm_core.errors import NotFound, Unreachable, UserError
from crm_core.i18n import N_, Translate
from crm_core.ids import named_id
from crm_core.rules import mailing
from crm_core.rules import surveys as rules
from crm_core.rules.surveys import SCALES, Asking, Standing, score_label, texts_of
from crm_core.times import DAY_MS
from resources import CHINESE, ENGLISH, translation
from sync_server.services import writing_by_hq
from sync_server.services.headquarters import Headquarters
from sync_server.services.mail_line import Fate, Handed, Line, line_to
from sync_server.services.mailbox import own_address
from sync_server.services.outgoing_mails import sender_of
from sync_server.services.survey_answers import key_of
from sync_server.services.surveys import ANSWER, TICKET, askings
from sync_server.store.surveys import SurveyPost
from sync_server.store.tables import table_of

AT_ONCE: Final = 50
_SURVEY: Final = SCHEMAS["survey"]
_CUSTOMER: Final = SCHEMAS["customer"]
_CONTACT: Final = SCHEMAS["contact"]
_posts = table_of(SurveyPost)
_REMINDS: Final = N_("We asked you a few days ago and would still like to know.")

log = structlog.get_logger("satchel.surveys")


@dataclass(frozen=True, slots=True)
class _Due:
    answer: Mapping[str, Any]
    ticket: Mapping[str, Any]
    asking: Asking
    post: Mapping[str, Any]

    @property
    def is_reminder(self) -> bool:
        """Whether it was asked once already."""
        return bool(self.answer["status"] == "asked")


def can_send(hq: Headquarters) -> bool:
    """Tell whether mails with links to the page can go out."""
    return bool(hq.settings.smtp_server and hq.settings.public_url)


def send_due(hq: Headquarters, now_ms: int) -> dict[str, int]:
    """Hand over the mails whose time has come; return how many had which fate."""
    counts = dict.fromkeys(("asked", "reminded", "failed", "waiting"), 0)
    if not can_send(hq):
        return counts
    counts["asked"] += _settle_begun(hq, now_ms)
    due = _due(hq, now_ms)
    if not due:
        return counts
    try:
        with line_to(hq.settings) as line:
            sender = sender_of(hq)
            for each in due:
                counts[_send(hq, line, sender, each, now_ms)] += 1
    except (Unreachable, UserError) as error:  # nothing is wrong with the mails: they wait
        counts["waiting"] += len(due)
        log.warning("survey mails wait", reason=error.message.text)
    return counts


def _settle_begun(hq: Headquarters, now_ms: int) -> int:
    """Count as sent what was begun and never noted: only HQ's own end can have come between."""
    with hq.database.read() as snapshot:
        begun = snapshot.connection.execute(select(_posts).where(_posts.c.begun_at.is_not(None))).mappings()
        rows = list(begun)
    for row in rows:
        log.warning("a survey mail was cut off", answer=row["answer_id"])
        try:
            _note_sent(hq, hq.records.get(ANSWER.name, row["answer_id"]), row["answer_id"], row["begun_at"])
        except NotFound:
            _post(hq, row["answer_id"], begun_at=None)
    return len(rows)


def _due(hq: Headquarters, now_ms: int) -> list[_Due]:
    columns, surveys, posts = ANSWER.table.c, _SURVEY.table.c, _posts.c
    asked_last = func.coalesce(posts.sent_at, columns.asked_at)
    reminded = and_(
        columns.status == "asked",
        func.coalesce(columns.reminders, 0) < func.coalesce(surveys.remind_most, 0),
        surveys.remind_days.is_not(None),
        asked_last + cast(surveys.remind_days, BigInteger) * DAY_MS <= now_ms,
        surveys.active.is_not(False),
    )
    query = (
        select(ANSWER.table)
        .join(_SURVEY.table, and_(surveys.id == columns.survey_id, surveys.life % 2 == 1))
        .join(_posts, posts.answer_id == columns.id, isouter=True)
        .where(columns.life % 2 == 1, columns.expires_at > now_ms)
        .where(or_(columns.status == "waits", reminded))
        .where(or_(posts.next_at.is_(None), posts.next_at <= now_ms))
        .order_by(columns.created_at, columns.id)
        .limit(AT_ONCE)
    )
    found = []
    with hq.database.read() as snapshot:
        run = snapshot.connection.execute
        known = {each.id: each for each in askings(snapshot.connection)}
        for answer in [dict(row) for row in run(query).mappings()]:
            ticket = _row(run, TICKET.table, TICKET.table.c.id, answer["ticket_id"])
            asking = known.get(answer["survey_id"])
            is_open = rules.standing(answer, ticket if ticket.get("life", 0) % 2 else None, now_ms)
            if asking is None or is_open is not Standing.OPEN or _is_refused(run, answer, ticket):
                continue  # the chore that ends askings sees to those
            found.append(_Due(answer, ticket, asking, _row(run, _posts, posts.answer_id, answer["id"])))
    return found


def _row(run: Any, table: Any, column: Any, key: Any) -> dict[str, Any]:
    found = run(select(table).where(column == key)).mappings().first()
    return dict(found) if found is not None else {}


def _is_refused(run: Any, answer: Mapping[str, Any], ticket: Mapping[str, Any]) -> bool:
    """Tell whether somebody said meanwhile that nothing is to be asked."""
    if ticket["no_survey"]:
        return True
    for schema, record_id in ((_CUSTOMER, answer["customer_id"]), (_CONTACT, answer["contact_id"])):
        columns = schema.table.c
        if record_id and run(select(columns.no_surveys).where(columns.id == record_id)).scalar():
            return True
    return False


def _send(hq: Headquarters, line: Line, sender: Address, due: _Due, now_ms: int) -> str:
    """Hand over one mail and note what came of it; what is begun is noted before."""
    answer_id = str(due.answer["id"])
    attempts = int(due.post.get("attempts") or 0) + 1
    _post(hq, answer_id, begun_at=now_ms, attempts=attempts)
    handed = line.hand_over(letter(hq, sender, due, now_ms), sender.addr_spec, (str(due.answer["address"]),))
    if handed.fate in (Fate.TAKEN, Fate.UNKNOWN):
        _note_sent(hq, due.answer, answer_id, now_ms)
        return "reminded" if due.is_reminder else "asked"
    is_over = handed.fate is Fate.REFUSED or attempts >= mailing.ATTEMPTS_MOST
    if not is_over:
        _post(hq, answer_id, begun_at=None, next_at=now_ms + mailing.pause_ms(attempts))
        return "waiting"
    return _give_up(hq, due, answer_id, handed, now_ms)


def _give_up(hq: Headquarters, due: _Due, answer_id: str, handed: Handed, now_ms: int) -> str:
    log.info("a survey mail was refused", answer=answer_id, reminder=due.is_reminder, code=handed.said[:3])
    values = {"reminders": due.asking.remind_most} if due.is_reminder else {"status": "undelivered"}
    writing_by_hq.write(hq.database, ANSWER.name, answer_id, values, now_ms)
    _post(hq, answer_id, begun_at=None, attempts=0)
    return "failed"


def _note_sent(hq: Headquarters, answer: Mapping[str, Any], answer_id: str, at_ms: int) -> None:
    if answer["status"] == "waits":
        values: dict[str, Any] = {"status": "asked", "asked_at": at_ms}
    else:
        values = {"reminders": int(answer["reminders"] or 0) + 1}
    if answer["status"] in ("waits", "asked"):
        writing_by_hq.write(hq.database, ANSWER.name, answer_id, values, at_ms)
    _post(hq, answer_id, begun_at=None, attempts=0, next_at=None, sent_at=at_ms)


def _post(hq: Headquarters, answer_id: str, **values: Any) -> None:
    with hq.database.write() as writing:
        run = writing.connection.execute
        changed = run(_posts.update().where(_posts.c.answer_id == answer_id).values(**values))
        if not changed.rowcount:
            run(_posts.insert().values(answer_id=answer_id, **{"attempts": 0, **values}))


# What the mail says


def letter(hq: Headquarters, sender: Address, due: _Due, now_ms: int) -> EmailMessage:
    """Return the mail: plain, and with a button for each score, which opens the page with it chosen."""
    language = "zh" if due.answer["language"] == "zh" else "en"
    tr = translation(CHINESE if language == "zh" else ENGLISH)
    token = rules.token_of(str(due.answer["id"]), key_of(hq))
    link = f"{rules.link_of(hq.settings.public_url, token)}?lang={language}"
    heading, said = texts_of(due.asking, str(due.ticket["subject"] or ""), language, tr)
    if due.is_reminder:
        said = f"{tr(_REMINDS)}\n\n{said}"
    company = hq.settings.company_name(CHINESE if language == "zh" else ENGLISH)
    stop = tr(N_("You do not want to be asked? One click on the page is enough."))
    found = EmailMessage(policy=SMTP)
    found["From"] = sender
    found["To"] = Address(addr_spec=str(due.answer["address"]))
    number = due.ticket["number"]
    subject = " ".join(heading.split())[: mailing.MOST_SUBJECT - 60]
    found["Subject"] = f"{subject} [{number}]" if number else subject
    found["Date"] = formatdate(now_ms / 1000)
    round_no = 0 if not due.is_reminder else int(due.answer["reminders"] or 0) + 1
    found["Message-ID"] = mailing.message_id(
        named_id("survey mail", f"{due.answer['id']} {round_no}"), sender.domain
    )
    found["Auto-Submitted"] = "auto-generated"  # RFC 3834: whoever is away answers nothing
    answers_to = own_address(hq.settings)
    if mailing.is_address(answers_to):
        found["Reply-To"] = answers_to
    found["List-Unsubscribe"] = f"<{rules.link_of(hq.settings.public_url, token)}/stop>"
    found["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    found.set_content(f"{said}\n\n{link}\n\n{stop}\n\n{company}".strip() + "\n", charset="utf-8")
    found.add_alternative(
        _html(heading, said, link, stop, company, str(due.answer["scale"]), tr), subtype="html"
    )
    return found


def _html(heading: str, said: str, link: str, stop: str, company: str, scale: str, tr: Translate) -> str:
    buttons = "".join(
        f'<a href="{escape(f"{link}&score={score}")}" title="{score}" style="display:inline-block;'
        "margin:4px;padding:10px 12px;border:1px solid #0f5d75;border-radius:6px;color:#0f5d75;"
        f'text-decoration:none;font-size:18px">{score_label(scale, score)}</a>'
        for score in SCALES[scale].scores
    )
    ends = f"{escape(tr(N_('not at all')))} — {escape(tr(N_('very much')))}"
    lines = "".join(f"<p>{escape(part)}</p>" for part in said.split("\n\n"))
    return (
        f'<html><body style="font:16px/1.5 sans-serif;color:#1d2433"><h1 style="font-size:20px">'
        f"{escape(heading)}</h1>{lines}<p>{buttons}</p>"
        f'<p style="color:#4c5866;font-size:14px">{ends}</p>'
        f'<p style="color:#4c5866;font-size:14px">{escape(stop)}<br>{escape(company)}</p></body></html>'
    )
