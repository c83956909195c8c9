#!/usr/bin/env bash
# Calls the API of a running sandbox with curl and checks the answers: channels, a paid order, a transfer, a balance,
# a batch, a refund, a wallet, refusals, health. Exits with 1 at the first unexpected answer.
# Usage: ./testing-api.sh [URL of Onegate] [URL of the simulator]
set -euo pipefail
base=${1:-http://localhost:8080}
simulator=${2:-http://localhost:8090}
order_id=INV-$(date +%s)-$$

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
json() { curl -sS -H 'Accept: application/json' -H 'Content-Type: application/json' "$@"; }
expect() { # expect TEXT ANSWER
  case "$2" in *"$1"*) printf '   as expected: %s\n' "$1" ;; *) printf '   NOT as expected (%s): %s\n' "$1" "$2"; exit 1 ;; esac
}

say "GET /api/v1/payment/get-payment-channel"
answer=$(json "$base/api/v1/payment/get-payment-channel")
printf '%s\n' "$answer" | head -c 300; echo ' …'
expect '"code":"QRIS2"' "$answer"

say "POST /api/v1/payment/create-transaction ($order_id)"
answer=$(json -X POST "$base/api/v1/payment/create-transaction" -d "{
  \"order_id\":\"$order_id\",\"amount\":46000,\"customer_name\":\"Pelanggan Contoh\",\"customer_email\":\"pelanggan@contoh.invalid\",
  \"order_items\":[{\"sku\":\"LATTE\",\"name\":\"Latte\",\"price\":28000,\"quantity\":1},{\"sku\":\"ROTI\",\"name\":\"Roti Bakar\",\"price\":18000,\"quantity\":1}]}")
printf '%s\n' "$answer"
expect '"status":"UNPAID"' "$answer"

say "POST /api/v1/payment/create-payment (QRIS2)"
answer=$(json -X POST "$base/api/v1/payment/create-payment" -d "{\"order_id\":\"$order_id\",\"method\":\"QRIS2\"}")
printf '%s\n' "$answer" | sed 's/"qr_image":"[^"]*"/"qr_image":"data:…"/'
expect '"qr_string":"000201' "$answer"
reference=$(printf '%s' "$answer" | sed -n 's/.*"reference":"\([^"]*\)".*/\1/p')

say "The customer pays (the simulator's control does what its button does): $reference"
json -X POST "$simulator/control/transactions/$reference/pay" -d "{}" | head -c 200; echo ' …'

say "GET /api/v1/payment/get-status-payment?order_id=$order_id"
for _ in 1 2 3 4 5 6 7 8 9 10; do
  answer=$(json "$base/api/v1/payment/get-status-payment?order_id=$order_id")
  case "$answer" in *'"status":"PAID"'*) break ;; esac
  sleep 0.3
done
printf '%s\n' "$answer" | sed 's/"qr_image":"[^"]*"/"qr_image":"data:…"/'
expect '"status":"PAID"' "$answer"

say "POST /payments: the same transfer twice, with one id"
body="{\"id\":\"$order_id\",\"currency\":\"IDR\",\"amount\":\"12500.00\",\"source_account\":\"ACC_SRC_ABC\",\"destination_account\":\"ACC_DST_DEF\"}"
first=$(json -X POST "$base/payments" -d "$body")
second=$(json -X POST "$base/payments" -d "$body")
printf '%s\n' "$first"
expect '"status":"SUCCESS"' "$first"
[ "$first" = "$second" ] && echo '   as expected: the same answer, one transfer'

say "GET /balance/ACC_DST_DEF"
json "$base/balance/ACC_DST_DEF"; echo

say "POST /api/v1/transfers:batch: one result each"
answer=$(json -X POST "$base/api/v1/transfers:batch" -d "{\"transfers\":[
  {\"id\":\"$order_id-1\",\"currency\":\"IDR\",\"amount\":\"10.00\",\"source_account\":\"ACC_SRC_ABC\",\"destination_account\":\"ACC_001\"},
  {\"id\":\"$order_id-2\",\"currency\":\"IDR\",\"amount\":\"0\",\"source_account\":\"ACC_SRC_ABC\",\"destination_account\":\"ACC_001\"}]}")
printf '%s\n' "$answer" | head -c 300; echo ' …'
expect '"status":"SUCCESS"' "$answer"
expect '"code":"amount_not_positive"' "$answer"

say "A refund of the paid order (Tripay has no refund call: a person pays it and confirms it)"
payment_id=$(json "$base/api/v1/payment/get-status-payment?order_id=$order_id" | sed -n 's/.*"payment_id":"\([^"]*\)".*/\1/p')
answer=$(json -X POST "$base/api/v1/payments/$payment_id/refunds" -H "Idempotency-Key: $order_id-refund" -d '{"amount":"18000.00","reason":"roti habis"}')
printf '%s\n' "$answer"
expect '"state":"manual"' "$answer"
refund_id=$(printf '%s' "$answer" | sed -n 's/.*"refund_id":"\([^"]*\)".*/\1/p')
answer=$(json -X POST "$base/api/v1/refunds/$refund_id/decision" -H "Idempotency-Key: $order_id-refund-done" -d '{"done":true,"reference":"TRF-1"}')
expect '"state":"succeeded"' "$answer"

say "A wallet: sign in, balance, top-up by QRIS, history"
token=$(json -X POST "$base/api/auth/login" -d '{"username":"andi.contoh","password":"rahasia-demo"}' | sed -n 's/.*"access_token":"\([^"]*\)".*/\1/p')
wallet() { json -H "Authorization: Bearer $token" "$@"; }
wallet "$base/api/payment/balance"; echo
answer=$(wallet -X POST "$base/api/payment/wallet/topup" -H "Idempotency-Key: $order_id-topup" -d '{"amount":"25000.00","currency":"IDR","method":"QRIS"}')
expect '"qr_string":"000201' "$answer"
reference=$(printf '%s' "$answer" | sed -n 's/.*"reference":"\([^"]*\)".*/\1/p')
json -X POST "$simulator/control/transactions/$reference/pay" -d "{}" >/dev/null
for _ in 1 2 3 4 5 6 7 8 9 10; do
  answer=$(wallet "$base/api/v1/wallet/history?limit=1")
  case "$answer" in *'"SUCCESS"'*) break ;; esac
  sleep 0.3
done
printf '%s\n' "$answer"
expect '"SUCCESS"' "$answer"

say "Refusals have a stable code, in Indonesian and English"
answer=$(json -X POST "$base/payments" -d "${body/12500.00/99.00}"); printf '%s\n' "$answer"
expect '"code":"idempotency_key_reused"' "$answer"
answer=$(json "$base/api/v1/payment/get-status-payment?order_id=INV-NOBODY")
expect '"code":"order_unknown"' "$answer"
answer=$(json -X POST "$base/payments" -d '{')
expect '"code":"request_malformed"' "$answer"

say "Health and readiness"
json "$base/health"; json "$base/readyz"; echo
say "All as expected."
