"""`pipeline`, `stage`, `condition` and `milestone`: how deals go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import click

from crm_core.entities import SCHEMAS
from crm_core.entities.activity import ACTIVITY_KINDS
from crm_core.i18n import N_
from sync_server.cli.console import tr
from sync_server.cli.listing import add_list
from sync_server.cli.root import Terminal, pass_terminal
from sync_server.services import pipelines
from sync_server.services.pipelines import ANY_ACTIVITY, Asked

STAGE_COLUMNS: Final = (
    "name",
    "kind",
    "probability",
    "age_limit_days",
    "color",
    "skip_by",
    "retired",
    "deals",
    "id",
)


def _choices(entity: str, field: str) -> click.Choice[str]:
    return click.Choice([each.value for each in SCHEMAS[entity].fields[field].choices])


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


@click.group(help=tr(N_("Pipelines: the ways deals go.")))
def pipeline() -> None:
    """Pipelines."""


@pipeline.command("list", help=tr(N_("List the pipelines with their stages.")))
@pass_terminal
def list_pipelines(terminal: Terminal) -> None:
    """List pipelines."""
    with terminal.headquarters() as hq:
        _show_pipelines(terminal, pipelines.pipelines(hq))


@pipeline.command("add", help=tr(N_("Add a pipeline; its ends, won and lost, are made with it.")))
@click.argument("name")
@click.option(
    "--neglect-days", type=click.IntRange(1), help=tr(N_("Days until a deal nobody touched is neglected."))
)
@pass_terminal
def add_pipeline(terminal: Terminal, name: str, neglect_days: int | None) -> None:
    """Add a pipeline."""
    with terminal.headquarters() as hq:
        terminal.console.show(pipelines.add_pipeline(hq, name, neglect_days))


@pipeline.command("set", help=tr(N_("Rename a pipeline, retire it or take it back into use.")))
@click.argument("name")
@click.option("--name", "new_name", help=tr(N_("New name.")))
@click.option(
    "--neglect-days", type=click.IntRange(1), help=tr(N_("Days until a deal nobody touched is neglected."))
)
@click.option("--retire/--use", "retire", default=None, help=tr(N_("Take no new deals, or take them again.")))
@pass_terminal
def set_pipeline(
    terminal: Terminal, name: str, new_name: str | None, neglect_days: int | None, retire: bool | None
) -> None:
    """Change a pipeline."""
    active = None if retire is None else not retire
    values = _given({"name": new_name, "neglect_days": neglect_days, "active": active})
    with terminal.headquarters() as hq:
        terminal.console.show(pipelines.change_pipeline(hq, name, values))


@pipeline.command("order", help=tr(N_("Put pipelines in this order.")))
@click.argument("names", nargs=-1, required=True)
@pass_terminal
def order_pipelines(terminal: Terminal, names: tuple[str, ...]) -> None:
    """Order pipelines."""
    with terminal.headquarters() as hq:
        _show_pipelines(terminal, pipelines.order_pipelines(hq, names))


def _show_pipelines(terminal: Terminal, rows: list[dict[str, Any]]) -> None:
    if not terminal.console.as_json:
        rows = [{**row, "stages": ", ".join(row["stages"])} for row in rows]
    terminal.console.show_rows(rows, ("name", "active", "neglect_days", "stages", "id"))


@click.group(help=tr(N_("Stages: the steps of a pipeline.")))
def stage() -> None:
    """Stages."""


def _stage_options(command: Any) -> Any:
    for option in reversed(
        (
            click.option("--probability", type=click.IntRange(0, 100), help=tr(N_("Chance in per cent."))),
            click.option("--age-limit-days", type=click.IntRange(1), help=tr(N_("Days a deal may stay."))),
            click.option("--color", type=_choices("stage", "color"), help=tr(N_("Colour."))),
            click.option(
                "--skip-by", type=_choices("stage", "skip_by"), help=tr(N_("Who may skip its conditions."))
            ),
        )
    ):
        command = option(command)
    return command


@stage.command("list", help=tr(N_("List the stages of a pipeline.")))
@click.argument("pipeline_name", metavar="PIPELINE")
@pass_terminal
def list_stages(terminal: Terminal, pipeline_name: str) -> None:
    """List stages."""
    with terminal.headquarters() as hq:
        terminal.console.show_rows(pipelines.stages(hq, pipeline_name), STAGE_COLUMNS)


@stage.command("add", help=tr(N_("Add a stage behind the last open one.")))
@click.argument("pipeline_name", metavar="PIPELINE")
@click.argument("name")
@click.option("--kind", type=_choices("stage", "kind"), help=tr(N_("open, won or lost.")))
@_stage_options
@pass_terminal
def add_stage(terminal: Terminal, /, pipeline_name: str, name: str, **given: Any) -> None:
    """Add a stage."""
    with terminal.headquarters() as hq:
        rows = pipelines.add_stage(hq, pipeline_name, name, _given(given))
        terminal.console.show_rows(rows, STAGE_COLUMNS)


@stage.command("set", help=tr(N_("Change a stage, retire it or take it back into use.")))
@click.argument("pipeline_name", metavar="PIPELINE")
@click.argument("name")
@click.option("--name", "new_name", help=tr(N_("New name.")))
@click.option("--retire/--use", "retired", default=None, help=tr(N_("Take no deals, or take them again.")))
@_stage_options
@pass_terminal
def set_stage(
    terminal: Terminal, /, pipeline_name: str, name: str, new_name: str | None, **given: Any
) -> None:
    """Change a stage."""
    with terminal.headquarters() as hq:
        values = _given({"name": new_name, **given})
        terminal.console.show(pipelines.change_stage(hq, pipeline_name, name, values))


@stage.command("order", help=tr(N_("Put the stages of a pipeline in this order.")))
@click.argument("pipeline_name", metavar="PIPELINE")
@click.argument("names", nargs=-1, required=True)
@pass_terminal
def order_stages(terminal: Terminal, pipeline_name: str, names: tuple[str, ...]) -> None:
    """Order stages."""
    with terminal.headquarters() as hq:
        terminal.console.show_rows(pipelines.order_stages(hq, pipeline_name, names), STAGE_COLUMNS)


@click.group(help=tr(N_("Conditions: what a deal must meet to enter a stage, or to go on from it.")))
def condition() -> None:
    """Conditions."""


@condition.command("list", help=tr(N_("List what the stages of a pipeline ask for.")))
@click.argument("pipeline_name", metavar="PIPELINE")
@pass_terminal
def list_conditions(terminal: Terminal, pipeline_name: str) -> None:
    """List conditions."""
    with terminal.headquarters() as hq:
        rows = pipelines.conditions(hq, pipeline_name)
    terminal.console.show_rows(rows, ("stage", "moment", "asks", "id"))


@condition.command("add", help=tr(N_("Have a stage ask for something, on entering it or on going on.")))
@click.argument("pipeline_name", metavar="PIPELINE")
@click.argument("stage_name", metavar="STAGE")
@click.option(
    "--on",
    "moment",
    type=_choices("stage_rule", "moment"),
    default="entry",
    help=tr(N_("entry: to enter the stage; exit: to go on from it.")),
)
@click.option("--filled", metavar="FIELD", help=tr(N_("The field is filled in.")))
@click.option("--compares", metavar="FIELD>=VALUE", help=tr(N_("The field compares, as in amount>=10000.")))
@click.option(
    "--activity",
    type=click.Choice([ANY_ACTIVITY, *(each.value for each in ACTIVITY_KINDS)]),
    help=tr(N_("An activity of the kind was done.")),
)
@click.option("--days", type=click.IntRange(1), help=tr(N_("It was done in the last so many days.")))
@click.option("--quote-sent", is_flag=True, help=tr(N_("A quote for the deal was sent.")))
@click.option("--milestone", metavar="NAME", help=tr(N_("The milestone is done.")))
@click.option("--message", help=tr(N_("What to say where it is not met, in English.")))
@click.option("--message-zh", help=tr(N_("What to say where it is not met, in Chinese.")))
@pass_terminal
def add_condition(
    terminal: Terminal,
    /,
    pipeline_name: str,
    stage_name: str,
    moment: str,
    message: str | None,
    message_zh: str | None,
    **asked: Any,
) -> None:
    """Add a condition."""
    words = _given({"message": message, "message_zh": message_zh})
    with terminal.headquarters() as hq:
        added = pipelines.add_condition(hq, pipeline_name, stage_name, moment, Asked(**asked), words)
    terminal.console.show(added)


@condition.command("remove", help=tr(N_("Remove a condition.")))
@click.argument("rule_id", metavar="ID")
@pass_terminal
def remove_condition(terminal: Terminal, rule_id: str) -> None:
    """Remove a condition."""
    with terminal.headquarters() as hq:
        pipelines.remove_condition(hq, rule_id)
    terminal.console.show({"removed": rule_id})


@condition.command(
    "lift", help=tr(N_("Have an end not ask for what it asks for by itself: amount, or loss_reason."))
)
@click.argument("pipeline_name", metavar="PIPELINE")
@click.argument("stage_name", metavar="STAGE")
@click.argument("field")
@pass_terminal
def lift_condition(terminal: Terminal, pipeline_name: str, stage_name: str, field: str) -> None:
    """Lift a standard condition."""
    with terminal.headquarters() as hq:
        rows = pipelines.lift_standard(hq, pipeline_name, stage_name, field)
    terminal.console.show_rows(rows, ("stage", "moment", "asks", "id"))


@click.group(help=tr(N_("Milestones: what is to be ticked off on deals of a stage or a product.")))
def milestone() -> None:
    """Milestones."""


_due_days = click.option(
    "--due-days", type=click.IntRange(0), help=tr(N_("Due so many days after the stage is entered."))
)
_MILESTONE_COLUMNS: Final = ("name", "name_zh", "stage", "product", "due_days", "active", "id")


add_list(milestone, tr(N_("List the milestones.")), pipelines.milestones, _MILESTONE_COLUMNS)


@milestone.command("add", help=tr(N_("Add a milestone of every deal that reaches a stage or has a product.")))
@click.argument("name")
@click.option("--pipeline", "of_pipeline", metavar="NAME", help=tr(N_("Pipeline of the stage.")))
@click.option("--stage", "stage_name", metavar="NAME", help=tr(N_("Stage it belongs to.")))
@click.option("--product", metavar="NAME", help=tr(N_("Product it belongs to.")))
@click.option("--name-zh", help=tr(N_("Its name in Chinese.")))
@click.option(
    "--due-days", type=click.IntRange(0), help=tr(N_("Due so many days after the stage is entered."))
)
@pass_terminal
def add_milestone(
    terminal: Terminal,
    /,
    name: str,
    of_pipeline: str | None,
    stage_name: str | None,
    product: str | None,
    **given: Any,
) -> None:
    """Add a milestone."""
    with terminal.headquarters() as hq:
        added = pipelines.add_milestone(
            hq, name, of_pipeline=of_pipeline, stage=stage_name, product=product, values=_given(given)
        )
    terminal.console.show(added)


@milestone.command("set", help=tr(N_("Change a milestone, retire it or take it back into use.")))
@click.argument("name")
@click.option("--name", "new_name", help=tr(N_("New name.")))
@click.option("--name-zh", help=tr(N_("Its name in Chinese.")))
@click.option(
    "--due-days", type=click.IntRange(0), help=tr(N_("Due so many days after the stage is entered."))
)
@click.option("--retire/--use", "retire", default=None, help=tr(N_("Ask for it no longer, or again.")))
@pass_terminal
def set_milestone(
    terminal: Terminal, /, name: str, new_name: str | None, retire: bool | None, **given: Any
) -> None:
    """Change a milestone."""
    active = None if retire is None else not retire
    values = _given({"name": new_name, "active": active, **given})
    with terminal.headquarters() as hq:
        terminal.console.show(pipelines.change_milestone(hq, name, values))
