"""What customers are to pay and have paid: instalments of orders and contracts, receipts, invoices."""

from __future__ import annotations

from sqlalchemy.orm import Mapped

from crm_core.entities._choices import choices
from crm_core.i18n import N_
from crm_core.schema.columns import (
    boolean,
    choice,
    currency_code,
    date,
    instant,
    integer,
    long_text,
    money,
    percent,
    ref,
    tags,
    text,
)
from crm_core.schema.entity import Entity, EntityMeta
from crm_core.schema.field import FieldClass, ScopeSource
from crm_core.schema.ledger import Account, Ledger
from crm_core.schema.machine import Kept, Machine, Step

PLAN_STATES = choices(("draft", N_("Draft")), ("agreed", N_("Agreed")), ("void", N_("Void")))
INSTALMENT_STATES = choices(
    ("draft", N_("Draft")),
    ("open", N_("To collect")),
    ("part", N_("Partly paid")),
    ("paid", N_("Paid")),
    ("void", N_("Void")),
)
DUE_FROM = choices(
    ("day", N_("A fixed day")),
    ("signing", N_("Days after signing")),
    ("delivery", N_("Days after delivery")),
)
INSTALMENT_STEPS = Machine(
    field="status",
    first="draft",
    born=("draft",),
    stands=("agreed", "void"),
    spares=("name", "notes"),
    refusal=N_("An instalment in this state cannot take that step"),
    steps=(
        Step(name="agree", starts=("draft",), ends="agreed"),
        # To be planned anew, as long as nothing is paid of it.
        Step(name="plan_again", starts=("agreed",), ends="draft"),
        Step(name="void", starts=("draft", "agreed"), ends="void", needs_class=FieldClass.PRIVATE),
        Step(name="revive", starts=("void",), ends="draft", needs_class=FieldClass.PRIVATE),
    ),
)
RECEIPT_KINDS = choices(("receipt", N_("Receipt")), ("refund", N_("Refund")))
RECEIPT_STATES = choices(
    ("reported", N_("Reported")),
    ("waiting", N_("Waiting for approval")),
    ("posted", N_("Posted")),
    ("refused", N_("Not found")),
)
METHODS = choices(
    ("transfer", N_("Bank transfer")),
    ("cash", N_("Cash")),
    ("cheque", N_("Cheque")),
    ("card", N_("Card")),
    ("alipay", N_("Alipay")),
    ("wechat", N_("WeChat Pay")),
    ("acceptance", N_("Banker's acceptance")),
    ("other", N_("Other")),
)
RECEIPT_STEPS = Machine(
    field="status",
    first="reported",
    born=("reported",),
    waits="waiting",
    stands=("waiting", "posted"),
    spares=("notes",),
    refusal=N_("A receipt in this state cannot take that step; what was posted is reversed by a refund"),
    steps=(
        Step(
            name="post",
            starts=("reported",),
            ends="posted",
            keeps={"posted_at": Kept.NOW},
            needs_approval=True,
            needs_class=FieldClass.PRIVATE,
        ),
        Step(name="ask", starts=("reported",), ends="waiting", needs_class=FieldClass.PRIVATE),
        Step(
            name="grant",
            starts=("waiting",),
            ends="posted",
            keeps={"posted_at": Kept.NOW},
            by_hq=True,
        ),
        Step(name="take_back", starts=("waiting",), ends="reported"),
        Step(name="refuse", starts=("reported",), ends="refused", needs_class=FieldClass.PRIVATE),
        Step(name="report_again", starts=("refused",), ends="reported"),
    ),
)
INVOICE_KINDS = choices(
    ("vat_special", N_("Special VAT invoice")),
    ("vat_plain", N_("Plain VAT invoice")),
    ("plain", N_("Invoice without VAT form")),
)
INVOICE_STATES = choices(
    ("requested", N_("Requested")),
    ("issued", N_("Issued")),
    ("void", N_("Void")),
    ("declined", N_("Declined")),
    ("withdrawn", N_("Withdrawn")),
)
INVOICE_STEPS = Machine(
    field="status",
    first="requested",
    born=("requested",),
    stands=("issued", "void"),
    spares=("notes", "sent_by"),
    refusal=N_("An invoice in this state cannot take that step; what was issued is voided or reversed"),
    steps=(
        Step(
            name="issue",
            starts=("requested",),
            ends="issued",
            takes=("number", "issued_on"),
            demands=("number", "issued_on"),
            lacking=N_("Say the invoice's number and its date"),
            needs_class=FieldClass.PRIVATE,
        ),
        Step(
            name="decline",
            starts=("requested",),
            ends="declined",
            takes=("reason",),
            demands=("reason",),
            lacking=N_("Say why the invoice is not issued"),
            needs_class=FieldClass.PRIVATE,
        ),
        Step(name="withdraw", starts=("requested",), ends="withdrawn"),
        Step(name="request_again", starts=("declined", "withdrawn"), ends="requested"),
        Step(
            name="void",
            starts=("issued",),
            ends="void",
            takes=("reason",),
            demands=("reason",),
            lacking=N_("Say why the invoice is void"),
            needs_class=FieldClass.PRIVATE,
        ),
    ),
)


