"""Whose a ticket is: a customer, and one of his people; the two are one, on laptops and at HQ."""

from __future__ import annotations

from typing import Final

from crm_core.i18n import N_, Message, message

TICKET: Final = "ticket"
LINK: Final = ("customer_id", "contact_id")
OTHER_CUSTOMERS: Final[Message] = message(N_("This contact belongs to another customer"))


def are_apart(customer_id: str | None, customer_of_contact: str | None) -> bool:
    """Tell whether a contact is of another customer than a ticket is; what is not said is of no other."""
    return bool(customer_id and customer_of_contact and customer_id != customer_of_contact)
