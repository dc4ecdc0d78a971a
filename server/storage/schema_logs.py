"""More tables: the logs of sites and kiosks, and the ledger. `metadata` is of schema's, too.

They stand apart for their length alone.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
)

from server.storage.schema import Sequence, metadata

__all__ = ["checkpoints", "kiosk_changes", "ledger", "metadata", "site_changes"]

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
