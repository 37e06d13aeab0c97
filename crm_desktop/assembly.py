"""Building the program from its parts: profile, key, replica, HQ, rounds. No window and no command knows how.

The only place that makes an HTTP connection to HQ.
"""

from __future__ import annotations

import logging
import platform
import secrets
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from crm_core.errors import CrmError, DamagedDatabase, Unreachable, UserError
from crm_core.i18n import N_
from crm_core.sync import codec
from crm_core.sync.protocol import EnrolResponse
from crm_core.sync.sealed_file import SealedFile
from crm_core.sync.sealing import Sealer
from crm_desktop.interchange.saving import write_pieces
from crm_desktop.interchange.stopped import until
from crm_desktop.models import state
from crm_desktop.models.backup import drop_backups, restore_backup
from crm_desktop.models.replica import LOCAL_USER, Replica
from crm_desktop.models.state import Key
from crm_desktop.platform.network import connection
from crm_desktop.platform.paths import Profile, profile_at
from crm_desktop.platform.secrets import (
    DEVICE_TOKEN,
    REPLICA_KEY,
    AskPassphrase,
    PassphraseFile,
    SecretStore,
    open_store,
    replica_key,
)
from crm_desktop.services import attachments, deciding, sample, syncing
from crm_desktop.services.attachments import FileRow
from crm_desktop.settings import (
    FILES_AUTOMATIC_KB,
    FILES_PAUSED,
    LIST_STATES,
    RECENT_RECORDS,
    SERVER_URL,
    USER_NAME,
    Settings,
)
from crm_desktop.sync import by_file, enrolment, known
from crm_desktop.sync.address import checked_address
from crm_desktop.sync.answering import Answering
from crm_desktop.sync.asking import opened_by
from crm_desktop.sync.blobs import BlobReport, BlobRule, BlobTransfer, OnBlobStep, ignore_blob_step
from crm_desktop.sync.by_file import FileLine, NoLine, Written, blocks_of
from crm_desktop.sync.carried_contents import MAIL_BYTES, Along
from crm_desktop.sync.engine import Engine
from crm_desktop.sync.handing_over import hand_over
from crm_desktop.sync.line import blob_line, headquarters
from crm_desktop.sync.news_line import NewsLine
from crm_desktop.sync.refused import Refused
from crm_desktop.sync.report import Cancelled, OnStep, RoundReport, ignore_step, never
from crm_desktop.sync.runner import Runner, Status

if TYPE_CHECKING:
    from crm_desktop.sync.transport import HttpHeadquarters

log = logging.getLogger(__name__)

INDEX_AT_ONCE = 500  # records; the writer is free between two portions
CA_FILE = "hq-ca.pem"
"""A company's own certificate authority, in the profile's folder where it is needed."""


