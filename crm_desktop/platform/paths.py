"""Where this laptop keeps what: a profile is one folder."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs

APP_NAME = "Satchel"
PROFILE_VARIABLE = "CRM_PROFILE"


@dataclass(frozen=True, slots=True)
class Profile:
    """One person's folder: encrypted replica, settings, logs."""

    root: Path

    @property
    def database(self) -> Path:
        """The encrypted replica."""
        return self.root / "replica.db"

    @property
    def has_database(self) -> bool:
        """Whether there is a replica; an empty file is what a crash or a full disk left, and none."""
        return self.database.exists() and self.database.stat().st_size > 0

    @property
    def key_file(self) -> Path:
        """The wrapped key, where the system has no key store."""
        return self.root / "replica.key"

    @property
    def identity_file(self) -> Path:
        """The random name the system's key store knows the profile by."""
        return self.root / "profile.id"

    @property
    def settings_file(self) -> Path:
        """What this laptop remembers about its window."""
        return self.root / "settings.json"

    @property
    def logs(self) -> Path:
        """Folder of the log files."""
        return self.root / "logs"

    @property
    def backups(self) -> Path:
        """Folder of the encrypted copies."""
        return self.root / "backups"

    @property
    def has_backups(self) -> bool:
        """Whether there is a copy of the database."""
        return any(self.backups.glob("replica-*.db"))

    @property
    def blobs(self) -> Path:
        """Folder of attachments' contents."""
        return self.root / "blobs"

    @property
    def opened(self) -> Path:
        """Folder of copies of files that are open in other programs."""
        return self.root / "opened"

    @property
    def running_file(self) -> Path:
        """Exists while the program runs; found at start, it ended unexpectedly."""
        return self.root / "running"

    def make(self) -> None:
        """Make the folders, readable by their owner alone."""
        for folder in (self.root, self.logs, self.backups, self.blobs):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def local_folder() -> Path:
    """Return the platform's folder for what stays on this machine and does not roam."""
    return Path(platformdirs.user_data_dir(APP_NAME, appauthor=False, roaming=False))


def default_profile() -> Profile:
    """Return the profile `CRM_PROFILE` names, or the one in the platform's local data folder."""
    named = os.environ.get(PROFILE_VARIABLE, "").strip()
    return Profile(Path(named).expanduser().absolute() if named else local_folder() / "profile")


def profile_at(folder: Path | str | None) -> Profile:
    """Return the profile in `folder`; None: the default one."""
    return default_profile() if folder is None else Profile(Path(folder).expanduser().absolute())
