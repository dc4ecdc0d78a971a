"""When the next frame of each stream should come, so that frames do not wait for each other.

Pure, on any clock. Phones that send when they like meet by chance, and then all of them wait in
line; told when, their frames come one after the other, and where many are there all slow down
alike. Estimate: 1 microsecond and 100 bytes for each stream that is told.
"""

from bisect import insort


class Slots:
    """Stretches of a machine's time that were given away and are not over yet, in order."""

    def __init__(self) -> None:
        self._taken: list[tuple[float, float]] = []

    def take(self, earliest_s: float, latest_s: float, *, now_s: float, length_s: float) -> float:
        """Takes the first free stretch that begins at earliest_s or later. Returns its beginning.

        Where none is free until latest_s it begins then, whatever else does.
        """
        self._taken = [slot for slot in self._taken if slot[1] > now_s]
        start_s = earliest_s
        for taken_s, end_s in self._taken:
            if taken_s >= start_s + length_s:
                break
            start_s = max(start_s, end_s)
        start_s = min(start_s, latest_s)
        insort(self._taken, (start_s, start_s + length_s))
        return start_s
