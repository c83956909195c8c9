/**
 * The top-up methods, each with the provider channels that serve it, the preferred one first. A channel that
 * no provider offers, or that is not active, is skipped. GoPay and ShopeePay can pay any QRIS code, so QRIS
 * is used where they have no channel of their own.
 */
export const TOPUP_METHODS: Readonly<Record<string, readonly string[]>> = {
  GOPAY: ["GOPAY", "QRIS"],
  SHOPEE_PAY: ["SHOPEEPAY", "QRIS"],
  QRIS: ["QRIS"],
  VIRTUAL_ACCOUNT: ["BCAVA", "BRIVA", "BNIVA", "MANDIRIVA", "PERMATAVA", "CIMBVA"],
};
