"""`crm forecast`: what deals bring in a period, what changed, judgements, the past carried on, what-if."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.money import Money, parse_money
from crm_core.rules.access import Action, decide
from crm_core.rules.back_test import Carried, Range, TooLittle, Tried
from crm_core.rules.forecast import Category
from crm_core.rules.stretches import Length, Stretch, parse_stretch, stretch_at
from crm_core.rules.what_if import Changes, plain_changes, problems_of_scenario
from crm_core.schema.values import instant_text
from crm_desktop.cli.console import LANGUAGE, tr
from crm_desktop.cli.root import Terminal, pass_terminal
from crm_desktop.cli.values import record_id_of
from crm_desktop.documents.scenario_file import scenario_file
from crm_desktop.interchange.saving import write_pieces
from crm_desktop.models.device_tables import EXPORTED
from crm_desktop.models.replica import Replica
from crm_desktop.services import forecast_changes, forecast_scopes, outlooks, syncing
from crm_desktop.services import forecasts as service
from crm_desktop.services import scenarios as what_ifs
from crm_desktop.services.forecasts import Figures
from crm_desktop.services.scenarios import Compared, Setting

_FIGURES = ("who", "won", "commit", "best", "pipeline", "left_out", "weighted", "deals")
_CHANGED = ("change", "deal", "amount", "id")
_CALLS = ("at", "amount", "said_by", "reason")
_METHODS = ("method", "origins", "mape", "smape", "coverage", "error")
_COMPARED = ("name", "won", "pipeline", "new", "total", "target", "gap")
_BY_RULE = "by-rule"


def period_options(function: Any) -> Any:
    """Add the options that say of which period and of whose deals."""
    for option in (
        click.option(
            "--period",
            default="",
            metavar="PERIOD",
            help=tr(N_("2026, 2026-Q4 or 2026-11; else this quarter.")),
        ),
        click.option(
            "--scope",
            default="",
            metavar="SCOPE",
            help=tr(N_("me, all, or a team by name; else all you may see.")),
        ),
    ):
        function = option(function)
    return function


def change_options(function: Any) -> Any:
    """Add the options that say what would be different."""
    for option in (
        click.option("--price", default="0", metavar="PERCENT", help=tr(N_("Prices, per cent more."))),
        click.option("--win-rate", default="0", metavar="POINTS", help=tr(N_("Win rate, points more."))),
        click.option("--volume", default="0", metavar="PERCENT", help=tr(N_("New deals, per cent more."))),
        click.option(
            "--cycle", default="0", metavar="PERCENT", help=tr(N_("Length of the cycle, per cent."))
        ),
        click.option(
            "--stage",
            "stages",
            multiple=True,
            metavar="STAGE=POINTS",
            help=tr(N_("Win rate of one stage, by its name, points more.")),
        ),
    ):
        function = option(function)
    return function


@click.group(
    help=tr(N_("Forecasts: what deals bring in a period, what changed, the past carried on, what-if."))
)
def forecast() -> None:
    """Forecasts."""


@forecast.command("show", help=tr(N_("Show the forecast of a period by person, and in all.")))
@period_options
@pass_terminal
def show(terminal: Terminal, period: str, scope: str) -> None:
    """Show a forecast."""
    with terminal.app() as app:
        found = service.forecast(app.replica, *_of(app.replica, period, scope))
        target = found.target
        rows = [{"who": name, **_figures(each, found.currency)} for name, each in found.people]
        total = {"who": tr("Total"), "total": True, **_figures(found.total, found.currency)}
        total["target"] = None if target is None else str(Money(target.goal.goal, found.currency))
        total["undated"] = found.undated
        total["left_out_for_want_of_a_rate"] = found.table.left_out
        terminal.console.show_rows([*rows, total], _FIGURES)


@forecast.command("changes", help=tr(N_("List what became of a period's deals in the last days.")))
@click.option("--days", type=click.IntRange(1, 400), default=7, help=tr(N_("How many days back.")))
@period_options
@pass_terminal
def changes(terminal: Terminal, days: int, period: str, scope: str) -> None:
    """List changes."""
    with terminal.app() as app:
        found = forecast_changes.changed(app.replica, *_of(app.replica, period, scope), days)
        rows = [
            {
                "change": each.change.value,
                "deal": each.name,
                "amount": str(Money(each.amount, found.currency)),
                "id": each.deal_id,
            }
            for each in found.deals
        ]
        terminal.console.show_rows(rows, _CHANGED)


@forecast.command("judge", help=tr(N_("Say what you expect of a period, such as 840000, and why.")))
@click.argument("amount")
@click.option("--reason", required=True, help=tr(N_("Why you think so.")))
@period_options
@pass_terminal
def judge(terminal: Terminal, amount: str, reason: str, period: str, scope: str) -> None:
    """Make a judgement."""
    with terminal.app() as app:
        replica = app.replica
        stretch, whose = _of(replica, period, scope)
        expected = parse_money(amount, service.currency_of(replica))
        if expected.currency != service.currency_of(replica):
            raise UserError(N_("A judgement is in the company's currency"))
        made = service.judge(replica, stretch, whose, expected.minor, reason).value
        terminal.console.show(
            {"id": made.id, "period": str(stretch), "amount": str(expected), "reason": reason}
        )


@forecast.command("judgements", help=tr(N_("List what was expected of a period, the newest first.")))
@period_options
@pass_terminal
def judgements(terminal: Terminal, period: str, scope: str) -> None:
    """List judgements."""
    with terminal.app() as app:
        found = service.forecast(app.replica, *_of(app.replica, period, scope))
        rows = [
            {
                "at": instant_text(each.at_ms),
                "amount": str(Money(each.amount, each.currency or found.currency)),
                "said_by": each.said_by,
                "reason": each.reason,
                "id": each.id,
            }
            for each in found.calls
        ]
        terminal.console.show_rows(rows, _CALLS)


@forecast.command(
    "set", help=tr(N_("Count a DEAL as commit, best, pipeline or omitted; by-rule: as its probability says."))
)
@click.argument("deal_id", metavar="DEAL")
@click.argument("category", type=click.Choice([*(each.value for each in Category), _BY_RULE]))
@pass_terminal
def set_category(terminal: Terminal, deal_id: str, category: str) -> None:
    """Set a category."""
    with terminal.app() as app:
        wanted = None if category == _BY_RULE else Category(category)
        saved = service.set_category(app.replica, record_id_of(deal_id), wanted).value
        terminal.console.show({"id": saved.id, "forecast": saved.get("forecast")})


@forecast.command(
    "history",
    help=tr(
        N_("Carry the months that are over on to a period, by the method that told them best, with its test.")
    ),
)
@period_options
@pass_terminal
def history(terminal: Terminal, period: str, scope: str) -> None:
    """Show an outlook."""
    with terminal.app() as app:
        found = outlooks.outlook(app.replica, *_of(app.replica, period, scope))
        carried = found.carried
        told: dict[str, Any] = {
            "period": str(found.stretch),
            "months_of_history": len(found.history),
            "won_so_far": str(Money(found.won_so_far, found.currency)),
        }
        if isinstance(carried, TooLittle):
            told["too_little_history"] = tr(
                "There are {figures} whole months; {needed} are needed to say anything"
            ).format(figures=carried.figures, needed=carried.needed)
        elif isinstance(carried, Carried) and found.total is not None:
            told |= _range("expected", found.total, found.currency)
            told["method"] = tr(carried.best.method.label)
            told["back_test"] = [_tried(each, found.currency) for each in carried.tried]
            told["months"] = [
                {"month": month, **_range("expected", step, found.currency)}
                for month, step in zip(found.months, carried.steps, strict=True)
            ]
        stages = found.pipeline
        told["by_stages"] = {
            **_range(
                "open_deals", Range(low=stages.low, middle=stages.middle, high=stages.high), found.currency
            ),
            "deals": stages.counted,
            "by_probability": stages.by_probability,
        }
        if terminal.console.as_json:
            terminal.console.show(told)
            return
        methods = told.pop("back_test", [])
        months = told.pop("months", [])
        terminal.console.show({**told, "by_stages": str(told["by_stages"])})
        if methods:
            terminal.console.show_rows(methods, _METHODS)
            terminal.console.show_rows(months, ("month", "expected", "expected_low", "expected_high"))


@forecast.command("what-if", help=tr(N_("Show what the running period would come to under some changes.")))
@period_options
@change_options
@click.option("--save", "name", default="", metavar="NAME", help=tr(N_("Keep the changes under a name.")))
@pass_terminal
def what_if(terminal: Terminal, /, period: str, scope: str, name: str, **how: Any) -> None:
    """Show a what-if."""
    with terminal.app() as app:
        replica = app.replica
        over = what_ifs.setting(replica, *_of(replica, period, scope))
        asked = _changes(over, how)
        if name:
            what_ifs.save(replica, name, asked)
        rows = [what_ifs.worked_out(over, tr("As it stands"), Changes())]
        rows.append(what_ifs.worked_out(over, name or tr("What if"), asked))
        terminal.console.show_rows([_compared(each, over) for each in rows], _COMPARED)


@forecast.command(
    "scenarios", help=tr(N_("Put the scenarios you have side by side, over the running period."))
)
@period_options
@click.option(
    "--file",
    type=click.Path(path_type=Path, dir_okay=False),
    help=tr(N_("Write them to a file, too: xlsx, CSV, PDF, PNG or SVG.")),
)
@pass_terminal
def scenarios(terminal: Terminal, period: str, scope: str, file: Path | None) -> None:
    """Compare scenarios."""
    with terminal.app() as app:
        replica = app.replica
        over = what_ifs.setting(replica, *_of(replica, period, scope))
        kept = [each for each in what_ifs.scenarios_of(replica) if each.fault is None]
        found = [what_ifs.worked_out(over, tr("As it stands"), Changes())]
        found += [what_ifs.worked_out(over, each.name, each.changes) for each in kept]
        if file is not None:
            decide(replica.person, Action.EXPORT, "deal").demand()
            write_pieces(file, [scenario_file(over, found, file.suffix, LANGUAGE, tr)])
            syncing.note_event(replica, EXPORTED, {"entity": "deal", "rows": len(found), "file": file.name})
        terminal.console.show_rows([_compared(each, over) for each in found], _COMPARED)


@forecast.command("delete", help=tr(N_("Delete a scenario you keep.")))
@click.argument("named", metavar="SCENARIO")
@pass_terminal
def delete(terminal: Terminal, named: str) -> None:
    """Delete a scenario."""
    with terminal.app() as app:
        found = what_ifs.scenario(app.replica, named)
        what_ifs.delete(app.replica, found.id)
        terminal.console.show({"deleted": found.id})


def _of(replica: Replica, period: str, scope: str) -> tuple[Stretch, forecast_scopes.Scope]:
    stretch = parse_stretch(period) if period else stretch_at(replica.clock.today(), Length.QUARTER)
    return stretch, forecast_scopes.scope(replica, scope)


def _changes(over: Setting, how: dict[str, Any]) -> Changes:
    by_name = {stage.name.casefold(): stage.id for stage in over.stages}
    stages = {}
    for text in how["stages"]:
        name, _, points = text.rpartition("=")
        if name.strip().casefold() not in by_name:
            known = ", ".join(stage.name for stage in over.stages)
            raise UserError(N_("There is no stage “{name}” with open deals: {known}"), name=name, known=known)
        stages[by_name[name.strip().casefold()]] = _number(points)
    changes = Changes(
        price=_number(how["price"]),
        win_rate=_number(how["win_rate"]),
        volume=_number(how["volume"]),
        cycle=_number(how["cycle"]),
        stages=stages,
    )
    problems = problems_of_scenario({"changes": plain_changes(changes)})
    if problems:
        raise UserError(problems[0].message)
    return changes


def _number(text: str) -> Decimal:
    try:
        return Decimal(text.strip().removesuffix("%"))
    except ArithmeticError:
        raise UserError(N_("“{text}” is not a number such as 5 or -2.5"), text=text) from None


def _figures(found: Figures, currency: str) -> dict[str, Any]:
    amounts = {
        "won": found.won,
        "commit": found.with_commit,
        "best": found.with_best,
        "pipeline": found.pipeline,
        "left_out": found.omitted,
        "weighted": found.weighted,
    }
    return {**{name: str(Money(minor, currency)) for name, minor in amounts.items()}, "deals": found.count}


def _range(name: str, found: Range, currency: str) -> dict[str, str]:
    ends = {name: found.middle, f"{name}_low": found.low, f"{name}_high": found.high}
    return {key: str(Money(round(value), currency)) for key, value in ends.items()}


def _tried(each: Tried, currency: str) -> dict[str, Any]:
    return {
        "method": tr(each.method.label),
        "origins": each.origins,
        "mape": None if each.mape is None else round(100 * each.mape, 1),
        "smape": round(100 * each.smape, 1),
        "coverage": round(100 * each.coverage),
        "error": str(Money(round(each.error), currency)),
    }


def _compared(each: Compared, over: Setting) -> dict[str, Any]:
    result = each.result
    amounts = {"won": result.won, "pipeline": result.pipeline, "new": result.new, "total": result.total}
    return {
        "name": each.name,
        **{name: str(Money(minor, over.currency)) for name, minor in amounts.items()},
        "target": None if over.goal is None else str(Money(over.goal, over.currency)),
        "gap": None if each.gap is None else str(Money(each.gap, over.currency)),
        "changes": plain_changes(each.changes),
    }
