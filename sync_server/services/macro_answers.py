"""Answers of macros HQ does by itself: the text of a template, said by who has the ticket, by his rights."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Final

from crm_core.entities import SCHEMAS
from crm_core.errors import CrmError, NotFound
from crm_core.i18n import N_, message
from crm_core.ids import named_id
from crm_core.rules.access import Action, ClassRight, Person, decide
from crm_core.rules.template_check import problems_of
from crm_core.rules.template_filling import company_part, filled_part
from crm_core.rules.template_kinds import KINDS, MAIL, shape_of
from crm_core.rules.template_language import TemplateRefused, render
from crm_core.rules.template_values import DocumentLanguage
from crm_core.schema.field import Field
from resources import in_language
from sync_server.services import conversation, errands
from sync_server.services.custom import CustomFields
from sync_server.services.errands import Errand
from sync_server.services.hq_pen import Pen
from sync_server.services.reading import read_person
from sync_server.services.records import Record
from sync_server.services.registers import get
from sync_server.services.scopes import ScopeKeeper

_USER: Final = SCHEMAS["user"]
_TEMPLATE: Final = SCHEMAS["document_template"]
_ANSWER: Final = "answer"
_NONE: Final = N_("The canned answer is not there any more")
_FAILED: Final = N_("Ticket {number}: the answer of the macro “{name}” could not be given: {reason}")


def answer(pen: Pen, scopes: ScopeKeeper, ticket: Record, macro: Record, once: str) -> None:
    """Give the answer of a macro, as who has the ticket; who he is is told where it cannot be given.

    `once`: what it is given for; of one macro one answer is given for it.
    """
    if not macro.values["answer_id"]:
        return
    author_id = _author(pen, ticket)
    try:
        said = _text(pen, ticket, macro.values["answer_id"], read_person(pen.records.connection, author_id))
    except CrmError as error:
        told = message(
            _FAILED,
            number=str(ticket.values["number"] or ""),
            name=str(macro.values["name"] or ""),
            reason=error.message,
        )
        errand = Errand(subject=told, about=ticket, owner_id=author_id)
        errands.open_tasks(pen.hq, pen.records, scopes, [errand], pen.server_ms)
        return
    if said:
        message_id = named_id("answer of macro", f"{once} {macro.id}")
        conversation.say(
            pen, scopes, ticket, message_id, said, author_id, internal=bool(macro.values["internal"])
        )


def _author(pen: Pen, ticket: Record) -> str:
    """Return who has a ticket, and of one nobody has the first administrator."""
    user = pen.records.get(_USER.no, ticket.values["assignee_id"] or "")
    if user is not None and user.lives and user.values.get("active") is not False:
        return user.id
    return errands.founder(pen.records) or ""


def _text(pen: Pen, ticket: Record, template_id: str, person: Person) -> str:
    """Return what a canned answer says of a ticket to somebody. Raises `NotFound`, `TemplateRefused`."""
    template = pen.records.get(_TEMPLATE.no, template_id)
    if template is None or not template.lives or template.values["kind"] != _ANSWER:
        raise NotFound(_NONE)
    if template.values["engine"] not in (None, MAIL):
        raise NotFound(_NONE)
    kind, custom = KINDS[_ANSWER], CustomFields(pen.records.connection)
    chosen = template.values["language"]
    language: DocumentLanguage = chosen if chosen in ("en", "zh") else "both"

    def readable(entity: str) -> dict[str, Field]:
        if not decide(person, Action.READ, entity):
            return {}
        every = {**SCHEMAS[entity].fields, **custom.in_use(entity)}
        right, least = person.rights.class_right, ClassRight.READ
        return {name: each for name, each in every.items() if right(entity, each.field_class) >= least}

    known = shape_of(kind, readable)
    problems = problems_of(str(template.values["body"] or ""), known)
    if problems:
        raise TemplateRefused(problems)
    own, row = kind.entity, _row(ticket, readable)
    parts: dict[str, Any] = {own: filled_part(readable(own), row, own, language, in_language)}
    for name, link in kind.links.items():
        target = SCHEMAS[own].fields[link].target or ""
        found = pen.records.get(SCHEMAS[target].no, ticket.values[link] or "")
        linked = _row(found, readable) if found is not None and found.lives else None
        parts[name] = filled_part(readable(target), linked, name, language, in_language)
    parts["company"] = company_part(pen.hq.company)
    parts["today"] = datetime.date.today()  # noqa: DTZ011 - the day where HQ is
    parts["language"] = language
    return render(str(template.values["body"]), parts, language).text.strip()


def _row(record: Record, readable: Any) -> Mapping[str, Any]:
    """Return the values of a record somebody may read, custom ones among them."""
    fields: Mapping[str, Field] = readable(record.schema.name)
    return {name: get(record, field) for name, field in fields.items()}
