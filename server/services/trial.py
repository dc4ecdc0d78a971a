"""The evaluation of the trial: reports of devices and employees, summed up for BKD."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from server.clock import Clock
from server.domain.model import Principal, Role
from server.errors import FieldInvalid, RequestIdReused, TooManyReports, Unauthenticated
from server.services.documents import checked_uuid
from server.services.reports import Reports
from server.services.sight import Sight
from server.storage import devices, directory, trial
from server.storage.database import Connection, Database
from server.storage.trial import Comment, Group, GroupBy, Report

TEXT_MAX = 1000
RATING_MAX = 5
REPORTS_A_DAY_MAX = 50
COMMENTS_MAX = 100
DAYS_MAX = 366
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Summary:
    """What a period brought, by unit, by phone model and by site of kiosks."""

    units: dict[str, Group]
    models: dict[str, Group]
    sites: dict[str, Group]
    comments: list[Comment]


class Trial:
    """Takes reports and sums them up."""

    def __init__(self, database: Database, sight: Sight, clock: Clock, *, reports: Reports) -> None:
        self._database = database
        self._sight = sight
        self._clock = clock
        self._reports = reports

    async def report(
        self, principal: Principal, report_id: str, *, problem: str, rating: int, text: str
    ) -> None:
        """Keeps a problem, or a rating of 1 to 5; once for a report_id.

        Raises RequestIdInvalid, RequestIdReused, FieldInvalid, TooManyReports.
        """
        checked_uuid(report_id, "report_id")
        if len(text) > TEXT_MAX:
            raise FieldInvalid(f"a text has {TEXT_MAX} characters at most", field="text")
        if not problem and not 1 <= rating <= RATING_MAX:
            raise FieldInvalid(f"a rating is 1 to {RATING_MAX}", field="rating")
        said = problem, rating, text.strip()

        async def work(connection: Connection) -> None:
            known = await trial.find_report(connection, principal.device_id, report_id)
            if known == said:
                return
            if known is not None:
                raise RequestIdReused("the report id was used for another report")
            now = self._clock.now()
            sent = await trial.count_since(connection, principal.device_id, now - _ONE_DAY)
            if sent >= REPORTS_A_DAY_MAX:
                raise TooManyReports("too many reports of one device", retry_after_s=3600)
            device = await devices.get_device(connection, principal.device_id)
            if device is None:
                raise Unauthenticated("no valid session")
            unit_id = principal.site_id
            if principal.role is Role.EMPLOYEE:
                unit_id = (await directory.active_employee(connection, principal.nip)).unit_id
            await trial.insert_report(
                connection,
                Report(
                    report_id,
                    principal.nip,
                    unit_id,
                    principal.device_id,
                    device.model,
                    *said,
                    now,
                ),
            )

        await self._database.write(work)

    async def summary(self, first: date, last: date) -> Summary:
        """Returns what the dates first to last brought. Raises FieldInvalid, Overloaded."""
        if not 0 <= (last - first).days < DAYS_MAX:
            raise FieldInvalid(f"1 to {DAYS_MAX} days, the first before the last", field="last")
        zone = self._sight.zone
        start = datetime.combine(first, time.min, tzinfo=zone)
        end = datetime.combine(last + _ONE_DAY, time.min, tzinfo=zone)
        self._reports.admit()
        async with self._reports.reading(), self._database.read() as connection:
            return Summary(
                await trial.groups(connection, start, end, GroupBy.UNIT),
                await trial.groups(connection, start, end, GroupBy.MODEL),
                await trial.groups(connection, start, end, GroupBy.SITE),
                await trial.comments(connection, start, end, limit=COMMENTS_MAX),
            )
