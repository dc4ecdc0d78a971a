"""Places: what receivers and access points do, and what only a fake does."""

from dataclasses import replace

import numpy as np
import pytest

from server.domain.forensics import places
from server.domain.forensics.limits import PlaceLimits
from server.domain.forensics.model import FindingKind
from server.domain.refusal import Refusal as Reason
from tests.forensics.world import (
    ANI,
    BUDI,
    KIOSK,
    OFFICE,
    TERNATE,
    at,
    mocked,
    seen,
)

LIMITS = PlaceLimits()


def near_office(seed, metres=5.0, decimals=7):
    """A fix with a receiver's error."""
    noise = np.random.default_rng(seed).normal(0, metres / 111_195, 2)
    return tuple(np.round(OFFICE + noise, decimals).tolist())


class TestRecurring:
    """Coordinates to the last digit."""

    def test_one_point_for_weeks(self):
        """A fake GPS of one person, used every other day."""
        days = [seen(day=day, place=OFFICE if day % 2 else near_office(day)) for day in range(20)]

        (finding,) = places.recurring(days, LIMITS)

        assert FindingKind.COORDINATE_REPEATED is finding.kind
        assert (OFFICE,) == finding.evidence.coordinates
        assert 10 == len(finding.evidence.event_ids)
        assert ("days", 10, LIMITS.repeat_days_min) == finding.evidence.figures[0]
        assert 2 == finding.strength

    def test_one_point_for_all(self):
        """The same fake under several names is one finding."""
        days = [seen(nip, day, place=OFFICE) for nip in (ANI, BUDI) for day in range(6)]

        (finding,) = places.recurring(days, LIMITS)

        assert (FindingKind.COORDINATE_SHARED, (ANI, BUDI)) == (finding.kind, finding.nips)

    def test_an_access_point_is_none(self):
        """Many get its place now and then; one whose GPS is off gets it always."""
        days = [
            seen(f"p{k}", day, place=OFFICE if (day + k) % 5 == 0 else near_office(100 * k + day))
            for k in range(9)
            for day in range(40)
        ]
        always = [seen(ANI, day, place=OFFICE) for day in range(40)]

        assert [] == places.recurring(days + always, LIMITS)

    def test_a_phone_that_rounds_is_none(self):
        """At 11 m a cell, people stand where they stood yesterday."""
        days = [seen(day=day, place=near_office(day, 2, 4)) for day in range(30)]

        assert [] == places.recurring(days, LIMITS)

    def test_a_new_point_each_day_for_the_same_few(self):
        """Nobody repeats anything, and yet they always stand on one point."""
        days = [
            seen(nip, day, minutes, place=near_office(day))
            for day in range(4)
            for minutes, nip in enumerate("abc")
        ]

        (finding,) = places.recurring(days, LIMITS)

        assert (FindingKind.COORDINATE_SHARED, ("a", "b", "c")) == (finding.kind, finding.nips)
        assert 4 == len(finding.evidence.coordinates)

    @pytest.mark.parametrize(("days", "people"), [(2, "abc"), (9, "ab"), (9, "x" * 40)])
    def test_fewer_days_or_people_or_a_crowd_are_none(self, days, people):
        """A hotspot of one morning; a couple; a new access point."""
        made = [
            seen(f"{nip}{k}", day, place=near_office(day))
            for day in range(days)
            for k, nip in enumerate(people)
        ]

        assert [] == places.recurring(made, LIMITS)


class TestReceivers:
    """What no receiver claims."""

    def test_too_steady(self):
        """Half a metre of noise, and always the same accuracy."""
        days = [seen(day=day, place=near_office(day, 0.5)) for day in range(20)]

        (finding,) = places.too_steady(days, LIMITS)

        assert FindingKind.FIX_TOO_STEADY is finding.kind
        assert ("fixes", 20, LIMITS.steady_fixes_min) == finding.evidence.figures[0]

    @pytest.mark.parametrize("metres", [0.0, 4.0])
    def test_a_constant_accuracy_alone_is_none(self, metres):
        """Neither with honest noise nor with the one place of an access point."""
        days = [seen(day=day, place=near_office(day, metres)) for day in range(30)]

        assert [] == places.too_steady(days, LIMITS)

    def test_a_steady_fix_with_an_honest_accuracy_is_none(self):
        """Whatever it is, it estimates."""
        days = [
            seen(day=day, place=near_office(day, 0.5), accuracy_m=2.0 + day) for day in range(20)
        ]

        assert [] == places.too_steady(days, LIMITS)

    def test_too_good(self):
        """Centimetres, day by day."""
        days = [seen(day=day, place=near_office(day), accuracy_m=0.05) for day in range(5)]

        (finding,) = places.too_good(days, LIMITS)

        assert FindingKind.ACCURACY_TOO_GOOD is finding.kind
        assert [] == places.too_good(days[1:], LIMITS)

    def test_mocks_on_three_days(self):
        """Refused or seen; trying again on the same morning is one day."""
        one_day = [mocked(minutes=minute) for minute in range(9)]
        other = mocked(day=1, reason=Reason.FACE_MISMATCH)
        found = places.mocked([seen(day=8, mock=True)], [*one_day, mocked(day=3)], LIMITS)

        assert [(ANI,)] == [finding.nips for finding in found]
        assert [] == places.mocked([], [*one_day, mocked(day=3), other], LIMITS)


class TestLeaps:
    """Two places, too little time."""

    @pytest.mark.parametrize(
        ("place", "minutes", "found"),
        [
            (TERNATE, 5, True),  # 21 km
            (TERNATE, 40, False),  # by speedboat
            ((-6.1754, 106.8272), 60, True),  # Jakarta, 2,400 km
            ((-6.1754, 106.8272), 240, False),  # by plane
            (near_office(1, 300), 0.1, False),  # a bad fix is no flight
        ],
    )
    def test_speed(self, place, minutes, found):
        """Between phone and kiosk as well, in whatever order they are told."""
        kiosk = seen(minutes=minutes, place=place, source=KIOSK, device_id="k", accuracy_m=50)

        findings = places.leaps([kiosk, seen(place=OFFICE)], LIMITS)

        assert found == bool(findings)
        if found:
            assert 2 == len(findings[0].evidence.event_ids)
            assert findings[0].strength > 1

    def test_accuracies_are_given_away(self):
        """A fix that may be off by seven kilometres proves nothing over twenty."""
        near = seen(place=OFFICE)
        far = seen(minutes=5, place=TERNATE)
        vague = [replace(one, accuracy_m=3_500) for one in (near, far)]

        assert places.leaps([near, far], LIMITS)
        assert [] == places.leaps(vague, LIMITS)

    def test_no_place_no_leap(self):
        """Who was seen somewhere unknown in between is not lost."""
        between = seen(minutes=2, place=None)

        (finding,) = places.leaps(
            [seen(place=OFFICE), between, seen(minutes=4, place=TERNATE)], LIMITS
        )

        assert (at(0, 0), at(0, 4)) == (finding.first, finding.last)
