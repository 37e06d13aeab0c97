"""One request of a laptop: who is it, what does it bring, what may it see. The order is the safety.

Pushed operations are merged before anything is sent down, so whatever a purge takes away had its last chance
to reach HQ. docs/sync.md is the reader's guide.
"""

from __future__ import annotations

import hmac
import secrets
import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, select, update

from crm_core import SCHEMA_VERSION
from crm_core.errors import BrokenPromise, UserError
from crm_core.i18n import N_
from crm_core.rules.access import Person
from crm_core.sync.clock import ms_of, reading
from crm_core.sync.plan import Entitlement, Token, fresh, is_caught_up, reconcile, versions_held
from crm_core.sync.protocol import (
    PROTOCOL_VERSION,
    DigestDiff,
    Held,
    Msg,
    MsgKind,
    SyncRequest,
    SyncResponse,
)
from crm_core.sync.protocol import Settings as SettingsMessage
from sync_server.services import entitlements, health, numbers, offers
from sync_server.services.auth import NONCE_BYTES, DeviceSession, now_ms, sealer_of
from sync_server.services.comparing import Digests, compare
from sync_server.services.cursor import Disguise, Signer, Standing
from sync_server.services.enrolment_files import OpenedElsewhere, note_second_opening, used
from sync_server.services.faults import PayloadChanged, Refusal
from sync_server.services.feed import LEAST_BYTES, next_page
from sync_server.services.filling import Counts
from sync_server.services.judging import judge, missed_judgements
from sync_server.services.lost_edits import missed_lost_edits
from sync_server.services.meeting import (
    MIN_SCHEMA,
    Carried,
    Contact,
    alarm,
    answered,
    demand_current,
    demand_readable,
    is_one_of,
    rename,
)
from sync_server.services.merge import Merged, merge
from sync_server.services.overtaking import write_beside_others
from sync_server.services.projection import Reader
from sync_server.services.rights import Author
from sync_server.services.usage import Meter, Traffic, counted
from sync_server.settings import Settings
from sync_server.store.database import Database, HqTransaction, Snapshot
from sync_server.store.tables import Device, OpLog, table_of

CLOCK_SLACK_MS: Final = 2_000  # what time services correct without anybody noticing
TRIES: Final = 3  # rights may change between writing them down and reading them

NOTHING_MERGED: Final = Merged(answers=[])

_devices = table_of(Device)
_ops = table_of(OpLog)