class App:
    """One open profile and its way to HQ. Make one with `open_profile` or `new_profile`; close it."""

    def __init__(self, profile: Profile, store: SecretStore, replica: Replica) -> None:
        self.profile = profile
        self.settings = Settings(profile.settings_file)
        self.replica = replica
        self.runner: Runner | None = None
        self._store = store
        self._hq: HttpHeadquarters | None = None
        self._news = NewsLine(replica, self.connect)
        self.answering = Answering(self.connect)
        """Who answers tickets just now."""
        self._are_files_tidy = False
        self._line = threading.Lock()
        """One thing at a time goes to HQ or comes from it: a round, or a file."""
        self._is_given_up = False
        """The database is to be erased once it is closed."""

    @property
    def enrolled(self) -> bool:
        """Whether this laptop is known to an HQ."""
        with self.replica.read() as session:
            return bool(state.read(session, Key.DEVICE))

    def enrol(self, server: str, user: str, password: str, device_name: str | None = None) -> None:
        """Sign in at HQ with this laptop; what was made here before goes there with the next round.

        `UserError` where the name or password is wrong, `Unreachable` where HQ does not answer. A profile
        stays with its HQ and its person: records of one must not reach the other.
        """
        address = checked_address(server)
        self._demand_own_profile(address)
        with _connection(self.profile, address) as hq:
            answer = enrolment.ask(hq, user, password, device_name or platform.node() or "laptop")
        self._demand_own_profile(address, answer.user_id)
        with self._line:
            self._take_up(answer, address)

    def _demand_own_profile(self, address: str, user_id: str = "") -> None:
        """Raise `UserError` unless this profile may belong to the HQ, and to the user where he is known."""
        if sample.holds_sample(self.replica):
            raise UserError(N_("This profile holds sample data, which no HQ gets. Remove it, or use another"))
        with self.replica.read() as session:
            known = state.read_all(session)
        if known[Key.SERVER_URL] and known[Key.SERVER_URL] != address:
            raise UserError(
                N_("This profile belongs to {server}. Use another profile for another HQ"),
                server=known[Key.SERVER_URL],
            )
        if user_id and known[Key.USER_ID] and known[Key.USER_ID] != user_id:
            raise UserError(
                N_("This profile belongs to {user}. Use another profile for another person"),
                user=known[Key.USER_NAME],
            )

    def _take_up(self, answer: EnrolResponse, address: str, opened: bytes = b"") -> None:
        """Keep what HQ gave this laptop, and hand over to its person what was made here before."""
        self._store.write(DEVICE_TOKEN, answer.secret.encode())
        with self.replica.applying() as session:
            enrolment.remember(session, answer, address, opened)
            hand_over(session, LOCAL_USER, answer.user_id)
        self.settings.set(SERVER_URL, address)
        self.settings.set(USER_NAME, answer.user_name)
        self._disconnect()

    def enrol_by_file(
        self,
        file: Path,
        passphrase: str,
        server: str = "",
        on_step: OnStep = ignore_step,
        cancelled: Cancelled = never,
    ) -> RoundReport:
        """Sign in with a file of HQ's, and take over everything in it.

        `server` is where HQ is reached over the network, where the file does not say. Raises `UserError` with
        nothing changed for a file or passphrase that does not fit, and where `enrol` would. Broken off, it
        goes on with the same file, or with the next round.
        """
        brought, messages = by_file.open_enrolment(SealedFile(blocks_of(file)), passphrase)
        answer, address = brought.answer, server or brought.address
        address = checked_address(address) if address else ""
        with self._line:
            with self.replica.read() as session:
                known = state.read_all(session)
            began = (known[Key.DEVICE], known[Key.EPOCH], known[Key.NONCE])
            if began != (answer.device, answer.epoch, answer.nonce):
                by_file.demand_in_time(brought, self.replica.clock.now_ms())
                self._demand_own_profile(address, answer.user_id)
                self._take_up(answer, address, secrets.token_bytes(by_file.OPENED_BYTES))
            return self._file_line(answer.secret.encode()).fill(answer, messages, on_step, cancelled)

    def write_sync_file(
        self,
        file: Path,
        on_step: OnStep = ignore_step,
        cancelled: Cancelled = never,
        contents_most: int = MAIL_BYTES,
    ) -> Written:
        """Write all that waits to a file for HQ, wholly or not at all.

        So many bytes of contents of attached files go along there, and come back.

        Raises `UserError` where it cannot be written, or the laptop cannot exchange files yet, and `Stopped`.
        """

        def save(blocks: Iterator[bytes]) -> None:
            write_pieces(file, until(blocks, cancelled))

        with self._line:
            along = Along(contents_most, 1024 * self.settings.get(FILES_AUTOMATIC_KB))
            return self._file_line(self._device_token()).write(save, on_step, along)

    def read_sync_file(
        self, file: Path, on_step: OnStep = ignore_step, cancelled: Cancelled = never
    ) -> RoundReport:
        """Apply HQ's answer to a file, and note it in the history.

        Raises `UserError` with nothing changed where it does not fit, or `Refused` where HQ does not serve
        this laptop any more.
        """
        with self._line:
            try:
                sealed = SealedFile(blocks_of(file))
                return self._granted(self._file_line(self._device_token()).read(sealed, on_step, cancelled))
            except Refused as refused:
                self._on_refused(refused)
                raise

    def _file_line(self, token: bytes) -> FileLine:
        return FileLine(self.replica, Engine(self.replica, NoLine(), on_end=self._note_round), Sealer(token))

    def _device_token(self) -> bytes:
        token = self._store.read(DEVICE_TOKEN)
        if token is None:
            raise UserError(N_("This laptop is not connected to an HQ. Sign in first"))
        return token

    def engine(self) -> Engine:
        """Return what runs rounds with this laptop's HQ. `UserError` where it is connected to none."""
        if self._hq is None:
            self._hq = self.connect()
        with self.replica.read() as session:
            told = state.read(session, Key.SETTINGS).get("dictionary")
        self._hq.dictionary = codec.dictionary_for(told)
        return Engine(
            self.replica,
            self._hq,
            counter=self._hq.counter,
            connection=" ".join(connection()[0]),
            patience=self._hq.have_patience,
            on_end=self._note_round,
        )

    def connect(self) -> HttpHeadquarters:
        """Return a new line to this laptop's HQ. `UserError` where it is connected to none."""
        with self.replica.read() as session:
            address = state.read(session, Key.SERVER_URL)
            device = state.read(session, Key.DEVICE)
            opened = opened_by({key: state.read(session, key) for key in (Key.OPENED, Key.NONCE)})
        if device and not address:
            raise Unreachable(N_("This laptop was not told where its HQ is; it syncs by file"))
        secret = self._store.read(DEVICE_TOKEN) if address else None
        if not address or secret is None:
            raise UserError(N_("This laptop is not connected to an HQ. Sign in first"))
        return _connection(self.profile, address, secret=secret.decode(), opened=opened)

    def sync_now(self, on_step: OnStep = ignore_step, cancelled: Cancelled = never) -> RoundReport:
        """Run one full round here and now, and note it in the history; keep the files of what it granted.

        Raises `Unreachable`, or `Refused` where HQ does not serve this laptop any more.
        """
        deciding.forget_old(self.replica)
        with self._line:
            try:
                return self._granted(self.engine().run_round(on_step, cancelled))
            except Refused as refused:
                self._on_refused(refused)
                raise
            except CrmError as error:
                syncing.note_event(self.replica, "failed", syncing.told(error.message))
                raise

    def carry_files(
        self,
        on_step: OnBlobStep = ignore_blob_step,
        cancelled: Cancelled = never,
        *,
        only_asked: bool = False,
    ) -> BlobReport:
        """Send and fetch the contents of files that wait, after a round; what fails is tried again later.

        `Refused` where HQ does not serve this laptop any more.
        """
        if not self._are_files_tidy:
            self.replica.tidy_blobs()
            self._are_files_tidy = True
        if self._hq is None:
            self._hq = self.connect()
        rule = BlobRule(
            automatic_bytes=1024 * self.settings.get(FILES_AUTOMATIC_KB),
            only_asked=only_asked or self.settings.get(FILES_PAUSED),
        )
        known.fetch_if_due(self.replica, self._hq, cancelled)
        return BlobTransfer(self.replica, blob_line(self._hq, cancelled), rule).run(on_step, cancelled)

    def fetch_file(self, attachment_id: str) -> FileRow:
        """Fetch a file from HQ here and now and return what became of it.

        `Unreachable` where the line fails.
        """
        attachments.fetch(self.replica, attachment_id)
        self.sync_now()
        report = self.carry_files(only_asked=True)
        found = attachments.file(self.replica, attachment_id)
        if report.problem is not None and found.state is not attachments.FileState.HERE:
            raise Unreachable(report.problem)
        return found

    def start_syncing(self, on_status: Callable[[Status], None]) -> Runner:
        """Begin to sync in the background; `on_status` is called from that thread."""
        runner = Runner(_Rounds(self), on_status, interval_s=self._interval_s, news=self._news, files=self)
        self.replica.on_changed.append(lambda _changed: self._edited())
        self.runner = runner
        runner.start()
        return runner

    @property
    def bytes_received(self) -> int:
        """How many bytes came from HQ since this connection was made."""
        return 0 if self._hq is None else self._hq.counter.down

    @property
    def passphrase_file(self) -> PassphraseFile | None:
        """Where a passphrase guards the profile's secrets; None where the system's key store keeps them."""
        return self._store if isinstance(self._store, PassphraseFile) else None

    def discard_sample(self) -> None:
        """Close a profile with sample data and take its database, backups and key away.

        `UserError` for any other profile: what people entered is never thrown away.
        """
        if self.enrolled or not sample.holds_sample(self.replica):
            raise UserError(N_("This profile holds more than sample data, so it stays"))
        self._is_given_up = True
        self.close()

    def restore(self, copy: Path) -> Restored:
        """Close, put a copy in the place of the database and open the profile anew.

        Begun again where it failed: this app stays closed. `DamagedDatabase` where the copy is damaged.
        """
        key = replica_key(self._store)
        self.close()
        return _restored(self.profile, self._store, key, copy)

    def close(self, *, last_round: bool = False) -> None:
        """End what runs, after a last round where HQ is reachable, and let go of the profile."""
        if self.runner is not None:
            self.runner.stop(last_round=last_round)
        self.answering.stop()
        self._disconnect()
        self.replica.close()
        if self._is_given_up:
            self._erase()

    def _erase(self) -> None:
        """Take the database, its backups and key away: afterwards the profile is as new."""
        self._store.forget(REPLICA_KEY)
        database = self.profile.database
        files = [
            database,
            database.with_name(f"{database.name}-wal"),
            database.with_name(f"{database.name}-shm"),
        ]
        for file in (*files, self.profile.key_file):
            file.unlink(missing_ok=True)
        for folder in (self.profile.blobs, self.profile.opened):
            shutil.rmtree(folder, ignore_errors=True)
        drop_backups(self.profile)

    def _edited(self) -> None:
        runner = self.runner
        if runner is not None and syncing.has_waiting(self.replica):
            runner.edited()

    def _interval_s(self) -> int:
        with self.replica.read() as session:
            return syncing.interval_of(state.read(session, Key.SETTINGS))

    def _granted(self, report: RoundReport) -> RoundReport:
        """Keep the files of documents whose approval was asked for here and that a round says went out."""
        with self.replica.read() as session:
            awaits = bool(state.read(session, Key.TO_KEEP))
        if awaits:
            from crm_desktop.documents import sent_file  # noqa: PLC0415 - heavy: loaded by who asked for one

            sent_file.keep_granted(self.replica)
        return report

    def _note_round(self, session: Session, report: RoundReport) -> None:
        now_ms = self.replica.clock.now_ms()
        if report.compared:
            detail = {"repaired": report.repaired, "differing": report.differing}
            syncing.note_event_in(session, now_ms, "compared", detail)
        syncing.note_round(session, now_ms, asdict(report))

    def _on_refused(self, refused: Refused) -> None:
        syncing.note_event(self.replica, "refused", {"code": refused.code, **syncing.told(refused.message)})
        if refused.code == "wipe":
            # The key is gone first: from here on the file is noise, whatever happens to the rest.
            self._store.forget(REPLICA_KEY)
            self._store.forget(DEVICE_TOKEN)
            self._is_given_up = True
            self.settings.reset(LIST_STATES)
            self.settings.reset(RECENT_RECORDS)
            log.warning("HQ had this profile wiped")

    def _disconnect(self) -> None:
        if self._hq is not None:
            self._hq.close()
            self._hq = None
        self._news.break_off()
        self.answering.break_off()


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """A profile that went back to a copy, open."""

    app: App
    aside: Path | None
    """Where its database was put; None where there was none any more."""


