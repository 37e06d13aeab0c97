"""What service of a sample profile is set up by: what tickets are about, and to whom they go."""

from __future__ import annotations

from typing import Final

from crm_core.entities.assignment import TICKET
from crm_core.i18n import N_, Translate
from crm_core.rules.conditions import Condition, Op
from crm_core.rules.segments import AllOf, plain_rule
from crm_core.schema.field import Plain
from crm_core.times import DAY_MS
from crm_desktop.models.replica import LOCAL_USER
from crm_desktop.services.sample_writing import Writer
from resources import translation

_CATEGORIES: Final = (
    ("meters", N_("Flow meters"), (("drift", N_("Readings drift")), ("mounting", N_("Mounting")))),
    ("pumps", N_("Pumps and valves"), (("spare", N_("Spare parts")),)),
    ("delivery", N_("Delivery and papers"), (("late", N_("Late delivery")), ("papers", N_("Certificates")))),
    ("software", N_("Software"), ()),
    ("invoice", N_("Invoices"), ()),
    ("training", N_("Training"), ()),
)
"""The key the demo's tickets name a category by, its name, and those below it."""
_SKILLED: Final = "meters"
_SKILL: Final = N_("metering")


class ServiceSetUp:
    """Writes categories and rules of assignment."""

    def __init__(self, writer: Writer, team_id: str) -> None:
        self._writer, self._team_id = writer, team_id
        self._show: Translate = translation(writer.language)

    def fill(self) -> None:
        """Write them."""
        for rank, (key, name, below) in enumerate(_CATEGORIES, start=1):
            skills: Plain = [self._show(_SKILL)] if key == _SKILLED else None
            parent_id = self._category(key, name, rank, skills=skills)
            for place, (lower, each) in enumerate(below, start=1):
                self._category(lower, each, place, parent_id=parent_id)
        meters_id = str(self._writer.categories[_SKILLED]["category_id"])
        urgent, meters = _asks("priority", "urgent"), _asks("category_id", meters_id)
        self._rule(N_("Urgent ones to who leads"), 1, way="named", people=[[LOCAL_USER, 1]], rules=urgent)
        self._rule(N_("Meters to who knows them"), 2, way="round_robin", rules=meters, skilled=True)
        self._rule(N_("Everything else"), 9, way="queue")

    def _category(self, key: str, name: str, rank: int, **values: Plain) -> str:
        made: dict[str, Plain] = {"name": self._show(name), "rank": rank, **values}
        record_id = self._writer.create("ticket_category", 300 * DAY_MS, made)
        self._writer.categories[key] = {"category_id": record_id, "category": made["name"]}
        return record_id

    def _rule(self, name: str, rank: int, **values: Plain) -> None:
        made: dict[str, Plain] = {
            "name": self._show(name),
            "rank": rank,
            "applies_to": TICKET,
            "team_id": self._team_id,
            "active": True,
            **values,
        }
        self._writer.create("assignment_rule", 100 * DAY_MS, made)


def _asks(field: str, value: str) -> Plain:
    return plain_rule(AllOf((Condition(field=field, op=Op.EQUAL, value=value),)))
