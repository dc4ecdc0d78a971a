"""What people read about attendance, in Indonesian and English; see messages.py for the rest.

Keyed by rules of a trace, faults of rules and requests, steps of PP 94/2021, states.
"""

from collections.abc import Mapping

RULES: Mapping[str, tuple[str, str]] = {
    "SCHEDULE": ("Jadwal kerja {source}.", "Schedule {source}."),
    "OVERRIDE": ("Jadwal khusus: {source}.", "Special hours: {source}."),
    "ROSTER": ("Sif menurut roster: {source}.", "Shift by the roster: {source}."),
    "HOLIDAY": ("Hari libur: {source}.", "Holiday: {source}."),
    "DAY_OFF": ("Bukan hari kerja.", "Not a workday."),
    "NO_SCHEDULE": (
        "Belum ada jadwal untuk hari ini; tidak ada yang dihitung.",
        "No schedule holds on this day; nothing is counted.",
    ),
    "PHASE": ("Tahap: {source}.", "Phase: {source}."),
    "CUT_TABLE": ("Tabel potongan: {source}.", "Table of cuts: {source}."),
    "FLEXIBLE_PLACE": (
        "Tempat kerja fleksibel: batas lokasi tidak berlaku.",
        "Flexible place of work: no geofence applies.",
    ),
    "FIRST_CHECK_IN": (
        "Absen masuk pertama pukul {time}; tepat waktu sampai {limit}. Catatan {events}.",
        "First check-in at {time}; on time until {limit}. Event {events}.",
    ),
    "LAST_CHECK_OUT": (
        "Absen pulang terakhir pukul {time}; waktu pulang {limit}. Catatan {events}.",
        "Last check-out at {time}; work ends at {limit}. Event {events}.",
    ),
    "OTHER_PUNCHES": (
        "Catatan lain pada hari ini: {events}.",
        "Other events of the day: {events}.",
    ),
    "ADDED_PUNCH": (
        "Absen pukul {time} ditambahkan oleh {approver} (pengajuan {request}): {source}.",
        "The punch at {time} was added by {approver} (request {request}): {source}.",
    ),
    "VOIDED_PUNCH": (
        "Absen pukul {time} (catatan {events}) tidak dihitung, dibatalkan {approver}: {reason}.",
        "The punch at {time} (event {events}) does not count, voided by {approver}: {reason}.",
    ),
    "LATE": (
        "Terlambat {minutes} menit: {band}, potongan {percent} %.",
        "Late by {minutes} minutes: {band}, cut {percent} %.",
    ),
    "LEFT_EARLY": (
        "Pulang {minutes} menit lebih awal: {band}, potongan {percent} %.",
        "Left {minutes} minutes early: {band}, cut {percent} %.",
    ),
    "NO_CHECK_IN": (
        "Tidak absen masuk: {band}, potongan {percent} %.",
        "No check-in: {band}, cut {percent} %.",
    ),
    "NO_CHECK_OUT": (
        "Tidak absen pulang: {band}, potongan {percent} %.",
        "No check-out: {band}, cut {percent} %.",
    ),
    "ABSENT": (
        "Tidak hadir tanpa catatan: {band}, potongan {percent} %.",
        "Absent without a record: {band}, cut {percent} %.",
    ),
    "REQUEST": (
        "Pengajuan {request} (surat {source}) disetujui oleh {approver}.",
        "Request {request} (letter {source}) accepted by {approver}.",
    ),
    "WAIVER": (
        "Potongan {percent} % dihapus oleh pengajuan {request}, disetujui {approver}.",
        "The cut of {percent} % is waived by request {request}, accepted by {approver}.",
    ),
    "ANNULLED": (
        "Pengajuan {request} (surat {source}) dibatalkan oleh {approver}: {reason}; tak dihitung.",
        "Request {request} (letter {source}) was annulled by {approver}: {reason}; not counted.",
    ),
    "DAY_MAX": (
        "Potongan satu hari paling banyak {percent} %.",
        "One day costs {percent} % at most.",
    ),
    "BETTER_BY_REQUEST": (
        "Pengajuan {request} lebih ringan: {percent} %.",
        "Request {request} costs less: {percent} %.",
    ),
    "DAY_NOT_OVER": (
        "Hari belum selesai; dihitung setelah pukul {limit}.",
        "The day is not over; it is judged after {limit}.",
    ),
}

