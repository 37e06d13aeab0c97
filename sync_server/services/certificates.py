"""What follows from a signature at HQ: the certificate, the deal's stage, and telling whoever sells.

Every step may be taken again: a server that ended in between goes on where it stood.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import structlog
from sqlalchemy import select

from crm_core.entities import SCHEMAS
from crm_core.entities.attachment import CERTIFICATE
from crm_core.errors import CrmError, UserError
from crm_core.i18n import N_, message
from crm_core.ids import named_id
from crm_core.rules import agreed, pipeline, signing
from crm_core.rules.answers import ACCEPTED, ANSWERS
from crm_core.sync.sealing import is_signed
from sync_server.services import writing_by_hq
from sync_server.services.auth import sealer_of
from sync_server.services.certificate_page import certificate_page
from sync_server.services.headquarters import Headquarters
from sync_server.services.hq import Edit, EditKind
from sync_server.services.share_ends import day_of
from sync_server.services.told import task_for
from sync_server.settings import Settings

AT_ONCE: Final = 50
_SIGNATURE: Final = SCHEMAS["signature"].table
_FILE: Final = SCHEMAS["attachment"].table
_MEDIA_TYPE: Final = "application/pdf"
WON: Final = "won"

log = structlog.get_logger("satchel.signatures")


def follow_signatures(hq: Headquarters, now_ms: int) -> int:
    """Seal the signatures that are not sealed, and do what follows from them; return how many."""
    columns = _SIGNATURE.c
    query = select(columns.id).where(columns.sealed_at.is_(None), columns.life % 2 == 1)
    with hq.database.read() as snapshot:
        ids = list(snapshot.connection.execute(query.order_by(columns.created_at).limit(AT_ONCE)).scalars())
    done = 0
    for signature_id in ids:
        try:
            _follow(hq, signature_id, now_ms)
            done += 1
        except CrmError as error:  # of a document that is gone, or that another step holds up: next time
            log.warning("not sealed", signature=signature_id, reason=error.message.text)
    return done


def read_certificate(content: bytes, settings: Settings) -> Mapping[str, Any]:
    """Return what a certificate of this HQ says. `UserError` for one that is not its own or was changed."""
    public = sealer_of(settings).public
    return signing.read_certificate(content, lambda digest, seal: is_signed(digest, seal, public))


def _follow(hq: Headquarters, signature_id: str, now_ms: int) -> None:
    signature = hq.records.get("signature", signature_id)
    entity, record_id = str(signature["record_entity"]), str(signature["record_id"])
    document = hq.records.get(entity, record_id)
    of = ANSWERS[entity]
    if signature["verdict"] == ACCEPTED and of.is_accepted(document):
        if of.moves_deal:
            _move_deal(hq, document, now_ms)
        if entity == "quote" and hq.settings.accepted_orders:
            _make_order(hq, record_id, document, now_ms)
    certificate_id = _certificate(hq, signature_id, signature, document, now_ms)
    sealed = {"certificate_id": certificate_id, "sealed_at": now_ms}
    writing_by_hq.write(hq.database, "signature", signature_id, sealed, now_ms)


def _certificate(
    hq: Headquarters,
    signature_id: str,
    signature: Mapping[str, Any],
    document: Mapping[str, Any],
    now_ms: int,
) -> str:
    """Keep the certificate among the document's files, unless it is there; return the attachment's id."""
    of = ANSWERS[str(signature["record_entity"])]
    attachment_id = named_id("certificate", signature_id)
    if hq.records.has("attachment", attachment_id):
        return attachment_id
    said = {
        "id": signature_id,
        "company": hq.settings.company_name(hq.settings.language),
        "kind": signature["record_entity"],
        "number": document.get("number") or "",
        "version": signature["version"] if of.has_versions else None,
        "document_sha256": signature["sha256"],
        "total": document.get("total"),
        "currency": document.get("currency"),
        "verdict": signature["verdict"],
        "name": signature["name"],
        "reason": signature["reason"],
        "way": signature["way"],
        "strokes_sha256": signing.strokes_digest(signature["strokes"]),
        "place": signature["place"],
        "at_ms": signature["created_at"],
        "address": signature["address"],
        "agent": signature["agent"],
        "held_by": hq.records.name_of("user", signature["created_by"])
        if signature["place"] != "page"
        else None,
        "sealed_ms": now_ms,
    }
    page = certificate_page(said, signature["strokes"])
    content = signing.sealed(page, said, sealer_of(hq.settings).sign)
    author = hq.records.founder_id()
    sha256 = hq.blobs.keep(content, author)
    version = f"-v{signature['version']}" if of.has_versions else ""
    values = {
        "name": f"{said['number'] or 'signature'}{version}-certificate.pdf",
        "record_entity": signature["record_entity"],
        "record_id": signature["record_id"],
        "media_type": _MEDIA_TYPE,
        "size_bytes": len(content),
        "sha256": sha256,
        "pages": 1,
        "owner_id": document.get("owner_id"),
        "role": CERTIFICATE,
        "version": signature["version"],
    }
    made = Edit(kind=EditKind.CREATE, entity="attachment", record_id=attachment_id, values=values)
    hq.records.write_all([made])
    return attachment_id


def _move_deal(hq: Headquarters, document: Mapping[str, Any], now_ms: int) -> None:
    """Move the document's deal to the stage the company names; who sells is told where it cannot be."""
    wanted, deal_id = hq.settings.accepted_deals.strip(), str(document.get("deal_id") or "")
    if not wanted or not hq.records.has("deal", deal_id):
        return
    deal = hq.records.get("deal", deal_id)
    try:
        stages = dict(hq.records.all("stage"))
        here = stages.get(str(deal["stage_id"]), {})
        if here.get("kind") != pipeline.OPEN:
            return
        along = {key: each for key, each in stages.items() if each["pipeline_id"] == here["pipeline_id"]}
        target = next((key for key, each in along.items() if _is_meant(each, wanted)), None)
        if target is None:
            raise UserError(N_("The pipeline has no stage called “{name}”"), name=wanted)
        if target != deal["stage_id"]:
            hq.records.update("deal", deal_id, {"stage_id": target})
    except CrmError as error:
        reason = error.message
        said = message(
            N_("The deal was not moved when {number} was accepted: {reason}"),
            number=str(document.get("number") or ""),
            reason=reason,
        )
        if not _was_told(hq, deal_id):
            hq.records.write_all([task_for(hq, said, ("deal", deal_id), deal.get("owner_id"), now_ms)])
        log.info("deal not moved", deal=deal_id)


