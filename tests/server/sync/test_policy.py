"""Rights that cannot be worked out stop a laptop's rounds and take nothing away; odd trees stop nobody."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from crm_core import SCHEMA_VERSION
from crm_core.entities import SCHEMAS
from crm_core.ids import named_id, new_id
from sync_server.services.faults import Refusal
from tests.support.hq import Laptop, Office

SALES = named_id("role", "sales")
WAYS: dict[str, tuple[str, dict[str, Any]]] = {
    "no rights": ("role", {"rights": None}),
    "a list": ("role", {"rights": []}),
    "a text": ("role", {"rights": "all"}),
    "an unknown reach": ("role", {"rights": {"reach": {"customer": {"read": "galaxy"}}}}),
    "an unknown action": ("role", {"rights": {"reach": {"customer": {"steal": "own"}}}}),
    "an action nobody grants": ("role", {"rights": {"reach": {"customer": {"share": "own"}}}}),
    "an unknown class right": ("role", {"rights": {"classes": {"customer": {"core": "maybe"}}}}),
    "reach that is no table": ("role", {"rights": {"reach": {"customer": 7}}}),
    "a role that was deleted": ("role", {"life": 2}),
    "a role there is none of": ("user", {"role_id": new_id()}),
    "no role": ("user", {"role_id": None}),
}
"""What an older or newer program, or a hand in the database, may have left; HQ itself takes none of it."""


def written(office: Office, entity: str, record_id: str, values: dict[str, Any]) -> None:
    """Write past every rule, and let HQ work out rights anew."""
    table = SCHEMAS[entity].table
    with office.database.note() as connection:
        connection.execute(update(table).where(table.c.id == record_id).values(**values))
    office.hq.create("team", {"name": "Something rights follow from"})


def test_rights_that_cannot_be_worked_out_stop_the_round_and_take_nothing_away(sqlite_office: Office) -> None:
    office = sqlite_office
    laptop = office.laptop(office.user("Somebody", "sales"), schema=SCHEMA_VERSION)
    made = laptop.create("customer", {"name": "Customer"})
    laptop.sync()
    records = {"role": SALES, "user": laptop.user_id}
    for number, (entity, values) in enumerate(WAYS.values()):
        kept = {name: office.row(entity, records[entity])[name] for name in values}
        written(office, entity, records[entity], values)
        before, token = dict(laptop.replica), laptop.token
        laptop.set("customer", made, "name", f"Typed {number}")
        with pytest.raises(Refusal) as refused:
            laptop.send(laptop.request())
        assert (refused.value.code, refused.value.status) == ("policy", 503), values
        assert (laptop.replica, laptop.token) == (before, token)
        assert office.row("customer", made)["name"] != f"Typed {number}"
        written(office, entity, records[entity], kept)
        laptop.sync()
        assert office.row("customer", made)["name"] == f"Typed {number}", values
        assert laptop.replica == office.projection(laptop.user_id)


def test_teams_and_territories_in_a_circle_stop_nobody(sqlite_office: Office) -> None:
    office = sqlite_office
    create = office.hq.create
    first = create("team", {"name": "First"})
    second = create("team", {"name": "Second", "parent_id": first})
    area = create("territory", {"name": "Area"})
    boss = office.user("Boss", "regional_manager", team_id=first, territory_id=area)
    seller = office.user("Seller", "sales", team_id=second)
    own = create("customer", {"name": "The seller's", "owner_id": seller})
    shared = create("customer", {"name": "Shared", "owner_id": office.founder, "shared_with": [second]})
    laptops: list[Laptop] = [office.laptop(each, schema=SCHEMA_VERSION) for each in (boss, seller)]
    written(office, "team", first, {"parent_id": second})
    written(office, "territory", area, {"parent_id": area})
    for laptop in laptops:
        laptop.sync()
        assert laptop.replica == office.projection(laptop.user_id)
        assert {(SCHEMAS["customer"].no, each) for each in (own, shared)} <= laptop.replica.keys()
