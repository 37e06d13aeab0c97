"""What goes into one scheduled report for one reader, counted by his rights alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from crm_core.charts.tiles import drawn_tables, placed
from crm_core.errors import NotFound, UserError
from crm_core.i18n import N_, Message, message
from crm_core.ids import is_id
from crm_core.reporting.files import demand_exportable
from crm_core.rules.access import Action, decide
from crm_core.rules.report_form import stored_report
from crm_core.rules.reports import Report
from crm_core.rules.standard_reports import standard_report
from resources import translation
from resources.report_file import dashboard_file, report_file, report_tiles
from sync_server.services import dashboards, reports
from sync_server.services.dashboards import DASHBOARD, DashboardEntry
from sync_server.services.headquarters import Headquarters
from sync_server.services.reading import Reader
from sync_server.services.report_letters import Attached, Block, Wanted

NO_SUCH: Final = N_("The report or dashboard is not there any more")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a schedule sends: a report with its chart, or a dashboard."""

    name: Message
    report: Report | None = None
    chart: str = ""
    dashboard: DashboardEntry | None = None


def subject_of(reader: Reader, schedule: Mapping[str, Any]) -> Subject:
    """Return what a schedule sends, as somebody sees it. `NotFound` where he does not."""
    if schedule["standard"]:
        found = standard_report(str(schedule["standard"]))
        return Subject(name=Message(found.title), report=found.report, chart=found.chart)
    entity, link = (DASHBOARD, "dashboard_id") if schedule["dashboard_id"] else (reports.REPORT, "report_id")
    record_id = str(schedule[link] or "")
    if not is_id(record_id):
        raise NotFound(NO_SUCH)
    decide(reader.person, Action.READ, entity).demand()
    row = reader.get(entity, record_id)
    if entity == DASHBOARD:
        entry = dashboards.entry_of({**row, "id": record_id})
        if entry is None:
            raise UserError(N_("This dashboard was made by a newer version, or is damaged"))
        return Subject(name=entry.name, dashboard=entry)
    report = stored_report(row["definition"])
    if report is None:
        raise UserError(N_("This report was made by a newer version, or is damaged"))
    return Subject(name=Message(str(row["name"] or "")), report=report, chart=str(row["chart"] or "table"))


def contents(
    hq: Headquarters, reader: Reader, schedule: Mapping[str, Any], sending_id: str, now_ms: int
) -> Wanted:
    """Return what one mail says, counted over what the reader may see and may take out.

    What is sent is what its maker chose; which of it counts is the reader's own right. `AccessDenied` where
    that is nothing.
    """
    owner = hq.records.author(reader.connection, str(schedule["owner_id"])).person
    subject = subject_of(Reader(reader.connection, owner), schedule)
    language = str(schedule["language"] or hq.settings.language)
    zone = str(schedule["zone"] or "")
    translate = translation(language)
    at = reports.wall_time(now_ms, zone)
    user = hq.records.name_of("user", reader.person.user_id) or ""
    remark = message(N_("By the rights of {user}, as of {time}"), user=user, time=f"{at:%Y-%m-%d %H:%M}")
    currency = hq.settings.currency
    files: list[Attached] = []
    kinds = [ending for name, ending in (("attach_pdf", ".pdf"), ("attach_xlsx", ".xlsx")) if schedule[name]]
    title = subject.name.show(translate)
    if subject.report is not None:
        table = reports.count(reader, subject.report, currency, now_ms, zone=zone)
        demand_exportable(reader.person, table)
        for ending in kinds:
            content = report_file(table, ending, subject.name, subject.chart, at.date(), language, translate)
            files.append(Attached(name=_file_name(title, ending), content=content))
        return Wanted(
            sending_id=sending_id,
            name=subject.name,
            remark=remark,
            blocks=[Block(title=title, table=table)],
            tiles=report_tiles(table, subject.name, subject.chart, at.date())[:1],
            files=files,
            language=language,
        )
    entry = subject.dashboard
    if entry is None:
        raise NotFound(NO_SUCH)
    counted = dashboards.count_dashboard(reader, entry, currency, now_ms, zone=zone)
    tables = drawn_tables(counted)
    demand_exportable(reader.person, *tables)
    if not tables:
        raise UserError(N_("None of the tiles could be counted"))
    for ending in kinds:
        content = dashboard_file(entry.tiles, counted, ending, subject.name, remark, language, translate)
        files.append(Attached(name=_file_name(title, ending), content=content))
    return Wanted(
        sending_id=sending_id,
        name=subject.name,
        remark=remark,
        blocks=[
            Block(
                title=Message(each.title).show(translate),
                table=each.drawn.table if each.drawn is not None else None,
                fault=each.fault.show(translate) if each.fault is not None else "",
            )
            for each in counted
        ],
        tiles=placed(entry.tiles, {each.tile.id: each for each in counted}),
        files=files,
        language=language,
    )


def _file_name(title: str, ending: str) -> str:
    plain = "".join(each if each.isalnum() or each in " -_" else "_" for each in title).strip() or "report"
    return f"{plain[:80]}{ending}"
