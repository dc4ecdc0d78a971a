"""Every threshold of forensics, as data that BKD edits (a kind of rule), valid from a date on.

The defaults are proposals: they hold on synthetic provinces (tests/forensics) and, for the
fingerprints, on photos (tests/models/test_fingerprint.py). No regulation names any of them.
"""

from dataclasses import dataclass, field, fields
from datetime import date


@dataclass(frozen=True, slots=True)
class DeviceLimits:
    """Phones and their accounts.

    returns_min: a phone handed on changes its account once; so many times it went back to an
    account it had left. accounts_min: or so many accounts on one phone. cluster_minutes,
    cluster_rebinds_min: so many people got another phone from one actor within that time.
    cluster_same_model_min, cluster_chance_max: so many activations with one model of phone, if
    chance alone does that this seldom (binomial, with the model's share of all activations).
    rebind_days, rebinds_min: so many activations of one person within so many days.
    """

    returns_min: int = 2
    accounts_min: int = 4
    cluster_minutes: float = 15
    cluster_rebinds_min: int = 6
    cluster_same_model_min: int = 6
    cluster_chance_max: float = 1e-6
    rebind_days: float = 30
    rebinds_min: int = 4


@dataclass(frozen=True, slots=True)
class PlaceLimits:
    """Coordinates of phones.

    decimals_min: coordinates with fewer decimals repeat by themselves (5 are 1.1 m) and are not
    counted as recurring. repeat_days_min, repeat_share_min: one coordinate on so many days, in so
    large a part of the person's fixes between its first and last use. together_people_min,
    together_days_min: so many people who stand on one and the same coordinate of the day, on so
    many days. rare_days_max: only coordinates in use on so few days count there: access points
    give many people the same fix for months. together_people_max: more people than one hand can
    check in are an access point's, too. steady_m, steady_fixes_min: so many different fixes of
    which half lie so close to their middle; no receiver among houses does that.
    steady_accuracy_share_min: and so many of them claim the same accuracy. accuracy_m, accuracy_
    days_min, accuracy_share_min: a better accuracy than phones have, on so many days, in so large
    a part of the fixes. mock_days_min: days with a mock location, also a refused one. travel_*:
    faster than near_kmh over less than near_km, or than far_kmh (door to door by plane) beyond;
    slack_m is given away first, and three times both accuracies.
    """

    decimals_min: int = 5
    repeat_days_min: int = 5
    repeat_share_min: float = 0.3
    together_people_min: int = 3
    together_people_max: int = 30
    together_days_min: int = 3
    rare_days_max: int = 2
    steady_m: float = 1.5
    steady_fixes_min: int = 12
    steady_accuracy_share_min: float = 0.75
    accuracy_m: float = 1.0
    accuracy_days_min: int = 5
    accuracy_share_min: float = 0.3
    mock_days_min: int = 3
    travel_near_kmh: float = 120
    travel_near_km: float = 100
    travel_far_kmh: float = 900
    travel_slack_m: float = 2_000


@dataclass(frozen=True, slots=True)
class FrameLimits:
    """Fingerprints of frames, and how many bits of 64 may differ.

    frame_bits: measured, copies of a photo that were encoded anew, rescaled or darkened differ in
    at most 2 bits, photos of the same person before the same wall in 3 or more, other photos in 9
    or more. background_bits: of about 90 rooms composed from photos, those shot again from one
    stand differ in 4 or fewer three times out of four, by hand in 2 of 100. apart_hours: repeats of
    one check-in are no reuse. reuse_days_min, reuse_share_min: one frame of one person on so many
    days, if so large a part of the person's frames of that time is like another. shared_days_min,
    shared_people_min: one frame of two people on so many days, or of so many people. room_minutes:
    checked in so soon one after the other. room_people_min, room_days_min: so many people before
    one background so soon after each other, on so many days. room_share_min: that is so large a
    part of the days on which they had that background, in any order of arrival. room_people_max: a
    background with more people is a lobby's.
    """

    frame_bits: int = 2
    background_bits: int = 4
    apart_hours: float = 1
    reuse_days_min: int = 4
    reuse_share_min: float = 0.4
    shared_days_min: int = 2
    shared_people_min: int = 3
    room_minutes: float = 6
    room_people_min: int = 3
    room_people_max: int = 30
    room_days_min: int = 6
    room_share_min: float = 0.6


