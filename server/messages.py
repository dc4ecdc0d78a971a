"""What people read, in Indonesian and English: one table, keyed by what the code says.

Errors by their reason, frames, steps, refusals and import problems by their names. Placeholders are
filled from an error's metadata.
"""

from collections.abc import Mapping

LANGUAGES = ("id", "en")

ERRORS: Mapping[str, tuple[str, str]] = {
    "INTERNAL": (
        "Terjadi kesalahan di server. Laporkan nomor permintaan kepada operator.",
        "The server failed. Report the request id to the operator.",
    ),
    "MODEL_INVALID": ("Berkas model tidak dapat dipakai.", "A model file cannot be used."),
    "SETTINGS_INVALID": ("Pengaturan server salah.", "The server's settings are wrong."),
    "DATA_INVALID": ("Data server tidak dapat dibaca.", "The server's data cannot be read."),
    "MESSAGE_INVALID": (
        "Pesan tidak dapat dibaca. Perbarui aplikasi.",
        "The message cannot be read. Update the application.",
    ),
    "FIELD_REQUIRED": ("Isian {field} wajib diisi.", "The field {field} is required."),
    "FIELD_INVALID": ("Isian {field} tidak sah.", "The field {field} is not valid."),
    "OPEN_FIRST": (
        "Pesan pertama harus `open`, dan hanya satu kali.",
        "The first message must be `open`, and only that one.",
    ),
    "PAGE_TOKEN_INVALID": (
        "Penanda halaman tidak sah; mulai dari halaman pertama.",
        "The page token is not valid; begin with the first page.",
    ),
    "KEY_INVALID": ("Kunci perangkat tidak sah.", "The device's key is not valid."),
    "SIGNATURE_INVALID": (
        "Tanda tangan perangkat tidak sah.",
        "The device's signature is not valid.",
    ),
    "REASON_REQUIRED": (
        "Tuliskan alasan, 3 sampai 500 huruf.",
        "Give a reason of 3 to 500 characters.",
    ),
    "CONSENT_REQUIRED": (
        "Pegawai harus menyetujui pemberitahuan data pribadi terlebih dahulu.",
        "The employee must confirm the privacy notice first.",
    ),
    "ID_INVALID": (
        "Kode {field} hanya huruf kecil, angka, dan tanda hubung, diawali huruf.",
        "The id {field} takes lower-case letters, digits and hyphens, and begins with a letter.",
    ),
    "ROLE_INVALID": (
        "Peran harus HEAD, BKD, atau OPERATOR.",
        "The role must be HEAD, BKD or OPERATOR.",
    ),
    "PASSWORD_TOO_WEAK": (
        "Kata sandi tidak diterima: 12 sampai 256 huruf, tanpa nama pengguna, bukan yang lama.",
        "The password is not taken: 12 to 256 characters, without the user name, not the old one.",
    ),
    "REQUEST_ID_INVALID": ("Nomor permintaan harus UUID.", "The request id must be a UUID."),
    "LOCATION_INVALID": ("Lokasi tidak sah.", "The location is not valid."),
    "GEOFENCE_INVALID": (
        "Batas lokasi tidak sah: lingkaran 10-20.000 m atau poligon tanpa garis silang.",
        "The geofence is not valid: a circle of 10-20,000 m, or a polygon without crossings.",
    ),
    "ZONE_UNKNOWN": (
        "Zona waktu {time_zone} tidak dikenal; contoh Asia/Jayapura.",
        "The time zone {time_zone} is unknown; an example is Asia/Jayapura.",
    ),
    "UNIT_CYCLE": (
        "Perangkat daerah {unit_id} akan berada di bawah dirinya sendiri.",
        "The unit {unit_id} would stand below itself.",
    ),
    "REFERENCE_UNKNOWN": (
        "Data yang dirujuk tidak ada; buat data itu lebih dahulu.",
        "A record that this one names does not exist; create it first.",
    ),
    "IMPORT_TOO_LARGE": (
        "Berkas terlalu besar: paling banyak 32 MiB.",
        "The file is too large: at most 32 MiB.",
    ),
    "CSV_INVALID": (
        "Berkas bukan CSV UTF-8 dengan kolom nip, name, unit_id.",
        "The file is no UTF-8 CSV with the columns nip, name, unit_id.",
    ),
    "UNAUTHENTICATED": ("Silakan masuk kembali.", "Please log in again."),
    "LOGIN_REFUSED": (
        "Gagal masuk. Periksa nama pengguna dan kata sandi, atau aktivasi perangkat.",
        "Login refused. Check user name and password, or the device's activation.",
    ),
    "ROLE_DENIED": (
        "Peran Anda tidak boleh melakukan ini.",
        "Your role may not do this.",
    ),
    "DEVICE_REVOKED": (
        "Perangkat ini sudah dicabut oleh BKD. Hubungi BKD untuk aktivasi.",
        "BKD revoked this device. Ask BKD for an activation.",
    ),
    "SESSION_ENDED": ("Sesi sudah berakhir.", "The session has ended."),
    "EMPLOYEE_UNKNOWN": ("Pegawai tidak ditemukan.", "No such employee."),
    "UNIT_UNKNOWN": ("Perangkat daerah tidak ditemukan.", "No such unit."),
    "SITE_UNKNOWN": ("Titik lokasi kerja tidak ditemukan.", "No such site."),
    "DEVICE_UNKNOWN": ("Perangkat tidak ditemukan.", "No such device."),
    "ACCOUNT_UNKNOWN": ("Akun tidak ditemukan.", "No such account."),
    "ENROLLMENT_UNKNOWN": (
        "Wajah pegawai ini belum didaftarkan.",
        "This employee's face is not enrolled.",
    ),
    "ACTIVATION_CODE_INVALID": (
        "Kode aktivasi tidak dikenal, sudah dipakai, atau kedaluwarsa. Minta kode baru ke BKD.",
        "The activation code is unknown, used or expired. Ask BKD for a new one.",
    ),
    "DEVICE_ALREADY_BOUND": (
        "Pegawai sudah memiliki ponsel aktif. Gunakan penggantian perangkat (rebind).",
        "The employee has an active phone. Use rebind.",
    ),
    "KEY_ALREADY_USED": (
        "Kunci ini milik perangkat lain. Buat kunci baru di perangkat.",
        "This key belongs to another device. Make a new key on the device.",
    ),
    "USERNAME_TAKEN": ("Nama pengguna sudah dipakai.", "This user name is taken."),
    "REQUEST_ID_REUSED": (
        "Nomor permintaan sudah dipakai untuk hal lain.",
        "The request id was used for something else.",
    ),
    "LOOKS_LIKE_ANOTHER": (
        "Wajah mirip dengan pegawai lain yang sudah terdaftar. Periksa identitas pegawai.",
        "The face looks like another enrolled employee. Check who this is.",
    ),
    "NOT_ENROLLED": (
        "Wajah Anda belum didaftarkan. Datang ke BKD untuk pendaftaran wajah.",
        "Your face is not enrolled. Visit BKD to enrol.",
    ),
    "EMPLOYEE_INACTIVE": (
        "Pegawai tidak berstatus aktif.",
        "The employee is not in service.",
    ),
    "TOO_FEW_FRAMES": (
        "Baru {accepted} dari {needed} foto yang baik dan berbeda.",
        "Only {accepted} of {needed} good, different pictures so far.",
    ),
    "LAST_BKD_ACCOUNT": (
        "Akun BKD terakhir tidak dapat ditutup.",
        "The last BKD account cannot be closed.",
    ),
    "ACCOUNT_LOCKED": (
        "Akun terkunci karena terlalu banyak percobaan. Coba lagi dalam {seconds} detik.",
        "The account is locked after too many tries. Try again in {seconds} seconds.",
    ),
    "FRAME_BUDGET": (
        "Terlalu banyak data dalam satu proses. Mulai lagi.",
        "Too much in one go. Begin again.",
    ),
    "TOO_MANY_STREAMS": (
        "Perangkat ini sudah terhubung. Tutup yang lain lebih dahulu.",
        "This device is connected already. Close the other connection first.",
    ),
    "STREAM_REPLACED": (
        "Kiosk ini tersambung juga dari tempat lain. Beri tahu BKD jika itu bukan Anda.",
        "This kiosk is connected from elsewhere, too. Tell BKD if that is not you.",
    ),
    "TOO_MANY_REFUSALS": (
        "Terlalu banyak penolakan. Tunggu {seconds} detik, lalu coba lagi.",
        "Too many refusals. Wait {seconds} seconds and try again.",
    ),
    "OVERLOADED": (
        "Server sedang sibuk. Coba lagi sebentar.",
        "The server is busy. Try again in a moment.",
    ),
    "STREAM_IDLE": (
        "Tidak ada lagi yang diterima. Mulai lagi.",
        "Nothing more arrived. Begin again.",
    ),
    "REQUEST_UNKNOWN": ("Pengajuan tidak ditemukan.", "No such request."),
    "DOCUMENT_UNKNOWN": ("Dokumen tidak ditemukan.", "No such document."),
    "DOCUMENT_EXPIRED": (
        "Masa simpan dokumen sudah berakhir; yang tersisa sidik jarinya (SHA-256).",
        "The document was deleted at the end of its time; its SHA-256 is kept.",
    ),
    "REQUEST_INVALID": (
        "{fault} Pengajuan tidak diterima.",
        "{fault} The request is not taken.",
    ),
    "DOCUMENT_INVALID": (
        "{fault} Dokumen tidak diterima.",
        "{fault} The document is not taken.",
    ),
    "REQUEST_OVERLAPS": (
        "Sudah ada pengajuan sejenis untuk hari itu.",
        "There is a request of this kind for one of these days.",
    ),
    "ALREADY_DECIDED": (
        "Langkah ini sudah diputuskan, atau pengajuan ditarik kembali. Lihat pengajuannya lagi.",
        "This step is decided, or the request was taken back. Look at the request again.",
    ),
    "PUNCH_UNKNOWN": (
        "Catatan absen tidak ditemukan. Periksa kodenya: hadirctl why NIP TANGGAL.",
        "There is no such event. Check its id: hadirctl why NIP DATE.",
    ),
    "FIRST_PASSWORD": (
        "Ganti dahulu kata sandi pertama akun ini: hadirctl password.",
        "Change the first password of this account first: hadirctl password.",
    ),
    "OWN_ACCOUNT": (
        "Akun untuk NIP sendiri dibuat oleh petugas BKD yang lain.",
        "An account for your own NIP is made by another person of BKD.",
    ),
    "OWN_NIP": (
        "Untuk NIP sendiri, ini dikerjakan oleh petugas BKD yang lain.",
        "For your own NIP, this is done by another person of BKD.",
    ),
    "ACCOUNT_EXISTS": (
        "Pegawai ini sudah mempunyai akun dengan peran itu: {username}. Tutup dahulu akun itu.",
        "This person has an open account of that role: {username}. Close it first.",
    ),
    "CLAIM_OUTDATED": (
        "{fault} Tolak pengajuan ini dengan alasan itu; pegawai dapat mengajukan yang baru.",
        "{fault} Reject the request for this reason; the employee can file a new one.",
    ),
    "MONTH_OPEN": (
        "{fault} Bulan {month} tidak ditutup.",
        "{fault} The month {month} is not closed.",
    ),
    "MONTH_CLOSED": (
        "Bulan {month} sudah ditutup, atau versinya keliru: berikutnya versi {version}.",
        "The month {month} was closed before, or the version is wrong: {version} is next.",
    ),
    "NOT_YOUR_DECISION": (
        "Pengajuan ini bukan wewenang Anda: milik Anda sendiri, atau menunggu pejabat lain.",
        "This is not yours to decide: it is your own, or lies with somebody else.",
    ),
    "NOT_ACCEPTED": (
        "Hanya pengajuan yang sudah disetujui dapat dibatalkan.",
        "Only a request that was accepted can be annulled.",
    ),
    "ACCOUNT_WITHOUT_PERSON": (
        "Akun ini tanpa NIP. Buat akun pribadi: hadirctl staff create NAMA --role bkd --nip NIP.",
        "This account has no NIP. Make one: hadirctl staff create NAME --role bkd --nip NIP.",
    ),
    "UPLOAD_OFFSET": (
        "Lanjutkan pengiriman dari byte {offset}.",
        "Go on with the upload at byte {offset}.",
    ),
    "TOO_MANY_REPORTS": (
        "Terlalu banyak laporan dari perangkat ini hari ini.",
        "Too many reports of this device today.",
    ),
    "TOO_MANY_DOCUMENTS": (
        "Terlalu banyak dokumen yang belum dipakai; ajukan permohonannya lebih dahulu.",
        "Too many documents wait; file their request first.",
    ),
    "SERVER_DRAINING": (
        "Server sedang dimulai ulang. Sambungkan kembali.",
        "The server is restarting. Connect again.",
    ),
    "STORAGE_UNAVAILABLE": (
        "Data belum dapat disimpan. Belum ada yang tercatat; coba lagi.",
        "Data cannot be stored now. Nothing was recorded; try again.",
    ),
}

