"""Links, signatures and kept files as they arrive: of a document that went out, as it went out."""

from __future__ import annotations

from typing import Any, Final

from crm_core.entities import SCHEMAS
from crm_core.entities.attachment import CERTIFICATE, SENT
from crm_core.i18n import N_, message
from crm_core.rules import signing
from crm_core.rules.answers import ANSWERS, version_of
from crm_core.rules.quote_state import DRAFT
from crm_core.rules.set_up import problems_of_made
from crm_core.sync.protocol import Code
from sync_server.services import quote_versions
from sync_server.services.records import Record, Records
from sync_server.services.rights import Author, Refused, is_at_hq

ATTACHMENT: Final = SCHEMAS["attachment"]
ACCEPTANCE: Final = SCHEMAS["acceptance"]
SIGNATURE: Final = SCHEMAS["signature"]
MAIL: Final = SCHEMAS["outgoing_mail"]
_OTHER_FILE: Final = message(N_("This is not the file the document was sent as"))
_KEPT_ALREADY: Final = message(N_("The file this version was sent as is kept already"))
_ONLY_HQ: Final = message(N_("HQ alone makes certificates"))


def demand_kept(records: Records, record: Record, author: Author) -> None:
    """Raise `Refused` for a new version, file, link or signature of what did not go out so."""
    quote_versions.demand_of_draft(records, record)
    for problem in problems_of_made(record.schema.name, record.values):
        raise Refused(Code.INVALID, problem.message)
    if record.schema is ATTACHMENT:
        _demand_role(records, record, author)
    elif record.schema in (ACCEPTANCE, SIGNATURE):
        target = target_of(records, record)
        if target is None or not target.lives:
            return  # refused for that already
        version = version_of(target.values)
        if record.values.get("version") != version or sent_hash(records, target) != record.values["sha256"]:
            raise Refused(Code.ILLEGAL_STATE, _OTHER_FILE)
        of = ANSWERS[target.schema.name]
        if record.schema is SIGNATURE and not of.may_be_signed(target.values):
            raise Refused(Code.ILLEGAL_STATE, signing.NOT_OPEN)
    elif record.schema is MAIL and record.values.get("sha256"):
        file = records.get(ATTACHMENT.no, str(record.values.get("attachment_id") or ""))
        if file is None or file.values.get("sha256") != record.values["sha256"]:
            raise Refused(Code.INVALID, _OTHER_FILE)


def target_of(records: Records, record: Record) -> Record | None:
    """Return the document a link, a signature or a mail is about; None where it may be of no such kind."""
    name = str(record.values.get("record_entity") or "")
    if name not in ANSWERS:
        return None
    return records.get(SCHEMAS[name].no, str(record.values.get("record_id") or ""))


def sent_hash(records: Records, target: Record) -> str | None:
    """Return the SHA-256 of the file a document was sent as in its present version."""
    version = version_of(target.values)
    kept = (each for each in records.children(target) if is_sent_file(each.schema.name, each.values, version))
    return next((str(each.values["sha256"]) for each in kept if each.lives), None)


def is_sent_file(entity: str, values: dict[str, Any], version: int) -> bool:
    """Tell whether a record is the file a version was sent as."""
    is_file = entity == ATTACHMENT.name and values.get("role") == SENT and bool(values.get("sha256"))
    return is_file and values.get("version") == version


def _demand_role(records: Records, record: Record, author: Author) -> None:
    role = record.values.get("role")
    if role == CERTIFICATE and not is_at_hq(author):
        raise Refused(Code.INVALID, _ONLY_HQ)
    if role != SENT:
        return
    target = target_of(records, record)
    if target is None or not target.lives:
        return
    if record.values.get("version") != version_of(target.values) or not record.values.get("sha256"):
        raise Refused(Code.ILLEGAL_STATE, _OTHER_FILE)
    if str(target.values.get("status") or DRAFT) != DRAFT and sent_hash(records, target) is not None:
        raise Refused(Code.ILLEGAL_STATE, _KEPT_ALREADY)
