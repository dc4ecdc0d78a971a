"""Staff accounts: passwords, lockout, roles, and the last account that stays."""

import asyncio
import contextlib
import sqlite3
from datetime import UTC

import pytest
from hadir.client import ApiError
from hadir.v1 import directory_pb2, enrollment_pb2, options_pb2

from server.rpc import session as session_rpc
from server.rpc.interceptor import before_password
from server.rpc.server import FILES
from server.services import sessions
from tests.functional.seeding import import_csv
from tests.functional.world import PASSWORD, Api, World, consent, names, refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

OPERATOR, HEAD, BKD = options_pb2.ROLE_OPERATOR, options_pb2.ROLE_HEAD, options_pb2.ROLE_BKD
WRONG = "bukan-kata-sandi-ini"


async def account(world: World, username: str, role: int = OPERATOR, **fields) -> None:
    """Creates a staff account."""
    bkd = await world.bkd()
    values = {"username": username, "role": role, "password": PASSWORD, **fields}
    await bkd.call("CreateStaffAccount", **values)


async def login(world: World, username: str, password: str = PASSWORD) -> str:
    """Returns how a login ends."""
    try:
        await world.staff(username, password)
    except ApiError as error:
        return error.reason
    return "OK"


async def first_session(world: World, username: str) -> Api:
    """Logs in with a password that BKD chose, and leaves it at that."""
    api = Api(world.client())
    session = await api.call("OpenStaffSession", username=username, password=PASSWORD)
    api.client.token = session.token
    return api


@pytest.fixture
def elsewhere(monkeypatch):
    """A block whose logins come from another address than the rest of the test."""

    @contextlib.contextmanager
    def block():
        with monkeypatch.context() as patch:
            patch.setattr(session_rpc, "address_of", lambda _: "192.0.2.7")
            yield

    return block


class TestLogin:
    """Guessing is slow, and does not tell who exists."""

    async def test_lockout(self, world):
        """After five wrong passwords the right one is refused too, for 15 minutes."""
        await account(world, "terkunci")
        tries = [await login(world, "terkunci", WRONG) for _ in range(5)]

        with refused("ACCOUNT_LOCKED", "RESOURCE_EXHAUSTED") as caught:
            await world.staff("terkunci")
        others = await login(world, "operator")
        world.clock.advance(minutes=14)
        early = await login(world, "terkunci")
        world.clock.advance(minutes=2)
        late = await login(world, "terkunci")

        assert ["LOGIN_REFUSED"] * 5 == tries
        assert 880 < int(caught.value.metadata["seconds"]) <= 900
        assert 700 < caught.value.retry_after_s < 1300
        assert ("OK", "ACCOUNT_LOCKED", "OK") == (others, early, late)

    async def test_guesses_of_a_stranger(self, world, elsewhere):
        """Who guesses at another address locks the owner neither out nor off the own password."""
        await account(world, "tidak-terkunci")
        with elsewhere():
            tries = [await login(world, "tidak-terkunci", WRONG) for _ in range(30)]
        opened = await login(world, "tidak-terkunci")
        own = await world.staff("tidak-terkunci")
        with elsewhere():
            tries += [await login(world, "tidak-terkunci", WRONG) for _ in range(30)]
        new = "kata-sandi-lain-2027"
        await own.call("ChangePassword", old_password=PASSWORD, new_password=new)

        assert (5, 55) == (tries.count("LOGIN_REFUSED"), tries.count("ACCOUNT_LOCKED"))
        assert ("OK", "OK") == (opened, await login(world, "tidak-terkunci", new))

    async def test_guesses_in_a_session(self, world):
        """Who took a session over guesses the password five times; the owner logs in meanwhile."""
        await account(world, "dipinjam")
        own, answers = await world.staff("dipinjam"), []
        for old in [WRONG] * 6 + [PASSWORD]:
            with pytest.raises(ApiError) as caught:
                await own.call("ChangePassword", old_password=old, new_password="sandi-baru-2027-x")
            answers.append(caught.value.reason)

        assert ["LOGIN_REFUSED"] * 5 + ["ACCOUNT_LOCKED"] * 2 == answers
        assert "OK" == await login(world, "dipinjam")

    async def test_parallel_guesses(self, world):
        """Guesses at once count one by one: of twenty, at most five are tried."""
        await account(world, "serentak")

        answers = await asyncio.gather(*(login(world, "serentak", WRONG) for _ in range(20)))

        assert {"LOGIN_REFUSED": 5, "ACCOUNT_LOCKED": 15} == {
            reason: answers.count(reason) for reason in set(answers)
        }

    async def test_good_login_forgets_the_bad(self, world):
        """Four wrong passwords and a right one begin the count anew."""
        await account(world, "pelupa")
        first = [await login(world, "pelupa", WRONG) for _ in range(4)]
        middle = await login(world, "pelupa")
        second = [await login(world, "pelupa", WRONG) for _ in range(4)]

        assert ["LOGIN_REFUSED"] * 8 == first + second
        assert ("OK", "OK") == (middle, await login(world, "pelupa"))

    async def test_unknown_user(self, world):
        """An unknown user is answered like a wrong password, and is never locked."""
        names = ["tidak-ada"] * 6 + ["' OR 1=1 --", "x" * 5000, "BKD", "bkd\0"]

        answers = await asyncio.gather(*(login(world, name) for name in names))

        assert ["LOGIN_REFUSED"] * 10 == answers

    async def test_same_words(self, world):
        """The two answers do not differ in a word."""
        errors = []
        for username in ("operator", "tidak-ada"):
            with refused("LOGIN_REFUSED", "UNAUTHENTICATED") as caught:
                await world.staff(username, WRONG)
            errors.append(caught.value)

        assert errors[0].message == errors[1].message
        assert {"request_id"} == set(errors[0].metadata) == set(errors[1].metadata)
        assert "OK" == await login(world, "operator")

    async def test_session(self, world):
        """A session says as whom it acts and when it ends."""
        head = await world.head()

        session = await head.call("GetSession")

        left = session.expire_time.ToDatetime(UTC) - world.clock.now()
        assert ("kepala", HEAD, "") == (session.username, session.role, session.device_id)
        assert 0 < left.total_seconds() <= 8 * 3600


