# What the scripts beside share: a customer who asks the shop's services, and tells every request. Source it.
#
# With './dev run' beside it; the addresses can be set otherwise:
: "${ENGINE:=http://127.0.0.1:8080}" "${AUTH:=http://127.0.0.1:8081}" "${BILLING:=http://127.0.0.1:8082}"
: "${MAIL:=http://127.0.0.1:8084}" "${ORDER:=http://127.0.0.1:8087}" "${PAYMENT:=http://127.0.0.1:8088}"
set -euo pipefail

customer=guest$(date +%s%N)
email=$customer@example.com
jar=$(mktemp)
trap 'rm -f "$jar"' EXIT

# ask METHOD URL [BODY]: with the customer's cookies; the answer is in $answer.
ask() {
  echo "$1 $2 ${3:-}" | sed -E 's/"(password|code)":"[^"]*"/"\1":"…"/'
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

# sign_up: a new customer, with the code of the letter if the shop asks for one, and a session.
sign_up() {
  ask POST "$AUTH/register" '{"username":"'"$customer"'","password":"correct-horse-1","firstName":"Ann","email":"'"$email"'","phone":"+70000000001"}'
  if [[ $answer == *signUpGuid* ]]; then
    guid=$(get signUpGuid)
    read_letter "$email"
    ask POST "$AUTH/register/verify" '{"signUpGuid":"'"$guid"'","code":"'"$(grep -m 1 -xE '[0-9]{6}' <<<"$letter")"'"}'
  fi
  # With a code the process makes the customer only now.
  for _ in {1..100}; do
    ask POST "$AUTH/login" '{"username":"'"$customer"'","password":"correct-horse-1"}'
    [[ $answer == *username* ]] && return
    sleep 0.2
  done
}

# read_letter ADDRESS: waits for one, and takes the newest; its text without blanks is in $letter.
read_letter() {
  answer=$(curl -sS "$MAIL/messages?to=$1&count=1&wait=20")
  letter=$(get 0.text | tr -d ' \r')
}

# session: its reference, which is what processes know it by, in $session.
session() {
  session=$(curl -sS -b "$jar" -o /dev/null -D - "$AUTH/auth" | tr -d '\r' | sed -n 's/^[Xx]-[Ss]ession-[Rr]ef: //p')
}

# await PROCESS KEY STATE: until the newest instance of this key is there; its id is in $instance.
await() {
  for _ in {1..100}; do
    ask GET "$ENGINE/v1/instances?limit=1&process=$1&key=$2"
    [[ $answer == *'"id"'* ]] && break
    sleep 0.2
  done
  instance=$(get items.0.id)
  await_state "$3"
}

# await_state STATE: until $instance is there; without one, until it has ended.
await_state() { ask GET "$ENGINE/v1/instances/$instance?wait=20s${1:+&until=$1}"; }

# decide STATE OUTCOME DATA: what the customer's page would answer there, in $instance.
decide() {
  await_state "$1"
  ask GET "$ENGINE/v1/tasks?state=$1&instance=$instance"
  task=$(get items.0.id)
  ask POST "$ENGINE/v1/tasks/$task/complete" '{"by":"'"$customer"'","outcome":"'"$2"'","data":'"$3"'}'
}

# form URL FIELD…: fills in a form of the bank.
form() {
  echo "POST $*"
  curl -sS -o /dev/null -X POST "$1" "${@:2}"
}

# pay METHOD REF: to the end, for what waits under this name. CARD goes over the bank's page and 3-D Secure, SBP by the app.
pay() {
  await makepayment "$2" choose
  ask POST "$PAYMENT/authorise" '{"refId":"'"$2"'","method":"'"$1"'"'"${token:+,\"tokenId\":\"$token\"}"'}'
  finish_payment "$1" "$2"
}

# finish_payment METHOD REF: what follows once the way to pay is chosen.
finish_payment() {
  payment=$(get paymentId)
  case $1 in
    CARD)
      page=$(get bankRedirectUrl)
      form "$page" -d action=confirm -d number=5555555555554444 -d expiry=12/30 -d cvc=123
      form "$page" -d action=confirm -d code=1234
      ;;
    SBP) form "$(get link)" -d action=confirm ;;
    CASH_ON_RECEIPT | TERMINAL_ON_RECEIPT) return ;;
  esac
  await makepayment "$2" ready
  ask POST "$PAYMENT/pay" '{"paymentId":"'"$payment"'"}'
}

# fill_cart PRODUCT…: a new order, whose id is in $order.
fill_cart() {
  order=cart-$(date +%s%N)
  items=$(printf '{"product":{"id":"%s"},"quantity":1},' "$@")
  ask POST "$ORDER/place" '{"id":"'"$order"'","orderItems":['"${items%,}"']}'
}

# place_order: from the cart to the payment, for a pickup point.
place_order() {
  ask PUT "$ORDER/process" '{"id":"'"$order"'","version":0}'
  await makeorder "$order" choose-delivery
  decide choose-delivery pickup '{}'
  decide choose-point choose '{"pointId":1}'
}

# await_decision: until the order is at one of its ends; its status is in $status.
await_decision() {
  for _ in {1..100}; do
    ask GET "$ORDER/get?orderId=$order"
    status=$(get status)
    [[ $status =~ ^(CHECKOUT|AWAITING_PAYMENT|PAID|DEFERRED|IN_PROGRESS)$ ]] || return 0
    sleep 0.2
  done
}
