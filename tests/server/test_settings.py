"""Settings: what is written is read again, the environment wins, secrets stay secret."""

from __future__ import annotations

import dataclasses
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest

from crm_core.errors import UserError
from sync_server.settings import Settings, fresh_settings, mask_url, read_settings, write_settings


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    settings = fresh_settings(
        tmp_path, company_zh="示例“公司”\\\n\x7f", trusted_proxies=("10.0.0.1", "::1"), interval_s=30
    )
    write_settings(settings)
    assert read_settings(tmp_path, {}) == settings


def test_only_the_owner_may_read_the_file(tmp_path: Path) -> None:
    settings = fresh_settings(tmp_path / "hq")
    write_settings(settings)
    write_settings(settings)
    assert stat.S_IMODE(settings.file.stat().st_mode) == 0o600
    assert stat.S_IMODE(settings.data.stat().st_mode) == 0o700


def test_the_environment_overrides_the_file(tmp_path: Path) -> None:
    write_settings(fresh_settings(tmp_path))
    environment = {
        "CRM_SERVER_PORT": "9000",
        "CRM_SERVER_TRUSTED_PROXIES": "10.0.0.1, 10.0.0.2",
        "CRM_SERVER_DATABASE_URL": "postgresql://crm:geheim@db/crm",
        "CRM_SERVER_DATA": "/elsewhere",
    }
    settings = read_settings(tmp_path, environment)
    assert settings.port == 9000
    assert settings.trusted_proxies == ("10.0.0.1", "10.0.0.2")
    assert settings.database_url == "postgresql+psycopg://crm:geheim@db/crm"
    assert settings.data == tmp_path


def test_yes_and_no_are_read_from_file_and_environment(tmp_path: Path) -> None:
    write_settings(fresh_settings(tmp_path, tell_known_customers=True))
    assert read_settings(tmp_path, {}).tell_known_customers is True
    assert not read_settings(tmp_path, {"CRM_SERVER_TELL_KNOWN_CUSTOMERS": "false"}).tell_known_customers
    with pytest.raises(UserError, match="cannot be"):
        read_settings(tmp_path, {"CRM_SERVER_TELL_KNOWN_CUSTOMERS": "perhaps"})


def test_a_value_of_the_wrong_kind_names_its_setting(tmp_path: Path) -> None:
    write_settings(fresh_settings(tmp_path))
    with pytest.raises(UserError, match="port"):
        read_settings(tmp_path, {"CRM_SERVER_PORT": "many"})


def test_a_setting_nobody_knows_is_an_error_rather_than_ignored(tmp_path: Path) -> None:
    settings = fresh_settings(tmp_path)
    write_settings(settings)
    settings.file.write_text(settings.file.read_text() + "interval = 5\n")
    with pytest.raises(UserError, match="interval"):
        read_settings(tmp_path, {})


@pytest.mark.parametrize("text", ["database_url = ", "port = 1\nport = 2\n", "\x00", "secret = 'x'\n"])
def test_a_damaged_file_is_said_to_be_one(tmp_path: Path, text: str) -> None:
    (tmp_path / "crm-server.toml").write_text(text)
    with pytest.raises(UserError, match=r"crm-server\.toml"):
        read_settings(tmp_path, {})


def test_an_engine_other_than_the_two_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="postgresql://"):
        fresh_settings(tmp_path, database="mysql://root@db/crm")


def test_a_moved_folder_finds_its_own_database(tmp_path: Path) -> None:
    write_settings(fresh_settings(tmp_path / "here"))
    shutil.move(tmp_path / "here", tmp_path / "there")
    assert read_settings(tmp_path / "there", {}).database_url.endswith("/there/satchel.db")


def test_no_secret_is_shown(tmp_path: Path) -> None:
    settings = fresh_settings(tmp_path, database="postgresql://crm:geheim@db/crm")
    shown = str(settings.masked()) + repr(settings)
    assert "geheim" not in shown
    assert settings.secret not in shown
    assert settings.metrics_key not in shown
    assert mask_url(settings.database_url).startswith("postgresql+psycopg://crm:")


def test_every_setting_is_shown(tmp_path: Path) -> None:
    shown = fresh_settings(tmp_path).masked()
    assert set(shown) == {field.name for field in dataclasses.fields(Settings)}


def test_the_company_has_a_name_in_a_language_it_was_not_given_in(tmp_path: Path) -> None:
    settings = fresh_settings(tmp_path, company_zh="示例公司")
    assert settings.company_name("en") == settings.company_name("zh_CN") == "示例公司"


@pytest.mark.parametrize(
    ("host", "others", "heard"),
    [
        ("127.0.0.1", {}, False),
        ("::1", {}, False),
        ("localhost", {}, False),
        ("0.0.0.0", {}, True),
        ("hq.example", {}, True),
        ("0.0.0.0", {"tls_certificate": "/etc/hq.pem"}, False),
        ("0.0.0.0", {"trusted_proxies": ("10.0.0.1",)}, False),
    ],
)
def test_an_address_others_reach_unencrypted_is_known(
    tmp_path: Path, host: str, others: dict[str, Any], heard: bool
) -> None:
    settings = dataclasses.replace(fresh_settings(tmp_path), host=host, **others)
    assert settings.is_heard_in_the_clear is heard
