"""TLS from files that are read again when they change; plaintext where it is safe or asked for.

A pair that cannot be used, half-written for instance, leaves the last good one in force.
"""

import ipaddress
import ssl
import tempfile
from pathlib import Path

import grpc
import structlog

from server.errors import SettingsInvalid

log = structlog.get_logger()


def is_loopback(listen: str) -> bool:
    """Whether an address of the form HOST:PORT can be reached from this machine only."""
    host = listen.rpartition(":")[0].strip("[]")
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def credentials(
    listen: str, certificate: Path | None, key: Path | None, *, allow_plaintext: bool
) -> grpc.ServerCredentials | None:
    """Returns credentials for the settings; None for plaintext. Raises SettingsInvalid."""
    if (certificate is None) is not (key is None):
        raise SettingsInvalid("tls_certificate and tls_key go together: set both or none")
    if certificate is None or key is None:
        if is_loopback(listen) or allow_plaintext:
            return None
        raise SettingsInvalid(
            f"listen = {listen} is no loopback address: set tls_certificate and tls_key, or "
            "allow_plaintext = true if a proxy in front does TLS"
        )
    pair = _Pair(certificate, key)
    return grpc.dynamic_ssl_server_credentials(pair.first(), pair.changed, False)  # type: ignore[arg-type]


class _Pair:
    """A certificate and its key on disk."""

    def __init__(self, certificate: Path, key: Path) -> None:
        self._files = (certificate, key)
        self._loaded: tuple[bytes, bytes] | None = None
        self._refused: tuple[bytes, bytes] | None = None

    def first(self) -> grpc.ServerCertificateConfiguration:
        """Returns the pair at start. Raises SettingsInvalid."""
        try:
            content = self._read()
            _check(*content)
        except (OSError, ssl.SSLError) as error:
            raise SettingsInvalid(
                f"TLS files {self._files[0]}, {self._files[1]}: {error}"
            ) from error
        self._loaded = content
        return _configuration(*content)

    def changed(self) -> grpc.ServerCertificateConfiguration | None:
        """Returns a new pair, None to keep the one in force; called for each connection."""
        try:
            content = self._read()
        except OSError as error:
            log.warning("tls_not_readable", error=str(error))
            return None
        if content in {self._loaded, self._refused}:
            return None
        try:
            _check(*content)
        except ssl.SSLError as error:
            self._refused = content
            log.warning("tls_not_usable", error=str(error))
            return None
        self._loaded = content
        log.info("tls_reloaded")
        return _configuration(*content)

    def _read(self) -> tuple[bytes, bytes]:
        certificate, key = (path.read_bytes() for path in self._files)
        return certificate, key


def _check(certificate: bytes, key: bytes) -> None:
    """Raises ssl.SSLError unless the two belong together."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # The module reads files only; the key's copy lives in memory-backed storage where there is any.
    shared = Path("/dev/shm")  # noqa: S108  not a predictable name: a fresh private folder in it
    parent = shared if shared.is_dir() else None
    with tempfile.TemporaryDirectory(dir=parent) as folder:
        paths = [Path(folder) / name for name in ("certificate", "key")]
        for path, content in zip(paths, (certificate, key), strict=True):
            path.write_bytes(content)
        context.load_cert_chain(certfile=paths[0], keyfile=paths[1])


def _configuration(certificate: bytes, key: bytes) -> grpc.ServerCertificateConfiguration:
    return grpc.ssl_server_certificate_configuration([(key, certificate)])
