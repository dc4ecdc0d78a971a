"""Attendance: rules, requests with documents, corrections, postings, reports of the trial."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Facts: the database itself refuses to change or delete them.
APPEND_ONLY = ("rules", "request_decisions", "corrections", "postings", "trial_reports")
# What was asked for stays as it was; only where a request lies may change.
ASKED = (
    "request_id, nip, unit_id, kind, leave, first, last, reason, number, letter_date, place, "
    "punch_kind, punch_time, levels, content_digest, submit_time"
)


def upgrade() -> None:
    op.create_table('rules',
    sa.Column('sequence', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('subject', sa.String(length=64), nullable=False),
    sa.Column('start', sa.String(length=10), nullable=False),
    sa.Column('content', sa.String(), nullable=True),
    sa.Column('actor', sa.String(length=64), nullable=False),
    sa.Column('reason', sa.String(length=500), nullable=False),
    sa.Column('change_time', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('sequence', name=op.f('pk_rules'))
    )
    op.create_index('ix_rules_kind_subject_start', 'rules', ['kind', 'subject', 'start'], unique=False)
    op.create_table('attendance_requests',
    sa.Column('request_id', sa.String(length=36), nullable=False),
    sa.Column('nip', sa.String(length=18), nullable=False),
    sa.Column('unit_id', sa.String(length=64), nullable=False),
    sa.Column('kind', sa.String(length=24), nullable=False),
    sa.Column('leave', sa.String(length=24), nullable=False),
    sa.Column('first', sa.String(length=10), nullable=False),
    sa.Column('last', sa.String(length=10), nullable=False),
    sa.Column('reason', sa.String(length=1000), nullable=False),
    sa.Column('number', sa.String(length=100), nullable=False),
    sa.Column('letter_date', sa.String(length=10), nullable=False),
    sa.Column('place', sa.String(length=200), nullable=False),
    sa.Column('punch_kind', sa.String(length=8), nullable=False),
    sa.Column('punch_time', sa.BigInteger(), nullable=True),
    sa.Column('levels', sa.String(length=60), nullable=False),
    sa.Column('content_digest', sa.LargeBinary(), nullable=False),
    sa.Column('submit_time', sa.BigInteger(), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('steps_done', sa.Integer(), nullable=False),
    sa.Column('approver', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['nip'], ['employees.nip'], name=op.f('fk_attendance_requests_nip')),
    sa.PrimaryKeyConstraint('request_id', name=op.f('pk_attendance_requests'))
    )
    op.create_index('ix_attendance_requests_nip_last', 'attendance_requests', ['nip', 'last'], unique=False)
    op.create_index('ix_attendance_requests_state_submit_time', 'attendance_requests', ['state', 'submit_time'], unique=False)
    op.create_table('postings',
    sa.Column('sequence', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('nip', sa.String(length=18), nullable=False),
    sa.Column('start', sa.String(length=10), nullable=False),
    sa.Column('unit_id', sa.String(length=64), nullable=False),
    sa.Column('site_id', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['nip'], ['employees.nip'], name=op.f('fk_postings_nip')),
    sa.PrimaryKeyConstraint('sequence', name=op.f('pk_postings'))
    )
    op.create_index(op.f('ix_postings_nip'), 'postings', ['nip'], unique=False)
    op.create_index(op.f('ix_postings_unit_id'), 'postings', ['unit_id'], unique=False)
    op.create_table('corrections',
    sa.Column('event_id', sa.String(length=26), nullable=False),
    sa.Column('nip', sa.String(length=18), nullable=False),
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('event_time', sa.BigInteger(), nullable=False),
    sa.Column('request_id', sa.String(length=36), nullable=True),
    sa.Column('actor', sa.String(length=64), nullable=False),
    sa.Column('reason', sa.String(length=500), nullable=False),
    sa.Column('create_time', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['nip'], ['employees.nip'], name=op.f('fk_corrections_nip')),
    sa.ForeignKeyConstraint(['request_id'], ['attendance_requests.request_id'], name=op.f('fk_corrections_request_id')),
    sa.PrimaryKeyConstraint('event_id', name=op.f('pk_corrections'))
    )
    op.create_index('ix_corrections_nip_event_time', 'corrections', ['nip', 'event_time'], unique=False)
    op.create_table('documents',
    sa.Column('document_id', sa.String(length=64), nullable=False),
    sa.Column('nip', sa.String(length=18), nullable=False),
    sa.Column('upload_id', sa.String(length=36), nullable=False),
    sa.Column('request_id', sa.String(length=36), nullable=True),
    sa.Column('size_bytes', sa.Integer(), nullable=False),
    sa.Column('media_type', sa.String(length=40), nullable=False),
    sa.Column('digest', sa.LargeBinary(), nullable=False),
    sa.Column('wrapped_key', sa.LargeBinary(), nullable=False),
    sa.Column('create_time', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['nip'], ['employees.nip'], name=op.f('fk_documents_nip')),
    sa.ForeignKeyConstraint(['request_id'], ['attendance_requests.request_id'], name=op.f('fk_documents_request_id')),
    sa.PrimaryKeyConstraint('document_id', name=op.f('pk_documents')),
    sa.UniqueConstraint('nip', 'upload_id', name=op.f('uq_documents_nip'))
    )
    op.create_index(op.f('ix_documents_digest'), 'documents', ['digest'], unique=False)
    op.create_index(op.f('ix_documents_request_id'), 'documents', ['request_id'], unique=False)
    op.create_table('request_decisions',
    sa.Column('sequence', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('request_id', sa.String(length=36), nullable=False),
    sa.Column('decision', sa.String(length=16), nullable=False),
    sa.Column('level', sa.String(length=16), nullable=False),
    sa.Column('actor', sa.String(length=64), nullable=False),
    sa.Column('nip', sa.String(length=18), nullable=False),
    sa.Column('deputy_of', sa.String(length=64), nullable=False),
    sa.Column('reason', sa.String(length=500), nullable=False),
    sa.Column('decide_time', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['request_id'], ['attendance_requests.request_id'], name=op.f('fk_request_decisions_request_id')),
    sa.PrimaryKeyConstraint('sequence', name=op.f('pk_request_decisions'))
    )
    op.create_index(op.f('ix_request_decisions_request_id'), 'request_decisions', ['request_id'], unique=False)
    op.create_table('trial_reports',
    sa.Column('sequence', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('report_id', sa.String(length=36), nullable=False),
    sa.Column('nip', sa.String(length=18), nullable=True),
    sa.Column('unit_id', sa.String(length=64), nullable=False),
    sa.Column('device_id', sa.String(length=64), nullable=False),
    sa.Column('model', sa.String(length=120), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('problem', sa.String(length=16), nullable=False),
    sa.Column('rating', sa.Integer(), nullable=False),
    sa.Column('text', sa.String(length=1000), nullable=False),
    sa.Column('report_time', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['device_id'], ['devices.device_id'], name=op.f('fk_trial_reports_device_id')),
    sa.ForeignKeyConstraint(['nip'], ['employees.nip'], name=op.f('fk_trial_reports_nip')),
    sa.PrimaryKeyConstraint('sequence', name=op.f('pk_trial_reports')),
    sa.UniqueConstraint('device_id', 'report_id', name=op.f('uq_trial_reports_device_id'))
    )
    op.create_index('ix_trial_reports_report_time', 'trial_reports', ['report_time'], unique=False)
    op.create_table('document_chunks',
    sa.Column('document_id', sa.String(length=64), nullable=False),
    sa.Column('start', sa.Integer(), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['document_id'], ['documents.document_id'], name=op.f('fk_document_chunks_document_id')),
    sa.PrimaryKeyConstraint('document_id', 'start', name=op.f('pk_document_chunks'))
    )
    op.add_column('events', sa.Column('frame_hash', sa.BigInteger(), nullable=True))
    op.add_column('events', sa.Column('background_hash', sa.BigInteger(), nullable=True))
    for table in APPEND_ONLY:
        for verb in ("UPDATE", "DELETE"):
            _refuse(table, verb, verb)
    _refuse("attendance_requests", "DELETE", "DELETE")
    _refuse("attendance_requests", "UPDATE", f"UPDATE OF {ASKED}")
    _refuse("document_chunks", "UPDATE", "UPDATE")
    op.execute(
        "CREATE TRIGGER documents_no_update BEFORE UPDATE ON documents "
        "WHEN OLD.media_type <> '' AND (NEW.digest <> OLD.digest OR NEW.nip <> OLD.nip OR "
        "NEW.size_bytes <> OLD.size_bytes OR NEW.media_type <> OLD.media_type OR "
        "NEW.wrapped_key <> OLD.wrapped_key OR "
        "(OLD.request_id IS NOT NULL AND NEW.request_id IS NOT OLD.request_id)) "
        "BEGIN SELECT RAISE(ABORT, 'documents are append-only'); END"
    )
    # Who was there before served where he serves now, as far as anybody knows.
    op.execute(
        "INSERT INTO postings (nip, start, unit_id, site_id) "
        "SELECT nip, '0001-01-01', unit_id, COALESCE(site_id, '') FROM employees "
        "WHERE state = 'ACTIVE'"
    )


def _refuse(table: str, name: str, verb: str) -> None:
    op.execute(
        f"CREATE TRIGGER {table}_no_{name.lower()} BEFORE {verb} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    )


def downgrade() -> None:
    raise NotImplementedError("restore a backup: facts are never dropped by a migration")
