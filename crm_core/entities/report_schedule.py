"""Reports and dashboards HQ counts again and again: when, for whom, and what went to whom."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Mapped

from crm_core.entities._choices import choices
from crm_core.i18n import N_
from crm_core.schema.columns import boolean, choice, instant, integer, json, owner, ref, tags, text
from crm_core.schema.entity import Entity, EntityMeta
from crm_core.schema.field import ScopeSource

LANGUAGES = choices(("en", N_("English")), ("zh_CN", N_("Chinese")))
SENDING_STATES = choices(
    ("waiting", N_("Waiting")),
    ("handing", N_("Being handed over")),
    ("sent", N_("Sent")),
    ("refused", N_("Not for this reader")),
    ("failed", N_("Could not be sent")),
    ("unknown", N_("Perhaps sent")),
)
WAYS = choices(("mail", N_("By mail")), ("laptop", N_("To the laptop")))


class ReportSchedule(Entity):
    """When a report or a dashboard is counted at HQ, and for whom; each reader gets it by his own rights."""

    __tablename__ = "report_schedule"
    meta = EntityMeta(
        no=130,
        label=N_("Scheduled report"),
        plural=N_("Scheduled reports"),
        icon="mail",
        since=3,
        rights_like="saved_view",
    )

    name: Mapped[str | None] = text(
        10, N_("Name"), required=True, in_list=True, searchable=True, indexed=True, since=3
    )
    owner_id: Mapped[str | None] = owner(11, N_("Owner"), in_list=True, since=3)
    report_id: Mapped[str | None] = ref(12, N_("Report"), "report", in_list=True, since=3)
    standard: Mapped[str | None] = text(13, N_("Standard report"), in_form=False, in_list=True, since=3)
    """Key of a standard report, where it is one."""
    dashboard_id: Mapped[str | None] = ref(14, N_("Dashboard"), "dashboard", in_list=True, since=3)
    readers: Mapped[list[str] | None] = tags(15, N_("To whom"), members=("user", "role"), since=3)
    """A role stands for everybody who holds it when it is sent."""
    outside: Mapped[str | None] = text(
        16,
        N_("To addresses outside"),
        hint=N_("Several addresses are separated by commas"),
        personal=True,
        since=3,
    )
    starts_at: Mapped[int | None] = instant(17, N_("First time"), required=True, in_list=True, since=3)
    repeat: Mapped[str | None] = text(18, N_("Repeats"), required=True, in_list=True, since=3)
    """As activities repeat (`crm_core.rules.recurrence`)."""
    zone: Mapped[str | None] = text(19, N_("Time zone"), in_form=False, since=3)
    language: Mapped[str | None] = choice(20, N_("Language"), LANGUAGES, since=3)
    """None: that in which HQ writes."""
    by_mail: Mapped[bool | None] = boolean(21, N_("By mail"), default=True, in_list=True, since=3)
    attach_pdf: Mapped[bool | None] = boolean(22, N_("With a PDF"), since=3)
    attach_xlsx: Mapped[bool | None] = boolean(23, N_("With an Excel file"), since=3)
    to_laptops: Mapped[bool | None] = boolean(24, N_("Onto the readers' laptops"), in_list=True, since=3)
    paused: Mapped[bool | None] = boolean(25, N_("Paused"), in_list=True, since=3)
    planned: Mapped[str | None] = text(
        26, N_("What the next time follows from"), read_only=True, by_hq=True, in_form=False, since=3
    )
    next_at: Mapped[int | None] = instant(
        27, N_("Next time"), in_list=True, read_only=True, by_hq=True, in_form=False, indexed=True, since=3
    )
    last_at: Mapped[int | None] = instant(
        28, N_("Last time"), in_list=True, read_only=True, by_hq=True, in_form=False, since=3
    )
    outcome: Mapped[list[Any] | None] = json(
        29, N_("Why it was paused"), read_only=True, by_hq=True, in_form=False, since=3
    )
    """English text and what goes into it, where HQ paused it."""


class ReportSending(Entity):
    """What became of one report for one reader at one time. HQ alone writes it."""

    __tablename__ = "report_sending"
    meta = EntityMeta(
        no=131,
        label=N_("Report sent"),
        plural=N_("Reports sent"),
        icon="mail",
        title="address",
        since=3,
        rights_like="saved_view",
    )

    schedule_id: Mapped[str | None] = ref(
        10,
        N_("Scheduled report"),
        "report_schedule",
        required=True,
        parent=True,
        read_only=True,
        by_hq=True,
        in_form=False,
        since=3,
    )
    due_at: Mapped[int | None] = instant(
        11, N_("Due"), in_list=True, read_only=True, by_hq=True, in_form=False, since=3
    )
    way: Mapped[str | None] = choice(
        12, N_("How"), WAYS, in_list=True, read_only=True, by_hq=True, in_form=False, since=3
    )
    reader_id: Mapped[str | None] = ref(
        13, N_("Reader"), "user", in_list=True, read_only=True, by_hq=True, in_form=False, since=3
    )
    """By whose rights it is counted."""
    address: Mapped[str | None] = text(
        14, N_("Address"), in_list=True, personal=True, read_only=True, by_hq=True, in_form=False, since=3
    )
    status: Mapped[str | None] = choice(
        15,
        N_("State"),
        SENDING_STATES,
        in_list=True,
        indexed=True,
        read_only=True,
        by_hq=True,
        in_form=False,
        since=3,
    )
    attempts: Mapped[int | None] = integer(
        16, N_("Attempts"), read_only=True, by_hq=True, in_form=False, since=3
    )
    next_at: Mapped[int | None] = instant(
        17, N_("Next attempt"), read_only=True, by_hq=True, in_form=False, since=3
    )
    sent_at: Mapped[int | None] = instant(
        18, N_("Sent at"), in_list=True, read_only=True, by_hq=True, in_form=False, since=3
    )
    outcome: Mapped[list[Any] | None] = json(
        19, N_("Why it was not sent"), read_only=True, by_hq=True, in_form=False, since=3
    )
    """English text and what goes into it, of the last attempt that failed."""


class DashboardSnapshot(Entity):
    """A dashboard as HQ counted it for one reader, to be looked at on his laptop. HQ alone writes it."""

    __tablename__ = "dashboard_snapshot"
    meta = EntityMeta(
        no=132,
        label=N_("Figures from HQ"),
        plural=N_("Figures from HQ"),
        icon="bars",
        title="as_of",
        since=3,
        rights_like="saved_view",
    )

    dashboard_id: Mapped[str | None] = ref(
        10, N_("Dashboard"), "dashboard", read_only=True, by_hq=True, in_form=False, since=3
    )
    shown_to: Mapped[list[str] | None] = tags(
        11,
        N_("Reader"),
        scope=ScopeSource.SHOWN,
        members=("user",),
        read_only=True,
        by_hq=True,
        in_form=False,
        since=3,
    )
    """The one reader it was counted for; nobody else by his own right."""
    as_of: Mapped[int | None] = instant(
        12, N_("As of"), in_list=True, read_only=True, by_hq=True, in_form=False, since=3
    )
    tiles: Mapped[list[Any] | None] = json(
        13, N_("Tiles"), read_only=True, by_hq=True, in_form=False, since=3
    )
    """A chart for each tile (`crm_core.charts.form`), or why there is none, by the tile's id."""
    rights: Mapped[str | None] = text(
        14, N_("Mark of the reader's rights"), read_only=True, by_hq=True, in_form=False, since=3
    )
