"""Phones and kiosks: activation by code, one active phone an employee, rebinding, revocation."""

import asyncio
import re
import time
from collections.abc import Awaitable
from datetime import UTC
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hadir.client import ApiError
from hadir.device import DeviceKey, activate, login
from hadir.v1 import checkin_pb2, device_admin_pb2, device_pb2, event_pb2, kiosk_pb2

from server.services import live
from tests.functional.seeding import import_csv
from tests.functional.world import Api, Stream, World, now, refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

CODE = r"[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){2}"
# From the server's answer to whoever revoked: how long storing takes is the disk's affair.
ENDS_WITHIN_S = 2.0
# The machine may stall meanwhile: a turn of the loop counts for this much at most.
TURN_S = 0.02
HANGS_S = 30.0
# Nothing comes on the streams that are revoked, and they are not ended for that.
IDLE_S = 300
UNKNOWN_NIP = "199001012015011999"


def spare(world: World, index: int) -> str:
    """Returns the NIP of an employee without phone and face."""
    return world.seed.employees[10 + index].nip


async def code_for(world: World, nip: str) -> str:
    bkd = await world.bkd()
    return (await bkd.call("IssueActivationCode", nip=nip)).code


async def history_of(world: World, nip: str) -> list[tuple[str, str, str]]:
    """Returns (action, actor, reason) of each entry."""
    bkd = await world.bkd()
    found = await bkd.call("ListBindingHistory", nip=nip)
    action = device_admin_pb2.BindingAction
    return [
        (action.Name(change.action).removeprefix("BINDING_ACTION_"), change.actor, change.reason)
        for change in found.changes
    ]


def spki(key) -> bytes:
    return key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


