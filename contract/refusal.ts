/** What the caller may do next: never repeat as it is, repeat later, or correct and repeat. */
export type Retry = "no" | "later" | "corrected";

type Row = readonly [status: number, retry: Retry, id: string, en: string];

/** Every expected "no": code → HTTP status, retry advice, and the sentence in Indonesian and English. */
export const refusals = {
  // the request itself
  request_malformed: [400, "corrected", "Permintaan tidak dapat dibaca.", "The request can't be read."],
  request_invalid: [
    422,
    "corrected",
    "Isi permintaan tidak sesuai.",
    "The request's content is not as described.",
  ],
  request_too_large: [
    413,
    "corrected",
    "Permintaan terlalu besar untuk alamat ini.",
    "The request is larger than this address takes.",
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
    "This address does not take this method. See the Allow header.",
  ],
  host_unknown: [
    421,
    "corrected",
    "Server ini tidak melayani nama host itu. Pakai alamat resminya, atau tambahkan namanya ke ONEGATE_HOSTS.",
    "This server does not answer for that host name. Use its own address, or add the name to ONEGATE_HOSTS.",
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
    "Metrics are open to this machine alone. Set ONEGATE_METRICS_TOKEN to read them from elsewhere.",
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
    "Something is wrong on our side. Quote the request id when you contact us.",
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
    "The server's storage is full. No money has moved; tell its operator, then try again.",
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
  amount_too_large: [422, "corrected", "Jumlah melampaui batas.", "The amount is beyond the limit."],
  amount_not_positive: [422, "corrected", "Jumlah harus lebih dari nol.", "The amount must be above zero."],
  amount_not_whole: [
    422,
    "corrected",
    "Metode ini hanya menerima rupiah bulat, tanpa sen.",
    "This channel takes whole rupiah only, without sen.",
  ],
  amount_mismatch: [
    422,
    "corrected",
    "Jumlah tidak sama dengan hitungan barangnya.",
    "The amount is not the sum of its items.",
  ],
  currency_unknown: [
    422,
    "corrected",
    "Kode mata uang tidak dikenal (ISO 4217).",
    "The currency code is not known (ISO 4217).",
  ],
  currency_unsupported: [
    422,
    "corrected",
    "Mata uang ini tidak dilayani di sini.",
    "This currency is not served here.",
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
    "Idempotency-Key harus 1 sampai 255 huruf ASCII yang tampak.",
    "An Idempotency-Key is 1 to 255 visible ASCII characters.",
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
    "A request with this key is still being worked on. Wait a moment, then ask again.",
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
    "The account is in another currency than the transfer.",
  ],
  insufficient_funds: [422, "later", "Saldo tidak cukup.", "The balance is not enough."],
  transfer_differs: [
    409,
    "no",
    "Transfer dengan id ini sudah ada dan isinya berbeda.",
    "A transfer with this id exists and is not the same.",
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
    "The amount is more than what is held.",
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
    "Di sandbox, tanpa kredensial ini hanya dapat dipakai dari komputernya sendiri. Pakai kunci.",
    "In the sandbox this works without credentials from the machine itself alone. Use a key.",
  ],
  scope_missing: [
    403,
    "no",
    "Kunci ini tidak punya cakupan untuk melakukan ini.",
    "This key has no scope for this.",
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
    "The approval was used, has expired, or is for something else. Ask again.",
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
    "Tidak ada yang menyetujui permintaannya sendiri. Minta orang lain.",
    "Nobody approves what he asks for himself. Ask somebody else.",
  ],
  pin_wrong: [401, "corrected", "PIN salah.", "The PIN is wrong."],
  pin_blocked: [
    403,
    "no",
    "Terlalu banyak PIN salah di perangkat ini. Masuk di perangkat lain, atau minta pemilik atau manajer membukanya.",
    "Too many wrong PINs on this device. Unlock on another device, or ask an owner or manager to lift it.",
  ],
  pin_too_simple: [
    422,
    "corrected",
    "PIN ini terlalu mudah ditebak. Pilih yang lain.",
    "This PIN is too easy to guess. Choose another one.",
  ],
  pin_change_needed: [403, "corrected", "Ganti PIN dulu.", "Set another PIN first."],
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
    "This code is not known, was used, or has expired.",
  ],
  pin_unchanged: [
    422,
    "corrected",
    "PIN baru harus berbeda dari yang lama.",
    "The new PIN must be another one than the old.",
  ],
  staff_differs: [
    409,
    "no",
    "Pegawai dengan id ini sudah ada dan isinya berbeda.",
    "A staff member with this id exists and is not the same.",
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
  role_name_taken: [409, "corrected", "Nama peran ini sudah dipakai.", "This name of a role is taken."],
  right_not_grantable: [
    422,
    "corrected",
    "Hak ini tidak dapat diberikan kepada peran buatan sendiri.",
    "This right can't be given to a role of one's own.",
  ],
  time_zone_unknown: [
    422,
    "corrected",
    "Zona waktu tidak dikenal, misalnya Asia/Jakarta.",
    "The time zone is not known; write it as Asia/Jakarta.",
  ],
  day_begins_late: [
    422,
    "corrected",
    "Hari usaha dimulai antara 00:00 dan 11:59; penjualan sebelum jam itu masuk hari kemarin.",
    "A business day begins between 00:00 and 11:59; what is sold before it belongs to the day before.",
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
    "Nama pengguna terdiri dari 3 sampai 50 huruf, angka, titik, garis bawah atau tanda hubung, dan diawali huruf.",
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
    "Too many tries to sign in. Wait a moment.",
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
    "This can't be done with the withdrawal in its present step.",
  ],
  range_too_large: [
    422,
    "corrected",
    "Terlalu banyak transaksi dalam rentang ini. Minta rentang hari yang lebih pendek.",
    "There are too many entries in this range. Ask for fewer days.",
  ],
  limit_per_transaction: [
    422,
    "corrected",
    "Jumlah melampaui batas sekali transaksi.",
    "The amount is beyond the limit of one transaction.",
  ],
  limit_per_day: [
    422,
    "later",
    "Jumlah melampaui sisa batas hari ini.",
    "The amount is beyond what is left of today's limit.",
  ],
  limit_per_month: [
    422,
    "later",
    "Jumlah melampaui sisa batas bulan ini.",
    "The amount is beyond what is left of this month's limit.",
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
    "There is a product of this name already.",
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
    "A barcode has 8, 12, 13 or 14 digits, the last of which checks the others.",
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
    "A sale with this id exists and is not the same.",
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
    "A part of this sale was given back already. Refund the rest instead.",
  ],
  return_line_unknown: [
    422,
    "corrected",
    "Baris ini tidak ada di penjualan ini, atau disebut dua kali.",
    "The sale has no such line, or it is named twice.",
  ],
  return_line_exceeds: [
    422,
    "corrected",
    "Jumlah barang melebihi yang masih dapat dikembalikan.",
    "This is more than what is left of the line to return.",
  ],
  outlet_unknown: [404, "no", "Outlet tidak ditemukan.", "The outlet is not known."],
  // a shop's printed code
  qris_malformed: [
    422,
    "corrected",
    "Ini bukan isi QRIS yang lengkap. Salin seluruh teksnya.",
    "This is not a whole QRIS payload. Copy all of its text.",
  ],
  qris_crc_wrong: [
    422,
    "corrected",
    "Isi QRIS berubah atau terpotong: angka pemeriksanya tidak cocok.",
    "The QRIS payload was changed or cut: its checksum does not fit.",
  ],
  qris_not_static: [
    422,
    "corrected",
    "Ini QRIS dinamis, untuk satu pembayaran saja. Pakai QRIS statis yang dicetak untuk toko.",
    "This is a dynamic QRIS, good for one payment. Use the static one that was printed for the shop.",
  ],
  qris_is_transfer: [
    422,
    "corrected",
    "Ini QR transfer antarorang, bukan QRIS toko.",
    "This is a code for transfers between people, not a shop's QRIS.",
  ],
  qris_currency_unfit: [422, "corrected", "QRIS ini bukan dalam rupiah.", "This QRIS is not in rupiah."],
  qris_country_unfit: [422, "corrected", "QRIS ini bukan dari Indonesia.", "This QRIS is not of Indonesia."],
  static_qris_missing: [
    409,
    "corrected",
    "Toko ini belum memasang QRIS statis. Minta pemilik memasangnya.",
    "This shop has set no static QRIS. Ask the owner to set one.",
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
    "Name the reference that proves this payment.",
  ],
  reference_used: [
    409,
    "corrected",
    "Nomor referensi ini sudah dipakai pembayaran lain. Periksa lagi layar pelanggan.",
    "Another payment has this reference. Look at the customer's screen again.",
  ],
  // payments
  channel_unknown: [
    422,
    "corrected",
    "Metode pembayaran ini tidak dikenal.",
    "This payment channel is not known.",
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
    "There are as many routing rules as there may be. Delete one that is not used.",
  ],
  routing_bounds_invalid: [
    422,
    "corrected",
    "Aturan ini tidak akan pernah berlaku: batas bawahnya di atas batas atas, atau hanya satu jam yang disebut.",
    "This rule would never apply: its lower amount is above the upper one, or only one of its times is given.",
  ],
  qris_surcharge_forbidden: [
    409,
    "corrected",
    "Biaya QRIS tidak boleh dibebankan kepada pelanggan. Ubah pengaturan biaya di penyedia menjadi ditanggung toko.",
    "The customer may not be charged a fee for QRIS. Set the fee to be borne by the shop in the provider's settings.",
  ],
  order_unknown: [404, "corrected", "Pesanan tidak ditemukan.", "The order is not known."],
  order_differs: [
    409,
    "no",
    "Pesanan dengan nomor ini sudah ada dan isinya berbeda.",
    "An order with this id exists and is not the same.",
  ],
  order_paid: [409, "no", "Pesanan ini sudah lunas.", "This order is already paid."],
  order_cancelled: [409, "no", "Pesanan ini sudah dibatalkan.", "This order was cancelled."],
  payment_unknown: [404, "corrected", "Pembayaran tidak ditemukan.", "The payment is not known."],
  payment_not_open: [
    409,
    "no",
    "Pembayaran ini sudah lunas, kedaluwarsa, atau dibatalkan.",
    "This payment is paid, over or cancelled.",
  ],
  payment_unverified: [
    409,
    "later",
    "Belum ada laporan yang menunjukkan pembayaran QRIS statis ini. Uangnya dapat dikembalikan setelah diverifikasi.",
    "No statement has shown this payment by the printed QRIS yet. It can be given back once it is verified.",
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
    "The refund is more than what is left to give back.",
  ],
  refund_unknown: [404, "corrected", "Pengembalian tidak ditemukan.", "The refund is not known."],
  refund_not_manual: [
    409,
    "no",
    "Pengembalian ini tidak menunggu konfirmasi orang.",
    "This refund does not wait for a person's word.",
  ],
  amount_above_remaining: [
    422,
    "corrected",
    "Jumlah melebihi sisa tagihan pesanan ini.",
    "The amount is more than what is still to be paid of this order.",
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
    "This money does not fit that order: its sum or currency is not what is still to be paid.",
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
    "This shop has no active payment provider. Set an account up first.",
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
    "These credentials lack what the chosen way of signing needs.",
  ],
  credentials_key_unreadable: [
    422,
    "corrected",
    "Kunci ini bukan kunci RSA minimal 2048 bit dalam bentuk PEM.",
    "The key is no RSA key of at least 2048 bits in PEM.",
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
  // addresses that others name, and deliveries to them
  url_malformed: [
    422,
    "corrected",
    "Alamat harus berupa URL lengkap tanpa nama pengguna, dengan porta 80, 443, atau di atas 1023.",
    "The address must be a whole URL without a user name, on port 80, 443 or above 1023.",
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
    "This webhook endpoint is disabled. Make it active first.",
  ],
  endpoint_limit: [
    409,
    "corrected",
    "Jumlah tujuan webhook sudah mencapai batas. Hapus yang tidak dipakai.",
    "There are as many webhook endpoints as there may be. Delete one that is not used.",
  ],
  delivery_unknown: [404, "no", "Kiriman webhook tidak ditemukan.", "The webhook delivery is not known."],
  // settlement
  provider_unknown: [
    422,
    "corrected",
    "Penyedia pembayaran ini tidak dikenal di toko ini.",
    "This payment provider is not known to this shop.",
  ],
  statement_layout_unknown: [
    422,
    "corrected",
    "Tata letak berkas ini tidak dikenal.",
    "This layout of files is not known.",
  ],
  statement_mapping_invalid: [
    422,
    "corrected",
    "Pemetaan kolom tidak sesuai.",
    "The mapping of columns is not as described.",
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
    "The file lacks a column that is needed.",
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
    "The file holds no row of money.",
  ],
  statement_unknown: [404, "no", "Laporan ini tidak ditemukan.", "The statement is not known."],
  case_action_unfit: [
    422,
    "corrected",
    "Tindakan ini tidak berlaku untuk kasus ini.",
    "This can't be done with this case.",
  ],
  case_outdated: [
    409,
    "corrected",
    "Kasus ini baru saja berubah. Muat ulang.",
    "The case has just changed. Read it again.",
  ],
} as const satisfies Record<string, Row>;

export type RefusalCode = keyof typeof refusals;

/** A named "no", returned as a value; `params` are machine-readable facts that carry no personal data. */
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
