"""Orders of customers, what was delivered of them, and what stands at customers since."""

from __future__ import annotations

from sqlalchemy.orm import Mapped

from crm_core.entities._choices import choices
from crm_core.entities.agreed import AgreedLine, AgreedTerms
from crm_core.i18n import N_
from crm_core.schema.columns import choice, date, decimal, long_text, ref, text
from crm_core.schema.entity import Entity, EntityMeta
from crm_core.schema.field import FieldClass
from crm_core.schema.machine import STAYS, Machine, Step

ORDER_STATES = choices(
    ("draft", N_("Draft")),
    ("confirmed", N_("Confirmed")),
    ("closed", N_("Closed")),
    ("cancelled", N_("Cancelled")),
)
DELIVERED = choices(
    ("none", N_("Not delivered")), ("part", N_("Partly delivered")), ("whole", N_("Delivered"))
)
ORDER_STEPS = Machine(
    field="status",
    first="draft",
    born=("draft",),
    refusal=N_("An order in this state cannot take that step"),
    steps=(
        Step(
            name="confirm",
            starts=("draft",),
            ends="confirmed",
            needs_child="order_line",
            lacking=N_("The order has no lines yet"),
        ),
        Step(name="close", starts=("confirmed",), ends="closed"),
        Step(name="cancel", starts=("draft", "confirmed"), ends="cancelled"),
        # Closed or cancelled by mistake.
        Step(
            name="reopen",
            starts=("closed", "cancelled"),
            ends="confirmed",
            needs_child="order_line",
            lacking=N_("The order has no lines yet"),
        ),
        # The customer says that the confirmation is what was agreed. Of two who say so one comes first.
        Step(
            name="accept",
            starts=("confirmed", "closed"),
            ends=STAYS,
            takes=("accepted_on",),
            fills="accepted_on",
        ),
    ),
)
DELIVERY_KINDS = choices(("delivery", N_("Delivery")), ("return", N_("Return of goods")))
DELIVERY_STATES = choices(
    ("planned", N_("Planned")), ("delivered", N_("Delivered")), ("cancelled", N_("Cancelled"))
)
RETURN_REASONS = choices(
    ("damaged", N_("Damaged")),
    ("faulty", N_("Faulty")),
    ("wrong", N_("Not what was ordered")),
    ("unwanted", N_("Not wanted any more")),
    ("mistake", N_("Delivered by mistake")),
    ("other", N_("Other")),
)
DELIVERY_STEPS = Machine(
    field="status",
    first="planned",
    born=("planned",),
    stands=("delivered",),
    spares=("carrier", "waybill", "notes"),
    refusal=N_("What was delivered stands; make a return against it"),
    steps=(
        Step(
            name="deliver",
            starts=("planned",),
            ends="delivered",
            needs_child="delivery_line",
            lacking=N_("The delivery has no lines yet"),
        ),
        Step(name="cancel", starts=("planned",), ends="cancelled"),
        Step(name="plan_again", starts=("cancelled",), ends="planned"),
    ),
)
INSTALLED_STATES = choices(("in_use", N_("In use")), ("retired", N_("Retired")))


class Order(AgreedTerms, Entity):
    """A sale agreed."""

    __tablename__ = "order"
    meta = EntityMeta(
        no=62,
        label=N_("Order"),
        plural=N_("Orders"),
        icon="truck",
        title="number",
        series="order",
        machine=ORDER_STEPS,
        rights_like="quote",
        since=3,
    )

    status: Mapped[str | None] = choice(
        40, N_("State"), ORDER_STATES, default="draft", in_list=True, indexed=True, since=3
    )
    contract_id: Mapped[str | None] = ref(41, N_("Contract"), "contract", since=3)
    ordered_on: Mapped[str | None] = date(42, N_("Ordered on"), in_list=True, indexed=True, since=3)
    deliver_by: Mapped[str | None] = date(43, N_("Deliver by"), in_list=True, indexed=True, since=3)
    delivered: Mapped[str | None] = choice(
        44,
        N_("Delivery"),
        DELIVERED,
        computed=True,
        read_only=True,
        in_form=False,
        in_list=True,
        indexed=True,
        since=3,
    )
    """Follows from its deliveries (`crm_core.rules.deliveries`), so two laptops that each deliver a part
    never stand in each other's way."""
    deliver_to: Mapped[str | None] = long_text(45, N_("Deliver to"), since=3)
    accepted_on: Mapped[str | None] = date(46, N_("Accepted by the customer on"), since=3)