class Instalment(Entity):
    """A part of what an order or a contract comes to, due on a day."""

    __tablename__ = "instalment"
    meta = EntityMeta(
        no=54,
        label=N_("Instalment"),
        plural=N_("Instalments"),
        icon="coin",
        machine=INSTALMENT_STEPS,
        rights_like="quote",
        since=3,
    )

    name: Mapped[str | None] = text(10, N_("Name"), in_list=True, searchable=True, since=3)
    order_id: Mapped[str | None] = ref(11, N_("Order"), "order", parent=True, in_list=True, since=3)
    contract_id: Mapped[str | None] = ref(12, N_("Contract"), "contract", parent=True, in_list=True, since=3)
    customer_id: Mapped[str | None] = ref(
        13, N_("Customer"), "customer", required=True, parent=True, in_list=True, since=3
    )
    number: Mapped[int | None] = integer(14, N_("No."), in_list=True, since=3)
    share_percent: Mapped[str | None] = percent(
        15, N_("Part, %"), field_class=FieldClass.MONEY, in_list=True, since=3
    )
    """The part of the total it was made as; the amount is what counts."""
    amount: Mapped[int | None] = money(
        16, N_("Amount"), group="amount", required=True, in_list=True, indexed=True, since=3
    )
    currency: Mapped[str | None] = currency_code(17, N_("Currency"), group="amount", in_form=False, since=3)
    due_from: Mapped[str | None] = choice(
        18, N_("Due"), DUE_FROM, group="due", default="day", required=True, since=3
    )
    due_day: Mapped[str | None] = date(19, N_("On the day"), group="due", since=3)
    due_days: Mapped[int | None] = integer(20, N_("Days after"), group="due", since=3)
    status: Mapped[str | None] = choice(
        21, N_("Plan"), PLAN_STATES, default="draft", in_list=True, indexed=True, since=3
    )
    due_on: Mapped[str | None] = date(
        22,
        N_("Due on"),
        computed=True,
        read_only=True,
        in_form=False,
        in_list=True,
        indexed=True,
        since=3,
    )
    """Empty as long as what it counts from has not happened."""
    paid: Mapped[int | None] = money(
        23, N_("Paid so far"), computed=True, read_only=True, in_form=False, in_list=True, since=3
    )
    state: Mapped[str | None] = choice(
        24,
        N_("State"),
        INSTALMENT_STATES,
        computed=True,
        read_only=True,
        in_form=False,
        in_list=True,
        indexed=True,
        since=3,
    )
    """As `crm_core.rules.payments.state_of` says; that it is overdue follows from the day it is."""
    notes: Mapped[str | None] = long_text(25, N_("Notes"), field_class=FieldClass.COMMS, since=3)


