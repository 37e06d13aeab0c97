"""What goes with a new capture form and a new rule that gives leads to people."""

from __future__ import annotations

import secrets

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm_core.entities.assignment import AssignmentRule
from crm_core.rules import capture
from crm_core.schema.field import Plain


def finish_form(values: dict[str, Plain]) -> None:
    """Give a new form the address nobody guesses, and what a form usually asks for."""
    if not values.get("token"):
        values["token"] = secrets.token_urlsafe(capture.TOKEN_BYTES)
    makes = capture.made_by(values)
    if values.get("asked") is None:
        values["asked"] = [*capture.USUAL_BY[makes]]
    if values.get("needed") is None:
        values["needed"] = [*sorted(capture.ALWAYS[makes])]


def finish_rule(session: Session, values: dict[str, Plain]) -> None:
    """Put a new rule behind those there are."""
    if not values.get("rank"):
        last = session.scalar(select(func.max(AssignmentRule.rank)).where(AssignmentRule.life % 2 == 1))
        values["rank"] = (last or 0) + 1
