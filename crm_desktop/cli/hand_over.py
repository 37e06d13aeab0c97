"""`crm hand-over`: a leaver's customers go to others, and come back where that was a mistake."""

from __future__ import annotations

from dataclasses import asdict

import click

from crm_core.entities import SCHEMAS
from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.rules.hand_over import Spread
from crm_core.schema.values import instant_text
from crm_desktop.cli.console import tr
from crm_desktop.cli.records import where_option
from crm_desktop.cli.root import Terminal, pass_terminal
from crm_desktop.models.query import parse_conditions
from crm_desktop.services import hand_over as service
from crm_desktop.services.hand_over import Plan, Wish
from crm_terminal.importing import ROWS_DONE

COLUMNS = ("at", "giver", "records", "undone", "id")


@click.command(
    "hand-over",
    help=tr(
        N_("Hand over customers, with the open work on them, to others; without --from, list past ones.")
    ),
)
@click.option("--from", "giver", metavar="USER", help=tr(N_("Whose they are: name or id.")))
@click.option(
    "--to", "receivers", metavar="USER", multiple=True, help=tr(N_("Who receives; may be repeated."))
)
@click.option(
    "--by",
    "how",
    type=click.Choice([each.value for each in Spread]),
    default=Spread.EVENLY.value,
    help=tr(N_("How they are spread over several: evenly, or by whose territory a customer is in.")),
)
@where_option
@click.option("--dry-run", is_flag=True, help=tr(N_("Say what would move, and change nothing.")))
@pass_terminal
def hand_over(
    terminal: Terminal,
    giver: str | None,
    receivers: tuple[str, ...],
    how: str,
    conditions: tuple[str, ...],
    dry_run: bool,
) -> None:
    """Hand over customers."""
    console = terminal.console
    with terminal.app() as app:
        replica = app.replica
        if giver is None:
            if receivers or conditions or dry_run:
                raise UserError(N_("Say whose customers are handed over: --from USER"))
            rows = ({**asdict(each), "at": instant_text(each.at_ms)} for each in service.past(replica))
            console.show_rows(rows, COLUMNS)
            return
        with replica.read() as session:
            chosen = parse_conditions(session, "customer", conditions)
        wish = Wish(
            giver_id=service.person_named(replica, giver),
            receiver_ids=tuple(service.person_named(replica, each) for each in receivers),
            how=Spread(how),
            conditions=chosen,
        )
        planned = service.plan(replica, wish, console.progress(ROWS_DONE))
        for kind, why, number in planned.stays:
            console.tell(
                N_("{count} of {kind} stay: {reason}"),
                count=number,
                kind=tr(SCHEMAS[kind].meta.plural),
                reason=why.show(tr),
            )
        if dry_run:
            console.show(_shown(planned))
            return
        done = service.carry_out(replica, wish, planned, console.progress(ROWS_DONE)).value
    console.show({**_shown(planned), "id": done.id, "moved": done.moved, "kept": done.kept})


@click.command(
    "undo-hand-over", help=tr(N_("Give back what a hand-over moved, but for what was handed on since."))
)
@click.argument("batch", metavar="ID")
@pass_terminal
def undo(terminal: Terminal, batch: str) -> None:
    """Undo a hand-over."""
    with terminal.app() as app:
        steps = terminal.console.progress(ROWS_DONE)
        done = service.undo(app.replica, batch.strip().lower(), steps).value
    terminal.console.show({"moved": done.moved, "kept": done.kept})


def _shown(planned: Plan) -> dict[str, object]:
    stays = sum(number for _, _, number in planned.stays)
    return {**planned.counts, "to": dict(planned.to), "stays": stays}