class PlanTemplate(Entity):
    """A payment plan kept under a name, to be chosen when one is made."""

    __tablename__ = "plan_template"
    meta = EntityMeta(
        no=59, label=N_("Plan template"), plural=N_("Plan templates"), icon="coin", reference=True, since=3
    )

    name: Mapped[str | None] = text(10, N_("Name"), required=True, in_list=True, indexed=True, since=3)
    name_zh: Mapped[str | None] = text(11, N_("Chinese name"), in_list=True, since=3)
    parts: Mapped[str | None] = text(
        12,
        N_("Parts, %"),
        required=True,
        in_list=True,
        hint=N_("30/60/10, or 30 signing/70 delivery+30: days after signing and delivery"),
        since=3,
    )
    """As `crm_core.rules.plan_parts` reads them."""
    months: Mapped[int | None] = integer(
        13,
        N_("Months from part to part"),
        default=1,
        in_list=True,
        hint=N_("Of those due on a fixed day"),
        since=3,
    )
    rank: Mapped[int | None] = integer(14, N_("Sequence"), default=0, in_list=True, since=3)
    active: Mapped[bool | None] = boolean(15, N_("In use"), default=True, in_list=True, since=3)


class Receipt(Entity):
    """Money that came from a customer, or went back to him (below zero)."""

    __tablename__ = "receipt"
    meta = EntityMeta(
        no=55,
        label=N_("Receipt"),
        plural=N_("Receipts"),
        icon="receipt",
        title="number",
        series="receipt",
        machine=RECEIPT_STEPS,
        rights_like="quote",
        since=3,
    )

    number: Mapped[str | None] = text(
        10, N_("Number"), read_only=True, in_list=True, searchable=True, indexed=True, since=3
    )
    kind: Mapped[str | None] = choice(
        11, N_("Kind"), RECEIPT_KINDS, default="receipt", required=True, in_list=True, since=3
    )
    customer_id: Mapped[str | None] = ref(
        12, N_("Customer"), "customer", required=True, parent=True, lends=True, in_list=True, since=3
    )
    status: Mapped[str | None] = choice(
        13, N_("State"), RECEIPT_STATES, default="reported", in_list=True, indexed=True, since=3
    )
    received_on: Mapped[str | None] = date(14, N_("Date"), required=True, in_list=True, indexed=True, since=3)
    amount: Mapped[int | None] = money(15, N_("Amount"), group="amount", required=True, in_list=True, since=3)
    currency: Mapped[str | None] = currency_code(16, N_("Currency"), group="amount", in_form=False, since=3)
    method: Mapped[str | None] = choice(17, N_("Method"), METHODS, default="transfer", in_list=True, since=3)
    reference: Mapped[str | None] = text(18, N_("Reference number"), in_list=True, searchable=True, since=3)
    payer: Mapped[str | None] = text(19, N_("Payer"), in_list=True, searchable=True, since=3)
    reverses_id: Mapped[str | None] = ref(20, N_("Reverses the receipt"), "receipt", in_list=True, since=3)
    reason: Mapped[str | None] = text(21, N_("Reason of the refund"), since=3)
    posted_at: Mapped[int | None] = instant(22, N_("Posted"), read_only=True, in_form=False, since=3)
    matched: Mapped[int | None] = money(
        23, N_("Matched"), computed=True, read_only=True, in_form=False, in_list=True, since=3
    )
    """What its shares come to; of the rest nobody has said what it was paid for."""
    shown_to: Mapped[list[str] | None] = tags(
        24,
        N_("Shown to"),
        scope=ScopeSource.SHOWN,
        members=("user",),
        read_only=True,
        by_hq=True,
        in_form=False,
        since=3,
    )
    """Those asked to approve it; HQ names them."""
    notes: Mapped[str | None] = long_text(25, N_("Notes"), field_class=FieldClass.COMMS, since=3)


class ReceiptShare(Entity):
    """How much of a receipt was for an instalment; below zero it is taken off again."""

    __tablename__ = "receipt_share"
    meta = EntityMeta(
        no=56,
        label=N_("Entry of a match"),
        plural=N_("Entries of matches"),
        icon="coin",
        title="amount",
        rights_like="quote",
        since=3,
        ledger=Ledger(
            amount="amount",
            accounts=(
                Account(link="receipt_id", total="matched"),
                Account(link="instalment_id", total="paid"),
            ),
        ),
    )

    receipt_id: Mapped[str | None] = ref(
        10, N_("Receipt"), "receipt", required=True, parent=True, in_list=True, since=3
    )
    instalment_id: Mapped[str | None] = ref(
        11, N_("Instalment"), "instalment", required=True, parent=True, in_list=True, since=3
    )
    amount: Mapped[int | None] = money(12, N_("Amount"), group="amount", required=True, in_list=True, since=3)
    currency: Mapped[str | None] = currency_code(13, N_("Currency"), group="amount", in_form=False, since=3)


