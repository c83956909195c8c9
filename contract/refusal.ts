/** What the caller may do next: not retry, retry later, or correct the request and retry. */
export type Retry = "no" | "later" | "corrected";

type Row = readonly [status: number, retry: Retry, id: string, en: string];

/** Every refusal: code → HTTP status, retry advice, and the sentence in Indonesian and English. */
export const refusals = {
  // the request itself
  request_malformed: [400, "corrected", "Permintaan tidak dapat dibaca.", "The request can't be read."],
  request_invalid: [422, "corrected", "Isi permintaan tidak sesuai.", "The request's content is invalid."],
  request_too_large: [
    413,
    "corrected",
    "Permintaan terlalu besar untuk alamat ini.",
    "The request is larger than this address accepts.",
  ],
  media_type_unsupported: [
    415,
    "corrected",
    "Kirim isi sebagai application/json.",
    "Send the body as application/json.",
  ],
  not_found: [404, "no", "Alamat ini tidak ada.", "There is nothing at this address."],
  method_not_allowed: [
    405,
    "no",
    "Alamat ini tidak menerima metode ini. Lihat header Allow.",
    "This address does not accept this method. See the Allow header.",
  ],
  host_unknown: [
    421,
    "corrected",
    "Server ini tidak melayani nama host itu. Pakai alamat resminya, " +
      "atau tambahkan namanya ke ONEGATE_HOSTS.",
    "This server does not serve that host name. Use its own address, or add the name to ONEGATE_HOSTS.",
  ],
  origin_unknown: [
    403,
    "no",
    "Halaman dari situs lain tidak boleh mengubah apa pun di sini.",
    "A page of another site can't change anything here.",
  ],
  headers_too_large: [
    431,
    "corrected",
    "Header permintaan terlalu besar.",
    "The request's headers are too large.",
  ],
  request_timeout: [
    408,
    "later",
    "Permintaan tidak selesai dikirim pada waktunya.",
    "The request was not sent completely in time.",
  ],
  too_many_streams: [
    429,
    "later",
    "Perangkat atau orang ini sudah membuka terlalu banyak aliran peristiwa. Tutup yang lain dulu.",
    "This device or person has too many event streams open. Close another one first.",
  ],
  metrics_closed: [
    403,
    "corrected",
    "Metrik hanya terbuka bagi mesin ini. Untuk membacanya dari tempat lain, pasang ONEGATE_METRICS_TOKEN.",
    "Only this machine may read the metrics. Set ONEGATE_METRICS_TOKEN to read them from elsewhere.",
  ],
  stopping: [
    503,
    "later",
    "Server sedang berhenti. Tidak ada uang yang berpindah; coba lagi sebentar.",
    "The server is stopping. No money has moved; try again in a moment.",
  ],
  internal: [
    500,
    "later",
    "Terjadi kesalahan pada kami. Sebutkan nomor permintaan bila menghubungi kami.",
    "Something went wrong on our side. Quote the request id when you contact us.",
  ],
  too_many_requests: [
    429,
    "later",
    "Terlalu banyak permintaan. Tunggu sebentar.",
    "Too many requests. Wait a moment.",
  ],
  overloaded: [
    503,
    "later",
    "Sistem sedang penuh. Coba lagi sebentar.",
    "The system is at its limit. Try again in a moment.",
  ],
  unavailable: [
    503,
    "later",
    "Basis data belum dapat dihubungi. Tidak ada uang yang berpindah; coba lagi.",
    "The database can't be reached. No money has moved; try again.",
  ],
  storage_full: [
    503,
    "later",
    "Penyimpanan server penuh. Tidak ada uang yang berpindah; hubungi pengelola, lalu coba lagi.",
    "The server's storage is full. No money has moved; contact its operator, then try again.",
  ],
  // money
  amount_malformed: [
    422,
    "corrected",
    'Jumlah harus angka desimal biasa, misalnya "12500.00".',
    'The amount must be a plain decimal, such as "12500.00".',
  ],
  amount_too_precise: [
    422,
    "corrected",
    "Jumlah memakai lebih banyak desimal daripada mata uangnya.",
    "The amount has more decimals than its currency.",
  ],
  amount_too_large: [422, "corrected", "Jumlah melampaui batas.", "The amount exceeds the limit."],
  amount_not_positive: [422, "corrected", "Jumlah harus lebih dari nol.", "The amount must be above zero."],
  amount_not_whole: [
    422,
    "corrected",
    "Metode ini hanya menerima rupiah bulat, tanpa sen.",
    "This channel accepts only whole rupiah, without sen.",
  ],
  amount_mismatch: [
    422,
    "corrected",
    "Jumlah tidak sama dengan hitungan barangnya.",
    "The amount does not match the sum of its items.",
  ],
  currency_unknown: [
    422,
    "corrected",
    "Kode mata uang tidak dikenal (ISO 4217).",
    "The currency code is unknown (ISO 4217).",
  ],
  currency_unsupported: [
    422,
    "corrected",
    "Mata uang ini tidak dilayani di sini.",
    "This currency is not supported here.",
  ],
  // idempotency
  idempotency_key_missing: [
    400,
    "corrected",
    "Sertakan header Idempotency-Key.",
    "Send an Idempotency-Key header.",
  ],
  idempotency_key_invalid: [
    400,
    "corrected",
    "Idempotency-Key harus terdiri dari 1 sampai 255 karakter ASCII yang terlihat.",
    "An Idempotency-Key must have 1 to 255 visible ASCII characters.",
  ],
  idempotency_key_reused: [
    409,
    "no",
    "Kunci ini sudah dipakai untuk permintaan yang berbeda.",
    "This key was already used for a different request.",
  ],
  idempotency_key_in_flight: [
    409,
    "later",
    "Permintaan dengan kunci ini masih diproses. Tunggu sebentar, lalu ulangi.",
    "A request with this key is still being processed. Wait a moment, then repeat it.",
  ],
  // the ledger
  account_unknown: [404, "corrected", "Akun tidak ditemukan.", "The account is not known."],
  account_frozen: [
    409,
    "no",
    "Akun sedang dibekukan atau sudah ditutup.",
    "The account is suspended or closed.",
  ],
  accounts_same: [
    422,
    "corrected",
    "Akun asal dan tujuan sama.",
    "Source and destination are the same account.",
  ],
  currency_differs: [
    422,
    "corrected",
    "Mata uang akun berbeda dari mata uang transfer.",
    "The account has a different currency from the transfer.",
  ],
  insufficient_funds: [422, "later", "Saldo tidak cukup.", "The balance is not sufficient."],
  transfer_differs: [
    409,
    "no",
    "Transfer dengan id ini sudah ada dan isinya berbeda.",
    "A different transfer with this id already exists.",
  ],
  linked_transfer_refused: [
    409,
    "no",
    "Transfer lain dalam rangkaian ini ditolak, jadi yang ini juga.",
    "Another transfer of this linked set was refused, so this one was too.",
  ],
  hold_unknown: [404, "corrected", "Dana tertahan itu tidak ditemukan.", "The hold is not known."],
  hold_ended: [
    409,
    "no",
    "Dana tertahan itu sudah diselesaikan atau dilepas.",
    "The hold was already settled or released.",
  ],
  hold_expired: [409, "no", "Dana tertahan itu sudah kedaluwarsa.", "The hold has expired."],
  hold_exceeded: [
    422,
    "corrected",
    "Jumlah melebihi dana yang tertahan.",
    "The amount is more than the hold.",
  ],
  // people
  unauthenticated: [
    401,
    "corrected",
    "Masuk dulu; sesi tidak ada atau sudah berakhir.",
    "Sign in first; there is no session or it has ended.",
  ],
  local_only: [
    403,
    "corrected",
    "Tanpa kredensial, sandbox hanya mengizinkan ini dari komputernya sendiri. Pakai kunci.",
    "Without credentials, the sandbox allows this only from its own machine. Use a key.",
  ],
  scope_missing: [
    403,
    "no",
    "Kunci ini tidak punya cakupan untuk melakukan ini.",
    "This key lacks the scope for this.",
  ],
  key_limit: [
    409,
    "corrected",
    "Sudah ada dua kunci aktif; cabut satu dulu.",
    "Two keys are active already; revoke one first.",
  ],
  key_unknown: [404, "corrected", "Kunci tidak ditemukan.", "The key is not known."],
  forbidden: [403, "no", "Peran Anda tidak berhak melakukan ini.", "Your role has no right to do this."],
  approval_needed: [
    403,
    "corrected",
    "Tindakan ini perlu persetujuan orang kedua.",
    "This needs a second person's approval.",
  ],
  approval_invalid: [
    403,
    "corrected",
    "Persetujuan ini sudah dipakai, kedaluwarsa, atau untuk hal lain. Minta lagi.",
    "The approval was used, has expired, or is for something else. Request a new one.",
  ],
  approver_lacks_right: [
    403,
    "corrected",
    "Orang ini tidak berhak menyetujui hal ini.",
    "This person has no right to approve this.",
  ],
  approver_is_asker: [
    403,
    "corrected",
    "Anda tidak dapat menyetujui permintaan sendiri. Minta orang lain.",
    "You can't approve your own request. Ask someone else.",
  ],
  pin_wrong: [401, "corrected", "PIN salah.", "The PIN is wrong."],
  pin_blocked: [
    403,
    "no",
    "Terlalu banyak PIN salah di perangkat ini. Masuk di perangkat lain, " +
      "atau minta pemilik atau manajer membukanya.",
    "Too many wrong PINs on this device. Use another device, or ask an owner or manager to unblock you.",
  ],
  pin_too_simple: [
    422,
    "corrected",
    "PIN ini terlalu mudah ditebak. Pilih yang lain.",
    "This PIN is too easy to guess. Choose another one.",
  ],
  pin_change_needed: [403, "corrected", "Ganti PIN dulu.", "Change your PIN first."],
  device_unknown: [
    401,
    "corrected",
    "Perangkat ini belum terdaftar. Daftarkan dengan kode dari pemilik.",
    "This device is not enrolled. Enrol it with a code from the owner.",
  ],
  device_revoked: [401, "no", "Perangkat ini sudah dicabut.", "This device was revoked."],
  device_not_found: [404, "no", "Perangkat tidak ditemukan.", "The device is not known."],
  device_code_unknown: [
    404,
    "corrected",
    "Kode ini tidak dikenal, sudah dipakai, atau kedaluwarsa.",
    "This code is unknown, was used, or has expired.",
  ],
  pin_unchanged: [
    422,
    "corrected",
    "PIN baru harus berbeda dari yang lama.",
    "The new PIN must differ from the old one.",
  ],
  staff_differs: [
    409,
    "no",
    "Pegawai dengan id ini sudah ada dan isinya berbeda.",
    "A different staff member with this id already exists.",
  ],
  last_owner: [
    409,
    "no",
    "Harus ada setidaknya satu pemilik yang aktif.",
    "There must be at least one active owner.",
  ],
  rights_beyond_own: [
    403,
    "no",
    "Anda tidak dapat memberi hak yang tidak Anda punya.",
    "You can't give rights that you don't have.",
  ],
  role_unknown: [404, "corrected", "Peran tidak ditemukan.", "The role is not known."],
  role_in_use: [409, "corrected", "Peran ini masih dipakai pegawai.", "Staff still have this role."],
  role_name_taken: [409, "corrected", "Nama peran ini sudah dipakai.", "This role name is taken."],
  right_not_grantable: [
    422,
    "corrected",
    "Hak ini tidak dapat diberikan kepada peran buatan sendiri.",
    "This right can't be given to a custom role.",
  ],
  time_zone_unknown: [
    422,
    "corrected",
    "Zona waktu tidak dikenal, misalnya Asia/Jakarta.",
    "The time zone is unknown; use one such as Asia/Jakarta.",
  ],
  day_begins_late: [
    422,
    "corrected",
    "Hari usaha dimulai antara 00:00 dan 11:59; penjualan sebelum jam itu masuk hari kemarin.",
    "A business day begins between 00:00 and 11:59; earlier sales belong to the previous day.",
  ],
  // set-up
  setup_needed: [
    404,
    "corrected",
    "Belum ada toko di sini. Siapkan dulu.",
    "There is no shop here yet. Set one up first.",
  ],
  setup_code_wrong: [
    403,
    "corrected",
    "Kode penyiapan salah, sudah dipakai, atau kedaluwarsa.",
    "The set-up code is wrong, was used, or has expired.",
  ],
  logo_invalid: [
    422,
    "corrected",
    "Logo harus PNG, JPEG atau WebP, paling besar 200 kB.",
    "A logo is a PNG, JPEG or WebP of at most 200 kB.",
  ],
  pin_delayed: [
    429,
    "later",
    "Terlalu banyak PIN salah. Tunggu sebentar.",
    "Too many wrong PINs. Wait a moment.",
  ],
  username_invalid: [
    422,
    "corrected",
    "Nama pengguna terdiri dari 3 sampai 50 huruf, angka, titik, garis bawah atau tanda hubung, " +
      "dan diawali huruf.",
    "A username has 3 to 50 letters, digits, dots, underscores or hyphens, and begins with a letter.",
  ],
  email_invalid: [422, "corrected", "Alamat surel tidak sesuai.", "The e-mail address is not well-formed."],
  phone_invalid: [
    422,
    "corrected",
    "Nomor telepon tidak sesuai, misalnya 0812… atau +62812….",
    "The telephone number is not well-formed; write it as +62812… or 0812….",
  ],
  password_length: [
    422,
    "corrected",
    "Kata sandi harus 8 sampai 128 karakter.",
    "A password has 8 to 128 characters.",
  ],
  password_common: [
    422,
    "corrected",
    "Kata sandi ini terlalu mudah ditebak. Pilih yang lain.",
    "This password is too easy to guess. Choose another one.",
  ],
  username_taken: [409, "corrected", "Nama pengguna ini sudah dipakai.", "This username is taken."],
  email_taken: [409, "corrected", "Alamat surel ini sudah dipakai.", "This e-mail address is taken."],
  phone_taken: [409, "corrected", "Nomor telepon ini sudah dipakai.", "This telephone number is taken."],
  credentials_wrong: [
    401,
    "corrected",
    "Nama pengguna atau kata sandi salah.",
    "The username or the password is wrong.",
  ],
  sign_in_delayed: [
    429,
    "later",
    "Terlalu banyak percobaan masuk. Tunggu sebentar.",
    "Too many sign-in attempts. Wait a moment.",
  ],
  totp_required: [
    401,
    "corrected",
    "Masukkan juga kode dari aplikasi autentikator.",
    "Send the code from the authenticator app too.",
  ],
  totp_wrong: [
    401,
    "corrected",
    "Kode autentikator salah atau sudah dipakai.",
    "The authenticator's code is wrong or was already used.",
  ],
  totp_on: [
    409,
    "no",
    "Kode autentikator sudah aktif untuk akun ini.",
    "Authenticator codes are already on for this account.",
  ],
  totp_off: [
    409,
    "corrected",
    "Kode autentikator belum didaftarkan untuk akun ini.",
    "Authenticator codes are not set up for this account.",
  ],
  password_wrong: [403, "corrected", "Kata sandi salah.", "The password is wrong."],
  refresh_token_invalid: [
    401,
    "corrected",
    "Sesi sudah berakhir. Masuk lagi.",
    "The session has ended. Sign in again.",
  ],
  refresh_token_reused: [
    401,
    "corrected",
    "Token ini sudah pernah dipakai, maka sesinya kami akhiri. Masuk lagi.",
    "This token was used before, so its session was ended. Sign in again.",
  ],
  session_unknown: [404, "no", "Sesi tidak ditemukan.", "The session is not known."],
  account_not_empty: [
    409,
    "corrected",
    "Akun masih bersaldo atau ada dana tertahan. Kosongkan dulu.",
    "The account still has a balance or a hold. Empty it first.",
  ],
  merchant_missing: [503, "later", "Toko belum disiapkan di sini.", "No shop has been set up here yet."],
  staff_unknown: [404, "corrected", "Pegawai tidak ditemukan.", "The staff member is not known."],
  // wallets
  user_unknown: [
    404,
    "corrected",
    "Penerima tidak ditemukan, atau tidak dapat menerima transfer ini.",
    "The recipient is not known, or can't receive this transfer.",
  ],
  user_closed: [403, "no", "Akun pengguna ini sudah ditutup.", "This user has closed the account."],
  payee_unknown: [
    404,
    "corrected",
    "Akun tujuan pembayaran tidak ditemukan.",
    "The account to be paid is not known.",
  ],
  operation_unknown: [404, "no", "Transaksi dompet tidak ditemukan.", "The wallet operation is not known."],
  topup_unknown: [404, "no", "Isi saldo tidak ditemukan.", "The top-up is not known."],
  withdrawal_unknown: [404, "no", "Penarikan tidak ditemukan.", "The withdrawal is not known."],
  withdrawal_decided: [
    409,
    "no",
    "Langkah ini tidak berlaku lagi untuk penarikan ini.",
    "This is no longer possible for this withdrawal.",
  ],
  range_too_large: [
    422,
    "corrected",
    "Terlalu banyak transaksi dalam rentang ini. Minta rentang hari yang lebih pendek.",
    "There are too many entries in this range. Request fewer days.",
  ],
  limit_per_transaction: [
    422,
    "corrected",
    "Jumlah melampaui batas sekali transaksi.",
    "The amount exceeds the limit of one transaction.",
  ],
  limit_per_day: [
    422,
    "later",
    "Jumlah melampaui sisa batas hari ini.",
    "The amount exceeds what is left of today's limit.",
  ],
  limit_per_month: [
    422,
    "later",
    "Jumlah melampaui sisa batas bulan ini.",
    "The amount exceeds what is left of this month's limit.",
  ],
  // catalogue and sale
  product_unknown: [404, "corrected", "Barang tidak ditemukan.", "The product is not known."],
  product_name_invalid: [
    422,
    "corrected",
    "Nama barang harus 1 sampai 100 karakter.",
    "A product's name has 1 to 100 characters.",
  ],
  product_name_taken: [
    409,
    "corrected",
    "Sudah ada barang dengan nama ini.",
    "A product with this name already exists.",
  ],
  category_name_invalid: [
    422,
    "corrected",
    "Nama kategori harus 1 sampai 60 karakter.",
    "A category's name has 1 to 60 characters.",
  ],
  barcode_invalid: [
    422,
    "corrected",
    "Barcode harus 8, 12, 13, atau 14 angka dengan angka pemeriksa yang cocok.",
    "A barcode has 8, 12, 13 or 14 digits with a correct check digit.",
  ],
  barcode_taken: [
    409,
    "corrected",
    "Barcode ini sudah dipakai barang lain.",
    "Another product has this barcode.",
  ],
  cart_empty: [422, "corrected", "Keranjang masih kosong.", "The cart is empty."],
  price_differs: [
    409,
    "corrected",
    "Harga sudah berubah. Muat ulang katalog.",
    "A price has changed. Reload the catalogue.",
  ],
  tender_insufficient: [
    422,
    "corrected",
    "Uang yang diterima kurang dari totalnya.",
    "The money received is less than the total.",
  ],
  sale_unknown: [404, "no", "Penjualan tidak ditemukan.", "The sale is not known."],
  sale_differs: [
    409,
    "no",
    "Penjualan dengan id ini sudah ada dan isinya berbeda.",
    "A different sale with this id already exists.",
  ],
  sale_not_waiting: [
    409,
    "no",
    "Penjualan ini tidak sedang menunggu pembayaran.",
    "This sale is not waiting for a payment.",
  ],
  sale_not_paid: [
    409,
    "no",
    "Penjualan ini belum dibayar, jadi tidak ada yang dikembalikan.",
    "This sale is not paid, so there is nothing to give back.",
  ],
  void_day_over: [
    409,
    "corrected",
    "Hari usaha penjualan ini sudah lewat. Kembalikan uangnya sebagai retur.",
    "The business day of this sale is over. Refund it instead.",
  ],
  void_after_return: [
    409,
    "corrected",
    "Sebagian sudah dikembalikan. Kembalikan sisanya sebagai retur.",
    "Part of this sale was already refunded. Refund the rest instead.",
  ],
  return_line_unknown: [
    422,
    "corrected",
    "Baris ini tidak ada di penjualan ini, atau disebut dua kali.",
    "The sale has no such line, or the line is listed twice.",
  ],
  return_line_exceeds: [
    422,
    "corrected",
    "Jumlah barang melebihi yang masih dapat dikembalikan.",
    "The quantity is more than can still be returned.",
  ],
  outlet_unknown: [404, "no", "Outlet tidak ditemukan.", "The outlet is not known."],
  // a shop's printed code
  qris_malformed: [
    422,
    "corrected",
    "Ini bukan isi QRIS yang lengkap. Salin seluruh teksnya.",
    "This is not a complete QRIS payload. Copy all of its text.",
  ],
  qris_crc_wrong: [
    422,
    "corrected",
    "Isi QRIS berubah atau terpotong: angka pemeriksanya tidak cocok.",
    "The QRIS payload was changed or cut off: its checksum does not match.",
  ],
  qris_not_static: [
    422,
    "corrected",
    "Ini QRIS dinamis, untuk satu pembayaran saja. Pakai QRIS statis yang dicetak untuk toko.",
    "This is a dynamic QRIS, for one payment only. Use the static one that was printed for the shop.",
  ],
  qris_is_transfer: [
    422,
    "corrected",
    "Ini QR transfer antarorang, bukan QRIS toko.",
    "This is a code for transfers between people, not a shop's QRIS.",
  ],
  qris_currency_unfit: [422, "corrected", "QRIS ini bukan dalam rupiah.", "This QRIS is not in rupiah."],
  qris_country_unfit: [
    422,
    "corrected",
    "QRIS ini bukan dari Indonesia.",
    "This QRIS is not from Indonesia.",
  ],
  static_qris_missing: [
    409,
    "corrected",
    "Toko ini belum memasang QRIS statis. Minta pemilik memasangnya.",
    "This shop has no static QRIS. Ask the owner to set one up.",
  ],
  reference_malformed: [
    422,
    "corrected",
    "Nomor referensi terdiri dari 6 sampai 40 huruf dan angka, misalnya RRN 12 angka.",
    "A reference has 6 to 40 letters and digits, such as an RRN of 12 digits.",
  ],
  reference_missing: [
    422,
    "corrected",
    "Sebutkan nomor referensi yang membuktikan pembayaran ini.",
    "Enter the reference that proves this payment.",
  ],
  reference_used: [
    409,
    "corrected",
    "Nomor referensi ini sudah dipakai pembayaran lain. Periksa lagi layar pelanggan.",
    "Another payment has this reference. Check the customer's screen again.",
  ],
  // payments
  channel_unknown: [
    422,
    "corrected",
    "Metode pembayaran ini tidak dikenal.",
    "This payment channel is unknown.",
  ],
  phone_needed: [
    422,
    "corrected",
    "Metode ini memerlukan nomor ponsel Indonesia milik pelanggan.",
    "This channel needs the customer's Indonesian mobile number.",
  ],
  channel_inactive: [
    409,
    "later",
    "Metode pembayaran ini sedang tidak aktif.",
    "This payment channel is not active now.",
  ],
  amount_below_minimum: [
    422,
    "corrected",
    "Jumlah di bawah batas terendah metode ini.",
    "The amount is below this channel's minimum.",
  ],
  amount_above_maximum: [
    422,
    "corrected",
    "Jumlah di atas batas tertinggi metode ini.",
    "The amount is above this channel's maximum.",
  ],
  routing_rule_unknown: [404, "no", "Aturan penyedia ini tidak ditemukan.", "The routing rule is not known."],
  routing_rule_limit: [
    409,
    "corrected",
    "Jumlah aturan sudah mencapai batas. Hapus yang tidak dipakai.",
    "The maximum number of routing rules is reached. Delete an unused one.",
  ],
  routing_bounds_invalid: [
    422,
    "corrected",
    "Aturan ini tidak akan pernah berlaku: batas bawahnya di atas batas atas, " +
      "atau hanya satu jam yang disebut.",
    "This rule would never apply: its lower amount is above the upper one, " +
      "or only one of its times is given.",
  ],
  qris_surcharge_forbidden: [
    409,
    "corrected",
    "Biaya QRIS tidak boleh dibebankan kepada pelanggan. " +
      "Ubah pengaturan biaya di penyedia menjadi ditanggung toko.",
    "The customer may not be charged a fee for QRIS. " +
      "Let the shop bear the fee in the provider's settings.",
  ],
  order_unknown: [404, "corrected", "Pesanan tidak ditemukan.", "The order is not known."],
  order_differs: [
    409,
    "no",
    "Pesanan dengan nomor ini sudah ada dan isinya berbeda.",
    "A different order with this id already exists.",
  ],
  order_paid: [409, "no", "Pesanan ini sudah lunas.", "This order is already paid."],
  order_cancelled: [409, "no", "Pesanan ini sudah dibatalkan.", "This order was cancelled."],
  payment_unknown: [404, "corrected", "Pembayaran tidak ditemukan.", "The payment is not known."],
  payment_not_open: [
    409,
    "no",
    "Pembayaran ini sudah lunas, kedaluwarsa, atau dibatalkan.",
    "This payment is already paid, expired or cancelled.",
  ],
  payment_unverified: [
    409,
    "later",
    "Belum ada laporan yang menunjukkan pembayaran QRIS statis ini. " +
      "Uangnya dapat dikembalikan setelah diverifikasi.",
    "No statement has confirmed this static QRIS payment yet. It can be refunded once it is verified.",
  ],
  payment_not_refundable: [
    409,
    "no",
    "Pembayaran ini tidak dapat dikembalikan dari sini: belum dibayar, atau dibayar tunai.",
    "This payment can't be refunded here: it is not paid, or it was cash.",
  ],
  refund_exceeds: [
    422,
    "corrected",
    "Pengembalian melebihi sisa yang dapat dikembalikan.",
    "The refund is more than what is left to refund.",
  ],
  refund_unknown: [404, "corrected", "Pengembalian tidak ditemukan.", "The refund is not known."],
  refund_not_manual: [
    409,
    "no",
    "Pengembalian ini tidak menunggu konfirmasi orang.",
    "This refund is not waiting for a person's confirmation.",
  ],
  amount_above_remaining: [
    422,
    "corrected",
    "Jumlah melebihi sisa tagihan pesanan ini.",
    "The amount is more than what remains to be paid of this order.",
  ],
  case_unknown: [404, "corrected", "Kasus tidak ditemukan.", "The case is not known."],
  case_settled: [409, "no", "Kasus ini sudah diselesaikan.", "This case is settled already."],
  case_disputed: [
    409,
    "no",
    "Uang ini sedang atau sudah ditarik kembali oleh penyedia.",
    "The provider has taken this money back; its dispute comes first.",
  ],
  dispute_unknown: [404, "corrected", "Sengketa tidak ditemukan.", "The dispute is not known."],
  dispute_settled: [409, "no", "Sengketa ini sudah diputus.", "This dispute is settled already."],
  case_does_not_fit: [
    422,
    "corrected",
    "Uang ini tidak cocok untuk pesanan itu: jumlah atau mata uangnya berbeda dari sisa tagihan.",
    "This money does not match that order: its amount or currency differs from what remains to be paid.",
  ],
  order_not_at_provider: [
    422,
    "corrected",
    "Pesanan ini tidak punya pembayaran pada penyedia itu.",
    "This order has no payment at that provider.",
  ],
  provider_refused: [
    502,
    "corrected",
    "Penyedia pembayaran menolak permintaan ini. Belum ada uang yang berpindah.",
    "The payment provider refused this request. No money has moved.",
  ],
  provider_unreachable: [
    502,
    "later",
    "Penyedia pembayaran belum dapat dihubungi. Belum ada uang yang berpindah.",
    "The payment provider can't be reached. No money has moved.",
  ],
  notification_signature_wrong: [
    403,
    "no",
    "Tanda tangan pemberitahuan tidak sah.",
    "The notification's signature is not valid.",
  ],
  notification_account_wrong: [
    403,
    "no",
    "Pemberitahuan ini menyebut pembayaran dari akun lain.",
    "The notification names a payment of another account.",
  ],
  provider_missing: [
    409,
    "corrected",
    "Toko ini belum punya penyedia pembayaran yang aktif. Pasang akunnya dulu.",
    "This shop has no active payment provider. Set up an account first.",
  ],
  provider_account_unknown: [
    404,
    "corrected",
    "Akun penyedia ini tidak ditemukan.",
    "The account at this provider is not known.",
  ],
  credentials_incomplete: [
    422,
    "corrected",
    "Kredensial ini belum lengkap untuk cara tanda tangan yang dipilih.",
    "These credentials are incomplete for the chosen signature method.",
  ],
  credentials_key_unreadable: [
    422,
    "corrected",
    "Kunci ini bukan kunci RSA minimal 2048 bit dalam bentuk PEM.",
    "The key is not an RSA key of at least 2048 bits in PEM form.",
  ],
  credentials_refused: [
    422,
    "corrected",
    "Penyedia pembayaran menolak kredensial ini. Tidak ada yang disimpan.",
    "The payment provider refuses these credentials. Nothing was saved.",
  ],
  credentials_unverified: [
    502,
    "later",
    "Penyedia pembayaran belum menjawab, jadi kredensial ini belum dapat diperiksa. Tidak ada yang disimpan.",
    "The payment provider did not answer, so these credentials could not be checked. Nothing was saved.",
  ],
  // user-supplied addresses, and deliveries to them
  url_malformed: [
    422,
    "corrected",
    "Alamat harus berupa URL lengkap tanpa nama pengguna, dengan porta 80, 443, atau di atas 1023.",
    "The address must be a complete URL without a user name, on port 80, 443 or above 1023.",
  ],
  url_insecure: [422, "corrected", "Alamat harus memakai https.", "The address must use https."],
  url_not_public: [
    422,
    "corrected",
    "Nama ini tidak mempunyai alamat di internet publik.",
    "This name has no address on the public internet.",
  ],
  endpoint_unknown: [404, "no", "Tujuan webhook tidak ditemukan.", "The webhook endpoint is not known."],
  endpoint_disabled: [
    409,
    "corrected",
    "Tujuan webhook ini tidak aktif. Aktifkan dulu.",
    "This webhook endpoint is disabled. Activate it first.",
  ],
  endpoint_limit: [
    409,
    "corrected",
    "Jumlah tujuan webhook sudah mencapai batas. Hapus yang tidak dipakai.",
    "The maximum number of webhook endpoints is reached. Delete an unused one.",
  ],
  delivery_unknown: [404, "no", "Kiriman webhook tidak ditemukan.", "The webhook delivery is not known."],
  // settlement
  provider_unknown: [
    422,
    "corrected",
    "Penyedia pembayaran ini tidak dikenal di toko ini.",
    "This shop does not know this payment provider.",
  ],
  statement_layout_unknown: [
    422,
    "corrected",
    "Tata letak berkas ini tidak dikenal.",
    "This file layout is unknown.",
  ],
  statement_mapping_invalid: [
    422,
    "corrected",
    "Pemetaan kolom tidak sesuai.",
    "The mapping of columns is invalid.",
  ],
  statement_unreadable: [
    422,
    "corrected",
    "Berkas ini tidak dapat dibaca sebagai CSV.",
    "The file can't be read as CSV.",
  ],
  statement_column_missing: [
    422,
    "corrected",
    "Berkas ini tidak punya kolom yang diperlukan.",
    "The file lacks a required column.",
  ],
  statement_row_invalid: [
    422,
    "corrected",
    "Satu baris berkas ini tidak dapat dibaca; tidak ada yang diimpor.",
    "A row of the file can't be read; nothing was imported.",
  ],
  statement_empty: [
    422,
    "corrected",
    "Berkas ini tidak berisi baris pembayaran.",
    "The file contains no payment rows.",
  ],
  statement_unknown: [404, "no", "Laporan ini tidak ditemukan.", "The statement is not known."],
  case_action_unfit: [
    422,
    "corrected",
    "Tindakan ini tidak berlaku untuk kasus ini.",
    "This action does not apply to this case.",
  ],
  case_outdated: [
    409,
    "corrected",
    "Kasus ini baru saja berubah. Muat ulang.",
    "The case has just changed. Reload it.",
  ],
} as const satisfies Record<string, Row>;

export type RefusalCode = keyof typeof refusals;

/** A refusal, returned as a value. `params` are machine-readable details without personal data. */
export type Refusal = {
  readonly refusal: RefusalCode;
  readonly params?: Readonly<Record<string, string | number>>;
};

export function refuse(refusal: RefusalCode, params?: Refusal["params"]): Refusal {
  return params ? { refusal, params } : { refusal };
}

export function isRefusal(value: unknown): value is Refusal {
  return typeof value === "object" && value !== null && "refusal" in value;
}

/** The wire form (RFC 9457, `application/problem+json`). */
export type Problem = {
  type: string;
  title: string;
  status: number;
  code: RefusalCode;
  detail: { id: string; en: string };
  retry: Retry;
  params?: Readonly<Record<string, string | number>>;
  request_id?: string;
};

export function toProblem({ refusal, params }: Refusal, requestId?: string): Problem {
  const [status, retry, id, en] = refusals[refusal];
  return {
    type: `urn:onegate:refusal:${refusal}`,
    title: en,
    status,
    code: refusal,
    detail: { id, en },
    retry,
    ...(params ? { params } : {}),
    ...(requestId ? { request_id: requestId } : {}),
  };
}
