"""Canned answers: templates of documents that say what a ticket's customer is often told."""

from __future__ import annotations

from crm_core.rules.template_kinds import MAIL
from crm_desktop.documents import template_records
from crm_desktop.documents.template_records import Template
from crm_desktop.models.replica import Replica
from crm_desktop.services import records

ANSWER = "answer"


def answers(replica: Replica) -> tuple[Template, ...]:
    """Return the canned answers there are."""
    there = template_records.templates(replica, "ticket")
    return tuple(each for each in there if each.kind == ANSWER and each.engine == MAIL)


def text_of(replica: Replica, template: Template, ticket_id: str) -> str:
    """Return what a canned answer says of a ticket.

    Raises `TemplateRefused` where it names what is not there.
    """
    made = template_records.make(replica, template, ticket_id)
    return made.content.decode("utf-8").strip()


def text_by_id(replica: Replica, template_id: str, ticket_id: str) -> str:
    """Return what the canned answer with this id says of a ticket. Raises `NotFound`, `TemplateRefused`."""
    kept = records.get(replica, "document_template", template_id)
    return text_of(replica, template_records.template_of(kept.values), ticket_id)
