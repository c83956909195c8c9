import { IDR, isQrisProblem, makeQris, money } from "@onegate/contract";

/** A scannable QRIS code of a shop that does not exist. The reference label identifies the transaction. */
export function qrisOf(reference: string, amount: number): string {
  const payload = makeQris({
    account: {
      domain: "ID.CO.ONEGATE.SIMULATOR",
      pan: "936009990000000001",
      merchantId: "SIMULATOR",
      criteria: "UMI",
    },
    nmid: "ID0000000000001",
    categoryCode: "5814",
    amount: money(BigInt(amount) * 100n, IDR),
    merchantName: "KOPI SENJA DEMO",
    city: "JAKARTA",
    postalCode: "10110",
    additional: [{ tag: "05", value: reference }],
  });
  if (isQrisProblem(payload))
    throw new Error(`QRIS of ${reference}: ${payload.problem} ${payload.tag ?? ""}`);
  return payload;
}
