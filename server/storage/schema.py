"""The tables. Times are UTC microseconds since 1970 in integers: no driver guesses a zone.

Changes of this file go with a migration; a test compares both.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)
# SQLite gives row ids only to INTEGER keys; PostgreSQL needs 8 bytes for them.
Sequence = BigInteger().with_variant(Integer, "sqlite")


def _id(name: str, **options: bool) -> Column[str]:
    return Column(name, String(64), **options)  # type: ignore[arg-type]


def _time(name: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=nullable)


sites = Table(
    "sites",
    metadata,
    _id("site_id", primary_key=True),
    Column("display_name", String(200), nullable=False),
    Column("time_zone", String(64), nullable=False),
    Column("geofence", String, nullable=False),
)

units = Table(
    "units",
    metadata,
    _id("unit_id", primary_key=True),
    Column("display_name", String(200), nullable=False),
    Column("parent_unit_id", ForeignKey("units.unit_id"), nullable=True),
    Column("site_id", ForeignKey("sites.site_id"), nullable=True),
    Column("head_nip", String(18), nullable=True),
)

employees = Table(
    "employees",
    metadata,
    Column("nip", String(18), primary_key=True),
    Column("display_name", String(200), nullable=False),
    Column("unit_id", ForeignKey("units.unit_id"), nullable=False, index=True),
    Column("site_id", ForeignKey("sites.site_id"), nullable=True),
    Column("state", String(16), nullable=False),
    _time("update_time"),
)

staff = Table(
    "staff",
    metadata,
    _id("username", primary_key=True),
    Column("role", String(16), nullable=False),
    Column("nip", String(18), nullable=False),
    Column("password_hash", String(200), nullable=False),
    _time("create_time"),
    _time("close_time", nullable=True),
    # Known to who made the account: its owner changes it before anything else.
    Column("first_password", Boolean, nullable=False, server_default="0"),
)

# One open account a person and role: nobody gets a second one under another's eyes.
Index(
    "one_open_account",
    staff.c.nip,
    staff.c.role,
    unique=True,
    sqlite_where=text("close_time IS NULL AND nip <> ''"),
)

# Who made, took over and closed which account.
account_changes = Table(
    "account_changes",
    metadata,
    Column("sequence", Sequence, primary_key=True, autoincrement=True),
    Column("username", ForeignKey("staff.username"), nullable=False, index=True),
    # CREATED, PASSWORD_CHANGED or CLOSED
    Column("action", String(20), nullable=False),
    # Account that did it, and the NIP of its person, empty if it has none.
    Column("actor", String(64), nullable=False),
    Column("actor_nip", String(18), nullable=False),
    _time("change_time"),
)

devices = Table(
    "devices",
    metadata,
    _id("device_id", primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("nip", ForeignKey("employees.nip"), nullable=True),
    Column("site_id", ForeignKey("sites.site_id"), nullable=True),
    Column("public_key", LargeBinary, nullable=False, unique=True),
    Column("model", String(120), nullable=False),
    _time("activate_time"),
    _time("revoke_time", nullable=True),
    Column("revoke_reason", String(500), nullable=False),
    Column("revoke_actor", String(64), nullable=False),
    # Of the handset, as it said when it was activated.
    Column("handset_hash", LargeBinary, nullable=True),
    CheckConstraint(
        "(kind = 'PHONE' AND nip IS NOT NULL) OR (kind = 'KIOSK' AND site_id IS NOT NULL)",
        name="subject",
    ),
)
# One active phone an employee, held by the database (a device row has one employee by its form).
Index(
    "one_active_phone",
    devices.c.nip,
    unique=True,
    sqlite_where=text("state = 'ACTIVE' AND kind = 'PHONE'"),
)

activation_codes = Table(
    "activation_codes",
    metadata,
    Column("code_hash", LargeBinary, primary_key=True),
    Column("nip", ForeignKey("employees.nip"), nullable=True, unique=True),
    Column("site_id", ForeignKey("sites.site_id"), nullable=True),
    _time("expire_time"),
    Column("actor", String(64), nullable=False),
)

binding_changes = Table(
    "binding_changes",
    metadata,
    Column("sequence", Sequence, primary_key=True, autoincrement=True),
    Column("nip", ForeignKey("employees.nip"), nullable=False, index=True),
    Column("action", String(16), nullable=False),
    _time("change_time"),
    Column("device_id", String(64), nullable=False),
    Column("actor", String(64), nullable=False),
    Column("reason", String(500), nullable=False),
)

# Challenges carry their own proof; only those that opened a session are kept until they end.
used_challenges = Table(
    "used_challenges",
    metadata,
    Column("challenge_hash", LargeBinary, primary_key=True),
    Column("expire_time", BigInteger, nullable=False, index=True),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("role", String(16), nullable=False),
    Column("device_id", ForeignKey("devices.device_id"), nullable=True, index=True),
    Column("username", ForeignKey("staff.username"), nullable=True, index=True),
    Column("expire_time", BigInteger, nullable=False, index=True),
)

enrollments = Table(
    "enrollments",
    metadata,
    Column("nip", ForeignKey("employees.nip"), primary_key=True),
    # The key of this enrolment, encrypted by the server's key: erasing it erases the rows below.
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("model_version", String(120), nullable=False),
    Column("notice_version", String(60), nullable=False),
    _time("confirm_time"),
    Column("actor", String(64), nullable=False),
    _time("create_time"),
)

templates = Table(
    "templates",
    metadata,
    Column("template_id", String(26), primary_key=True),
    Column("nip", ForeignKey("enrollments.nip"), nullable=False, index=True),
    # MEAN or SINGLE
    Column("kind", String(8), nullable=False),
    Column("vector", LargeBinary, nullable=False),
)

enrollment_images = Table(
    "enrollment_images",
    metadata,
    Column("image_id", String(26), primary_key=True),
    Column("nip", ForeignKey("enrollments.nip"), nullable=False, index=True),
    Column("image", LargeBinary, nullable=False),
)

# Who enrolled whom, and how like the earlier face the new one was.
enrollment_changes = Table(
    "enrollment_changes",
    metadata,
    Column("sequence", Sequence, primary_key=True, autoincrement=True),
    Column("nip", ForeignKey("employees.nip"), nullable=False, index=True),
    # Account that did it, and the NIP of its person, empty if it has none.
    Column("actor", String(64), nullable=False),
    Column("actor_nip", String(18), nullable=False),
    Column("change_time", BigInteger, nullable=False, index=True),
    Column("template_count", Integer, nullable=False),
    # NOTHING, COMPARED, ERASED, UNREADABLE or OTHER_MODEL
    Column("earlier", String(12), nullable=False),
    # Of both means, and from which on they were one person's; null unless COMPARED.
    Column("similarity", Float, nullable=True),
    Column("threshold", Float, nullable=False),
    # Whom the face is known to resemble, by the word of BKD, and how it made sure; empty if nobody.
    Column("resembles", String(18), nullable=False),
    Column("reason", String(500), nullable=False),
)

erasures = Table(
    "erasures",
    metadata,
    Column("sequence", Sequence, primary_key=True, autoincrement=True),
    Column("nip", String(18), nullable=False, index=True),
    Column("reason", String(500), nullable=False),
    Column("actor", String(64), nullable=False),
    _time("erase_time"),
    Column("template_count", Integer, nullable=False),
    Column("image_count", Integer, nullable=False),
    Column("digest", LargeBinary, nullable=False),
)

events = Table(
    "events",
    metadata,
    Column("sequence", Sequence, primary_key=True, autoincrement=True),
    Column("event_id", String(26), nullable=False, unique=True),
    Column("nip", ForeignKey("employees.nip"), nullable=False),
    Column("display_name", String(200), nullable=False),
    Column("unit_id", String(64), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("source", String(8), nullable=False),
    _time("event_time"),
    _time("device_time"),
    Column("clock_disputed", Boolean, nullable=False),
    Column("site_id", String(64), nullable=False),
    Column("distance_m", Float, nullable=False),
    Column("device_id", ForeignKey("devices.device_id"), nullable=False),
    Column("similarity", Float, nullable=False),
    Column("threshold", Float, nullable=False),
    Column("margin", Float, nullable=False),
    Column("relief", Float, nullable=False),
    Column("passive", Float, nullable=True),
    Column("latitude", Float, nullable=True),
    Column("longitude", Float, nullable=True),
    Column("accuracy_m", Float, nullable=True),
    Column("mock", Boolean, nullable=True),
    Column("frame_digest", LargeBinary, nullable=False, index=True),
    # Perceptual hashes of the best frame and of what is behind the face: see vision/fingerprint.
    Column("frame_hash", BigInteger, nullable=True),
    Column("background_hash", BigInteger, nullable=True),
    # The phone's signature, and what it signed beside the columns above: see domain/seal.
    Column("seal", LargeBinary, nullable=False),
    Column("nonce", LargeBinary, nullable=True),
    Column("chain_head", LargeBinary, nullable=True),
    _time("create_time"),
    Index("ix_events_event_time", "event_time"),
    Index("ix_events_nip_event_time", "nip", "event_time"),
    Index("ix_events_unit_id_sequence", "unit_id", "sequence"),
)

requests = Table(
    "requests",
    metadata,
    Column("nip", ForeignKey("employees.nip"), primary_key=True),
    Column("request_id", String(36), primary_key=True),
    Column("content_digest", LargeBinary, nullable=False),
    Column("event_id", ForeignKey("events.event_id"), nullable=False),
    _time("create_time"),
)

refusals = Table(
    "refusals",
    metadata,
    Column("sequence", Sequence, primary_key=True, autoincrement=True),
    Column("nip", ForeignKey("employees.nip"), nullable=True),
    Column("device_id", ForeignKey("devices.device_id"), nullable=False),
    Column("reason", String(40), nullable=False),
    _time("refuse_time"),
    Column("similarity", Float, nullable=True),
    Column("relief", Float, nullable=True),
    Column("passive", Float, nullable=True),
    Column("distance_m", Float, nullable=True),
    Index("ix_refusals_device_id_refuse_time", "device_id", "refuse_time"),
)
# Where employees have served: derived days need the unit and the site of their date.
postings = Table(
    "postings",
    metadata,
    Column("sequence", Sequence, primary_key=True, autoincrement=True),
    Column("nip", ForeignKey("employees.nip"), nullable=False, index=True),
    # ISO date by the calendar of the site; the last change of a date holds.
    Column("start", String(10), nullable=False),
    # Empty: from here on nowhere.
    Column("unit_id", String(64), nullable=False, index=True),
    # Own site; empty: the unit's.
    Column("site_id", String(64), nullable=False),
    # Who put it, why and when; nothing for those of before this was kept.
    Column("actor", String(64), nullable=True),
    Column("reason", String(500), nullable=True),
    _time("put_time", nullable=True),
)

# Every unit as somebody put it, to hold from a date on.
unit_changes = Table(
    "unit_changes",
    metadata,
    Column("sequence", Sequence, primary_key=True, autoincrement=True),
    Column("unit_id", String(64), nullable=False, index=True),
    Column("display_name", String(200), nullable=False),
    Column("parent_unit_id", String(64), nullable=False),
    Column("site_id", String(64), nullable=False),
    Column("head_nip", String(18), nullable=False),
    # ISO date
    Column("start", String(10), nullable=False),
    Column("actor", String(64), nullable=False),
    Column("reason", String(500), nullable=False),
    _time("change_time"),
)

rules = Table(
    "rules",
    metadata,
    Column("sequence", Sequence, primary_key=True, autoincrement=True),
    Column("kind", String(16), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("start", String(10), nullable=False),
    # JSON; null takes the rule back.
    Column("content", String, nullable=True),
    Column("actor", String(64), nullable=False),
    Column("reason", String(500), nullable=False),
    _time("change_time"),
    Index("ix_rules_kind_subject_start", "kind", "subject", "start"),
)

# What employees ask for. States change; what was asked and decided does not (triggers hold it).
attendance_requests = Table(
    "attendance_requests",
    metadata,
    Column("request_id", String(36), primary_key=True),
    Column("nip", ForeignKey("employees.nip"), nullable=False),
    Column("unit_id", String(64), nullable=False),
    Column("kind", String(24), nullable=False),
    Column("leave", String(24), nullable=False),
    Column("first", String(10), nullable=False),
    Column("last", String(10), nullable=False),
    Column("reason", String(1000), nullable=False),
    Column("number", String(100), nullable=False),
    Column("letter_date", String(10), nullable=False),
    Column("place", String(200), nullable=False),
    # The punch that a correction claims.
    Column("punch_kind", String(8), nullable=False),
    _time("punch_time", nullable=True),
    # Who decides, one after the other: HEAD,BKD.
    Column("levels", String(60), nullable=False),
    Column("content_digest", LargeBinary, nullable=False),
    _time("submit_time"),
    # May change:
    Column("state", String(16), nullable=False),
    Column("steps_done", Integer, nullable=False),
    Column("approver", String(64), nullable=False),
    Index("ix_attendance_requests_nip_last", "nip", "last"),
    Index("ix_attendance_requests_state_submit_time", "state", "submit_time"),
)

request_decisions = Table(
    "request_decisions",
    metadata,
    Column("sequence", Sequence, primary_key=True, autoincrement=True),
    Column("request_id", ForeignKey("attendance_requests.request_id"), nullable=False, index=True),
    # ACCEPTED, REJECTED, WITHDRAWN or ANNULLED
    Column("decision", String(16), nullable=False),
    Column("level", String(16), nullable=False),
    Column("actor", String(64), nullable=False),
    Column("nip", String(18), nullable=False),
    # Unit for whose head the actor acted as deputy.
    Column("deputy_of", String(64), nullable=False),
    Column("reason", String(500), nullable=False),
    _time("decide_time"),
)

# Punches that BKD or an accepted request added; never edits of events.
corrections = Table(
    "corrections",
    metadata,
    Column("event_id", String(26), primary_key=True),
    Column("nip", ForeignKey("employees.nip"), nullable=False),
    Column("kind", String(8), nullable=False),
    _time("event_time"),
    Column("request_id", ForeignKey("attendance_requests.request_id"), nullable=True),
    Column("actor", String(64), nullable=False),
    Column("reason", String(500), nullable=False),
    _time("create_time"),
    # Account of the actor; empty for corrections made before it was kept.
    Column("username", String(64), nullable=False, server_default=""),
    Index("ix_corrections_nip_event_time", "nip", "event_time"),
)

# Events and corrections that BKD found wrong: they stay, and days leave them out.
voids = Table(
    "voids",
    metadata,
    # Of the event or correction.
    Column("event_id", String(26), primary_key=True),
    Column("nip", ForeignKey("employees.nip"), nullable=False, index=True),
    # NIP of who voided it, and the account used.
    Column("actor", String(18), nullable=False),
    Column("username", String(64), nullable=False),
    Column("reason", String(500), nullable=False),
    _time("void_time"),
)

documents = Table(
    "documents",
    metadata,
    Column("document_id", String(64), primary_key=True),
    Column("nip", ForeignKey("employees.nip"), nullable=False),
    # Given by the phone, so that an upload can go on after a lost answer.
    Column("upload_id", String(36), nullable=False),
    Column("request_id", ForeignKey("attendance_requests.request_id"), nullable=True, index=True),
    Column("size_bytes", Integer, nullable=False),
    # Empty until the upload is complete.
    Column("media_type", String(40), nullable=False),
    Column("digest", LargeBinary, nullable=False, index=True),
    Column("wrapped_key", LargeBinary, nullable=False),
    _time("create_time"),
    UniqueConstraint("nip", "upload_id"),
)

document_chunks = Table(
    "document_chunks",
    metadata,
    Column("document_id", ForeignKey("documents.document_id"), primary_key=True),
    Column("start", Integer, primary_key=True),
    Column("content", LargeBinary, nullable=False),
)

# What was emptied because its time was over. last_sequence: of the rows of that kind.
removals = Table(
    "removals",
    metadata,
    Column("sequence", Sequence, primary_key=True, autoincrement=True),
    # FINGERPRINTS, REFUSALS or DOCUMENTS
    Column("kind", String(16), nullable=False),
    _time("before_time"),
    Column("last_sequence", BigInteger, nullable=False),
    Column("removed_count", Integer, nullable=False),
    _time("remove_time"),
)

# What went wrong on a phone or kiosk, and what employees think: for the evaluation of the trial.
trial_reports = Table(
    "trial_reports",
    metadata,
    Column("sequence", Sequence, primary_key=True, autoincrement=True),
    Column("report_id", String(36), nullable=False),
    Column("nip", ForeignKey("employees.nip"), nullable=True),
    Column("unit_id", String(64), nullable=False),
    Column("device_id", ForeignKey("devices.device_id"), nullable=False),
    Column("model", String(120), nullable=False),
    # PROBLEM or FEEDBACK
    Column("kind", String(12), nullable=False),
    # NETWORK, CAMERA, RECOGNITION, GPS, OTHER; empty for feedback
    Column("problem", String(16), nullable=False),
    # 1 to 5; 0 for problems
    Column("rating", Integer, nullable=False),
    Column("text", String(1000), nullable=False),
    _time("report_time"),
    UniqueConstraint("device_id", "report_id"),
    Index("ix_trial_reports_report_time", "report_time"),
)
