"""Opaque page tokens over a key: the next page begins behind it, however much was added."""

import base64
import binascii

from server.errors import FieldInvalid, PageTokenInvalid

PAGE_DEFAULT = 50
# Turning more rows into messages would keep the event loop for over 20 ms.
PAGE_MAX = 200


def page_size(asked: int) -> int:
    """Returns the number of rows of a page. Raises FieldInvalid for a negative size."""
    if asked < 0:
        raise FieldInvalid("page_size is negative", field="page_size")
    return min(asked or PAGE_DEFAULT, PAGE_MAX)


def token_of(key: str) -> str:
    """Returns the token of the page behind a key."""
    return base64.urlsafe_b64encode(b"1" + key.encode()).decode().rstrip("=")


def key_of(token: str) -> str:
    """Returns the key of a token, empty for the first page. Raises PageTokenInvalid."""
    if not token:
        return ""
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        version, key = raw[:1], raw[1:].decode()
    except (binascii.Error, ValueError):
        raise PageTokenInvalid("page_token is not one of ours") from None
    if version != b"1":
        raise PageTokenInvalid("page_token is not one of ours")
    return key


def number_of(token: str) -> int | None:
    """Returns the number in a token, None for the first page. Raises PageTokenInvalid."""
    key = key_of(token)
    if key and not (key.isascii() and key.isdigit() and len(key) < 19):
        raise PageTokenInvalid("page_token is not one of ours")
    return int(key) if key else None
