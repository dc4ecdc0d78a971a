"""Page tokens: opaque, stable, and refused when they are not ours; page sizes."""

import base64
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.errors import FieldInvalid, PageTokenInvalid
from server.storage.pages import PAGE_DEFAULT, PAGE_MAX, key_of, number_of, page_size, token_of

KEYS = st.text("0123456789abcXYZ-|/\u00e9\u4e2d", max_size=40)
QUICK = settings(deadline=None, max_examples=30)


class TestPageSize:
    """AIP-158: 0 is the default, too much is cut, negative is refused."""

    @pytest.mark.parametrize(
        ("asked", "rows"),
        [
            (0, PAGE_DEFAULT),
            (1, 1),
            (PAGE_MAX, PAGE_MAX),
            (PAGE_MAX + 1, PAGE_MAX),
            (2**31 - 1, PAGE_MAX),
        ],
    )
    def test_is_what_the_api_says(self, asked: int, rows: int) -> None:
        """50 and 200."""
        assert rows == page_size(asked)
        assert (50, 200) == (PAGE_DEFAULT, PAGE_MAX)

    @pytest.mark.parametrize("asked", [-1, -(2**31)])
    def test_refuses_negative_sizes(self, asked: int) -> None:
        """With the name of the field."""
        with pytest.raises(FieldInvalid) as raised:
            page_size(asked)

        assert {"field": "page_size"} == raised.value.metadata


class TestTokens:
    """The next page begins behind a key."""

    @QUICK
    @given(KEYS)
    def test_give_their_key_back(self, key: str) -> None:
        """Any key, in characters that fit into a link."""
        token = token_of(key)

        assert key == key_of(token)
        assert re.fullmatch(r"[A-Za-z0-9_-]+", token)

    def test_no_token_is_the_first_page(self) -> None:
        """As a key and as a number."""
        assert ("", None) == (key_of(""), number_of(""))

    @pytest.mark.parametrize(
        "token",
        [
            "x", "!!!!", "\u00e9", "MQ\0", "=", "====",
            base64.urlsafe_b64encode(b"2key").decode(),
            base64.urlsafe_b64encode(b"1\xff\xfe").decode(),
            "x" * 10_001,
        ],
    )  # fmt: skip
    def test_refuse_what_is_not_ours(self, token: str) -> None:
        """Noise, another version, broken text."""
        with pytest.raises(PageTokenInvalid):
            key_of(token)

    @QUICK
    @given(st.text("AZaz09-_=+/!\u00e9\0 ", max_size=30))
    def test_any_text_is_a_key_or_refused(self, token: str) -> None:
        """Nothing else is raised."""
        for read in (key_of, number_of):
            try:
                read(token)
            except PageTokenInvalid:
                continue

    @QUICK
    @given(st.integers(0, 10**18 - 1))
    def test_numbers_come_back(self, number: int) -> None:
        """As far as the database counts."""
        assert number == number_of(token_of(str(number)))

    @pytest.mark.parametrize("key", ["-1", "1.5", "abc", "\u0663", "1e3", " 1", "9" * 19])
    def test_numbers_of_other_lists_are_refused(self, key: str) -> None:
        """A token of the employees does not page through the devices."""
        with pytest.raises(PageTokenInvalid):
            number_of(token_of(key))
