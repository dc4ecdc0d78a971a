"""SessionService: proto in, one call on the service, proto out."""

from hadir.v1 import session_pb2, session_pb2_grpc

from server.rpc import convert
from server.rpc.call import Context, address_of, caller
from server.services.sessions import Sessions


class SessionServicer(session_pb2_grpc.SessionServiceServicer):
    """Logins of devices and staff."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def CreateChallenge(
        self, request: session_pb2.CreateChallengeRequest, context: Context
    ) -> session_pb2.CreateChallengeResponse:
        """See session.proto."""
        challenge, expire_time = self._sessions.challenge(request.device_id)
        return session_pb2.CreateChallengeResponse(
            challenge=challenge, expire_time=convert.stamp(expire_time)
        )

    async def OpenDeviceSession(
        self, request: session_pb2.OpenDeviceSessionRequest, context: Context
    ) -> session_pb2.Session:
        """See session.proto."""
        opened = await self._sessions.open_device(
            request.device_id, request.challenge, request.signature
        )
        return convert.session(opened.principal, opened.token)

    async def OpenStaffSession(
        self, request: session_pb2.OpenStaffSessionRequest, context: Context
    ) -> session_pb2.Session:
        """See session.proto."""
        opened = await self._sessions.open_staff(
            request.username, request.password, address_of(context)
        )
        return convert.session(opened.principal, opened.token)

    async def GetSession(
        self, request: session_pb2.GetSessionRequest, context: Context
    ) -> session_pb2.Session:
        """See session.proto."""
        return convert.session(caller())

    async def CloseSession(
        self, request: session_pb2.CloseSessionRequest, context: Context
    ) -> session_pb2.CloseSessionResponse:
        """See session.proto."""
        await self._sessions.close(caller())
        return session_pb2.CloseSessionResponse()

    async def ChangePassword(
        self, request: session_pb2.ChangePasswordRequest, context: Context
    ) -> session_pb2.ChangePasswordResponse:
        """See session.proto."""
        await self._sessions.change_password(caller(), request.old_password, request.new_password)
        return session_pb2.ChangePasswordResponse()
