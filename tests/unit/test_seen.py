"""Frames that come a second time."""

import pytest

from server.services import seen
from server.services.seen import SeenFrames


class TestSeenFrames:
    """Digests of all phones together."""

    def test_a_digest_is_new_once(self) -> None:
        """Looking does not note it; whoever sends it the second time is told."""
        frames = SeenFrames()

        assert [False, False] == [frames.was_seen(b"a"), frames.was_seen(b"a")]
        frames.remember(b"a")
        assert [True, False] == [frames.was_seen(b"a"), frames.was_seen(b"b")]

    def test_the_oldest_is_forgotten_first(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Three are kept; a fourth costs the first of them its place."""
        monkeypatch.setattr(seen, "DIGESTS_MAX", 3)
        frames = SeenFrames()
        for digest in (b"a", b"b", b"c", b"d"):
            frames.remember(digest)

        assert [False, True, True, True] == [frames.was_seen(d) for d in (b"a", b"b", b"c", b"d")]

    def test_noting_one_again_costs_no_other_its_place(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A frame that is sent a hundred times fills nothing."""
        monkeypatch.setattr(seen, "DIGESTS_MAX", 2)
        frames = SeenFrames()
        for digest in (b"a", *[b"b"] * 100):
            frames.remember(digest)

        assert [True, True] == [frames.was_seen(b"a"), frames.was_seen(b"b")]
