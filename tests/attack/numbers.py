"""Attacks by values: numbers in strange dress, other organisations' ids, markup, unknown names."""

from __future__ import annotations

import re
from typing import Any

from tests.attack.instance import Instance
from tests.attack.tries import Attack, Tries

NUMBERS = (
    *("1_000", "1e-400", "1e400", "NaN", "Infinity", "-Infinity", "0x10", "1e9999999999"),
    *("1,000.5.1", "--1", "1 000 000 000 000 000", "", " ", "null", "true", "1\x00", "9" * 400, "-0.0000001"),
)
MARKUP = "<script>alert('x')</script>\"'><img src=x onerror=alert(1)>{{7*7}}${7*7}"
QUERIES = (
    "1' OR '1'='1",
    "1;DROP TABLE accounts_user",
    "1 UNION SELECT 1",
    "%00",
    "../../etc/passwd",
    "\u202e",
    "9" * 40,
)
ID = re.compile(r"\{(\w+)\}")


def strange_numbers(instance: Instance, tries: Tries) -> None:
    manager = instance.program("manager@demo.carbontrack.example")
    factory = manager.get("/api/me/").json()["factory"]
    for amount in NUMBERS:
        entry = {"factory": factory, "energy_type": "diesel", "unit": "L", "amount": amount}
        entry["timestamp"] = "2026-11-01T10:00:00+03:00"
        tries.refused(manager.post("/api/energy-entries/", json=entry), [400], f"diesel of {amount!r} L")
    reading = {"device": "spare-device", "t": 1, "co2_ppm": 1, "temperature_c": 1, "velocity_ms": 1}
    for value in ("1_000", "1e-400", "NaN", True, [], {}, 10**400):
        answer = instance.hq.post("/api/emissions/", json=[reading | {"co2_ppm": value}])
        is_refused = answer.status_code in (400, 403) or bool(answer.json().get("rejected"))
        tries.held(is_refused and answer.status_code < 500, f"a reading of {value!r} ppm: {answer.status_code}")


def strange_queries(instance: Instance, tries: Tries) -> None:
    schema = instance.anonymous().get("/api/schema.json").json()
    for path, methods in schema["paths"].items():
        if "get" not in methods or ID.search(path) or "stream" in path:
            continue
        for name in {
            parameter["name"] for parameter in methods["get"].get("parameters", []) if parameter["in"] == "query"
        }:
            for value in QUERIES:
                answer = instance.hq.get(
                    "/api" + path, params={name: value, "page_size": 1} if name != "page_size" else {name: value}
                )
                tries.held(answer.status_code < 500, f"{path}?{name}={value!r} answered {answer.status_code}")


def others_rows(instance: Instance, tries: Tries) -> None:
    """Every path with an id of the tea factories, asked by HQ of the mines and by nobody."""
    schema = instance.anonymous().get("/api/schema.json").json()
    for path, methods in schema["paths"].items():
        for address in _of_the_tea_factories(instance, path):
            for method in methods:
                if method not in ("get", "post", "patch", "put", "delete"):
                    continue
                options: dict[str, Any] = {} if method == "get" else {"json": {}}
                answer = instance.other_hq.request(method.upper(), "/api" + address, **options)
                tries.refused(answer, [403, 404, 405], f"{method.upper()} {address} by HQ of others")
                answer = instance.anonymous().request(method.upper(), "/api" + address, **options)
                tries.refused(answer, [401, 405], f"{method.upper()} {address} by nobody")


def _of_the_tea_factories(instance: Instance, path: str) -> list[str]:
    """The path with up to five ids of rows that HQ of the tea factories sees."""
    if not (named := ID.findall(path)):
        return []
    collection = "/api/" + path.strip("/").split("/")[0] + "/"
    if "emission-factors" in collection or "energy-types" in collection:
        return []  # these are everybody's
    listed = instance.hq.get(collection, params={"page_size": 5})
    if listed.status_code != 200:
        return []
    rows = listed.json().get("results", [])
    own = [str(row.get("device_id") or row.get("id")) for row in rows]
    return [ID.sub("1", path.replace(f"{{{named[0]}}}", value)) for value in own]


def markup(instance: Instance, tries: Tries) -> None:
    manager = instance.program("manager@demo.carbontrack.example")
    factory = manager.get("/api/me/").json()["factory"]
    unit = {"factory": factory, "energy_type": "firewood", "name": MARKUP[:20], "amount": "3", "unit": "stere"}
    manager.post("/api/local-units/", json=unit)
    asked = {
        "email": "x@attack.example",
        "first_name": MARKUP[:60],
        "last_name": "A",
        "organisation": "KTDA (simulated)",
    }
    instance.anonymous().post("/api/register/", json=asked | {"message": MARKUP})
    browser = instance.browser("hq@demo.carbontrack.example")
    own = instance.browser("manager@demo.carbontrack.example")
    pages = [browser.get("/members/"), browser.get("/morning/"), own.get(f"/factories/{factory}/log/")]
    for page in pages:
        tries.held("<script>alert" not in page.text, f"{page.url} shows markup as markup")
        tries.held("<img src=x" not in page.text, f"{page.url} shows markup as markup")
        policy = page.headers.get("Content-Security-Policy", "")
        tries.held("unsafe-inline" not in policy and "default-src 'self'" in policy, f"{page.url}: CSP {policy!r}")


ATTACKS = (
    Attack("Write numbers in strange dress", strange_numbers),
    Attack("Ask every list with hostile parameters", strange_queries),
    Attack("Reach rows of another organisation by every path", others_rows),
    Attack("Leave markup for others to open", markup),
)
