"""What frames cost: a worker's time, and what comes beside."""

import pytest

from server.vision.cost import FrameCost


class Clocks:
    """Time, and the processor time of the process."""

    def __init__(self) -> None:
        self.now_s = self.used_s = 0.0

    def cost(self, *, workers: int = 1, cores: int = 1) -> FrameCost:
        """Returns costs on these clocks: 4 ms to look, 6 to embed."""
        cost = FrameCost(
            workers=workers,
            cores=cores,
            process_s=lambda: self.used_s,
            monotonic=lambda: self.now_s,
        )
        cost.set(0.004, 0.006)
        return cost

    def frames(self, cost: FrameCost, count: int, *, took_s: float, used_s: float) -> None:
        """Lets frames of 4 ms pass without an embedding, each so long after the one before."""
        for _ in range(count):
            self.now_s, self.used_s = self.now_s + took_s, self.used_s + used_s
            cost.note(0.004, 0.0, 0)


class TestFrameCost:
    """Moving averages."""

    def test_begins_with_what_was_measured(self):
        """A frame whose face is embedded, or half of the faces."""
        cost = Clocks().cost()
        assert (0.004, 0.006, 0.01) == (cost.look_s, cost.embed_s, cost.frame_s)
        cost.set(0.004, 0.006, embedded=0.5)
        assert pytest.approx(0.007) == cost.frame_s

    def test_follows(self):
        """Looks by every frame, embeddings by those that have one."""
        cost = Clocks().cost()
        for number in range(400):
            cost.note(0.002, 0.003, number % 2)

        assert pytest.approx(0.002, rel=0.01) == cost.look_s
        assert pytest.approx(0.003, rel=0.01) == cost.embed_s
        assert pytest.approx(0.0035, rel=0.1) == cost.frame_s

    def test_what_comes_beside(self):
        """A busy core that works half as long again for each frame."""
        clocks = Clocks()
        cost = clocks.cost()
        clocks.frames(cost, 3000, took_s=0.008, used_s=0.006)

        assert pytest.approx(0.006, rel=0.01) == cost.look_s
        assert pytest.approx(0.006, rel=0.01) == cost.frame_s

    def test_another_core_for_it(self):
        """One worker on two cores is not disturbed."""
        clocks = Clocks()
        cost = clocks.cost(workers=1, cores=2)
        clocks.frames(cost, 3000, took_s=0.008, used_s=0.006)

        assert pytest.approx(0.004, rel=0.01) == cost.look_s

    def test_several_faces(self):
        """Each of a kiosk's frame is work: nothing comes beside it here."""
        clocks = Clocks()
        cost = clocks.cost()
        for _ in range(3000):
            clocks.now_s, clocks.used_s = clocks.now_s + 0.03, clocks.used_s + 0.028
            cost.note(0.004, 0.006, 4)

        assert (0.004, 0.006, 0.028) == (
            pytest.approx(cost.look_s, rel=0.01),
            pytest.approx(cost.embed_s, rel=0.01),
            pytest.approx(cost.frame_s, rel=0.01),
        )

    def test_what_is_not_of_frames(self):
        """Of an idle server nothing is measured: a report is not what its frames cost."""
        clocks = Clocks()
        cost = clocks.cost()
        clocks.frames(cost, 3000, took_s=0.2, used_s=0.1)

        assert pytest.approx(0.004, rel=0.01) == cost.look_s

    def test_within_limits(self):
        """Not less than the worker, and not beyond what frames can be blamed for."""
        clocks = Clocks()
        cost = clocks.cost()
        clocks.frames(cost, 3000, took_s=0.004, used_s=0.001)
        assert pytest.approx(0.004, rel=0.01) == cost.look_s
        clocks.frames(cost, 3000, took_s=0.004, used_s=0.1)
        assert pytest.approx(0.008, rel=0.01) == cost.look_s

    def test_recovers(self):
        """A factor that a report drove up leaves the workers half idle, and falls all the same."""
        clocks = Clocks()
        cost = clocks.cost()
        clocks.frames(cost, 3000, took_s=0.006, used_s=0.1)
        assert pytest.approx(0.008, rel=0.01) == cost.look_s
        clocks.frames(cost, 3000, took_s=0.009, used_s=0.005)

        assert pytest.approx(0.005, rel=0.01) == cost.look_s

    @pytest.mark.parametrize(("took_s", "busy"), [(0.005, 0.8), (0.004, 1.0), (0.02, 0.2)])
    def test_how_busy_it_is(self, took_s, busy):
        """What frames took of the time that passed, anew with every measurement."""
        clocks = Clocks()
        cost = clocks.cost()
        assert (0.0, 0) == (cost.busy, cost.measurements)
        clocks.frames(cost, 300, took_s=took_s, used_s=0.004)

        assert pytest.approx(busy) == cost.busy
        assert 2 == cost.measurements

    def test_busy_with_what_comes_beside(self):
        """A core that works half as long again for each frame, of two workers on two."""
        clocks = Clocks()
        cost = clocks.cost(workers=2, cores=2)
        clocks.frames(cost, 3000, took_s=0.004, used_s=0.006)

        assert pytest.approx(0.75, rel=0.01) == cost.busy
