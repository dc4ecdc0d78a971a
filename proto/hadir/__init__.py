"""Namespace of the generated Hadir API."""
