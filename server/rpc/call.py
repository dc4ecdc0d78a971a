"""The call that is being served: who, in which language, under which id. Set by the interceptor."""

from contextvars import ContextVar
from dataclasses import dataclass
from ipaddress import IPv4Address, ip_address, ip_network
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import unquote

from server.domain.model import Principal

if TYPE_CHECKING:
    import grpc

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"


@dataclass(frozen=True, slots=True)
class Call:
    """One RPC; principal is None for methods that anyone may call."""

    method: str
    request_id: str
    language: str
    principal: Principal | None = None


_CALL: ContextVar[Call] = ContextVar("hadir_call")


def enter(call: Call) -> None:
    """Makes a call the one that this task serves."""
    _CALL.set(call)


def caller() -> Principal:
    """Returns who calls; only for methods that need a session."""
    principal = _CALL.get().principal
    assert principal is not None, "the method is declared for ANYONE"
    return principal


def language() -> str:
    """Returns the language of the caller, `id` or `en`."""
    return _CALL.get().language


def address_of(context: Context) -> str:
    """Returns whence a call comes: an IPv4 address, or the /64 of IPv6 that one owner has."""
    kind, _, rest = unquote(context.peer()).partition(":")
    host = rest.rpartition(":")[0].strip("[]").partition("%")[0]
    try:
        address = ip_address(host)
    except ValueError:
        return kind
    if not isinstance(address, IPv4Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if isinstance(address, IPv4Address):
        return str(address)
    return str(ip_network((address, 64), strict=False))
