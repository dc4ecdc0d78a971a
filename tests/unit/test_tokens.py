"""Tokens and activation codes: their form, their strength, and how people may type them."""

import hashlib
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.services.tokens import (
    TOKEN_CHARACTERS_MAX,
    code_hash,
    hashed,
    new_code,
    new_token,
    plain_code,
)

CODES = st.text("0123456789ABCDEFGHJKMNPQRSTVWXYZ", min_size=12, max_size=12)
QUICK = settings(deadline=None, max_examples=30)


class TestToken:
    """Session tokens."""

    def test_has_the_form_of_the_api(self) -> None:
        """43 characters that fit into a header."""
        for _ in range(200):
            assert re.fullmatch(r"[A-Za-z0-9_-]{43}", new_token())
        assert 43 < TOKEN_CHARACTERS_MAX

    def test_is_new_each_time(self) -> None:
        """Every one of its characters varies."""
        tokens = [new_token() for _ in range(200)]

        assert 200 == len({*tokens})
        assert all(len({*column}) > 10 for column in zip(*tokens, strict=True))


class TestCode:
    """Activation codes, which people read out and type."""

    def test_has_no_letters_that_look_like_digits(self) -> None:
        """XXXX-XXXX-XXXX without I, L, O and U."""
        codes = [new_code() for _ in range(300)]

        assert all(
            re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{4}-){2}[0-9A-HJKMNP-TV-Z]{4}", c) for c in codes
        )
        assert 300 == len({*codes})
        assert 32 == len({*"".join(codes)} - {"-"})

    def test_is_60_random_bits(self) -> None:
        """12 characters of 32: as many as a code that is stored as a plain hash needs."""
        assert 12 == len(plain_code(new_code()))

    @QUICK
    @given(CODES, st.lists(st.tuples(st.integers(0, 12), st.sampled_from(" -\t")), max_size=6))
    def test_case_spaces_and_hyphens_do_not_matter(
        self, code: str, marks: list[tuple[int, str]]
    ) -> None:
        """As the API says."""
        typed = code.lower()
        for place, mark in marks:
            typed = typed[:place] + mark + typed[place:]

        assert code == plain_code(typed)
        assert code_hash(code) == code_hash(typed)

    def test_look_alikes_are_taken_for_digits(self) -> None:
        """O is 0, I and L are 1; but the device signs what it was given."""
        assert code_hash("1010-0000-1111") == code_hash("lOiO-oooo-LLII")
        assert "LOIO00001111" == plain_code("lOiO-0000-1111")

    @QUICK
    @given(CODES, CODES)
    def test_different_codes_have_different_hashes(self, first: str, second: str) -> None:
        """Normalising folds none of ours together."""
        assert (first == second) == (code_hash(first) == code_hash(second))


class TestHashed:
    """What is stored instead of a secret."""

    @pytest.mark.parametrize("secret", ["token", b"token"])
    def test_is_sha_256(self, secret: str | bytes) -> None:
        """Of texts and bytes alike."""
        assert hashlib.sha256(b"token").digest() == hashed(secret)
