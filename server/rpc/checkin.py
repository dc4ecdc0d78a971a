"""CheckInService: the conversation of one check-in over one stream."""

from collections.abc import AsyncIterator
from datetime import tzinfo

from hadir.v1 import checkin_pb2, checkin_pb2_grpc

from server import messages
from server.clock import Clock
from server.domain.challenge import SECONDS_MAX
from server.domain.frame import Frame
from server.domain.quality import FrameOutcome
from server.domain.refusal import CheckInRefused
from server.errors import HadirError, Kind, OpenFirst
from server.rpc import convert
from server.rpc.call import Context, caller, language
from server.rpc.streams import Draining, Inbox, Item, StreamLimits, Unseen, traced
from server.services.checkin import CheckInRequest, CheckIns, CheckInSession, Guidance
from server.services.events import Recorded
from server.services.finish import finish
from server.services.live import LiveStream, LiveStreams

FRAMES_MAX = 1200
BYTES_MAX = 96 * 1024 * 1024
# So long after the end of its challenge a stream is cut off, whatever its phone reads.
DEADLINE_SLACK_S = 10.0
# Errors that end a stream through no doing of the phone.
_OURS = {Kind.UNAVAILABLE, Kind.DENIED, Kind.INTERNAL}

Responses = AsyncIterator[checkin_pb2.CheckInResponse]


class CheckInServicer(checkin_pb2_grpc.CheckInServiceServicer):
    """Check-in on the employee's phone."""

    def __init__(
        self, checkins: CheckIns, live: LiveStreams, clock: Clock, *, idle_s: float
    ) -> None:
        self._checkins = checkins
        self._live = live
        self._clock = clock
        self._limits = StreamLimits(idle_s, FRAMES_MAX, BYTES_MAX)

    async def CheckIn(
        self,
        request_iterator: AsyncIterator[checkin_pb2.CheckInRequest],
        context: Context,
    ) -> Responses:
        """See checkin.proto."""
        phone = caller()
        place = self._checkins.admission.place(phone)
        with place, self._live.open(phone) as live, live.guarded():
            async with Inbox(request_iterator, live, self._clock, self._limits) as inbox:
                try:
                    async for response in self._conversation(inbox, live):
                        yield response
                except CheckInRefused as refused:
                    yield _refusal(refused)

    async def _conversation(self, inbox: Inbox, live: LiveStream) -> Responses:
        inbox.arrived = lambda _: FrameOutcome.SUPERSEDED  # nothing counts before the challenge
        opened = await inbox.open()
        session = await self._checkins.open(caller(), _request(opened))
        if isinstance(session, Recorded):
            zone = await self._checkins.zone_of(session.event.site_id)
            yield _receipt(session, zone)
            return
        inbox.arrived = session.receive
        live.cancel_in(SECONDS_MAX + DEADLINE_SLACK_S)
        given_up = True
        try:
            yield _challenge(session)
            async for item in inbox:
                if isinstance(item, Draining):
                    continue  # a check-in is short: it may end within the time to drain
                async for response in self._answer(session, item):
                    yield response
                    if response.HasField("receipt"):
                        return
        except CheckInRefused as refused:
            await finish(session.refuse(refused.refusal))
            raise
        except HadirError as error:
            given_up = error.kind not in _OURS
            raise
        finally:
            await finish(session.leave(given_up=given_up and not live.left_to_us))

    async def _answer(self, session: CheckInSession, item: Item) -> Responses:
        if isinstance(item, Unseen):
            yield _guidance(item.number, session.pass_over(item.outcome))
        elif isinstance(item, Frame):
            if session.complete:
                yield _guidance(item.number, session.pass_over(FrameOutcome.SUPERSEDED))
                return
            with traced(item, self._clock) as span:
                guidance = await session.observe(item)
                span.note(outcome=guidance.look.outcome.value, steps_done=guidance.steps_done)
            yield _guidance(item.number, guidance)
            if session.complete:
                yield checkin_pb2.CheckInResponse(
                    seal_request=checkin_pb2.SealRequest(last_frame_number=session.freeze())
                )
        elif not isinstance(item, Draining) and item.WhichOneof("message") == "seal":
            recorded = await session.seal(item.seal.signature)  # type: ignore[attr-defined]
            # Another site's where an event of the last minutes stands for this one.
            site_id, zone = recorded.event.site_id, session.zone
            if site_id != session.employee.site_id:
                zone = await self._checkins.zone_of(site_id)
            yield _receipt(recorded, zone)
        else:
            raise OpenFirst("open comes once, then frames, then seal")


def _request(opened: checkin_pb2.OpenCheckIn) -> CheckInRequest:
    return CheckInRequest(
        request_id=opened.request_id,
        kind=convert.event_kind(opened.kind),
        location=convert.location(opened.location),
        device_time=convert.time(opened.device_time),
    )


def _challenge(session: CheckInSession) -> checkin_pb2.CheckInResponse:
    steps = session.challenge.steps
    return checkin_pb2.CheckInResponse(
        challenge=checkin_pb2.Challenge(
            nonce=session.challenge.nonce,
            steps=[f"CHALLENGE_STEP_{s.value}" for s in steps],
            expire_time=convert.stamp(session.expire_time),
            texts=[messages.text(messages.STEPS, s.value, language()) for s in steps],
            first_frame_ms=session.ask_first() * 1e3,
        )
    )


def _receipt(recorded: Recorded, zone: tzinfo) -> checkin_pb2.CheckInResponse:
    event = recorded.event
    local = event.event_time.astimezone(zone).strftime("%H.%M")
    return checkin_pb2.CheckInResponse(
        receipt=checkin_pb2.CheckInReceipt(
            event=convert.event(event),
            replayed=recorded.replayed,
            text=messages.text(messages.CHECK_IN, event.kind.value, language(), time=local),
        )
    )


def _guidance(frame_number: int, guidance: Guidance) -> checkin_pb2.CheckInResponse:
    look, step = guidance.look, guidance.step
    usable = look.outcome is FrameOutcome.USABLE
    text = (
        messages.text(messages.STEPS, step.value if step else "", language())
        if usable
        else messages.text(messages.FRAMES, look.outcome.value, language())
    )
    return checkin_pb2.CheckInResponse(
        guidance=checkin_pb2.Guidance(
            frame_number=frame_number,
            outcome=convert.outcome(look.outcome),
            steps_done=guidance.steps_done,
            step=f"CHALLENGE_STEP_{step.value if step else 'UNSPECIFIED'}",
            text=text,
            timings=convert.timings(look.timings),
            box=convert.box(look.face.box) if look.face else None,
            next_frame_ms=guidance.next_frame_s * 1e3,
        )
    )


def _refusal(refused: CheckInRefused) -> checkin_pb2.CheckInResponse:
    name = refused.refusal.value
    return checkin_pb2.CheckInResponse(
        refusal=checkin_pb2.CheckInRefusal(
            reason=f"REFUSAL_REASON_{name}",
            text=messages.text(
                messages.REFUSALS, name, language(), distance=round(refused.distance_m)
            ),
            distance_m=refused.distance_m,
        )
    )
