"""The one vocabulary of errors: what went wrong, not how an edge shows it.

Knows neither gRPC nor HTTP. `reason` is part of the API; the texts for people are in messages.py.
"""

import enum
from typing import ClassVar


class Kind(enum.Enum):
    """Canonical classes of errors; each edge maps them to its own codes."""

    INVALID = "invalid"
    UNAUTHENTICATED = "unauthenticated"
    DENIED = "denied"
    NOT_FOUND = "not_found"
    EXISTS = "exists"
    PRECONDITION = "precondition"
    EXHAUSTED = "exhausted"
    DEADLINE = "deadline"
    UNAVAILABLE = "unavailable"
    INTERNAL = "internal"


class HadirError(Exception):
    """Base of all errors that a caller may see.

    `metadata` values go to the caller and into the message: ids and numbers, never biometrics.
    """

    kind: ClassVar[Kind] = Kind.INTERNAL
    reason: ClassVar[str] = "INTERNAL"

    def __init__(
        self, message: str = "", *, retry_after_s: float | None = None, **metadata: object
    ) -> None:
        super().__init__(message or self.reason)
        self.retry_after_s = retry_after_s
        self.metadata = {key: str(value) for key, value in metadata.items()}


class ModelInvalid(HadirError):
    """A model file is missing, changed or of an unknown form."""

    reason = "MODEL_INVALID"


class SettingsInvalid(HadirError):
    """The settings contradict themselves or name what does not exist."""

    reason = "SETTINGS_INVALID"


class DataInvalid(HadirError):
    """The database or key file cannot be used as it is."""

    reason = "DATA_INVALID"


# What a request says is wrong.


class MessageInvalid(HadirError):
    """The bytes are no message of the method's type."""

    kind, reason = Kind.INVALID, "MESSAGE_INVALID"


class FieldRequired(HadirError):
    """A field that the API marks as required is empty."""

    kind, reason = Kind.INVALID, "FIELD_REQUIRED"


class FieldInvalid(HadirError):
    """A field is out of its documented range."""

    kind, reason = Kind.INVALID, "FIELD_INVALID"


class OpenFirst(HadirError):
    """A stream began with another message than `open`, or repeated it."""

    kind, reason = Kind.INVALID, "OPEN_FIRST"


class RequestInvalid(HadirError):
    """An employee's request lacks something or comes too late; `fault` says what."""

    kind, reason = Kind.INVALID, "REQUEST_INVALID"


class DocumentInvalid(HadirError):
    """A document is of no known type, damaged or too large; `fault` says what."""

    kind, reason = Kind.INVALID, "DOCUMENT_INVALID"


class PageTokenInvalid(HadirError):
    """A page token is not one of ours."""

    kind, reason = Kind.INVALID, "PAGE_TOKEN_INVALID"


class KeyInvalid(HadirError):
    """A public key is not P-256 in DER."""

    kind, reason = Kind.INVALID, "KEY_INVALID"


class SignatureInvalid(HadirError):
    """A proof of possession does not fit the key."""

    kind, reason = Kind.INVALID, "SIGNATURE_INVALID"


class ReasonRequired(HadirError):
    """An act that is kept in a history needs a reason of 3 to 500 characters."""

    kind, reason = Kind.INVALID, "REASON_REQUIRED"


class ConsentRequired(HadirError):
    """The notice was not confirmed."""

    kind, reason = Kind.INVALID, "CONSENT_REQUIRED"


class IdInvalid(HadirError):
    """An id is not [a-z]([a-z0-9-]{0,61}[a-z0-9])?."""

    kind, reason = Kind.INVALID, "ID_INVALID"


class RoleInvalid(HadirError):
    """A staff account cannot have this role."""

    kind, reason = Kind.INVALID, "ROLE_INVALID"


class PasswordTooWeak(HadirError):
    """A password is too short, too long or the user name."""

    kind, reason = Kind.INVALID, "PASSWORD_TOO_WEAK"


class RequestIdInvalid(HadirError):
    """A request id is not a UUID."""

    kind, reason = Kind.INVALID, "REQUEST_ID_INVALID"


class LocationInvalid(HadirError):
    """A location is outside the globe or has no accuracy."""

    kind, reason = Kind.INVALID, "LOCATION_INVALID"


class GeofenceInvalid(HadirError):
    """A geofence is missing, too small, too large or crosses itself."""

    kind, reason = Kind.INVALID, "GEOFENCE_INVALID"


class ZoneUnknown(HadirError):
    """A time zone is not in the IANA database."""

    kind, reason = Kind.INVALID, "ZONE_UNKNOWN"


