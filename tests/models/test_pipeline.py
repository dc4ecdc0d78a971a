"""The pipeline with the real models: batches of several streams, faults, cancellation, overload."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import cv2
import numpy as np
import pytest
from prometheus_client import REGISTRY

from server.errors import Overloaded
from server.vision.jpeg import ImageRejected
from server.vision.line import BATCH_MAX, Urgency
from server.vision.pack import load_pack
from server.vision.pipeline import WAITING_FRAMES_PER_WORKER_MAX, Analysis, Pipeline
from server.vision.session import Runtime

PEOPLE = 4


@pytest.fixture(scope="module")
def pipeline() -> Iterator[Pipeline]:
    """One worker: whatever is sent at once waits together."""
    loaded = load_pack("default", runtime=Runtime.AUTO, detect_side=320)
    opened = Pipeline(loaded, workers=1)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def frames(cast) -> list[bytes]:
    """One good frame of each of several people."""
    return [next(cast.actor(index, take=3).enrolment()) for index in range(PEOPLE)]


def test_workers_are_all_threads() -> None:
    """OpenCV has no pool of its own beside them."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(4)
    try:
        Pipeline(load_pack("default", runtime=Runtime.AUTO, detect_side=320), workers=1).close()
        assert 1 == cv2.getNumThreads()
    finally:
        cv2.setNumThreads(before)


def everyone(_face: object) -> bool:
    """Lets every face through."""
    return True


@asynccontextmanager
async def held(pipeline: Pipeline, frame: bytes) -> AsyncIterator[threading.Event]:
    """Keeps the one worker inside a frame, so that what is sent meanwhile waits.

    It goes on at the end of the block, or when the event is set.
    """
    inside, go_on = threading.Event(), threading.Event()

    def gate(_face: object) -> bool:
        inside.set()
        go_on.wait()
        return False

    holding = asyncio.create_task(pipeline.analyze(frame, gate))
    try:
        await asyncio.to_thread(inside.wait)
        yield go_on
    finally:
        go_on.set()
        await holding


async def in_line(pipeline: Pipeline, count: int) -> None:
    """Lets tasks begin; so many frames wait then."""
    await asyncio.sleep(0)
    assert count == pipeline.frames_waiting


class TestBatches:
    """Faces of several frames are embedded together, and nothing else changes."""

    async def test_same_vectors_as_alone(self, pipeline, frames):
        """In one batch or alone: each frame gets its own faces' vectors, not another's."""
        alone = [await pipeline.analyze(frame, everyone) for frame in frames]
        order = [*range(PEOPLE)] * 3
        async with held(pipeline, frames[0]):
            waiting = [
                asyncio.create_task(pipeline.analyze(frames[index], everyone)) for index in order
            ]
            await in_line(pipeline, len(order))
        together = await asyncio.gather(*waiting)

        assert max(one.timings.batch for one in together) > 1
        for index, one in zip(order, together, strict=True):
            assert len(alone[index].faces) == len(one.faces)
            for before, after in zip(alone[index].faces, one.faces, strict=True):
                assert float(before.embedding @ after.embedding) > 0.999

    async def test_only_wanted_faces_cost(self, pipeline, frames):
        """What the gate keeps back is found, and not embedded."""
        seen = await pipeline.analyze(frames[0], lambda _: False)

        assert 1 == len(seen.faces)
        assert seen.faces[0].embedding is None
        assert (0, 0.0) == (seen.timings.batch, seen.timings.embed_ms)

    async def test_metrics_count_batches(self, pipeline, frames):
        """A batch is timed once, however many frames it serves; a frame without one adds nothing."""
        count = ("hadir_stage_seconds_count", {"stage": "embed"})
        before = REGISTRY.get_sample_value(*count) or 0.0
        async with held(pipeline, frames[0]):
            waiting = [asyncio.create_task(pipeline.analyze(f, everyone)) for f in frames]
            waiting.append(asyncio.create_task(pipeline.analyze(frames[0], lambda _: False)))
            await in_line(pipeline, len(waiting))
        batches = [one.timings.batch for one in await asyncio.gather(*waiting)]

        expected = sum(1 / size for size in batches if size)  # each of its frames tells its size
        assert expected < len(frames)
        assert pytest.approx(expected) == REGISTRY.get_sample_value(*count) - before

    async def test_a_bad_frame_fails_alone(self, pipeline, frames):
        """Its neighbours in the line are answered."""
        async with held(pipeline, frames[0]):
            waiting = [
                asyncio.create_task(pipeline.analyze(data, everyone))
                for data in (frames[0], b"no image", frames[1])
            ]
            await in_line(pipeline, len(waiting))
        results = await asyncio.gather(*waiting, return_exceptions=True)

        assert [Analysis, ImageRejected, Analysis] == [type(result) for result in results]

    async def test_a_gate_that_fails_is_its_callers(self, pipeline, frames):
        """The worker goes on."""

        def broken(_face: object) -> bool:
            raise KeyError("gate")

        with pytest.raises(KeyError):
            await pipeline.analyze(frames[0], broken)
        assert (await pipeline.analyze(frames[0], everyone)).faces

    async def test_many_crops(self, pipeline, frames):
        """Stored crops beyond a batch come back in their order."""
        faces = [(await pipeline.analyze(frame, everyone)).faces[0] for frame in frames]
        count = BATCH_MAX + PEOPLE
        vectors = await pipeline.embed([faces[n % PEOPLE].crop for n in range(count)])

        assert (count, pipeline.dimension) == vectors.shape
        expected = np.stack([faces[n % PEOPLE].embedding for n in range(count)])
        assert float((vectors * expected).sum(axis=1).min()) > 0.999


