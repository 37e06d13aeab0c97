"""The profile's secrets: the replica's key and HQ's device token.

They lie in the system's key store. Where there is none, as on a machine without a desktop, they lie in a file
of the profile, wrapped by a passphrase: argon2id (RFC 9106, second recommended setting but for its time) to
a key, AES-256-GCM around each secret.
"""

from __future__ import annotations

import base64
import json
import logging
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_desktop.platform.paths import APP_NAME, Profile

PASSPHRASE_VARIABLE = "CRM_PASSPHRASE"
REPLICA_KEY = "replica"
DEVICE_TOKEN = "device"
KEY_BYTES = 32
_MEMORY_KIB, _PASSES, _LANES = 64 * 1024, 3, 4  # a quarter of a second on a laptop
_SALT_BYTES, _NONCE_BYTES = 16, 12
MIN_PASSPHRASE = 8

log = logging.getLogger(__name__)

AskPassphrase = Callable[[bool], str]
"""Asks the person for the passphrase; True: for a new one, which is to be typed twice. Raises `UserError`
where nobody can be asked."""


class SecretStore(Protocol):
    """Keeps a few secrets of one profile."""

    def read(self, name: str) -> bytes | None:
        """Return the secret, None where there is none. `UserError` for a wrong passphrase."""

    def write(self, name: str, secret: bytes) -> None:
        """Keep the secret."""

    def forget(self, name: str) -> None:
        """Drop the secret; none of that name is no error."""


class SystemStore:
    """The key store of the system: Windows Credential Manager, macOS Keychain, Secret Service."""

    def __init__(self, profile_id: str) -> None:
        self._profile_id = profile_id

    def read(self, name: str) -> bytes | None:
        """Return the secret."""
        found = _keyring().get_password(APP_NAME, self._account(name))
        return None if found is None else base64.b64decode(found)

    def write(self, name: str, secret: bytes) -> None:
        """Keep the secret."""
        _keyring().set_password(APP_NAME, self._account(name), base64.b64encode(secret).decode())

    def forget(self, name: str) -> None:
        """Drop the secret."""
        if self.read(name) is not None:
            _keyring().delete_password(APP_NAME, self._account(name))

    def _account(self, name: str) -> str:
        return f"{self._profile_id}:{name}"


class PassphraseFile:
    """A file of secrets wrapped by a passphrase, which is asked for once."""

    def __init__(self, path: Path, ask: AskPassphrase) -> None:
        self._path = path
        self._ask = ask
        self._wrapping: bytes | None = None

    def read(self, name: str) -> bytes | None:
        """Return the secret; `UserError` where the passphrase does not fit."""
        kept = self._load()
        sealed = kept["secrets"].get(name) if kept else None
        return None if kept is None or sealed is None else self._open(kept, name, sealed)

    def write(self, name: str, secret: bytes) -> None:
        """Keep the secret; the first one asks for a new passphrase."""
        kept = self._load()
        if kept is None:
            passphrase = self._ask(True)
            if len(passphrase) < MIN_PASSPHRASE:
                raise UserError(N_("A passphrase needs at least {count} characters"), count=MIN_PASSPHRASE)
            kept = _new_file()
            self._wrapping = _derive(passphrase, kept)
        elif kept["secrets"]:
            # The passphrase must be the file's own before anything is sealed under it.
            first = next(iter(kept["secrets"]))
            self._open(kept, first, kept["secrets"][first])
        kept["secrets"][name] = self._seal(name, secret)
        self._save(kept)

    def forget(self, name: str) -> None:
        """Drop the secret."""
        kept = self._load()
        if kept is not None and kept["secrets"].pop(name, None) is not None:
            self._save(kept)

    def change_passphrase(self, new: str) -> None:
        """Wrap every secret by another passphrase; asks for the present one where it was not given yet."""
        if len(new) < MIN_PASSPHRASE:
            raise UserError(N_("A passphrase needs at least {count} characters"), count=MIN_PASSPHRASE)
        kept = self._load()
        if kept is None:
            raise UserError(N_("This profile has no passphrase"))
        plain = {name: self._open(kept, name, sealed) for name, sealed in kept["secrets"].items()}
        fresh = _new_file()
        self._wrapping = _derive(new, fresh)
        fresh["secrets"] = {name: self._seal(name, secret) for name, secret in plain.items()}
        self._save(fresh)

    def _open(self, kept: dict[str, Any], name: str, sealed: str) -> bytes:
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - most machines have a key store
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

        wrapping = self._wrapping or _derive(self._ask(False), kept)
        raw = base64.b64decode(sealed)
        try:
            secret = AESGCM(wrapping).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], _context(name))
        except InvalidTag as error:
            raise UserError(N_("The passphrase does not fit this profile")) from error
        self._wrapping = wrapping
        return secret

    def _seal(self, name: str, secret: bytes) -> str:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = AESGCM(self._wrapping or b"").encrypt(nonce, secret, _context(name))
        return base64.b64encode(nonce + sealed).decode()

    def _load(self) -> dict[str, Any] | None:
        if not self._path.exists():
            return None
        try:
            kept: dict[str, Any] = json.loads(self._path.read_text(encoding="utf-8"))
            base64.b64decode(kept["salt"])
            if kept["v"] != 1 or kept["kdf"] != "argon2id" or not isinstance(kept["secrets"], dict):
                raise ValueError(kept["v"])
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(N_("The key file of this profile is damaged or of a newer version")) from error
        return kept

    def _save(self, kept: dict[str, Any]) -> None:
        part = self._path.with_suffix(".part")
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(kept, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, self._path)


