"""Laptops that HQ meets by file: answering what one brought, and signing a new one in without a line.

What is inside goes through `SyncService.answer` like anything from a line. An answer is written page by page
while HQ makes them, so a whole company takes no more memory than a page.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from msgspec import structs
from sqlalchemy import select

from crm_core import SCHEMA_VERSION
from crm_core.errors import UserError
from crm_core.i18n import N_, plain_places
from crm_core.schema.values import instant_text
from crm_core.sync import codec
from crm_core.sync.admission import read_request
from crm_core.sync.clock import reading
from crm_core.sync.protocol import (
    PROTOCOL_VERSION,
    Code,
    Fault,
    MsgKind,
    SyncRequest,
    SyncResponse,
)
from crm_core.sync.sealed_file import (
    VERSION,
    Blocks,
    Contents,
    Enrolment,
    FileKind,
    Head,
    SealedFile,
    ToHq,
    ToLaptop,
    UnfitFile,
    seal,
    seal_with_passphrase,
)
from crm_core.sync.sealing import KEY_BYTES, SALT_BYTES
from crm_core.times import DAY_MS
from sync_server.services import faults
from sync_server.services.auth import Auth, DeviceSession, now_ms, sealer_of
from sync_server.services.blobs import BlobService
from sync_server.services.carried_contents import CarriedContents
from sync_server.services.cursor import Signer
from sync_server.services.enrolment_files import VALID_DAYS, VALID_DAYS_MOST, OpenedElsewhere
from sync_server.services.faults import PayloadChanged, Refusal
from sync_server.services.meeting import MIN_SCHEMA, Carried, Unrecognised, answered
from sync_server.services.numbers import PATTERNS
from sync_server.services.sync import SyncService
from sync_server.settings import Settings
from sync_server.store.database import Database
from sync_server.store.tables import Device, table_of

BLOCK_BYTES: Final = 256 * 1024
PASSPHRASE_LEAST: Final = 8  # characters; the file holds all its user may see, and may lie around for long
FIRST_INCARNATION: Final = 1
NO_CONTENTS: Final = Contents(0, 0)
ANSWERED: Final = "answered"
BEGIN_ANEW: Final = "begin_anew"
SHUT_OUT: Final = frozenset({"revoked", "wipe", "disabled", "sign_in"})

_device = table_of(Device)


@dataclass(slots=True, kw_only=True)
class Exchanged:
    """What came of a laptop's file."""

    device: int
    number: int
    outcome: str = ANSWERED
    """`answered`, `begin_anew` where HQ took nothing, or why the laptop is shut out: as in `Fault.code`."""
    operations: int = 0
    refused: int = 0
    superseded: int = 0
    rows: int = 0
    pages: int = 0
    files_in: int = 0
    """Contents of files it brought, whole or in part."""
    files_out: int = 0
    """Contents the answer brings to their end."""
    bytes_in: int = 0
    bytes_out: int = 0

    def count(self, response: SyncResponse) -> None:
        """Count an answer that was written."""
        codes = [Code(answer.code) for answer in response.answers]
        self.operations += len(codes)
        self.superseded += codes.count(Code.SUPERSEDED)
        self.refused += sum(not code.took_effect and code is not Code.SUPERSEDED for code in codes)
        self.rows += sum(
            len(each.ids) // codec.ID_BYTES for each in response.msgs if each.kind == MsgKind.PUT
        )
        self.pages += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled:
    """What was written to sign a laptop in."""

    device: int
    user: str
    rows: int
    bytes: int
    valid_until: str


