#!/usr/bin/env bash
# Signs a customer up, fills a cart, orders it to a pickup point, pays in a bank's app, and shows the order; tells every request.
#
# Usage: order.sh [PRODUCT…]    with './dev run' beside it; the addresses can be set otherwise:
: "${ENGINE:=http://127.0.0.1:8080}" "${AUTH:=http://127.0.0.1:8081}" "${ORDER:=http://127.0.0.1:8087}"
: "${PAYMENT:=http://127.0.0.1:8088}" "${MAIL:=http://127.0.0.1:8084}"
set -euo pipefail

customer=guest$(date +%s%N) order=cart-$customer email=
email=$customer@example.com
products=("$@")
((${#products[@]})) || products=(apple-juice honey-cake)
jar=$(mktemp)
trap 'rm -f "$jar"' EXIT

# ask METHOD URL [BODY]: with the customer's cookies; the answer is in $answer.
ask() {
  echo "$1 $2 ${3:-}" | sed 's/"password":"[^"]*"/"password":"…"/'
  answer=$(curl -sS -b "$jar" -c "$jar" -X "$1" "$2" -H 'Content-Type: application/json' -H "Idempotency-Key: $(date +%s%N)" ${3:+-d "$3"})
  echo "  $answer" | cut -c 1-240
}

# get PATH: what the answer has there ("items.0.id"); ends everything if there is none.
get() {
  python3 -c '
import json, sys
value = json.loads(sys.argv[1])
for step in sys.argv[2].split("."):
    value = value[int(step) if step.isdigit() else step]
print(value)' "$answer" "$1" 2>/dev/null || { echo "Expected '$1' in the answer, but it is not there." >&2; exit 1; }
}

# await PROCESS STATE: until the order's process is there; its id is in $instance.
await() {
  for _ in {1..100}; do
    ask GET "$ENGINE/v1/instances?limit=1&process=$1&key=$order"
    [[ $answer == *'"id"'* ]] && break
    sleep 0.2
  done
  instance=$(get items.0.id)
  ask GET "$ENGINE/v1/instances/$instance?wait=20s&until=$2"
}

# decide STATE OUTCOME DATA: what the customer's page would answer there.
decide() {
  await makeorder "$1"
  ask GET "$ENGINE/v1/tasks?state=$1&instance=$instance"
  task=$(get items.0.id)
  ask POST "$ENGINE/v1/tasks/$task/complete" '{"by":"'"$customer"'","outcome":"'"$2"'","data":'"$3"'}'
}

ask POST "$AUTH/register" '{"username":"'"$customer"'","password":"correct-horse-1","firstName":"Ann","email":"'"$email"'","phone":"+70000000001"}'
if [[ $answer == *signUpGuid* ]]; then
  guid=$(get signUpGuid)
  ask GET "$MAIL/messages?to=$email&count=1&wait=20"
  code=$(get 0.text | tr -d ' \r' | grep -m 1 -xE '[0-9]{6}')
  ask POST "$AUTH/register/verify" '{"signUpGuid":"'"$guid"'","code":"'"$code"'"}'
  # The process makes the customer now.
  for _ in {1..100}; do
    ask POST "$AUTH/login" '{"username":"'"$customer"'","password":"correct-horse-1"}'
    [[ $answer == *username* ]] && break
    sleep 0.2
  done
else
  ask POST "$AUTH/login" '{"username":"'"$customer"'","password":"correct-horse-1"}'
fi

items=$(printf '{"product":{"id":"%s"},"quantity":1},' "${products[@]}")
ask POST "$ORDER/place" '{"id":"'"$order"'","orderItems":['"${items%,}"']}'
ask PUT "$ORDER/process" '{"id":"'"$order"'","version":0}'
decide choose-delivery pickup '{}'
decide choose-point choose '{"pointId":1}'
await makepayment choose
ask POST "$PAYMENT/authorise" '{"refId":"'"$order"'","method":"SBP"}'
payment=$(get paymentId)
# What a bank's app does with the QR code.
link=$(get link)
echo "POST $link"
curl -sS -o /dev/null -X POST "$link"
await makepayment ready
ask POST "$PAYMENT/pay" '{"paymentId":"'"$payment"'"}'
for _ in {1..100}; do
  ask GET "$ORDER/get?orderId=$order"
  [[ $(get status) =~ ^(CHECKOUT|AWAITING_PAYMENT|PAID|DEFERRED|IN_PROGRESS)$ ]] || break
  sleep 0.2
done
status=$(get status)
echo "$customer has ordered ${products[*]}: $status"
[[ $status == APPROVED ]]