class SyncService:
    """Answers laptops. One per process; threads may share it."""

    def __init__(self, database: Database, settings: Settings, clock: Callable[[], int] = now_ms) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock
        self._secret = bytes.fromhex(settings.secret)
        self._counts = Counts()
        self._digests = Digests()
        self._people: dict[str, tuple[int, str, Person]] = {}
        self.meter = Meter()
        key = sealer_of(settings).public.hex()
        self._told = {**settings.told(), "schema": SCHEMA_VERSION, "file_key": key}
        self._told_mark = zlib.crc32(msgspec.json.encode(sorted(self._told.items())))

    def answer(
        self, request: SyncRequest, session: DeviceSession, carried: Carried | None = None
    ) -> SyncResponse:
        """Take what a laptop brings and return what it may see.

        Raises `Refusal`; of a request that a file carried also `Unrecognised`, with nothing changed.
        """
        demand_readable(request, session)
        server_ms = self._clock()
        try:
            contact = self._receive(request, session, server_ms, carried)
        except PayloadChanged as changed:
            if carried is not None:  # only the laptop itself can tell what became of it since
                with self._database.note() as connection:
                    alarm(connection, session, changed.op_no, server_ms)
                raise
            contact = self._part(request, session, changed.op_no, server_ms)
        except OpenedElsewhere:
            note_second_opening(self._database, session, server_ms)
            raise
        is_done = not (request.pull or contact.is_restored or contact.merged.overtaken)
        if (
            is_done or request.schema < MIN_SCHEMA
        ):  # an older program hands in what it holds, and gets nothing
            return self._response(contact, server_ms, contact.told, request.token, False)
        return self._send(request, contact, server_ms)

    def demand_clock(self) -> None:
        """Raise `UserError` where this machine's clock is behind what HQ accepted already."""
        with self._database.read() as snapshot:
            behind_ms = ms_of(snapshot.max_hlc) - self._clock()
        if behind_ms > CLOCK_SLACK_MS:
            raise UserError(
                N_(
                    "This machine's clock is {seconds} s behind the last change; set it first. If it is right"
                    " and was ahead before, run “crm-server turn-clock-back”"
                ),
                seconds=behind_ms // 1000,
            )

    def unheard(self, session: DeviceSession, token: bytes) -> bytes | None:
        """Return a token that leaves out what a round after `token` would not bring this laptop anyway.

        None where a round would bring something, or where only a round can say. Raises `Refusal` where one
        would be refused.
        """
        user_id, device_id = session.user_id, session.device_id
        entitlements.ensure_current(self._database, user_id)
        with self._database.read() as snapshot:
            query = select(_devices).where(_devices.c.id == device_id)
            device = snapshot.connection.execute(query).mappings().one()
            signer = self._signer(device_id, device["incarnation"], snapshot.epoch)
            standing = signer.read(token)
            if device["revoked"] or standing is None or standing.settings != self._told_mark:
                return None
            held = versions_held(standing.token)
            found = entitlements.rights_of(snapshot, user_id, held)
            if found is None:
                return token  # rights changed a moment ago: the feed has moved on, so this is asked again
            now, past = found
            if not snapshot.knows_after(standing.token.seq) or not held <= past.keys():
                return None
            schema = min(device["schema"], SCHEMA_VERSION)
            reader = self._reader(session, device["incarnation"], schema, now, past)
            allowed = device["purge_allowed"] or 0
            if self._must_hold(snapshot.connection, reader, standing.token, allowed):
                return token
            page = next_page(snapshot, reader, standing.token, LEAST_BYTES)
            if page.msgs or page.more:
                return None
            person = self._person(snapshot.connection, snapshot.epoch, snapshot.policy_seq, user_id)
            if offers.are_news(snapshot, person, schema, self._clock(), standing):
                return None
            return signer.sign(replace(standing, token=page.token))

    # Coming in

    def _receive(
        self, request: SyncRequest, session: DeviceSession, server_ms: int, carried: Carried | None
    ) -> Contact:
        traffic = self.meter.take(session.device_id)
        try:
            return self._meet_in_transaction(request, session, server_ms, traffic, carried)
        except BaseException:  # nothing was written down
            self.meter.note(session.device_id, received=traffic.received, sent=traffic.sent)
            raise

    def _meet_in_transaction(
        self,
        request: SyncRequest,
        session: DeviceSession,
        server_ms: int,
        traffic: Traffic,
        carried: Carried | None,
    ) -> Contact:
        has_verdicts = request.told is not None and bool(request.told.verdicts)
        if request.txns or request.leases or has_verdicts:
            return write_beside_others(
                self._database,
                lambda hq: self._meet(
                    request, session, server_ms, traffic, hq.connection, hq.epoch, hq, carried
                ),
                # A range of numbers is cut under the head: others who hold it wait for the series too.
                late=not request.leases and not has_verdicts,
            )
        with self._database.read() as snapshot:
            epoch = snapshot.epoch
        with self._database.note() as connection:
            return self._meet(request, session, server_ms, traffic, connection, epoch, None, carried)

    def _meet(
        self,
        request: SyncRequest,
        session: DeviceSession,
        server_ms: int,
        traffic: Traffic,
        connection: Connection,
        epoch: str,
        hq: HqTransaction | None,
        carried: Carried | None,
    ) -> Contact:
        """Check that the laptop is the one HQ knows, then take its operations and give it numbers.

        The nonce stays where a file carried the request, so that a line never seems to be another laptop's.
        """
        device_id = session.device_id
        # Locked, so that a request and its repetition follow each other.
        query = select(_devices).where(_devices.c.id == device_id).with_for_update()
        device = dict(connection.execute(query).mappings().one())
        of_file = used(device, request, carried)
        offered = self._signer(device_id, device["incarnation"] + 1, epoch).offer()
        is_anew = request.incarnation == device["incarnation"] + 1 and request.epoch == bytes.fromhex(epoch)
        if is_anew and hmac.compare_digest(request.nonce, offered):
            device |= rename(connection, device, session, request.nonce, server_ms)
        nonce = bytes(device["nonce"])
        is_known = (
            request.epoch in (b"", bytes.fromhex(epoch))
            and request.incarnation == device["incarnation"]
            and is_one_of(request.nonce, nonce, device["last_nonce"])
        )
        changed: dict[str, Any] = {
            "last_seen_at": device["last_seen_at"] if carried is not None and not carried.no else server_ms,
            "schema": min(request.schema, 2**31 - 1),
            **counted(device, traffic, 0, server_ms),
            **health.heard(request, server_ms, by_file=carried is not None),
            **of_file,
        }
        health.note_clock(connection, device, changed["clock_shift_ms"], server_ms)
        if request.told is not None:
            health.note_exports(connection, device, request.told.exports, server_ms)
        if carried is not None:
            demand_current(carried, device, is_known=is_known)
        if not is_known:
            return self._begin_anew(connection, device, request, session, epoch, changed)
        merged = NOTHING_MERGED
        told: list[Msg] = []
        is_again = not hmac.compare_digest(request.nonce, nonce)
        if carried is not None:
            is_again = carried.no == device["file_no"]
        if hq is not None:
            merged = self._merge(hq, request, session, server_ms, device["acked_seq"], carried is not None)
            told = [*numbers.leases(connection, device_id, request.leases, server_ms, again=is_again)]
            if request.told and request.told.verdicts:
                told += judge(hq, self._author(hq, request, session), request.told.verdicts, server_ms)
        acked_op = max(device["acked_op"], *(answer.no for answer in merged.answers[-1:]), 0)
        changed |= counted(device, traffic, acked_op - device["acked_op"], server_ms)
        if carried is not None:
            changed["file_no"] = carried.no
        elif not is_again:
            changed |= {"last_nonce": nonce, "nonce": (nonce := secrets.token_bytes(NONCE_BYTES))}
        standing = self._signer(device_id, request.incarnation, epoch).read(request.token)
        # Who repeats a nonce may still be writing the page this token came with.
        is_held = not is_again if carried is None else carried.is_first
        if standing is not None and standing.token.plan is None and is_held:
            held_seq = standing.token.seq
            changed["acked_seq"] = held_seq if carried is None else max(held_seq, device["acked_seq"])
        connection.execute(update(_devices).where(_devices.c.id == device_id).values(**changed))
        return Contact(
            session=session,
            epoch=epoch,
            incarnation=device["incarnation"],
            is_restored=False,
            nonce=nonce,
            acked_op=acked_op,
            held_seq=device["acked_seq"],
            purge_allowed=device["purge_allowed"] or 0,
            merged=merged,
            told=told,
        )

    def _begin_anew(
        self,
        connection: Connection,
        device: Mapping[str, Any],
        request: SyncRequest,
        session: DeviceSession,
        epoch: str,
        changed: dict[str, Any],
    ) -> Contact:
        """Give a laptop whose database is not the one HQ knows a new incarnation, and take nothing yet.

        Where HQ went back to a backup, `acked_op` is what it had answered under the old one: what it answered
        later is lost here.
        """
        nonce = secrets.token_bytes(NONCE_BYTES)
        went_back = request.epoch not in (b"", bytes.fromhex(epoch))
        connection.execute(update(_devices).where(_devices.c.id == device["id"]).values(**changed))
        renamed = rename(connection, device, session, nonce, changed["last_seen_at"])
        return Contact(
            session=session,
            epoch=epoch,
            incarnation=renamed["incarnation"],
            is_restored=True,
            nonce=nonce,
            acked_op=answered(connection, request) if went_back else 0,
            held_seq=device["acked_seq"],
            purge_allowed=device["purge_allowed"] or 0,
            merged=NOTHING_MERGED,
            told=[],
        )

    def _merge(
        self,
        hq: HqTransaction,
        request: SyncRequest,
        session: DeviceSession,
        server_ms: int,
        acked_seq: int,
        by_file: bool,
    ) -> Merged:
        if not request.txns:
            return NOTHING_MERGED
        author = self._author(hq, request, session, acked_seq)
        disguise = Disguise(self._secret, session.device_id)
        head = hq.seen
        # The days a file was on its way are no error of the laptop's clock: only a clock ahead of now is.
        sent_hlc = max(request.sent_hlc, reading(server_ms)) if by_file else request.sent_hlc
        merged = merge(
            hq,
            author,
            request.txns,
            sent_hlc=sent_hlc,
            server_ms=server_ms,
            reveal=lambda sent: disguise.reveal(sent, head),
        )
        hidden = [
            msgspec.structs.replace(answer, base=disguise.hide(answer.base)) for answer in merged.answers
        ]
        return replace(merged, answers=hidden)

    def _author(
        self, hq: HqTransaction, request: SyncRequest, session: DeviceSession, acked: int = 0
    ) -> Author:
        standing = self._signer(session.device_id, request.incarnation, hq.epoch).read(request.token)
        return Author(
            user_id=session.user_id,
            person=self._person(hq.connection, hq.epoch, hq.policy_seq, session.user_id),
            device=session.device_id,
            incarnation=request.incarnation,
            held_seq=max(standing.token.seq, acked) if standing is not None else None,
        )

    def _person(self, connection: Connection, epoch: str, policy_seq: int, user_id: str) -> Person:
        """Return the person, worked out anew only after something rights follow from has changed."""
        known = self._people.get(user_id)
        if known is not None and known[:2] == (policy_seq, epoch):
            return known[2]
        person = entitlements.person_of(connection, user_id)
        self._people[user_id] = (policy_seq, epoch, person)
        return person

    def _part(self, request: SyncRequest, session: DeviceSession, op_no: int, server_ms: int) -> Contact:
        """Let a laptop that shares its name with a copy of it begin anew; nothing it brought is taken yet."""
        with self._database.read() as snapshot:
            epoch = snapshot.epoch
        with self._database.note() as connection:
            device = alarm(connection, session, op_no, server_ms)
            return self._begin_anew(connection, device, request, session, epoch, {"last_seen_at": server_ms})

    # Going out

    def _send(self, request: SyncRequest, contact: Contact, server_ms: int) -> SyncResponse:
        user_id = contact.session.user_id
        for _ in range(TRIES):
            entitlements.ensure_current(self._database, user_id)
            with self._database.read() as snapshot:
                response = self._page(request, contact, server_ms, snapshot)
            if isinstance(response, int):
                with self._database.note() as connection:
                    entitlements.hold_purge(connection, contact.session.device_id, response)
                held = Held(MsgKind.HELD, 1)
                return self._response(contact, server_ms, [*contact.told, held], request.token, False)
            if response is not None:
                return response
        raise Refusal("busy", N_("Rights are changing at HQ; try again in a moment"))

    def _page(
        self, request: SyncRequest, contact: Contact, server_ms: int, snapshot: Snapshot
    ) -> SyncResponse | int | None:
        """Return the answer with the next page; None where the rights of now are not written down yet.

        A number is the version of rights whose purge is to wait for an administrator.
        """
        user_id, device_id = contact.session.user_id, contact.session.device_id
        signer = self._signer(device_id, contact.incarnation, snapshot.epoch)
        standing = signer.read(request.token)
        token = standing.token if standing else fresh(snapshot.head)
        found = entitlements.rights_of(snapshot, user_id, versions_held(token))
        if found is None:
            return None
        now, past = found
        is_resync = contact.is_restored or (standing is None and bool(request.token))
        if not snapshot.knows_after(token.seq) or not versions_held(token) <= past.keys():
            token, standing, is_resync = fresh(snapshot.head), None, True
        schema = min(request.schema, SCHEMA_VERSION)
        reader = self._reader(contact.session, contact.incarnation, schema, now, past)
        msgs: list[Msg] = list(contact.told)
        if standing is None or standing.settings != self._told_mark:
            msgs.insert(0, SettingsMessage(MsgKind.SETTINGS, 1, self._told))
        if standing is None:
            msgs.extend(missed_lost_edits(snapshot, reader, contact.held_seq))
            msgs.extend(missed_judgements(snapshot, device_id, contact.held_seq))
        if self._must_hold(snapshot.connection, reader, token, contact.purge_allowed):
            return now.version
        want = max(LEAST_BYTES, min(request.want_bytes, self._settings.want_bytes_max))
        try:
            merged = contact.merged
            own = merged.accepted if standing is None else frozenset()
            page = next_page(
                snapshot,
                reader,
                token,
                want,
                also=merged.overtaken,
                own=own,
                written=merged.own,
                counts=self._counts,
            )
        except BrokenPromise as error:
            raise Refusal(
                "policy", N_("HQ cannot work out this user's rights; nothing was changed")
            ) from error
        msgs.extend(page.msgs)
        person = self._person(snapshot.connection, snapshot.epoch, snapshot.policy_seq, user_id)
        is_due, held = not page.more and page.token != token, standing.offers if standing else 0
        news, shown = offers.told(snapshot, person, request.told, schema, server_ms, held, is_due=is_due)
        msgs.extend(news)
        signed = signer.sign(Standing(token=page.token, settings=self._told_mark, offers=shown))
        diff = None
        # What differs because it is news, or due to change, is no damage.
        is_even = not (is_resync or page.msgs or page.more or request.txns)
        if request.digest is not None and is_even and is_caught_up(token, version=now.version, schema=schema):
            comparison = compare(snapshot, reader, request.digest, self._digests)
            diff = comparison.diff
            msgs.extend(comparison.msgs)
        return self._response(contact, server_ms, msgs, signed, page.more, is_resync, diff)

    def _reader(
        self,
        session: DeviceSession,
        incarnation: int,
        schema: int,
        now: Entitlement,
        past: Mapping[int, Entitlement],
    ) -> Reader:
        return Reader(
            user_id=session.user_id,
            device=session.device_id,
            incarnation=incarnation,
            schema=schema,
            now=now,
            past=past,
            hide=Disguise(self._secret, session.device_id).hide,
        )

    def _must_hold(self, connection: Connection, reader: Reader, token: Token, allowed: int) -> bool:
        """Tell whether a plan begins that would take so much away that an administrator is to confirm it."""
        due = reconcile(token, version=reader.now.version, schema=reader.schema).plan
        if due is None or due == token.plan or reader.now.version <= allowed:
            return False
        return entitlements.purge_to_hold(connection, due, reader.past, reader.now) > 0

    def _response(
        self,
        contact: Contact,
        server_ms: int,
        msgs: list[Msg],
        token: bytes,
        more: bool,
        is_resync: bool = False,
        diff: DigestDiff | None = None,
    ) -> SyncResponse:
        return SyncResponse(
            v=PROTOCOL_VERSION,
            epoch=bytes.fromhex(contact.epoch),
            server_ms=server_ms,
            nonce=contact.nonce,
            answers=contact.merged.answers,
            msgs=list(msgs),
            token=token,
            more=more,
            acked_to=contact.acked_op,
            min_schema=MIN_SCHEMA,
            digest_diff=diff,
            resync=is_resync,
            incarnation=contact.incarnation if contact.is_restored else 0,
        )

    def _signer(self, device: int, incarnation: int, epoch: str) -> Signer:
        return Signer(self._secret, device=device, incarnation=incarnation, epoch=epoch)
