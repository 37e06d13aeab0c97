"""The keys of the calendar as actions: its letters and digits work only while it has the focus."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtWidgets import QWidget

from crm_core.i18n import N_
from crm_core.rules.access import Action
from crm_desktop.ui.actions import ActionRegistry, ActionSpec

GROUP = N_("Calendar")
VIEWS: tuple[tuple[str, str], ...] = (
    ("day", N_("Day")),
    ("week", N_("Week")),
    ("month", N_("Month")),
    ("agenda", N_("Agenda")),
    ("list", N_("List")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Commands:
    """What the keys do; each is a slot of the page."""

    show_view: Callable[[str], None]
    today: Callable[[], None]
    turn: Callable[[int], None]
    new: Callable[[], None]
    plan: Callable[[], None]
    repeat: Callable[[], None]
    tick: Callable[[], None]
    alone: Callable[[], None]
    give: Callable[[], None]
    remove: Callable[[], None]
    shift: Callable[[int, int], None]
    """Days and minutes later."""
    stretch: Callable[[int], None]
    take_back: Callable[[], None]
    menu: Callable[[], None]


def add_actions(actions: ActionRegistry, commands: Commands, face: QWidget) -> None:
    """Make the actions of the calendar's `face`."""
    for at, (key, text) in enumerate(VIEWS):
        spec = ActionSpec(
            id=f"calendar.{key}", text=text, group=GROUP, icon="cal", shortcut=str(at + 1), single_key=True
        )
        actions.add(spec, _with(commands.show_view, key), face)
    edit, create, delete = (Action.EDIT, "activity"), (Action.CREATE, "activity"), (Action.DELETE, "activity")
    step = 15
    rows: tuple[tuple[str, str, str, str, tuple[Action, str] | None, Callable[[], None]], ...] = (
        ("today", N_("Today"), "today", "T", None, commands.today),
        ("previous", N_("Earlier days"), "left", "Left", None, lambda: commands.turn(-1)),
        ("next", N_("Later days"), "right", "Right", None, lambda: commands.turn(1)),
        ("new", N_("New activity"), "plus", "N", create, commands.new),
        ("plan", N_("Plan…"), "cal", "P", edit, commands.plan),
        ("repeat", N_("Repeat…"), "sync", "R", edit, commands.repeat),
        ("tick", N_("Done, or open again"), "check", "Space", edit, commands.tick),
        ("alone", N_("Change this time alone"), "pen", "E", edit, commands.alone),
        ("give", N_("Give it to somebody…"), "user", "G", edit, commands.give),
        ("delete", N_("Delete"), "trash", "Del", delete, commands.remove),
        (
            "sooner",
            N_("A quarter of an hour earlier"),
            "up",
            "Ctrl+Shift+Up",
            edit,
            lambda: commands.shift(0, -step),
        ),
        (
            "later",
            N_("A quarter of an hour later"),
            "down",
            "Ctrl+Shift+Down",
            edit,
            lambda: commands.shift(0, step),
        ),
        ("day-before", N_("A day earlier"), "left", "Ctrl+Shift+Left", edit, lambda: commands.shift(-1, 0)),
        ("day-after", N_("A day later"), "right", "Ctrl+Shift+Right", edit, lambda: commands.shift(1, 0)),
        ("longer", N_("Longer"), "plus", "Shift+Down", edit, lambda: commands.stretch(step)),
        ("shorter", N_("Shorter"), "none", "Shift+Up", edit, lambda: commands.stretch(-step)),
        ("undo", N_("Take the last change back"), "undo", "Ctrl+Z", None, commands.take_back),
        ("menu", N_("What can be done with it"), "more", "Shift+F10", None, commands.menu),
    )
    for name, text, icon, shortcut, right, run in rows:
        spec = ActionSpec(
            id=f"calendar.{name}",
            text=text,
            group=GROUP,
            icon=icon,
            shortcut=shortcut,
            right=right,
            single_key=len(shortcut) == 1,
        )
        actions.add(spec, run, face)


def _with(run: Callable[[str], None], value: str) -> Callable[[], None]:
    return lambda: run(value)
