"""What hadirctl says, Indonesian and English side by side. Knows no screen and no command."""

from enum import Enum, StrEnum


class Language(StrEnum):
    """A language of the screen."""

    INDONESIAN = "id"
    ENGLISH = "en"


class Text(Enum):
    """A text: Indonesian, English."""

    # Headings
    ACTIVATED = ("Diaktifkan", "Activated")
    ACTOR = ("Oleh", "By")
    ADDRESS = ("Server", "Server")
    CHANGE = ("Kejadian", "What happened")
    CLOCK = ("Jam perangkat", "Device clock")
    CODE = ("Kode aktivasi", "Activation code")
    CONSENT_TIME = ("Persetujuan", "Consent given")
    DEVICE = ("Perangkat", "Device")
    DIGEST = ("SHA-256 yang dihapus", "SHA-256 of what was erased")
    DISTANCE = ("Jarak m", "Distance m")
    ENROLLED = ("Wajah", "Face")
    ERASED_IMAGES = ("Gambar dihapus", "Images erased")
    ERASED_TEMPLATES = ("Templat dihapus", "Templates erased")
    EXPIRES = ("Berlaku sampai", "Valid until")
    GEOFENCE = ("Batas lokasi", "Geofence")
    HEAD = ("NIP kepala", "Head's NIP")
    KIND = ("Jenis", "Kind")
    LINE = ("Baris", "Line")
    MARGIN = ("Selisih", "Margin")
    MODEL = ("Merek dan tipe", "Make and model")
    MODEL_VERSION = ("Versi model", "Model version")
    NAME = ("Nama", "Name")
    NIP = ("NIP", "NIP")
    NOTICE = ("Versi pemberitahuan", "Notice version")
    PARENT = ("Induk", "Parent")
    PASSIVE = ("Liveness", "Liveness")
    PHONE_BOUND = ("Telepon", "Phone")
    PROBLEM = ("Masalah", "Problem")
    REASON = ("Alasan", "Reason")
    RELIEF = ("Relief", "Relief")
    REVOKED = ("Dicabut", "Revoked")
    ROLE = ("Peran", "Role")
    SEVERITY = ("Tingkat", "Severity")
    SIMILARITY = ("Kemiripan", "Similarity")
    SITE = ("Titik lokasi", "Site")
    SOURCE = ("Sumber", "Source")
    STATE = ("Status", "State")
    TEMPLATES = ("Templat", "Templates")
    TIME = ("Waktu", "Time")
    UNIT = ("Perangkat daerah", "Unit")
    UPDATED = ("Diperbarui", "Updated")
    USER = ("Pengguna", "User")
    ZONE = ("Zona waktu", "Time zone")

    DESPITE = ("Walaupun", "Despite")
    MONTH = ("Bulan", "Month")
    VERSION = ("Versi", "Version")
    WAITING = ("Pengajuan menunggu", "Requests waiting")
    APPROVER = ("Diputuskan oleh", "Decided by")
    ARRIVAL = ("Masuk", "In")
    BAND = ("Rentang", "Band")
    CUT = ("Potongan %", "Cut %")
    DATE = ("Tanggal", "Date")
    DEPARTURE = ("Pulang", "Out")
    DESK = ("Menunggu", "Waits at")
    STEP = ("Langkah", "Step")
    DOCUMENTS = ("Dokumen", "Documents")
    EARLY = ("Menit awal", "Min. early")
    EMPLOYEES = ("Pegawai", "Employees")
    EVENTS = ("Absen", "Events")
    RATING = ("Nilai", "Rating")
    REFUSED = ("Ditolak", "Refused")
    EVIDENCE = ("Bukti", "Evidence")
    FIGURES = ("Ukuran (ambang)", "Figures (limit)")
    FIRST = ("Mulai", "First")
    LAST = ("Sampai", "Last")
    LATE = ("Menit telat", "Min. late")
    LEFT_OUT = ("Tidak dihitung", "Left out")
    LETTER = ("Nomor surat", "Letter")
    NUMBER = ("No.", "No.")
    PHASE = ("Tahap", "Phase")
    PLACE = ("Tempat", "Place")
    REQUEST = ("Pengajuan", "Request")
    RULE = ("Aturan", "Rule")
    STRENGTH = ("Kekuatan", "Strength")
    SUBJECT = ("Berlaku untuk", "For")
    SUBMITTED = ("Diajukan", "Submitted")
    SUPERSEDED = ("Diganti", "Superseded")
    WAIVED = ("Dihapus %", "Waived %")
    WHY = ("Penjelasan", "Why")
    WORKDAYS = ("Hari TPP", "TPP days")

    # Values
    YES = ("ya", "yes")
    ALL_UNITS = ("semua", "all")
    NO = ("tidak", "no")
    ACTIVE = ("aktif", "active")
    INACTIVE = ("nonaktif", "inactive")
    WITHDRAWN = ("dicabut", "revoked")
    PHONE = ("telepon", "phone")
    KIOSK = ("kios", "kiosk")
    IN = ("MASUK", "IN")
    OUT = ("PULANG", "OUT")
    ROLE_HEAD = ("kepala perangkat daerah", "head of unit")
    ROLE_BKD = ("BKD", "BKD")
    ROLE_OPERATOR = ("operator", "operator")
    WARNING = ("peringatan", "warning")
    ERROR = ("kesalahan", "error")
    CODE_ISSUED = ("kode diterbitkan", "code issued")
    BOUND = ("perangkat diikat", "device bound")
    UNBOUND = ("perangkat dicabut", "device revoked")
    CORRECTION = ("koreksi", "correction")
    DAY_PRESENT = ("hadir", "present")
    DAY_LATE = ("terlambat", "late")
    DAY_LEFT_EARLY = ("pulang awal", "left early")
    DAY_NO_CHECK_IN = ("tanpa absen masuk", "no check-in")
    DAY_NO_CHECK_OUT = ("tanpa absen pulang", "no check-out")
    DAY_IZIN = ("izin", "permission")
    DAY_SAKIT = ("sakit", "ill")
    DAY_TUGAS_LUAR = ("tugas luar", "duty elsewhere")
    DAY_DIKLAT = ("diklat", "training")
    DAY_CUTI = ("cuti", "leave")
    DAY_HOLIDAY = ("libur", "holiday")
    DAY_OFF = ("bukan hari kerja", "day off")
    DAY_ABSENT = ("tanpa keterangan", "absent")
    DAY_PENDING = ("belum selesai", "not over")
    DAY_UNSCHEDULED = ("belum ada jadwal", "no schedule")
    REQUEST_LATE_REASON = ("alasan terlambat", "reason for lateness")
    REQUEST_EARLY_REASON = ("alasan pulang awal", "reason for leaving early")
    REQUEST_FORGOTTEN_CHECK_OUT = ("lupa absen pulang", "forgotten check-out")
    REQUEST_CORRECTION = ("sanggah", "correction")
    REQUEST_TUGAS_BELAJAR = ("tugas belajar", "study")
    STATE_PENDING = ("menunggu", "pending")
    STATE_ACCEPTED = ("disetujui", "accepted")
    STATE_REJECTED = ("ditolak", "rejected")
    STATE_TAKEN_BACK = ("ditarik kembali", "taken back")
    STATE_ANNULLED = ("dibatalkan", "annulled")
    ACCOUNT_CREATED = ("dibuat", "created")
    ACCOUNT_PASSWORD_CHANGED = ("kata sandi diganti", "password changed")
    ACCOUNT_CLOSED = ("ditutup", "closed")
    STATE_OPEN = ("perlu dilihat", "to be looked at")
    STATE_CONFIRMED = ("sudah dibatalkan", "annulled")
    DISPUTED = ("diragukan", "disputed")
    EVENT_VOIDED = ("tidak dihitung", "voided")
    CIRCLE = (
        "lingkaran {radius:.0f} m di {latitude}, {longitude}",
        "circle of {radius:.0f} m at {latitude}, {longitude}",
    )
    POLYGON = ("poligon, {corners} titik", "polygon of {corners} corners")

    # Questions
    ASK_PASSWORD = ("Kata sandi", "Password")
    ASK_OLD_PASSWORD = ("Kata sandi sekarang", "Present password")
    ASK_NEW_PASSWORD = (
        "Kata sandi baru (12 karakter atau lebih)",
        "New password (12 characters or more)",
    )
    ASK_CLOSE = ("Tutup akun {user} untuk selamanya?", "Close the account {user} for good?")
    ASK_CLOSE_MONTH = (
        "Tutup bulan {month} ({unit})? Tidak dapat dibuka lagi.",
        "Close the month {month} ({unit})? It cannot be opened again.",
    )
    ASK_ERASE = (
        "Hapus wajah {name} ({nip}) untuk selamanya?",
        "Erase the face of {name} ({nip}) for good?",
    )
    ASK_REVOKE = (
        "Cabut perangkat {device} untuk selamanya?",
        "Revoke the device {device} for good?",
    )

    # What was done
    LOGGED_IN = (
        "Masuk ke {server} sebagai {user} ({role}), berlaku sampai {until}.",
        "Logged in to {server} as {user} ({role}), valid until {until}.",
    )
    FIRST_PASSWORD = (
        "Kata sandi ini dibuat orang lain. Ganti dahulu: hadirctl password",
        "Somebody else chose this password. Change it first: hadirctl password",
    )
    LOGGED_OUT = ("Keluar dari {server}.", "Logged out of {server}.")
    PASSWORD_CHANGED = (
        "Kata sandi diganti; sesi lain akun ini berakhir.",
        "The password is changed; other sessions of it have ended.",
    )
    UNIT_STORED = ("Perangkat daerah {id} disimpan.", "Unit {id} is stored.")
    SITE_STORED = ("Titik lokasi {id} disimpan.", "Site {id} is stored.")
    STAFF_CREATED = ("Akun {user} ({role}) dibuat.", "The account {user} ({role}) is created.")
    STAFF_CLOSED = ("Akun {user} ditutup.", "The account {user} is closed.")
    DEVICE_REVOKED = ("Perangkat {device} dicabut.", "Device {device} is revoked.")
    NO_DEVICE_REVOKED = ("Tidak ada telepon yang terikat sebelumnya.", "No phone was bound before.")
    CODE_ISSUED_NOTE = (
        "Kode ini hanya ditampilkan sekali dan hanya dapat dipakai sekali.",
        "This code is shown once and works once.",
    )
    REQUEST_DECIDED = ("Pengajuan {id}: {state}.", "Request {id}: {state}.")
    CORRECTED = (
        "Catatan {kind} {nip} pukul {time} ditambahkan: {id}.",
        "A punch {kind} of {nip} at {time} is added: {id}.",
    )
    VOIDED = (
        "Absen {kind} {nip} pukul {time} tidak dihitung lagi; catatannya tetap ada.",
        "The punch {kind} of {nip} at {time} does not count any more; its event stays.",
    )
    MONTH_CLOSED = (
        "Bulan {month} ({unit}) ditutup, versi {version}: angka {count} pegawai disimpan.",
        "The month {month} ({unit}) is closed, version {version}: figures of {count} employees.",
    )
    MONTH_IS_CLOSED = (
        "Bulan ditutup ({unit}, versi {version}) {time} oleh {actor}: {reason}",
        "Month closed ({unit}, version {version}) {time} by {actor}: {reason}",
    )
    MONTH_NOT_CLOSED = ("Bulan {month} belum ditutup.", "The month {month} is not closed.")
    DIFFERING = (
        "{count} pegawai kini berbeda dari angka penutupan.",
        "{count} employees now differ from the closed figures.",
    )
    CHECKPOINT = (
        "{size} catatan. Kunci publik server: {key}",
        "{size} records. The server's public key: {key}",
    )
    SAVED = ("Disimpan: {file} ({size} byte).", "Saved: {file} ({size} bytes).")
    RULES_STORED = ("{count} aturan disimpan.", "{count} rules are stored.")
    UNITS_STORED = ("{count} perangkat daerah disimpan.", "{count} units are stored.")
    UNITS_DRY = (
        "{count} perangkat daerah, {problems} masalah; tidak ada yang disimpan.",
        "{count} units, {problems} problems; nothing is stored.",
    )
    RULES_DRY = (
        "Percobaan: {count} aturan, {problems} masalah; tidak ada yang disimpan.",
        "Dry run: {count} rules, {problems} problems; nothing is stored.",
    )
    WATCHING = (
        "Memantau {unit}; Ctrl-C untuk berhenti.",
        "Watching {unit}; Ctrl-C to stop.",
    )
    COUNTERS = (
        "Tanpa keterangan {year}: {days} hari, berturut-turut {row}. {text}",
        "Without a reason in {year}: {days} days, {row} in a row. {text}",
    )
    NOTHING_FOUND = ("Tidak ada data.", "Nothing found.")
    PROBLEM_CODE = ("Kode", "Code")
    COUNT = ("{count} baris.", "{count} rows.")
    MORE = (
        "Dibatasi {limit} baris; masih ada lagi. Pakai --limit yang lebih besar.",
        "Limited to {limit} rows; there are more. Use a larger --limit.",
    )
    CHECKING = ("Memeriksa", "Checking")
    STORING = ("Menyimpan", "Storing")
    RULES_PARTLY = (
        "{count} aturan sudah disimpan, sisanya belum. Ulangi perintah ini; tidak ada yang ganda.",
        "{count} rules are stored, the others are not. Repeat the command; nothing doubles.",
    )
    UPLOADING = ("Mengirim {file}", "Sending {file}")
    IMPORT_COUNTS = (
        "{rows} baris: {created} baru, {updated} berubah, {unchanged} tetap, {problems} masalah.",
        "{rows} rows: {created} new, {updated} changed, {unchanged} the same, {problems} problems.",
    )
    IMPORT_STORED = ("Tersimpan.", "Stored.")
    IMPORT_REFUSED = (
        "Tidak ada yang disimpan. Perbaiki kesalahan, lalu impor lagi.",
        "Nothing is stored. Mend the errors, then import again.",
    )
    IMPORT_DRY = ("Percobaan: tidak ada yang disimpan.", "Dry run: nothing is stored.")
    IMPORT_SHOWN = (
        "Hanya {shown} masalah pertama ditampilkan.",
        "Only the first {shown} problems are shown.",
    )
    ENROLL_OPEN = (
        "Pendaftaran wajah {nip}: perlu {needed} gambar yang baik dan berbeda.",
        "Enrolling {nip}: {needed} good, different images are needed.",
    )
    ENROLL_FRAME = (
        "{number:>3}  {source}  {outcome}  {accepted}/{needed}  {text}",
        "{number:>3}  {source}  {outcome}  {accepted}/{needed}  {text}",
    )
    ENROLL_DONE = (
        "Wajah {nip} terdaftar dengan {count} templat.",
        "The face of {nip} is enrolled with {count} templates.",
    )
    ENROLL_ERASED = (
        "Wajah {nip} dihapus. Simpan bukti ini:",
        "The face of {nip} is erased. Keep this proof:",
    )

    # What went wrong here
    ENDPOINT_INVALID = ("{trouble}", "{trouble}")
    NOT_LOGGED_IN = (
        "Belum masuk ke {server}, atau sesi sudah berakhir.",
        "Not logged in to {server}, or the session has ended.",
    )
    TOO_FEW_IMAGES = (
        "Hanya {accepted} dari {needed} gambar diterima; tidak ada yang disimpan.",
        "Only {accepted} of {needed} images were accepted; nothing is stored.",
    )
    NO_IMAGES = ("Tidak ada gambar: {where}.", "There are no images: {where}.")
    TOO_MANY_IMAGES = ("{count} gambar; paling banyak {limit}.", "{count} images; {limit} at most.")
    IMAGE_UNUSABLE = (
        "Bukan gambar, atau lebih kecil dari 64 piksel: {file}.",
        "Not an image, or smaller than 64 pixels: {file}.",
    )
    CAMERA_UNAVAILABLE = ("Kamera {number} tidak dapat dibuka.", "Camera {number} does not open.")
    OPENCV_MISSING = (
        "Mengubah gambar dan memakai kamera memerlukan OpenCV.",
        "Converting images and using a camera need OpenCV.",
    )
    CONSENT_MISSING = (
        "Pegawai harus diberi tahu dan menyetujui sebelum wajahnya direkam.",
        "The employee must be given the notice and confirm it first.",
    )
    ONE_SOURCE = (
        "Berikan gambar (--images) atau kamera (--camera), salah satu saja.",
        "Give either images (--images) or a camera (--camera).",
    )
    NO_ANSWER = (
        "Server tidak menjawab dalam {seconds:.0f} detik.",
        "The server did not answer within {seconds:.0f} seconds.",
    )
    STREAM_ENDED = (
        "Server mengakhiri pendaftaran sebelum selesai.",
        "The server ended the enrolment early.",
    )
    FILE_TROUBLE = ("Berkas {file}: {trouble}.", "File {file}: {trouble}.")
    FILE_NOT_TEXT = ("Berkas {file} bukan teks UTF-8.", "The file {file} is not UTF-8 text.")
    FILE_TOO_LARGE = (
        "Berkas {file} lebih besar dari {limit_mib} MiB.",
        "The file {file} is larger than {limit_mib} MiB.",
    )
    PASSWORD_EMPTY = ("Kata sandi kosong.", "The password is empty.")
    PASSWORD_LONG = (
        "Kata sandi lebih dari 256 karakter.",
        "The password is longer than 256 characters.",
    )
    GEOFENCE_INCOMPLETE = (
        "Batas lokasi: --lat, --lon dan --radius bersama, atau --polygon saja.",
        "Geofence: --lat, --lon and --radius together, or --polygon alone.",
    )
    POLYGON_INVALID = (
        "Berkas {file} tidak berisi satu poligon.",
        "The file {file} does not hold one polygon.",
    )
    NEW_NEEDS = (
        "{id} belum ada; untuk yang baru berikan {options}.",
        "{id} does not exist yet; a new one needs {options}.",
    )
    DATE_INVALID = ("Tanggal tidak dikenal: {value}.", "Not a date: {value}.")
    CSV_COLUMNS = (
        "Berkas {file} tidak memuat kolom {columns}.",
        "The file {file} lacks the columns {columns}.",
    )
    RULES_UNREADABLE = (
        "Berkas {file} tidak berisi aturan: {trouble}",
        "The file {file} holds no rules: {trouble}",
    )
    TIME_INVALID = ("Waktu tidak dikenal: {value}.", "Not a time: {value}.")

    # What to do about it
    DO_LOGIN = ("Masuk dengan: hadirctl login {user}", "Log in with: hadirctl login {user}")
    DO_CHECK_LOGIN = ("Periksa nama pengguna dan kata sandi.", "Check user name and password.")
    DO_CHECK_ROLE = (
        "Akun ini tidak berwenang. Lihat perannya dengan: hadirctl whoami",
        "This account may not do that. See its role with: hadirctl whoami",
    )
    DO_START_SERVER = (
        "Alamat: {server}. Jalankan di sana `hadir-server run`, atau pakai --server HOST:PORT.",
        "Address: {server}. Start `hadir-server run` there, or use another --server HOST:PORT.",
    )
    DO_RETRY_IN = ("Coba lagi dalam {seconds} detik.", "Try again in {seconds} seconds.")
    DO_RETRY = ("Coba lagi sebentar lagi.", "Try again in a moment.")
    DO_REBIND = (
        "Ganti telepon dengan: hadirctl device rebind NIP --reason ALASAN",
        "Replace the phone with: hadirctl device rebind NIP --reason WHY",
    )
    DO_FIND_EMPLOYEE = (
        "Periksa NIP: hadirctl employee list. Belum ada: hadirctl employee import",
        "Check the NIP: hadirctl employee list. Missing: hadirctl employee import",
    )
    DO_ACTIVATE = (
        "Aktifkan pegawai lewat impor dengan state ACTIVE.",
        "Activate the employee by an import with state ACTIVE.",
    )
    DO_FIND_UNIT = ("Lihat yang ada: hadirctl unit list", "See what exists: hadirctl unit list")
    DO_FIND_SITE = ("Lihat yang ada: hadirctl site list", "See what exists: hadirctl site list")
    DO_FIND_DEVICE = (
        "Lihat yang ada: hadirctl device list",
        "See what exists: hadirctl device list",
    )
    DO_ENROLL = (
        "Daftarkan dengan: hadirctl enroll NIP --images FOLDER",
        "Enrol with: hadirctl enroll NIP --images FOLDER",
    )
    DO_CONFIRM = (
        "Setelah pegawai menyetujui, tambahkan --consent-confirmed.",
        "Once the employee has confirmed, add --consent-confirmed.",
    )
    DO_MORE_IMAGES = (
        "Tambah gambar tajam satu wajah, dari depan, dengan sedikit gerakan kepala.",
        "Add sharp images of one face, from the front, with slight turns of the head.",
    )
    DO_CHECK_PERSON = (
        "Periksa apakah NIP dan orangnya benar.",
        "Check that the NIP and the person are right.",
    )
    DO_CHECK_RESEMBLANCE = (
        "Periksa NIP dan orangnya. Kembar? Bandingkan KTP, lalu --resembles NIP --reason ALASAN.",
        "Check NIP and person. Twins? Compare identity cards, then --resembles NIP --reason WHY.",
    )
    RESEMBLANCE_PAIR = (
        "--resembles dan --reason dipakai bersama.",
        "--resembles and --reason go together.",
    )
    DO_LONGER_PASSWORD = (
        "Pakai 12 karakter atau lebih yang sulit ditebak.",
        "Use 12 characters or more that are hard to guess.",
    )
    DO_ON_ITS_DAY = (
        "Berlaku mulai hari ini atau sebelumnya; perubahan yang akan datang dicatat pada harinya.",
        "A change holds from today or a date before; one that is to come is entered on its day.",
    )
    DO_OTHER_BKD = (
        "Buat dahulu akun BKD lain: hadirctl staff create USER --role bkd --nip NIP",
        "First create another BKD account: hadirctl staff create USER --role bkd --nip NIP",
    )
    DO_FIX_CSV = (
        "Kolom: nip, name, unit_id, site_id, state; UTF-8 dengan kepala kolom.",
        "Columns: nip, name, unit_id, site_id, state; UTF-8 with a header.",
    )
    DO_POLYGON = (
        "Pakai [[lintang, bujur], ...] atau Polygon GeoJSON tanpa lubang.",
        "Use [[latitude, longitude], ...] or a GeoJSON Polygon without holes.",
    )
    DO_DATE = (
        "Pakai 2022-02-07, hari-ini atau kemarin.",
        "Use 2022-02-07, today or yesterday.",
    )
    DO_RULES = (
        "Contoh berkas: hadirctl rule list --json --current",
        "See an example with: hadirctl rule list --json --current",
    )
    DO_TIME = (
        "Pakai 2022-02-07, 2022-02-07T07:30, hari-ini atau kemarin.",
        "Use 2022-02-07, 2022-02-07T07:30, today or yesterday.",
    )
    DO_INSTALL = (
        "Pasang dengan: pip install 'hadir[kiosk]'",
        "Install it with: pip install 'hadir[kiosk]'",
    )

    def __call__(self, language: Language, /, **values: object) -> str:
        """Return the text in a language with `values` put in."""
        indonesian, english = self.value
        return (english if language is Language.ENGLISH else indonesian).format(**values)
