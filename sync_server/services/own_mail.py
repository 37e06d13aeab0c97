"""Mails of those who work here: a copy of what they wrote (BCC), or a mail they handed on to the box.

What was written to people who are known stands with each of them; somebody new becomes the writer's lead. A
mail handed on is its first writer's, and its lead belongs to who handed it on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from crm_core.ids import named_id
from sync_server.services.headquarters import Headquarters
from sync_server.services.hq import Edit, EditKind
from sync_server.services.letters import Letter, Person, forwarded_from
from sync_server.services.mail_people import Colleague, Known, colleague_by, known_by


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """What a colleague's mail becomes; nothing where it went to colleagues only."""

    edits: tuple[Edit, ...] = ()
    new_lead: bool = False


def file_own(
    hq: Headquarters, letter: Letter, colleague: Colleague, activity: dict[str, Any], lead: dict[str, Any]
) -> Filed:
    """Return what to write for a mail of a colleague.

    `activity` holds what every activity of the mail says, `lead` what every lead that came by mail does.
    """
    if not colleague.active:
        return Filed()
    outside = [person for person in letter.recipients if not _inside(hq, person.address)]
    handed_on = None if outside else forwarded_from(letter.text)
    if handed_on is not None and not _inside(hq, handed_on.address):
        outside = [handed_on]
    if not outside:
        return Filed()
    said = activity | {"owner_id": colleague.id}
    known: dict[str, Known] = {}
    for person in outside:
        found = known_by(hq, person.address, colleague.id)
        if found is not None:
            known.setdefault(found.about, found)
    if known:
        each = enumerate(known.values())
        return Filed(edits=tuple(_create("activity", _id(letter, n), said | who.links) for n, who in each))
    new = lead | _named(outside[0]) | {"owner_id": colleague.id}
    if handed_on is not None:
        new["needs"] = "\n\n".join(part for part in (letter.subject, letter.text) if part)
        return Filed(edits=(_create("lead", _id(letter, 0), new),), new_lead=True)
    lead_id = named_id("mail lead", letter.id)
    written = _create("activity", _id(letter, 0), said | {"lead_id": lead_id})
    return Filed(edits=(_create("lead", lead_id, new), written), new_lead=True)


def _inside(hq: Headquarters, address: str) -> bool:
    return address == hq.settings.mail_user.strip().lower() or colleague_by(hq, address) is not None


def _named(person: Person) -> dict[str, Any]:
    return {"name": person.name or person.address.partition("@")[0], "email": person.address}


def _id(letter: Letter, number: int) -> str:
    """Return the id of a record a mail becomes: the first one's says that the mail was taken in."""
    return named_id("mail", letter.id) if number == 0 else named_id("mail", f"{letter.id} {number}")


def _create(entity: str, record_id: str, values: dict[str, Any]) -> Edit:
    return Edit(kind=EditKind.CREATE, entity=entity, record_id=record_id, values=values)
