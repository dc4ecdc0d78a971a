"""Remembers the digests of recent frames, to notice images that come a second time."""

DIGESTS_MAX = 100_000


class SeenFrames:
    """Digests of the frames of all phones; the oldest are forgotten first."""

    def __init__(self) -> None:
        self._digests: dict[bytes, None] = {}  # keeps the order of arrival

    def is_reused(self, digest: bytes) -> bool:
        """Notes a frame. Returns whether it came before."""
        if digest in self._digests:
            return True
        self._digests[digest] = None
        if len(self._digests) > DIGESTS_MAX:
            del self._digests[next(iter(self._digests))]
        return False
