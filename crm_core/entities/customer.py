"""Customers, the people there, and the labels they carry."""

from __future__ import annotations

from sqlalchemy.orm import Mapped

from crm_core.entities._choices import COLOURS, LEVELS, SOURCES, choices
from crm_core.i18n import N_
from crm_core.schema.code_lists import CodeList
from crm_core.schema.columns import (
    boolean,
    choice,
    column,
    currency_code,
    date,
    instant,
    integer,
    long_text,
    money,
    owner,
    ref,
    shares,
    tags,
    text,
)
from crm_core.schema.entity import Entity, EntityMeta
from crm_core.schema.field import FieldClass, Kind, ScopeSource
from crm_core.schema.machine import Kept, Machine, Step

KINDS = choices(("company", N_("Company")), ("person", N_("Person")))
LIFE_CYCLE = choices(
    ("potential", N_("Potential")),
    ("active", N_("Active")),
    ("dormant", N_("Dormant")),
    ("lost", N_("Gone")),
)
DECISION_ROLES = choices(
    ("decides", N_("Decides")),
    ("influences", N_("Influences")),
    ("uses", N_("Uses")),
    ("pays", N_("Pays")),
    ("blocks", N_("Blocks")),
)
HOLDINGS = choices(("held", N_("Held")), ("locked", N_("Locked")), ("pool", N_("In the public pool")))
HOLDING_STEPS = Machine(
    field="holding",
    first="held",
    born=("held",),
    refusal=N_("A customer that stands so cannot take that step: unlock or claim it first"),
    steps=(
        Step(
            name="take",
            starts=("pool",),
            ends="held",
            keeps={"held_since": Kept.NOW, "claimed_at": Kept.NOW},
            takes=("owner_id",),
        ),
        Step(
            name="return",
            starts=("held",),
            ends="pool",
            keeps={"owner_id": None, "returned_at": Kept.NOW},
            takes=("last_owner_id", "pool_reason"),
        ),
        Step(name="lock", starts=("held",), ends="locked"),
        Step(name="unlock", starts=("locked",), ends="held"),
    ),
)
"""Who holds a customer; see `crm_core.rules.pool`."""
LANGUAGES = choices(("en", N_("English")), ("zh", N_("Chinese")))
MARKS = choices(
    ("complains", N_("Complains often")),
    ("promotes", N_("Recommends us")),
    ("both", N_("Complains often and recommends us")),
)
GENDERS = choices(("female", N_("Female")), ("male", N_("Male")), ("other", N_("Other")))


