"""Quotes that were sent, made at HQ itself with their file and a link: for tests of the acceptance page."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

from reportlab.pdfgen.canvas import Canvas

from crm_core.entities.attachment import SENT
from crm_core.ids import new_id
from crm_core.rules import signing
from crm_core.times import DAY_MS
from sync_server.services.blobs import BlobService
from sync_server.services.hq import Hq


@dataclass(frozen=True)
class Paper:
    """A sent quote: ids, the link's token, and the very file."""

    quote: str
    link: str
    token: str
    file: bytes
    attachment: str
    customer: str


def pdf(text: str) -> bytes:
    """Return a small real PDF."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, invariant=1)
    canvas.drawString(72, 720, text)
    canvas.save()
    return buffer.getvalue()


def sent_paper(hq: Hq, blobs: BlobService, now_ms: int, **said: Any) -> Paper:
    """Make a quote over 1,200.00 that was sent, with a link that is open for ten days.

    `said`: `owner_id`, `deal_id` of the quote; `expires_at`, `language` of the link.
    """
    given = {name: said[name] for name in ("owner_id", "deal_id") if name in said}
    owner = {name: value for name, value in given.items() if name == "owner_id"}
    customer = hq.create("customer", {"name": "Kontor 康拓", **owner})
    values = {"customer_id": customer, "currency": "CNY", "valid_until": "2030-12-31", **given}
    quote = hq.create("quote", values)
    line = {"quote_id": quote, "description": "Pump", "quantity": "2", "unit_price": 600_00}
    line["currency"] = "CNY"
    hq.create("quote_line", line)
    hq.update("quote", quote, {"status": "sent"})
    token = signing.token_of(new_id().encode())
    file = pdf(f"Quote {quote}")
    attachment = hq.create(
        "attachment",
        {
            "name": "Q-v1_Kontor.pdf",
            "record_entity": "quote",
            "record_id": quote,
            "media_type": "application/pdf",
            "size_bytes": len(file),
            "sha256": blobs.keep(file, hq.founder_id()),
            "role": SENT,
            "version": 1,
        },
    )
    link = hq.create(
        "acceptance",
        {
            "record_entity": "quote",
            "record_id": quote,
            "version": 1,
            "token_hash": signing.token_hash(token),
            "attachment_id": attachment,
            "sha256": signing.file_hash(file),
            "expires_at": said.get("expires_at", now_ms + 10 * DAY_MS),
            "language": said.get("language", "en"),
        },
    )
    return Paper(quote=quote, link=link, token=token, file=file, attachment=attachment, customer=customer)
