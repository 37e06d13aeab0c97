"""People and companies who may become customers."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Mapped

from crm_core.entities._choices import SOURCES, choices
from crm_core.i18n import N_
from crm_core.schema.code_lists import CodeList
from crm_core.schema.columns import (
    choice,
    currency_code,
    date,
    instant,
    integer,
    json,
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
from crm_core.schema.machine import STAYS, Kept, Machine, Step

LEAD_STATES = choices(
    ("new", N_("New")),
    ("working", N_("At work")),
    ("nurture", N_("Nurture")),
    ("qualified", N_("Qualified")),
    ("converted", N_("Converted")),
    ("junk", N_("Junk")),
)
JUNK_REASONS = choices(
    ("no_need", N_("No need")),
    ("no_budget", N_("No budget")),
    ("not_reached", N_("Never reached")),
    ("wrong_person", N_("Wrong person or company")),
    ("competitor", N_("A competitor")),
    ("spam", N_("Spam")),
    ("duplicate", N_("Known already")),
    ("other", N_("Other")),
)
CHANNELS = choices(
    ("hand", N_("By hand")),
    ("import", N_("Import")),
    ("form", N_("Web form")),
    ("mail", N_("Mail")),
    ("api", N_("Interface")),
    ("event", N_("Event")),
)
OPEN = ("new", "working", "nurture", "qualified")
"""States in which somebody still works on a lead."""
_RESULT = ("customer_id", "contact_id", "deal_id", "conversion")
_LEAD_STEPS = Machine(
    field="status",
    first="new",
    refusal=N_("A lead in this state cannot take that step"),
    steps=(
        Step(name="work", starts=("new", "nurture", "qualified"), ends="working"),
        Step(name="nurture", starts=("new", "working", "qualified"), ends="nurture"),
        Step(name="qualify", starts=("new", "working", "nurture"), ends="qualified"),
        Step(
            name="disqualify",
            starts=OPEN,
            ends="junk",
            takes=("junk_reason",),
            demands=("junk_reason",),
            lacking=N_("Say why the lead leads nowhere"),
        ),
        Step(name="put_back", starts=("working", "nurture", "qualified"), ends="new"),
        Step(name="revive", starts=("junk",), ends="new", keeps={"junk_reason": None}),
        Step(
            name="convert",
            starts=OPEN,
            ends="converted",
            keeps={"converted_at": Kept.NOW},
            takes=_RESULT,
            demands=("customer_id",),
            lacking=N_("A lead becomes a customer by “Convert”, which says which one"),
        ),
        # Whose a lead is, has nothing to do with how far it is.
        Step(
            name="take",
            starts=OPEN,
            ends=STAYS,
            keeps={"claimed_at": Kept.NOW},
            takes=("owner_id", "claimed_by"),
            fills="owner_id",
        ),
        Step(
            name="return",
            starts=OPEN,
            ends=STAYS,
            keeps={"returned_at": Kept.NOW},
            takes=("owner_id", "last_owner_id"),
            empties="owner_id",
        ),
        # One for each state it may have come from: a conversion taken back leaves the lead as it was.
        *(
            Step(
                name=f"take_back_to_{state}",
                starts=("converted",),
                ends=state,
                keeps={"converted_at": None, **dict.fromkeys(_RESULT)},
            )
            for state in OPEN
        ),
    ),
)


class Lead(Entity):
    """Somebody who may become a customer."""

    __tablename__ = "lead"
    meta = EntityMeta(
        no=13,
        label=N_("Lead"),
        plural=N_("Leads"),
        icon="sprout",
        since=3,
        rights_like="deal",
        machine=_LEAD_STEPS,
        unowned=True,
        pooled=frozenset(("leads",)),
    )

    name: Mapped[str | None] = text(
        10, N_("Name"), required=True, in_list=True, searchable=True, personal=True, indexed=True, since=3
    )
    company: Mapped[str | None] = text(
        11, N_("Company"), in_list=True, searchable=True, indexed=True, since=3
    )
    title: Mapped[str | None] = text(12, N_("Title"), since=3)
    phone: Mapped[str | None] = text(
        13,
        N_("Phone"),
        kind=Kind.PHONE,
        in_list=True,
        searchable=True,
        personal=True,
        indexed=True,
        since=3,
    )
    email: Mapped[str | None] = text(
        14,
        N_("E-mail"),
        kind=Kind.EMAIL,
        in_list=True,
        searchable=True,
        personal=True,
        indexed=True,
        since=3,
    )
    website: Mapped[str | None] = text(15, N_("Web site"), kind=Kind.URL, since=3)
    status: Mapped[str | None] = choice(
        16, N_("State"), LEAD_STATES, default="new", in_list=True, indexed=True, since=3
    )
    source: Mapped[str | None] = choice(17, N_("Source"), SOURCES, in_list=True, indexed=True, since=3)
    campaign: Mapped[str | None] = text(
        18, N_("Campaign"), in_list=True, searchable=True, indexed=True, since=3
    )
    campaign_id: Mapped[str | None] = ref(54, N_("Came of the campaign"), "campaign", in_list=True, since=3)
    channel: Mapped[str | None] = choice(19, N_("Came by"), CHANNELS, default="hand", in_list=True, since=3)
    owner_id: Mapped[str | None] = owner(20, N_("Owner"), in_list=True, since=3)
    team_id: Mapped[str | None] = ref(21, N_("Team"), "team", scope=ScopeSource.TEAM, since=3)
    territory_id: Mapped[str | None] = ref(
        22, N_("Territory"), "territory", scope=ScopeSource.TERRITORY, in_list=True, since=3
    )
    next_contact_on: Mapped[str | None] = date(
        23, N_("Next contact"), in_list=True, indexed=True, section=N_("Needs"), since=3
    )
    product_id: Mapped[str | None] = ref(
        24, N_("Product"), "product", in_list=True, section=N_("Needs"), since=3
    )
    estimated_value: Mapped[int | None] = money(
        25, N_("Estimated value"), "estimated_currency", group="estimate", section=N_("Needs"), since=3
    )
    estimated_currency: Mapped[str | None] = currency_code(
        26, N_("Currency of the estimate"), group="estimate", in_form=False, since=3
    )
    needs: Mapped[str | None] = long_text(27, N_("Needs"), searchable=True, section=N_("Needs"), since=3)
    industry: Mapped[str | None] = text(
        28,
        N_("Industry"),
        code_list=CodeList.INDUSTRY,
        in_list=True,
        searchable=True,
        section=N_("Company"),
        since=3,
    )
    employees: Mapped[int | None] = integer(29, N_("Employees"), section=N_("Company"), since=3)
    country: Mapped[str | None] = text(
        30, N_("Country"), code_list=CodeList.COUNTRY, group="address", section=N_("Address"), since=3
    )
    province: Mapped[str | None] = text(
        31, N_("Province"), code_list=CodeList.PROVINCE, group="address", section=N_("Address"), since=3
    )
    city: Mapped[str | None] = text(
        32,
        N_("City"),
        code_list=CodeList.CITY,
        group="address",
        in_list=True,
        searchable=True,
        indexed=True,
        section=N_("Address"),
        since=3,
    )
    address: Mapped[str | None] = text(
        33, N_("Street address"), group="address", personal=True, section=N_("Address"), since=3
    )
    notes: Mapped[str | None] = long_text(
        34, N_("Notes"), field_class=FieldClass.COMMS, searchable=True, section=N_("Notes"), since=3
    )
    tags: Mapped[list[str] | None] = tags(35, N_("Tags"), in_list=True, since=3)
    junk_reason: Mapped[str | None] = choice(
        36, N_("Why it leads nowhere"), JUNK_REASONS, in_list=True, in_form=False, since=3
    )
    customer_id: Mapped[str | None] = ref(
        37, N_("Became customer"), "customer", read_only=True, in_form=False, since=3
    )
    contact_id: Mapped[str | None] = ref(
        38, N_("Became contact"), "contact", read_only=True, in_form=False, since=3
    )
    deal_id: Mapped[str | None] = ref(39, N_("Became deal"), "deal", read_only=True, in_form=False, since=3)
    converted_at: Mapped[int | None] = instant(
        40, N_("Converted"), read_only=True, in_form=False, indexed=True, since=3
    )
    conversion: Mapped[dict[str, Any] | None] = json(
        41, N_("What the conversion did"), read_only=True, in_form=False, since=3
    )
    form_id: Mapped[str | None] = ref(
        42, N_("Capture form"), "capture_form", read_only=True, by_hq=True, in_form=False, since=3
    )
    consent: Mapped[str | None] = long_text(
        43, N_("Consent"), read_only=True, by_hq=True, in_form=False, section=N_("Consent"), since=3
    )
    consent_version: Mapped[str | None] = text(
        44,
        N_("Version of the consent"),
        read_only=True,
        by_hq=True,
        in_form=False,
        section=N_("Consent"),
        since=3,
    )
    consent_at: Mapped[int | None] = instant(
        45, N_("Consent given"), read_only=True, by_hq=True, in_form=False, section=N_("Consent"), since=3
    )
    consent_from: Mapped[str | None] = text(
        46,
        N_("Consent given from"),
        read_only=True,
        by_hq=True,
        in_form=False,
        personal=True,
        section=N_("Consent"),
        since=3,
    )
    assigned_why: Mapped[str | None] = text(
        47, N_("Why this owner"), read_only=True, by_hq=True, in_form=False, since=3
    )
    assigned_at: Mapped[int | None] = instant(
        48, N_("Assigned"), read_only=True, by_hq=True, in_form=False, since=3
    )
    assigned_by: Mapped[str | None] = ref(
        49, N_("Assigned by"), "assignment_rule", read_only=True, by_hq=True, in_form=False, since=3
    )
    claimed_by: Mapped[str | None] = ref(50, N_("Claimed by"), "user", read_only=True, in_form=False, since=3)
    """Who took it for himself; nobody where it was given to its owner."""
    claimed_at: Mapped[int | None] = instant(
        51, N_("Claimed"), read_only=True, in_form=False, indexed=True, since=3
    )
    last_owner_id: Mapped[str | None] = ref(
        52, N_("Previous owner"), "user", read_only=True, in_form=False, since=3
    )
    returned_at: Mapped[int | None] = instant(53, N_("Given back"), read_only=True, in_form=False, since=3)
    shared_with: Mapped[list[str] | None] = shares(
        60, N_("Shared with"), ScopeSource.SHARE, section=N_("Sharing"), since=3
    )
    shown_to: Mapped[list[str] | None] = shares(
        61, N_("Shown to"), ScopeSource.SHOWN, section=N_("Sharing"), since=3
    )
