import { useSettings, type Language } from "../settings.ts";
import type { FaultCode } from "./csv.ts";

const id = {
  back: "Kembali",
  next: "Lanjut",
  skip: "Lewati",
  stepOf: (step: number, steps: number) => `Langkah ${step} dari ${steps}`,
  noAnswer: "Belum ada jawaban dari server. Toko ini disiapkan satu kali saja; tekan lagi.",
  noServer: "Belum tersambung ke server. Coba lagi sebentar.",
  // enrolment
  connect: "Sambungkan tablet ini",
  connectHow:
    "Minta kode dari pemilik atau manajer. Di kasir mereka: Toko, lalu Perangkat, lalu Perangkat baru.",
  connectAgain: (name: string) =>
    `Tablet ini tersambung sebagai “${name}”. Dengan kode baru, tablet ini pindah ke toko pemberi kode. ` +
    "Lanjutkan hanya bila Anda yang memintanya.",
  code: "Kode",
  codeHint: "8 huruf dan angka, berlaku 10 menit.",
  connectNow: "Sambungkan",
  connecting: "Menyambungkan…",
  otherwise: "Tidak punya kode?",
  otherwiseNew: "Buat toko baru",
  otherwiseOwner: "Saya pemilik, tidak ada perangkat lain",
  // owner's way back
  recover: "Jalan masuk pemilik",
  recoverHow: "Di server toko, jalankan perintah ini. Ia menulis kode yang berlaku satu kali:",
  recoverHint: "8 huruf dan angka, berlaku 30 menit.",
  recoverPin: "PIN baru untuk pemilik",
  recoverPinWhy: "PIN lama tidak berlaku lagi.",
  // a revoked device
  revoked: "Tablet ini dicabut",
  revokedWhat:
    "Pemilik atau manajer mencabut tablet ini. Sesi di sini sudah dihapus; kasir tidak dapat dibuka.",
  revokedNothing: "Tidak ada penjualan yang belum terkirim.",
  revokedUnsent: (sum: string, time: string, what: string) =>
    `Penjualan ${sum} pukul ${time} (${what}) belum terjawab server saat dicabut. ` +
    "Lihat dulu di Riwayat pada perangkat lain; catat ulang hanya bila tidak ada.",
  revokedCart: (n: number) => `${n} barang di keranjang belum dibayar.`,
  revokedWaiting:
    "1 pembayaran masih ditunggu; server terus memeriksanya. Lihat Riwayat pada perangkat lain.",
  connectNew: "Sambungkan lagi",
  // set-up
  setup: "Siapkan toko",
  setupCode: "Kode penyiapan",
  setupCodeWhy:
    "Hanya orang yang memegang server boleh membuat toko. " +
    "Kodenya ditulis program saat mulai, di jendela tempat program dijalankan.",
  setupCodeNew: "Kodenya hilang? Jalankan di server:",
  shop: "Toko Anda",
  shopWhy: "Nama dan alamat ini tercetak di struk.",
  shopName: "Nama toko",
  shopNameHint: "Misalnya Warung Bu Rini",
  address: "Alamat",
  addressHint: "Jalan, nomor, kota",
  phone: "Telepon (boleh kosong)",
  zone: "Zona waktu",
  tax: "Pajak",
  taxWhy: "Dapat diubah nanti oleh pemilik.",
  taxes: {
    ppn_included: [
      "PPN, sudah termasuk",
      "Harga di rak sudah berisi PPN 11 % (12 % dari 11/12 harga): pelanggan membayar tepat harga itu.",
    ],
    ppn_added: ["PPN, ditambahkan", "PPN 11 % ditambahkan di atas harga rak saat membayar."],
    pb1_10: [
      "PB1 10 %, restoran",
      "Pajak daerah untuk makanan di tempat, 10 % di atas harga; menggantikan PPN.",
    ],
    none: ["Tanpa pajak", "Untuk usaha yang bukan PKP dan tidak dipungut PB1."],
  },
  logo: "Logo",
  logoWhy: "Tampil di kasir. Tanpa gambar, kasir memakai inisial toko.",
  logoPick: "Pilih gambar",
  logoOther: "Ganti gambar",
  logoDrop: "Hapus gambar",
  logoNo: "Berkas ini bukan gambar yang dapat dibaca. Pakai PNG, JPEG atau WebP.",
  owner: "Anda, pemilik",
  ownerWhy: "Nama ini tampil di layar kunci.",
  ownerName: "Nama Anda",
  ownerPin: (name: string) => `PIN untuk ${name}`,
  pinWhy: "Membuka kasir. Jangan pakai tanggal lahir.",
  cashier: "Kasir pertama",
  cashierWhy: "Boleh dilewati; pegawai dapat ditambah nanti.",
  cashierName: "Nama kasir",
  products: "Barang",
  productsWhy: "Pilih berkas CSV, atau tempel dari lembar hitung: nama, harga, kategori, barcode, stok.",
  productsPick: "Pilih berkas",
  productsPaste: "atau tempel di sini",
  productsSample: "Kopi Tubruk; 12.000; Kopi\nPisang Goreng; 15.000; Camilan",
  productsFound: (n: number) => `${n} barang siap`,
  productsFaults: (n: number) => `${n} baris tidak terbaca`,
  productsMore: (n: number) => `dan ${n} lagi`,
  productsLine: (line: number) => `Baris ${line}`,
  productsUse: (n: number) => `Pakai ${n} barang`,
  productsUseRest: (n: number) => `Pakai ${n}, lewati yang salah`,
  productsBig: "Berkas ini terlalu besar; batasnya 500 kB.",
  faults: {
    columns_unknown: "kolom nama dan harga tidak ditemukan",
    name_missing: "nama kosong",
    name_long: "nama atau kategori terlalu panjang",
    name_twice: "nama ini sudah ada di atas",
    price_missing: "harga kosong",
    price_unreadable: "harga bukan rupiah bulat",
    barcode_wrong: "barcode bukan EAN atau UPC yang benar",
    barcode_twice: "barcode ini sudah ada di atas",
    stock_unreadable: "stok bukan bilangan bulat",
    too_many: "lebih dari 2.000 barang",
  } satisfies Record<FaultCode, string>,
  making: "Menyiapkan toko…",
  ready: (name: string) => `${name} siap`,
  readyWhat: (products: number) =>
    products === 0
      ? "Kasir sudah terbuka. Barang dapat ditambahkan kapan saja."
      : `Kasir sudah terbuka, dengan ${products} barang di rak.`,
  start: "Mulai jualan",
  pinsAgain: "PIN tidak ikut disimpan. Pilih lagi.",
};

