"""The main job: an employee is enrolled, gets a phone, checks in, and those who may see it."""

import asyncio
import itertools
import uuid
from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

import pytest
from hadir.v1 import checkin_pb2, device_pb2, event_pb2, options_pb2

from benchmarks.network import Distance, slow_network
from benchmarks.phone import Phone
from benchmarks.walker import walk
from server.domain import trail
from server.domain.relief import relief
from server.storage import events
from tests.functional.sources import Hasty, LateSecondFrame
from tests.functional.world import STEP_S, Api, World, now, outcomes, refusals_of, refused

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.usefixtures("later")]

IN, OUT = event_pb2.EVENT_KIND_IN, event_pb2.EVENT_KIND_OUT
WIT = ZoneInfo("Asia/Jayapura")


async def new_phone(world: World, number: int, language: str = "id") -> Phone:
    """Returns the phone of a person who has none yet."""
    bkd = await world.bkd()
    code = await bkd.call("IssueActivationCode", nip=world.seed.people[number].nip)
    phone = Phone(world.client(language=language), step_s=STEP_S)
    await phone.activate(f"  {code.code.lower().replace('-', ' ')} ", model="Ponsel uji")
    return phone


class TestFromEnrolmentToReceipt:
    """A person whom the server has never seen is enrolled, gets a phone and checks in."""

    async def test_the_whole_way(self, open_copy, cast):
        """Every station shows what the one before did; the event is the first frame's moment."""
        async with open_copy() as world:
            await self._walk_through(world, cast)

    async def _walk_through(self, world, cast):
        bkd, person = await world.bkd(), world.seed.people[4]
        before = await bkd.call("GetEmployee", nip=person.nip)

        seen, enrolment = await world.enrol(person.nip, list(cast.actor(4).enrolment())[:3])
        phone = await new_phone(world, 4)
        session = await phone.login()
        source = LateSecondFrame(world.clock, cast.actor(4), seconds=5)
        result = await phone.check_in(IN, world.place(4), source)
        after = await bkd.call("GetEmployee", nip=person.nip)

        assert (False, False) == (before.enrolled, before.phone_bound)
        assert ["USABLE"] * 3 == seen
        assert 3 == enrolment.template_count
        assert "bkd" == enrolment.actor
        assert options_pb2.ROLE_EMPLOYEE == session.role
        assert 43 == len(session.token)
        assert (True, True) == (after.enrolled, after.phone_bound)
        assert result.recorded
        event = result.receipt.event
        first = event.event_time.ToDatetime(UTC)
        # The moment of the first frame counts, less what the server asked the phone to wait for it.
        put_off = timedelta(milliseconds=result.challenge.first_frame_ms)
        assert abs(source.first_time - put_off - first) < timedelta(milliseconds=1)
        assert event.create_time.ToDatetime(UTC) - first > timedelta(seconds=5)
        assert abs(event.device_time.ToDatetime(UTC) - first) < timedelta(seconds=1)
        assert (IN, event_pb2.EVENT_SOURCE_PHONE) == (event.kind, event.source)
        assert (person.nip, person.display_name) == (event.nip, event.display_name)
        assert (person.unit_id, "kantor-gubernur") == (event.unit_id, event.site_id)
        assert (0.0, False) == (event.distance_m, event.clock_disputed)
        assert phone.identity.device_id == event.device_id
        assert event.scores.threshold < event.scores.similarity <= 1
        assert 0.0 == event.scores.margin
        assert event.scores.relief > 0
        assert not event.scores.HasField("passive")
        assert not result.receipt.replayed

    async def test_device_knows_itself(self, world):
        """An activated phone sees its owner and its model as it gave it."""
        phone = await world.phone(0)

        device = await Api(phone.client).call("GetOwnDevice")

        assert device_pb2.DEVICE_KIND_PHONE == device.kind
        assert device_pb2.DEVICE_STATE_ACTIVE == device.state
        assert world.seed.people[0].nip == device.nip
        assert "Simulated phone" == device.model

    @pytest.mark.parametrize(
        ("language", "kind", "words"),
        [
            ("id", IN, "Absen masuk tercatat pukul {}."),
            ("en", OUT, "Check-out recorded at {}."),
        ],
    )
    async def test_receipt_says_it(self, world, cast, language, kind, words):
        """The receipt tells the local time of the site, in the caller's language."""
        phone = await world.phone(1, language=language)

        result = await phone.check_in(kind, world.place(1), cast.actor(1))

        local = result.receipt.event.event_time.ToDatetime(UTC).astimezone(WIT)
        assert words.format(f"{local:%H.%M}") == result.receipt.text

    async def test_disputed_clock(self, world, cast):
        """A phone whose clock is an hour off is recorded at the server's time, and it shows."""
        phone, ahead = await world.phone(2), world.clock.now() + timedelta(hours=1)
        world.clock.advance(hours=1)

        result = await phone.check_in(IN, world.place(2), cast.actor(2))

        event = result.receipt.event
        assert event.clock_disputed
        assert ahead <= event.event_time.ToDatetime(UTC) < event.create_time.ToDatetime(UTC)
        off = event.event_time.ToDatetime(UTC) - event.device_time.ToDatetime(UTC)
        assert off > timedelta(minutes=59)

    async def test_guidance(self, world, cast, steps):
        """Each frame is answered once, with the step to do next and where the face is."""
        steps("FRONT", "LEFT", "FRONT", "RIGHT")
        phone = await world.phone(3, language="en")

        result = await phone.check_in(IN, world.place(3), cast.actor(3))

        names = [checkin_pb2.ChallengeStep.Name(step)[15:] for step in result.challenge.steps]
        numbers = [answer.frame_number for answer in result.guidance]
        done = [answer.steps_done for answer in result.guidance]
        assert result.recorded
        assert ["FRONT", "LEFT", "FRONT", "RIGHT"] == names
        assert "Turn your head to your left." == result.challenge.texts[1]
        assert 32 == len(result.challenge.nonce)
        left = result.challenge.expire_time.ToDatetime(UTC) - world.clock.now()
        assert timedelta(seconds=50) < left <= timedelta(seconds=60)
        assert sorted(set(numbers)) == numbers
        assert sorted(done) == done
        assert 4 == done[-1]
        seen = outcomes(answer.outcome for answer in result.guidance)
        boxes = [answer.box for answer in result.guidance if answer.HasField("box")]
        assert seen.count("USABLE") >= 8
        assert {"USABLE"} <= set(seen) <= {"USABLE", "SUPERSEDED"}
        assert seen.count("USABLE") == len(boxes)
        assert all(box.width > 50 for box in boxes)

    async def test_hasty_person_turns_once_more(self, world, cast, steps):
        """Who jerks from pose to pose looks like changed prints: asked again, not accused."""
        steps("FRONT", "LEFT", "FRONT", "CLOSER")
        phone = await world.phone(2)

        result = await phone.check_in(IN, world.place(2), Hasty(cast.actor(2)))

        assert result.recorded
        assert 6 == max(answer.steps_done for answer in result.guidance)

    async def test_frames_that_arrive_together(self, world, cast, steps, monkeypatch):
        """Behind a network that bunches frames, a head that turns is no row of prints."""
        steps("FRONT", "LEFT", "FRONT", "RIGHT")
        gaps_s = list[float]()

        def spied(landmarks, times_s, **limits):
            gaps_s.extend(after - before for before, after in itertools.pairwise(times_s))
            return relief(landmarks, times_s, **limits)

        monkeypatch.setattr(trail, "relief", spied)
        async with slow_network(world.address, Distance(0.0, 0.0, held_s=0.6)) as address:
            phone = await world.phone(0, address=address)
            phone.frames_per_second = 3.6

            result = await phone.check_in(OUT, world.place(0), cast.actor(0))

        assert result.recorded
        # By when they were taken: two of each bunch arrive at one moment.
        assert min(gaps_s) > 0.4 / phone.frames_per_second


