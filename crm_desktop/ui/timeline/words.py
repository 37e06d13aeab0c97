"""What kinds of entries of a time line are called, and their icons."""

from __future__ import annotations

from collections.abc import Mapping

from crm_core.i18n import N_
from crm_desktop.services.timeline import ItemKind

KIND_ICONS: Mapping[ItemKind, str] = {
    ItemKind.CALL: "phone",
    ItemKind.MAIL: "mail",
    ItemKind.VISIT: "pin",
    ItemKind.MEETING: "people",
    ItemKind.NOTE: "note",
    ItemKind.TASK: "check",
    ItemKind.COMMENT: "reply",
    ItemKind.QUOTE: "doc",
    ItemKind.CONTRACT: "file",
    ItemKind.ORDER: "box",
    ItemKind.INVOICE: "doc",
    ItemKind.RECEIPT: "coin",
    ItemKind.TICKET: "ticket",
    ItemKind.SURVEY: "star",
    ItemKind.DEAL: "board",
    ItemKind.FIELD: "pen",
}
KIND_WORDS: Mapping[ItemKind, str] = {
    ItemKind.CALL: N_("Call"),
    ItemKind.MAIL: N_("Mail"),
    ItemKind.VISIT: N_("Visit"),
    ItemKind.MEETING: N_("Meeting"),
    ItemKind.NOTE: N_("Note"),
    ItemKind.TASK: N_("Task"),
    ItemKind.COMMENT: N_("Comment"),
    ItemKind.QUOTE: N_("Quote"),
    ItemKind.CONTRACT: N_("Contract"),
    ItemKind.ORDER: N_("Order"),
    ItemKind.INVOICE: N_("Invoice"),
    ItemKind.RECEIPT: N_("Receipt"),
    ItemKind.TICKET: N_("Ticket"),
    ItemKind.SURVEY: N_("Score"),
    ItemKind.DEAL: N_("Deal"),
    ItemKind.FIELD: N_("Field"),
}
KINDS_WORDS: Mapping[ItemKind, str] = {
    ItemKind.CALL: N_("Calls"),
    ItemKind.MAIL: N_("Mails"),
    ItemKind.VISIT: N_("Visits"),
    ItemKind.MEETING: N_("Meetings"),
    ItemKind.NOTE: N_("Notes"),
    ItemKind.TASK: N_("Tasks"),
    ItemKind.COMMENT: N_("Comments"),
    ItemKind.QUOTE: N_("Quotes"),
    ItemKind.CONTRACT: N_("Contracts"),
    ItemKind.ORDER: N_("Orders"),
    ItemKind.INVOICE: N_("Invoices"),
    ItemKind.RECEIPT: N_("Receipts"),
    ItemKind.TICKET: N_("Tickets"),
    ItemKind.SURVEY: N_("Survey answers"),
    ItemKind.DEAL: N_("Deals"),
    ItemKind.FIELD: N_("Fields"),
}
