"""LedgerService: proto in, one call on the service, proto out."""

from hadir.v1 import ledger_pb2, ledger_pb2_grpc

from server.rpc import convert
from server.rpc.call import Context
from server.services.ledger import Ledger


class LedgerServicer(ledger_pb2_grpc.LedgerServiceServicer):
    """Checkpoints for whoever keeps them."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def GetCheckpoint(
        self, request: ledger_pb2.GetCheckpointRequest, context: Context
    ) -> ledger_pb2.Checkpoint:
        """See ledger.proto."""
        signed = await self._ledger.checkpoint()
        return ledger_pb2.Checkpoint(
            size=signed.size,
            note=signed.note,
            make_time=convert.stamp(signed.make_time),
            public_key=signed.public_key,
        )
