"""NIP and NI PPPK: which numbers are accepted, which form they have, how they are shown."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain.nip import NipForm, form, is_nip, mask, normalise

BIRTHS = st.dates(date(1940, 1, 1), date(2008, 12, 31)).map(lambda day: f"{day:%Y%m%d}")
YEARS = st.integers(1945, 2100).map(str)
SEXES = st.sampled_from("12")
SERIALS = st.integers(1, 999).map(lambda number: f"{number:03d}")
QUICK = settings(deadline=None, max_examples=30)


class TestForm:
    """The two forms of Perka BKN 22/2007 and of NI PPPK, and everything else."""

    @QUICK
    @given(BIRTHS, YEARS, st.integers(1, 12), SEXES, SERIALS)
    def test_digits_13_and_14_of_a_pns_are_a_month(
        self, birth: str, year: str, month: int, sex: str, serial: str
    ) -> None:
        """Birth, appointment, sex, serial."""
        assert NipForm.PNS is form(f"{birth}{year}{month:02d}{sex}{serial}")

    @QUICK
    @given(BIRTHS, YEARS, st.integers(1, 9), SEXES, SERIALS)
    def test_digits_13_and_14_of_a_pppk_are_2_and_the_frequency(
        self, birth: str, year: str, frequency: int, sex: str, serial: str
    ) -> None:
        """A validator that reads them as a month rejects every PPPK."""
        assert NipForm.PPPK is form(f"{birth}{year}2{frequency}{sex}{serial}")

    def test_the_published_example_of_a_pppk(self) -> None:
        """The number of DOMAIN's source."""
        assert NipForm.PPPK is form("200012312024211001")

    @pytest.mark.parametrize(
        "nip",
        [
            "198502302010011001",  # 30 February
            "198500152010011001",  # month 0
            "000001012010011001",  # year 0
            "198501152010001001",  # appointed in month 0
            "198501152010131001",  # 13
            "198501152010201001",  # PPPK for the 0th time
            "198501152010301001",
            "198501151944121001",  # before the republic
            "198501152101011001",
            "198501152010010001",  # sex 0
            "198501152010013001",  # sex 3
            "198501152010011000",  # serial 000
        ],
    )
    def test_anything_else_with_18_digits_is_unknown_and_still_a_nip(self, nip: str) -> None:
        """BKD is warned; nobody is rejected."""
        assert NipForm.UNKNOWN is form(nip)
        assert is_nip(nip)

    @QUICK
    @given(st.text("0129 -x\u0661\n", max_size=20))
    def test_takes_any_text(self, text: str) -> None:
        """What is no NIP has no form."""
        assert is_nip(text) or form(text) is NipForm.UNKNOWN


class TestIsNip:
    """18 digits identify an employee."""

    @pytest.mark.parametrize(
        "text",
        ["", "19850115201001100", "1985011520100110011", "19850115 201001 1001",
         "١٩٨٥٠١١٥٢٠١٠٠١١٠٠١", "19850115201001100１", "198501152010011001\n"],
    )  # fmt: skip
    def test_refuses(self, text: str) -> None:
        """Wrong length, spaces, digits of other scripts, a line end."""
        assert not is_nip(text)

    @QUICK
    @given(st.text("0123456789", min_size=18, max_size=18), st.lists(st.integers(0, 18)))
    def test_normalise_removes_the_spaces_that_people_write(
        self, digits: str, places: list[int]
    ) -> None:
        """Ordinary, narrow and no-break spaces, tabs and line ends."""
        spaced = digits
        for number, place in enumerate(places):
            spaced = spaced[:place] + " \t\n\u00a0\u2009"[number % 5] + spaced[place:]

        assert digits == normalise(spaced)
        assert is_nip(normalise(spaced))


class TestMask:
    """What a kiosk shows to everybody in the lobby."""

    def test_shows_the_last_four_digits(self) -> None:
        """Nothing of birth or sex."""
        assert "**************1001" == mask("198501152010011001")

    @QUICK
    @given(st.text("0123456789 \u00e9", max_size=30))
    def test_keeps_the_length_and_hides_the_rest(self, text: str) -> None:
        """Never more than 4 characters, whatever comes in."""
        masked = mask(text)

        assert len(text) == len(masked)
        assert text[-4:] == masked[-4:]
        assert set(masked[:-4]) <= {"*"}
