import { channelOf, isQris } from "./channels.ts";

export type Instruction = { readonly title: string; readonly steps: readonly string[] };

/**
 * How to pay by a channel ("Instruksi Pembayaran"). `{{pay_code}}` and `{{amount}}` remain if the caller
 * gives no value. Without `html`, the tags are removed.
 */
export function instructionsFor(
  code: string,
  { payCode, amount, html = true }: { payCode?: string | null; amount?: number | null; html?: boolean },
): Instruction[] {
  const channel = channelOf(code);
  if (!channel) return [];
  const steps = stepsFor(channel.group, isQris(channel));
  const fill = (step: string) =>
    step
      .replace("{{pay_code}}", payCode ?? "{{pay_code}}")
      .replace("{{amount}}", amount === undefined || amount === null ? "{{amount}}" : String(amount));
  const plain = (step: string) => (html ? step : step.replaceAll(/<\/?b>/g, ""));
  return [{ title: `Pembayaran via ${channel.name}`, steps: steps.map((step) => plain(fill(step))) }];
}

function stepsFor(group: string, qris: boolean): string[] {
  if (qris)
    return [
      "Buka aplikasi pembayaran Anda",
      "Pindai kode QR",
      "Periksa jumlah <b>{{amount}}</b>, lalu bayar",
    ];
  if (group === "E-Wallet")
    return ["Buka tautan pembayaran", "Setujui pembayaran <b>{{amount}}</b> di aplikasi"];
  if (group === "Convenience Store")
    return ["Sebutkan kode bayar <b>{{pay_code}}</b> kepada kasir", "Bayar <b>{{amount}}</b>"];
  return [
    "Pilih menu Virtual Account",
    "Masukkan nomor <b>{{pay_code}}</b>",
    "Periksa jumlah <b>{{amount}}</b>, lalu bayar",
  ];
}
