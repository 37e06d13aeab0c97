"""What customers answered when they were asked about a ticket."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_core.entities.survey import SurveyAnswer
from crm_core.rules.access import Action, Person, decide
from crm_core.rules.surveys import SCALES
from crm_core.schema.field import FieldClass


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRow:
    """An asking about a ticket: `status` as the record has it; without a score nobody has answered (yet)."""

    id: str
    status: str
    at_ms: int
    """When it was answered; else when it was asked, or is to be."""
    score: int | None
    most: int
    percent: int | None
    words: str
    answers: tuple[tuple[str, str], ...]
    counted: bool


def answers_in(session: Session, person: Person, ticket_id: str) -> tuple[AnswerRow, ...]:
    """Return what was asked about a ticket, the newest first; none where the person reads none."""
    if not decide(person, Action.READ, "survey_answer"):
        return ()
    rows = session.scalars(
        select(SurveyAnswer)
        .where(SurveyAnswer.ticket_id == ticket_id, SurveyAnswer.life % 2 == 1)
        .order_by(SurveyAnswer.closed_at.desc(), SurveyAnswer.id)
    )
    reads_words = bool(person.rights.class_right("survey_answer", FieldClass.COMMS))
    return tuple(answer_row(row, reads_words=reads_words) for row in rows)


def answer_row(row: SurveyAnswer, *, reads_words: bool) -> AnswerRow:
    """Return an asking as it is shown."""
    return AnswerRow(
        id=row.id,
        status=row.status or "",
        at_ms=row.answered_at or row.asked_at or row.created_at or 0,
        score=row.score,
        most=SCALES[row.scale].most if row.scale and row.scale in SCALES else 0,
        percent=row.percent,
        words=(row.words or "") if reads_words else "",
        answers=tuple((str(q), str(a)) for q, a in row.answers or ()) if reads_words else (),
        counted=bool(row.counted),
    )
