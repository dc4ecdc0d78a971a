"""SQL of the log of sites: append-only, one row for each time that somebody put one."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.model import Site, SiteChange
from server.storage.directory import pack_fence, unpack_fence
from server.storage.schema_logs import site_changes
from server.storage.times import pack, unpack


async def insert_change(
    connection: AsyncConnection, site: Site, *, actor: str, reason: str, now: datetime
) -> None:
    """Appends a site as it was put."""
    await connection.execute(
        insert(site_changes).values(
            site_id=site.site_id,
            display_name=site.display_name,
            time_zone=site.time_zone,
            geofence=pack_fence(site.geofence),
            actor=actor,
            reason=reason,
            change_time=pack(now),
        )
    )


async def page(
    connection: AsyncConnection, site_id: str, *, before: int | None, limit: int
) -> list[SiteChange]:
    """Returns changes of a site ("" for all) before a sequence, newest first."""
    statement = select(site_changes).order_by(site_changes.c.sequence.desc()).limit(limit)
    if site_id:
        statement = statement.where(site_changes.c.site_id == site_id)
    if before is not None:
        statement = statement.where(site_changes.c.sequence < before)
    return [_change(row) for row in await connection.execute(statement)]


def _change(row: Row[Any]) -> SiteChange:
    return SiteChange(
        sequence=row.sequence,
        site=Site(row.site_id, row.display_name, row.time_zone, unpack_fence(row.geofence)),
        actor=row.actor,
        reason=row.reason,
        change_time=unpack(row.change_time),
    )