class TestActivation:
    """A code of BKD turns a key into a device, once."""

    async def test_code_form(self, world):
        """A code has 12 characters that people cannot mistake, and ends after 72 hours."""
        bkd = await world.bkd()

        issued = await bkd.call("IssueActivationCode", nip=spare(world, 0))

        left = issued.expire_time.ToDatetime(UTC) - world.clock.now()
        assert pytest.approx(72 * 3600, abs=5) == left.total_seconds()
        assert re.fullmatch(CODE, issued.code)

    async def test_code_is_single_use(self, world):
        """A second device gets nothing for a used code."""
        code = await code_for(world, spare(world, 1))
        await activate(world.anyone.client, code, model="Satu")

        with refused("ACTIVATION_CODE_INVALID", "NOT_FOUND"):
            await activate(world.anyone.client, code, model="Dua")

    async def test_a_lost_answer(self, world):
        """Who asks again with the same key gets the same device, for an hour; nobody else does."""
        code, key = await code_for(world, spare(world, 13)), DeviceKey.generate()
        first = await activate(world.anyone.client, code, model="Hilang", key=key)

        again = await activate(world.anyone.client, code, model="Hilang", key=key)
        world.clock.advance(minutes=61)
        with refused("ACTIVATION_CODE_INVALID", "NOT_FOUND"):
            await activate(world.anyone.client, code, model="Hilang", key=key)

        assert first.device_id == again.device_id
        actions = [action for action, _, _ in await history_of(world, spare(world, 13))]
        assert 1 == actions.count("BOUND")

    async def test_a_lost_answer_of_a_revoked_device(self, world):
        """What was revoked meanwhile is not given back."""
        code, key = await code_for(world, spare(world, 14)), DeviceKey.generate()
        device = await activate(world.anyone.client, code, model="Hilang", key=key)
        bkd = await world.bkd()
        await bkd.call("RevokeDevice", device_id=device.device_id, reason="ponsel dicuri")

        with refused("ACTIVATION_CODE_INVALID", "NOT_FOUND"):
            await activate(world.anyone.client, code, model="Hilang", key=key)

    async def test_race_for_one_code(self, world):
        """Of eight phones that use one code at once, one is bound."""
        nip = spare(world, 2)
        code = await code_for(world, nip)
        clients = [world.client() for _ in range(8)]

        results = await asyncio.gather(
            *(activate(client, code, model="Balap") for client in clients), return_exceptions=True
        )

        bound = [result for result in results if not isinstance(result, ApiError)]
        lost = {result.reason for result in results if isinstance(result, ApiError)}
        bkd = await world.bkd()
        active = await bkd.call("ListDevices", active_only=True, page_size=1000)
        assert 1 == len(bound)
        assert {"ACTIVATION_CODE_INVALID"} == lost
        assert [bound[0].device_id] == [one.device_id for one in active.devices if one.nip == nip]

    async def test_expired_code(self, open_copy):
        """A code is worth nothing after its time."""
        async with open_copy(activation_hours=1) as world:
            code = await code_for(world, spare(world, 0))
            world.clock.advance(seconds=3601)

            with refused("ACTIVATION_CODE_INVALID", "NOT_FOUND"):
                await activate(world.anyone.client, code, model="Terlambat")

    async def test_next_code_ends_the_one_before(self, world):
        """An employee has one unused code: the last."""
        first = await code_for(world, spare(world, 3))
        second = await code_for(world, spare(world, 3))

        with refused("ACTIVATION_CODE_INVALID", "NOT_FOUND"):
            await activate(world.anyone.client, first, model="Lama")
        identity = await activate(world.anyone.client, second, model="Baru")

        assert spare(world, 3) == identity.nip

    async def test_wrong_signature(self, world):
        """Without the private key nobody gets in, and the code is still good afterwards."""
        code, key, other = await code_for(world, spare(world, 4)), *_keys(2)
        plain = code.replace("-", "").encode()
        good = key.sign(b"hadir-activate-v1\0" + plain + key.public_der)
        bad = [
            other.sign(b"hadir-activate-v1\0" + plain + key.public_der),
            key.sign(b"hadir-activate-v1\0" + plain + other.public_der),
            key.sign(b"hadir-login-v1\0" + plain + key.public_der),
            good[:-1],
            b"\0" * 72,
            b"\x30" * 500,
        ]

        for signature in bad:
            with refused("SIGNATURE_INVALID", "INVALID_ARGUMENT"):
                await world.anyone.call(
                    "ActivateDevice",
                    activation_code=code,
                    public_key=key.public_der,
                    signature=signature,
                )
        device = await world.anyone.call(
            "ActivateDevice", activation_code=code, public_key=key.public_der, signature=good
        )

        assert device_pb2.DEVICE_STATE_ACTIVE == device.state

    async def test_reused_key(self, world):
        """A key belongs to one device for ever; the code of the second try stays good."""
        key = _keys(1)[0]
        first = await code_for(world, spare(world, 5))
        await activate(world.anyone.client, first, model="Pertama", key=key)
        second = await code_for(world, spare(world, 6))

        with refused("KEY_ALREADY_USED", "ALREADY_EXISTS"):
            await activate(world.anyone.client, second, model="Kedua", key=key)
        identity = await activate(world.anyone.client, second, model="Kedua")

        assert spare(world, 6) == identity.nip

    @pytest.mark.parametrize(
        "public_key",
        [
            b"\x30\x82",
            b"A" * 300,
            spki(ec.generate_private_key(ec.SECP384R1())),
            spki(ec.generate_private_key(ec.SECP256K1())),
            spki(rsa.generate_private_key(65537, 2048)),
        ],
        ids=["garbage", "too long", "P-384", "secp256k1", "RSA"],
    )
    async def test_keys_of_other_kinds(self, world, public_key):
        """Only P-256 in DER is a device's key."""
        with refused("KEY_INVALID", "INVALID_ARGUMENT"):
            await world.anyone.call(
                "ActivateDevice", activation_code="7K3M", public_key=public_key, signature=b"x"
            )

    @pytest.mark.parametrize("code", ["0000-0000-0000", "x", "' OR 1=1 --", "7K3M" * 100, "é€😀"])
    async def test_guessed_code(self, world, code):
        """A code that was never issued is answered like a used one."""
        with refused("ACTIVATION_CODE_INVALID", "NOT_FOUND"):
            await activate(world.anyone.client, code, model="Tebak")

    async def test_whom_a_code_is_for(self, world):
        """Unknown and inactive employees, unknown sites and bound phones get no code."""
        bkd, retired = await world.bkd(), spare(world, 7)
        await import_csv(
            bkd, f"nip,name,unit_id,site_id,state\n{retired},Purna,bkd,,INACTIVE\n".encode()
        )

        with refused("EMPLOYEE_UNKNOWN", "NOT_FOUND"):
            await bkd.call("IssueActivationCode", nip=UNKNOWN_NIP)
        with refused("EMPLOYEE_INACTIVE", "FAILED_PRECONDITION"):
            await bkd.call("IssueActivationCode", nip=retired)
        with refused("SITE_UNKNOWN", "NOT_FOUND"):
            await bkd.call("IssueActivationCode", site_id="tidak-ada")
        with refused("DEVICE_ALREADY_BOUND", "ALREADY_EXISTS"):
            await bkd.call("IssueActivationCode", nip=world.seed.people[0].nip)
        with refused("FIELD_REQUIRED", "INVALID_ARGUMENT"):
            await bkd.call("IssueActivationCode")

    async def test_kiosk(self, world):
        """A kiosk belongs to its site; a site may have several."""
        bkd = await world.bkd()
        codes = [(await bkd.call("IssueActivationCode", site_id="jalan-40")).code for _ in "ab"]

        kiosks = [await activate(world.anyone.client, code, model="Lobi") for code in codes]

        assert ["kiosk", "kiosk"] == [kiosk.kind for kiosk in kiosks]
        assert ["Jalan 40"] * 2 == [kiosk.display_name for kiosk in kiosks]
        assert ["", ""] == [kiosk.nip for kiosk in kiosks]