FRAMES: Mapping[str, tuple[str, str]] = {
    "USABLE": ("Baik.", "Good."),
    "NO_FACE": ("Wajah tidak terlihat.", "No face in view."),
    "SEVERAL_FACES": ("Hanya satu wajah di depan kamera.", "Only one face before the camera."),
    "TOO_SMALL": ("Mendekatlah.", "Come closer."),
    "BLURRED": ("Gambar kabur; jangan bergerak.", "Blurred; hold still."),
    "TOO_DARK": ("Terlalu gelap.", "Too dark."),
    "TOO_BRIGHT": ("Terlalu terang.", "Too bright."),
    "POSE": ("Lihat ke kamera.", "Face the camera."),
    "CROPPED": ("Seluruh wajah harus terlihat.", "The whole face must be in view."),
    "CORRUPT_IMAGE": ("Gambar rusak.", "The picture is damaged."),
    "BAD_IMAGE_SIZE": ("Ukuran gambar tidak sesuai.", "The picture's size does not fit."),
    "UNSUPPORTED_IMAGE": ("Format gambar tidak didukung.", "The picture's format is not taken."),
    "DUPLICATE": ("Gambar yang sama.", "The same picture again."),
    "SUPERSEDED": ("Gambar lebih baru sudah ada.", "A newer picture came first."),
    "OVERLOADED": ("Server sibuk.", "The server is busy."),
    "LOOKS_LIKE_ANOTHER": (
        "Wajah mirip dengan pegawai lain yang terdaftar.",
        "The face looks like another enrolled employee.",
    ),
    "DIFFERENT_PERSON": (
        "Wajah berbeda dari foto sebelumnya.",
        "The face differs from the earlier pictures.",
    ),
    "TOO_SIMILAR": (
        "Terlalu mirip dengan foto sebelumnya; gerakkan kepala sedikit.",
        "Too much like an earlier picture; move the head a little.",
    ),
}

