"""Which handset a device is, so that one that serves many accounts is known again."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('devices', sa.Column('handset_hash', sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("restore a backup: facts are never dropped by a migration")
