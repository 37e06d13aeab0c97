"""Who gets in: passwords, locks, laptops and their tokens."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from crm_core.errors import UserError
from crm_core.sync.protocol import EnrolRequest
from sync_server.services import passwords, people
from sync_server.services.auth import FREE_ATTEMPTS, LONGEST_LOCK_MS, Auth
from sync_server.services.faults import Refusal
from sync_server.services.headquarters import Headquarters
from sync_server.store.attempts import SignInAttempt
from sync_server.store.tables import Device, NumberLease, table_of
from tests.support.server import ADMIN, ADMIN_PASSWORD

HERE = "192.0.2.1"
ELSEWHERE = "192.0.2.2"


class Clock:
    """A clock that goes when told."""

    def __init__(self) -> None:
        self.ms = 1_800_000_000_000

    def __call__(self) -> int:
        return self.ms


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def auth(headquarters: Headquarters, clock: Clock) -> Auth:
    return Auth(headquarters.database, headquarters.settings, clock)


def refusal_of(auth: Auth, name: str, password: str, address: str = HERE) -> Refusal:
    with pytest.raises(Refusal) as caught:
        auth.check_password(name, password, address)
    return caught.value


def enrolled(auth: Auth) -> tuple[int, str]:
    answer = auth.enrol(EnrolRequest(ADMIN, ADMIN_PASSWORD, "test", 1), HERE)
    return answer.device, answer.secret


def test_the_right_password_gives_the_user_however_the_name_is_typed(auth: Auth) -> None:
    ids = {auth.check_password(name, ADMIN_PASSWORD, HERE) for name in ("admin", " ADMIN ", "ａｄｍｉｎ")}
    assert len(ids) == 1


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(auth: Auth) -> None:
    wrong = refusal_of(auth, ADMIN, "wrong", HERE)
    unknown = refusal_of(auth, "nobody", "wrong", ELSEWHERE)
    assert (wrong.code, str(wrong), wrong.status) == (unknown.code, str(unknown), unknown.status)
    assert wrong.code == "sign_in"


@pytest.fixture
def _slow_passwords(auth: Auth, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let a password take to try what it does in the program."""
    with monkeypatch.context() as patch:
        patch.setattr(passwords, "_hasher", PasswordHasher())
        passwords.nobodys.cache_clear()
        auth.check_password(ADMIN, ADMIN_PASSWORD, HERE)  # which writes it down anew
        yield
    passwords.nobodys.cache_clear()


@pytest.mark.usefixtures("_slow_passwords")
def test_an_unknown_name_takes_as_long_as_a_wrong_password(auth: Auth) -> None:
    def median_s(name: str) -> float:
        taken = []
        for number in range(3):
            started = time.process_time()  # others on this machine make both wait, but not work
            refusal_of(auth, name, "wrong", f"198.51.100.{number}")
            taken.append(time.process_time() - started)
        return statistics.median(taken)

    known, unknown = median_s(ADMIN), median_s("nobody")
    assert min(known, unknown) > 0.005, "what is compared is the trying, not the rest"
    assert 0.4 < known / unknown < 2.5


@pytest.mark.parametrize("name", [ADMIN, "nobody"])
def test_after_a_few_wrong_passwords_even_the_right_one_must_wait(
    auth: Auth, clock: Clock, name: str
) -> None:
    for _ in range(FREE_ATTEMPTS):
        assert refusal_of(auth, name, "wrong").code == "sign_in"
    locked = refusal_of(auth, name, ADMIN_PASSWORD)
    assert locked.code == "limit"
    assert "1 seconds" in str(locked)


def test_a_lock_grows_with_every_further_wrong_password(auth: Auth, clock: Clock) -> None:
    for _ in range(FREE_ATTEMPTS):
        refusal_of(auth, ADMIN, "wrong")
    waits_s = []
    for _ in range(12):
        locked = refusal_of(auth, ADMIN, "wrong")
        assert locked.code == "limit"
        waits_s.append(int(str(locked.message.places["seconds"])))
        clock.ms += waits_s[-1] * 1000
        assert refusal_of(auth, ADMIN, "wrong").code == "sign_in"
    assert waits_s[:4] == [1, 2, 4, 8]
    assert waits_s[-1] == LONGEST_LOCK_MS // 1000


def test_a_lock_holds_for_one_name_at_one_address_alone(auth: Auth) -> None:
    for _ in range(FREE_ATTEMPTS):
        refusal_of(auth, ADMIN, "wrong")
    assert auth.check_password(ADMIN, ADMIN_PASSWORD, ELSEWHERE)


def test_getting_in_clears_the_count(auth: Auth) -> None:
    for _ in range(2):
        for _ in range(FREE_ATTEMPTS - 1):
            refusal_of(auth, ADMIN, "wrong")
        assert auth.check_password(ADMIN, ADMIN_PASSWORD, HERE)


