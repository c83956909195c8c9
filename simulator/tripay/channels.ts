export type Group = "Virtual Account" | "Convenience Store" | "E-Wallet";

/** In whole rupiah and hundredths of a percent: 70 is 0.70 %. */
export type Fee = { readonly flat: number; readonly basisPoints: number; readonly least: number | null };

export type Channel = {
  readonly code: string;
  readonly name: string;
  readonly group: Group;
  readonly type: "direct" | "redirect";
  readonly fee: Fee;
  /** Whole rupiah. */
  readonly amount: { readonly least: number; readonly most: number };
  readonly expiryMinutes: { readonly least: number; readonly most: number };
};

type Bounds = readonly [least: number, most: number];

const QRIS_FEE: Fee = { flat: 750, basisPoints: 70, least: null };
const WALLET_FEE: Fee = { flat: 0, basisPoints: 300, least: 1_000 };
const flatFee = (flat: number): Fee => ({ flat, basisPoints: 0, least: null });

function qris(code: string, name: string, expiry: Bounds): Channel {
  return channel(code, name, "E-Wallet", "direct", QRIS_FEE, [1_000, 5_000_000], expiry);
}

function wallet(code: string, name: string, expiry: Bounds): Channel {
  return channel(code, name, "E-Wallet", "redirect", WALLET_FEE, [1_000, 10_000_000], expiry);
}

function virtualAccount(code: string, bank: string, fee: number, expiry: Bounds): Channel {
  return channel(
    code,
    `${bank} Virtual Account`,
    "Virtual Account",
    "direct",
    flatFee(fee),
    [10_000, 10_000_000],
    expiry,
  );
}

function counter(code: string, name: string, least: number, expiry: Bounds): Channel {
  return channel(code, name, "Convenience Store", "direct", flatFee(3_500), [least, 2_500_000], expiry);
}

function channel(
  code: string,
  name: string,
  group: Group,
  type: Channel["type"],
  fee: Fee,
  amount: Bounds,
  expiry: Bounds,
): Channel {
  return {
    code,
    name,
    group,
    type,
    fee,
    amount: { least: amount[0], most: amount[1] },
    expiryMinutes: { least: expiry[0], most: expiry[1] },
  };
}

/** Tripay's channel table ("Channel Pembayaran") with its standard fees and bounds. */
export const channels: readonly Channel[] = [
  qris("QRIS", "QRIS by ShopeePay", [10, 60]),
  qris("QRISC", "QRIS (Customizable)", [10, 1_440]),
  qris("QRIS2", "QRIS", [10, 1_440]),
  wallet("OVO", "OVO", [15, 43_200]),
  wallet("DANA", "DANA", [15, 60]),
  wallet("SHOPEEPAY", "ShopeePay", [15, 60]),
  virtualAccount("PERMATAVA", "Permata", 4_250, [60, 43_200]),
  virtualAccount("BRIVA", "BRI", 4_250, [60, 43_200]),
  virtualAccount("MANDIRIVA", "Mandiri", 4_250, [60, 43_200]),
  virtualAccount("BNIVA", "BNI", 4_250, [15, 1_440]),
  virtualAccount("OTHERBANKVA", "Other Bank", 4_250, [15, 1_440]),
  virtualAccount("BCAVA", "BCA", 5_500, [15, 43_200]),
  virtualAccount("CIMBVA", "CIMB Niaga", 4_250, [15, 43_200]),
  virtualAccount("OCBCVA", "OCBC NISP", 4_250, [15, 43_200]),
  virtualAccount("DANAMONVA", "Danamon", 4_250, [15, 43_200]),
  virtualAccount("MUAMALATVA", "Muamalat", 4_250, [60, 180]),
  virtualAccount("BSIVA", "BSI", 4_250, [60, 180]),
  counter("ALFAMART", "Alfamart", 10_000, [60, 1_440]),
  counter("INDOMARET", "Indomaret", 10_000, [15, 43_200]),
  counter("ALFAMIDI", "Alfamidi", 5_000, [60, 1_440]),
];

export function channelOf(code: string): Channel | undefined {
  return channels.find((channel) => channel.code === code);
}

export function isQris({ code }: Channel): boolean {
  return code.startsWith("QRIS");
}

/**
 * The fee of an amount in whole rupiah: flat plus percent, rounded up to the rupiah in the provider's favour.
 */
export function feeOn(amount: number, { flat, basisPoints, least }: Fee): number {
  const fee = flat + Math.ceil((amount * basisPoints) / 10_000);
  return Math.max(fee, least ?? 0);
}
