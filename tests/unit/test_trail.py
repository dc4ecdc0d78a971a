"""One face through a check-in: what is compared, what counts, and when it is somebody else."""

import numpy as np
import pytest

from server.domain.face import BoundingBox, Face, Measures
from server.domain.refusal import CheckInRefused, Refusal
from server.domain.trail import STRANGE_FRAMES_MAX, STRANGERS_MAX, UNCOMPARED_MAX, FaceTrail

ANN, BEN = np.eye(2, 4, dtype=np.float32)
BOX = BoundingBox(100, 100, 200, 220)
FAR = BoundingBox(300, 100, 400, 220)
MEASURES = Measures(60.0, 50.0, 120.0, 1.0, 0.0, 0.5, 0.0)
PLANE = np.array([[0, 0], [1, 0], [0.5, 0.6], [0.1, 1], [0.9, 1]], np.float32) * 60


def face(embedding=None, *, nose: float = 0.0, box=BOX, passive=None) -> Face:
    """A face whose nose is so many eye distances to one side."""
    landmarks = PLANE.copy()
    landmarks[2, 0] += nose * 60
    return Face(
        box=box,
        score=0.9,
        landmarks=landmarks,
        measures=MEASURES,
        crop=np.zeros((112, 112, 3), np.uint8),
        embedding=embedding,
        passive=passive,
    )


def trail() -> FaceTrail:
    return FaceTrail(ANN, verification=0.5, continuity=0.3)


def begun() -> FaceTrail:
    """A trail that knows its face: two fronts matched."""
    begun = trail()
    for number in range(2):
        assert begun.follow(face(ANN), number / 10, b"%d" % number, front=True)
    return begun


class TestWhatIsCompared:
    """Few faces are compared, and never fewer than where somebody could gain by it."""

    def test_until_the_face_is_known(self):
        """Before two fronts match every good face is compared."""
        one = trail()
        assert one.must_compare(BOX)
        one.follow(face(ANN), 0.0, b"0", front=True)

        assert one.must_compare(BOX)

    def test_three_may_pass(self):
        """A known face that stays may pass so often, and no more."""
        one, asked = begun(), []
        for number in range(UNCOMPARED_MAX + 1):
            asked.append(one.must_compare(BOX))
            one.pass_over(face(), 0.2 + number / 10)

        assert [False] * UNCOMPARED_MAX + [True] == asked

    def test_a_face_elsewhere(self):
        """A face that is not where it was may be another one."""
        assert begun().must_compare(FAR)

    def test_after_a_stranger(self):
        """Once another face was shown every face is compared, until it is the employee's again."""
        one = begun()
        one.follow(face(BEN), 0.3, b"x", front=True)
        one.follow(face(BEN), 0.4, b"y", front=True)
        asked = one.must_compare(BOX)
        one.follow(face(ANN), 0.5, b"z", front=True)
        one.follow(face(ANN), 0.6, b"z", front=True)

        assert asked
        assert one.met_strangers
        assert not one.must_compare(BOX)

    def test_after_an_interruption(self):
        """A face that was gone is compared when it is back."""
        one = begun()
        one.interrupt()

        assert one.must_compare(BOX)


class TestWhatCounts:
    """Relief of faces that were not compared counts once the next compared one vouches for it."""

    @staticmethod
    def turned(one: FaceTrail) -> None:
        for number in range(UNCOMPARED_MAX):
            one.pass_over(face(nose=0.05 * (number + 1)), 0.2 + number / 10)

    def test_the_next_compared_face_vouches(self):
        """A turn that passed uncompared is relief as soon as the employee is seen again."""
        one = begun()
        self.turned(one)
        before = one.relief
        one.follow(face(ANN, nose=0.2), 0.5, b"2", front=False)

        assert 0.0 == before
        assert one.has_relief

    def test_a_stranger_vouches_for_nothing(self):
        """Somebody else's turn is nobody's relief."""
        one = begun()
        self.turned(one)
        one.follow(face(BEN, nose=0.2), 0.5, b"2", front=False)
        for number in range(3):
            one.follow(face(ANN), 0.6 + number / 10, b"3", front=True)

        assert 0.0 == one.relief

    def test_the_best_front(self):
        """The front most like the employee stands for the check-in."""
        one = trail()
        for number, similar in enumerate((0.8, 0.99, 0.9)):
            probe = np.array([similar, np.sqrt(1 - similar**2), 0, 0], np.float32)
            one.follow(face(probe), number / 10, b"%d" % number, front=True)

        assert one.matches
        assert one.best is not None
        assert b"1" == one.best.digest
        assert one.best.score == pytest.approx(0.99)

    def test_every_installed_cue(self):
        """Relief without passive liveness is not enough where that is installed."""
        one = begun()
        self.turned(one)
        one.follow(face(ANN, nose=0.2, passive=0.1), 0.5, b"2", front=False)

        assert one.has_relief
        assert not one.is_live


class TestSomebodyElse:
    """A stranger ends the check-in, with a reason that depends on who was seen before."""

    @pytest.mark.parametrize(
        ("one", "refusal"),
        [(trail, Refusal.FACE_MISMATCH), (begun, Refusal.IDENTITY_CHANGED)],
    )
    def test_several_in_a_row(self, one, refusal):
        """One strange face may be noise; several are somebody else."""
        shown = one()
        for number in range(STRANGE_FRAMES_MAX - 1):
            assert not shown.follow(face(BEN), 0.5 + number / 10, b"x", front=True)
        with pytest.raises(CheckInRefused) as caught:
            shown.follow(face(BEN), 0.9, b"x", front=True)

        assert refusal is caught.value.refusal
        assert not shown.is_live

    def test_a_turned_face_is_no_new_start(self):
        """Fronts that fail are counted on over a turned face that is like enough."""
        one = trail()
        for number in range(STRANGE_FRAMES_MAX - 1):
            assert not one.follow(face(BEN), number / 10, b"x", front=True)
            assert one.follow(face(ANN), number / 10 + 0.05, b"y", front=False)
        with pytest.raises(CheckInRefused) as caught:
            one.follow(face(BEN), 0.9, b"x", front=True)

        assert Refusal.FACE_MISMATCH is caught.value.refusal

    def test_in_all(self):
        """Matching fronts in between give nobody more looks than a check-in has."""
        one, tried = begun(), 0
        with pytest.raises(CheckInRefused) as caught:
            while True:
                tried += 1
                one.follow(face(BEN), tried / 5, b"x", front=True)
                one.follow(face(ANN), tried / 5 + 0.1, b"y", front=True)

        assert STRANGERS_MAX == tried
        assert Refusal.IDENTITY_CHANGED is caught.value.refusal

    def test_one_bad_embedding_is_one(self):
        """The employee's next face goes on from the last that was the employee's."""
        one = begun()
        assert not one.follow(face(BEN), 0.5, b"x", front=True)

        assert one.follow(face(ANN), 0.6, b"y", front=True)
