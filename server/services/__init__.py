"""Use cases: what the API does, with its collaborators given by app.py."""