class TestRebinding:
    """BKD replaces a phone: the old one is dead at once, and the history tells it."""

    async def test_replaces_the_phone(self, world):
        """The old phone is revoked with the reason; the code is for the next one."""
        nip, bkd = world.seed.people[1].nip, await world.bkd()
        old, before = await world.phone(1), world.clock.now()

        answer = await bkd.call("RebindDevice", nip=nip, reason="  Ponsel hilang di laut ")
        new = await activate(world.anyone.client, answer.activation_code.code, model="Baru")
        session = await login(world.client(), new)

        gone = answer.revoked_device
        assert old.identity.device_id == gone.device_id
        assert device_pb2.DEVICE_STATE_REVOKED == gone.state
        assert ("Ponsel hilang di laut", "bkd") == (gone.revoke_reason, gone.revoke_actor)
        assert before <= gone.revoke_time.ToDatetime(UTC) <= world.clock.now()
        assert new.device_id == session.device_id
        with refused("UNAUTHENTICATED", "UNAUTHENTICATED"):
            await Api(old.client).call("GetOwnDevice")
        with refused("LOGIN_REFUSED", "UNAUTHENTICATED"):
            await old.login()

    async def test_history(self, world):
        """Each step is kept with who did it and why, oldest first."""
        nip, bkd = spare(world, 8), await world.bkd()
        await activate(world.anyone.client, await code_for(world, nip), model="Satu")
        answer = await bkd.call("RebindDevice", nip=nip, reason="Layar pecah")
        second = await activate(world.anyone.client, answer.activation_code.code, model="Dua")
        await bkd.call("RevokeDevice", device_id=second.device_id, reason="Cuti besar")

        assert [
            ("CODE_ISSUED", "bkd", ""),
            ("BOUND", "device", ""),
            ("REVOKED", "bkd", "Layar pecah"),
            ("CODE_ISSUED", "bkd", "Layar pecah"),
            ("BOUND", "device", ""),
            ("REVOKED", "bkd", "Cuti besar"),
        ] == await history_of(world, nip)

    async def test_nobody_bound(self, world):
        """Rebinding works where no phone is bound, too."""
        bkd = await world.bkd()

        answer = await bkd.call("RebindDevice", nip=spare(world, 9), reason="Ponsel pertama")

        assert not answer.HasField("revoked_device")
        assert 14 == len(answer.activation_code.code)

    @pytest.mark.parametrize("reason", ["ab", "   ", " a ", "x" * 501])
    @pytest.mark.parametrize("method", ["RebindDevice", "RevokeDevice"])
    async def test_reason(self, world, method, reason):
        """Without a reason of 3 to 500 characters nothing changes."""
        bkd, phone = await world.bkd(), await world.phone(2)
        subject = {"nip": world.seed.people[2].nip}
        if method == "RevokeDevice":
            subject = {"device_id": phone.identity.device_id}

        with refused("REASON_REQUIRED", "INVALID_ARGUMENT"):
            await bkd.call(method, reason=reason, **subject)

        own = await Api(phone.client).call("GetOwnDevice")
        assert device_pb2.DEVICE_STATE_ACTIVE == own.state

    async def test_unknown(self, world):
        """Employees and devices that do not exist are refused by name."""
        bkd = await world.bkd()

        with refused("EMPLOYEE_UNKNOWN", "NOT_FOUND"):
            await bkd.call("RebindDevice", nip=UNKNOWN_NIP, reason="Tidak ada")
        with refused("EMPLOYEE_UNKNOWN", "NOT_FOUND"):
            await bkd.call("ListBindingHistory", nip=UNKNOWN_NIP)
        with refused("DEVICE_UNKNOWN", "NOT_FOUND"):
            await bkd.call("RevokeDevice", device_id="01TIDAKADA", reason="Tidak ada")

    async def test_race_of_two_rebindings(self, world):
        """Two clerks who rebind at once leave one code that works, and no phone bound."""
        nip, bkd = spare(world, 10), await world.bkd()
        await activate(world.anyone.client, await code_for(world, nip), model="Lama")

        answers = await asyncio.gather(
            *(bkd.call("RebindDevice", nip=nip, reason="Dua petugas") for _ in range(2))
        )
        codes = [answer.activation_code.code for answer in answers]
        results = await asyncio.gather(
            *(activate(world.anyone.client, code, model="Baru") for code in codes),
            return_exceptions=True,
        )

        actions = [action for action, _, _ in await history_of(world, nip)]
        assert [False, True] == sorted(isinstance(result, ApiError) for result in results)
        assert (1, 2) == (actions.count("REVOKED"), actions.count("BOUND"))


