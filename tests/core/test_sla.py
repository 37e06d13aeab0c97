"""Promises of tickets beside a simulation that lets every minute pass."""

from __future__ import annotations

import datetime
import functools
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from hypothesis import example, given
from hypothesis import strategies as st

from crm_core.rules.sla import ENDED, PAUSING, Promised, Said, Terms, pressing, promises
from crm_core.rules.working_time import ALWAYS, DAY_MINUTES, NINE_TO_SIX, WorkingTime, problems_of_calendar
from crm_core.times import DAY_MS, HOUR_MS, MINUTE_MS

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
"""Clocks there change by half an hour."""
STATES = ("new", "open", "waiting", "solved", "closed")


def at(zone: ZoneInfo, text: str) -> int:
    """Return a moment by its wall clock."""
    return round(datetime.datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)


_FIRST = -1


class Simulation:
    """Lets the minutes of some days pass one by one; knows nothing of how working time is really counted."""

    def __init__(self, time: WorkingTime, from_ms: int, days: int) -> None:
        """Watch the clock on the wall from a day before a moment on; note which minutes are worked."""
        self.minutes = range(from_ms, from_ms + days * DAY_MS, MINUTE_MS)
        shown = _shown(time.zone, from_ms - 2 * DAY_MS, self.minutes.stop + 2 * DAY_MS)
        worked = set[int]()
        for day in {day for day, _minute in shown}:
            midnight = shown[day, _FIRST]
            next_day = day + datetime.timedelta(days=1)
            for begins, ends in _spans(time, day):
                opens = shown.get((day, begins), midnight + begins * MINUTE_MS)
                closes = shown.get((day, ends), midnight + ends * MINUTE_MS)
                if ends == DAY_MINUTES:
                    closes = shown.get((next_day, _FIRST), opens)
                worked.update(range(opens, closes, MINUTE_MS))
        self.worked = worked

    def breaks_at(
        self, limit_ms: int, from_ms: int, steps: Sequence[tuple[int, str]], pausing: frozenset[str]
    ) -> int | None:
        """Return the moment at which so much is worked since a moment while the clock ran."""
        counted, state, left = 0, "new", list(steps)
        for ms in self.minutes:
            while left and left[0][0] <= ms:
                state = left.pop(0)[1]
            if ms >= from_ms and ms in self.worked and state not in pausing | ENDED:
                counted += MINUTE_MS
            if ms >= from_ms and counted == limit_ms:
                return ms + MINUTE_MS
        return None


@functools.cache
def _shown(zone: ZoneInfo, from_ms: int, to_ms: int) -> dict[tuple[datetime.date, int], int]:
    """Return when each minute of each day, and the first one it has, is first seen on the wall."""
    shown: dict[tuple[datetime.date, int], int] = {}
    for ms in range(from_ms, to_ms, MINUTE_MS):
        wall = datetime.datetime.fromtimestamp(ms / 1000, zone)
        shown.setdefault((wall.date(), _FIRST), ms)
        shown.setdefault((wall.date(), wall.hour * 60 + wall.minute), ms)
    return shown


def _spans(time: WorkingTime, day: datetime.date) -> tuple[tuple[int, int], ...]:
    if day.isoformat() in time.made_up:
        return time.hours[time.made_up[day.isoformat()]]
    return () if day.isoformat() in time.holidays else time.hours[day.weekday()]


_CHANGES = {
    SHANGHAI: "2026-02-14T00:00",
    BERLIN: "2026-10-24T00:00",
    LORD_HOWE: "2026-04-04T00:00",
    ZoneInfo("America/New_York"): "2026-03-07T00:00",
    ZoneInfo("Africa/Cairo"): "2026-04-23T00:00",
}
"""Zones, each with the day before its clocks change; in Cairo they do at midnight."""
_DAYS = 7
spans = st.lists(st.integers(0, 96), unique=True, max_size=4).map(
    lambda quarters: tuple(
        (begins * 15, ends * 15)
        for begins, ends in zip(sorted(quarters)[::2], sorted(quarters)[1::2], strict=False)
    )
)


