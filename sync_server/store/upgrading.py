"""Bringing a database up to the version this program is written for."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, MetaData, column, inspect, select, table

from crm_core.entities import ENTITIES
from sync_server.store import (
    alike,
    articles,
    attempts,
    blobs,
    calendar_feeds,
    drops,
    feedback,
    keys,
    known,
    outside,
    payments,
    surveys,
    turns,
    webhooks,
)
from sync_server.store.tables import HqBase

STEPS = Path(__file__).parent / "migrations"
KEPT = (
    *ENTITIES,
    alike.AlikeKey,
    articles.ArticleBallot,
    attempts.SignInAttempt,
    blobs.Blob,
    calendar_feeds.CalendarFeed,
    drops.DropFile,
    drops.DropFolder,
    feedback.FeedbackNotice,
    keys.ApiKey,
    known.KnownHash,
    outside.ExternalId,
    outside.KeptAnswer,
    payments.PaymentNotice,
    surveys.SurveyEnd,
    surveys.SurveyPost,
    turns.AssignmentTurn,
    webhooks.Webhook,
    webhooks.WebhookMessage,
)
"""What hangs on the one metadata, once the modules that declare it are imported, as here."""
_stood = table("alembic_version", column("version_num"))
"""Where Alembic, which runs the steps, keeps what was run last."""


def newest_revision() -> str:
    """Return the step this program needs."""
    return max(known_revisions())


def known_revisions() -> set[str]:
    """Return every step this program knows: the number with which the name of its file begins.

    Alembic itself is loaded only where steps are run: that takes as long as half the rest of a start.
    """
    return {path.name.partition("_")[0] for path in (STEPS / "versions").glob("[0-9]*_*.py")}


def revision_of(connection: Connection) -> str | None:
    """Return the step a database stands at; None where it is no HQ's yet."""
    if not inspect(connection).has_table(_stood.name):
        return None
    return connection.execute(select(_stood.c.version_num)).scalar_one_or_none()


def upgrade(engine: Engine) -> tuple[str | None, str]:
    """Run the steps missing, all or none; give where the database stood and where it stands."""
    with engine.execution_options(begins_immediate=True).begin() as connection:
        before = revision_of(connection)
        return before, upgrade_on(connection)


def make(engine: Engine) -> str:
    """Make every table of an empty database at once, as the newest step leaves it; return that step.

    A fifth of the time all steps take; that both come to the same is tested.
    """
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    with engine.execution_options(begins_immediate=True).begin() as connection:
        HqBase.metadata.create_all(connection)
        MigrationContext.configure(connection).stamp(ScriptDirectory(str(STEPS)), "head")
        made = revision_of(connection)
    assert made is not None
    return made


def upgrade_on(connection: Connection, revision: str = "head") -> str:
    """Run the steps missing up to `revision` in the connection's transaction; return where it stands."""
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(STEPS))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
    after = revision_of(connection)
    assert after is not None
    return after


def drop_everything(connection: Connection) -> None:
    """Remove every table of the database in the connection's transaction."""
    there = MetaData()
    there.reflect(connection)
    there.drop_all(connection)