def open_store(profile: Profile, ask: AskPassphrase | None = None) -> SecretStore:
    """Return where the profile's secrets lie: its own file if it has one, else the system's key store.

    A machine whose key store does not answer gets a file. Without `ask` the passphrase is taken from
    `CRM_PASSPHRASE`, and where that is not set `UserError` says so.
    """
    profile.make()
    if not profile.key_file.exists() and _key_store_works():
        return SystemStore(_profile_id(profile))
    _profile_id(profile)
    return PassphraseFile(profile.key_file, _from_environment_or(ask))


def asking(passphrase: str) -> AskPassphrase:
    """Return what answers the key file with a passphrase that was typed before."""

    def ask(_new: bool) -> str:
        if not passphrase:
            raise UserError(N_("Type the passphrase of this profile"))
        return passphrase

    return ask


def unlocked_store(profile: Profile, passphrase: str) -> SecretStore:
    """Return where the profile's secrets lie, opened with a passphrase where there is one.

    `UserError` where it does not fit, or the key of the replica is not there.
    """
    store = open_store(profile, asking(passphrase))
    replica_key(store)
    return store


def replica_key(store: SecretStore, *, make: bool = False) -> bytes:
    """Return the key of the profile's replica; `make` draws one where there is none.

    `UserError` where there is none: the database cannot be opened without it.
    """
    key = store.read(REPLICA_KEY)
    if key is not None:
        return key
    if not make:
        raise UserError(
            N_("The key of this profile is not on this computer. Restore it, or sign in with a new profile")
        )
    key = secrets.token_bytes(KEY_BYTES)
    store.write(REPLICA_KEY, key)
    return key


def _from_environment_or(ask: AskPassphrase | None) -> AskPassphrase:
    def passphrase(new: bool) -> str:
        given = os.environ.get(PASSPHRASE_VARIABLE)
        if given:
            return given
        if ask is None:
            raise UserError(
                N_("This computer has no key store: set {variable} to the passphrase of the profile"),
                variable=PASSPHRASE_VARIABLE,
            )
        return ask(new)

    return passphrase


def _profile_id(profile: Profile) -> str:
    if not profile.identity_file.exists():
        profile.identity_file.write_text(secrets.token_hex(8), encoding="ascii")
    return profile.identity_file.read_text(encoding="ascii").strip()


def _key_store_works() -> bool:
    """Tell whether the system's key store keeps something and gives it back."""
    import keyring.errors  # noqa: PLC0415

    probe = secrets.token_hex(8)
    try:
        store = _keyring()
        store.set_password(APP_NAME, "probe", probe)
        works = store.get_password(APP_NAME, "probe") == probe
        store.delete_password(APP_NAME, "probe")
    except (keyring.errors.KeyringError, OSError, RuntimeError) as error:
        log.info("No key store answers: %s", type(error).__name__)
        return False
    return bool(works)


def _keyring() -> Any:
    import keyring  # noqa: PLC0415 - asks the system which store it has, a tenth of a second

    return keyring


def _new_file() -> dict[str, Any]:
    return {
        "v": 1,
        "kdf": "argon2id",
        "memory_kib": _MEMORY_KIB,
        "passes": _PASSES,
        "lanes": _LANES,
        "salt": base64.b64encode(secrets.token_bytes(_SALT_BYTES)).decode(),
        "secrets": {},
    }


def _derive(passphrase: str, kept: dict[str, Any]) -> bytes:
    from argon2.low_level import Type, hash_secret_raw  # noqa: PLC0415 - only without a key store

    return hash_secret_raw(
        passphrase.encode(),
        base64.b64decode(kept["salt"]),
        time_cost=int(kept["passes"]),
        memory_cost=int(kept["memory_kib"]),
        parallelism=int(kept["lanes"]),
        hash_len=KEY_BYTES,
        type=Type.ID,
    )


def _context(name: str) -> bytes:
    return f"satchel:{name}".encode()
