"""Thin client of the Hadir API: one channel, a token, and errors that people can read.

Knows only grpc and hadir.v1, so kiosks, hadirctl and benchmarks can share it.
"""

from __future__ import annotations

import ipaddress
import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

import grpc
import grpc.aio
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from types import TracebackType

KEEPALIVE_MS: Final = 30_000
KEEPALIVE_TIMEOUT_MS: Final = 10_000
# gRPC's own pause after a failed connection grows to two minutes; kiosks must be back sooner.
RECONNECT_MS_MIN: Final = 500
RECONNECT_MS_MAX: Final = 5_000
MESSAGE_BYTES_MAX: Final = 4 * 1024 * 1024
# How long a unary call may take before it counts as failed.
UNARY_DEADLINE_S: Final = 10.0
# gRPC's own texts can be long; this much helps an operator, more only hides the message.
DETAIL_CHARS_MAX: Final = 200

LANGUAGES: Final = ("id", "en")
_LOST_STATUS: Final = "Internal error from Core"
_STATUS_DETAILS_KEY: Final = "grpc-status-details-bin"
_PUSHBACK_KEY: Final = "grpc-retry-pushback-ms"
# Chains of addresses or unknown schemes do not match and so never count as loopback.
_ADDRESS: Final = re.compile(
    r"(?:(?:dns:(?:///)?|ipv4:|ipv6:))?(?:\[(?P<v6>[^\]]+)\]|(?P<host>[^:/,\[\]]+))(?::\d+)?"
)

_FALLBACK_TEXTS: Final[Mapping[grpc.StatusCode, tuple[str, str]]] = {
    grpc.StatusCode.UNAVAILABLE: (
        "Server tidak dapat dihubungi. Periksa jaringan dan alamat server.",
        "The server cannot be reached. Check the network and the server's address.",
    ),
    grpc.StatusCode.DEADLINE_EXCEEDED: (
        "Server tidak menjawab tepat waktu. Coba lagi.",
        "The server did not answer in time. Try again.",
    ),
    grpc.StatusCode.UNAUTHENTICATED: (
        "Sesi tidak berlaku. Masuk kembali.",
        "The session is not valid. Sign in again.",
    ),
    grpc.StatusCode.UNIMPLEMENTED: (
        "Server tidak mengenal layanan ini. Periksa alamat dan versi server.",
        "The server does not know this service. Check the server's address and version.",
    ),
}
_FALLBACK_TEXT: Final = ("Permintaan gagal.", "The request failed.")
_TLS_TEXT: Final = (
    "Sambungan TLS ke server gagal. Periksa sertifikat CA, nama dan pengaturan TLS server.",
    "The TLS connection to the server failed. Check the CA certificate, its name and its TLS.",
)


class EndpointError(ValueError):
    """An endpoint cannot be used as it is; the message says what to change."""


