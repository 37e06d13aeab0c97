"""The replica's key lies in the system's key store, or wrapped by a passphrase, and nowhere in the clear."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

import keyring
import keyring.backend
import keyring.errors
import pytest

from crm_core.errors import UserError
from crm_desktop.platform.paths import Profile
from crm_desktop.platform.secrets import (
    DEVICE_TOKEN,
    PassphraseFile,
    SystemStore,
    open_store,
    replica_key,
)


class MemoryKeyring(keyring.backend.KeyringBackend):
    """A key store of one test."""

    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.kept.pop((service, username), None) is None:
            raise keyring.errors.PasswordDeleteError(username)


class LockedKeyring(MemoryKeyring):
    """A key store that is there and does not open."""

    def set_password(self, service: str, username: str, password: str) -> None:
        raise keyring.errors.InitError("Prompt dismissed")


@pytest.fixture
def key_store() -> Iterator[MemoryKeyring]:
    """Give the machine a key store."""
    before, store = keyring.get_keyring(), MemoryKeyring()
    keyring.set_keyring(store)
    yield store
    keyring.set_keyring(before)


@pytest.fixture
def profile(tmp_path: object) -> Profile:
    """Give an empty profile."""
    return Profile(tmp_path / "profile")  # type: ignore[operator]


def asked(*answers: str) -> tuple[list[bool], object]:
    """Return what was asked so far, and somebody who gives the answers in turn."""
    questions: list[bool] = []
    waiting = iter(answers)

    def ask(new: bool) -> str:
        questions.append(new)
        return next(waiting)

    return questions, ask


def test_a_key_store_keeps_the_key_and_the_profile_holds_no_file_of_it(
    profile: Profile, key_store: MemoryKeyring
) -> None:
    store = open_store(profile)
    assert isinstance(store, SystemStore)
    key = replica_key(store, make=True)
    assert len(key) == 32
    assert replica_key(open_store(profile)) == key
    assert not profile.key_file.exists()
    assert len(key_store.kept) == 1  # the probe was taken away again
    store.write(DEVICE_TOKEN, b"token")
    assert store.read(DEVICE_TOKEN) == b"token"
    store.forget(DEVICE_TOKEN)
    store.forget(DEVICE_TOKEN)
    assert store.read(DEVICE_TOKEN) is None


def test_two_profiles_on_one_machine_have_keys_of_their_own(
    profile: Profile, key_store: MemoryKeyring
) -> None:
    other = Profile(profile.root.with_name("other"))
    assert replica_key(open_store(profile), make=True) != replica_key(open_store(other), make=True)


def test_a_key_that_is_gone_is_not_made_anew_behind_an_existing_database(
    profile: Profile, key_store: MemoryKeyring
) -> None:
    replica_key(open_store(profile), make=True)
    key_store.kept.clear()
    with pytest.raises(UserError, match="not on this computer"):
        replica_key(open_store(profile))


def test_a_machine_without_a_key_store_wraps_the_key_by_a_passphrase(profile: Profile) -> None:
    questions, ask = asked("correct horse", "correct horse")
    key = replica_key(open_store(profile, ask), make=True)  # type: ignore[arg-type]
    again = open_store(profile, ask)  # type: ignore[arg-type]
    assert replica_key(again) == key
    assert again.read(DEVICE_TOKEN) is None
    again.write(DEVICE_TOKEN, b"token of the device")
    assert again.read(DEVICE_TOKEN) == b"token of the device"
    # Once for a new one, once for each time the profile is opened.
    assert questions == [True, False]
    content = profile.key_file.read_bytes()
    assert key not in content
    assert key.hex().encode() not in content
    assert b"token of the device" not in content
    if os.name == "posix":
        assert profile.key_file.stat().st_mode & 0o077 == 0


def test_a_key_store_that_stays_locked_is_as_good_as_none(profile: Profile) -> None:
    before = keyring.get_keyring()
    keyring.set_keyring(LockedKeyring())
    try:
        assert isinstance(open_store(profile, lambda _new: "long enough"), PassphraseFile)
    finally:
        keyring.set_keyring(before)


def test_a_wrong_passphrase_is_told_and_the_right_one_still_fits(profile: Profile) -> None:
    key = replica_key(open_store(profile, lambda _new: "correct horse"), make=True)
    answers = iter(["wrong horse", "correct horse"])
    store = open_store(profile, lambda _new: next(answers))
    with pytest.raises(UserError, match="does not fit"):
        replica_key(store)
    assert replica_key(store) == key


def test_nothing_is_sealed_under_a_wrong_passphrase(profile: Profile) -> None:
    replica_key(open_store(profile, lambda _new: "correct horse"), make=True)
    before = profile.key_file.read_bytes()
    with pytest.raises(UserError, match="does not fit"):
        open_store(profile, lambda _new: "wrong horse").write(DEVICE_TOKEN, b"token")
    assert profile.key_file.read_bytes() == before


def test_the_passphrase_may_come_from_the_environment(
    profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UserError, match="CRM_PASSPHRASE"):
        replica_key(open_store(profile), make=True)
    monkeypatch.setenv("CRM_PASSPHRASE", "short")
    with pytest.raises(UserError, match="at least 8"):
        replica_key(open_store(profile), make=True)
    monkeypatch.setenv("CRM_PASSPHRASE", "通关密语是这个吧")
    key = replica_key(open_store(profile), make=True)
    assert replica_key(open_store(profile)) == key


def test_a_changed_passphrase_opens_and_the_old_one_does_not(profile: Profile) -> None:
    key = replica_key(open_store(profile, lambda _new: "the first one"), make=True)
    store = open_store(profile, lambda _new: "the first one")
    assert isinstance(store, PassphraseFile)
    store.change_passphrase("the second one")
    assert replica_key(open_store(profile, lambda _new: "the second one")) == key
    with pytest.raises(UserError):
        replica_key(open_store(profile, lambda _new: "the first one"))


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", '{"v": 2, "kdf": "x", "salt": "", "secrets": {}}', "\x00"]
)
def test_a_damaged_key_file_is_told_and_kept(profile: Profile, content: str) -> None:
    profile.make()
    profile.key_file.write_text(content)
    with pytest.raises(UserError, match="damaged"):
        replica_key(open_store(profile, lambda _new: "long enough"), make=True)
    assert profile.key_file.read_text() == content


def test_secrets_cannot_be_exchanged_for_one_another(profile: Profile) -> None:
    store = open_store(profile, lambda _new: "long enough")
    replica_key(store, make=True)
    store.write(DEVICE_TOKEN, b"x" * 32)
    kept = json.loads(profile.key_file.read_text())
    kept["secrets"]["replica"] = kept["secrets"]["device"]
    profile.key_file.write_text(json.dumps(kept))
    with pytest.raises(UserError):
        replica_key(open_store(profile, lambda _new: "long enough"))
