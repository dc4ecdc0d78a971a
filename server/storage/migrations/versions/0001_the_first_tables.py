"""The first tables."""

import sqlalchemy as sa
from alembic import op


revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Facts: the database itself refuses to change or delete them.
APPEND_ONLY = ("events", "requests", "refusals", "binding_changes", "erasures")


def upgrade() -> None:
    op.create_table(
        "erasures",
        sa.Column(
            "sequence",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("nip", sa.String(length=18), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("erase_time", sa.BigInteger(), nullable=False),
        sa.Column("template_count", sa.Integer(), nullable=False),
        sa.Column("image_count", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_erasures")),
    )
    with op.batch_alter_table("erasures", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_erasures_nip"), ["nip"], unique=False)

    op.create_table(
        "used_challenges",
        sa.Column("challenge_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expire_time", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("challenge_hash", name=op.f("pk_used_challenges")),
    )
    with op.batch_alter_table("used_challenges", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_used_challenges_expire_time"), ["expire_time"], unique=False
        )

    op.create_table(
        "sites",
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("display_name", sa.String(length=200), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("geofence", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", name=op.f("pk_sites")),
    )
    op.create_table(
        "staff",
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("nip", sa.String(length=18), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("failed_count", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.BigInteger(), nullable=True),
        sa.Column("create_time", sa.BigInteger(), nullable=False),
        sa.Column("close_time", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("username", name=op.f("pk_staff")),
    )
    op.create_table(
        "units",
        sa.Column("unit_id", sa.String(length=64), nullable=False),
        sa.Column("display_name", sa.String(length=200), nullable=False),
        sa.Column("parent_unit_id", sa.String(length=64), nullable=True),
        sa.Column("site_id", sa.String(length=64), nullable=True),
        sa.Column("head_nip", sa.String(length=18), nullable=True),
        sa.ForeignKeyConstraint(
            ["parent_unit_id"], ["units.unit_id"], name=op.f("fk_units_parent_unit_id")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["sites.site_id"], name=op.f("fk_units_site_id")),
        sa.PrimaryKeyConstraint("unit_id", name=op.f("pk_units")),
    )
    op.create_table(
        "employees",
        sa.Column("nip", sa.String(length=18), nullable=False),
        sa.Column("display_name", sa.String(length=200), nullable=False),
        sa.Column("unit_id", sa.String(length=64), nullable=False),
        sa.Column("site_id", sa.String(length=64), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("update_time", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["sites.site_id"], name=op.f("fk_employees_site_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.unit_id"], name=op.f("fk_employees_unit_id")),
        sa.PrimaryKeyConstraint("nip", name=op.f("pk_employees")),
    )
    with op.batch_alter_table("employees", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_employees_unit_id"), ["unit_id"], unique=False)

    op.create_table(
        "activation_codes",
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("nip", sa.String(length=18), nullable=True),
        sa.Column("site_id", sa.String(length=64), nullable=True),
        sa.Column("expire_time", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["nip"], ["employees.nip"], name=op.f("fk_activation_codes_nip")),
        sa.ForeignKeyConstraint(
            ["site_id"], ["sites.site_id"], name=op.f("fk_activation_codes_site_id")
        ),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_activation_codes")),
        sa.UniqueConstraint("nip", name=op.f("uq_activation_codes_nip")),
    )
    op.create_table(
        "binding_changes",
        sa.Column(
            "sequence",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("nip", sa.String(length=18), nullable=False),
        sa.Column("action", sa.String(length=16), nullable=False),
        sa.Column("change_time", sa.BigInteger(), nullable=False),
        sa.Column("device_id", sa.String(length=64), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(["nip"], ["employees.nip"], name=op.f("fk_binding_changes_nip")),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_binding_changes")),
    )
    with op.batch_alter_table("binding_changes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_binding_changes_nip"), ["nip"], unique=False)

    op.create_table(
        "devices",
        sa.Column("device_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("nip", sa.String(length=18), nullable=True),
        sa.Column("site_id", sa.String(length=64), nullable=True),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("model", sa.String(length=120), nullable=False),
        sa.Column("activate_time", sa.BigInteger(), nullable=False),
        sa.Column("revoke_time", sa.BigInteger(), nullable=True),
        sa.Column("revoke_reason", sa.String(length=500), nullable=False),
        sa.Column("revoke_actor", sa.String(length=64), nullable=False),
        sa.CheckConstraint(
            "(kind = 'PHONE' AND nip IS NOT NULL) OR (kind = 'KIOSK' AND site_id IS NOT NULL)",
            name=op.f("ck_devices_subject"),
        ),
        sa.ForeignKeyConstraint(["nip"], ["employees.nip"], name=op.f("fk_devices_nip")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.site_id"], name=op.f("fk_devices_site_id")),
        sa.PrimaryKeyConstraint("device_id", name=op.f("pk_devices")),
        sa.UniqueConstraint("public_key", name=op.f("uq_devices_public_key")),
    )
    with op.batch_alter_table("devices", schema=None) as batch_op:
        batch_op.create_index(
            "one_active_phone",
            ["nip"],
            unique=True,
            sqlite_where=sa.text("state = 'ACTIVE' AND kind = 'PHONE'"),
        )

    op.create_table(
        "enrollments",
        sa.Column("nip", sa.String(length=18), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("model_version", sa.String(length=120), nullable=False),
        sa.Column("notice_version", sa.String(length=60), nullable=False),
        sa.Column("confirm_time", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("create_time", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["nip"], ["employees.nip"], name=op.f("fk_enrollments_nip")),
        sa.PrimaryKeyConstraint("nip", name=op.f("pk_enrollments")),
    )
    op.create_table(
        "enrollment_images",
        sa.Column("image_id", sa.String(length=26), nullable=False),
        sa.Column("nip", sa.String(length=18), nullable=False),
        sa.Column("image", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["nip"], ["enrollments.nip"], name=op.f("fk_enrollment_images_nip")
        ),
        sa.PrimaryKeyConstraint("image_id", name=op.f("pk_enrollment_images")),
    )
    with op.batch_alter_table("enrollment_images", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_enrollment_images_nip"), ["nip"], unique=False)

    op.create_table(
        "events",
        sa.Column(
            "sequence",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("event_id", sa.String(length=26), nullable=False),
        sa.Column("nip", sa.String(length=18), nullable=False),
        sa.Column("display_name", sa.String(length=200), nullable=False),
        sa.Column("unit_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("source", sa.String(length=8), nullable=False),
        sa.Column("event_time", sa.BigInteger(), nullable=False),
        sa.Column("device_time", sa.BigInteger(), nullable=False),
        sa.Column("clock_disputed", sa.Boolean(), nullable=False),
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("distance_m", sa.Float(), nullable=False),
        sa.Column("device_id", sa.String(length=64), nullable=False),
        sa.Column("similarity", sa.Float(), nullable=False),
        sa.Column("threshold", sa.Float(), nullable=False),
        sa.Column("margin", sa.Float(), nullable=False),
        sa.Column("relief", sa.Float(), nullable=False),
        sa.Column("passive", sa.Float(), nullable=True),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("accuracy_m", sa.Float(), nullable=True),
        sa.Column("mock", sa.Boolean(), nullable=True),
        sa.Column("frame_digest", sa.LargeBinary(), nullable=False),
        sa.Column("seal", sa.LargeBinary(), nullable=False),
        sa.Column("create_time", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["device_id"], ["devices.device_id"], name=op.f("fk_events_device_id")
        ),
        sa.ForeignKeyConstraint(["nip"], ["employees.nip"], name=op.f("fk_events_nip")),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_events")),
        sa.UniqueConstraint("event_id", name=op.f("uq_events_event_id")),
    )
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_events_frame_digest"), ["frame_digest"], unique=False)
        batch_op.create_index("ix_events_nip_event_time", ["nip", "event_time"], unique=False)
        batch_op.create_index("ix_events_unit_id_sequence", ["unit_id", "sequence"], unique=False)

    op.create_table(
        "refusals",
        sa.Column(
            "sequence",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("nip", sa.String(length=18), nullable=True),
        sa.Column("device_id", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("refuse_time", sa.BigInteger(), nullable=False),
        sa.Column("similarity", sa.Float(), nullable=True),
        sa.Column("relief", sa.Float(), nullable=True),
        sa.Column("passive", sa.Float(), nullable=True),
        sa.Column("distance_m", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(
            ["device_id"], ["devices.device_id"], name=op.f("fk_refusals_device_id")
        ),
        sa.ForeignKeyConstraint(["nip"], ["employees.nip"], name=op.f("fk_refusals_nip")),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_refusals")),
    )
    with op.batch_alter_table("refusals", schema=None) as batch_op:
        batch_op.create_index(
            "ix_refusals_device_id_refuse_time", ["device_id", "refuse_time"], unique=False
        )

    op.create_table(
        "sessions",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("device_id", sa.String(length=64), nullable=True),
        sa.Column("username", sa.String(length=64), nullable=True),
        sa.Column("expire_time", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["device_id"], ["devices.device_id"], name=op.f("fk_sessions_device_id")
        ),
        sa.ForeignKeyConstraint(
            ["username"], ["staff.username"], name=op.f("fk_sessions_username")
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_sessions")),
    )
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sessions_device_id"), ["device_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_sessions_expire_time"), ["expire_time"], unique=False)
        batch_op.create_index(batch_op.f("ix_sessions_username"), ["username"], unique=False)

    op.create_table(
        "templates",
        sa.Column("template_id", sa.String(length=26), nullable=False),
        sa.Column("nip", sa.String(length=18), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["nip"], ["enrollments.nip"], name=op.f("fk_templates_nip")),
        sa.PrimaryKeyConstraint("template_id", name=op.f("pk_templates")),
    )
    with op.batch_alter_table("templates", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_templates_nip"), ["nip"], unique=False)

    op.create_table(
        "requests",
        sa.Column("nip", sa.String(length=18), nullable=False),
        sa.Column("request_id", sa.String(length=36), nullable=False),
        sa.Column("content_digest", sa.LargeBinary(), nullable=False),
        sa.Column("event_id", sa.String(length=26), nullable=False),
        sa.Column("create_time", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"], ["events.event_id"], name=op.f("fk_requests_event_id")
        ),
        sa.ForeignKeyConstraint(["nip"], ["employees.nip"], name=op.f("fk_requests_nip")),
        sa.PrimaryKeyConstraint("nip", "request_id", name=op.f("pk_requests")),
    )
    for table in APPEND_ONLY:
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )


def downgrade() -> None:
    raise NotImplementedError("restore a backup: facts are never dropped by a migration")
