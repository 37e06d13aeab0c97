"""Steps between records and the shared pool, as a laptop that speaks to HQ by itself takes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from crm_core.entities import SCHEMAS
from crm_core.schema.field import Kind
from crm_core.sync.protocol import OpKind
from tests.support.hq import Laptop, Office


@dataclass(frozen=True)
class Pooled:
    """A kind of record that lies in the pool while nobody has it."""

    entity: str
    free_state: str
    """State of one nobody has."""
    held_state: str
    link: str
    """What links an activity to it."""
    claimed_first: str
    """What is said to who comes second."""
    again: str
    """Part of what is said to who had it before."""

    def step(self, laptop: Laptop, record: str, name: str, was: str, **given: Any) -> int:
        """Take a step that names the state its writer saw; return the number of the operation."""
        schema = SCHEMAS[self.entity]
        machine = schema.meta.machine
        assert machine is not None
        fields = [schema.fields[each] for each in given]
        links = [field.kind is Kind.REF for field in fields]
        told = [
            (bytes.fromhex(value) if value else None) if is_link else value
            for is_link, value in zip(links, given.values(), strict=True)
        ]
        values = [name, was, [[field.no for field in fields], told]]
        return laptop.do(OpKind.COMMAND, self.entity, record, schema.fields[machine.field].no, values)

    def claim(self, laptop: Laptop, record: str) -> int:
        """Claim a record for who sits at a laptop."""
        return self.step(laptop, record, "take", self.free_state, owner_id=laptop.user_id)

    def give_back(self, laptop: Laptop, record: str) -> int:
        """Give a record back that who sits at a laptop has."""
        given = {"owner_id": ""} if self is LEADS else {"pool_reason": "No need"}
        return self.step(laptop, record, "return", self.held_state, **given, last_owner_id=laptop.user_id)

    def free(self, office: Office, **values: Any) -> str:
        """Make a record nobody has."""
        record = office.hq.create(self.entity, {"name": "无主", **values})
        if office.row(self.entity, record)["owner_id"]:
            office.hq.update(self.entity, record, {"owner_id": None})
        return record

    def rule(self, office: Office, **values: Any) -> str:
        """Make a rule of the pool for records of this kind."""
        return office.hq.create("pool_rule", {"name": "All", "kind": self.entity, **values})


CUSTOMERS = Pooled(
    entity="customer",
    free_state="pool",
    held_state="held",
    link="customer_id",
    claimed_first="{person} claimed this customer first",
    again="You held this customer before",
)
LEADS = Pooled(
    entity="lead",
    free_state="new",
    held_state="new",
    link="lead_id",
    claimed_first="{person} has this lead already",
    again="You had this lead before",
)


def laptop_of(office: Office, name: str, role: str = "sales") -> Laptop:
    """Return the laptop of a new person, up to date."""
    laptop = office.laptop(office.user(name, role))
    laptop.sync()
    return laptop
