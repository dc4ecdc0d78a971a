"""What was ended for good: an erased face, a revoked device, a closed account."""

import enum
from dataclasses import dataclass
from datetime import datetime


class EndingKind(enum.Enum):
    """What was ended."""

    FACE = "FACE"
    DEVICE = "DEVICE"
    ACCOUNT = "ACCOUNT"


# By what an ending is known again: kind, subject and time.
Key = tuple[EndingKind, str, datetime]


@dataclass(frozen=True, slots=True)
class Ending:
    """Something that was ended, as it is done again in a database that does not know it.

    subject: NIP, id of the device or user name. time: UTC; of a face all that was enrolled before
    is meant. actor: the account, actor_nip: of its person, where it was kept. begin_time: when the
    account was made, by which it is told from a later one of the same name; None for the others.
    """

    kind: EndingKind
    subject: str
    time: datetime
    actor: str
    reason: str
    actor_nip: str = ""
    begin_time: datetime | None = None

    @property
    def key(self) -> Key:
        """By what it is known again."""
        return self.kind, self.subject, self.time