class TestRevocation:
    """A revoked device is out: its streams, its session, its logins."""

    @pytest.fixture(autouse=True)
    def _by_itself(self, monkeypatch):
        """Cancels no stream before the test gives up: those that are revoked end by themselves."""
        monkeypatch.setattr(live, "END_S", HANGS_S)

    async def test_open_check_in(self, open_copy):
        """A check-in that is open ends within two seconds, and records nothing."""
        async with open_copy(stream_idle_seconds=IDLE_S) as world:
            bkd, phone = await world.bkd(), await world.phone(0)
            opened = checkin_pb2.OpenCheckIn(
                request_id="a2b1f3a0-0000-4000-8000-000000000001",
                kind=event_pb2.EVENT_KIND_IN,
                location=world.place(0),
                device_time=now(),
            )
            async with Api(phone.client).stream("CheckIn") as stream:
                await stream.send(open=opened)
                challenge = await stream.receive()

                took_s = await revoked(
                    stream, bkd.call("RebindDevice", nip=world.seed.people[0].nip, reason="Dicuri")
                )

            assert challenge.HasField("challenge")
            assert took_s < ENDS_WITHIN_S
            assert [] == await world.events()
            with refused("UNAUTHENTICATED", "UNAUTHENTICATED"):
                await phone.check_in(event_pb2.EVENT_KIND_IN, world.place(0), world.cast.actor(0))

    async def test_open_kiosk_stream(self, open_copy):
        """A kiosk's stream ends within two seconds; the other kiosk's goes on."""
        async with open_copy(stream_idle_seconds=IDLE_S) as world:
            bkd, kiosk, other = (
                await world.bkd(),
                await world.kiosk(),
                await world.kiosk("jalan-40"),
            )
            async with kiosk.stream("Identify") as stream, other.stream("Identify") as second:
                for one in (stream, second):
                    await one.send(open=kiosk_pb2.OpenIdentify(device_time=now()))
                    await one.receive()
                device_id = world.seed.kiosks["kantor-gubernur"].device_id

                took_s = await revoked(
                    stream,
                    bkd.call("RevokeDevice", device_id=device_id, reason="Kiosk dicuri"),
                )
                await second.show(b"no image")
                answer = await second.receive()

            assert took_s < ENDS_WITHIN_S
            assert 1 == answer.result.frame_number

    async def test_twice(self, world):
        """Revoking a revoked device changes nothing and returns it."""
        bkd, nip = await world.bkd(), spare(world, 11)
        phone = await activate(world.anyone.client, await code_for(world, nip), model="Sekali")
        first = await bkd.call("RevokeDevice", device_id=phone.device_id, reason="Rusak")
        world.clock.advance(minutes=1)

        second = await bkd.call("RevokeDevice", device_id=phone.device_id, reason="Rusak lagi")

        assert first == second
        assert "Rusak" == second.revoke_reason
        assert 1 == [action for action, _, _ in await history_of(world, nip)].count("REVOKED")

    async def test_revoked_key_is_never_bound_again(self, world):
        """The key of a revoked phone opens nothing, with a fresh code either."""
        bkd, nip, key = await world.bkd(), spare(world, 12), _keys(1)[0]
        code = await code_for(world, nip)
        phone = await activate(world.anyone.client, code, model="Lama", key=key)
        await bkd.call("RevokeDevice", device_id=phone.device_id, reason="Hilang")
        code = await code_for(world, nip)

        with refused("KEY_ALREADY_USED", "ALREADY_EXISTS"):
            await activate(world.anyone.client, code, model="Lama", key=key)