class TestLimits:
    """What happens when there is too much, or nobody waits for the answer."""

    async def test_given_up_frames_cost_nothing_more(self, pipeline, frames):
        """Callers that went away are not served; the one behind them is."""
        looks = []

        def gate(_face: object) -> bool:
            looks.append(1)
            return True

        async with held(pipeline, frames[0]):
            gone = [asyncio.create_task(pipeline.analyze(frames[0], gate)) for _ in range(20)]
            await in_line(pipeline, len(gone))
            for task in gone:
                task.cancel()
            await asyncio.wait(gone)
        looked = await pipeline.analyze(frames[1], everyone)

        assert looked.faces
        assert [] == looks
        assert {True} == {task.cancelled() for task in gone}

    async def test_too_many_are_refused_with_a_hint(self, pipeline, frames):
        """At once, and those who wait already are answered."""
        async with held(pipeline, frames[0]):
            tasks = [
                asyncio.create_task(pipeline.analyze(frames[0], lambda _: False))
                for _ in range(WAITING_FRAMES_PER_WORKER_MAX + 8)
            ]
            await in_line(pipeline, WAITING_FRAMES_PER_WORKER_MAX)
            refused, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        results = await asyncio.gather(*tasks, return_exceptions=True)

        assert set(tasks[-8:]) == refused
        assert {Overloaded} == {type(one) for one in results[-8:]}
        assert {True} == {one.retry_after_s > 0 for one in results[-8:]}
        assert {Analysis} == {type(one) for one in results[:-8]}

    async def test_empty_views_give_way(self, pipeline, frames):
        """A person's frame takes the place of a kiosk's that saw nobody."""
        async with held(pipeline, frames[0]):
            views = [
                asyncio.create_task(pipeline.analyze(frames[0], lambda _: False, Urgency.IDLE))
                for _ in range(WAITING_FRAMES_PER_WORKER_MAX)
            ]
            await in_line(pipeline, WAITING_FRAMES_PER_WORKER_MAX)
            waiting = [asyncio.create_task(pipeline.analyze(f, everyone)) for f in frames]
            await in_line(pipeline, WAITING_FRAMES_PER_WORKER_MAX)
        people = await asyncio.gather(*waiting)
        done = await asyncio.gather(*views, return_exceptions=True)

        assert PEOPLE == sum(bool(one.faces) for one in people)
        assert {Overloaded} == {type(one) for one in done[:PEOPLE]}
        assert {Analysis} == {type(one) for one in done[PEOPLE:]}

    async def test_cost_is_measured(self, pipeline, frames):
        """Admission counts with what frames really cost."""
        pipeline.cost.set(0.0, 0.0)
        timings = [(await pipeline.analyze(frames[0], everyone)).timings for _ in range(30)]
        costs = [one.look_ms + one.embed_ms for one in timings]

        assert min(costs) / 2 < pipeline.cost.frame_s * 1e3 < 2 * max(costs)
        assert pipeline.cost.look_s < pipeline.cost.frame_s

    async def test_close_gives_up_what_waits(self, frames):
        """Nobody waits for ever on a pipeline that is closed."""
        loaded = load_pack("default", runtime=Runtime.AUTO, detect_side=320)
        opened = Pipeline(loaded, workers=1)
        await opened.warm_up()
        async with held(opened, frames[0]) as go_on:
            waiting = [asyncio.create_task(opened.analyze(frames[0], everyone)) for _ in range(10)]
            await in_line(opened, len(waiting))
            closing = asyncio.create_task(asyncio.to_thread(opened.close))
            results = await asyncio.gather(*waiting, return_exceptions=True)
            go_on.set()
            await closing

        assert {asyncio.CancelledError} == {type(one) for one in results}
