"""TrialService: proto in, one call on the service, proto out."""

from collections.abc import Mapping

from hadir.v1 import trial_pb2, trial_pb2_grpc

from server.errors import FieldInvalid
from server.rpc import convert_attendance
from server.rpc.call import Context, caller
from server.services.trial import Trial
from server.storage.trial import Group


class TrialServicer(trial_pb2_grpc.TrialServiceServicer):
    """The evaluation of the trial."""

    def __init__(self, trial: Trial) -> None:
        self._trial = trial

    async def ReportProblem(
        self, request: trial_pb2.ReportProblemRequest, context: Context
    ) -> trial_pb2.ReportProblemResponse:
        """See trial.proto."""
        try:
            name = trial_pb2.TrialProblem.Name(request.problem)
        except ValueError:
            raise FieldInvalid("the problem is unknown", field="problem") from None
        await self._trial.report(
            caller(),
            request.report_id,
            problem=name.removeprefix("TRIAL_PROBLEM_"),
            rating=0,
            text=request.text,
        )
        return trial_pb2.ReportProblemResponse()

    async def GiveFeedback(
        self, request: trial_pb2.GiveFeedbackRequest, context: Context
    ) -> trial_pb2.GiveFeedbackResponse:
        """See trial.proto."""
        await self._trial.report(
            caller(), request.report_id, problem="", rating=request.rating, text=request.text
        )
        return trial_pb2.GiveFeedbackResponse()

    async def SummariseTrial(
        self, request: trial_pb2.SummariseTrialRequest, context: Context
    ) -> trial_pb2.SummariseTrialResponse:
        """See trial.proto."""
        first = convert_attendance.day(request.first, "first")
        last = convert_attendance.day(request.last, "last")
        found = await self._trial.summary(first, last)
        return trial_pb2.SummariseTrialResponse(
            units=[_group(name, group) for name, group in sorted(found.units.items())],
            models=[_group(name, group) for name, group in sorted(found.models.items())],
            sites=[_group(name, group) for name, group in sorted(found.sites.items())],
            comments=[
                trial_pb2.TrialComment(
                    unit_id=one.unit_id,
                    rating=one.rating,
                    problem=one.problem,
                    text=one.text,
                    site_id=one.site_id,
                )
                for one in found.comments
            ],
        )


def _group(name: str, group: Group) -> trial_pb2.TrialGroup:
    return trial_pb2.TrialGroup(
        name=name,
        employee_count=group.employees,
        event_count=group.events,
        problems=_counts(group.problems),
        refusals=_counts(group.refusals),
        rating_count=group.ratings,
        rating_mean=group.rating_mean,
    )


def _counts(found: Mapping[str, int]) -> list[trial_pb2.TrialCount]:
    return [trial_pb2.TrialCount(name=name, count=found[name]) for name in sorted(found)]
