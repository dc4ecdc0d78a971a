"""How people read the values of the API's enums."""

from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper

from server.ctl.texts import Text

_DAYS = (
    Text.DAY_PRESENT, Text.DAY_LATE, Text.DAY_LEFT_EARLY, Text.DAY_NO_CHECK_IN,
    Text.DAY_NO_CHECK_OUT, Text.DAY_IZIN, Text.DAY_SAKIT, Text.DAY_TUGAS_LUAR, Text.DAY_DIKLAT,
    Text.DAY_CUTI, Text.DAY_HOLIDAY, Text.DAY_OFF, Text.DAY_ABSENT, Text.DAY_PENDING,
    Text.DAY_UNSCHEDULED,
)  # fmt: skip
# A value that is missing here shows its name.
_ENUM_TEXTS = {
    **{text.name.replace("DAY_", "DAY_STATUS_"): text for text in _DAYS},
    "ROLE_HEAD": Text.ROLE_HEAD,
    "ROLE_BKD": Text.ROLE_BKD,
    "ROLE_OPERATOR": Text.ROLE_OPERATOR,
    "EMPLOYEE_STATE_ACTIVE": Text.ACTIVE,
    "EMPLOYEE_STATE_INACTIVE": Text.INACTIVE,
    "PROBLEM_SEVERITY_WARNING": Text.WARNING,
    "PROBLEM_SEVERITY_ERROR": Text.ERROR,
    "DEVICE_KIND_PHONE": Text.PHONE,
    "DEVICE_KIND_KIOSK": Text.KIOSK,
    "DEVICE_STATE_ACTIVE": Text.ACTIVE,
    "DEVICE_STATE_REVOKED": Text.WITHDRAWN,
    "BINDING_ACTION_CODE_ISSUED": Text.CODE_ISSUED,
    "BINDING_ACTION_BOUND": Text.BOUND,
    "BINDING_ACTION_REVOKED": Text.UNBOUND,
    "EVENT_KIND_IN": Text.IN,
    "EVENT_KIND_OUT": Text.OUT,
    "EVENT_SOURCE_PHONE": Text.PHONE,
    "EVENT_SOURCE_KIOSK": Text.KIOSK,
    "PUNCH_SOURCE_PHONE": Text.PHONE,
    "PUNCH_SOURCE_KIOSK": Text.KIOSK,
    "PUNCH_SOURCE_CORRECTION": Text.CORRECTION,
    "REQUEST_KIND_LATE_REASON": Text.REQUEST_LATE_REASON,
    "REQUEST_KIND_EARLY_REASON": Text.REQUEST_EARLY_REASON,
    "REQUEST_KIND_FORGOTTEN_CHECK_OUT": Text.REQUEST_FORGOTTEN_CHECK_OUT,
    "REQUEST_KIND_CORRECTION": Text.REQUEST_CORRECTION,
    "REQUEST_KIND_IZIN": Text.DAY_IZIN,
    "REQUEST_KIND_SAKIT": Text.DAY_SAKIT,
    "REQUEST_KIND_TUGAS_LUAR": Text.DAY_TUGAS_LUAR,
    "REQUEST_KIND_TUGAS_BELAJAR": Text.REQUEST_TUGAS_BELAJAR,
    "REQUEST_KIND_DIKLAT": Text.DAY_DIKLAT,
    "REQUEST_KIND_CUTI": Text.DAY_CUTI,
    "REQUEST_STATE_PENDING": Text.STATE_PENDING,
    "REQUEST_STATE_ACCEPTED": Text.STATE_ACCEPTED,
    "REQUEST_STATE_REJECTED": Text.STATE_REJECTED,
    "REQUEST_STATE_WITHDRAWN": Text.STATE_TAKEN_BACK,
    "REQUEST_STATE_ANNULLED": Text.STATE_ANNULLED,
    "ACCOUNT_ACTION_CREATED": Text.ACCOUNT_CREATED,
    "ACCOUNT_ACTION_PASSWORD_CHANGED": Text.ACCOUNT_PASSWORD_CHANGED,
    "ACCOUNT_ACTION_CLOSED": Text.ACCOUNT_CLOSED,
    "FINDING_STATE_OPEN": Text.STATE_OPEN,
    "FINDING_STATE_CONFIRMED": Text.STATE_CONFIRMED,
}


def enum_name(kind: EnumTypeWrapper, number: int) -> str:
    """Return the name of an enum value; a number where a newer server knows more than we do."""
    value = kind.DESCRIPTOR.values_by_number.get(number)
    return str(number) if value is None else value.name


def enum_text(kind: EnumTypeWrapper, number: int) -> Text | str:
    """Return what people read for an enum value."""
    name = enum_name(kind, number)
    return _ENUM_TEXTS.get(name, name)
