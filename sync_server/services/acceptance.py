"""Links customers open: what they lead to, what may still be done, and taking a decision, once.

What a decision changes is one transaction: the link, the signature, the state of the document, the task of
whoever sells. So a server that ends at any moment leaves it wholly done or not done.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import and_, select

from crm_core.entities import SCHEMAS
from crm_core.entities.attachment import SENT
from crm_core.errors import CrmError, NotFound, StaleRecord
from crm_core.i18n import N_, message
from crm_core.rules import signing
from crm_core.rules.answers import ANSWERS
from crm_core.rules.signing import Standing
from resources import CHINESE, ENGLISH
from sync_server.services.headquarters import Headquarters
from sync_server.services.hq import Edit, EditKind
from sync_server.services.share_ends import day_of
from sync_server.services.told import task_for

MOST_QUESTION: Final = 2_000
MOST_AGENT: Final = 300
_LINK: Final = SCHEMAS["acceptance"].table
_FILE: Final = SCHEMAS["attachment"].table
_SIGNATURE: Final = SCHEMAS["signature"].table
Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a link leads to, as HQ has it now."""

    id: str
    link: Values
    document: Values
    """Of the record that is accepted; empty where it is gone."""
    file_id: str | None
    """The very file the link is of, where it is still the one its version was sent as."""
    file_name: str
    file_size: int
    companies: Mapping[str, str]
    """What the company that offers is called, by language."""
    customer: str
    contact: str
    seller: Values
    """Name, phone and e-mail of who it belongs to."""
    standing: Standing
    signature: Values | None
    """What was decided by this link."""

    @property
    def number(self) -> str:
        """What the document is called."""
        return str(self.document.get("number") or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What somebody decided on the page. `strokes` as `signing.read_strokes` takes them; None: typed."""

    verdict: str
    name: str
    reason: str = ""
    strokes: list[list[int]] | None = None
    address: str = ""
    agent: str = ""

    def values(self) -> dict[str, Any]:
        """Return them as a signature holds them."""
        return {
            "verdict": self.verdict,
            "name": self.name.strip(),
            "reason": self.reason.strip() or None,
            "way": "drawn" if self.strokes else "typed",
            "strokes": self.strokes,
            "place": "page",
            "address": self.address or None,
            "agent": self.agent[:MOST_AGENT] or None,
        }


def find(hq: Headquarters, token: str, now_ms: int) -> Found | None:
    """Return what a token leads to; None where it leads nowhere.

    It is looked up by its hash, so how long that takes says nothing of the tokens there are.
    """
    query = select(_LINK).where(_LINK.c.token_hash == signing.token_hash(token), _LINK.c.life % 2 == 1)
    with hq.database.read() as snapshot:
        run = snapshot.connection.execute
        link = run(query.limit(1)).mappings().first()
        if link is None or not link["token_hash"]:
            return None
        of = SCHEMAS[link["record_entity"]].table
        living = run(select(of).where(of.c.id == link["record_id"], of.c.life % 2 == 1)).mappings().first()
        document = dict(living) if living is not None else {}
        kept = and_(
            _FILE.c.record_id == link["record_id"],
            _FILE.c.role == SENT,
            _FILE.c.version == link["version"],
            _FILE.c.sha256 == link["sha256"],
            _FILE.c.life % 2 == 1,
        )
        file = run(select(_FILE).where(kept).order_by(_FILE.c.id).limit(1)).mappings().first()
        by_link = and_(_SIGNATURE.c.acceptance_id == link["id"], _SIGNATURE.c.life % 2 == 1)
        signature = run(select(_SIGNATURE).where(by_link).limit(1)).mappings().first()

        def named(entity: str, name: str) -> dict[str, Any]:
            table, row_id = SCHEMAS[entity].table, document.get(name)
            row = run(select(table).where(table.c.id == row_id)).mappings().first() if row_id else None
            return dict(row) if row is not None else {}

        customer, contact = named("customer", "customer_id"), named("contact", "contact_id")
        seller = named("user", "owner_id")
    standing = signing.standing(dict(link), document or None, now_ms)
    if standing is Standing.OPEN and file is None:
        standing = Standing.SUPERSEDED  # another file was sent in its place
    return Found(
        id=link["id"],
        link=dict(link),
        document=document,
        file_id=file["id"] if file is not None else None,
        file_name=str(file["name"] or "") if file is not None else "",
        file_size=int(file["size_bytes"] or 0) if file is not None else 0,
        companies={each: hq.settings.company_name(each) for each in (ENGLISH, CHINESE)},
        customer=str(customer.get("name") or ""),
        contact=str(contact.get("name") or ""),
        seller={name: seller.get(name) or "" for name in ("name", "phone", "email")},
        standing=standing,
        signature=dict(signature) if signature is not None else None,
    )


def document_of(hq: Headquarters, found: Found) -> bytes:
    """Return the very file. `NotFound` where HQ has not got it (yet), or it is another one by now."""
    if found.file_id is None:
        raise NotFound(N_("There is no such file at HQ, or you may not see it"))
    content = hq.blobs.of_attachment(found.file_id)
    if signing.file_hash(content) != found.link["sha256"]:
        raise NotFound(N_("There is no such file at HQ, or you may not see it"))
    return content


def decide(hq: Headquarters, found: Found, decision: Decision, now_ms: int) -> bool:
    """Write down a decision; False where the link was used, withdrawn or overtaken in the meantime.

    Raises `Invalid` and `CrmError` for a decision that cannot be one.
    """
    if found.standing is not Standing.OPEN:
        return False
    entity, record_id = str(found.link["record_entity"]), str(found.link["record_id"])
    of, name = ANSWERS[entity], decision.name.strip()
    signature = {
        **decision.values(),
        "record_entity": entity,
        "record_id": record_id,
        "acceptance_id": found.id,
        "version": found.link["version"],
        "attachment_id": found.file_id,
        "sha256": found.link["sha256"],
    }
    said = of.said(decision.verdict, name, found.number, decision.reason.strip())
    edits = [
        Edit(
            kind=EditKind.UPDATE,
            entity="acceptance",
            record_id=found.id,
            values={"status": decision.verdict},
            expected={"status": "open"},
        ),
        Edit(kind=EditKind.CREATE, entity="signature", values=signature),
        Edit(
            kind=EditKind.UPDATE,
            entity=entity,
            record_id=record_id,
            values=of.changes(decision.verdict, found.document, day_of(now_ms)),
            expected=of.expected(found.document),
        ),
        task_for(hq, said, (entity, record_id), found.document.get("owner_id"), now_ms),
    ]
    try:
        hq.records.write_all(edits)
    except (StaleRecord, NotFound):
        return False
    except CrmError:
        if find_standing(hq, found, now_ms) is Standing.OPEN:
            raise
        return False
    return True


def find_standing(hq: Headquarters, found: Found, now_ms: int) -> Standing:
    """Return what may be done with a link now."""
    try:
        link = hq.records.get("acceptance", found.id)
        document = hq.records.get(str(link["record_entity"]), str(link["record_id"]))
    except NotFound:
        return Standing.WITHDRAWN
    return signing.standing(link, document, now_ms)


def ask(hq: Headquarters, found: Found, name: str, question: str, now_ms: int) -> None:
    """Hand a question on to whoever sells, as a task; the link stays open."""
    entity, record_id = str(found.link["record_entity"]), str(found.link["record_id"])
    said = message(N_("{name} asks about {number}"), name=name.strip(), number=found.number)
    task = task_for(hq, said, (entity, record_id), found.document.get("owner_id"), now_ms)
    values = {**task.values, "notes": question.strip()[:MOST_QUESTION]}
    customer = found.document.get("customer_id")
    if customer:
        values["customer_id"] = customer
    hq.records.write_all([Edit(kind=EditKind.CREATE, entity="activity", values=values)])


def last_day(found: Found) -> datetime.date:
    """Return the last day a link is open, where HQ stands."""
    ends = int(found.link["expires_at"] or 0) - 1
    return datetime.datetime.fromtimestamp(ends / 1000).astimezone().date()
