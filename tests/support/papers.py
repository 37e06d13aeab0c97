"""Documents that went out, made at HQ itself with their file and a link: for tests of the acceptance page."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

from reportlab.pdfgen.canvas import Canvas

from crm_core.entities.attachment import SENT
from crm_core.ids import new_id
from crm_core.rules import signing
from crm_core.rules.answers import ANSWERS, version_of
from crm_core.times import DAY_MS
from sync_server.services.blobs import BlobService
from sync_server.services.hq import Hq


@dataclass(frozen=True)
class Paper:
    """A document that went out: kind, ids, the link's token, and the very file."""

    kind: str
    id: str
    link: str
    token: str
    file: bytes
    attachment: str
    customer: str

    @property
    def quote(self) -> str:
        """The id of a quote."""
        assert self.kind == "quote"
        return self.id


def pdf(text: str) -> bytes:
    """Return a small real PDF."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, invariant=1)
    canvas.drawString(72, 720, text)
    canvas.save()
    return buffer.getvalue()


def sent_paper(hq: Hq, blobs: BlobService, now_ms: int, kind: str = "quote", **said: Any) -> Paper:
    """Make a document over 1,200.00 that went out, with a link that is open for ten days.

    `said`: `owner_id`, `deal_id` of the document; `expires_at`, `language` of the link.
    """
    given = {name: said[name] for name in ("owner_id", "deal_id") if name in said}
    owner = {name: value for name, value in given.items() if name == "owner_id"}
    customer = hq.create("customer", {"name": "Kontor 康拓", **owner})
    values = {"customer_id": customer, "currency": "CNY", **given}
    if kind == "quote":
        values["valid_until"] = "2030-12-31"
    record = hq.create(kind, values)
    line = {f"{kind}_id": record, "description": "Pump", "quantity": "2", "unit_price": 600_00}
    hq.create(f"{kind}_line", {**line, "currency": "CNY"})
    if kind == "contract":
        hq.create("contract_clause", {"contract_id": record, "title": "Term", "body": "A year"})
    hq.update(kind, record, {"status": ANSWERS[kind].out})
    return with_link(hq, blobs, now_ms, kind, record, customer, **said)


def with_link(
    hq: Hq, blobs: BlobService, now_ms: int, kind: str, record: str, customer: str, **said: Any
) -> Paper:
    """Keep the file a document went out as, in its present version, and make a link to it."""
    version = version_of(hq.get(kind, record))
    token = signing.token_of(new_id().encode())
    file = pdf(f"{kind} {record} {version}")
    attachment = hq.create(
        "attachment",
        {
            "name": "Q-v1_Kontor.pdf",
            "record_entity": kind,
            "record_id": record,
            "media_type": "application/pdf",
            "size_bytes": len(file),
            "sha256": blobs.keep(file, hq.founder_id()),
            "role": SENT,
            "version": version,
        },
    )
    link = hq.create(
        "acceptance",
        {
            "record_entity": kind,
            "record_id": record,
            "version": version,
            "token_hash": signing.token_hash(token),
            "attachment_id": attachment,
            "sha256": signing.file_hash(file),
            "expires_at": said.get("expires_at", now_ms + 10 * DAY_MS),
            "language": said.get("language", "en"),
        },
    )
    return Paper(kind, record, link, token, file, attachment, customer)
