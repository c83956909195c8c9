import { IDR, money, toText } from "@onegate/contract";
import type { Status } from "../transaction.ts";

export const statusWords: Readonly<Record<Status, string>> = {
  UNPAID: "Menunggu",
  PAID: "Lunas",
  EXPIRED: "Kedaluwarsa",
  FAILED: "Gagal",
  CANCELLED: "Dibatalkan",
  REFUND: "Dikembalikan",
};

export function rupiah(whole: number): string {
  return toText(money(BigInt(whole) * 100n, IDR));
}

const clockFace = new Intl.DateTimeFormat("id-ID", {
  timeZone: "Asia/Jakarta",
  day: "2-digit",
  month: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});

/** Day and time in Jakarta, from Unix seconds. */
export function wib(seconds: number): string {
  return `${clockFace.format(seconds * 1_000)} WIB`;
}
