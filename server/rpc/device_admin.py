"""DeviceAdminService: proto in, one call on the service, proto out."""

from hadir.v1 import device_admin_pb2, device_admin_pb2_grpc, device_pb2

from server.errors import FieldRequired
from server.rpc import convert
from server.rpc.call import Context, caller
from server.services.devices import Devices
from server.storage.pages import key_of, page_size


class DeviceAdminServicer(device_admin_pb2_grpc.DeviceAdminServiceServicer):
    """BKD's rule over devices."""

    def __init__(self, devices: Devices) -> None:
        self._devices = devices

    async def IssueActivationCode(
        self,
        request: device_admin_pb2.IssueActivationCodeRequest,
        context: Context,
    ) -> device_admin_pb2.ActivationCode:
        """See device_admin.proto."""
        if not request.nip and not request.site_id:
            raise FieldRequired("nip or site_id is required", field="nip, site_id")
        issued = await self._devices.issue_code(caller(), nip=request.nip, site_id=request.site_id)
        return convert.activation_code(issued)

    async def RebindDevice(
        self, request: device_admin_pb2.RebindDeviceRequest, context: Context
    ) -> device_admin_pb2.RebindDeviceResponse:
        """See device_admin.proto."""
        revoked, issued = await self._devices.rebind(caller(), request.nip, request.reason)
        return device_admin_pb2.RebindDeviceResponse(
            revoked_device=convert.device(revoked) if revoked else None,
            activation_code=convert.activation_code(issued),
        )

    async def RevokeDevice(
        self, request: device_admin_pb2.RevokeDeviceRequest, context: Context
    ) -> device_pb2.Device:
        """See device_admin.proto."""
        return convert.device(
            await self._devices.revoke(caller(), request.device_id, request.reason)
        )

    async def ListDevices(
        self, request: device_admin_pb2.ListDevicesRequest, context: Context
    ) -> device_admin_pb2.ListDevicesResponse:
        """See device_admin.proto."""
        limit = page_size(request.page_size)
        rows = await self._devices.list_devices(
            caller(),
            kind=convert.device_kind(request.kind),
            active_only=request.active_only,
            before_id=key_of(request.page_token),
            limit=limit + 1,
        )
        shown, token = convert.page(rows, limit, key=lambda row: row.device_id)
        return device_admin_pb2.ListDevicesResponse(
            devices=[convert.device(row) for row in shown], next_page_token=token
        )

    async def ListBindingHistory(
        self,
        request: device_admin_pb2.ListBindingHistoryRequest,
        context: Context,
    ) -> device_admin_pb2.ListBindingHistoryResponse:
        """See device_admin.proto."""
        if not request.nip and not request.site_id:
            raise FieldRequired("nip or site_id is required", field="nip, site_id")
        changes = await self._devices.history(request.nip, request.site_id)
        return device_admin_pb2.ListBindingHistoryResponse(
            changes=[convert.binding_change(change) for change in changes]
        )
