"""What the sides reached, and how they compare: pure functions on the reports of the rounds."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

# With fewer faces embedded, a side did not do the work that is measured.
EMBEDDED_SHARE_MIN = 0.8
# Each side runs so long before each round, uncounted: all meet it with warm caches and models.
WARM_UP_SECONDS = 1.0
HADIR = "hadir"


class PeerFailed(Exception):
    """A side that could not do its work; the message is for the user."""


@dataclass(frozen=True, slots=True)
class Run:
    """One round of one side. latency_ms: median time from a frame to its answer."""

    frames: int
    embedded: int
    seconds: float
    latency_ms: float

    @property
    def embedded_share(self) -> float:
        """Share of the frames whose face was embedded."""
        return self.embedded / self.frames if self.frames else 0.0


@dataclass(slots=True)
class Side:
    """Everything known of one side. frames_per_second: one of each round."""

    name: str
    runs_with: str
    frames_per_second: list[float]
    latency_ms: list[float]
    embedded_share: list[float]
    peak_memory_mb: float = 0.0
    verification: dict[str, Any] | None = None

    def add(self, run: Run) -> None:
        """Takes a round. Raises PeerFailed for one that counts for nothing."""
        self.frames_per_second.append(rate(run, strict=self.name == HADIR))
        self.latency_ms.append(run.latency_ms)
        self.embedded_share.append(run.embedded_share)

    def as_dict(self) -> dict[str, Any]:
        """Returns the side for a report, with its medians."""
        rate_median = median(self.frames_per_second)
        return {
            **asdict(self),
            "frames_per_second_median": rate_median,
            "ms_per_frame": 1e3 / rate_median,
            "latency_ms_median": median(self.latency_ms),
            "embedded_share_median": median(self.embedded_share),
        }


def rate(run: Run, *, strict: bool) -> float:
    """Returns frames a second. Raises PeerFailed if too few faces were embedded.

    strict: only frames whose face was embedded count. That is Hadir's rule; for a peer every frame
    counts, also one in which it found nobody, so that a doubt is never in Hadir's favour.
    """
    if run.embedded_share < EMBEDDED_SHARE_MIN or run.seconds <= 0:
        raise PeerFailed(
            f"only {run.embedded} of {run.frames} frames had their face embedded: "
            "such a rate says nothing"
        )
    return (run.embedded if strict else run.frames) / run.seconds


def parse_report(line: str) -> dict[str, Any]:
    """Reads a line of a worker. Raises PeerFailed if it is no report."""
    try:
        report = json.loads(line)
    except ValueError:
        report = None
    if not isinstance(report, dict):
        raise PeerFailed(f"no report: {line[:200]!r}")
    return report


def parse_run(report: dict[str, Any]) -> Run:
    """Returns the round that a worker reports. Raises PeerFailed if figures are missing."""
    try:
        return Run(
            frames=int(report["frames"]),
            embedded=int(report["embedded"]),
            seconds=float(report["seconds"]),
            latency_ms=float(report["latency_ms"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise PeerFailed(f"no round: {report}") from error


def ratio(hadir: Sequence[float], peer: Sequence[float]) -> float:
    """Returns the median over the rounds of Hadir's frames a second through the peer's.

    Within a round both meet the same state of the machine.
    """
    return median(ours / theirs for ours, theirs in zip(hadir, peer, strict=True))


def ratios(sides: Sequence[Side]) -> dict[str, float]:
    """Returns the ratio to each peer, by its name."""
    hadir = next(side for side in sides if side.name == HADIR)
    return {
        side.name: ratio(hadir.frames_per_second, side.frames_per_second)
        for side in sides
        if side.name != HADIR
    }