FAULTS: Mapping[str, tuple[str, str]] = {
    # Rules
    "UNIT_UNKNOWN": ("Perangkat daerah tidak dikenal.", "The unit is unknown."),
    "EMPLOYEE_UNKNOWN": ("Pegawai tidak dikenal.", "The employee is unknown."),
    "UNIT_ID_INVALID": (
        "Kode hanya huruf kecil, angka, dan tanda hubung, diawali huruf.",
        "An id takes lower-case letters, digits and hyphens, and begins with a letter.",
    ),
    "UNIT_NAME_INVALID": ("Nama 1 sampai 200 huruf.", "A name has 1 to 200 characters."),
    "UNIT_TWICE": ("Kode ini ada dua kali.", "This id is there twice."),
    "PARENT_UNKNOWN": ("Induk tidak dikenal.", "The parent is unknown."),
    "SITE_UNKNOWN": ("Titik lokasi tidak dikenal.", "The site is unknown."),
    "HEAD_UNKNOWN": ("NIP kepala tidak dikenal.", "The head's NIP is unknown."),
    "LIMIT_NOT_POSITIVE": (
        "Batas harus lebih besar daripada nol.",
        "A limit must be greater than zero.",
    ),
    "SHARE_OVER_ONE": ("Bagian paling besar 1.", "A part is 1 at most."),
    "BITS_OUT_OF_RANGE": ("Jumlah bit 0 sampai 8.", "Bits go from 0 to 8."),
    "MOVE_WITHOUT_REASON": (
        "Perangkat daerah pindah induk: tuliskan alasan.",
        "The unit moves: give a reason.",
    ),
    "UNIT_CYCLE": (
        "Perangkat daerah berada di bawah dirinya sendiri.",
        "The unit would stand above itself.",
    ),
    "SUBJECT_NOT_EMPTY": (
        "Aturan ini berlaku untuk semua; kosongkan subjeknya.",
        "This rule is for all; leave its subject empty.",
    ),
    "DATES_REVERSED": (
        "Tanggal akhir mendahului tanggal awal.",
        "The last date is before the first.",
    ),
    "NO_HOURS": ("Jadwal tidak memuat jam kerja.", "The schedule has no hours."),
    "RULE_TWICE": (
        "Aturan yang sama ada dua kali dalam berkas.",
        "The same rule is there twice.",
    ),
    "SHIFT_NAME_TOO_LONG": ("Nama sif terlalu panjang.", "The name of the shift is too long."),
    "STEPS_NOT_RISING": (
        "Ambang hari harus naik dan lebih dari 0.",
        "Thresholds must rise and be above 0.",
    ),
    "SECONDS_NEGATIVE": (
        "Lama waktu tidak boleh negatif.",
        "A length of time is negative.",
    ),
    "SECONDS_OVER_A_DAY": (
        "Lama waktu melebihi satu hari.",
        "A length of time is over a day.",
    ),
    "BREAK_TOO_LONG": (
        "Istirahat lebih lama daripada jam kerja.",
        "The break is longer than the hours.",
    ),
    "CHECK_IN_OPENS_AFTER_FLEX": (
        "Absen masuk dibuka setelah waktu fleksibel dimulai.",
        "Check-in opens after flexible time begins.",
    ),
    "CHECK_IN_CLOSES_TOO_SOON": (
        "Absen masuk ditutup sebelum batas terlambat.",
        "Check-in closes before anybody is late.",
    ),
    "CHECK_OUT_OPENS_TOO_LATE": (
        "Absen pulang dibuka terlambat untuk waktu fleksibel.",
        "Check-out opens too late for flexible time.",
    ),
    "CHECK_OUT_CLOSES_TOO_SOON": (
        "Absen pulang ditutup terlalu cepat untuk waktu fleksibel.",
        "Check-out closes too soon for flexible time.",
    ),
    "CHECK_OUT_CLOSES_TOO_LATE": (
        "Absen pulang harus ditutup sebelum akhir hari berikutnya.",
        "Check-out must close by the end of the following day.",
    ),
    "NO_BANDS": ("Tabel tidak memuat rentang.", "The table has no bands."),
    "FIRST_BAND_NOT_1_MINUTE": (
        "Rentang pertama harus mulai dari 1 menit.",
        "The first band must begin at 1 minute.",
    ),
    "BANDS_NOT_RISING": ("Rentang menit harus naik.", "The bands' minutes must rise."),
    "PERCENT_FALLS_WITH_MINUTES": (
        "Persentase tidak boleh turun bila menit naik.",
        "The percentage must not fall as minutes rise.",
    ),
    "PERCENT_OUT_OF_RANGE": (
        "Persentase harus 0 sampai 100.",
        "A percentage must be 0 to 100.",
    ),
    "DAYS_NEGATIVE": ("Jumlah hari tidak boleh negatif.", "A number of days is negative."),
    "MAX_BELOW_QUOTA": (
        "Batas dengan sisa tahun lalu lebih kecil daripada jatah setahun.",
        "The most with what is carried over is below the quota of a year.",
    ),
    # Requests
    "QUOTA_EXCEEDED": (
        "Sisa cuti tahunan tidak cukup.",
        "Not enough annual leave is left.",
    ),
    "LEAVE_TOO_LONG": ("Cuti lebih lama daripada batasnya.", "The leave is longer than allowed."),
    "LEAVE_NOT_GRANTED": (
        "Jenis cuti ini tidak berlaku untuk Anda.",
        "This type of leave is not granted to you.",
    ),
    "NO_WORKDAY": ("Tidak ada hari kerja pada tanggal itu.", "There is no workday on these dates."),
    "TOO_MANY_DAYS": ("Pengajuan terlalu lama.", "The request is for too many days."),
    "ONE_DAY_ONLY": (
        "Pengajuan ini hanya untuk satu hari.",
        "This request is for one day only.",
    ),
    "DAY_NOT_COME": ("Hari itu belum tiba.", "That day has not come."),
    "DEADLINE_PASSED": (
        "Batas waktu sanggahan sudah lewat.",
        "The deadline for corrections has passed.",
    ),
    "LEAVE_TYPE_WRONG": (
        "Pilih jenis cuti, hanya untuk cuti.",
        "Choose a type of leave, for leave alone.",
    ),
    "REASON_REQUIRED": (
        "Tuliskan alasan, 3 sampai 1.000 huruf.",
        "Give a reason of 3 to 1,000 characters.",
    ),
    "TEXT_TOO_LONG": (
        "Nomor surat atau tempat terlalu panjang.",
        "The letter's number or the place is too long.",
    ),
    "LETTER_REQUIRED": (
        "Nomor dan tanggal surat wajib diisi.",
        "The number and the date of the letter are required.",
    ),
    "LETTER_FROM_THE_FUTURE": (
        "Tanggal surat belum tiba.",
        "The letter's date has not come.",
    ),
    "PLACE_REQUIRED": ("Tempat tugas wajib diisi.", "The place of duty is required."),
    "DOCUMENT_REQUIRED": (
        "Lampirkan dokumen pendukung.",
        "Attach a supporting document.",
    ),
    "TOO_MANY_DOCUMENTS": ("Paling banyak 5 dokumen.", "At most 5 documents."),
    # Closing a month
    "MONTH_NOT_OVER": ("Bulan ini belum berakhir.", "The month is not over."),
    "CORRECTIONS_OPEN": (
        "Sanggahan untuk bulan ini masih dapat diajukan; tutup nanti, atau sekarang dengan alasan.",
        "Its days may still be corrected; close it later, or now with a reason.",
    ),
    "REQUESTS_WAITING": (
        "Masih ada pengajuan yang menunggu; putuskan dahulu, atau tutup sekarang dengan alasan.",
        "Requests for its days wait; decide them first, or close it now with a reason.",
    ),
    # Documents
    "EMPTY": ("Dokumen kosong.", "The document is empty."),
    "TOO_LARGE": ("Dokumen paling besar 5 MiB.", "A document has 5 MiB at most."),
    "TYPE_UNKNOWN": ("Hanya PDF, JPEG, atau PNG.", "Only PDF, JPEG or PNG."),
    "DAMAGED": ("Dokumen rusak atau tidak lengkap.", "The document is damaged or incomplete."),
    "PART_SIZE": (
        "Bagian dokumen harus 1 byte sampai 256 KiB.",
        "A part has 1 byte to 256 KiB.",
    ),
    "PUNCH_NOT_ASKED": (
        "Jam absen hanya untuk sanggahan.",
        "A punch is for corrections alone.",
    ),
    "PUNCH_OF_ANOTHER_DAY": (
        "Jam absen itu milik hari lain; ajukan untuk hari itu.",
        "The punch belongs to another day; file it for that day.",
    ),
    "PUNCH_OUTSIDE_WINDOW": (
        "Jam absen di luar waktu absen hari itu; ajukan tanpa jam.",
        "The punch lies outside the day's windows; file the request without it.",
    ),
    "PUNCH_WITHOUT_EFFECT": (
        "Absen yang lebih awal (masuk) atau lebih akhir (pulang) sudah tercatat.",
        "An earlier check-in, or a later check-out, is recorded already.",
    ),
    "NOT_IN_SERVICE": (
        "Pegawai belum atau tidak lagi bertugas pada hari itu.",
        "The employee did not serve on that day.",
    ),
    "PUNCH_TIME_WRONG": (
        "Jam absen tidak sesuai dengan harinya atau belum tiba.",
        "The punch does not fit the day, or has not come.",
    ),
}

