"""How invented records are written: past the recorder, with ids and choices that repeat."""

from __future__ import annotations

import datetime
import random
from collections.abc import Mapping

from crm_core.entities import SCHEMAS
from crm_core.exchange.missing import defaults_of
from crm_core.ids import named_id
from crm_core.schema.field import Plain
from crm_core.schema.standards import mended
from crm_core.sync.merge import dot
from crm_desktop.models import repository
from crm_desktop.models.device_tables import SetDot
from crm_desktop.models.records import field_key
from crm_desktop.models.replica import LOCAL_USER
from crm_desktop.models.session import WriteSession
from crm_desktop.services.calendar import local

CURRENCY = "CNY"
TAX_RATE = "13"


def evening(now_ms: int) -> tuple[int, int]:
    """Return an hour and minute of today still to come: 18:00, or later where it is later already."""
    hour = max(18, local(now_ms).hour + 1)
    return (hour, 0) if hour < 24 else (23, 59)


class Writer:
    """Writes the records of one filling. Times are milliseconds since 1970 UTC."""

    def __init__(self, session: WriteSession, now_ms: int, language: str, seed: int) -> None:
        self.session = session
        self.now = now_ms
        self.language = language
        self.random = random.Random(seed)
        self.users: dict[str, str] = {"me": LOCAL_USER}
        """Id by the key the texts use."""
        self.products: dict[str, dict[str, Plain]] = {}
        """Values, with the id, by code."""
        self.people: dict[str, list[str]] = {}
        """Ids of contacts by customer."""
        self.categories: dict[str, dict[str, Plain]] = {}
        """What a ticket says of its category, by the key the texts use."""
        self._made: dict[str, int] = {}
        self._dots = 0

    def say(self, text: Mapping[str, str] | None) -> str | None:
        """Return a text in the language of the filling."""
        return None if text is None else text[self.language]

    def create(
        self, entity: str, age_ms: int, values: Mapping[str, Plain], record_id: str | None = None
    ) -> str:
        """Write a record made so long ago and return its id; empty values stay empty.

        `record_id`: where the program knows a record by what it follows from.
        """
        number = self._made.get(entity, 0)
        self._made[entity] = number + 1
        made_at = self.now - age_ms
        given = {name: value for name, value in values.items() if value not in (None, "", [])}
        complete: dict[str, Plain] = {
            "created_at": made_at,
            "created_by": LOCAL_USER,
            "updated_at": made_at,
            "updated_by": LOCAL_USER,
            **defaults_of(SCHEMAS[entity]),
            **standard_values(entity, given),
        }
        for field in SCHEMAS[entity].set_fields:
            if isinstance(words := complete.get(field.name), list):
                complete[field.name] = sorted(words, key=str)  # as a set's column holds its words
        record_id = record_id or named_id("sample", f"{entity}:{number}")
        repository.create(self.session, entity, complete, record_id)
        for field in SCHEMAS[entity].set_fields:
            for word in complete.get(field.name) or ():  # type: ignore[union-attr]
                self._dots += 1
                self.session.add(
                    SetDot(
                        entity=entity,
                        row_id=record_id,
                        field=field_key(field),
                        word=word,
                        dot=dot(0, 1, self._dots),
                    )
                )
        return record_id

    def day_on(self, days: int) -> datetime.date:
        """Return the day so many days from today."""
        return local(self.now).date() + datetime.timedelta(days=days)

    def at(self, days: int, hour: int, minute: int) -> int:
        """Return a time of the day so many days from today."""
        moment = datetime.datetime.combine(self.day_on(days), datetime.time(hour, minute)).astimezone()
        return round(moment.timestamp() * 1000)


def standard_values(entity: str, values: Mapping[str, Plain]) -> dict[str, Plain]:
    """Return values of an invented record in their standard form, as far as they have one."""
    fields = SCHEMAS[entity].fields
    return {
        name: (mended(fields[name], value, values) or value) if name in fields else value
        for name, value in values.items()
    }
