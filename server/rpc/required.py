"""Checks the fields that the API marks as required, from the descriptors."""

from functools import cache

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from hadir.v1 import options_pb2

from server.errors import FieldRequired


def check_required(message: Message) -> None:
    """Raises FieldRequired for the first required field that is empty, at any depth."""
    required, nested = _fields(message.DESCRIPTOR)
    for name, has_presence in required:
        missing = not message.HasField(name) if has_presence else not getattr(message, name)
        if missing:
            raise FieldRequired(f"{name} is required", field=name)
    for name in nested:
        if message.HasField(name):
            check_required(getattr(message, name))


@cache
def _fields(descriptor: Descriptor) -> tuple[list[tuple[str, bool]], list[str]]:
    """Returns the (required field, has presence) and the singular message fields of a message."""
    required = [
        (field.name, field.has_presence)
        for field in descriptor.fields
        if field.GetOptions().Extensions[options_pb2.required]  # type: ignore[index]
    ]
    nested = [
        field.name
        for field in descriptor.fields
        if field.type == FieldDescriptor.TYPE_MESSAGE
        and field.has_presence
        and field.message_type is not None
        and field.message_type.file.package.startswith("hadir")
    ]
    return required, nested
