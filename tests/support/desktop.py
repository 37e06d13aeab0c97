"""A laptop of its own for a test: a real encrypted profile, filled with the sample records."""

from __future__ import annotations

import os
from pathlib import Path

from crm_desktop import assembly
from crm_desktop.assembly import App
from crm_desktop.platform.secrets import PASSPHRASE_VARIABLE
from crm_desktop.services import sample

PASSPHRASE = "test passphrase"


def empty_app(folder: Path) -> App:
    """Return an open profile that no HQ knows: a pipeline, one person, no records. Close it."""
    app = _new(folder)
    sample.prepare_local(app.replica, "en")
    return app


def sample_app(folder: Path, *, language: str = "en", customers: int = sample.SAMPLE_CUSTOMERS) -> App:
    """Return an open profile with sample records, never enrolled: its person may do everything. Close it."""
    app = _new(folder)
    sample.fill_sample(app.replica, language, customers)
    return app


def _new(folder: Path) -> App:
    before = os.environ.get(PASSPHRASE_VARIABLE)
    os.environ[PASSPHRASE_VARIABLE] = PASSPHRASE
    try:
        return assembly.new_profile(folder / "profile")
    finally:
        if before is None:
            del os.environ[PASSPHRASE_VARIABLE]
        else:
            os.environ[PASSPHRASE_VARIABLE] = before
