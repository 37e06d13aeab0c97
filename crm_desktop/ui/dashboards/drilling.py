"""From a mark of a chart to the list of the very records behind it."""

from __future__ import annotations

from PySide6.QtCore import QObject

from crm_core.charts.drawing import Mark
from crm_core.charts.of_report import Drawn
from crm_core.i18n import message
from crm_core.rules.segments import Rule
from crm_desktop.models.conditions import Condition
from crm_desktop.services import dashboards
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.dashboards.words import title_of
from crm_desktop.ui.places import SHOWN_WITH, page_listing
from crm_desktop.ui.translate import Text, show


def open_records(owner: QObject, context: Context, drawn: Drawn, mark: Mark | None) -> None:
    """Show the records behind a mark, or all of the chart's, on the page that lists them."""
    rule = drawn.rule_of(mark) if mark is not None else drawn.table.rule_at()
    open_rule(owner, context, drawn.table.report.entity, rule, title_of(drawn.chart.title, mark))


def open_row(owner: QObject, context: Context, drawn: Drawn, row: int) -> None:
    """Show the records behind a row of the numbers; one beyond the rows is their total."""
    table = drawn.table
    if row >= len(table.rows):
        open_records(owner, context, drawn, None)
        return
    words = ", ".join(show(head.label) for head in table.rows[row].heads)
    title = message("{tile}: {what}", tile=drawn.chart.title, what=words)
    open_rule(owner, context, table.report.entity, table.rule_at(row), title)


def open_rule(owner: QObject, context: Context, entity: str, rule: Rule, title: Text) -> None:
    """Show the records that meet a rule on the page that lists them."""
    replica = context.replica
    shown_with = SHOWN_WITH.get(entity, "")
    page = page_listing(shown_with or entity)
    if page is None:
        context.remark(message("There is no page that lists these records"))
        return

    def go(conditions: tuple[Condition, ...]) -> None:
        context.go.emit(Place(page=page, options={"conditions": conditions, "title": title}))

    context.tasks.read(
        owner,
        lambda: dashboards.conditions_for(replica, entity, rule, shown_with),
        go,
        context.show_error,
        topic="drill",
    )