def test_attempts_nobody_repeats_are_forgotten(auth: Auth, clock: Clock, headquarters: Headquarters) -> None:
    refusal_of(auth, "nobody", "wrong")
    assert auth.forget_old_attempts() == 0
    clock.ms += 25 * 60 * 60 * 1000
    assert auth.forget_old_attempts() == 1
    with headquarters.database.read() as snapshot:
        assert not snapshot.connection.execute(select(table_of(SignInAttempt))).all()


def test_what_is_kept_of_a_failed_attempt_names_nobody(auth: Auth, headquarters: Headquarters) -> None:
    refusal_of(auth, "Zhang San", "wrong")
    with headquarters.database.read() as snapshot:
        row = snapshot.connection.execute(select(table_of(SignInAttempt))).one()
    assert "zhang" not in str(row)
    assert HERE not in str(row)


def test_a_renamed_user_signs_in_with_the_new_name(auth: Auth, headquarters: Headquarters) -> None:
    user_id = auth.check_password(ADMIN, ADMIN_PASSWORD, HERE)
    headquarters.records.update("user", user_id, {"name": "Chief"})
    assert auth.check_password("chief", ADMIN_PASSWORD, HERE) == user_id


def test_two_users_cannot_sign_in_with_one_name(auth: Auth, headquarters: Headquarters) -> None:
    added = people.add_user(headquarters, "Anna", people.user_values(headquarters, {"role": "sales"}), "pw")
    with pytest.raises(UserError, match="already"):
        auth.set_password(added["id"], "ADMIN", "pw")


def test_a_disabled_user_gets_in_neither_by_password_nor_by_token(
    auth: Auth, headquarters: Headquarters
) -> None:
    _, token = enrolled(auth)
    role = people.find(headquarters, "role", "admin")[0]
    people.add_user(headquarters, "Second", {"role_id": role}, ADMIN_PASSWORD)  # somebody must stay
    people.disable_user(headquarters, ADMIN)
    assert refusal_of(auth, ADMIN, ADMIN_PASSWORD).code == "disabled"
    with pytest.raises(Refusal) as caught:
        auth.device(token)
    assert caught.value.code == "disabled"


def test_a_user_disabled_through_his_record_is_shut_out_too(auth: Auth, headquarters: Headquarters) -> None:
    device_id, token = enrolled(auth)
    user_id = auth.device(token).user_id
    headquarters.records.update("user", user_id, {"active": False})
    with pytest.raises(Refusal) as caught:
        auth.device(token)
    assert caught.value.code == "disabled"
    assert device_id == 1


def test_only_a_hash_of_a_laptops_token_is_kept(auth: Auth, headquarters: Headquarters) -> None:
    device_id, token = enrolled(auth)
    with headquarters.database.read() as snapshot:
        row = snapshot.connection.execute(select(table_of(Device))).one()
    assert token not in str(row)
    assert len(token) >= 43
    assert auth.device(token).device_id == device_id


def test_an_invented_token_opens_nothing(auth: Auth) -> None:
    with pytest.raises(Refusal) as caught:
        auth.device("x" * 43)
    assert caught.value.status == 401


@pytest.mark.parametrize(("wipe", "code"), [(False, "revoked"), (True, "wipe")])
def test_a_revoked_laptop_is_told_what_to_do(auth: Auth, wipe: bool, code: str) -> None:
    device_id, token = enrolled(auth)
    auth.revoke(device_id, wipe=wipe)
    with pytest.raises(Refusal) as caught:
        auth.device(token)
    assert (caught.value.code, caught.value.status) == (code, 403)


def test_a_revoked_laptop_gives_out_no_number_any_more(auth: Auth, headquarters: Headquarters) -> None:
    device_id, _ = enrolled(auth)
    lease = table_of(NumberLease)
    with headquarters.database.note() as connection:
        connection.execute(
            lease.insert().values(series="quote", device=device_id, lo=1, hi=9, at_ms=0, closed=False)
        )
    auth.revoke(device_id, wipe=False)
    with headquarters.database.read() as snapshot:
        assert snapshot.connection.execute(select(lease.c.closed)).scalars().all() == [True]


def test_a_purge_is_allowed_only_where_one_waits(auth: Auth, headquarters: Headquarters) -> None:
    device_id, _ = enrolled(auth)
    with pytest.raises(UserError, match="waits"):
        auth.allow_purge(device_id)
    with headquarters.database.note() as connection:
        connection.execute(table_of(Device).update().values(purge_held=7))
    allowed = auth.allow_purge(device_id)
    assert (allowed["purge_held"], allowed["purge_allowed"]) == (None, 7)
