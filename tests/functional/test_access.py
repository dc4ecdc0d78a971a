"""Who may call what: the complete table of methods and roles, from the API's own declarations."""

import asyncio
import sqlite3
from datetime import UTC

import grpc
import pytest
import pytest_asyncio
from hadir.client import ApiError, Client, Endpoint
from hadir.device import DeviceKey, Identity, activate, login

from server.domain.model import Role
from server.rpc import server as rpc_server
from server.rpc.interceptor import roles_by_method
from server.services.tokens import hashed
from tests.functional.world import DEADLINE_S, METHODS, PASSWORD, Api, World, refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

TABLE = {
    path.rpartition("/")[2]: roles
    for path, roles in roles_by_method(iter(rpc_server.FILES)).items()
}
CALLERS = [None, Role.EMPLOYEE, Role.KIOSK, Role.HEAD, Role.BKD, Role.OPERATOR]
CELLS = [(name, caller) for name in sorted(METHODS) for caller in CALLERS]


async def session_of(world: World, role: Role | None) -> Api:
    """Opens a new session as a role."""
    match role:
        case None:
            return Api(world.client())
        case Role.EMPLOYEE:
            return Api((await world.phone(0)).client)
        case Role.KIOSK:
            return await world.kiosk()
        case Role.HEAD:
            return await world.staff("kepala")
        case Role.BKD:
            return await world.staff("bkd")
        case _:
            return await world.staff("operator")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def callers(world: World) -> dict[Role | None, Api]:
    """One session a role, and none."""
    return {role: await session_of(world, role) for role in CALLERS}


async def answer(api: Api, name: str) -> tuple[str, str]:
    """Calls a method with nothing in it. Returns code and reason."""
    method = METHODS[name]
    try:
        if method.client_streaming and method.server_streaming:
            async with api.stream(name) as stream:
                await stream.duplex.done_writing()
                await stream.rest()
        elif method.client_streaming:
            await api.upload(name, [])
        elif method.server_streaming:
            await api.read(name)
        else:
            await api.call(name)
    except ApiError as error:
        return error.code.name, error.reason
    return "OK", ""


class TestTable:
    """Every cell of methods times roles, asked at the server."""

    @pytest.mark.parametrize(
        ("name", "role"),
        CELLS,
        ids=[f"{name}-{role.value if role else 'NOBODY'}" for name, role in CELLS],
    )
    async def test_cell(self, world, callers, name, role):
        """Who is declared gets through to the method; anybody else is stopped before it."""
        ends_itself = name == "CloseSession" and role is not None
        api = await session_of(world, role) if ends_itself else callers[role]

        code, reason = await answer(api, name)

        if role in TABLE[name] or Role.ANYONE in TABLE[name]:
            assert code in {"OK", "INVALID_ARGUMENT"}
            assert reason not in {"ROLE_DENIED", "UNAUTHENTICATED"}
        elif role is None:
            assert ("UNAUTHENTICATED", "UNAUTHENTICATED") == (code, reason)
        else:
            assert ("PERMISSION_DENIED", "ROLE_DENIED") == (code, reason)

    async def test_every_method_is_declared(self):
        """Each method names its roles, and ANYONE stands alone."""
        assert set(METHODS) == set(TABLE)
        assert 67 == len(TABLE)
        assert [] == [name for name, roles in TABLE.items() if not roles]
        assert [] == [n for n, roles in TABLE.items() if Role.ANYONE in roles and len(roles) > 1]

    async def test_what_needs_no_session(self):
        """Only the ways into a session are open."""
        opened = {name for name, roles in TABLE.items() if Role.ANYONE in roles}

        assert {
            "ActivateDevice",
            "CreateChallenge",
            "OpenDeviceSession",
            "OpenStaffSession",
        } == opened

    async def test_writers_of_master_data(self):
        """What changes employees, faces, devices, accounts or months is BKD's alone."""
        words = ("Put", "Import", "CreateStaff", "CloseStaff", "Enroll", "Erase", "Issue")
        words += ("Rebind", "Revoke", "Correct", "Annul", "Void", "CloseMonth")
        writers = {name: roles for name, roles in TABLE.items() if name.startswith(words)}

        assert 16 == len(writers)
        assert {frozenset({Role.BKD})} == set(writers.values())

    async def test_operator_sees_no_people(self):
        """An operator reads neither employees nor events nor faces."""
        seen = {name for name, roles in TABLE.items() if Role.OPERATOR in roles}

        assert {
            "ChangePassword",
            "CloseSession",
            "GetCheckpoint",
            "GetSession",
            "ListDevices",
            "ListSites",
            "ListUnits",
        } == seen

    async def test_undeclared_method(self, open_copy, monkeypatch):
        """A method without the option is refused to everyone, BKD too."""

        def without_sites(files):
            table = roles_by_method(files)
            return {name: roles for name, roles in table.items() if not name.endswith("ListSites")}

        monkeypatch.setattr(rpc_server, "roles_by_method", without_sites)
        async with open_copy() as world:
            bkd = await world.bkd()

            with refused("ROLE_DENIED", "PERMISSION_DENIED"):
                await bkd.call("ListSites")
            assert 16 == len((await bkd.call("ListUnits")).units)