class TestList:
    """BKD and operators see which devices there are."""

    async def test_pages_and_filters(self, open_copy):
        """Devices come newest first, by kind and state, page by page."""
        async with open_copy() as world:
            bkd, operator = await world.bkd(), await world.operator()
            phones = [world.seed.phones[number].device_id for number in (3, 2, 1, 0)]
            kiosks = [world.seed.kiosks[site].device_id for site in ("jalan-40", "kantor-gubernur")]
            await bkd.call("RevokeDevice", device_id=phones[0], reason="Rusak")
            phone_kind = device_pb2.DEVICE_KIND_PHONE

            every = await operator.call("ListDevices")
            active = await operator.call("ListDevices", kind=phone_kind, active_only=True)
            first = await operator.call("ListDevices", page_size=4)
            rest = await operator.call("ListDevices", page_token=first.next_page_token)

            assert kiosks + phones == [device.device_id for device in every.devices]
            assert phones[1:] == [device.device_id for device in active.devices]
            assert list(every.devices) == [*first.devices, *rest.devices]
            assert 4 == len(first.devices)
            assert "" == rest.next_page_token

    async def test_what_an_operator_sees(self, open_copy):
        """Of phones neither whose they are nor why and by whom revoked; of kiosks all."""
        async with open_copy() as world:
            bkd, operator = await world.bkd(), await world.operator()
            phone, kiosk = world.seed.phones[0], world.seed.kiosks["jalan-40"]
            for device in (phone, kiosk):
                await bkd.call("RevokeDevice", device_id=device.device_id, reason="Dicuri Budi")

            shown, known = [await api.call("ListDevices") for api in (operator, bkd)]

        person = ("nip", "display_name", "revoke_reason", "revoke_actor")
        for seen, whole in zip(shown.devices, known.devices, strict=True):
            if whole.kind == device_pb2.DEVICE_KIND_PHONE:
                assert "" not in (whole.nip, whole.display_name)
                for field in person:
                    whole.ClearField(field)
            assert whole == seen
        assert ["Dicuri Budi"] == [d.revoke_reason for d in shown.devices if d.revoke_reason]

    async def test_unknown_kind(self, world):
        """A kind that the API does not know is refused."""
        bkd = await world.bkd()

        with refused("FIELD_INVALID", "INVALID_ARGUMENT"):
            await bkd.call("ListDevices", kind=99)


async def revoked(stream: Stream, revoking: Awaitable[Any]) -> float:
    """Revokes the device of a stream that waits for its caller; the stream must end for that.

    Returns how long after the answer to whoever revoked the end was here, in seconds that the loop
    had for it.
    """
    reading = asyncio.create_task(stream.rest())
    await asyncio.sleep(0.1)
    assert not reading.done()
    await revoking
    took_s = 0.0
    async with asyncio.timeout(HANGS_S):
        while not reading.done():
            turned = time.monotonic()
            await asyncio.wait({reading}, timeout=TURN_S)
            took_s += min(TURN_S, time.monotonic() - turned)
    with refused("DEVICE_REVOKED", "PERMISSION_DENIED"):
        await reading
    return took_s


def _keys(count: int) -> list[DeviceKey]:
    return [DeviceKey.generate() for _ in range(count)]