DISCIPLINE: Mapping[str, tuple[str, str]] = {
    "ORAL_WARNING": ("Teguran lisan", "Oral warning"),
    "WRITTEN_WARNING": ("Teguran tertulis", "Written warning"),
    "WRITTEN_DISSATISFACTION": (
        "Pernyataan tidak puas secara tertulis",
        "Written statement of dissatisfaction",
    ),
    "ALLOWANCE_25_PERCENT_6_MONTHS": (
        "Pemotongan tunjangan kinerja 25 % selama 6 bulan",
        "Allowance cut by 25 % for 6 months",
    ),
    "ALLOWANCE_25_PERCENT_9_MONTHS": (
        "Pemotongan tunjangan kinerja 25 % selama 9 bulan",
        "Allowance cut by 25 % for 9 months",
    ),
    "ALLOWANCE_25_PERCENT_12_MONTHS": (
        "Pemotongan tunjangan kinerja 25 % selama 12 bulan",
        "Allowance cut by 25 % for 12 months",
    ),
    "DEMOTION_12_MONTHS": (
        "Penurunan jabatan setingkat lebih rendah selama 12 bulan",
        "Demotion by one level for 12 months",
    ),
    "REMOVAL_FROM_POST_12_MONTHS": (
        "Pembebasan dari jabatan selama 12 bulan",
        "Removal from the post for 12 months",
    ),
    "DISMISSAL": ("Pemberhentian", "Dismissal"),
}

