"""What the program fills in of a service request, and what must hold for it and its ticket; HQ asks again."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_core.entities.service_request import ServiceRequest
from crm_core.errors import Invalid, UserError
from crm_core.rules import request_forms
from crm_core.rules.access import Person
from crm_core.schema.field import Plain
from crm_desktop.models import repository
from crm_desktop.models.clock import Clock
from crm_desktop.models.records import Record, record_of

Values = dict[str, Plain]


def new(session: Session, person: Person, _clock: Clock, values: Values) -> None:
    """Keep the form as it is now, and whose ticket it is. `UserError` for a form of others."""
    form = repository.get(session, request_forms.FORM, str(values.get("form_id") or ""))
    if form is None:
        return  # the link to nothing is told where links are
    user = repository.get(session, "user", person.user_id)
    role_id = user.get("role_id") if user is not None else None
    if not request_forms.may_use(form.values, role_id, administers=person.rights.administers):
        raise UserError(request_forms.NOT_YOURS)
    if not values.get("form"):
        values["form"] = request_forms.definition(form.values)
    if not values.get("subject"):
        values["subject"] = form.get("name")
    ticket = repository.get(session, request_forms.TICKET, str(values.get("ticket_id") or ""))
    if ticket is not None and not values.get("customer_id"):
        values["customer_id"] = ticket.get("customer_id")


def changed(session: Session, _person: Person, _clock: Clock, before: Record, changes: Values) -> None:
    """Raise `UserError` for a request that would leave its ticket, `Invalid` for one sent half answered."""
    if changes.get("ticket_id", before.get("ticket_id")) != before.get("ticket_id"):
        raise UserError(request_forms.STAYS)
    if changes.get("form_id", before.get("form_id")) != before.get("form_id") and not changes.get("form"):
        form = repository.get(session, request_forms.FORM, str(changes["form_id"] or ""))
        if form is not None:  # asked by another form, as it is now
            changes["form"] = request_forms.definition(form.values)
    after = {**before.values, **changes}
    if request_forms.is_sent(before.get("status"), after.get("status")) and (
        problems := request_forms.lacking(after)
    ):
        raise Invalid(problems)


def demand_workable(session: Session, ticket: Record, changes: Values) -> None:
    """Raise `UserError` for work on a ticket whose service request is not accepted yet."""
    if "status" not in changes:
        return
    if request_forms.is_work(ticket.get("status"), changes["status"]) and is_held(session, ticket.id):
        raise UserError(request_forms.IS_HELD)


def is_held(session: Session, ticket_id: str) -> bool:
    """Tell whether nobody may work on a ticket yet."""
    return any(request_forms.holds(each.values) for each in of_ticket(session, ticket_id))


def of_ticket(session: Session, ticket_id: str) -> list[Record]:
    """Return the living service requests of a ticket, the oldest first."""
    rows = session.scalars(
        select(ServiceRequest)
        .where(ServiceRequest.ticket_id == ticket_id, ServiceRequest.life % 2 == 1)
        .order_by(ServiceRequest.created_at, ServiceRequest.id)
    )
    return [record_of(row) for row in rows]
