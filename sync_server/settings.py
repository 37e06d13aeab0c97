"""What HQ is told about itself: `crm-server.toml` in its data folder, overridden by `CRM_SERVER_*`.

The file holds the database's URL and the key that signs sync tokens, so only its owner may read it.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import json
import os
import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from platformdirs import user_data_path

from crm_core.errors import UserError, reason_of
from crm_core.i18n import N_
from crm_core.schema.phones import FALLBACK_REGION, is_region
from crm_core.sync import codec

FILE_NAME: Final = "crm-server.toml"
SQLITE_NAME: Final = "satchel.db"
ENVIRONMENT: Final = "CRM_SERVER_"
POSTGRES_DRIVER: Final = "postgresql+psycopg"
SQLITE_DRIVER: Final = "sqlite+pysqlite"
SECRET_BYTES: Final = 32
MASK: Final = "••••••"

_SECRET_NAMES: Final = frozenset(
    {"secret", "metrics_key", "mail_password", "service_password", "smtp_password"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One headquarters. Build with `read_settings`, or `fresh_settings` for a new one."""

    data: Path
    """Folder of this HQ: settings, the SQLite file, attached files."""
    database_url: str
    secret: str
    """Key of the signatures on sync tokens, hexadecimal; the same on every machine that serves this HQ."""
    metrics_key: str = ""
    """Whoever sends it as `X-Metrics-Key` may read `/metrics`; empty: nobody, on the public port."""
    admin_port: int = 0
    """Port on this machine alone that answers with the metrics and asks for no key; 0: none."""

    company: str = ""
    company_zh: str = ""
    address: str = ""
    address_zh: str = ""
    phone: str = ""
    email: str = ""
    tax_number: str = ""
    currency: str = "CNY"
    """Currency sums of several currencies are shown in."""
    region: str = FALLBACK_REGION
    """Country (ISO 3166, two letters) of phone numbers that are written without one."""
    language: str = "en"
    """Language of what HQ writes by itself: `en` or `zh_CN`."""

    host: str = "127.0.0.1"
    port: int = 8765
    workers: int = 1
    tls_certificate: str = ""
    """PEM file of the certificate and its chain; empty: no TLS, for a proxy that has it."""
    tls_key: str = ""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed."""

    mail_server: str = ""
    """IMAP server whose new mails become leads, as `imaps://host` or `imaps://host:port`; empty: none. With
    `imap://` the password goes in the clear: only for this machine or through a tunnel."""
    mail_user: str = ""
    mail_password: str = ""
    mail_folder: str = "INBOX"
    service_server: str = ""
    """IMAP server whose new mails become tickets and messages of tickets, as `mail_server`; empty: none."""
    service_user: str = ""
    service_password: str = ""
    service_folder: str = "INBOX"
    service_address: str = ""
    """Address customers write to; answers to tickets ask for replies there. Empty: `service_user`."""
    service_checked_by: str = ""
    """Name by which the mail server signs what it found about a sender (`Authentication-Results`, RFC 8601),
    such as `mx.example.com`; a mail it found to be forged (DMARC) then belongs to nobody. Empty: none."""
    smtp_server: str = ""
    """SMTP server for the mails HQ sends, as `smtps://host`, `smtp://host` (encrypted by STARTTLS where
    the server offers it) or with `:port`; empty: mails wait. A password goes over encrypted lines alone, or
    within this machine."""
    smtp_user: str = ""
    smtp_password: str = ""
    smtp_from: str = ""
    """Address mails are sent from; empty: `email`. Answers go to the person who sent them."""
    public_url: str = ""
    """Where customers reach HQ's pages, such as `https://hq.example`; empty: no links to the acceptance page
    are made."""
    accepted_deals: str = ""
    """Name of the stage a deal goes to when its quote is accepted, `won` for the won stage of its pipeline;
    empty: deals stay where they are."""
    accepted_orders: bool = False
    """Whether the draft of an order is made of a quote its customer signed."""

    password_length_min: int = 1
    """Shorter passwords are refused; one of fewer than eight characters is warned of in any case."""

    interval_s: int = 120
    """How often a laptop runs a round though it has nothing to send and was told of no news."""
    lease_size: int = 50
    """Numbers a laptop gets at a time."""
    tell_known_customers: bool = False
    """Whether laptops are sent short hashes of all customers, so that they say offline that one is held by
    somebody else; to whoever may make customers. See docs/permissions.md for what that tells."""
    offline_days: int = 30
    """How long a laptop may be worked on without hearing of HQ; then it is only read until it has; 0: for
    ever."""
    report_outside: tuple[str, ...] = ()
    """Addresses outside, such as `ann@kontor.example` or `@kontor.example` for all of a domain, that
    scheduled reports may go to; empty: to users alone."""
    report_outside_as: str = ""
    """Name of the user by whose rights figures for addresses outside are counted; empty: none go there."""
    remind_before_due_days: int = 3
    """How long before an instalment is due its owner is reminded; 0: not at all."""
    remind_after_due_days: int = 1
    """How long after an instalment was due, and did not come, its owner is reminded; 0: not at all."""
    keep_days: int = 180
    """How long HQ keeps, at least, what only a laptop absent that long would need, and deleted records;
    0: for ever."""
    want_bytes_max: int = 1024 * 1024
    """Largest page of a download."""
    file_bytes_max: int = 25_000_000
    """Largest attached file: what mail servers take."""
    mail_files_bytes_max: int = 20_000_000
    """Files that go with one mail, together: in the mail they take a third more, and mail servers take some
    25 MB."""
    device_files_bytes_max: int = 5 * 1024 * 1024 * 1024
    """Attached files one laptop may have sent, in all."""
    body_bytes_max: int = 4 * 1024 * 1024
    """Largest request body, as it arrives (compressed)."""
    form_bytes_max: int = 12 * 1024 * 1024
    """Largest body of a form people outside fill in, with its files."""

    requests_per_minute: int = 600
    """Rounds and waits for news of one laptop that one process answers; 0: any number."""
    key_requests_per_minute: int = 600
    """Requests under one key of another program that one process answers; 0: any number."""
    answers_days: int = 30
    """How long answers to requests with an `Idempotency-Key` are kept, to be given again."""
    webhook_networks: tuple[str, ...] = ()
    """Networks such as `127.0.0.0/8` or `10.1.0.0/16` inside which webhooks may go, without TLS too;
    elsewhere only https to addresses of the public internet."""
    webhook_days: int = 3
    """How long a message an address does not take is sent again and again."""
    webhook_wait_s: int = 5
    """How long to wait before it is sent a second time; then twice as long each time, up to four hours."""
    webhook_timeout_s: int = 15
    """How long one answer may take in all."""
    megabytes_per_day: int = 4_000
    """What one laptop may send and fetch in a day (UTC); 0: any amount."""
    operations_per_day: int = 500_000
    """Changes one laptop may bring in a day (UTC); 0: any number."""
    large_requests: int = 2
    """Large requests one process works on at once; each may take 150 MB while it lasts."""

    @property
    def file(self) -> Path:
        """Where these settings are kept."""
        return self.data / FILE_NAME

    @property
    def uses_tls(self) -> bool:
        """Whether HQ itself answers with TLS."""
        return bool(self.tls_certificate)

    @property
    def is_heard_in_the_clear(self) -> bool:
        """Whether other machines reach this server and neither it nor a proxy it knows encrypts."""
        if self.uses_tls or self.trusted_proxies or self.host == "localhost":
            return False
        try:
            return not ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return True

    def company_name(self, language: str) -> str:
        """Return the company's name in the language, or in the other where it has only one."""
        names = (
            (self.company_zh, self.company) if language.startswith("zh") else (self.company, self.company_zh)
        )
        return names[0] or names[1]

    def told(self) -> dict[str, Any]:
        """Return what every laptop is told about HQ."""
        names = (
            *("interval_s", "lease_size", "offline_days", "file_bytes_max", "device_files_bytes_max"),
            *("company", "company_zh", "address", "address_zh", "phone", "email", "tax_number", "currency"),
            *("region", "public_url", "remind_before_due_days", "report_outside", "mail_files_bytes_max"),
        )
        told = {name: getattr(self, name) for name in names}
        return {**told, "dictionary": codec.NEWEST_DICTIONARY, "contents_by_file": True}

    def masked(self) -> dict[str, Any]:
        """Return every setting as plain values with secrets made unreadable."""
        shown = {name: value for name, value in _plain(self).items() if name not in _SECRET_NAMES}
        shown |= {name: MASK if getattr(self, name) else "" for name in sorted(_SECRET_NAMES)}
        shown["database_url"] = mask_url(self.database_url)
        return {"data": str(self.data), **shown}

    def __repr__(self) -> str:
        return f"Settings(data={str(self.data)!r}, database_url={mask_url(self.database_url)!r})"


