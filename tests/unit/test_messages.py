"""What people read: everything that the code can say has a text, in both languages."""

import ast
import enum
import inspect
import re
import string
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hadir.v1 import (
    attendance_pb2,
    checkin_pb2,
    device_admin_pb2,
    device_pb2,
    directory_pb2,
    event_pb2,
    forensic_pb2,
    frame_pb2,
    kiosk_pb2,
    options_pb2,
    request_pb2,
    rule_pb2,
)

import server
from server import attendance_messages, errors, forensic_messages, messages
from server.domain import document as documents
from server.domain import model, roster, units
from server.domain.attendance import (
    approval,
    bands,
    calendar,
    closing,
    filing,
    hours,
    quota,
    recap,
    rules,
)
from server.domain.attendance import model as attendance
from server.domain.challenge import Step
from server.domain.forensics import limits
from server.domain.forensics.model import FindingKind, FindingState
from server.domain.quality import FrameOutcome
from server.domain.refusal import Refusal
from server.domain.track import FaceState
from server.services import documents as services
from server.services import sheets

Table = Mapping[str, tuple[str, str]]
TABLES = {
    name: table
    for module in (messages, attendance_messages, forensic_messages)
    for name, table in vars(module).items()
    if name.isupper() and isinstance(table, dict) and name != "CODES"
}
# Names, not sentences.
NAMES = {"DISCIPLINE", "LEFT_OUT", "REQUEST_STATES", "TITLES", "RECAP"}
ENTRIES = [(name, key, *texts) for name, table in TABLES.items() for key, texts in table.items()]
ERRORS = {
    name: error
    for name, error in vars(errors).items()
    if isinstance(error, type) and issubclass(error, errors.HadirError)
}
ENUMS = [
    (FrameOutcome, frame_pb2.FrameOutcome, "FRAME_OUTCOME_"),
    (FaceState, kiosk_pb2.FaceState, "FACE_STATE_"),
    (Refusal, checkin_pb2.RefusalReason, "REFUSAL_REASON_"),
    (Step, checkin_pb2.ChallengeStep, "CHALLENGE_STEP_"),
    (model.Role, options_pb2.Role, "ROLE_"),
    (model.EmployeeState, directory_pb2.EmployeeState, "EMPLOYEE_STATE_"),
    (model.DeviceKind, device_pb2.DeviceKind, "DEVICE_KIND_"),
    (model.DeviceState, device_pb2.DeviceState, "DEVICE_STATE_"),
    (model.BindingAction, device_admin_pb2.BindingAction, "BINDING_ACTION_"),
    (model.AccountAction, directory_pb2.AccountAction, "ACCOUNT_ACTION_"),
    (FindingState, forensic_pb2.FindingState, "FINDING_STATE_"),
    (model.EventKind, event_pb2.EventKind, "EVENT_KIND_"),
    (model.EventSource, event_pb2.EventSource, "EVENT_SOURCE_"),
    (attendance.DayStatus, attendance_pb2.DayStatus, "DAY_STATUS_"),
    (attendance.PunchSource, attendance_pb2.PunchSource, "PUNCH_SOURCE_"),
    (attendance.RequestKind, request_pb2.RequestKind, "REQUEST_KIND_"),
    (attendance.LeaveType, request_pb2.LeaveType, "LEAVE_TYPE_"),
    (attendance.RequestState, request_pb2.RequestState, "REQUEST_STATE_"),
    (attendance.Phase, rule_pb2.PhaseKind, "PHASE_KIND_"),
    (rules.RuleKind, rule_pb2.RuleKind, "RULE_KIND_"),
    (approval.ApprovalLevel, rule_pb2.ApprovalLevel, "APPROVAL_LEVEL_"),
    (approval.DelegationKind, rule_pb2.DelegationKind, "DELEGATION_KIND_"),
    (calendar.FreeKind, rule_pb2.FreeKind, "FREE_KIND_"),
]


def placeholders(text: str) -> list[str]:
    """Returns the names in braces, in order."""
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)


def _raised() -> Iterator[tuple[str, str, set[str]]]:
    """Returns (place, error class, names of its metadata) for each error that the server makes."""
    root = Path(server.__file__).parent
    for path in root.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                if node.func.id in ERRORS and all(word.arg for word in node.keywords):
                    names = {str(word.arg) for word in node.keywords} - {"retry_after_s"}
                    yield f"{path.relative_to(root)}:{node.lineno}", node.func.id, names


RAISED = list(_raised())


