"""The pipeline with the real models: batches of several streams, faults, cancellation, overload."""

import asyncio
from collections.abc import Iterator

import numpy as np
import pytest

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
    loaded = load_pack("default", runtime=Runtime.AUTO, threads=1, detect_side=320)
    opened = Pipeline(loaded, workers=1)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def frames(cast) -> list[bytes]:
    """One good frame of each of several people."""
    return [next(cast.actor(index, take=3).enrolment()) for index in range(PEOPLE)]


def everyone(_face: object) -> bool:
    """Lets every face through."""
    return True


class TestBatches:
    """Faces of several frames are embedded together, and nothing else changes."""

    async def test_same_vectors_as_alone(self, pipeline, frames):
        """In one batch or alone: each frame gets its own faces' vectors, not another's."""
        alone = [await pipeline.analyze(frame, everyone) for frame in frames]
        order = [*range(PEOPLE)] * 3
        together = await asyncio.gather(
            *(pipeline.analyze(frames[index], everyone) for index in order)
        )

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

    async def test_a_bad_frame_fails_alone(self, pipeline, frames):
        """Its neighbours in the line are answered."""
        results = await asyncio.gather(
            pipeline.analyze(frames[0], everyone),
            pipeline.analyze(b"no image", everyone),
            pipeline.analyze(frames[1], everyone),
            return_exceptions=True,
        )

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
        """Callers that went away are not served; the one behind them is, soon."""
        gone = [asyncio.create_task(pipeline.analyze(frames[0], everyone)) for _ in range(20)]
        await asyncio.sleep(0)
        for task in gone:
            task.cancel()
        looked = await pipeline.analyze(frames[1], everyone)

        # Twenty looks at the price of this one would have come before it.
        assert looked.timings.queue_ms < 10 * looked.timings.cost_ms
        assert {True} == {task.cancelled() for task in gone}

    async def test_too_many_are_refused_with_a_hint(self, pipeline, frames):
        """At once, and those who wait already are answered."""
        count = WAITING_FRAMES_PER_WORKER_MAX + 8
        small = frames[0]
        results = await asyncio.gather(
            *(pipeline.analyze(small, lambda _: False) for _ in range(count)),
            return_exceptions=True,
        )
        refused = [one for one in results if isinstance(one, Overloaded)]

        assert 1 <= len(refused) <= 8
        assert {True} == {one.retry_after_s > 0 for one in refused}
        assert count == len(refused) + sum(isinstance(one, Analysis) for one in results)

    async def test_empty_views_give_way(self, pipeline, frames):
        """A person's frame takes the place of a kiosk's that saw nobody."""
        views = [
            asyncio.create_task(pipeline.analyze(frames[0], lambda _: False, Urgency.IDLE))
            for _ in range(WAITING_FRAMES_PER_WORKER_MAX)
        ]
        await asyncio.sleep(0)
        people = await asyncio.gather(*(pipeline.analyze(f, everyone) for f in frames))
        done = await asyncio.gather(*views, return_exceptions=True)

        assert PEOPLE == sum(bool(one.faces) for one in people)
        assert PEOPLE - 1 <= sum(isinstance(one, Overloaded) for one in done) <= PEOPLE

    async def test_cost_is_measured(self, pipeline, frames):
        """Admission counts with what frames really cost."""
        for _ in range(30):
            looked = await pipeline.analyze(frames[0], everyone)

        assert looked.timings.cost_ms / 4 < pipeline.frame_s * 1e3 < looked.timings.cost_ms * 4

    async def test_close_gives_up_what_waits(self, frames):
        """Nobody waits for ever on a pipeline that is closed."""
        loaded = load_pack("default", runtime=Runtime.AUTO, threads=1, detect_side=320)
        opened = Pipeline(loaded, workers=1)
        await opened.warm_up()
        waiting = [asyncio.create_task(opened.analyze(frames[0], everyone)) for _ in range(10)]
        await asyncio.sleep(0)
        opened.close()
        results = await asyncio.gather(*waiting, return_exceptions=True)

        assert any(isinstance(one, asyncio.CancelledError) for one in results)
        assert {True} == {isinstance(one, asyncio.CancelledError | Analysis) for one in results}
