"""`score-rule`: what makes a lead likely to buy, in points."""

from __future__ import annotations

from typing import Any, Final

import click

from crm_core.entities.activity import ACTIVITY_KINDS, OUTCOMES
from crm_core.entities.scoring import COMPARISONS, SCORING_KINDS
from crm_core.i18n import N_
from sync_server.cli.console import tr
from sync_server.cli.root import Terminal, pass_terminal
from sync_server.cli.rules import NamedThings, add_commands
from sync_server.services import lead_scores
from sync_server.services.auth import now_ms

COLUMNS: Final = (
    "name",
    "points",
    "kind",
    "field",
    "comparison",
    "value",
    "activity_kind",
    "outcome",
    "active",
)


_OPTIONS: Final = (
    click.option("--points", type=int, help=tr(N_("Points it gives; below zero it takes some."))),
    click.option(
        "--kind",
        type=click.Choice([choice.value for choice in SCORING_KINDS]),
        help=tr(N_("What it looks at; “qualify” and “nurture” say from how many points on.")),
    ),
    click.option("--field", help=tr(N_("Field of the lead."))),
    click.option(
        "--comparison",
        type=click.Choice([choice.value for choice in COMPARISONS]),
        help=tr(N_("How the field is compared.")),
    ),
    click.option("--value", help=tr(N_("Value it is compared with."))),
    click.option(
        "--activity-kind",
        type=click.Choice([choice.value for choice in ACTIVITY_KINDS] + [""]),
        help=tr(N_("Kind of activity it counts; else every kind.")),
    ),
    click.option(
        "--outcome",
        type=click.Choice([choice.value for choice in OUTCOMES] + [""]),
        help=tr(N_("Outcome of the activity; else any.")),
    ),
    click.option(
        "--half-life-days",
        type=click.IntRange(min=0),
        help=tr(N_("Days after which an activity counts half; 0: it does not fade.")),
    ),
    click.option("--most", type=click.IntRange(min=1), help=tr(N_("How many activities it counts."))),
    click.option("--name-zh", help=tr(N_("Its name in Chinese."))),
)


@click.group("score-rule", help=tr(N_("Rules of scoring: points for what a lead says and what was done.")))
def score_rule() -> None:
    """Rules."""


add_commands(
    score_rule,
    NamedThings(
        columns=COLUMNS,
        options=_OPTIONS,
        every=lead_scores.score_rules,
        add=lead_scores.add_rule,
        change=lead_scores.change_rule,
        adds=N_("Add a rule; its name is the reason people read."),
        lists=N_("List the rules."),
        sets=N_("Change a rule; an empty value clears it."),
        enables=N_("Let a retired rule decide again."),
        retires=N_("Take a rule out of use."),
    ),
)


@score_rule.command("show", help=tr(N_("Show what a lead scores, and why.")))
@click.argument("lead_id", metavar="LEAD")
@pass_terminal
def show_score(terminal: Terminal, lead_id: str) -> None:
    """Show a score."""
    with terminal.headquarters() as hq:
        found = lead_scores.score_of(hq, lead_id.strip(), now_ms())
    reasons: Any = [reason.told().show(tr) for reason in found.reasons]
    if not terminal.console.as_json:
        reasons = "; ".join(reasons)
    terminal.console.show(
        {"score": found.total, "suggestion": found.suggestion.value or None, "reasons": reasons}
    )