class Customer(Entity):
    """A company or person we sell to."""

    __tablename__ = "customer"
    meta = EntityMeta(
        no=10,
        label=N_("Customer"),
        plural=N_("Customers"),
        icon="people",
        machine=HOLDING_STEPS,
        pooled=frozenset(("see", "claim", "return", "lock")),
    )

    name: Mapped[str | None] = text(
        10, N_("Name"), required=True, in_list=True, searchable=True, indexed=True
    )
    level: Mapped[str | None] = choice(11, N_("Level"), LEVELS, in_list=True, indexed=True)
    owner_id: Mapped[str | None] = owner(12, N_("Owner"), in_list=True)
    phone: Mapped[str | None] = text(
        13, N_("Phone"), kind=Kind.PHONE, in_list=True, searchable=True, personal=True, indexed=True
    )
    email: Mapped[str | None] = text(
        14, N_("E-mail"), kind=Kind.EMAIL, in_list=True, searchable=True, personal=True
    )
    website: Mapped[str | None] = text(15, N_("Web site"), kind=Kind.URL)
    kind: Mapped[str | None] = choice(16, N_("Kind"), KINDS, default="company")
    industry: Mapped[str | None] = text(
        17, N_("Industry"), code_list=CodeList.INDUSTRY, in_list=True, searchable=True, indexed=True
    )
    size: Mapped[str | None] = text(18, N_("Size"))
    employees: Mapped[int | None] = integer(19, N_("Employees"))
    founded_year: Mapped[int | None] = integer(20, N_("Founded"))
    source: Mapped[str | None] = choice(21, N_("Source"), SOURCES, in_list=True, indexed=True)
    status: Mapped[str | None] = choice(
        22, N_("Life cycle"), LIFE_CYCLE, default="potential", in_list=True, indexed=True
    )
    parent_id: Mapped[str | None] = ref(23, N_("Part of"), "customer", section=N_("Relations"))
    team_id: Mapped[str | None] = ref(24, N_("Team"), "team", scope=ScopeSource.TEAM, section=N_("Relations"))
    territory_id: Mapped[str | None] = ref(
        25, N_("Territory"), "territory", scope=ScopeSource.TERRITORY, in_list=True, section=N_("Relations")
    )
    country: Mapped[str | None] = text(
        26, N_("Country"), code_list=CodeList.COUNTRY, group="address", section=N_("Address")
    )
    province: Mapped[str | None] = text(
        27, N_("Province"), code_list=CodeList.PROVINCE, group="address", section=N_("Address")
    )
    city: Mapped[str | None] = text(
        28,
        N_("City"),
        code_list=CodeList.CITY,
        group="address",
        in_list=True,
        searchable=True,
        indexed=True,
        section=N_("Address"),
    )
    address: Mapped[str | None] = text(
        29, N_("Street address"), group="address", searchable=True, personal=True, section=N_("Address")
    )
    tax_number: Mapped[str | None] = text(
        30, N_("Tax number"), searchable=True, unique=True, section=N_("Terms")
    )
    payment_terms: Mapped[str | None] = text(
        31, N_("Payment terms"), field_class=FieldClass.MONEY, section=N_("Terms")
    )
    credit_limit: Mapped[int | None] = money(
        32, N_("Credit limit"), "credit_currency", group="credit", section=N_("Terms")
    )
    credit_currency: Mapped[str | None] = currency_code(
        33, N_("Currency of the credit limit"), group="credit", in_form=False
    )
    annual_revenue: Mapped[int | None] = money(
        34, N_("Annual revenue"), "revenue_currency", group="revenue", field_class=FieldClass.CORE
    )
    revenue_currency: Mapped[str | None] = currency_code(
        35, N_("Currency of the revenue"), group="revenue", field_class=FieldClass.CORE, in_form=False
    )
    background: Mapped[str | None] = long_text(48, N_("Background"), since=3)
    estimated_value: Mapped[int | None] = money(
        36, N_("Estimated value"), "estimated_currency", group="estimate", section=N_("Needs")
    )
    estimated_currency: Mapped[str | None] = currency_code(
        37, N_("Currency of the estimate"), group="estimate", in_form=False
    )
    intent: Mapped[str | None] = text(38, N_("Intent"), section=N_("Needs"))
    focus: Mapped[str | None] = text(49, N_("Points of focus"), since=3, section=N_("Needs"))
    buying_motive: Mapped[str | None] = text(39, N_("Buying motive"), section=N_("Needs"))
    needs: Mapped[str | None] = long_text(40, N_("Needs"), section=N_("Needs"))
    preferences: Mapped[str | None] = text(41, N_("Preferences"), section=N_("Needs"))
    social_accounts: Mapped[str | None] = text(
        42, N_("Social accounts"), personal=True, section=N_("Relations")
    )
    notes: Mapped[str | None] = long_text(
        43, N_("Notes"), field_class=FieldClass.COMMS, searchable=True, section=N_("Notes")
    )
    tags: Mapped[list[str] | None] = tags(44, N_("Tags"), in_list=True)
    points: Mapped[int | None] = integer(
        45, N_("Points"), computed=True, read_only=True, indexed=True, in_list=True, since=2
    )
    merged_into_id: Mapped[str | None] = ref(
        46, N_("Merged into"), "customer", read_only=True, in_form=False, since=3
    )
    distinct_from: Mapped[list[str] | None] = column(47, N_("Is not"), Kind.TAGS, in_form=False, since=3)
    """Ids of records of this kind somebody looked at: they are others, however alike."""
    holding: Mapped[str | None] = choice(50, N_("Holding"), HOLDINGS, in_list=True, in_form=False, since=3)
    held_since: Mapped[int | None] = instant(
        51, N_("With the owner since"), read_only=True, in_form=False, since=3
    )
    claimed_at: Mapped[int | None] = instant(
        52, N_("Taken from the pool"), read_only=True, in_form=False, indexed=True, since=3
    )
    last_owner_id: Mapped[str | None] = ref(
        53, N_("Previous owner"), "user", read_only=True, in_form=False, since=3
    )
    returned_at: Mapped[int | None] = instant(
        54, N_("Returned to the pool"), read_only=True, in_form=False, since=3
    )
    pool_reason: Mapped[str | None] = text(55, N_("Reason of the return"), in_form=False, since=3)
    shared_with: Mapped[list[str] | None] = shares(
        60, N_("Shared with"), ScopeSource.SHARE, since=2, section=N_("Sharing")
    )
    shown_to: Mapped[list[str] | None] = shares(
        61, N_("Shown to"), ScopeSource.SHOWN, since=2, section=N_("Sharing")
    )
    shared_until: Mapped[str | None] = date(62, N_("Shared until"), since=3, section=N_("Sharing"))
    shown_until: Mapped[str | None] = date(63, N_("Shown until"), since=3, section=N_("Sharing"))
    price_book_id: Mapped[str | None] = ref(
        70, N_("Price book"), "price_book", field_class=FieldClass.MONEY, since=3, section=N_("Terms")
    )
    referred_by_id: Mapped[str | None] = ref(
        73, N_("Referred by"), "customer", since=3, section=N_("Relations")
    )
    no_surveys: Mapped[bool | None] = boolean(
        71, N_("Never ask how satisfied"), default=False, since=3, section=N_("Relations")
    )
    feedback: Mapped[str | None] = choice(
        72,
        N_("Feedback"),
        MARKS,
        field_class=FieldClass.COMMS,
        read_only=True,
        by_hq=True,
        in_form=False,
        in_list=True,
        indexed=True,
        since=3,
    )
    """What the tickets and answers of all of the company say, by `crm_core.rules.feedback`."""


