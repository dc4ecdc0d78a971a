"""What people read about findings of forensics, in Indonesian and English.

Worded as something to look at: a finding is no verdict.
"""

from collections.abc import Mapping

FINDINGS: Mapping[str, tuple[str, str]] = {
    "DEVICE_SHARED": (
        "Satu telepon dipakai bergantian oleh beberapa akun.",
        "One phone was used by several accounts in turn.",
    ),
    "ACTIVATION_CLUSTER": (
        "Banyak telepon diaktifkan dalam waktu singkat.",
        "Many phones were activated within a short time.",
    ),
    "REBOUND_OFTEN": (
        "Telepon pegawai ini sering diganti.",
        "The phone of this employee was replaced often.",
    ),
    "COORDINATE_REPEATED": (
        "Koordinat yang sama persis berulang pada banyak hari.",
        "Exactly the same coordinate recurs on many days.",
    ),
    "COORDINATE_SHARED": (
        "Beberapa orang berada pada koordinat yang sama persis.",
        "Several people stood on exactly the same coordinate.",
    ),
    "FIX_TOO_STEADY": (
        "Lokasi terlalu tetap untuk penerima GPS.",
        "The place is steadier than a receiver can be.",
    ),
    "ACCURACY_TOO_GOOD": (
        "Ketelitian lokasi lebih baik daripada kemampuan telepon.",
        "The place is more accurate than phones are.",
    ),
    "MOCK_LOCATION": (
        "Lokasi tiruan dipakai atau dicoba pada beberapa hari.",
        "A mock location was used or tried on several days.",
    ),
    "IMPOSSIBLE_TRAVEL": (
        "Dua tempat yang tidak mungkin ditempuh dalam waktu itu.",
        "Two places too far apart for the time between them.",
    ),
    "FRAME_REUSED": (
        "Gambar absen sangat mirip dengan gambar sebelumnya.",
        "A picture is nearly the same as an earlier one.",
    ),
    "FRAME_SHARED": (
        "Gambar absen beberapa orang hampir sama.",
        "Pictures of several people are nearly the same.",
    ),
    "BACKGROUND_SHARED": (
        "Beberapa orang berulang kali absen di ruang yang sama, bukan di kantor.",
        "Several people check in before one room again and again.",
    ),
    "PERMIT_RETROACTIVE": (
        "Izin diajukan atau disetujui jauh setelah harinya.",
        "A permit was filed or accepted long after its day.",
    ),
    "PERMIT_BULK": (
        "Banyak izin disetujui sekaligus.",
        "Many permits were accepted at once.",
    ),
    "PERMIT_SELF": (
        "Izin disetujui untuk diri sendiri: langsung, lewat pengganti, atau oleh bawahan.",
        "A permit was granted to oneself: directly, through a deputy, or by somebody below.",
    ),
    "DOCUMENT_SHARED": (
        "Dokumen yang sama dipakai untuk banyak pengajuan.",
        "The same document proves many requests.",
    ),
    "APPROVER_OUTLIER": (
        "Pejabat ini menyetujui jauh lebih banyak izin daripada yang lain.",
        "This approver accepts far more permits than others do.",
    ),
    "ENROLMENT_REPLACED": (
        "Wajah pegawai ini diganti dengan wajah yang tidak cocok dengan sebelumnya.",
        "The face of this employee was replaced by one that does not match the earlier.",
    ),
    "CORRECTION_BULK": (
        "Absen ditambahkan untuk banyak orang oleh satu petugas, atau pada banyak hari satu orang.",
        "Punches were added for many people by one person, or on many days of one employee.",
    ),
    "VOID_LATE": (
        "Absen dibatalkan lama setelah harinya, atau terlalu sering.",
        "Punches were voided long after their day, or too often.",
    ),
    "RULE_PAST": (
        "Aturan, mutasi, atau pejabat diberlakukan mundur atas hari yang sudah lewat.",
        "A rule, a move or a head was put with a past date, over days that were over.",
    ),
}
