"""Tryton over its JSON-RPC, as its own clients speak it: https://docs.tryton.org/projects/server/en/7.0/"""

from __future__ import annotations

import base64
import datetime
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import requests

TIMEOUT_S = 60


class TrytonRefused(Exception):
    """Tryton did not do what it was asked; the text is its own."""


class Tryton:
    """One database of a Tryton server, signed in. Threads may not share it."""

    def __init__(self, url: str, database: str, user: str, password: str) -> None:
        self._url = f"{url.rstrip('/')}/{database}/"
        self._session = requests.Session()
        signed_in = self._call("common.db.login", user, {"password": password}, "en")
        if not signed_in:
            raise TrytonRefused("name or password are wrong")
        token = f"{user}:{signed_in[0]}:{signed_in[1]}"
        self._session.headers["Authorization"] = f"Session {base64.b64encode(token.encode()).decode()}"
        self.context: dict[str, Any] = self._call("model.res.user.get_preferences", True, {})

    def call(self, method: str, *arguments: Any, **context: Any) -> Any:
        """Call a method of a model or wizard, such as `model.party.party.create`."""
        return self._call(method, *arguments, {**self.context, **context})

    def search(self, model: str, domain: list[Any], fields: Iterable[str], **context: Any) -> list[Any]:
        """Return records with these fields, in the order they were made."""
        method = f"model.{model}.search_read"
        found: list[Any] = self.call(method, domain, 0, None, [["id", "ASC"]], list(fields), **context)
        return found

    def create(self, model: str, values: Mapping[str, Any]) -> int:
        """Make a record and return its id."""
        (made,) = self.call(f"model.{model}.create", [dict(values)])
        return int(made)

    def _call(self, method: str, *arguments: Any) -> Any:
        body = {"id": 1, "method": method, "params": [_sent(each) for each in arguments]}
        answer = self._session.post(self._url, json=body, timeout=TIMEOUT_S)
        answer.raise_for_status()
        said = answer.json()
        if said.get("error"):
            raise TrytonRefused(f"{method}: {said['error']}")
        return _read(said["result"])


def _sent(value: Any) -> Any:
    """Return a value as Tryton's JSON carries it."""
    if isinstance(value, Decimal):
        return {"__class__": "Decimal", "decimal": str(value)}
    if isinstance(value, datetime.date):
        return {"__class__": "date", "year": value.year, "month": value.month, "day": value.day}
    if isinstance(value, Mapping):
        return {key: _sent(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_sent(each) for each in value]
    return value


def _read(value: Any) -> Any:
    """Return what Tryton's JSON carries as values."""
    if isinstance(value, Mapping):
        match value.get("__class__"):
            case "Decimal":
                return Decimal(value["decimal"])
            case "date":
                return datetime.date(value["year"], value["month"], value["day"])
            case None:
                return {key: _read(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_read(each) for each in value]
    return value
