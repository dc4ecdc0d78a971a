"""What hadirctl itself finds wrong, and what to do about it and about the server's answers."""

import math
from dataclasses import dataclass
from typing import Final

import grpc
from hadir.client import ApiError

from server.ctl.texts import Language, Text

_HINT_BY_REASON: Final = {
    "LOGIN_REFUSED": Text.DO_CHECK_LOGIN,
    "DEVICE_ALREADY_BOUND": Text.DO_REBIND,
    "EMPLOYEE_UNKNOWN": Text.DO_FIND_EMPLOYEE,
    "EMPLOYEE_INACTIVE": Text.DO_ACTIVATE,
    "UNIT_UNKNOWN": Text.DO_FIND_UNIT,
    "SITE_UNKNOWN": Text.DO_FIND_SITE,
    "DEVICE_UNKNOWN": Text.DO_FIND_DEVICE,
    "NOT_ENROLLED": Text.DO_ENROLL,
    "ENROLLMENT_UNKNOWN": Text.DO_ENROLL,
    "SESSION_ENDED": Text.DO_LOGIN,
    "OVERLOADED": Text.DO_RETRY,
    "SERVER_DRAINING": Text.DO_RETRY,
    "STORAGE_UNAVAILABLE": Text.DO_RETRY,
    "CONSENT_REQUIRED": Text.DO_CONFIRM,
    "TOO_FEW_FRAMES": Text.DO_MORE_IMAGES,
    "FRAME_BUDGET": Text.DO_MORE_IMAGES,
    "LOOKS_LIKE_ANOTHER": Text.DO_CHECK_RESEMBLANCE,
    "PASSWORD_TOO_WEAK": Text.DO_LONGER_PASSWORD,
    "LAST_BKD_ACCOUNT": Text.DO_OTHER_BKD,
    "CSV_INVALID": Text.DO_FIX_CSV,
}
# The role may do it, but not this person or with this record: the text says so.
_NO_HINT: Final = {"NOT_YOUR_DECISION", "OWN_ACCOUNT", "ACCOUNT_WITHOUT_PERSON"}
# Of what the server tells: for whoever reads its log, or in the text in other words.
_UNTOLD: Final = {"request_id", "fault", "seconds"}
_HINT_BY_CODE: Final = {
    grpc.StatusCode.UNAUTHENTICATED: Text.DO_LOGIN,
    grpc.StatusCode.PERMISSION_DENIED: Text.DO_CHECK_ROLE,
    grpc.StatusCode.UNAVAILABLE: Text.DO_START_SERVER,
    grpc.StatusCode.DEADLINE_EXCEEDED: Text.DO_START_SERVER,
    grpc.StatusCode.UNIMPLEMENTED: Text.DO_START_SERVER,
}


class CtlError(Exception):
    """Something that hadirctl finds wrong before or between calls."""

    def __init__(
        self, text: Text, /, *, reason: str, hint: Text | None = None, **values: object
    ) -> None:
        super().__init__(text.name)
        self.text = text
        self.reason = reason
        self.hint = hint
        self.values = values


@dataclass(frozen=True, slots=True)
class Trouble:
    """An error as the screen shows it."""

    message: str
    reason: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What hints may name."""

    language: Language
    server: str
    user: str


def describe(error: ApiError | CtlError, around: Surroundings) -> Trouble:
    """Return what to show for an error."""
    values: dict[str, object] = {"server": around.server, "user": around.user}
    if isinstance(error, ApiError):
        message = f"{error.message}{_details(error)}"
        return Trouble(message, error.reason, _server_hint(error, around, values))
    values |= error.values
    hint = error.hint(around.language, **values) if error.hint else ""
    return Trouble(error.text(around.language, **values), error.reason, hint)


def _details(error: ApiError) -> str:
    """Returns what the server says of the error beyond its text: which record, which field."""
    told = [
        f"{name}: {value}"
        for name, value in sorted(error.metadata.items())
        if name not in _UNTOLD and value and value not in error.message
    ]
    return f" ({', '.join(told)})" if told else ""


def _server_hint(error: ApiError, around: Surroundings, values: dict[str, object]) -> str:
    if error.retry_after_s is not None:
        seconds = math.ceil(error.retry_after_s)
        return Text.DO_RETRY_IN(around.language, seconds=seconds)
    if error.reason in _NO_HINT:
        return ""
    if error.metadata.get("field") == "start":
        return Text.DO_ON_ITS_DAY(around.language)
    hint = _HINT_BY_REASON.get(error.reason) or _HINT_BY_CODE.get(error.code)
    return hint(around.language, **values) if hint else ""
