"""One rate of arrivals: what counts while people come, and what a check-in leaves behind."""

import asyncio
import time
from types import SimpleNamespace

import grpc
import pytest
from hadir.client import ApiError
from hadir.v1 import checkin_pb2
from rich.progress import Progress

from benchmarks import rung as playing
from benchmarks.crowd import Crowd
from benchmarks.local import ServerFailed
from benchmarks.phone import Answer
from benchmarks.rung import Spent, Tally, count_answers, run_rung

SECONDS = 1.2


def answer(took_ms, *, batch=0, held_ms=None):
    """An answer that took so long, sent at 100 s."""
    timings = {"detect_ms": 3, "queue_ms": 1, "embed_ms": 8 if batch else 0, "batch": batch}
    return Answer(100.0, took_ms, held_ms, checkin_pb2.Guidance(timings=timings))


class FakeServer:
    """Uses half a core from its start on, and ends when told to."""

    directory = None

    def __init__(self, *, ends_s=60.0):
        self.began_s, self.ends_s = time.monotonic(), ends_s
        self.forgot = 0

    @property
    def running(self):
        return time.monotonic() < self.began_s + self.ends_s

    def check(self):
        if not self.running:
            raise ServerFailed("ended")

    def cpu_s(self):
        return (time.monotonic() - self.began_s) / 2

    def loop_cpu_s(self):
        return self.cpu_s() / 10

    def forget_peak(self):
        self.forgot += 1

    def memory_mb(self):
        return 300.0

    def memory_peak_mb(self):
        return 350.0


class FakePhone:
    """A check-in takes some time, and ends in a receipt or as it is told to."""

    def __init__(self, takes_s=0.0, *, error=None):
        self.takes_s, self.error = takes_s, error
        self.logins = 0

    async def login(self):
        self.logins += 1

    async def check_in(self, kind, location, source, *, answers):
        answers.append(answer(20.0))
        await asyncio.sleep(self.takes_s)
        if self.error is not None:
            raise self.error
        timings = SimpleNamespace(challenge_ms=5, seal_ms=5, steps_ms=[1])
        return SimpleNamespace(frames_sent=1, recorded=True, guidance=[], timings=timings)


def crowd_of(phones, **more):
    return Crowd([(phone, None) for phone in phones], **more)


async def played(crowd, *, rate=10.0, server=None, **more):
    with Progress(disable=True) as progress:
        return await run_rung(
            "ramp",
            server or FakeServer(),
            crowd,
            rate=rate,
            seconds=SECONDS,
            progress=progress,
            **more,
        )


class TestWindow:
    """What is recorded a second: while people come, not while the last are brought to an end."""

    async def test_what_ends_later_is_carried_and_no_goodput(self):
        """Everybody is recorded, but nobody as long as others come."""
        found = await played(crowd_of([FakePhone(SECONDS * 1.2) for _ in range(20)]))

        assert (1.0, 0.0) == (found.carried, found.recorded)

    async def test_what_ends_meanwhile(self):
        """As many a second as come, without the first part in which nobody can be through."""
        found = await played(crowd_of([FakePhone() for _ in range(5)]), rate=50.0)

        assert 1.0 == found.carried
        assert 50.0 == pytest.approx(found.recorded, rel=0.3)

    async def test_cores_while_people_come(self):
        """Not over the time that the last ones take."""
        found = await played(crowd_of([FakePhone(SECONDS) for _ in range(20)]))

        assert 0.5 == pytest.approx(found.server_cores_busy, rel=0.1)

    async def test_memory(self):
        """The most of this rung, and what is left of it at its end."""
        server = FakeServer()
        found = await played(crowd_of([FakePhone()]), server=server)

        assert (350.0, 300.0, 1) == (found.memory_peak_mb, found.memory_mb, server.forgot)

    async def test_what_comes_then(self):
        """At once when the last has arrived; its processor time is not this rung's."""
        begins = []

        async def then():
            begins.append(time.monotonic())
            await asyncio.sleep(SECONDS)

        began_s = time.monotonic()
        found = await played(crowd_of([FakePhone(0.01) for _ in range(20)]), then=then)

        assert SECONDS == pytest.approx(begins[0] - began_s, abs=0.3)
        assert 1000 * 0.5 / 10 == pytest.approx(found.cpu_ms_per_check_in, rel=0.5)

    async def test_a_server_that_ends(self):
        """Is told at once; nobody goes on to come."""
        began_s = time.monotonic()
        with pytest.raises(ServerFailed):
            await played(crowd_of([FakePhone()]), server=FakeServer(ends_s=0.2), rate=100.0)

        assert time.monotonic() - began_s < SECONDS

    def test_spent(self):
        """Between two moments."""
        spent = Spent(30.0, 10, 12.0, 2.0).since(Spent(10.0, 2, 8.0, 1.0))

        assert (0.4, 0.2, 500.0) == (spent.rate, spent.cores, spent.a_check_in_ms(spent.cpu_s))


class TestCheckIn:
    """What a check-in leaves behind, however it ends."""

    @pytest.mark.parametrize(
        ("error", "counted"),
        [
            (ApiError(grpc.StatusCode.UNAVAILABLE, "CALL_ENDED", ""), {"CALL_ENDED": 1}),
            (TimeoutError(), {"TIMEOUT": 1}),
        ],
    )
    async def test_answers_of_one_that_fails(self, error, counted):
        """Count: those that waited longest are of check-ins that did not end well."""
        tally = Tally()
        await playing._check_in(crowd_of([FakePhone(error=error)]), tally, time.monotonic())

        assert (counted, 1) == (tally.refused, tally.answer.get_total_count())

    @pytest.mark.parametrize("logs_in", [False, True])
    async def test_a_login_before(self, logs_in):
        """Only where everybody logs in anew."""
        phone = FakePhone()
        await playing._check_in(crowd_of([phone], logs_in=logs_in), Tally(), time.monotonic())

        assert int(logs_in) == phone.logins

    def test_embedded_frames_are_told_apart(self):
        """What took a worker longer has percentiles of its own."""
        tally = Tally()
        count_answers(tally, [answer(5), answer(5), answer(40, batch=1)], 90.0)

        assert (3, 1) == (tally.answer.get_total_count(), tally.answer_embedded.get_total_count())
        assert 40.0 == pytest.approx(
            tally.answer_embedded.get_value_at_percentile(50) / 1e3, rel=0.01
        )

    def test_held(self):
        """The first frame of a check-in has none before it."""
        tally = Tally()
        count_answers(tally, [answer(5), answer(5, held_ms=0.0), answer(5, held_ms=50.0)], 90.0)

        assert 2 == tally.held.get_total_count()
        assert 50.0 == pytest.approx(tally.held.get_value_at_percentile(99) / 1e3, rel=0.01)

    def test_answers_one_by_one(self):
        """When each came, if wanted."""
        tally = Tally(answers=[])
        count_answers(tally, [answer(250)], 90.0)

        assert [(90.0, 100.25, 250)] == tally.answers
