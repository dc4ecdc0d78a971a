"""The liveness challenge: what is asked, what counts as done, and what voids it."""

import random
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain.challenge import (
    CLOSER_RATIO_MIN,
    HOLD_FRAMES,
    NONCE_BYTES,
    STEPS,
    WRONG_FRAMES_MAX,
    WRONG_YAW_MIN,
    Challenge,
    Progress,
    Step,
    new_challenge,
)
from server.domain.face import Measures

FRONT, LEFT, RIGHT, CLOSER = Step.FRONT, Step.LEFT, Step.RIGHT, Step.CLOSER
EYES = 60.0


def look(yaw: float = 0, near: float = 1) -> Measures:
    """Returns a face that is turned and so many times as near as at first."""
    return Measures(EYES * near, 80, 120, 1, yaw, 0.5, 0)


ACTS = {FRONT: look(), LEFT: look(0.25), RIGHT: look(-0.25), CLOSER: look(near=1.4)}


def watch(progress: Progress, *looks: Measures) -> Progress:
    """Shows faces, one a frame."""
    for measures in looks:
        progress.observe(measures)
    return progress


def begun(*steps: Step) -> Progress:
    """Returns the progress of a challenge whose first step, FRONT, is done."""
    return watch(Progress((FRONT, *steps)), *[look()] * HOLD_FRAMES)


class TestNewChallenge:
    """What the server asks for."""

    @settings(deadline=None, max_examples=40)
    @given(st.randoms(use_true_random=False))
    def test_has_its_documented_form(self, source: random.Random) -> None:
        """4 steps, first FRONT, no two alike in a row, at least one turn; 32 bytes."""
        challenge = new_challenge(source.choice)

        assert STEPS == len(challenge.steps)
        assert FRONT is challenge.steps[0]
        assert all(first is not second for first, second in pairwise(challenge.steps))
        assert {LEFT, RIGHT} & set(challenge.steps)
        assert NONCE_BYTES == len(challenge.nonce)

    def test_every_allowed_sequence_comes_and_as_often(self) -> None:
        """3 ways to go on, three times, less the 1 sequence without a turn: 26."""
        source = random.Random(1)
        drawn = Counter(new_challenge(source.choice).steps for _ in range(5200))

        assert 26 == len(drawn)
        # 200 expected of each, standard deviation 14: 5 of them to each side.
        assert 130 < min(drawn.values()) <= max(drawn.values()) < 270

    def test_is_new_each_time(self) -> None:
        """The default source gives other nonces and other steps."""
        challenges = [new_challenge() for _ in range(60)]

        assert 60 == len({challenge.nonce for challenge in challenges})
        assert len({challenge.steps for challenge in challenges}) > 10

    def test_the_nonce_is_not_printed(self) -> None:
        """A log line of a challenge gives nothing away."""
        assert "nonce" not in repr(Challenge(b"\x07" * 32, (FRONT,)))


class TestProgress:
    """How a live person gets through."""

    @pytest.mark.parametrize("mirror", [1, -1])
    def test_every_sequence_can_be_done(self, mirror: int) -> None:
        """Each step is held, the pose between two counts for nothing; nobody fails."""
        source = random.Random(2)
        for _ in range(40):
            steps = new_challenge(source.choice).steps
            progress = Progress(steps)
            for number, step in enumerate(steps):
                assert step is progress.step
                watch(progress, *[ACTS[step]] * HOLD_FRAMES, look(0.09 * mirror))
                assert number + 1 == progress.done
            assert progress.step is None
            assert not progress.failed

    @pytest.mark.parametrize("last", [LEFT, RIGHT, CLOSER])
    def test_who_left_doubt_turns_once_more(self, last: Step) -> None:
        """Another turn than the one just held: it would be done before it is asked."""
        progress = Progress([FRONT, last])
        watch(progress, look(), look(), ACTS[last], ACTS[last])
        assert progress.step is None

        progress.look_again()
        turn = progress.step
        assert turn in {LEFT, RIGHT} - {last}
        watch(progress, ACTS[turn], ACTS[turn], look(), look())

        assert progress.step is None
        assert 4 == progress.done

    def test_a_single_frame_is_no_step(self) -> None:
        """It may be noise: a step is held for two frames in a row."""
        progress = begun(LEFT)

        watch(progress, ACTS[LEFT], look(), ACTS[LEFT], look())
        assert 1 == progress.done

        watch(progress, ACTS[LEFT], ACTS[LEFT])
        assert 2 == progress.done

    def test_nothing_counts_before_the_face_looks_ahead(self) -> None:
        """Turned heads neither begin a challenge nor void it."""
        progress = watch(Progress((FRONT, LEFT)), *[look(0.3), look(-0.3)] * 10)

        assert (0, False) == (progress.done, progress.failed)

    def test_turns_count_against_the_persons_own_front(self) -> None:
        """A camera at the side of the phone gives everybody a yaw."""
        progress = watch(Progress((FRONT, LEFT)), look(0.15), look(0.15))

        watch(progress, look(0.2), look(0.2))
        assert 1 == progress.done

        watch(progress, look(0.26), look(0.26))
        assert progress.step is None

    def test_coming_closer_counts_against_the_first_distance(self) -> None:
        """1.22 times the eye distance of the frontal frames."""
        progress = begun(CLOSER)

        watch(progress, *[look(near=CLOSER_RATIO_MIN - 0.01)] * 5)
        assert 1 == progress.done

        watch(progress, *[look(near=CLOSER_RATIO_MIN + 0.01)] * 2)
        assert progress.step is None

    def test_a_near_face_may_still_look_ahead(self) -> None:
        """FRONT after CLOSER needs no step back."""
        progress = watch(begun(CLOSER, FRONT), *[ACTS[CLOSER]] * (2 * HOLD_FRAMES))

        assert progress.step is None

    def test_more_frames_change_nothing_at_the_end(self) -> None:
        """Frames that were on their way do not void what is done."""
        progress = watch(begun(LEFT), *[ACTS[LEFT]] * 2, *[ACTS[RIGHT]] * 10)

        assert (2, False, None) == (progress.done, progress.failed, progress.step)


