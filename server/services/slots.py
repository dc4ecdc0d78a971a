"""When the next frame of each stream should come, so that frames do not wait for each other.

Pure, on any clock. Phones that send when they like meet by chance, and then all of them wait in
line; told when, their frames come one after the other, and where many are there all slow down
alike. Estimate: 1 microsecond a frame for hundreds of streams, 40 where all is taken.
"""

from bisect import bisect_left, insort


class Slots:
    """Stretches of a machine's time that were given away and are not over yet, in order."""

    def __init__(self) -> None:
        self._taken: list[tuple[float, float]] = []  # beginning and end

    def take(self, earliest_s: float, latest_s: float, *, now_s: float, length_s: float) -> float:
        """Takes the first free stretch that begins at earliest_s or later. Returns its beginning.

        Where none is free until latest_s it begins then, whatever else does.
        """
        taken = self._taken
        over = 0
        while over < len(taken) and taken[over][1] <= now_s:
            over += 1
        del taken[:over]
        start_s = earliest_s
        index = bisect_left(taken, (earliest_s,))
        if index and taken[index - 1][1] > start_s:
            start_s = taken[index - 1][1]
        while index < len(taken) and taken[index][0] < start_s + length_s and start_s < latest_s:
            start_s = max(start_s, taken[index][1])
            index += 1
        start_s = min(start_s, latest_s)
        insort(taken, (start_s, start_s + length_s))
        return start_s
