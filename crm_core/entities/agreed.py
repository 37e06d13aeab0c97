"""What contracts and orders have in common: whom they are with, what they come to, and their lines.

A line says what was agreed. Prices, discounts, taxes and rates stand as they were and follow no price book.
"""

from __future__ import annotations

from sqlalchemy.orm import Mapped

from crm_core.i18n import N_
from crm_core.schema.columns import (
    boolean,
    currency_code,
    decimal,
    long_text,
    money,
    owner,
    percent,
    position,
    ref,
    text,
)
from crm_core.schema.field import FieldClass


class AgreedTerms:
    """The head: customer, people, and on what terms."""

    number: Mapped[str | None] = text(
        10,
        N_("Number"),
        read_only=True,
        in_list=True,
        searchable=True,
        indexed=True,
        sort_order=-1,
        since=3,
    )
    customer_id: Mapped[str | None] = ref(
        11,
        N_("Customer"),
        "customer",
        required=True,
        parent=True,
        lends=True,
        in_list=True,
        sort_order=-1,
        since=3,
    )
    contact_id: Mapped[str | None] = ref(12, N_("Contact"), "contact", sort_order=-1, since=3)
    deal_id: Mapped[str | None] = ref(13, N_("Deal"), "deal", sort_order=-1, since=3)
    owner_id: Mapped[str | None] = owner(14, N_("Owner"), in_list=True, sort_order=-1, since=3)
    quote_id: Mapped[str | None] = ref(15, N_("From the quote"), "quote", sort_order=-1, since=3)
    currency: Mapped[str | None] = currency_code(16, N_("Currency"), required=True, since=3)
    discount_percent: Mapped[str | None] = percent(
        17, N_("Whole discount, %"), field_class=FieldClass.MONEY, since=3
    )
    discount_amount: Mapped[int | None] = money(18, N_("Whole discount, amount"), since=3)
    tax_included: Mapped[bool | None] = boolean(
        19, N_("Prices include tax"), default=False, field_class=FieldClass.MONEY, since=3
    )
    total: Mapped[int | None] = money(
        20, N_("Total"), computed=True, read_only=True, in_list=True, indexed=True, since=3
    )
    exchange_rate: Mapped[str | None] = decimal(
        21, N_("Exchange rate"), group="exchange", field_class=FieldClass.MONEY, since=3
    )
    base_currency: Mapped[str | None] = currency_code(
        22, N_("In the currency"), group="exchange", in_form=False, since=3
    )
    reference: Mapped[str | None] = text(
        23, N_("Customer's own number"), in_list=True, searchable=True, since=3
    )
    terms: Mapped[str | None] = long_text(24, N_("Terms"), since=3)
    terms_en: Mapped[str | None] = long_text(25, N_("Terms in English"), since=3)
    notes: Mapped[str | None] = long_text(26, N_("Notes"), field_class=FieldClass.COMMS, since=3)


class AgreedLine:
    """One row. Only what the customer takes stands here: no options, no alternatives."""

    position: Mapped[str | None] = position(11, N_("Position"), in_form=False, since=3)
    product_id: Mapped[str | None] = ref(12, N_("Product"), "product", in_list=True, since=3)
    description: Mapped[str | None] = text(13, N_("Description"), required=True, in_list=True, since=3)
    quantity: Mapped[str | None] = decimal(
        14, N_("Quantity"), required=True, default="1", in_list=True, since=3
    )
    unit: Mapped[str | None] = text(15, N_("Unit"), in_list=True, since=3)
    unit_price: Mapped[int | None] = money(
        16, N_("Unit price"), group="price", required=True, in_list=True, since=3
    )
    currency: Mapped[str | None] = currency_code(17, N_("Currency"), group="price", in_form=False, since=3)
    discount_percent: Mapped[str | None] = percent(
        18, N_("Discount, %"), default="0", field_class=FieldClass.MONEY, in_list=True, since=3
    )
    tax_rate: Mapped[str | None] = percent(
        19, N_("Tax rate, %"), default="0", field_class=FieldClass.MONEY, in_list=True, since=3
    )
    heading: Mapped[str | None] = text(20, N_("Heading"), since=3)
    """Of the group it stood in on the quote."""
    heading_en: Mapped[str | None] = text(21, N_("Heading in English"), since=3)