class TestWrongMovement:
    """A movement that was not asked for voids the challenge."""

    @pytest.mark.parametrize(
        ("steps", "wrong"),
        [((LEFT,), RIGHT), ((RIGHT,), LEFT), ((CLOSER,), LEFT), ((CLOSER, LEFT), RIGHT)],
    )
    def test_the_other_turn_fails(self, steps: Sequence[Step], wrong: Step) -> None:
        """In three frames, not sooner."""
        progress = watch(begun(*steps), *[ACTS[wrong]] * (WRONG_FRAMES_MAX - 1))
        assert not progress.failed

        watch(progress, ACTS[wrong])
        assert progress.failed

    def test_what_failed_stays_failed(self) -> None:
        """The right movement comes too late."""
        progress = watch(begun(LEFT), *[ACTS[RIGHT]] * 3, *[ACTS[LEFT]] * 5)

        assert (True, 1) == (progress.failed, progress.done)

    def test_a_clip_with_every_movement_fails(self) -> None:
        """Left, right, left, right: one of them was not asked for."""
        clip = [look(), ACTS[RIGHT], ACTS[RIGHT], look(), ACTS[LEFT], ACTS[LEFT]] * 4

        assert watch(begun(CLOSER, LEFT), *clip).failed

    def test_the_turn_before_may_linger(self) -> None:
        """The person needs a moment to come back."""
        progress = watch(begun(LEFT, FRONT), *[ACTS[LEFT]] * 12, *[look()] * 2)

        assert (3, False) == (progress.done, progress.failed)

    def test_a_small_turn_is_no_movement(self) -> None:
        """Just under the limit, for as long as the person likes."""
        progress = watch(begun(LEFT), *[look(-WRONG_YAW_MIN + 0.01)] * 50)

        assert (1, False) == (progress.done, progress.failed)

    def test_not_moving_never_fails(self) -> None:
        """Time runs out instead."""
        assert not watch(begun(LEFT), *[look()] * 500).failed

    def test_each_step_forgives_anew(self) -> None:
        """Two odd frames in each step are not added up."""
        progress = begun(LEFT, FRONT, LEFT)
        for step in (LEFT, FRONT, LEFT):
            watch(progress, ACTS[RIGHT], ACTS[RIGHT], *[ACTS[step]] * 2)

        assert (4, False) == (progress.done, progress.failed)


class TestNoise:
    """Landmarks tremble."""

    def test_is_tolerated(self) -> None:
        """With a deviation of 0.03 in yaw, 200 people out of 200 get through."""
        source = random.Random(3)
        for _ in range(200):
            steps = new_challenge(source.choice).steps
            progress = Progress(steps)
            for step in steps:
                for _ in range(12):
                    act = ACTS[step]
                    progress.observe(look(act.yaw + source.gauss(0, 0.03), act.eye_distance / EYES))
            assert (STEPS, False) == (progress.done, progress.failed)

    def test_does_not_make_a_turn_of_none(self) -> None:
        """A still face never does a step that asks for a turn."""
        source = random.Random(4)
        for step in (LEFT, RIGHT):
            progress = begun(step)
            watch(progress, *[look(source.gauss(0, 0.03)) for _ in range(600)])

            assert (1, False) == (progress.done, progress.failed)
