"""Months that BKD closed, with the figures that pay rested on."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('closings',
    sa.Column('sequence', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('unit_id', sa.String(length=64), nullable=False),
    sa.Column('month', sa.String(length=7), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('actor', sa.String(length=18), nullable=False),
    sa.Column('username', sa.String(length=64), nullable=False),
    sa.Column('reason', sa.String(length=500), nullable=False),
    sa.Column('despite', sa.String(length=500), nullable=False),
    sa.Column('waiting', sa.Integer(), nullable=False),
    sa.Column('people', sa.Integer(), nullable=False),
    sa.Column('ledger_size', sa.BigInteger(), nullable=False),
    sa.Column('close_time', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('sequence', name=op.f('pk_closings')),
    sa.UniqueConstraint('month', 'unit_id', 'version', name=op.f('uq_closings_month'))
    )
    op.create_table('closed_units',
    sa.Column('sequence', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('closing', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('unit_id', sa.String(length=64), nullable=False),
    sa.Column('figures', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['closing'], ['closings.sequence'], name=op.f('fk_closed_units_closing')),
    sa.PrimaryKeyConstraint('sequence', name=op.f('pk_closed_units')),
    sa.UniqueConstraint('closing', 'unit_id', name=op.f('uq_closed_units_closing'))
    )
    op.create_index(op.f('ix_closed_units_unit_id'), 'closed_units', ['unit_id'], unique=False)
    for table in ("closings", "closed_units"):
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )


def downgrade() -> None:
    raise NotImplementedError("restore a backup: facts are never dropped by a migration")
