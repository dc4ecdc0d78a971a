"""Nobody is named wrongly while the gallery changes: the race of hadir-bench, short."""

import asyncio
import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from benchmarks.main import app
from benchmarks.race import Race, Watched, run, shipped_thresholds
from server.domain.face import Vector
from server.domain.match import Candidate, Verdict
from server.gallery import gallery
from server.gallery.gallery import Gallery, everyone_of
from server.gallery.snapshot import Person
from server.services.identify import identify

SEARCHES = 20_000
PEOPLE = 500
FEW = Race(searches=2_000, people=100)


@pytest.fixture(autouse=True)
def _merge_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """A merge every few changes, so that searches meet many of them."""
    monkeypatch.setattr(gallery, "RECENT_MAX", 8)


class TestRace:
    """Searches in threads, while people are enrolled, re-enrolled and deleted on the loop."""

    async def test_no_answer_is_wrong(self) -> None:
        """In 20,000 searches every score, name and refusal is right."""
        tally = await run(Race(searches=SEARCHES, people=PEOPLE))

        assert [] == tally.examples
        assert 0 == tally.wrong
        assert SEARCHES <= tally.searches
        assert min(tally.changes[kind] for kind in ("enrolled", "re-enrolled", "deleted")) > 200
        assert tally.changes["merges"] > 50
        assert min(tally.verdicts["MATCH"], tally.verdicts["UNKNOWN"]) > SEARCHES / 10

    def test_command_reports_the_race(self, tmp_path: Path) -> None:
        """hadir-bench race prints and stores machine, commit, settings and what it found."""
        path = tmp_path / "race.json"

        options = ["--searches", "500", "--people", "50", "--json", str(path)]
        result = CliRunner().invoke(app, ["race", *options])

        stored = json.loads(path.read_text())
        assert 0 == result.exit_code, result.output
        assert all(word in result.output for word in ("machine", "commit", "wrong     0 "))
        assert (500, 50) == (stored["settings"]["searches"], stored["settings"]["people"])
        assert 0 == stored["results"]["wrong_scores"] + stored["results"]["wrong_names"]
        assert 3 / stored["results"]["searches"] == stored["results"]["rate_bound_95"]


class _TwoReads(Gallery):
    """A careless gallery: scores of one state, names of another one."""

    async def searches(self, probe: Vector, count: int, site_ids: Sequence[str | None]):
        loop = asyncio.get_running_loop()
        return [
            await loop.run_in_executor(self._executor, self._careless, probe, count)
            for _ in site_ids
        ]

    def _careless(self, probe: Vector, count: int) -> list[Candidate]:
        rows = np.stack([person.mean for person in everyone_of(self.snapshot).values()])
        scores = rows @ probe
        time.sleep(0.001)
        nips = list(everyone_of(self.snapshot))
        best = [row for row in np.argsort(-scores)[:count] if row < len(nips)]
        return [Candidate(nips[row], float(scores[row])) for row in best]


class _WatchedTwoReads(Watched, _TwoReads):
    pass


class _Unforgetting(Watched):
    async def remove(self, nip: str) -> None:
        """A careless deletion: only storage learns of it."""


class TestControl:
    """The race finds what it looks for, where there is something to find."""

    async def test_finds_scores_of_others(self) -> None:
        """Names read after the scores are wrong; re-scoring still accepts nobody wrongly."""
        tally = await run(FEW, gallery_type=_WatchedTwoReads)

        assert tally.wrong_scores > FEW.searches / 100
        assert tally.missed > 0
        assert 0 == tally.wrong_names

    async def test_finds_the_deleted(self) -> None:
        """Who stays in the gallery after the deletion is accepted, and counted as wrong."""
        tally = await run(FEW, gallery_type=_Unforgetting)

        assert tally.wrong_names > 0

    def test_fails_the_command(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """hadir-bench race ends with exit code 1 and tells examples."""
        monkeypatch.setattr(Watched, "remove", _Unforgetting.remove)

        options = ["--searches", "2000", "--people", "100"]
        result = CliRunner().invoke(app, ["race", *options])

        assert 1 == result.exit_code, result.output
        assert "accepted as" in result.output


class TestChangeDuringASearch:
    """What happens between a search and the decision, one case at a time."""

    async def test_deleted_meanwhile(self) -> None:
        """Who is deleted while a search runs is not recognised by it."""
        people = [_person(number) for number in range(4)]

        decision = await _identified(people, lambda found: found.remove(people[1].nip))

        assert (Verdict.UNKNOWN, "") == (decision.verdict, decision.nip)

    async def test_replaced_meanwhile(self) -> None:
        """A face that is replaced while a search for it runs is not accepted any more."""
        people = [_person(number) for number in range(4)]
        other = _person(9, nip=people[1].nip)

        decision = await _identified(people, lambda found: found.put(other))

        assert (Verdict.UNKNOWN, "") == (decision.verdict, decision.nip)

    async def test_another_changed_meanwhile(self) -> None:
        """Changes of others do not disturb a search."""
        people = [_person(number) for number in range(4)]

        decision = await _identified(people, lambda found: found.remove(people[2].nip))

        assert (Verdict.MATCH, people[1].nip) == (decision.verdict, decision.nip)


def _person(number: int, nip: str = "") -> Person:
    mean = np.random.default_rng(number).standard_normal(128).astype(np.float32)
    mean /= np.linalg.norm(mean)
    return Person(nip or f"{number:018d}", "", mean)


async def _identified(people: list[Person], change):
    """Searches the face of people[1]; `change` happens between the search and the decision."""

    class Changing(Gallery):
        async def searches(self, probe: Vector, count: int, site_ids: Sequence[str | None]):
            found = await super().searches(probe, count, site_ids)
            await change(self)
            return found

    with ThreadPoolExecutor(1) as executor:
        changing = Changing(128, executor)
        await changing.load(people)
        return await identify(changing, shipped_thresholds(), people[1].mean, "")