class TestStrangers:
    """Whoever has no session makes the one writer do nothing."""

    async def test_no_writes(self, open_copy):
        """Wrong codes, unknown devices and unknown user names are answered while it is stuck."""
        async with open_copy() as world:
            database, stuck = world.app.services.trial._database, asyncio.Event()
            holding = asyncio.create_task(database.write(lambda _: stuck.wait()))
            try:
                async with asyncio.timeout(DEADLINE_S):
                    for code in ("0000-0000-0000", "7K3M-Q2PX-9RTW"):
                        with refused("ACTIVATION_CODE_INVALID", "NOT_FOUND"):
                            await activate(world.client(), code, model="Tebak")
                    for username in ("tidak-ada", "juga-tidak"):
                        with refused("LOGIN_REFUSED", "UNAUTHENTICATED"):
                            await world.staff(username)
                    nobody = Identity("01TIDAKADA", "phone", "", DeviceKey.generate())
                    with refused("LOGIN_REFUSED", "UNAUTHENTICATED"):
                        await login(world.client(), nobody)
                    waiting = database.writes_waiting
            finally:
                stuck.set()
                await holding

        assert 0 == waiting


class TestTokens:
    """A token is good or it is not: one constant answer, whatever is wrong with it."""

    @pytest.mark.parametrize(
        "authorization",
        [
            "",
            "Bearer ",
            "Bearer x",
            "Bearer " + "A" * 43,
            "Bearer " + "A" * 64,
            "Bearer " + "A" * 5000,
            "Basic YmtkOnJhaGFzaWE=",
            "Bearer eyJhbGciOiJub25lIn0.eyJyb2xlIjoiQktEIn0.",
            "Bearer ' OR 1=1 --",
        ],
    )
    async def test_garbled(self, world, authorization):
        """Bytes that are no token of ours are answered like no token at all."""
        error = await _refusal(world.address, authorization)

        assert await _refusal(world.address, None) == error
        assert ("UNAUTHENTICATED", "UNAUTHENTICATED", "no valid session") == error

    async def test_changed_token(self, world):
        """A token with one character changed, cut or added is none."""
        token = (await world.staff("bkd")).client.token
        other = "B" if token[20] == "A" else "A"
        changed = [token[:20] + other + token[21:], token[:-1], token + "A", token.swapcase()]

        answers = {await _refusal(world.address, f"Bearer {one}") for one in changed}

        assert {await _refusal(world.address, None)} == answers

    async def test_closed(self, world):
        """A session that was closed is over at once; the account's other session is not."""
        first, second = await world.staff("bkd"), await world.staff("bkd")
        await first.call("CloseSession")

        error = await _refusal(world.address, f"Bearer {first.client.token}")
        session = await second.call("GetSession")

        assert await _refusal(world.address, None) == error
        assert "bkd" == session.username

    async def test_expired(self, open_copy):
        """A session ends at the time that it said, not before."""
        async with open_copy(session_hours_staff=1) as world:
            bkd = await world.staff("bkd")
            session = await bkd.call("GetSession")
            left = (session.expire_time.ToDatetime(UTC) - world.clock.now()).total_seconds()
            world.clock.advance(seconds=left - 1)
            await bkd.call("GetSession")
            world.clock.advance(seconds=2)

            error = await _refusal(world.address, f"Bearer {bkd.client.token}")

            assert 3590 < left <= 3600
            assert await _refusal(world.address, None) == error

    async def test_of_another_server(self, world, open_copy):
        """A token of another server means nothing here."""
        async with open_copy() as other:
            token = (await other.staff("bkd")).client.token

            error = await _refusal(world.address, f"Bearer {token}")

        assert await _refusal(world.address, None) == error

    async def test_session_shows_no_token(self, world):
        """GetSession tells who calls, without the token."""
        phone, kiosk = await world.phone(1), await world.kiosk()

        own = await Api(phone.client).call("GetSession")
        its = await kiosk.call("GetSession")

        assert ("", phone.identity.device_id, "") == (own.token, own.device_id, own.username)
        assert ("", world.seed.kiosks["kantor-gubernur"].device_id) == (its.token, its.device_id)

    async def test_secrets_are_stored_hashed(self, world):
        """Tokens, codes, challenges and passwords are nowhere in the database's files."""
        bkd, phone = await world.staff("bkd"), await world.phone(1)
        code = await bkd.call("IssueActivationCode", site_id="jalan-40")
        asked = await world.anyone.call("CreateChallenge", device_id=phone.identity.device_id)
        secrets = [bkd.client.token.encode(), phone.client.token.encode(), PASSWORD.encode()]
        secrets += [code.code.encode(), code.code.replace("-", "").encode(), asked.challenge]
        digests = [hashed(bkd.client.token), hashed(phone.client.token)]

        files = sorted(world.directory.glob("hadir.db*"))
        content = b"".join(file.read_bytes() for file in files)

        assert [] == [secret for secret in secrets if secret in content]
        assert digests == [digest for digest in digests if digest in content]

    async def test_password_hashes_are_slow(self, world):
        """Passwords are kept as argon2id."""
        with sqlite3.connect(f"file:{world.directory}/hadir.db?mode=ro", uri=True) as connection:
            rows = connection.execute("SELECT password_hash FROM staff").fetchall()
        connection.close()

        assert 3 == len(rows)
        assert all(row[0].startswith("$argon2id$") for row in rows)


class TestLoginAgain:
    """Sessions of devices."""

    async def test_two_sessions_of_one_device(self, world):
        """A device may log in again; both sessions act for it."""
        client = world.client()
        identity = world.seed.phones[2]
        first = await login(client, identity)
        second = await login(client, identity)

        devices = [
            (await Api(world.client(token=session.token)).call("GetOwnDevice")).device_id
            for session in (first, second)
        ]

        assert first.token != second.token
        assert [identity.device_id] * 2 == devices


async def _refusal(address: str, authorization: str | None) -> tuple[str, str, str]:
    """Asks for the session with raw metadata. Returns code, reason and the message of gRPC."""
    async with Client(Endpoint(address)) as client:
        method = client.channel.unary_unary("/hadir.v1.SessionService/GetSession")
        metadata = () if authorization is None else (("authorization", authorization),)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await method(b"", metadata=metadata, timeout=10)
    from hadir.client import read_error

    error = caught.value
    return error.code().name, read_error(error).reason, error.details()
