"""The keys that work everywhere, as actions of the frame."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from crm_core.i18n import N_
from crm_core.rules.access import Action
from crm_desktop.ui.actions import ActionRegistry, ActionSpec
from crm_desktop.ui.pages.registry import PAGES
from crm_desktop.ui.shell.menus import Commands

WINDOW = N_("The window")
PAGES_GROUP = N_("Pages")
_CALL = ActionSpec(
    id="frame.call",
    text=N_("Call taken"),
    group=WINDOW,
    icon="phone",
    shortcut="Ctrl+Shift+L",
    right=(Action.CREATE, "ticket"),
)


def add_frame_actions(frame: QWidget, actions: ActionRegistry, commands: Commands) -> None:
    """Make the frame's actions; the sheet of shortcuts and the search box read them from the registry."""
    everywhere: tuple[tuple[ActionSpec, Callable[[], None]], ...] = (
        (_spec("find", N_("Search"), "search", "Ctrl+K"), commands.find),
        (_spec("back", N_("Back"), "left", "Alt+Left"), lambda: commands.walk(-1)),
        (_spec("forward", N_("Forward"), "right", "Alt+Right"), lambda: commands.walk(1)),
        (_spec("new", N_("New on this page"), "plus", "Ctrl+N"), commands.new_here),
        (_spec("new-kind", N_("New…"), "plus", "Ctrl+Shift+N"), commands.new_menu),
        (_spec("request", N_("New service request…"), "note", ""), commands.request),
        (_spec("log", N_("Quick log"), "pen", "Ctrl+L"), commands.log),
        (_CALL, commands.call_taken),
        (_spec("refresh", N_("Refresh"), "sync", "F5"), commands.refresh),
        (_spec("sync", N_("Sync now"), "sync", "F9"), commands.sync_now),
        (_spec("rail", N_("Side bar with words or icons"), "pane", "Ctrl+B"), commands.collapse),
        (_spec("shortcuts", N_("Shortcuts"), "key", "F1"), commands.shortcuts),
        (_spec("shortcuts-too", N_("Shortcuts"), "key", "Ctrl+/"), commands.shortcuts),
        (_spec("settings", N_("Settings"), "sliders", "Ctrl+,"), lambda: commands.go("settings")),
        (_spec("menu", N_("Menu"), "menu", "Alt+M"), commands.program_menu),
    )
    for spec, run in everywhere:
        _everywhere(actions.add(spec, run, frame))
    # A key of its own would meet those of boards and fields; what they leave comes to the frame.
    take_back = _spec("undo", N_("Take the last change back"), "undo", "Ctrl+Z")
    actions.add(take_back, commands.undo, frame).setShortcut(QKeySequence())
    for page in PAGES:
        if page.shortcut:
            spec = ActionSpec(
                id=f"page.{page.id}",
                text=page.text,
                group=PAGES_GROUP,
                icon=page.icon,
                shortcut=page.shortcut,
            )
            _everywhere(actions.add(spec, _going(commands, page.id), frame))


def _spec(name: str, text: str, icon: str, shortcut: str) -> ActionSpec:
    return ActionSpec(id=f"frame.{name}", text=text, group=WINDOW, icon=icon, shortcut=shortcut)


def _everywhere(action: QAction) -> None:
    """Let an action's key work wherever the focus is in the window, and where it is nowhere."""
    action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)


def _going(commands: Commands, page_id: str) -> Callable[[], None]:
    return lambda: commands.go(page_id)