@dataclass(frozen=True, slots=True)
class PermitLimits:
    """Permits and who grants them; only accepted ones count.

    late_days: handed in so many days after the last day. often_late_days, often_late_min: so
    often that late by one person. bulk_minutes, bulk_people_min, bulk_late_days, bulk_share_min:
    so many people were granted days so long past within that time, and they are so large a part of
    what was granted then; the trips on one document count once. document_periods_min: one document
    for so many periods. sick_people_min: one doctor's letter for so many people. trip_days_max: a
    surat tugas names a team and a time; used over a longer span it is another trip. outlier_z,
    outlier_count_min: robust distance from the other approvers, and no fewer cases than these.
    outlier_spread_min: approvers differ at least by this part of their norm.
    """

    late_days: float = 10
    often_late_days: float = 3
    often_late_min: int = 5
    bulk_minutes: float = 30
    bulk_people_min: int = 6
    bulk_late_days: float = 2
    bulk_share_min: float = 0.5
    document_periods_min: int = 3
    sick_people_min: int = 3
    trip_days_max: int = 45
    outlier_z: float = 4
    outlier_count_min: int = 12
    outlier_spread_min: float = 0.5


@dataclass(frozen=True, slots=True)
class PastLimits:
    """What is done to days that are over, by BKD above all.

    sitting_minutes, sitting_people_min: for so many people somebody added punches by the own word
    within that time; what was added for one day and site by one reason is one matter, of one
    person. person_days, person_days_min: so many days of one employee within so many were mended.
    outage_people_min: one matter of so many people is an outage, and no day of theirs.
    outage_days_min: but there are no outages of one site on so many days within person_days.
    peers_factor, peers_count_min: somebody added punches by the own word, or voided, in so many
    times as many matters as the others in the median, and in no fewer. void_late_days: a punch is
    voided so many days after its day. void_person_days_min: punches of so many days of one employee
    are voided. rule_days, move_days: so many days that were over were changed by a rule; by a move
    or a new head, whose letter comes late.
    """

    sitting_minutes: float = 30
    sitting_people_min: int = 6
    person_days: int = 30
    person_days_min: int = 6
    outage_people_min: int = 5
    outage_days_min: int = 8
    peers_factor: float = 3
    peers_count_min: int = 20
    void_late_days: float = 10
    void_person_days_min: int = 6
    rule_days: int = 7
    move_days: int = 31


@dataclass(frozen=True, slots=True)
class Limits:
    """One version of all thresholds, from a date on."""

    version: str = "start"
    start: date = date(2026, 1, 1)
    devices: DeviceLimits = field(default_factory=DeviceLimits)
    places: PlaceLimits = field(default_factory=PlaceLimits)
    frames: FrameLimits = field(default_factory=FrameLimits)
    permits: PermitLimits = field(default_factory=PermitLimits)
    past: PastLimits = field(default_factory=PastLimits)


# More bits and comparing near hashes takes minutes.
BITS_MAX = 8


def faults_of(limits: Limits) -> list[str]:
    """Returns what BKD must mend in thresholds, as reasons; empty if nothing."""
    found = set()
    groups = limits.devices, limits.places, limits.frames, limits.permits, limits.past
    for group in groups:
        for name, value in ((one.name, getattr(group, one.name)) for one in fields(group)):
            if name.endswith("_bits"):
                found |= set() if 0 <= value <= BITS_MAX else {"BITS_OUT_OF_RANGE"}
            elif not 0 < value < float("inf"):
                found.add("LIMIT_NOT_POSITIVE")
            elif value > 1 and name.endswith(("_share_min", "_chance_max", "_spread_min")):
                found.add("SHARE_OVER_ONE")
    return sorted(found)
