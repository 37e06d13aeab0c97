"""A laptop of its own for a test: a real encrypted profile, filled with the sample records."""

from __future__ import annotations

import atexit
import datetime
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from unittest import mock

from crm_desktop import assembly
from crm_desktop.assembly import App
from crm_desktop.platform import secrets
from crm_desktop.platform.secrets import PASSPHRASE_VARIABLE
from crm_desktop.services import sample
from tests.support.quickening import place_of_files

PASSPHRASE = "test passphrase"


def empty_app(folder: Path) -> App:
    """Return an open profile that no HQ knows: a pipeline, one person, no records. Close it.

    Made once a run and copied from then on.
    """
    return _copied(_empty(), folder)


def sample_app(folder: Path, *, language: str = "en", customers: int = sample.SAMPLE_CUSTOMERS) -> App:
    """Return an open profile with sample records, never enrolled: its person may do everything. Close it.

    Filled once a run and copied from then on.
    """
    return _copied(_filled(language, customers, datetime.date.today()), folder)  # noqa: DTZ011


def _copied(profile: Path, folder: Path) -> App:
    shutil.copytree(profile, folder / "profile")
    with _passphrase():
        return assembly.open_profile(folder / "profile")


@cache
def _empty() -> Path:
    """Return the folder of an empty profile that nobody has open."""
    folder = _kept_folder()
    app = _new(folder)
    sample.prepare_local(app.replica, "en")
    app.close()
    return folder / "profile"


@cache
def _filled(language: str, customers: int, _day: datetime.date) -> Path:
    """Return the folder of a filled profile that nobody has open; another day has another one."""
    folder = _kept_folder()
    app = _new(folder)
    sample.fill_sample(app.replica, language, customers)
    app.replica.catch_up()
    app.close()
    return folder / "profile"


def _kept_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="satchel-sample-", dir=place_of_files()))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _new(folder: Path) -> App:
    """Make a profile whose passphrase is quickly tried: how long that takes is written in the profile."""
    with _passphrase(), mock.patch.multiple(secrets, _MEMORY_KIB=64, _PASSES=1):
        return assembly.new_profile(folder / "profile")


@contextmanager
def _passphrase() -> Iterator[None]:
    before = os.environ.get(PASSPHRASE_VARIABLE)
    os.environ[PASSPHRASE_VARIABLE] = PASSPHRASE
    try:
        yield
    finally:
        if before is None:
            del os.environ[PASSPHRASE_VARIABLE]
        else:
            os.environ[PASSPHRASE_VARIABLE] = before
