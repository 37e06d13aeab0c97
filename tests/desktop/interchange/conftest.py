"""An encrypted replica of a profile never enrolled, whose person may do everything."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crm_core.rules.standard_roles import STANDARD_ROLES
from crm_desktop.models import state
from crm_desktop.models.replica import Replica
from crm_desktop.models.state import Key
from crm_desktop.platform.paths import Profile
from crm_desktop.services import records

KEY = bytes(range(32))


@pytest.fixture
def replica(tmp_path: Path) -> Iterator[Replica]:
    """Give a replica with one pipeline of three stages."""
    replica = Replica.create(Profile(tmp_path / "profile"), KEY)
    pipeline = make(replica, "pipeline", name="Sales", rank=1)
    for rank, (name, kind) in enumerate((("Talk", "open"), ("Won", "won"), ("Lost", "lost"))):
        make(replica, "stage", name=name, kind=kind, rank=rank, probability=50, pipeline_id=pipeline)
    yield replica
    replica.close()


def make(replica: Replica, entity: str, /, **values: Any) -> str:
    """Make a record and return its id."""
    return records.create(replica, entity, values).value.id


def act_as(replica: Replica, role: str) -> str:
    """Let somebody with a standard role be signed in from now on; return the user's id."""
    role_id = make(replica, "role", name=role, rights=STANDARD_ROLES[role][1])
    user_id = make(replica, "user", name="Me（示例）", role_id=role_id)
    with replica.applying() as session:
        state.write(session, {Key.USER_ID: user_id})
    assert replica.person.user_id == user_id
    return user_id
