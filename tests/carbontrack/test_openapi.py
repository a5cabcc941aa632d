"""The schema and its two pages: valid, complete, and under a policy that is relaxed there and nowhere else."""

import json
from typing import Any

import pytest
from django.test import Client
from swagger_spec_validator.validator20 import validate_spec

from tests.cast import AsUser, Cast

pytestmark = pytest.mark.django_db
PAGES = ("/api/schema/swagger-ui/", "/api/schema/redoc/")


@pytest.fixture
def schema(client: Client) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/api/schema.json").json()
    return found


def test_the_schema_is_valid_swagger_2(schema: dict[str, Any]) -> None:
    validate_spec(schema)

    assert schema["swagger"] == "2.0"


@pytest.mark.parametrize("accept", ["text/html", "*/*", "application/json", "image/png"])
def test_the_schema_is_json_whatever_a_browser_asks_for(client: Client, accept: str) -> None:
    response = client.get("/api/schema.json", headers={"Accept": accept})

    assert response["Content-Type"].startswith("application/json")
    assert json.loads(response.content)["info"]["title"] == "Carbon Track API"


def test_every_endpoint_is_described(schema: dict[str, Any]) -> None:
    methods = {
        (path, method.upper()) for path, item in schema["paths"].items() for method in item if method != "parameters"
    }

    assert methods >= {
        ("/login/", "POST"),
        ("/logout/", "POST"),
        ("/logoutall/", "POST"),
        ("/me/", "GET"),
        ("/factories/", "GET"),
        ("/factories/{id}/", "GET"),
        ("/mcu-devices/", "GET"),
        ("/mcu-devices/{device_id}/", "GET"),
        ("/mcu-devices/{device_id}/rotate-secret/", "POST"),
        ("/emissions/", "GET"),
        ("/emissions/", "POST"),
        ("/emissions/latest/", "GET"),
    }
    operations = [op for item in schema["paths"].values() for name, op in item.items() if name != "parameters"]
    ids = [operation["operationId"] for operation in operations]
    assert len(ids) == len(set(ids))
    assert schema["basePath"] == "/api"


def test_what_the_schema_says_of_a_reading_is_what_comes(schema: dict[str, Any]) -> None:
    from emissions.serializers import ReadingSerializer, RollupSerializer

    assert set(schema["definitions"]["Reading"]["properties"]) == set(ReadingSerializer().fields)
    assert "Reading" in json.dumps(schema["paths"]["/emissions/"]["get"]["responses"]["200"])
    for path in ("minutes", "hours", "days", "months"):
        rows = schema["paths"][f"/emissions/{path}/"]["get"]["responses"]["200"]["schema"]["properties"]["results"]
        assert rows["items"] == {"$ref": "#/definitions/Rollup"}
    assert set(schema["definitions"]["Rollup"]["properties"]) == set(RollupSerializer().fields)


def test_the_schema_is_the_same_for_everybody(schema: dict[str, Any], cast: Cast, as_user: AsUser) -> None:
    assert as_user(cast.hq).get("/api/schema.json").json() == schema


def directives(response: Any) -> dict[str, str]:
    parts = [part.strip().partition(" ") for part in response["Content-Security-Policy"].split(";")]
    return {name: rest for name, _space, rest in parts}


@pytest.mark.parametrize("path", PAGES)
def test_the_schema_pages_have_the_one_relaxation_and_scripts_stay_strict(client: Client, path: str) -> None:
    policy = directives(client.get(path))

    assert policy["style-src"] == "'self' 'unsafe-inline'"
    assert policy["worker-src"] == "'self' blob:"
    assert policy["default-src"] == "'self'"
    assert "script-src" not in policy
    assert policy["frame-ancestors"] == "'none'"


@pytest.mark.parametrize(
    "path", ["/accounts/login/", "/styleguide/", "/api/schema.json", "/api/me/", "/healthz", "/no"]
)
def test_no_other_page_is_relaxed(client: Client, path: str) -> None:
    policy = directives(client.get(path))

    assert "unsafe" not in str(policy)
    assert "blob:" not in str(policy)
    assert policy["default-src"] == "'self'"


@pytest.mark.parametrize("path", PAGES)
def test_the_schema_pages_load_nothing_from_elsewhere_and_run_nothing_inline(client: Client, path: str) -> None:
    page = client.get(path).content.decode()

    assert "//cdn" not in page
    for script in page.split("<script")[1:]:
        attributes, _bracket, body = script.partition(">")
        is_data = 'type="application/json"' in attributes
        assert is_data or 'src="/static/' in attributes, attributes
        assert is_data or not body.partition("</script>")[0].strip()


@pytest.mark.parametrize("path", PAGES)
def test_the_schema_pages_lead_back_and_say_what_is_simulated(client: Client, settings: Any, path: str) -> None:
    settings.DEMO = True

    page = client.get(path).content.decode()

    assert "SIMULATED DATA" in page
    assert '<a href="/">Carbon Track</a>' in page
    assert ("/api/schema/redoc/" in page) == (path == PAGES[0])
    settings.DEMO = False
    assert 'class="schema-strip"' not in client.get(path).content.decode()