class UnitCycle(HadirError):
    """A unit would stand above itself."""

    kind, reason = Kind.INVALID, "UNIT_CYCLE"


class ReferenceUnknown(HadirError):
    """A record names another one that does not exist."""

    kind, reason = Kind.INVALID, "REFERENCE_UNKNOWN"


class ImportTooLarge(HadirError):
    """An import file is larger than allowed."""

    kind, reason = Kind.INVALID, "IMPORT_TOO_LARGE"


class CsvInvalid(HadirError):
    """An import file is no CSV with the documented columns."""

    kind, reason = Kind.INVALID, "CSV_INVALID"


# Who asks is not known, or may not.


class Unauthenticated(HadirError):
    """There is no valid session. One constant answer for every cause."""

    kind, reason = Kind.UNAUTHENTICATED, "UNAUTHENTICATED"


class LoginRefused(HadirError):
    """A login failed. One constant answer for every cause."""

    kind, reason = Kind.UNAUTHENTICATED, "LOGIN_REFUSED"


class RoleDenied(HadirError):
    """The caller's role may not call this method."""

    kind, reason = Kind.DENIED, "ROLE_DENIED"


class NotYourDecision(HadirError):
    """The request is the caller's own, or lies with somebody else."""

    kind, reason = Kind.DENIED, "NOT_YOUR_DECISION"


class OwnAccount(HadirError):
    """Nobody makes an account for the own NIP."""

    kind, reason = Kind.DENIED, "OWN_ACCOUNT"


class OwnNip(HadirError):
    """What proves attendance is not arranged by the person whose attendance it is."""

    kind, reason = Kind.DENIED, "OWN_NIP"


class DeviceRevoked(HadirError):
    """The device was revoked."""

    kind, reason = Kind.DENIED, "DEVICE_REVOKED"


class SessionEnded(HadirError):
    """The session was closed while a stream was open."""

    kind, reason = Kind.DENIED, "SESSION_ENDED"


# What is asked for is not there, or is there already.


class EmployeeUnknown(HadirError):
    """No such employee, or not the caller's."""

    kind, reason = Kind.NOT_FOUND, "EMPLOYEE_UNKNOWN"


class PunchUnknown(HadirError):
    """No such event or correction."""

    kind, reason = Kind.NOT_FOUND, "PUNCH_UNKNOWN"


class RequestUnknown(HadirError):
    """No such request of an employee, or not the caller's."""

    kind, reason = Kind.NOT_FOUND, "REQUEST_UNKNOWN"


class DocumentUnknown(HadirError):
    """No such document, or not the caller's, or it proves another request."""

    kind, reason = Kind.NOT_FOUND, "DOCUMENT_UNKNOWN"


class DocumentExpired(HadirError):
    """The content of a document was deleted at the end of its time; its hash is kept."""

    kind, reason = Kind.PRECONDITION, "DOCUMENT_EXPIRED"


class UnitUnknown(HadirError):
    """No such unit, or not the caller's."""

    kind, reason = Kind.NOT_FOUND, "UNIT_UNKNOWN"


class SiteUnknown(HadirError):
    """No such site."""

    kind, reason = Kind.NOT_FOUND, "SITE_UNKNOWN"


class DeviceUnknown(HadirError):
    """No such device."""

    kind, reason = Kind.NOT_FOUND, "DEVICE_UNKNOWN"


class AccountUnknown(HadirError):
    """No such staff account."""

    kind, reason = Kind.NOT_FOUND, "ACCOUNT_UNKNOWN"


class NothingEnrolled(HadirError):
    """The employee has no enrolment to show or erase."""

    kind, reason = Kind.NOT_FOUND, "ENROLLMENT_UNKNOWN"


class ActivationCodeInvalid(HadirError):
    """An activation code is unknown, used or expired."""

    kind, reason = Kind.NOT_FOUND, "ACTIVATION_CODE_INVALID"


class MonthClosed(HadirError):
    """The month of the tree was closed before; an adjustment names the `version` that is next."""

    kind, reason = Kind.EXISTS, "MONTH_CLOSED"


class DeviceAlreadyBound(HadirError):
    """The employee has an active phone."""

    kind, reason = Kind.EXISTS, "DEVICE_ALREADY_BOUND"


class KeyAlreadyUsed(HadirError):
    """The public key belongs to another device."""

    kind, reason = Kind.EXISTS, "KEY_ALREADY_USED"


class UsernameTaken(HadirError):
    """A staff account has this name."""

    kind, reason = Kind.EXISTS, "USERNAME_TAKEN"


