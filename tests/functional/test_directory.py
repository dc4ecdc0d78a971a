"""Units and sites: a tree that stays one, fences that can be judged, ids of one form."""

import pytest
import pytest_asyncio
from hadir.v1 import directory_pb2

from tests.functional.world import Api, World, refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

LatLng, Polygon, Circle = directory_pb2.LatLng, directory_pb2.Polygon, directory_pb2.Circle
CENTRE = LatLng(latitude=0.7, longitude=127.5)
NAN = float("nan")
BAD_IDS = ["A", "a_b", "-a", "a-", "1a", "a" * 64, "a b", "a'--", "../a", "a\n", "ä"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bkd(world: World) -> Api:
    """BKD."""
    return await world.bkd()


def unit(unit_id: str, **fields: str) -> directory_pb2.Unit:
    return directory_pb2.Unit(**{"unit_id": unit_id, "display_name": "Unit", **fields})


def site(site_id: str = "situs", **fields) -> directory_pb2.Site:
    values = {"site_id": site_id, "display_name": "Situs", "time_zone": "Asia/Jayapura"}
    if "polygon" not in fields and "circle" not in fields:
        fields["circle"] = Circle(center=CENTRE, radius_m=100)
    return directory_pb2.Site(**{**values, **fields})


def polygon(*corners: tuple[float, float]) -> Polygon:
    return Polygon(corners=[LatLng(latitude=north, longitude=east) for north, east in corners])


class TestUnits:
    """The tree of units."""

    async def test_stored_as_sent(self, bkd):
        """A unit comes back as it was put; putting it again replaces it."""
        sent = unit("sub-bkd", parent_unit_id="bkd", site_id="jalan-40", display_name="Subbagian")
        await bkd.call("PutUnit", unit=sent)
        changed = unit("sub-bkd", parent_unit_id="pangan", display_name="Subbagian Baru")

        answer = await bkd.call("PutUnit", unit=changed, reason="salah induk")

        listed = {one.unit_id: one for one in (await bkd.call("ListUnits")).units}
        assert changed == answer
        assert changed == listed["sub-bkd"]

    async def test_every_change_is_logged(self, bkd):
        """Who, when, what, from which date on and why; a unit moves for a reason alone."""
        await bkd.call("PutUnit", unit=unit("pindah", parent_unit_id="bkd"))
        moved = unit("pindah", parent_unit_id="pangan")
        with refused("REASON_REQUIRED", "INVALID_ARGUMENT"):
            await bkd.call("PutUnit", unit=moved)
        answer = await bkd.call("ImportUnits", units=[moved])
        await bkd.call("PutUnit", unit=moved, start="2026-03-01", reason="Pergub 3/2026")

        log = (await bkd.call("ListUnitChanges", unit_id="pindah")).changes
        everything = await bkd.call("ListUnitChanges", page_size=1)

        assert ["MOVE_WITHOUT_REASON"] == [one.reason for one in answer.problems]
        assert ["pangan", "bkd"] == [one.unit.parent_unit_id for one in log]
        assert ("bkd", "Pergub 3/2026", "2026-03-01") == (log[0].actor, log[0].reason, log[0].start)
        assert log[0] == everything.changes[0]
        assert everything.next_page_token

    async def test_a_date_before_a_move(self, bkd):
        """Whoever would move a unit back in time says why, also where only a name was meant."""
        stood = unit("mundur", parent_unit_id="bkd")
        moved = unit("mundur", parent_unit_id="pangan")
        await bkd.call("PutUnit", unit=stood, start="2026-01-05", reason="awal")
        await bkd.call("PutUnit", unit=moved, start="2026-03-02", reason="Pergub 3/2026")

        with refused("REASON_REQUIRED", "INVALID_ARGUMENT"):
            await bkd.call("PutUnit", unit=moved, start="2026-02-02")
        listed = await bkd.call("ImportUnits", units=[moved], start="2026-02-02")
        await bkd.call("PutUnit", unit=moved, start="2026-04-01")

        assert ["MOVE_WITHOUT_REASON"] == [one.reason for one in listed.problems]

    async def test_dates_to_come(self, bkd):
        """What is put holds now: a date ahead is refused."""
        for method, fields in (
            ("PutUnit", {"unit": unit("nanti")}),
            ("ImportUnits", {"units": [unit("nanti")]}),
        ):
            with refused("FIELD_INVALID", "INVALID_ARGUMENT") as caught:
                await bkd.call(method, start="2150-01-01", **fields)
            assert "start" == caught.value.metadata["field"]

    async def test_order(self, bkd):
        """Units and sites are listed in the order of their ids."""
        units = [one.unit_id for one in (await bkd.call("ListUnits")).units]
        sites = [one.site_id for one in (await bkd.call("ListSites")).sites]

        assert sorted(units) == units
        assert sorted(sites) == sites
        assert "kantor-gubernur" in sites

    async def test_cycle(self, bkd):
        """A unit never stands above itself, however long the way round."""
        for unit_id, parent in (("a1", "bkd"), ("a2", "a1"), ("a3", "a2")):
            await bkd.call("PutUnit", unit=unit(unit_id, parent_unit_id=parent))

        for unit_id, parent in (("a1", "a3"), ("a1", "a1"), ("bkd", "a3"), ("baru", "baru")):
            with refused("UNIT_CYCLE", "INVALID_ARGUMENT"):
                await bkd.call("PutUnit", unit=unit(unit_id, parent_unit_id=parent))

        listed = {one.unit_id: one for one in (await bkd.call("ListUnits")).units}
        assert "bkd" == listed["a1"].parent_unit_id
        assert "baru" not in listed

    @pytest.mark.parametrize(
        "fields",
        [
            {"parent_unit_id": "tidak-ada"},
            {"site_id": "tidak-ada"},
            {"head_nip": "199001012015011999"},
        ],
        ids=str,
    )
    async def test_unknown_references(self, bkd, fields):
        """What a unit names must exist first."""
        with refused("REFERENCE_UNKNOWN", "INVALID_ARGUMENT") as caught:
            await bkd.call("PutUnit", unit=unit("rujukan", **fields))

        assert fields.items() <= caught.value.metadata.items()

    @pytest.mark.parametrize("bad", BAD_IDS)
    async def test_ids(self, bkd, bad):
        """Ids have one form, so that they need no quoting anywhere."""
        with refused("ID_INVALID", "INVALID_ARGUMENT"):
            await bkd.call("PutUnit", unit=unit(bad))
        with refused("ID_INVALID", "INVALID_ARGUMENT"):
            await bkd.call("PutSite", site=site(bad))

    async def test_longest_id(self, bkd):
        """63 characters are an id."""
        answer = await bkd.call("PutUnit", unit=unit("a" * 63))

        assert "a" * 63 == answer.unit_id

    @pytest.mark.parametrize("name", ["   ", "n" * 201])
    async def test_names(self, bkd, name):
        """A name has 1 to 200 characters that one can see."""
        with refused("FIELD_INVALID", "INVALID_ARGUMENT"):
            await bkd.call("PutUnit", unit=unit("nama", display_name=name))

    async def test_hostile_name(self, bkd):
        """A name is stored as it is, whatever it looks like."""
        name = "'; DROP TABLE units; -- \u202e{x}%s\x07"

        await bkd.call("PutUnit", unit=unit("aneh", display_name=name))

        listed = {one.unit_id: one for one in (await bkd.call("ListUnits")).units}
        assert name == listed["aneh"].display_name

    async def test_required(self, bkd):
        """A missing field is named, at any depth."""
        for fields, missing in (
            ({}, "unit"),
            ({"unit": directory_pb2.Unit(display_name="x")}, "unit_id"),
            ({"unit": directory_pb2.Unit(unit_id="x")}, "display_name"),
        ):
            with refused("FIELD_REQUIRED", "INVALID_ARGUMENT") as caught:
                await bkd.call("PutUnit", **fields)
            assert missing == caught.value.metadata["field"]


class TestSites:
    """Places of work with a fence and a time zone."""

    @pytest.mark.parametrize(
        "fields",
        [
            {"circle": Circle(center=CENTRE, radius_m=10)},
            {"circle": Circle(center=CENTRE, radius_m=20_000)},
            {"polygon": polygon((0.7, 127.5), (0.7, 127.6), (0.8, 127.55))},
            # A house in the form of an L.
            {"polygon": polygon((0, 0), (0, 2), (1, 2), (1, 1), (2, 1), (2, 0))},
            {"time_zone": "Asia/Makassar"},
        ],
        ids=["smallest", "largest", "triangle", "L", "WITA"],
    )
    async def test_stored_as_sent(self, bkd, fields):
        """A site comes back as it was put."""
        sent = site(**fields)

        answer = await bkd.call("PutSite", site=sent, reason="ukur ulang")

        listed = {one.site_id: one for one in (await bkd.call("ListSites")).sites}
        assert sent == answer
        assert sent == listed["situs"]

    async def test_another_fence_says_why(self, bkd):
        """Who was there and who was late hangs on fence and zone: the log keeps who moved them."""
        first = site(site_id="pagar-baru", circle=Circle(center=CENTRE, radius_m=50))
        wider = site(site_id="pagar-baru", circle=Circle(center=CENTRE, radius_m=20_000))
        zone = site(site_id="pagar-baru", time_zone="Asia/Makassar", circle=first.circle)
        await bkd.call("PutSite", site=first)
        for changed in (wider, zone):
            with refused("REASON_REQUIRED", "INVALID_ARGUMENT"):
                await bkd.call("PutSite", site=changed)
        named = directory_pb2.Site()
        named.CopyFrom(first)
        named.display_name = "Gedung baru"
        await bkd.call("PutSite", site=named)
        named.circle.radius_m = 60
        await bkd.call("PutSite", site=named, reason="halaman parkir")

        log = await bkd.call("ListSiteChanges", site_id="pagar-baru", page_size=2)
        rest = await bkd.call(
            "ListSiteChanges", site_id="pagar-baru", page_token=log.next_page_token
        )

        assert [60, 50, 50] == [one.site.circle.radius_m for one in (*log.changes, *rest.changes)]
        assert ["halaman parkir", ""] == [one.reason for one in log.changes]
        assert {"bkd"} == {one.actor for one in log.changes}
        assert "" == rest.next_page_token

    @pytest.mark.parametrize(
        "fields",
        [
            {"circle": Circle(center=CENTRE, radius_m=9.9)},
            {"circle": Circle(center=CENTRE, radius_m=20_001)},
            {"circle": Circle(center=CENTRE, radius_m=NAN)},
            {"circle": Circle(center=LatLng(latitude=91, longitude=0), radius_m=100)},
            {"circle": Circle(center=LatLng(latitude=NAN, longitude=0), radius_m=100)},
            {"polygon": polygon((0, 0), (0, 1))},
            {"polygon": polygon((0, 0), (1, 1), (0, 1), (1, 0))},
            {"polygon": polygon((0, 0), (0, 1), (1, float("inf")))},
            {"polygon": polygon(*[(index / 1000, index**2 / 1e6) for index in range(201)])},
        ],
        ids=["small", "large", "no radius", "off", "NaN", "line", "bow tie", "infinite", "201"],
    )
    async def test_bad_fence(self, bkd, fields):
        """A fence that nobody can be judged by is refused."""
        with refused("GEOFENCE_INVALID", "INVALID_ARGUMENT"):
            await bkd.call("PutSite", site=site("pagar", **fields))

    async def test_no_fence(self, bkd):
        """A site without a fence would let everybody in."""
        bare = directory_pb2.Site(site_id="tanpa", display_name="x", time_zone="Asia/Jayapura")

        with refused("GEOFENCE_INVALID", "INVALID_ARGUMENT"):
            await bkd.call("PutSite", site=bare)

    @pytest.mark.parametrize(
        "zone", ["WIT", "Mars/Olympus", "../../etc/passwd", "/etc/localtime", "a\0b", "Asia", "."]
    )
    async def test_unknown_zone(self, bkd, zone):
        """A time zone is one of the IANA database, and never a way to a file."""
        with refused("ZONE_UNKNOWN", "INVALID_ARGUMENT"):
            await bkd.call("PutSite", site=site("zona", time_zone=zone))
