"""More tables: logs of sites, kiosks and closed months, and the ledger. `metadata` is of schema's.

They stand apart for their length alone.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
)

from server.storage.schema import Sequence, metadata

__all__ = [
    "checkpoints",
    "closed_units",
    "closings",
    "heeded_endings",
    "kiosk_changes",
    "ledger",
    "metadata",
    "site_changes",
]

# Every site as somebody put it.
site_changes = Table(
    "site_changes",
    metadata,
    Column("sequence", Sequence, primary_key=True, autoincrement=True),
    Column("site_id", String(64), nullable=False, index=True),
    Column("display_name", String(200), nullable=False),
    Column("time_zone", String(64), nullable=False),
    Column("geofence", String, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("reason", String(500), nullable=False),
    Column("change_time", BigInteger, nullable=False),
)

# What happened to the kiosks of a site. The actor of an activation is who issued its code.
kiosk_changes = Table(
    "kiosk_changes",
    metadata,
    Column("sequence", Sequence, primary_key=True, autoincrement=True),
    Column("site_id", ForeignKey("sites.site_id"), nullable=False, index=True),
    Column("action", String(16), nullable=False),
    Column("change_time", BigInteger, nullable=False),
    Column("device_id", String(64), nullable=False),
    Column("actor", String(64), nullable=False),
    Column("reason", String(500), nullable=False),
)

# Months of trees of units that BKD closed; the tree of "" is the whole province.
closings = Table(
    "closings",
    metadata,
    Column("sequence", Sequence, primary_key=True, autoincrement=True),
    Column("unit_id", String(64), nullable=False),
    # YYYY-MM
    Column("month", String(7), nullable=False),
    Column("version", Integer, nullable=False),
    Column("actor", String(18), nullable=False),
    Column("username", String(64), nullable=False),
    Column("reason", String(500), nullable=False),
    Column("despite", String(500), nullable=False),
    Column("waiting", Integer, nullable=False),
    Column("people", Integer, nullable=False),
    Column("ledger_size", BigInteger, nullable=False),
    Column("close_time", BigInteger, nullable=False),
    UniqueConstraint("month", "unit_id", "version"),
)

# What pay rested on in each unit of a closing, as storage/closings packs it.
closed_units = Table(
    "closed_units",
    metadata,
    Column("sequence", Sequence, primary_key=True, autoincrement=True),
    Column("closing", ForeignKey("closings.sequence"), nullable=False),
    Column("unit_id", String(64), nullable=False, index=True),
    Column("figures", String, nullable=False),
    UniqueConstraint("closing", "unit_id"),
)

# Lines of the journal of endings that were heeded, also of what this database never had: the next
# start asks nothing of them.
heeded_endings = Table(
    "heeded_endings",
    metadata,
    Column("kind", String(16), primary_key=True),
    Column("subject", String(64), primary_key=True),
    Column("end_time", BigInteger, primary_key=True),
)

# The hash of every record that may never change, in the order in which it was taken in.
ledger = Table(
    "ledger",
    metadata,
    # From 1 on, without gaps.
    Column("position", Sequence, primary_key=True, autoincrement=False),
    # The record's table, and its key there: a number or a name.
    Column("kind", String(24), nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("name", String(64), nullable=False),
    Column("leaf", LargeBinary, nullable=False),
    # Found at a start: not taken in while the server that wrote it ran.
    Column("late", Boolean, nullable=False),
    UniqueConstraint("kind", "number", "name"),
)

# What the ledger was at moments, signed with the server's key.
checkpoints = Table(
    "checkpoints",
    metadata,
    Column("size", Sequence, primary_key=True, autoincrement=False),
    # Right edge of the tree: see domain/ledger.
    Column("frontier", LargeBinary, nullable=False),
    Column("note", String(400), nullable=False),
    Column("make_time", BigInteger, nullable=False),
)
