"""At which step a laptop's database is."""

from __future__ import annotations

from pathlib import Path

from crm_desktop.models import migrations
from crm_desktop.models.engine import writer_engine


def version_at(path: Path, key: bytes) -> str | None:
    """Return the step of a database that nobody has open."""
    engine = writer_engine(path, key)
    try:
        return migrations.version_of(engine)
    finally:
        engine.dispose()
