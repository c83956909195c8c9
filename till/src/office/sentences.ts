import { checkedToMoney, isRefusal, toText } from "@onegate/contract";
import type { Language } from "../settings.ts";

/** The fields of an audit entry that a sentence needs. */
export type Told = {
  readonly action: string;
  readonly subject: string;
  readonly count: number;
  readonly before: Readonly<Record<string, unknown>> | null;
  readonly after: Readonly<Record<string, unknown>> | null;
};

/** The parts of a sentence about one entry, in one language. */
type Pieces = {
  /** Who did it. */
  readonly who: string;
  /** What it was done to, by name if the name is known. */
  readonly it: string;
  /** The field's value after the change, or else before it; empty if the entry has neither. */
  readonly field: (name: string) => string;
  /** A role in words, and what a right allows. */
  readonly role: string;
  readonly right: string;
  /** The name of the person or thing whose id is in the field. */
  readonly named: (name: string) => string;
  /** A sum: `amount`, or the field that holds one. */
  readonly sum: (name?: string) => string;
  /** The same sum before the change. */
  readonly was: (name?: string) => string;
  /** ", approved by NAME", or empty. */
  readonly approved: string;
};

type Sentence = readonly [id: (pieces: Pieces) => string, en: (pieces: Pieces) => string];

/** `text` after a preposition; empty if `text` is empty. */
const to = (text: string, preposition: string) => (text === "" ? "" : ` ${preposition} ${text}`);

/** The names of roles and rights in sentences. Those not listed here appear by their codes. */
const called: Readonly<Record<string, readonly [id: string, en: string]>> = {
  owner: ["pemilik", "owner"],
  manager: ["manajer", "manager"],
  cashier: ["kasir", "cashier"],
  custom: ["", ""],
  "sale.void": ["pembatalan", "a void"],
  "sale.refund": ["pengembalian uang", "a refund"],
  "sale.discount": ["diskon", "a discount"],
  "price.change": ["perubahan harga", "a change of price"],
  "drawer.open": ["pembukaan laci", "opening the drawer"],
  "day.reopen": ["pembukaan ulang hari", "reopening the day"],
};

