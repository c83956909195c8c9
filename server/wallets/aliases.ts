/**
 * The older paths of the wallet, by the route that each is another name for. An alias shares the route's
 * handler, schema and right.
 */
export const aliases: Readonly<Record<string, string>> = {
  "GET /api/v1/wallet/accounts": "/api/payment/account",
  "GET /api/v1/wallet/balance": "/api/payment/balance",
  "GET /api/v1/wallet": "/api/payment/wallet",
  "POST /api/v1/wallet/topups": "/api/payment/wallet/topup",
};
