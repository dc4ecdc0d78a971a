"""The language of texts: that of the caller, else Indonesian."""

import grpc
import pytest
from hadir.client import read_error

pytestmark = pytest.mark.asyncio(loop_scope="module")


class TestLanguage:
    """Texts come in the language that the caller prefers, else in Indonesian."""

    @pytest.mark.parametrize(
        ("accepted", "text"),
        [
            (None, "Silakan masuk kembali."),
            ("id", "Silakan masuk kembali."),
            ("en", "Please log in again."),
            ("en-US,en;q=0.9", "Please log in again."),
            ("fr, EN;q=0.5", "Please log in again."),
            ("fr", "Silakan masuk kembali."),
            ("x" * 5000, "Silakan masuk kembali."),
            (";;;,,,", "Silakan masuk kembali."),
        ],
    )
    async def test_accept_language(self, world, accepted, text):
        """The header of the web decides."""
        metadata = () if accepted is None else (("accept-language", accepted),)
        method = world.anyone.client.channel.unary_unary("/hadir.v1.SessionService/GetSession")
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await method(b"", metadata=metadata, timeout=10)

        assert text == read_error(caught.value).message
