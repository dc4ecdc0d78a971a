"""Who a face is: the site's people, then everyone, each with its share of the false positives."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import pytest_asyncio

from server.domain.calibration import Calibration
from server.domain.face import Vector
from server.domain.match import Verdict
from server.gallery.gallery import Gallery
from server.gallery.snapshot import Person
from server.services import thresholds
from server.services.identify import identify
from server.services.thresholds import Thresholds

ANN, BEN = "198501152010011001", "199003032015032002"
HERE, ELSEWHERE = "kantor", "jalan-40"
AXES = np.eye(4, dtype=np.float32)
# FMR falls by a decade every 0.1.
POINTS = tuple((score / 10, 10.0**-score) for score in range(1, 8))
THRESHOLDS = Thresholds(Calibration("model-1", "made by hand", 3_000_000, 1e-7, POINTS), 3e-4, 1e-3)


@pytest.fixture(autouse=True)
def _small_sites(monkeypatch: pytest.MonkeyPatch) -> None:
    """A site of one is searched as what it is."""
    monkeypatch.setattr(thresholds, "PEOPLE_MIN", 1)


@pytest_asyncio.fixture
async def gallery() -> AsyncIterator[Gallery]:
    """Nobody in it."""
    with ThreadPoolExecutor(1) as executor:
        yield Gallery(4, executor)


def like_ann(cosine: float) -> Vector:
    """Returns a face as like Ann's as the cosine says, and like nobody else's."""
    probe: Vector = cosine * AXES[0] + np.sqrt(1 - cosine**2, dtype=np.float32) * AXES[3]
    return probe.astype(np.float32)


class TestOneTurn:
    """Both searches are of one state of the gallery."""

    async def test_goes_to_the_executor_once(self) -> None:
        """A second turn through the executor would cost more than a search."""
        with ThreadPoolExecutor(1) as executor:
            jobs = []
            submit = executor.submit
            executor.submit = lambda *args, **more: jobs.append(args) or submit(*args, **more)
            gallery = Gallery(4, executor)
            await gallery.load([Person(ANN, HERE, AXES[0])])
            jobs.clear()
            await identify(gallery, THRESHOLDS, AXES[0], HERE)

        assert 1 == len(jobs)

    async def test_searches_one_state(self, gallery: Gallery) -> None:
        """Whoever is enrolled behind the call is in neither answer."""
        await gallery.load([Person(ANN, HERE, AXES[0])])
        both = asyncio.create_task(gallery.searches(AXES[1], 2, (HERE, None)))
        await asyncio.sleep(0)
        await gallery.put(Person(BEN, HERE, AXES[1]))

        assert [[ANN], [ANN]] == [[one.nip for one in found] for found in await both]


class TestShares:
    """Two searches may each find somebody, so each is stricter than one alone."""

    @pytest.mark.parametrize(
        ("site", "searched"), [(HERE, 1), (ELSEWHERE, 2)], ids=["her site", "another site"]
    )
    async def test_two_searches_share_the_rate(
        self, gallery: Gallery, site: str, searched: int
    ) -> None:
        """What one search alone would accept is not enough where there are two."""
        await gallery.load([Person(ANN, HERE, AXES[0]), Person(BEN, ELSEWHERE, AXES[1])])
        alone = THRESHOLDS.identification(searched)
        shared = THRESHOLDS.identification(searched, searches=1.5)
        verdicts = [
            (await identify(gallery, THRESHOLDS, like_ann(cosine), site)).verdict
            for cosine in ((alone + shared) / 2, shared + 0.001)
        ]

        assert alone + 0.01 < shared
        assert [Verdict.UNKNOWN, Verdict.MATCH] == verdicts

    @pytest.mark.parametrize("site", [HERE, ELSEWHERE], ids=["everyone's", "nobody's"])
    async def test_one_search_has_all_of_it(self, gallery: Gallery, site: str) -> None:
        """The same people twice, or nobody at the site, find nobody more."""
        await gallery.load([Person(ANN, HERE, AXES[0]), Person(BEN, HERE, AXES[1])])
        alone = THRESHOLDS.identification(2)

        decision = await identify(gallery, THRESHOLDS, like_ann(alone + 0.001), site)

        assert (Verdict.MATCH, ANN) == (decision.verdict, decision.nip)

    async def test_a_better_colleague_elsewhere(self, gallery: Gallery) -> None:
        """Who is found at the site must stand out among everyone."""
        await gallery.load([Person(ANN, HERE, AXES[0]), Person(BEN, ELSEWHERE, like_ann(0.98))])

        decision = await identify(gallery, THRESHOLDS, AXES[0], HERE)

        assert (Verdict.AMBIGUOUS, "") == (decision.verdict, decision.nip)