class _Rounds:
    """Rounds of an app that may be connected to its HQ only later."""

    def __init__(self, app: App) -> None:
        self._app = app

    def run_round(self, on_step: OnStep, cancelled: Cancelled) -> RoundReport:
        """Run one round; then, while nobody waits for it, index what came and see to the daily backup."""
        report = self._app.sync_now(on_step, cancelled)
        while not cancelled() and self._app.replica.catch_up(INDEX_AT_ONCE):
            pass
        try:
            self._app.replica.back_up_if_due()
        except UserError:  # the round went well; the next one tries again
            log.exception("The daily backup could not be written")
        return report


def open_profile(
    folder: Path | str | None, ask: AskPassphrase | None = None, store: SecretStore | None = None
) -> App:
    """Open an existing profile, None: the default folder; `store`: where its secrets lie, if that is known.

    `UserError` where there is none.
    """
    profile = profile_at(folder)
    if not profile.has_database and not profile.has_backups:
        raise UserError(N_("There is no database in this profile. Sign in first"))
    store = store or open_store(profile, ask)
    key = replica_key(store)
    if not profile.has_database:
        raise DamagedDatabase(
            N_("The database of this profile is gone. Restore a backup; HQ sends the rest with the next sync")
        )
    return App(profile, store, Replica.open(profile, key))


