"""NIP of civil servants (PNS) and NI PPPK: 18 digits with dates inside.

PNS: YYYYMMDD birth, YYYYMM appointment, sex 1/2, serial 001-999 (Perka BKN 22/2007). PPPK:
YYYYMMDD birth, YYYY appointment, `2`, frequency 1-9, sex, serial 001-999; digits 13-14 are thus
21 to 29, where a PNS has a month.
"""

import enum
import re
from datetime import date

_DIGITS = re.compile(r"[0-9]{18}")


class NipForm(enum.Enum):
    """Which form a number has."""

    PNS = "PNS"
    PPPK = "PPPK"
    UNKNOWN = "UNKNOWN"


def normalise(text: str) -> str:
    """Returns the number without the spaces people write in it."""
    return "".join(text.split())


def is_nip(nip: str) -> bool:
    """Whether the text has the 18 digits that identify an employee."""
    return _DIGITS.fullmatch(nip) is not None


def form(nip: str) -> NipForm:
    """Returns the form of a number; UNKNOWN is a warning to BKD, not a rejection."""
    if not is_nip(nip) or not _is_date(nip[:8]) or nip[15:] == "000" or nip[14] not in "12":
        return NipForm.UNKNOWN
    year, month = int(nip[8:12]), int(nip[12:14])
    if not 1945 <= year <= 2100:
        return NipForm.UNKNOWN
    if 1 <= month <= 12:
        return NipForm.PNS
    return NipForm.PPPK if 21 <= month <= 29 else NipForm.UNKNOWN


def mask(nip: str) -> str:
    """Returns the number as a kiosk may show it: the last 4 digits only."""
    return "*" * max(0, len(nip) - 4) + nip[-4:]


def _is_date(text: str) -> bool:
    try:
        date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError:
        return False
    return True
