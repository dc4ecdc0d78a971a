"""Why a check-in is refused. The names equal those of the API."""

import enum


class Refusal(enum.Enum):
    """Reasons of a refusal; nothing is recorded as attendance then."""

    OUTSIDE_GEOFENCE = "OUTSIDE_GEOFENCE"
    LOCATION_INACCURATE = "LOCATION_INACCURATE"
    MOCK_LOCATION = "MOCK_LOCATION"
    FACE_MISMATCH = "FACE_MISMATCH"
    IDENTITY_CHANGED = "IDENTITY_CHANGED"
    CHALLENGE_EXPIRED = "CHALLENGE_EXPIRED"
    CHALLENGE_MISMATCH = "CHALLENGE_MISMATCH"
    SPOOF_SUSPECTED = "SPOOF_SUSPECTED"
    SEAL_INVALID = "SEAL_INVALID"
    FRAME_TIMING = "FRAME_TIMING"
    FRAMES_REUSED = "FRAMES_REUSED"
    NO_SITE = "NO_SITE"
    ABANDONED = "ABANDONED"


# Refusals that may be an attack on the face match: too many in a row make the device wait. One is
# to hang up until the challenge is the sequence that a recorded clip shows.
SUSPICIOUS = frozenset(
    {
        Refusal.FACE_MISMATCH,
        Refusal.IDENTITY_CHANGED,
        Refusal.CHALLENGE_MISMATCH,
        Refusal.SPOOF_SUSPECTED,
        Refusal.SEAL_INVALID,
        Refusal.FRAME_TIMING,
        Refusal.FRAMES_REUSED,
        Refusal.MOCK_LOCATION,
        Refusal.ABANDONED,
    }
)


class CheckInRefused(Exception):
    """A check-in ends without an event."""

    def __init__(self, refusal: Refusal, *, distance_m: float = 0.0) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal
        self.distance_m = distance_m
