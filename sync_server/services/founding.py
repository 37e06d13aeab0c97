"""Making a new headquarters: its database, first administrator, roles, pipeline and number series."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import insert, inspect

from crm_core.errors import UserError
from crm_core.i18n import N_, untranslated
from crm_core.ids import named_id, new_id
from crm_core.rules.standard_roles import STANDARD_ROLES
from crm_core.rules.standard_service import standard_service
from sync_server.services.headquarters import Headquarters, open_headquarters
from sync_server.services.hq import Edit, EditKind
from sync_server.services.work_time import machine_zone
from sync_server.settings import Settings, write_settings
from sync_server.store import serving, upgrading
from sync_server.store.database import Database, found_feed
from sync_server.store.tables import FOUNDER, NumberSeries, Setting, table_of

PIPELINE: Final = "Sales"
STAGES: Final = (
    ("Qualified", 10, "open", "neutral"),
    ("Needs", 25, "open", "accent"),
    ("Proposal", 50, "open", "accent"),
    ("Negotiation", 75, "open", "warn"),
    ("Verbal yes", 90, "open", "good"),
    ("Won", 100, "won", "good"),
    ("Lost", 0, "lost", "bad"),
)
"""Name, probability in per cent, kind and colour of the standard pipeline's stages, in their order."""
SERIES: Final = {"quote": "Q-{year}-{number:04d}", "ticket": "T-{number:04d}"}
"""How the numbers of each series look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Founded:
    """What was made."""

    admin: str
    admin_id: str
    roles: int
    pipeline_id: str
    epoch: str


def demand_vacant(settings: Settings) -> None:
    """Raise `UserError` where the folder or the database holds an HQ, or anything else, already."""
    if settings.file.exists():
        raise UserError(N_("There is already a headquarters in {folder}"), folder=settings.data)
    if settings.database_url.startswith("sqlite"):
        settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = Database(settings.database_url)
    try:
        if inspect(database.engine).get_table_names():
            raise UserError(N_("This database is not empty; a new headquarters needs one of its own"))
    finally:
        database.close()


def found(settings: Settings, admin: str, password: str) -> Founded:
    """Make a headquarters and return what was made; it can be served at once.

    The settings are written last, so that a founding cut short leaves no HQ behind that looks whole.
    Raises `UserError` for a password that is too short, and what `demand_vacant` raises.
    """
    demand_vacant(settings)
    hq = open_headquarters(settings)
    try:
        hq.auth.demand_acceptable(password)
        with serving.alone_with(hq.database):
            try:
                upgrading.make(hq.database.engine)
                founded = _fill(hq, admin, password)
                write_settings(settings)
            except BaseException:
                # What is left of a founding that failed would be in the way of the next.
                with hq.database.note() as connection:
                    upgrading.drop_everything(connection)
                raise
    finally:
        hq.close()
    return founded


def _fill(hq: Headquarters, admin: str, password: str) -> Founded:
    admin_id = new_id()
    with hq.database.note() as connection:
        epoch = found_feed(connection)
        connection.execute(insert(table_of(Setting)).values(key=FOUNDER, value=admin_id))
        series = [{"series": name, "next": 1, "pattern": pattern} for name, pattern in SERIES.items()]
        connection.execute(insert(table_of(NumberSeries)), series)
    administrator = {"name": admin.strip(), "role_id": named_id("role", "admin"), "active": True}
    hq.records.write_all(
        [
            *_roles(),
            _create("user", admin_id, **administrator),
            *_pipeline(),
            *_service(),
        ]
    )
    hq.auth.set_password(admin_id, admin, password)
    return Founded(
        admin=admin.strip(),
        admin_id=admin_id,
        roles=len(STANDARD_ROLES),
        pipeline_id=named_id("pipeline", PIPELINE),
        epoch=epoch,
    )


def _roles() -> list[Edit]:
    return [
        _create("role", named_id("role", name), name=name, description=description, rights=rights)
        for name, (description, rights) in STANDARD_ROLES.items()
    ]


def _pipeline() -> list[Edit]:
    pipeline_id = named_id("pipeline", PIPELINE)
    stages = [
        _create(
            "stage",
            named_id("stage", name),
            pipeline_id=pipeline_id,
            name=name,
            rank=rank,
            probability=probability,
            kind=kind,
            color=color,
        )
        for rank, (name, probability, kind, color) in enumerate(STAGES, start=1)
    ]
    return [_create("pipeline", pipeline_id, name=PIPELINE, rank=1, active=True), *stages]


def _service() -> list[Edit]:
    return [
        _create(entity, named_id(entity, "standard"), **values)
        for entity, values in standard_service(untranslated, machine_zone().key)
    ]


def _create(entity: str, record_id: str, **values: Any) -> Edit:
    return Edit(kind=EditKind.CREATE, entity=entity, record_id=record_id, values=values)
