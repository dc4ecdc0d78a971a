"""What only the base beyond the exact limit promises, with a small limit: recall, merges, memory."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from server.domain.face import Vector
from server.gallery import gallery as gallery_module
from server.gallery.base import Base, build_base, merge_base
from server.gallery.gallery import Gallery
from server.gallery.index import Approximate, Exact
from server.gallery.people import Person

DIMENSION = 64
PEOPLE = 20_000
PROBES = 500
SITES = ("", "kantor", "jalan-40")
SMALL_SITE = 300
EXACT_MAX = 5_000


def faces(count: int, seed: int) -> Vector:
    """Returns unit vectors."""
    vectors = np.random.default_rng(seed).standard_normal((count, DIMENSION)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def seen_again(means: Vector, cosine: float = 0.7) -> Vector:
    """Returns another picture of each face, with this cosine to it."""
    noise = faces(len(means), 7)
    noise -= (noise * means).sum(axis=1, keepdims=True) * means
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    probes: Vector = (cosine * means + np.sqrt(1 - cosine**2) * noise).astype(np.float32)
    return probes


def person(number: int, mean: Vector) -> Person:
    """Returns a person: the first few are at a site of their own."""
    site = "puskesmas" if number < SMALL_SITE else SITES[number % len(SITES)]
    return Person(f"{number:018d}", site, mean)


@pytest.fixture(scope="module")
def everyone() -> list[Person]:
    """Many people."""
    return [person(number, mean) for number, mean in enumerate(faces(PEOPLE, 0))]


@pytest.fixture(scope="module")
def base(everyone: list[Person]) -> Base:
    """All of them in an approximate base; nothing changes it."""
    return build_base(everyone, DIMENSION, EXACT_MAX)


class TestChoice:
    """The number of people decides how they are searched."""

    def test_exact_up_to_the_limit(self, everyone: list[Person]) -> None:
        """At the limit the search is exact, one more makes it approximate."""
        kinds = [
            type(build_base(everyone[:count], DIMENSION, EXACT_MAX).index)
            for count in (0, EXACT_MAX, EXACT_MAX + 1)
        ]

        assert [Exact, Exact, Approximate] == kinds

    def test_merges_change_the_kind(self, everyone: list[Person]) -> None:
        """Growing over the limit makes the base approximate, shrinking below it exact again."""
        at_limit = build_base(everyone[:EXACT_MAX], DIMENSION, EXACT_MAX)
        over = merge_base(at_limit, (), everyone[EXACT_MAX : EXACT_MAX + 1], EXACT_MAX)
        below = merge_base(over, (everyone[3].nip,), (), EXACT_MAX)

        assert [Approximate, Exact] == [type(over.index), type(below.index)]
        assert EXACT_MAX == len(below.people)

    def test_codes_are_small(self, base: Base) -> None:
        """The index takes less than a quarter of the means."""
        assert base.index.nbytes < base.people.means.nbytes / 4


class TestSearch:
    """The approximate search against the exact one."""

    @pytest.mark.parametrize("site_id", [None, *SITES, "puskesmas"])
    def test_finds_whom_the_exact_search_finds(self, everyone, base, site_id) -> None:
        """The best of 500 searches is the same in 97 %, with the same cosine.

        Random vectors have no structure: real embeddings are found more often.
        """
        there = [one for one in everyone if site_id in (None, one.site_id)]
        means = np.stack([one.mean for one in there])
        probes = seen_again(means[-PROBES:])
        scores = probes @ means.T

        found = [base.search(probe, 2, site_id)[0] for probe in probes]

        best = [there[row].nip for row in scores.argmax(axis=1)]
        same = [one.nip == nip for one, nip in zip(found, best, strict=True)]
        assert np.mean(same) >= (1 if site_id == "puskesmas" else 0.97)
        for one, row in zip(found, scores, strict=True):
            assert row[[int(one.nip) == int(other.nip) for other in there]] == pytest.approx(
                one.similarity, abs=1e-5
            )

    def test_same_people_same_answers(self, everyone, base) -> None:
        """Two builds of the same people answer alike, to the last candidate."""
        again = build_base(everyone, DIMENSION, EXACT_MAX)

        for probe in seen_again(base.people.means[:50], cosine=0.3):
            assert again.search(probe, 9, None) == base.search(probe, 9, None)


class TestMerge:
    """A merge makes another base and leaves the old one as it is."""

    def test_takes_out_replaces_and_adds(self, everyone, base) -> None:
        """The gone are not found, the new are found by their new faces only, others as before."""
        gone = [one.nip for one in everyone[100:400]]
        back = [person(number, mean) for number, mean in enumerate(faces(100, 3), start=100)]
        new = [person(number, mean) for number, mean in enumerate(faces(50, 4), start=PEOPLE)]
        probes = seen_again(base.people.means[:400])
        before = [base.search(probe, 2, None) for probe in probes]

        after = merge_base(base, gone, [*back, *new], EXACT_MAX)

        for one in (*everyone[:100], *everyone[400:500], *everyone[-300:], *back, *new):
            for site_id in (None, one.site_id):
                best = after.search(one.mean, 1, site_id)[0]
                assert (one.nip, pytest.approx(1, abs=1e-5)) == (best.nip, best.similarity)
        for one in everyone[100:400]:
            assert after.search(one.mean, 1, None)[0].similarity < 0.9
            assert (after.people.get(one.nip) is None) == (int(one.nip) >= 200)
        assert PEOPLE - 150 == len(after.people) == len(set(after.people.nips))
        assert before == [base.search(probe, 2, None) for probe in probes]

    def test_keeps_rows_and_sites_together(self, everyone, base) -> None:
        """After many merges every row is its person's, and each site has its people's rows."""
        rng, now = np.random.default_rng(5), build_base(everyone[:6_000], DIMENSION, EXACT_MAX)
        truth = {one.nip: one for one in everyone[:6_000]}
        for turn in range(20):
            numbers = rng.choice(7_000, 200, replace=False)
            known = [f"{number:018d}" for number in numbers if f"{number:018d}" in truth]
            new = [person(int(number), faces(1, turn)[0]) for number in numbers[: 10 * turn]]
            now = merge_base(now, known, new, 100)
            for nip in known:
                del truth[nip]
            truth |= {one.nip: one for one in new}

        assert truth.keys() == now.people.rows.keys()
        for nip, one in truth.items():
            kept = now.people.get(nip)
            assert kept is not None
            assert (one.site_id, one.mean.tolist()) == (kept.site_id, kept.mean.tolist())
        sites = {
            site_id: {now.people.nips[row] for row in rows}
            for site_id, rows in now.people.sites.items()
        }
        expected: dict[str, set[str]] = {}
        for one in truth.values():
            expected.setdefault(one.site_id, set()).add(one.nip)
        assert expected == sites


class TestBackground:
    """While a base is built, changes and searches go on."""

    async def test_changes_go_on_during_a_build(self, everyone, monkeypatch) -> None:
        """Who is enrolled or deleted while people are merged or loaded is found, or is not."""
        monkeypatch.setattr(gallery_module, "RECENT_MAX", 2)
        go_on = threading.Event()

        def slowly(build):
            def waiting(*arguments):
                go_on.wait(120)
                return build(*arguments)

            return waiting

        with ThreadPoolExecutor(1) as executor, ThreadPoolExecutor(1) as background:
            growing = Gallery(DIMENSION, executor, background, exact_max=EXACT_MAX)
            await growing.load(everyone[:6_000])
            loaded = growing.snapshot.base
            for name in ("merge_base", "build_base"):
                monkeypatch.setattr(gallery_module, name, slowly(getattr(gallery_module, name)))
            for one in everyone[6_000:6_005]:
                await asyncio.wait_for(growing.put(one), 30)
            await growing.remove(everyone[6_001].nip)
            await growing.remove(everyone[0].nip)
            assert loaded is growing.snapshot.base
            await _agrees(growing, everyone, {0, 6_001})
            loading = asyncio.create_task(growing.load(everyone[:6_010]))
            await asyncio.sleep(0)
            await growing.remove(everyone[6_009].nip)
            go_on.set()
            await loading
            await _agrees(growing, everyone, {6_009})

        assert loaded is not growing.snapshot.base
        assert 6_009 == growing.snapshot.size

    async def test_waits_where_too_much_is_unmerged(self, everyone, monkeypatch) -> None:
        """Changes never leave more unmerged than is allowed, and one more."""
        monkeypatch.setattr(gallery_module, "RECENT_MAX", 2)
        monkeypatch.setattr(gallery_module, "UNMERGED_MAX", 5)
        monkeypatch.setattr(gallery_module, "MERGE_WAIT_SECONDS_MAX", 0)
        most = 0
        with ThreadPoolExecutor(1) as executor:
            growing = Gallery(DIMENSION, executor, exact_max=EXACT_MAX)
            await growing.load(everyone[:6_000])
            for one in everyone[6_000:6_100]:
                await growing.put(one)
                most = max(most, len(growing.snapshot.recent))

        assert 2 < most <= 6
        assert 6_100 == growing.snapshot.size

    async def test_a_failed_merge_loses_nobody(self, everyone, monkeypatch) -> None:
        """A merge that fails leaves everyone to be found; the next change tries again."""
        monkeypatch.setattr(gallery_module, "RECENT_MAX", 0)
        real = gallery_module.merge_base

        def failing(*_):
            monkeypatch.setattr(gallery_module, "merge_base", real)
            raise MemoryError

        monkeypatch.setattr(gallery_module, "merge_base", failing)
        with ThreadPoolExecutor(1) as executor:
            growing = Gallery(DIMENSION, executor, exact_max=EXACT_MAX)
            waiting = []
            for one in everyone[:2]:
                await growing.put(one)
                waiting.append(len(growing.snapshot.recent))

        assert [1, 0] == waiting
        assert 2 == growing.snapshot.size


async def _agrees(growing: Gallery, everyone: list[Person], without: set[int]) -> None:
    for number in (0, 1, 5_999, *range(6_000, 6_005), 6_001, 6_009):
        (best,) = await growing.search(everyone[number].mean, 1)
        known = growing.person(everyone[number].nip) is not None
        assert (number not in without) or not known
        assert known == (best.nip == everyone[number].nip)
