"""Syncing with files that are carried to HQ and back, where there is no line.

What they hold are the requests and answers of a round; why an old, lost or repeated one does no harm is told
in docs/sync.md. Never while a round runs: whoever calls sees to that.
"""

from __future__ import annotations

import datetime
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from crm_core.errors import BrokenPromise, UserError, reason_of
from crm_core.i18n import N_, sentence_of
from crm_core.sync import codec
from crm_core.sync.protocol import EnrolRequest, EnrolResponse, SyncRequest, SyncResponse, Txn
from crm_core.sync.sealed_file import (
    VERSION,
    Blocks,
    Enrolment,
    FileKind,
    Head,
    SealedFile,
    ToHq,
    ToLaptop,
    UnfitFile,
    seal,
)
from crm_core.sync.sealing import KEY_BYTES, PUBLIC_BYTES, Sealer
from crm_desktop.models import state
from crm_desktop.models.numbers import leases_wanted
from crm_desktop.models.replica import Replica
from crm_desktop.models.state import Key
from crm_desktop.sync import carried_contents, outbox, telling
from crm_desktop.sync.asking import request_of
from crm_desktop.sync.bringing_back import awaits_bringing_back
from crm_desktop.sync.carried_contents import Along, Packed
from crm_desktop.sync.engine import Engine
from crm_desktop.sync.exchange import Trip
from crm_desktop.sync.refused import Refused
from crm_desktop.sync.report import Cancelled, OnStep, RoundReport, Step, ignore_step, never

FILE_BLOCK_BYTES = 256 * 1024
PAGE_BYTES = 1024 * 1024
PUSH_BYTES = 2 * 1024 * 1024  # before compression, of each request in a file: HQ takes 4 MiB compressed
OPENED_BYTES = 16  # drawn by whoever opens an enrolment file; only has to differ from laptop to laptop
FILES_KEPT = 16
"""Answers to older files than these are not waited for any more."""


class _FileOut(msgspec.Struct, array_like=True, frozen=True):
    """Where the laptop stood when it wrote a file: the answer fits only while it stands there still."""

    no: int
    epoch: bytes
    incarnation: int
    nonce: bytes
    token: bytes
    made_local_ms: int
    """By the laptop's own clock, uncorrected."""
    sent_op: int
    """The highest number of an operation that had left the laptop, in this file or before."""


