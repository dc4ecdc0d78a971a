"""One contract for every gallery: the real one on FAISS snapshots, and a plain model of it.

The model is a dictionary and a loop; what it says is what a gallery means.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import numpy as np
import pytest
import pytest_asyncio
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from server.domain.face import Vector
from server.domain.match import Candidate, mean_template
from server.gallery import gallery as gallery_module
from server.gallery.gallery import Gallery
from server.gallery.index import EXACT_MAX
from server.gallery.snapshot import Person

DIMENSION = 16
SITES = ("", "kantor", "jalan-40")
NIPS = tuple(f"{number:018d}" for number in range(12))
ROUNDING = 1e-5


class Contract(Protocol):
    """What use cases need of a gallery."""

    async def load(self, people: Iterable[Person]) -> None: ...
    async def put(self, person: Person) -> None: ...
    async def remove(self, nip: str) -> None: ...
    async def search(
        self, probe: Vector, count: int, site_id: str | None = None
    ) -> list[Candidate]: ...
    def person(self, nip: str) -> Person | None: ...


class PlainGallery:
    """The model: everybody in a dictionary."""

    def __init__(self) -> None:
        self._people: dict[str, Person] = {}
        self.snapshot = self

    async def load(self, people: Iterable[Person]) -> None:
        self._people = {person.nip: person for person in people}

    async def put(self, person: Person) -> None:
        self._people[person.nip] = person

    async def remove(self, nip: str) -> None:
        self._people.pop(nip, None)

    async def search(self, probe: Vector, count: int, site_id: str | None = None):
        found = [
            Candidate(person.nip, float(np.dot(person.mean, probe)))
            for person in self._people.values()
            if site_id is None or person.site_id == site_id
        ]
        return sorted(found, key=lambda candidate: -candidate.similarity)[:count]

    def person(self, nip: str) -> Person | None:
        return self._people.get(nip)

    @property
    def size(self) -> int:
        return self.size_of(None)

    def size_of(self, site_id: str | None) -> int:
        return sum(site_id is None or one.site_id == site_id for one in self._people.values())


def made(number: int, face: int = 0, site_id: str = "") -> Person:
    """Returns a person; the same face always has the same templates."""
    rng = np.random.default_rng((number, face))
    singles = rng.standard_normal((3, DIMENSION)).astype(np.float32)
    singles /= np.linalg.norm(singles, axis=1, keepdims=True)
    return Person(NIPS[number], site_id, mean_template(singles))


@pytest_asyncio.fixture(
    params=["exact", "exact, merging", "approximate", "approximate, merging", "plain"]
)
async def gallery(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Contract]:
    """Each gallery in turn, empty."""
    if request.param == "plain":
        yield PlainGallery()
        return
    if request.param.endswith("merging"):
        monkeypatch.setattr(gallery_module, "RECENT_MAX", 1)
        monkeypatch.setattr(gallery_module, "HIDDEN_MAX", 1)
    with ThreadPoolExecutor(1) as executor:
        exact_max = 0 if request.param.startswith("approximate") else EXACT_MAX
        yield Gallery(DIMENSION, executor, exact_max=exact_max)


def nips(candidates: list[Candidate]) -> list[str]:
    """Returns who was found."""
    return [candidate.nip for candidate in candidates]


def content(person: Person | None) -> tuple[str, str, list[float], list[float]] | None:
    """Returns what can be compared of a person."""
    if person is None:
        return None
    return person.nip, person.site_id, person.mean.tolist()


class TestContract:
    """What holds for every gallery."""

    async def test_empty(self, gallery) -> None:
        """In an empty gallery nobody is found, and nobody can be removed."""
        await gallery.remove(NIPS[0])

        assert [] == await gallery.search(made(0).mean, 2)
        assert [] == await gallery.search(made(0).mean, 2, "kantor")
        assert 0 == gallery.snapshot.size
        assert gallery.person(NIPS[0]) is None

    async def test_finds_the_nearest_first(self, gallery) -> None:
        """Candidates are the nearest means, best first, with their cosines, each person once."""
        people = [made(number) for number in range(len(NIPS))]
        await gallery.load(people[:6])
        for person in people[6:]:
            await gallery.put(person)
        probe = made(3, face=7).mean

        found = await gallery.search(probe, 5)

        cosines = {person.nip: float(person.mean @ probe) for person in people}
        assert sorted(cosines, key=cosines.get, reverse=True)[:5] == nips(found)
        for candidate in found:
            assert cosines[candidate.nip] == pytest.approx(candidate.similarity, abs=ROUNDING)

    async def test_returns_no_more_than_there_are(self, gallery) -> None:
        """A search for more people than there are returns all of them."""
        await gallery.load([made(0), made(1)])
        await gallery.put(made(2))

        assert set(NIPS[:3]) == set(nips(await gallery.search(made(0).mean, 50)))
        assert [] == await gallery.search(made(0).mean, 0)

    async def test_replaces(self, gallery) -> None:
        """A new enrolment stands in place of the old one; the old face finds nobody near."""
        await gallery.load([made(0), made(1)])

        await gallery.put(made(0, face=1))

        assert 2 == gallery.snapshot.size
        found = {one.nip: one.similarity for one in await gallery.search(made(0).mean, 9)}
        assert 2 == len(found)
        other = float(made(0, face=1).mean @ made(0).mean)
        assert other == pytest.approx(found[NIPS[0]], abs=ROUNDING)
        np.testing.assert_array_equal(made(0, face=1).mean, gallery.person(NIPS[0]).mean)

    @pytest.mark.parametrize("later", [True, False])
    async def test_removes(self, gallery, later: bool) -> None:
        """Who is removed is not found, whether loaded or enrolled since."""
        await gallery.load([made(1)] if later else [made(0), made(1)])
        if later:
            await gallery.put(made(0))

        await gallery.remove(NIPS[0])

        assert [NIPS[1]] == nips(await gallery.search(made(0).mean, 9))
        assert gallery.person(NIPS[0]) is None
        assert 1 == gallery.snapshot.size

    async def test_returns_after_removal(self, gallery) -> None:
        """Who was removed can be enrolled again, with the new face only."""
        await gallery.load([made(0), made(1)])
        await gallery.remove(NIPS[0])

        await gallery.put(made(0, face=1))

        (first, *_) = await gallery.search(made(0, face=1).mean, 2)
        assert NIPS[0] == first.nip
        assert 2 == gallery.snapshot.size

    async def test_searches_a_site(self, gallery) -> None:
        """Only people of the site are found there; the empty name is a site of its own."""
        await gallery.load([made(0, site_id="kantor"), made(1, site_id="jalan-40"), made(2)])
        await gallery.put(made(3, site_id="kantor"))

        probe = made(1).mean
        assert {NIPS[0], NIPS[3]} == set(nips(await gallery.search(probe, 9, "kantor")))
        assert [NIPS[2]] == nips(await gallery.search(probe, 9, ""))
        assert [] == await gallery.search(probe, 9, "elsewhere")
        assert 4 == len(await gallery.search(probe, 9, None))
        sizes = [gallery.snapshot.size_of(site) for site in ("kantor", "jalan-40", "", "x", None)]
        assert [2, 1, 1, 0, 4] == sizes

    async def test_moves_to_another_site(self, gallery) -> None:
        """Who is enrolled at another site is found there, and not at the old one."""
        await gallery.load([made(0, site_id="kantor"), made(1, site_id="kantor")])

        await gallery.put(made(0, site_id="jalan-40"))

        probe = made(0).mean
        assert [NIPS[1]] == nips(await gallery.search(probe, 9, "kantor"))
        assert [NIPS[0]] == nips(await gallery.search(probe, 9, "jalan-40"))
        assert [1, 1] == [gallery.snapshot.size_of(site) for site in ("kantor", "jalan-40")]

    async def test_finds_behind_many_removed(self, gallery) -> None:
        """However many nearer people were removed, the ones behind are found."""
        everyone = [made(number) for number in range(len(NIPS))]
        probe = everyone[0].mean
        everyone.sort(key=lambda person: -float(person.mean @ probe))
        await gallery.load(everyone)
        for person in everyone[:-2]:
            await gallery.remove(person.nip)

        assert [one.nip for one in everyone[-2:]] == nips(await gallery.search(probe, 2))

    async def test_load_replaces_everything(self, gallery) -> None:
        """After a load there is nobody but who was loaded."""
        await gallery.load([made(0), made(1)])
        await gallery.put(made(2))

        await gallery.load([made(3)])

        assert [NIPS[3]] == nips(await gallery.search(made(0).mean, 9))
        assert 1 == gallery.snapshot.size

    async def test_same_face_twice(self, gallery) -> None:
        """Two people with one face are both found, so that the margin can refuse them."""
        twin = Person(NIPS[1], "", made(0).mean)
        await gallery.load([made(0)])
        await gallery.put(twin)

        found = await gallery.search(made(0).mean, 2)

        assert {NIPS[0], NIPS[1]} == set(nips(found))
        assert found[0].similarity == pytest.approx(found[1].similarity, abs=ROUNDING)


class TestSnapshot:
    """What only the real gallery promises."""

    async def test_is_immutable(self) -> None:
        """A search that began before a change sees the state before it, merged or not."""
        with ThreadPoolExecutor(1) as executor:
            changing = Gallery(DIMENSION, executor)
            await changing.load([made(0), made(1)])
            before = changing.snapshot
            expected = before.search(made(0).mean, 9)
            await changing.put(made(0, face=1))
            await changing.remove(NIPS[1])
            await changing.load([made(2)])

        assert expected == before.search(made(0).mean, 9)
        assert [2, 1] == [before.size, changing.snapshot.size]
        assert before.version < changing.snapshot.version

    async def test_merges(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """What was enrolled since goes into the base when it is more than allowed."""
        monkeypatch.setattr(gallery_module, "RECENT_MAX", 3)
        with ThreadPoolExecutor(1) as executor:
            growing = Gallery(DIMENSION, executor)
            waiting = []
            for number in range(8):
                await growing.put(made(number))
                waiting.append(len(growing.snapshot.recent))

        assert [1, 2, 3, 0, 1, 2, 3, 0] == waiting
        assert 8 == growing.snapshot.size
        assert frozenset() == growing.snapshot.hidden


class Machine(RuleBasedStateMachine):
    """Random changes and searches: the real gallery answers as the model does."""

    @initialize(
        people=st.dictionaries(
            st.integers(0, len(NIPS) - 1), st.tuples(st.integers(0, 3), st.sampled_from(SITES))
        ),
        recent_max=st.integers(0, 4),
        hidden_max=st.integers(0, 4),
        exact_max=st.sampled_from((0, 6, EXACT_MAX)),
    )
    def begin(self, people, recent_max: int, hidden_max: int, exact_max: int) -> None:
        """Both galleries hold the same people; the real one merges now and then."""
        self._patch = pytest.MonkeyPatch()
        self._patch.setattr(gallery_module, "RECENT_MAX", recent_max)
        self._patch.setattr(gallery_module, "HIDDEN_MAX", hidden_max)
        self._executor = ThreadPoolExecutor(1)
        self._runner = asyncio.Runner()
        self._both = (
            Gallery(DIMENSION, self._executor, exact_max=exact_max),
            PlainGallery(),
        )
        everyone = [made(number, face, site) for number, (face, site) in people.items()]
        self._change("load", everyone)

    @rule(number=st.integers(0, len(NIPS) - 1), face=st.integers(0, 3), site=st.sampled_from(SITES))
    def put(self, number: int, face: int, site: str) -> None:
        """Enrols somebody, perhaps again."""
        self._change("put", made(number, face, site))

    @rule(number=st.integers(0, len(NIPS) - 1))
    def remove(self, number: int) -> None:
        """Deletes somebody, perhaps nobody."""
        self._change("remove", NIPS[number])

    @rule(
        number=st.integers(0, len(NIPS) - 1),
        face=st.integers(0, 3),
        count=st.integers(0, 14),
        site=st.sampled_from((*SITES, "elsewhere", None)),
    )
    def search(self, number: int, face: int, count: int, site: str | None) -> None:
        """Both find the same people in the same order."""
        probe = made(number, face).mean
        real, plain = (self._run(one.search(probe, count, site)) for one in self._both)

        assert nips(plain) == nips(real)
        for left, right in zip(plain, real, strict=True):
            assert left.similarity == pytest.approx(right.similarity, abs=ROUNDING)

    @invariant()
    def agree(self) -> None:
        """Both hold the same people, in all and at each site."""
        if not hasattr(self, "_both"):
            return
        real, plain = self._both
        for site in (*SITES, "elsewhere", None):
            assert plain.size_of(site) == real.snapshot.size_of(site)
        for nip in NIPS:
            assert content(plain.person(nip)) == content(real.person(nip))

    def _change(self, method: str, argument: object) -> None:
        for one in self._both:
            self._run(getattr(one, method)(argument))

    def _run(self, coroutine):
        return self._runner.run(coroutine)

    def teardown(self) -> None:
        """Closes what `begin` opened."""
        if hasattr(self, "_both"):
            self._runner.close()
            self._executor.shutdown()
            self._patch.undo()


class TestMachine(Machine.TestCase):
    """Random changes and searches against the model."""

    settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
