"""`mend`: numbers, addresses, places and industries that are not in their standard form."""

from __future__ import annotations

import dataclasses
from collections import Counter

import click

from crm_core.entities import schema_of
from crm_core.i18n import N_
from sync_server.cli.console import tr
from sync_server.cli.root import Terminal, pass_terminal
from sync_server.services import mending


@click.command(
    help=tr(
        N_(
            "Count values that are not in their standard form; --list: each of them; --apply: put right what "
            "is certain, as edits that go to every laptop."
        )
    )
)
@click.argument("entity", required=False)
@click.option("--list", "each", is_flag=True, help=tr(N_("List every value and what it certainly means.")))
@click.option("--apply", "at_once", is_flag=True, help=tr(N_("Put right what is certain.")))
@pass_terminal
def mend(terminal: Terminal, entity: str | None, each: bool, at_once: bool) -> None:
    """Count, list or put right."""
    console = terminal.console
    names = mending.entities() if entity is None else (schema_of(entity).name,)
    with terminal.headquarters() as hq:
        done = {name: mending.mend(hq, name) for name in names} if at_once else {}
        if each:
            found = (dataclasses.asdict(value) for name in names for value in mending.found(hq, name))
            console.show_rows(found, ("entity", "field", "value", "standard", "record_id"))
            return
        rows = []
        for name in names:
            certain: Counter[str] = Counter()
            open_: Counter[str] = Counter()
            for value in mending.found(hq, name):
                (open_ if value.standard is None else certain)[value.field] += 1
            mended = done.get(name, Counter())
            rows += [
                {
                    "entity": name,
                    "field": field,
                    "certain": certain[field],
                    "unclear": open_[field],
                    "mended": mended[field],
                }
                for field in mending.fields_of(schema_of(name))
                if certain[field] or open_[field] or mended[field]
            ]
    console.show_rows(rows, ("entity", "field", "certain", "unclear", "mended"))