/** A sentence in Indonesian and English for every action of the audit trail. */
export const sentences: Readonly<Record<string, Sentence>> = {
  "setup.done": [({ who }) => `${who} menyiapkan toko ini.`, ({ who }) => `${who} set this shop up.`],
  "staff.signed_in": [({ who }) => `${who} masuk.`, ({ who }) => `${who} signed in.`],
  "staff.sign_in_refused": [
    ({ it }) => `PIN ditolak atas nama ${it}.`,
    ({ it }) => `A PIN in the name of ${it} was refused.`,
  ],
  "staff.signed_out": [({ who }) => `${who} keluar.`, ({ who }) => `${who} signed out.`],
  "staff.session_ended": [
    ({ who, it }) => `${who} mengakhiri sesi ${it}.`,
    ({ who, it }) => `${who} ended the session of ${it}.`,
  ],
  "staff.added": [
    ({ who, it, role }) => `${who} menambah staf ${it}${to(role, "sebagai")}.`,
    ({ who, it, role }) => `${who} added ${it} to the staff${to(role, "as")}.`,
  ],
  "staff.changed": [({ who, it }) => `${who} mengubah data ${it}.`, ({ who, it }) => `${who} changed ${it}.`],
  "staff.pin_changed": [
    ({ who, it }) => `${who} mengganti PIN ${it}.`,
    ({ who, it }) => `${who} changed the PIN of ${it}.`,
  ],
  "staff.unblocked": [
    ({ who, it }) => `${who} membuka blokir ${it}.`,
    ({ who, it }) => `${who} lifted the block on ${it}.`,
  ],
  "owner.recovered": [
    ({ it }) => `PIN pemilik ${it} diatur ulang dari server.`,
    ({ it }) => `The PIN of the owner ${it} was reset from the server.`,
  ],
  "role.added": [
    ({ who, field }) => `${who} membuat peran ${field("name")}.`,
    ({ who, field }) => `${who} created the role ${field("name")}.`,
  ],
  "role.changed": [
    ({ who, field }) => `${who} mengubah peran ${field("name")}.`,
    ({ who, field }) => `${who} changed the role ${field("name")}.`,
  ],
  "role.removed": [
    ({ who, field }) => `${who} menghapus peran ${field("name")}.`,
    ({ who, field }) => `${who} deleted the role ${field("name")}.`,
  ],
  "device.code_made": [
    ({ who, field }) => `${who} membuat kode untuk mendaftarkan ${field("name")}.`,
    ({ who, field }) => `${who} made a code to enrol ${field("name")}.`,
  ],
  "device.enrolled": [
    ({ field }) => `Perangkat ${field("name")} didaftarkan.`,
    ({ field }) => `The device ${field("name")} was enrolled.`,
  ],
  "device.revoked": [
    ({ who, it }) => `${who} mencabut perangkat ${it}.`,
    ({ who, it }) => `${who} revoked the device ${it}.`,
  ],
  "user.signed_in": [() => "Seorang pengguna masuk.", () => "A user signed in."],
  "user.sign_in_refused": [
    () => "Upaya masuk seorang pengguna ditolak.",
    () => "A user's sign-in was refused.",
  ],
  "user.token_reused": [
    () => "Token lama seorang pengguna dipakai lagi; sesinya diakhiri.",
    () => "A user's old token was used again; the session was ended.",
  ],
  "user.password_changed": [
    () => "Seorang pengguna mengganti kata sandi.",
    () => "A user changed the password.",
  ],
  "user.profile_changed": [() => "Seorang pengguna mengubah profilnya.", () => "A user changed the profile."],
  "user.totp_changed": [
    () => "Seorang pengguna mengubah kode autentikatornya.",
    () => "A user changed the authenticator's codes.",
  ],
  "user.closed": [() => "Seorang pengguna menutup akunnya.", () => "A user closed the account."],
  "right.refused": [
    ({ who, right }) => `${who} mencoba ${right} tanpa hak.`,
    ({ who, right }) => `${who} tried ${right} without the right to do so.`,
  ],
  "key.out_of_scope": [
    ({ right }) => `Sebuah kunci API dipakai untuk ${right}, di luar cakupannya.`,
    ({ right }) => `An API key was used for ${right}, outside its scopes.`,
  ],
  "key.made": [
    ({ who, field }) => `${who} membuat kunci API ${field("name")}.`,
    ({ who, field }) => `${who} made the API key ${field("name")}.`,
  ],
  "key.revoked": [
    ({ who, field }) => `${who} mencabut kunci API ${field("name")}.`,
    ({ who, field }) => `${who} revoked the API key ${field("name")}.`,
  ],
  "approval.given": [
    ({ who, right, sum, named }) =>
      `${who} menyetujui ${right}${to(sum(), "sebesar")} untuk ${named("asked_by")}.`,
    ({ who, right, sum, named }) => `${who} approved ${right}${to(sum(), "of")} for ${named("asked_by")}.`,
  ],
  "approval.refused": [
    ({ who, right }) => `Persetujuan ${right} yang diminta ${who} ditolak.`,
    ({ who, right }) => `An approval of ${right} that ${who} asked for was refused.`,
  ],
  "sale.cancelled": [
    ({ who }) => `${who} membatalkan penjualan yang belum dibayar.`,
    ({ who }) => `${who} cancelled an unpaid sale.`,
  ],
  "sale.voided": [
    ({ who, sum, approved }) => `${who} membatalkan penjualan${to(sum(), "sebesar")}${approved}.`,
    ({ who, sum, approved }) => `${who} voided a sale${to(sum(), "of")}${approved}.`,
  ],
  "sale.refunded": [
    ({ who, sum, approved }) => `${who} mengembalikan uang${to(sum(), "sebesar")}${approved}.`,
    ({ who, sum, approved }) => `${who} refunded ${sum() || "money"}${approved}.`,
  ],
  "drawer.opened": [
    ({ who, approved }) => `${who} membuka laci uang tanpa penjualan${approved}.`,
    ({ who, approved }) => `${who} opened the drawer without a sale${approved}.`,
  ],
  "payment.refunded": [
    ({ who, sum }) => `${who} mengembalikan pembayaran${to(sum(), "sebesar")}.`,
    ({ who, sum }) => `${who} refunded a payment${to(sum(), "of")}.`,
  ],
  "refund.decided": [
    ({ who, field }) => `${who} memutuskan pengembalian${to(field("decision"), "·")}.`,
    ({ who, field }) => `${who} decided a refund${to(field("decision"), "·")}.`,
  ],
  "routing.added": [
    ({ who }) => `${who} menambah aturan pemilihan penyedia pembayaran.`,
    ({ who }) => `${who} added a rule for choosing payment providers.`,
  ],
  "routing.changed": [
    ({ who }) => `${who} mengubah aturan pemilihan penyedia pembayaran.`,
    ({ who }) => `${who} changed a rule for choosing payment providers.`,
  ],
  "routing.removed": [
    ({ who }) => `${who} menghapus aturan pemilihan penyedia pembayaran.`,
    ({ who }) => `${who} removed a rule for choosing payment providers.`,
  ],
  "product.added": [
    ({ who, field }) => `${who} menambah barang ${field("name")}.`,
    ({ who, field }) => `${who} added the product ${field("name")}.`,
  ],
  "product.changed": [
    ({ who, field, it }) => `${who} mengubah barang ${field("name") || it}.`,
    ({ who, field, it }) => `${who} changed the product ${field("name") || it}.`,
  ],
  "price.changed": [
    ({ who, it, was, sum, approved }) =>
      `${who} mengubah harga ${it}${to(was("price"), "dari")}${to(sum("price"), "menjadi")}${approved}.`,
    ({ who, it, was, sum, approved }) =>
      `${who} changed the price of ${it}${to(was("price"), "from")}${to(sum("price"), "to")}${approved}.`,
  ],
  "outlet.added": [
    ({ who, field }) => `${who} menambah outlet ${field("name")}.`,
    ({ who, field }) => `${who} added the outlet ${field("name")}.`,
  ],
  "outlet.changed": [({ who }) => `${who} mengubah data outlet.`, ({ who }) => `${who} changed the outlet.`],
  "outlet.static_qris_set": [
    ({ who, field }) => `${who} memasang QRIS statis${to(field("merchant_name"), "·")}.`,
    ({ who, field }) => `${who} set the static QRIS${to(field("merchant_name"), "·")}.`,
  ],
  "outlet.static_qris_removed": [
    ({ who }) => `${who} melepas QRIS statis.`,
    ({ who }) => `${who} removed the static QRIS.`,
  ],
  "provider.changed": [
    ({ who, field }) => `${who} mengubah akun penyedia ${field("provider")}.`,
    ({ who, field }) => `${who} changed the account at ${field("provider")}.`,
  ],
  "webhook.added": [
    ({ who, field }) => `${who} menambah webhook ke ${field("host")}.`,
    ({ who, field }) => `${who} added a webhook to ${field("host")}.`,
  ],
  "webhook.changed": [
    ({ who, field }) => `${who} mengubah webhook ke ${field("host")}.`,
    ({ who, field }) => `${who} changed the webhook to ${field("host")}.`,
  ],
  "webhook.secret_rotated": [
    ({ who }) => `${who} mengganti rahasia sebuah webhook.`,
    ({ who }) => `${who} rotated a webhook's secret.`,
  ],
  "webhook.removed": [
    ({ who, field }) => `${who} menghapus webhook ke ${field("host")}.`,
    ({ who, field }) => `${who} deleted the webhook to ${field("host")}.`,
  ],
  "case.decided": [
    ({ who, sum }) => `${who} memutuskan kasus uang${to(sum(), "sebesar")}.`,
    ({ who, sum }) => `${who} decided a money case${to(sum(), "of")}.`,
  ],
  "dispute.settled": [
    ({ who, sum }) => `${who} menyelesaikan sengketa${to(sum(), "sebesar")}.`,
    ({ who, sum }) => `${who} settled a dispute${to(sum(), "of")}.`,
  ],
  "statement.imported": [
    ({ who, field }) => `${who} mengimpor laporan ${field("provider")}.`,
    ({ who, field }) => `${who} imported a statement of ${field("provider")}.`,
  ],
  "settlement.case_decided": [
    ({ who }) => `${who} memutuskan kasus penyelesaian.`,
    ({ who }) => `${who} decided a settlement case.`,
  ],
  "wallet.account_decided": [
    ({ who }) => `${who} mengubah status akun dompet.`,
    ({ who }) => `${who} changed a wallet account's status.`,
  ],
  "wallet.withdrawal_decided": [
    ({ who, sum }) => `${who} memutuskan penarikan${to(sum(), "sebesar")}.`,
    ({ who, sum }) => `${who} decided a withdrawal${to(sum(), "of")}.`,
  ],
  "wallet.refunded": [
    ({ who, sum }) => `${who} mengembalikan pembayaran dompet${to(sum(), "sebesar")}.`,
    ({ who, sum }) => `${who} refunded a wallet payment${to(sum(), "of")}.`,
  ],
  "audit.exported": [
    ({ who }) => `${who} mengunduh jejak audit.`,
    ({ who }) => `${who} downloaded the audit trail.`,
  ],
};

