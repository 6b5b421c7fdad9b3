#!/usr/bin/env bash
# Buys a gift card by a bank card, takes the code from the letter, activates it, and pays an order with it; tells every request.
#
# Usage: giftcard.sh [PRODUCT…]
source "$(dirname "${BASH_SOURCE[0]}")/customer.sh"

products=("$@")
((${#products[@]})) || products=(apple-juice honey-cake)

sign_up
session
ask POST "$ENGINE/v1/instances" '{"process":"giftcard","input":{"sessionRef":"'"$session"'"}}'
instance=$(get id) bought=$instance
decide form pay '{"recipientName":"Bob","email":"gift.'"$email"'","designId":"flowers","amount":500000}'
await_state pay
pay CARD "$(get variables.order.id)"
instance=$bought
await_state ''
read_letter "gift.$email"
ask POST "$PAYMENT/activate" '{"code":"'"$(grep -m 1 -xE '[A-Z0-9-]{19}' <<<"$letter")"'"}'

ask GET "$PAYMENT/tokens/get"
token=$(get giftCards.0.tokenId)
fill_cart "${products[@]}"
place_order
pay GIFT_CARD "$order"
await_decision
ask GET "$PAYMENT/tokens/get"
echo "$customer has ordered ${products[*]}: $status; left on the gift card: $(get giftCards.0.balance)"
[[ $status == APPROVED ]]