class TestAccounts:
    """Only BKD makes accounts; their form is checked."""

    @pytest.mark.parametrize(
        "password",
        ["sebelas-huru", "x" * 257, "Petugas-baru-2026", "aaaaaaaaaaaab", "abababababababab"],
        ids=["eleven", "too long", "user name", "two letters", "ab"],
    )
    async def test_weak_password(self, world, password):
        """A password is long, varied and not the user name."""
        password = password[:11] if password.startswith("sebelas") else password

        with refused("PASSWORD_TOO_WEAK", "INVALID_ARGUMENT"):
            await account(world, "petugas", password=password)

    @pytest.mark.parametrize("length", [12, 256])
    async def test_lengths_of_passwords(self, world, length):
        """12 and 256 characters are passwords."""
        password = ("sandi-Kuat-2026 ñ😀" * 20)[:length]
        await account(world, f"panjang-{length}", password=password)

        assert "OK" == await login(world, f"panjang-{length}", password)
        assert "LOGIN_REFUSED" == await login(world, f"panjang-{length}", password[:-1])

    async def test_taken(self, world):
        """A user name is given once, to closed accounts too."""
        await account(world, "sekali")
        bkd = await world.bkd()
        await bkd.call("CloseStaffAccount", username="sekali")

        with refused("USERNAME_TAKEN", "ALREADY_EXISTS"):
            await account(world, "sekali")

    @pytest.mark.parametrize(
        ("role", "reason"),
        [
            (options_pb2.ROLE_EMPLOYEE, "ROLE_INVALID"),
            (options_pb2.ROLE_KIOSK, "ROLE_INVALID"),
            (options_pb2.ROLE_ANYONE, "ROLE_INVALID"),
            (options_pb2.ROLE_UNSPECIFIED, "FIELD_REQUIRED"),
            (77, "FIELD_INVALID"),
        ],
    )
    async def test_roles(self, world, role, reason):
        """Staff are heads, BKD or operators."""
        with refused(reason, "INVALID_ARGUMENT"):
            await account(world, "peran", role)

    @pytest.mark.parametrize("nip", ["", "199001012015011999"])
    async def test_head_is_an_employee(self, world, nip):
        """A head's account belongs to an employee: the tree is found by the NIP."""
        with refused("REFERENCE_UNKNOWN", "INVALID_ARGUMENT"):
            await account(world, "kepala-baru", HEAD, nip=nip)

    @pytest.mark.parametrize("username", ["Admin", "a b", "-a", "x" * 64, "a\u202eb"])
    async def test_user_names(self, world, username):
        """User names have the form of ids."""
        with refused("ID_INVALID", "INVALID_ARGUMENT"):
            await account(world, username)


