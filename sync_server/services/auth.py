"""Who is asking: people by name and password, laptops by their token."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, select, update

from crm_core.entities.people import User
from crm_core.errors import NotFound, UserError
from crm_core.i18n import N_
from crm_core.schema.validate import is_storable
from crm_core.sync.merge import lives
from crm_core.sync.protocol import EnrolRequest, EnrolResponse
from crm_core.sync.sealing import Sealer
from sync_server.services import audit, faults, measures, passwords, usage
from sync_server.services.records import chunks
from sync_server.settings import Settings
from sync_server.store.attempts import SignInAttempt
from sync_server.store.bulk import insert_if_new
from sync_server.store.database import Database
from sync_server.store.keys import ApiKey
from sync_server.store.tables import Credential, Device, FeedHead, NumberLease, table_of

FREE_ATTEMPTS: Final = 5  # a person mistypes; a machine goes on
LONGEST_LOCK_MS: Final = 15 * 60 * 1000
FORGOTTEN_AFTER_MS: Final = 24 * 60 * 60 * 1000
TOKEN_BYTES: Final = 32
NONCE_BYTES: Final = 16
LONGEST_NAME: Final = 200  # of a user or device in a request; longer ones are no typing

_attempt = table_of(SignInAttempt)
_credential = table_of(Credential)
_key = table_of(ApiKey)
_device = table_of(Device)
_head = table_of(FeedHead)
_lease = table_of(NumberLease)
_user = table_of(User)


@dataclass(frozen=True, slots=True)
class DeviceSession:
    """A laptop that proved who it is."""

    device_id: int
    user_id: str
    wait_s: int = 0
    """How long it is to wait because it used up what it may use in a day; 0: not at all."""
    opened: bytes | None = None
    """What the laptop that opened its file drew; None where no file signed it in, or none was in touch."""


def now_ms() -> int:
    """Return the wall time in milliseconds since 1970 UTC."""
    return time.time_ns() // 1_000_000


def login_of(name: str) -> str:
    """Return a name as it is compared at sign-in: however it was typed, upper or lower case."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


