"""Refuses new check-ins early when the machine has as many as it can look at often enough.

Who is admitted is served in time; who is not is told when to come back, before anything is read
from the disk if the phone was here before. Who comes back as told is dated from the first refusal:
that the machine was full makes nobody late. Nor does a disk that could not store a check-in.
"""

import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NoReturn, Protocol

from server import metrics
from server.domain.model import Principal
from server.errors import Overloaded, StorageUnavailable
from server.services.slots import Slots
from server.services.tokens import hashed
from server.vision.cost import FrameCost

# So often a face must be looked at for a challenge to go smoothly, on average, and so often it is
# if there is room, frames a second.
CHECK_IN_FPS_MIN, CHECK_IN_FPS_MAX = 3.0, 10.0
# So often at most while nothing of the movement that was asked for is seen yet: a person reads,
# begins and moves for a second or more, and what shows it is held at CHECK_IN_FPS_MAX. Not less
# often: of 45 virtual people whose photos are exchanged for each step 14 pass the relief at 6.5 and
# at 10 a second, and 26 at 5.
AWAITED_FPS_MAX = 6.5
# So much later than it could be looked at a frame is asked for at most: of a burst, all who find no
# stretch until then are asked for together. A challenge whose frames are all put off so far has
# more than twice the relief that it needs in 57 of 60 virtual heads; a walk-up has less time.
PUT_OFF_S_MAX, WALK_UP_PUT_OFF_S_MAX = 0.3, 0.2
# So long a phone's camera needs for its first picture; whoever has it on reads the challenge.
CAMERA_S = 0.3
# Part of the workers' time that is given to frames that are asked for, so that few of them wait for
# those that nobody asked for: what comes early or late.
ASKED_MAX = 0.9
# A frame that would wait longer than this means that others (kiosks, enrolments) use the machine.
WAIT_S_MAX = 0.5
# Behind a slow network phones send less often than they may, and workers idle though the places are
# taken: there are more places then, step by step with each measurement, and fewer again once
# workers are busy or places stay free.
IDLE_BELOW, FULL_ABOVE, TAKEN_FROM = 0.88, 0.94, 0.9
ROOM_STEP, ROOM_MAX = 1.02, 1.5
# How long a check-in takes, for the hint when to come back.
CHECK_IN_S = 6.0
RETRY_S_MIN, RETRY_S_MAX = 2.0, 30.0
PLACES_MIN = 1
# A device that comes back within its hint and this keeps its turn, over some refusals in a row.
COMES_BACK_S_MAX = 30.0
CREDIT_S_MAX = 600.0
TURNED_AWAY_MAX = 10_000
KNOWN_MAX = 20_000


@dataclass(slots=True)
class _TurnedAway:
    """A device in a chain of refusals: when the first was, and until when it may come back."""

    first_s: float
    until_s: float

    def counts(self, now_s: float) -> bool:
        return now_s <= self.until_s and now_s - self.first_s <= CREDIT_S_MAX


class Capacity(Protocol):
    """What the workers can do, see vision/pipeline.py."""

    @property
    def workers(self) -> int:
        """How many there are."""

    @property
    def cost(self) -> FrameCost:
        """What frames cost one."""

    @property
    def wait_s(self) -> float:
        """How long a frame that came now would wait."""