const some = (value: unknown) =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : "";

/** The text of a decimal amount and its currency; empty if there is none. */
function toSum(fields: Told["before"], name: string, language: Language): string {
  const [amount, currency] = [fields?.[name], fields?.["currency"]];
  if (typeof amount !== "string" || typeof currency !== "string") return "";
  const checked = checkedToMoney({ amount, currency }, "any");
  return isRefusal(checked) ? "" : toText(checked, language);
}

/** An entry as a sentence. `nameOf` gives the name of a person, device or product by id, if known. */
export function sentenceOf(
  entry: Told,
  who: string,
  nameOf: (id: string) => string | undefined,
  language: Language,
): string {
  const { action, subject, count, before, after } = entry;
  const field = (name: string) => some(after?.[name] ?? before?.[name]);
  const named = (name: string) => nameOf(field(name)) ?? (language === "id" ? "seseorang" : "somebody");
  const approver = field("approved_by");
  const wordFor = (name: string) => called[name]?.[language === "id" ? 0 : 1] ?? name;
  const pieces: Pieces = {
    who,
    it:
      nameOf(subject) ?? (field("name") || (language === "id" ? "yang tak dikenal lagi" : "an unknown item")),
    field,
    named,
    role: wordFor(field("role")),
    right: wordFor(field("right")),
    sum: (name = "amount") => toSum(after, name, language) || toSum(before, name, language),
    was: (name = "amount") => toSum(before, name, language),
    approved:
      approver === ""
        ? ""
        : language === "id"
          ? `, disetujui ${named("approved_by")}`
          : `, approved by ${named("approved_by")}`,
  };
  const [id, en] = sentences[action] ?? [() => `${who}: ${action}`, () => `${who}: ${action}`];
  const text = language === "id" ? id(pieces) : en(pieces);
  return count > 1 ? `${text.slice(0, -1)} (${count}×).` : text;
}
