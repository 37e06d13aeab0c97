"""The interface does what its description says, whatever is sent: made-up requests for every operation.

At length `SATCHEL_INTERFACE_EXAMPLES` requests of each operation go; an ordinary run takes few of some.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import openapi
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from crm_core.entities import SCHEMAS
from tests.support.server import ADMIN, ADMIN_PASSWORD, RunningServer

LONG = int(os.environ.get("SATCHEL_INTERFACE_EXAMPLES", "40"))
SHORT_OF = ("customer",)
"""Kinds of record of an ordinary run: one with nearly every kind of field."""
LEFT_OUT = ("/v1/bye",)
"""Signs the laptop out that asks."""
POLICY = ("user", "role", "team", "territory")
"""Made-up values in what is there already would lock everybody out."""
CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


class Interface:
    """The described operations of one HQ, as somebody who may do everything calls them."""

    def __init__(self, server: RunningServer) -> None:
        self.url = server.url
        body = {"user": ADMIN, "password": ADMIN_PASSWORD, "device_name": "Laptop", "schema": 2}
        token = requests.post(f"{self.url}/v1/enrol", json=body, timeout=30).json()["secret"]
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {token}"
        described = self.session.get(f"{self.url}/openapi.json", timeout=30).json()
        self.schema = openapi.from_dict(described)
        self.schema.config.update(base_url=self.url)
        self.known = {name: self._make(name) for name in ("customer", "tag", "product", "team")}

    def _make(self, entity: str) -> str:
        made = self.session.post(f"{self.url}/v1/records/{entity}", json={"name": "Known"}, timeout=30)
        return str(made.json()["id"])

    def operations(self) -> Iterator[Any]:
        """Yield every operation but those left out."""
        for found in self.schema.get_all_operations():
            operation = found.ok()
            if operation.path not in LEFT_OUT:
                yield operation

    def try_out(self, operation: Any, examples: int) -> int:
        """Call an operation with made-up requests and hold the answers against the description."""
        entity = operation.path.removeprefix("/v1/records/").partition("/")[0]
        made = 0

        @seed(7)
        @settings(
            max_examples=examples,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def call(case: Any) -> None:
            nonlocal made
            made += 1
            record_id = self.known.get(entity)
            if made % 2 and record_id and entity not in POLICY and "id" in (case.path_parameters or {}):
                case.path_parameters["id"] = record_id
            response = case.call(session=self.session, timeout=60)
            case.validate_response(response, checks=CHECKS)

        call()
        return made


@pytest.fixture(scope="module")
def interface(server: RunningServer) -> Interface:
    return Interface(server)


def test_every_kind_of_record_is_described_with_every_operation(interface: Interface) -> None:
    described = {(operation.method.upper(), operation.path) for operation in interface.operations()}
    for name in SCHEMAS:
        place = f"/v1/records/{name}"
        assert {("GET", place), ("POST", place)} <= described
        one = f"{place}/{{id}}"
        assert {("GET", one), ("PATCH", one), ("DELETE", one), ("POST", f"{one}/restore")} <= described


def test_what_is_made_up_is_answered_as_described(interface: Interface) -> None:
    tried = 0
    for operation in interface.operations():
        entity = operation.path.removeprefix("/v1/records/").partition("/")[0]
        if entity in SHORT_OF or entity not in SCHEMAS:
            tried += interface.try_out(operation, 2)
    assert tried > 20


@pytest.mark.soak
def test_much_more_that_is_made_up_is_answered_as_described(interface: Interface) -> None:
    tried = sum(interface.try_out(operation, LONG) for operation in interface.operations())
    print(f"made-up requests: {tried}, every answer as described")
