"""The two menus of the top bar, filled anew each time they open, for rights and language may have changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtGui import QAction

from crm_core.entities import SCHEMAS
from crm_desktop.settings import LANGUAGE, THEME, Settings
from crm_desktop.ui.dressing import LANGUAGES
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.menus import Menu


@dataclass(frozen=True, slots=True, kw_only=True)
class Commands:
    """What menus and keys can do; each is a slot of the frame."""

    new: Callable[[str], None]
    sync_now: Callable[[], None]
    pause: Callable[[int], None]
    resume: Callable[[], None]
    go: Callable[[str], None]
    collapse: Callable[[], None]
    language: Callable[[str], None]
    theme: Callable[[str], None]
    shortcuts: Callable[[], None]
    connect: Callable[[], None]
    remove_sample: Callable[[], None]
    quit: Callable[[], None]
    find: Callable[[], None]
    walk: Callable[[int], None]
    request: Callable[[], None]
    log: Callable[[], None]
    call_taken: Callable[[], None]
    refresh: Callable[[], None]
    new_here: Callable[[], None]
    new_menu: Callable[[], None]
    program_menu: Callable[[], None]
    undo: Callable[[], None]


def fill_new(menu: Menu, entities: tuple[str, ...], commands: Commands, here: str | None) -> None:
    """Offer what may be made; what the page in front makes has Ctrl+N."""
    menu.clear()
    for entity in entities:
        meta = SCHEMAS[entity].meta
        action = menu.add(tr(meta.label), meta.icon, "Ctrl+N" if entity == here else "")
        action.triggered.connect(lambda _checked=False, name=entity: commands.new(name))
    if not entities:
        menu.add(tr("Your role makes no records")).setEnabled(False)


def fill_program(
    menu: Menu, commands: Commands, settings: Settings, *, enrolled: bool, paused: bool, sample: bool
) -> None:
    """Offer what concerns the program as a whole."""
    menu.clear()
    if enrolled:
        _act(menu, tr("Sync now"), commands.sync_now, "sync", "F9")
        if paused:
            _act(menu, tr("Resume sync"), commands.resume, "play")
        else:
            _act(menu, tr("Pause sync for an hour"), lambda: commands.pause(1), "pause")
    else:
        _act(menu, tr("Connect to your head office…"), commands.connect, "server")
    if sample:
        _act(menu, tr("Remove the sample data…"), commands.remove_sample, "trash")
    menu.addSeparator()
    _choices(menu, tr("Language"), LANGUAGES, settings.get(LANGUAGE), commands.language)
    looks = (("system", tr("As the system")), ("light", tr("Light")), ("dark", tr("Dark")))
    _choices(menu, tr("Appearance"), looks, settings.get(THEME), commands.theme)
    _act(menu, tr("Side bar with words or icons"), commands.collapse, "pane", "Ctrl+B")
    menu.addSeparator()
    _act(menu, tr("Settings"), lambda: commands.go("settings"), "sliders", "Ctrl+,")
    _act(menu, tr("Shortcuts"), commands.shortcuts, "key", "F1")
    menu.addSeparator()
    _act(menu, tr("Quit"), commands.quit, "x", "Ctrl+Q")


def _act(menu: Menu, text: str, run: Callable[[], None], icon: str, shortcut: str = "") -> QAction:
    action = menu.add(text, icon, shortcut)
    action.triggered.connect(lambda _checked=False: run())
    return action


def _choices(
    menu: Menu, title: str, choices: tuple[tuple[str, str], ...], chosen: str, choose: Callable[[str], None]
) -> None:
    inner = Menu(menu)
    inner.setTitle(title)
    menu.addMenu(inner)
    for key, words in choices:
        action = inner.add(words)
        action.setCheckable(True)
        action.setChecked(key == chosen)
        action.triggered.connect(lambda _checked=False, name=key: choose(name))