def default_data_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the data folder where none is named: `CRM_SERVER_DATA`, else the platform's."""
    named = environment.get(ENVIRONMENT + "DATA")
    return Path(named) if named else user_data_path("satchel-hq", appauthor=False)


def sqlite_url(file: Path) -> str:
    """Return the database URL of a SQLite file."""
    return f"{SQLITE_DRIVER}:///{file.as_posix()}"


def database_url(given: str, data: Path) -> str:
    """Return the URL with the driver this program brings; a relative SQLite path lies in the data folder.

    Raises `UserError` for another engine.
    """
    scheme, found, rest = given.partition("://")
    drivers = {"sqlite": SQLITE_DRIVER, "postgresql": POSTGRES_DRIVER, "postgres": POSTGRES_DRIVER}
    driver = drivers.get(scheme.partition("+")[0])
    if not found or driver is None:
        raise UserError(N_("The database is named by a URL such as postgresql://user@host/satchel"))
    if driver == SQLITE_DRIVER:
        return sqlite_url(data.absolute() / rest.removeprefix("/"))
    return f"{driver}://{rest}"


def fresh_settings(data: Path, *, database: str | None = None, **others: Any) -> Settings:
    """Return the settings of a new HQ, with new secrets; nothing is written."""
    data = data.absolute()
    return Settings(
        data=data,
        database_url=database_url(database or f"sqlite:///{SQLITE_NAME}", data),
        secret=secrets.token_hex(SECRET_BYTES),
        metrics_key=secrets.token_hex(SECRET_BYTES),
        **others,
    )


