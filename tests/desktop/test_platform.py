"""Folders that harm a database are refused, settings survive anything, logs hold nobody's data."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from crm_core.errors import UserError
from crm_desktop import settings as remembered
from crm_desktop.models.replica import Replica
from crm_desktop.platform import running, synced_folders
from crm_desktop.platform.logs import start_logging, stop_logging
from crm_desktop.platform.paths import Profile, default_profile, profile_at
from crm_desktop.platform.synced_folders import owner_of, refuse_synced
from crm_desktop.settings import Settings


@pytest.mark.parametrize(
    "name",
    [
        "Dropbox/work",
        "Dropbox (Personal)",
        "OneDrive - Example Ltd/crm",
        "onedrive",
        "Google Drive",
        "Library/Mobile Documents/x",
        "iCloudDrive",
        "Nextcloud/a/b",
        "坚果云/行囊",
        "我的坚果云",
        "Nutstore Files/我的坚果云/crm",
        "OneDrive-Personal",
        "iCloud云盘",
        "BaiduSyncdisk/crm",
        "WPS云盘",
        "ownCloud",
        "Library/CloudStorage/Box-Box/crm",
    ],
)
def test_a_folder_of_a_cloud_service_is_refused_by_its_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match="kept in step by"):
        Replica.create(Profile(tmp_path / name), bytes(range(32)))
    assert not (tmp_path / name).exists()


@pytest.mark.parametrize("marker", [".stfolder", ".dropbox.cache", ".sync_0a1b2c.db", ".nextcloudsync.log"])
def test_a_folder_below_one_a_service_marked_is_refused(tmp_path: Path, marker: str) -> None:
    (tmp_path / marker).touch()
    with pytest.raises(UserError, match="kept in step by"):
        refuse_synced(tmp_path / "a" / "b")


def test_a_folder_a_service_names_in_the_environment_is_refused(tmp_path: Path) -> None:
    assert owner_of(tmp_path / "deep", {"OneDriveCommercial": str(tmp_path)}) == "OneDrive"
    assert owner_of(tmp_path.parent, {"OneDriveCommercial": str(tmp_path)}) is None


@pytest.mark.parametrize("name", ["Dropboxes", "my-onedrive-notes", "next", "profile", "mega"])
def test_a_folder_that_only_sounds_alike_is_taken(tmp_path: Path, name: str) -> None:
    refuse_synced(tmp_path / name)


@pytest.mark.parametrize(
    ("mounts", "refused"),
    [
        ("/dev/sda1 / ext4 rw 0 0\nhost:/x {there} nfs4 rw 0 0\n", True),
        ("/dev/sda1 / ext4 rw 0 0\n//host/x {there} cifs rw 0 0\n", True),
        ("/dev/sda1 / ext4 rw 0 0\nhost: {there} fuse.sshfs rw 0 0\n", True),
        ("host:/x / nfs rw 0 0\n/dev/sda1 {there} ext4 rw 0 0\n", False),
        ("/dev/sda1 / ext4 rw 0 0\n/dev/sdb1 {there} fuseblk rw 0 0\n", False),
        ("overlay / fuse.fuse-overlayfs rw 0 0\n", False),
        ("/dev/sda1 / ext4 rw 0 0\nhost:/x {there}x nfs rw 0 0\n", False),
        ("broken\n\n", False),
    ],
)
def test_a_folder_on_another_machines_disk_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mounts: str, refused: bool
) -> None:
    there = tmp_path / "with space"
    there.mkdir()
    told = tmp_path / "mounts"
    told.write_text(mounts.replace("{there}", str(there).replace(" ", "\\040")))
    monkeypatch.setattr(synced_folders, "MOUNTS", told)
    if refused:
        with pytest.raises(UserError, match="another machine's disk"):
            refuse_synced(there / "profile")
    else:
        refuse_synced(there / "profile")


def test_the_profile_is_the_one_named_or_the_platforms(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert default_profile().root.is_absolute()
    monkeypatch.setenv("CRM_PROFILE", str(tmp_path / "named"))
    assert default_profile().root == tmp_path / "named"
    assert profile_at(None) == default_profile()
    assert profile_at(tmp_path) == Profile(tmp_path)


def test_a_window_that_was_not_closed_is_noticed_once(tmp_path: Path) -> None:
    profile = Profile(tmp_path)
    assert running.begin(profile) is False
    assert running.begin(profile) is True
    running.end(profile)
    running.end(profile)
    assert running.begin(profile) is False


def test_settings_are_their_defaults_until_set_and_then_stay(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    settings = Settings(path)
    assert settings.get(remembered.LANGUAGE) == ""
    assert not path.exists()
    settings.set(remembered.LANGUAGE, "zh_CN")
    settings.set(remembered.COLUMN_WIDTHS, {"customer": {"name": 240}})
    again = Settings(path)
    assert again.get(remembered.LANGUAGE) == "zh_CN"
    assert again.get(remembered.COLUMN_WIDTHS) == {"customer": {"name": 240}}
    again.reset(remembered.LANGUAGE)
    assert Settings(path).get(remembered.LANGUAGE) == ""


def test_a_value_handed_out_cannot_change_the_settings(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "settings.json")
    settings.get(remembered.COLUMN_WIDTHS)["customer"] = {}
    assert settings.get(remembered.COLUMN_WIDTHS) == {}
    widths = {"customer": {"name": 1}}
    settings.set(remembered.COLUMN_WIDTHS, widths)
    widths["customer"]["name"] = 2
    assert settings.get(remembered.COLUMN_WIDTHS) == {"customer": {"name": 1}}


def test_a_value_that_does_not_fit_is_refused_and_one_found_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    settings = Settings(path)
    with pytest.raises(ValueError, match="theme"):
        settings.set(remembered.THEME, "plaid")
    with pytest.raises(ValueError, match="font_scale"):
        settings.set(remembered.FONT_SCALE, True)
    path.write_text('{"theme": "plaid", "font_scale_percent": "big", "of a newer version": [1]}')
    settings = Settings(path)
    assert settings.get(remembered.THEME) == "system"
    assert settings.get(remembered.FONT_SCALE) == 100
    settings.set(remembered.THEME, "dark")
    assert json.loads(path.read_text())["of a newer version"] == [1]


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe\x00"])
def test_settings_that_cannot_be_read_keep_nobody_from_work(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(content)
    settings = Settings(path)
    assert settings.get(remembered.THEME) == "system"
    settings.set(remembered.THEME, "dark")
    assert Settings(path).get(remembered.THEME) == "dark"
    assert path.with_suffix(".bad").read_bytes() == content


def test_every_setting_has_a_name_of_its_own_and_a_default_that_fits() -> None:
    assert len({setting.name for setting in remembered.ALL}) == len(remembered.ALL)
    assert all(setting.accepts(setting.default) for setting in remembered.ALL)
    declared = {
        value
        for value in vars(remembered).values()
        if isinstance(value, remembered.Setting)
        if not isinstance(value.default, (dict, list))
    }
    assert declared <= {s for s in remembered.ALL if not isinstance(s.default, (dict, list))}


def test_the_log_turns_over_and_holds_no_address_or_number(tmp_path: Path) -> None:
    profile = Profile(tmp_path)
    handler = start_logging(profile)
    try:
        log = logging.getLogger("crm_desktop.test")
        try:
            raise ValueError("no answer from zhang.san@example.example, +86 138-0013-8000")
        except ValueError:
            log.exception("Sending to someone@mail.example failed after %s tries", 3)
        for _ in range(30_000):
            log.info("a line of the log that is about as long as lines of a log commonly are")
    finally:
        stop_logging(handler)
    files = sorted(profile.logs.iterdir())
    assert len(files) > 1
    text = "".join(path.read_text(encoding="utf-8") for path in files)
    assert "after 3 tries" in text
    assert "Traceback" in text
    for private in ("zhang.san", "someone@", "138-0013", "8000"):
        assert private not in text
    assert all(path.stat().st_size <= 1024 * 1024 for path in files)