class Contact(Entity):
    """A person at a customer."""

    __tablename__ = "contact"
    meta = EntityMeta(no=11, label=N_("Contact"), plural=N_("Contacts"), icon="user")

    customer_id: Mapped[str | None] = ref(
        10, N_("Customer"), "customer", required=True, parent=True, in_list=True
    )
    name: Mapped[str | None] = text(
        11, N_("Name"), required=True, in_list=True, searchable=True, personal=True, indexed=True
    )
    title: Mapped[str | None] = text(12, N_("Title"), in_list=True)
    phone: Mapped[str | None] = text(
        13, N_("Phone"), kind=Kind.PHONE, in_list=True, searchable=True, personal=True
    )
    email: Mapped[str | None] = text(
        14, N_("E-mail"), kind=Kind.EMAIL, in_list=True, searchable=True, personal=True, unique=True
    )
    decision_role: Mapped[str | None] = choice(15, N_("Role in the decision"), DECISION_ROLES, in_list=True)
    reports_to_id: Mapped[str | None] = ref(16, N_("Reports to"), "contact")
    gender: Mapped[str | None] = choice(17, N_("Gender"), GENDERS, personal=True)
    birthday: Mapped[str | None] = date(18, N_("Birthday"), personal=True)
    social_accounts: Mapped[str | None] = text(19, N_("Social accounts"), personal=True)
    notes: Mapped[str | None] = long_text(20, N_("Notes"), field_class=FieldClass.COMMS, searchable=True)
    merged_into_id: Mapped[str | None] = ref(
        21, N_("Merged into"), "contact", read_only=True, in_form=False, since=3
    )
    distinct_from: Mapped[list[str] | None] = column(22, N_("Is not"), Kind.TAGS, in_form=False, since=3)
    """Ids of records of this kind somebody looked at: they are others, however alike."""
    no_surveys: Mapped[bool | None] = boolean(23, N_("Never ask how satisfied"), default=False, since=3)
    language: Mapped[str | None] = choice(24, N_("Language"), LANGUAGES, since=3)


class Tag(Entity):
    """A label and its colour; records carry tags by their name."""

    __tablename__ = "tag"
    meta = EntityMeta(no=12, label=N_("Tag"), plural=N_("Tags"), icon="tag", reference=True)

    name: Mapped[str | None] = text(10, N_("Name"), required=True, in_list=True, indexed=True)
    color: Mapped[str | None] = choice(11, N_("Colour"), COLOURS, default="neutral", in_list=True)
