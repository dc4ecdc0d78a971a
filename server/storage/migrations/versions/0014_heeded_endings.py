"""Lines of the journal of endings that a restored database heeded."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('heeded_endings',
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('subject', sa.String(length=64), nullable=False),
    sa.Column('end_time', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('kind', 'subject', 'end_time', name=op.f('pk_heeded_endings'))
    )


def downgrade() -> None:
    raise NotImplementedError("restore a backup: facts are never dropped by a migration")
