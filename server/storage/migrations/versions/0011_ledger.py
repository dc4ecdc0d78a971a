"""A ledger of what may never change, seals that can be checked again; who put sites and postings."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('events', sa.Column('nonce', sa.LargeBinary(), nullable=True))
    op.add_column('events', sa.Column('chain_head', sa.LargeBinary(), nullable=True))
    op.create_index('ix_events_event_time', 'events', ['event_time'], unique=False)
    columns = [row[1] for row in op.get_bind().exec_driver_sql("PRAGMA table_info(events)")]
    kept = ", ".join(name for name in columns if name not in ("frame_hash", "background_hash"))
    op.execute("DROP TRIGGER events_no_update")
    op.execute(
        f"CREATE TRIGGER events_no_update BEFORE UPDATE OF {kept} ON events "
        "BEGIN SELECT RAISE(ABORT, 'events is append-only'); END"
    )
    op.add_column('postings', sa.Column('actor', sa.String(length=64), nullable=True))
    op.add_column('postings', sa.Column('reason', sa.String(length=500), nullable=True))
    op.add_column('postings', sa.Column('put_time', sa.BigInteger(), nullable=True))
    op.create_table('site_changes',
    sa.Column('sequence', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('site_id', sa.String(length=64), nullable=False),
    sa.Column('display_name', sa.String(length=200), nullable=False),
    sa.Column('time_zone', sa.String(length=64), nullable=False),
    sa.Column('geofence', sa.String(), nullable=False),
    sa.Column('actor', sa.String(length=64), nullable=False),
    sa.Column('reason', sa.String(length=500), nullable=False),
    sa.Column('change_time', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('sequence', name=op.f('pk_site_changes'))
    )
    op.create_index(op.f('ix_site_changes_site_id'), 'site_changes', ['site_id'], unique=False)
    # Sites as they are: what they were before nobody knows.
    op.execute(
        "INSERT INTO site_changes (site_id, display_name, time_zone, geofence, actor, reason, "
        "change_time) SELECT site_id, display_name, time_zone, geofence, 'hadir', '', "
        "CAST(strftime('%s', 'now') AS INTEGER) * 1000000 FROM sites"
    )
    op.create_table('ledger',
    sa.Column('position', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('kind', sa.String(length=24), nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('name', sa.String(length=64), nullable=False),
    sa.Column('leaf', sa.LargeBinary(), nullable=False),
    sa.Column('late', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('position', name=op.f('pk_ledger')),
    sa.UniqueConstraint('kind', 'number', 'name', name=op.f('uq_ledger_kind'))
    )
    op.create_table('checkpoints',
    sa.Column('size', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('frontier', sa.LargeBinary(), nullable=False),
    sa.Column('note', sa.String(length=400), nullable=False),
    sa.Column('make_time', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('size', name=op.f('pk_checkpoints'))
    )
    for table in ("ledger", "checkpoints", "site_changes"):
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )


def downgrade() -> None:
    raise NotImplementedError("restore a backup: facts are never dropped by a migration")
