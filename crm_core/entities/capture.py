"""Forms people outside fill in, pages HQ serves: to leave their address, or to ask for help."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Mapped

from crm_core.entities._choices import SOURCES, choices
from crm_core.i18n import N_
from crm_core.schema.columns import boolean, choice, integer, json, long_text, ref, text
from crm_core.schema.entity import Entity, EntityMeta
from crm_core.schema.field import Kind

LEAD, TICKET = "lead", "ticket"
MADE = choices((LEAD, N_("A lead")), (TICKET, N_("A ticket")))
FORM_LANGUAGES = choices(("en", N_("English")), ("zh_CN", N_("Chinese")))


class CaptureForm(Entity):
    """A page that makes a lead or a ticket of what it is told. Set up by whoever administers HQ."""

    __tablename__ = "capture_form"
    meta = EntityMeta(no=14, label=N_("Capture form"), plural=N_("Capture forms"), icon="globe", since=3)

    name: Mapped[str | None] = text(10, N_("Name"), required=True, in_list=True, searchable=True, since=3)
    token: Mapped[str | None] = text(
        11, N_("Address of the form"), required=True, in_list=True, indexed=True, since=3
    )
    asked: Mapped[list[Any] | None] = json(12, N_("Fields asked for"), since=3)
    needed: Mapped[list[Any] | None] = json(13, N_("Fields that must be filled"), since=3)
    language: Mapped[str | None] = choice(14, N_("Language"), FORM_LANGUAGES, in_list=True, since=3)
    """None: the visitor's."""
    source: Mapped[str | None] = choice(15, N_("Source"), SOURCES, default="web", in_list=True, since=3)
    campaign: Mapped[str | None] = text(16, N_("Campaign"), in_list=True, since=3)
    owner_id: Mapped[str | None] = ref(17, N_("Leads or tickets go to"), "user", in_list=True, since=3)
    team_id: Mapped[str | None] = ref(18, N_("Team"), "team", since=3)
    territory_id: Mapped[str | None] = ref(19, N_("Territory"), "territory", since=3)
    heading: Mapped[str | None] = text(20, N_("Heading"), since=3)
    heading_zh: Mapped[str | None] = text(21, N_("Heading in Chinese"), since=3)
    consent: Mapped[str | None] = long_text(22, N_("Consent"), since=3)
    consent_zh: Mapped[str | None] = long_text(23, N_("Consent in Chinese"), since=3)
    consent_version: Mapped[str | None] = text(24, N_("Version of the consent"), since=3)
    thanks: Mapped[str | None] = long_text(25, N_("Thanks"), since=3)
    thanks_zh: Mapped[str | None] = long_text(26, N_("Thanks in Chinese"), since=3)
    redirect: Mapped[str | None] = text(27, N_("Page shown afterwards"), kind=Kind.URL, since=3)
    active: Mapped[bool | None] = boolean(28, N_("In use"), default=True, in_list=True, since=3)
    makes: Mapped[str | None] = choice(29, N_("What it makes"), MADE, default=LEAD, in_list=True, since=3)
    files_most: Mapped[int | None] = integer(30, N_("Files at most"), default=0, since=3)
    """How many files may come with a ticket; none: the page asks for none."""
    category_id: Mapped[str | None] = ref(31, N_("Category of its tickets"), "ticket_category", since=3)
