#!/usr/bin/env bash
# Tops a new customer's wallet up by a bank card with 3-D Secure, and shows the balance; tells every request.
#
# Usage: topup.sh [AMOUNT]    in minor units
source "$(dirname "${BASH_SOURCE[0]}")/customer.sh"

amount=${1:-25000}

sign_up
ask POST "$PAYMENT/topup" '{"amount":'"$amount"',"method":"CARD"}'
finish_payment CARD "$(get refId)"
for _ in {1..100}; do
  ask GET "$BILLING/wallet"
  (($(get balance) == amount)) && break
  sleep 0.2
done
echo "$customer has $(get balance) in the wallet"
(($(get balance) == amount))
