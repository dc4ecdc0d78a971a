"""Commands of devices: activation codes, rebinding, revoking, lists, and the history of a phone."""

from collections.abc import Sequence
from enum import StrEnum
from functools import partial
from typing import Annotated

import typer
from hadir.v1 import device_admin_pb2, device_pb2
from hadir.v1.device_admin_pb2_grpc import DeviceAdminServiceStub

from server.ctl.context import Ctl, collect, ctl_of
from server.ctl.help import DeviceId, Nip, SiteId, examples
from server.ctl.labels import enum_text
from server.ctl.render import Columns, as_data
from server.ctl.texts import Text

DEVICE_COLUMNS: Columns[device_pb2.Device] = {
    Text.DEVICE: lambda device: device.device_id,
    Text.KIND: lambda it: enum_text(device_pb2.DeviceKind, it.kind),
    Text.STATE: lambda it: enum_text(device_pb2.DeviceState, it.state),
    Text.NIP: lambda device: device.nip,
    Text.SITE: lambda device: device.site_id,
    Text.NAME: lambda device: device.display_name,
    Text.MODEL: lambda device: device.model,
    Text.ACTIVATED: lambda device: device.activate_time,
    Text.REVOKED: lambda device: device.revoke_time,
    Text.ACTOR: lambda device: device.revoke_actor,
    Text.REASON: lambda device: device.revoke_reason,
}
CODE_COLUMNS: Columns[device_admin_pb2.ActivationCode] = {
    Text.CODE: lambda code: code.code,
    Text.EXPIRES: lambda code: code.expire_time,
}
HISTORY_COLUMNS: Columns[device_admin_pb2.BindingChange] = {
    Text.TIME: lambda change: change.change_time,
    Text.CHANGE: lambda it: enum_text(device_admin_pb2.BindingAction, it.action),
    Text.DEVICE: lambda change: change.device_id,
    Text.ACTOR: lambda change: change.actor,
    Text.REASON: lambda change: change.reason,
}

devices = typer.Typer(no_args_is_help=True, help="Phones, and what concerns every device.")
kiosks = typer.Typer(no_args_is_help=True, help="Kiosks of sites.")


class Kind(StrEnum):
    """What a list of devices holds."""

    PHONE = "phone"
    KIOSK = "kiosk"


Why = Annotated[str, typer.Option(help="Why, 3 to 500 characters; kept.")]
ActiveOnly = Annotated[bool, typer.Option("--active", help="Only devices that may act.")]
Limit = Annotated[int | None, typer.Option(min=1, help="Rows at most; all if unset.")]


@devices.command(
    "activate-code", epilog=examples("hadirctl device activate-code 197001011995031001")
)
def activate_phone(context: typer.Context, nip: Nip) -> None:
    """Issue the code by which an employee activates the first phone."""
    request = device_admin_pb2.IssueActivationCodeRequest(nip=nip)
    ctl_of(context).run(partial(_issue, request=request))


@devices.command(
    epilog=examples(
        "hadirctl device rebind 197001011995031001 --reason 'telepon hilang, laporan 12'"
    )
)
def rebind(context: typer.Context, nip: Nip, *, reason: Why) -> None:
    """Replace a lost or broken phone: revoke the bound one and issue a code for the next."""
    ctl_of(context).run(partial(_rebind, nip=nip, reason=reason))


