#!/bin/sh
# A client in four requests: deploys hello.yaml, starts it, waits for its end, and prints the greeting.
#
#   examples/hello/run.sh [NAME]        talks to FERMATA_SERVER, http://127.0.0.1:8080 if that is not set
set -eu
url=${FERMATA_SERVER:-http://127.0.0.1:8080}
name=${1:-world}
here=$(cd "$(dirname "$0")" && pwd)

request() { curl -sS --fail-with-body --max-time 30 "$@"; }
field() { python3 -c 'import json, sys; answer = json.load(sys.stdin)
for key in sys.argv[1].split("."): answer = answer[key]
print(answer)' "$1"; }

# 1. Deploy. The same file again is no change, so this can be repeated.
request -o /dev/null "$url/v1/definitions" -H 'Content-Type: application/yaml' --data-binary "@$here/hello.yaml"

# 2. Start. With the same Idempotency-Key a second try gives the same instance instead of another one.
body=$(NAME=$name python3 -c 'import json, os; print(json.dumps({"process": "hello", "input": {"name": os.environ["NAME"]}}))')
id=$(request "$url/v1/instances" -H 'Content-Type: application/json' -H "Idempotency-Key: hello-$$-$(date +%s)" -d "$body" | field id)

# 3. Wait until it has ended, at most ten seconds.
instance=$(request "$url/v1/instances/$id?wait=10s")

# 4. Read the result.
printf '%s\n' "$instance" | field output.greeting
