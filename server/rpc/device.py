"""DeviceService: proto in, one call on the service, proto out."""

from hadir.v1 import device_pb2, device_pb2_grpc

from server.rpc import convert
from server.rpc.call import Context, caller
from server.services.devices import Devices


class DeviceServicer(device_pb2_grpc.DeviceServiceServicer):
    """Activation, and what a device may know of itself."""

    def __init__(self, devices: Devices) -> None:
        self._devices = devices

    async def ActivateDevice(
        self, request: device_pb2.ActivateDeviceRequest, context: Context
    ) -> device_pb2.Device:
        """See device.proto."""
        device = await self._devices.activate(
            request.activation_code,
            request.public_key,
            request.signature,
            request.model,
            handset_id=request.handset_id,
        )
        return convert.device(device)

    async def GetOwnDevice(
        self, request: device_pb2.GetOwnDeviceRequest, context: Context
    ) -> device_pb2.Device:
        """See device.proto."""
        return convert.device(await self._devices.own(caller()))
