"""The demo province: the offices and sites of the trial, and synthetic employees.

Offices and sites are those that the North Maluku government named in February 2022. The employees
are invented from a seed; places and radii are approximate, for demonstration only.
"""

import csv
import io
import random
from dataclasses import dataclass
from datetime import date, timedelta

from hadir.v1 import directory_pb2

ZONE = "Asia/Jayapura"


@dataclass(frozen=True, slots=True)
class DemoSite:
    """A site with a circle around it, and its offices (id, name)."""

    site_id: str
    display_name: str
    latitude: float
    longitude: float
    radius_m: float
    units: tuple[tuple[str, str], ...]


SITES = (
    DemoSite(
        "kantor-gubernur",
        "Kantor Gubernur",
        0.7366,
        127.5619,
        200,
        (
            ("bkd", "Badan Kepegawaian Daerah"),
            ("inspektorat", "Inspektorat"),
            ("kesbangpol", "Badan Kesbangpol"),
            ("litbang", "Badan Penelitian dan Pengembangan Daerah"),
            ("kominfo", "Dinas Komunikasi Informatika dan Persandian"),
            ("pmd", "Dinas Pemberdayaan Masyarakat Desa"),
            ("biro-umum", "Biro Umum"),
        ),
    ),
    DemoSite(
        "jalan-40",
        "Jalan 40",
        0.7242,
        127.5718,
        300,
        (
            ("pangan", "Dinas Pangan"),
            ("arsip", "Dinas Kearsipan dan Perpustakaan"),
            ("lh", "Dinas Lingkungan Hidup"),
            ("dispora", "Dinas Kepemudaan dan Olahraga"),
            ("dishub", "Dinas Perhubungan"),
            ("setwan", "Sekretariat DPRD"),
            ("bpsdm", "Badan Pengembangan Sumber Daya Manusia"),
            ("bpbd", "Badan Penanggulangan Bencana Daerah"),
        ),
    ),
)
_FIRST = (
    "Abdul", "Aisyah", "Andi", "Fatimah", "Hamid", "Irwan", "Jamila", "Karim", "Lina", "Marwan",
    "Nurul", "Rahmat", "Ridwan", "Rina", "Salma", "Samsul", "Siti", "Taufik", "Umar", "Yusuf",
)  # fmt: skip
_LAST = (
    "Abubakar", "Albaar", "Ali", "Assagaf", "Djafar", "Hasan", "Ibrahim", "Kasuba", "Marasabessy",
    "Mahmud", "Pelu", "Rumbia", "Sangaji", "Soleman", "Tuanany", "Umasugi", "Usman", "Wahab",
)  # fmt: skip
_PPPK_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class DemoEmployee:
    """An invented employee."""

    nip: str
    display_name: str
    unit_id: str


def employees(count: int, seed: int = 2022) -> list[DemoEmployee]:
    """Returns invented employees with valid NIP or NI PPPK, evenly over the offices."""
    rng = random.Random(seed)  # noqa: S311  invented people, not secrets
    units = [unit_id for site in SITES for unit_id, _ in site.units]
    found: dict[str, DemoEmployee] = {}
    while len(found) < count:
        nip = _nip(rng)
        name = f"{rng.choice(_FIRST)} {rng.choice(_LAST)}"
        found.setdefault(nip, DemoEmployee(nip, name, units[len(found) % len(units)]))
    return list(found.values())


def roster_csv(people: list[DemoEmployee]) -> bytes:
    """Returns the import file of employees."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["nip", "name", "unit_id", "site_id", "state"])
    for person in people:
        writer.writerow([person.nip, person.display_name, person.unit_id, "", "ACTIVE"])
    return out.getvalue().encode()


def site_messages() -> list[directory_pb2.Site]:
    """Returns the sites as messages of the API."""
    return [
        directory_pb2.Site(
            site_id=site.site_id,
            display_name=site.display_name,
            time_zone=ZONE,
            circle=directory_pb2.Circle(
                center=directory_pb2.LatLng(latitude=site.latitude, longitude=site.longitude),
                radius_m=site.radius_m,
            ),
        )
        for site in SITES
    ]


def unit_messages() -> list[directory_pb2.Unit]:
    """Returns the offices as messages of the API, below the provincial secretariat."""
    top = directory_pb2.Unit(unit_id="provinsi", display_name="Provinsi Maluku Utara")
    return [top] + [
        directory_pb2.Unit(
            unit_id=unit_id,
            display_name=name,
            parent_unit_id=top.unit_id,
            site_id=site.site_id,
        )
        for site in SITES
        for unit_id, name in site.units
    ]


def _nip(rng: random.Random) -> str:
    birth = date(1965, 1, 1) + timedelta(days=rng.randrange(36 * 365))
    year = max(birth.year + 20, 1990) + rng.randrange(0, 5)
    sex, serial = rng.choice("12"), f"{rng.randrange(1, 1000):03d}"
    if rng.random() < _PPPK_SHARE:
        return f"{birth:%Y%m%d}{max(year, 2021)}2{rng.randrange(1, 10)}{sex}{serial}"
    return f"{birth:%Y%m%d}{year}{rng.randrange(1, 13):02d}{sex}{serial}"
