"""Every example of the schema is executed: it must succeed as documented, and answer what its schema says.

An operation with a body and no example, or with a path parameter that `api_world.py` has no row for, fails by
its name: the Swagger page is the truth, and nobody can try what was never tried.
"""

from __future__ import annotations

import copy
import json
from functools import cache
from typing import Any

import jsonschema
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from drf_yasg.codecs import OpenAPICodecJson

from carbontrack import openapi
from tests.carbontrack.api_world import World, kept_world, world
from tests.make import PNG
from tests.mqtt_ingest.firmware import signed

__all__ = ["kept_world", "world"]  # fixtures
pytestmark = pytest.mark.django_db

# Forms, which Swagger 2 has no example for.
FORMS: dict[str, dict[str, Any]] = {
    "energy-entries_import": {
        "file": b"timestamp,amount\n2026-11-20T10:00:00,12.5\n2026-11-20T11:00:00,13.0\n",
        "factory": 1,
        "energy_type": "electricity",
        "unit": "kWh",
        "interval_min": 60,
        "time_is": "end",
    },
    "site_sheets_create": {"file": b"site,sector,altitude_m\nNew One,tea,1900\n"},
    "production_import": {
        "file": b"timestamp,amount\n2026-11-19,11500\n2026-11-20,10250.5\n",
        "factory": 1,
        "product": "made_tea",
    },
    "mcu-devices_calibrations_certificate_create": {"certificate": b"%PDF-1.7\n%%EOF\n"},
}
FORMS["evidence_create"] = {"about": "energy_entry", "about_id": "1", "file": PNG}
FORMS["firmware-images_create"] = {"file": b"binary", "version": "1.1.0", "signature": signed(b"binary")}
NOT_SIGNED_IN = {"compliance_verify", "login", "register", "invitations_accept"}


@cache
def the_schema() -> dict[str, Any]:
    """As /api/schema.json answers it, made without a request: names of tests are asked for before any database is."""
    generator = openapi.TrueGenerator(openapi.API_INFO, "v1", url="")
    made = generator.get_schema(None, public=True)
    found: dict[str, Any] = json.loads(OpenAPICodecJson([]).encode(made))
    return found


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method.upper(), path, operation)
        for path, item in the_schema()["paths"].items()
        for method, operation in item.items()
        if method != "parameters"
    ]


def names() -> list[str]:
    return [operation["operationId"] for _method, _path, operation in operations()]


def json_schema(schema: Any, *, is_strict: bool = True) -> Any:
    """The Swagger 2 schema as JSON Schema: null where it says so, and no field that it does not name."""
    if isinstance(schema, list):
        return [json_schema(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: json_schema(inner) for name, inner in schema.items()}
    if is_strict and isinstance(schema.get("properties"), dict) and "additionalProperties" not in schema:
        found["additionalProperties"] = False
    if found.pop("x-nullable", False):
        return {"anyOf": [found, {"type": "null"}]}
    return found


def refuse_unless_it_fits(body: Any, schema: dict[str, Any]) -> None:
    definitions = {name: json_schema(inner) for name, inner in the_schema()["definitions"].items()}
    whole = {**json_schema(copy.deepcopy(schema)), "definitions": definitions}
    jsonschema.Draft4Validator(whole, format_checker=jsonschema.FormatChecker()).validate(body)


def url_of(world: World, path: str, item: dict[str, Any], operation: dict[str, Any]) -> str:
    values: dict[str, Any] = {}
    for prefix in sorted(world.path_values, key=len):
        values |= world.path_values[prefix] if path.startswith(f"/{prefix}/") else {}
    parameters = [*item.get("parameters", []), *operation.get("parameters", [])]
    for parameter in parameters:
        if parameter["in"] == "path":
            assert parameter["name"] in values, f"no row in api_world.py for {path}"
            value = values[parameter["name"]]
            path = path.replace(f"{{{parameter['name']}}}", str(value() if callable(value) else value))
        elif parameter["in"] == "query" and parameter.get("required"):
            assert "x-example" in parameter, f"{path}: {parameter['name']} is required and has no x-example"
    query = "&".join(f"{p['name']}={p['x-example']}" for p in parameters if p["in"] == "query" and "x-example" in p)
    return f"/api{path}{'?' + query if query else ''}"


def example_of(operation: dict[str, Any]) -> Any:
    """The body to send: of its own schema, or of the definition that it names. None where there is no body."""
    for parameter in operation.get("parameters", []):
        if parameter["in"] != "body":
            continue
        schema = parameter["schema"]
        definition = the_schema()["definitions"].get(schema.get("$ref", "").rpartition("/")[2], schema)
        if not definition.get("properties"):
            return None
        assert "example" in definition, "no example: give its serializer Meta.swagger_schema_fields"
        refuse_unless_it_fits(definition["example"], schema)
        return definition["example"]
    return None


def send(client: Client, method: str, url: str, operation: dict[str, Any]) -> Any:
    if operation["operationId"] in FORMS:
        fields = {
            name: SimpleUploadedFile("file", value) if isinstance(value, bytes) else value
            for name, value in FORMS[operation["operationId"]].items()
        }
        return client.post(url, fields)
    assert not any(p["in"] == "formData" for p in operation.get("parameters", [])), "no form in FORMS"
    body = example_of(operation)
    if body is None:
        return client.generic(method, url)
    return client.generic(method, url, json.dumps(body), content_type="application/json")


@pytest.mark.parametrize("name", names())
def test_the_example_succeeds_and_answers_what_the_schema_says(name: str, world: World) -> None:
    method, path, operation = next(found for found in operations() if found[2]["operationId"] == name)
    url = url_of(world, path, the_schema()["paths"][path], operation)
    if name in world.before:
        world.before[name]()
    client = Client() if name in NOT_SIGNED_IN else world.clients.get(name, world.client)

    response = send(client, method, url, operation)

    documented = [status for status in operation["responses"] if status.startswith("2")]
    assert str(response.status_code) in documented, (method, url, response.content[:2000])
    schema = operation["responses"][str(response.status_code)].get("schema")
    if schema is None:
        assert response.content == b""
    elif schema.get("type") == "file":
        assert response["Content-Type"].partition(";")[0] in operation["produces"]
        assert response.content
    else:
        refuse_unless_it_fits(response.json(), schema)
        if isinstance(response.json(), dict) and "results" in response.json():
            assert response.json()["results"], "an empty list says nothing about its rows"


@pytest.mark.parametrize("name", names())
def test_the_answers_that_are_shown_are_ones_that_could_come(name: str) -> None:
    _method, _path, operation = next(found for found in operations() if found[2]["operationId"] == name)

    for answer in operation["responses"].values():
        if "application/json" in answer.get("examples", {}):
            refuse_unless_it_fits(answer["examples"]["application/json"], answer["schema"])
