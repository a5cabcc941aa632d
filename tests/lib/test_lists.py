"""Every list of the API also comes as a file: the same rows and columns, pages by the header Link, no formulas."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.test import Client

from lib.exports import cell
from tests import make
from tests.carbontrack.api_world import World, make_world
from tests.carbontrack.test_examples import operations, the_schema, url_of

pytestmark = pytest.mark.django_db
SIMULATED = "SIMULATED DATA - not the real factory"


def lists() -> list[str]:
    """Whatever answers `results`, by the schema: a list that is in no schema fails in test_openapi.py."""
    return [
        operation["operationId"]
        for method, _path, operation in operations()
        if method == "GET" and "results" in operation["responses"]["200"].get("schema", {}).get("properties", {})
    ]


@pytest.fixture
def world(db: None) -> World:
    return make_world()


def as_rows(response: Any) -> list[list[str]]:
    assert response["Content-Type"].startswith("text/csv"), response.content[:500]
    return list(csv.reader(io.StringIO(response.content.decode())))


def with_query(url: str, query: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}{query}"


@pytest.mark.parametrize("name", lists())
@pytest.mark.parametrize("is_demo", [False, True])
def test_a_list_and_its_file_say_the_same(name: str, is_demo: bool, world: World, settings: Any) -> None:
    settings.DEMO = is_demo
    _method, path, operation = next(found for found in operations() if found[2]["operationId"] == name)
    url = url_of(world, path, the_schema()["paths"][path], operation)
    if name in world.before:
        world.before[name]()

    rows = world.client.get(url).json()["results"]
    file = world.client.get(with_query(url, "as=csv"))

    found = as_rows(file)
    if is_demo:
        assert found.pop(0) == [SIMULATED]
    assert rows, "an empty list shows nothing"
    assert found[0] == list(rows[0])
    assert found[1:] == [[str(cell(row[column])) for column in rows[0]] for row in rows]
    assert ("simulated-" in file["Content-Disposition"]) == is_demo


@pytest.mark.parametrize("path", ["/api/factories/", "/api/emissions/"])
def test_the_file_of_a_page_names_the_next_one(world: World, path: str) -> None:
    make.make_factory(organisation=world.hq.memberships.get().organisation, name="Another")
    url, seen = with_query(path, "page_size=1&as=csv"), 0
    total = len(world.client.get(with_query(path, "page_size=1000")).json()["results"])

    while url:
        response = world.client.get(url)
        seen += len(as_rows(response)) - 1
        link = response.get("Link", "")
        assert not link or link.endswith('>; rel="next"')
        url = link.partition("<")[2].partition(">")[0]

    assert total > 1
    assert seen == total


@pytest.mark.parametrize(("asked", "got"), [("1000", 1000), ("100000", 1000)])
def test_a_page_has_up_to_a_thousand_rows(world: World, asked: str, got: int) -> None:
    from accounts.models import AccessRequest

    organisation = world.hq.memberships.get().organisation
    AccessRequest.objects.bulk_create(
        AccessRequest(phone=f"+2548{n:08}", place="x", organisation=organisation) for n in range(1001)
    )

    body = world.client.get(f"/api/registrations/?page_size={asked}").json()

    assert len(body["results"]) == got


def test_a_text_that_a_spreadsheet_would_run_is_made_text(world: World) -> None:
    organisation = world.hq.memberships.get().organisation
    hostile = '=HYPERLINK("http://evil.example";"open")'
    make.make_access_request(organisation, first_name=hostile, message="@SUM(A1)\n+1", last_name="-2+3")

    rows = as_rows(world.client.get("/api/registrations/?as=csv"))

    last = dict(zip(rows[0], rows[-1], strict=True))
    assert last["first_name"] == f"'{hostile}"
    assert last["last_name"] == "'-2+3"
    assert last["message"].startswith("'@SUM")


def test_the_accept_header_of_a_file_is_no_reason_to_refuse(world: World) -> None:
    response = world.client.get("/api/factories/?as=csv", headers={"Accept": "text/csv"})

    assert response.status_code == 200


def test_an_error_stays_an_error_when_a_file_was_asked_for(client: Client, world: World) -> None:
    response = client.get("/api/factories/?as=csv")

    assert (response.status_code, response["Content-Type"]) == (401, "application/json")
