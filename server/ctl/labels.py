"""How people read the values of the API's enums."""

from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper

from server.ctl.texts import Text

# A value that is missing here shows its name.
_ENUM_TEXTS = {
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
}


def enum_name(kind: EnumTypeWrapper, number: int) -> str:
    """Return the name of an enum value; a number where a newer server knows more than we do."""
    value = kind.DESCRIPTOR.values_by_number.get(number)
    return str(number) if value is None else value.name


def enum_text(kind: EnumTypeWrapper, number: int) -> Text | str:
    """Return what people read for an enum value."""
    name = enum_name(kind, number)
    return _ENUM_TEXTS.get(name, name)
