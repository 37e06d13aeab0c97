"""What once was released keeps its number, kind and group, and what is new says since when it is there."""

from __future__ import annotations

import json
from pathlib import Path

from crm_core import SCHEMA_VERSION
from crm_core.entities import SCHEMAS
from crm_core.sync.protocol import CODES_SET_ASIDE, Code

FIRST = json.loads(Path(__file__).with_name("schema_1.json").read_text(encoding="utf-8"))
"""Every field of schema version 1: by number its name, kind and group."""
NONE: dict[str, dict[str, str]] = {"fields": {}}


def declared(entity: str) -> dict[str, str]:
    """Return an entity's fields in the form of the file."""
    fields = SCHEMAS[entity].fields.values()
    return {str(f.no): " ".join(filter(None, (f.name, f.kind, f.group))) for f in fields}


def test_fields_once_released_are_neither_renamed_nor_retyped_nor_regrouped() -> None:
    changed = {
        f"{entity} {no}": (was, declared(entity).get(no))
        for entity, known in FIRST.items()
        for no, was in known["fields"].items()
        if declared(entity).get(no) != was
    }
    assert changed == {}, "laptops in use write the old one; declare a new field with a new number"
    assert {entity: SCHEMAS[entity].no for entity in FIRST} == {
        entity: known["no"] for entity, known in FIRST.items()
    }


def test_every_newer_field_and_kind_says_since_when_it_is_there() -> None:
    newer = [
        f"{entity} {f.name}"
        for entity, schema in SCHEMAS.items()
        for f in schema.fields.values()
        if f.since < 2 and schema.meta.since < 2 and str(f.no) not in FIRST.get(entity, NONE)["fields"]
    ]
    assert newer == [], "without since= an older program would never get it after its upgrade"


def test_the_schema_version_is_that_of_the_newest_field() -> None:
    newest = max(
        max(schema.meta.since, *(f.since for f in schema.fields.values())) for schema in SCHEMAS.values()
    )
    assert newest == SCHEMA_VERSION


def test_a_group_gets_no_member_later() -> None:
    """A laptop upgraded with edits waiting would send groups that are too short."""
    for schema in SCHEMAS.values():
        for members in schema.groups.values():
            assert len({member.since for member in members}) == 1


def test_numbers_of_answers_set_aside_are_given_to_no_other() -> None:
    assert CODES_SET_ASIDE.isdisjoint(Code)