@st.composite
def calendars(draw: st.DrawFn) -> tuple[WorkingTime, int]:
    """Make a calendar and the first moment looked at, near a change of its clocks."""
    zone = draw(st.sampled_from(list(_CHANGES)))
    first = at(zone, _CHANGES[zone])
    start = datetime.datetime.fromisoformat(_CHANGES[zone]).date()
    days = [(start + datetime.timedelta(days=day)).isoformat() for day in range(_DAYS)]
    time = WorkingTime(
        zone=zone,
        hours=draw(st.just(NINE_TO_SIX) | st.just(ALWAYS) | st.tuples(*[spans] * 7)),
        holidays=frozenset(draw(st.sets(st.sampled_from(days), max_size=2))),
        made_up=draw(st.dictionaries(st.sampled_from(days), st.integers(0, 6), max_size=2)),
    )
    return time, first


minutes = st.integers(0, 3 * 24 * 60).map(lambda minute: minute * MINUTE_MS)


@given(
    calendars(),
    minutes,
    st.lists(st.tuples(minutes, st.sampled_from(STATES)), max_size=6),
    st.lists(st.tuples(minutes, st.booleans()), max_size=6),
    st.integers(1, 20 * 60).map(lambda minute: minute * MINUTE_MS),
)
def test_promises_break_when_the_minutes_say(
    calendar: tuple[WorkingTime, int],
    opened: int,
    moves: list[tuple[int, str]],
    talk: list[tuple[int, bool]],
    limit: int,
) -> None:
    time, first = calendar
    opened_ms = first + opened
    steps = sorted((opened_ms + after, state) for after, state in moves)
    said = [Said(at_ms=opened_ms + after, by_customer=by) for after, by in talk]
    terms = Terms(time=time, limits=dict.fromkeys(Promised, limit))
    status = steps[-1][1] if steps else "new"
    found = promises(terms, opened_ms, "new", steps, said)

    simulated = Simulation(time, first, _DAYS)
    end = simulated.minutes.stop

    def agrees(due: int | None, naive: int | None) -> bool:
        return due == naive or (naive is None and (due is None or due > end))

    breaks = simulated.breaks_at(limit, opened_ms, steps, PAUSING)
    assert agrees(found[Promised.REPLY].due_at, breaks)
    assert agrees(found[Promised.SOLVE].due_at, breaks)
    assert (found[Promised.SOLVE].met_at is not None) == (status in ENDED)
    asked, told = _last_question(said)
    assert (Promised.NEXT in found) == (asked is not None and (told is not None or status not in ENDED))
    if Promised.NEXT in found:
        assert asked is not None
        assert found[Promised.NEXT].met_at == told
        assert agrees(found[Promised.NEXT].due_at, simulated.breaks_at(limit, asked, steps, PAUSING))


def _last_question(said: list[Said]) -> tuple[int | None, int | None]:
    """Return the last question after an answer, and its answer, looked for among all pairs."""
    answers = sorted(each.at_ms for each in said if not each.by_customer)
    asked = sorted(
        each.at_ms for each in said if each.by_customer and each.at_ms >= (answers or [1 << 60])[0]
    )
    if not answers:
        return None, None
    # Said in the same moment, the customer comes first: what he says with the first answer is answered by it.
    asked = [ms for ms in asked if ms > answers[0]]
    if not asked:
        return None, None
    told = next((ms for ms in answers if ms >= asked[-1]), None)
    before = max((ms for ms in answers if ms < asked[-1]), default=answers[0])
    return min(ms for ms in asked if ms > before), told


@given(calendars(), minutes, minutes)
@example((WorkingTime(zone=BERLIN, hours=ALWAYS), at(BERLIN, "2026-10-24T00:00")), 0, 2 * DAY_MS)
def test_what_is_worked_between_is_what_minutes_add_up_to(
    calendar: tuple[WorkingTime, int], one: int, other: int
) -> None:
    time, first = calendar
    begins, ends = sorted((first + one, first + other))
    worked = Simulation(time, first, _DAYS).worked
    assert time.worked(begins, ends) == MINUTE_MS * sum(ms in worked for ms in range(begins, ends, MINUTE_MS))
    assert all(
        time.is_open(ms) == (ms in worked) for ms in range(begins, min(ends, begins + DAY_MS), HOUR_MS)
    )


