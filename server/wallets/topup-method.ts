/**
 * The ways to top up, and the providers' channels for each, the preferred first: one that nobody offers, or that is not
 * active, is passed over. GoPay and ShopeePay read every QRIS code, so that is their way where no channel of their own is.
 */
export const TOPUP_METHODS: Readonly<Record<string, readonly string[]>> = {
  GOPAY: ["GOPAY", "QRIS"],
  SHOPEE_PAY: ["SHOPEEPAY", "QRIS"],
  QRIS: ["QRIS"],
  VIRTUAL_ACCOUNT: ["BCAVA", "BRIVA", "BNIVA", "MANDIRIVA", "PERMATAVA", "CIMBVA"],
};