class InvoiceTitle(Entity):
    """What a customer wants to read on his invoices."""

    __tablename__ = "invoice_title"
    meta = EntityMeta(
        no=58,
        label=N_("Invoice title"),
        plural=N_("Invoice titles"),
        icon="doc",
        rights_like="contact",
        since=3,
    )

    customer_id: Mapped[str | None] = ref(
        10, N_("Customer"), "customer", required=True, parent=True, in_list=True, since=3
    )
    name: Mapped[str | None] = text(
        11, N_("Name on the invoice"), required=True, in_list=True, searchable=True, since=3
    )
    tax_number: Mapped[str | None] = text(12, N_("Tax number"), in_list=True, searchable=True, since=3)
    address: Mapped[str | None] = text(13, N_("Address"), since=3)
    phone: Mapped[str | None] = text(14, N_("Phone"), since=3)
    bank: Mapped[str | None] = text(15, N_("Bank"), since=3)
    account: Mapped[str | None] = text(16, N_("Bank account"), since=3)
    standard: Mapped[bool | None] = boolean(17, N_("Usual one"), default=False, in_list=True, since=3)


class Invoice(Entity):
    """An invoice that is asked for, and issued by finance; below zero it reverses another (red letter)."""

    __tablename__ = "invoice"
    meta = EntityMeta(
        no=57,
        label=N_("Invoice"),
        plural=N_("Invoices"),
        icon="invoice",
        title="subject",
        machine=INVOICE_STEPS,
        rights_like="quote",
        since=3,
    )

    subject: Mapped[str | None] = text(10, N_("Subject"), in_list=True, searchable=True, since=3)
    customer_id: Mapped[str | None] = ref(
        11, N_("Customer"), "customer", required=True, parent=True, in_list=True, since=3
    )
    order_id: Mapped[str | None] = ref(12, N_("Order"), "order", in_list=True, since=3)
    contract_id: Mapped[str | None] = ref(13, N_("Contract"), "contract", since=3)
    instalment_id: Mapped[str | None] = ref(14, N_("Instalment"), "instalment", since=3)
    kind: Mapped[str | None] = choice(
        15, N_("Kind"), INVOICE_KINDS, default="vat_plain", required=True, in_list=True, since=3
    )
    status: Mapped[str | None] = choice(
        16, N_("State"), INVOICE_STATES, default="requested", in_list=True, indexed=True, since=3
    )
    amount: Mapped[int | None] = money(17, N_("Amount"), group="amount", required=True, in_list=True, since=3)
    currency: Mapped[str | None] = currency_code(18, N_("Currency"), group="amount", in_form=False, since=3)
    over_reason: Mapped[str | None] = text(
        19,
        N_("Why more than agreed"),
        hint=N_("Only where more is invoiced than the order or contract comes to"),
        since=3,
    )
    invoice_title_id: Mapped[str | None] = ref(20, N_("Invoice title"), "invoice_title", since=3)
    title_name: Mapped[str | None] = text(21, N_("Name on the invoice"), group="title", since=3)
    tax_number: Mapped[str | None] = text(22, N_("Tax number"), group="title", since=3)
    address: Mapped[str | None] = text(23, N_("Address"), group="title", since=3)
    phone: Mapped[str | None] = text(24, N_("Phone"), group="title", since=3)
    bank: Mapped[str | None] = text(25, N_("Bank"), group="title", since=3)
    account: Mapped[str | None] = text(26, N_("Bank account"), group="title", since=3)
    number: Mapped[str | None] = text(
        27, N_("Invoice number"), in_list=True, searchable=True, indexed=True, since=3
    )
    issued_on: Mapped[str | None] = date(28, N_("Issued on"), in_list=True, indexed=True, since=3)
    reverses_id: Mapped[str | None] = ref(29, N_("Reverses the invoice"), "invoice", since=3)
    reason: Mapped[str | None] = text(30, N_("Reason"), since=3)
    sent_by: Mapped[str | None] = text(
        31, N_("Sent by"), hint=N_("Courier and its number, or e-mail"), since=3
    )
    notes: Mapped[str | None] = long_text(32, N_("Notes"), field_class=FieldClass.COMMS, since=3)
