"""The order of work: people before empty views, faces of several frames in one batch."""

import pytest

from server.vision.line import (
    BATCH_MAX,
    BATCH_WAIT_S,
    BUCKETS,
    IDLE_TURN,
    Line,
    LineFull,
    Urgency,
    bucket_of,
)

PERSON, IDLE = Urgency.PERSON, Urgency.IDLE


def line(*frames: tuple[str, Urgency], frames_max: int = 100) -> Line[str, str]:
    """Returns a line in which these frames wait."""
    made: Line[str, str] = Line(frames_max)
    for name, urgency in frames:
        made.add_frame(name, urgency)
    return made


class TestFrames:
    """Which frame is looked at next, and which gives way."""

    def test_people_first_in_their_order(self):
        """An empty view waits for those who wait."""
        waiting = line(("view", IDLE), ("ann", PERSON), ("ben", PERSON))

        assert ["ann", "ben", "view", None] == [waiting.next_frame() for _ in range(4)]

    def test_an_empty_view_has_its_turn(self):
        """However many people wait: somebody may have come into it."""
        waiting = line(*[(f"p{n}", PERSON) for n in range(3 * IDLE_TURN)], ("view", IDLE))

        turns = [waiting.next_frame() for _ in range(2 * IDLE_TURN)]

        assert IDLE_TURN - 1 == turns.index("view")

    def test_the_oldest_view_gives_way_to_a_person(self):
        """Kiosks that see nobody lose their frames first."""
        waiting = line(("old", IDLE), ("new", IDLE), frames_max=2)

        assert "old" == waiting.add_frame("ann", PERSON)
        assert ["ann", "new", None] == [waiting.next_frame() for _ in range(3)]

    @pytest.mark.parametrize(("held", "newcomer"), [(PERSON, PERSON), (PERSON, IDLE), (IDLE, IDLE)])
    def test_a_full_line_refuses(self, held, newcomer):
        """A person gives way to nobody, and a view not to another view."""
        waiting = line(("a", held), ("b", held), frames_max=2)

        with pytest.raises(LineFull):
            waiting.add_frame("c", newcomer)
        assert 2 == waiting.frames_waiting


class TestFaces:
    """Which faces are embedded together, and when."""

    def test_alone_at_once(self):
        """Nobody waits for company that will not come."""
        waiting = line()
        waiting.add_faces("ann", 1, 0.0)

        assert ["ann"] == waiting.next_faces(0.0)
        assert [] == waiting.next_faces(0.0)

    def test_waits_a_little_while_frames_wait(self):
        """More faces are about to come: a few milliseconds, and no longer."""
        waiting = line(("frame", PERSON))
        waiting.add_faces("ann", 1, 1.0)

        assert [] == waiting.next_faces(1.0 + BATCH_WAIT_S * 0.9)
        assert ["ann"] == waiting.next_faces(1.0 + BATCH_WAIT_S)

    def test_a_full_batch_goes_at_once(self):
        """Whatever else waits; what is left goes with the next."""
        waiting = line(("frame", PERSON))
        for number in range(BATCH_MAX + 1):
            waiting.add_faces(f"f{number}", 1, 0.0)

        assert [f"f{number}" for number in range(BATCH_MAX)] == waiting.next_faces(0.0)
        assert [] == waiting.next_faces(0.0)
        assert ["f8"] == waiting.next_faces(BATCH_WAIT_S)

    @pytest.mark.parametrize(
        ("waiting_faces", "batches"),
        [(3, [2, 1]), (5, [4, 1]), (6, [4, 2]), (7, [4, 2, 1]), (8, [8])],
    )
    def test_no_batch_is_filled_up_with_blanks(self, waiting_faces, batches):
        """A blank costs as much as a face: an odd number goes in two or three batches."""
        waiting = line()
        for number in range(waiting_faces):
            waiting.add_faces(f"f{number}", 1, 0.0)

        assert batches == [len(waiting.next_faces(0.0)) for _ in batches]
        assert [] == waiting.next_faces(0.0)

    def test_the_faces_of_a_frame_stay_together(self):
        """A batch that has no room for all of them goes without them."""
        waiting = line()
        for name, count in (("a", 3), ("b", 6), ("c", 1)):
            waiting.add_faces(name, count, 0.0)

        assert [["a"], ["b", "c"], []] == [waiting.next_faces(0.0) for _ in range(3)]

    def test_clear(self):
        """At the end everything that waits is given back, once."""
        waiting = line(("frame", PERSON), ("view", IDLE))
        waiting.add_faces("ann", 2, 0.0)

        assert (["frame", "view"], ["ann"]) == waiting.clear()
        assert ([], []) == waiting.clear()
        assert [] == waiting.next_faces(9.0)


class TestBuckets:
    """Batches have few sizes."""

    def test_smallest_that_holds_all(self):
        """Filled up at most to the next power of two."""
        assert [1, 2, 4, 4, 8, 8, 8, 8] == [bucket_of(n) for n in range(1, BATCH_MAX + 1)]
        assert BATCH_MAX == BUCKETS[-1]