LEFT_OUT: Mapping[str, tuple[str, str]] = {
    "SOCIALISATION": ("masa sosialisasi", "socialisation"),
    "TRIAL": ("masa uji coba", "trial"),
    "NOT_OVER": ("hari belum selesai", "day not over"),
    "UNSCHEDULED": ("belum ada jadwal", "no schedule"),
    "NO_CUT_TABLE": ("belum ada tabel potongan", "no table of cuts"),
}

REQUEST_STATES: Mapping[str, tuple[str, str]] = {
    "PENDING": ("Menunggu keputusan", "Waits for a decision"),
    "ACCEPTED": ("Disetujui", "Accepted"),
    "REJECTED": ("Ditolak", "Rejected"),
    "WITHDRAWN": ("Ditarik kembali", "Taken back"),
    "ANNULLED": ("Dibatalkan BKD", "Annulled by BKD"),
}

TITLES: Mapping[str, tuple[str, str]] = {
    "MONTH": ("Rekap kehadiran {month}", "Attendance recap {month}"),
    "TPP": ("Rekap TPP {month}", "Recap for the allowance (TPP) {month}"),
    "MATRIX": ("Daftar hadir {month}", "Attendance by day {month}"),
    "DIFFERENCE": ("Selisih TPP {month}", "Differences of TPP {month}"),
}

