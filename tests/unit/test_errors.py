"""The vocabulary of errors: reasons are part of the API, which names them in its comments."""

import re
from collections.abc import Iterator
from pathlib import Path

import hadir.v1

from server import errors
from server.errors import HadirError, Kind
from server.rpc.status import CODES

CLASSES = [
    error
    for error in vars(errors).values()
    if isinstance(error, type) and issubclass(error, HadirError) and error is not HadirError
]
BY_REASON = {error.reason: error for error in CLASSES}
# Any method may answer with these: the gate, the settings of the fields, a server in trouble.
GENERAL = {
    "UNAUTHENTICATED", "ROLE_DENIED", "SESSION_ENDED", "FIELD_REQUIRED", "FIELD_INVALID",
    "MESSAGE_INVALID", "MODEL_INVALID", "SETTINGS_INVALID", "DATA_INVALID", "FIRST_PASSWORD",
}  # fmt: skip
_RPC = re.compile(r"((?:^ *//[^\n]*\n)+) *rpc (\w+)\(", re.MULTILINE)
_CODE = re.compile(r"\b([A-Z][A-Z_]+[A-Z]) \(([^()]*)\)")
_REASON = re.compile(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b|\bOVERLOADED\b")


def declared() -> Iterator[tuple[str, str, str]]:
    """Returns (method, code, reason) of every error that a comment of a method names."""
    for path in sorted(Path(next(iter(hadir.v1.__path__))).glob("*.proto")):
        for comment, method in _RPC.findall(path.read_text()):
            text = re.sub(r"\s+", " ", comment.replace("//", " "))
            for code, inside in _CODE.findall(text):
                for reason in _REASON.findall(inside):
                    yield f"{path.stem}.{method}", code, reason


DECLARED = list(declared())


class TestReasons:
    """Constants that clients compare with."""

    def test_have_the_form_of_the_api(self) -> None:
        """UPPER_SNAKE, at most 63 characters (AIP-193)."""
        form = re.compile(r"[A-Z][A-Z0-9_]{1,61}[A-Z0-9]")

        assert [] == [error for error in CLASSES if not form.fullmatch(error.reason)]

    def test_have_a_kind_and_say_when_they_come(self) -> None:
        """A docstring of their own."""
        assert all(isinstance(error.kind, Kind) for error in CLASSES)
        assert [] == [error for error in CLASSES if error.__doc__ in {None, HadirError.__doc__}]

    def test_are_unique(self) -> None:
        """One class, one reason; INTERNAL belongs to the base."""
        assert len(CLASSES) == len({error.reason for error in CLASSES} - {HadirError.reason})


class TestApi:
    """The comments of the proto files and this vocabulary agree."""

    def test_the_comments_are_found(self) -> None:
        """The expressions above still fit the files."""
        assert len(DECLARED) > 50

    def test_every_named_reason_exists_with_its_code(self) -> None:
        """`NOT_FOUND (UNIT_UNKNOWN)` is what a client gets."""
        codes = {reason: CODES[error.kind].name for reason, error in BY_REASON.items()}

        assert [] == [entry for entry in DECLARED if codes.get(entry[2]) != entry[1]]

    def test_every_reason_is_named(self) -> None:
        """By the method that may answer with it, unless all may."""
        named = {reason for _, _, reason in DECLARED}

        assert set(BY_REASON) == named | GENERAL
        assert not named & {"MODEL_INVALID", "SETTINGS_INVALID", "DATA_INVALID"}


class TestHadirError:
    """What an error carries."""

    def test_metadata_are_texts(self) -> None:
        """Ids and numbers, as the wire needs them."""
        error = errors.TooFewFrames("too few", accepted=1, needed=3)

        assert {"accepted": "1", "needed": "3"} == error.metadata
        assert ("too few", None) == (str(error), error.retry_after_s)

    def test_without_a_message_it_says_its_reason(self) -> None:
        """A log line is never empty."""
        assert "DEVICE_REVOKED" == str(errors.DeviceRevoked())

    def test_the_time_to_wait_is_no_metadata(self) -> None:
        """It has a place of its own."""
        error = errors.Overloaded("busy", retry_after_s=2.5)

        assert (2.5, {}) == (error.retry_after_s, error.metadata)

    def test_an_unknown_kind_of_trouble_is_internal(self) -> None:
        """The base class hides its cause."""
        assert (Kind.INTERNAL, "INTERNAL") == (HadirError.kind, HadirError.reason)
