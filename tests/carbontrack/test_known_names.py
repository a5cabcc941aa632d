"""Every address of the API refuses names that it does not know, and answers with the nearest one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import get_resolver
from drf_yasg.openapi import IN_QUERY

from lib.known_names import KnownNames, unknown_name
from mqtt_ingest.api import PostedReadingSerializer
from mqtt_ingest.messages import PostedReading
from tests import make
from tests.carbontrack.api_world import World, kept_world, world
from tests.carbontrack.test_examples import FORMS, NOT_SIGNED_IN, names, operations, the_schema, url_of
from tests.cast import AsUser, Cast
from tests.test_access import routes

__all__ = ["kept_world", "world"]  # fixtures
pytestmark = pytest.mark.django_db
WRITES = [name for name, (method, _path, _operation) in zip(names(), operations(), strict=True) if method != "GET"]


def problems(response: Any) -> dict[str, Any]:
    assert response.status_code == 400, (response.status_code, response.content[:500])
    fields: dict[str, Any] = response.json()["fields"]
    return {name: (errors[0]["code"], errors[0]["params"]["nearest"]) for name, errors in fields.items()}


def ask(world: World, name: str, query: str = "", body: Any = None) -> Any:
    method, path, operation = next(found for found in operations() if found[2]["operationId"] == name)
    url = url_of(world, path, the_schema()["paths"][path], operation)
    if name in world.before:
        world.before[name]()
    client = Client() if name in NOT_SIGNED_IN else world.clients.get(name, world.client)
    url += query and f"{'&' if '?' in url else '?'}{query}"
    if name in FORMS:
        files = [name for name, value in FORMS[name].items() if isinstance(value, bytes)]
        form = {file: SimpleUploadedFile("sheet.csv", b"timestamp,amount") for file in files}
        return client.post(url, form | (body or {}))
    text = "" if body is None else json.dumps(body)
    return client.generic(method, url, text, content_type="application/json")


def test_every_view_of_the_api_refuses_unknown_names() -> None:
    views = {
        getattr(pattern.callback, "cls", None)
        for route, pattern in routes(get_resolver())
        if route.startswith("api/") and "schema" not in route
    } - {None}

    assert [view for view in views if not issubclass(view, KnownNames)] == [], "begin with lib.known_names.ApiView"


@pytest.mark.parametrize("name", names())
def test_an_unknown_parameter_is_refused(name: str, world: World) -> None:
    assert problems(ask(world, name, "nonsense-zzz=1")) == {"nonsense-zzz": ("unknown_parameter", None)}


@pytest.mark.parametrize("name", WRITES)
def test_an_unknown_key_of_a_body_is_refused(name: str, world: World) -> None:
    found = problems(ask(world, name, body={"nonsense-zzz": 1}))

    assert found == {"nonsense-zzz": ("unknown_field", None)}


@pytest.mark.parametrize(
    ("url", "name", "nearest"),
    [
        ("/api/energy-entries/?factory_id=1", "factory_id", "factory"),
        ("/api/energy-entries/?factory=1&from_date=2026-11-20", "from_date", "from"),
        ("/api/production/?factoryId=1", "factoryId", "factory"),
        ("/api/emissions/days/?form=2026-11-01T00:00:00Z", "form", "from"),
        ("/api/mcu-devices/?factroy=1", "factroy", "factory"),
        ("/api/emission-factors/?type=diesel", "type", "energy_type"),
        ("/api/factories/?nane=Litein", "nane", "name"),
        ("/api/factories/leaderboard/?perod=2026", "perod", "period"),
        ("/api/energy-entries/?factory=1&ordering=-amount", "ordering", None),
        ("/api/emissions/?resolution=hour", "resolution", None),
        ("/api/emissions/stream/?factry=1", "factry", "factory"),
        ("/api/me/?as=csv", "as", None),
        ("/api/production/?FACTORY=1", "FACTORY", "factory"),
    ],
)
def test_a_misspelt_filter_answers_the_nearest_one(
    url: str, name: str, nearest: str | None, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emissions.live.connection.close", lambda: None)  # it is the one of the test

    assert problems(world.client.get(url)) == {name: ("unknown_parameter", nearest)}


def test_a_misspelt_key_is_named_with_the_nearest_one(world: World) -> None:
    body = {"factory": 1, "energy_type": "diesel", "amount": "1", "unit": "L", "knd": "received"}

    response = world.client.post("/api/energy-entries/", body, content_type="application/json")

    assert problems(response) == {"knd": ("unknown_field", "kind")}
    assert response.json()["fields"]["knd"][0]["message"] == "'knd' is unknown here. Did you mean: kind?"


def test_a_name_without_a_near_one_gets_all_of_them() -> None:
    assert unknown_name("zzz", ("from", "to"), "x")["message"] == "'zzz' is unknown here. Known: from, to."
    assert unknown_name("zzz", (), "x")["message"] == "'zzz' is unknown here."


@pytest.mark.parametrize("path", ["energy-entries/", "emissions/", "emissions/stream/"])
def test_a_repeated_parameter_is_refused(path: str, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the last one counted: the rows of one factory looked like those of two."""
    monkeypatch.setattr("emissions.live.connection.close", lambda: None)

    (problem,) = world.client.get(f"/api/{path}?factory=1&factory=2").json()["fields"]["factory"]

    assert (problem["code"], problem["params"]) == ("repeated_parameter", {"count": 2})