@dataclass(slots=True)
class FileExchange:
    """Answers files. Cheap to make."""

    database: Database
    settings: Settings
    auth: Auth
    sync: SyncService
    clock: Callable[[], int] = now_ms
    draw: Callable[[int], bytes] = field(default=os.urandom)

    def answer(self, source: Path, target: Path) -> Exchanged:
        """Take what a laptop's file brings and write HQ's answer for it to `target`.

        The same file may be answered again, as where the answer was lost. Raises `UserError` for one that
        HQ cannot use: then nothing was changed and `target` is as it was.
        """
        file = SealedFile(blocks_of(source))
        file.demand_kind(FileKind.TO_HQ)
        head, laptop = file.head, self._laptop(file)
        done = Exchanged(device=head.device, number=head.no, bytes_in=source.stat().st_size)
        try:
            session = self.auth.device_of_file(head.device)
        except Refusal as refusal:
            if refusal.code not in SHUT_OUT:
                raise
            return self._shut_out(refusal, target, head, laptop, done)
        try:
            answers = self._answers(head, self._brought(file, laptop), session, done)
            done.bytes_out = self._write(target, head, laptop, answers)
        except OpenedElsewhere as refusal:
            return self._shut_out(refusal, target, head, laptop, done)
        except (Unrecognised, PayloadChanged):
            # It is older than a contact since, or from a copy of the laptop; only the laptop itself can tell.
            done = Exchanged(device=head.device, number=head.no, bytes_in=done.bytes_in, outcome=BEGIN_ANEW)
            offer = self._offer(next(self._brought(file, laptop).requests), session)
            messages = [codec.encode(ToLaptop(self.clock(), offer=True)), codec.encode(offer)]
            done.bytes_out = self._write(target, head, laptop, messages)
        self.auth.note_file(head.device, received=done.bytes_in, sent=done.bytes_out)
        return done

    def _shut_out(
        self, refusal: Refusal, target: Path, head: Head, laptop: bytes, done: Exchanged
    ) -> Exchanged:
        """Write an answer that says why HQ does not serve a laptop, and nothing else."""
        fault = Fault(refusal.code, refusal.message.text, plain_places(refusal.message))
        opening = codec.encode(ToLaptop(self.clock(), fault=fault))
        size = self._write(target, head, laptop, [opening])
        return replace(done, outcome=refusal.code, bytes_out=size)

    def enrol(
        self,
        user_id: str,
        name: str,
        passphrase: str,
        address: str,
        target: Path,
        *,
        valid_days: int = VALID_DAYS,
    ) -> Enrolled:
        """Make a laptop of a user known and write the file that signs it in, with all the user may see.

        It is for one laptop, and to be used within some days.
        """
        if not 1 <= valid_days <= VALID_DAYS_MOST:
            raise UserError(N_("A file is valid for 1 to {most} days"), most=VALID_DAYS_MOST)
        if len(passphrase) < PASSPHRASE_LEAST:
            raise UserError(N_("A passphrase needs at least {count} characters"), count=PASSPHRASE_LEAST)
        self.auth.demand_allowed(user_id)
        until_ms = self.clock() + valid_days * DAY_MS
        known = self.auth.enrol_for(user_id, name, SCHEMA_VERSION, file_until=until_ms)
        done = Exchanged(device=known.device, number=0)
        head = Head(v=VERSION, kind=FileKind.ENROLMENT, epoch=known.epoch, device=known.device, no=0)
        try:
            messages = self._first_fill(Enrolment(known, address, until_ms), done)
            salt = self.draw(SALT_BYTES)
            size = _save(target, seal_with_passphrase(head, messages, passphrase=passphrase, salt=salt))
        except BaseException:
            self.auth.revoke(known.device, wipe=False)  # nobody has its token
            raise
        valid_until = instant_text(until_ms)
        return Enrolled(
            device=known.device, user=known.user_name, rows=done.rows, bytes=size, valid_until=valid_until
        )

    def _laptop(self, file: SealedFile) -> bytes:
        """Return the public keys of the laptop that signed a file; raises `UnfitFile` where none did."""
        head = file.head
        with self.database.read() as snapshot:
            is_ours = head.epoch in (b"", bytes.fromhex(snapshot.epoch))
        laptop = self.auth.file_key(head.device)
        if laptop == b"":
            raise UnfitFile(
                N_("HQ has no key of device {device} yet; let it sync over the network once"),
                device=head.device,
            )
        try:
            if laptop is None:
                raise UnfitFile(N_("HQ does not know the laptop this file is from"))
            file.demand_whole(laptop)
        except UnfitFile as unfit:
            # After a restore from a backup the epoch is another, and the laptop's signature still its own.
            if is_ours:
                raise
            raise UnfitFile(N_("This file is for another headquarters")) from unfit
        return laptop

    def _brought(self, file: SealedFile, laptop: bytes) -> _Brought:
        return _read(file.messages(sealer_of(self.settings), laptop), self.settings.body_bytes_max)

    def _write(self, target: Path, head: Head, laptop: bytes, messages: Iterable[bytes]) -> int:
        with self.database.read() as snapshot:
            epoch = bytes.fromhex(snapshot.epoch)
        answer = Head(v=VERSION, kind=FileKind.TO_LAPTOP, epoch=epoch, device=head.device, no=head.no)
        drawn = self.draw(KEY_BYTES)
        return _save(
            target, seal(answer, messages, sender=sealer_of(self.settings), reader=laptop, drawn=drawn)
        )

    def _answers(
        self, head: Head, brought: _Brought, session: DeviceSession, done: Exchanged
    ) -> Iterator[bytes]:
        """Yield HQ's answer to each request of a file, and pages after the last until both sides are even."""
        yield codec.encode(ToLaptop(self.clock()))
        carried = Carried(no=head.no, highest_op=brought.opening.highest_op, is_first=True)
        token: bytes | None = None
        blobs = BlobService(self.database, self.settings, self.clock)
        along = CarriedContents(blobs, session, brought.opening.contents or NO_CONTENTS)
        for each in brought.requests:
            request = each if token is None else structs.replace(each, token=token)
            request = structs.replace(request, want_bytes=self.settings.want_bytes_max, digest=None)
            response = self._answer(request, session, carried, done)
            yield codec.encode(response)
            carried, token = replace(carried, is_first=False), response.token
            along.note(response)
        for page in self._pages(request, response, session, carried, done):
            along.note(page)
            yield codec.encode(page)
        if brought.opening.contents is not None:
            yield b""
            yield codec.encode(along.take(brought.parts))
            yield from along.give()
            done.files_in, done.files_out = along.taken, along.given

    def _offer(self, request: SyncRequest, session: DeviceSession) -> SyncResponse:
        """Return what lets a laptop begin anew that HQ did not recognise by a file; nothing is changed.

        It does where nobody was in touch since it wrote the file, and HQ hears of that at its next contact.
        """
        with self.database.read() as snapshot:
            query = select(_device.c.incarnation).where(_device.c.id == session.device_id)
            incarnation = snapshot.connection.execute(query).scalar_one() + 1
            epoch = bytes.fromhex(snapshot.epoch)
            secret, device = bytes.fromhex(self.settings.secret), session.device_id
            signer = Signer(secret, device=device, incarnation=incarnation, epoch=snapshot.epoch)
            went_back = request.epoch not in (b"", epoch)
            return SyncResponse(
                v=PROTOCOL_VERSION,
                epoch=epoch,
                server_ms=self.clock(),
                nonce=signer.offer(),
                answers=[],
                msgs=[],
                token=b"",
                more=True,
                acked_to=answered(snapshot.connection, request) if went_back else 0,
                min_schema=MIN_SCHEMA,
                resync=True,
                incarnation=incarnation,
            )

    def _first_fill(self, enrolment: Enrolment, done: Exchanged) -> Iterator[bytes]:
        """Yield what a new laptop keeps, and everything its user may see."""
        known = enrolment.answer
        yield codec.encode(enrolment)
        session = DeviceSession(device_id=known.device, user_id=known.user_id)
        request = SyncRequest(
            v=PROTOCOL_VERSION,
            epoch=known.epoch,
            device=known.device,
            incarnation=FIRST_INCARNATION,
            nonce=known.nonce,
            schema=SCHEMA_VERSION,
            sent_hlc=reading(known.server_ms),
            token=b"",
            want_bytes=self.settings.want_bytes_max,
            leases=dict.fromkeys(PATTERNS, self.settings.lease_size),
        )
        carried = Carried(no=0, highest_op=0, is_first=False)
        response = self._answer(request, session, carried, done)
        yield codec.encode(response)
        yield from map(codec.encode, self._pages(request, response, session, carried, done))

    def _pages(
        self,
        request: SyncRequest,
        response: SyncResponse,
        session: DeviceSession,
        carried: Carried,
        done: Exchanged,
    ) -> Iterator[SyncResponse]:
        """Yield the pages that follow an answer. One whose token stays says that HQ gives nothing now."""
        while response.more and response.token != request.token:
            request = structs.replace(request, token=response.token, txns=[], leases={})
            response = self._answer(request, session, carried, done)
            yield response

    def _answer(
        self, request: SyncRequest, session: DeviceSession, carried: Carried, done: Exchanged
    ) -> SyncResponse:
        response = self.sync.answer(request, session, carried)
        done.count(response)
        return response


