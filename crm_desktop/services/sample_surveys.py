"""The invented survey of a sample profile: tickets of the past months, and what their customers answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crm_core.rules.feedback import mark_of
from crm_core.rules.surveys import UNHAPPY, percent_of
from crm_core.schema.field import Plain
from crm_core.times import DAY_MS, HOUR_MS
from crm_desktop.models import repository
from crm_desktop.services.feedback import judged_of
from crm_desktop.services.sample_writing import Writer

_SCALE = "stars"
_TOOK_DAYS = 2
_LIVES_DAYS = 30
_SURVEY: Mapping[str, Plain] = {
    "active": True,
    "rank": 1,
    "scale": _SCALE,
    "wait_hours": 2,
    "quiet_days": 14,
    "questions": [
        {
            "kind": "choice",
            "en": "What mattered most?",
            "zh": "最重要的是什么？",
            "options": [["Speed", "速度"], ["Knowledge", "专业"], ["Friendliness", "热情"]],
        }
    ],
    "lives_days": _LIVES_DAYS,
    "remind_days": 5,
    "remind_most": 1,
    "bad_at": 2,
    "bad_to": "assignee",
}


class Asking:
    """Writes the survey, closed tickets, and what became of the question about each."""

    def __init__(self, writer: Writer, owned: Sequence[tuple[str, str]], team_id: str) -> None:
        self._writer, self._owned, self._team_id = writer, owned, team_id

    def fill(self, told: Sequence[Mapping[str, Any]], last_number: int) -> None:
        """Write everything; tickets are numbered up to `last_number`, the oldest first."""
        name = {"en": "After each ticket", "zh_CN": "每张工单之后"}
        survey_id = self._writer.create("survey", 120 * DAY_MS, {**_SURVEY, "name": self._writer.say(name)})
        ordered = sorted(told, key=lambda each: -int(each["age"]))
        for place, each in enumerate(ordered):
            self._ticket(each, survey_id, f"T-{last_number - len(ordered) + 1 + place:04d}")
        for customer_id in {self._owned[each["customer"] % len(self._owned)][0] for each in told}:
            mark = mark_of(judged_of(self._writer.session, customer_id, self._writer.now))
            if mark is not None:
                repository.update(self._writer.session, "customer", customer_id, {"feedback": mark})

    def _ticket(self, told: Mapping[str, Any], survey_id: str, number: str) -> None:
        customer_id, _ = self._owned[told["customer"] % len(self._owned)]
        contact_id = self._writer.people[customer_id][0]
        code = told["product"]
        links: dict[str, Plain] = {
            "customer_id": customer_id,
            "contact_id": contact_id,
            "product_id": self._writer.products[code]["id"] if code else None,
            "assignee_id": self._writer.users[told["by"]],
            "team_id": self._team_id,
        }
        age, score = told["age"] * DAY_MS, told["score"]
        closed_at = self._writer.now - age
        percent = percent_of(_SCALE, score) if score is not None else None
        opened = closed_at - _TOOK_DAYS * DAY_MS
        ticket_id = self._writer.create(
            "ticket",
            self._writer.now - opened,
            {
                **links,
                "number": number,
                "subject": self._writer.say(told["subject"]),
                "kind": told["kind"],
                "status": "closed",
                "priority": "normal",
                "channel": "mail",
                **self._writer.categories[told["category"]],
                "closed_at": closed_at,
                "satisfaction": percent,
                "steps": [[opened + HOUR_MS, "new", "open"], [closed_at, "open", "closed"]],
            },
        )
        self._writer.create(
            "ticket_message",
            self._writer.now - opened,
            {
                "ticket_id": ticket_id,
                "body": self._writer.say(told["subject"]),
                "from_customer": True,
                "contact_id": contact_id,
                "written_at": opened,
            },
        )
        asked_at = closed_at + 2 * HOUR_MS
        expires_at = asked_at + _LIVES_DAYS * DAY_MS
        is_over = expires_at <= self._writer.now
        answered: dict[str, Plain] = {"status": "expired" if is_over else "asked"}
        if score is not None:
            answered = {
                "status": "answered",
                "answered_at": asked_at + (5 + told["customer"]) * HOUR_MS,
                "score": score,
                "percent": percent,
                "words": self._writer.say(told.get("words")),
                "counted": True,
            }
        self._writer.create(
            "survey_answer",
            self._writer.now - asked_at,
            {
                **links,
                **answered,
                "category_id": self._writer.categories[told["category"]]["category_id"],
                "ticket_id": ticket_id,
                "survey_id": survey_id,
                "closed_at": closed_at,
                "asked_at": asked_at,
                "scale": _SCALE,
                "language": "zh" if self._writer.language == "zh_CN" else "en",
                "expires_at": expires_at,
            },
        )
        if percent is not None and percent <= UNHAPPY:
            self._follow_up(ticket_id, customer_id, number, answered["answered_at"], told)

    def _follow_up(
        self, ticket_id: str, customer_id: str, number: str, at_ms: Plain, told: Mapping[str, Any]
    ) -> None:
        said = {
            "en": f"Not content with ticket {number}: {told['score']} of 5",
            "zh_CN": f"对工单 {number} 不满意：{told['score']} 分（满分 5）",
        }
        self._writer.create(
            "activity",
            self._writer.now - int(str(at_ms)),
            {
                "kind": "task",
                "subject": self._writer.say(said),
                "customer_id": customer_id,
                "owner_id": self._writer.users[told["by"]],
                "due_at": at_ms,
                "done": True,
                "priority": "high",
                "about_entity": "ticket",
                "about_id": ticket_id,
            },
        )
