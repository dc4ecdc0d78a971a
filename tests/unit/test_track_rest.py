"""Still faces at a kiosk of which nothing comes: looked at ever more rarely, until they move."""

import pytest

from server.domain.face import BoundingBox, Face
from server.domain.match import Decision
from server.domain.track import (
    REST_AFTER_LOOKS,
    REST_S_MAX,
    SPOOF_AFTER_LOOKS,
    STILL_YAW_MAX,
    FaceState,
    Tracker,
)
from tests.unit.test_track import AMBIGUOUS, ANN, face, frame, look_at, seen, vote, voted


class TestRest:
    """A still face of which nothing comes is not looked at for ever."""

    def test_a_still_stranger_rests(self) -> None:
        """After eight looks, a little longer behind each, up to a limit."""
        track = voted(*[vote("")] * (REST_AFTER_LOOKS - 1))
        assert 0 == track.rest_s
        rests = []
        for _ in range(100):
            track.observe(face(), vote(""))
            rests.append(track.rest_s)

        assert 0.5 < rests[0] < 1
        assert sorted(rests) == rests
        assert REST_S_MAX == rests[-1]
        assert FaceState.NOT_RECOGNISED is track.judge()

    @pytest.mark.parametrize("decision", [vote(ANN), AMBIGUOUS], ids=["match", "ambiguous"])
    def test_who_may_be_somebody_is_looked_at(self, decision: Decision) -> None:
        """However long it takes; and one such look ends a rest."""
        assert 0 == voted(*[decision] * 60).rest_s
        track = voted(*[vote("")] * 60)
        track.observe(face(), decision)

        assert 0 == track.rest_s

    @pytest.mark.parametrize(
        "moved",
        [face(BoundingBox(130, 100, 230, 200)), face(yaw=1.1 * STILL_YAW_MAX)],
        ids=["box", "yaw"],
    )
    def test_who_moves_does_not_rest(self, moved: Face) -> None:
        """Neither a step aside nor a turned head is still; what it was before is forgotten."""
        track = voted(*[vote("")] * 60)
        assert track.is_still(face())
        assert not track.is_still(moved)
        track.observe(moved, vote(""))

        assert 0 == track.rest_s
        assert track.is_still(moved)

    def test_who_drifts_does_not_rest(self) -> None:
        """Each look is near the one before, and the last far from the first."""
        track = voted()
        for number in range(60):
            track.observe(face(yaw=STILL_YAW_MAX * (number % 8) / 4), vote(""))
            assert 0 == track.rest_s

    def test_a_suspected_picture_rests_until_it_moves(self) -> None:
        """It matches at every look; a person who turns the head at last is looked at again."""
        track = seen(SPOOF_AFTER_LOOKS, turns=False)
        assert 0 == track.rest_s
        track.suspect(frame(9, 41))
        look_at(track, REST_AFTER_LOOKS, turns=False)
        assert track.rest_s
        track.observe(face(yaw=2 * STILL_YAW_MAX), vote(ANN))

        assert 0 == track.rest_s
        assert track.suspected

    def test_another_person_is_suspected_of_nothing(self) -> None:
        """Nor is a face that was gone still when it is back."""
        tracker = Tracker()
        (track,) = tracker.follow([face()], frame(1.0))
        track.suspect(frame(1.0))
        for _ in range(REST_AFTER_LOOKS):
            track.observe(face(), vote(""))
        assert [track] == tracker.resting()
        tracker.follow([], frame(1.2))
        assert not track.is_still(face())
        track.begin_anew(frame(1.4))

        assert not track.suspected
        assert [] == tracker.resting()