class TestOneAccount:
    """BKD makes accounts for others, and nobody gets a second one."""

    async def test_for_the_own_nip(self, world):
        """A person of BKD makes none for the own NIP, of whatever role."""
        officer, own = await world.officer(), world.seed.employees[-1].nip
        for username, role in (("petugas-dua", BKD), ("petugas-kepala", HEAD)):
            values = {"username": username, "role": role, "password": PASSWORD, "nip": own}

            with refused("OWN_ACCOUNT", "PERMISSION_DENIED"):
                await officer.call("CreateStaffAccount", **values)

    async def test_one_open_account_a_person_and_role(self, world):
        """A second one is refused with the name of the first, until that is closed."""
        nip = world.seed.people[2].nip
        await account(world, "satu", BKD, nip=nip)
        await account(world, "satu-kepala", HEAD, nip=nip)

        with refused("ACCOUNT_EXISTS", "ALREADY_EXISTS") as caught:
            await account(world, "dua", BKD, nip=nip)
        await (await world.bkd()).call("CloseStaffAccount", username="satu")
        await account(world, "dua", BKD, nip=nip)

        assert "satu" == caught.value.metadata["username"]
        assert "satu" in caught.value.message

    async def test_held_by_the_database(self, world):
        """Two open accounts of a person and role cannot be stored either."""
        await account(world, "pemilik", BKD, nip=world.seed.people[3].nip)
        copy = (
            "INSERT INTO staff SELECT 'kembar', role, nip, password_hash, 1, NULL, 0"
            " FROM staff WHERE username = 'pemilik'"
        )
        with sqlite3.connect(world.directory / "hadir.db") as connection:
            with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
                connection.execute(copy)
        connection.close()

    async def test_log(self, world):
        """Who made, took over and closed which account can be read by BKD, page by page."""
        officer = await world.officer()
        values = {"username": "tercatat", "role": OPERATOR, "password": PASSWORD}
        await officer.call("CreateStaffAccount", **values)
        own = await first_session(world, "tercatat")
        await own.call("ChangePassword", old_password=PASSWORD, new_password="sandi-baru-2027-x")
        await officer.call("CloseStaffAccount", username="tercatat")
        page = await officer.call("ListAccountChanges", page_size=2)
        rest = await officer.call("ListAccountChanges", page_token=page.next_page_token)

        found = [one for one in (*page.changes, *rest.changes) if one.username == "tercatat"]
        actions = names(directory_pb2.AccountAction, "ACCOUNT_ACTION_", [o.action for o in found])
        assert ["CLOSED", "PASSWORD_CHANGED", "CREATED"] == actions
        assert ["petugas", "tercatat", "petugas"] == [one.actor for one in found]
        assert [world.seed.employees[-1].nip, "", world.seed.employees[-1].nip] == [
            one.actor_nip for one in found
        ]
        first = rest.changes[-1]
        assert ("bkd", "hadir", BKD) == (first.username, first.actor, first.role)


class TestFirstPassword:
    """What BKD chose and knows is changed by the owner before anything else."""

    async def test_nothing_else_before(self, world):
        """The session says so, may look at itself, change the password and end; then all goes."""
        await account(world, "pendatang", BKD)
        own = await first_session(world, "pendatang")

        before = await own.call("GetSession")
        with refused("FIRST_PASSWORD", "FAILED_PRECONDITION") as caught:
            await own.call("ListUnits")
        with refused("FIRST_PASSWORD", "FAILED_PRECONDITION"):
            await own.read("ListFindings")
        await own.call("ChangePassword", old_password=PASSWORD, new_password="sandi-baru-2027-x")
        after = await own.call("GetSession")
        await own.call("ListUnits")

        assert (True, False) == (before.first_password, after.first_password)
        assert "hadirctl password" in caught.value.message

    async def test_the_same_again_is_no_change(self, world):
        """The old password as the new one is refused, and the account waits on."""
        await account(world, "sama")
        own = await first_session(world, "sama")

        with refused("PASSWORD_TOO_WEAK", "INVALID_ARGUMENT"):
            await own.call("ChangePassword", old_password=PASSWORD, new_password=PASSWORD)
        with refused("FIRST_PASSWORD", "FAILED_PRECONDITION"):
            await own.call("ListUnits")
        await own.call("CloseSession")

    async def test_which_methods(self):
        """Only what a session needs for that, of all methods there are."""
        allowed = {path.rpartition("/")[2] for path in before_password(iter(FILES))}

        assert {"GetSession", "ChangePassword", "CloseSession"} == allowed


