"""Every action of the program, said once: menus, buttons, palette, shortcuts and shortcut help read it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from crm_core.rules.access import Action as Right
from crm_desktop.ui.translate import tr, translator


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionSpec:
    """What an action is called and how it is reached. `text` and `group` are English sources."""

    id: str
    text: str
    group: str
    icon: str = ""
    shortcut: str = ""
    """As Qt writes it: `Ctrl+K`. On macOS Ctrl is Cmd."""
    right: tuple[Right, str] | None = None
    """The right it needs: (action, entity)."""
    needs_hq: bool = False
    """Cannot be done without a network."""
    single_key: bool = False
    """A bare letter: works only while its list or board has the focus."""


class ActionRegistry(QObject):
    """Actions by id. A page adds its own when it is made and triggers them through the same object."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._specs: dict[str, ActionSpec] = {}
        self._actions: dict[str, QAction] = {}
        translator().language_changed.connect(self._retranslate)

    def add(self, spec: ActionSpec, run: Callable[[], None], owner: QWidget) -> QAction:
        """Make an action that runs while `owner` (or a widget in it) has the focus and return it.

        Adding an id again replaces it.
        """
        action = QAction(owner)
        action.triggered.connect(lambda _checked=False: run())
        if spec.shortcut:
            action.setShortcut(QKeySequence(spec.shortcut))
            context = Qt.ShortcutContext.WindowShortcut if owner.isWindow() else None
            action.setShortcutContext(context or Qt.ShortcutContext.WidgetWithChildrenShortcut)
        owner.addAction(action)
        self._specs[spec.id] = spec
        self._actions[spec.id] = action
        self._label(spec, action)
        action.destroyed.connect(lambda _gone=None, spec_id=spec.id: self._forget(spec_id, action))
        self.changed.emit()
        return action

    def action(self, action_id: str) -> QAction:
        """Return an action. KeyError for one nobody added."""
        return self._actions[action_id]

    def specs(self) -> Iterable[ActionSpec]:
        """Return every action there is, in the order they were added."""
        return tuple(self._specs.values())

    def _label(self, spec: ActionSpec, action: QAction) -> None:
        action.setText(tr(spec.text))

    def _retranslate(self) -> None:
        for spec_id, action in self._actions.items():
            self._label(self._specs[spec_id], action)

    def _forget(self, spec_id: str, action: QAction) -> None:
        if self._actions.get(spec_id) is action:
            del self._actions[spec_id]
            del self._specs[spec_id]
