"""One round of synchronisation: push, pull, until HQ has nothing more and nothing waits here.

No Qt, no HTTP, no sleeping: HQ is handed in as `protocol.Headquarters`, time as a function. A round may
be cut off at any point; every page is applied in one transaction together with the token that names it,
so the next round goes on from there. Typing never waits: the replica's writer is taken only to apply a
page, never while the line is busy.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Protocol

from msgspec import structs
from sqlalchemy.orm import Session

from crm_core import SCHEMA_VERSION
from crm_core.errors import BrokenPromise, LineBroke, Unreachable
from crm_core.i18n import N_, message
from crm_core.sync.clock import observe, reading
from crm_core.sync.codec import read_message
from crm_core.sync.merge import dot
from crm_core.sync.protocol import (
    Code,
    DigestDiff,
    Headquarters,
    Lease,
    SyncRequest,
    SyncResponse,
    Txn,
)
from crm_desktop.models import counting, state
from crm_desktop.models.numbers import leases_wanted
from crm_desktop.models.replica import Replica
from crm_desktop.models.state import Key
from crm_desktop.sync import outbox, telling
from crm_desktop.sync.asking import request_of
from crm_desktop.sync.bringing_back import awaits_bringing_back, bring_back
from crm_desktop.sync.comparing import PERIOD_MS, Comparison
from crm_desktop.sync.enrolment import restart
from crm_desktop.sync.exchange import Exchange, Load, Trip
from crm_desktop.sync.judging import forget_offers
from crm_desktop.sync.numbering import number_the_rest
from crm_desktop.sync.pace import TRIES, Pace
from crm_desktop.sync.receive import Received, receive, sweep
from crm_desktop.sync.refused import Refused
from crm_desktop.sync.report import (
    COPIED,
    HQ_WENT_BACK,
    Cancelled,
    OnStep,
    RoundReport,
    Step,
    ignore_step,
    never,
)
from crm_desktop.sync.settle import Settled, settle

PUSH_RATIO = 3  # of plain to compressed bytes of operations


class Counted(Protocol):
    """A connection that knows what it carried."""

    up: int
    down: int


Patience = Callable[[Callable[[int, int], float], Cancelled], None]
"""Tells the connection how long it may be silent, by bytes sent and asked for, and when to give up."""


def ignore_patience(_silence_s: Callable[[int, int], float], _cancelled: Cancelled) -> None:
    """Wait as long as the connection does by itself."""


_TOO_OLD = message(
    N_("HQ needs a newer version of this program; what you typed is handed in, news come after the upgrade")
)

OnEnd = Callable[[Session, RoundReport], None]
"""Notes a round in the transaction that ends it."""


def ignore_end(_session: Session, _report: RoundReport) -> None:
    """Note nothing."""


class _Tally:
    """What a round has come to so far."""

    def __init__(self, counter: Counted | None) -> None:
        self._counter = counter
        self._began = time.monotonic()
        self._up, self._down = (counter.up, counter.down) if counter else (0, 0)
        self.sent = 0
        self.received = 0
        self.purged = 0
        self.superseded = 0
        self.refused = 0
        self.trips = 0
        self.retries = 0
        self.held = False
        self.is_too_old = False
        self.comparison: Comparison | None = None
        self.begun_anew = ""

    def add(self, response: SyncResponse, settled: Settled, received: Received) -> None:
        """Count one trip."""
        self.trips += 1
        self.sent += len(response.answers)
        self.received += received.rows
        self.purged += received.purged
        self.superseded += settled.superseded + received.lost_edits
        self.refused += settled.refused
        self.held = received.held
        self.is_too_old = response.min_schema > SCHEMA_VERSION

    def carried(self) -> tuple[int, int]:
        """Return the bytes that went up and down until now, over every round."""
        return (self._counter.up, self._counter.down) if self._counter else (0, 0)

    def report(self, *, up_to_date: bool) -> RoundReport:
        """Return it as a report."""
        up, down = self.carried()
        return RoundReport(
            sent=self.sent,
            received=self.received,
            purged=self.purged,
            superseded=self.superseded,
            refused=self.refused,
            bytes_up=up - self._up,
            bytes_down=down - self._down,
            round_trips=self.trips,
            retries=self.retries,
            seconds=round(time.monotonic() - self._began, 3),
            up_to_date=up_to_date and not self.held and not self.is_too_old,
            compared=self.comparison is not None and self.comparison.is_complete,
            repaired=self.comparison.repaired if self.comparison else 0,
            differing=self.comparison.differing if self.comparison else 0,
            begun_anew=self.begun_anew,
            held=self.held,
        )


class Engine:
    """Runs rounds between one replica and HQ. Not for two threads at once: see `schedule`."""

    def __init__(
        self,
        replica: Replica,
        hq: Headquarters,
        *,
        counter: Counted | None = None,
        pace: Pace | None = None,
        connection: str = "",
        patience: Patience = ignore_patience,
        on_end: OnEnd = ignore_end,
    ) -> None:
        """Make it. Where no `pace` is given, it is what `connection` last carried, by what name it has."""
        self._replica = replica
        self._hq = hq
        self._counter = counter
        self._given_pace = pace
        self._pace = pace or Pace()
        self._connection = connection
        self._patience = patience
        self._on_end = on_end

    def run_round(self, on_step: OnStep = ignore_step, cancelled: Cancelled = never) -> RoundReport:
        """Push and pull until both sides are even, or `cancelled` says stop; a page under way is given up.

        Once a week, and where somebody asked, it ends with a comparison of what both sides hold. Raises
        `Unreachable` where the line or HQ fails: nothing is lost, what was applied stays applied. A trip that
        breaks off is made again, smaller, a few times; a round that is cancelled waits for none. Raises
        `Refused` where this program is too old for HQ to send it anything, having handed in what waited.
        """
        tally = _Tally(self._counter)
        with self._replica.read() as session:
            due_ms = state.read(session, Key.COMPARE_AT_MS)
            known = state.read(session, Key.LINE)
        if self._given_pace is None and known[:1] == [self._connection]:
            self._pace = Pace.unpack(known[1:])
        if due_ms and due_ms <= self._replica.clock.now_ms():
            tally.comparison = Comparison()
        finished = False
        exchange = Exchange(self._hq, self._replica.clock.local_ms, tally.carried)
        self._patience(lambda up, page: self._pace.silence_s(up, page), cancelled)
        try:
            while not finished and not cancelled():
                try:
                    finished = self._one_trip(exchange, tally, on_step)
                except Unreachable as error:
                    self._lose(error, tally, cancelled)
        finally:
            exchange.close()
            self._patience(Pace().silence_s, never)
            self._replica.erase_traces()
            self._replica.make_put_off_indexes()
        if tally.is_too_old and (finished or not cancelled()):
            raise Refused("upgrade", _TOO_OLD)
        report = tally.report(up_to_date=finished)
        if not finished:
            with self._replica.applying() as session:
                self._on_end(session, report)
        return report

    def apply(
        self, trips: Iterable[Trip], on_step: OnStep = ignore_step, cancelled: Cancelled = never
    ) -> RoundReport:
        """Apply answers that came otherwise than over the line, one after the other, as a round does."""
        with self._replica.read() as session:
            known = state.read(session, Key.LINE)
        if known:  # what the line is like stays known
            self._connection, self._pace = known[0], Pace.unpack(known[1:])
        tally = _Tally(None)
        finished = False
        try:
            for trip in trips:
                received, finished = self._apply(trip.request, trip.response, trip.offset_ms, tally)
                _tell(on_step, received, tally)
                if cancelled():
                    break
        finally:
            self._replica.erase_traces()
            self._replica.make_put_off_indexes()
        if tally.is_too_old:
            raise Refused("upgrade", _TOO_OLD)
        report = tally.report(up_to_date=finished)
        if not finished:
            with self._replica.applying() as session:
                self._on_end(session, report)
        return report

    def _lose(self, error: Unreachable, tally: _Tally, cancelled: Cancelled) -> None:
        """Make the next trip smaller after one that broke off; raise the error where no more is tried."""
        if cancelled():
            return  # it was broken off here
        if isinstance(error, LineBroke):
            self._pace = self._pace.after_loss()
            if self._pace.losses < TRIES:
                tally.retries += 1
                return
        self._pace = replace(self._pace, losses=0)
        self._remember_pace()
        raise error

    def _remember_pace(self) -> None:
        kept = [self._connection, *self._pace.pack()]
        with self._replica.read() as session:
            is_known = state.read(session, Key.LINE) == kept
        if not is_known:
            with self._replica.applying() as session:
                state.write(session, {Key.LINE: kept})

    def _one_trip(self, exchange: Exchange, tally: _Tally, on_step: OnStep) -> bool:
        load = exchange.under_way or self._load(exchange, tally)
        if load.request.txns:
            done = tally.sent
            on_step(Step(phase="sending", done=done, total=done + load.waiting))
        following = self._load_following(load)  # while HQ works on this one
        trip = self._arrived(exchange, load)
        self._pace = self._pace.after_trip(seconds=trip.seconds, up=trip.up, down=trip.down)
        if following is not None and _went_well(trip):
            exchange.send_following(following, trip)
        elif _only_brings_pages(trip):
            self._fetch_next(exchange, trip, self._pace.down_bytes)
        received, finished = self._apply(trip.request, trip.response, trip.offset_ms, tally)
        _tell(on_step, received, tally)
        return finished

    def _load(self, exchange: Exchange, tally: _Tally) -> Load:
        """Prepare the next request, and send it off if the one after it can be prepared meanwhile."""
        load = self._prepare(tally.comparison)
        if load.has_more:
            exchange.send(load)
        return load

    def _load_following(self, load: Load) -> Load | None:
        """Return what goes after `load` if that goes well, as far as it can be known now."""
        if not load.has_more:
            return None
        with self._replica.applying() as session:
            last = load.request.txns[-1].ops[-1].no
            txns = outbox.next_batch(session, PUSH_RATIO * self._pace.up_bytes, after=last)
            if not txns:
                return None
            told = telling.said_already(load.request.told)
            return self._hand_over(session, structs.replace(load.request, leases={}, told=told), txns)

    def _hand_over(self, session: Session, request: SyncRequest, txns: list[Txn]) -> Load:
        """Return a request with operations, which are marked as sent; so none is discarded meanwhile."""
        last = txns[-1].ops[-1].no
        # HQ may have more of them than this brings: news must not come before their answers.
        sent_before = state.read(session, Key.SENT_OP)
        pull = not outbox.has_between(session, last, sent_before)
        outbox.mark_sent(session, max(sent_before, last))
        waiting = outbox.count(session, after=txns[0].ops[0].no - 1)
        return Load(
            request=structs.replace(request, txns=txns, want_bytes=self._pace.down_bytes, pull=pull),
            waiting=waiting,
            has_more=waiting > sum(len(txn.ops) for txn in txns),
            sent_before=sent_before,
        )

    def _arrived(self, exchange: Exchange, load: Load) -> Trip:
        """Carry a request, or wait for its answer where it is on its way."""
        try:
            return exchange.carried(load)
        except Unreachable:
            if load.request.txns and self._counter is not None and self._counter.up == exchange.up_before:
                # Not a byte left: whoever wants to discard one of these may.
                with self._replica.applying() as session:
                    outbox.mark_sent(session, load.sent_before)
            raise

    def _fetch_next(self, exchange: Exchange, trip: Trip, want_bytes: int) -> None:
        """Begin to fetch the next page unless something waits to be handed in first."""
        with self._replica.read() as session:
            if outbox.count(session) == 0:
                exchange.fetch_next(trip, want_bytes)

    def _prepare(self, comparison: Comparison | None) -> Load:
        """Return the next request.

        Operations are read and marked as sent in one transaction, so that none is discarded in between;
        without any, or where the request compares what both sides hold, it only reads.
        """
        with self._replica.read() as session:
            digest = comparison.ask(session) if comparison else None
            writes = digest is None and outbox.count(session) > 0
        with self._replica.applying() if writes else self._replica.read() as session:
            known = state.read_all(session)
            if not known[Key.DEVICE]:
                raise BrokenPromise(N_("This laptop is not connected to an HQ"))
            # While HQ says what it still has, what waits may hang on what it lost: that goes first.
            is_held = bool(known[Key.RESYNC_MARK]) and awaits_bringing_back(session)
            push_bytes = PUSH_RATIO * self._pace.up_bytes
            txns = outbox.next_batch(session, push_bytes) if writes and not is_held else []
            now_ms, want = self._replica.clock.now_ms(), self._pace.down_bytes
            told = telling.told(session, outbox.count(session))
            request = request_of(known, now_ms, txns, leases_wanted(session, now_ms), want, digest, told=told)
            return self._hand_over(session, request, txns) if txns else Load(request=request)

    def _apply(
        self, request: SyncRequest, response: SyncResponse, offset_ms: int, tally: _Tally
    ) -> tuple[Received, bool]:
        """Apply an answer in one transaction; return what it brought and whether the round is over.

        The end of a round is noted in that transaction too: a round in which nothing happened costs the
        disk one commit, which keeps the nonce HQ knows this database by.
        """
        messages = [m for m in map(read_message, response.msgs) if m is not None]
        with self._replica.applying() as session:
            known = state.read_all(session)
            kept: dict[str, Any] = {
                Key.NONCE: response.nonce,
                Key.OFFSET_MS: offset_ms,
                Key.SCHEMA: SCHEMA_VERSION,
                Key.HEARD_MS: max(known[Key.HEARD_MS], response.server_ms),
            }
            if (line := [self._connection, *self._pace.pack()]) != known[Key.LINE]:
                kept[Key.LINE] = line
            settled = settle(session, response.answers, response.server_ms)
            if request.told is not None and not response.incarnation:
                telling.heard(session, request.told)
            received = Received()
            is_current = known[Key.TOKEN] == request.token and known[Key.EPOCH] == request.epoch
            if is_current:
                own_dot = dot(known[Key.DEVICE], known[Key.INCARNATION], 0).removesuffix("0")
                mark = known[Key.RESYNC_MARK]
                if response.incarnation:
                    # HQ found this database to be a copy or an older one of itself, or went back itself.
                    went_back = bool(known[Key.EPOCH]) and response.epoch != known[Key.EPOCH]
                    answered = response.acked_to if went_back else None
                    restart(session, known[Key.DEVICE], response.incarnation, answered=answered)
                    tally.begun_anew = HQ_WENT_BACK if went_back else COPIED
                    telling.note_beginning(session, tally.begun_anew, response.server_ms)
                    own_dot = dot(known[Key.DEVICE], response.incarnation, 0).removesuffix("0")
                if response.resync:
                    # HQ cannot go on from our token: everything comes again, over what is here.
                    forget_offers(session)
                    mark = self._replica.clock.now_ms()
                is_repair = response.digest_diff is not None
                received = receive(session, messages, own_dot, mark, is_repair=is_repair)
                # A token that stays says that HQ has more but gives nothing now.
                if mark and not response.more and response.token != request.token:
                    bring_back(session, mark, self._replica.clock.now_ms)
                    sweep(session, mark, received)
                    mark = 0
                kept |= {Key.RESYNC_MARK: mark, Key.TOKEN: response.token, Key.EPOCH: response.epoch}
            counting.refresh_answered(session, settled.changed)
            if any(isinstance(message, Lease) for message in messages):
                with session.recording(self._replica.clock.now_ms):
                    number_the_rest(session, self._replica.clock.today())
            highest = state.read(session, Key.HLC)  # what was recorded just now has moved it
            heard = observe(highest, reading(response.server_ms))
            kept[Key.HLC] = heard if request.txns or response.answers or received.rows else highest
            # One that begins anew has no numbers to give out yet, and asks for some.
            even = not response.more and not response.incarnation and outbox.count(session) == 0
            tally.add(response, settled, received)
            if even and not tally.is_too_old:
                kept[Key.LAST_OK_MS] = response.server_ms
            diff = response.digest_diff if is_current else None
            repaired = received.rows + received.purged if diff is not None else 0
            if tally.is_too_old:
                finished = even
            else:
                finished = _compare(tally.comparison, request, diff, repaired, even=even) and even
            if finished and not tally.is_too_old:
                if (done := tally.comparison) is not None and done.is_complete:
                    kept[Key.COMPARED] = [response.server_ms, done.repaired, done.differing]
                if tally.comparison or not known[Key.COMPARE_AT_MS]:
                    pause_ms = tally.comparison.pause_ms if tally.comparison else PERIOD_MS
                    kept[Key.COMPARE_AT_MS] = self._replica.clock.now_ms() + pause_ms
                self._on_end(session, tally.report(up_to_date=True))
            if received.scrub:
                kept[Key.TRACES] = True
            state.write(session, kept)
            session.changed |= settled.changed | received.changed
        self._replica.clock.offset_ms = offset_ms
        if received.scrub:
            self._replica.scrub()
        return received, finished


def _went_well(trip: Trip) -> bool:
    """Tell whether everything a trip handed in stands, so that what was made on top of it may follow."""
    request, response = trip.request, trip.response
    if response.resync or response.incarnation or response.epoch != request.epoch:
        return False
    answered = {answer.no for answer in response.answers if Code(answer.code).took_effect}
    return all(op.no in answered for txn in request.txns for op in txn.ops)


def _only_brings_pages(trip: Trip) -> bool:
    """Tell whether a trip carried no work and its answer is one page of several, and nothing else."""
    request, response = trip.request, trip.response
    # What is held changes with the page, and so does its digest.
    ordinary = not (request.txns or request.digest or response.resync or response.incarnation)
    return ordinary and response.more and response.token != request.token


def _compare(
    comparison: Comparison | None,
    request: SyncRequest,
    diff: DigestDiff | None,
    repaired: int,
    *,
    even: bool,
) -> bool:
    """Let a comparison hear an answer, or begin it; return whether nothing of it is left to do."""
    if comparison is None:
        return True
    if request.digest is not None:
        comparison.hear(request.digest, diff, repaired)
    elif even:
        comparison.begin()
    return comparison.is_over


def _tell(on_step: OnStep, received: Received, tally: _Tally) -> None:
    for progress in received.progress:
        on_step(
            Step(
                phase="receiving",
                done=progress.done,
                total=progress.total,
                entity=str(progress.entity),
                part=progress.part,
            )
        )
    if received.rows and not received.progress:
        on_step(Step(phase="receiving", done=tally.received, total=0))
