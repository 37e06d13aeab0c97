"""The keys of the pipeline page as actions: the board's letters work only while it has the focus."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtWidgets import QWidget

from crm_core.i18n import N_
from crm_core.rules.access import Action
from crm_desktop.ui.actions import ActionRegistry, ActionSpec

GROUP = N_("Pipeline")


@dataclass(frozen=True, slots=True, kw_only=True)
class Commands:
    """What the keys do; each is a slot of the page."""

    back_stage: Callable[[], None]
    next_stage: Callable[[], None]
    move_to: Callable[[], None]
    win: Callable[[], None]
    lose: Callable[[], None]
    new: Callable[[], None]
    take_back: Callable[[], None]
    switch_view: Callable[[], None]
    filter: Callable[[], None]


def add_actions(
    actions: ActionRegistry, commands: Commands, board: QWidget, face: QWidget, page: QWidget
) -> None:
    """Make the actions: letters for the board alone, others for its `face` or the page."""
    edit = (Action.EDIT, "deal")
    on_board: tuple[tuple[str, str, str, str, bool, Callable[[], None]], ...] = (
        ("back", N_("Move one stage back"), "left", "Ctrl+Shift+Left", False, commands.back_stage),
        ("on", N_("Move one stage on"), "right", "Ctrl+Shift+Right", False, commands.next_stage),
        ("to", N_("Move to…"), "board", "M", True, commands.move_to),
        ("win", N_("Won"), "trophy", "W", True, commands.win),
        ("lose", N_("Lost"), "lost", "L", True, commands.lose),
    )
    for name, text, icon, shortcut, single, run in on_board:
        spec = ActionSpec(
            id=f"pipeline.{name}",
            text=text,
            group=GROUP,
            icon=icon,
            shortcut=shortcut,
            right=edit,
            single_key=single,
        )
        actions.add(spec, run, board)
    new = ActionSpec(
        id="pipeline.new",
        text=N_("New deal"),
        group=GROUP,
        icon="plus",
        shortcut="N",
        right=(Action.CREATE, "deal"),
        single_key=True,
    )
    actions.add(new, commands.new, board)
    take_back = ActionSpec(
        id="pipeline.undo", text=N_("Take the last move back"), group=GROUP, icon="undo", shortcut="Ctrl+Z"
    )
    actions.add(take_back, commands.take_back, face)
    switch = ActionSpec(
        id="pipeline.view", text=N_("Board or table"), group=GROUP, icon="board", shortcut="Ctrl+T"
    )
    actions.add(switch, commands.switch_view, page)
    narrow = ActionSpec(
        id="pipeline.filter", text=N_("Filter deals"), group=GROUP, icon="filter", shortcut="Ctrl+F"
    )
    actions.add(narrow, commands.filter, face)
