"""What frames cost a machine, as moving averages: by this places are counted and slots are given.

A worker's time is measured frame by frame. What a server does beside its workers (network, parsing,
storage) uses the same cores and is measured as processor time, while the workers are busy.
"""

import time
from collections.abc import Callable

# Weight of the newest frame, and of the newest measurement of what comes beside.
_NEWEST, _NEWEST_BESIDE = 0.05, 0.3
# A measurement of what comes beside takes so much of the workers' time.
_MEASURED_S = 0.5
# While the machine is less busy, other work of the process would be taken for that of frames; and
# what a report or a login costs beside it is not to take more than half of the places.
_BUSY_MIN = 0.5
_BESIDE_MAX = 2.0


class FrameCost:
    """What a frame takes of one of the workers, if all that a server does were done by them.

    cores: how many the process may use. To be used by one thread.
    busy: the part of the workers' time that frames and what comes beside took in the last of so
    many measurements.
    """

    def __init__(
        self,
        *,
        workers: int,
        cores: int,
        process_s: Callable[[], float] = time.process_time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._workers_a_core = workers / cores
        self._busy_min = _BUSY_MIN * workers
        self._process_s, self._monotonic = process_s, monotonic
        self._look_s, self._embed_s, self._frame_s = 0.003, 0.007, 0.01
        self._beside = 1.0
        self._workers = workers
        self.busy = 0.0
        self.measurements = 0
        self._begin()

    @property
    def look_s(self) -> float:
        """What looking at a frame costs."""
        return self._look_s * self._beside

    @property
    def embed_s(self) -> float:
        """What embedding a face costs."""
        return self._embed_s * self._beside

    @property
    def frame_s(self) -> float:
        """What a frame costs, with what is embedded of it."""
        return self._frame_s * self._beside

    def set(self, look_s: float, embed_s: float, *, embedded: float = 1.0) -> None:
        """Begins with what a warm worker measured; embedded: faces embedded a frame."""
        self._look_s, self._embed_s = look_s, embed_s
        self._frame_s = look_s + embedded * embed_s
        self._begin()

    def note(self, look_s: float, embed_s: float, faces: int) -> None:
        """Takes what a frame cost its worker; embed_s: for each of its faces that were embedded."""
        worked_s = look_s + faces * embed_s
        self._look_s += _NEWEST * (look_s - self._look_s)
        self._frame_s += _NEWEST * (worked_s - self._frame_s)
        if faces:
            self._embed_s += _NEWEST * (embed_s - self._embed_s)
        self._worked_s += worked_s
        if self._worked_s >= _MEASURED_S:
            self._measure()

    def _measure(self) -> None:
        took_s = self._monotonic() - self._began_s
        # By the factor as it is believed: one that is too high leaves the workers idle.
        if self._worked_s * self._beside >= self._busy_min * took_s:
            used_s = self._process_s() - self._used_s
            beside = used_s / self._worked_s * self._workers_a_core
            beside = min(_BESIDE_MAX, max(1.0, beside))
            self._beside += _NEWEST_BESIDE * (beside - self._beside)
        self.busy = self._worked_s * self._beside / took_s / self._workers if took_s else 1.0
        self.measurements += 1
        self._begin()

    def _begin(self) -> None:
        self._worked_s, self._began_s, self._used_s = 0.0, self._monotonic(), self._process_s()
