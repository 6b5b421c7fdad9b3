#!/usr/bin/python3
"""Fills a shop with the demo's data, through the services' own API.

Usage: seed.py --store URL --delivery URL --files URL [--stamp FILE]

FERMATA_SHOP_SERVICE_KEY holds the services' key. Can be stopped and run again at any time: whatever is there already
stays as it is, and no stock is received twice. With --stamp it notes there that it is done, and then asks nothing as
long as the data are the same. Prints its progress.
"""

import argparse
import hashlib
import http.client
import json
import os
import pathlib
import sys
import urllib.parse

import pictures

HERE = pathlib.Path(__file__).parent


class Service:
    def __init__(self, url):
        self.connection = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc, timeout=30)

    def post(self, path, body, key, content_type="application/json"):
        data = body.encode() if isinstance(body, str) else json.dumps(body, ensure_ascii=False).encode()
        headers = {"Content-Type": content_type, "Idempotency-Key": "demo/" + key, "X-Service-Key": os.environ["FERMATA_SHOP_SERVICE_KEY"]}
        self.connection.request("POST", path, data, headers)
        response = self.connection.getresponse()
        answer = json.loads(response.read() or b"{}")
        if response.status not in (200, 201):
            sys.exit(f"Expected POST {path} ({key}) to be taken, but got {response.status}: {answer.get('errorMessage', '')}")
        return answer

    def put(self, path, body):
        """Anything that takes the place of what was there: another content is another call."""
        content = json.dumps(body, ensure_ascii=False, sort_keys=True)
        self.post(path, body, f"{path}/{hashlib.sha256(content.encode()).hexdigest()}")


class Progress:
    def __init__(self, what, total):
        self.what, self.total, self.done = what, total, 0

    def step(self):
        self.done += 1
        if self.done == self.total:
            print(f"{self.total} {self.what}", flush=True)


def text_of(entry):
    return {"name": entry["ru"]["name"], "description": entry["ru"]["description"], "translations": {"en": entry["en"], "ru": entry["ru"]}}


def picture_of(files, entry, category):
    svg = pictures.draw(category, entry["ru"]["name"], entry["colors"], entry["id"])
    uid = files.post("/files", svg, "picture/" + hashlib.sha256(svg.encode()).hexdigest(), "image/svg+xml")["uid"]
    # Beside the files service, wherever that is.
    return f"/files/{uid}"


def fill_catalogue(store, files, catalogue):
    products = catalogue["products"]
    progress = Progress("categories", len(catalogue["categories"]))
    for category in catalogue["categories"]:
        first = next(p for p in products if p["categoryId"] == category["id"])
        store.put("/categories", {"id": category["id"], "image": picture_of(files, first, category["id"]), **text_of(category)})
        progress.step()
    progress = Progress("products with pictures", len(products))
    for product in products:
        plain = {k: v for k, v in product.items() if k not in ("ru", "en", "colors")}
        image = picture_of(files, product, product["categoryId"])
        store.put("/products", {**plain, "currency": "RUB", "image": image, "imageDescription": product["en"]["name"], **text_of(product)})
        progress.step()


def fill_stores(store, places, products):
    for site in places["stores"]:
        store.put("/stores", site)
    picked = [p for p in products if p["fulfilment"] == "PICK"]
    progress = Progress(f"stores with stock of {len(picked)} products", len(places["stores"]))
    for number, site in enumerate(places["stores"]):
        for place, product in enumerate(picked):
            # Not everything is everywhere.
            if (number + place) % 4 == 3:
                continue
            goods = {"productId": product["id"], "storeId": site["id"], "quantity": 40 + 10 * ((number + place) % 3)}
            store.post("/stock", goods, f"stock/{product['id']}/{site['id']}")
        progress.step()


def fill_delivery(delivery, places):
    progress = Progress("pickup points", len(places["pickupPoints"]))
    for point in places["pickupPoints"]:
        delivery.put("/points", point)
        progress.step()
    progress = Progress("courier companies", len(places["companies"]))
    for company in places["companies"]:
        delivery.put("/companies", company if "adapter" in company else {**company, "intervals": places["intervals"]})
        progress.step()
    progress = Progress("couriers", len(places["couriers"]))
    for courier in places["couriers"]:
        delivery.put("/couriers", courier)
        progress.step()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for service in ("store", "delivery", "files"):
        parser.add_argument("--" + service, required=True, type=Service)
    parser.add_argument("--stamp", type=pathlib.Path)
    options = parser.parse_args()

    sources = sorted(f for f in HERE.iterdir() if f.suffix in (".json", ".py"))
    version = hashlib.sha256(b"".join(f.read_bytes() for f in sources)).hexdigest()
    if options.stamp and options.stamp.exists() and options.stamp.read_text() == version:
        print("the data are there")
        return
    catalogue, places = json.loads((HERE / "catalogue.json").read_text()), json.loads((HERE / "places.json").read_text())
    fill_catalogue(options.store, options.files, catalogue)
    fill_stores(options.store, places, catalogue["products"])
    fill_delivery(options.delivery, places)
    if options.stamp:
        part = options.stamp.with_suffix(".part")
        part.write_text(version)
        os.rename(part, options.stamp)


if __name__ == "__main__":
    main()
