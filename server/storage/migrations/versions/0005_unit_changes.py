"""The log of units: who put which unit where, from when on, and why."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('unit_changes',
    sa.Column('sequence', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('unit_id', sa.String(length=64), nullable=False),
    sa.Column('display_name', sa.String(length=200), nullable=False),
    sa.Column('parent_unit_id', sa.String(length=64), nullable=False),
    sa.Column('site_id', sa.String(length=64), nullable=False),
    sa.Column('head_nip', sa.String(length=18), nullable=False),
    sa.Column('start', sa.String(length=10), nullable=False),
    sa.Column('actor', sa.String(length=64), nullable=False),
    sa.Column('reason', sa.String(length=500), nullable=False),
    sa.Column('change_time', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('sequence', name=op.f('pk_unit_changes'))
    )
    op.create_index(op.f('ix_unit_changes_unit_id'), 'unit_changes', ['unit_id'], unique=False)
    # Units that were there before stood as they stand now, as far as anybody knows.
    op.execute(
        "INSERT INTO unit_changes (unit_id, display_name, parent_unit_id, site_id, head_nip, "
        "start, actor, reason, change_time) "
        "SELECT unit_id, display_name, COALESCE(parent_unit_id, ''), COALESCE(site_id, ''), "
        "COALESCE(head_nip, ''), '0001-01-01', 'hadir', 'skema 0005', 0 FROM units"
    )
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER unit_changes_no_{verb.lower()} BEFORE {verb} ON unit_changes "
            "BEGIN SELECT RAISE(ABORT, 'unit_changes is append-only'); END"
        )


def downgrade() -> None:
    raise NotImplementedError("restore a backup: facts are never dropped by a migration")
