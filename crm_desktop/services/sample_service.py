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
    (N_("Flow meters"), (N_("Readings drift"), N_("Mounting"), N_("Spare parts"))),
    (N_("Delivery and papers"), (N_("Late delivery"), N_("Certificates"))),
    (N_("Software"), ()),
)
_SKILLED: Final = N_("Flow meters")
_SKILL: Final = N_("metering")


class ServiceSetUp:
    """Writes categories and rules of assignment."""

    def __init__(self, writer: Writer, team_id: str) -> None:
        self._writer, self._team_id = writer, team_id
        self._show: Translate = translation(writer.language)

    def fill(self) -> None:
        """Write them."""
        ids = {}
        for rank, (name, below) in enumerate(_CATEGORIES, start=1):
            skills: Plain = [self._show(_SKILL)] if name == _SKILLED else None
            ids[name] = parent_id = self._category(name, rank, skills=skills)
            for place, each in enumerate(below, start=1):
                ids[each] = self._category(each, place, parent_id=parent_id)
        urgent, meters = _asks("priority", "urgent"), _asks("category_id", ids[_SKILLED])
        self._rule(N_("Urgent ones to who leads"), 1, way="named", people=[[LOCAL_USER, 1]], rules=urgent)
        self._rule(N_("Meters to who knows them"), 2, way="round_robin", rules=meters, skilled=True)
        self._rule(N_("Everything else"), 9, way="queue")

    def _category(self, name: str, rank: int, **values: Plain) -> str:
        made: dict[str, Plain] = {"name": self._show(name), "rank": rank, **values}
        return self._writer.create("ticket_category", 300 * DAY_MS, made)

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
