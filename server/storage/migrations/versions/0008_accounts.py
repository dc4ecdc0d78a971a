"""One open account a person and role, a log of accounts, and the account behind a correction."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# Of several open accounts of a person and role the first stays; the others are closed.
LATER = (
    "close_time IS NULL AND nip <> '' AND EXISTS ("
    "SELECT 1 FROM staff AS other WHERE other.nip = staff.nip AND other.role = staff.role "
    "AND other.close_time IS NULL AND (other.create_time < staff.create_time "
    "OR (other.create_time = staff.create_time AND other.username < staff.username)))"
)
LOG = "INSERT INTO account_changes (username, action, actor, actor_nip, change_time) SELECT username"


def upgrade() -> None:
    op.create_table('account_changes',
    sa.Column('sequence', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('username', sa.String(length=64), nullable=False),
    sa.Column('action', sa.String(length=20), nullable=False),
    sa.Column('actor', sa.String(length=64), nullable=False),
    sa.Column('actor_nip', sa.String(length=18), nullable=False),
    sa.Column('change_time', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['username'], ['staff.username'], name=op.f('fk_account_changes_username')),
    sa.PrimaryKeyConstraint('sequence', name=op.f('pk_account_changes'))
    )
    op.create_index(op.f('ix_account_changes_username'), 'account_changes', ['username'], unique=False)
    # Who made the accounts that are there is not known any more.
    op.execute(f"{LOG}, 'CREATED', 'hadir', '', create_time FROM staff ORDER BY create_time")
    now = "CAST(strftime('%s', 'now') AS INTEGER) * 1000000"
    op.execute(f"{LOG}, 'CLOSED', 'hadir', '', {now} FROM staff WHERE {LATER}")
    op.execute(f"UPDATE staff SET close_time = {now} WHERE {LATER}")
    op.create_index('one_open_account', 'staff', ['nip', 'role'], unique=True, sqlite_where=sa.text("close_time IS NULL AND nip <> ''"))
    op.add_column('corrections', sa.Column('username', sa.String(length=64), server_default='', nullable=False))
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER account_changes_no_{verb.lower()} BEFORE {verb} ON account_changes "
            "BEGIN SELECT RAISE(ABORT, 'account_changes is append-only'); END"
        )


def downgrade() -> None:
    raise NotImplementedError("restore a backup: facts are never dropped by a migration")