class TestClosing:
    """A closed account is over at once; somebody of BKD always stays."""

    async def test_closed(self, world):
        """Sessions end, logins are refused, closing again changes nothing."""
        await account(world, "pensiun")
        bkd, gone = await world.bkd(), await world.staff("pensiun")
        first = await bkd.call("CloseStaffAccount", username="pensiun")
        world.clock.advance(minutes=1)
        second = await bkd.call("CloseStaffAccount", username="pensiun")

        assert first == second
        assert first.HasField("close_time")
        assert "LOGIN_REFUSED" == await login(world, "pensiun")
        with refused("UNAUTHENTICATED", "UNAUTHENTICATED"):
            await gone.call("GetSession")

    async def test_open_stream_of_a_closed_account(self, world):
        """An enrolment that is under way ends with the account."""
        await account(world, "petugas-lama", BKD)
        bkd, clerk = await world.bkd(), await world.staff("petugas-lama")
        async with clerk.stream("Enroll") as stream:
            await _open_enrolment(world, stream)
            await bkd.call("CloseStaffAccount", username="petugas-lama")

            with refused("SESSION_ENDED", "PERMISSION_DENIED"):
                await stream.rest()

    async def test_import_of_a_closed_account(self, world):
        """A file of which only the beginning has come when the account is closed is not taken."""
        await account(world, "petugas-diam", BKD)
        bkd, clerk = await world.bkd(), await world.staff("petugas-diam")

        async def beginning():
            yield directory_pb2.ImportEmployeesRequest(open=directory_pb2.OpenImport())
            for _ in range(1000):
                if len(world.app.services.live):
                    break
                await asyncio.sleep(0.01)
            await bkd.call("CloseStaffAccount", username="petugas-diam")
            await asyncio.Event().wait()

        with refused("SESSION_ENDED", "PERMISSION_DENIED"):
            await clerk.upload("ImportEmployees", beginning())

    async def test_last_bkd_account(self, open_copy):
        """The last BKD account cannot be closed; of two that close each other at once, one stays."""
        async with open_copy() as world:
            bkd = await world.bkd()
            with refused("LAST_BKD_ACCOUNT", "FAILED_PRECONDITION"):
                await bkd.call("CloseStaffAccount", username="bkd")
            await account(world, "bkd-dua", BKD)
            second = await world.staff("bkd-dua")

            results = await asyncio.gather(
                bkd.call("CloseStaffAccount", username="bkd-dua"),
                second.call("CloseStaffAccount", username="bkd"),
                return_exceptions=True,
            )
            opened = {await login(world, "bkd"), await login(world, "bkd-dua")}

        lost = [result.reason for result in results if isinstance(result, ApiError)]
        assert 1 == len(lost)
        assert lost[0] in {"LAST_BKD_ACCOUNT", "UNAUTHENTICATED"}
        assert {"OK", "LOGIN_REFUSED"} == opened

    async def test_unknown(self, world):
        """An account that never was cannot be closed."""
        bkd = await world.bkd()

        with refused("ACCOUNT_UNKNOWN", "NOT_FOUND"):
            await bkd.call("CloseStaffAccount", username="tidak-ada")


class TestLog:
    """People type passwords into the wrong field."""

    async def test_unknown_names_are_not_logged(self, world, monkeypatch):
        """A refused login names an account that exists, or nobody."""
        logged = []
        monkeypatch.setattr(
            sessions.log, "warning", lambda event, username: logged.append((event, username))
        )
        await account(world, "salah-ketik")

        assert "LOGIN_REFUSED" == await login(world, PASSWORD, WRONG)
        assert "LOGIN_REFUSED" == await login(world, "salah-ketik", WRONG)
        assert [("login_refused", ""), ("login_refused", "salah-ketik")] == logged


