"""What people outside send by a form: checked like any other value, folded where it is sent twice.

A form makes a lead of it, or a ticket (`sync_server.services.ticket_forms`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select

from crm_core.entities import SCHEMAS
from crm_core.entities.capture import TICKET
from crm_core.errors import Problem, UserError
from crm_core.i18n import N_, message
from crm_core.rules import capture as rules
from crm_core.rules.uniqueness import normal_form
from crm_core.schema.field import Field, Kind
from crm_core.schema.reading import CUSTOM_PREFIX
from crm_core.schema.standards import standardised
from crm_core.schema.validate import MAX_LONG_TEXT, problem_with
from crm_core.schema.values import parse_text
from resources import CHINESE
from sync_server.services.assigning import assign
from sync_server.services.auth import now_ms
from sync_server.services.custom import CustomFields
from sync_server.services.headquarters import Headquarters
from sync_server.services.letter_parts import LetterFile
from sync_server.services.ticket_forms import Asked, consent_note, open_ticket

CONSENT: Final = "consent"
"""Name of the box that is ticked to consent."""
FILES: Final = "files"
"""Name of the input for files."""
_LEAD: Final = SCHEMAS["lead"]
_LOOKED_AT: Final = 500  # leads of the last day compared with a new one
_SAID_YES: Final = frozenset(("on", "true", "yes", "1"))
_NO_WAY: Final = message(N_("Give a phone number or an e-mail address, so that we can answer"))
_NO_CONSENT: Final = message(N_("Without your consent we may not keep what you wrote"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A capture form in use."""

    id: str
    token: str
    values: Mapping[str, Any]
    fields: tuple[Field, ...]
    """What it asks for, in the order of the page."""
    needed: frozenset[str]

    @property
    def makes(self) -> str:
        """The kind of record it makes."""
        return rules.made_by(self.values)

    @property
    def files_most(self) -> int:
        """How many files may come with it."""
        return int(self.values["files_most"] or 0) if self.makes == TICKET else 0

    @property
    def redirect(self) -> str:
        """The page shown afterwards; '' for HQ's own. Never anything but a page of the web."""
        after = str(self.values["redirect"] or "")
        return after if after.startswith(("https://", "http://")) else ""

    def text(self, name: str, language: str) -> str:
        """Return one of its texts in a language; the other one's where that is empty."""
        own, other = (f"{name}_zh", name) if language == CHINESE else (name, f"{name}_zh")
        return str(self.values.get(own) or self.values.get(other) or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """How something came: over which way, from which network address, in which language."""

    channel: str
    address: str
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of what was sent: a lead, a ticket, or what is wrong with it.

    Neither of them where its sender is barred, which is not told to him.
    """

    lead_id: str | None = None
    ticket_id: str | None = None
    number: str = ""
    """Of the ticket."""
    is_too_much: bool = False
    """One sender sent more within an hour than people do."""
    problems: tuple[Problem, ...] = ()
    folded: bool = False
    """It was there already."""


def form_of(hq: Headquarters, token: str) -> Form | None:
    """Return the form in use at an address; None where there is none."""
    for form_id, values in hq.records.find("capture_form", "token", token):
        if values["active"] is not False:
            return read_form(hq, form_id, values)
    return None


def read_form(hq: Headquarters, form_id: str, values: Mapping[str, Any]) -> Form:
    """Return a form with the fields it asks for; those that are gone are left out."""
    with hq.database.read() as snapshot:
        makes = rules.made_by(values)
        custom = CustomFields(snapshot.connection).of(makes)
    asked = [str(name) for name in values["asked"] or ()]
    known = rules.askable(custom, makes)
    always = rules.ALWAYS[makes]
    fields = tuple(field for name, field in known.items() if name in asked or name in always)
    needed = frozenset(str(name) for name in values["needed"] or ()) | always
    return Form(id=form_id, token=str(values["token"]), values=values, fields=fields, needed=needed)


def take(
    hq: Headquarters,
    form: Form,
    answers: Mapping[str, str],
    sender: Sender,
    files: Sequence[LetterFile] = (),
) -> Taken:
    """Make a lead of what somebody filled in, given to whom the rules say, or a ticket with its files."""
    values, problems = _read(form, answers)
    problems += _problems_of_files(hq, form, files)
    if form.text("consent", sender.language) and answers.get(CONSENT, "").lower() not in _SAID_YES:
        problems.append(Problem(field=CONSENT, message=_NO_CONSENT))
    if problems:
        return Taken(problems=tuple(problems))
    now = now_ms()
    if form.makes == TICKET:
        return _take_ticket(hq, form, values, sender, files)
    known = _sent_before(hq, form, values, now)
    if known is not None:
        _join(hq, known, values)
        return Taken(lead_id=known, folded=True)
    kept = form.values
    values |= {
        "status": "new",
        "channel": rules.channel_of(sender.channel, kept["source"]),
        "source": kept["source"] or "web",
        "campaign": kept["campaign"],
        "owner_id": kept["owner_id"],
        "team_id": kept["team_id"],
        "territory_id": kept["territory_id"],
        "form_id": form.id,
    }
    consent = form.text("consent", sender.language)
    if consent:
        values |= {
            "consent": consent,
            "consent_version": kept["consent_version"] or rules.version_of_consent(consent),
            "consent_at": now,
            "consent_from": sender.address,
        }
    given = {name: value for name, value in values.items() if value not in (None, "")}
    return Taken(lead_id=assign(hq, given, now))


def _take_ticket(
    hq: Headquarters, form: Form, values: Mapping[str, Any], sender: Sender, files: Sequence[LetterFile]
) -> Taken:
    now = now_ms()
    consent = form.text("consent", sender.language)
    version = str(form.values["consent_version"] or rules.version_of_consent(consent))
    asked = Asked(
        form_id=form.id,
        values=values,
        kept=form.values,
        language=sender.language,
        consent=consent_note(consent, version, sender.address, now) if consent else None,
        files=files,
    )
    opened = open_ticket(hq, asked, now)
    return Taken(
        ticket_id=opened.ticket_id or None,
        number=opened.number,
        folded=opened.was_there,
        is_too_much=opened.is_too_much,
    )


def _problems_of_files(hq: Headquarters, form: Form, files: Sequence[LetterFile]) -> list[Problem]:
    if len(files) > form.files_most:
        told = message(N_("At most {most} files, please"), most=form.files_most)
        return [Problem(field=FILES, message=told)]
    most = hq.settings.file_bytes_max
    return [
        Problem(field=FILES, message=message(N_("“{name}” is too large to be sent here"), name=each.name))
        for each in files
        if len(each.content) > most
    ]


def _read(form: Form, answers: Mapping[str, str]) -> tuple[dict[str, Any], list[Problem]]:
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for field in form.fields:
        text = answers.get(field.name, "")[: MAX_LONG_TEXT + 1].strip()
        if field.kind is not Kind.LONG_TEXT:
            text = " ".join(text.split())  # a line break in a name would be another line of a letter's head
        if not text:
            if field.name in form.needed:
                problems.append(Problem(field=field.name, message=message(N_("This is required"))))
            continue
        try:
            value = parse_text(field, text)[field.name]
        except UserError as error:
            problems.append(Problem(field=field.name, message=error.message))
            continue
        wrong = problem_with(field, value)
        if wrong is not None:
            problems.append(Problem(field=field.name, message=wrong))
        values[field.name] = value
    ways = [field.name for field in form.fields if field.name in ("phone", "email")]
    wrong_already = {problem.field for problem in problems}
    if ways and wrong_already.isdisjoint(ways) and not any(values.get(name) for name in ways):
        problems.append(Problem(field=ways[0], message=_NO_WAY))
    return standardised({field.name: field for field in form.fields}, values, {}), problems


def _sent_before(hq: Headquarters, form: Form, values: Mapping[str, Any], now: int) -> str | None:
    """Return the lead of the same form and person of the last day; None where there is none."""
    by = next((name for name in ("email", "phone", "name") if values.get(name)), "name")
    wanted = normal_form(_LEAD.fields[by], values.get(by))
    table = _LEAD.table
    query = (
        select(table.c.id, table.c[by].label("value"))
        .where(table.c.form_id == form.id, table.c.life % 2 == 1, table.c.created_at >= now - rules.FOLD_MS)
        .order_by(table.c.created_at.desc())
        .limit(_LOOKED_AT)
    )
    with hq.database.read() as snapshot:
        rows = snapshot.connection.execute(query).all()
    return next((row.id for row in rows if normal_form(_LEAD.fields[by], row.value) == wanted), None)


def _join(hq: Headquarters, lead_id: str, values: Mapping[str, Any]) -> None:
    """Add to a lead what its sender wrote the second time and had not written the first."""
    held = hq.records.get("lead", lead_id)
    changes = {
        name: value
        for name, value in values.items()
        if not name.startswith(CUSTOM_PREFIX) and held.get(name) in (None, "") and value
    }
    said = str(values.get("needs") or "")
    if said and held.get("needs") and said not in str(held["needs"]):
        changes["needs"] = f"{held['needs']}\n\n{said}"[:MAX_LONG_TEXT]
    if changes:
        hq.records.update("lead", lead_id, changes)
