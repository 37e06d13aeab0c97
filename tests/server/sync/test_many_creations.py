"""Thousands of creations are checked together; each must fare as it would alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine

from crm_core.entities import SCHEMAS
from crm_core.ids import new_id, to_bytes
from crm_core.sync.protocol import Op, OpKind
from sync_server.services import wanted
from sync_server.services.custom import CustomFields
from sync_server.services.rights import Refused
from sync_server.services.wanted import Wanted, read_op, read_ops

_SCHEMA = SCHEMAS["customer"]
_NAMES = ("name", "phone", "email", "employees", "owner_id", "tags", "annual_revenue", "revenue_currency")
_GIVEN = {
    "name": st.sampled_from(["Acme", "北京远景", "", None, 7]),
    "phone": st.sampled_from(["+86 10 5550 0001", "call", None]),
    "email": st.sampled_from(["a@b.cn", "nobody", None]),
    "employees": st.sampled_from([12, True, 2**40, None]),
    "owner_id": st.sampled_from([bytes(16), b"", "zz", None]),
    "tags": st.sampled_from([["vip"], [], [" "], None]),
    "annual_revenue": st.sampled_from([100, "100", None]),
    "revenue_currency": st.sampled_from(["CNY", "yuan", None]),
}


@pytest.fixture(scope="module")
def custom() -> Iterator[CustomFields]:
    """An HQ's custom fields: none."""
    engine = create_engine("sqlite://")
    SCHEMAS["custom_field"].table.create(engine)
    with engine.connect() as connection:
        yield CustomFields(connection)
    engine.dispose()


def _creation(names: list[str], values: dict[str, Any], no: int) -> Op:
    numbers = [_SCHEMA.fields[name].no for name in names]
    value = [numbers, [values[name] for name in names]]
    return Op(no, OpKind.CREATE, _SCHEMA.no, to_bytes(new_id()), 0, value, 0, 0)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(_NAMES), min_size=1, max_size=6, unique=True),
    st.lists(st.fixed_dictionaries(_GIVEN), min_size=1, max_size=4),
)
def test_creations_read_together_fare_as_each_alone(
    custom: CustomFields, names: list[str], rows: list[dict[str, Any]]
) -> None:
    rows = rows * (wanted._MANY // len(rows) + 1)
    ops = [_creation(names, values, no) for no, values in enumerate(rows, start=1)]
    together = read_ops(ops, custom)
    for op, read in zip(ops, together, strict=True):
        alone = _alone(op, custom)
        assert _told(read) == _told(alone)


def _alone(op: Op, custom: CustomFields) -> Wanted | Refused:
    try:
        return read_op(op, custom)
    except Refused as refused:
        return refused


def _told(read: Wanted | Refused) -> Any:
    return (read.code, str(read)) if isinstance(read, Refused) else read