@dataclass(frozen=True, slots=True)
class _Begun:
    """A file on its way out."""

    known: dict[str, Any]
    file: _FileOut
    hq: bytes
    sent_before: int
    waiting: int
    records: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a file for HQ holds."""

    number: int
    operations: int
    records: int
    files: int = 0
    """Contents of attached files that go along."""
    files_left: int = 0
    """Those there was no room for."""


class NoLine:
    """No line to HQ: what is applied came in a file."""

    def enrol(self, request: EnrolRequest) -> EnrolResponse:
        """Never."""
        raise BrokenPromise(N_("A file has no line to HQ"))

    def sync(self, request: SyncRequest) -> SyncResponse:
        """Never."""
        raise BrokenPromise(N_("A file has no line to HQ"))


class FileLine:
    """One laptop's way to its HQ by file. `sealer` is of its device token."""

    def __init__(
        self,
        replica: Replica,
        engine: Engine,
        sealer: Sealer,
        *,
        draw: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._replica = replica
        self._engine = engine
        self._sealer = sealer
        self._draw = draw
        self._has_contents = False
        """The messages that were applied ended, and contents of files follow."""

    def write(
        self,
        save: Callable[[Iterator[bytes]], None],
        on_step: OnStep = ignore_step,
        along: Along | None = None,
    ) -> Written:
        """Have all that waits and where the laptop stands saved as a file for HQ.

        `along` says what contents of attached files go there and come back; None: none do.

        The operations count as sent from here on: HQ may get them. Raises `UserError` where this laptop
        cannot exchange files, and what `save` raises; then it is as if nothing was written.
        """
        begun = self._begin()
        device, file = begun.known[Key.DEVICE], begun.file
        head = Head(v=VERSION, kind=FileKind.TO_HQ, epoch=file.epoch, device=device, no=file.no)
        if not begun.known[Key.SETTINGS].get("contents_by_file"):
            along = None  # an older HQ would not know what they are
        told = Packed()
        requests = self._requests(begun.known, begun.waiting, on_step, along, told)
        try:
            save(seal(head, requests, sender=self._sealer, reader=begun.hq, drawn=self._draw(KEY_BYTES)))
        except BaseException:
            # No file left: whoever wants to discard one of these edits may.
            with self._replica.applying() as session:
                outbox.mark_sent(session, begun.sent_before)
                kept = [each for each in state.read(session, Key.FILES_OUT) if each[0] != file.no]
                state.write(session, {Key.FILES_OUT: kept})
            raise
        return Written(
            number=file.no,
            operations=begun.waiting,
            records=begun.records,
            files=told.files,
            files_left=told.left,
        )

    def read(
        self, file: SealedFile, on_step: OnStep = ignore_step, cancelled: Cancelled = never
    ) -> RoundReport:
        """Apply HQ's answer to a file of this laptop.

        One broken off goes on where it stopped, and one applied before changes nothing. Raises `UnfitFile`
        with nothing changed for any other, and `Refused` where HQ does not serve this laptop any more.
        """
        file.demand_kind(FileKind.TO_LAPTOP)
        with self._replica.read() as session:
            known = state.read_all(session)
        hq = _hq_key(known)
        try:
            file.demand_whole(hq)
        except UnfitFile as unfit:
            if file.head.epoch == known[Key.EPOCH]:
                raise
            raise UnfitFile(N_("This file is from another headquarters")) from unfit
        if file.head.device != known[Key.DEVICE]:
            raise UnfitFile(N_("This file is for another laptop"))
        messages = file.messages(self._sealer, hq)
        opening = codec.decode(next(messages), ToLaptop)
        if opening.fault is not None:
            raise Refused(opening.fault.code, sentence_of(opening.fault.text, opening.fault.places))
        asked = _asked(known, file.head.no)
        # HQ may have heard of a later operation over a line whose answer was lost.
        if opening.offer and (asked.token, asked.sent_op) != (known[Key.TOKEN], known[Key.SENT_OP]):
            raise _outdated()
        report = self._engine.apply(self._trips(asked, messages, known), on_step, cancelled)
        if not self._has_contents:
            return report
        files = carried_contents.take(self._replica, messages)
        return replace(report, files_sent=files.sent, files_received=files.received)

    def fill(
        self,
        answer: EnrolResponse,
        messages: Iterator[bytes],
        on_step: OnStep = ignore_step,
        cancelled: Cancelled = never,
    ) -> RoundReport:
        """Apply what follows in the file that signed this laptop in."""
        with self._replica.read() as session:
            known = state.read_all(session)
        asked = _FileOut(0, answer.epoch, known[Key.INCARNATION], answer.nonce, b"", 0, 0)
        return self._engine.apply(self._trips(asked, messages, known), on_step, cancelled)

    def _begin(self) -> _Begun:
        """Note that a file goes out, before it does."""
        clock = self._replica.clock
        with self._replica.applying() as session:
            known = state.read_all(session)
            hq = _hq_key(known)
            is_held = bool(known[Key.RESYNC_MARK]) and awaits_bringing_back(session)
            waiting = 0 if is_held else outbox.count(session)
            records = len(outbox.sizes(session)) if waiting else 0
            sent_before = known[Key.SENT_OP]
            sent_op = known[Key.NEXT_OP] - 1 if waiting else sent_before
            outbox.mark_sent(session, sent_op)
            files = _files(known)
            file = _FileOut(
                # The time, so that a laptop that went back to a backup goes on above what it gave out since.
                no=max(files[-1].no + 1 if files else 1, clock.now_ms()),
                epoch=known[Key.EPOCH],
                incarnation=known[Key.INCARNATION],
                nonce=known[Key.NONCE],
                token=known[Key.TOKEN],
                made_local_ms=clock.local_ms(),
                sent_op=sent_op,
            )
            state.write(session, {Key.FILES_OUT: [*files, file][-FILES_KEPT:]})
        return _Begun(known, file, hq, sent_before, waiting, records)

    def _requests(
        self, known: dict[str, Any], waiting: int, on_step: OnStep, along: Along | None, told_files: Packed
    ) -> Iterator[bytes]:
        """Yield the messages of a file: batch by batch what waited when it was begun, then contents."""
        contents = carried_contents.wanted(self._replica, along) if along is not None else None
        yield codec.encode(ToHq(self._replica.clock.now_ms(), int(known[Key.NEXT_OP]) - 1, contents))
        yield from self._batches(known, waiting, on_step)
        if along is not None:
            yield b""
            yield from carried_contents.packed(self._replica, along.bytes_most, told_files)

    def _batches(self, known: dict[str, Any], waiting: int, on_step: OnStep) -> Iterator[bytes]:
        now_ms = self._replica.clock.now_ms()
        highest = int(known[Key.NEXT_OP]) - 1
        with self._replica.read() as session:
            leases = leases_wanted(session, now_ms)
            done = last = 0
            while True:
                txns = _up_to(outbox.next_batch(session, PUSH_BYTES, after=last), highest) if waiting else []
                last = txns[-1].ops[-1].no if txns else highest
                done += sum(len(txn.ops) for txn in txns)
                # News must not come before the answers to all that HQ may have.
                is_last = not outbox.has_between(session, last, highest)
                told = telling.told(session, waiting) if is_last else None
                yield codec.encode(
                    request_of(known, now_ms, txns, leases, PAGE_BYTES, pull=is_last, told=told)
                )
                on_step(Step(phase="sending", done=done, total=waiting))
                if is_last:
                    return
                leases = {}

    def _trips(self, asked: _FileOut, messages: Iterator[bytes], known: dict[str, Any]) -> Iterator[Trip]:
        """Yield the answers from where the replica stands on, each to the token of the one before.

        Raises `UnfitFile` where it stands at none of them and not at their end.
        """
        request = request_of(known, self._replica.clock.now_ms(), [], {}, PAGE_BYTES)
        token, is_reached = asked.token, False
        for raw in messages:
            if not raw:
                self._has_contents = True
                break
            response = codec.decode(raw, SyncResponse)
            if not is_reached and token == known[Key.TOKEN]:
                is_reached = True
                with self._replica.applying() as session:
                    state.write(session, {Key.FILE_IN: asked.no})
            if is_reached:
                if not response.incarnation:
                    # The line's own business: a file neither takes nor gives the nonce a line is known by.
                    response = msgspec.structs.replace(response, nonce=known[Key.NONCE])
                offset_ms = self._offset_ms(asked, response.server_ms)
                asking = msgspec.structs.replace(request, token=token)
                yield Trip(request=asking, response=response, offset_ms=offset_ms, seconds=0, up=0, down=0)
            token = response.token
        if not is_reached and token != known[Key.TOKEN]:
            raise _outdated()

    def _offset_ms(self, asked: _FileOut, server_ms: int) -> int:
        """Return HQ's time less this laptop's, as far as a file can tell.

        HQ answered after the file was written and before its answer is read: what is known of the clock stays
        unless it contradicts that.
        """
        clock = self._replica.clock
        least = server_ms - clock.local_ms()
        most = server_ms - asked.made_local_ms
        return min(max(clock.offset_ms, least), most) if least <= most else clock.offset_ms


def blocks_of(file: Path) -> Blocks:
    """Return what gives the bytes of a file; its reading raises `UserError` where it cannot be read."""

    def blocks() -> Iterator[bytes]:
        try:
            with file.open("rb") as stream:
                while block := stream.read(FILE_BLOCK_BYTES):
                    yield block
        except OSError as error:
            raise UserError(
                N_("{file} cannot be opened: {reason}"), file=file, reason=reason_of(error)
            ) from error

    return blocks


def open_enrolment(file: SealedFile, passphrase: str) -> tuple[Enrolment, Iterator[bytes]]:
    """Return what signs a laptop in, and the messages that follow it. Raises `UnfitFile`."""
    file.demand_kind(FileKind.ENROLMENT)
    for _ in file.messages_by_passphrase(passphrase):
        pass  # read to its end before anything of it counts
    messages = file.messages_by_passphrase(passphrase)
    return codec.decode(next(messages), Enrolment), messages


def demand_in_time(enrolment: Enrolment, now_ms: int) -> None:
    """Raise `UnfitFile` where the time is over in which a file signs somebody in."""
    if enrolment.until_ms and now_ms > enrolment.until_ms:
        day = datetime.datetime.fromtimestamp(enrolment.until_ms / 1000, datetime.UTC).date().isoformat()
        raise UnfitFile(
            N_("This file was to be used by {day}. Have HQ write a new one, or look at this laptop's clock"),
            day=day,
        )


def size_of_enrolment(file: Path) -> int:
    """Return the size of a file that signs a laptop in; `UserError` where it is none."""
    SealedFile(blocks_of(file)).demand_kind(FileKind.ENROLMENT)
    return file.stat().st_size


def look_into_enrolment(file: Path, passphrase: str) -> Enrolment:
    """Return whom a file signs in, read to its end: `UserError` where it is damaged or does not open."""
    return open_enrolment(SealedFile(blocks_of(file)), passphrase)[0]


def _hq_key(known: dict[str, Any]) -> bytes:
    """Return the public keys of this laptop's HQ. `UserError` where there is none, or it told none yet."""
    if not known[Key.DEVICE]:
        raise UserError(N_("This laptop is not connected to an HQ. Sign in first"))
    told = known[Key.SETTINGS].get("file_key") or ""
    if len(told) != 2 * PUBLIC_BYTES:
        raise UserError(N_("HQ has not told this laptop its key yet; let it sync over the network once"))
    return bytes.fromhex(told)


def _files(known: dict[str, Any]) -> list[_FileOut]:
    return msgspec.convert(known[Key.FILES_OUT], list[_FileOut])


def _asked(known: dict[str, Any], number: int) -> _FileOut:
    """Return the file an answer is to; raises `UnfitFile` where the laptop has gone on since it wrote it."""
    asked = next((each for each in _files(known) if each.no == number), None)
    if asked is None:
        raise UnfitFile(
            N_("This laptop does not know the file this answers. Nothing was changed; write a new one")
        )
    stands = (known[Key.EPOCH], known[Key.INCARNATION], known[Key.NONCE])
    if number < known[Key.FILE_IN] or stands != (asked.epoch, asked.incarnation, asked.nonce):
        raise _outdated()
    return asked


def _outdated() -> UnfitFile:
    return UnfitFile(
        N_("This laptop was in touch with HQ since it wrote the file this answers. Nothing was changed")
    )


def _up_to(txns: list[Txn], highest: int) -> list[Txn]:
    """Leave out what was edited after a file was begun."""
    return [txn for txn in txns if txn.ops[-1].no <= highest]