class TestLeftTheService:
    """Whoever left the service has no access as staff either."""

    async def test_no_access(self, open_copy):
        """The login is refused, the session ends, and so does what is open."""
        async with open_copy() as world:
            person = world.seed.people[1]
            await account(world, "petugas-keluar", BKD, nip=person.nip)
            bkd, gone = await world.bkd(), await world.staff("petugas-keluar")
            async with gone.stream("Enroll") as stream:
                await _open_enrolment(world, stream)
                row = f"nip,name,unit_id,state\n{person.nip},{person.display_name},bkd,INACTIVE\n"
                await import_csv(bkd, row.encode())
                with refused("EMPLOYEE_INACTIVE", "FAILED_PRECONDITION"):
                    await stream.rest()
            with refused("UNAUTHENTICATED", "UNAUTHENTICATED"):
                await gone.call("GetSession")
            again = await login(world, "petugas-keluar")
            with refused("LAST_BKD_ACCOUNT", "FAILED_PRECONDITION"):
                await bkd.call("CloseStaffAccount", username="bkd")

        assert "LOGIN_REFUSED" == again


class TestChangePassword:
    """A new password takes the place of the old and ends what was opened with it."""

    async def test_changed(self, world):
        """The own session goes on, every other one ends, the old password is worth nothing."""
        await account(world, "pengganti")
        own, other = await world.staff("pengganti"), await world.staff("pengganti")
        new = "kata-sandi-lain-2027"

        await own.call("ChangePassword", old_password=PASSWORD, new_password=new)

        assert "pengganti" == (await own.call("GetSession")).username
        with refused("UNAUTHENTICATED", "UNAUTHENTICATED"):
            await other.call("GetSession")
        assert "LOGIN_REFUSED" == await login(world, "pengganti")
        assert "OK" == await login(world, "pengganti", new)

    async def test_wrong_or_weak(self, world):
        """Without the old password, or with a weak new one, nothing changes."""
        await account(world, "tetap")
        own = await world.staff("tetap")

        with refused("LOGIN_REFUSED", "UNAUTHENTICATED"):
            await own.call("ChangePassword", old_password=WRONG, new_password="sandi-baru-2027-x")
        with refused("PASSWORD_TOO_WEAK", "INVALID_ARGUMENT"):
            await own.call("ChangePassword", old_password=PASSWORD, new_password="pendek")

        assert "OK" == await login(world, "tetap")

    async def test_a_login_under_way(self, world, monkeypatch):
        """Whose old password was right before the change gets no session after it."""
        await account(world, "sekejap")
        own, passwords = await world.staff("sekejap"), world.app.services.sessions._passwords
        verify, verified, changed = passwords.verify, asyncio.Event(), asyncio.Event()

        async def held_up(stored, password):
            fits = await verify(stored, password)
            if not verified.is_set():
                verified.set()
                await changed.wait()
            return fits

        monkeypatch.setattr(passwords, "verify", held_up)
        thief = asyncio.create_task(login(world, "sekejap"))
        await verified.wait()
        await own.call("ChangePassword", old_password=PASSWORD, new_password="kata-sandi-lain-2027")
        changed.set()

        assert "LOGIN_REFUSED" == await thief

    async def test_open_stream_of_another_session(self, world):
        """What another session had under way ends, too: it may be a thief's."""
        await account(world, "petugas-sah", BKD)
        own, thief = await world.staff("petugas-sah"), await world.staff("petugas-sah")
        async with thief.stream("Enroll") as stream:
            await _open_enrolment(world, stream)
            new = "kata-sandi-lain-2027"
            await own.call("ChangePassword", old_password=PASSWORD, new_password=new)

            with refused("SESSION_ENDED", "PERMISSION_DENIED"):
                await stream.rest()


async def _open_enrolment(world: World, stream) -> None:
    nip = world.seed.people[4].nip
    await stream.send(open=enrollment_pb2.OpenEnrollment(nip=nip, consent=consent()))
    await stream.receive()