class TestTriesAgain:
    """A retry never doubles an event, and a request id stands for one content."""

    async def test_same_request_id(self, world, cast):
        """The second try gets the stored receipt at once, without a challenge."""
        phone, request_id = await world.phone(0), str(uuid.uuid4())
        place = world.place(0)
        first = await phone.check_in(IN, place, cast.actor(0), request_id=request_id)

        again = await phone.check_in(IN, place, cast.actor(0), request_id=request_id)

        assert first.recorded
        assert not first.receipt.replayed
        assert again.receipt.replayed
        assert first.receipt.event == again.receipt.event
        assert again.challenge is None
        assert 0 == again.frames_sent

    async def test_same_id_for_something_else(self, world, cast):
        """A request id with another content is refused; the stored event stays as it is."""
        phone, request_id = await world.phone(0), str(uuid.uuid4())
        first = await phone.check_in(IN, world.place(0), cast.actor(0), request_id=request_id)
        before = await world.events()

        for kind, north_m in ((OUT, 0.0), (IN, 5.0)):
            place = world.place(0, north_m=north_m)
            with refused("REQUEST_ID_REUSED", "ALREADY_EXISTS"):
                await phone.check_in(kind, place, cast.actor(0), request_id=request_id)

        assert first.recorded
        assert before == await world.events()

    async def test_same_id_of_another_employee(self, world, cast):
        """Request ids of two employees have nothing to do with each other."""
        request_id = str(uuid.uuid4())
        results = [
            await (await world.phone(number)).check_in(
                IN, world.place(number), cast.actor(number), request_id=request_id
            )
            for number in (0, 1)
        ]

        nips = [result.receipt.event.nip for result in results]
        assert [world.seed.people[number].nip for number in (0, 1)] == nips
        assert not any(result.receipt.replayed for result in results)

    async def test_two_tries_at_once(self, world, cast, monkeypatch):
        """Two streams with one request id end with one event."""
        # A slow machine would have room for one.
        monkeypatch.setattr("server.services.admission.places_of", lambda *_: 10)
        phones = [await world.phone(2), await world.phone(2)]
        request_id, place = str(uuid.uuid4()), world.place(2)
        before = len(await world.events())

        results = await asyncio.gather(
            *(
                phone.check_in(OUT, place, cast.actor(2, take=take), request_id=request_id)
                for take, phone in enumerate(phones)
            )
        )

        assert 1 == len({result.receipt.event.event_id for result in results})
        assert [False, True] == sorted(result.receipt.replayed for result in results)
        assert before + 1 == len(await world.events())

    async def test_repeat_within_minutes(self, world, cast):
        """Another request of the same kind within repeat_minutes gets the first event."""
        phone = await world.phone(3)
        first = await phone.check_in(IN, world.place(3), cast.actor(3))
        world.clock.advance(minutes=4)

        again = await phone.check_in(IN, world.place(3), cast.actor(3))

        assert not first.receipt.replayed
        assert again.receipt.replayed
        assert first.receipt.event == again.receipt.event


