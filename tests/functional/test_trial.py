"""The evaluation of the trial: reports of phones and kiosks, ratings, and the summary for BKD."""

import uuid

import pytest
from hadir.v1 import trial_pb2

from server.services.trial import REPORTS_A_DAY_MAX
from tests.functional.attendance_world import go_to, moment, phone_api, punch
from tests.functional.test_hadirctl import login
from tests.functional.world import refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

GPS, NETWORK = trial_pb2.TRIAL_PROBLEM_GPS, trial_pb2.TRIAL_PROBLEM_NETWORK


def new_id() -> str:
    """Returns the id of a new report."""
    return str(uuid.uuid4())


class TestTrial:
    """Who may say what, and what BKD reads."""

    async def test_summary(self, world, cast, tmp_path):
        """By unit and by model: events, problems, refusals of the server, ratings, comments."""
        day = go_to(world, "07:20")
        unit = world.seed.people[0].unit_id
        await punch(world, 0, "IN", moment(day, "07:20"))
        phone = await phone_api(world, 0)
        kiosk = await world.kiosk()
        report = new_id()
        for _ in range(2):
            await phone.call("ReportProblem", report_id=report, problem=GPS, text="lama sekali")
        await kiosk.call("ReportProblem", report_id=new_id(), problem=NETWORK, text="putus")
        await phone.call("GiveFeedback", report_id=new_id(), rating=4, text="mudah")
        await phone.call("GiveFeedback", report_id=new_id(), rating=1)
        far = await (await world.phone(0)).check_in(1, world.place(0, north_m=5000), cast.actor(0))
        bkd = await world.bkd()

        span = {"first": day.isoformat(), "last": day.isoformat()}
        answer = await bkd.call("SummariseTrial", **span)
        ctl = await login(world, tmp_path, "bkd")
        shown = await ctl("trial", "--from", str(day), "--to", str(day))

        assert far.refusal is not None
        groups = {group.name: group for group in answer.units}
        assert (1, 1) == (groups[unit].employee_count, groups[unit].event_count)
        assert {"GPS": 1} == {one.name: one.count for one in groups[unit].problems}
        assert {"OUTSIDE_GEOFENCE": 1} == {one.name: one.count for one in groups[unit].refusals}
        assert (2, 2.5) == (groups[unit].rating_count, groups[unit].rating_mean)
        sites = {group.name: group for group in answer.sites}
        assert {"NETWORK": 1} == {o.name: o.count for o in sites["kantor-gubernur"].problems}
        assert "kantor-gubernur" not in groups
        assert unit not in sites
        models = {group.name: group for group in answer.models}
        assert {"Simulated phone", "Kiosk"} <= set(models)
        assert {
            ("mudah", 4, unit, ""),
            ("lama sekali", 0, unit, ""),
            ("putus", 0, "", "kantor-gubernur"),
        } == {(one.text, one.rating, one.unit_id, one.site_id) for one in answer.comments}
        assert "OUTSIDE_GEOFENCE 1" in shown.stdout
        assert "2.5 (2)" in shown.stdout

    async def test_limits(self, world):
        """Ratings 1 to 5, a text's length, and so many reports a day."""
        go_to(world, "12:00")
        phone = await phone_api(world, 1)

        for fields in ({"rating": 6}, {"rating": -1}, {"rating": 3, "text": "x" * 1001}):
            with refused("FIELD_INVALID", "INVALID_ARGUMENT"):
                await phone.call("GiveFeedback", report_id=new_id(), **fields)
        with refused("REQUEST_ID_INVALID", "INVALID_ARGUMENT"):
            await phone.call("GiveFeedback", report_id="1", rating=3)
        for _ in range(REPORTS_A_DAY_MAX):
            await phone.call("ReportProblem", report_id=new_id(), problem=GPS)
        with refused("TOO_MANY_REPORTS", "RESOURCE_EXHAUSTED"):
            await phone.call("ReportProblem", report_id=new_id(), problem=GPS)

    async def test_retries(self, world):
        """One that was noted is answered, also beyond the limit; another under its id is not."""
        go_to(world, "12:00")
        phone = await phone_api(world, 2)
        first = {"report_id": new_id(), "problem": GPS, "text": " lama "}
        await phone.call("ReportProblem", **first)
        for _ in range(REPORTS_A_DAY_MAX - 1):
            await phone.call("ReportProblem", report_id=new_id(), problem=GPS)

        await phone.call("ReportProblem", **first)
        with refused("REQUEST_ID_REUSED", "ALREADY_EXISTS"):
            await phone.call("ReportProblem", **{**first, "problem": NETWORK})
        with refused("REQUEST_ID_REUSED", "ALREADY_EXISTS"):
            await phone.call("GiveFeedback", report_id=first["report_id"], rating=5)
