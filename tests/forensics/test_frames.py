"""Pictures: a recording comes again and again, a lobby's wall is everybody's."""

import numpy as np

from server.domain.forensics import frames
from server.domain.forensics.limits import FrameLimits
from server.domain.forensics.model import FindingKind
from tests.forensics.world import ANI, BUDI, KIOSK, OUT, seen

LIMITS = FrameLimits()
FRAME, ROOM = 0x0123456789ABCDEF, 0x5555AAAA5555AAAA


def other(number):
    """A hash that is near no other."""
    return int(np.random.default_rng(number).integers(0, 2**64, dtype=np.uint64))


class TestCopied:
    """The same frame again."""

    def test_a_recording_on_several_days(self):
        """Encoded anew, it differs by a bit or two."""
        days = [seen(day=day, frame=FRAME ^ (1 << day)) for day in range(5)]

        (finding,) = frames.copied(days, LIMITS)

        assert FindingKind.FRAME_REUSED is finding.kind
        assert 5 == len(finding.evidence.event_ids)
        assert ("days", 5, LIMITS.reuse_days_min) == finding.evidence.figures[0]

    def test_a_retry_is_none(self):
        """A lost answer makes a client send the same frames, minutes later."""
        retries = [
            seen(day=day, minutes=minute, frame=other(day)) for day in range(9) for minute in (0, 3)
        ]

        assert [] == frames.copied(retries, LIMITS)

    def test_a_stand_on_the_desk_is_none(self):
        """Some shots are alike by chance, most are not."""
        alike = [seen(day=10 * day, frame=FRAME) for day in range(4)]
        rest = [seen(day=day, minutes=1, frame=other(day)) for day in range(31)]

        assert [] == frames.copied(alike + rest, LIMITS)

    def test_one_frame_of_two_people(self):
        """A colleague's recording; once may be chance, two days are not."""
        once = [seen(ANI, 0, frame=FRAME), seen(BUDI, 0, frame=FRAME)]

        (finding,) = frames.copied([*once, seen(BUDI, 1, frame=FRAME ^ 1)], LIMITS)

        assert (FindingKind.FRAME_SHARED, (ANI, BUDI)) == (finding.kind, finding.nips)
        assert [] == frames.copied(once, LIMITS)

    def test_ranked_by_what_is_over_its_limit(self):
        """Five people on one day are no weaker than two on three."""
        many = [seen(f"p{number}", 0, frame=FRAME) for number in range(5)]

        (finding,) = frames.copied(many, LIMITS)

        assert "people" == finding.evidence.figures[0].name
        assert finding.strength >= 1

    def test_a_kiosk_sees_the_same_hall(self):
        """And nobody sends it anything."""
        hall = [seen(nip, day, frame=FRAME, source=KIOSK) for nip in "abc" for day in range(9)]

        assert [] == frames.copied(hall, LIMITS)


def morning(day, people, gap, **more):
    """People before one background, `gap` minutes after each other, in an order of the day."""
    order = np.random.default_rng(day).permutation(len(people))
    return [
        seen(people[k], day, gap * place, background=ROOM ^ (1 << place % 2), **more)
        for place, k in enumerate(order)
    ]


class TestRooms:
    """The same background on several phones."""

    def test_one_hand_after_another(self):
        """Five phones, a minute each, every morning."""
        days = [one for day in range(8) for one in morning(day, "abcde", 1)]

        (finding,) = frames.rooms(days, LIMITS)

        assert FindingKind.BACKGROUND_SHARED is finding.kind
        assert tuple("abcde") == finding.nips
        assert ("days", 8, LIMITS.room_days_min) == finding.evidence.figures[0]

    def test_colleagues_who_come_when_they_come_are_none(self):
        """The same wall, another neighbour in the queue each day."""
        days = [one for day in range(20) for one in morning(day, "abcdefghij", 5)]

        assert [] == frames.rooms(days, LIMITS)

    def test_leaving_together_is_none(self):
        """Everybody goes home at four."""
        days = [one for day in range(9) for one in morning(day, "abcde", 0.5, kind=OUT)]

        assert [] == frames.rooms(days, LIMITS)

    def test_a_couple_is_none(self):
        """Two who drive together."""
        days = [one for day in range(20) for one in morning(day, "ab", 1)]

        assert [] == frames.rooms(days, LIMITS)

    def test_a_lobby_is_none(self):
        """More people than one hand can check in."""
        crowd = [f"p{k}" for k in range(45)]
        days = [one for day in range(9) for one in morning(day, crowd, 0.2)]

        assert [] == frames.rooms(days, LIMITS)
