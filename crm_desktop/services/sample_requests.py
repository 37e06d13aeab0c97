"""The invented request forms of a sample profile, who approves what is asked by them, and one request."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from crm_core.entities.ticket import Ticket
from crm_core.rules import approval, request_forms, segments
from crm_core.rules.approval import Step
from crm_core.rules.conditions import Condition, Op
from crm_core.rules.segments import AllOf
from crm_core.schema.field import Plain
from crm_core.times import DAY_MS
from crm_desktop.models import repository
from crm_desktop.services.sample_writing import Writer

MOST_WITHOUT = Decimal(500)
"""What goodwill may cost without being approved."""


class Requests:
    """Writes forms, a flow and a request; tickets are there by now."""

    def __init__(self, writer: Writer, told: Mapping[str, Any]) -> None:
        self._writer, self._told = writer, told

    def fill(self) -> None:
        """Write everything."""
        writer, told = self._writer, self._told
        category_id = writer.create(
            "ticket_category", 200 * DAY_MS, {"name": writer.say(told["category"]), "rank": 90}
        )
        forms: dict[str, tuple[str, dict[str, Plain]]] = {}
        for rank, form in enumerate(told["forms"], start=1):
            names = ("name", "name_zh", "icon", "priority", "description", "description_zh", "questions")
            values: dict[str, Plain] = {name: form[name] for name in names}
            values |= {"category_id": category_id, "rank": rank, "holds": True, "retired": False}
            values["task"] = writer.say(form.get("task"))
            kept = request_forms.definition(values)
            values |= {"version": 1, "marks": [request_forms.mark_of(kept)]}
            forms[form["key"]] = writer.create("request_form", 200 * DAY_MS, values), kept
        self._flow()
        self._request(forms)

    def _flow(self) -> None:
        beyond = Condition(field="a:amount", op=Op.MORE, value=MOST_WITHOUT)
        values: dict[str, Plain] = {
            "name": self._writer.say(self._told["flow"]),
            "record_entity": request_forms.REQUEST,
            "rank": 2,
            "rules": segments.plain_rule(AllOf((beyond,))),
            "steps": [approval.plain_step(Step())],
            "mandate_suffices": False,
            "active": True,
        }
        self._writer.create("approval_flow", 200 * DAY_MS, values)

    def _request(self, forms: Mapping[str, tuple[str, dict[str, Plain]]]) -> None:
        writer, asked = self._writer, self._told["asked"]
        subject = writer.say(asked["ticket"])
        row = writer.session.execute(
            select(Ticket.id, Ticket.customer_id, Ticket.created_at).where(Ticket.subject == subject)
        ).one()
        form_id, kept = forms[asked["form"]]
        age = writer.now - (row.created_at or writer.now)
        repository.update(writer.session, "ticket", row.id, {"form_id": form_id, "asked": "granted"})
        values: dict[str, Plain] = {
            "subject": subject,
            "form_id": form_id,
            "form": kept,
            "answers": asked["answers"],
            "ticket_id": row.id,
            "customer_id": row.customer_id,
            "owner_id": writer.users[asked["by"]],
            "created_by": writer.users[asked["by"]],
            "reason": writer.say(asked["why"]),
            "status": request_forms.GRANTED,
            "granted_at": row.created_at,
            "followed_at": row.created_at,
            "version": 1,
        }
        writer.create(request_forms.REQUEST, age, values)
