"""Data to begin with, which BKD edits: hours, percentages and thresholds, each with its regulation.

North Maluku's own regulation on the allowance was not at hand; the percentages are an example of a
ministry's. Windows and graces are proposals.
"""

from dataclasses import replace
from datetime import date, time
from decimal import Decimal

from server.domain.attendance.approval import ApprovalLevel, Chain, ChainTable
from server.domain.attendance.bands import Band, CutTable
from server.domain.attendance.discipline import DisciplineTable, Step
from server.domain.attendance.hours import DayHours, Schedule, Week, Windows
from server.domain.attendance.model import LeaveType, RequestKind
from server.domain.attendance.quota import QuotaTable
from server.domain.attendance.rules import EVERYBODY, Rule, RuleKind
from server.domain.forensics.limits import Limits

_HOUR_S = 3600
# Check-in from 2 h before to 4 h after the start, check-out from 4 h before to 6 h after the end.
WINDOWS = Windows(2 * _HOUR_S, 4 * _HOUR_S, 4 * _HOUR_S, 6 * _HOUR_S)
GRACE_S = 59  # Perka ANRI 18/2016: 07:30:59 is not late


def _hours(start: time, end: time, break_minutes: int) -> DayHours:
    return DayHours(start, end, WINDOWS, break_s=60 * break_minutes, late_grace_s=GRACE_S)


def _five_days(usual: DayHours, friday: DayHours) -> Week:
    return (usual, usual, usual, usual, friday, None, None)


# Perpres 21/2023 art. 4: 37 h 30 min a week; in Ramadan 32 h 30 min.
FIVE_DAYS: Week = _five_days(
    _hours(time(7, 30), time(16), 60), _hours(time(7, 30), time(16, 30), 90)
)
FIVE_DAYS_RAMADAN: Week = _five_days(
    _hours(time(8), time(15), 30), _hours(time(8), time(15, 30), 60)
)


def _bands(code: str) -> tuple[Band, ...]:
    prices = ("0.5", "1", "1.5", "2")
    return tuple(
        Band(f"{code}{number + 1}", 30 * number + 1, Decimal(price))
        for number, price in enumerate(prices)
    )


# Permentan 68/2012: TL1-TL4, PSW1-PSW4, no record as over 90 minutes, absence 4 % a day.
CUTS = CutTable(
    version="permentan-68-2012",
    start=date(2026, 1, 1),
    late=_bands("TL"),
    early=_bands("PSW"),
    no_check_in=Band("TL4", 0, Decimal(2)),
    no_check_out=Band("PSW4", 0, Decimal(2)),
    absent=Band("TK", 0, Decimal(4)),
    day_max=Decimal(4),
)

# PP 94/2021 art. 11, in force since 31 August 2021.
DISCIPLINE = DisciplineTable(
    version="pp-94-2021",
    start=date(2021, 8, 31),
    steps=(
        Step("ORAL_WARNING", 3),
        Step("WRITTEN_WARNING", 4),
        Step("WRITTEN_DISSATISFACTION", 7),
        Step("ALLOWANCE_25_PERCENT_6_MONTHS", 11),
        Step("ALLOWANCE_25_PERCENT_9_MONTHS", 14),
        Step("ALLOWANCE_25_PERCENT_12_MONTHS", 17),
        Step("DEMOTION_12_MONTHS", 21),
        Step("REMOVAL_FROM_POST_12_MONTHS", 25),
        Step("DISMISSAL", 28),
    ),
    in_a_row=Step("DISMISSAL", 10),
)

# Perpres 21/2023 has been in force since 12 April 2023; units of direct service get their own.
OFFICE_HOURS = Schedule(
    version="perpres-21-2023", unit_id="", start=date(2023, 4, 12), week=FIVE_DAYS
)