def _make_order(hq: Headquarters, quote_id: str, quote: Mapping[str, Any], now_ms: int) -> None:
    """Make the draft of an order of a quote that was accepted, once, unless somebody made one."""
    order_id = named_id("order of quote", quote_id)
    there = [each for _, each in hq.records.find("order", "quote_id", quote_id)]
    if any(each["status"] != "cancelled" for each in there) or hq.records.has("order", order_id):
        return
    groups = sorted(hq.records.find("quote_group", "quote_id", quote_id), key=_placed)
    ranks = {group_id: place for place, (group_id, _) in enumerate(groups, start=1)}
    lines = sorted(
        hq.records.find("quote_line", "quote_id", quote_id),
        key=lambda row: (ranks.get(str(row[1]["group_id"]), 0), *_placed(row)),
    )
    try:
        drawn = agreed.order_from_quote(quote_id, quote, lines, groups, day_of(now_ms))
        edits = [Edit(kind=EditKind.CREATE, entity="order", record_id=order_id, values=drawn.head)]
        edits += [
            Edit(kind=EditKind.CREATE, entity="order_line", values={**line, "order_id": order_id})
            for line in drawn.lines
        ]
        hq.records.write_all(edits)
    except CrmError as error:
        reason = error.message
        said = message(N_("No order was made when the quote was accepted: {reason}"), reason=reason)
        hq.records.write_all([task_for(hq, said, ("quote", quote_id), quote.get("owner_id"), now_ms)])
        log.info("no order made", quote=quote_id)


def _placed(row: tuple[str, Mapping[str, Any]]) -> tuple[str, str]:
    return str(row[1].get("position") or ""), row[0]


def _is_meant(stage: Mapping[str, Any], wanted: str) -> bool:
    if wanted == WON:
        return bool(stage["kind"] == WON)
    return str(stage["name"] or "").strip().casefold() == wanted.casefold()


def _was_told(hq: Headquarters, deal_id: str) -> bool:
    """Tell whether an open task about the deal is there already, of a step that was taken before."""
    tasks = hq.records.find("activity", "about_id", deal_id)
    return any(task["kind"] == "task" and not task["done"] for _, task in tasks)
