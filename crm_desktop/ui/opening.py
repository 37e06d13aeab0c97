"""Opening a profile, away from the window: what is in it decides which screen comes next."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from crm_core.i18n import message
from crm_desktop import assembly
from crm_desktop.assembly import App, Restored
from crm_desktop.platform.paths import Profile
from crm_desktop.platform.secrets import (
    PASSPHRASE_VARIABLE,
    PassphraseFile,
    SecretStore,
    asking,
    open_store,
)
from crm_desktop.services import sample
from crm_desktop.ui.context import RESTORE, Notice
from crm_desktop.ui.shell.standing import Standing, standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """An open profile and how far it is."""

    app: App
    standing: Standing
    prepared: bool
    """Has a pipeline and a person, as a profile without an HQ needs them."""
    sample: bool

    @property
    def enrolled(self) -> bool:
        """Whether an HQ knows this laptop."""
        return self.standing.sync.enrolled

    @property
    def ready(self) -> bool:
        """Whether one can work: the set-up and the first customers are here."""
        known = self.standing.sync
        return bool(self.standing.allowed.readable) and (known.last_ok_ms is not None or known.has_customers)


def opened_of(app: App) -> Opened:
    """Return how far an open profile is; reads the database."""
    return Opened(
        app=app,
        standing=standing(app.replica),
        prepared=sample.is_prepared(app.replica),
        sample=sample.holds_sample(app.replica),
    )


def open_existing(profile: Profile, store: SecretStore) -> Opened:
    """Open the profile's database, the key of which is in `store`; `UserError` where it cannot be."""
    return _looked_at(assembly.open_profile(profile.root, store=store))


@dataclass(frozen=True, slots=True, kw_only=True)
class WentBack:
    """A profile that was put back to a copy, open, and where its database was put."""

    opened: Opened
    aside: Path | None


def restore_closed(profile: Profile, passphrase: str, copy: Path) -> WentBack:
    """Put a copy in the place of a database that cannot be opened, and open it."""
    return _gone_back(assembly.restore_profile(profile.root, copy, asking(passphrase)))


def restore_open(app: App, copy: Path) -> WentBack:
    """Close a profile, put a copy in the place of its database and open it anew."""
    return _gone_back(app.restore(copy))


def _gone_back(restored: Restored) -> WentBack:
    return WentBack(opened=_looked_at(restored.app), aside=restored.aside)


def _looked_at(app: App) -> Opened:
    """Return how far a profile just opened is; closed again where it cannot be read."""
    try:
        return opened_of(app)
    except BaseException:
        app.close()
        raise


def make_profile(profile: Profile, passphrase: str) -> App:
    """Make the profile's database, or open the one there is."""
    return assembly.new_profile(profile.root, asking(passphrase))


class Guard(StrEnum):
    """What guards the key of a profile that is to be made."""

    KEY_STORE = "key-store"
    PASSPHRASE = "passphrase"
    ENVIRONMENT = "environment"


def guard_of(profile: Profile) -> Guard:
    """Return what will guard the profile's key on this computer; may ask the system's key store."""
    if os.environ.get(PASSPHRASE_VARIABLE):
        return Guard.ENVIRONMENT
    store = open_store(profile, asking(""))
    return Guard.PASSPHRASE if isinstance(store, PassphraseFile) else Guard.KEY_STORE


def tidy(app: App, *, check: bool, restore: Callable[[], None]) -> Notice | None:
    """Do what may wait until the window is up: index, daily backup, and a check after an unexpected end.

    A damaged database is left as it is, and no copy of it takes the place of a good one; `restore` is what
    the notice then offers.
    """
    if check and app.replica.integrity_check():
        return Notice(
            kind="bad",
            text=message("Satchel ended unexpectedly and the database is damaged."),
            action=RESTORE,
            act=restore,
        )
    app.replica.opened.close_all()
    app.replica.tidy_blobs()
    app.replica.catch_up()
    app.replica.erase_traces()
    app.replica.back_up_if_due()
    if not check:
        return None
    return Notice(
        kind="info",
        text=message("Satchel ended unexpectedly last time. Your data was checked: all is well."),
        seconds=20,
    )
