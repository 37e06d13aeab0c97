"""Real encrypted replicas in temporary folders."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from crm_desktop.models.replica import Replica
from crm_desktop.platform.paths import Profile
from tests.desktop.models.support import KEY


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    """Give a profile without a database."""
    return Profile(tmp_path / "profile")


@pytest.fixture
def replica(profile: Profile) -> Iterator[Replica]:
    """Give an open, empty replica."""
    with Replica.create(profile, KEY) as made:
        yield made
