"""Profiles on disk, made once and copied for each test."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from crm_desktop.assembly import new_profile
from tests.cli.support import PASSPHRASE, Crm


@pytest.fixture(scope="session")
def _empty_profile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("profiles") / "empty"
    os.environ["CRM_PASSPHRASE"] = PASSPHRASE
    try:
        new_profile(folder).close()
    finally:
        del os.environ["CRM_PASSPHRASE"]
    return folder


@pytest.fixture
def crm(_empty_profile: Path, tmp_path: Path) -> Crm:
    """Give the command on a profile that was never enrolled: its person may do everything."""
    shutil.copytree(_empty_profile, tmp_path / "profile")
    return Crm(tmp_path / "profile")
