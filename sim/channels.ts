import { IDR, money, type Money } from "@onegate/contract";
import type { Channel, Fee } from "../server/providers/index.ts";

const SEN = 100n;
const rupiah = (whole: bigint): Money => money(whole * SEN, IDR);
const NOTHING: Fee = { flat: rupiah(0n), percentBasisPoints: 0 };

function channel(code: string, group: string, feeMerchant: Fee, feeCustomer: Fee, active = true): Channel {
  return {
    code,
    name: code,
    group,
    type: "direct",
    feeMerchant,
    feeCustomer,
    totalFee: NOTHING,
    minimumFee: null,
    maximumFee: null,
    minimumAmount: rupiah(1_000n),
    maximumAmount: rupiah(5_000_000n),
    iconUrl: "",
    active,
  };
}

/**
 * The channels of the simulation's provider: with a fee in percent, with a fee that the payer bears, without
 * fees, and inactive.
 */
export const SIM_CHANNELS = [
  channel("QRIS2", "E-Wallet", { flat: rupiah(750n), percentBasisPoints: 70 }, NOTHING),
  channel("BRIVA", "Virtual Account", NOTHING, { flat: rupiah(4_250n), percentBasisPoints: 0 }),
  channel(
    "MANDIRIVA",
    "Virtual Account",
    { flat: rupiah(1_250n), percentBasisPoints: 0 },
    { flat: rupiah(3_000n), percentBasisPoints: 0 },
  ),
  channel("ALFAMART", "Convenience Store", NOTHING, NOTHING),
  channel("OVO", "E-Wallet", { flat: rupiah(0n), percentBasisPoints: 300 }, NOTHING, false),
] as const;

/** A fee in minor units, rounded up to the whole rupiah. */
export function fee({ flat, percentBasisPoints }: Fee, amount: bigint): bigint {
  const share = amount * BigInt(percentBasisPoints);
  const unit = 10_000n * SEN;
  return flat.minor + ((share + unit - 1n) / unit) * SEN;
}