type Shape = typeof id;
export type SetupWords = {
  readonly [Key in keyof Shape]: Shape[Key] extends (...values: infer Values) => string
    ? (...values: Values) => string
    : Shape[Key] extends string
      ? string
      : {
          readonly [Inner in keyof Shape[Key]]: Shape[Key][Inner] extends string ? string : readonly string[];
        };
};

const en: SetupWords = {
  back: "Back",
  next: "Continue",
  skip: "Skip",
  stepOf: (step, steps) => `Step ${step} of ${steps}`,
  noAnswer: "No answer from the server yet. This shop is set up only once; press again.",
  noServer: "Not connected to the server. Try again in a moment.",
  connect: "Connect this tablet",
  connectHow: "Ask an owner or manager for a code. On their till: Shop, then Devices, then New device.",
  connectAgain: (name) =>
    `This tablet is connected as “${name}”. A new code moves it to the shop that gave the code. ` +
    "Continue only if you asked for this.",
  code: "Code",
  codeHint: "8 letters and digits, valid for 10 minutes.",
  connectNow: "Connect",
  connecting: "Connecting…",
  otherwise: "No code?",
  otherwiseNew: "Set up a new shop",
  otherwiseOwner: "I am the owner and have no other device",
  recover: "Owner recovery",
  recoverHow: "On the shop's server, run this command. It prints a code that works once:",
  recoverHint: "8 letters and digits, valid for 30 minutes.",
  recoverPin: "A new PIN for the owner",
  recoverPinWhy: "The old PIN no longer works.",
  revoked: "This tablet was revoked",
  revokedWhat:
    "An owner or manager revoked this tablet. Its sessions are deleted here; the till can't be opened.",
  revokedNothing: "There are no unsent sales.",
  revokedUnsent: (sum, time, what) =>
    `The sale of ${sum} at ${time} (${what}) had no answer from the server when the tablet was revoked. ` +
    "Look in the history on another device first; enter it again only if it isn't there.",
  revokedCart: (n) =>
    n === 1 ? "1 item in the cart was not paid." : `${n} items in the cart were not paid.`,
  revokedWaiting:
    "1 payment is still pending; the server keeps checking it. See the history on another device.",
  connectNew: "Connect again",
  setup: "Set up a shop",
  setupCode: "Set-up code",
  setupCodeWhy:
    "Only a person with access to the server can create a shop. " +
    "The program prints the code when it starts, in the window where it runs.",
  setupCodeNew: "Lost the code? Run this on the server:",
  shop: "Your shop",
  shopWhy: "This name and address are printed on receipts.",
  shopName: "Name of the shop",
  shopNameHint: "Such as Warung Bu Rini",
  address: "Address",
  addressHint: "Street, number, city",
  phone: "Telephone (may be empty)",
  zone: "Time zone",
  tax: "Tax",
  taxWhy: "The owner can change it later.",
  taxes: {
    ppn_included: [
      "PPN, included",
      "Shelf prices include PPN of 11 % (12 % on 11/12 of the price): customers pay exactly that price.",
    ],
    ppn_added: ["PPN, added", "PPN of 11 % is added to the shelf price at payment."],
    pb1_10: [
      "PB1 10 %, restaurant",
      "The local tax on food served, 10 % on top of the price; it replaces PPN.",
    ],
    none: ["No tax", "For businesses that are not PKP and don't owe PB1."],
  },
  logo: "Logo",
  logoWhy: "Shown at the till. Without a picture the shop uses its initials.",
  logoPick: "Choose a picture",
  logoOther: "Another picture",
  logoDrop: "Remove the picture",
  logoNo: "This file is not a picture that can be read. Use PNG, JPEG or WebP.",
  owner: "You, the owner",
  ownerWhy: "This name is on the locked screen.",
  ownerName: "Your name",
  ownerPin: (name) => `A PIN for ${name}`,
  pinWhy: "It opens the till. Don't use a date of birth.",
  cashier: "First cashier",
  cashierWhy: "You may skip this; staff can be added later.",
  cashierName: "Cashier's name",
  products: "Products",
  productsWhy: "Choose a CSV file, or paste from a spreadsheet: name, price, category, barcode, stock.",
  productsPick: "Choose a file",
  productsPaste: "or paste here",
  productsSample: "Kopi Tubruk; 12.000; Kopi\nPisang Goreng; 15.000; Camilan",
  productsFound: (n) => (n === 1 ? "1 product ready" : `${n} products ready`),
  productsFaults: (n) => (n === 1 ? "1 line can't be read" : `${n} lines can't be read`),
  productsMore: (n) => `and ${n} more`,
  productsLine: (line) => `Line ${line}`,
  productsUse: (n) => (n === 1 ? "Use 1 product" : `Use ${n} products`),
  productsUseRest: (n) => `Use ${n}, skip the wrong ones`,
  productsBig: "The file is too large; the limit is 500 kB.",
  faults: {
    columns_unknown: "no columns for name and price",
    name_missing: "the name is empty",
    name_long: "name or category is too long",
    name_twice: "this name already appears above",
    price_missing: "the price is empty",
    price_unreadable: "the price is not in whole rupiah",
    barcode_wrong: "the barcode is not a valid EAN or UPC",
    barcode_twice: "this barcode already appears above",
    stock_unreadable: "the stock is not a whole number",
    too_many: "more than 2,000 products",
  },
  making: "Setting up the shop…",
  ready: (name) => `${name} is ready`,
  readyWhat: (products) =>
    products === 0
      ? "The till is open. Products can be added at any time."
      : `The till is open, with ${products === 1 ? "1 product" : `${products} products`} on the shelf.`,
  start: "Start selling",
  pinsAgain: "PINs are not kept. Choose them again.",
};

const dictionary: Readonly<Record<Language, SetupWords>> = { id, en };

export function useSetupWords(): SetupWords {
  return dictionary[useSettings().language];
}
