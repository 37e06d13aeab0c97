"""Which cards the home page shows and in what order, and the popup to change that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from crm_core.i18n import Message, message
from crm_desktop.ui.theme.tokens import S
from crm_desktop.ui.translate import show, tr
from crm_desktop.ui.widgets.buttons import Button, IconButton, Kind
from crm_desktop.ui.widgets.labels import Label

MAIN, SIDE = "main", "side"
DEFAULTS: Mapping[str, tuple[str, ...]] = {
    MAIN: ("today", "pipeline", "won_months", "recent"),
    SIDE: ("attention", "own_figures", "won_owners"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrangement:
    """The cards of both columns from above, and which of them are hidden."""

    main: tuple[str, ...] = DEFAULTS[MAIN]
    side: tuple[str, ...] = DEFAULTS[SIDE]
    hidden: frozenset[str] = frozenset()

    def moved(self, key: str, by: int) -> Arrangement:
        """Return the arrangement with a card so many places further down its column."""
        return replace(self, main=_moved(self.main, key, by), side=_moved(self.side, key, by))

    def shown(self, key: str, shown: bool) -> Arrangement:
        """Return the arrangement with a card shown or hidden."""
        return replace(self, hidden=self.hidden - {key} if shown else self.hidden | {key})

    def as_setting(self) -> dict[str, Any]:
        """Return what is kept in the settings."""
        return {MAIN: list(self.main), SIDE: list(self.side), "hidden": sorted(self.hidden)}


def arrangement_of(kept: Mapping[str, Any]) -> Arrangement:
    """Return what was kept; cards of a newer version are left out, new ones stand at the foot."""
    known = {key for keys in DEFAULTS.values() for key in keys}
    hidden = frozenset(key for key in _texts(kept.get("hidden")) if key in known)
    return Arrangement(
        main=_ordered(_texts(kept.get(MAIN)), DEFAULTS[MAIN]),
        side=_ordered(_texts(kept.get(SIDE)), DEFAULTS[SIDE]),
        hidden=hidden,
    )


class ArrangePopup(QFrame):
    """A list of cards to tick and to move up and down."""

    changed = Signal(object)
    """The `Arrangement` wanted."""

    def __init__(self, names: Mapping[str, Message], arrangement: Arrangement, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setProperty("role", "popup")
        self.setAccessibleName(tr("Arrange"))
        self._names, self._arrangement = names, arrangement
        self.rows: dict[str, _Row] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(12, 10, 12, 10)
        self._column.setSpacing(2)
        self._build()

    def open_under(self, button: QWidget) -> None:
        """Show the popup under a button, its right edge at the button's."""
        self.adjustSize()
        corner = button.mapToGlobal(QPoint(button.width() - self.width(), button.height() + 4))
        self.move(corner)
        self.show()
        self.rows[self._arrangement.main[0]].tick.setFocus()

    def _build(self, focus: tuple[str, str] | None = None) -> None:
        while self._column.count():
            old = self._column.takeAt(0).widget()
            old.hide()
            old.deleteLater()
        self.rows = {}
        for title, keys in (
            (message("Wide column"), self._arrangement.main),
            (message("Narrow column"), self._arrangement.side),
        ):
            keys = tuple(key for key in keys if key in self._names)
            self._column.addWidget(Label(title, step="caption", color="text-soft"))
            for place, key in enumerate(keys):
                row = _Row(self._names[key], shown=key not in self._arrangement.hidden)
                row.up.setEnabled(place > 0)
                row.down.setEnabled(place < len(keys) - 1)
                row.tick.toggled.connect(lambda on, card=key: self._on_ticked(card, on))
                row.up.clicked.connect(lambda _checked=False, card=key: self._on_moved(card, -1))
                row.down.clicked.connect(lambda _checked=False, card=key: self._on_moved(card, 1))
                self.rows[key] = row
                self._column.addWidget(row)
        reset = Button(message("As at first"), Kind.LINK, weight=400)
        reset.clicked.connect(self._on_reset)
        self._column.addWidget(reset, 0, Qt.AlignmentFlag.AlignLeft)
        if focus is not None:
            row, wanted = self.rows[focus[0]], focus[1]
            first, other = (row.up, row.down) if wanted == "up" else (row.down, row.up)
            (first if first.isEnabled() else other).setFocus()

    def _on_ticked(self, key: str, on: bool) -> None:
        self._arrangement = self._arrangement.shown(key, on)
        self.changed.emit(self._arrangement)

    def _on_moved(self, key: str, by: int) -> None:
        self._arrangement = self._arrangement.moved(key, by)
        self._build((key, "up" if by < 0 else "down"))
        self.changed.emit(self._arrangement)

    def _on_reset(self) -> None:
        self._arrangement = Arrangement()
        self._build()
        self.changed.emit(self._arrangement)


class _Row(QWidget):
    """A card: tick to show it, two buttons to move it."""

    def __init__(self, name: Message, *, shown: bool) -> None:
        super().__init__()
        words = show(name)
        self.tick = QCheckBox(words)
        self.tick.setChecked(shown)
        self.up = IconButton("up", message("Move up: {card}", card=words), small=True)
        self.down = IconButton("down", message("Move down: {card}", card=words), small=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(S)
        row.addWidget(self.tick, 1)
        row.addSpacing(24)
        row.addWidget(self.up)
        row.addWidget(self.down)


def _moved(keys: tuple[str, ...], key: str, by: int) -> tuple[str, ...]:
    if key not in keys:
        return keys
    rest = [each for each in keys if each != key]
    rest.insert(max(0, min(keys.index(key) + by, len(rest))), key)
    return tuple(rest)


def _ordered(kept: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    first = [key for key in dict.fromkeys(kept) if key in known]
    return (*first, *(key for key in known if key not in first))


def _texts(value: object) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
