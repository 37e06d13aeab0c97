"""What we sell and for how much."""

from __future__ import annotations

from sqlalchemy.orm import Mapped

from crm_core.i18n import N_
from crm_core.schema.columns import (
    boolean,
    currency_code,
    date,
    decimal,
    integer,
    long_text,
    money,
    percent,
    ref,
    text,
)
from crm_core.schema.entity import Entity, EntityMeta
from crm_core.schema.field import FieldClass


class Product(Entity):
    """A thing or service we sell."""

    __tablename__ = "product"
    meta = EntityMeta(no=40, label=N_("Product"), plural=N_("Products"), icon="box", reference=True)

    name: Mapped[str | None] = text(
        10, N_("Name"), required=True, in_list=True, searchable=True, indexed=True
    )
    name_en: Mapped[str | None] = text(11, N_("English name"), in_list=True, searchable=True)
    code: Mapped[str | None] = text(12, N_("Code"), in_list=True, searchable=True, indexed=True, unique=True)
    family: Mapped[str | None] = text(13, N_("Family"), in_list=True, indexed=True)
    unit: Mapped[str | None] = text(14, N_("Unit"), in_list=True)
    list_price: Mapped[int | None] = money(15, N_("List price"), group="price", in_list=True)
    currency: Mapped[str | None] = currency_code(16, N_("Currency"), group="price", in_form=False)
    tax_rate: Mapped[str | None] = percent(17, N_("Tax rate, %"), in_list=True)
    tax_class_id: Mapped[str | None] = ref(
        22,
        N_("Tax class"),
        "tax_class",
        in_list=True,
        hint=N_("Its rate of the day goes before the tax rate above"),
        since=3,
    )
    cost: Mapped[int | None] = money(
        18, N_("Cost"), "cost_currency", group="cost", field_class=FieldClass.PRIVATE
    )
    cost_currency: Mapped[str | None] = currency_code(
        19, N_("Currency of the cost"), group="cost", field_class=FieldClass.PRIVATE, in_form=False
    )
    active: Mapped[bool | None] = boolean(20, N_("In use"), default=True, in_list=True)
    description: Mapped[str | None] = long_text(21, N_("Description"))
    warranty_months: Mapped[int | None] = integer(
        23,
        N_("Warranty, months"),
        hint=N_("How long what is delivered of it is under warranty"),
        since=3,
    )


class Price(Entity):
    """What a product costs under given conditions."""

    __tablename__ = "price"
    meta = EntityMeta(
        no=41, label=N_("Price"), plural=N_("Prices"), icon="coin", title="book", reference=True
    )

    product_id: Mapped[str | None] = ref(10, N_("Product"), "product", required=True, in_list=True)
    book: Mapped[str | None] = text(
        11, N_("Name of the price book"), in_list=True, in_form=False, indexed=True
    )
    """What the book was called before there were records of them; kept for older programs."""
    unit_price: Mapped[int | None] = money(12, N_("Unit price"), group="price", required=True, in_list=True)
    currency: Mapped[str | None] = currency_code(13, N_("Currency"), group="price", in_form=False)
    min_quantity: Mapped[str | None] = decimal(14, N_("From quantity"), default="1", in_list=True)
    valid_from: Mapped[str | None] = date(15, N_("Valid from"), in_list=True)
    valid_until: Mapped[str | None] = date(16, N_("Valid until"), in_list=True)
    book_id: Mapped[str | None] = ref(17, N_("Price book"), "price_book", in_list=True, since=3)
