"""When the next frame of each stream should come, so that frames do not wait for each other.

Pure, on any clock. Phones that send when they like meet by chance, and then all of them wait in
line; told when, their frames come one after the other, and where many are there all slow down
alike. Estimate: 1 microsecond a frame for hundreds of streams, 40 where all is taken.
"""

from bisect import bisect_left, insort
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class _Slot:
    start_s: float
    end_s: float
    stream: object


def _start_s(slot: _Slot) -> float:
    return slot.start_s


class Slots:
    """Stretches of a machine's time that were given away and are not over yet, one a stream."""

    def __init__(self) -> None:
        self._taken: list[_Slot] = []
        self._of: dict[object, _Slot] = {}

    def __len__(self) -> int:
        return len(self._taken)

    def take(
        self,
        stream: object,
        earliest_s: float,
        latest_s: float,
        *,
        now_s: float,
        length_s: float,
    ) -> float:
        """Gives a stream the first free stretch that begins at earliest_s or later, and no other.

        Returns its beginning. Where none is free until latest_s it begins then, whatever else does.
        """
        taken = self._taken
        while taken and taken[0].end_s <= now_s:
            self._forget(taken[0])
        if stream in self._of:
            self._forget(self._of[stream])
        start_s = earliest_s
        index = bisect_left(taken, earliest_s, key=_start_s)
        if index:
            start_s = max(start_s, taken[index - 1].end_s)
        while index < len(taken) and taken[index].start_s < start_s + length_s:
            start_s = max(start_s, taken[index].end_s)
            index += 1
        start_s = min(start_s, latest_s)
        slot = _Slot(start_s, start_s + length_s, stream)
        insort(taken, slot, key=_start_s)
        self._of[stream] = slot
        return start_s

    def _forget(self, slot: _Slot) -> None:
        del self._of[slot.stream]
        index = bisect_left(self._taken, slot.start_s, key=_start_s)
        while self._taken[index] is not slot:
            index += 1
        del self._taken[index]
