"""What prices follow from: books of prices, classes of tax, rates of exchange; and what is in stock."""

from __future__ import annotations

from sqlalchemy.orm import Mapped

from crm_core.entities._choices import LEVELS, choices
from crm_core.i18n import N_
from crm_core.schema.columns import (
    boolean,
    choice,
    currency_code,
    date,
    decimal,
    instant,
    json,
    percent,
    ref,
    text,
)
from crm_core.schema.entity import Entity, EntityMeta
from crm_core.schema.field import FieldClass

BOOK_RULES = choices(
    ("off", N_("% off the parent's price")), ("surcharge", N_("% on top of the parent's price"))
)
ROUNDINGS = choices(
    ("0.1", N_("To 0.1")),
    ("1", N_("To 1")),
    ("5", N_("To 5")),
    ("10", N_("To 10")),
    ("100", N_("To 100")),
)


class TaxClass(Entity):
    """Products taxed alike, with the rates that held and hold.

    `rates` is a list of `{"from": day, "rate": percentage}`; `crm_core.rules.tax_classes` reads it.
    """

    __tablename__ = "tax_class"
    meta = EntityMeta(
        no=43, label=N_("Tax class"), plural=N_("Tax classes"), icon="coin", reference=True, since=3
    )

    name: Mapped[str | None] = text(10, N_("Name"), required=True, in_list=True, indexed=True, since=3)
    name_zh: Mapped[str | None] = text(11, N_("Chinese name"), in_list=True, since=3)
    rates: Mapped[list[dict[str, str]] | None] = json(12, N_("Rates and first days"), required=True, since=3)
    active: Mapped[bool | None] = boolean(13, N_("In use"), default=True, in_list=True, since=3)


class PriceBook(Entity):
    """Prices that hold together: for a customer, for customers of a level, or for everybody else."""

    __tablename__ = "price_book"
    meta = EntityMeta(
        no=42,
        label=N_("Price book"),
        plural=N_("Price books"),
        icon="coin",
        reference=True,
        rights_like="price",
        since=3,
    )

    name: Mapped[str | None] = text(
        10, N_("Name"), required=True, in_list=True, searchable=True, indexed=True, since=3
    )
    name_zh: Mapped[str | None] = text(11, N_("Chinese name"), in_list=True, searchable=True, since=3)
    currency: Mapped[str | None] = currency_code(12, N_("Currency"), required=True, in_list=True, since=3)
    parent_id: Mapped[str | None] = ref(
        13,
        N_("Parent book"),
        "price_book",
        in_list=True,
        hint=N_("Gives the price of what this book has none for"),
        since=3,
    )
    rule: Mapped[str | None] = choice(
        14, N_("Rule"), BOOK_RULES, field_class=FieldClass.MONEY, in_list=True, since=3
    )
    percent: Mapped[str | None] = percent(
        15, N_("Per cent"), field_class=FieldClass.MONEY, in_list=True, since=3
    )
    rounding: Mapped[str | None] = choice(
        16,
        N_("Rounding of derived prices"),
        ROUNDINGS,
        hint=N_("Empty: to the smallest unit of the currency"),
        since=3,
    )
    customer_id: Mapped[str | None] = ref(17, N_("Only customer"), "customer", in_list=True, since=3)
    level: Mapped[str | None] = choice(18, N_("Only level"), LEVELS, in_list=True, since=3)
    valid_from: Mapped[str | None] = date(19, N_("Valid from"), in_list=True, since=3)
    valid_until: Mapped[str | None] = date(20, N_("Valid until"), in_list=True, since=3)
    is_default: Mapped[bool | None] = boolean(
        21, N_("Holds where no other does"), default=False, in_list=True, since=3
    )
    tax_included: Mapped[bool | None] = boolean(
        22, N_("Prices include tax"), default=False, field_class=FieldClass.MONEY, since=3
    )
    told_as_of: Mapped[str | None] = date(23, N_("Told as of"), in_list=True, since=3)
    active: Mapped[bool | None] = boolean(24, N_("In use"), default=True, in_list=True, since=3)


class ExchangeRate(Entity):
    """How much of one currency another costs, from a day on. Nothing is inferred from it the other way."""

    __tablename__ = "exchange_rate"
    meta = EntityMeta(
        no=45,
        label=N_("Exchange rate"),
        plural=N_("Exchange rates"),
        icon="coin",
        title="currency",
        reference=True,
        since=3,
    )

    currency: Mapped[str | None] = currency_code(
        10, N_("One unit of"), required=True, field_class=FieldClass.CORE, in_list=True, indexed=True, since=3
    )
    to_currency: Mapped[str | None] = currency_code(
        11, N_("In the currency"), required=True, field_class=FieldClass.CORE, in_list=True, since=3
    )
    rate: Mapped[str | None] = decimal(12, N_("Costs"), required=True, in_list=True, since=3)
    valid_from: Mapped[str | None] = date(
        13, N_("Valid from"), required=True, in_list=True, indexed=True, since=3
    )


class StockLevel(Entity):
    """How much of a product a warehouse has, as HQ was told last."""

    __tablename__ = "stock_level"
    meta = EntityMeta(
        no=44,
        label=N_("Stock level"),
        plural=N_("Stock levels"),
        icon="box",
        title="warehouse",
        reference=True,
        since=3,
    )

    product_id: Mapped[str | None] = ref(
        10, N_("Product"), "product", required=True, by_hq=True, in_list=True, since=3
    )
    warehouse: Mapped[str | None] = text(
        11, N_("Warehouse"), required=True, by_hq=True, in_list=True, since=3
    )
    quantity: Mapped[str | None] = decimal(
        12, N_("Quantity"), required=True, by_hq=True, in_list=True, since=3
    )
    as_of: Mapped[int | None] = instant(13, N_("As of"), required=True, by_hq=True, in_list=True, since=3)
