"""A customer signs on this laptop's screen: the very file, the signature and what follows, in one go."""

from __future__ import annotations

from dataclasses import dataclass

from crm_core.errors import UserError
from crm_core.rules import signing
from crm_core.rules.answers import ACCEPTED, ANSWERS, DECLINED, version_of
from crm_core.rules.signing import Strokes
from crm_core.schema.field import Plain
from crm_core.sync.protocol import TxnFlag
from crm_desktop.documents.sent_file import SentFile
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.services import records
from crm_desktop.services.outcome import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """What the customer decided. `strokes` None: his name is typed. A refusal has a reason."""

    accepts: bool
    name: str
    reason: str = ""
    strokes: Strokes | None = None


def sign(replica: Replica, entity: str, record_id: str, file: SentFile, signed: Signed) -> Outcome[Record]:
    """Write down a decision about the file that was sent. `Invalid` names every field that is wrong;
    `UserError` where nothing is to be decided any more.

    HQ seals it when it has heard of it; until then nothing proves it but this laptop.
    """
    of, verdict = ANSWERS[entity], ACCEPTED if signed.accepts else DECLINED
    with replica.write(flags=TxnFlag.ALL_OR_NOTHING) as session:
        record = records.get(replica, entity, record_id)
        if not of.may_be_signed(record.values):
            raise UserError(signing.NOT_OPEN.text)
        strokes: list[Plain] = [list(each) for each in signing.plain_strokes(signed.strokes or ())]
        values: dict[str, Plain] = {
            "record_entity": entity,
            "record_id": record_id,
            "version": version_of(record.values),
            "attachment_id": file.id,
            "sha256": file.sha256,
            "verdict": verdict,
            "name": " ".join(signed.name.split()),
            "reason": signed.reason.strip() or None,
            "way": "typed" if signed.strokes is None else "drawn",
            "strokes": strokes if signed.strokes is not None else None,
        }
        signature = records.create_in(session, replica, "signature", values)
        changes = of.changes(verdict, record.values, replica.clock.today())
        if changes:
            records.update_in(session, replica, entity, record_id, changes)
    return Outcome(signature, frozenset(session.changed))