class Auth:
    """Signs people and laptops in. One per process; threads may share it."""

    def __init__(self, database: Database, settings: Settings, clock: Callable[[], int] = now_ms) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock
        self._key = hmac.digest(bytes.fromhex(settings.secret), b"sign-in attempts", "sha256")

    # People

    def check_password(self, name: str, password: str, address: str) -> str:
        """Return the id of the user signing in from a network address.

        Raises `Refusal`: `sign_in` for a wrong name and a wrong password alike, `limit` while locked,
        `disabled` for a right password of somebody who may not sign in any more.
        """
        login = login_of(name[:LONGEST_NAME])
        key = hmac.digest(self._key, f"{login}\0{address}".encode(), "sha256").hex()
        self._count_attempt(key)
        with self._database.read() as snapshot:
            kept = _credential_for(snapshot.connection, login) if is_storable(login) else None
        if not passwords.matches(password, kept["password_hash"] if kept else None) or kept is None:
            measures.sign_ins.labels(outcome="wrong").inc()
            raise faults.signed_in_wrongly()
        renewed = passwords.hashed(password) if passwords.is_outdated(kept["password_hash"]) else None
        with self._database.note() as connection:
            connection.execute(delete(_attempt).where(_attempt.c.key == key))
            if renewed:
                _change_credential(connection, kept["user_id"], {"password_hash": renewed})
            allowed = not kept["disabled"] and _may_sign_in(connection, kept["user_id"])
        if not allowed:
            measures.sign_ins.labels(outcome="disabled").inc()
            raise faults.disabled()
        measures.sign_ins.labels(outcome="right").inc()
        return str(kept["user_id"])

    def demand_allowed(self, user_id: str) -> None:
        """Raise `Refusal` `disabled` unless the user may still sign in."""
        with self._database.read() as snapshot:
            shut = select(_credential.c.disabled).where(_credential.c.user_id == user_id)
            if snapshot.connection.execute(shut).scalar() or not _may_sign_in(snapshot.connection, user_id):
                raise faults.disabled()

    def set_password(self, user_id: str, name: str, password: str) -> None:
        """Give a user the password, and the name to sign in with.

        Raises `UserError` for a password too short, for a name another user signs in with, and for the user
        of a key, whom a laptop would give all his role may.
        """
        self.demand_acceptable(password)
        kept = {"login": login_of(name), "password_hash": passwords.hashed(password)}
        with self._database.note() as connection:
            if connection.execute(select(_key.c.id).where(_key.c.user_id == user_id)).first() is not None:
                raise UserError(N_("This is the user of a program's key; nobody signs in as him"))
            _demand_free(connection, kept["login"], user_id)
            if not _change_credential(connection, user_id, kept):
                connection.execute(insert(_credential).values(user_id=user_id, **kept))
            audit.record(connection, "password", at_ms=self._clock(), user_id=user_id)

    def change_password(self, user_id: str, password: str) -> None:
        """Give a user who signs in already another password. Raises `UserError` for one too short."""
        self.demand_acceptable(password)
        kept = {"password_hash": passwords.hashed(password)}
        with self._database.note() as connection:
            _change_credential(connection, user_id, kept)
            audit.record(connection, "password", at_ms=self._clock(), user_id=user_id)

    def demand_acceptable(self, password: str) -> None:
        """Raise `UserError` for a password shorter than this HQ asks for."""
        least = max(1, self._settings.password_length_min)
        if len(password) < least:
            raise UserError(N_("A password has at least {least} characters"), least=least)

    def rename(self, user_id: str, name: str) -> None:
        """Let a user sign in with another name. Raises `UserError` where it is taken."""
        with self._database.note() as connection:
            _demand_free(connection, login_of(name), user_id)
            _change_credential(connection, user_id, {"login": login_of(name)})

    def demand_free(self, name: str) -> None:
        """Raise `UserError` where somebody already signs in with the name."""
        with self._database.note() as connection:
            _demand_free(connection, login_of(name), "")

    def set_disabled(self, user_id: str, *, disabled: bool) -> None:
        """Shut a user out, or let him in again."""
        with self._database.note() as connection:
            _change_credential(connection, user_id, {"disabled": disabled})
            action = "disable user" if disabled else "enable user"
            audit.record(connection, action, at_ms=self._clock(), user_id=user_id)

    # Laptops

    def enrol(self, request: EnrolRequest, address: str) -> EnrolResponse:
        """Make a laptop known and return what it keeps. Raises what `check_password` raises."""
        user_id = self.check_password(request.user, request.password, address)
        return self.enrol_for(user_id, request.device_name, request.schema)

    def enrol_for(
        self, user_id: str, device_name: str, schema: int, *, file_until: int | None = None
    ) -> EnrolResponse:
        """Make a laptop of a user known and return what it keeps; who asks was let in before.

        `file_until`: it goes into a file that is to be used by then.
        """
        token = secrets.token_urlsafe(TOKEN_BYTES)
        nonce = secrets.token_bytes(NONCE_BYTES)
        at_ms = self._clock()
        with self._database.note() as connection:
            made = connection.execute(
                insert(_device)
                .values(
                    user_id=user_id,
                    name=device_name[:LONGEST_NAME].replace("\x00", ""),
                    secret_hash=_token_hash(token),
                    file_key=Sealer(token.encode()).public,
                    file_until=file_until,
                    incarnation=1,
                    nonce=nonce,
                    acked_op=0,
                    last_hlc=0,
                    acked_seq=0,
                    schema=min(max(schema, 0), 2**31 - 1),
                    enrolled_at=at_ms,
                    revoked=False,
                    wipe=False,
                    clock_shift_ms=0,
                    bytes_in=0,
                    bytes_out=0,
                )
                .returning(_device.c.id)
            ).scalar_one()
            epoch = connection.execute(select(_head.c.epoch)).scalar_one()
            name = connection.execute(select(_user.c.name).where(_user.c.id == user_id)).scalar_one()
            audit.record(connection, "enrol", at_ms=at_ms, user_id=user_id, device=made)
        return EnrolResponse(
            device=made,
            secret=token,
            user_id=user_id,
            user_name=name or "",
            company=self._settings.company_name(self._settings.language),
            epoch=bytes.fromhex(epoch),
            nonce=nonce,
            server_ms=at_ms,
        )

    def device(self, token: str) -> DeviceSession:
        """Return whose laptop sends the token.

        Raises `Refusal`: `sign_in` for a token HQ does not know, `revoked` or `wipe`, `disabled`.
        """
        with self._database.read() as snapshot:
            found = (
                snapshot.connection.execute(
                    select(_device).where(_device.c.secret_hash == _token_hash(token))
                )
                .mappings()
                .one_or_none()
            )
            if found is None:
                raise faults.token_unknown()
            session = self._served(snapshot.connection, dict(found))
        if found["file_key"] is None:  # of an HQ that knew no files yet
            with self._database.note() as connection:
                kept = {"file_key": Sealer(token.encode()).public}
                connection.execute(update(_device).where(_device.c.id == found["id"]).values(**kept))
        return session

    def device_of_file(self, device_id: int) -> DeviceSession:
        """Return the laptop whose signature stands under a file. Raises as `device` does."""
        with self._database.read() as snapshot:
            found = snapshot.connection.execute(select(_device).where(_device.c.id == device_id)).mappings()
            return self._served(snapshot.connection, dict(found.one()))

    def file_key(self, device_id: int) -> bytes | None:
        """Return the public keys of a laptop, empty where it told none; None for an unknown one."""
        with self._database.read() as snapshot:
            query = select(_device.c.file_key).where(_device.c.id == device_id)
            found = snapshot.connection.execute(query).one_or_none()
        return None if found is None else bytes(found.file_key or b"")

    def note_file(self, device_id: int, *, received: int, sent: int) -> None:
        """Count a laptop's traffic by file."""
        with self._database.note() as connection:
            of_device = _device.c.id == device_id
            device = connection.execute(select(_device).where(of_device).with_for_update()).mappings().one()
            used = usage.counted(dict(device), usage.Traffic(received, sent), 0, self._clock())
            connection.execute(update(_device).where(of_device).values(**used))

    def _served(self, connection: Connection, device: Mapping[str, Any]) -> DeviceSession:
        """Return a known laptop's session; raises `Refusal` where HQ does not serve it any more."""
        shut = connection.execute(
            select(_credential.c.disabled).where(_credential.c.user_id == device["user_id"])
        ).scalar()
        if device["revoked"]:
            raise faults.revoked(wipe=device["wipe"])
        if shut or not _may_sign_in(connection, device["user_id"]):
            raise faults.disabled()
        until_ms = device["file_until"]
        if until_ms is not None and device["file_opened"] is None and self._clock() > until_ms:
            raise faults.file_expired(until_ms)
        return DeviceSession(
            device_id=device["id"],
            user_id=device["user_id"],
            wait_s=usage.wait_s_of(device, self._settings, self._clock()),
            opened=device["file_opened"],
        )

    def shut_out(self, sessions: Iterable[DeviceSession]) -> set[DeviceSession]:
        """Return those of the laptops that may not come in any more, or whose user may not."""
        asked = list(sessions)
        revoked: set[int] = set()
        allowed: set[str] = set()
        with self._database.read() as snapshot:
            run = snapshot.connection.execute
            for devices in chunks(sorted({session.device_id for session in asked})):
                revoked.update(
                    run(select(_device.c.id).where(_device.c.id.in_(devices), _device.c.revoked)).scalars()
                )
            for users in chunks(sorted({session.user_id for session in asked})):
                people = select(_user.c.id, _user.c.active, _user.c.life).where(_user.c.id.in_(users))
                disabled = select(_credential.c.user_id).where(
                    _credential.c.user_id.in_(users), _credential.c.disabled
                )
                allowed.update(row.id for row in run(people) if _is_active(row))
                allowed.difference_update(run(disabled).scalars())
        return {each for each in asked if each.device_id in revoked or each.user_id not in allowed}

    def bye(self, session: DeviceSession) -> None:
        """Forget a laptop whose person signed out: its token opens nothing any more."""
        self._shut_out(session.device_id, "bye", wipe=False)

    def revoke(self, device_id: int, *, wipe: bool) -> dict[str, Any]:
        """Take a laptop's access away, with `wipe` its data too at its next contact; return the laptop."""
        self._shut_out(device_id, "revoke", wipe=wipe)
        return next(device for device in self.devices() if device["id"] == device_id)

    def allow_purge(self, device_id: int) -> dict[str, Any]:
        """Let a laptop lose the many records its new rights take from it; return it as it is then.

        Raises `UserError` where nothing of it waits for that.
        """
        with self._database.note() as connection:
            held = connection.execute(select(_device.c.purge_held).where(_device.c.id == device_id)).scalar()
            if held is None:
                raise UserError(N_("Nothing of device {device} waits to be allowed"), device=device_id)
            connection.execute(
                update(_device).where(_device.c.id == device_id).values(purge_allowed=held, purge_held=None)
            )
            audit.record(connection, "allow purge", at_ms=self._clock(), device=device_id)
        return next(device for device in self.devices() if device["id"] == device_id)

    def devices(self) -> list[dict[str, Any]]:
        """Return every laptop HQ knows, by number, without what opens a door."""
        with self._database.read() as snapshot:
            rows = snapshot.connection.execute(select(_device).order_by(_device.c.id)).mappings()
            kept_back = ("secret_hash", "nonce", "last_nonce", "file_key", "file_opened")
            return [
                {name: row[name] for name in row if name not in kept_back}
                | {"file_used": row["file_opened"] is not None}
                for row in rows
            ]

    def forget_old_attempts(self) -> int:
        """Remove the counts of sign-ins nobody tried again; return how many."""
        with self._database.note() as connection:
            old = self._clock() - FORGOTTEN_AFTER_MS
            return connection.execute(delete(_attempt).where(_attempt.c.last_ms < old)).rowcount

    def _shut_out(self, device_id: int, action: str, *, wipe: bool) -> None:
        with self._database.note() as connection:
            changed = {"revoked": True, "wipe": wipe}
            if not connection.execute(
                update(_device).where(_device.c.id == device_id).values(**changed)
            ).rowcount:
                raise NotFound(N_("There is no device {device}"), device=device_id)
            connection.execute(update(_lease).where(_lease.c.device == device_id).values(closed=True))
            audit.record(
                connection,
                action,
                at_ms=self._clock(),
                device=device_id,
                detail={"wipe": wipe} if wipe else None,
            )

    def _count_attempt(self, key: str) -> None:
        """Count an attempt before it is judged, so that many at once are counted too."""
        now = self._clock()
        with self._database.note() as connection:
            begun = {"key": key, "failed": 0, "locked_until_ms": 0, "last_ms": now}
            connection.execute(insert_if_new(connection, _attempt).values(**begun))
            row = connection.execute(select(_attempt).where(_attempt.c.key == key).with_for_update()).one()
            if row.locked_until_ms > now:
                measures.sign_ins.labels(outcome="locked").inc()
                raise faults.too_many_attempts(-(-(row.locked_until_ms - now) // 1000))
            failed = 1 if row.last_ms < now - FORGOTTEN_AFTER_MS else row.failed + 1
            lock_ms = 1000 << min(failed - FREE_ATTEMPTS, 20) if failed >= FREE_ATTEMPTS else 0
            counted = {
                "failed": failed,
                "locked_until_ms": now + min(lock_ms, LONGEST_LOCK_MS),
                "last_ms": now,
            }
            connection.execute(update(_attempt).where(_attempt.c.key == key).values(**counted))


def sealer_of(settings: Settings) -> Sealer:
    """Return the key pairs of an HQ: what laptops seal for it and know its files by."""
    return Sealer(bytes.fromhex(settings.secret))


def _token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _credential_for(connection: Connection, login: str) -> dict[str, Any] | None:
    """Return the credential of whoever signs in as `login`, or whose name it has become since."""
    named = select(_credential).where(_credential.c.login == login)
    row = connection.execute(named).mappings().one_or_none()
    # Looked through in any case: an unknown name must not take longer than a known one.
    people = connection.execute(select(_user.c.id, _user.c.name)).all()
    ids = [user.id for user in people if login_of(user.name or "") == login]
    if row is None and len(ids) == 1:
        by_id = select(_credential).where(_credential.c.user_id == ids[0])
        row = connection.execute(by_id).mappings().one_or_none()
    return None if row is None else dict(row)


def _change_credential(connection: Connection, user_id: str, changed: dict[str, Any]) -> bool:
    """Change how a user signs in; tell whether there was such a user."""
    of_user = update(_credential).where(_credential.c.user_id == user_id)
    return connection.execute(of_user.values(**changed)).rowcount > 0


def _demand_free(connection: Connection, login: str, user_id: str) -> None:
    if not login:
        raise UserError(N_("A user needs a name"))
    others = select(_credential.c.user_id).where(
        _credential.c.login == login, _credential.c.user_id != user_id
    )
    if connection.execute(others).first() is not None:
        raise UserError(N_("Another user already signs in with this name"))


def _may_sign_in(connection: Connection, user_id: str) -> bool:
    person = connection.execute(
        select(_user.c.active, _user.c.life).where(_user.c.id == user_id)
    ).one_or_none()
    return person is not None and _is_active(person)


def _is_active(person: Any) -> bool:
    return person.active is not False and lives(person.life)