@devices.command(
    epilog=examples("hadirctl device revoke 01HZX3V8K2M4N6P8Q0R2S4T6V8 --reason 'telepon dicuri'")
)
def revoke(
    context: typer.Context,
    device_id: DeviceId,
    *,
    reason: Why,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Revoke a phone or kiosk for good."""
    ctl = ctl_of(context)
    ctl.confirm(Text.ASK_REVOKE, yes=yes, device=device_id)
    request = device_admin_pb2.RevokeDeviceRequest(device_id=device_id, reason=reason)
    ctl.run(partial(_revoke, request=request))


@devices.command(
    "list",
    epilog=examples(
        "hadirctl device list --active", "hadirctl device list --kind phone --limit 20"
    ),
)
def list_devices(
    context: typer.Context,
    *,
    kind: Annotated[Kind | None, typer.Option(help="Only phones or only kiosks.")] = None,
    active: ActiveOnly = False,
    limit: Limit = None,
) -> None:
    """List devices, newest first."""
    ctl_of(context).run(partial(_list, kind=kind, active=active, limit=limit))


@devices.command(epilog=examples("hadirctl device history 197001011995031001"))
def history(context: typer.Context, nip: Nip) -> None:
    """Show everything that happened to an employee's phones, oldest first."""
    request = device_admin_pb2.ListBindingHistoryRequest(nip=nip)
    ctl_of(context).run(partial(_history, request=request))


@kiosks.command("activate-code", epilog=examples("hadirctl kiosk activate-code kantor-gubernur"))
def activate_kiosk(context: typer.Context, site_id: SiteId) -> None:
    """Issue the code by which a kiosk of a site is activated."""
    request = device_admin_pb2.IssueActivationCodeRequest(site_id=site_id)
    ctl_of(context).run(partial(_issue, request=request))


@kiosks.command("history", epilog=examples("hadirctl kiosk history kantor-gubernur"))
def kiosk_history(context: typer.Context, site_id: SiteId) -> None:
    """Show who issued codes for the kiosks of a site, and what became of them, oldest first."""
    request = device_admin_pb2.ListBindingHistoryRequest(site_id=site_id)
    ctl_of(context).run(partial(_history, request=request))


@kiosks.command("list", epilog=examples("hadirctl kiosk list --active"))
def list_kiosks(context: typer.Context, *, active: ActiveOnly = False, limit: Limit = None) -> None:
    """List kiosks, newest first."""
    ctl_of(context).run(partial(_list, kind=Kind.KIOSK, active=active, limit=limit))


async def _issue(ctl: Ctl, *, request: device_admin_pb2.IssueActivationCodeRequest) -> None:
    async with ctl.service(DeviceAdminServiceStub) as (stub, options):
        code: device_admin_pb2.ActivationCode = await stub.IssueActivationCode(request, **options)
    ctl.screen.record(code, CODE_COLUMNS)
    ctl.screen.note(Text.CODE_ISSUED_NOTE)


async def _rebind(ctl: Ctl, *, nip: str, reason: str) -> None:
    request = device_admin_pb2.RebindDeviceRequest(nip=nip, reason=reason)
    async with ctl.service(DeviceAdminServiceStub) as (stub, options):
        answer: device_admin_pb2.RebindDeviceResponse = await stub.RebindDevice(request, **options)
    if answer.HasField("revoked_device"):
        device = answer.revoked_device.device_id
        ctl.screen.note(Text.DEVICE_REVOKED, device=device)
    else:
        ctl.screen.note(Text.NO_DEVICE_REVOKED)
    if ctl.screen.as_json:
        ctl.screen.data(as_data(answer))
    else:
        ctl.screen.record(answer.activation_code, CODE_COLUMNS)
    ctl.screen.note(Text.CODE_ISSUED_NOTE)


async def _revoke(ctl: Ctl, *, request: device_admin_pb2.RevokeDeviceRequest) -> None:
    async with ctl.service(DeviceAdminServiceStub) as (stub, options):
        device: device_pb2.Device = await stub.RevokeDevice(request, **options)
    ctl.screen.done(device, Text.DEVICE_REVOKED, device=device.device_id)


async def _list(ctl: Ctl, *, kind: Kind | None, active: bool, limit: int | None) -> None:
    wanted = "UNSPECIFIED" if kind is None else kind.name
    async with ctl.service(DeviceAdminServiceStub) as (stub, options):

        async def fetch(size: int, token: str) -> tuple[Sequence[device_pb2.Device], str]:
            request = device_admin_pb2.ListDevicesRequest(
                kind=f"DEVICE_KIND_{wanted}",
                active_only=active,
                page_size=size,
                page_token=token,
            )
            page: device_admin_pb2.ListDevicesResponse = await stub.ListDevices(request, **options)
            return page.devices, page.next_page_token

        found, more = await collect(fetch, limit)
    ctl.screen.page(found, DEVICE_COLUMNS, more=more, limit=limit)


async def _history(ctl: Ctl, *, request: device_admin_pb2.ListBindingHistoryRequest) -> None:
    async with ctl.service(DeviceAdminServiceStub) as (stub, options):
        answer: device_admin_pb2.ListBindingHistoryResponse = await stub.ListBindingHistory(
            request, **options
        )
    ctl.screen.records(answer.changes, HISTORY_COLUMNS)