class AccountExists(HadirError):
    """The person has an open account of the role: `username`."""

    kind, reason = Kind.EXISTS, "ACCOUNT_EXISTS"


class RequestIdReused(HadirError):
    """The request id was used for another content."""

    kind, reason = Kind.EXISTS, "REQUEST_ID_REUSED"


class LooksLikeAnother(HadirError):
    """The face looks like another enrolled employee."""

    kind, reason = Kind.EXISTS, "LOOKS_LIKE_ANOTHER"


class RequestOverlaps(HadirError):
    """Another open request of the same kind covers one of the days."""

    kind, reason = Kind.EXISTS, "REQUEST_OVERLAPS"


# Not in this state.


class AlreadyDecided(HadirError):
    """The request, or the step that was meant, is decided or taken back."""

    kind, reason = Kind.PRECONDITION, "ALREADY_DECIDED"


class ClaimOutdated(HadirError):
    """The punch that a request claims would not count any more; `fault` says why."""

    kind, reason = Kind.PRECONDITION, "CLAIM_OUTDATED"


class NotAccepted(HadirError):
    """Only a request that was accepted can be annulled."""

    kind, reason = Kind.PRECONDITION, "NOT_ACCEPTED"


class MonthOpen(HadirError):
    """The month cannot be closed yet; `fault` says why."""

    kind, reason = Kind.PRECONDITION, "MONTH_OPEN"


class FirstPassword(HadirError):
    """The owner of the account changes the first password before anything else."""

    kind, reason = Kind.PRECONDITION, "FIRST_PASSWORD"


class AccountWithoutPerson(HadirError):
    """Deciding and correcting need an account that belongs to a person; this one has no NIP."""

    kind, reason = Kind.PRECONDITION, "ACCOUNT_WITHOUT_PERSON"


class UploadOffset(HadirError):
    """A part of an upload is not the next one; metadata `offset` says where to go on."""

    kind, reason = Kind.PRECONDITION, "UPLOAD_OFFSET"


class NotEnrolled(HadirError):
    """The employee must be enrolled first."""

    kind, reason = Kind.PRECONDITION, "NOT_ENROLLED"


class EmployeeInactive(HadirError):
    """The employee is not in service."""

    kind, reason = Kind.PRECONDITION, "EMPLOYEE_INACTIVE"


class TooFewFrames(HadirError):
    """An enrolment has too few good, different frames."""

    kind, reason = Kind.PRECONDITION, "TOO_FEW_FRAMES"


class LastBkdAccount(HadirError):
    """The last BKD account cannot be closed."""

    kind, reason = Kind.PRECONDITION, "LAST_BKD_ACCOUNT"


# Too much, too late, not now.


class AccountLocked(HadirError):
    """Too many failed logins."""

    kind, reason = Kind.EXHAUSTED, "ACCOUNT_LOCKED"


class FrameBudget(HadirError):
    """A stream sent more frames or bytes than one use needs."""

    kind, reason = Kind.EXHAUSTED, "FRAME_BUDGET"


class TooManyReports(HadirError):
    """A device sent more reports than a day needs."""

    kind, reason = Kind.EXHAUSTED, "TOO_MANY_REPORTS"


class TooManyDocuments(HadirError):
    """Too many documents of the employee belong to no request."""

    kind, reason = Kind.EXHAUSTED, "TOO_MANY_DOCUMENTS"


class TooManyStreams(HadirError):
    """The device has too many open streams."""

    kind, reason = Kind.EXHAUSTED, "TOO_MANY_STREAMS"


class StreamReplaced(HadirError):
    """A newer stream of the kiosk took the place of this one."""

    kind, reason = Kind.EXHAUSTED, "STREAM_REPLACED"


class TooManyRefusals(HadirError):
    """Too many refused check-ins in a row: wait."""

    kind, reason = Kind.EXHAUSTED, "TOO_MANY_REFUSALS"


class Overloaded(HadirError):
    """The server has more work than it can do in time."""

    kind, reason = Kind.EXHAUSTED, "OVERLOADED"


class StreamIdle(HadirError):
    """Nothing came on a stream for too long."""

    kind, reason = Kind.DEADLINE, "STREAM_IDLE"


class ServerDraining(HadirError):
    """The server is about to stop."""

    kind, reason = Kind.UNAVAILABLE, "SERVER_DRAINING"


class StorageUnavailable(HadirError):
    """The database cannot write now. Nothing was recorded."""

    kind, reason = Kind.UNAVAILABLE, "STORAGE_UNAVAILABLE"
