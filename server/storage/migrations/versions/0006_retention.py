"""What cameras gave may be forgotten after its time, and only that; a log says what was."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# Of facts, what may be emptied and never be changed to anything else.
FORGOTTEN = {
    "events": ("frame_hash", "background_hash"),
    "refusals": ("similarity", "relief", "passive", "distance_m"),
}


def upgrade() -> None:
    op.create_table('removals',
    sa.Column('sequence', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('before_time', sa.BigInteger(), nullable=False),
    sa.Column('last_sequence', sa.BigInteger(), nullable=False),
    sa.Column('removed_count', sa.Integer(), nullable=False),
    sa.Column('remove_time', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('sequence', name=op.f('pk_removals'))
    )
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER removals_no_{verb.lower()} BEFORE {verb} ON removals "
            "BEGIN SELECT RAISE(ABORT, 'removals is append-only'); END"
        )
    for table, forgotten in FORGOTTEN.items():
        known = [row[1] for row in op.get_bind().exec_driver_sql(f"PRAGMA table_info({table})")]
        kept = ", ".join(name for name in known if name not in forgotten)
        changed = " OR ".join(f"NEW.{name} IS NOT NULL" for name in forgotten)
        op.execute(f"DROP TRIGGER {table}_no_update")
        op.execute(
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE OF {kept} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )
        op.execute(
            f"CREATE TRIGGER {table}_only_forgets BEFORE UPDATE OF {', '.join(forgotten)} "
            f"ON {table} WHEN {changed} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )


def downgrade() -> None:
    raise NotImplementedError("restore a backup: facts are never dropped by a migration")
