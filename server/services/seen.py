"""Remembers the digests of recent face images, to notice those that come a second time."""

DIGESTS_MAX = 100_000


class SeenFrames:
    """Digests of the frames of all phones; the oldest are forgotten first."""

    def __init__(self) -> None:
        self._digests: dict[bytes, None] = {}  # keeps the order of arrival

    def was_seen(self, digest: bytes) -> bool:
        """Whether a frame came before."""
        return digest in self._digests

    def remember(self, digest: bytes) -> None:
        """Notes a frame."""
        self._digests[digest] = None
        if len(self._digests) > DIGESTS_MAX:
            del self._digests[next(iter(self._digests))]
