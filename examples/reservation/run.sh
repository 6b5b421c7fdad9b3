#!/bin/sh
# Reserves a lamp for an order, pays it, and prints the place that the store gave.
#
#   examples/reservation/run.sh [ORDER]        talks to FERMATA_SERVER, http://127.0.0.1:8080 if that is not set
set -eu
url=${FERMATA_SERVER:-http://127.0.0.1:8080}
order=${1:-order-$$}

request() { curl -sS --fail-with-body --max-time 30 -H 'Content-Type: application/json' "$@"; }

# 1. Start, and wait until the order waits for its payment, or has failed.
id=$(request "$url/v1/instances?wait=10s&until=wait-for-payment" -H "Idempotency-Key: $order" \
  -d "{\"process\": \"reservation\", \"input\": {\"order\": \"$order\", \"item\": \"lamp\"}}" |
  python3 -c 'import json, sys; print(json.load(sys.stdin)["id"])')

# 2. Tell that it is paid: the event finds the instance by the order's number.
request -o /dev/null "$url/v1/events" \
  -d "{\"specversion\": \"1.0\", \"id\": \"$order-paid\", \"source\": \"run.sh\", \"type\": \"order-paid\", \"data\": {\"order\": \"$order\"}}"

# 3. Wait for the end.
request "$url/v1/instances/$id?wait=10s" | python3 -c 'import json, sys
instance = json.load(sys.stdin)
if instance["status"] != "completed": sys.exit("%s: %s" % (instance["status"], instance["error"]["name"]))
print(instance["output"]["place"])'