class TestTables:
    """Every key has two texts, and no table has a key that nothing says."""

    def test_every_error_has_a_text(self) -> None:
        """By its reason."""
        assert {error.reason for error in ERRORS.values()} == set(messages.ERRORS)

    @pytest.mark.parametrize(
        ("table", "words", "more", "less"),
        [
            (messages.FRAMES, FrameOutcome, set(), set()),
            # Nothing to do any more.
            (messages.STEPS, Step, {""}, set()),
            # What is wrong with an unusable face is said by its outcome.
            (messages.FACES, FaceState, set(), {"UNUSABLE"}),
            (messages.REFUSALS, Refusal, set(), set()),
            (messages.CHECK_IN, model.EventKind, set(), set()),
            (forensic_messages.FINDINGS, FindingKind, set(), set()),
            (attendance_messages.CODES, attendance.DayStatus, set(), set()),
            (attendance_messages.TITLES, sheets.RecapKind, set(), set()),
            (attendance_messages.RULES, attendance.TraceRule, set(), set()),
            (attendance_messages.LEFT_OUT, recap.LeftOut, set(), set()),
            (attendance_messages.REQUEST_STATES, attendance.RequestState, set(), set()),
        ],
    )
    def test_every_word_of_the_domain_has_a_text(
        self, table: Table, words: type[enum.Enum], more: set[str], less: set[str]
    ) -> None:
        """Outcomes, steps, states, refusals, kinds of events."""
        assert set(words.__members__) - less | more == set(table)

    def test_every_fault_of_rules_and_requests_has_a_text(self) -> None:
        """The codes in the sources of what judges them, and of documents."""
        judges = (
            rules,
            units.faults_of,
            filing,
            closing.fault_of,
            hours.faults_of,
            bands.faults_of,
            limits.faults_of,
            quota,
            services,
        )
        found = {
            code
            for judge in judges
            for code in re.findall(r'"([A-Z]{2,}(?:_[A-Z0-9]+)+)"', inspect.getsource(judge))
        }
        found |= {fault.value for fault in documents.DocumentFault} | {"RULE_TWICE"}
        kinds = {kind.value for kind in rules.RuleKind}

        assert found - kinds <= set(attendance_messages.FAULTS)
        assert set(attendance_messages.FAULTS) <= found | {"NO_HOURS", "NO_BANDS"}

    def test_every_problem_of_an_import_has_a_text(self) -> None:
        """The codes that the reader of the CSV knows."""
        codes = set(re.findall(r'"([A-Z0-9_]{5,})"', inspect.getsource(roster.read)))
        codes |= set(re.findall(r'"([A-Z0-9_]{5,})"', inspect.getsource(roster._row)))

        assert len(codes) > 5
        assert codes == set(messages.PROBLEMS)

    @pytest.mark.parametrize(("words", "api", "prefix"), ENUMS)
    def test_the_domain_and_the_api_have_the_same_words(
        self, words: type[enum.Enum], api: enum.Enum, prefix: str
    ) -> None:
        """Names are converted by their prefix; the API adds UNSPECIFIED."""
        names = {name.removeprefix(prefix) for name in api.keys()}

        assert {*words.__members__, "UNSPECIFIED"} == names
        assert {name: name for name in words.__members__} == {
            name: word.value for name, word in words.__members__.items()
        }

    def test_no_enum_of_the_domain_was_forgotten(self) -> None:
        """Every enum of model.py is compared above."""
        own = {
            word
            for word in vars(model).values()
            if inspect.isclass(word) and issubclass(word, enum.Enum)
        }

        assert own <= {words for words, _, _ in ENUMS}


class TestTexts:
    """Indonesian and English say the same."""

    def test_both_languages_are_written(self) -> None:
        """Complete sentences, not one text twice."""
        odd = [
            entry
            for entry in ENTRIES
            if entry[2] == entry[3]
            or (
                entry[0] not in NAMES
                and any(text.strip()[-1:] not in {*".!?"} for text in entry[2:])
            )
        ]

        assert len(ENTRIES) > 100
        assert [] == odd

    def test_both_languages_have_the_same_placeholders(self) -> None:
        """A value that one of them shows, the other shows too."""
        odd = [entry for entry in ENTRIES if placeholders(entry[2]) != placeholders(entry[3])]

        assert [] == odd

    def test_every_error_fills_its_placeholders(self) -> None:
        """Where it is raised: nobody reads "the field ? is required"."""
        empty = [
            (place, name)
            for place, name, metadata in RAISED
            if not {*placeholders(messages.ERRORS[ERRORS[name].reason][0])} <= metadata
        ]

        assert len(RAISED) > 80
        assert [] == empty

    def test_no_error_names_a_value_like_a_parameter(self) -> None:
        """messages.text() would take it for its own."""
        taken = {*inspect.signature(messages.text).parameters} - {"values"}

        assert [] == [place for place, _, metadata in RAISED if metadata & taken]

    def test_fills_values(self) -> None:
        """A value with braces is text, not a placeholder."""
        given = messages.text(messages.ERRORS, "FIELD_REQUIRED", "en", field="{nip}", other=1)

        assert "The field {nip} is required." == given

    def test_leaves_a_mark_where_a_value_is_missing(self) -> None:
        """An error text never raises an error of its own."""
        assert "Isian ? wajib diisi." == messages.text(messages.ERRORS, "FIELD_REQUIRED", "id")


class TestLanguageOf:
    """The accept-language of a call."""

    @pytest.mark.parametrize(
        ("header", "language"),
        [
            ("", "id"),
            ("id", "id"),
            ("id-ID", "id"),
            ("en", "en"),
            ("EN-us", "en"),
            ("en-US,en;q=0.9,id;q=0.8", "en"),
            ("id-ID,id;q=0.9,en;q=0.8", "id"),
            (" en ; q=1 , id", "en"),
            ("de", "id"),
            ("ja,ko", "id"),
            (",;=,", "id"),
            # What Java and older Androids call Indonesian.
            ("in-ID,en-US;q=0.9", "id"),
        ],
    )
    def test_is_indonesian_unless_english_comes_first(self, header: str, language: str) -> None:
        """Other languages are read as Indonesian."""
        assert language == messages.language_of(header)