STEPS: Mapping[str, tuple[str, str]] = {
    "FRONT": ("Lihat lurus ke kamera.", "Look straight into the camera."),
    "LEFT": ("Tengok ke kiri Anda.", "Turn your head to your left."),
    "RIGHT": ("Tengok ke kanan Anda.", "Turn your head to your right."),
    "CLOSER": ("Dekatkan wajah ke kamera.", "Come closer to the camera."),
    "": ("Selesai, tunggu sebentar.", "Done, one moment."),
}

FACES: Mapping[str, tuple[str, str]] = {
    "LOOK_AGAIN": ("Lihat ke kamera.", "Look at the camera."),
    "TURN_HEAD": ("Tengok sedikit ke kiri atau kanan.", "Turn your head slightly."),
    "RECOGNISED": ("Tercatat. Terima kasih.", "Recorded. Thank you."),
    "NOT_RECOGNISED": (
        "Wajah tidak dikenali. Gunakan ponsel atau hubungi BKD.",
        "Not recognised. Use your phone or ask BKD.",
    ),
    "SPOOF_SUSPECTED": (
        "Wajah asli tidak dapat dipastikan. Hubungi petugas.",
        "A live face could not be confirmed. Ask the staff.",
    ),
}

REFUSALS: Mapping[str, tuple[str, str]] = {
    "OUTSIDE_GEOFENCE": (
        "Anda di luar lokasi kerja, sekitar {distance} m.",
        "You are outside your place of work, by about {distance} m.",
    ),
    "LOCATION_INACCURATE": (
        "Lokasi tidak akurat. Keluar ruangan atau tunggu GPS.",
        "The location is not accurate. Step outside or wait for GPS.",
    ),
    "MOCK_LOCATION": (
        "Lokasi palsu terdeteksi. Matikan aplikasi lokasi palsu.",
        "A mock location was detected. Turn the mock provider off.",
    ),
    "FACE_MISMATCH": (
        "Wajah tidak cocok dengan pemilik ponsel ini.",
        "The face is not that of this phone's owner.",
    ),
    "IDENTITY_CHANGED": (
        "Wajah berganti selama proses. Ulangi.",
        "The face changed on the way. Try again.",
    ),
    "CHALLENGE_EXPIRED": ("Waktu habis. Ulangi.", "Time is up. Try again."),
    "CHALLENGE_MISMATCH": (
        "Gerakan tidak sesuai petunjuk. Ulangi.",
        "The movement was not the one asked for. Try again.",
    ),
    "SPOOF_SUSPECTED": (
        "Wajah asli tidak dapat dipastikan. Ulangi di tempat terang.",
        "A live face could not be confirmed. Try again in good light.",
    ),
    "SEAL_INVALID": (
        "Tanda tangan tidak sesuai. Perbarui aplikasi lalu ulangi.",
        "The signature does not fit. Update the application and try again.",
    ),
    "FRAME_TIMING": (
        "Waktu gambar tidak wajar. Periksa jaringan lalu ulangi.",
        "The timing of the pictures is odd. Check the network and try again.",
    ),
    "FRAMES_REUSED": (
        "Gambar pernah dipakai. Gunakan kamera langsung.",
        "The pictures were used before. Use the camera itself.",
    ),
    "NO_SITE": (
        "Lokasi kerja Anda belum diatur. Hubungi BKD.",
        "Your place of work is not set. Ask BKD.",
    ),
    "ABANDONED": ("Absen belum selesai. Ulangi.", "The check-in was not finished. Try again."),
}