def test_an_answer_names_no_more_than_twenty_unknown_names(world: World) -> None:
    many = world.client.get("/api/production/", {f"{'x' * 90}{number}": 1 for number in range(100)}).json()["fields"]
    readings = [{"device": "litein-1", "presure_pa": 1}] * 500
    keys = world.client.post("/api/emissions/", readings, content_type="application/json").json()["fields"]

    assert max(map(len, many)) == 60
    assert list(keys) == [f"{index}.presure_pa" for index in range(20)]


def test_what_is_known_is_what_the_schema_shows(world: World, as_user: AsUser) -> None:
    """Each parameter of each list is taken, also one that the paginator or a filter adds."""
    for method, path, operation in operations():
        if method != "GET":
            continue
        for parameter in operation.get("parameters", []):
            if parameter["in"] == IN_QUERY:
                url = url_of(world, path, the_schema()["paths"][path], operation).partition("?")[0]
                response = world.client.get(url, {parameter["name"]: "~"})
                assert b"unknown_parameter" not in response.content, (path, parameter["name"])


def test_a_posted_reading_with_an_unknown_key_stores_nothing(cast: Cast, as_user: AsUser) -> None:
    make.make_assignment(device=make.make_device(factory=cast.litein, device_id="litein-1"))
    good = {"device": "litein-1", "t": 1, "co2_ppm": 1, "temperature_c": 1, "velocity_ms": 1}

    response = as_user(cast.hq).post(
        "/api/emissions/", [good, good | {"presure_pa": 1}], content_type="application/json"
    )

    assert problems(response) == {"1.presure_pa": ("unknown_field", "pressure_pa")}


def test_the_schema_names_every_value_of_a_posted_reading() -> None:
    assert set(PostedReadingSerializer().fields) == {*PostedReading.__struct_fields__, "device", "timestamp"}


# --- Times ----------------------------------------------------------------------------------------
def times_of(operation: dict[str, Any]) -> list[str]:
    """The times in the body of an operation."""
    bodies = [p["schema"] for p in operation.get("parameters", []) if p["in"] == "body"]
    definitions = [the_schema()["definitions"].get(body.get("$ref", "").rpartition("/")[2], body) for body in bodies]
    properties = [item for definition in definitions for item in definition.get("properties", {}).items()]
    return [name for name, shape in properties if shape.get("format") == "date-time" and not shape.get("readOnly")]


@pytest.mark.parametrize("name", [name for name in WRITES if name != "emissions_create"])
def test_a_local_time_without_an_offset_is_refused_everywhere(name: str, world: World) -> None:
    """`POST /api/emissions/` refuses it reading by reading."""
    operation = next(found[2] for found in operations() if found[2]["operationId"] == name)
    for field in times_of(operation):
        fields = ask(world, name, body={field: "2026-11-20T07:30:00"}).json()["fields"]

        assert fields[field][0]["code"] == "offset_missing", field


# --- Wrong values of known parameters ------------------------------------------------------------
@pytest.mark.parametrize(
    ("url", "field"),
    [
        ("/api/factories/?as=xlsx", "as"),
        ("/api/emissions/?as=pdf", "as"),
        ("/api/emissions/latest/?as=json", "as"),
        ("/api/emissions/chart.svg?resolution=minute", "resolution"),
        ("/api/factories/leaderboard/?as=xlsx", "as"),
        ("/api/factories/1/intensity/?as=CSV", "as"),
        ("/api/factories/?page_size=abc", "page_size"),
        ("/api/emissions/?page_size=0", "page_size"),
        ("/api/production/?page_size=-5", "page_size"),
        ("/api/energy-entries/?deleted=yes", "deleted"),
        ("/api/emission-factors/?own=mine", "own"),
        ("/api/emission-factors/?is_default=2", "is_default"),
        ("/api/energy-types/?is_biogenic=maybe", "is_biogenic"),
        ("/api/emissions/stream/?fields=device,nope", "fields"),
        ("/api/energy-entries/?energy_type=deisel", "energy_type"),
        ("/api/emission-factors/?energy_type=deisel", "energy_type"),
        ("/api/local-units/?energy_type=deisel", "energy_type"),
    ],
)
def test_a_value_that_would_be_ignored_is_refused(
    url: str, field: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emissions.live.connection.close", lambda: None)

    response = world.client.get(url)

    assert (response.status_code, list(response.json()["fields"])) == (400, [field])


def test_a_filter_takes_the_names_of_an_energy_type_that_a_body_takes(world: World) -> None:
    counts = [
        world.client.get(f"/api/emission-factors/?energy_type={name}").json()["count"]
        for name in ("firewood", "Firewood", "kuni")
    ]

    assert counts[0] > 0
    assert len(set(counts)) == 1


def test_a_preview_that_is_neither_true_nor_false_stores_nothing(world: World) -> None:
    response = world.client.post("/api/emission-factors/?preview=yes", {}, content_type="application/json")

    assert "preview" in response.json()["fields"]


def test_the_name_of_a_factory_is_searched(world: World) -> None:
    names = [row["name"] for row in world.client.get("/api/factories/?name=litein").json()["results"]]

    assert names == ["Litein Tea Factory"]
