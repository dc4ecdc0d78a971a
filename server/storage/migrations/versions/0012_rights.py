"""Accounts keep no lock; logs of enrolments, with how like the earlier face it is, and of kiosks."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TABLES = ("enrollment_changes", "kiosk_changes")


def upgrade() -> None:
    # Wrong passwords are counted in memory, by who guesses.
    op.drop_column('staff', 'failed_count')
    op.drop_column('staff', 'locked_until')
    op.create_table('enrollment_changes',
    sa.Column('sequence', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('nip', sa.String(length=18), nullable=False),
    sa.Column('actor', sa.String(length=64), nullable=False),
    sa.Column('actor_nip', sa.String(length=18), nullable=False),
    sa.Column('change_time', sa.BigInteger(), nullable=False),
    sa.Column('template_count', sa.Integer(), nullable=False),
    sa.Column('earlier', sa.String(length=12), nullable=False),
    sa.Column('similarity', sa.Float(), nullable=True),
    sa.Column('threshold', sa.Float(), nullable=False),
    sa.Column('resembles', sa.String(length=18), nullable=False),
    sa.Column('reason', sa.String(length=500), nullable=False),
    sa.ForeignKeyConstraint(['nip'], ['employees.nip'], name=op.f('fk_enrollment_changes_nip')),
    sa.PrimaryKeyConstraint('sequence', name=op.f('pk_enrollment_changes'))
    )
    op.create_index(op.f('ix_enrollment_changes_nip'), 'enrollment_changes', ['nip'], unique=False)
    op.create_index(op.f('ix_enrollment_changes_change_time'), 'enrollment_changes', ['change_time'], unique=False)
    op.create_table('kiosk_changes',
    sa.Column('sequence', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('site_id', sa.String(length=64), nullable=False),
    sa.Column('action', sa.String(length=16), nullable=False),
    sa.Column('change_time', sa.BigInteger(), nullable=False),
    sa.Column('device_id', sa.String(length=64), nullable=False),
    sa.Column('actor', sa.String(length=64), nullable=False),
    sa.Column('reason', sa.String(length=500), nullable=False),
    sa.ForeignKeyConstraint(['site_id'], ['sites.site_id'], name=op.f('fk_kiosk_changes_site_id')),
    sa.PrimaryKeyConstraint('sequence', name=op.f('pk_kiosk_changes'))
    )
    op.create_index(op.f('ix_kiosk_changes_site_id'), 'kiosk_changes', ['site_id'], unique=False)
    for table in TABLES:
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )


def downgrade() -> None:
    raise NotImplementedError("restore a backup: facts are never dropped by a migration")
