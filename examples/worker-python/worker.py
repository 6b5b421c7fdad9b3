"""Packs parcels: fetches jobs, does the work, reports. Needs nothing but Python."""
import json, os, sys, time, urllib.error, urllib.request

SERVER = os.environ.get("FERMATA_SERVER", "http://127.0.0.1:8080")
HEADERS = {"Content-Type": "application/json"}
if "FERMATA_API_KEY" in os.environ:
    HEADERS["Authorization"] = "Bearer " + os.environ["FERMATA_API_KEY"]


class Refusal(Exception):
    """A business error that the manifest declares."""


def post(path, body):
    request = urllib.request.Request(SERVER + path, json.dumps(body).encode(), HEADERS)
    with urllib.request.urlopen(request, timeout=90) as answer:
        return json.load(answer)


def pack(order, items, key):
    """The work. A job can come twice, with the same key: the parcel's name makes the second time harmless."""
    if not items:
        raise Refusal("nothing-to-pack")
    return {"id": f"{order}-{key[-6:].replace('/', '-')}", "pieces": len(items)}


def carry_out(job):
    report = {"leaseToken": job["leaseToken"]}
    try:
        output = pack(**job["input"], key=job["idempotencyKey"])
        post(f"/v1/jobs/{job['id']}/complete", report | {"output": output})
    except Refusal as refusal:
        post(f"/v1/jobs/{job['id']}/fail", report | {"error": str(refusal), "message": "The order has no items."})


while True:
    try:
        for job in post("/v1/jobs/fetch?wait=30s", {"operations": ["packing.pack"], "max": 5, "worker": "packer"})["jobs"]:
            carry_out(job)
    except urllib.error.HTTPError as refused:  # 409 and 410: the job is no longer ours
        print(refused.read().decode(), file=sys.stderr)
        time.sleep(1 if refused.code >= 429 else 0)
    except OSError:  # the server is away
        time.sleep(1)
