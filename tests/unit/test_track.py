"""Tracks at a kiosk: who follows whom, and what it takes to be recognised."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import product

import numpy as np
import pytest

from server.domain.face import BoundingBox, Face, Measures, Vector
from server.domain.frame import Frame
from server.domain.match import Decision, Verdict
from server.domain.track import (
    BACK_S_MAX,
    GONE_AFTER_S,
    OVERLAP_MIN,
    SPOOF_AFTER_LOOKS,
    TRACKS_MAX,
    VOTES_KEPT,
    VOTES_NEEDED,
    FaceState,
    Track,
    Tracker,
)

ANN, BEN = "198501152010011001", "199003032015032002"
NOON = datetime(2026, 11, 24, 3, tzinfo=UTC)
BOX = BoundingBox(100, 100, 200, 200)
UPRIGHT = np.array([[38, 52], [74, 52], [56, 72], [42, 92], [70, 92]], np.float32)
ME = np.eye(4, dtype=np.float32)


def frame(at_s: float = 0, number: int = 1) -> Frame:
    """Returns a frame that arrived then, taken a second earlier."""
    arrival = NOON + timedelta(seconds=at_s)
    return Frame(number, b"", arrival - timedelta(seconds=1), arrival, at_s, b"")


def face(
    box: BoundingBox = BOX,
    *,
    nose: float = 0,
    yaw: float = 0,
    embedding: Vector | None = ME[0],
    passive: float | None = None,
) -> Face:
    """Returns a face whose nose is so many pixels to the side; a head's nose wanders."""
    marks = UPRIGHT.copy()
    marks[2, 0] += nose
    crop = np.zeros((1, 1, 3), np.uint8)
    return Face(box, 0.9, marks, Measures(36, 80, 120, 1, yaw, 0.5, 0), crop, embedding, passive)


def vote(nip: str, similarity: float = 0.7) -> Decision:
    """Returns what a search said of one look."""
    if not nip:
        return Decision(Verdict.UNKNOWN, similarity=similarity)
    return Decision(Verdict.MATCH, nip, similarity, 0.45, 0.3)


AMBIGUOUS = Decision(Verdict.AMBIGUOUS, similarity=0.6)


def voted(*decisions: Decision) -> Track:
    """Returns a track after looks at a still face."""
    track = Track(1, BOX, frame(), 0)
    for decision in decisions:
        track.observe(face(), decision)
    return track


def seen(looks: int, *, turns: bool, passive: float | None = None, nip: str = ANN) -> Track:
    """Returns a track of one person, seen so often, who turns the head or not."""
    track = Track(1, BOX, frame(), 0)
    look_at(track, looks, turns=turns, passive=passive, nip=nip)
    return track


def look_at(
    track: Track, looks: int, *, turns: bool, passive: float | None = None, nip: str = ANN
) -> None:
    """Looks at a face so often, every tenth of a second."""
    for number in range(looks):
        track.taken_s += 0.1
        nose = 6 * np.sin(number / 2) if turns else 0
        track.observe(face(nose=nose, passive=passive), vote(nip))


class TestVotes:
    """K of the last N looks must name the same employee."""

    def test_three_looks_are_needed(self) -> None:
        """Two are a guess."""
        assert voted(vote(ANN), vote(ANN)).winner() is None
        assert ANN == voted(*[vote(ANN)] * VOTES_NEEDED).winner().nip

    def test_the_best_look_is_recorded(self) -> None:
        """Its scores are those of the event."""
        track = voted(vote(ANN, 0.6), vote(ANN, 0.8), vote(ANN, 0.7))

        assert 0.8 == track.winner().similarity

    def test_unknown_looks_between_do_not_hurt(self) -> None:
        """Three of the last five."""
        assert ANN == voted(vote(ANN), vote(""), vote(ANN), AMBIGUOUS, vote(ANN)).winner().nip

    def test_a_second_name_blocks(self) -> None:
        """Four looks for one and one for another: look again, never choose."""
        track = voted(*[vote(ANN)] * 4, vote(BEN))

        assert track.winner() is None
        assert FaceState.LOOK_AGAIN is track.judge()

    def test_a_second_name_is_forgotten_with_its_look(self) -> None:
        """After five more looks only those count."""
        track = voted(vote(BEN), *[vote(ANN)] * VOTES_KEPT)

        assert ANN == track.winner().nip

    def test_no_sequence_of_votes_names_anybody_wrongly(self) -> None:
        """All 4 ^ 5 of them: a winner has K votes, and nobody else has one."""
        choices = {"a": vote(ANN), "b": vote(BEN), "u": vote(""), "m": AMBIGUOUS}
        for keys in product(choices, repeat=VOTES_KEPT):
            winner = voted(*[choices[key] for key in keys]).winner()
            names = {key for key in keys if key in "ab"}
            expected = len(names) == 1 and keys.count(*names) >= VOTES_NEEDED
            assert expected == (winner is not None)
            if winner is not None:
                assert winner.nip == {"a": ANN, "b": BEN}[names.pop()]

    def test_four_unknown_looks_are_nobody(self) -> None:
        """Three may be a bad start; ambiguous looks are no strangers."""
        assert FaceState.LOOK_AGAIN is voted(*[vote("")] * VOTES_NEEDED).judge()
        assert FaceState.NOT_RECOGNISED is voted(*[vote("")] * (VOTES_NEEDED + 1)).judge()
        assert FaceState.LOOK_AGAIN is voted(*[AMBIGUOUS] * VOTES_KEPT).judge()


