"""Reports: the standard ones and those somebody keeps, counted over the records of this laptop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from crm_core.entities import SCHEMAS
from crm_core.errors import NotFound, UserError
from crm_core.i18n import N_, Message
from crm_core.reporting.faults import Place, fault_in
from crm_core.reporting.tables import answered as with_answers
from crm_core.reporting.tables import run
from crm_core.rules.access import Action, decide
from crm_core.rules.conditions import Value
from crm_core.rules.report_form import plain_report, stored_report
from crm_core.rules.report_options import ReportOptions, read_answers, read_options, written_options
from crm_core.rules.report_script import Script, parse_script, script_text
from crm_core.rules.reports import Report, ReportTable
from crm_core.rules.standard_reports import STANDARD_REPORTS
from crm_core.schema.field import Plain
from crm_desktop.models import query, state
from crm_desktop.models.custom import asked_fields
from crm_desktop.models.query import ListQuery
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.models.report_source import LaptopSource
from crm_desktop.models.state import Key
from crm_desktop.models.stopping import Stop
from crm_desktop.services import records, segments
from crm_desktop.services.outcome import Outcome

REPORT = "report"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportEntry:
    """A report that can be run. `key` is that of a standard report, or the id of one somebody keeps."""

    key: str
    name: Message
    tells: Message
    report: Report
    chart: str
    standard: bool = False
    own: bool = False
    """The person's own; another's is one that is shown to him."""
    shown_to: tuple[str, ...] = ()


def reports_of(replica: Replica) -> tuple[ReportEntry, ...]:
    """Return the reports a person has: his own and those shown to him by name, then the standard ones.

    Left out are those of kinds of record he reads none of, and what a newer version wrote.
    """
    person = replica.person
    kept: list[ReportEntry] = []
    if decide(person, Action.READ, REPORT):
        wanted = ListQuery(entity=REPORT, sort=(("rank", False), ("name", False)), limit=query.MAX_LIMIT)
        entries = (_entry(record, person.user_id) for record in records.page(replica, wanted).rows)
        kept = [each for each in entries if each is not None]
        kept = [each for each in kept if each.own or person.circles.intersection(each.shown_to)]
    standard = [
        ReportEntry(
            key=each.key,
            name=Message(each.title),
            tells=Message(each.tells),
            report=each.report,
            chart=each.chart,
            standard=True,
        )
        for each in STANDARD_REPORTS.values()
    ]
    found = [*sorted(kept, key=lambda each: not each.own), *standard]
    return tuple(each for each in found if decide(person, Action.READ, each.report.entity))


def report(replica: Replica, named: str) -> ReportEntry:
    """Return a report by key or id, or by name whatever its case. `NotFound` where there is none."""
    wanted = named.strip().casefold()
    every = reports_of(replica)
    found = [each for each in every if wanted == each.key] or [
        each for each in every if wanted == str(each.name).casefold()
    ]
    if not found:
        raise NotFound(N_("There is no report called “{name}”"), name=named)
    if len(found) > 1:
        raise UserError(N_("Several reports are called “{name}”: name one by its id"), name=named)
    return found[0]


def save(
    replica: Replica, name: str, made: Report, chart: str = "", report_id: str | None = None
) -> Outcome[Record]:
    """Keep a report under a name; with an id, change that one. One that cannot be counted is refused."""
    count(replica, made)
    values: dict[str, Plain] = {"name": name, "definition": plain_report(made), "chart": chart or None}
    if report_id is None:
        return records.create(replica, REPORT, values)
    return records.update(replica, REPORT, report_id, values)


def show_to(replica: Replica, report_id: str, role_id: str, *, shown: bool) -> Outcome[Record]:
    """Show a report to everybody who holds a role, or to them no more."""
    joins, leaves = ((role_id,), ()) if shown else ((), (role_id,))
    return records.change_tags(replica, REPORT, report_id, "shown_to", add=joins, remove=leaves)


def count(
    replica: Replica, asked: Report, answers: Mapping[str, Value] | None = None, stop: Stop | None = None
) -> ReportTable:
    """Return a report counted over what the person sees here; its errors are those of `run`.

    Another thread may `stop` it: then a `UserError` says so.
    """
    with replica.read() as session, (stop or Stop()).over(session):
        source = LaptopSource(session, replica.person)
        return run(source, asked, answers, as_of_ms=state.read(session, Key.LAST_OK_MS) or None)


def read(replica: Replica, options: ReportOptions) -> Report:
    """Return the report that options say. `UserError` where one cannot be read."""
    names = {row.name.casefold(): row.id for row in segments.segments_of(replica)}
    with replica.read() as session:
        return read_options(options, lambda entity: asked_fields(session, entity), names)


def written(replica: Replica, made: Report) -> ReportOptions:
    """Return the options that make a report, its questions answered as they are where nobody answers."""
    with replica.read() as session:
        return written_options(with_answers(made, {}), lambda entity: asked_fields(session, entity))


def script(replica: Replica, made: Script) -> str:
    """Return a report as text, without loss."""
    with replica.read() as session:
        return script_text(made, lambda entity: asked_fields(session, entity))


def read_script(replica: Replica, text: str) -> Script:
    """Return the report written as text. `UserError` names the line that cannot be read."""
    names = {row.name.casefold(): row.id for row in segments.segments_of(replica)}
    with replica.read() as session:
        return parse_script(text, lambda entity: asked_fields(session, entity), names)


def place_of_fault(replica: Replica, asked: Report) -> Place | None:
    """Return which part of a report cannot be counted, each looked at by itself; None where no one alone is
    at fault."""
    with replica.read() as session:
        return fault_in(LaptopSource(session, replica.person), asked)


def answered(replica: Replica, asked: Report, answers: Mapping[str, str]) -> dict[str, Value]:
    """Return answers, as typed, as the values of a report's questions."""
    with replica.read() as session:
        return read_answers(asked, answers, lambda entity: asked_fields(session, entity))


def _entry(record: Record, user_id: str) -> ReportEntry | None:
    kept = stored_report(record.get("definition"))
    if kept is None:
        return None
    return ReportEntry(
        key=record.id,
        name=Message(record.title),
        tells=Message(str(record.get("tells") or "")),
        report=kept,
        chart=str(record.get("chart") or "table"),
        own=record.get("owner_id") in (None, user_id),
        shown_to=tuple(record.get("shown_to") or ()),
    )


def kinds(replica: Replica) -> tuple[tuple[str, str], ...]:
    """Return the kinds of record a person can count, as (name, label of several)."""
    return tuple(
        (name, schema.meta.plural)
        for name, schema in SCHEMAS.items()
        if not schema.meta.reference and decide(replica.person, Action.READ, name)
    )
