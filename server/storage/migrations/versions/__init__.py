"""Alembic migrations, run by `hadir-server init` and `hadir-server migrate`."""
