"""Satchel's interface for programs, as docs/interface.md describes it."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from typing import Any

import requests

TIMEOUT_S = 60
TRIES = 5
RECORDS_A_REQUEST = 200


class SatchelRefused(Exception):
    """Satchel did not do what it was asked; the text is its own."""


class Satchel:
    """One headquarters, asked with a key."""

    def __init__(self, url: str, key: str) -> None:
        self._url = f"{url.rstrip('/')}/v1"
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {key}"

    def changes(self, since: str, *entities: str) -> Iterator[tuple[list[Any], str]]:
        """Yield pages of what changed since a cursor, each with the cursor that goes on after it."""
        more = True
        while more:
            query = [("since", since), *(("entity", each) for each in entities)]
            page = self._ask("GET", "changes", params=query)
            since, more = page["next"], page["more"]
            yield page["changes"], since

    def records(self, entity: str, *where: str, sort: str = "") -> list[Any]:
        """Return the records that fit, all of them."""
        found: list[Any] = []
        after = None
        while True:
            query = [("where", each) for each in where] + [("sort", sort)] * bool(sort)
            page = self._ask("GET", f"records/{entity}", params=[*query, *[("after", after)] * bool(after)])
            found += page["records"]
            after = page["next"]
            if after is None:
                return found

    def show(self, entity: str, record_id: str) -> Any:
        """Return one record."""
        return self._ask("GET", f"records/{entity}/{record_id}")

    def name(self, entity: str, record_id: str, external_id: str) -> None:
        """Let a record that is there be known by the ERP's own number."""
        self._ask("PATCH", f"records/{entity}/{record_id}", json={"external_id": external_id})

    def put(self, records: list[Any]) -> list[Any]:
        """Write records by the ERP's own numbers; return what was refused, each with its problem."""
        refused: list[Any] = []
        for start in range(0, len(records), RECORDS_A_REQUEST):
            body = {"records": records[start : start + RECORDS_A_REQUEST]}
            done = self._ask("POST", "bulk", json=body)
            refused += [each for each in done["results"] if "problem" in each]
        return refused

    def _ask(self, method: str, path: str, **how: Any) -> Any:
        """Ask until there is an answer; what is asked again carries the same key and is done once."""
        headers = {}
        if method != "GET":
            told = json.dumps(how.get("json"), sort_keys=True)
            # The moment is part of it: the same figures sent tomorrow are another request.
            headers["Idempotency-Key"] = hashlib.sha256(f"{time.time_ns()}{told}".encode()).hexdigest()
        for tried in range(1, TRIES + 1):
            try:
                answer = self._session.request(
                    method, f"{self._url}/{path}", headers=headers, timeout=TIMEOUT_S, **how
                )
            except (requests.ConnectionError, requests.Timeout):
                if tried == TRIES:
                    raise
                time.sleep(2.0**tried)
                continue
            if answer.status_code in (429, 503) and tried < TRIES:
                time.sleep(float(answer.headers.get("Retry-After", 2.0**tried)))
                continue
            if not answer.ok:
                problem = answer.json()
                raise SatchelRefused(
                    f"{method} {path}: {problem.get('detail', answer.status_code)} {problem}"
                )
            return answer.json()
        raise SatchelRefused(f"{method} {path}: no answer")
