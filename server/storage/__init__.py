"""SQLite: SQL lives here and nowhere else."""
