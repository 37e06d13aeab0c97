"""The keys of the ticket page: what is done with the ticket on screen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from PySide6.QtWidgets import QWidget

from crm_core.i18n import N_
from crm_desktop.ui.actions import ActionRegistry, ActionSpec

GROUP = N_("Tickets")
_KEYS = (
    ("reply", N_("Reply"), "R", "reply"),
    ("note", N_("Internal note"), "N", "note"),
    ("state", N_("Change state…"), "S", "flag"),
    ("assign", N_("Assign…"), "G", "user"),
    ("priority", N_("Change priority…"), "P", "sort"),
    ("take", N_("Take the next ticket of the queue"), "T", "down"),
    ("ask", N_("Ask a colleague…"), "A", "people"),
    ("category", N_("Change category…"), "Y", "tag"),
    ("product", N_("Product of the ticket…"), "O", "box"),
    ("part", N_("Open a part…"), "", "plus"),
    ("part_of", N_("Make it a part of another…"), "", "board"),
    ("edit", N_("Change the message not sent"), "E", "pen"),
    ("answer", N_("Canned answer…"), "C", "note"),
    ("macro", N_("Macro…"), "M", "play"),
    ("split", N_("Split from a message on…"), "", "board"),
    ("merge", N_("Merge with another ticket…"), "", "compare"),
    ("survey", N_("Ask how satisfied, or not"), "", "star"),
)


def add_ticket_keys(
    actions: ActionRegistry,
    body: QWidget,
    runs: Mapping[str, Callable[[], None]],
    deed: Callable[[str], None],
) -> None:
    """Make the actions of the page; what `runs` does not name is a deed of that name."""
    for key, text, shortcut, icon in _KEYS:
        spec = ActionSpec(
            id=f"tickets.{key}",
            text=text,
            group=GROUP,
            icon=icon,
            shortcut=shortcut,
            single_key=bool(shortcut),
        )
        actions.add(spec, runs.get(key) or partial(deed, key), body)
    facts = ActionSpec(id="tickets.facts", text=N_("Show or hide the facts"), group=GROUP, shortcut="F4")
    actions.add(facts, runs["facts"], body)