class TestHangsUp:
    """An event that is being stored is stored, and what follows it happens, whoever hangs up."""

    @pytest.mark.parametrize("source", ["PHONE", "KIOSK"])
    async def test_during_the_commit(self, world, cast, monkeypatch, source):
        """Boards and metrics learn of it; for a phone the next try brings the receipt."""
        storing, go_on, noted = asyncio.Event(), asyncio.Event(), asyncio.Event()
        insert, told = events.insert_event, []

        async def slow(connection, event) -> None:
            storing.set()
            await go_on.wait()
            await insert(connection, event)

        monkeypatch.setattr(events, "insert_event", slow)
        changes = world.app.services.event_log._changes
        monkeypatch.setattr(changes, "note", lambda nip: (told.append(nip), noted.set()))
        phone, request_id = await world.phone(1), str(uuid.uuid4())

        def check_in():
            return phone.check_in(IN, world.place(1), cast.actor(1), request_id=request_id)

        kiosk = await world.kiosk()
        walking = check_in() if source == "PHONE" else walk(kiosk.client, cast.actor(1).walk(60))
        task, reached = asyncio.create_task(walking), asyncio.create_task(storing.wait())
        await asyncio.wait({task, reached}, return_when=asyncio.FIRST_COMPLETED)
        assert storing.is_set(), task.result()
        task.cancel()
        await asyncio.wait({task})
        for _ in range(500):
            await asyncio.sleep(0.01 if len(world.app.services.live) else 0)
        go_on.set()
        async with asyncio.timeout(60):
            await noted.wait()

        assert [world.seed.people[1].nip] == told
        if source == "PHONE":
            assert (await check_in()).receipt.replayed
            assert "ABANDONED" not in refusals_of(world, phone)


class TestBadNetwork:
    """A phone whose connection breaks behind the challenge, again and again."""

    async def test_is_locked_out_of_nothing(self, world, cast):
        """30 s a try at most: refused tries add nothing, and a lost receipt is answered at once."""
        phone, request_id, place = await world.phone(3), str(uuid.uuid4()), world.place(3)
        first = await phone.check_in(IN, place, cast.actor(3), request_id=request_id)
        for number in range(5):
            await self._break_off(world, phone, number + 1)

        again = await phone.check_in(IN, place, cast.actor(3), request_id=request_id)
        for _ in range(2):
            with refused("TOO_MANY_REFUSALS", "RESOURCE_EXHAUSTED"):
                await phone.check_in(OUT, place, cast.actor(3))
            world.clock.advance(seconds=14)
        world.clock.advance(seconds=3)
        leaving = await phone.check_in(OUT, place, cast.actor(3, take=1))

        assert again.receipt.replayed
        assert first.receipt.event.event_id == again.receipt.event.event_id
        assert leaving.recorded

    async def _break_off(self, world, phone, count) -> None:
        """Gets a challenge, hangs up, and waits until that is kept."""
        opened = checkin_pb2.OpenCheckIn(
            request_id=str(uuid.uuid4()), kind=OUT, location=world.place(3), device_time=now()
        )
        async with Api(phone.client).stream("CheckIn") as stream:
            await stream.send(open=opened)
            assert (await stream.receive()).HasField("challenge")
        for _ in range(500):
            if count <= refusals_of(world, phone).count("ABANDONED"):
                return
            await asyncio.sleep(0.02)
        raise AssertionError(refusals_of(world, phone))
