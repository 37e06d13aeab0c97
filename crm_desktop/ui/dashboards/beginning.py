"""What a new dashboard can begin with, where there is none yet."""

from __future__ import annotations

from collections.abc import Callable

from crm_core.charts.starters import STARTERS, Starter
from crm_core.i18n import Message, message
from crm_core.rules.dashboards import Tile
from crm_desktop.services import dashboards
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.empty_state import EmptyState


def starter_buttons(begin: Callable[[Starter], None]) -> list[Button]:
    """Return a button for each dashboard one can begin with."""
    buttons = []
    for place, starter in enumerate(STARTERS):
        button = Button(Message(starter.name), Kind.PRIMARY if place == 0 else Kind.STANDARD)
        button.setToolTip(tr(starter.tells))
        button.clicked.connect(lambda _on=False, starter=starter: begin(starter))
        buttons.append(button)
    return buttons


def titled_here(tile: Tile) -> Tile:
    """Return a starter's tile called in the language on screen."""
    return dashboards.titled(tile, tr(tile.title)) if tile.title else tile


def pick_a_starter(buttons: list[Button]) -> EmptyState:
    """Return what stands where there is no dashboard."""
    return EmptyState(
        "bars",
        message("Pick a starter report"),
        message("It becomes your own: add, move and change its tiles as you like."),
        buttons,
    )