def test_a_made_up_saturday_is_worked_and_a_holiday_is_not() -> None:
    time = WorkingTime(
        zone=SHANGHAI,
        hours=NINE_TO_SIX,
        holidays=frozenset(("2026-02-16", "2026-02-17")),
        made_up={"2026-02-14": 4},
    )
    friday = at(SHANGHAI, "2026-02-13T17:00")
    assert time.after(friday, 2 * HOUR_MS) == at(SHANGHAI, "2026-02-14T10:00")
    assert time.after(friday, 11 * HOUR_MS) == at(SHANGHAI, "2026-02-18T10:00")


def test_the_night_clocks_go_back_is_an_hour_longer() -> None:
    time = WorkingTime(zone=BERLIN, hours=ALWAYS)
    begins, ends = at(BERLIN, "2026-10-25T00:00"), at(BERLIN, "2026-10-26T00:00")
    assert time.worked(begins, ends) == 25 * HOUR_MS


def test_working_time_runs_on_over_new_year() -> None:
    time = WorkingTime(zone=SHANGHAI, hours=NINE_TO_SIX)
    thursday, next_year = at(SHANGHAI, "2026-12-31T17:00"), at(SHANGHAI, "2027-01-01T10:00")
    assert time.after(thursday, 2 * HOUR_MS) == next_year
    assert time.worked(thursday, next_year) == 2 * HOUR_MS
    assert time.worked(at(SHANGHAI, "2024-01-01T00:00"), at(SHANGHAI, "2027-01-01T00:00")) == sum(
        9 * HOUR_MS
        for day in range(366 + 365 + 365)
        if (datetime.date(2024, 1, 1) + datetime.timedelta(days=day)).weekday() < 5
    )


def test_nobody_at_work_breaks_no_promise() -> None:
    time = WorkingTime(zone=SHANGHAI, hours=((),) * 7)
    assert time.after(0, HOUR_MS) is None


def test_waiting_for_the_customer_stops_the_clock() -> None:
    time = WorkingTime(zone=SHANGHAI, hours=ALWAYS)
    terms = Terms(time=time, limits={Promised.REPLY: HOUR_MS, Promised.SOLVE: 4 * HOUR_MS})
    opened = at(SHANGHAI, "2026-03-02T09:00")
    answered = [Said(at_ms=opened + HOUR_MS // 2, by_customer=False)]
    waits = [(opened + HOUR_MS, "waiting")]
    paused = promises(terms, opened, "new", waits, answered)
    assert paused[Promised.SOLVE].paused
    assert paused[Promised.SOLVE].left_ms == 3 * HOUR_MS
    assert pressing(paused) == (Promised.SOLVE, paused[Promised.SOLVE])
    again = [*waits, (opened + 10 * HOUR_MS, "open")]
    assert promises(terms, opened, "new", again, answered)[Promised.SOLVE].due_at == opened + 13 * HOUR_MS


def test_an_answer_too_late_broke_the_promise_for_good() -> None:
    time = WorkingTime(zone=SHANGHAI, hours=ALWAYS)
    terms = Terms(time=time, limits={Promised.REPLY: HOUR_MS})
    late = [Said(at_ms=2 * HOUR_MS, by_customer=False)]
    reply = promises(terms, 0, "new", [], late)[Promised.REPLY]
    assert reply.met_at == 2 * HOUR_MS
    assert reply.failed_at(2 * HOUR_MS) == reply.failed_at(99 * DAY_MS) == HOUR_MS
    in_time = [Said(at_ms=HOUR_MS, by_customer=False)]
    assert promises(terms, 0, "new", [], in_time)[Promised.REPLY].failed_at(DAY_MS) is None


def test_a_calendar_says_what_it_cannot_read() -> None:
    week = [[[540, 720], [780, 1080]]] * 5 + [[], []]
    good = {
        "hours": week,
        "time_zone": "Asia/Shanghai",
        "holidays": ["2026-10-01"],
        "made_up": [["2026-10-10", 0]],
    }
    assert problems_of_calendar(good) == []
    wrong = {
        "hours": [[[720, 540]]] * 7,
        "time_zone": "Mars/Olympus",
        "holidays": ["2026-02-30"],
        "made_up": [["2026-10-10", 7]],
    }
    assert {problem.field for problem in problems_of_calendar(wrong)} == set(wrong)