class TestPresentLook:
    """Old votes alone record nobody: the look that completes them must name the winner."""

    @pytest.mark.parametrize("present", [vote(""), AMBIGUOUS], ids=["unknown", "ambiguous"])
    def test_who_is_not_seen_now_is_not_recorded(self, present: Decision) -> None:
        """Three votes, a head, and then two looks at nobody, as after an erasure."""
        track = seen(12, turns=True)
        for _ in range(VOTES_KEPT - VOTES_NEEDED):
            track.observe(face(), present)
            assert ANN == track.winner().nip
            assert FaceState.LOOK_AGAIN is track.judge()

    def test_the_next_look_that_names_the_winner_records(self) -> None:
        """One turned frame that matched nobody costs a look."""
        track = seen(12, turns=True)
        track.observe(face(), vote(""))
        track.observe(face(), vote(ANN))

        assert FaceState.RECOGNISED is track.judge()


class TestSignsOfLife:
    """A winner is recorded only if the face looks alive."""

    def test_a_head_that_turns_is_recognised(self) -> None:
        """Relief is enough where no model is installed."""
        assert FaceState.RECOGNISED is seen(12, turns=True).judge()

    def test_a_still_face_is_asked_to_turn(self) -> None:
        """A print and a head that keeps still look the same."""
        assert FaceState.TURN_HEAD is seen(12, turns=False).judge()

    def test_a_still_face_becomes_a_suspicion(self) -> None:
        """After 40 looks, not before."""
        assert FaceState.TURN_HEAD is seen(SPOOF_AFTER_LOOKS - 1, turns=False).judge()
        assert FaceState.SPOOF_SUSPECTED is seen(SPOOF_AFTER_LOOKS, turns=False).judge()

    @pytest.mark.parametrize("first", [vote(""), AMBIGUOUS], ids=["unknown", "ambiguous"])
    def test_who_waited_is_asked_before_anything_else(self, first: Decision) -> None:
        """Looks at which nobody was known were no occasion to turn the head."""
        track = voted(*[first] * (2 * SPOOF_AFTER_LOOKS))
        look_at(track, SPOOF_AFTER_LOOKS - 1, turns=False)
        assert FaceState.TURN_HEAD is track.judge()
        look_at(track, 1, turns=False)

        assert FaceState.SPOOF_SUSPECTED is track.judge()

    def test_a_turn_after_that_is_still_good(self) -> None:
        """The person read the text."""
        track = seen(SPOOF_AFTER_LOOKS, turns=False)
        look_at(track, 24, turns=True)

        assert FaceState.RECOGNISED is track.judge()

    @pytest.mark.parametrize("hole_s", [0.0, 1.0])
    @pytest.mark.parametrize("interval_s", [0.1, 0.2, 0.3])
    def test_two_still_pictures_are_no_head(self, interval_s: float, hole_s: float) -> None:
        """The step from one to the next is no turn, however few frames show it."""
        track = Track(1, BOX, frame(), 0)
        for number in range(24):
            track.taken_s += interval_s + (hole_s if number == 12 else 0)
            track.observe(face(nose=0 if number < 12 else 8), vote(ANN))

        assert FaceState.TURN_HEAD is track.judge()

    def test_a_hole_begins_relief_anew(self) -> None:
        """While nobody is seen another picture may take the place; votes stay."""
        tracker = Tracker()
        for number in range(12):
            looked = face(nose=6 * np.sin(number / 2))
            (track,) = tracker.follow([looked], frame(number * 0.2, number))
            track.observe(looked, vote(ANN))
        assert FaceState.RECOGNISED is track.judge()
        tracker.follow([], frame(2.4))

        assert FaceState.TURN_HEAD is track.judge()

    def test_frames_that_arrive_together_are_no_jump(self) -> None:
        """A nose that turned between two shots did not jump because the network held them."""
        tracker = Tracker()
        for number in range(12):
            taken = NOON + timedelta(seconds=number * 0.4)
            shot = Frame(number, b"", taken, taken, number // 6 * 2.4, b"")
            (track,) = tracker.follow([face(nose=9 * np.sin(number))], shot)
            track.observe(face(nose=9 * np.sin(number)), vote(ANN))

        assert FaceState.RECOGNISED is track.judge()

    @pytest.mark.parametrize(
        ("turns", "passive", "state"),
        [
            (True, 0.9, FaceState.RECOGNISED),
            (True, 0.1, FaceState.LOOK_AGAIN),
            (False, 0.9, FaceState.TURN_HEAD),
            (False, 0.1, FaceState.TURN_HEAD),
        ],
    )
    def test_the_model_and_the_relief_must_agree(
        self, turns: bool, passive: float, state: FaceState
    ) -> None:
        """What to do about it is said: turn, or look again."""
        assert state is seen(12, turns=turns, passive=passive).judge()

    def test_the_models_score_is_the_mean_of_its_last_looks(self) -> None:
        """Eight of them; None without a model."""
        track = seen(20, turns=True, passive=0.0)
        look_at(track, 8, turns=True, passive=0.5)

        assert 0.5 == track.passive_score
        assert voted(vote(ANN)).passive_score is None


class TestNextPerson:
    """Whoever steps into a track inherits nothing."""

    def test_another_face_is_noticed(self) -> None:
        """By its embedding against the last one."""
        track = voted(vote(ANN))

        assert track.is_other_person(face(embedding=ME[1]), 0.3)
        assert not track.is_other_person(face(embedding=ME[0]), 0.3)

    def test_a_face_that_was_not_embedded_is_nobody_else(self) -> None:
        """It did not pass the gate; the first look has nothing to compare with."""
        assert not voted(vote(ANN)).is_other_person(face(embedding=None), 0.3)
        assert not Track(1, BOX, frame(), 0).is_other_person(face(), 0.3)

    def test_beginning_anew_forgets_everything(self) -> None:
        """Votes, looks, relief, model scores, and the time of the first frame."""
        track = seen(SPOOF_AFTER_LOOKS, turns=True, passive=0.9)
        now = frame(9, 50)

        track.begin_anew(now)

        assert now is track.first
        assert (0, 0.0, None, None) == (
            track.looks, track.relief, track.passive_score, track.winner(),
        )  # fmt: skip
        assert FaceState.LOOK_AGAIN is track.judge()
        assert not track.is_other_person(face(embedding=ME[1]), 0.3)


class TestTime:
    """When a person came: the first frame of the track, within limits."""

    def test_the_first_frame_counts(self) -> None:
        """By our clock and the device's, however long the vote took within a minute."""
        track = Track(1, BOX, frame(10), 10)

        arrival = NOON + timedelta(seconds=10)
        assert (arrival, arrival - timedelta(seconds=1)) == track.began(frame(10 + BACK_S_MAX))

    def test_nobody_is_dated_back_further(self) -> None:
        """A face that was held up for a quarter of an hour keeps the time for a minute only."""
        track = Track(1, BOX, frame(0), 0)

        came = NOON + timedelta(seconds=900 - BACK_S_MAX)
        assert (came, came - timedelta(seconds=1)) == track.began(frame(900))

    def test_a_suspected_picture_keeps_no_time(self) -> None:
        """What comes behind it begins with that frame, and must be the same face to go on."""
        track = seen(SPOOF_AFTER_LOOKS, turns=False)
        track.suspect(frame(9, 41))

        assert (41, 0) == (track.first.number, track.looks)
        assert track.winner() is None
        assert track.is_other_person(face(embedding=ME[1]), 0.3)


def boxes(*lefts: float) -> list[Face]:
    """Returns faces of 100 pixels side by side."""
    return [face(BoundingBox(left, 100, left + 100, 200)) for left in lefts]


def numbers(tracks: Sequence[Track]) -> list[int]:
    """Returns the numbers of tracks."""
    return [track.number for track in tracks]


class TestTracker:
    """Boxes become tracks."""

    def test_follows_people_who_walk(self) -> None:
        """In the order of the faces, whichever order the detector gives."""
        tracker = Tracker()

        assert [1, 2] == numbers(tracker.follow(boxes(0, 500), frame(0)))
        assert [2, 1] == numbers(tracker.follow(boxes(470, 30), frame(0.2)))
        assert [1, 2] == numbers(tracker.follow(boxes(60, 440), frame(0.4)))

    def test_the_larger_overlap_wins(self) -> None:
        """Two who stand close keep their numbers."""
        tracker = Tracker()
        tracker.follow(boxes(0, 60), frame(0))

        assert [2, 1] == numbers(tracker.follow(boxes(50, 10), frame(0.2)))

    def test_one_track_is_never_given_to_two_faces(self) -> None:
        """The second one is new."""
        tracker = Tracker()
        tracker.follow(boxes(0), frame(0))

        assert [1, 2] == numbers(tracker.follow(boxes(5, 20), frame(0.2)))

    def test_a_jump_is_somebody_else(self) -> None:
        """Below the least overlap."""
        left = 100 * (1 - OVERLAP_MIN) / (1 + OVERLAP_MIN)
        for step, number in ((left - 1, 1), (left + 1, 2)):
            tracker = Tracker()
            tracker.follow(boxes(0), frame(0))
            assert [number] == numbers(tracker.follow(boxes(step), frame(0.2)))

    def test_who_looks_away_for_a_moment_is_the_same(self) -> None:
        """1.5 seconds; after that the place belongs to the next."""
        for gap, number in ((GONE_AFTER_S, 1), (GONE_AFTER_S + 0.1, 2)):
            tracker = Tracker()
            tracker.follow(boxes(0), frame(10))
            tracker.follow([], frame(11))
            tracker.follow([], frame(11 + gap))
            assert [number] == numbers(tracker.follow(boxes(0), frame(13)))

    def test_nobody_leaves_while_nothing_is_looked_at(self) -> None:
        """A busy server that skips a minute of frames makes nobody late; beyond it nobody waits."""
        for gap, number in ((BACK_S_MAX, 1), (BACK_S_MAX + 0.1, 2)):
            tracker = Tracker()
            tracker.follow(boxes(0), frame(10))
            assert [number] == numbers(tracker.follow(boxes(0), frame(10 + gap)))

    def test_a_gap_behind_a_missing_frame_ages_nobody(self) -> None:
        """One frame without the person, then none for long, is a person who looked away."""
        tracker = Tracker()
        tracker.follow(boxes(0), frame(10))
        tracker.follow([], frame(10.1))
        assert [1] == numbers(tracker.follow(boxes(0), frame(30)))
        tracker.follow([], frame(31))

        assert [1] == numbers(tracker.follow(boxes(0), frame(33)))

    def test_a_track_keeps_its_first_frame(self) -> None:
        """Its arrival is the time of the event."""
        tracker = Tracker()
        tracker.follow(boxes(0), frame(1, 11))
        (track,) = tracker.follow(boxes(10), frame(2, 12))

        assert (11, 2, 10) == (track.first.number, track.seen_s, track.box.left)

    def test_knows_who_is_in_view(self) -> None:
        """Those who left are not."""
        tracker = Tracker()
        tracker.follow(boxes(0, 500), frame(0))
        assert {1, 2} == tracker.numbers

        tracker.follow(boxes(0), frame(1))
        tracker.follow(boxes(0), frame(1.1 + GONE_AFTER_S))
        assert {1} == tracker.numbers

    def test_a_crowd_is_bounded(self) -> None:
        """However many faces flash by, the oldest tracks go; numbers are never used twice."""
        tracker = Tracker()
        given: list[int] = []
        for number in range(40):
            given += numbers(tracker.follow(boxes(number * 300.0), frame(number / 100)))

        assert list(range(1, 41)) == given
        assert TRACKS_MAX == len(tracker.numbers)


class TestPassedOver:
    """A face that has its answer is not compared at every frame; nobody loses time by that."""

    def test_the_next_person_begins_where_nobody_looked(self) -> None:
        """The first frame that may have shown them counts, not the one that was compared."""
        track = seen(3, turns=False)
        track.pass_over(frame(1.0, 11))
        track.pass_over(frame(1.2, 12))
        track.begin_anew(frame(1.4, 13))

        assert 11 == track.first.number

    def test_a_compared_frame_clears_it(self) -> None:
        """What was the same person until then is not the next one's time."""
        track = seen(3, turns=False)
        track.pass_over(frame(1.0, 11))
        track.observe(face(), vote(ANN))
        track.begin_anew(frame(1.4, 13))

        assert 13 == track.first.number

    def test_only_answered_and_lately_compared(self) -> None:
        """Other faces are looked at whenever they are good enough."""
        tracker = Tracker()
        far = BoundingBox(300, 100, 400, 200)
        near, other = tracker.follow([face(), face(far)], frame(1.0))
        for track in (near, other):
            track.observe(face(track.box), vote(ANN))

        assert [BOX] == tracker.boxes({near.number}, checked_since_s=0.5)
        assert [BOX, far] == tracker.boxes({near.number, other.number}, checked_since_s=1.0)
        assert [] == tracker.boxes({near.number}, checked_since_s=1.1)