# Permission by the head; long and special leave by BKD too (PP 11/2017: the appointing official).
# Against invented permits an izin has a document, a cuti the number and date of its letter. Which
# kinds need what, and the deadline, are proposals.
CHAINS = ChainTable(
    version="pp-11-2017",
    start=date(2023, 4, 12),
    chains=(
        Chain(
            (ApprovalLevel.HEAD, ApprovalLevel.BKD),
            kinds=frozenset({RequestKind.CUTI}),
            leaves=frozenset(
                {
                    LeaveType.BESAR,
                    LeaveType.MELAHIRKAN,
                    LeaveType.ALASAN_PENTING,
                    LeaveType.LUAR_TANGGUNGAN,
                }
            ),
        ),
        Chain(
            (ApprovalLevel.HEAD, ApprovalLevel.HEAD_ABOVE),
            kinds=frozenset({RequestKind.CUTI, RequestKind.TUGAS_BELAJAR}),
            days_min=15,
        ),
        # A head alone would make a day of somebody who was not there a day of work, or a year of
        # permission: BKD looks, too.
        Chain((ApprovalLevel.HEAD, ApprovalLevel.BKD), kinds=frozenset({RequestKind.CORRECTION})),
        Chain(
            (ApprovalLevel.HEAD, ApprovalLevel.BKD),
            kinds=frozenset({RequestKind.IZIN, RequestKind.SAKIT}),
            days_min=15,
        ),
    ),
    correction_days=5,
    documents_needed=frozenset(
        {
            RequestKind.IZIN,
            RequestKind.SAKIT,
            RequestKind.TUGAS_LUAR,
            RequestKind.TUGAS_BELAJAR,
            RequestKind.DIKLAT,
        }
    ),
    letters_needed=frozenset(
        {
            RequestKind.CUTI,
            RequestKind.TUGAS_LUAR,
            RequestKind.TUGAS_BELAJAR,
            RequestKind.DIKLAT,
        }
    ),
)

# PP 11/2017, Perban BKN 24/2017; of besar 3 months, melahirkan 3 months, alasan penting 1 month,
# luar tanggungan 3 years.
QUOTAS = QuotaTable(
    version="pp-11-2017",
    start=date(2023, 4, 12),
    annual_days=12,
    annual_max_days=18,
    annual_two_years_max_days=24,
    remote_days=12,
    longest_days={
        LeaveType.BESAR: 92,
        LeaveType.MELAHIRKAN: 92,
        LeaveType.ALASAN_PENTING: 31,
        LeaveType.LUAR_TANGGUNGAN: 3 * 366,
    },
)

# Proposals: no regulation names them.
LIMITS = Limits(version="usulan")

# PP 49/2018, from memory: PPPK have tahunan, sakit, melahirkan and bersama alone. BKD confirms it.
QUOTAS_PPPK = replace(
    QUOTAS,
    version="pp-49-2018",
    longest_days={
        **QUOTAS.longest_days,
        LeaveType.BESAR: 0,
        LeaveType.ALASAN_PENTING: 0,
        LeaveType.LUAR_TANGGUNGAN: 0,
    },
)

# What a fresh database begins with. No phase: everything is socialisation until BKD says more.
RULES = (
    Rule(RuleKind.SCHEDULE, EVERYBODY, OFFICE_HOURS.start, OFFICE_HOURS),
    Rule(RuleKind.CUT_TABLE, EVERYBODY, CUTS.start, CUTS),
    Rule(RuleKind.DISCIPLINE, EVERYBODY, DISCIPLINE.start, DISCIPLINE),
    Rule(RuleKind.QUOTA, EVERYBODY, QUOTAS.start, QUOTAS),
    Rule(RuleKind.QUOTA, "PPPK", QUOTAS_PPPK.start, QUOTAS_PPPK),
    Rule(RuleKind.CHAIN, EVERYBODY, CHAINS.start, CHAINS),
    Rule(RuleKind.FORENSIC_LIMITS, EVERYBODY, LIMITS.start, LIMITS),
)