def restore_profile(folder: Path | str | None, copy: Path, ask: AskPassphrase | None = None) -> Restored:
    """Put a copy in the place of the database of a profile that nobody has open, and open it.

    `DamagedDatabase` where the copy is damaged; then nothing is changed.
    """
    profile = profile_at(folder)
    store = open_store(profile, ask)
    return _restored(profile, store, replica_key(store), copy)


def _restored(profile: Profile, store: SecretStore, key: bytes, copy: Path) -> Restored:
    aside = restore_backup(profile, key, copy)
    log.info("The database went back to %s; what was there is in %s", copy.name, aside and aside.name)
    return Restored(app=App(profile, store, Replica.open(profile, key)), aside=aside)


def new_profile(folder: Path | str | None, ask: AskPassphrase | None = None) -> App:
    """Make an empty profile and open it; one that exists is opened as it is."""
    profile = profile_at(folder)
    if profile.has_database:
        return open_profile(folder, ask)
    store = open_store(profile, ask)
    return App(profile, store, Replica.create(profile, replica_key(store, make=True)))


def find_hq(address: str, folder: Path | str | None = None) -> str:
    """Return the name of the company whose HQ answers at an address; `Unreachable` where none does."""
    with _connection(profile_at(folder), checked_address(address)) as hq:
        return str(hq.hello().get("company") or "")


def _connection(profile: Profile, address: str, **who: Any) -> HttpHeadquarters:
    authority = profile.root / CA_FILE
    return headquarters(address, ca_file=str(authority) if authority.exists() else None, **who)