RECAP: Mapping[str, tuple[str, str]] = {
    "NAME": ("Nama", "Name"),
    "LATE_MINUTES": ("Menit telat", "Minutes late"),
    "EARLY_MINUTES": ("Menit pulang awal", "Minutes left early"),
    "BANDS": ("Rentang", "Bands"),
    "WORKDAYS": ("Hari kerja dihitung", "Workdays counted"),
    "CUT": ("Potongan %", "Cut %"),
    "WAIVED": ("Dihapus %", "Waived %"),
    "LEFT_OUT_DAYS": ("Hari tidak dihitung", "Days left out"),
    "WHY": ("Sebab dan tanggal", "Why, and which dates"),
    "MADE": ("Dibuat {time}", "Made {time}"),
    "HEAD": ("Kepala perangkat daerah,", "Head of the unit,"),
    "ALL_UNITS": ("Semua perangkat daerah", "All units"),
    "CLOSED": (
        "Bulan ditutup ({unit}, versi {version}) {time} oleh {actor}: {reason}.",
        "Month closed ({unit}, version {version}) {time} by {actor}: {reason}.",
    ),
    "CLOSED_MORE": ("Dan {count} penutupan lain.", "And {count} other closings."),
    "DIFFERING": (
        "{count} pegawai kini berbeda dari angka penutupan.",
        "{count} employees now differ from the closed figures.",
    ),
    "NOT_CLOSED": ("Bulan ini belum ditutup.", "This month is not closed."),
    "CLOSED_FIGURE": ("{figure}, ditutup", "{figure}, closed"),
    "FIGURE_NOW": ("{figure}, kini", "{figure}, now"),
    "CUT_MORE": ("Selisih potongan %", "Cut % more than closed"),
    "NOTHING_COUNTS": (
        "TIDAK ADA HARI YANG DIHITUNG untuk TPP: belum tahap resmi.",
        "NO DAY COUNTS for the allowance: the official phase has not begun.",
    ),
    "LEFT_OUT_NOTE": (
        "{days} hari pegawai tidak dihitung: {why}.",
        "{days} employee days are left out: {why}.",
    ),
}

# The code of a day in a matrix, and what it means.
CODES: Mapping[str, tuple[str, str, str]] = {
    "PRESENT": ("H", "hadir", "present"),
    "LATE": ("T", "terlambat", "late"),
    "LEFT_EARLY": ("P", "pulang awal", "left early"),
    "NO_CHECK_IN": ("TM", "tanpa absen masuk", "no check-in"),
    "NO_CHECK_OUT": ("TP", "tanpa absen pulang", "no check-out"),
    "IZIN": ("I", "izin", "permission"),
    "SAKIT": ("S", "sakit", "ill"),
    "TUGAS_LUAR": ("TL", "tugas luar", "duty elsewhere"),
    "DIKLAT": ("D", "diklat", "training"),
    "CUTI": ("C", "cuti", "leave"),
    "HOLIDAY": ("L", "libur", "holiday"),
    "OFF": ("B", "bukan hari kerja", "day off"),
    "ABSENT": ("TK", "tanpa keterangan", "absent"),
    "PENDING": ("?", "belum selesai", "not over"),
    "UNSCHEDULED": (".", "belum ada jadwal", "no schedule"),
}
