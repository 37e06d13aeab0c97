"""How a person left a list: columns, widths, order, view, pane. Kept in the profile, never synced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from crm_desktop.settings import LIST_STATES, Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class ListState:
    """What one list remembers. Empty columns or order: its own."""

    columns: tuple[str, ...] = ()
    widths: Mapping[str, int] = field(default_factory=dict)
    sort: tuple[tuple[str, bool], ...] = ()
    view: str = ""
    pane: bool = True


def read_state(settings: Settings, name: str) -> ListState:
    """Return what a list remembers; what cannot be read is as new."""
    kept: Any = settings.get(LIST_STATES).get(name)
    if not isinstance(kept, Mapping):
        return ListState()
    try:
        return ListState(
            columns=tuple(str(key) for key in kept.get("columns", ())),
            widths={str(key): int(width) for key, width in dict(kept.get("widths", {})).items()},
            sort=tuple((str(by), bool(descending)) for by, descending in kept.get("sort", ())),
            view=str(kept.get("view", "")),
            pane=bool(kept.get("pane", True)),
        )
    except (TypeError, ValueError):
        return ListState()


def keep_state(settings: Settings, name: str, state: ListState) -> None:
    """Keep what a list remembers; writes a file, so not on the main thread."""
    states = settings.get(LIST_STATES)
    states[name] = {
        "columns": list(state.columns),
        "widths": dict(state.widths),
        "sort": [[by, descending] for by, descending in state.sort],
        "view": state.view,
        "pane": state.pane,
    }
    settings.set(LIST_STATES, states)
