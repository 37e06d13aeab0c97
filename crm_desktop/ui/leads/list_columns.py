"""How the list of leads begins: columns, order and tabs."""

from __future__ import annotations

from crm_core.entities.lead import OPEN
from crm_core.i18n import message
from crm_desktop.models.clock import Clock
from crm_desktop.models.conditions import Condition, Op
from crm_desktop.ui.itemmodels.rows import CellText, Column
from crm_desktop.ui.leads.words import age_days, age_words
from crm_desktop.ui.lists.views import ListView
from crm_desktop.ui.translate import show
from crm_desktop.ui.widgets.cells import CellKind

AGE, SCORE = "age", "score"
SHOWN = ("name", "company", SCORE, "source", AGE, "owner_id", "status", "next_contact_on")
WIDTHS = {
    "company": 168,
    SCORE: 56,
    "source": 100,
    AGE: 64,
    "owner_id": 104,
    "status": 96,
    "next_contact_on": 112,
}
NEWEST_FIRST = (("created_at", True),)
VIEWS = (
    ListView(
        key="open",
        text=message("To be worked on"),
        fixed=(Condition(field="status", op=Op.IN, value=OPEN),),
    ),
    ListView(
        key="nobodys",
        text=message("Nobody's yet"),
        fixed=(
            Condition(field="owner_id", op=Op.EMPTY),
            Condition(field="status", op=Op.IN, value=OPEN),
        ),
    ),
)


def extra_columns(clock: Clock) -> tuple[Column, ...]:
    """Return the age of a lead as a column."""
    age = Column(
        key=AGE,
        title=message("Age"),
        kind=CellKind.RIGHT,
        width=WIDTHS[AGE],
        cell=lambda row: CellText(show(age_words(row.record, clock)), age_days(row.record, clock)),
        sort="created_at",
    )
    return (age,)
