"""Files that go along with an answer to a customer: which there are, and whether one mail carries them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm_core.entities.attachment import Attachment
from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.rules.access import Action
from crm_desktop.models import state
from crm_desktop.models.replica import Replica
from crm_desktop.models.state import Key
from crm_desktop.services import rights
from crm_desktop.services.attachments import FileRow, file_rows

MAIL_BYTES_MAX = 20_000_000
"""What the files of one mail may come to, where HQ has not said otherwise."""


def files_named(session: Session, replica: Replica, ids: Sequence[str]) -> tuple[FileRow, ...]:
    """Return the files with these ids that are there, in their order; none the role may not see."""
    if not ids or not rights.may_do(replica, Action.READ, "attachment"):
        return ()
    found = session.scalars(select(Attachment).where(Attachment.id.in_(ids), Attachment.life % 2 == 1)).all()
    return file_rows(session, replica, sorted(found, key=lambda each: list(ids).index(each.id)))


def demand_mailable(session: Session, ids: Sequence[str]) -> None:
    """Raise `UserError` for files that are too much for one mail together."""
    told = state.read(session, Key.SETTINGS).get("mail_files_bytes_max")
    most = told if isinstance(told, int) else MAIL_BYTES_MAX
    found = select(func.sum(Attachment.size_bytes)).where(Attachment.id.in_(ids))
    size = int(session.scalar(found) or 0)
    if size > most:
        raise UserError(
            N_("The files have {size} MB in all, and a mail carries {limit} MB"),
            size=f"{size / 1_000_000:.1f}",
            limit=f"{most / 1_000_000:.1f}",
        )
