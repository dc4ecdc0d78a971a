"""Wrong passwords are counted in memory, by who guesses: the account keeps no lock."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_column('staff', 'failed_count')
    op.drop_column('staff', 'locked_until')


def downgrade() -> None:
    raise NotImplementedError("restore a backup: facts are never dropped by a migration")
