"""What this laptop remembers about its window and connection: a small file in the profile, never synced."""

from __future__ import annotations

import json
import logging
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from crm_core.errors import UserError
from crm_core.i18n import N_

T = TypeVar("T")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Setting(Generic[T]):
    """A setting's name and what it is until somebody changes it; that also says its type."""

    name: str
    default: T
    allowed: tuple[T, ...] = ()
    """Values it may have; empty: any of the type."""

    def accepts(self, value: object) -> bool:
        """Tell whether `value` is of the setting's type and allowed."""
        if type(value) is not type(self.default):
            return False
        return not self.allowed or value in self.allowed


LANGUAGE = Setting("language", "", ("", "en", "zh_CN"))
"""'' follows the system."""
THEME = Setting("theme", "system", ("system", "light", "dark"))
FONT_SCALE = Setting("font_scale_percent", 100, (80, 90, 100, 110, 125, 150, 175, 200))
DENSITY = Setting("density", "comfortable", ("comfortable", "compact"))
SERVER_URL = Setting("server_url", "")
USER_NAME = Setting("user_name", "")
LAST_VIEW = Setting("last_view", "home")
WINDOW_GEOMETRY = Setting("window_geometry", "")
"""Qt's own bytes as base64."""
RAIL_COLLAPSED = Setting("rail_collapsed", False)
COLUMN_WIDTHS: Setting[dict[str, Any]] = Setting("column_widths", {})
"""List name to {column name: width in pixels}."""
LIST_STATES: Setting[dict[str, Any]] = Setting("list_states", {})
"""List name to what it showed last: filter, order, columns."""
RECENT_RECORDS: Setting[list[Any]] = Setting("recent_records", [])
"""[entity, id] of the records opened last, newest first."""
HOME_CARDS: Setting[dict[str, Any]] = Setting("home_cards", {})
"""Which cards the home page shows and in what order: {"main": [...], "side": [...], "hidden": [...]}."""
EXPORT_FOLDER = Setting("export_folder", "")
IMPORT_FOLDER = Setting("import_folder", "")
SYNC_PAUSED = Setting("sync_paused", False)
SYNC_ON_METERED = Setting("sync_on_metered", False)
FILES_AUTOMATIC_KB = Setting("files_automatic_kb", 100, (0, 100, 1_000, 1_000_000))
"""Files up to this size come without being asked for, with all small pictures; 0: neither."""
FILES_PAUSED = Setting("files_paused", False)
NOTIFICATIONS = Setting("notifications", True)
"""Whether the system shows reminders while another program is in front."""
REMIND_MINUTES = Setting("remind_minutes", 15, (-1, 0, 5, 10, 15, 30, 60))
"""How long before something begins one is reminded, where it does not say so itself; -1: not at all."""
REMINDED: Setting[dict[str, Any]] = Setting("reminded", {})
"""What this laptop reminded of, and what was snoozed."""

ALL: tuple[Setting[Any], ...] = (
    LANGUAGE,
    THEME,
    FONT_SCALE,
    DENSITY,
    SERVER_URL,
    USER_NAME,
    LAST_VIEW,
    WINDOW_GEOMETRY,
    RAIL_COLLAPSED,
    COLUMN_WIDTHS,
    LIST_STATES,
    RECENT_RECORDS,
    HOME_CARDS,
    EXPORT_FOLDER,
    IMPORT_FOLDER,
    SYNC_PAUSED,
    SYNC_ON_METERED,
    FILES_AUTOMATIC_KB,
    FILES_PAUSED,
    NOTIFICATIONS,
    REMIND_MINUTES,
    REMINDED,
)


class Settings:
    """The settings of one profile. Reading costs nothing; each change is written at once, whole or not.

    A file that cannot be read is put aside and the settings are as new: it must not keep anybody from work.
    Names this version does not know stay in the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._values = self._load()

    def get(self, setting: Setting[T]) -> T:
        """Return the setting's value; its default where none, or none that fits, was kept."""
        value = self._values.get(setting.name)
        if value is None or not setting.accepts(value):
            return cast(T, _copy(setting.default))
        return cast(T, _copy(value))

    def set(self, setting: Setting[T], value: T) -> None:
        """Keep a value. ValueError where it does not fit; `UserError` where the file cannot be written."""
        if not setting.accepts(value):
            raise ValueError(f"{setting.name} cannot be {value!r}")
        with self._lock:
            if self._values.get(setting.name) == value:
                return
            changed = {**self._values, setting.name: _copy(value)}
            self._save(changed)
            self._values = changed

    def reset(self, setting: Setting[T]) -> None:
        """Let the setting have its default again."""
        with self._lock:
            changed = {name: value for name, value in self._values.items() if name != setting.name}
            self._save(changed)
            self._values = changed

    def _load(self) -> dict[str, Any]:
        try:
            kept = json.loads(self._path.read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except (OSError, ValueError):
            kept = None
        if isinstance(kept, dict):
            return kept
        log.warning("The settings could not be read and were put aside")
        try:
            os.replace(self._path, self._path.with_suffix(".bad"))
        except OSError:
            log.warning("The unreadable settings could not be put aside")
        return {}

    def _save(self, values: dict[str, Any]) -> None:
        part = self._path.with_suffix(".part")
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with part.open("w", encoding="utf-8") as file:
                json.dump(values, file, ensure_ascii=False, indent=1, sort_keys=True)
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, self._path)
        except OSError as error:
            raise UserError(N_("The settings could not be saved")) from error


def _copy(value: Any) -> Any:
    """Return a value that the caller may change without changing the settings."""
    return json.loads(json.dumps(value)) if isinstance(value, (dict, list)) else value