class ApiError(Exception):
    """An answer of the API that is an error, in words and reasons instead of gRPC's terms."""

    def __init__(
        self,
        code: grpc.StatusCode,
        reason: str,
        message: str,
        *,
        metadata: Mapping[str, str] | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.metadata: Mapping[str, str] = dict(metadata or {})
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the server is and how to speak to it.

    Loopback addresses are spoken to in plaintext unless `ca_file` is given. Every other address
    needs TLS, checked against `ca_file` or else the system's roots; `allow_plaintext` switches
    that off for networks that are protected by other means.
    """

    address: str
    ca_file: Path | None = None
    allow_plaintext: bool = False
    language: str = "id"

    @property
    def loopback(self) -> bool:
        """Whether the address cannot leave this machine."""
        if self.address.startswith(("unix:", "unix-abstract:")):
            return True
        match = _ADDRESS.fullmatch(self.address)
        if match is None:
            return False
        host = match["v6"] or match["host"]
        if host.lower() == "localhost":
            return True
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return False

    @property
    def plaintext(self) -> bool:
        """Whether the connection is not encrypted."""
        return self.ca_file is None and (self.loopback or self.allow_plaintext)


class Client:
    """Owns one channel to the server. Make it inside a running event loop and close it."""

    def __init__(self, endpoint: Endpoint, *, token: str | None = None) -> None:
        self.endpoint = endpoint
        self.token = token
        self.channel: grpc.aio.Channel = _channel(endpoint)

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        """Metadata for every call: the language, and the session if there is one."""
        language = (("accept-language", self.endpoint.language),)
        if self.token is None:
            return language
        return (("authorization", f"Bearer {self.token}"), *language)

    async def close(self) -> None:
        """Close the channel; calls that are still open are cancelled."""
        await self.channel.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()


def read_error(error: grpc.aio.AioRpcError, *, language: str = "id") -> ApiError:
    """Read reason, metadata, text and waiting time out of a gRPC error."""
    if error.code() is grpc.StatusCode.INTERNAL and error.details() == _LOST_STATUS:
        # The server ended the call while we wrote: grpc.aio loses its status. Trying again brings
        # the reason to light, so it counts as a connection that was lost.
        text = "Sambungan diputus. / The call was ended."
        return ApiError(grpc.StatusCode.UNAVAILABLE, "CALL_ENDED", text)
    trailers = error.trailing_metadata() or ()
    raw = next((value for key, value in trailers if key == _STATUS_DETAILS_KEY), b"")
    info, text, retry_after_s = _status_details(raw)
    if retry_after_s is None:
        retry_after_s = _pushback_s(trailers)
    return ApiError(
        error.code(),
        info.reason or error.code().name,
        text or _fallback_text(error, language),
        metadata=info.metadata,
        retry_after_s=retry_after_s,
    )


@contextmanager
def readable_errors(language: str = "id") -> Iterator[None]:
    """Turn gRPC errors of the block into `ApiError`."""
    try:
        yield
    except grpc.aio.AioRpcError as error:
        raise read_error(error, language=language) from error


def _channel(endpoint: Endpoint) -> grpc.aio.Channel:
    if not endpoint.address:
        message = "Alamat server kosong. / The server's address is empty: give HOST:PORT."
        raise EndpointError(message)
    if endpoint.ca_file is not None and endpoint.allow_plaintext:
        message = (
            "Sertifikat CA dan sambungan tanpa TLS tidak dapat dipakai bersama. / "
            "A CA file and plaintext exclude each other: leave out one of them."
        )
        raise EndpointError(message)
    options = _options(endpoint)
    if endpoint.plaintext:
        return grpc.aio.insecure_channel(endpoint.address, options=options)
    credentials = grpc.ssl_channel_credentials(_roots(endpoint.ca_file))
    return grpc.aio.secure_channel(endpoint.address, credentials, options=options)


def _options(endpoint: Endpoint) -> list[tuple[str, int]]:
    options = [
        ("grpc.keepalive_time_ms", KEEPALIVE_MS),
        ("grpc.keepalive_timeout_ms", KEEPALIVE_TIMEOUT_MS),
        ("grpc.initial_reconnect_backoff_ms", RECONNECT_MS_MIN),
        ("grpc.max_reconnect_backoff_ms", RECONNECT_MS_MAX),
        ("grpc.max_send_message_length", MESSAGE_BYTES_MAX),
        ("grpc.max_receive_message_length", MESSAGE_BYTES_MAX),
        # A stream that is resumed below our feet would lose frames unnoticed: who opened a
        # stream opens it again, with the same request_id.
        ("grpc.enable_retries", 0),
        ("grpc.service_config_disable_resolution", 1),
    ]
    if endpoint.loopback:
        # http_proxy in the environment would carry plaintext off this machine.
        options.append(("grpc.enable_http_proxy", 0))
    return options


def _roots(ca_file: Path | None) -> bytes | None:
    if ca_file is None:
        return None
    try:
        roots = ca_file.read_bytes()
    except OSError as error:
        message = (
            f"Sertifikat CA tidak dapat dibaca. / The CA file cannot be read: {ca_file}: "
            f"{error.strerror}"
        )
        raise EndpointError(message) from error
    if b"-----BEGIN CERTIFICATE-----" not in roots:
        message = (
            f"Sertifikat CA tidak berisi PEM. / The CA file holds no certificate in PEM: {ca_file}"
        )
        raise EndpointError(message)
    return roots


def _status_details(
    raw: str | bytes,
) -> tuple[error_details_pb2.ErrorInfo, str, float | None]:
    info, text, retry_after_s = error_details_pb2.ErrorInfo(), "", None
    localized, retry = error_details_pb2.LocalizedMessage(), error_details_pb2.RetryInfo()
    try:
        status = status_pb2.Status.FromString(raw)
        for detail in status.details:
            if detail.Unpack(localized):
                text = localized.message
            elif detail.Unpack(retry):
                retry_after_s = retry.retry_delay.ToTimedelta().total_seconds()
            else:
                detail.Unpack(info)
    except DecodeError:
        return error_details_pb2.ErrorInfo(), "", None
    return info, text, retry_after_s


def _pushback_s(trailers: grpc.aio.Metadata | tuple[()]) -> float | None:
    value = next((value for key, value in trailers if key == _PUSHBACK_KEY), "")
    return int(value) / 1000 if value.isdigit() else None


def _fallback_text(error: grpc.aio.AioRpcError, language: str) -> str:
    detail = (error.details() or "").strip()
    texts = _FALLBACK_TEXTS.get(error.code(), _FALLBACK_TEXT)
    if error.code() is grpc.StatusCode.UNAVAILABLE and _is_tls_trouble(detail):
        texts = _TLS_TEXT
    text = texts[1] if language.startswith("en") else texts[0]
    return f"{text} ({detail[-DETAIL_CHARS_MAX:]})" if detail else text


def _is_tls_trouble(detail: str) -> bool:
    return any(word in detail for word in ("SSL", "TLS", "ssl_", "Handshake", "handshake"))