def write_settings(settings: Settings) -> None:
    """Write the settings for their owner's eyes alone, wholly or not at all."""
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    lines = (f"{name} = {_toml(value)}\n" for name, value in _plain(settings).items())
    partial = settings.file.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
        stream.writelines(lines)
        stream.flush()
        os.fsync(stream.fileno())
    partial.replace(settings.file)


def read_settings(data: Path, environment: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings in force for the HQ in `data`.

    Raises `UserError` where there is no HQ yet, where the file cannot be read, and for a value that is
    none of its setting's; a setting of a newer version is an error too, for it may matter.
    """
    file = data.absolute() / FILE_NAME
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UserError(
            N_("There is no headquarters in {folder}; make one with “crm-server init”"), folder=data
        ) from None
    except UnicodeDecodeError as error:
        raise UserError(
            N_("{file} cannot be read as settings: {reason}"), file=file, reason=error.reason
        ) from error
    except OSError as error:
        raise UserError(
            N_("{file} cannot be opened: {reason}"), file=file, reason=reason_of(error)
        ) from error
    return parse_settings(text, data, environment)


def parse_settings(text: str, data: Path, environment: Mapping[str, str] = MappingProxyType({})) -> Settings:
    """Return the settings a file's text holds for the HQ in `data`. Raises what `read_settings` raises."""
    file = data.absolute() / FILE_NAME
    try:
        stored = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UserError(N_("{file} cannot be read as settings: {reason}"), file=file, reason=error) from error
    kinds = {field.name: str(field.type) for field in dataclasses.fields(Settings) if field.name != "data"}
    values: dict[str, Any] = {}
    for name, value in stored.items():
        if name not in kinds:
            raise UserError(N_("{file}: there is no setting “{name}”"), file=file, name=name)
        values[name] = _checked(name, value, kinds[name])
    for name, kind in kinds.items():
        given = environment.get(ENVIRONMENT + name.upper())
        if given is not None:
            values[name] = _from_text(name, given, kind)
    for name in ("database_url", "secret"):
        if not values.get(name):
            raise UserError(N_("{file}: the setting “{name}” is missing"), file=file, name=name)
    if not is_region(values.get("region", FALLBACK_REGION)):
        raise UserError(N_("The setting “{name}” cannot be “{value}”"), name="region", value=values["region"])
    for network in values.get("webhook_networks", ()):
        try:
            ipaddress.ip_network(network, strict=False)
        except ValueError:
            said = N_("The setting “{name}” cannot be “{value}”")
            raise UserError(said, name="webhook_networks", value=network) from None
    values["database_url"] = database_url(values["database_url"], data)
    return Settings(data=data.absolute(), **values)


def with_database(settings: Settings, url: str) -> Settings:
    """Return the settings with another database. Raises `UserError` for one of another engine."""
    return dataclasses.replace(settings, database_url=database_url(url, settings.data))


def mask_url(url: str) -> str:
    """Return a database URL without its password."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    netloc = parts.netloc.replace(f":{parts.password}@", f":{MASK}@")
    return urlunsplit(parts._replace(netloc=netloc))


def _plain(settings: Settings) -> dict[str, Any]:
    values = ((f.name, getattr(settings, f.name)) for f in dataclasses.fields(settings) if f.name != "data")
    plain = {name: list(value) if isinstance(value, tuple) else value for name, value in values}
    inside = sqlite_url(settings.data) + "/"
    if settings.database_url.startswith(inside):  # so that the folder may be moved
        plain["database_url"] = f"{SQLITE_DRIVER}:///{settings.database_url.removeprefix(inside)}"
    return plain


def _toml(value: Any) -> str:
    # JSON's strings, numbers, booleans and flat lists are TOML too, but for DEL, which TOML wants escaped.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _checked(name: str, value: Any, kind: str) -> Any:
    """Return a stored value in its setting's type."""
    if kind == "int" and isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if kind == "str" and isinstance(value, str):
        return value
    if kind == "bool" and isinstance(value, bool):
        return value
    if kind.startswith("tuple") and isinstance(value, list) and all(isinstance(each, str) for each in value):
        return tuple(value)
    raise UserError(N_("The setting “{name}” cannot be “{value}”"), name=name, value=_shown(name, value))


def _from_text(name: str, text: str, kind: str) -> Any:
    """Return the value an environment variable gives; lists are separated by commas."""
    if kind == "int":
        return _checked(name, int(text) if text.isdecimal() else text, kind)
    if kind == "bool":
        return _checked(name, {"true": True, "false": False}.get(text.strip().lower(), text), kind)
    if kind.startswith("tuple"):
        return tuple(each.strip() for each in text.split(",") if each.strip())
    return text


def _shown(name: str, value: object) -> str:
    return MASK if name in _SECRET_NAMES or name == "database_url" else str(value)
