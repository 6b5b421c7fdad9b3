#!/usr/bin/env bash
# Signs a customer up, fills a cart, orders it to a pickup point, pays, and shows the order; tells every request.
#
# Usage: order.sh [--pay CARD|SBP] [--cancel] [PRODUCT…]    --cancel: instead of paying
source "$(dirname "${BASH_SOURCE[0]}")/customer.sh"

method=SBP cancel='' products=()
while (($#)); do
  case $1 in
    --pay) method=$2 && shift ;;
    --cancel) cancel=yes ;;
    *) products+=("$1") ;;
  esac
  shift
done
((${#products[@]})) || products=(apple-juice honey-cake)

sign_up
fill_cart "${products[@]}"
place_order
if [[ -n $cancel ]]; then
  await makepayment "$order" choose
  ask GET "$ORDER/get?orderId=$order"
  ask PUT "$ORDER/cancel" '{"id":"'"$order"'","version":'"$(get version)"',"comment":"Another time"}'
else
  pay "$method" "$order"
fi
await_decision
echo "$customer has ordered ${products[*]}: $status"
[[ $status$cancel == APPROVED || $status$cancel == CANCELEDyes ]]