@dataclass(frozen=True, slots=True)
class _Brought:
    """The messages of a laptop's file, read as they are asked for: first the requests, then the parts."""

    opening: ToHq
    requests: Iterator[SyncRequest]
    parts: Iterator[bytes]
    """Of contents of files."""


def _read(messages: Iterator[bytes], limit_bytes: int) -> _Brought:
    """Return what a laptop's file brings; raises `UserError` where a request is larger than over a line."""

    def requests() -> Iterator[SyncRequest]:
        yield first
        for raw in messages:
            if not raw:
                return
            yield _request(raw, limit_bytes)

    try:
        opening = codec.decode(next(messages), ToHq)
        first = _request(next(messages), limit_bytes)
    except StopIteration as error:
        raise codec.Malformed(N_("The message could not be read")) from error
    return _Brought(opening, requests(), messages)


def _request(raw: bytes, limit_bytes: int) -> SyncRequest:
    if len(raw) > limit_bytes:
        raise faults.too_large(limit_bytes)
    return read_request(codec.unpack(raw), is_json=False)


def blocks_of(file: Path) -> Blocks:
    """Return what gives the bytes of a file."""

    def blocks() -> Iterator[bytes]:
        with file.open("rb") as stream:
            while block := stream.read(BLOCK_BYTES):
                yield block

    return blocks


def _save(target: Path, blocks: Iterable[bytes]) -> int:
    """Write a file for its owner's eyes, wholly or not at all; return its size."""
    partial = target.with_name(f"{target.name}.partial")
    size = 0
    try:
        with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
            for block in blocks:
                size += stream.write(block)
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    return size