CHECK_IN: Mapping[str, tuple[str, str]] = {
    "IN": ("Absen masuk tercatat pukul {time}.", "Check-in recorded at {time}."),
    "OUT": ("Absen pulang tercatat pukul {time}.", "Check-out recorded at {time}."),
}

PROBLEMS: Mapping[str, tuple[str, str]] = {
    "NIP_NOT_18_DIGITS": ("NIP {value} bukan 18 angka.", "NIP {value} is not 18 digits."),
    "NIP_FORM_UNKNOWN": (
        "NIP {value} bukan bentuk PNS atau PPPK; periksa.",
        "NIP {value} has neither the form of PNS nor of PPPK; check it.",
    ),
    "NIP_TWICE": ("NIP {value} muncul dua kali.", "NIP {value} appears twice."),
    "NAME_EMPTY": ("Nama kosong.", "The name is empty."),
    "NAME_TOO_LONG": ("Nama {value}... terlalu panjang.", "The name {value}... is too long."),
    "UNIT_UNKNOWN": (
        "Perangkat daerah {value} tidak ada.",
        "The unit {value} does not exist.",
    ),
    "SITE_UNKNOWN": ("Lokasi {value} tidak ada.", "The site {value} does not exist."),
    "STATE_UNKNOWN": (
        "Status {value} bukan ACTIVE atau INACTIVE.",
        "The state {value} is neither ACTIVE nor INACTIVE.",
    ),
    "TOO_MANY_COLUMNS": ("Kolom terlalu banyak.", "The line has too many columns."),
}


def language_of(accept_language: str) -> str:
    """Returns the language for an accept-language value: `en` where it comes first, else `id`."""
    for part in accept_language.lower().split(","):
        tag = part.split(";")[0].strip()[:2].replace("in", "id")  # Java's name for Indonesian
        if tag in LANGUAGES:
            return tag
    return LANGUAGES[0]


def text(table: Mapping[str, tuple[str, str]], key: str, language: str, **values: object) -> str:
    """Returns the text of a key; values fill its placeholders."""
    message = table[key][LANGUAGES.index(language)]
    return message.format_map(_Blank(values))


class _Blank(dict[str, object]):
    """Leaves a placeholder empty where an error carries no value for it."""

    def __missing__(self, key: str) -> str:
        return "?"