class OrderLine(AgreedLine, Entity):
    """One row of an order."""

    __tablename__ = "order_line"
    meta = EntityMeta(
        no=63,
        label=N_("Order line"),
        plural=N_("Order lines"),
        icon="box",
        title="description",
        rights_like="quote_line",
        since=3,
    )

    order_id: Mapped[str | None] = ref(10, N_("Order"), "order", required=True, parent=True, since=3)


class Delivery(Entity):
    """Goods that go to the customer, or come back from him."""

    __tablename__ = "delivery"
    meta = EntityMeta(
        no=64,
        label=N_("Delivery"),
        plural=N_("Deliveries"),
        icon="truck",
        title="number",
        series="delivery",
        machine=DELIVERY_STEPS,
        rights_like="quote",
        since=3,
    )

    number: Mapped[str | None] = text(
        10, N_("Number"), read_only=True, in_list=True, searchable=True, indexed=True, since=3
    )
    order_id: Mapped[str | None] = ref(
        11, N_("Order"), "order", required=True, parent=True, in_list=True, since=3
    )
    kind: Mapped[str | None] = choice(
        12, N_("Kind"), DELIVERY_KINDS, default="delivery", required=True, in_list=True, since=3
    )
    status: Mapped[str | None] = choice(
        13, N_("State"), DELIVERY_STATES, default="planned", in_list=True, indexed=True, since=3
    )
    delivered_on: Mapped[str | None] = date(14, N_("Delivered on"), in_list=True, indexed=True, since=3)
    reason: Mapped[str | None] = choice(15, N_("Why it came back"), RETURN_REASONS, in_list=True, since=3)
    carrier: Mapped[str | None] = text(16, N_("Carrier"), in_list=True, since=3)
    waybill: Mapped[str | None] = text(17, N_("Waybill number"), searchable=True, since=3)
    notes: Mapped[str | None] = long_text(18, N_("Notes"), field_class=FieldClass.COMMS, since=3)


class DeliveryLine(Entity):
    """How much of an order's line a delivery holds."""

    __tablename__ = "delivery_line"
    meta = EntityMeta(
        no=65,
        label=N_("Delivery line"),
        plural=N_("Delivery lines"),
        icon="box",
        title="serials",
        rights_like="quote_line",
        since=3,
    )

    delivery_id: Mapped[str | None] = ref(
        10, N_("Delivery"), "delivery", required=True, parent=True, in_list=True, since=3
    )
    order_line_id: Mapped[str | None] = ref(
        11, N_("Order line"), "order_line", required=True, in_list=True, since=3
    )
    quantity: Mapped[str | None] = decimal(
        12, N_("Quantity"), required=True, default="1", in_list=True, since=3
    )
    serials: Mapped[str | None] = long_text(
        13, N_("Serial numbers"), hint=N_("One a line, at most one for each piece"), in_list=True, since=3
    )


class InstalledProduct(Entity):
    """A product that stands at a customer's."""

    __tablename__ = "installed_product"
    meta = EntityMeta(
        no=66,
        label=N_("Installed product"),
        plural=N_("Installed products"),
        icon="box",
        rights_like="quote",
        since=3,
    )

    name: Mapped[str | None] = text(
        10, N_("Name"), required=True, in_list=True, searchable=True, indexed=True, since=3
    )
    customer_id: Mapped[str | None] = ref(
        11, N_("Customer"), "customer", required=True, parent=True, in_list=True, since=3
    )
    product_id: Mapped[str | None] = ref(12, N_("Product"), "product", in_list=True, since=3)
    serial: Mapped[str | None] = text(
        13, N_("Serial number"), in_list=True, searchable=True, indexed=True, since=3
    )
    quantity: Mapped[str | None] = decimal(14, N_("Quantity"), default="1", in_list=True, since=3)
    order_id: Mapped[str | None] = ref(15, N_("Order"), "order", since=3)
    delivery_line_id: Mapped[str | None] = ref(
        16, N_("Delivery line"), "delivery_line", in_form=False, since=3
    )
    installed_on: Mapped[str | None] = date(17, N_("Installed on"), in_list=True, since=3)
    warranty_until: Mapped[str | None] = date(18, N_("Warranty until"), in_list=True, indexed=True, since=3)
    status: Mapped[str | None] = choice(
        19, N_("State"), INSTALLED_STATES, default="in_use", in_list=True, indexed=True, since=3
    )
    retired_on: Mapped[str | None] = date(20, N_("Retired on"), since=3)
    location: Mapped[str | None] = text(21, N_("Where it stands"), searchable=True, since=3)
    notes: Mapped[str | None] = long_text(22, N_("Notes"), field_class=FieldClass.COMMS, since=3)
