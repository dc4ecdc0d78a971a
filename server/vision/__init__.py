"""From JPEG to embeddings: models, sessions, and the way of a frame."""