class Admission:
    """Counts the check-ins in progress against what the pipeline can do."""

    def __init__(
        self, pipeline: Capacity, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._pipeline = pipeline
        self._monotonic = monotonic
        # By device, in the order of first refusals; devices by their sessions, the latest last.
        self._turned_away: OrderedDict[str, _TurnedAway] = OrderedDict()
        self._known: OrderedDict[bytes, str] = OrderedDict()
        self._refused_s: deque[float] = deque(maxlen=10_000)
        self._slots = Slots()
        self._room = 1.0
        self._measurements = 0
        self.open = 0

    @property
    def places(self) -> int:
        """How many check-ins can run at once, by what frames cost and how often they come."""
        return places_of(self._pipeline.workers, self._pipeline.cost.frame_s / self._room)

    @property
    def full(self) -> bool:
        """Whether the machine has as much to look at as it can."""
        return self.open >= self.places or self._pipeline.wait_s > WAIT_S_MAX

    def refuse_known(self, token: str) -> None:
        """Raises Overloaded if there is no place now for a token whose session was found before.

        To be asked before the session is: a session that has ended meanwhile gets nothing by this
        but a refusal, and with a place free it is asked for.
        """
        if self.full and (device_id := self._known.get(hashed(token))) is not None:
            self._refuse(device_id)

    @contextmanager
    def place(self, phone: Principal) -> Iterator[None]:
        """Holds a place for one check-in. Raises Overloaded with a hint when to come back."""
        self._know(phone)
        self._make_room()
        if self.full:
            self._refuse(phone.device_id)
        self.open += 1
        try:
            yield
        finally:
            self.open -= 1

    def next_frame_s(
        self,
        stream: object,
        arrived_s: float,
        *,
        faces: int,
        fps_max: float = CHECK_IN_FPS_MAX,
        put_off_s_max: float = PUT_OFF_S_MAX,
    ) -> float:
        """Returns how long after a frame that arrived the stream's next one should be sent.

        faces: how many faces of it will probably be embedded. What is asked for is asked for
        instead of what the stream was asked for before.
        """
        # What waits already comes first: whoever is answered late must not send at once again.
        earliest_s = max(self._monotonic() + self._pipeline.wait_s, arrived_s + 1 / fps_max)
        latest_s = earliest_s + put_off_s_max
        return self._slot_s(stream, earliest_s, latest_s, faces) - arrived_s

    def first_frame_s(self, stream: object) -> float:
        """Returns how long from now the first frame of a check-in should be sent."""
        now_s = self._monotonic()
        earliest_s = now_s + max(CAMERA_S, self._pipeline.wait_s)
        return self._slot_s(stream, earliest_s, earliest_s + PUT_OFF_S_MAX, faces=1) - now_s

    def credit_s(self, device_id: str) -> float:
        """Returns how long ago a device was turned away that came back as it was told, else 0."""
        now_s, known = self._monotonic(), self._turned_away.get(device_id)
        return now_s - known.first_s if known is not None and known.counts(now_s) else 0.0

    @contextmanager
    def excused(self, device_id: str, since_s: float) -> Iterator[None]:
        """If the storage fails in the block the device counts as turned away since a moment."""
        try:
            yield
        except StorageUnavailable as error:
            self._turn_away(device_id, error.retry_after_s or RETRY_S_MIN, since_s)
            raise

    def settle(self, device_id: str) -> None:
        """Forgets the refusals of a device whose check-in is recorded."""
        self._turned_away.pop(device_id, None)

    def _slot_s(self, stream: object, earliest_s: float, latest_s: float, faces: int) -> float:
        """Returns when workers have time for a frame of a stream, and keeps it for that."""
        cost = self._pipeline.cost
        return self._slots.take(
            stream,
            earliest_s,
            latest_s,
            now_s=self._monotonic(),
            length_s=(cost.look_s + faces * cost.embed_s) / self._pipeline.workers / ASKED_MAX,
        )

    def _know(self, phone: Principal) -> None:
        self._known.pop(phone.session_hash, None)
        self._known[phone.session_hash] = phone.device_id
        if len(self._known) > KNOWN_MAX:
            self._known.popitem(last=False)

    def _refuse(self, device_id: str) -> NoReturn:
        metrics.SHED.labels("check_in").inc()
        self._make_room()
        retry_s = self._retry_s()
        self._turn_away(device_id, retry_s)
        raise Overloaded("too many check-ins at once", retry_after_s=retry_s)

    def _turn_away(self, device_id: str, retry_s: float, since_s: float | None = None) -> None:
        now_s, known = self._monotonic(), self._turned_away.get(device_id)
        until_s = now_s + retry_s + COMES_BACK_S_MAX
        if known is not None and known.counts(now_s):
            known.until_s = until_s
            return
        self._turned_away.pop(device_id, None)
        self._turned_away[device_id] = _TurnedAway(now_s if since_s is None else since_s, until_s)
        if len(self._turned_away) > TURNED_AWAY_MAX:
            self._turned_away.popitem(last=False)

    def _make_room(self) -> None:
        """Changes the places, once a measurement, by how busy the workers are while they are taken.

        Where others make frames wait nothing is learnt of places.
        """
        cost = self._pipeline.cost
        if cost.measurements == self._measurements or self._pipeline.wait_s > WAIT_S_MAX:
            return
        self._measurements = cost.measurements
        # Asked before whoever comes has a place: of few, one that is free is none for long.
        taken = self.open >= min(self.places - 1, TAKEN_FROM * self.places)
        if taken and cost.busy < IDLE_BELOW:
            self._room = min(ROOM_MAX, self._room * ROOM_STEP)
        elif not taken or cost.busy > FULL_ABOVE:
            self._room = max(1.0, self._room / ROOM_STEP)

    def _retry_s(self) -> float:
        """Returns when the turn of who comes last would be, if all refused came back in a row."""
        now = self._monotonic()
        while self._refused_s and self._refused_s[0] < now - CHECK_IN_S:
            self._refused_s.popleft()
        self._refused_s.append(now)
        turn_s = len(self._refused_s) * CHECK_IN_S / self.places
        return min(RETRY_S_MAX, RETRY_S_MIN + turn_s)


def places_of(workers: int, frame_s: float) -> int:
    """Returns how many check-ins so many workers look at often enough, at such a cost a frame."""
    return max(PLACES_MIN, int(workers / frame_s / CHECK_IN_FPS_MIN))
