"""Wrong punches are voided: named with a reason and who did it, never changed."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('voids',
    sa.Column('event_id', sa.String(length=26), nullable=False),
    sa.Column('nip', sa.String(length=18), nullable=False),
    sa.Column('actor', sa.String(length=18), nullable=False),
    sa.Column('username', sa.String(length=64), nullable=False),
    sa.Column('reason', sa.String(length=500), nullable=False),
    sa.Column('void_time', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['nip'], ['employees.nip'], name=op.f('fk_voids_nip')),
    sa.PrimaryKeyConstraint('event_id', name=op.f('pk_voids'))
    )
    op.create_index(op.f('ix_voids_nip'), 'voids', ['nip'], unique=False)
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER voids_no_{verb.lower()} BEFORE {verb} ON voids "
            "BEGIN SELECT RAISE(ABORT, 'voids is append-only'); END"
        )


def downgrade() -> None:
    raise NotImplementedError("restore a backup: facts are never dropped by a migration")
