"""Opening a profile, away from the window: what is in it decides which screen comes next."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum

from crm_core.errors import UserError
from crm_core.i18n import N_, message
from crm_desktop import assembly
from crm_desktop.assembly import App
from crm_desktop.platform.paths import Profile
from crm_desktop.platform.secrets import PASSPHRASE_VARIABLE, AskPassphrase, PassphraseFile, open_store
from crm_desktop.services import sample
from crm_desktop.ui.context import Notice
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
        return bool(self.standing.allowed.readable) and (
            known.last_ok_ms is not None or known.rows["customer"] > 0
        )


def opened_of(app: App) -> Opened:
    """Return how far an open profile is; reads the database."""
    return Opened(
        app=app,
        standing=standing(app.replica),
        prepared=sample.is_prepared(app.replica),
        sample=sample.holds_sample(app.replica),
    )


def open_existing(profile: Profile, passphrase: str) -> Opened:
    """Open the profile's database; `UserError` where it cannot be."""
    return opened_of(assembly.open_profile(profile.root, asking(passphrase)))


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


def asking(passphrase: str) -> AskPassphrase:
    """Return what answers the key file with a passphrase that was typed before."""

    def ask(_new: bool) -> str:
        if not passphrase:
            raise UserError(N_("Type the passphrase of this profile"))
        return passphrase

    return ask


def tidy(app: App, *, check: bool) -> Notice | None:
    """Do what may wait until the window is up: index, daily backup, and a check after an unexpected end."""
    app.replica.catch_up()
    found = app.replica.integrity_check() if check else []
    app.replica.erase_traces()
    app.replica.back_up_if_due()
    if not check:
        return None
    if found:
        return Notice(
            kind="bad",
            text=message(
                "Satchel ended unexpectedly and the database is damaged. Copies lie in {folder}",
                folder=app.profile.backups,
            ),
        )
    return Notice(
        kind="info",
        text=message("Satchel ended unexpectedly last time. Your data was checked: all is well."),
        seconds=20,
    )
