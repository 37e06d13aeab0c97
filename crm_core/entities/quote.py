"""Offers to customers and their lines."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Mapped

from crm_core.entities._choices import choices
from crm_core.i18n import N_
from crm_core.schema.columns import (
    boolean,
    choice,
    currency_code,
    date,
    decimal,
    instant,
    integer,
    json,
    long_text,
    money,
    owner,
    percent,
    position,
    ref,
    tags,
    text,
)
from crm_core.schema.entity import Entity, EntityMeta
from crm_core.schema.field import FieldClass, ScopeSource
from crm_core.schema.machine import Kept, Machine, Step

QUOTE_STATES = choices(
    ("draft", N_("Draft")),
    ("waiting", N_("Waiting for approval")),
    ("sent", N_("Sent")),
    ("accepted", N_("Accepted")),
    ("declined", N_("Declined")),
    ("expired", N_("Expired")),
)
QUOTE_STEPS = Machine(
    field="status",
    first="draft",
    born=("draft",),
    waits="waiting",
    refusal=N_("A quote in this state cannot take that step"),
    steps=(
        Step(
            name="send",
            starts=("draft",),
            ends="sent",
            takes=("mandates",),
            needs_child="quote_line",
            needs_approval=True,
            lacking=N_("The quote has no lines yet"),
        ),
        Step(
            name="ask",
            starts=("draft",),
            ends="waiting",
            needs_child="quote_line",
            lacking=N_("The quote has no lines yet"),
        ),
        Step(name="grant", starts=("waiting",), ends="sent", by_hq=True),
        Step(name="take_back", starts=("waiting",), ends="draft"),
        # A customer who answers late may be taken at his word.
        Step(name="accept", starts=("sent", "expired"), ends="accepted"),
        Step(name="decline", starts=("sent", "expired"), ends="declined"),
        Step(name="expire", starts=("sent",), ends="expired"),
        # Said of the wrong quote, or the customer thought again.
        Step(name="reopen", starts=("accepted", "declined"), ends="sent"),
        # Another version, to be sent again under the same number; what was sent is kept (`QuoteVersion`).
        Step(
            name="revise",
            starts=("sent", "declined", "expired"),
            ends="draft",
            keeps={"version": Kept.NEXT},
        ),
    ),
)


class Quote(Entity):
    """An offer to a customer."""

    __tablename__ = "quote"
    meta = EntityMeta(
        no=50,
        label=N_("Quote"),
        plural=N_("Quotes"),
        icon="doc",
        title="number",
        series="quote",
        machine=QUOTE_STEPS,
    )

    number: Mapped[str | None] = text(
        10, N_("Number"), read_only=True, in_list=True, searchable=True, indexed=True
    )
    customer_id: Mapped[str | None] = ref(
        11, N_("Customer"), "customer", required=True, parent=True, lends=True, in_list=True
    )
    contact_id: Mapped[str | None] = ref(12, N_("Contact"), "contact")
    deal_id: Mapped[str | None] = ref(13, N_("Deal"), "deal", in_list=True)
    owner_id: Mapped[str | None] = owner(14, N_("Owner"), in_list=True)
    status: Mapped[str | None] = choice(
        15, N_("State"), QUOTE_STATES, default="draft", in_list=True, indexed=True
    )
    version: Mapped[int | None] = integer(16, N_("Version"), default=1, read_only=True, by_hq=True)
    issued_on: Mapped[str | None] = date(17, N_("Date"))
    valid_until: Mapped[str | None] = date(18, N_("Valid until"), required=True, in_list=True, indexed=True)
    currency: Mapped[str | None] = currency_code(19, N_("Currency"), required=True)
    discount_percent: Mapped[str | None] = percent(20, N_("Whole discount, %"), field_class=FieldClass.MONEY)
    tax_included: Mapped[bool | None] = boolean(
        21, N_("Prices include tax"), default=False, field_class=FieldClass.MONEY
    )
    total: Mapped[int | None] = money(
        22, N_("Total"), computed=True, read_only=True, in_list=True, indexed=True
    )
    price_book: Mapped[str | None] = text(23, N_("Name of the price book"), in_form=False)
    """What the book is called, or was before there were records of them; kept for older programs."""
    terms: Mapped[str | None] = long_text(24, N_("Terms"))
    terms_en: Mapped[str | None] = long_text(25, N_("Terms in English"))
    notes: Mapped[str | None] = long_text(26, N_("Notes"), field_class=FieldClass.COMMS)
    discount_amount: Mapped[int | None] = money(40, N_("Whole discount, amount"), since=3)
    # What the quote's currency was worth in the company's own when it was sent; typed, or of the set-up.
    exchange_rate: Mapped[str | None] = decimal(
        41,
        N_("Exchange rate"),
        group="exchange",
        field_class=FieldClass.MONEY,
        hint=N_("What one unit of the quote's currency costs; fixed when the quote is sent"),
        since=3,
    )
    base_currency: Mapped[str | None] = currency_code(
        42, N_("In the currency"), group="exchange", in_form=False, since=3
    )
    price_book_id: Mapped[str | None] = ref(
        50,
        N_("Price book"),
        "price_book",
        field_class=FieldClass.MONEY,
        hint=N_("Empty: the one that holds for the customer"),
        since=3,
    )
    mandates: Mapped[list[Any] | None] = json(
        60,
        N_("Discount mandates relied on"),
        field_class=FieldClass.MONEY,
        read_only=True,
        by_hq=True,
        in_form=False,
        since=3,
    )
    """As HQ signed them (`crm_core.rules.mandates`), of the step that sent it."""
    shown_to: Mapped[list[str] | None] = tags(
        61,
        N_("Shown to"),
        scope=ScopeSource.SHOWN,
        members=("user",),
        read_only=True,
        by_hq=True,
        in_form=False,
        since=3,
    )
    """Those asked to approve it; HQ names them."""


class QuoteGroup(Entity):
    """Lines of a quote that belong together under a heading, with a sum of their own."""

    __tablename__ = "quote_group"
    meta = EntityMeta(
        no=52,
        label=N_("Group of quote lines"),
        plural=N_("Groups of quote lines"),
        icon="doc",
        title="title",
        since=3,
        rights_like="quote_line",
    )

    quote_id: Mapped[str | None] = ref(10, N_("Quote"), "quote", required=True, parent=True, since=3)
    position: Mapped[str | None] = position(11, N_("Position"), in_form=False, since=3)
    title: Mapped[str | None] = text(12, N_("Heading"), required=True, in_list=True, since=3)
    title_en: Mapped[str | None] = text(13, N_("Heading in English"), in_list=True, since=3)


class QuoteLine(Entity):
    """One row of a quote."""

    __tablename__ = "quote_line"
    meta = EntityMeta(
        no=51, label=N_("Quote line"), plural=N_("Quote lines"), icon="doc", title="description"
    )

    quote_id: Mapped[str | None] = ref(10, N_("Quote"), "quote", required=True, parent=True)
    position: Mapped[str | None] = position(11, N_("Position"), in_form=False)
    product_id: Mapped[str | None] = ref(12, N_("Product"), "product", in_list=True)
    description: Mapped[str | None] = text(13, N_("Description"), required=True, in_list=True)
    quantity: Mapped[str | None] = decimal(14, N_("Quantity"), required=True, default="1", in_list=True)
    unit: Mapped[str | None] = text(15, N_("Unit"), in_list=True)
    unit_price: Mapped[int | None] = money(16, N_("Unit price"), group="price", required=True, in_list=True)
    currency: Mapped[str | None] = currency_code(17, N_("Currency"), group="price", in_form=False)
    discount_percent: Mapped[str | None] = percent(
        18, N_("Discount, %"), default="0", field_class=FieldClass.MONEY, in_list=True
    )
    tax_rate: Mapped[str | None] = percent(
        19, N_("Tax rate, %"), default="0", field_class=FieldClass.MONEY, in_list=True
    )
    optional: Mapped[bool | None] = boolean(20, N_("Optional"), default=False)
    group_id: Mapped[str | None] = ref(40, N_("Group of quote lines"), "quote_group", since=3)
    # Lines that share the key are alternatives; the one chosen last counts, so that two people who choose
    # at the same time never have both counted, nor none.
    alternatives: Mapped[str | None] = text(
        41, N_("Alternatives"), group="alternatives", in_form=False, since=3
    )
    chosen_at: Mapped[int | None] = instant(42, N_("Chosen"), group="alternatives", in_form=False, since=3)
    offered_price: Mapped[int | None] = money(50, N_("Unit price of the book"), in_form=False, since=3)
    """What the price book offered last; where the unit price is another one, a person said so."""


class QuoteVersion(Entity):
    """What a version of a quote said when it was sent: its form and its values, whatever became of them."""

    __tablename__ = "quote_version"
    meta = EntityMeta(
        no=53,
        label=N_("Version of a quote"),
        plural=N_("Versions of quotes"),
        icon="doc",
        title="version",
        since=3,
        fixed=True,
        rights_like="quote",
    )

    quote_id: Mapped[str | None] = ref(
        10, N_("Quote"), "quote", required=True, parent=True, in_list=True, since=3
    )
    version: Mapped[int | None] = integer(11, N_("Version"), required=True, in_list=True, since=3)
    total: Mapped[int | None] = money(12, N_("Total"), group="total", in_list=True, since=3)
    currency: Mapped[str | None] = currency_code(13, N_("Currency"), group="total", in_form=False, since=3)
    content: Mapped[dict[str, Any] | None] = json(14, N_("What it said"), in_form=False, since=3)
    amounts: Mapped[dict[str, Any] | None] = json(
        15, N_("Its amounts"), field_class=FieldClass.MONEY, in_form=False, since=3
    )
