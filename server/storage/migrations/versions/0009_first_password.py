"""A password that somebody else chose is changed before anything else."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Whoever has an account already keeps the password.
    op.add_column('staff', sa.Column('first_password', sa.Boolean(), server_default='0', nullable=False))


def downgrade() -> None:
    raise NotImplementedError("restore a backup: facts are never dropped by a migration")
